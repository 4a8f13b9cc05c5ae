/* SPDX-License-Identifier: Apache-2.0 */
/* "scenarios" of the result: how each system served, as requests came. */
#include <math.h>

#include "schema/result_internal.h"
#include "schema/served.h"

static double offered(const struct oae_served_run *r, size_t slo)
{
	(void)slo;
	return r->run->load.offered_per_s;
}

static double requests(const struct oae_served_run *r, size_t slo)
{
	(void)slo;
	return (double)r->ok / r->span_s;
}

static double output(const struct oae_served_run *r, size_t slo)
{
	(void)slo;
	return r->tokens_out / r->span_s;
}

static double total(const struct oae_served_run *r, size_t slo)
{
	(void)slo;
	return (r->tokens_in + r->tokens_out) / r->span_s;
}

static double good(const struct oae_served_run *r, size_t slo)
{
	return (double)r->met[slo] / r->span_s;
}

/* Of the planned requests. */
static double good_share(const struct oae_served_run *r, size_t slo)
{
	return r->run->planned ? (double)r->met[slo] / (double)r->run->planned :
				 NAN;
}

static void write_load(struct oae_jw *w, const struct oae_served *g)
{
	const struct oae_run_record *run = g->runs[0].run;
	uint64_t peak = 0;

	for (size_t i = 0; i < g->run_count; i++)
		if (g->runs[i].run->in_flight_peak > peak)
			peak = g->runs[i].run->in_flight_peak;
	oae_jw_obj(w, "load");
	oae_jw_str(w, "arrivals", run->load.arrivals);
	oae_jw_num(w, "rate_per_s", run->load.rate_per_s);
	oae_jw_num(w, "think_s", run->load.think_s);
	oae_jw_int(w, "samples_per_query",
		   (int64_t)run->load.samples_per_query);
	oae_jw_int(w, "concurrency", (int64_t)run->load.concurrency);
	oae_jw_num(w, "adapter_in_flight",
		   run->adapter_in_flight ? (double)run->adapter_in_flight :
					    NAN);
	oae_jw_num(w, "in_flight_peak", peak ? (double)peak : NAN);
	oae_jw_end_obj(w);
}

static void write_counts(struct oae_jw *w, const struct oae_served *g)
{
	size_t planned = 0, finished = 0, ok = 0, right = 0;

	for (size_t i = 0; i < g->run_count; i++) {
		planned += g->runs[i].run->planned;
		finished += g->runs[i].count;
		ok += g->runs[i].ok;
		right += g->runs[i].right;
	}
	oae_jw_int(w, "runs", (int64_t)g->run_count);
	oae_jw_int(w, "valid_runs", (int64_t)g->valid_count);
	oae_jw_obj(w, "requests");
	oae_jw_int(w, "planned", (int64_t)planned);
	oae_jw_int(w, "finished", (int64_t)finished);
	oae_jw_int(w, "ok", (int64_t)ok);
	oae_jw_int(w, "right", (int64_t)right);
	oae_jw_end_obj(w);
}

static void write_broken(struct oae_jw *w, const struct oae_served_run *r)
{
	char text[OAE_RULE_TEXT];

	for (int i = 0; i < OAE_RUN_RULES; i++) {
		if (!r->validity.broken[i])
			continue;
		oae_validity_text(&r->validity, (enum oae_rule)i, text);
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "rule", oae_rule_id((enum oae_rule)i));
		oae_jw_int(w, "run", (int64_t)r->run->id);
		oae_jw_str(w, "text", text);
		oae_jw_end_obj(w);
	}
}

/* The worst of the runs, and what was broken. */
static void write_validity(struct oae_jw *w, const struct oae_served *g)
{
	double late = NAN, cores = NAN;
	bool valid = true;

	for (size_t i = 0; i < g->run_count; i++) {
		const struct oae_validity *v = &g->runs[i].validity;

		late = fmax(late, v->late_p99_ms / v->e2el_p50_ms);
		cores = fmax(cores, v->cores);
		valid = valid && !oae_validity_broken(v);
	}
	oae_jw_obj(w, "validity");
	oae_jw_bool(w, "valid", valid);
	oae_jw_num(w, "late_share", late);
	oae_jw_num(w, "late_share_max", OAE_LATE_SHARE_MAX);
	oae_jw_num(w, "harness_cores", cores);
	oae_jw_num(w, "harness_cores_max", OAE_HARNESS_CORES_MAX);
	oae_jw_arr(w, "broken");
	for (size_t i = 0; i < g->run_count; i++)
		write_broken(w, &g->runs[i]);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

/* Only where there was something to reuse. */
static void write_reused(struct oae_jw *w, const struct oae_served *g)
{
	double in = 0, reused = 0;

	for (size_t i = 0; i < g->run_count; i++) {
		in += g->runs[i].valid ? g->runs[i].tokens_in : 0;
		reused += g->runs[i].valid ? g->runs[i].reused : 0;
	}
	if (reused > 0)
		oae_jw_num(w, "reused_share", reused / in);
}

static void write_rates(struct oae_jw *w, const struct oae_served *g)
{
	const char *none = g->valid_count ? "no request was answered" :
					    "no valid run";

	oae_result_amount(w, "offered_per_s", oae_served_over(g, offered, 0),
			  "requests/s",
			  g->valid_count ? "no schedule: a closed loop, or all"
					   " at once" :
					   none);
	oae_result_amount(w, "requests_per_s", oae_served_over(g, requests, 0),
			  "requests/s", none);
	oae_result_amount(w, "output_tokens_per_s",
			  oae_served_over(g, output, 0), "tokens/s", none);
	oae_result_amount(w, "total_tokens_per_s", oae_served_over(g, total, 0),
			  "tokens/s", none);
	write_reused(w, g);
	oae_jw_arr(w, "goodput");
	for (size_t i = 0; i < g->slo_count; i++) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "of", g->slos[i].of);
		oae_jw_str(w, "profile", g->slos[i].profile);
		oae_slo_write(w, "slo", &g->slos[i].slo);
		oae_result_amount(w, "per_s", oae_served_over(g, good, i),
				  "requests/s", none);
		oae_jw_num(w, "share", oae_served_over(g, good_share, i).mid);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

static enum oae_status write_times(struct oae_jw *w, const struct oae_served *g,
				   struct oae_error *err)
{
	static const char from_due[] = "from_due", from_send[] = "from_send";
	static const struct {
		enum oae_served_time time;
		const char *key, *in; /* in: of this object, or NULL */
	} times[] = {
		{ OAE_SERVED_TTFT, "ttft_ms", from_due },
		{ OAE_SERVED_E2EL, "e2el_ms", from_due },
		{ OAE_SERVED_TTFT_SENT, "ttft_ms", from_send },
		{ OAE_SERVED_E2EL_SENT, "e2el_ms", from_send },
		{ OAE_SERVED_TPOT, "tpot_ms", NULL },
		{ OAE_SERVED_ITL, "itl_ms", NULL },
		{ OAE_SERVED_QUERY, "query_ms", NULL },
		{ OAE_SERVED_DISPATCH, "dispatch_ms", NULL },
		{ OAE_SERVED_LATE, "lateness_ms", NULL },
	};
	const char *open = NULL;
	struct oae_distribution d;
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		status = oae_served_time(g, times[i].time, &d, err);
		if (status)
			return status;
		if (open && open != times[i].in)
			oae_jw_end_obj(w);
		if (times[i].in && open != times[i].in)
			oae_jw_obj(w, times[i].in);
		open = times[i].in;
		oae_result_latency(w, times[i].key, &d);
	}
	return status;
}

enum oae_status oae_result_scenarios(struct oae_jw *w, struct oae_score *s,
				     struct oae_error *err)
{
	struct oae_served *g;
	size_t count;
	enum oae_status status = oae_served_read(s, &g, &count, err);

	oae_jw_arr(w, "scenarios");
	for (size_t i = 0; i < count && !status; i++) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "system", g[i].system);
		oae_jw_str(w, "workload", g[i].workload);
		oae_jw_str(w, "condition", g[i].condition);
		oae_jw_str(w, "scenario", g[i].scenario);
		write_load(w, &g[i]);
		write_counts(w, &g[i]);
		write_validity(w, &g[i]);
		write_rates(w, &g[i]);
		status = write_times(w, &g[i], err);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	return status;
}
