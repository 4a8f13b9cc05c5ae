/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When requests are due, fixed before the run from a seed, so that a slow
 * system cannot slow the load down and every system meets the same one.
 */
#ifndef OAE_WORKLOADS_ARRIVALS_H
#define OAE_WORKLOADS_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define OAE_ARRIVAL_CLOSED UINT64_MAX /* due as soon as there is room */
#define OAE_ARRIVAL_RATE_MAX 1e6      /* requests a second */

enum oae_arrival {
	OAE_ARRIVALS_CLOSED,	  /* SingleStream: no think time */
	OAE_ARRIVALS_CONSTANT,	  /* equal gaps */
	OAE_ARRIVALS_EXPONENTIAL, /* a Poisson process */
	OAE_ARRIVALS_GAMMA,	  /* gaps of a given burstiness */
};

struct oae_arrivals {
	enum oae_arrival kind;
	double rate_per_s; /* mean; not for CLOSED */
	double shape;	   /* GAMMA: 1 is exponential, below is burstier */
};

/*
 * due_ns[0..n): offsets from the start, never falling, the first 0; all
 * OAE_ARRIVAL_CLOSED for a closed loop. OAE_ERR_USAGE for a rate or shape
 * (0.01 to 100) out of bounds, OAE_ERR_LIMIT for too many or a schedule
 * over 30 days.
 */
enum oae_status oae_arrivals_plan(const struct oae_arrivals *a, uint64_t seed,
				  uint64_t *due_ns, size_t n,
				  struct oae_error *err);

#endif
