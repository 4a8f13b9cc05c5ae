/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a run's journal lines; run.c begins and commits them. */
#ifndef OAE_HARNESS_RUN_LINES_H
#define OAE_HARNESS_RUN_LINES_H

#include "base/json.h"
#include "harness/run.h"
#include "harness/window.h"

void oae_line_run(struct oae_jw *w, const struct oae_run *r,
		  const struct oae_sensors *sensors,
		  const struct oae_sandbox *sandbox, uint64_t t0_ns,
		  uint64_t due_from_ns);
void oae_line_sample(struct oae_jw *w, const struct oae_run *r,
		     const struct oae_flight *f, uint64_t t0_ns,
		     enum oae_outcome outcome, const char *reason);
void oae_line_sensors(struct oae_jw *w, const struct oae_run *r,
		      const struct oae_sensors *sensors,
		      const struct oae_channel_value *values, uint64_t t_ns,
		      const char *phase);

/* What run_end says beyond the result. */
struct oae_run_totals {
	const struct oae_run_result *result;
	const struct oae_child *child; /* reaped, or never started */
	const struct oae_sandbox *sandbox;
	uint64_t stderr_bytes;
	const struct oae_window *windows; /* measure phase, one a channel */
	size_t window_count;
};

void oae_line_run_end(struct oae_jw *w, const struct oae_run *r,
		      const struct oae_run_totals *t);

#endif
