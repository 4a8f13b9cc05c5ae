/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison for people: terminal and Markdown. */
#include "reports/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/amount.h"
#include "reports/report.h"
#include "reports/sheet.h"
#include "reports/text.h"

#define SENTENCE_NAMES 3 /* metrics that a sentence names */

/* ---- the verdict -------------------------------------------------------- */

static void put_side(const cJSON *doc, const char *key, struct oae_buf *out)
{
	const cJSON *side = oae_view_at(doc, key);
	const char *revision = oae_view_str(side, "revision");

	oae_buf_puts(out, oae_view_str(side, "given"));
	if (*revision)
		oae_buf_printf(out, " (%.12s)", revision);
}

/* "notices s_per_request +5.2 %, ..." of the metrics with that verdict. */
static void put_metrics(const cJSON *doc, const char *verdict,
			struct oae_buf *out)
{
	const cJSON *m;
	char text[OAE_PERCENT_TEXT];
	size_t n = 0;

	cJSON_ArrayForEach(m, oae_view_at(doc, "metrics")) {
		if (strcmp(oae_view_str(m, "verdict"), verdict) != 0)
			continue;
		if (n++ >= SENTENCE_NAMES)
			continue;
		oae_percent_text(text, oae_view_num(m, "worse.value"), true);
		oae_buf_printf(out, "%s%s on %s", n > 1 ? ", " : "",
			       oae_view_str(m, "metric"),
			       oae_view_str(m, "workload"));
		if (!isnan(oae_view_num(m, "worse.value")))
			oae_buf_printf(out, " %s", text);
	}
	if (n > SENTENCE_NAMES)
		oae_buf_printf(out, " and %zu more", n - SENTENCE_NAMES);
}

static double least_seen(const cJSON *doc)
{
	double worst = NAN;
	const cJSON *m;

	cJSON_ArrayForEach(m, oae_view_at(doc, "metrics"))
		if (strcmp(oae_view_str(m, "unit"), "share") != 0)
			worst = fmax(worst, oae_view_num(m, "detectable"));
	return worst;
}

static void put_differences(const cJSON *doc, struct oae_buf *out)
{
	const cJSON *d;
	size_t n = 0;

	cJSON_ArrayForEach(d, oae_view_at(doc, "differences")) {
		const char *base = oae_view_str(d, "base");
		const char *head = oae_view_str(d, "head");

		if (cJSON_IsTrue(oae_view_at(d, "allowed")))
			continue;
		oae_buf_printf(out, "%s%s (%s / %s)", n++ ? ", " : "",
			       oae_view_str(d, "what"), *base ? base : "?",
			       *head ? head : "?");
	}
}

/* Pairs that would make the noisiest unclear ratio visible; 0: none known. */
static double pairs_needed(const cJSON *doc)
{
	double resolution = oae_view_num(doc, "rules.resolution"), most = 0;
	const cJSON *m;

	cJSON_ArrayForEach(m, oae_view_at(doc, "metrics")) {
		double limit = log1p(oae_view_num(m, "threshold"));
		double sees = log1p(oae_view_num(m, "detectable")) - limit;
		double wanted = log1p(resolution) - limit;

		if (strcmp(oae_view_str(m, "verdict"), "inconclusive") != 0 ||
		    strcmp(oae_view_str(m, "unit"), "share") == 0 ||
		    isnan(sees))
			continue;
		if (!(wanted > 0))
			return 0;
		most = fmax(most,
			    oae_view_num(m, "base_n") * pow(sees / wanted, 2));
	}
	return most;
}

void oae_compare_sentence(const cJSON *doc, struct oae_buf *out)
{
	const char *verdict = oae_view_str(doc, "verdict");
	bool let = strcmp(oae_view_str(doc, "on_inconclusive"), "pass") == 0;
	char text[OAE_NUMBER_TEXT];
	double needed;

	if (strcmp(verdict, "regression") == 0) {
		oae_buf_puts(out, "REGRESSION: worse by more than the"
				  " threshold: ");
		put_metrics(doc, "regression", out);
	} else if (strcmp(verdict, "inconclusive") == 0) {
		oae_buf_puts(out, let ? "INCONCLUSIVE, which passes here"
					" (--on-inconclusive pass): " :
					"INCONCLUSIVE: could not tell: ");
		put_metrics(doc, "inconclusive", out);
		needed = pairs_needed(doc);
		oae_number_count(text, needed);
		if (needed > 0)
			oae_buf_printf(
				out,
				"; as noisy as this, about %s pairs would"
				" tell (a quieter machine or more items a"
				" run: fewer)",
				text);
		if (!cJSON_GetArraySize(oae_view_at(doc, "metrics")))
			oae_buf_puts(out, "nothing was measured on both sides");
	} else if (strcmp(verdict, "not comparable") == 0) {
		oae_buf_puts(out, "NOT COMPARABLE: these differ: ");
		put_differences(doc, out);
		oae_buf_puts(out, "; --allow NAME lets a difference pass that"
				  " is meant");
	} else {
		oae_percent_text(text, least_seen(doc), false);
		oae_buf_printf(out,
			       "PASS: nothing is worse by more than its"
			       " threshold; a true change for the worse of %s"
			       " would have failed in 80 %% of cases, a smaller"
			       " one less often",
			       text);
	}
}

/* ---- the tables --------------------------------------------------------- */

static void put_verdict(struct oae_sheet *t, const cJSON *m)
{
	const char *verdict = oae_view_str(m, "verdict");

	if (strcmp(verdict, "pass") == 0 && oae_view_num(m, "worse.high") < 0)
		oae_sheet_cell(t, "better");
	else if (strcmp(verdict, "regression") == 0)
		oae_sheet_cell(t, "WORSE");
	else
		oae_sheet_cell(t, "%s",
			       strcmp(verdict, "inconclusive") == 0 ?
				       "unclear" :
				       verdict);
	if (strcmp(verdict, "inconclusive") == 0 && *oae_view_str(m, "reason"))
		oae_sheet_note(t, oae_view_str(m, "reason"));
}

static void row(struct oae_sheet *t, const cJSON *m)
{
	const char *unit = oae_view_str(m, "unit");
	char text[OAE_NUMBER_TEXT];

	oae_sheet_cell(t, "%s", oae_view_str(m, "workload"));
	oae_sheet_cell(t, "%s", oae_view_str(m, "metric"));
	oae_amount_text(text, oae_view_num(m, "base"), unit);
	oae_sheet_cell(t, "%s", text);
	oae_amount_text(text, oae_view_num(m, "head"), unit);
	oae_sheet_cell(t, "%s", text);
	oae_percent_cell(t, oae_view_num(m, "worse.value"), true);
	oae_percent_cell(t, oae_view_num(m, "worse.low"), true);
	oae_percent_cell(t, oae_view_num(m, "worse.high"), true);
	oae_sheet_cell(t, "%.3g", 100 * oae_view_num(m, "threshold"));
	oae_percent_cell(t, oae_view_num(m, "detectable"), false);
	oae_sheet_cell(t, "%.0f",
		       fmin(oae_view_num(m, "base_n"),
			    oae_view_num(m, "head_n")));
	put_verdict(t, m);
}

/* Runs that all came to their end are not worth a line. */
static bool worth_a_row(const cJSON *m)
{
	return strcmp(oae_view_str(m, "metric"), "completed") != 0 ||
	       strcmp(oae_view_str(m, "verdict"), "pass") != 0;
}

static void fill(struct oae_sheet *t, const cJSON *doc, const char *system)
{
	static const char *const heads[] = { "workload", "metric",  "base",
					     "head",	 "worse %", "from %",
					     "to %",	 "limit %", "sees %",
					     "n",	 "verdict", NULL };
	const cJSON *m;

	oae_sheet_init(t, system);
	oae_sheet_columns(t, heads, "llrrrrrrrrl");
	cJSON_ArrayForEach(m, oae_view_at(doc, "metrics"))
		if (strcmp(oae_view_str(m, "head_system"), system) == 0 &&
		    worth_a_row(m))
			row(t, m);
}

/* The first metric of a system that no metric before it has. */
static bool first_of_system(const cJSON *doc, const cJSON *metric)
{
	const cJSON *m;

	cJSON_ArrayForEach(m, oae_view_at(doc, "metrics")) {
		if (m == metric)
			return true;
		if (strcmp(oae_view_str(m, "head_system"),
			   oae_view_str(metric, "head_system")) == 0)
			return false;
	}
	return false;
}

typedef void put_table_fn(const struct oae_sheet *t, struct oae_buf *out,
			  int columns);

static void put_text_table(const struct oae_sheet *t, struct oae_buf *out,
			   int columns)
{
	oae_buf_putc(out, '\n');
	oae_sheet_to_text(t, out, columns);
}

static void put_markdown_table(const struct oae_sheet *t, struct oae_buf *out,
			       int columns)
{
	(void)columns;
	oae_buf_putc(out, '\n');
	oae_sheet_to_markdown(t, out);
}

static enum oae_status put_tables(const cJSON *doc, struct oae_buf *out,
				  put_table_fn *put, int columns,
				  struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_sheet t;
	const cJSON *m;

	cJSON_ArrayForEach(m, oae_view_at(doc, "metrics")) {
		if (status || !first_of_system(doc, m))
			continue;
		fill(&t, doc, oae_view_str(m, "head_system"));
		status = oae_sheet_check(&t, err);
		if (!status && oae_sheet_rows(&t))
			put(&t, out, columns);
		oae_sheet_release(&t);
	}
	return status;
}

/* ---- what stands around it ---------------------------------------------- */

static void put_how(const cJSON *doc, struct oae_buf *out)
{
	const char *how = oae_view_str(doc, "how");
	double looks = oae_view_num(doc, "rules.looks_planned");
	char alpha[OAE_PERCENT_TEXT];

	snprintf(alpha, sizeof(alpha), "%.3g %%",
		 100 * oae_view_num(doc, "rules.alpha"));
	if (strcmp(how, "unpaired") == 0)
		oae_buf_puts(out, "Two campaigns, compared by Welch's t: weaker"
				  " than runs in turn on one host, for what the"
				  " machine did in between looks like the"
				  " software's doing.");
	else if (strcmp(how, "split") == 0)
		oae_buf_puts(out, "One build's neighbouring runs against each"
				  " other: nothing is different.");
	else
		oae_buf_puts(out, "Runs in turn (ABBA) on one host, paired by"
				  " repetition.");
	oae_buf_printf(out,
		       " Below 0 is better. The chance of failing though"
		       " nothing is worse is at most %s over all metrics"
		       " (Holm)",
		       alpha);
	if (looks > 1)
		oae_buf_printf(out, " and %.0f looks (Pocock)", looks);
	oae_buf_puts(out, "; from, to: the interval; sees: the least true"
			  " change that fails in 80 % of cases.");
}

static bool put_false_positives(const cJSON *doc, struct oae_buf *out)
{
	char mid[OAE_PERCENT_TEXT], low[OAE_PERCENT_TEXT];
	char high[OAE_PERCENT_TEXT];

	if (isnan(oae_view_num(doc, "false_positives.value")))
		return false;
	oae_percent_text(mid, oae_view_num(doc, "false_positives.value"),
			 false);
	oae_percent_text(low, oae_view_num(doc, "false_positives.low"), false);
	oae_percent_text(high, oae_view_num(doc, "false_positives.high"),
			 false);
	oae_buf_printf(
		out,
		"The gate's own false positives on these runs: %s (95 %%:"
		" %s to %s) of %.0f random exchanges of the sides.",
		mid, low, high, oae_view_num(doc, "false_positive_trials"));
	return true;
}

enum oae_status oae_compare_text(const cJSON *doc, struct oae_buf *out,
				 int columns, struct oae_error *err)
{
	bool any = cJSON_GetArraySize(oae_view_at(doc, "metrics")) > 0;
	struct oae_buf line;
	enum oae_status status;
	const cJSON *note;

	oae_buf_init(&line, OAE_TEXT_FILE_BYTES_MAX);
	put_side(doc, "base", &line);
	oae_buf_puts(&line, " -> ");
	put_side(doc, "head", &line);
	oae_wrap_text(out, oae_buf_str(&line), 0, columns);
	status = put_tables(doc, out, put_text_table, columns, err);
	oae_buf_clear(&line);
	if (any) {
		oae_buf_putc(out, '\n');
		put_how(doc, &line);
		oae_wrap_text(out, oae_buf_str(&line), 0, columns);
	}
	cJSON_ArrayForEach(note, oae_view_at(doc, "notes")) {
		oae_buf_clear(&line);
		oae_buf_printf(&line, "! %s",
			       cJSON_IsString(note) ? note->valuestring : "");
		oae_wrap_text(out, oae_buf_str(&line), 2, columns);
	}
	oae_buf_clear(&line);
	if (put_false_positives(doc, &line))
		oae_wrap_text(out, oae_buf_str(&line), 0, columns);
	oae_buf_clear(&line);
	oae_compare_sentence(doc, &line);
	oae_buf_putc(out, '\n');
	oae_wrap_text(out, oae_buf_str(&line), 0, columns);
	oae_buf_release(&line);
	return status ? status : oae_buf_check(out, "table", err);
}

enum oae_status oae_compare_markdown(const cJSON *doc, struct oae_buf *out,
				     struct oae_error *err)
{
	bool any = cJSON_GetArraySize(oae_view_at(doc, "metrics")) > 0;
	struct oae_buf line;
	enum oae_status status;
	const cJSON *note;

	oae_buf_init(&line, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_puts(out, "## oae: ");
	put_side(doc, "base", &line);
	oae_buf_puts(&line, " to ");
	put_side(doc, "head", &line);
	oae_text_markdown(out, oae_buf_str(&line));
	oae_buf_puts(out, "\n\n**");
	oae_buf_clear(&line);
	oae_compare_sentence(doc, &line);
	oae_text_markdown(out, oae_buf_str(&line));
	oae_buf_puts(out, "**\n");
	status = put_tables(doc, out, put_markdown_table, 0, err);
	oae_buf_clear(&line);
	if (any) {
		put_how(doc, &line);
		oae_buf_putc(&line, ' ');
	}
	(void)put_false_positives(doc, &line);
	oae_buf_putc(out, '\n');
	oae_text_markdown(out, oae_buf_str(&line));
	oae_buf_puts(out, "\n\n");
	cJSON_ArrayForEach(note, oae_view_at(doc, "notes")) {
		oae_buf_puts(out, "- ");
		oae_text_markdown(
			out, cJSON_IsString(note) ? note->valuestring : "");
		oae_buf_putc(out, '\n');
	}
	oae_buf_release(&line);
	return status ? status : oae_buf_check(out, "summary", err);
}
