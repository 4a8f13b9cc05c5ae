/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prefill and decoding speed, in the habits of llama-bench: its options, the
 * names of its tests and, in JSON, its keys.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/options.h"
#include "adapters/reference/oae-lm/speed.h"
#include "adapters/reference/oae-lm/traffic.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/stats.h"

#define REPETITIONS_MAX 100u
#define LIST_MAX 16u
#define TESTS_MAX 512u

enum output {
	OUT_MD,
	OUT_JSON,
	OUT_JSONL,
	OUT_CSV
};

struct options {
	const char *prompt, *gen, *pair, *depth, *batch, *threads, *output;
	uint64_t repetitions;
	bool json;
};

/* One test: `prompt` tokens at once, then `gen` one by one, after `depth`. */
struct test {
	uint32_t prompt, gen, depth, batch, threads;
	char name[48];
	double ns[REPETITIONS_MAX], speed[REPETITIONS_MAX];
	size_t n;
	struct oae_traffic traffic; /* of all samples */
};

struct bench {
	const struct options *o;
	enum output form;
	const char *path;
	uint64_t file_bytes;
	char utc[OAE_UTC_TEXT];
	struct test tests[TESTS_MAX];
	size_t n_tests, n_written;
	struct oae_speed speed;
	struct oae_buf out;
	struct oae_jw json;
};

struct numbers {
	uint32_t v[LIST_MAX];
	size_t n;
};

/* ---- output ------------------------------------------------------------- */

static void name_test(struct test *t)
{
	char depth[16] = "";

	if (t->depth)
		snprintf(depth, sizeof(depth), " @ d%u", t->depth);
	if (t->prompt && t->gen)
		snprintf(t->name, sizeof(t->name), "pp%u+tg%u%s", t->prompt,
			 t->gen, depth);
	else if (t->prompt)
		snprintf(t->name, sizeof(t->name), "pp%u%s", t->prompt, depth);
	else
		snprintf(t->name, sizeof(t->name), "tg%u%s", t->gen, depth);
}

static double deviation(const double *x, size_t n)
{
	return n > 1 ? sqrt(oae_variance(x, n)) : 0;
}

static void write_samples(struct oae_jw *w, const char *key, const double *x,
			  size_t n)
{
	oae_jw_arr(w, key);
	for (size_t i = 0; i < n; i++)
		oae_jw_num(w, NULL, x[i]);
	oae_jw_end_arr(w);
}

static void write_json(struct bench *b, const struct test *t)
{
	const struct oae_model *m = b->speed.model;
	struct oae_jw *w = &b->json;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "test", t->name);
	oae_jw_str(w, "model_filename", b->path);
	oae_jw_str(w, "model_type", m->shape.architecture);
	oae_jw_int(w, "model_size", (int64_t)b->file_bytes);
	oae_jw_int(w, "model_n_params", (int64_t)m->parameters);
	oae_jw_bool(w, "synthetic", m->shape.synthetic);
	oae_jw_str(w, "kernels", m->kernels->name);
	oae_jw_str(w, "test_time", b->utc);
	oae_jw_int(w, "n_batch", t->batch);
	oae_jw_int(w, "n_threads", t->threads);
	oae_jw_int(w, "n_prompt", t->prompt);
	oae_jw_int(w, "n_gen", t->gen);
	oae_jw_int(w, "n_depth", t->depth);
	oae_jw_num(w, "avg_ns", oae_mean(t->ns, t->n));
	oae_jw_num(w, "stddev_ns", deviation(t->ns, t->n));
	oae_jw_num(w, "avg_ts", oae_mean(t->speed, t->n));
	oae_jw_num(w, "stddev_ts", deviation(t->speed, t->n));
	write_samples(w, "samples_ns", t->ns, t->n);
	write_samples(w, "samples_ts", t->speed, t->n);
	oae_lm_traffic_json(w, "traffic", m, &t->traffic);
	oae_jw_end_obj(w);
}

/* A field between quotes; a quote in it is doubled. */
static void write_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	printf("\",");
}

static void write_csv(struct bench *b, const struct test *t)
{
	const struct oae_model *m = b->speed.model;

	if (!b->n_written)
		puts("test,model_filename,model_type,model_size,"
		     "model_n_params,synthetic,kernels,test_time,n_batch,"
		     "n_threads,n_prompt,n_gen,n_depth,avg_ns,stddev_ns,"
		     "avg_ts,stddev_ts");
	write_quoted(t->name);
	write_quoted(b->path);
	write_quoted(m->shape.architecture);
	printf("%llu,%llu,%d,", (unsigned long long)b->file_bytes,
	       (unsigned long long)m->parameters, m->shape.synthetic);
	write_quoted(m->kernels->name);
	printf("%s,%u,%u,%u,%u,%u,%.0f,%.0f,%.6f,%.6f\n", b->utc, t->batch,
	       t->threads, t->prompt, t->gen, t->depth, oae_mean(t->ns, t->n),
	       deviation(t->ns, t->n), oae_mean(t->speed, t->n),
	       deviation(t->speed, t->n));
}

static void write_md(struct bench *b, const struct test *t)
{
	const struct oae_model *m = b->speed.model;

	if (!b->n_written)
		puts("| model               |          size | kernel | batch | "
		     "thr |            test |           tokens/s |\n"
		     "|---------------------|--------------:|--------|------:|"
		     "----:|----------------:|-------------------:|");
	printf("| %-8s %8.2f M | %9.2f MiB | %-6s | %5u | %3u | %15s | "
	       "%9.2f ± %6.2f |\n",
	       m->shape.architecture, (double)m->parameters / 1e6,
	       (double)b->file_bytes / 1048576, m->kernels->name, t->batch,
	       t->threads, t->name, oae_mean(t->speed, t->n),
	       deviation(t->speed, t->n));
}

static void write_test(struct bench *b, const struct test *t)
{
	switch (b->form) {
	case OUT_JSON:
		write_json(b, t);
		break;
	case OUT_JSONL:
		oae_jw_init(&b->json, &b->out, 0);
		write_json(b, t);
		puts(oae_buf_str(&b->out));
		oae_buf_clear(&b->out);
		break;
	case OUT_CSV:
		write_csv(b, t);
		break;
	case OUT_MD:
		write_md(b, t);
		break;
	}
	b->n_written++;
	fflush(stdout);
}

/* ---- measuring ---------------------------------------------------------- */

/* The whole of the test once; the depth is computed before the clock runs. */
static enum oae_status sample(struct bench *b, const struct test *t,
			      uint32_t prompt, uint32_t gen, uint64_t *ns,
			      struct oae_error *err)
{
	uint64_t part = 0;

	*ns = 0;
	if (prompt &&
	    oae_speed_prefill(&b->speed, prompt, t->depth, &part, err))
		return err->status;
	*ns += part;
	part = 0;
	if (gen &&
	    oae_speed_decode(&b->speed, gen, t->depth + prompt, &part, err))
		return err->status;
	*ns += part;
	return OAE_OK;
}

static enum oae_status run_test(struct bench *b, struct test *t,
				struct oae_error *err)
{
	struct oae_traffic before, after;
	uint64_t ns;

	if (oae_speed_room(&b->speed, 1, t->depth + t->prompt + t->gen,
			   t->batch, err))
		return err->status;
	/* a warm-up */
	sample(b, t, t->prompt < 16 ? t->prompt : 16, t->gen ? 1 : 0, &ns, err);
	oae_state_traffic(b->speed.state, &before);
	for (size_t i = 0; i < b->o->repetitions && !err->status; i++) {
		oae_progress("bench: %s, %u threads, %zu/%llu", t->name,
			     t->threads, i + 1,
			     (unsigned long long)b->o->repetitions);
		if (sample(b, t, t->prompt, t->gen, &ns, err))
			break;
		t->ns[t->n] = (double)ns;
		t->speed[t->n] =
			(double)(t->prompt + t->gen) / t->ns[t->n] * 1e9;
		t->n++;
	}
	oae_progress_end();
	oae_state_traffic(b->speed.state, &after);
	t->traffic = oae_traffic_since(&after, &before);
	if (!err->status)
		write_test(b, t);
	return err->status;
}

static void run_all(struct bench *b, struct oae_error *err)
{
	unsigned threads = 0;

	for (size_t i = 0; i < b->n_tests && !err->status; i++) {
		if (b->tests[i].threads != threads) {
			threads = b->tests[i].threads;
			oae_speed_close(&b->speed);
			if (!oae_speed_open(&b->speed, b->path, threads, err))
				b->file_bytes = oae_gguf_file_bytes(
					b->speed.model->file);
		}
		if (!err->status)
			run_test(b, &b->tests[i], err);
	}
	oae_speed_close(&b->speed);
}

/* ---- options ------------------------------------------------------------ */

/* "1,2,4" */
static void parse_list(const char *option, const char *text, uint32_t low,
		       uint32_t high, struct numbers *out,
		       struct oae_error *err)
{
	char *end;
	long v;

	out->n = 0;
	do {
		errno = 0;
		v = strtol(text, &end, 10);
		if (errno || end == text || v < (long)low || v > (long)high ||
		    (*end && *end != ',') || out->n == LIST_MAX) {
			oae_fail(err, OAE_ERR_USAGE, 0,
				 "%s: give numbers from %u to %u, at most %u "
				 "of them, such as 1,2",
				 option, low, high, LIST_MAX);
			return;
		}
		out->v[out->n++] = (uint32_t)v;
		text = end + 1;
	} while (*end);
}

static void add(struct bench *b, struct test t, struct oae_error *err)
{
	if (!t.prompt && !t.gen)
		return;
	if (b->n_tests == TESTS_MAX) {
		oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u tests",
			 TESTS_MAX);
		return;
	}
	if ((uint64_t)t.depth + t.prompt + t.gen > OAE_MODEL_CONTEXT_MAX) {
		oae_fail(err, OAE_ERR_USAGE, 0,
			 "depth, prompt and generation are more than %u",
			 OAE_MODEL_CONTEXT_MAX);
		return;
	}
	name_test(&t);
	b->tests[b->n_tests++] = t;
}

/* Every combination, threads outermost: they need another load. */
static void plan(struct bench *b, struct oae_error *err)
{
	const uint32_t most = OAE_MODEL_CONTEXT_MAX;
	struct numbers p, n, d, batch, threads, pair = { .n = 0 };
	char all[16];

	snprintf(all, sizeof(all), "%u", (unsigned)oae_lm_threads());
	parse_list("-p", b->o->prompt, 0, most, &p, err);
	parse_list("-n", b->o->gen, 0, most, &n, err);
	parse_list("-d", b->o->depth, 0, most, &d, err);
	parse_list("-b", b->o->batch, 1, OAE_STATE_BATCH_MAX, &batch, err);
	parse_list("-t", b->o->threads ? b->o->threads : all, 1,
		   OAE_THREADS_MAX, &threads, err);
	if (b->o->pair)
		parse_list("--pg", b->o->pair, 1, most, &pair, err);
	if (!err->status && b->o->pair && pair.n != 2)
		oae_fail(err, OAE_ERR_USAGE, 0, "--pg: give P,G: 512,128");
	if (err->status)
		return;
	for (size_t t = 0; t < threads.n; t++)
		for (size_t k = 0; k < batch.n * d.n; k++) {
			struct test base = { .depth = d.v[k % d.n],
					     .batch = batch.v[k / d.n],
					     .threads = threads.v[t] };
			struct test one = base;

			for (size_t i = 0; i < p.n; i++) {
				one.prompt = p.v[i];
				add(b, one, err);
			}
			one = base;
			for (size_t i = 0; i < n.n; i++) {
				one.gen = n.v[i];
				add(b, one, err);
			}
			if (pair.n) {
				base.prompt = pair.v[0];
				base.gen = pair.v[1];
				add(b, base, err);
			}
		}
	if (!b->n_tests)
		oae_fail(err, OAE_ERR_USAGE, 0,
			 "with -p 0 and -n 0 nothing is left to measure");
}

static void choose_form(struct bench *b, struct oae_error *err)
{
	static const char *const names[] = { "md", "json", "jsonl", "csv" };
	const char *wanted = b->o->json ? "json" : b->o->output;
	size_t i = 0;

	while (i < 4 && strcmp(names[i], wanted) != 0)
		i++;
	if (i == 4)
		oae_fail(err, OAE_ERR_USAGE, 0,
			 "-o %.20s: give md, json, jsonl or csv", wanted);
	else
		b->form = (enum output)i;
}

static void bench(struct bench *b, struct oae_error *err)
{
	choose_form(b, err);
	if (!err->status)
		plan(b, err);
	if (err->status)
		return;
	oae_clock_utc(b->utc);
	if (b->form == OUT_JSON)
		oae_jw_arr(&b->json, NULL);
	run_all(b, err);
	if (b->form == OUT_JSON) {
		oae_jw_end_arr(&b->json);
		oae_buf_putc(&b->out, '\n');
	}
}

int oae_lm_bench(int argc, char **argv)
{
	struct options o = { .prompt = "512",
			     .gen = "128",
			     .depth = "0",
			     .batch = "512",
			     .output = "md",
			     .repetitions = 5 };
	const struct oae_lm_option options[] = {
		{ 'p', "n-prompt", "N,...",
		  "prefill of N tokens (default 512; 0: no)",
		  .text = &o.prompt },
		{ 'n', "n-gen", "N,...",
		  "decoding of N tokens (default 128; 0: no)", .text = &o.gen },
		{ 0, "pg", "P,G", "prefill of P, then decoding of G",
		  .text = &o.pair },
		{ 'd', "n-depth", "N,...",
		  "after N tokens that are not timed (default 0)",
		  .text = &o.depth },
		{ 'b', "batch-size", "N,...",
		  "of a prefill at once (default 512)", .text = &o.batch },
		{ 't', "threads", "N,...", "(default: all processors)",
		  .text = &o.threads },
		{ 'r', "repetitions", "N", "(default 5)",
		  .whole = &o.repetitions, .low = 1, .high = REPETITIONS_MAX },
		{ 'o', "output", "FORM", "md (default), json, jsonl or csv",
		  .text = &o.output },
		{ 0, "json", NULL, "the same as -o json", .flag = &o.json },
	};
	const struct oae_lm_command command = {
		"bench",
		"oae-lm bench MODEL.gguf [options]",
		"Measures tokens per second, as llama-bench does: ppN computes "
		"N prompt tokens\nfrom an empty cache, tgN decodes N tokens "
		"one by one, \"@ dN\" stands for a\ncache of N tokens before. "
		"Mean and standard deviation over the repetitions.\nEvery "
		"combination of the lists is measured.",
		"examples:\n"
		"  oae-lm bench t1b.gguf -p 128 -n 32 -r 3 -t 1,2\n"
		"  oae-lm bench s110.gguf -p 0 -n 64 -d 0,1024 -o csv\n\n"
		"llama-bench's -pg is --pg here. `make bench-engine` measures "
		"beside llama.cpp.",
		options,
		sizeof(options) / sizeof(options[0]),
		1,
		1,
	};
	struct bench *b = calloc(1, sizeof(*b));
	struct oae_error err = { 0 };
	const char *path;
	int code;

	if (!b)
		oae_fail(&err, OAE_ERR_NOMEM, 0, "no memory");
	else if (!oae_lm_parse(&command, argc, argv, &path, &code)) {
		free(b);
		return code;
	}
	if (b) {
		b->o = &o;
		b->path = path;
		oae_buf_init(&b->out, 16u << 20);
		oae_jw_init(&b->json, &b->out, 2);
		bench(b, &err);
		if (!err.status)
			oae_lm_print(&b->out, &err);
		oae_buf_release(&b->out);
		free(b);
	}
	return oae_lm_end("bench", &err);
}
