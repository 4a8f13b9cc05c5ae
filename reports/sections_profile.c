/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of one profile, and those of declared things. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

/* ---- scores ------------------------------------------------------------ */

/* "3.1 M to 4.2 M; above 7.5 M" of [[from, to], ...]; to null: no end. */
static void put_intervals(struct oae_table *t, const cJSON *list)
{
	char from[OAE_NUMBER_TEXT], to[OAE_NUMBER_TEXT], text[256] = "";
	const cJSON *pair, *end;
	size_t n = 0, used = 0;

	cJSON_ArrayForEach(pair, list) {
		if (n++ >= 2)
			continue;
		oae_number_count(from, cJSON_GetNumberValue(
					       cJSON_GetArrayItem(pair, 0)));
		end = cJSON_GetArrayItem(pair, 1);
		if (cJSON_IsNumber(end)) {
			oae_number_count(to, end->valuedouble);
			used += (size_t)snprintf(text + used,
						 sizeof(text) - used,
						 "%s%s to %s",
						 n > 1 ? "; " : "", from, to);
		} else {
			used += (size_t)snprintf(text + used,
						 sizeof(text) - used,
						 "%sabove %s",
						 n > 1 ? "; " : "", from);
		}
	}
	if (n == 0)
		oae_table_cell(t, "never");
	else if (n > 2)
		oae_table_cell(t, "%s; %zu more", text, n - 2);
	else
		oae_table_cell(t, "%s", text);
}

/* The N from which the system pays, in words. */
static void put_break_even(struct oae_table *t, const cJSON *mode)
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
		oae_table_cell(t, "%s%s%s", kind, *kind ? " " : "", text);
	} else if (*kind) {
		oae_table_cell(t, "%s", kind);
	} else {
		oae_table_missing(t, *reason ? reason : NULL);
	}
}

static void put_verdict(struct oae_table *t, const cJSON *score,
			const cJSON *mode)
{
	const char *verdict = oae_view_str(mode, "verdict");
	const char *gate = oae_view_str(score, "gate.outcome");
	const cJSON *reasons = oae_view_at(score, "gate.reasons");
	const char *first =
		cJSON_GetStringValue(cJSON_GetArrayItem(reasons, 0));
	char note[600];

	if (!*verdict) {
		oae_table_missing(t, oae_json_str_or(mode, "reason", NULL));
		return;
	}
	oae_table_cell(t, "%s", verdict);
	oae_table_tone(t, strcmp(verdict, "PAYS") == 0	       ? OAE_TONE_GOOD :
			  strcmp(verdict, "DOES-NOT-PAY") == 0 ? OAE_TONE_BAD :
								 OAE_TONE_OPEN);
	if (*gate && strcmp(gate, "pass") != 0) {
		snprintf(note, sizeof(note),
			 "not ranked: the quality gate is"
			 " %.40s%s%.400s",
			 gate, first ? ": " : "", first ? first : "");
		oae_table_note(t, note);
	}
}

static void score_rows(const struct oae_score_view *s, void *ctx)
{
	struct oae_table *t = ctx;
	int m;

	for (m = 0; m < OAE_VIEW_MODES; m++) {
		const cJSON *mode =
			oae_section_mode(s->score, (enum oae_view_mode)m);

		oae_table_cell(t, "%s", s->label);
		oae_table_cell(t, "%s", oae_view_mode_name[m]);
		oae_section_value(t, mode, "oae", oae_number_plain);
		oae_section_value(t, mode, "affordable_hours",
				  oae_number_count);
		put_break_even(t, mode);
		put_verdict(t, s->score, mode);
	}
}

void oae_section_scores(const struct oae_report *r, const char *profile_id,
			struct oae_table *t)
{
	static const char *const heads[] = {
		"system",	   "machines",
		"OAE [95\u00a0%]", "A* hours [95\u00a0%]",
		"pays at N",	   "verdict"
	};

	oae_table_init(t,
		       "Score (OAE: cost of the baseline / cost of the"
		       " system; A*: extra hours of work that the savings pay"
		       " for; N: requests over the whole time)");
	oae_table_columns(t, heads, "llrrll");
	oae_section_each_score(r, profile_id, score_rows, t);
}

/* ---- costs ------------------------------------------------------------- */

static void cost_row(struct oae_table *t, const char *label, int m,
		     const cJSON *cost)
{
	static const char *const parts[] = { "F",      "HM",	 "machine",
					     "energy", "remedy", "C" };
	char text[OAE_NUMBER_TEXT];
	size_t i;

	oae_table_cell(t, "%s", label);
	oae_table_cell(t, "%s", oae_view_mode_name[m]);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		double v = oae_view_num(cost, parts[i]);

		if (isnan(v)) {
			oae_table_missing(t, oae_json_str_or(cost, "reason",
							     NULL));
			continue;
		}
		oae_number_count(text, v);
		oae_table_cell(t, "%s", text);
	}
}

struct cost_ctx {
	struct oae_table *t;
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
		       struct oae_table *t)
{
	static const char *const heads[] = { "system",	 "machines",
					     "adoption", "maintenance",
					     "machine",	 "energy",
					     "remedy",	 "total" };
	struct cost_ctx c = { .t = t };

	oae_table_init(
		t, "Where the money goes (USD over the whole time; B: baseline;"
		   " remedy: requests missed or answered wrongly)");
	oae_table_columns(t, heads, "llrrrrrr");
	oae_section_each_score(r, profile_id, cost_rows, &c);
}

/* ---- physical ratios --------------------------------------------------- */

static void physical_row(const struct oae_score_view *s, void *ctx)
{
	static const char *const keys[] = { "person_hours", "machine_hours",
					    "kwh", "kgco2e" };
	const cJSON *p = oae_view_at(s->score, "physical");
	const cJSON *all = oae_view_at(p, "dominates");
	struct oae_table *t = ctx;
	size_t i;

	oae_table_cell(t, "%s", s->label);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		oae_section_value(t, p, keys[i], oae_number_plain);
	if (cJSON_IsBool(all))
		oae_table_cell(t, cJSON_IsTrue(all) ? "yes" : "no");
	else
		oae_table_missing(t, oae_json_str_or(p, "reason", NULL));
}

void oae_section_physical(const struct oae_report *r, const char *profile_id,
			  struct oae_table *t)
{
	static const char *const heads[] = { "system",	      "person-hours",
					     "machine-hours", "kWh",
					     "kg CO2e",	      "better in all" };

	oae_table_init(t, "Without money: baseline / system, above 1 is better"
			  " (owned machines)");
	oae_table_columns(t, heads, "lrrrrl");
	oae_section_each_score(r, profile_id, physical_row, t);
}

/* ---- declared and measured --------------------------------------------- */

static void ledger_row(struct oae_table *t, const char *label, const cJSON *e)
{
	double value = oae_view_num(e, "value"), low = oae_view_num(e, "low");
	double mid = oae_view_num(e, "mid"), high = oae_view_num(e, "high");
	char a[OAE_NUMBER_TEXT], b[OAE_NUMBER_TEXT], c[OAE_NUMBER_TEXT];
	const char *tier = oae_view_str(e, "tier");

	oae_table_cell(t, "%s", label);
	oae_table_cell(t, "%s", oae_view_str(e, "activity"));
	oae_table_cell(t, "%s%s%s", oae_view_str(e, "kind"), *tier ? " " : "",
		       tier);
	oae_number_plain(a, low);
	oae_number_plain(b, isnan(mid) ? value : mid);
	oae_number_plain(c, high);
	if (isnan(low) || isnan(high))
		oae_table_cell(t, "%s %s", b, oae_view_str(e, "unit"));
	else
		oae_table_cell(t, "%s [%s,\u00a0%s] %s", b, a, c,
			       oae_view_str(e, "unit"));
	oae_table_cell(t, "%s", oae_view_str(e, "class"));
	oae_table_cell(t, "%s", oae_view_str(e, "source"));
}

void oae_section_ledger(const struct oae_report *r, struct oae_table *t)
{
	static const char *const heads[] = { "system", "activity", "kind",
					     "amount", "class",	   "source" };
	char label[OAE_LABEL_BYTES];
	const cJSON *s, *e, *ledger;
	size_t i;

	oae_table_init(t,
		       "Effort that entered the score, with its class"
		       " (measured, published, declared, estimated, assumed)");
	oae_table_columns(t, heads, "lllrll");
	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			oae_view_label(r, &r->runs[i], oae_view_str(s, "id"),
				       label);
			ledger = oae_view_at(s, "ledger");
			if (!cJSON_IsArray(ledger))
				ledger = oae_view_at(ledger, "entries");
			cJSON_ArrayForEach(e, ledger)
				ledger_row(t, label, e);
		}
}

/* One line of the environment: what, and each run's value. */
static void environment_row(const struct oae_report *r, struct oae_table *t,
			    const char *what, const char *path)
{
	size_t i;

	oae_table_cell(t, "%s", what);
	for (i = 0; i < r->n_runs; i++) {
		const cJSON *v = oae_view_at(r->runs[i].json, path);
		char text[OAE_NUMBER_TEXT];

		if (cJSON_IsString(v))
			oae_table_cell(t, "%s", v->valuestring);
		else if (cJSON_IsBool(v))
			oae_table_cell(t, cJSON_IsTrue(v) ? "yes" : "no");
		else if (cJSON_IsNumber(v) && strstr(path, "bytes")) {
			oae_number_bytes(text, v->valuedouble);
			oae_table_cell(t, "%s", text);
		} else if (cJSON_IsNumber(v))
			oae_table_cell(t, "%.10g", v->valuedouble);
		else
			oae_table_missing(t, "not known on this machine");
	}
}

void oae_section_environment(const struct oae_report *r, struct oae_table *t)
{
	static const char *const rows[][2] = {
		{ "measured at", "campaign.utc" },
		{ "suite", "campaign.suite" },
		{ "scenario", "campaign.scenario" },
		{ "seed", "campaign.seed" },
		{ "complete", "complete" },
		{ "journal sealed", "journal.sealed" },
		{ "journal lines", "journal.lines" },
		{ "journal SHA-256", "journal.sha256" },
		{ "oae", "oae" },
		{ "specification", "spec" },
		{ "build", "build.git" },
		{ "compiler", "build.compiler" },
		{ "compiler flags", "build.flags" },
		{ "CPU", "environment.start.cpu.model" },
		{ "cores", "environment.start.cpu.cores" },
		{ "memory", "environment.start.memory_bytes" },
		{ "kernel", "environment.start.kernel" },
		{ "frequency governor", "environment.start.governor" },
		{ "virtual machine", "environment.start.virtual" },
		{ "stolen ticks at start", "environment.start.steal_ticks" },
		{ "stolen ticks at end", "environment.end.steal_ticks" },
	};
	size_t i;

	oae_table_init(t, "Where and how it was measured");
	oae_table_column(t, "", false);
	for (i = 0; i < r->n_runs; i++)
		oae_table_column(
			t, r->runs[i].name[0] ? r->runs[i].name : "this run",
			false);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		environment_row(r, t, rows[i][0], rows[i][1]);
}
