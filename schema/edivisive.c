/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/edivisive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sums in another order differ in their last digits: still the same. */
#define SAME 1e-9

/* Sums of |x_i - x_j| over pairs i < j < k, into within[0..n]. */
static void sum_within(const double *x, size_t n, double *within)
{
	within[0] = 0;
	for (size_t k = 0; k < n; k++) {
		double sum = 0;

		for (size_t i = 0; i < k; i++)
			sum += fabs(x[i] - x[k]);
		within[k + 1] = within[k] + sum;
	}
}

static double pairs_of(size_t n)
{
	return 0.5 * (double)n * (double)(n - 1);
}

size_t oae_edivisive_split(const double *x, size_t n, size_t segment_min,
			   double *scratch, double *q)
{
	const size_t least = segment_min;
	/* to_left[j]: the sum of |x_i - x_j| over i before the split */
	double *within = scratch, *to_left = scratch + n + 1;
	size_t best = 0;

	*q = 0;
	if (n < 2 * least || least < 2)
		return 0;
	sum_within(x, n, within);
	memset(to_left, 0, n * sizeof(*to_left));
	for (size_t m = 1; m <= n - least; m++) {
		double between = 0;

		for (size_t j = m; j < n; j++) {
			size_t k = j + 1 - m;
			double inside, e, value;

			to_left[j] += fabs(x[m - 1] - x[j]);
			between += to_left[j];
			if (m < least || k < least)
				continue;
			inside = within[j + 1] - within[m] - between;
			e = 2 * between / ((double)m * (double)k) -
			    within[m] / pairs_of(m) - inside / pairs_of(k);
			value = e * (double)m * (double)k / (double)(m + k);
			if (value > *q * (1 + SAME)) {
				*q = value;
				best = m;
			}
		}
	}
	return best ? best : least;
}

/* A series cut into segments, and each segment's best split. */
struct cuts {
	double *x, *scratch;
	size_t n, least;
	size_t ends[OAE_EDIVISIVE_CHANGES_MAX + 1];
	size_t splits[OAE_EDIVISIVE_CHANGES_MAX + 1]; /* absolute; 0: none */
	double q[OAE_EDIVISIVE_CHANGES_MAX + 1];
	size_t count; /* segments */
};

static size_t begin_of(const struct cuts *c, size_t segment)
{
	return segment ? c->ends[segment - 1] : 0;
}

static double split_segment(const struct cuts *c, const double *x,
			    size_t segment, size_t *at)
{
	size_t from = begin_of(c, segment), found;
	double q;

	found = oae_edivisive_split(x + from, c->ends[segment] - from, c->least,
				    c->scratch, &q);
	*at = found ? from + found : 0;
	return q;
}

/* The segment to split next, or count when none is long enough. */
static size_t largest(const struct cuts *c)
{
	size_t best = c->count;

	for (size_t i = 0; i < c->count; i++)
		if (c->splits[i] && (best == c->count || c->q[i] > c->q[best]))
			best = i;
	return best;
}

static void shuffle(struct oae_rng *rng, double *x, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)oae_rng_below(rng, i);
		double kept = x[i - 1];

		x[i - 1] = x[k];
		x[k] = kept;
	}
}

/* Whether a random order within segments has a split as large as q. */
static int as_large(const struct cuts *c, double *y, double q,
		    struct oae_rng *rng)
{
	size_t at;

	for (size_t i = 0; i < c->count; i++) {
		size_t from = begin_of(c, i);

		memcpy(y + from, c->x + from, (c->ends[i] - from) * sizeof(*y));
		shuffle(rng, y + from, c->ends[i] - from);
		if (split_segment(c, y, i, &at) >= q * (1 - SAME))
			return 1;
	}
	return 0;
}

/* The p-value of q; that of the orders drawn when it gave up (Besag and
 * Clifford 1991). */
static double significance(const struct cuts *c, double *y, double q,
			   const struct oae_edivisive_rules *rules,
			   struct oae_rng *rng)
{
	double all = rules->permutations + 1.0;
	unsigned large = 0, r;

	for (r = 1; r <= rules->permutations; r++) {
		large += (unsigned)as_large(c, y, q, rng);
		if ((large + 1.0) / all > rules->alpha)
			return fmin(1, (large + 1.0) / (r + 1.0));
	}
	return (large + 1.0) / all;
}

/* Cuts segment i at its split; both parts get theirs. */
static void cut(struct cuts *c, size_t i)
{
	size_t tail = c->count - i;

	memmove(&c->ends[i + 1], &c->ends[i], tail * sizeof(*c->ends));
	memmove(&c->splits[i + 1], &c->splits[i], tail * sizeof(*c->splits));
	memmove(&c->q[i + 1], &c->q[i], tail * sizeof(*c->q));
	c->ends[i] = c->splits[i];
	c->count++;
	c->q[i] = split_segment(c, c->x, i, &c->splits[i]);
	c->q[i + 1] = split_segment(c, c->x, i + 1, &c->splits[i + 1]);
}

static void divide(struct cuts *c, double *y,
		   const struct oae_edivisive_rules *rules, struct oae_rng *rng,
		   struct oae_edivisive *out)
{
	c->count = 1;
	c->ends[0] = c->n;
	c->q[0] = split_segment(c, c->x, 0, &c->splits[0]);
	while (out->count < OAE_EDIVISIVE_CHANGES_MAX) {
		size_t i = largest(c);
		double p;

		if (i == c->count)
			return;
		p = significance(c, y, c->q[i], rules, rng);
		if (!out->count)
			out->first_p = p;
		if (p > rules->alpha)
			return;
		out->changes[out->count++] = (struct oae_edivisive_change){
			.at = c->splits[i],
			.q = c->q[i],
			.p = p,
		};
		if (out->count < OAE_EDIVISIVE_CHANGES_MAX)
			cut(c, i);
	}
}

static enum oae_status check(const double *x, size_t n,
			     const struct oae_edivisive_rules *rules,
			     struct oae_error *err)
{
	if (n > OAE_EDIVISIVE_POINTS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"changepoints: %zu points, more than %u", n,
				OAE_EDIVISIVE_POINTS_MAX);
	if (!(rules->alpha > 0 && rules->alpha < 1) || !rules->permutations ||
	    rules->permutations > OAE_EDIVISIVE_PERMUTATIONS_MAX ||
	    rules->segment_min < 2)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"changepoints: alpha %g, %u permutations,"
				" segments of %zu",
				rules->alpha, rules->permutations,
				rules->segment_min);
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"changepoints: point %zu is no finite"
					" number",
					i + 1);
	return OAE_OK;
}

enum oae_status oae_edivisive(const double *x, size_t n,
			      const struct oae_edivisive_rules *rules,
			      struct oae_rng *rng, struct oae_edivisive *out,
			      struct oae_error *err)
{
	enum oae_status status = check(x, n, rules, err);
	struct cuts c = { .n = n, .least = rules->segment_min };
	double *y;

	memset(out, 0, sizeof(*out));
	out->first_p = 1;
	if (status || n < 2 * rules->segment_min)
		return status;
	c.x = calloc(4 * n + 1, sizeof(*c.x));
	if (!c.x)
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"changepoints: out of memory");
	memcpy(c.x, x, n * sizeof(*c.x));
	y = c.x + n;
	c.scratch = y + n; /* 2 n + 1 */
	divide(&c, y, rules, rng, out);
	free(c.x);
	return OAE_OK;
}
