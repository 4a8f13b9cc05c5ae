/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/arrivals.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "base/rng.h"

#define NS_PER_S 1e9
#define HORIZON_NS (30.0 * 86400.0 * NS_PER_S)
#define SHAPE_MIN 0.01
#define SHAPE_MAX 100.0

/* A gap with mean 1. */
static double gap(const struct oae_arrivals *a, struct oae_rng *rng)
{
	if (a->kind == OAE_ARRIVALS_EXPONENTIAL)
		return oae_rng_exponential(rng);
	if (a->kind == OAE_ARRIVALS_GAMMA)
		return oae_rng_gamma(rng, a->shape) / a->shape;
	return 1.0;
}

static enum oae_status check_rate(const struct oae_arrivals *a,
				  struct oae_error *err)
{
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
	return OAE_OK;
}

static enum oae_status too_long(size_t i, const char *what,
				struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_LIMIT, 0,
			"arrivals: request %zu would be due after more than 30"
			" days; %s",
			i + 1, what);
}

static enum oae_status draw(const struct oae_arrivals *a, uint64_t seed,
			    uint64_t *due_ns, size_t n, size_t batch,
			    struct oae_error *err)
{
	enum oae_status status = check_rate(a, err);
	struct oae_rng rng;
	double gaps = 0.0, due = 0.0;

	if (status)
		return status;
	oae_rng_derive(&rng, seed, "arrivals");
	for (size_t i = 0; i < n; i++) {
		if (i && i % batch == 0) {
			gaps += gap(a, &rng);
			due = gaps * NS_PER_S / a->rate_per_s;
		}
		if (due > HORIZON_NS)
			return too_long(i, "raise the rate", err);
		due_ns[i] = (uint64_t)due;
	}
	return OAE_OK;
}

static enum oae_status replay(const struct oae_arrivals *a, uint64_t *due_ns,
			      size_t n, size_t batch, struct oae_error *err)
{
	const struct oae_trace *t = a->trace;

	if (!t || t->count < (n + batch - 1) / batch)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"arrivals: the trace has %zu requests and a run"
				" asks %zu; take a longer one, or --items %zu",
				t ? t->count : 0, (n + batch - 1) / batch,
				t ? t->count * batch : 0);
	for (size_t i = 0; i < n; i++) {
		due_ns[i] = t->due_ns[i / batch];
		if ((double)due_ns[i] > HORIZON_NS)
			return too_long(i, "cut the trace", err);
	}
	return OAE_OK;
}

enum oae_status oae_arrivals_plan(const struct oae_arrivals *a, uint64_t seed,
				  uint64_t *due_ns, size_t n,
				  struct oae_error *err)
{
	size_t batch = a->batch > 1 ? a->batch : 1;

	if (n > OAE_REQUESTS_PER_RUN_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"arrivals: %zu requests; at most %u a run", n,
				OAE_REQUESTS_PER_RUN_MAX);
	switch (a->kind) {
	case OAE_ARRIVALS_CLOSED:
	case OAE_ARRIVALS_AT_ONCE:
		for (size_t i = 0; i < n; i++)
			due_ns[i] = a->kind == OAE_ARRIVALS_CLOSED ?
					    OAE_ARRIVAL_CLOSED :
					    0;
		return OAE_OK;
	case OAE_ARRIVALS_TRACE:
		return replay(a, due_ns, n, batch, err);
	case OAE_ARRIVALS_CONSTANT:
	case OAE_ARRIVALS_EXPONENTIAL:
	case OAE_ARRIVALS_GAMMA:
		break;
	}
	return draw(a, seed, due_ns, n, batch, err);
}

enum oae_status oae_arrivals_think(const struct oae_arrivals *a, uint64_t seed,
				   uint64_t *think_ns, size_t n,
				   struct oae_error *err)
{
	struct oae_rng rng;

	if (!(a->think_s >= 0.0 && a->think_s <= OAE_THINK_S_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"arrivals: %g s to think; give 0 to %g",
				a->think_s, OAE_THINK_S_MAX);
	oae_rng_derive(&rng, seed, "think");
	for (size_t i = 0; i < n; i++)
		think_ns[i] = a->think_s > 0.0 ?
				      (uint64_t)(oae_rng_exponential(&rng) *
						 a->think_s * NS_PER_S) :
				      0;
	return OAE_OK;
}

double oae_arrivals_offered(const uint64_t *due_ns, size_t n)
{
	size_t later = 0;

	if (n < 2 || due_ns[0] == OAE_ARRIVAL_CLOSED ||
	    due_ns[n - 1] <= due_ns[0])
		return NAN;
	for (size_t i = 0; i < n; i++)
		later += due_ns[i] > due_ns[0];
	return (double)later / ((double)(due_ns[n - 1] - due_ns[0]) * 1e-9);
}

void oae_arrivals_hash(const uint64_t *due_ns, size_t n,
		       char hex[OAE_SHA256_HEX])
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_sha256 sum;
	unsigned char le[8];

	hex[0] = '\0';
	if (oae_sha256_init(&sum, &err))
		return;
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 8; k++)
			le[k] = (unsigned char)(due_ns[i] >> (8 * k));
		oae_sha256_update(&sum, le, sizeof(le));
	}
	oae_sha256_peek(&sum, hex);
	oae_sha256_release(&sum);
}
