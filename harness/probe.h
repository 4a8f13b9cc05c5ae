/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the harness itself costs: runs of the null adapter, which has no model,
 * through the same session, protocol, load loop and journal as any other
 * run. schema/harness_cost.h reduces their journal lines.
 */
#ifndef OAE_HARNESS_PROBE_H
#define OAE_HARNESS_PROBE_H

#include <stdint.h>

#include "harness/run.h"

/* One probe; its name goes into the journal as the run's workload. */
struct oae_probe {
	const char *name;
	uint32_t requests;  /* 1 to OAE_REQUESTS_PER_RUN_MAX */
	uint32_t tokens;    /* of each answer, at least 1 */
	uint32_t delay_us;  /* before each of them */
	uint32_t in_flight; /* at most; the null adapter takes 1024 */
	double per_s;	    /* sent at this rate; 0: one after the other */
};

/*
 * Runs one as run `id` of purpose "harness". null_adapter is the path of the
 * program. Errors are those of oae_run_execute(); a failed run is a result.
 */
enum oae_status oae_probe_run(const struct oae_bench *b,
			      const char *null_adapter, uint64_t id,
			      const struct oae_probe *p,
			      struct oae_run_result *result,
			      struct oae_error *err);

#endif
