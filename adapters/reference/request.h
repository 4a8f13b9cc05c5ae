/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine is asked for, and what it gives. */
#ifndef OAE_REFERENCE_REQUEST_H
#define OAE_REFERENCE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/model/model.h"
#include "adapters/reference/decode/speculation.h"
#include "base/status.h"

#define OAE_ENGINE_STOPS_MAX 16u
#define OAE_ENGINE_STOP_BYTES_MAX 256u

struct oae_engine_request {
	/*
	 * Text, or NULL with synthetic_tokens. The names of control tokens in
	 * it, such as <|im_start|>, are these tokens, as llama.cpp's command
	 * line and server take a prompt; so they are in a continuation.
	 */
	const char *prompt;
	size_t prompt_len;
	uint32_t synthetic_tokens; /* that many seeded tokens instead */
	uint32_t max_tokens;	   /* 1..OAE_TOKENS_PER_ANSWER_MAX */
	float temperature;	   /* 0: greedy */
	uint32_t top_k;		   /* 0: all */
	uint64_t seed;
	const char *const *stops; /* the text ends before any of them */
	size_t n_stops;
	bool ignore_eos; /* exactly max_tokens, room permitting */
	/* Not NULL: nothing is generated; how likely is this text? */
	const char *continuation;
	size_t continuation_len;
};

enum oae_finish {
	OAE_FINISH_NOT_YET,
	OAE_FINISH_EOS,	   /* the model ended its answer */
	OAE_FINISH_STOP,   /* a stop string came */
	OAE_FINISH_LENGTH, /* max_tokens or the context is full */
	OAE_FINISH_SCORED, /* the continuation's probability is known */
};

/* What one step gave. text is valid until the next call on the engine. */
struct oae_engine_piece {
	const char *text; /* whole UTF-8 sequences; may be empty */
	size_t len;
	uint32_t tokens; /* that the step added (not the end token) */
	enum oae_finish finish;
};

/* Of one request. Times are those of the steps that it was part of. */
struct oae_engine_stats {
	uint32_t tokens_in, tokens_out; /* out: without the end token */
	uint32_t reused;		/* of tokens_in, taken from the cache */
	struct oae_speculation_sums speculation; /* zeros without */
	uint64_t queue_ns; /* from submission until it had a slot */
	uint64_t prefill_ns, decode_ns; /* to the first token; after it */
};

/* "eos", "stop", "length", "scored", or "" for NOT_YET. */
const char *oae_finish_name(enum oae_finish finish);

/*
 * The request's tokens, prompt first, at most capacity. Of *n, the first
 * *n_prompt are the prompt's. OAE_ERR_USAGE for an empty prompt,
 * OAE_ERR_LIMIT when there is no room for them and one more,
 * OAE_ERR_UNSUPPORTED for text without a tokenizer.
 */
enum oae_status oae_request_tokens(const struct oae_model *m,
				   const struct oae_engine_request *r,
				   int32_t *tokens, size_t capacity,
				   size_t *n_prompt, size_t *n,
				   struct oae_error *err);

#endif
