/* SPDX-License-Identifier: Apache-2.0 */
/* How often the model is right on documents whose entities it never saw. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/reference/engine.h"
#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/guessing.h"
#include "adapters/reference/oae-lm/options.h"
#include "adapters/reference/oae-lm/traffic.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "schema/judge.h"
#include "workloads/corpus/corpus.h"

#define GAMMA 4u /* the default, as in the key acceptance_gamma_4 */
#define ANSWER_TOKENS_MAX 512u

static const char *const default_kinds[] = {
	"notices_1", "notices_2", "notices_4", "notices_8",
	"sums",	     "letters",	  "facts",     "refusals",
};

/* What was counted for one kind. */
struct tally {
	const char *kind;
	size_t n, right;
	size_t to_refuse, refused, to_answer, refused_wrongly;
	uint64_t tokens_out;
	struct oae_speculation_sums guessed;
	double plain_ns; /* lately */
	double seconds;
};

struct eval {
	struct oae_engine *engine;
	const char *model;
	bool speculates;
	struct oae_lm_guessing guessing;
	uint64_t items, seed;
	struct tally tallies[OAE_LM_LIST_MAX];
	size_t n;
};

static bool is_refusal(const char *answer)
{
	return strstr(answer, "I can't help") != NULL;
}

/* Sums are right by their result, letters by the facts that they keep. */
static bool right(const char *kind, const struct oae_corpus_doc *doc,
		  const char *answer)
{
	enum oae_judge judge = OAE_JUDGE_EXACT;
	const char *expected = oae_buf_str(&doc->answer);

	if (!strcmp(kind, "sums")) {
		judge = OAE_JUDGE_FINAL_NUMBER;
		/* the judge compares with one number: the last of the text */
		expected += strlen(expected);
		while (expected > oae_buf_str(&doc->answer) &&
		       (expected[-1] < '0' || expected[-1] > '9'))
			expected--;
		while (expected > oae_buf_str(&doc->answer) &&
		       expected[-1] >= '0' && expected[-1] <= '9')
			expected--;
	} else if (!strcmp(kind, "letters")) {
		judge = OAE_JUDGE_CONTAINS_ALL;
		expected = oae_buf_str(&doc->facts);
	}
	return oae_judge_answer(judge, answer, expected);
}

static enum oae_status answer(struct eval *x, struct tally *t,
			      const struct oae_corpus_doc *doc,
			      struct oae_buf *text, struct oae_error *err)
{
	struct oae_engine_request r = {
		.prompt = oae_buf_str(&doc->prompt),
		.prompt_len = doc->prompt.len,
		.max_tokens = ANSWER_TOKENS_MAX,
	};
	struct oae_engine_piece piece = { 0 };
	struct oae_speculation_report guessed;
	struct oae_engine_stats stats;
	enum oae_status status;

	oae_buf_clear(text);
	status = oae_engine_start(x->engine, &r, err);
	while (!status && !piece.finish) {
		status = oae_engine_step(x->engine, &piece, err);
		if (!status)
			oae_buf_add(text, piece.text, piece.len);
	}
	oae_engine_stats(x->engine, &stats);
	t->tokens_out += stats.tokens_out;
	if (oae_engine_speculation(x->engine, &guessed)) {
		oae_speculation_add(&t->guessed, &guessed.sums);
		t->plain_ns = guessed.plain_ms * 1e6;
	}
	t->seconds += (double)(stats.prefill_ns + stats.decode_ns) / 1e9;
	return status ? status : oae_buf_check(text, "an answer", err);
}

static void count(struct tally *t, const struct oae_corpus_doc *doc,
		  const char *text)
{
	t->n++;
	t->right += right(t->kind, doc, text);
	if (strcmp(t->kind, "refusals"))
		return;
	if (is_refusal(oae_buf_str(&doc->answer))) {
		t->to_refuse++;
		t->refused += is_refusal(text);
	} else {
		t->to_answer++;
		t->refused_wrongly += is_refusal(text);
	}
}

static enum oae_status eval_kind(struct eval *x, const char *kind,
				 bool show_wrong, struct oae_error *err)
{
	struct tally *t = &x->tallies[x->n++];
	struct oae_corpus_doc doc;
	enum oae_status status = OAE_OK;
	struct oae_buf text;
	struct oae_rng rng;

	t->kind = kind;
	oae_rng_derive(&rng, x->seed, kind);
	oae_corpus_doc_init(&doc);
	oae_buf_init(&text, OAE_ANSWER_BYTES_MAX);
	while (t->n < x->items && !status) {
		status = oae_corpus_next(kind, OAE_CORPUS_HELD_OUT, &rng, &doc,
					 err);
		if (!status)
			status = answer(x, t, &doc, &text, err);
		if (status)
			break;
		count(t, &doc, oae_buf_str(&text));
		if (show_wrong && !right(kind, &doc, oae_buf_str(&text)))
			oae_info("--- %s\n%s\n--- expected\n%s\n--- got\n%s",
				 kind, oae_buf_str(&doc.prompt),
				 oae_buf_str(&doc.answer), oae_buf_str(&text));
		oae_progress("eval: %s %zu/%llu, %zu right", kind, t->n,
			     (unsigned long long)x->items, t->right);
	}
	oae_progress_end();
	oae_buf_release(&text);
	oae_corpus_doc_release(&doc);
	return status;
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static void write_guessed(struct oae_jw *w, const struct eval *x,
			  const struct tally *t)
{
	const struct oae_lm_guessing *g = &x->guessing;
	bool usual = g->draft && g->gamma == GAMMA &&
		     (!g->strategy || strcmp(g->strategy, "lookup") != 0);
	struct oae_speculation_report r;
	char key[64];

	oae_speculation_summarise(&t->guessed, t->plain_ns, &r);
	if (usual && !strcmp(t->kind, "letters")) {
		oae_jw_num(w, "acceptance_gamma_4", r.is.acceptance);
		oae_jw_int(w, "acceptance_drafted", (int64_t)r.sums.drafted);
	} else {
		snprintf(key, sizeof(key), "acceptance_%.40s", t->kind);
		oae_jw_num(w, key, r.is.acceptance);
	}
	snprintf(key, sizeof(key), "speculation_%.40s", t->kind);
	oae_lm_guessed_json(w, key, &r);
}

static void write_json(const struct eval *x, struct oae_buf *out)
{
	struct oae_traffic traffic;
	const struct tally *t;
	struct oae_jw w;
	char key[64];

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "model", x->model);
	oae_jw_str(&w, "draft", x->guessing.draft);
	oae_jw_u64s(&w, "seed", x->seed);
	for (size_t i = 0; i < x->n; i++) {
		t = &x->tallies[i];
		oae_jw_num(&w, t->kind, share(t->right, t->n));
		snprintf(key, sizeof(key), "%.40s_n", t->kind);
		oae_jw_int(&w, key, (int64_t)t->n);
		if (!strcmp(t->kind, "refusals")) {
			oae_jw_num(&w, "refusal_recall",
				   share(t->refused, t->to_refuse));
			oae_jw_num(&w, "false_refusals",
				   share(t->refused_wrongly, t->to_answer));
		}
		if (x->speculates)
			write_guessed(&w, x, t);
	}
	oae_state_traffic(oae_engine_state(x->engine), &traffic);
	oae_lm_traffic_json(&w, "traffic", oae_engine_model(x->engine),
			    &traffic);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
}

static void column(struct oae_buf *out, double x)
{
	if (isnan(x))
		oae_buf_puts(out, "      -");
	else
		oae_buf_printf(out, " %6.2f", x);
}

static void write_guessed_text(struct oae_buf *out, const struct tally *t)
{
	struct oae_speculation_report r;

	oae_speculation_summarise(&t->guessed, t->plain_ns, &r);
	if (t->guessed.drafted)
		oae_buf_printf(out, " %7.1f %%", 100 * r.is.acceptance);
	else
		oae_buf_printf(out, " %9s", "-");
	column(out, r.is.gamma);
	column(out, r.is.c);
	column(out, r.is.v);
	column(out, r.is.tokens_per_round);
	column(out, r.is.predicted);
	column(out, r.is.measured);
	column(out, r.is.speedup);
}

static void write_traffic(const struct eval *x, struct oae_buf *out)
{
	const struct oae_state *s = oae_engine_state(x->engine);
	const struct oae_model *m = oae_engine_model(x->engine);
	struct oae_traffic t;

	oae_state_traffic(s, &t);
	oae_lm_traffic_text(out, "all", m, &t);
	oae_lm_uses_text(out, m, oae_state_expert_uses(s));
}

static void write_text(const struct eval *x, struct oae_buf *out)
{
	const struct tally *t;

	oae_buf_printf(out, "%-10s %5s %9s %12s", "kind", "n", "right",
		       "tokens/s");
	if (x->speculates)
		oae_buf_printf(out,
			       " %9s  gamma      c      v      E   pred."
			       "   meas.  whole",
			       "accepted");
	oae_buf_putc(out, '\n');
	for (size_t i = 0; i < x->n; i++) {
		t = &x->tallies[i];
		oae_buf_printf(out, "%-10s %5zu %7.1f %% %12.0f", t->kind, t->n,
			       100 * share(t->right, t->n),
			       t->seconds > 0 ?
				       (double)t->tokens_out / t->seconds :
				       0);
		if (x->speculates)
			write_guessed_text(out, t);
		oae_buf_putc(out, '\n');
		if (t->to_refuse + t->to_answer)
			oae_buf_printf(out,
				       "           recall %.1f %% of %zu, "
				       "false refusals %.1f %% of %zu\n",
				       100 * share(t->refused, t->to_refuse),
				       t->to_refuse,
				       100 * share(t->refused_wrongly,
						   t->to_answer),
				       t->to_answer);
	}
	write_traffic(x, out);
}

static void eval(struct eval *x, const struct oae_lm_list *kinds,
		 bool show_wrong, struct oae_error *err)
{
	size_t n = sizeof(default_kinds) / sizeof(default_kinds[0]);

	if (kinds->n)
		for (size_t i = 0; i < kinds->n && !err->status; i++)
			eval_kind(x, kinds->items[i], show_wrong, err);
	else
		for (size_t i = 0; i < n && !err->status; i++)
			eval_kind(x, default_kinds[i], show_wrong, err);
}

int oae_lm_eval(int argc, char **argv)
{
	struct eval x = {
		.items = 100,
		.seed = 1,
		.guessing.gamma = GAMMA,
	};
	uint64_t threads = oae_lm_threads();
	struct oae_lm_list kinds = { 0 };
	bool json = false, wrong = false;
	const struct oae_lm_option options[] = {
		OAE_LM_GUESSING(x.guessing),
		{ 'k', "kind", "KIND", "only this kind; may be repeated",
		  .list = &kinds },
		{ 'n', "items", "N", "documents of each kind (default 100)",
		  .whole = &x.items, .low = 1, .high = OAE_ITEMS_MAX },
		{ 's', "seed", "S", "of the documents (default 1)",
		  .whole = &x.seed, .low = 0, .high = 1e19 },
		{ 't', "threads", "N", "(default: all processors)",
		  .whole = &threads, .low = 1, .high = OAE_THREADS_MAX },
		{ 0, "wrong", NULL, "show each wrong answer on stderr",
		  .flag = &wrong },
		{ 0, "json", NULL, "shares as JSON", .flag = &json },
	};
	const struct oae_lm_command command = {
		"eval",
		"oae-lm eval MODEL.gguf [--draft MODEL.gguf] [options]",
		"Greedy answers to held-out documents of the Brookfield "
		"corpus, compared with the\nright ones: the whole answer, "
		"except sums (the final number) and letters (every\nfact of "
		"the brief kept). With a draft or --strategy lookup the "
		"answers are the same, and\nit is printed what speculation "
		"cost and gave: the share of accepted tokens, tokens\nguessed "
		"a round (4 unless --gamma says other), the draft's time for "
		"one (c) and\nthe verification's (v) over that of a plain "
		"step, tokens a round (E), the factor\nthat these predict, "
		"(1 - alpha^(gamma+1)) / (1 - alpha) / (gamma c + v), the\n"
		"measured one, and that of the whole decoding with its plain "
		"steps.",
		"kinds, by default: notices_1, notices_2, notices_4, "
		"notices_8, sums, letters,\nfacts, refusals; also: "
		"notices_16, recall, echo, codes",
		options,
		sizeof(options) / sizeof(options[0]),
		1,
		1,
	};
	struct oae_engine_config config = { 0 };
	struct oae_speculation_report none;
	struct oae_error err = { 0 };
	struct oae_buf out;
	int code;

	if (!oae_lm_parse(&command, argc, argv, &x.model, &code))
		return code;
	config.model = x.model;
	oae_lm_guess(&x.guessing, &config);
	config.threads = (unsigned)threads;
	oae_buf_init(&out, 1u << 20);
	if (!oae_engine_open(&config, &x.engine, &err)) {
		x.speculates = oae_engine_speculation(x.engine, &none);
		eval(&x, &kinds, wrong, &err);
		if (!err.status && json)
			write_json(&x, &out);
		else if (!err.status)
			write_text(&x, &out);
	}
	oae_lm_print(&out, &err);
	oae_engine_close(x.engine);
	return oae_lm_end("eval", &err);
}
