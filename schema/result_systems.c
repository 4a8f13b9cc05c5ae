/* SPDX-License-Identifier: Apache-2.0 */
/* "systems" of the result: what was measured of each. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/result_internal.h"

#define JOULES_PER_KWH 3.6e6

/* One value of each run of a cell. */
typedef double run_fn(const struct oae_cell_run *r);

static double run_s(const struct oae_cell_run *r)
{
	return r->s;
}

static double run_cpu(const struct oae_cell_run *r)
{
	return r->cpu_s;
}

static double run_joules(const struct oae_cell_run *r)
{
	return r->e_measured * JOULES_PER_KWH;
}

static double run_estimate(const struct oae_cell_run *r)
{
	return r->e_estimated * JOULES_PER_KWH;
}

static double run_g(const struct oae_cell_run *r)
{
	return r->g[0];
}

static struct oae_interval over_runs(const struct oae_score *s,
				     const struct oae_cell *c, run_fn *fn)
{
	struct oae_interval none = { NAN, NAN, NAN }, i;
	double *x = calloc(c->run_count + 1, sizeof(*x));

	if (!x)
		return none;
	for (size_t k = 0; k < c->run_count; k++)
		x[k] = fn(&c->runs[k]);
	i = c->run_count ? oae_mean_interval(x, c->run_count, s->level) : none;
	free(x);
	return i;
}

void oae_result_amount(struct oae_jw *w, const char *key, struct oae_interval i,
		       const char *unit, const char *reason)
{
	if (isnan(i.mid)) {
		oae_result_missing(w, key, reason);
		return;
	}
	oae_jw_obj(w, key);
	oae_jw_num(w, "value", i.mid);
	oae_jw_num(w, "low", i.low);
	oae_jw_num(w, "high", i.high);
	oae_jw_str(w, "unit", unit);
	oae_jw_str(w, "class", "measured");
	oae_jw_end_obj(w);
}

static void write_joules(struct oae_jw *w, const struct oae_score *s,
			 const struct oae_cell *c)
{
	struct oae_interval measured = over_runs(s, c, run_joules);
	struct oae_interval e = over_runs(s, c, run_estimate);
	double low = s->dynamic_w.low / s->dynamic_w.mid;
	double high = s->dynamic_w.high / s->dynamic_w.mid;

	oae_jw_obj(w, "joules_per_request");
	oae_jw_str(w, "scope", "above idle");
	oae_result_amount(w, "measured", measured, "J",
			  oae_result_no_energy(c));
	if (isnan(e.mid) || !(s->dynamic_w.mid > 0)) {
		oae_result_missing(w, "estimated", "no CPU time");
	} else {
		oae_jw_obj(w, "estimated");
		oae_jw_num(w, "value", e.mid);
		oae_jw_num(w, "low", (isnan(e.low) ? e.mid : e.low) * low);
		oae_jw_num(w, "high", (isnan(e.high) ? e.mid : e.high) * high);
		oae_jw_str(w, "unit", "J");
		oae_jw_str(w, "class", "estimated");
		oae_jw_str(w, "source", s->dynamic_w.source);
		oae_jw_end_obj(w);
	}
	oae_jw_end_obj(w);
}

static void write_tail(struct oae_jw *w, const char *key, double v)
{
	if (isnan(v))
		oae_result_missing(w, key, "insufficient");
	else
		oae_jw_num(w, key, v);
}

void oae_result_latency(struct oae_jw *w, const char *key,
			const struct oae_distribution *d)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "mean", d->mean);
	write_tail(w, "median", d->median);
	oae_jw_num(w, "std", d->std);
	write_tail(w, "p90", d->p90);
	write_tail(w, "p95", d->p95);
	write_tail(w, "p99", d->p99);
	oae_jw_int(w, "n", (int64_t)d->n);
	oae_jw_str(w, "class", "measured");
	oae_jw_end_obj(w);
}

static enum oae_status write_latencies(struct oae_jw *w,
				       const struct oae_cell *c,
				       struct oae_error *err)
{
	struct oae_distribution d[OAE_LATENCIES];
	enum oae_status status = OAE_OK;

	for (int l = 0; l < OAE_LATENCIES && !status; l++)
		status = oae_cell_latency(c, (enum oae_latency)l, &d[l], err);
	if (status)
		return status;
	for (int l = 0; l < OAE_LATENCIES; l++)
		oae_result_latency(w, oae_latency_name((enum oae_latency)l),
				   &d[l]);
	oae_jw_obj(w, "ecdf");
	for (int l = 0; l < OAE_LATENCIES; l++) {
		oae_jw_arr(w, oae_latency_name((enum oae_latency)l));
		for (size_t i = 0; i < d[l].ecdf_count; i++)
			oae_jw_num(w, NULL, d[l].ecdf[i]);
		oae_jw_end_arr(w);
	}
	oae_jw_end_obj(w);
	return OAE_OK;
}

/* Where the adapter told it (spec §15.8). */
static void write_drafting(struct oae_jw *w, const struct oae_drafting *d,
			   double drafted, double accepted)
{
	const struct oae_drafting_sums sums = {
		.rounds = (double)d->rounds,
		.drafted = drafted,
		.judged = (double)d->judged,
		.accepted = accepted,
		.tokens = accepted + (double)d->rounds,
		.plain_steps = (double)d->plain_steps,
		.draft = (double)d->draft_us,
		.catch_up = (double)d->catch_up_us,
		.verify = (double)d->verify_us,
		.plain = (double)d->plain_us,
	};
	struct oae_drafting_figures f;

	if (!oae_drafting_any(d))
		return;
	oae_drafting_figures(
		&sums,
		sums.plain_steps > 0 ? sums.plain / sums.plain_steps : NAN, &f);
	oae_jw_obj(w, "drafting");
	oae_jw_num(w, "rounds", sums.rounds);
	oae_jw_num(w, "plain_steps", sums.plain_steps);
	oae_jw_num(w, "alpha", f.alpha);
	oae_jw_num(w, "gamma", f.gamma);
	oae_jw_num(w, "c", f.c);
	oae_jw_num(w, "v", f.v);
	oae_jw_num(w, "tokens_per_round", f.tokens_per_round);
	oae_jw_num(w, "factor_predicted", f.predicted);
	oae_jw_num(w, "speedup", f.speedup);
	oae_jw_end_obj(w);
}

static void write_tokens(struct oae_jw *w, const struct oae_cell *c)
{
	double in = 0, out = 0, drafted = 0, accepted = 0, busy = 0;
	double reused = 0;
	double n = (double)c->ok_count;
	struct oae_drafting drafting = { 0 };

	for (size_t i = 0; i < c->run_count; i++)
		busy += c->runs[i].s * (double)c->runs[i].samples;
	for (size_t i = 0; i < c->sample_count; i++) {
		const struct oae_sample *s = c->samples[i];

		if (s->outcome != OAE_OUTCOME_OK)
			continue;
		in += (double)s->tokens_in;
		out += (double)s->tokens_out;
		drafted += (double)s->drafted;
		accepted += (double)s->accepted;
		reused += (double)s->reused;
		oae_drafting_add(&drafting, &s->drafting);
	}
	oae_jw_num(w, "tokens_per_s", busy > 0 ? out / busy : NAN);
	oae_jw_num(w, "tokens_in_mean", n > 0 ? in / n : NAN);
	oae_jw_num(w, "tokens_out_mean", n > 0 ? out / n : NAN);
	oae_jw_num(w, "drafted", drafted);
	oae_jw_num(w, "accepted", accepted);
	oae_jw_num(w, "acceptance_rate",
		   drafted > 0 ? accepted / drafted : NAN);
	write_drafting(w, &drafting, drafted, accepted);
	if (reused > 0)
		oae_jw_num(w, "reused_share", reused / in);
}

static void write_memory(struct oae_jw *w, const struct oae_cell *c)
{
	uint64_t peak = 0;
	const char *method = NULL;

	for (size_t i = 0; i < c->run_count; i++)
		if (c->runs[i].run->peak_memory_bytes > peak) {
			peak = c->runs[i].run->peak_memory_bytes;
			method = c->runs[i].run->peak_memory_method;
		}
	if (peak == 0) {
		oae_result_missing(w, "peak_memory_bytes", "not sampled");
		return;
	}
	oae_jw_obj(w, "peak_memory_bytes");
	oae_jw_int(w, "value", (int64_t)peak);
	oae_jw_str(w, "method", method);
	oae_jw_str(w, "class", "measured");
	oae_jw_end_obj(w);
}

static void write_g(struct oae_jw *w, const struct oae_score *s,
		    const struct oae_cell *c)
{
	struct oae_interval g = over_runs(s, c, run_g);
	double right = 0, planned = 0;

	for (size_t i = 0; i < c->run_count; i++) {
		right += (double)c->runs[i].right;
		planned += (double)c->runs[i].planned;
	}
	oae_jw_num(w, "accepted_share", planned > 0 ? right / planned : NAN);
	if (s->profile_count == 0 || c->run_count == 0) {
		oae_result_missing(w, "g",
				   s->profile_count ? "no run" : "no profile");
	} else {
		oae_jw_obj(w, "g");
		oae_jw_num(w, "value", g.mid);
		oae_jw_num(w, "low", isnan(g.low) ? NAN : fmax(0, g.low));
		oae_jw_num(w, "high", isnan(g.high) ? NAN : fmin(1, g.high));
		oae_jw_int(w, "n", (int64_t)c->run_count);
		oae_jw_str(w, "profile", s->profiles[0].id);
		oae_jw_str(w, "class", "measured");
		oae_jw_end_obj(w);
	}
	oae_jw_obj(w, "within_slo");
	for (size_t p = 0; p < s->profile_count; p++) {
		double sum = 0;

		for (size_t i = 0; i < c->run_count; i++)
			sum += c->runs[i].g[p];
		oae_jw_num(w, s->profiles[p].id,
			   c->run_count ? sum / (double)c->run_count : NAN);
	}
	oae_jw_end_obj(w);
}

static void write_lossless(struct oae_jw *w, const struct oae_quality *q)
{
	if (q->lossless == OAE_LOSSLESS_HELD)
		oae_jw_bool(w, "lossless", true);
	else if (q->lossless == OAE_LOSSLESS_BROKEN)
		oae_jw_bool(w, "lossless", false);
	else
		oae_jw_null(w, "lossless");
}

static enum oae_status write_quality(struct oae_jw *w, struct oae_score *s,
				     size_t system, size_t workload,
				     struct oae_error *err)
{
	const struct oae_cell *c = oae_score_cell(s, system, workload);
	struct oae_range margin;
	struct oae_quality q;
	enum oae_status status =
		oae_table_get(&s->tables.defaults, "margin", &margin, err);

	if (s->profile_count)
		margin.mid = s->profiles[0].margin;
	if (!status)
		status = oae_quality_of(s, system, workload,
					s->workloads[workload].floor,
					margin.mid, &q, err);
	if (status)
		return status;
	oae_jw_obj(w, "quality");
	oae_jw_str(w, "judge", c->judge);
	oae_jw_num(w, "score",
		   q.n && !q.unjudged ? (double)q.correct / (double)q.n : NAN);
	if (q.unjudged)
		oae_jw_str(w, "reason", "free text: no right answer given");
	oae_jw_int(w, "n", (int64_t)q.n);
	oae_jw_int(w, "correct", (int64_t)q.correct);
	oae_jw_num(w, "floor", q.floor);
	oae_jw_str(w, "floor_outcome", oae_gate_name(q.floor_outcome));
	oae_jw_num(w, "difference_to_baseline", q.difference);
	oae_jw_num(w, "lower_bound", q.lower);
	oae_jw_num(w, "margin", q.margin);
	oae_jw_str(w, "outcome", oae_gate_name(q.outcome));
	oae_jw_num(w, "items_needed", q.needed > 0 ? q.needed : NAN);
	write_lossless(w, &q);
	oae_jw_end_obj(w);
	return OAE_OK;
}

static enum oae_status write_cell(struct oae_jw *w, struct oae_score *s,
				  size_t system, size_t workload,
				  struct oae_error *err)
{
	const struct oae_cell *c = oae_score_cell(s, system, workload);
	enum oae_status status;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "workload", s->workloads[workload].id);
	oae_jw_int(w, "requests", (int64_t)c->sample_count);
	oae_jw_int(w, "ok", (int64_t)c->ok_count);
	status = write_latencies(w, c, err);
	if (!status)
		status = oae_result_steady(w, s, c, err);
	if (status)
		return status;
	oae_result_amount(w, "s_per_request", over_runs(s, c, run_s), "s",
			  "no run");
	oae_result_amount(w, "cpu_s_per_request", over_runs(s, c, run_cpu), "s",
			  "no CPU time was read");
	write_joules(w, s, c);
	oae_result_energy_account(w, c);
	write_memory(w, c);
	write_tokens(w, c);
	status = oae_result_counters(w, c, err);
	if (status)
		return status;
	write_g(w, s, c);
	status = write_quality(w, s, system, workload, err);
	oae_jw_end_obj(w);
	return status;
}

/* Why runs did not finish, each reason once. */
static void write_runs(struct oae_jw *w, const struct oae_score *s,
		       const struct oae_score_system *x)
{
	const char *seen[8];
	size_t n = 0;

	oae_jw_obj(w, "runs");
	oae_jw_int(w, "planned", (int64_t)x->planned);
	oae_jw_int(w, "ok", (int64_t)x->ok);
	oae_jw_int(w, "failed", (int64_t)x->failed);
	oae_jw_arr(w, "reasons");
	for (size_t i = 0; i < s->records.run_count && n < 8; i++) {
		const struct oae_run_record *r = &s->records.runs[i];
		const char *why = r->reason;
		size_t k = 0;

		if (strcmp(r->system, x->id) != 0 || !oae_run_is_nominal(r) ||
		    (r->status && strcmp(r->status, "ok") == 0))
			continue;
		if (!why)
			why = r->ended ? "no reason was given" :
					 "it was cut off";
		while (k < n && strcmp(seen[k], why) != 0)
			k++;
		if (k < n)
			continue;
		seen[n++] = why;
		oae_jw_str(w, NULL, why);
	}
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

/* Median over runs of spawn to ready plus the first request's first token. */
static double first_token_s(const struct oae_score *s,
			    const struct oae_score_system *x)
{
	double *v = calloc(s->records.run_count + 1, sizeof(*v)), median;
	size_t n = 0;

	if (!v)
		return NAN;
	for (size_t i = 0; i < s->records.run_count; i++) {
		const struct oae_run_record *r = &s->records.runs[i];

		if (strcmp(r->system, x->id) == 0 && r->ready &&
		    r->warm_ttft_ns && oae_run_is_nominal(r))
			v[n++] = (double)(r->setup_ns + r->warm_ttft_ns) * 1e-9;
	}
	median = oae_median(v, n);
	free(v);
	return median;
}

/* What adoption took the machine, and which entries of the ledger it is. */
static void write_transcript(struct oae_jw *w, const struct oae_score_system *x)
{
	const cJSON *entry;

	oae_jw_obj(w, "transcript");
	oae_transcript_summary(w, &x->transcript);
	oae_jw_bool(w, "same_cpu", !x->other_cpu);
	oae_jw_arr(w, "replaces");
	cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(
					  x->ledger.tree, "entries")) {
		const char *id = oae_json_str_or(entry, "id", "");
		struct oae_ledger_entry e = { .id = id,
					      .kind = OAE_LEDGER_MACHINE };

		if (strcmp(oae_json_str_or(entry, "kind", ""), "machine") ==
			    0 &&
		    oae_ledger_is_steps(&e))
			oae_jw_str(w, NULL, id);
	}
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

static void write_copied(struct oae_jw *w, const cJSON *json, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(json, key);

	if (v)
		oae_jw_value(w, key, v);
	else
		oae_jw_null(w, key);
}

static enum oae_status write_system(struct oae_jw *w, struct oae_score *s,
				    size_t i, struct oae_error *err)
{
	const struct oae_score_system *x = &s->systems[i];
	const cJSON *ready =
		cJSON_GetObjectItemCaseSensitive(s->records.ready, x->id);
	enum oae_status status = OAE_OK;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "id", x->id);
	write_copied(w, x->json, "title");
	oae_jw_str(w, "kind", x->kind);
	oae_jw_bool(w, "baseline", i == s->baseline);
	oae_jw_str(w, "lossless_of", x->lossless_of);
	write_copied(w, x->json, "knobs");
	write_copied(w, x->json, "models");
	write_copied(w, x->json, "binary_sha256");
	if (ready)
		oae_jw_value(w, "adapter", ready);
	else
		oae_jw_null(w, "adapter");
	write_runs(w, s, x);
	oae_jw_obj(w, "measured");
	oae_jw_arr(w, "by_workload");
	for (size_t k = 0; s->headline && k < s->workload_count && !status; k++)
		status = write_cell(w, s, i, k, err);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
	oae_jw_obj(w, "setup");
	oae_jw_num(w, "first_token_s", first_token_s(s, x));
	if (x->has_transcript)
		write_transcript(w, x);
	oae_jw_end_obj(w);
	if (x->has_ledger)
		oae_jw_value(w, "ledger", x->ledger.tree);
	else
		oae_jw_null(w, "ledger");
	oae_jw_end_obj(w);
	return status;
}

enum oae_status oae_result_systems(struct oae_jw *w, struct oae_score *s,
				   struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	oae_jw_arr(w, "systems");
	for (size_t i = 0; i < s->system_count && !status; i++)
		status = write_system(w, s, i, err);
	oae_jw_end_arr(w);
	return status;
}
