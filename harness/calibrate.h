/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a campaign begins with: three short runs of the null adapter, which
 * say what the harness itself costs on this machine now. They are runs of
 * their own in the journal, of purpose "harness", outside of the plan; their
 * numbers count down from OAE_RUNS_MAX.
 */
#ifndef OAE_HARNESS_CALIBRATE_H
#define OAE_HARNESS_CALIBRATE_H

#include <signal.h>

#include "harness/campaign.h"
#include "harness/journal.h"
#include "harness/probe.h"

/* The probes; about a second and a half in all. */
extern const struct oae_probe oae_calibration[];
extern const size_t oae_calibration_count;

/*
 * Runs them, unless the campaign does without (options.no_calibration) or
 * `was`, the journal of a resumed one or NULL, has them already. Those that
 * were killed on the way are run again under new numbers. What goes wrong
 * with the null adapter is written as a note and is no failure; only our own
 * part fails. Returns early, with OAE_OK, when *stop is set.
 */
enum oae_status
oae_calibrate(const struct oae_campaign *c, const struct oae_records *was,
	      struct oae_journal *j, struct oae_sensors *sensors,
	      const volatile sig_atomic_t *stop, struct oae_error *err);

#endif
