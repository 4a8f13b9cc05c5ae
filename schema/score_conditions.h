/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What systems did under other conditions than nominal, and what it costs
 * (spec §6.5). The terms, the labour and the scale step are those of the
 * nominal comparison; s, e and g are the condition's own.
 */
#ifndef OAE_SCHEMA_SCORE_CONDITIONS_H
#define OAE_SCHEMA_SCORE_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "schema/assess.h"
#include "schema/condition.h"
#include "schema/score.h"

/* One run under a condition. */
struct oae_condition_run {
	size_t condition, system, workload; /* indices of the score's lists */
	bool unavailable, over;
	const char *invalid;   /* which rule it breaks; NULL: it is valid */
	struct oae_cell_run v; /* without a sample: s, e and g are 0 */
};

/* One system under one condition, over a profile's workloads. */
struct oae_condition_cell {
	size_t reps; /* complete ones */
	size_t runs, failed, unavailable, invalid, oom_kills;
	const char *reason; /* of the first that failed or does not count */
	/* Means over repetitions; g by the profile's limits. NaN: none. */
	double s, e_kwh, g;
	bool energy_measured;
};

/* A system against the baseline under one condition. */
struct oae_condition_score {
	struct oae_condition_cell x, b;
	size_t reps; /* that both have */
	double kappa, kappa_b;
	struct oae_interval oae[OAE_MODES]; /* NaN when there is none */
};

/* Reduces the runs; names come from the campaign. */
enum oae_status oae_score_condition_runs(struct oae_score *s,
					 struct oae_error *err);

/*
 * Fills *out for condition q (an index, 0 is nominal) of the case; a case
 * without a nominal repetition has no kappa and no OAE.
 */
enum oae_status oae_condition_assess(const struct oae_case *c, size_t q,
				     struct oae_condition_score *out,
				     struct oae_error *err);

#endif
