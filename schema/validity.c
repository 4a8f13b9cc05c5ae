/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/condition.h"
#include "schema/validity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "schema/score.h"

bool oae_validity_broken(const struct oae_validity *v)
{
	for (int i = 0; i < OAE_RUN_RULES; i++)
		if (v->broken[i])
			return true;
	return false;
}

void oae_validity_text(const struct oae_validity *v, enum oae_rule rule,
		       char out[OAE_RULE_TEXT])
{
	if (rule == OAE_RULE_LATE)
		snprintf(out, OAE_RULE_TEXT,
			 "%s: the harness sent late: p99 of lateness is %.3g"
			 " ms, more than %.0f %% of the median E2EL of %.3g ms;"
			 " measure on a machine with nothing else to do, leave"
			 " a core to the harness (fewer threads of the"
			 " system), do not cap --concurrency, or lower the"
			 " rate",
			 oae_rule_id(rule), v->late_p99_ms,
			 100 * OAE_LATE_SHARE_MAX, v->e2el_p50_ms);
	else
		snprintf(out, OAE_RULE_TEXT,
			 "%s: the harness used %.2f of a core while serving,"
			 " more than %.2f: it was the bottleneck; lower the"
			 " rate, or measure a system that does more for each"
			 " request",
			 oae_rule_id(rule), v->cores, OAE_HARNESS_CORES_MAX);
}

static int by_sending(const void *a, const void *b)
{
	const struct oae_sample *x = *(const struct oae_sample *const *)a;
	const struct oae_sample *y = *(const struct oae_sample *const *)b;

	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	if (x->sent_ns != y->sent_ns)
		return x->sent_ns < y->sent_ns ? -1 : 1;
	return (x > y) - (x < y);
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Requests in flight that the system under test allowed. */
static size_t allowed(const struct oae_run_record *run)
{
	uint64_t adapter = run->adapter_in_flight, cap = run->load.concurrency;
	bool open = strcmp(run->load.arrivals, "closed") != 0 &&
		    strcmp(run->load.arrivals, "at once") != 0;

	if (adapter == 0)
		return SIZE_MAX;
	return cap >= adapter ? (size_t)adapter : open ? SIZE_MAX : (size_t)cap;
}

static bool is_cold(const struct oae_run_record *run)
{
	const struct oae_condition *q =
		run->condition ? oae_condition_find(run->condition) : NULL;

	return q && q->kind == OAE_CONDITION_COLD;
}

/*
 * The i-th request of a segment (from 0) can be sent when i + 1 - limit of
 * those before it have ended. Those after it end later than it is sent, so
 * that moment is the (i + 1 - limit)-th of all ends.
 */
static void segment_lateness(const struct oae_sample *const *s, size_t n,
			     size_t limit, bool cold, uint64_t *ends,
			     double *late_ms)
{
	for (size_t i = 0; i < n; i++)
		ends[i] = s[i]->done_ns;
	qsort(ends, n, sizeof(*ends), by_time);
	for (size_t i = 0; i < n; i++) {
		uint64_t could = s[i]->due_ns;

		if (i >= limit && ends[i - limit] > could)
			could = ends[i - limit];
		/* Due when the process was started: not before it was ready. */
		if (cold && s[0]->sent_ns > could)
			could = s[0]->sent_ns;
		late_ms[i] = s[i]->sent_ns > could ?
				     (double)(s[i]->sent_ns - could) * 1e-6 :
				     0;
	}
}

enum oae_status oae_lateness(const struct oae_run_record *run,
			     const struct oae_sample **samples, size_t n,
			     double *late_ms, struct oae_error *err)
{
	uint64_t *ends = calloc(n + 1, sizeof(*ends));
	size_t from, to;

	if (!ends)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	qsort(samples, n, sizeof(*samples), by_sending);
	for (from = 0; from < n; from = to) {
		to = from + 1;
		while (to < n && samples[to]->segment == samples[from]->segment)
			to++;
		segment_lateness(samples + from, to - from, allowed(run),
				 is_cold(run), ends, late_ms + from);
	}
	free(ends);
	return OAE_OK;
}

enum oae_status oae_validity_of(const struct oae_run_record *run,
				const struct oae_sample **samples, size_t n,
				struct oae_validity *out, struct oae_error *err)
{
	double *x = calloc(n + 1, sizeof(*x)), s;
	enum oae_status status;
	size_t ok = 0;

	memset(out, 0, sizeof(*out));
	if (!x)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = oae_lateness(run, samples, n, x, err);
	oae_sort(x, n);
	out->late_p99_ms = oae_quantile_sorted(x, n, 0.99);
	for (size_t i = 0; i < n; i++)
		if (samples[i]->outcome == OAE_OUTCOME_OK)
			x[ok++] = oae_sample_latency(samples[i],
						     OAE_LATENCY_E2EL);
	out->e2el_p50_ms = oae_median(x, ok);
	free(x);
	s = (double)run->measure_ns * 1e-9;
	out->cores = s > 0 ? (double)run->harness_cpu_ns * 1e-9 / s : NAN;
	out->broken[OAE_RULE_LATE] = out->late_p99_ms >
				     OAE_LATE_SHARE_MAX * out->e2el_p50_ms;
	out->broken[OAE_RULE_CPU] = s >= OAE_HARNESS_JUDGED_S &&
				    out->cores > OAE_HARNESS_CORES_MAX;
	return status;
}
