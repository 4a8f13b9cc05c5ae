/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What drafting costs and gives, for each number of guesses a round: the same
 * answers are written with all of them in turn, plainly too.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/engine.h"
#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/guessing.h"
#include "adapters/reference/oae-lm/options.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/stats.h"
#include "workloads/corpus/corpus.h"

#define REPETITIONS_MAX 50u
#define ITEMS_MAX 200u
#define SETTINGS_MAX (2 + OAE_GAMMA_MAX) /* plain, 1.., adaptive */

/* One number of guesses. Times are from the first token to the last. */
struct setting {
	unsigned gamma;
	struct oae_speculation_sums sums;
	uint64_t tokens;
	double ns[REPETITIONS_MAX];
};

struct speculate {
	const char *model, *prompt, *file, *kind;
	struct oae_lm_guessing guessing;
	uint64_t n, most, items, repetitions, seed, threads, context;
	double temperature;
	bool json;
	struct oae_engine *engine;
	struct oae_buf prompts[ITEMS_MAX];
	size_t n_prompts;
	struct setting settings[SETTINGS_MAX];
	size_t n_settings;
	double plain_ns; /* of a step, lately */
};

static enum oae_status corpus_prompts(struct speculate *x,
				      struct oae_error *err)
{
	struct oae_corpus_doc doc;
	enum oae_status status = OAE_OK;
	struct oae_rng rng;

	oae_rng_derive(&rng, x->seed, x->kind);
	oae_corpus_doc_init(&doc);
	while (x->n_prompts < x->items && !status) {
		status = oae_corpus_next(x->kind, OAE_CORPUS_HELD_OUT, &rng,
					 &doc, err);
		if (!status)
			oae_buf_add(&x->prompts[x->n_prompts++],
				    oae_buf_str(&doc.prompt), doc.prompt.len);
	}
	oae_corpus_doc_release(&doc);
	return status;
}

static enum oae_status read_prompts(struct speculate *x, struct oae_error *err)
{
	if (!x->prompt && !x->file)
		return corpus_prompts(x, err);
	x->n_prompts = 1;
	return oae_lm_prompt(x->prompt, x->file, &x->prompts[0], err);
}

static enum oae_status answer(struct speculate *x, const struct oae_buf *prompt,
			      struct setting *s, double *ns,
			      struct oae_error *err)
{
	struct oae_engine_request r = {
		.prompt = oae_buf_str(prompt),
		.prompt_len = prompt->len,
		.max_tokens = (uint32_t)x->n,
		.temperature = (float)x->temperature,
		.seed = x->seed,
	};
	struct oae_engine_piece piece = { 0 };
	struct oae_speculation_report report;
	struct oae_engine_stats stats;
	enum oae_status status = oae_engine_start(x->engine, &r, err);

	while (!status && !piece.finish)
		status = oae_engine_step(x->engine, &piece, err);
	if (status)
		return status;
	oae_engine_stats(x->engine, &stats);
	oae_engine_speculation(x->engine, &report);
	oae_speculation_add(&s->sums, &report.sums);
	x->plain_ns = report.plain_ms * 1e6;
	s->tokens += stats.tokens_out ? stats.tokens_out - 1 : 0;
	*ns += (double)stats.decode_ns;
	return OAE_OK;
}

/* All settings in turn, again and again, so that they share the weather. */
static enum oae_status measure(struct speculate *x, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct setting *s;

	for (size_t r = 0; r < x->repetitions && !status; r++) {
		for (size_t i = 0; i < x->n_settings && !status; i++) {
			s = &x->settings[i];
			oae_batch_set_gamma(oae_engine_batch(x->engine),
					    s->gamma);
			for (size_t p = 0; p < x->n_prompts && !status; p++)
				status = answer(x, &x->prompts[p], s, &s->ns[r],
						err);
		}
		oae_progress("speculate: %zu of %llu repetitions", r + 1,
			     (unsigned long long)x->repetitions);
	}
	oae_progress_end();
	return status;
}

/* Plain time over this setting's: the answers are the same. */
static double factors(const struct speculate *x, const struct setting *s,
		      double *low, double *high)
{
	double ratio[REPETITIONS_MAX];
	size_t n = (size_t)x->repetitions;

	for (size_t r = 0; r < n; r++)
		ratio[r] = s->ns[r] > 0 ? x->settings[0].ns[r] / s->ns[r] : NAN;
	oae_sort(ratio, n);
	*low = ratio[0];
	*high = ratio[n - 1];
	return oae_median(ratio, n);
}

static double speed(const struct speculate *x, const struct setting *s)
{
	double ns = 0;

	for (size_t r = 0; r < x->repetitions; r++)
		ns += s->ns[r];
	return ns > 0 ? 1e9 * (double)s->tokens / ns : NAN;
}

static void name_of(const struct setting *s, char *name, size_t size)
{
	if (s->gamma == OAE_GAMMA_NONE)
		snprintf(name, size, "plain");
	else if (s->gamma)
		snprintf(name, size, "%u", s->gamma);
	else
		snprintf(name, size, "adaptive");
}

/* v and c of all settings are over one plain step, that of the plain runs. */
static void summarise(const struct speculate *x, const struct setting *s,
		      struct oae_speculation_report *r)
{
	const struct oae_speculation_sums *plain = &x->settings[0].sums;

	oae_speculation_summarise_by(
		&s->sums,
		plain->plain ? (double)plain->plain_ns / (double)plain->plain :
			       x->plain_ns,
		r);
}

static void column(struct oae_buf *out, int width, int digits, double v)
{
	if (isnan(v))
		oae_buf_printf(out, " %*s", width, "-");
	else
		oae_buf_printf(out, " %*.*f", width, digits, v);
}

static void write_text(const struct speculate *x, struct oae_buf *out)
{
	struct oae_speculation_report r;
	double low, high, factor;
	char name[16];

	oae_buf_printf(out, "%-8s %7s %6s %5s %5s %6s %7s %9s %8s  %s\n",
		       "gamma", "guessed", "alpha", "c", "v", "E", "missed",
		       "predicted", "tokens/s", "factor");
	for (size_t i = 0; i < x->n_settings; i++) {
		summarise(x, &x->settings[i], &r);
		factor = factors(x, &x->settings[i], &low, &high);
		name_of(&x->settings[i], name, sizeof(name));
		oae_buf_printf(out, "%-8s %7llu", name,
			       (unsigned long long)r.sums.drafted);
		column(out, 6, 3, r.is.alpha);
		column(out, 5, 2, r.is.c);
		column(out, 5, 2, r.is.v);
		column(out, 6, 2, r.is.tokens_per_round);
		column(out, 7, 1, (double)r.sums.catch_up_ns / 1e6);
		column(out, 9, 2, r.is.predicted);
		column(out, 8, 0, speed(x, &x->settings[i]));
		if (isnan(factor))
			oae_buf_puts(out, "     -\n");
		else
			oae_buf_printf(out, "  %4.2f (%.2f-%.2f)\n", factor,
				       low, high);
	}
}

static void write_row(const struct speculate *x, const struct setting *s,
		      struct oae_jw *w)
{
	struct oae_speculation_report r;
	double low, high, factor;
	char name[16];

	summarise(x, s, &r);
	name_of(s, name, sizeof(name));
	factor = factors(x, s, &low, &high);
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "gamma", name);
	oae_jw_num(w, "tokens_per_s", speed(x, s));
	oae_jw_num(w, "factor", factor);
	oae_jw_num(w, "factor_min", low);
	oae_jw_num(w, "factor_max", high);
	oae_lm_guessed_json(w, "speculation", &r);
	oae_jw_end_obj(w);
}

static void write_json(const struct speculate *x, struct oae_buf *out)
{
	const struct oae_model *m = oae_engine_model(x->engine);
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "model", x->model);
	oae_jw_str(&w, "draft", x->guessing.draft);
	oae_jw_str(&w, "kernels", m->kernels->name);
	oae_jw_int(&w, "threads", (int64_t)x->threads);
	oae_jw_num(&w, "temperature", x->temperature);
	oae_jw_str(&w, "kind", x->prompt || x->file ? NULL : x->kind);
	oae_jw_int(&w, "prompts", (int64_t)x->n_prompts);
	oae_jw_int(&w, "repetitions", (int64_t)x->repetitions);
	oae_jw_arr(&w, "settings");
	for (size_t i = 0; i < x->n_settings; i++)
		write_row(x, &x->settings[i], &w);
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}

static void choose_settings(struct speculate *x)
{
	x->settings[x->n_settings++].gamma = OAE_GAMMA_NONE;
	for (unsigned g = 1; g <= x->most; g++)
		x->settings[x->n_settings++].gamma = g;
	x->settings[x->n_settings++].gamma = 0;
}

static void run(struct speculate *x, struct oae_error *err)
{
	struct oae_engine_config config = {
		.model = x->model,
		.threads = (unsigned)x->threads,
		.context = (uint32_t)x->context,
	};
	struct oae_buf out;

	oae_lm_guess(&x->guessing, &config);
	if (!config.strategy)
		config.strategy = config.draft ? "speculative" : "lookup";
	oae_buf_init(&out, 1u << 20);
	if (!read_prompts(x, err) && !oae_engine_open(&config, &x->engine, err))
		measure(x, err);
	if (!err->status && x->json)
		write_json(x, &out);
	else if (!err->status)
		write_text(x, &out);
	oae_lm_print(&out, err);
	oae_engine_close(x->engine);
}

static const char about[] =
	"Does drafting pay here, and how many tokens a round? Writes "
	"the same answers\nplainly, with 1, 2, ... guesses a round, "
	"and adaptively, in turn. Without a draft,\nwhat followed the "
	"last tokens earlier in the text is guessed (lookup).\n\n"
	"guessed  tokens drafted in all\n"
	"alpha   chance that a guess is accepted, when those before "
	"it were\n"
	"c       the draft's time for a guess, over a plain step\n"
	"v       the target's time to verify a round, over a plain "
	"step\n"
	"E       tokens that a round gives\n"
	"missed  ms in which the draft computed prompts and what else "
	"it had missed\n"
	"predicted  (1 - alpha^(gamma+1)) / (1 - alpha) / (gamma c + "
	"v)\n"
	"factor  plain time over this one's, first token to last: "
	"median (least-most)";

int oae_lm_speculate(int argc, char **argv)
{
	static struct speculate x = {
		.n = 256,
		.most = 8,
		.items = 5,
		.repetitions = 5,
		.seed = 1,
		.kind = "letters",
	};
	const struct oae_lm_option options[] = {
		OAE_LM_DRAFTING(x.guessing),
		{ 0, "most", "G", "measure 1 to G guesses a round (default 8)",
		  .whole = &x.most, .low = 1, .high = OAE_GAMMA_MAX },
		{ 'p', "prompt", "TEXT", "what to continue",
		  .text = &x.prompt },
		{ 'f', "file", "FILE", "the prompt is in a file (- is stdin)",
		  .text = &x.file },
		{ 'k', "kind", "KIND",
		  "else prompts of the Brookfield corpus "
		  "(letters)",
		  .text = &x.kind },
		{ 0, "items", "N", "so many of them (default 5)",
		  .whole = &x.items, .low = 1, .high = ITEMS_MAX },
		{ 'n', "tokens", "N", "at most N an answer (default 256)",
		  .whole = &x.n, .low = 2, .high = OAE_TOKENS_PER_ANSWER_MAX },
		{ 0, "temperature", "T", "0, the default, is greedy",
		  .real = &x.temperature, .low = 0, .high = 100 },
		{ 's', "seed", "S", "of sampling and items (default 1)",
		  .whole = &x.seed, .low = 0, .high = 1e19 },
		{ 'r', "repetitions", "R", "(default 5)",
		  .whole = &x.repetitions, .low = 1, .high = REPETITIONS_MAX },
		{ 't', "threads", "N", "(default: all processors)",
		  .whole = &x.threads, .low = 1, .high = OAE_THREADS_MAX },
		{ 'c', "context", "N",
		  "positions (default: the model's, to 4096)",
		  .whole = &x.context, .low = 1,
		  .high = OAE_MODEL_CONTEXT_MAX },
		{ 0, "json", NULL, "figures as JSON", .flag = &x.json },
	};
	const struct oae_lm_command command = {
		"speculate",
		"oae-lm speculate MODEL.gguf [--draft MODEL.gguf] [options]",
		about,
		"examples:\n"
		"  oae-lm speculate target.gguf --draft draft.gguf\n"
		"  oae-lm speculate target.gguf -f report.txt --most 4 "
		"--json\n\n"
		"kinds of prompts are those of `oae-lm eval --help`",
		options,
		sizeof(options) / sizeof(options[0]),
		1,
		1,
	};
	struct oae_error err = { 0 };
	int code;

	x.threads = oae_lm_threads();
	if (!oae_lm_parse(&command, argc, argv, &x.model, &code))
		return code;
	for (size_t i = 0; i < ITEMS_MAX; i++)
		oae_buf_init(&x.prompts[i], OAE_PROMPT_BYTES_MAX);
	choose_settings(&x);
	run(&x, &err);
	for (size_t i = 0; i < ITEMS_MAX; i++)
		oae_buf_release(&x.prompts[i]);
	return oae_lm_end("speculate", &err);
}
