/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at a campaign that goes on until its ratios are known well
 * enough: how wide the widest interval still is.
 */
#ifndef OAE_SCHEMA_LOOK_H
#define OAE_SCHEMA_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/status.h"

struct oae_score;

struct oae_look {
	uint32_t runs; /* of each system on each workload that were seen */
	/*
	 * The widest interval's (high - low) / (2 value), over all systems'
	 * paired s_B / s_X and the baseline's own s, in the weights of each
	 * profile; NaN when one of them is not known (fewer than two pairs).
	 */
	double half_width;
	char system[2 * OAE_NAME_BYTES_MAX]; /* whose; the baseline: its s */
	char profile[OAE_NAME_BYTES_MAX];
	bool reached; /* half_width is at most the precision asked for */
};

/* Looks at the repetitions before `runs`, whatever else was measured. */
enum oae_status oae_look_of(struct oae_score *s, uint32_t runs,
			    struct oae_look *out, struct oae_error *err);
/*
 * The same from a run folder as it is now, for the profiles that it was
 * measured for.
 */
enum oae_status oae_look_at_dir(const char *run_dir, uint32_t runs,
				struct oae_look *out, struct oae_error *err);

#endif
