/* SPDX-License-Identifier: Apache-2.0 */
/* Prefill and decoding speed, in the habits of llama-bench. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/model.h"
#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/options.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/stats.h"

#define REPETITIONS_MAX 100u
#define THREAD_COUNTS_MAX 16u
#define BATCH 128u

struct options {
	uint64_t prompt, gen, repetitions;
	const char *threads;
	bool json;
};

struct test {
	char name[24];
	size_t tokens;
	unsigned threads;
	double ns[REPETITIONS_MAX], speed[REPETITIONS_MAX];
	size_t n;
};

struct bench {
	const struct options *o;
	const char *path;
	struct oae_buf out;
	struct oae_jw json;
	struct oae_row rows[BATCH];
};

/* One pass over n tokens from an empty cache, `batch` at a time. */
static enum oae_status pass(struct bench *b, struct oae_state *s,
			    uint32_t n_vocab, size_t n, size_t batch,
			    struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_rng rng;
	size_t now;

	oae_rng_seed(&rng, 1);
	for (size_t at = 0; at < n && !status; at += now) {
		now = n - at < batch ? n - at : batch;
		for (size_t i = 0; i < now; i++)
			b->rows[i] = (struct oae_row){
				.token = (int32_t)oae_rng_below(&rng, n_vocab),
				.position = (uint32_t)(at + i),
				.logits = i + 1 == now,
			};
		status = oae_forward(s, b->rows, now, err);
	}
	return status;
}

static void write_json(struct bench *b, const struct oae_model *m,
		       const struct test *t)
{
	struct oae_jw *w = &b->json;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "test", t->name);
	oae_jw_str(w, "model_filename", b->path);
	oae_jw_str(w, "model_type", m->shape.architecture);
	oae_jw_int(w, "model_size", (int64_t)m->packed_bytes);
	oae_jw_int(w, "model_n_params", (int64_t)m->parameters);
	oae_jw_bool(w, "synthetic", m->shape.synthetic);
	oae_jw_str(w, "kernels", m->kernels->name);
	oae_jw_int(w, "n_threads", t->threads);
	oae_jw_int(w, "n_prompt", t->name[0] == 'p' ? (int64_t)t->tokens : 0);
	oae_jw_int(w, "n_gen", t->name[0] == 't' ? (int64_t)t->tokens : 0);
	oae_jw_num(w, "avg_ns", oae_mean(t->ns, t->n));
	oae_jw_num(w, "stddev_ns", sqrt(oae_variance(t->ns, t->n)));
	oae_jw_num(w, "avg_ts", oae_mean(t->speed, t->n));
	oae_jw_num(w, "stddev_ts", sqrt(oae_variance(t->speed, t->n)));
	oae_jw_arr(w, "samples_ns");
	for (size_t i = 0; i < t->n; i++)
		oae_jw_num(w, NULL, t->ns[i]);
	oae_jw_end_arr(w);
	oae_jw_arr(w, "samples_ts");
	for (size_t i = 0; i < t->n; i++)
		oae_jw_num(w, NULL, t->speed[i]);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

static void write_row(const struct oae_model *m, const struct test *t)
{
	double sd = t->n > 1 ? sqrt(oae_variance(t->speed, t->n)) : 0;

	printf("| %-8s %8.2f M | %9.2f MiB | %-6s | %3u | %7s | %10.2f ± "
	       "%.2f |\n",
	       m->shape.architecture, (double)m->parameters / 1e6,
	       (double)m->packed_bytes / 1048576, m->kernels->name, t->threads,
	       t->name, oae_mean(t->speed, t->n), sd);
	fflush(stdout);
}

/* A warm-up, then the repetitions. */
static enum oae_status run_test(struct bench *b, const struct oae_model *m,
				struct oae_state *s, const char *kind,
				size_t tokens, struct oae_error *err)
{
	struct test t = { .tokens = tokens,
			  .threads = oae_threads_count(m->threads) };
	size_t batch = kind[0] == 'p' ? BATCH : 1;
	enum oae_status status;
	uint64_t start;

	if (!tokens)
		return OAE_OK;
	snprintf(t.name, sizeof(t.name), "%s%zu", kind, tokens);
	status = pass(b, s, m->shape.n_vocab, tokens < 16 ? tokens : 16, batch,
		      err);
	for (size_t i = 0; i < b->o->repetitions && !status; i++) {
		oae_progress("bench: %s, %u threads, %zu/%llu", t.name,
			     t.threads, i + 1,
			     (unsigned long long)b->o->repetitions);
		start = oae_clock_ns();
		status = pass(b, s, m->shape.n_vocab, tokens, batch, err);
		t.ns[i] = (double)(oae_clock_ns() - start);
		t.speed[i] = (double)tokens / t.ns[i] * 1e9;
		t.n++;
	}
	oae_progress_end();
	if (status)
		return status;
	if (b->o->json)
		write_json(b, m, &t);
	else
		write_row(m, &t);
	return OAE_OK;
}

static enum oae_status run_threads(struct bench *b, unsigned threads,
				   struct oae_error *err)
{
	uint64_t ctx = b->o->prompt > b->o->gen ? b->o->prompt : b->o->gen;
	struct oae_threads *pool = NULL;
	struct oae_model *m = NULL;
	struct oae_state *s = NULL;
	enum oae_status status;

	status = oae_threads_open(threads, &pool, err);
	if (!status)
		status = oae_model_open(b->path, pool, &m, err);
	if (!status)
		status = oae_state_new(m, 1, (uint32_t)ctx, BATCH, &s, err);
	if (!status)
		status = run_test(b, m, s, "pp", (size_t)b->o->prompt, err);
	if (!status)
		status = run_test(b, m, s, "tg", (size_t)b->o->gen, err);
	oae_state_free(s);
	oae_model_close(m);
	oae_threads_close(pool);
	return status;
}

/* "1,2,4" */
static enum oae_status parse_threads(const char *text, unsigned *out, size_t *n,
				     struct oae_error *err)
{
	char *end;
	long v;

	*n = 0;
	if (!text) {
		out[(*n)++] = (unsigned)oae_lm_threads();
		return OAE_OK;
	}
	do {
		errno = 0;
		v = strtol(text, &end, 10);
		if (errno || end == text || v < 1 ||
		    v > (long)OAE_THREADS_MAX || (*end && *end != ',') ||
		    *n == THREAD_COUNTS_MAX)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"--threads: give numbers from 1 to %u, "
					"at most %u of them, such as 1,2",
					OAE_THREADS_MAX, THREAD_COUNTS_MAX);
		out[(*n)++] = (unsigned)v;
		text = end + 1;
	} while (*end);
	return OAE_OK;
}

static void bench(struct bench *b, struct oae_error *err)
{
	unsigned threads[THREAD_COUNTS_MAX];
	size_t n;

	if (!b->o->prompt && !b->o->gen)
		oae_fail(err, OAE_ERR_USAGE, 0,
			 "with -p 0 and -n 0 nothing is left to measure");
	if (err->status || parse_threads(b->o->threads, threads, &n, err))
		return;
	if (b->o->json)
		oae_jw_arr(&b->json, NULL);
	else
		printf("| model               |          size | kernel | thr | "
		       "   test |      tokens/s |\n"
		       "|---------------------|--------------:|--------|----:|"
		       "--------:|--------------:|\n");
	for (size_t i = 0; i < n && !err->status; i++)
		run_threads(b, threads[i], err);
	if (b->o->json) {
		oae_jw_end_arr(&b->json);
		oae_buf_putc(&b->out, '\n');
	}
}

int oae_lm_bench(int argc, char **argv)
{
	struct options o = { .prompt = 512, .gen = 128, .repetitions = 5 };
	const struct oae_lm_option options[] = {
		{ 'p', "n-prompt", "N",
		  "prefill of N tokens (default 512; 0: no)",
		  .whole = &o.prompt, .low = 0, .high = OAE_MODEL_CONTEXT_MAX },
		{ 'n', "n-gen", "N",
		  "decoding of N tokens (default 128; 0: no)", .whole = &o.gen,
		  .low = 0, .high = OAE_MODEL_CONTEXT_MAX },
		{ 'r', "repetitions", "N", "(default 5)",
		  .whole = &o.repetitions, .low = 1, .high = REPETITIONS_MAX },
		{ 't', "threads", "N,...", "(default: all processors)",
		  .text = &o.threads },
		{ 0, "json", NULL, "an array with every sample",
		  .flag = &o.json },
	};
	const struct oae_lm_command command = {
		"bench",
		"oae-lm bench MODEL.gguf [options]",
		"Measures tokens per second: ppN computes N prompt tokens from "
		"an empty cache, tgN\ndecodes N tokens one by one. Mean and "
		"standard deviation over the repetitions.",
		"example:\n  oae-lm bench t1b.gguf -p 128 -n 32 -r 3 -t 1,2",
		options,
		sizeof(options) / sizeof(options[0]),
		1,
		1,
	};
	struct oae_error err = { 0 };
	struct bench b = { .o = &o };
	int code;

	if (!oae_lm_parse(&command, argc, argv, &b.path, &code))
		return code;
	oae_buf_init(&b.out, 16u << 20);
	oae_jw_init(&b.json, &b.out, 2);
	bench(&b, &err);
	if (!err.status)
		oae_lm_print(&b.out, &err);
	oae_buf_release(&b.out);
	return oae_lm_end("bench", &err);
}
