/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/sections.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/text.h"

void oae_section_value(struct oae_sheet *t, const cJSON *obj, const char *path,
		       oae_number_fn *number)
{
	char mid[OAE_NUMBER_TEXT], low[OAE_NUMBER_TEXT], high[OAE_NUMBER_TEXT];
	struct oae_value v = oae_view_value(obj, path);

	if (!v.has) {
		oae_sheet_missing(t, v.reason);
		return;
	}
	number(mid, v.value);
	number(low, v.low);
	number(high, v.high);
	if (v.band)
		oae_sheet_cell(t, "%s [%s,\u00a0%s]", mid, low, high);
	else
		oae_sheet_cell(t, "%s", mid);
}

static void put_number(struct oae_sheet *t, double v, oae_number_fn *number,
		       const char *reason)
{
	char text[OAE_NUMBER_TEXT];

	if (isnan(v)) {
		oae_sheet_missing(t, reason);
		return;
	}
	number(text, v);
	oae_sheet_cell(t, "%s", text);
}

void oae_section_each_score(const struct oae_report *r, const char *profile_id,
			    void (*fn)(const struct oae_score_view *s,
				       void *ctx),
			    void *ctx)
{
	struct oae_score_view v = { .report = r };
	size_t i;

	for (i = 0; i < r->n_runs; i++) {
		v.run = &r->runs[i];
		v.profile = oae_view_profile(v.run, profile_id);
		cJSON_ArrayForEach(v.score, oae_view_at(v.profile, "scores")) {
			v.system = oae_view_str(v.score, "system");
			oae_view_label(r, v.run, v.system, v.label);
			fn(&v, ctx);
		}
	}
}

const cJSON *oae_section_mode(const cJSON *score, enum oae_view_mode mode)
{
	return oae_view_at(oae_view_at(score, "modes"),
			   oae_view_mode_key[mode]);
}

void oae_section_title(const cJSON *profile, struct oae_buf *b)
{
	const char *title = oae_view_str(profile, "profile.title");
	double month = oae_view_num(profile, "profile.requests_a_month.mid");
	double months = oae_view_num(profile, "profile.H_months");
	double n = oae_view_num(profile, "N");
	char text[OAE_NUMBER_TEXT];

	oae_buf_printf(b, "%.160s",
		       *title ? title : oae_view_str(profile, "id"));
	if (!isnan(month)) {
		oae_number_count(text, month);
		oae_buf_printf(b, ": %s requests a month", text);
	}
	if (!isnan(months))
		oae_buf_printf(b, " for %g months", months);
	if (!isnan(n)) {
		oae_number_count(text, n);
		oae_buf_printf(b, " (N = %s)", text);
	}
}

/* ---- the ratios of one request ----------------------------------------- */

static const struct {
	const char *key, *name;
} ratios[] = {
	{ "s_ratio", "machine time" },
	{ "kappa_ratio", "cost (kappa)" },
};

struct ratio_ctx {
	struct oae_sheet *t;
	const struct oae_report_run *run;
	const char *system, *key;
	bool found;
};

static void put_one_ratio(const struct oae_score_view *s, void *opaque)
{
	struct ratio_ctx *c = opaque;
	const cJSON *mode;

	if (c->found || s->run != c->run || strcmp(s->system, c->system) != 0)
		return;
	c->found = true;
	mode = oae_section_mode(s->score, OAE_VIEW_ON_DEMAND);
	if (oae_view_at(mode, c->key))
		oae_section_value(c->t, mode, c->key, oae_number_plain);
	else
		oae_sheet_missing(c->t, oae_view_value(mode, "oae").reason);
}

static void ratio_rows(const struct oae_report *r, struct ratio_ctx *c,
		       const char *const *ids, size_t n)
{
	char label[OAE_LABEL_BYTES];

	oae_view_label(r, c->run, c->system, label);
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		c->key = ratios[i].key;
		oae_sheet_cell(c->t, "%s", label);
		oae_sheet_cell(c->t, "%s", ratios[i].name);
		for (size_t k = 0; k < n; k++) {
			c->found = false;
			oae_section_each_score(r, ids[k], put_one_ratio, c);
			if (!c->found)
				oae_sheet_missing(c->t, "not scored in this"
							" profile");
		}
	}
}

void oae_section_kappa(const struct oae_report *r, struct oae_sheet *t)
{
	struct ratio_ctx c = { .t = t };
	const char **ids;
	const cJSON *s;
	size_t n;

	oae_sheet_init(t, "One request, baseline / system (95 % interval,"
			  " machines on demand): above 1 the system is"
			  " cheaper, or faster");
	if (oae_view_profile_ids(r, &ids, &n, NULL) != OAE_OK) {
		t->status = OAE_ERR_NOMEM;
		return;
	}
	oae_sheet_column(t, "system", false);
	oae_sheet_column(t, "ratio of", false);
	for (size_t k = 0; k < n; k++)
		oae_sheet_column(t, ids[k], true);
	for (size_t i = 0; n > 0 && i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			if (cJSON_IsTrue(oae_view_at(s, "baseline")))
				continue;
			c.run = &r->runs[i];
			c.system = oae_view_str(s, "id");
			ratio_rows(r, &c, ids, n);
		}
	free(ids);
}

/* ---- measured ---------------------------------------------------------- */

static void put_gate(struct oae_sheet *t, const cJSON *quality)
{
	const char *outcome = oae_view_str(quality, "outcome");
	const char *floor = oae_view_str(quality, "floor_outcome");
	double needed = oae_view_num(quality, "items_needed");
	const cJSON *lossless = oae_view_at(quality, "lossless");
	char note[200], number[OAE_NUMBER_TEXT];

	if (!*outcome && !*floor) {
		oae_sheet_missing(t, "no quality was judged");
		return;
	}
	if (cJSON_IsFalse(lossless)) {
		oae_sheet_cell(t, "fail");
		oae_sheet_note(t, "declared lossless, but an answer differs"
				  " from plain decoding");
		oae_sheet_tone(t, OAE_TONE_BAD);
	} else if (strcmp(floor, "fail") == 0) {
		oae_number_plain(number, oae_view_num(quality, "floor"));
		snprintf(note, sizeof(note), "below the workload's floor of %s",
			 number);
		oae_sheet_cell(t, "fail");
		oae_sheet_note(t, note);
		oae_sheet_tone(t, OAE_TONE_BAD);
	} else if (strcmp(outcome, "fail") == 0) {
		oae_sheet_cell(t, "fail");
		oae_sheet_note(t, "worse than the baseline by more than the"
				  " margin");
		oae_sheet_tone(t, OAE_TONE_BAD);
	} else if (strcmp(outcome, "unproven") == 0 ||
		   strcmp(floor, "unproven") == 0) {
		oae_sheet_cell(t, "unproven");
		oae_number_plain(number, needed);
		snprintf(note, sizeof(note), "too few items to tell%s%s%s",
			 isnan(needed) ? "" : ": about ",
			 isnan(needed) ? "" : number,
			 isnan(needed) ? "" : " would decide");
		oae_sheet_note(t, note);
		oae_sheet_tone(t, OAE_TONE_OPEN);
	} else {
		oae_sheet_cell(t, cJSON_IsTrue(lossless) ? "pass, identical" :
							   "pass");
		oae_sheet_tone(t, OAE_TONE_GOOD);
	}
}

static void put_quality(struct oae_sheet *t, const cJSON *quality)
{
	double score = oae_view_num(quality, "score");
	double correct = oae_view_num(quality, "correct");
	double n = oae_view_num(quality, "n");
	const char *reason = oae_view_str(quality, "reason");
	char text[OAE_NUMBER_TEXT];

	if (isnan(score)) {
		oae_sheet_missing(
			t,
			*reason ? reason :
				  "free text: no right answer to compare with");
		return;
	}
	oae_number_plain(text, score);
	if (isnan(correct) || isnan(n))
		oae_sheet_cell(t, "%s", text);
	else
		oae_sheet_cell(t, "%s (%.0f/%.0f)", text, correct, n);
}

/* Measured if there was a meter, else the estimate, said so. */
static void put_joules(struct oae_sheet *t, const cJSON *joules)
{
	struct oae_value measured = oae_view_value(joules, "measured");
	struct oae_value estimate = oae_view_value(joules, "estimated");
	const struct oae_value *v = measured.has ? &measured : &estimate;
	char text[OAE_NUMBER_TEXT], remark[400];

	if (!v->has) {
		oae_sheet_missing(t, v->reason ? v->reason : measured.reason);
		return;
	}
	oae_number_joules(text, v->value);
	oae_sheet_cell(t, "%s (%c)", text,
		       measured.has ? 'M' :
				      oae_view_class_letter(estimate.class));
	if (measured.has)
		return;
	snprintf(remark, sizeof(remark),
		 "No joules were measured (%.200s); (E) is an estimate from"
		 " CPU time, above idle, with its range in systems.csv.",
		 measured.reason ? measured.reason : "no meter");
	oae_sheet_remark(t, remark);
}

/* A percentile in ms at "ttft_ms.p90", or why there is none. */
static void put_percentile(struct oae_sheet *t, const cJSON *w,
			   const char *path)
{
	const char *why = "no request finished";
	char n[OAE_LABEL_BYTES];

	snprintf(n, sizeof(n), "%.*s.n", (int)strcspn(path, "."), path);
	if (oae_view_num(w, n) > 0)
		why = "too few requests for this percentile";
	else if (oae_view_num(w, "ok") > 0)
		why = "answers had one token";
	put_number(t, oae_view_num(w, path) / 1e3, oae_number_seconds, why);
}

static void measured_row(struct oae_sheet *t, const char *label,
			 const cJSON *system, const cJSON *w)
{
	bool baseline = cJSON_IsTrue(oae_view_at(system, "baseline"));
	const cJSON *quality = oae_view_at(w, "quality");
	struct oae_value s = oae_view_value(w, "s_per_request");

	oae_sheet_cell(t, "%s%s", label, baseline ? " (B)" : "");
	oae_sheet_cell(t, "%s", oae_view_str(w, "workload"));
	put_quality(t, quality);
	put_gate(t, quality);
	put_percentile(t, w, "ttft_ms.median");
	put_percentile(t, w, "tpot_ms.median");
	put_number(t, s.has ? s.value : NAN, oae_number_seconds,
		   s.reason ? s.reason : "no request finished");
	put_joules(t, oae_view_at(w, "joules_per_request"));
	oae_remark_steady(t, label, w);
}

typedef void row_fn(struct oae_sheet *t, const char *label, const cJSON *system,
		    const cJSON *workload);

static void each_workload(const struct oae_report *r, struct oae_sheet *t,
			  row_fn *row)
{
	char label[OAE_LABEL_BYTES];
	const cJSON *s, *w;
	size_t i;

	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			oae_view_label(r, &r->runs[i], oae_view_str(s, "id"),
				       label);
			cJSON_ArrayForEach(
				w, oae_view_at(s, "measured.by_workload"))
				row(t, label, s, w);
		}
}

/* What measured joules cover, and what speaks against them. */
static void remark_energy(struct oae_sheet *t, const struct oae_report_run *run)
{
	const cJSON *e = oae_view_at(run->json, "energy"), *x, *s, *w;
	char text[400], covers[64] = "";
	double drifted = 0;

	cJSON_ArrayForEach(x, oae_view_at(e, "covers"))
		if (cJSON_IsString(x))
			snprintf(covers + strlen(covers),
				 sizeof(covers) - strlen(covers), "%s%.8s",
				 *covers ? " + " : "", x->valuestring);
	if (!*covers)
		return;
	cJSON_ArrayForEach(s, oae_view_systems(run))
		cJSON_ArrayForEach(w, oae_view_at(s, "measured.by_workload")) {
			double n = oae_view_num(
				w, "energy_per_request.drifted_runs");

			drifted += n > 0 ? n : 0;
		}
	snprintf(text, sizeof(text),
		 "Measured joules are those of %s above idle.", covers);
	oae_sheet_remark(t, text);
	if (drifted > 0) {
		snprintf(text, sizeof(text),
			 "Idle power moved by more than 5 %% between the"
			 " beginning and the end of %.0f run%s.",
			 drifted, drifted == 1 ? "" : "s");
		oae_sheet_remark(t, text);
	}
	cJSON_ArrayForEach(x, oae_view_at(e, "cross_checks")) {
		if (!cJSON_IsFalse(oae_view_at(x, "agree")))
			continue;
		snprintf(text, sizeof(text),
			 "Two meters of one thing (%.8s) disagree: %.32s says"
			 " %.2f times what %.32s says, which counts.",
			 oae_view_str(x, "covers"), oae_view_str(x, "other"),
			 oae_view_num(x, "ratio"), oae_view_str(x, "counts"));
		oae_sheet_remark(t, text);
	}
}

void oae_section_measured(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = { "system",	  "workload", "quality",
					     "gate",	  "TTFT",     "TPOT",
					     "s/request", "J/request" };

	oae_sheet_init(t,
		       "Measured (B: the baseline; TTFT and TPOT: medians;"
		       " J/request with its class: M measured, E estimated)");
	oae_sheet_columns(t, heads, "llrlrrrr");
	each_workload(r, t, measured_row);
	for (size_t i = 0; i < r->n_runs; i++) {
		remark_energy(t, &r->runs[i]);
		oae_remark_stopping(t, &r->runs[i]);
	}
	oae_section_harness(r, t);
}

static void detail_row(struct oae_sheet *t, const char *label,
		       const cJSON *system, const cJSON *w)
{
	static const char *const paths[] = { "ttft_ms.p90", "ttft_ms.p99",
					     "tpot_ms.p90", "e2el_ms.median",
					     "e2el_ms.p90", "e2el_ms.p99" };
	double ok = oae_view_num(w, "ok"), all = oae_view_num(w, "requests");
	struct oae_value memory = oae_view_value(w, "peak_memory_bytes");
	struct oae_value rate = oae_view_value(w, "tokens_per_s");
	struct oae_value accepted = oae_view_value(w, "acceptance_rate");
	size_t i;

	(void)system;
	oae_sheet_cell(t, "%s", label);
	oae_sheet_cell(t, "%s", oae_view_str(w, "workload"));
	oae_sheet_cell(t, "%.0f/%.0f", ok, all);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		put_percentile(t, w, paths[i]);
	put_number(t, rate.has ? rate.value : NAN, oae_number_plain,
		   rate.reason);
	put_number(t, accepted.has ? accepted.value : NAN, oae_number_plain,
		   accepted.reason ? accepted.reason : "drafts nothing");
	put_number(t, memory.has ? memory.value : NAN, oae_number_bytes,
		   memory.reason);
}

void oae_section_detail(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",   "workload", "requests finished", "TTFT p90",
		"TTFT p99", "TPOT p90", "E2EL median",	     "E2EL p90",
		"E2EL p99", "tokens/s", "drafts accepted",   "peak memory"
	};

	oae_sheet_init(t, "Tails, throughput and memory (E2EL: from due to"
			  " the last token)");
	oae_sheet_columns(t, heads, "llrrrrrrrrrr");
	each_workload(r, t, detail_row);
}
