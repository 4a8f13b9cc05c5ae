/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding one sequence. A strategy offers one step: it computes what is not
 * yet in the cache and appends tokens. While the prompt is longer than a
 * batch, a step computes one batch of it and appends nothing.
 */
#ifndef OAE_REFERENCE_DECODE_DECODE_H
#define OAE_REFERENCE_DECODE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/decode/lookup.h"
#include "adapters/reference/model/model.h"
#include "adapters/reference/decode/sampler.h"
#include "adapters/reference/decode/speculation.h"

struct oae_decode {
	struct oae_state *target, *draft; /* draft: NULL if none */
	uint32_t slot;
	int32_t *tokens; /* prompt and output so far, [capacity] */
	size_t n, capacity;
	size_t in_target, in_draft; /* positions in either cache */
	struct oae_sampler sampler;
	float p_min;		  /* a draft less sure stops drafting */
	struct oae_lookup lookup; /* .ends: NULL if none */
	struct oae_speculation speculation;
	const struct oae_tokenizer *ends; /* whose end tokens end; or NULL */
	struct oae_row *rows;		  /* [batch] */
	float *p;			  /* [n_vocab] */
};

struct oae_strategy {
	const char *name;
	bool needs_draft, needs_lookup;
	/*
	 * NULL: it doesn't speculate. Else the rate of acceptance to expect of
	 * each class of trust, [OAE_SPECULATION_CLASSES].
	 */
	const double *trust;
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
extern const struct oae_strategy oae_strategy_lookup;
/* By name; OAE_ERR_USAGE lists what there is. */
enum oae_status oae_strategy_find(const char *name,
				  const struct oae_strategy **out,
				  struct oae_error *err);

struct oae_decode_options {
	unsigned gamma; /* guesses a round, to OAE_GAMMA_MAX; 0: adaptive */
	float p_min;	/* 0..1; 0: the draft goes on however unsure it is */
	unsigned ngram_min, ngram_max; /* of lookup; 0: the defaults */
	double draft_cost; /* of a draft's token over the target's, roughly,
			      until it is measured */
};

/*
 * draft is NULL unless the strategy needs one. OAE_ERR_USAGE for options out
 * of range. The states stay the caller's.
 */
enum oae_status oae_decode_init(struct oae_decode *d, const struct oae_model *m,
				const struct oae_strategy *strategy,
				struct oae_state *target,
				struct oae_state *draft,
				const struct oae_decode_options *o,
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
/*
 * The token of a position by the sampler's settings; above temperature 0, p
 * receives its distribution. OAE_ERR_TARGET if the greatest logit is no
 * finite number, or none can be drawn.
 */
enum oae_status oae_decode_pick(struct oae_decode *d, const float *logits,
				size_t position, float *p, int32_t *token,
				struct oae_error *err);

#endif
