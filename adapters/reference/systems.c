/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference engine as an adapter: one row per system, and the SDK's
 * functions over the engine's batch, which for most systems holds one.
 */
#define _GNU_SOURCE /* sched_getaffinity */

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/engine.h"
#include "adapters/sdk/sdk.h"
#include "base/file.h"

#define MODELS "adapters/reference/models/"
#define STEP_BYTES_MAX (1u << 20)

enum {
	KNOB_THREADS,
	KNOB_CONTEXT,
	KNOB_KERNELS,
	KNOB_GAMMA,
	KNOB_SLOTS, /* of batch, as those below */
	KNOB_CHUNK,
	KNOB_PREFIX,
	KNOB_NGRAM_MIN, /* of lookup */
	KNOB_NGRAM_MAX,
	N_KNOBS
};

#define BIT(knob) (1u << (knob))
#define KNOBS_ALL (BIT(KNOB_THREADS) | BIT(KNOB_CONTEXT) | BIT(KNOB_KERNELS))
#define KNOBS_LOOKUP \
	(BIT(KNOB_GAMMA) | BIT(KNOB_NGRAM_MIN) | BIT(KNOB_NGRAM_MAX))
#define KNOBS_BATCH (BIT(KNOB_SLOTS) | BIT(KNOB_CHUNK) | BIT(KNOB_PREFIX))

static const char *const kernel_names[] = {
	"auto",	      "scalar", "avx2",	   "avx512", "avx512bw",
	"avx512vnni", "neon",	"neondot", NULL,
};
static const char *const off_on[] = { "off", "on", NULL };

static const struct oae_sdk_knob knobs_default[N_KNOBS] = {
	[KNOB_THREADS] = { .name = "threads", .low = 0, .high = 256 },
	[KNOB_CONTEXT] = { .name = "context", .low = 0, .high = 131072 },
	[KNOB_KERNELS] = { .name = "kernels", .choices = kernel_names },
	[KNOB_GAMMA] = { .name = "gamma", .low = 0, .high = OAE_GAMMA_MAX },
	[KNOB_SLOTS] = { .name = "slots",
			 .value = 8,
			 .low = 1,
			 .high = OAE_BATCH_SLOTS_MAX },
	[KNOB_CHUNK] = { .name = "chunk",
			 .value = 32,
			 .low = 1,
			 .high = OAE_BATCH_CHUNK_MAX },
	[KNOB_PREFIX] = { .name = "prefix", .value = 1, .choices = off_on },
	[KNOB_NGRAM_MIN] = { .name = "ngram_min",
			     .value = OAE_NGRAM_MIN_DEFAULT,
			     .low = 1,
			     .high = OAE_NGRAM_MAX },
	[KNOB_NGRAM_MAX] = { .name = "ngram_max",
			     .value = OAE_NGRAM_MAX_DEFAULT,
			     .low = 1,
			     .high = OAE_NGRAM_MAX },
};

static const struct system {
	const char *name, *model, *draft, *strategy;
	unsigned knobs; /* besides KNOBS_ALL */
} systems[] = {
	{ "dense", MODELS "target.q8_0.gguf", NULL, "greedy", 0 },
	{ "batch", MODELS "target.q8_0.gguf", NULL, "greedy", KNOBS_BATCH },
	{ "speculative", MODELS "target.q8_0.gguf", MODELS "draft.q8_0.gguf",
	  "speculative", BIT(KNOB_GAMMA) },
	{ "lookup", MODELS "target.q8_0.gguf", NULL, "lookup", KNOBS_LOOKUP },
	{ "moe", MODELS "moe.q8_0.gguf", NULL, "greedy", 0 },
};

struct reference {
	struct oae_sdk *sdk;
	struct oae_engine *engine;
	struct oae_batch *batch; /* the engine's */
	bool synthetic;
	struct oae_buf bytes; /* of one step's tokens */
};

static unsigned cores(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof set, &set))
		return 1;
	n = CPU_COUNT(&set);
	return n < 1			? 1 :
	       n > (int)OAE_THREADS_MAX ? OAE_THREADS_MAX :
					  (unsigned)n;
}

static const struct system *system_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof systems / sizeof *systems; i++)
		if (!strcmp(systems[i].name, name))
			return &systems[i];
	return NULL;
}

/* A model's path; it is told apart from a broken one when it is missing. */
static enum oae_status model_path(char out[OAE_PATH_BYTES_MAX],
				  const char *home, const char *name,
				  struct oae_error *err)
{
	enum oae_status st = oae_path_join(out, OAE_PATH_BYTES_MAX,
					   home[0] ? home : ".", name, err);

	if (st == OAE_OK && !oae_file_exists(out))
		st = oae_fail(err, OAE_ERR_TARGET, 0,
			      "%.300s: there is no such model; make it with "
			      "`make models`",
			      out);
	return st;
}

static enum oae_status engine_open(struct reference *r,
				   const struct system *sys,
				   const struct oae_sdk_hello *hello,
				   const struct oae_sdk_knob *knobs,
				   struct oae_error *err)
{
	char model[OAE_PATH_BYTES_MAX], draft[OAE_PATH_BYTES_MAX];
	bool many = sys->knobs & BIT(KNOB_SLOTS);
	struct oae_engine_config config = {
		.model = hello->synthetic ? hello->synthetic : model,
		.draft = sys->draft ? draft : NULL,
		.threads = (unsigned)knobs[KNOB_THREADS].value,
		.context = (uint32_t)knobs[KNOB_CONTEXT].value,
		.strategy = sys->strategy,
		.gamma = (unsigned)knobs[KNOB_GAMMA].value,
		.ngram_min = (unsigned)knobs[KNOB_NGRAM_MIN].value,
		.ngram_max = (unsigned)knobs[KNOB_NGRAM_MAX].value,
		.slots = many ? (uint32_t)knobs[KNOB_SLOTS].value : 1,
		/* as many wait here, so that a slot is free for no step */
		.queue = many ? (uint32_t)knobs[KNOB_SLOTS].value : 0,
		.chunk = (uint32_t)knobs[KNOB_CHUNK].value,
		.reuse = many && knobs[KNOB_PREFIX].value,
	};
	int64_t kernels = knobs[KNOB_KERNELS].value;
	enum oae_status st = OAE_OK;

	if (hello->synthetic && sys->draft)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"synthetic: %s needs a draft that agrees with "
				"its model",
				sys->name);
	if (!hello->synthetic)
		st = model_path(model, hello->home, sys->model, err);
	if (st == OAE_OK && sys->draft)
		st = model_path(draft, hello->home, sys->draft, err);
	if (st)
		return st;
	if (kernels > 0 && setenv("OAE_KERNELS", kernel_names[kernels], 1))
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	st = oae_engine_open(&config, &r->engine, err);
	/* Towards the harness a bad file is the model's fault, not its own. */
	return st == OAE_ERR_FORMAT || st == OAE_ERR_IO ? OAE_ERR_TARGET : st;
}

static void details_write(struct oae_jw *w, const struct reference *r,
			  const struct system *sys, unsigned threads)
{
	const struct oae_model *m = oae_engine_model(r->engine);

	oae_jw_str(w, "model", r->synthetic ? "synthetic" : sys->model);
	oae_jw_str(w, "draft", sys->draft);
	oae_jw_str(w, "architecture", m->shape.architecture);
	oae_jw_int(w, "parameters", (int64_t)m->parameters);
	oae_jw_int(w, "active_parameters", (int64_t)m->active_parameters);
	oae_jw_str(w, "kernels", m->kernels->name);
	oae_jw_int(w, "threads", threads);
	oae_jw_int(w, "context", oae_engine_context(r->engine));
	oae_jw_str(w, "strategy", sys->strategy);
}

static void reference_close(void *self)
{
	struct reference *r = self;

	oae_engine_close(r->engine);
	oae_buf_release(&r->bytes);
	free(r);
}

/* All knobs: those that the system has as the harness wants them. */
static enum oae_status knobs_read(const struct system *sys,
				  const struct oae_sdk_hello *hello,
				  const struct oae_sdk_ready *ready,
				  struct oae_sdk_knob knobs[N_KNOBS],
				  struct oae_error *err)
{
	struct oae_sdk_knob own[N_KNOBS];
	enum oae_status st;
	size_t n = 0, i;

	memcpy(knobs, knobs_default, sizeof knobs_default);
	for (i = 0; i < N_KNOBS; i++)
		if ((KNOBS_ALL | sys->knobs) & BIT(i))
			own[n++] = knobs[i];
	st = oae_sdk_knobs(hello, own, n, err);
	if (st)
		return st;
	oae_sdk_knobs_write(ready->details, own, n);
	for (i = N_KNOBS; i-- > 0;)
		if ((KNOBS_ALL | sys->knobs) & BIT(i))
			knobs[i] = own[--n];
	return OAE_OK;
}

static enum oae_status reference_open(struct oae_sdk *sdk,
				      const struct oae_sdk_hello *hello,
				      struct oae_sdk_ready *ready, void **self,
				      struct oae_error *err)
{
	const struct system *sys = system_find(hello->system);
	struct oae_sdk_knob knobs[N_KNOBS];
	struct reference *r;
	enum oae_status st;

	if (!sys)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"system %.64s: unknown; adapters/reference/"
				"adapter.json has the list",
				hello->system);
	st = knobs_read(sys, hello, ready, knobs, err);
	if (st)
		return st;
	if (knobs[KNOB_THREADS].value == 0)
		knobs[KNOB_THREADS].value = cores();
	r = calloc(1, sizeof *r);
	if (!r)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	r->sdk = sdk;
	r->synthetic = hello->synthetic != NULL;
	oae_buf_init(&r->bytes, STEP_BYTES_MAX);
	st = engine_open(r, sys, hello, knobs, err);
	if (st) {
		reference_close(r);
		return st;
	}
	r->batch = oae_engine_batch(r->engine);
	ready->max_in_flight = oae_batch_room(r->batch);
	details_write(ready->details, r, sys,
		      (unsigned)knobs[KNOB_THREADS].value);
	*self = r;
	return OAE_OK;
}

static enum oae_status reference_submit(void *self,
					const struct oae_sdk_request *q,
					struct oae_error *err)
{
	struct reference *r = self;
	struct oae_engine_request e = {
		.prompt = q->prompt,
		.prompt_len = strlen(q->prompt),
		.max_tokens = q->max_tokens,
		.temperature = (float)q->temperature,
		.top_k = q->top_k,
		.seed = q->seed,
		.stops = q->stop,
		.n_stops = q->n_stop,
		.ignore_eos = q->ignore_eos || r->synthetic,
	};

	return oae_batch_submit(r->batch, q->id, &e, err);
}

static enum oae_status reference_score(void *self,
				       const struct oae_sdk_score *q,
				       struct oae_error *err)
{
	struct reference *r = self;
	struct oae_engine_request e = {
		.prompt = q->prompt,
		.prompt_len = strlen(q->prompt),
		.continuation = q->continuation,
		.continuation_len = strlen(q->continuation),
	};

	return oae_batch_submit(r->batch, q->id, &e, err);
}

static void finish(struct reference *r, uint64_t id,
		   const struct oae_engine_stats *stats,
		   enum oae_sdk_finish how)
{
	const struct oae_speculation_sums *s = &stats->speculation;
	struct oae_sdk_done done = {
		.finish = how,
		.tokens_in = stats->tokens_in,
		.drafted = (uint32_t)s->drafted,
		.accepted = (uint32_t)s->accepted,
		.reused = stats->reused,
		.drafting = { .rounds = s->rounds,
			      .judged = s->judged,
			      .plain_steps = s->plain,
			      .draft_us = s->draft_ns / 1000,
			      .catch_up_us = s->catch_up_ns / 1000,
			      .verify_us = s->verify_ns / 1000,
			      .plain_us = s->plain_ns / 1000 },
	};

	oae_sdk_done(r->sdk, id, &done);
}

/* The bytes of the newest tokens: the SDK itself waits for whole text. */
static void bytes_of(struct reference *r, const struct oae_batch_event *e)
{
	const struct oae_model *m = oae_engine_model(r->engine);
	uint32_t i;

	oae_buf_clear(&r->bytes);
	for (i = 0; m->tokenizer && i < e->piece.tokens; i++)
		oae_tokenizer_decode(m->tokenizer, e->tokens[i], &r->bytes);
}

/* Tells the harness what a step gave to one request. */
static void tell(struct reference *r, const struct oae_batch_event *e)
{
	bool stopped = false;

	if (e->error) {
		oae_sdk_fail(r->sdk, e->id, e->error);
		return;
	}
	if (e->piece.tokens > 0) {
		bytes_of(r, e);
		stopped = oae_sdk_token(r->sdk, e->id, oae_buf_str(&r->bytes),
					r->bytes.len, e->piece.tokens);
	}
	if (e->piece.finish == OAE_FINISH_SCORED)
		oae_sdk_scored(r->sdk, e->id, e->log_prob,
			       e->stats->tokens_out);
	else if (e->piece.finish == OAE_FINISH_LENGTH && !stopped)
		finish(r, e->id, e->stats, OAE_SDK_LENGTH);
	else if (e->piece.finish != OAE_FINISH_NOT_YET || stopped)
		finish(r, e->id, e->stats, OAE_SDK_STOP);
	if (stopped && !e->piece.finish)
		oae_batch_cancel(r->batch, e->id, NULL);
}

static enum oae_status reference_poll(void *self, struct oae_error *err)
{
	struct reference *r = self;
	const struct oae_batch_event *events;
	size_t n = oae_batch_step(r->batch, &events), i;

	(void)err;
	for (i = 0; i < n; i++)
		tell(r, &events[i]);
	return OAE_OK;
}

static void reference_cancel(void *self, uint64_t id)
{
	struct reference *r = self;
	struct oae_engine_stats stats;

	if (oae_batch_cancel(r->batch, id, &stats))
		finish(r, id, &stats, OAE_SDK_CANCELLED);
}

static const struct oae_adapter adapter = {
	.name = "reference",
	.version = "1.0.0",
	.open = reference_open,
	.submit = reference_submit,
	.score = reference_score,
	.poll = reference_poll,
	.cancel = reference_cancel,
	.close = reference_close,
};

int main(int argc, char **argv)
{
	return oae_adapter_main(argc, argv, &adapter);
}
