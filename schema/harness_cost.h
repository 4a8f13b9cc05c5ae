/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the harness itself cost, from a journal's runs of purpose "harness":
 * runs of the null adapter, which answers at once, so that nearly all of
 * the CPU time that the harness spent is its own price. Three probes, told
 * apart by their workload:
 *
 *   requests   one token an answer, one request after the other
 *   tokens     many tokens an answer, so far apart that each is an event
 *   dispatch   requests sent at fixed moments
 *
 * CPU of a request with one token: c1 = cpu / requests of the first. CPU of
 * each further token event: (cpu / requests - c1) of the second over
 * its further events a request. Reading sensors goes by time and is left out.
 */
#ifndef OAE_SCHEMA_HARNESS_COST_H
#define OAE_SCHEMA_HARNESS_COST_H

#include "schema/record.h"

#define OAE_PURPOSE_HARNESS "harness"
#define OAE_HARNESS_SYSTEM "null/echo"
/* A note that begins so says why there are none. */
#define OAE_HARNESS_NOTE "the harness's own cost was not measured: "
#define OAE_PROBE_REQUESTS "requests"
#define OAE_PROBE_TOKENS "tokens"
#define OAE_PROBE_DISPATCH "dispatch"

/* NaN is unknown. Nanoseconds. */
struct oae_harness_cost {
	double request_cpu, request_wall; /* a request with one token */
	double token_cpu; /* each further token event that comes alone */
	double dispatch_p50, dispatch_p99, dispatch_max; /* sent - due */
	size_t requests, token_events, dispatches; /* behind each of them */
};

/*
 * Takes the last whole run of each probe. p99 is NaN where there are too
 * few (662) for it. OAE_ERR_NOMEM only.
 */
enum oae_status oae_harness_cost(const struct oae_records *r,
				 struct oae_harness_cost *out,
				 struct oae_error *err);

#endif
