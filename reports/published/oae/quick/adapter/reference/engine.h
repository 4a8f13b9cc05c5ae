/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine as the adapter and the commands use it: one model (and perhaps a
 * draft), one request at a time, text in and text out. Not thread-safe.
 */
#ifndef OAE_REFERENCE_ENGINE_H
#define OAE_REFERENCE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/model.h"
#include "base/status.h"

#define OAE_ENGINE_CONTEXT_DEFAULT 4096u /* at most, when none is asked */
#define OAE_ENGINE_STOPS_MAX 16u
#define OAE_ENGINE_STOP_BYTES_MAX 256u

struct oae_engine;

struct oae_engine_config {
	const char *model;    /* GGUF files */
	const char *draft;    /* NULL: none */
	unsigned threads;     /* 1..OAE_THREADS_MAX */
	uint32_t context;     /* positions; 0: what the model was trained for,
				 * at most OAE_ENGINE_CONTEXT_DEFAULT */
	const char *strategy; /* "greedy", "speculative"; NULL: by draft */
	unsigned gamma;	      /* drafted a round; 0: 4 */
};

struct oae_engine_request {
	const char *prompt; /* text, or NULL with synthetic_tokens */
	size_t prompt_len;
	uint32_t synthetic_tokens; /* that many seeded tokens instead */
	uint32_t max_tokens;	   /* 1..OAE_TOKENS_PER_ANSWER_MAX */
	float temperature;	   /* 0: greedy */
	uint32_t top_k;		   /* 0: all */
	uint64_t seed;
	const char *const *stops; /* the text ends before any of them */
	size_t n_stops;
	bool ignore_eos; /* exactly max_tokens, room permitting */
};

enum oae_finish {
	OAE_FINISH_NOT_YET,
	OAE_FINISH_EOS,	   /* the model ended its answer */
	OAE_FINISH_STOP,   /* a stop string came */
	OAE_FINISH_LENGTH, /* max_tokens or the context is full */
};

/* What one step gave. text is valid until the next call on the engine. */
struct oae_engine_piece {
	const char *text; /* whole UTF-8 sequences; may be empty */
	size_t len;
	uint32_t tokens; /* that the step added (not the end token) */
	enum oae_finish finish;
};

/* Of the current or last request. */
struct oae_engine_stats {
	uint32_t tokens_in, tokens_out; /* out: without the end token */
	uint64_t drafted, accepted;	/* 0 without a draft */
	uint64_t prefill_ns, decode_ns; /* to the first token; after it */
};

/*
 * Loads and checks everything; a draft must have the model's vocabulary.
 * Errors are those of oae_model_open(), _state_new() and _USAGE.
 */
enum oae_status oae_engine_open(const struct oae_engine_config *config,
				struct oae_engine **out, struct oae_error *err);
void oae_engine_close(struct oae_engine *e); /* NULL is fine */

/*
 * Begins a request; one that runs is dropped. OAE_ERR_LIMIT when the prompt
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
/* "eos", "stop", "length", or "" for NOT_YET. */
const char *oae_finish_name(enum oae_finish finish);

/*
 * The natural logarithm of the probability that the model gives the
 * continuation after the prompt, and the continuation's tokens. A request
 * that runs is dropped.
 */
enum oae_status oae_engine_score(struct oae_engine *e, const char *prompt,
				 size_t prompt_len, const char *continuation,
				 size_t continuation_len, double *log_prob,
				 uint32_t *tokens, struct oae_error *err);
/* For what the engine does not say itself (shape, tokenizer, kernels). */
const struct oae_model *oae_engine_model(const struct oae_engine *e);
uint32_t oae_engine_context(const struct oae_engine *e);
/* The tokens of the current or last request, prompt first. */
const int32_t *oae_engine_tokens(const struct oae_engine *e, size_t *n);

#endif
