/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "adapters/reference/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/decode.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/rng.h"

#define BATCH 128u /* prompt tokens computed at once */
#define GAMMA_DEFAULT 4u

struct oae_engine {
	struct oae_threads *threads;
	struct oae_model *model, *draft;
	struct oae_state *target_state, *draft_state;
	struct oae_decode decode;
	const struct oae_strategy *strategy;
	int32_t *prompt; /* [context], while encoding */
	/* the request */
	bool running, ignore_eos;
	uint32_t max_tokens;
	char stops[OAE_ENGINE_STOPS_MAX][OAE_ENGINE_STOP_BYTES_MAX + 1];
	size_t n_stops;
	struct oae_buf text; /* of the answer so far */
	size_t given;	     /* bytes of it that were handed out */
	struct oae_engine_stats stats;
};

const char *oae_finish_name(enum oae_finish finish)
{
	switch (finish) {
	case OAE_FINISH_EOS:
		return "eos";
	case OAE_FINISH_STOP:
		return "stop";
	case OAE_FINISH_LENGTH:
		return "length";
	case OAE_FINISH_NOT_YET:
		break;
	}
	return "";
}

static enum oae_status check_draft(const struct oae_model *m,
				   const struct oae_model *draft,
				   struct oae_error *err)
{
	const struct oae_tokenizer_parts *a, *b;
	size_t differ = 0;

	if (m->shape.n_vocab != draft->shape.n_vocab)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"the draft has %u tokens, the model %u; they "
				"need the same vocabulary",
				draft->shape.n_vocab, m->shape.n_vocab);
	if (!m->tokenizer || !draft->tokenizer)
		return OAE_OK;
	a = oae_tokenizer_parts(m->tokenizer);
	b = oae_tokenizer_parts(draft->tokenizer);
	if (a->n_tokens == b->n_tokens)
		while (differ < a->n_tokens &&
		       !strcmp(a->tokens[differ], b->tokens[differ]))
			differ++;
	if (differ == a->n_tokens && a->n_tokens == b->n_tokens)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"the draft's vocabulary differs from the model's (at "
			"token %zu)",
			differ);
}

static enum oae_status open_states(struct oae_engine *e, uint32_t context,
				   struct oae_error *err)
{
	uint32_t trained = e->model->shape.n_ctx;
	enum oae_status status;

	if (e->draft && e->draft->shape.n_ctx < trained)
		trained = e->draft->shape.n_ctx;
	if (context > trained)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"context %u: the model was trained for %u",
				context, trained);
	if (!context)
		context = trained < OAE_ENGINE_CONTEXT_DEFAULT ?
				  trained :
				  OAE_ENGINE_CONTEXT_DEFAULT;
	e->prompt = calloc(context, sizeof(*e->prompt));
	if (!e->prompt)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	status = oae_state_new(e->model, 1, context, BATCH, &e->target_state,
			       err);
	if (!status && e->draft)
		status = oae_state_new(e->draft, 1, context, BATCH,
				       &e->draft_state, err);
	return status;
}

static enum oae_status open_all(struct oae_engine *e,
				const struct oae_engine_config *config,
				struct oae_error *err)
{
	const char *strategy = config->strategy;
	enum oae_status status;

	if (!strategy)
		strategy = config->draft ? "speculative" : "greedy";
	status = oae_strategy_find(strategy, &e->strategy, err);
	if (status)
		return status;
	if (e->strategy->needs_draft && !config->draft)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"decode strategy \"%s\" needs a draft model",
				strategy);
	status = oae_threads_open(config->threads, &e->threads, err);
	if (!status)
		status = oae_model_open(config->model, e->threads, &e->model,
					err);
	if (!status && e->strategy->needs_draft) {
		status = oae_model_open(config->draft, e->threads, &e->draft,
					err);
		if (!status)
			status = check_draft(e->model, e->draft, err);
	}
	if (!status)
		status = open_states(e, config->context, err);
	if (!status)
		status = oae_decode_init(
			&e->decode, e->model, e->target_state, e->draft_state,
			config->gamma ? config->gamma : GAMMA_DEFAULT, err);
	return status;
}

enum oae_status oae_engine_open(const struct oae_engine_config *config,
				struct oae_engine **out, struct oae_error *err)
{
	struct oae_engine *e = calloc(1, sizeof(*e));
	enum oae_status status;

	if (!e)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	oae_buf_init(&e->text, OAE_ANSWER_BYTES_MAX);
	status = open_all(e, config, err);
	if (status) {
		oae_engine_close(e);
		return status;
	}
	*out = e;
	return OAE_OK;
}

void oae_engine_close(struct oae_engine *e)
{
	if (!e)
		return;
	oae_decode_release(&e->decode);
	oae_state_free(e->target_state);
	oae_state_free(e->draft_state);
	oae_model_close(e->model);
	oae_model_close(e->draft);
	oae_threads_close(e->threads);
	oae_buf_release(&e->text);
	free(e->prompt);
	free(e);
}

/* Appends the tokens of a text to e->prompt[*n..]. */
static enum oae_status encode(struct oae_engine *e, const char *text,
			      size_t len, size_t *n, struct oae_error *err)
{
	const struct oae_model *m = e->model;
	size_t room = e->decode.capacity, added;
	enum oae_status status;
	int32_t bos;

	if (!m->tokenizer)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"the model file has no tokenizer");
	bos = oae_tokenizer_parts(m->tokenizer)->bos;
	if (!*n && m->add_bos && bos >= 0)
		e->prompt[(*n)++] = bos;
	status = oae_tokenizer_encode(m->tokenizer, text, len, e->prompt + *n,
				      room - *n, &added, err);
	if (status == OAE_ERR_LIMIT)
		oae_error_prefix(err,
				 "a text that does not fit the context of "
				 "%zu tokens",
				 room);
	if (!status)
		*n += added;
	return status;
}

static enum oae_status make_prompt(struct oae_engine *e,
				   const struct oae_engine_request *r,
				   size_t *n, struct oae_error *err)
{
	struct oae_rng rng;

	*n = 0;
	if (r->prompt)
		return encode(e, r->prompt, r->prompt_len, n, err);
	if (r->synthetic_tokens >= e->decode.capacity)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%u tokens do not fit a context of %zu",
				r->synthetic_tokens, e->decode.capacity);
	oae_rng_derive(&rng, r->seed, "synthetic prompt");
	while (*n < r->synthetic_tokens)
		e->prompt[(*n)++] =
			(int32_t)oae_rng_below(&rng, e->model->shape.n_vocab);
	return OAE_OK;
}

static enum oae_status copy_stops(struct oae_engine *e,
				  const struct oae_engine_request *r,
				  struct oae_error *err)
{
	size_t len;

	if (r->n_stops > OAE_ENGINE_STOPS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%zu stop strings; at most %u are taken",
				r->n_stops, OAE_ENGINE_STOPS_MAX);
	for (size_t i = 0; i < r->n_stops; i++) {
		len = strlen(r->stops[i]);
		if (!len || len > OAE_ENGINE_STOP_BYTES_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"a stop string of %zu bytes, not 1..%u",
					len, OAE_ENGINE_STOP_BYTES_MAX);
		memcpy(e->stops[i], r->stops[i], len + 1);
	}
	e->n_stops = r->n_stops;
	return OAE_OK;
}

enum oae_status oae_engine_start(struct oae_engine *e,
				 const struct oae_engine_request *r,
				 struct oae_error *err)
{
	enum oae_status status;
	size_t n;

	e->running = false;
	e->stats = (struct oae_engine_stats){ 0 };
	if (r->max_tokens < 1 || r->max_tokens > OAE_TOKENS_PER_ANSWER_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"max_tokens %u is not in 1..%u", r->max_tokens,
				OAE_TOKENS_PER_ANSWER_MAX);
	status = copy_stops(e, r, err);
	if (!status)
		status = make_prompt(e, r, &n, err);
	if (!status)
		status = oae_decode_prompt(&e->decode, e->prompt, n, err);
	if (!status)
		status = oae_sampler_set(&e->decode.sampler, r->temperature,
					 r->top_k, r->seed, err);
	if (status)
		return status;
	e->max_tokens = r->max_tokens;
	e->ignore_eos = r->ignore_eos;
	e->stats.tokens_in = (uint32_t)n;
	oae_buf_clear(&e->text);
	e->given = 0;
	e->running = true;
	return OAE_OK;
}

/* Bytes at the end of s that begin, but don't end, a UTF-8 sequence. */
static size_t unfinished(const char *s, size_t len)
{
	unsigned char c;

	for (size_t back = 1; back <= 3 && back <= len; back++) {
		c = (unsigned char)s[len - back];
		if (c < 0x80)
			return 0;
		if (c >= 0xc0)
			return back < (c >= 0xf0 ? 4u :
				       c >= 0xe0 ? 3u :
						   2u) ?
				       back :
				       0;
	}
	return 0;
}

/* Bytes at the end of s that may become a stop string. */
static size_t maybe_stop(const struct oae_engine *e, const char *s, size_t len)
{
	size_t most = 0, n;

	for (size_t i = 0; i < e->n_stops; i++) {
		n = strlen(e->stops[i]) - 1;
		if (n > len)
			n = len;
		while (n > most && memcmp(s + len - n, e->stops[i], n))
			n--;
		most = n > most ? n : most;
	}
	return most;
}

/* Cuts the text before the first stop string; true if there was one. */
static bool cut_at_stop(struct oae_engine *e)
{
	size_t len = e->text.len - e->given, cut = len;
	const char *s = oae_buf_str(&e->text) + e->given, *at;

	for (size_t i = 0; i < e->n_stops; i++) {
		at = memmem(s, len, e->stops[i], strlen(e->stops[i]));
		if (at && (size_t)(at - s) < cut)
			cut = (size_t)(at - s);
	}
	if (cut == len)
		return false;
	e->text.len = e->given + cut;
	e->text.data[e->text.len] = 0;
	return true;
}

/* Takes over what the strategy appended; says whether the answer is over. */
static enum oae_finish take_tokens(struct oae_engine *e, size_t added,
				   uint32_t *taken)
{
	const struct oae_tokenizer *t = e->model->tokenizer;
	int32_t eos = t ? oae_tokenizer_parts(t)->eos : -1, token;

	for (size_t i = e->decode.n - added; i < e->decode.n; i++) {
		token = e->decode.tokens[i];
		if (token == eos && !e->ignore_eos)
			return OAE_FINISH_EOS;
		++*taken;
		e->stats.tokens_out++;
		if (t)
			oae_tokenizer_decode(t, token, &e->text);
		if (e->n_stops && cut_at_stop(e))
			return OAE_FINISH_STOP;
	}
	if (e->stats.tokens_out == e->max_tokens ||
	    e->decode.n == e->decode.capacity)
		return OAE_FINISH_LENGTH;
	return OAE_FINISH_NOT_YET;
}

static void give_text(struct oae_engine *e, struct oae_engine_piece *piece)
{
	const char *s = oae_buf_str(&e->text) + e->given;
	size_t len = e->text.len - e->given;

	if (!piece->finish) {
		len -= maybe_stop(e, s, len);
		len -= unfinished(s, len);
	}
	piece->text = s;
	piece->len = len;
	e->given += len;
}

enum oae_status oae_engine_step(struct oae_engine *e,
				struct oae_engine_piece *piece,
				struct oae_error *err)
{
	uint64_t start = oae_clock_ns(), took;
	enum oae_status status;
	size_t added;

	*piece = (struct oae_engine_piece){ .text = "" };
	if (!e->running)
		return oae_fail(err, OAE_ERR_USAGE, 0, "no request is running");
	status = e->strategy->step(
		&e->decode, e->max_tokens - e->stats.tokens_out, &added, err);
	took = oae_clock_ns() - start;
	if (e->stats.tokens_out)
		e->stats.decode_ns += took;
	else
		e->stats.prefill_ns += took;
	e->stats.drafted = e->decode.drafted;
	e->stats.accepted = e->decode.accepted;
	if (!status && added) {
		piece->finish = take_tokens(e, added, &piece->tokens);
		status = oae_buf_check(&e->text, "the answer", err);
	}
	if (status) {
		e->running = false;
		return status;
	}
	give_text(e, piece);
	e->running = !piece->finish;
	return OAE_OK;
}

void oae_engine_stats(const struct oae_engine *e, struct oae_engine_stats *out)
{
	*out = e->stats;
}

static double log_probability(const float *logits, size_t n, int32_t token)
{
	double max = logits[0], sum = 0;

	for (size_t i = 1; i < n; i++)
		max = logits[i] > max ? logits[i] : max;
	for (size_t i = 0; i < n; i++)
		sum += exp(logits[i] - max);
	return logits[token] - max - log(sum);
}

enum oae_status oae_engine_score(struct oae_engine *e, const char *prompt,
				 size_t prompt_len, const char *continuation,
				 size_t continuation_len, double *log_prob,
				 uint32_t *tokens, struct oae_error *err)
{
	struct oae_decode *d = &e->decode;
	size_t n = 0, n_prompt, n_vocab = e->model->shape.n_vocab, first;
	const float *logits = oae_state_logits(e->target_state);
	enum oae_status status;

	e->running = false;
	*log_prob = 0;
	status = encode(e, prompt, prompt_len, &n, err);
	n_prompt = n;
	if (!status)
		status = encode(e, continuation, continuation_len, &n, err);
	if (!status)
		status = oae_decode_prompt(d, e->prompt, n, err);
	if (!status && !n_prompt)
		status = oae_fail(err, OAE_ERR_USAGE, 0, "the prompt is empty");
	if (status)
		return status;
	*tokens = (uint32_t)(n - n_prompt);
	while (d->in_target < n - 1 && !status) {
		/* logits of position i speak about token i + 1 */
		first = d->in_target;
		status = oae_decode_compute(d, e->target_state, &d->in_target,
					    n - 1, n - n_prompt, err);
		if (first < n_prompt - 1)
			first = n_prompt - 1;
		for (size_t i = first; !status && i < d->in_target; i++)
			*log_prob +=
				log_probability(logits + (i - first) * n_vocab,
						n_vocab, d->tokens[i + 1]);
	}
	if (!status && !isfinite(*log_prob))
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "the model's logits are not finite numbers");
	return status;
}

const struct oae_model *oae_engine_model(const struct oae_engine *e)
{
	return e->model;
}

uint32_t oae_engine_context(const struct oae_engine *e)
{
	return (uint32_t)e->decode.capacity;
}

const int32_t *oae_engine_tokens(const struct oae_engine *e, size_t *n)
{
	*n = e->decode.n;
	return e->decode.tokens;
}
