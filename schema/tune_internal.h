/* SPDX-License-Identifier: Apache-2.0 */
/* Between tune.c (reading), tune_cost.c (costs) and tune_write.c. */
#ifndef OAE_SCHEMA_TUNE_INTERNAL_H
#define OAE_SCHEMA_TUNE_INTERNAL_H

#include "schema/tune.h"

/* Scale step, prices and the cost of every setting, then both searches. */
enum oae_status oae_tune_costs(struct oae_tune *t, struct oae_error *err);
/* The quality gate of a setting over the items of its own repetitions. */
enum oae_status oae_tune_gate(struct oae_tune *t, struct oae_tune_setting *x,
			      struct oae_error *err);
/*
 * kappa_a / kappa_b over the held-out repetitions of both; NaN where there is
 * none, or one of them failed its gate.
 */
struct oae_interval oae_tune_between(const struct oae_tune *t,
				     const struct oae_tune_setting *a,
				     const struct oae_tune_setting *b);
/* The run of a setting in a repetition on a workload, or NULL. */
const struct oae_tune_run *oae_tune_run_of(const struct oae_tune_setting *x,
					   uint64_t rep, size_t workload);
/* The phase of a run's round. */
enum oae_tune_phase oae_tune_phase_of(const struct oae_tune *t,
				      const struct oae_tune_run *r);

#endif
