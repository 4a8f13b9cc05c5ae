/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training speed: forward and backward passes of a model of 11 M parameters,
 * each thread with documents and a gradient of its own, as the trainer does
 * it. The optimiser's step is not in it; the trainer takes one for thousands
 * of tokens.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/train/net.h"
#include "adapters/reference/train/pool.h"
#include "base/clock.h"
#include "base/spawn.h"
#include "tests/bench-engine/bench_engine.h"

#define PASS_MS 120000
#define DOCS 4u
#define TOKENS 256u /* of one thread's part */

struct worker {
	struct oae_net_acts acts;
	struct oae_net_batch batch;
	int32_t id[TOKENS], target[TOKENS];
	float weight[TOKENS];
	uint32_t start[DOCS + 1], answer[DOCS], kind[DOCS];
	float *grad;
};

struct training {
	struct oae_net net;
	float *w;
	struct oae_pool *pool;
	struct worker *workers;
};

static void pass(void *ctx, size_t at)
{
	struct training *t = ctx;
	struct worker *k = &t->workers[at];
	struct oae_net_loss loss = { 0 };

	oae_net_forward(&t->net, t->w, &k->acts, &k->batch);
	oae_net_backward(&t->net, t->w, k->grad, &k->acts, &k->batch, NULL, 0,
			 &loss);
}

static enum oae_status begin(struct training *t, struct worker *k,
			     struct oae_rng *rng, struct oae_error *err)
{
	k->batch = (struct oae_net_batch){ .n_tokens = TOKENS,
					   .n_docs = DOCS,
					   .max_tokens = TOKENS,
					   .max_docs = DOCS,
					   .id = k->id,
					   .target = k->target,
					   .weight = k->weight,
					   .start = k->start,
					   .answer = k->answer,
					   .kind = k->kind };
	for (uint32_t i = 0; i < TOKENS; i++) {
		k->id[i] = (int32_t)oae_rng_below(rng, t->net.shape.vocab);
		k->target[i] = (int32_t)oae_rng_below(rng, t->net.shape.vocab);
		k->weight[i] = 1;
	}
	for (uint32_t d = 0; d <= DOCS; d++)
		k->start[d] = d * (TOKENS / DOCS);
	for (uint32_t d = 0; d < DOCS; d++)
		k->answer[d] = k->start[d];
	k->grad = calloc(t->net.n_floats, sizeof(*k->grad));
	if (!k->grad)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	return oae_net_acts_new(&t->net, TOKENS, &k->acts, err);
}

static enum oae_status open_training(struct training *t, size_t threads,
				     struct oae_error *err)
{
	static const struct oae_net_shape shape = { .vocab = 1536,
						    .dim = 384,
						    .layers = 6,
						    .heads = 6,
						    .head_dim = 64,
						    .hidden = 992,
						    .context = 256,
						    .rope_base = 10000,
						    .eps = 1e-5f };
	struct oae_rng rng;

	oae_rng_seed(&rng, 1);
	if (oae_net_init(&t->net, &shape, err) ||
	    oae_pool_new(threads, &t->pool, err))
		return err->status;
	t->w = calloc(t->net.n_floats, sizeof(*t->w));
	t->workers = calloc(threads, sizeof(*t->workers));
	if (!t->w || !t->workers)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	oae_net_randomize(&t->net, t->w, &rng);
	for (size_t i = 0; i < threads && !err->status; i++)
		begin(t, &t->workers[i], &rng, err);
	return err->status;
}

static void close_training(struct training *t, size_t threads)
{
	for (size_t i = 0; t->workers && i < threads; i++) {
		oae_net_acts_free(&t->workers[i].acts);
		free(t->workers[i].grad);
	}
	free(t->workers);
	free(t->w);
	oae_pool_free(t->pool);
}

static struct training model;

static enum oae_status ours(struct bench *b, const struct entry *r, double *ts,
			    struct oae_error *err)
{
	uint64_t start = oae_clock_ns();

	(void)r;
	(void)err;
	oae_pool_run(model.pool, pass, &model);
	*ts = (double)(TOKENS * b->o.threads) * 1e9 /
	      (double)(oae_clock_ns() - start);
	return OAE_OK;
}

/* The user's llm.c: its last line is the number. */
static enum oae_status llmc(struct bench *b, const struct entry *r, double *ts,
			    struct oae_error *err)
{
	char folder[OAE_PATH_BYTES_MAX], sequences[12], *line;
	const char *argv[] = { getenv("LLMC_PEER"), folder, sequences, NULL };
	struct oae_buf out;

	(void)r;
	oae_buf_init(&out, 1u << 16);
	(void)snprintf(folder, sizeof(folder), "%s", b->o.models);
	(void)snprintf(sequences, sizeof(sequences), "%u",
		       (unsigned)b->o.threads * DOCS);
	*ts = 0;
	if (!oae_run_command(argv, NULL, PASS_MS, &out, err)) {
		line = strstr(oae_buf_str(&out), "parameters\n");
		*ts = line ? strtod(line + strlen("parameters\n"), NULL) : 0;
	}
	oae_buf_release(&out);
	if (!err->status && !(*ts > 0))
		oae_fail(err, OAE_ERR_FORMAT, 0, "%s gave no number", argv[0]);
	return err->status;
}

void row_training(struct bench *b, struct line *l, struct oae_error *err)
{
	char threads[12];

	(void)snprintf(threads, sizeof(threads), "%u", (unsigned)b->o.threads);
	setenv("OMP_NUM_THREADS", threads, 1);
	if (open_training(&model, b->o.threads, err)) {
		close_training(&model, b->o.threads);
		return;
	}
	(void)snprintf(l->note, sizeof(l->note),
		       "%.1f M parameters, forward and backward",
		       (double)model.net.n_floats / 1e6);
	if (!getenv("LLMC_PEER")) {
		bench_alone(b, l, ours,
			    "llm.c comes as source alone, which nothing here "
			    "installs; LLMC=/path of a checkout builds it",
			    err);
	} else if (!bench_pairs(b, l, ours, llmc, err)) {
		l->peer_ts = l->other_ts;
		(void)snprintf(l->against, sizeof(l->against), "llm.c");
	}
	if (!err->status)
		bench_roof_training(b, l, (double)model.net.n_floats, err);
	close_training(&model, b->o.threads);
}
