/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/run_lines.h"

#include <math.h>

#include "base/clock.h"
#include "harness/sensors/source.h"
#include "schema/counters.h"

static void channel(struct oae_jw *w, const struct oae_channel *c,
		    const char *sensor)
{
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "name", c->name);
	oae_jw_str(w, "sensor", sensor);
	oae_jw_str(w, "unit", c->unit);
	oae_jw_str(w, "scope", c->scope == OAE_SCOPE_TREE ? "tree" : "machine");
	oae_jw_num(w, "scale", c->scale);
	oae_jw_u64s(w, "wrap", c->wrap);
	oae_jw_str(w, "evidence", oae_evidence_name(c->evidence));
	if (c->covers) {
		oae_jw_str(w, "covers", oae_covers_name(c->covers));
		oae_jw_bool(w, "chosen", c->chosen);
		oae_jw_num(w, "rate_max", c->rate_max);
		oae_jw_u64s(w, "update_ns", c->update_ns);
	}
	oae_jw_str(w, "reason", c->reason[0] ? c->reason : NULL);
	oae_jw_end_obj(w);
}

/* The table of meters: what serves, and why the others do not. */
static void sources(struct oae_jw *w, const struct oae_sensors *sensors)
{
	struct oae_source s[OAE_SOURCES_MAX];
	size_t n = oae_sources_table(sensors, s), i;

	oae_jw_arr(w, "sources");
	for (i = 0; i < n; i++)
		oae_source_write(w, &s[i]);
	oae_jw_end_arr(w);
}

/* How requests come; also what makes one a good one. */
static void load(struct oae_jw *w, const struct oae_run *r,
		 uint64_t due_from_ns)
{
	const struct oae_load_plan *p = &r->load;
	const struct oae_arrivals *a = &p->arrivals;

	oae_jw_obj(w, "load");
	oae_jw_str(w, "arrivals", p->arrivals_text);
	oae_jw_num(w, "rate_per_s", a->rate_per_s > 0 ? a->rate_per_s : NAN);
	oae_jw_num(w, "offered_per_s", r->offered_per_s);
	oae_jw_num(w, "think_s", a->think_s);
	oae_jw_int(w, "samples_per_query", a->batch > 1 ? a->batch : 1);
	oae_jw_int(w, "concurrency", p->concurrency);
	oae_jw_str(w, "schedule_sha256", r->schedule[0] ? r->schedule : NULL);
	oae_jw_u64s(w, "due_from_ns", due_from_ns);
	oae_slo_write(w, "slo", &p->slo);
	if (p->has_goodput)
		oae_slo_write(w, "goodput", &p->goodput);
	oae_jw_end_obj(w);
}

void oae_line_run(struct oae_jw *w, const struct oae_run *r,
		  const struct oae_sensors *sensors,
		  const struct oae_sandbox *sandbox, uint64_t t0_ns,
		  uint64_t due_from_ns)
{
	char utc[OAE_UTC_TEXT];
	const char *sensor;
	size_t i;

	oae_clock_utc(utc);
	oae_jw_int(w, "run", (int64_t)r->id);
	oae_jw_str(w, "system", r->system);
	oae_jw_str(w, "workload", r->workload);
	oae_jw_str(w, "condition", r->condition);
	oae_jw_str(w, "scenario", r->scenario);
	oae_jw_int(w, "block", (int64_t)r->block);
	oae_jw_int(w, "rep", (int64_t)r->rep);
	oae_jw_u64s(w, "seed", r->seed);
	oae_jw_int(w, "segment", r->segment);
	oae_jw_str(w, "purpose", r->purpose);
	if (r->shape) {
		oae_jw_str(w, "shape", r->shape);
		oae_jw_str(w, "quant", r->quant);
		oae_jw_int(w, "tokens_in", r->tokens_in);
		oae_jw_int(w, "tokens_out", r->tokens_out);
	}
	load(w, r, due_from_ns);
	oae_jw_str(w, "utc", utc);
	oae_jw_u64s(w, "t0_ns", t0_ns);
	oae_sandbox_write_set(sandbox, w);
	oae_jw_arr(w, "items");
	for (i = 0; i < r->count; i++)
		oae_jw_str(w, NULL, r->requests[i].item);
	oae_jw_end_arr(w);
	oae_jw_arr(w, "channels");
	for (i = 0; i < sensors->channel_count; i++) {
		const struct oae_channel *c =
			oae_sensors_channel(sensors, i, &sensor);

		channel(w, c, sensor);
	}
	oae_jw_end_arr(w);
	sources(w, sensors);
	oae_jw_str(w, "no_meter",
		   sensors->no_meter[0] ? sensors->no_meter : NULL);
}

static void token_times(struct oae_jw *w, const struct oae_flight *f,
			uint64_t t0_ns)
{
	size_t i;

	oae_jw_arr(w, "token_ns");
	for (i = 0; i < f->token_count; i++)
		oae_jw_int(w, NULL,
			   (int64_t)(f->token_ns[i] -
				     (i ? f->token_ns[i - 1] : t0_ns)));
	oae_jw_end_arr(w);
}

void oae_line_sample(struct oae_jw *w, const struct oae_run *r,
		     const struct oae_flight *f, uint64_t t0_ns,
		     enum oae_outcome outcome, const char *reason)
{
	const struct oae_request *q = f->request;

	oae_jw_int(w, "run", (int64_t)r->id);
	oae_jw_int(w, "segment", r->segment);
	oae_jw_u64s(w, "request", q->id);
	oae_jw_str(w, "item", q->item);
	oae_jw_int(w, "due_ns", (int64_t)(f->due_ns - t0_ns));
	oae_jw_int(w, "sent_ns", (int64_t)(f->sent_ns - t0_ns));
	if (f->first_ns)
		oae_jw_int(w, "first_ns", (int64_t)(f->first_ns - t0_ns));
	else
		oae_jw_null(w, "first_ns");
	oae_jw_int(w, "done_ns", (int64_t)(f->done_ns - t0_ns));
	oae_jw_int(w, "tokens_in", (int64_t)f->tokens_in);
	oae_jw_int(w, "tokens_out", (int64_t)f->tokens_out);
	oae_jw_int(w, "drafted", (int64_t)f->drafted);
	oae_jw_int(w, "accepted", (int64_t)f->accepted);
	if (f->reused)
		oae_jw_int(w, "reused", (int64_t)f->reused);
	oae_drafting_write(w, &f->drafting);
	oae_jw_str(w, "outcome", oae_outcome_name(outcome));
	oae_jw_str(w, "reason", reason);
	oae_jw_str(w, "finish", f->finish[0] ? f->finish : NULL);
	oae_jw_str(w, "answer", oae_buf_str(&f->answer));
	oae_jw_str(w, "expected", q->expected);
	oae_jw_str(w, "judge", q->judge);
	oae_jw_str(w, "group", q->group);
	token_times(w, f, t0_ns);
}

void oae_line_sensors(struct oae_jw *w, const struct oae_run *r,
		      const struct oae_sensors *sensors,
		      const struct oae_channel_value *values, uint64_t t_ns,
		      const char *phase)
{
	const char *sensor;
	size_t i;

	oae_jw_int(w, "run", (int64_t)r->id);
	oae_jw_int(w, "segment", r->segment);
	oae_jw_int(w, "t_ns", (int64_t)t_ns);
	oae_jw_str(w, "phase", phase);
	oae_jw_obj(w, "values");
	for (i = 0; i < sensors->channel_count; i++) {
		const struct oae_channel *c =
			oae_sensors_channel(sensors, i, &sensor);

		if (c->evidence == OAE_ABSENT)
			continue; /* "channels" says why */
		if (values[i].ok)
			oae_jw_int(w, c->name, (int64_t)values[i].raw);
		else
			oae_jw_null(w, c->name);
	}
	oae_jw_end_obj(w);
}

/*
 * The value of window v; that of a counter which had to share its hardware
 * is scaled up, and says so where it ran for less than 95 % of the time.
 */
static bool window_value(const struct oae_window *v, double *value,
			 double *share, const char **reason)
{
	double enabled_ns, running_ns;

	*share = 1;
	if (!oae_window_value(v, value, reason))
		return false;
	if (!v->channel->multiplexed)
		return true;
	if (!oae_window_value(v + 1, &enabled_ns, reason) ||
	    !oae_window_value(v + 2, &running_ns, reason))
		return false;
	if (!oae_counter_scale(*value, enabled_ns, running_ns, value, share)) {
		*reason = "it never ran";
		return false;
	}
	if (*share < OAE_COUNTED_SHARE_MIN)
		*reason = "multiplexed";
	return true;
}

static void measured(struct oae_jw *w, const struct oae_run_totals *t)
{
	const char *reason;
	double value, share;
	size_t i;

	oae_jw_obj(w, "measured");
	for (i = 0; i < t->window_count; i++) {
		const struct oae_window *v = &t->windows[i];

		if (v->channel->evidence == OAE_ABSENT)
			continue;
		oae_jw_obj(w, v->channel->name);
		if (window_value(v, &value, &share, &reason))
			oae_jw_num(w, "value", value);
		else
			oae_jw_null(w, "value");
		if (v->channel->multiplexed)
			oae_jw_num(w, "share", share);
		oae_jw_str(w, "reason", reason);
		oae_jw_int(w, "gaps", v->sum.gaps);
		oae_jw_int(w, "wraps", v->sum.wraps);
		oae_jw_end_obj(w);
	}
	oae_jw_end_obj(w);
}

static void requests(struct oae_jw *w, const struct oae_run *r,
		     const struct oae_run_result *result)
{
	size_t ok = r->ok_before + result->ok;
	size_t failed = r->failed_before + result->failed;

	oae_jw_obj(w, "requests");
	oae_jw_int(w, "planned", (int64_t)r->count);
	oae_jw_int(w, "ok", (int64_t)ok);
	oae_jw_int(w, "failed", (int64_t)failed);
	oae_jw_int(w, "not_sent", (int64_t)(r->count - ok - failed));
	oae_jw_end_obj(w);
}

static void process(struct oae_jw *w, const struct oae_run_totals *t)
{
	uint64_t rss = t->child->reaped ? t->child->peak_rss_bytes : 0;
	char how[96];

	if (t->child->reaped && rss) {
		oae_jw_num(w, "cpu_user_s", t->child->user_s);
		oae_jw_num(w, "cpu_system_s", t->child->system_s);
	} else {
		oae_jw_null(w, "cpu_user_s");
		oae_jw_null(w, "cpu_system_s");
	}
	if (t->result->peak_memory_bytes)
		oae_jw_int(w, "peak_memory_bytes",
			   (int64_t)t->result->peak_memory_bytes);
	else
		oae_jw_null(w, "peak_memory_bytes");
	oae_jw_str(w, "peak_memory_method", t->result->peak_memory_method);
	/* of the largest single process, exact */
	if (rss)
		oae_jw_int(w, "peak_rss_bytes", (int64_t)rss);
	else
		oae_jw_null(w, "peak_rss_bytes");
	oae_child_describe(t->child, how, sizeof(how));
	oae_jw_str(w, "exit", rss ? how : NULL);
	oae_jw_int(w, "stderr_bytes", (int64_t)t->stderr_bytes);
}

void oae_line_run_end(struct oae_jw *w, const struct oae_run *r,
		      const struct oae_run_totals *t)
{
	static const char *const names[] = {
		[OAE_RUN_OK] = "ok",
		[OAE_RUN_FAILED] = "failed",
		[OAE_RUN_INTERRUPTED] = "interrupted",
		[OAE_RUN_UNAVAILABLE] = "unavailable",
	};
	const struct oae_run_result *result = t->result;

	oae_jw_int(w, "run", (int64_t)r->id);
	oae_jw_int(w, "segment", r->segment);
	oae_jw_str(w, "status", names[result->status]);
	oae_jw_str(w, "reason", result->reason[0] ? result->reason : NULL);
	requests(w, r, result);
	oae_jw_int(w, "wall_ns", (int64_t)result->wall_ns);
	oae_jw_int(w, "measure_ns", (int64_t)result->measure_ns);
	oae_jw_int(w, "busy_ns", (int64_t)result->busy_ns);
	oae_jw_int(w, "harness_cpu_ns", (int64_t)result->harness_ns);
	oae_jw_int(w, "sensors_cpu_ns", (int64_t)result->sensors_ns);
	oae_jw_int(w, "in_flight_peak", (int64_t)result->in_flight_peak);
	oae_jw_int(w, "events", (int64_t)result->events);
	process(w, t);
	oae_sandbox_write_seen(t->sandbox, w);
	measured(w, t);
}
