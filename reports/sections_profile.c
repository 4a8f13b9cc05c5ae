/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of one profile, and those of declared things. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

/* ---- scores ------------------------------------------------------------ */

/*
 * Where owned machines pay, of [[from, to], ...], to null: no end. The set
 * is a comb where whole machines come and go: "above 7.5 M, in parts from
 * 3.1 M".
 */
static void put_intervals(struct oae_sheet *t, const cJSON *list)
{
	int n = cJSON_GetArraySize(list);
	const cJSON *first = cJSON_GetArrayItem(list, 0);
	const cJSON *last = cJSON_GetArrayItem(list, n - 1);
	const cJSON *end = cJSON_GetArrayItem(last, 1);
	char from[OAE_NUMBER_TEXT], to[OAE_NUMBER_TEXT], on[OAE_NUMBER_TEXT];

	if (n == 0) {
		oae_sheet_cell(t, "never");
		return;
	}
	oae_number_count(from,
			 cJSON_GetNumberValue(cJSON_GetArrayItem(first, 0)));
	oae_number_count(on, cJSON_GetNumberValue(cJSON_GetArrayItem(last, 0)));
	oae_number_count(to, cJSON_GetNumberValue(end));
	if (n == 1 && !cJSON_IsNumber(end))
		oae_sheet_cell(t, "above %s", from);
	else if (!cJSON_IsNumber(end))
		oae_sheet_cell(t, "above %s, in parts from %s", on, from);
	else if (n == 1)
		oae_sheet_cell(t, "%s to %s", from, to);
	else
		oae_sheet_cell(t, "in parts, %s to %s", from, to);
}

/* The N from which the system pays, in words. */
static void put_break_even(struct oae_sheet *t, const cJSON *mode)
{
	const cJSON *set = oae_view_at(mode, "oae_above_1");
	const char *kind = oae_view_str(mode, "break_even.kind");
	double n = oae_view_num(mode, "break_even.N");
	const char *reason = oae_view_str(mode, "break_even.reason");
	char text[OAE_NUMBER_TEXT];

	if (cJSON_IsArray(set)) {
		put_intervals(t, set);
		return;
	}
	if (!isnan(n)) {
		oae_number_count(text, n);
		oae_sheet_cell(t, "%s%s%s", kind, *kind ? " " : "", text);
	} else if (*kind) {
		oae_sheet_cell(t, "%s", kind);
	} else {
		oae_sheet_missing(t,
				  *reason ? reason :
					    oae_view_value(mode, "oae").reason);
	}
}

enum oae_tone oae_section_tone(const char *verdict)
{
	if (strcmp(verdict, "PAYS") == 0)
		return OAE_TONE_GOOD;
	if (strcmp(verdict, "DOES-NOT-PAY") == 0)
		return OAE_TONE_BAD;
	return OAE_TONE_OPEN;
}

static void put_verdict(struct oae_sheet *t, const cJSON *score,
			const cJSON *mode)
{
	const char *verdict = oae_view_str(mode, "verdict");
	const char *gate = oae_view_str(score, "gate.outcome");
	const cJSON *reasons = oae_view_at(score, "gate.reasons");
	const char *first =
		cJSON_GetStringValue(cJSON_GetArrayItem(reasons, 0));
	const char *why = oae_view_value(mode, "oae").reason;
	char note[600];

	if (!*verdict) {
		oae_sheet_missing(t, oae_json_str_or(mode, "reason", NULL));
		return;
	}
	oae_sheet_cell(t, "%s%s", verdict,
		       cJSON_IsTrue(oae_view_at(mode, "robust")) ? ", ROBUST" :
								   "");
	oae_sheet_tone(t, oae_section_tone(verdict));
	if (strcmp(gate, "fail") == 0) {
		oae_sheet_note(t, why ? why : "the quality gate failed");
	} else if (strcmp(gate, "unproven") == 0) {
		snprintf(note, sizeof(note), "not ranked: %.500s",
			 first ? first : "the quality gate is unproven");
		oae_sheet_note(t, note);
	} else if (cJSON_IsFalse(oae_view_at(mode, "robust")) &&
		   oae_section_tone(verdict) != OAE_TONE_OPEN) {
		oae_sheet_note(t, "not robust: other values within the"
				  " declared ranges would turn it; the table"
				  " \"How sure is it?\" says how likely");
	}
}

/* "0.894 [0.81, 0.98] A": the score and the weakest class that went in. */
static void put_score(struct oae_sheet *t, const cJSON *mode)
{
	char mid[OAE_NUMBER_TEXT], low[OAE_NUMBER_TEXT], high[OAE_NUMBER_TEXT];
	struct oae_value v = oae_view_value(mode, "oae");

	if (!v.has) {
		oae_sheet_missing(t, v.reason);
		return;
	}
	oae_number_plain(mid, v.value);
	oae_number_plain(low, v.low);
	oae_number_plain(high, v.high);
	oae_sheet_cell(t, "%s [%s,\u00a0%s]\u00a0%c", mid, low, high,
		       oae_view_class_letter(v.class));
}

static void put_share(struct oae_sheet *t, const cJSON *mode)
{
	double share = oae_view_num(mode, "measured_share");
	char text[OAE_NUMBER_TEXT];

	if (isnan(share)) {
		oae_sheet_missing(t, oae_view_value(mode, "oae").reason);
		return;
	}
	if (share > 0 && share < 0.001) {
		oae_sheet_cell(t, "< 0.1\u00a0%%");
		return;
	}
	oae_number_plain(text, 100 * share);
	oae_sheet_cell(t, "%s\u00a0%%", text);
}

static void score_rows(const struct oae_score_view *s, void *ctx)
{
	struct oae_sheet *t = ctx;

	for (int m = 0; m < OAE_VIEW_MODES; m++) {
		const cJSON *mode =
			oae_section_mode(s->score, (enum oae_view_mode)m);
		const char *why = oae_view_value(mode, "oae").reason;

		oae_sheet_cell(t, "%s", s->label);
		oae_sheet_cell(t, "%s", oae_view_mode_name[m]);
		put_score(t, mode);
		put_share(t, mode);
		if (oae_view_at(mode, "affordable_hours"))
			oae_section_value(t, mode, "affordable_hours",
					  oae_number_hours);
		else
			oae_sheet_missing(t, why);
		put_break_even(t, mode);
		put_verdict(t, s->score, mode);
	}
}

/* A baseline that misses its own gate is said below every score. */
static void remark_baseline(const struct oae_report *r, const char *id,
			    struct oae_sheet *t)
{
	char text[600];

	for (size_t i = 0; i < r->n_runs; i++) {
		const cJSON *b = oae_view_at(oae_view_profile(&r->runs[i], id),
					     "baseline");
		const char *outcome = oae_view_str(b, "gate.outcome");
		const char *why = cJSON_GetStringValue(
			cJSON_GetArrayItem(oae_view_at(b, "gate.reasons"), 0));

		if (!*outcome || strcmp(outcome, "pass") == 0)
			continue;
		snprintf(text, sizeof(text),
			 "The baseline's own gate: %.40s%s%.400s.", outcome,
			 why ? ": " : "", why ? why : "");
		oae_sheet_remark(t, text);
	}
}

void oae_section_scores(const struct oae_report *r, const char *profile_id,
			struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",
		"machines",
		"OAE [95\u00a0%]",
		"measured",
		"A* hours [95\u00a0%]",
		"pays at N",
		"verdict",
	};

	oae_sheet_init(t, "Score (OAE: cost of the baseline / cost of the"
			  " system, with the weakest class that went in;"
			  " measured: share of the cost that was; A*: extra"
			  " hours of work that the savings pay for; N: requests"
			  " over the whole time)");
	oae_sheet_columns(t, heads, "llrrrll");
	oae_section_each_score(r, profile_id, score_rows, t);
	remark_baseline(r, profile_id, t);
}

/* ---- retrofit --------------------------------------------------------- */

static void retrofit_rows(const struct oae_score_view *s, void *ctx)
{
	char text[OAE_NUMBER_TEXT];
	struct oae_sheet *t = ctx;

	for (int m = 0; m < OAE_VIEW_MODES; m++) {
		const cJSON *mode =
			oae_section_mode(s->score, (enum oae_view_mode)m);
		const char *kind =
			oae_view_str(mode, "retrofit_break_even.kind");
		double n = oae_view_num(mode, "retrofit_break_even.N");

		if (!oae_view_value(mode, "retrofit_oae").has)
			continue;
		oae_sheet_cell(t, "%s", s->label);
		oae_sheet_cell(t, "%s", oae_view_mode_name[m]);
		oae_section_value(t, mode, "retrofit_oae", oae_number_plain);
		oae_number_count(text, n);
		if (isnan(n) && !*kind)
			oae_sheet_missing(t, "not computed for whole machines");
		else
			oae_sheet_cell(t, "%s %s", kind, isnan(n) ? "" : text);
	}
}

void oae_section_retrofit(const struct oae_report *r, const char *profile_id,
			  struct oae_sheet *t)
{
	static const char *const heads[] = { "system", "machines",
					     "OAE [95\u00a0%]", "pays at N" };

	oae_sheet_init(t, "If the baseline runs already (retrofit): its"
			  " adoption is paid, the system's is not");
	oae_sheet_columns(t, heads, "llrl");
	oae_section_each_score(r, profile_id, retrofit_rows, t);
}

/* ---- costs ------------------------------------------------------------- */

static void cost_row(struct oae_sheet *t, const char *label, int m,
		     const cJSON *cost)
{
	static const char *const parts[] = { "F",      "HM",	 "machine",
					     "energy", "remedy", "C" };
	char text[OAE_NUMBER_TEXT];
	size_t i;

	oae_sheet_cell(t, "%s", label);
	oae_sheet_cell(t, "%s", oae_view_mode_name[m]);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		double v = oae_view_num(cost, parts[i]);

		if (isnan(v)) {
			oae_sheet_missing(t, oae_json_str_or(cost, "reason",
							     NULL));
			continue;
		}
		oae_number_count(text, v);
		oae_sheet_cell(t, "%s", text);
	}
}

struct cost_ctx {
	struct oae_sheet *t;
	const struct oae_report_run *last; /* whose baseline stands */
};

static void cost_rows(const struct oae_score_view *s, void *opaque)
{
	struct cost_ctx *c = opaque;
	char label[OAE_LABEL_BYTES], base[OAE_LABEL_BYTES + 16];
	int m;

	if (c->last != s->run) {
		oae_view_label(s->report, s->run,
			       oae_view_str(s->run->json, "campaign.baseline"),
			       label);
		snprintf(base, sizeof(base), "%s (B)", label);
		for (m = 0; m < OAE_VIEW_MODES; m++)
			cost_row(c->t, base, m,
				 oae_view_at(oae_section_mode(
						     s->score,
						     (enum oae_view_mode)m),
					     "baseline_cost_usd"));
		c->last = s->run;
	}
	for (m = 0; m < OAE_VIEW_MODES; m++)
		cost_row(c->t, s->label, m,
			 oae_view_at(oae_section_mode(s->score,
						      (enum oae_view_mode)m),
				     "cost_usd"));
}

void oae_section_costs(const struct oae_report *r, const char *profile_id,
		       struct oae_sheet *t)
{
	static const char *const heads[] = { "system",	 "machines",
					     "adoption", "maintenance",
					     "machine",	 "energy",
					     "remedy",	 "total" };
	struct cost_ctx c = { .t = t };

	oae_sheet_init(
		t, "Where the money goes (USD over the whole time; B: baseline;"
		   " remedy: requests missed or answered wrongly)");
	oae_sheet_columns(t, heads, "llrrrrrr");
	oae_section_each_score(r, profile_id, cost_rows, &c);
}

/* ---- physical ratios --------------------------------------------------- */

static void physical_rows(const struct oae_score_view *s, void *ctx)
{
	static const char *const keys[] = { "person_hours", "machine_hours",
					    "kwh", "kgco2e" };
	struct oae_sheet *t = ctx;

	for (int m = 0; m < OAE_VIEW_MODES; m++) {
		const cJSON *mode =
			oae_section_mode(s->score, (enum oae_view_mode)m);
		const cJSON *p = oae_view_at(mode, "physical");
		const cJSON *all = oae_view_at(p, "dominates");

		if (!p)
			continue;
		oae_sheet_cell(t, "%s", s->label);
		oae_sheet_cell(t, "%s", oae_view_mode_name[m]);
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			oae_section_value(t, p, keys[i], oae_number_plain);
		oae_sheet_cell(t, cJSON_IsTrue(all) ? "yes" : "no");
	}
}

void oae_section_physical(const struct oae_report *r, const char *profile_id,
			  struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system", "machines", "person-hours",  "machine-hours",
		"kWh",	  "kg CO2e",  "better in all",
	};

	oae_sheet_init(t, "Without money: what the baseline takes / what the"
			  " system takes, above 1 is better");
	oae_sheet_columns(t, heads, "llrrrrl");
	oae_section_each_score(r, profile_id, physical_rows, t);
}

/* ---- sentences ------------------------------------------------------ */

struct sentence_ctx {
	oae_sentence_fn *fn;
	void *ctx;
};

static void each_sentence(const struct oae_score_view *s, void *opaque)
{
	const struct sentence_ctx *c = opaque;
	struct oae_sentence_view v = { .score = s };
	const char *last = "";

	for (int m = 0; m < OAE_VIEW_MODES; m++) {
		v.mode = oae_section_mode(s->score, (enum oae_view_mode)m);
		v.verdict = oae_view_str(v.mode, "verdict");
		v.sentence = oae_view_str(v.mode, "sentence");
		if (!*v.sentence || strcmp(v.sentence, last) == 0)
			continue;
		last = v.sentence;
		v.run = s->report->n_runs > 1 ? s->run->name : "";
		v.tone = oae_section_tone(v.verdict);
		c->fn(&v, c->ctx);
	}
}

void oae_section_each_sentence(const struct oae_report *r,
			       const char *profile_id, oae_sentence_fn *fn,
			       void *ctx)
{
	struct sentence_ctx c = { fn, ctx };

	oae_section_each_score(r, profile_id, each_sentence, &c);
}
