/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine as the adapter and the commands use it: one model (and perhaps a
 * draft), text in and text out. Many requests at once go through its batch;
 * the functions here serve whoever has one at a time. Not thread-safe.
 */
#ifndef OAE_REFERENCE_ENGINE_H
#define OAE_REFERENCE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/batch/batch.h"
#include "adapters/reference/model/model.h"
#include "adapters/reference/request.h"
#include "adapters/reference/decode/speculation.h"
#include "base/status.h"

#define OAE_ENGINE_CONTEXT_DEFAULT 4096u /* at most, when none is asked */

struct oae_engine;

struct oae_engine_config {
	const char *model;    /* GGUF files */
	const char *draft;    /* NULL: none */
	unsigned threads;     /* 1..OAE_THREADS_MAX */
	uint32_t context;     /* positions; 0: what the model was trained for,
				 * at most OAE_ENGINE_CONTEXT_DEFAULT */
	const char *strategy; /* "greedy", "speculative", "lookup"; NULL: by
				 draft */
	unsigned gamma;	      /* guesses a round; 0: adaptive */
	float p_min;	      /* a draft less sure stops drafting; 0: none */
	unsigned ngram_min, ngram_max; /* of lookup; 0: the defaults */
	unsigned draft_threads;	       /* 0: as many */
	/* For many at once; 0 throughout: one, and none waits. */
	uint32_t slots, queue;
	uint32_t chunk; /* prompt rows beside others that decode; 0: 32 */
	bool reuse;	/* of common beginnings of prompts */
};

/*
 * Loads and checks everything; a draft must have the model's vocabulary.
 * Errors are those of oae_model_open(), _state_new() and _USAGE.
 */
enum oae_status oae_engine_open(const struct oae_engine_config *config,
				struct oae_engine **out, struct oae_error *err);
void oae_engine_close(struct oae_engine *e); /* NULL is fine */
/* For many requests at once; in turn with the functions for one. */
struct oae_batch *oae_engine_batch(struct oae_engine *e);

/*
 * Begins a request; any that runs is dropped. OAE_ERR_LIMIT when the prompt
 * does not fit, OAE_ERR_UNSUPPORTED for text without a tokenizer. The
 * request's strings are copied.
 */
enum oae_status oae_engine_start(struct oae_engine *e,
				 const struct oae_engine_request *request,
				 struct oae_error *err);
/*
 * One step: at most one batch of the prompt, or one round of decoding. After
 * a finish other than NOT_YET, or an error, the request is over and a
 * further step is OAE_ERR_USAGE.
 */
enum oae_status oae_engine_step(struct oae_engine *e,
				struct oae_engine_piece *piece,
				struct oae_error *err);
void oae_engine_stats(const struct oae_engine *e, struct oae_engine_stats *out);
/* What speculation cost and gave in that request; false without it. */
bool oae_engine_speculation(const struct oae_engine *e,
			    struct oae_speculation_report *out);

/*
 * The natural logarithm of the probability that the model gives the
 * continuation after the prompt, and the continuation's tokens. Any request
 * that runs is dropped.
 */
enum oae_status oae_engine_score(struct oae_engine *e, const char *prompt,
				 size_t prompt_len, const char *continuation,
				 size_t continuation_len, double *log_prob,
				 uint32_t *tokens, struct oae_error *err);
/* For what the engine does not say itself (shape, tokenizer, kernels). */
const struct oae_model *oae_engine_model(const struct oae_engine *e);
/* The model's, for what it counts (oae_state_traffic()). */
const struct oae_state *oae_engine_state(const struct oae_engine *e);
uint32_t oae_engine_context(const struct oae_engine *e);
/* The tokens of the current or last request, prompt first. */
const int32_t *oae_engine_tokens(const struct oae_engine *e, size_t *n);

#endif
