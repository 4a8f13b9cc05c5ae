/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/arrivals.h"

#include "base/limits.h"
#include "base/rng.h"

#define NS_PER_S 1e9
#define HORIZON_NS (30.0 * 86400.0 * NS_PER_S)
#define SHAPE_MIN 0.01
#define SHAPE_MAX 100.0

/* A gap with mean 1. */
static double gap(const struct oae_arrivals *a, struct oae_rng *rng)
{
	switch (a->kind) {
	case OAE_ARRIVALS_EXPONENTIAL:
		return oae_rng_exponential(rng);
	case OAE_ARRIVALS_GAMMA:
		return oae_rng_gamma(rng, a->shape) / a->shape;
	case OAE_ARRIVALS_CLOSED:
	case OAE_ARRIVALS_CONSTANT:
		break;
	}
	return 1.0;
}

enum oae_status oae_arrivals_plan(const struct oae_arrivals *a, uint64_t seed,
				  uint64_t *due_ns, size_t n,
				  struct oae_error *err)
{
	struct oae_rng rng;
	double gaps = 0.0, due;

	if (n > OAE_REQUESTS_PER_RUN_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"arrivals: %zu requests; at most %u a run", n,
				OAE_REQUESTS_PER_RUN_MAX);
	if (a->kind == OAE_ARRIVALS_CLOSED) {
		for (size_t i = 0; i < n; i++)
			due_ns[i] = OAE_ARRIVAL_CLOSED;
		return OAE_OK;
	}
	if (!(a->rate_per_s > 0.0 && a->rate_per_s <= OAE_ARRIVAL_RATE_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"arrivals: a rate of %g requests/s; give more "
				"than 0 and at most %g",
				a->rate_per_s, OAE_ARRIVAL_RATE_MAX);
	if (a->kind == OAE_ARRIVALS_GAMMA &&
	    !(a->shape >= SHAPE_MIN && a->shape <= SHAPE_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"arrivals: a gamma shape of %g; give %g to %g",
				a->shape, SHAPE_MIN, SHAPE_MAX);
	oae_rng_derive(&rng, seed, "arrivals");
	for (size_t i = 0; i < n; i++) {
		if (i)
			gaps += gap(a, &rng);
		due = gaps * NS_PER_S / a->rate_per_s;
		if (due > HORIZON_NS)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"arrivals: request %zu would be due "
					"after more than 30 days; raise the "
					"rate",
					i + 1);
		due_ns[i] = (uint64_t)due;
	}
	return OAE_OK;
}
