/* SPDX-License-Identifier: Apache-2.0 */
/* From a campaign's first line to its seal: what `run` and `tune` share. */
#ifndef OAE_HARNESS_MEASURE_H
#define OAE_HARNESS_MEASURE_H

#include <stdbool.h>

#include "base/status.h"
#include "harness/campaign.h"
#include "harness/conduct.h"
#include "harness/journal.h"
#include "schema/record.h"

/* All of it is the caller's, who releases it, also after a failure. */
struct oae_measure {
	const char *dir, *sysroot;
	struct oae_campaign *campaign;
	struct oae_journal *journal;	   /* its campaign line is written */
	const struct oae_records *records; /* of a resumed one, else NULL */
	struct oae_sensors *sensors;
	/* Filled in; its hooks (look, before) are kept. */
	struct oae_conduct *conduct;
	bool calibrate; /* measure the harness first */
};

/*
 * Copies the inputs, opens the sensors, makes every run that is not over, and
 * seals the journal; without the seal when oae_interrupted is set.
 */
enum oae_status oae_measure(const struct oae_measure *m, struct oae_error *err);

#endif
