/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/engine.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 128u /* prompt tokens computed at once */
#define CHUNK_DEFAULT 32u

struct oae_engine {
	struct oae_threads *threads, *draft_threads;
	struct oae_model *model, *draft;
	struct oae_state *target_state, *draft_state;
	struct oae_batch *batch;
	bool running; /* a request of oae_engine_start() */
};

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

/* What the models are opened for; *batch lacks the strategy. */
static enum oae_status open_states(struct oae_engine *e,
				   const struct oae_engine_config *config,
				   const struct oae_batch_config *batch,
				   struct oae_error *err)
{
	const struct oae_shape *p = &e->model->shape;
	uint32_t trained, context = config->context;
	uint32_t rows = batch->slots + batch->chunk;
	enum oae_status status;

	if (e->draft && e->draft->shape.n_ctx < p->n_ctx)
		p = &e->draft->shape;
	trained = p->n_ctx;
	if (context > trained)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"context %u: the %s takes at most %u (%s)",
				context,
				p == &e->model->shape ? "model" : "draft",
				trained, oae_shape_context_why(p));
	if (!context)
		context = trained < OAE_ENGINE_CONTEXT_DEFAULT ?
				  trained :
				  OAE_ENGINE_CONTEXT_DEFAULT;
	status = oae_state_new(e->model, batch->slots, context,
			       rows > BATCH ? rows : BATCH, &e->target_state,
			       err);
	if (!status && e->draft)
		status = oae_state_new(e->draft, batch->slots, context, BATCH,
				       &e->draft_state, err);
	return status;
}

static enum oae_status open_draft(struct oae_engine *e,
				  const struct oae_engine_config *config,
				  struct oae_error *err)
{
	unsigned threads = config->draft_threads;
	enum oae_status status;

	status = oae_model_open(config->draft, e->threads, &e->draft, err);
	if (!status)
		status = check_draft(e->model, e->draft, err);
	if (status)
		return status;
	if (!threads)
		threads = config->threads;
	if (threads == config->threads)
		return OAE_OK;
	status = oae_threads_open(threads, &e->draft_threads, err);
	if (!status)
		e->draft->threads = e->draft_threads;
	return status;
}

static enum oae_status open_models(struct oae_engine *e,
				   const struct oae_engine_config *config,
				   const struct oae_strategy *strategy,
				   struct oae_error *err)
{
	enum oae_status status;

	if (strategy->needs_draft && !config->draft)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"decode strategy \"%s\" needs a draft model",
				strategy->name);
	status = oae_threads_open(config->threads, &e->threads, err);
	if (!status)
		status = oae_model_open(config->model, e->threads, &e->model,
					err);
	if (!status && strategy->needs_draft)
		status = open_draft(e, config, err);
	return status;
}

static enum oae_status open_all(struct oae_engine *e,
				const struct oae_engine_config *config,
				struct oae_error *err)
{
	struct oae_batch_config batch = {
		.options = { .gamma = config->gamma,
			     .p_min = config->p_min,
			     .ngram_min = config->ngram_min,
			     .ngram_max = config->ngram_max },
		.slots = config->slots ? config->slots : 1,
		.queue = config->queue,
		.chunk = config->chunk ? config->chunk : CHUNK_DEFAULT,
		.reuse = config->reuse,
	};
	const char *strategy = config->strategy;
	enum oae_status status;

	if (!strategy)
		strategy = config->draft ? "speculative" : "greedy";
	status = oae_strategy_find(strategy, &batch.strategy, err);
	if (!status)
		status = oae_batch_check(&batch, err);
	if (!status)
		status = open_models(e, config, batch.strategy, err);
	if (!status)
		status = open_states(e, config, &batch, err);
	if (!status && e->draft)
		batch.options.draft_cost = (double)e->draft->active_parameters /
					   (double)e->model->active_parameters;
	batch.model = e->model;
	batch.target = e->target_state;
	batch.draft = e->draft_state;
	if (!status)
		status = oae_batch_open(&batch, &e->batch, err);
	return status;
}

enum oae_status oae_engine_open(const struct oae_engine_config *config,
				struct oae_engine **out, struct oae_error *err)
{
	struct oae_engine *e = calloc(1, sizeof(*e));
	enum oae_status status;

	if (!e)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
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
	oae_batch_close(e->batch);
	oae_state_free(e->target_state);
	oae_state_free(e->draft_state);
	oae_model_close(e->model);
	oae_model_close(e->draft);
	oae_threads_close(e->threads);
	oae_threads_close(e->draft_threads);
	free(e);
}

struct oae_batch *oae_engine_batch(struct oae_engine *e)
{
	return e->batch;
}

enum oae_status oae_engine_start(struct oae_engine *e,
				 const struct oae_engine_request *r,
				 struct oae_error *err)
{
	enum oae_status status;

	oae_batch_clear(e->batch);
	status = oae_batch_submit(e->batch, 0, r, err);
	e->running = !status;
	return status;
}

enum oae_status oae_engine_step(struct oae_engine *e,
				struct oae_engine_piece *piece,
				struct oae_error *err)
{
	const struct oae_batch_event *event;

	*piece = (struct oae_engine_piece){ .text = "" };
	if (!e->running)
		return oae_fail(err, OAE_ERR_USAGE, 0, "no request is running");
	if (!oae_batch_step(e->batch, &event))
		return OAE_OK;
	e->running = !event->piece.finish && !event->error;
	if (event->error)
		return oae_fail(err, event->error->status, event->error->sys,
				"%s", event->error->text);
	*piece = event->piece;
	return OAE_OK;
}

void oae_engine_stats(const struct oae_engine *e, struct oae_engine_stats *out)
{
	*out = *oae_batch_stats(e->batch);
}

bool oae_engine_speculation(const struct oae_engine *e,
			    struct oae_speculation_report *out)
{
	return oae_batch_speculation(e->batch, out);
}

enum oae_status oae_engine_score(struct oae_engine *e, const char *prompt,
				 size_t prompt_len, const char *continuation,
				 size_t continuation_len, double *log_prob,
				 uint32_t *tokens, struct oae_error *err)
{
	struct oae_engine_request r = {
		.prompt = prompt,
		.prompt_len = prompt_len,
		.continuation = continuation,
		.continuation_len = continuation_len,
	};
	const struct oae_batch_event *event;
	enum oae_status status = oae_engine_start(e, &r, err);

	*log_prob = 0;
	e->running = false;
	if (status)
		return status;
	while (!oae_batch_step(e->batch, &event))
		;
	*log_prob = event->log_prob;
	*tokens = event->stats->tokens_out;
	if (event->error)
		return oae_fail(err, event->error->status, event->error->sys,
				"%s", event->error->text);
	return OAE_OK;
}

const struct oae_model *oae_engine_model(const struct oae_engine *e)
{
	return e->model;
}

const struct oae_state *oae_engine_state(const struct oae_engine *e)
{
	return e->target_state;
}

uint32_t oae_engine_context(const struct oae_engine *e)
{
	return oae_state_ctx(e->target_state);
}

const int32_t *oae_engine_tokens(const struct oae_engine *e, size_t *n)
{
	return oae_batch_tokens(e->batch, n);
}
