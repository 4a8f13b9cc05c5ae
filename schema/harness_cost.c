/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/harness_cost.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "base/stats_plan.h"

#define CONFIDENCE 0.99 /* of a percentile */

/* The last run of a probe that went well, or NULL. */
static const struct oae_run_record *probe(const struct oae_records *r,
					  const char *name)
{
	for (size_t i = r->run_count; i-- > 0;) {
		const struct oae_run_record *run = &r->runs[i];

		if (strcmp(run->purpose, OAE_PURPOSE_HARNESS) == 0 &&
		    run->workload && strcmp(run->workload, name) == 0 &&
		    run->status && strcmp(run->status, "ok") == 0 &&
		    run->sample_count > 0 &&
		    run->harness_cpu_ns > run->sensors_cpu_ns)
			return run;
	}
	return NULL;
}

static double per_request(const struct oae_run_record *run, uint64_t value)
{
	return (double)value / (double)run->sample_count;
}

/* CPU of a request without what goes by time, not by request. */
static double cpu_per_request(const struct oae_run_record *run)
{
	return per_request(run, run->harness_cpu_ns - run->sensors_cpu_ns);
}

static enum oae_status dispatch(const struct oae_records *r,
				const struct oae_run_record *run,
				struct oae_harness_cost *out,
				struct oae_error *err)
{
	double *late = calloc(run->sample_count + 1, sizeof(*late));
	size_t n = 0;

	if (!late)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < r->sample_count; i++) {
		const struct oae_sample *s = &r->samples[i];

		if (&r->runs[s->run] == run && n < run->sample_count)
			late[n++] = (double)(s->sent_ns - s->due_ns);
	}
	oae_sort(late, n);
	out->dispatches = n;
	out->dispatch_p50 = oae_quantile_sorted(late, n, 0.5);
	out->dispatch_max = late[n - 1];
	if (n >= oae_tail_floor(0.99, CONFIDENCE))
		out->dispatch_p99 = oae_quantile_sorted(late, n, 0.99);
	free(late);
	return OAE_OK;
}

enum oae_status oae_harness_cost(const struct oae_records *r,
				 struct oae_harness_cost *out,
				 struct oae_error *err)
{
	const struct oae_run_record *one = probe(r, OAE_PROBE_REQUESTS);
	const struct oae_run_record *many = probe(r, OAE_PROBE_TOKENS);
	const struct oae_run_record *due = probe(r, OAE_PROBE_DISPATCH);
	double further;

	memset(out, 0, sizeof(*out));
	out->request_cpu = out->request_wall = out->token_cpu = NAN;
	out->dispatch_p50 = out->dispatch_p99 = out->dispatch_max = NAN;
	if (one) {
		out->requests = one->sample_count;
		out->request_cpu = cpu_per_request(one);
		out->request_wall = per_request(one, one->measure_ns);
	}
	if (one && many) {
		further = per_request(many, many->events) -
			  per_request(one, one->events);
		out->token_events =
			(size_t)(further * (double)many->sample_count + 0.5);
		if (further > 0)
			out->token_cpu =
				(cpu_per_request(many) - out->request_cpu) /
				further;
		/* Less than nothing: the probes were disturbed. */
		if (!(out->token_cpu > 0))
			out->token_cpu = NAN;
	}
	return due ? dispatch(r, due, out, err) : OAE_OK;
}
