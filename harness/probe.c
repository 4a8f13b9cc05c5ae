/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/probe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/harness_cost.h"

static enum oae_status knobs_of(const struct oae_probe *p, cJSON **out,
				struct oae_error *err)
{
	cJSON *knobs = cJSON_CreateObject();

	*out = knobs;
	if (!cJSON_AddNumberToObject(knobs, "tokens", p->tokens) ||
	    !cJSON_AddNumberToObject(knobs, "delay_us", p->delay_us))
		return oae_fail(err, OAE_ERR_NOMEM, 0, "probe");
	return OAE_OK;
}

static struct oae_request *requests_of(const struct oae_probe *p)
{
	struct oae_request *r = calloc(p->requests, sizeof(*r));
	uint32_t i;

	for (i = 0; r && i < p->requests; i++) {
		r[i].id = i + 1u;
		r[i].due_ns = p->per_s > 0 ?
				      (uint64_t)((double)i * 1e9 / p->per_s) :
				      OAE_ARRIVAL_CLOSED;
		r[i].item = "word";
		r[i].judge = "none";
		r[i].submit.prompt = "word";
		r[i].submit.max_tokens = p->tokens;
	}
	return r;
}

enum oae_status oae_probe_run(const struct oae_bench *b,
			      const char *null_adapter, uint64_t id,
			      const struct oae_probe *p,
			      struct oae_run_result *result,
			      struct oae_error *err)
{
	const char *argv[] = { null_adapter, NULL };
	struct oae_request *requests = requests_of(p);
	struct oae_run r = {
		.id = id,
		.system = OAE_HARNESS_SYSTEM,
		.workload = p->name,
		.condition = "nominal",
		.scenario = p->per_s > 0 ? "Server" : "SingleStream",
		.purpose = OAE_PURPOSE_HARNESS,
		.argv = argv,
		.hello = { .system = "echo", .home = "" },
		.requests = requests,
		.count = p->requests,
		.max_in_flight = p->in_flight,
		.load = oae_load_plan_default(),
		.offered_per_s = p->per_s > 0 ? p->per_s : NAN,
	};
	enum oae_status status = OAE_OK;
	cJSON *knobs = NULL;

	if (!requests)
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "probe");
	if (!status)
		status = knobs_of(p, &knobs, err);
	r.hello.knobs = knobs;
	r.load.concurrency = p->in_flight;
	if (p->per_s > 0) {
		r.load.scenario = OAE_SCENARIO_SERVER;
		r.load.arrivals.kind = OAE_ARRIVALS_CONSTANT;
		r.load.arrivals.rate_per_s = p->per_s;
		(void)snprintf(r.load.arrivals_text,
			       sizeof(r.load.arrivals_text), "constant");
	}
	if (!status)
		status = oae_run_execute(b, &r, result, err);
	cJSON_Delete(knobs);
	free(requests);
	return status;
}
