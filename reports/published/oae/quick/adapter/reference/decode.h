/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding one sequence. A strategy offers one step: it computes what is not
 * yet in the cache and appends tokens. While the prompt is longer than a
 * batch, a step computes one batch of it and appends nothing.
 */
#ifndef OAE_REFERENCE_DECODE_H
#define OAE_REFERENCE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/model.h"
#include "adapters/reference/sampler.h"

#define OAE_GAMMA_MAX 16u

struct oae_decode {
	struct oae_state *target, *draft; /* draft: NULL if none */
	uint32_t slot;
	int32_t *tokens; /* prompt and output so far, [capacity] */
	size_t n, capacity;
	size_t in_target, in_draft; /* positions in either cache */
	struct oae_sampler sampler;
	unsigned gamma;
	uint64_t drafted, accepted; /* tokens, since the prompt */
	struct oae_row *rows;	    /* [batch] */
	float *p, *q; /* [n_vocab] target's, [gamma][n_vocab] draft's */
};

struct oae_strategy {
	const char *name;
	bool needs_draft;
	/*
	 * Appends at most limit > 0 tokens; *added says how many. *added may
	 * be 0 while the prompt is computed. A cache that is full, or weights
	 * that give no number, are OAE_ERR_LIMIT and OAE_ERR_TARGET.
	 */
	enum oae_status (*step)(struct oae_decode *d, size_t limit,
				size_t *added, struct oae_error *err);
};

extern const struct oae_strategy oae_strategy_greedy;
extern const struct oae_strategy oae_strategy_speculative;
/* By name; OAE_ERR_USAGE lists what there is. */
enum oae_status oae_strategy_find(const char *name,
				  const struct oae_strategy **out,
				  struct oae_error *err);

/* draft may be NULL; gamma 1..OAE_GAMMA_MAX. The states stay the caller's. */
enum oae_status oae_decode_init(struct oae_decode *d, const struct oae_model *m,
				struct oae_state *target,
				struct oae_state *draft, unsigned gamma,
				struct oae_error *err);
void oae_decode_release(struct oae_decode *d);
/*
 * Begins anew with a prompt of 1..context - 1 tokens (copied); else
 * OAE_ERR_LIMIT or, for none, OAE_ERR_USAGE.
 */
enum oae_status oae_decode_prompt(struct oae_decode *d, const int32_t *tokens,
				  size_t n, struct oae_error *err);
/*
 * Computes tokens[*in..end) of one model, at most one batch, with logits for
 * the last `logits` of them; advances *in.
 */
enum oae_status oae_decode_compute(struct oae_decode *d, struct oae_state *s,
				   size_t *in, size_t end, size_t logits,
				   struct oae_error *err);
/* The next token by the sampler's settings; OAE_ERR_TARGET for NaN. */
enum oae_status oae_decode_pick(struct oae_decode *d, const float *logits,
				float *p, int32_t *token,
				struct oae_error *err);

#endif
