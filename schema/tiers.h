/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware tiers: smaller machines, each a CPU quota and maybe a memory
 * limit on the one at hand (spec section 9.3). Their numbers stand in
 * schema/tables/tiers.csv, rows "half.cpu", "small.memory", ...; the
 * conditions "tier:half", ... apply them.
 */
#ifndef OAE_SCHEMA_TIERS_H
#define OAE_SCHEMA_TIERS_H

#include "base/status.h"

#define OAE_HARDWARE_FILE "tiers.csv"

/* The value of a condition of kind tier. */
enum oae_hardware_tier {
	OAE_HARDWARE_HALF,
	OAE_HARDWARE_QUARTER,
	OAE_HARDWARE_SMALL,
	OAE_HARDWARE_SMALLEST,
	OAE_HARDWARE_TIERS
};

struct oae_hardware {
	double cpu_percent; /* of the cores that the harness may use */
	double memory;	    /* x the baseline's nominal peak; 0: no limit */
};

/*
 * DIR/tiers.csv into out[OAE_HARDWARE_TIERS]. OAE_ERR_FORMAT: a tier has no row
 * ".cpu", or a share is not above 0 and at most 100 %.
 */
enum oae_status oae_tiers_read(const char *dir, struct oae_hardware *out,
			       struct oae_error *err);

#endif
