/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The energy of runs, computed from the journal's raw readings of every
 * meter and not from what the harness made of them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "schema/evidence.h"
#include "schema/record_internal.h"

static const char *str(const cJSON *obj, const char *key)
{
	return oae_json_str_or(obj, key, "");
}

/* Do the same sources count in both tables? */
static bool same_choice(const cJSON *a, const cJSON *b)
{
	const cJSON *x, *y;
	size_t in_a = 0, in_b = 0, in_both = 0;

	cJSON_ArrayForEach(y, b)
		in_b += strcmp(str(y, "state"), "counts") == 0;
	cJSON_ArrayForEach(x, a) {
		if (strcmp(str(x, "state"), "counts") != 0)
			continue;
		in_a++;
		cJSON_ArrayForEach(y, b)
			in_both +=
				strcmp(str(y, "state"), "counts") == 0 &&
				!strcmp(str(x, "sensor"), str(y, "sensor")) &&
				!strcmp(str(x, "covers"), str(y, "covers"));
	}
	return in_a == in_b && in_a == in_both;
}

/* Keeps the first run's table of sources for the result. */
static enum oae_status keep_sources(struct oae_record_reader *r,
				    const cJSON *line)
{
	const cJSON *sources =
		cJSON_GetObjectItemCaseSensitive(line, "sources");

	if (cJSON_GetArraySize(sources) > (int)OAE_CHANNELS_MAX)
		return oae_fail(r->err, OAE_ERR_LIMIT, 0,
				"more than %u sources", OAE_CHANNELS_MAX);
	if (r->out->sources) {
		r->out->other_sources += !same_choice(r->out->sources, sources);
		return OAE_OK;
	}
	if (!sources)
		return OAE_OK;
	r->out->sources = cJSON_Duplicate(sources, 1);
	return r->out->sources ? OAE_OK : oae_record_no_memory(r);
}

static bool take_meter(const cJSON *obj, struct oae_meter *m)
{
	const char *name = str(obj, "name"), *sensor = str(obj, "sensor");

	memset(m, 0, sizeof(*m));
	m->covers = oae_covers_parse(oae_json_str_or(obj, "covers", NULL));
	if (m->covers <= OAE_COVERS_INSIDE || strlen(name) >= sizeof(m->name) ||
	    strlen(sensor) >= sizeof(m->sensor) ||
	    strcmp(str(obj, "unit"), "uJ") != 0 ||
	    oae_evidence_parse(str(obj, "evidence")) == OAE_ABSENT)
		return false;
	memcpy(m->name, name, strlen(name) + 1);
	memcpy(m->sensor, sensor, strlen(sensor) + 1);
	m->chosen =
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(obj, "chosen"));
	m->joules = 1e-6 * oae_json_num_or(obj, "scale", 1);
	m->counter.wrap = oae_json_u64_or(obj, "wrap", 0);
	m->counter.rate_max = oae_json_num_or(obj, "rate_max", 0);
	m->counter.update_ns = oae_json_u64_or(obj, "update_ns", 0);
	return true;
}

enum oae_status oae_record_meters(struct oae_record_reader *r,
				  const cJSON *run_line)
{
	const cJSON *list =
		cJSON_GetObjectItemCaseSensitive(run_line, "channels");
	const cJSON *obj;

	r->meter_count = 0;
	if (cJSON_GetArraySize(list) > (int)OAE_CHANNELS_MAX)
		return oae_fail(r->err, OAE_ERR_LIMIT, 0,
				"more than %u channels", OAE_CHANNELS_MAX);
	cJSON_ArrayForEach(obj, list)
		if (take_meter(obj, &r->meters[r->meter_count]))
			r->meter_count++;
	return keep_sources(r, run_line);
}

void oae_record_readings(struct oae_record_reader *r, const cJSON *values,
			 const char *phase, uint64_t t_ns)
{
	bool before = strcmp(phase, "idle") == 0;
	bool after = strcmp(phase, "idle_after") == 0;
	size_t i;

	if (!before && !after && strcmp(phase, "measure") != 0)
		return;
	for (i = 0; i < r->meter_count; i++) {
		struct oae_meter *m = &r->meters[i];
		uint64_t raw = oae_json_u64_or(values, m->name, UINT64_MAX);

		oae_unwrap_add(before ? &m->before :
			       after  ? &m->after :
					&m->load,
			       &m->counter, t_ns, raw != UINT64_MAX, raw);
	}
}

/* J of one meter in one of its windows; NaN with the reason. */
static double joules(const struct oae_meter *m, const struct oae_unwrap *u,
		     uint32_t updates_min, const char **reason)
{
	const char *why = oae_unwrap_refusal(u, &m->counter, updates_min);

	/* What runs, runs on energy: idle too. */
	if (!why && u->total == 0)
		why = "phantom: it did not advance";
	if (why && !*reason)
		*reason = why;
	return why ? NAN : (double)u->total * m->joules;
}

/* W of the chosen meters (boards alone, if so) in an idle window. */
static double idle_watts(const struct oae_record_reader *r, bool after,
			 bool boards, const char **reason)
{
	double watts = 0;
	size_t i;

	for (i = 0; i < r->meter_count; i++) {
		const struct oae_meter *m = &r->meters[i];
		const struct oae_unwrap *u = after ? &m->after : &m->before;

		if (!m->chosen || (boards && m->covers != OAE_COVERS_GPU))
			continue;
		watts += joules(m, u, OAE_IDLE_UPDATES_MIN, reason) /
			 oae_unwrap_seconds(u);
	}
	return watts;
}

static double mean_known(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) ? b : a;
	return (a + b) / 2;
}

/* J of one source in the load's window; NaN when it is not whole. */
static double source_joules(const struct oae_record_reader *r,
			    const char *sensor, enum oae_covers covers)
{
	const char *why = NULL;
	double sum = 0;
	size_t i, terms = 0;

	for (i = 0; i < r->meter_count; i++) {
		const struct oae_meter *m = &r->meters[i];

		if (m->covers != covers || strcmp(m->sensor, sensor) != 0)
			continue;
		sum += joules(m, &m->load, OAE_WINDOW_UPDATES_MIN, &why);
		terms++;
	}
	return terms ? sum : NAN;
}

static struct oae_cross_check *find_cross(struct oae_records *out,
					  const struct oae_meter *a,
					  const struct oae_meter *b)
{
	struct oae_cross_check *x;
	size_t i;

	for (i = 0; i < out->cross_check_count; i++) {
		x = &out->cross_checks[i];
		if (x->covers == a->covers && !strcmp(x->a, a->sensor) &&
		    !strcmp(x->b, b->sensor))
			return x;
	}
	if (i == OAE_CROSS_CHECKS_MAX)
		return NULL;
	x = &out->cross_checks[out->cross_check_count++];
	x->covers = a->covers;
	(void)snprintf(x->a, sizeof(x->a), "%s", a->sensor);
	(void)snprintf(x->b, sizeof(x->b), "%s", b->sensor);
	return x;
}

/* The first meter of each source stands for it. */
static bool is_first(const struct oae_record_reader *r, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (r->meters[k].covers == r->meters[i].covers &&
		    !strcmp(r->meters[k].sensor, r->meters[i].sensor))
			return false;
	return true;
}

/* Every other source against the chosen one of the same thing. */
static void cross_check(struct oae_record_reader *r)
{
	struct oae_cross_check *x;
	double a_j, b_j;
	size_t a, b;

	for (a = 0; a < r->meter_count; a++) {
		if (!r->meters[a].chosen || !is_first(r, a))
			continue;
		a_j = source_joules(r, r->meters[a].sensor,
				    r->meters[a].covers);
		for (b = 0; b < r->meter_count; b++) {
			if (r->meters[b].chosen || !is_first(r, b) ||
			    r->meters[b].covers != r->meters[a].covers)
				continue;
			b_j = source_joules(r, r->meters[b].sensor,
					    r->meters[b].covers);
			x = find_cross(r->out, &r->meters[a], &r->meters[b]);
			if (!x || isnan(a_j) || isnan(b_j))
				continue;
			x->a_j += a_j;
			x->b_j += b_j;
			x->windows++;
		}
	}
}

/* The load's window: what was metered, and who was busy meanwhile. */
static struct oae_energy_window window_of(const struct oae_record_reader *r,
					  const cJSON *run_end,
					  const char **reason)
{
	struct oae_energy_window w = {
		.adapter_cpu_s =
			oae_record_measured(run_end, "proc.cpu_ns") * 1e-9,
		.harness_cpu_s =
			oae_json_num_or(run_end, "harness_cpu_ns", NAN) * 1e-9,
		.busy_cpu_s =
			oae_record_measured(run_end, "estimate.busy_ns") * 1e-9,
	};
	double boards = 0, boards_idle, j;
	const char *ignored = NULL;
	size_t i;

	for (i = 0; i < r->meter_count; i++) {
		const struct oae_meter *m = &r->meters[i];

		if (!m->chosen)
			continue;
		j = joules(m, &m->load, OAE_WINDOW_UPDATES_MIN, reason);
		w.total_j += j;
		w.seconds = oae_unwrap_seconds(&m->load);
		if (m->covers == OAE_COVERS_GPU)
			boards += j;
	}
	w.idle_before_w = idle_watts(r, false, false, reason);
	w.idle_after_w = idle_watts(r, true, false, reason);
	boards_idle = mean_known(idle_watts(r, false, true, &ignored),
				 idle_watts(r, true, true, &ignored));
	w.boards_j = boards - boards_idle * w.seconds;
	return w;
}

enum oae_status oae_record_energy(struct oae_record_reader *r,
				  const cJSON *run_end, bool first,
				  struct oae_run_record *run)
{
	struct oae_energy_account a;
	struct oae_energy_window w;
	const char *why = NULL;
	bool any = false;
	size_t i;

	for (i = 0; i < r->meter_count; i++)
		any = any || r->meters[i].chosen;
	if (any) {
		w = window_of(r, run_end, &why);
		a = oae_energy_account(&w);
		run->idle_before_w = w.idle_before_w;
		run->idle_after_w = w.idle_after_w;
		cross_check(r);
	} else {
		a = oae_energy_unknown();
	}
	if (first)
		run->energy = a;
	else
		oae_energy_add(&run->energy, &a);
	return why && !run->no_energy ?
		       oae_record_keep(r, why, &run->no_energy) :
		       OAE_OK;
}
