/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "harness" of the result: what the harness itself cost, and what share of
 * the systems' own time that is. Its CPU time for one request of a system
 * is at most c1 + (events - 1) x ct: a request with one token, and each
 * further token event. Tokens with the same stamp came in one event.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/harness_cost.h"
#include "schema/result_internal.h"

/* More than this share of a system's time, and the result warns. */
#define SHARE_MAX 0.10

/* The cell of which the harness cost the largest share. */
struct worst {
	const char *system, *workload;
	double s, events; /* a request's; NaN: no cell */
	double share_request, share_token;
};

/* Token events of a sample: stamps that differ. */
static double events_of(const struct oae_sample *x)
{
	double n = x->token_count > 0;

	for (size_t i = 1; i < x->token_count; i++)
		n += x->token_ns[i] > 0;
	return n;
}

static void look_at(const struct oae_score *s, size_t system, size_t workload,
		    const struct oae_harness_cost *c, struct worst *out)
{
	const struct oae_cell *cell = oae_score_cell(s, system, workload);
	double busy = 0, requests = 0, events = 0, more, share, first = 0;

	for (size_t i = 0; i < cell->run_count; i++) {
		busy += cell->runs[i].s * (double)cell->runs[i].samples;
		requests += (double)cell->runs[i].samples;
	}
	for (size_t i = 0; i < cell->sample_count; i++) {
		const struct oae_sample *x = cell->samples[i];

		if (x->outcome != OAE_OUTCOME_OK)
			continue;
		events += events_of(x);
		first += x->first_ns == UINT64_MAX ?
				 0 :
				 1e-9 * (double)(x->first_ns - x->sent_ns);
	}
	if (!(busy > 0) || !(events > 0))
		return;
	events /= requests;
	more = fmax(0, events - 1);
	share = 1e-9 * (c->request_cpu + (more > 0 ? more * c->token_cpu : 0)) *
		requests / busy;
	if (!(share > out->share_request))
		return;
	out->system = s->systems[system].id;
	out->workload = s->workloads[workload].id;
	out->s = busy / requests;
	out->events = events;
	out->share_request = share;
	out->share_token = NAN;
	if (more > 0 && busy > first)
		out->share_token =
			1e-9 * c->token_cpu * more * requests / (busy - first);
}

/* Why there are no figures, or NULL. */
static const char *reason_of(const struct oae_score *s,
			     const struct oae_harness_cost *c)
{
	const cJSON *options = cJSON_GetObjectItemCaseSensitive(
		s->records.campaign, "options");
	const cJSON *text;

	cJSON_ArrayForEach(text, s->records.notes)
		if (strncmp(text->valuestring, OAE_HARNESS_NOTE,
			    strlen(OAE_HARNESS_NOTE)) == 0)
			return text->valuestring + strlen(OAE_HARNESS_NOTE);
	if (!isnan(c->request_cpu) && !isnan(c->token_cpu) &&
	    !isnan(c->dispatch_p50))
		return NULL;
	if (cJSON_IsFalse(
		    cJSON_GetObjectItemCaseSensitive(options, "calibrate")))
		return "the campaign did without (--no-calibration)";
	return "the journal has no whole run of the null adapter";
}

static void write_share(struct oae_jw *w, const struct worst *x)
{
	char text[160];
	bool request = x->share_request > SHARE_MAX;
	bool token = x->share_token > SHARE_MAX;

	if (!x->system) {
		oae_jw_null(w, "share");
		oae_jw_null(w, "warning");
		return;
	}
	oae_jw_obj(w, "share");
	oae_jw_str(w, "system", x->system);
	oae_jw_str(w, "workload", x->workload);
	oae_jw_num(w, "s_per_request", x->s);
	oae_jw_num(w, "token_events_per_request", x->events);
	oae_jw_num(w, "of_request", x->share_request);
	oae_jw_num(w, "of_token", x->share_token);
	oae_jw_end_obj(w);
	(void)snprintf(text, sizeof(text),
		       "the harness itself cost %.0f %% of the time of %s of"
		       " %.60s; its figures are of the harness too",
		       100 * fmax(x->share_request, token ? x->share_token : 0),
		       request ? "a request" : "a token", x->system);
	oae_jw_str(w, "warning", request || token ? text : NULL);
}

enum oae_status oae_result_harness(struct oae_jw *w, const struct oae_score *s,
				   struct oae_error *err)
{
	struct worst x = { NULL, NULL, NAN, NAN, 0, NAN };
	struct oae_harness_cost c;
	enum oae_status status = oae_harness_cost(&s->records, &c, err);

	if (status)
		return status;
	for (size_t i = 0; i < s->system_count && !isnan(c.token_cpu); i++)
		for (size_t k = 0; k < s->workload_count; k++)
			look_at(s, i, k, &c, &x);
	oae_jw_obj(w, "harness");
	oae_jw_str(w, "system", OAE_HARNESS_SYSTEM);
	oae_jw_num(w, "request_cpu_ns", c.request_cpu);
	oae_jw_num(w, "request_wall_ns", c.request_wall);
	oae_jw_num(w, "token_cpu_ns", c.token_cpu);
	oae_jw_num(w, "dispatch_p50_ns", c.dispatch_p50);
	oae_jw_num(w, "dispatch_p99_ns", c.dispatch_p99);
	oae_jw_num(w, "dispatch_max_ns", c.dispatch_max);
	oae_jw_int(w, "requests", (int64_t)c.requests);
	oae_jw_int(w, "token_events", (int64_t)c.token_events);
	oae_jw_int(w, "dispatches", (int64_t)c.dispatches);
	oae_jw_str(w, "reason", reason_of(s, &c));
	write_share(w, &x);
	oae_jw_end_obj(w);
	return OAE_OK;
}
