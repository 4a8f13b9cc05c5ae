/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the distribution of a series of results changes: E-divisive
 * (Matteson and James 2014, JASA 109, 334-345). Nothing is assumed of the
 * distribution but finite means; the number of changes is found, not given.
 */
#ifndef OAE_SCHEMA_EDIVISIVE_H
#define OAE_SCHEMA_EDIVISIVE_H

#include <stddef.h>

#include "base/rng.h"
#include "base/status.h"

#define OAE_EDIVISIVE_POINTS_MAX 2000u
#define OAE_EDIVISIVE_CHANGES_MAX 32u
#define OAE_EDIVISIVE_PERMUTATIONS_MAX 100000u
/* Fewer points than this in a row are no level of their own. */
#define OAE_EDIVISIVE_SEGMENT_MIN 5u

struct oae_edivisive_rules {
	double alpha;	       /* of each test; a further one needs this one */
	unsigned permutations; /* 1 to OAE_EDIVISIVE_PERMUTATIONS_MAX */
	size_t segment_min;    /* at least 2 */
};

struct oae_edivisive_change {
	size_t at;   /* first point after the change */
	double q, p; /* scaled energy distance; its permutation p-value */
};

struct oae_edivisive {
	/* In the order of finding: each was the largest at its time. */
	struct oae_edivisive_change changes[OAE_EDIVISIVE_CHANGES_MAX];
	size_t count;
	/* Of the first candidate, also when it is none; 1 for too few. */
	double first_p;
};

/*
 * The split of x[0..n) with the largest
 *
 *     Q = m k / (m + k) (2 mean |a - b| - mean |a - a'| - mean |b - b'|)
 *
 * over all m first points a and k following points b (the second set may
 * end before n, so that a later change does not hide this one), m and k at
 * least segment_min. Returns the first point of b, 0 when n is too small.
 * O(n^2) time, O(n) memory: scratch has room for 2 n + 1 doubles.
 */
size_t oae_edivisive_split(const double *x, size_t n, size_t segment_min,
			   double *scratch, double *q);

/*
 * Splits again and again, where the statistic is largest, as long as that is
 * significant: among `permutations` random orders within segments at most a
 * share alpha (this order counted) has a split as large. A test is given up
 * as soon as it cannot be significant any more. Takes at most
 * (changes + 1) permutations n^2 steps. OAE_ERR_LIMIT for more points than
 * OAE_EDIVISIVE_POINTS_MAX, OAE_ERR_FORMAT for a value that is not finite,
 * OAE_ERR_USAGE for rules that are none.
 */
enum oae_status oae_edivisive(const double *x, size_t n,
			      const struct oae_edivisive_rules *rules,
			      struct oae_rng *rng, struct oae_edivisive *out,
			      struct oae_error *err);

#endif
