/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/request.h"

#include "base/rng.h"

const char *oae_finish_name(enum oae_finish finish)
{
	switch (finish) {
	case OAE_FINISH_EOS:
		return "eos";
	case OAE_FINISH_STOP:
		return "stop";
	case OAE_FINISH_LENGTH:
		return "length";
	case OAE_FINISH_SCORED:
		return "scored";
	case OAE_FINISH_NOT_YET:
		break;
	}
	return "";
}

/* Appends the tokens of a text; how: OAE_TOKENIZE_... */
static enum oae_status encode(const struct oae_model *m, unsigned how,
			      const char *text, size_t len, int32_t *tokens,
			      size_t capacity, size_t *n, struct oae_error *err)
{
	enum oae_status status;
	size_t added;

	if (!m->tokenizer)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"the model file has no tokenizer");
	status = oae_tokenizer_encode_as(m->tokenizer, how, text, len,
					 tokens + *n, capacity - *n, &added,
					 err);
	if (status == OAE_ERR_LIMIT)
		oae_error_prefix(err,
				 "a text that does not fit the context of "
				 "%zu tokens",
				 capacity);
	if (!status)
		*n += added;
	return status;
}

/* Seeded tokens instead of a text. */
static enum oae_status make_up(const struct oae_model *m,
			       const struct oae_engine_request *r,
			       int32_t *tokens, size_t capacity, size_t *n,
			       struct oae_error *err)
{
	struct oae_rng rng;

	if (r->synthetic_tokens >= capacity)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%u tokens do not fit a context of %zu",
				r->synthetic_tokens, capacity);
	oae_rng_derive(&rng, r->seed, "synthetic prompt");
	while (*n < r->synthetic_tokens)
		tokens[(*n)++] = (int32_t)oae_rng_below(&rng, m->shape.n_vocab);
	return OAE_OK;
}

enum oae_status oae_request_tokens(const struct oae_model *m,
				   const struct oae_engine_request *r,
				   int32_t *tokens, size_t capacity,
				   size_t *n_prompt, size_t *n,
				   struct oae_error *err)
{
	enum oae_status status;

	*n = 0;
	status = r->prompt ? encode(m, OAE_TOKENIZE_PROMPT, r->prompt,
				    r->prompt_len, tokens, capacity, n, err) :
			     make_up(m, r, tokens, capacity, n, err);
	*n_prompt = *n;
	if (!status && !*n)
		return oae_fail(err, OAE_ERR_USAGE, 0, "the prompt is empty");
	if (!status && r->continuation)
		status = encode(m, OAE_TOKENIZE_CONTROL | OAE_TOKENIZE_INNER,
				r->continuation, r->continuation_len, tokens,
				capacity, n, err);
	if (!status && *n >= capacity)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"a prompt of %zu tokens does not fit a context "
				"of %zu",
				*n, capacity);
	return status;
}
