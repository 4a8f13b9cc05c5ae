/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/batch/batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/batch/batch_jobs.h"
#include "base/clock.h"
#include "base/limits.h"

/* ---- memory ------------------------------------------------------------- */

enum oae_status oae_batch_check(const struct oae_batch_config *c,
				struct oae_error *err)
{
	if (c->slots < 1 || c->slots > OAE_BATCH_SLOTS_MAX ||
	    c->queue > OAE_BATCH_QUEUE_MAX || c->chunk < 1 ||
	    c->chunk > OAE_BATCH_CHUNK_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"slots %u, queue %u or chunk %u out of range "
				"(1..%u, 0..%u, 1..%u)",
				c->slots, c->queue, c->chunk,
				OAE_BATCH_SLOTS_MAX, OAE_BATCH_QUEUE_MAX,
				OAE_BATCH_CHUNK_MAX);
	return OAE_OK;
}

static enum oae_status open_jobs(struct oae_batch *b, struct oae_error *err)
{
	const struct oae_batch_config *c = &b->c;
	size_t context = oae_state_ctx(c->target);
	size_t n = (size_t)c->slots + c->queue;
	enum oae_status status = OAE_OK;

	b->slots = calloc(c->slots, sizeof(*b->slots));
	b->jobs = calloc(n, sizeof(*b->jobs));
	b->live = calloc(n, sizeof(*b->live));
	b->unused = calloc(n, sizeof(*b->unused));
	b->rows = calloc(oae_state_batch(c->target), sizeof(*b->rows));
	b->events = calloc(c->slots, sizeof(*b->events));
	b->prompt = calloc(context, sizeof(*b->prompt));
	if (!b->slots || !b->jobs || !b->live || !b->unused || !b->rows ||
	    !b->events || !b->prompt)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "batch: no memory");
	for (size_t i = 0; i < c->slots; i++) {
		b->slots[i].tokens = calloc(context, sizeof(int32_t));
		if (!b->slots[i].tokens)
			return oae_fail(err, OAE_ERR_NOMEM, 0,
					"batch: no memory");
	}
	for (size_t i = 0; i < n && !status; i++) {
		struct oae_job *j = &b->jobs[n - 1 - i];

		oae_answer_init(&j->answer);
		status = oae_decode_init(&j->decode, c->model, c->strategy,
					 c->target, c->draft, &c->options, err);
		b->unused[b->n_unused++] = j;
	}
	return status;
}

enum oae_status oae_batch_open(const struct oae_batch_config *config,
			       struct oae_batch **out, struct oae_error *err)
{
	enum oae_status status = oae_batch_check(config, err);
	struct oae_batch *b;

	if (status)
		return status;
	if (oae_state_batch(config->target) <= config->slots)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%u slots need batches of more than %u rows",
				config->slots, oae_state_batch(config->target));
	b = calloc(1, sizeof(*b));
	if (!b)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "batch: no memory");
	b->c = *config;
	b->plain = config->strategy == &oae_strategy_greedy;
	status = open_jobs(b, err);
	if (status) {
		oae_batch_close(b);
		return status;
	}
	b->last = &b->jobs[0];
	*out = b;
	return OAE_OK;
}

void oae_batch_close(struct oae_batch *b)
{
	if (!b)
		return;
	for (size_t i = 0; b->jobs && i < (size_t)b->c.slots + b->c.queue;
	     i++) {
		oae_answer_release(&b->jobs[i].answer);
		oae_decode_release(&b->jobs[i].decode);
	}
	for (size_t i = 0; b->slots && i < b->c.slots; i++)
		free(b->slots[i].tokens);
	free(b->slots);
	free(b->jobs);
	free(b->live);
	free(b->unused);
	free(b->rows);
	free(b->events);
	free(b->prompt);
	free(b);
}

/* ---- requests come and go ----------------------------------------------- */

static enum oae_status fill_job(struct oae_batch *b, struct oae_job *j,
				const struct oae_engine_request *r,
				struct oae_error *err)
{
	struct oae_decode *d = &j->decode;
	enum oae_status status;
	size_t n_prompt, n;

	j->stats = (struct oae_engine_stats){ 0 };
	j->error = (struct oae_error){ 0 };
	j->log_prob = 0;
	j->max_tokens = r->max_tokens;
	j->ignore_eos = r->ignore_eos;
	d->ends = r->ignore_eos ? NULL : b->c.model->tokenizer;
	if (!r->continuation &&
	    (r->max_tokens < 1 || r->max_tokens > OAE_TOKENS_PER_ANSWER_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"max_tokens %u is not in 1..%u", r->max_tokens,
				OAE_TOKENS_PER_ANSWER_MAX);
	status = oae_answer_begin(&j->answer, r, err);
	if (!status)
		status = oae_request_tokens(b->c.model, r, b->prompt,
					    d->capacity, &n_prompt, &n, err);
	if (!status)
		status = oae_decode_prompt(d, b->prompt, n, err);
	if (!status)
		status = oae_sampler_set(&d->sampler, r->temperature, r->top_k,
					 r->seed, err);
	if (status)
		return status;
	j->score_from = r->continuation ? n_prompt : 0;
	j->stats.tokens_in = (uint32_t)n_prompt;
	j->stats.tokens_out = (uint32_t)(n - n_prompt);
	j->submitted_ns = oae_clock_ns();
	return OAE_OK;
}

enum oae_status oae_batch_submit(struct oae_batch *b, uint64_t id,
				 const struct oae_engine_request *request,
				 struct oae_error *err)
{
	enum oae_status status;
	struct oae_job *j;

	if (b->n_unused == 0)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%u requests run and %u wait already",
				b->c.slots, b->c.queue);
	j = b->last = b->unused[b->n_unused - 1];
	status = fill_job(b, j, request, err);
	if (status)
		return status;
	b->n_unused--;
	j->id = id;
	b->live[b->n_live++] = j;
	return OAE_OK;
}

/* Takes live[at] out. */
static void end_job(struct oae_batch *b, size_t at)
{
	struct oae_job *j = b->live[at];

	if (at < b->n_running) {
		oae_batch_take_slot(b, j);
		b->n_running--;
	}
	b->n_live--;
	memmove(b->live + at, b->live + at + 1,
		(b->n_live - at) * sizeof(*b->live));
	b->unused[b->n_unused++] = j;
}

bool oae_batch_cancel(struct oae_batch *b, uint64_t id,
		      struct oae_engine_stats *stats)
{
	for (size_t i = 0; i < b->n_live; i++) {
		if (b->live[i]->id != id)
			continue;
		if (stats)
			*stats = b->live[i]->stats;
		end_job(b, i);
		return true;
	}
	return false;
}

void oae_batch_clear(struct oae_batch *b)
{
	while (b->n_live)
		end_job(b, b->n_live - 1);
}

uint32_t oae_batch_room(const struct oae_batch *b)
{
	return b->c.slots + b->c.queue;
}

size_t oae_batch_live(const struct oae_batch *b)
{
	return b->n_live;
}

/* Free slots go to those that wait. */
static void admit(struct oae_batch *b, uint64_t now_ns)
{
	while (b->n_running < b->n_live && b->n_running < b->c.slots) {
		struct oae_job *j = b->live[b->n_running];

		oae_batch_give_slot(b, j);
		j->stats.queue_ns = now_ns - j->submitted_ns;
		b->n_running++;
	}
}

/* ---- one pass over the weights ------------------------------------------ */

/* Only its newest token is not computed yet. */
static bool decodes(const struct oae_job *j)
{
	return !j->score_from && j->decode.in_target + 1 == j->decode.n;
}

/* The job's next n tokens; logits where a token or a probability is due. */
static void add_rows(struct oae_batch *b, struct oae_job *j, size_t n)
{
	const struct oae_decode *d = &j->decode;
	size_t from = j->score_from ? j->score_from : d->n;

	j->row = b->n_rows;
	j->rows = n;
	j->logits = b->n_logits;
	for (size_t at = d->in_target; at < d->in_target + n; at++) {
		b->rows[b->n_rows++] = (struct oae_row){
			.token = d->tokens[at],
			.slot = d->slot,
			.position = (uint32_t)at,
			.logits = at + 1 >= from,
		};
		b->n_logits += at + 1 >= from;
	}
}

/*
 * All that decode get their row; then prompts, first come first served, what
 * room is left: with decoders in the pass no more than a chunk, so that
 * these wait little.
 */
static void plan(struct oae_batch *b)
{
	size_t room = oae_state_batch(b->c.target), left;
	bool decoding = false;
	struct oae_job *j;

	b->n_rows = b->n_logits = 0;
	for (size_t i = 0; i < b->n_running; i++) {
		j = b->live[i];
		j->rows = j->added = 0;
		if (!decodes(j))
			continue;
		decoding = true;
		if (b->plain)
			add_rows(b, j, 1);
	}
	room -= b->n_rows;
	if (decoding && room > b->c.chunk)
		room = b->c.chunk;
	for (size_t i = 0; i < b->n_running && room; i++) {
		j = b->live[i];
		if (j->rows || decodes(j))
			continue;
		if (b->c.reuse && oae_batch_share(b, j))
			continue;
		left = oae_job_end(j) - j->decode.in_target;
		left = left < room ? left : room;
		add_rows(b, j, left);
		room -= left;
	}
}

static double log_probability(const float *logits, size_t n, int32_t token)
{
	double max = (double)logits[0], sum;

	for (size_t i = 1; i < n; i++)
		max = (double)logits[i] > max ? (double)logits[i] : max;
	sum = exp((double)logits[0] - max);
	for (size_t i = 1; i < n; i++)
		sum += exp((double)logits[i] - max);
	return (double)logits[token] - max - log(sum);
}

/* Probabilities of the text's tokens that the pass speaks about. */
static void read_score(struct oae_job *j, const float *logits)
{
	const struct oae_decode *d = &j->decode;
	size_t n_vocab = d->sampler.n_vocab, at = d->in_target - j->rows;

	if (at + 1 < j->score_from)
		at = j->score_from - 1;
	for (; at < d->in_target; at++, logits += n_vocab)
		j->log_prob +=
			log_probability(logits, n_vocab, d->tokens[at + 1]);
	if (!isfinite(j->log_prob))
		oae_fail(&j->error, OAE_ERR_TARGET, 0,
			 "the model's logits are not finite numbers");
}

/* What the pass gave to one running job, in parallel. */
static void read_item(void *ctx, size_t item, unsigned thread)
{
	struct oae_batch *b = ctx;
	struct oae_job *j = b->live[item];
	struct oae_decode *d = &j->decode;
	const float *logits =
		oae_state_logits(b->c.target) + j->logits * d->sampler.n_vocab;

	(void)thread;
	if (!j->rows)
		return;
	d->in_target += j->rows;
	if (j->score_from) {
		read_score(j, logits);
	} else if (d->in_target == d->n &&
		   !oae_decode_pick(d, logits, d->n, d->p, &d->tokens[d->n],
				    &j->error)) {
		d->n++;
		j->added = 1;
	}
}

static void pass(struct oae_batch *b)
{
	struct oae_error err = { 0 };

	if (!b->n_rows)
		return;
	if (!oae_forward(b->c.target, b->rows, b->n_rows, &err)) {
		oae_threads_run(b->c.model->threads, b->n_running, read_item,
				b);
		return;
	}
	for (size_t i = 0; i < b->n_running; i++)
		if (b->live[i]->rows)
			b->live[i]->error = err;
}

/* Rounds of a strategy that isn't a row of the pass. */
static void rounds(struct oae_batch *b)
{
	for (size_t i = 0; i < b->n_running; i++) {
		struct oae_job *j = b->live[i];

		if (!j->rows && decodes(j))
			b->c.strategy->step(&j->decode,
					    j->max_tokens - j->stats.tokens_out,
					    &j->added, &j->error);
	}
}

/* ---- what a step gives -------------------------------------------------- */

/* Takes over what was appended; says whether the answer is over. */
static enum oae_finish take_tokens(const struct oae_batch *b, struct oae_job *j,
				   uint32_t *taken)
{
	const struct oae_tokenizer *t = b->c.model->tokenizer;
	const struct oae_decode *d = &j->decode;
	int32_t token;

	for (size_t i = d->n - j->added; i < d->n; i++) {
		token = d->tokens[i];
		if (t && !j->ignore_eos && oae_tokenizer_ends(t, token))
			return OAE_FINISH_EOS;
		++*taken;
		j->stats.tokens_out++;
		if (oae_answer_add(&j->answer, t, token))
			return OAE_FINISH_STOP;
	}
	if (j->stats.tokens_out == j->max_tokens || d->n == d->capacity)
		return OAE_FINISH_LENGTH;
	return OAE_FINISH_NOT_YET;
}

/* False: nothing to tell of this job. */
static bool make_event(const struct oae_batch *b, struct oae_job *j,
		       struct oae_batch_event *e)
{
	struct oae_decode *d = &j->decode;

	*e = (struct oae_batch_event){
		.id = j->id,
		.piece = { .text = "" },
		.stats = &j->stats,
		.log_prob = j->log_prob,
	};
	if (!j->error.status && j->added) {
		e->tokens = d->tokens + d->n - j->added;
		e->piece.finish = take_tokens(b, j, &e->piece.tokens);
		oae_buf_check(&j->answer.text, "the answer", &j->error);
		oae_answer_give(&j->answer, &e->piece);
	} else if (j->score_from && d->in_target == oae_job_end(j)) {
		e->piece.finish = OAE_FINISH_SCORED;
	}
	if (j->error.status)
		e->error = &j->error;
	return j->added || e->piece.finish || e->error;
}

static void account(struct oae_job *j, uint64_t took_ns)
{
	if (j->stats.tokens_out && !j->score_from)
		j->stats.decode_ns += took_ns;
	else
		j->stats.prefill_ns += took_ns;
	j->stats.speculation = j->decode.speculation.now;
}

size_t oae_batch_step(struct oae_batch *b,
		      const struct oae_batch_event **events)
{
	uint64_t start_ns = oae_clock_ns(), took_ns;
	struct oae_batch_event *e;
	struct oae_job *j;
	size_t i = 0;

	admit(b, start_ns);
	plan(b);
	pass(b);
	if (!b->plain)
		rounds(b);
	took_ns = oae_clock_ns() - start_ns;
	b->n_events = 0;
	while (i < b->n_running) {
		j = b->live[i];
		account(j, took_ns);
		e = &b->events[b->n_events];
		if (make_event(b, j, e))
			b->n_events++;
		if (e->piece.finish || e->error)
			end_job(b, i);
		else
			i++;
	}
	*events = b->events;
	return b->n_events;
}

const struct oae_engine_stats *oae_batch_stats(const struct oae_batch *b)
{
	return &b->last->stats;
}

void oae_batch_set_gamma(struct oae_batch *b, unsigned gamma)
{
	for (size_t i = 0; i < (size_t)b->c.slots + b->c.queue; i++)
		b->jobs[i].decode.speculation.gamma = gamma;
}

bool oae_batch_speculation(const struct oae_batch *b,
			   struct oae_speculation_report *out)
{
	const struct oae_strategy *s = b->c.strategy;

	if (s->trust)
		oae_speculation_report(&b->last->decode.speculation, out);
	return s->trust;
}

const int32_t *oae_batch_tokens(const struct oae_batch *b, size_t *n)
{
	*n = b->last->decode.n;
	return b->last->decode.tokens;
}
