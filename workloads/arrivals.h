/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When requests are due, fixed before the run from a seed, so that a slow
 * system cannot slow the load down and every system meets the same one. A
 * schedule is never stretched to its nominal rate: what was drawn is what is
 * offered, and oae_arrivals_offered() says how much that was.
 */
#ifndef OAE_WORKLOADS_ARRIVALS_H
#define OAE_WORKLOADS_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/status.h"
#include "workloads/trace.h"

#define OAE_ARRIVAL_CLOSED UINT64_MAX /* due as soon as there is room */
#define OAE_ARRIVAL_RATE_MAX 1e6      /* requests a second */
#define OAE_THINK_S_MAX 86400.0

enum oae_arrival {
	OAE_ARRIVALS_CLOSED,	  /* an answer lets the next request go */
	OAE_ARRIVALS_CONSTANT,	  /* equal gaps */
	OAE_ARRIVALS_EXPONENTIAL, /* a Poisson process */
	OAE_ARRIVALS_GAMMA,	  /* gaps of a given burstiness */
	OAE_ARRIVALS_TRACE,	  /* as somebody recorded them */
	OAE_ARRIVALS_AT_ONCE,	  /* all at the start */
};

struct oae_arrivals {
	enum oae_arrival kind;
	double rate_per_s; /* mean; CONSTANT, EXPONENTIAL and GAMMA */
	double shape;	   /* GAMMA: 1 / CV^2 of the gaps; 1 is exponential */
	double think_s;	   /* CLOSED: mean pause; 0 none */
	uint32_t batch;	   /* so many requests arrive together; 0 is 1 */
	const struct oae_trace *trace; /* TRACE */
};

/*
 * due_ns[0..n): offsets from the start, never falling, the first 0; all
 * OAE_ARRIVAL_CLOSED for a closed loop. With a batch the rate is that of the
 * batches. OAE_ERR_USAGE for a rate or shape (0.01 to 100) out of bounds or
 * a trace that is too short, OAE_ERR_LIMIT for too many or a schedule over
 * 30 days.
 */
enum oae_status oae_arrivals_plan(const struct oae_arrivals *a, uint64_t seed,
				  uint64_t *due_ns, size_t n,
				  struct oae_error *err);
/*
 * think_ns[0..n): the pause before each request, exponential with mean
 * think_s (as TPC-W's think time and Schroeder et al., NSDI 2006), from its
 * own stream of the seed; all 0 when there is none. OAE_ERR_USAGE for a mean
 * out of bounds.
 */
enum oae_status oae_arrivals_think(const struct oae_arrivals *a, uint64_t seed,
				   uint64_t *think_ns, size_t n,
				   struct oae_error *err);
/*
 * Requests a second of the schedule itself: those after the first arrival,
 * over the time that they took; NaN for a closed loop, or when all arrive
 * together.
 */
double oae_arrivals_offered(const uint64_t *due_ns, size_t n);
/* SHA-256 of the offsets as little-endian 64-bit numbers. */
void oae_arrivals_hash(const uint64_t *due_ns, size_t n,
		       char hex[OAE_SHA256_HEX]);

#endif
