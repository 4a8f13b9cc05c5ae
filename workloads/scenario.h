/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How requests reach the system under test, by the names of MLPerf
 * Inference:
 *
 *   SingleStream: one request in flight; the next when it is answered.
 *   MultiStream: queries of samples_per_query requests (8 unless said), all
 *	of a query at once; the next query when the last answer is there
 *	(MLPerf's definition since 1.1), or at a rate of queries.
 *   Server: requests at a rate, whatever the system does; a Poisson process
 *	unless said. With closed arrivals: as many users as the concurrency,
 *	each with one request at a time.
 *   Interactive: Server with MLPerf's tighter limits on tokens.
 *   Offline: all requests due at once.
 */
#ifndef OAE_WORKLOADS_SCENARIO_H
#define OAE_WORKLOADS_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/status.h"
#include "schema/slo.h"
#include "workloads/arrivals.h"

#define OAE_CONCURRENCY_MAX 1024u /* requests in flight; the protocol's */
#define OAE_SAMPLES_PER_QUERY 8u  /* MLPerf's */
#define OAE_ARRIVALS_TEXT 40

enum oae_scenario {
	OAE_SCENARIO_SINGLE_STREAM,
	OAE_SCENARIO_MULTI_STREAM,
	OAE_SCENARIO_SERVER,
	OAE_SCENARIO_INTERACTIVE,
	OAE_SCENARIO_OFFLINE,
};

/* What a suite or a user says. NULL and 0: nothing. Strings are theirs. */
struct oae_load_spec {
	const char *scenario;
	const char *arrivals; /* "gamma:2"; see oae_load_resolve() */
	double rate_per_s, think_s;
	uint32_t concurrency, samples_per_query;
	const char *goodput; /* as oae_slo_parse() has it */
};

/* The same, whole. */
struct oae_load_plan {
	enum oae_scenario scenario;
	struct oae_arrivals arrivals; /* .trace is the caller's to read */
	const char *trace;	      /* its path, or NULL */
	char arrivals_text[OAE_ARRIVALS_TEXT]; /* "gamma:2", "trace" */
	uint32_t concurrency; /* most requests in flight; users if closed */
	struct oae_slo slo;   /* of the scenario */
	bool has_goodput;
	struct oae_slo goodput; /* what was asked for beside it */
};

/* "SingleStream" */
const char *oae_scenario_name(enum oae_scenario s);
/* MLPerf's limits: Server 2 s and 200 ms, Interactive 450 and 40 ms; else
 * none. */
struct oae_slo oae_scenario_slo(const char *name);
/* One request after the other: what has no say gets this. */
struct oae_load_plan oae_load_plan_default(void);

/*
 * What the user says, else the suite, else the scenario's own. What a suite
 * says goes with its scenario alone. Arrivals are closed, constant,
 * exponential, gamma:CV or trace:FILE. OAE_ERR_USAGE for an unknown word, a
 * value out of bounds, or words that do not go together, with those that do.
 */
enum oae_status oae_load_resolve(const struct oae_load_spec *suite,
				 const struct oae_load_spec *user,
				 struct oae_load_plan *out,
				 struct oae_error *err);

/* The "load" object of a suite, and the options of a campaign line. */
enum oae_status oae_load_spec_read(const cJSON *obj, struct oae_load_spec *out,
				   struct oae_error *err);
void oae_load_spec_write(struct oae_jw *w, const struct oae_load_spec *s);

#endif
