/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
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

static struct options {
	const char *prompt, *file, *score;
	struct oae_lm_guessing guessing;
	struct oae_lm_list stops;
	uint64_t n, top_k, seed, threads, context;
	double temperature;
	bool ignore_eos, json, stats;
} o = { .n = 128 };

static enum oae_status score(struct oae_engine *e, const struct oae_buf *prompt,
			     struct oae_error *err)
{
	double log_prob;
	uint32_t tokens;
	enum oae_status status;

	status = oae_engine_score(e, oae_buf_str(prompt), prompt->len, o.score,
				  strlen(o.score), &log_prob, &tokens, err);
	if (status)
		return status;
	if (o.json)
		printf("{\"log_prob\": %.17g, \"tokens\": %u}\n", log_prob,
		       tokens);
	else
		printf("log probability %.6f over %u tokens\n", log_prob,
		       tokens);
	return OAE_OK;
}

/* What the state had read before the request, and by its first token. */
struct marks {
	struct oae_traffic start, first;
	bool passed;
};

static void mark_first(const struct oae_engine *e, uint32_t tokens,
		       struct marks *marks)
{
	if (marks->passed || !tokens)
		return;
	oae_state_traffic(oae_engine_state(e), &marks->first);
	marks->passed = true;
}

static void traffic_json(struct oae_jw *w, const struct oae_engine *e,
			 const struct marks *marks)
{
	const struct oae_model *m = oae_engine_model(e);
	struct oae_traffic now, part;

	oae_state_traffic(oae_engine_state(e), &now);
	part = oae_traffic_since(&marks->first, &marks->start);
	oae_lm_traffic_json(w, "traffic_prompt", m, &part);
	part = oae_traffic_since(&now, &marks->first);
	oae_lm_traffic_json(w, "traffic_answer", m, &part);
	oae_lm_uses_json(w, "expert_picks", m,
			 oae_state_expert_uses(oae_engine_state(e)));
}

static void traffic_text(const struct oae_engine *e, const struct marks *marks)
{
	const struct oae_model *m = oae_engine_model(e);
	struct oae_traffic now, part;
	struct oae_buf out;

	oae_state_traffic(oae_engine_state(e), &now);
	oae_buf_init(&out, 1u << 12);
	part = oae_traffic_since(&marks->first, &marks->start);
	oae_lm_traffic_text(&out, "prompt", m, &part);
	part = oae_traffic_since(&now, &marks->first);
	oae_lm_traffic_text(&out, "answer", m, &part);
	oae_lm_uses_text(&out, m, oae_state_expert_uses(oae_engine_state(e)));
	if (out.len)
		oae_info("%.*s", (int)out.len - 1, oae_buf_str(&out));
	oae_buf_release(&out);
}

static void print_json(const struct oae_engine *e, const struct oae_buf *text,
		       enum oae_finish finish, const struct marks *marks,
		       struct oae_error *err)
{
	struct oae_speculation_report report;
	struct oae_engine_stats stats, *s = &stats;
	struct oae_buf out;
	struct oae_jw w;

	oae_engine_stats(e, s);
	oae_buf_init(&out, (size_t)8 * OAE_ANSWER_BYTES_MAX);
	oae_jw_init(&w, &out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_strn(&w, "text", oae_buf_str(text), text->len);
	oae_jw_str(&w, "finish", oae_finish_name(finish));
	oae_jw_int(&w, "tokens_in", s->tokens_in);
	oae_jw_int(&w, "tokens_out", s->tokens_out);
	oae_jw_int(&w, "drafted", (int64_t)s->speculation.drafted);
	oae_jw_int(&w, "accepted", (int64_t)s->speculation.accepted);
	oae_jw_num(&w, "prefill_ms", (double)s->prefill_ns / 1e6);
	oae_jw_num(&w, "decode_ms", (double)s->decode_ns / 1e6);
	if (oae_engine_speculation(e, &report))
		oae_lm_guessed_json(&w, "speculation", &report);
	if (o.stats)
		traffic_json(&w, e, marks);
	oae_jw_end_obj(&w);
	oae_buf_putc(&out, '\n');
	oae_lm_print(&out, err);
}

static void print_stats(const struct oae_engine *e)
{
	struct oae_speculation_report report;
	struct oae_engine_stats s;
	struct oae_buf out;

	oae_engine_stats(e, &s);
	oae_info("%u tokens in, %u out; first after %.1f ms, then %.1f "
		 "tokens/s",
		 s.tokens_in, s.tokens_out, (double)s.prefill_ns / 1e6,
		 s.tokens_out > 1 ?
			 (s.tokens_out - 1) / ((double)s.decode_ns / 1e9) :
			 0.0);
	if (!oae_engine_speculation(e, &report))
		return;
	oae_buf_init(&out, 1u << 12);
	oae_lm_guessed(&out, &report);
	oae_info("%.*s", (int)out.len - 1, oae_buf_str(&out));
	oae_buf_release(&out);
}

static enum oae_status answer(struct oae_engine *e,
			      const struct oae_buf *prompt,
			      struct oae_error *err)
{
	struct oae_engine_request r = {
		.prompt = oae_buf_str(prompt),
		.prompt_len = prompt->len,
		.max_tokens = (uint32_t)o.n,
		.temperature = (float)o.temperature,
		.top_k = (uint32_t)o.top_k,
		.seed = o.seed,
		.stops = o.stops.items,
		.n_stops = o.stops.n,
		.ignore_eos = o.ignore_eos,
	};
	struct oae_engine_piece piece = { 0 };
	struct marks marks = { 0 };
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, OAE_ANSWER_BYTES_MAX);
	oae_state_traffic(oae_engine_state(e), &marks.start);
	status = oae_engine_start(e, &r, err);
	while (!status && !piece.finish) {
		status = oae_engine_step(e, &piece, err);
		mark_first(e, piece.tokens, &marks);
		if (!status && o.json) {
			oae_buf_add(&text, piece.text, piece.len);
		} else if (!status) {
			fwrite(piece.text, 1, piece.len, stdout);
			fflush(stdout);
		}
	}
	mark_first(e, 1, &marks); /* an answer without tokens has one, too */
	if (!status && o.json) {
		print_json(e, &text, piece.finish, &marks, err);
	} else if (!status) {
		putchar('\n');
		fflush(stdout);
		print_stats(e);
		if (o.stats)
			traffic_text(e, &marks);
	}
	oae_buf_release(&text);
	return status;
}

static const struct oae_lm_option table[] = {
	{ 'p', "prompt", "TEXT", "what to continue", .text = &o.prompt },
	{ 'f', "file", "FILE", "the prompt is in a file (- is stdin)",
	  .text = &o.file },
	{ 'n', "tokens", "N", "at most N tokens (default 128)", .whole = &o.n,
	  .low = 1, .high = OAE_TOKENS_PER_ANSWER_MAX },
	OAE_LM_GUESSING(o.guessing),
	{ 0, "temperature", "T", "0, the default, is greedy",
	  .real = &o.temperature, .low = 0, .high = 100 },
	{ 0, "top-k", "K", "sample among the K likeliest (0: all)",
	  .whole = &o.top_k, .low = 0, .high = 1 << 24 },
	{ 's', "seed", "S", "of sampling (default 0)", .whole = &o.seed,
	  .low = 0, .high = 1e19 },
	{ 0, "stop", "TEXT", "end before this text; may be repeated",
	  .list = &o.stops },
	{ 0, "ignore-eos", NULL, "go on to N tokens whatever comes",
	  .flag = &o.ignore_eos },
	{ 0, "score", "TEXT", "only: how likely is TEXT after the prompt",
	  .text = &o.score },
	{ 't', "threads", "N", "(default: all processors)", .whole = &o.threads,
	  .low = 1, .high = OAE_THREADS_MAX },
	{ 'c', "context", "N", "positions (default: the model's, to 4096)",
	  .whole = &o.context, .low = 1, .high = OAE_MODEL_CONTEXT_MAX },
	{ 0, "stats", NULL, "bytes read for a token, and how experts are used",
	  .flag = &o.stats },
	{ 0, "json", NULL, "text and figures as JSON", .flag = &o.json },
};

static const struct oae_lm_command command = {
	"generate",
	"oae-lm generate MODEL.gguf -p TEXT [options]",
	"Continues a text. The answer goes to stdout as it comes, "
	"figures to stderr.\nWith a draft or --strategy lookup the text "
	"is exactly the text without, at every\ntemperature. By default "
	"each round guesses as many tokens as pay, from measured\ncosts and "
	"acceptance: none, if drafting is slower here.",
	"examples:\n"
	"  oae-lm generate target.gguf -f prompt.txt -n 200\n"
	"  oae-lm generate target.gguf --draft draft.gguf --gamma 6 "
	"-p 'Dear Sir,'\n"
	"  oae-lm generate target.gguf --strategy lookup -f report.txt\n"
	"  oae-lm generate target.gguf -p 'Once' --temperature 0.8 "
	"--top-k 40 --seed 7",
	table,
	sizeof(table) / sizeof(table[0]),
	1,
	1,
};

int oae_lm_generate(int argc, char **argv)
{
	struct oae_engine_config config = { 0 };
	struct oae_engine *e = NULL;
	struct oae_error err = { 0 };
	struct oae_buf prompt;
	int code;

	o.threads = oae_lm_threads();
	if (!oae_lm_parse(&command, argc, argv, &config.model, &code))
		return code;
	oae_lm_guess(&o.guessing, &config);
	config.threads = (unsigned)o.threads;
	config.context = (uint32_t)o.context;
	oae_buf_init(&prompt, OAE_PROMPT_BYTES_MAX);
	if (!oae_lm_prompt(o.prompt, o.file, &prompt, &err) &&
	    !oae_engine_open(&config, &e, &err)) {
		if (o.score)
			score(e, &prompt, &err);
		else
			answer(e, &prompt, &err);
	}
	oae_engine_close(e);
	oae_buf_release(&prompt);
	return oae_lm_end("generate", &err);
}
