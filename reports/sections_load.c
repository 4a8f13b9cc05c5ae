/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios other than the one that scores are made of. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

#define HEADLINE "SingleStream"

const char oae_section_no_score[] =
	"There is no score: scores are made of SingleStream, one request after"
	" the other; this says how the systems served as requests came.";

typedef void row_fn(struct oae_sheet *t, const char *label, const cJSON *g);

static void each_scenario(const struct oae_report *r, struct oae_sheet *t,
			  row_fn *row)
{
	char label[OAE_LABEL_BYTES];
	const cJSON *g;

	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(g,
				   oae_view_at(r->runs[i].json, "scenarios")) {
			oae_view_label(r, &r->runs[i],
				       oae_view_str(g, "system"), label);
			row(t, label, g);
		}
}

static bool is_headline(const cJSON *g)
{
	return strcmp(oae_view_str(g, "scenario"), HEADLINE) == 0;
}

/* "Server", or "Server, burst-4" under another condition than nominal. */
static void put_scenario(struct oae_sheet *t, const cJSON *g)
{
	const char *condition = oae_view_str(g, "condition");
	bool nominal = !*condition || strcmp(condition, "nominal") == 0;

	oae_sheet_cell(t, "%s%s%s", oae_view_str(g, "scenario"),
		       nominal ? "" : ", ", nominal ? "" : condition);
}

/* Without its interval, which the result has. */
static void put_rate(struct oae_sheet *t, const cJSON *obj, const char *path)
{
	struct oae_value v = oae_view_value(obj, path);
	char text[OAE_NUMBER_TEXT];

	if (!v.has) {
		oae_sheet_missing(t, v.reason);
		return;
	}
	oae_number_plain(text, v.value);
	oae_sheet_cell(t, "%s", text);
}

/* What was asked for, else the scenario's limits, else the first profile's. */
static void put_goodput(struct oae_sheet *t, const cJSON *g)
{
	const cJSON *first = NULL, *x, *limit, *slo;
	double share;
	char note[200];
	size_t n = 0;

	cJSON_ArrayForEach(x, oae_view_at(g, "goodput"))
		first = first ? first : x;
	if (!first) {
		oae_sheet_missing(t, "no limits were given");
		return;
	}
	put_rate(t, first, "per_s");
	slo = oae_view_at(first, "slo");
	share = oae_view_num(first, "share");
	note[0] = '\0';
	cJSON_ArrayForEach(limit, slo)
		if (n < sizeof(note) - 60)
			n += (size_t)snprintf(note + n, sizeof(note) - n,
					      "%s%.*s %g ms", n ? ", " : "",
					      (int)strcspn(limit->string, "_"),
					      limit->string,
					      limit->valuedouble);
	if (!isnan(share))
		(void)snprintf(note + n, sizeof(note) - n,
			       "%s%.3g %% of the requests", n ? ": " : "",
			       100 * share);
	oae_sheet_note(t, note);
}

static void put_valid(struct oae_sheet *t, const cJSON *g)
{
	const cJSON *broken = oae_view_at(g, "validity.broken");
	double valid = oae_view_num(g, "valid_runs");
	double runs = oae_view_num(g, "runs");

	oae_sheet_cell(t, "%.0f of %.0f", valid, runs);
	oae_sheet_tone(t, valid < runs ? OAE_TONE_BAD : OAE_TONE_GOOD);
	if (valid < runs)
		oae_sheet_note(t, oae_view_str(broken ? broken->child : NULL,
					       "text"));
}

static void put_ms(struct oae_sheet *t, const cJSON *g, const char *path)
{
	double ms = oae_view_num(g, path);
	char text[OAE_NUMBER_TEXT];

	if (isnan(ms)) {
		oae_sheet_missing(t, "too few requests for this percentile,"
				     " or no valid run");
		return;
	}
	oae_number_seconds(text, ms / 1e3);
	oae_sheet_cell(t, "%s", text);
}

/* Tokens that were not computed count like others, but one should know. */
static void put_reused(struct oae_sheet *t, const cJSON *g)
{
	double share = oae_view_num(g, "reused_share");
	char note[80];

	if (isnan(share))
		return;
	(void)snprintf(note, sizeof(note),
		       "%.3g %% of the prompts' tokens came from a cache",
		       100 * share);
	oae_sheet_note(t, note);
}

static void rate_row(struct oae_sheet *t, const char *label, const cJSON *g)
{
	double late;

	if (is_headline(g))
		return;
	oae_sheet_cell(t, "%s", label);
	oae_sheet_cell(t, "%s", oae_view_str(g, "workload"));
	put_scenario(t, g);
	oae_sheet_cell(t, "%s", oae_view_str(g, "load.arrivals"));
	put_rate(t, g, "offered_per_s");
	put_rate(t, g, "requests_per_s");
	put_goodput(t, g);
	put_rate(t, g, "output_tokens_per_s");
	put_rate(t, g, "total_tokens_per_s");
	put_reused(t, g);
	late = oae_view_num(g, "validity.late_share");
	if (isnan(late))
		oae_sheet_missing(t, "no request was sent");
	else
		oae_sheet_cell(t, "%.3g %%", 100 * late);
	put_valid(t, g);
}

void oae_section_load(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",      "workload", "scenario",	 "arrivals",
		"offered/s",   "served/s", "goodput/s",	 "output tok/s",
		"total tok/s", "late",	   "runs valid",
	};

	oae_sheet_init(t, "Under load (offered: requests of the schedule as it"
			  " was drawn; goodput: those within the limits;"
			  " late: p99 of what the harness itself delayed, as a"
			  " share of the median E2EL, in the worst run)");
	oae_sheet_columns(t, heads, "llllrrrrrrr");
	each_scenario(r, t, rate_row);
	if (oae_sheet_rows(t) > 0)
		oae_section_harness(r, t);
}

static void time_row(struct oae_sheet *t, const char *label, const cJSON *g,
		     const char *from, const char *key)
{
	static const char *const percentiles[] = { "median", "p90", "p99" };
	char path[80];

	oae_sheet_cell(t, "%s", label);
	oae_sheet_cell(t, "%s", oae_view_str(g, "workload"));
	oae_sheet_cell(t, "%s", from);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s.ttft_ms.%s", key,
			       percentiles[i]);
		put_ms(t, g, path);
	}
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "tpot_ms.%s",
			       percentiles[i]);
		put_ms(t, g, path);
	}
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s.e2el_ms.%s", key,
			       percentiles[i]);
		put_ms(t, g, path);
	}
}

/* MultiStream: until the last answer of a query, by MLPerf its latency. */
static void query_row(struct oae_sheet *t, const char *label, const cJSON *g)
{
	oae_sheet_cell(t, "%s", label);
	oae_sheet_cell(t, "%s", oae_view_str(g, "workload"));
	oae_sheet_cell(t, "due, query");
	for (int i = 0; i < 6; i++)
		oae_sheet_cell(t, "%s", OAE_DASH);
	put_ms(t, g, "query_ms.median");
	put_ms(t, g, "query_ms.p90");
	put_ms(t, g, "query_ms.p99");
}

static void time_rows(struct oae_sheet *t, const char *label, const cJSON *g)
{
	if (is_headline(g))
		return;
	time_row(t, label, g, "due", "from_due");
	time_row(t, label, g, "send", "from_send");
	if (oae_view_num(g, "load.samples_per_query") > 1)
		query_row(t, label, g);
}

void oae_section_load_times(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",   "workload", "from", "TTFT p50", "p90", "p99",
		"TPOT p50", "p90",	"p99",	"E2EL p50", "p90", "p99",
	};

	oae_sheet_init(t, "Latency under load, from the moment that a request"
			  " was due (what its user waits) and from sending"
			  " it");
	oae_sheet_columns(t, heads, "lllrrrrrrrrr");
	each_scenario(r, t, time_rows);
}

static void broken_rows(struct oae_sheet *t, const char *label, const cJSON *g)
{
	const cJSON *x;

	cJSON_ArrayForEach(x, oae_view_at(g, "validity.broken")) {
		oae_sheet_cell(t, "%.0f", oae_view_num(x, "run"));
		oae_sheet_cell(t, "%s", label);
		put_scenario(t, g);
		oae_sheet_cell(t, "%s", oae_view_str(x, "text"));
		oae_sheet_tone(t, OAE_TONE_BAD);
	}
}

void oae_section_invalid(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = { "run", "system", "scenario",
					     "rule" };

	oae_sheet_init(t, "Runs that are not valid: they give no figures and"
			  " no score");
	oae_sheet_columns(t, heads, "rlll");
	each_scenario(r, t, broken_rows);
}
