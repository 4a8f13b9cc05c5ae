/* SPDX-License-Identifier: Apache-2.0 */
/* The energy members of the result: sources, cross-checks, accounts. */
#include <math.h>
#include <string.h>

#include "schema/result_internal.h"

/* ---- of the campaign --------------------------------------------------- */

static void write_cross_checks(struct oae_jw *w, const struct oae_records *r)
{
	size_t i;

	oae_jw_arr(w, "cross_checks");
	for (i = 0; i < r->cross_check_count; i++) {
		const struct oae_cross_check *x = &r->cross_checks[i];
		double ratio = x->windows ? x->b_j / x->a_j : NAN;

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "covers", oae_covers_name(x->covers));
		oae_jw_str(w, "counts", x->a);
		oae_jw_str(w, "other", x->b);
		oae_jw_int(w, "windows", (int64_t)x->windows);
		oae_jw_num(w, "counts_j", x->windows ? x->a_j : NAN);
		oae_jw_num(w, "other_j", x->windows ? x->b_j : NAN);
		oae_jw_num(w, "ratio", ratio);
		if (isnan(ratio))
			oae_jw_null(w, "agree");
		else
			oae_jw_bool(w, "agree",
				    fabs(ratio - 1) <= OAE_SOURCES_RATIO_MAX);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

void oae_result_energy(struct oae_jw *w, const struct oae_score *s)
{
	const struct oae_records *r = &s->records;
	const char *why = "no run";
	const cJSON *source;
	bool any = false;

	if (r->run_count)
		why = r->runs[0].no_meter ? r->runs[0].no_meter : NULL;
	oae_jw_obj(w, "energy");
	oae_jw_arr(w, "covers");
	cJSON_ArrayForEach(source, r->sources) {
		if (strcmp(oae_json_str_or(source, "state", ""), "counts") != 0)
			continue;
		oae_jw_str(w, NULL, oae_json_str_or(source, "covers", NULL));
		any = true;
	}
	oae_jw_end_arr(w);
	oae_jw_str(w, "reason", any ? NULL : why);
	if (r->sources) {
		oae_jw_value(w, "sources", r->sources);
	} else {
		oae_jw_arr(w, "sources");
		oae_jw_end_arr(w);
	}
	oae_jw_int(w, "runs_with_other_sources", (int64_t)r->other_sources);
	write_cross_checks(w, r);
	oae_jw_end_obj(w);
}

/* ---- of one system on one workload ------------------------------------- */

typedef double account_fn(const struct oae_run_record *r);

static double total(const struct oae_run_record *r)
{
	return r->energy.total_j / (double)r->metered_samples;
}

static double idle(const struct oae_run_record *r)
{
	return r->energy.idle_j / (double)r->metered_samples;
}

static double dynamic(const struct oae_run_record *r)
{
	return r->energy.dynamic_j / (double)r->metered_samples;
}

static double adapter(const struct oae_run_record *r)
{
	return r->energy.adapter_j / (double)r->metered_samples;
}

static double harness(const struct oae_run_record *r)
{
	return r->energy.harness_j / (double)r->metered_samples;
}

static double others(const struct oae_run_record *r)
{
	return r->energy.others_j / (double)r->metered_samples;
}

static double unattributed(const struct oae_run_record *r)
{
	return r->energy.unattributed_j / (double)r->metered_samples;
}

static double idle_before(const struct oae_run_record *r)
{
	return r->idle_before_w;
}

static double idle_after(const struct oae_run_record *r)
{
	return r->idle_after_w;
}

/* Mean over runs; one run without the value spoils it. */
static double mean(const struct oae_cell *c, account_fn *fn)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < c->run_count; i++)
		sum += fn(c->runs[i].run);
	return c->run_count ? sum / (double)c->run_count : NAN;
}

const char *oae_result_no_energy(const struct oae_cell *c)
{
	size_t i;

	for (i = 0; i < c->run_count; i++) {
		const struct oae_run_record *r = c->runs[i].run;

		if (r->no_meter || r->no_energy)
			return r->no_meter ? r->no_meter : r->no_energy;
	}
	return c->run_count ? "its resource use is unknown" : "no run";
}

void oae_result_energy_account(struct oae_jw *w, const struct oae_cell *c)
{
	static const struct {
		const char *key;
		account_fn *fn;
	} members[] = {
		{ "total_j", total },
		{ "idle_j", idle },
		{ "dynamic_j", dynamic },
		{ "adapter_j", adapter },
		{ "harness_j", harness },
		{ "others_j", others },
		{ "unattributed_j", unattributed },
		{ "idle_before_w", idle_before },
		{ "idle_after_w", idle_after },
	};
	size_t i, drifted = 0;
	double drift = NAN;

	for (i = 0; i < c->run_count; i++) {
		const struct oae_energy_account *a = &c->runs[i].run->energy;

		drifted += a->drifted;
		if (!(fabs(drift) >= fabs(a->drift)))
			drift = a->drift;
	}
	oae_jw_obj(w, "energy_per_request");
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		oae_jw_num(w, members[i].key, mean(c, members[i].fn));
	oae_jw_num(w, "idle_drift_max", drift);
	oae_jw_int(w, "drifted_runs", (int64_t)drifted);
	oae_jw_str(w, "class", isnan(mean(c, total)) ? NULL : "measured");
	/* CPU time as the key is a model. */
	oae_jw_str(w, "attribution_class",
		   isnan(mean(c, adapter)) ? NULL : "estimated");
	oae_jw_str(w, "reason",
		   isnan(mean(c, dynamic)) ? oae_result_no_energy(c) : NULL);
	oae_jw_end_obj(w);
}
