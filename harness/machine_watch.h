/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What disturbs a machine, measured: for a moment this process only sleeps,
 * and looks at who used the CPUs and how late it was woken.
 */
#ifndef OAE_HARNESS_MACHINE_WATCH_H
#define OAE_HARNESS_MACHINE_WATCH_H

#include <stdint.h>

#include "base/json.h"
#include "base/status.h"

/* Enough for a 99th percentile at 99 % confidence (spec: tail floors). */
#define OAE_WATCH_SLEEPS 700u

struct oae_watch {
	double seconds;
	/* Shares of the CPU time that there was; NAN when unknown. */
	double busy_share, others_share, steal_share;
	char busiest[32]; /* the other process that used most; "" unknown */
	int64_t busiest_pid;
	double busiest_cores;
	/* How much later than asked clock_nanosleep() came back. */
	uint32_t sleeps;
	int64_t late_p50_ns, late_p99_ns, late_max_ns;
};

/*
 * Takes `ms` (at most 10,000), on a very busy machine up to half as much
 * again. Always of the running machine. OAE_ERR_NOMEM.
 */
enum oae_status oae_watch(struct oae_watch *out, uint32_t ms,
			  struct oae_error *err);
/* {"seconds": .., "busy_share": .., ...} */
void oae_watch_write(const struct oae_watch *m, struct oae_jw *w);

#endif
