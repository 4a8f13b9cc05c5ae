/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of llama-peer share: a library, a model, one context, and the
 * verbs that compute. Each verb reads its members from `in`, adds its own to
 * p->answer, and says in err what was wrong.
 */
#ifndef OAE_TESTS_PEER_LLAMA_PEER_H
#define OAE_TESTS_PEER_LLAMA_PEER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/status.h"
#include "tests/peer/llama_lib.h"

#define BATCH_MAX 4096u

struct server {
	struct llama_lib lib;
	struct oae_error missing; /* why the library was not opened */
	void *model, *ctx, *pool;
	const void *vocab;
	int32_t n_vocab;
	uint32_t n_ctx, n_batch, sequences;
	int32_t *tokens, *positions, *ones, *slot, **slots; /* [BATCH_MAX] */
	int8_t *wanted;
	uint32_t depth; /* positions of sequence 0 that "tg" may use again */
	struct oae_jw *answer;
};

/* The whole number under key, between low and high; low after an error. */
uint32_t peer_number(const cJSON *in, const char *key, uint32_t otherwise,
		     uint32_t low, uint32_t high, struct oae_error *err);
/* "tokens" into p->tokens: 1..max of them; how many, 0 after an error. */
uint32_t peer_take_tokens(struct server *p, const cJSON *in, uint32_t max,
			  struct oae_error *err);
/* A model is there, and a context where one is needed; else an error. */
bool peer_loaded(const struct server *p, bool context, struct oae_error *err);
void peer_answer_tokens(struct server *p, const int32_t *tokens, size_t n);

/* Of all positions, into the file "out". */
void peer_logits(struct server *p, const cJSON *in, struct oae_error *err);
void peer_greedy(struct server *p, const cJSON *in, struct oae_error *err);
/* These answer "ns", of the library's work alone. */
void peer_pp(struct server *p, const cJSON *in, struct oae_error *err);
void peer_tg(struct server *p, const cJSON *in, struct oae_error *err);
void peer_batched(struct server *p, const cJSON *in, struct oae_error *err);

#endif
