/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a sequence of service times changes, and whether it settles: how
 * warm-up is told from steady work (spec §10.10).
 */
#ifndef OAE_SCHEMA_CHANGEPOINT_H
#define OAE_SCHEMA_CHANGEPOINT_H

#include <stddef.h>

#include "base/status.h"

/* A longer sequence is averaged over equal groups of neighbours first. */
#define OAE_CHANGEPOINT_POINTS_MAX 4096u
#define OAE_SEGMENT_POINTS_MIN 2u /* a variance needs two */
#define OAE_STEADY_POINTS_MIN 10u

/*
 * The changepoints of x[0..n), n <= OAE_CHANGEPOINT_POINTS_MAX, that
 * minimise
 *
 *     sum over segments of  m (ln v + variance / v)  +  penalty each,
 *
 * twice the negative log-likelihood of m normal values with a mean and a
 * variance of their own, v = max(variance, floor). Segments have at least
 * OAE_SEGMENT_POINTS_MIN points. By PELT (Killick, Fearnhead and Eckley
 * 2012, JASA 107): the optimum, in O(n) where changes are as frequent as n
 * is long, O(n^2) at worst. ends[0..*count) are the segments' ends
 * (exclusive), the last one n; room for n. OAE_ERR_LIMIT for a longer
 * sequence, OAE_ERR_FORMAT for a value that is not finite.
 */
enum oae_status oae_changepoints(const double *x, size_t n, double penalty,
				 double floor, size_t *ends, size_t *count,
				 struct oae_error *err);

/* After Barrett et al. 2017, "Virtual machine warmup blows hot and cold". */
enum oae_steadiness {
	OAE_STEADY_FLAT,      /* no segment differs from the last one */
	OAE_STEADY_WARM_UP,   /* those that differ are slower */
	OAE_STEADY_SLOWDOWN,  /* some that differ are faster */
	OAE_STEADY_NONE,      /* the last quarter still changes */
	OAE_STEADY_TOO_SHORT, /* fewer than OAE_STEADY_POINTS_MIN values */
	OAE_STEADINESSES,
};

struct oae_steady {
	enum oae_steadiness kind;
	size_t from;	 /* first value of the steady state; n: none */
	size_t changes;	 /* changepoints */
	size_t outliers; /* values taken for single spikes */
};

/*
 * Classifies x[0..n), relative times of mean about 1. Penalty 15 ln n. Two
 * segments are alike when their means differ by at most the last one's
 * variance or 0.01, whichever is more; v is at least 0.001^2: less is
 * nobody's concern. A single spike (outside median +-3 (p90 - p10) of the
 * 200 values around it, both neighbours inside; Barrett et al. leave such
 * values out too) counts as the median; the first value is never one.
 */
enum oae_status oae_steady_of(const double *x, size_t n, struct oae_steady *out,
			      struct oae_error *err);

const char *oae_steadiness_name(enum oae_steadiness k); /* "warm_up" */

#endif
