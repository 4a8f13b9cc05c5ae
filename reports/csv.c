/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for spreadsheets (RFC 4180): full numbers, no units in cells. */
#include <math.h>
#include <stdlib.h>

#include "reports/pages.h"
#include "reports/sections.h"
#include "reports/text.h"

struct column {
	const char *head, *path;
};

/* Rows of a CSV file end with CR LF; *first tells the first of a row. */
static void separate(struct oae_buf *b, bool *first)
{
	if (!*first)
		oae_buf_putc(b, ',');
	*first = false;
}

static void put_text(struct oae_buf *b, bool *first, const char *s)
{
	separate(b, first);
	oae_text_csv(b, s);
}

static void put_num(struct oae_buf *b, bool *first, double v)
{
	char text[32];

	separate(b, first);
	if (isfinite(v) && oae_json_format_double(text, v) > 0)
		oae_buf_puts(b, text);
}

static void put_any(struct oae_buf *b, bool *first, const cJSON *v)
{
	/* A quantity stands for its value. */
	if (cJSON_IsObject(v))
		v = cJSON_GetObjectItemCaseSensitive(v, "value");
	if (cJSON_IsString(v))
		put_text(b, first, v->valuestring);
	else if (cJSON_IsBool(v))
		put_text(b, first, cJSON_IsTrue(v) ? "true" : "false");
	else
		put_num(b, first, cJSON_IsNumber(v) ? v->valuedouble : NAN);
}

static void put_heads(struct oae_buf *b, bool *first, const struct column *c,
		      size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		put_text(b, first, c[i].head);
}

static void put_paths(struct oae_buf *b, bool *first, const cJSON *obj,
		      const struct column *c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		put_any(b, first, oae_view_at(obj, c[i].path));
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define METRIC(m)                                               \
	{ "mean_" m, m ".mean" }, { "median_" m, m ".median" }, \
		{ "std_" m, m ".std" }, { "p90_" m, m ".p90" }, \
	{                                                       \
		"p99_" m, m ".p99"                              \
	}

static const struct column workload_columns[] = {
	{ "workload", "workload" },
	{ "requests", "requests" },
	{ "ok", "ok" },
	{ "judge", "quality.judge" },
	{ "quality", "quality.score" },
	{ "quality_items", "quality.n" },
	{ "quality_difference", "quality.difference_to_baseline" },
	{ "quality_lower_bound", "quality.lower_bound" },
	{ "gate", "quality.outcome" },
	{ "floor_outcome", "quality.floor_outcome" },
	{ "lossless", "quality.lossless" },
	METRIC("ttft_ms"),
	METRIC("tpot_ms"),
	METRIC("itl_ms"),
	METRIC("e2el_ms"),
	{ "s_per_request", "s_per_request.value" },
	{ "s_per_request_low", "s_per_request.low" },
	{ "s_per_request_high", "s_per_request.high" },
	{ "cpu_s_per_request", "cpu_s_per_request" },
	{ "measured_j_per_request", "joules_per_request.measured.value" },
	{ "estimated_j_per_request", "joules_per_request.estimated.value" },
	{ "estimated_j_per_request_low", "joules_per_request.estimated.low" },
	{ "estimated_j_per_request_high", "joules_per_request.estimated.high" },
	{ "peak_memory_bytes", "peak_memory_bytes" },
	{ "tokens_per_s", "tokens_per_s" },
	{ "tokens_in_mean", "tokens_in_mean" },
	{ "tokens_out_mean", "tokens_out_mean" },
	{ "drafted", "drafted" },
	{ "accepted", "accepted" },
	{ "acceptance_rate", "acceptance_rate" },
	{ "ipc", "counters.ipc" },
	{ "llc_misses_per_token", "counters.llc_misses_per_token" },
	{ "memory_gb_per_s", "counters.memory_gb_per_s" },
	{ "page_faults_per_request", "counters.page_faults_per_request" },
	{ "context_switches_per_request",
	  "counters.context_switches_per_request" },
	{ "counters_least_share", "counters.least_share" },
	{ "g", "g" },
};

void oae_csv_systems(const struct oae_report *r, struct oae_buf *b)
{
	const cJSON *s, *w;
	bool first = true;
	size_t i;

	put_text(b, &first, "run");
	put_text(b, &first, "system");
	put_text(b, &first, "kind");
	put_text(b, &first, "baseline");
	put_heads(b, &first, workload_columns, COUNT(workload_columns));
	oae_buf_puts(b, "\r\n");
	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i]))
			cJSON_ArrayForEach(
				w, oae_view_at(s, "measured.by_workload")) {
				first = true;
				put_text(b, &first, r->runs[i].name);
				put_any(b, &first, oae_view_at(s, "id"));
				put_any(b, &first, oae_view_at(s, "kind"));
				put_any(b, &first, oae_view_at(s, "baseline"));
				put_paths(b, &first, w, workload_columns,
					  COUNT(workload_columns));
				oae_buf_puts(b, "\r\n");
			}
}

static const struct column mode_columns[] = {
	{ "oae", "oae.value" },
	{ "oae_low", "oae.low" },
	{ "oae_high", "oae.high" },
	{ "class", "oae.class" },
	{ "no_score_because", "oae.reason" },
	{ "retrofit_oae", "retrofit_oae" },
	{ "kappa_ratio", "kappa_ratio.value" },
	{ "kappa_ratio_low", "kappa_ratio.low" },
	{ "kappa_ratio_high", "kappa_ratio.high" },
	{ "s_ratio", "s_ratio.value" },
	{ "s_ratio_low", "s_ratio.low" },
	{ "s_ratio_high", "s_ratio.high" },
	{ "affordable_hours", "affordable_hours.value" },
	{ "affordable_hours_low", "affordable_hours.low" },
	{ "affordable_hours_high", "affordable_hours.high" },
	{ "oae_drawn_low", "uncertainty.oae.low" },
	{ "oae_drawn_median", "uncertainty.oae.median" },
	{ "oae_drawn_high", "uncertainty.oae.high" },
	{ "pays_share", "uncertainty.pays_share" },
	{ "oae_bound_low", "declared_bounds.low" },
	{ "oae_bound_high", "declared_bounds.high" },
	{ "robust", "robust" },
	{ "affordable_hours_drawn_low", "uncertainty.affordable_hours.low" },
	{ "affordable_hours_drawn_high", "uncertainty.affordable_hours.high" },
	{ "declared_extra_hours_low", "declared_extra_hours.low" },
	{ "declared_extra_hours_mid", "declared_extra_hours.mid" },
	{ "declared_extra_hours_high", "declared_extra_hours.high" },
	{ "break_even_kind", "break_even.kind" },
	{ "break_even_n", "break_even.N" },
	{ "machines", "machines" },
	{ "cost_usd", "cost_usd.C" },
	{ "adoption_usd", "cost_usd.F" },
	{ "maintenance_usd", "cost_usd.HM" },
	{ "machine_usd", "cost_usd.machine" },
	{ "energy_usd", "cost_usd.energy" },
	{ "remedy_usd", "cost_usd.remedy" },
	{ "baseline_cost_usd", "baseline_cost_usd.C" },
	{ "difference_usd", "difference_usd" },
	{ "verdict", "verdict" },
	{ "sentence", "sentence" },
};

static void score_rows(const struct oae_score_view *s, void *ctx)
{
	struct oae_buf *b = ctx;
	bool first;
	int m;

	for (m = 0; m < OAE_VIEW_MODES; m++) {
		first = true;
		put_text(b, &first, s->run->name);
		put_any(b, &first, oae_view_at(s->profile, "id"));
		put_any(b, &first, oae_view_at(s->profile, "N"));
		put_text(b, &first, s->system);
		put_text(b, &first, oae_view_mode_key[m]);
		put_any(b, &first, oae_view_at(s->score, "gate.outcome"));
		put_any(b, &first, oae_view_at(s->score, "ranked"));
		put_any(b, &first, oae_view_at(s->score, "measured_share"));
		put_paths(b, &first,
			  oae_section_mode(s->score, (enum oae_view_mode)m),
			  mode_columns, COUNT(mode_columns));
		oae_buf_puts(b, "\r\n");
	}
}

void oae_csv_scores(const struct oae_report *r, struct oae_buf *b)
{
	static const char *const heads[] = { "run",    "profile",	"n",
					     "system", "mode",		"gate",
					     "ranked", "measured_share" };
	const char **ids;
	bool first = true;
	size_t i, n;

	for (i = 0; i < COUNT(heads); i++)
		put_text(b, &first, heads[i]);
	put_heads(b, &first, mode_columns, COUNT(mode_columns));
	oae_buf_puts(b, "\r\n");
	if (oae_view_profile_ids(r, &ids, &n, NULL) != OAE_OK) {
		b->status = OAE_ERR_NOMEM;
		return;
	}
	for (i = 0; i < n; i++)
		oae_section_each_score(r, ids[i], score_rows, b);
	free(ids);
}

/* One system's curve; the arrays run beside each other. */
static void curve_rows(struct oae_buf *b, const char *run, const char *profile,
		       const char *mode, const cJSON *n_list, const cJSON *c)
{
	static const char *const keys[] = { "oae", "low", "high" };
	const cJSON *at[COUNT(keys)], *n;
	bool first;
	size_t k;

	for (k = 0; k < COUNT(keys); k++) {
		const cJSON *list = oae_view_at(c, keys[k]);

		at[k] = list ? list->child : NULL;
	}
	cJSON_ArrayForEach(n, n_list) {
		first = true;
		put_text(b, &first, run);
		put_text(b, &first, profile);
		put_text(b, &first, mode);
		put_text(b, &first, c->string);
		put_any(b, &first, n);
		for (k = 0; k < COUNT(keys); k++) {
			put_any(b, &first, at[k]);
			at[k] = at[k] ? at[k]->next : NULL;
		}
		oae_buf_puts(b, "\r\n");
	}
}

void oae_csv_curve(const struct oae_report *r, struct oae_buf *b)
{
	const cJSON *p, *c, *curve;
	size_t i;
	int m;

	oae_buf_puts(b, "run,profile,mode,system,n,oae,oae_low,oae_high\r\n");
	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(p, oae_view_profiles(&r->runs[i]))
			for (m = 0; m < OAE_VIEW_MODES; m++) {
				curve = oae_view_at(p, "curve");
				cJSON_ArrayForEach(
					c, oae_view_at(curve,
						       oae_view_mode_key[m]))
					curve_rows(b, r->runs[i].name,
						   oae_view_str(p, "id"),
						   oae_view_mode_key[m],
						   oae_view_at(curve, "N"), c);
			}
}

static void latency_rows(struct oae_buf *b, const char *run, const char *system,
			 const cJSON *workload)
{
	const cJSON *list, *q;
	bool first;
	int n, i;

	cJSON_ArrayForEach(list, oae_view_at(workload, "ecdf")) {
		n = cJSON_GetArraySize(list);
		i = 0;
		cJSON_ArrayForEach(q, list) {
			first = true;
			put_text(b, &first, run);
			put_text(b, &first, system);
			put_text(b, &first, oae_view_str(workload, "workload"));
			put_text(b, &first, list->string);
			put_num(b, &first, n > 1 ? (double)i / (n - 1) : NAN);
			put_any(b, &first, q);
			oae_buf_puts(b, "\r\n");
			i++;
		}
	}
}

void oae_csv_latency(const struct oae_report *r, struct oae_buf *b)
{
	const cJSON *s, *w;
	size_t i;

	oae_buf_puts(b, "run,system,workload,metric,share,ms\r\n");
	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i]))
			cJSON_ArrayForEach(
				w, oae_view_at(s, "measured.by_workload"))
				latency_rows(b, r->runs[i].name,
					     oae_view_str(s, "id"), w);
}

static const struct column condition_columns[] = {
	{ "system", "system" },
	{ "status", "status" },
	{ "reason", "reason" },
	{ "repetitions", "repetitions" },
	{ "failed_runs", "failed_runs" },
	{ "oom_kills", "oom_kills" },
	{ "s_per_request", "s_per_request" },
	{ "kwh_per_request", "kwh_per_request" },
	{ "energy_class", "energy_class" },
	{ "g", "g" },
	{ "kappa_usd", "kappa_usd" },
	{ "oae_on_demand", "on_demand.value" },
	{ "oae_on_demand_low", "on_demand.low" },
	{ "oae_on_demand_high", "on_demand.high" },
	{ "oae_owned", "owned.value" },
	{ "oae_owned_low", "owned.low" },
	{ "oae_owned_high", "owned.high" },
};

static void condition_rows(struct oae_buf *b, const char *run,
			   const char *profile, const cJSON *cell)
{
	const cJSON *s;
	bool first;

	cJSON_ArrayForEach(s, oae_view_at(cell, "systems")) {
		first = true;
		put_text(b, &first, run);
		put_text(b, &first, profile);
		put_text(b, &first, oae_view_str(cell, "condition"));
		put_text(b, &first, oae_view_str(cell, "kind"));
		put_text(b, &first, oae_view_str(cell, "severity"));
		put_paths(b, &first, s, condition_columns,
			  COUNT(condition_columns));
		oae_buf_puts(b, "\r\n");
	}
}

void oae_csv_conditions(const struct oae_report *r, struct oae_buf *b)
{
	const cJSON *p, *c;
	bool first = false;
	size_t i;

	oae_buf_puts(b, "run,profile,condition,kind,severity");
	put_heads(b, &first, condition_columns, COUNT(condition_columns));
	oae_buf_puts(b, "\r\n");
	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(p, oae_view_profiles(&r->runs[i]))
			cJSON_ArrayForEach(c,
					   oae_view_at(p, "conditions.cells"))
				condition_rows(b, r->runs[i].name,
					       oae_view_str(p, "id"), c);
}
