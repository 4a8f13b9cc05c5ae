/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many samples a percentile needs, how often one may look, how many
 * claims one may test, and what a comparison can see.
 */
#ifndef OAE_BASE_STATS_PLAN_H
#define OAE_BASE_STATS_PLAN_H

#include <stddef.h>

#include "base/stats.h"

#define OAE_LOOKS_MAX 4u
#define OAE_TAIL_SAMPLES_MAX 1000000000u
#define OAE_TAIL_CONFIDENCE 0.99 /* MLPerf's */

/*
 * The least number of samples from which percentile p (0.5 <= p < 1) may be
 * reported: MLPerf's early stopping (inference rules; loadgen's
 * early_stopping.cc) with one sample above it. If the true share of samples
 * above the value named were 1 - p or more, at most one of n would be above
 * it with probability
 *
 *     p^n + n (1 - p) p^(n-1) <= 1 - confidence.
 *
 * p50 11, p90 64, p95 130, p99 662 at 0.99. 0 for p or confidence outside
 * their range, and where it would be more than OAE_TAIL_SAMPLES_MAX.
 */
size_t oae_tail_floor(double p, double confidence);

/*
 * Holm's step-down procedure (Holm 1979) over n p-values: out[i] is p[i]
 * adjusted, so that rejecting every out[i] <= alpha keeps the chance of any
 * false rejection at alpha, however the claims depend on each other. May be
 * the same array. A NaN stays NaN and does not count.
 */
void oae_holm(const double *p, size_t n, double *out);
/* How many claims p[i] had to share alpha with at its step (1..n). */
size_t oae_holm_share(const double *p, size_t n, size_t i);

/*
 * The level of significance of each of `looks` equally spaced looks (1 to
 * OAE_LOOKS_MAX) that together are wrong in 5 % of cases (Pocock 1977, table
 * 1): .05, .0294, .0221, .0182. NaN for another number of looks.
 */
double oae_pocock_level(unsigned looks);
/*
 * The same for a whole error of alpha (0 < alpha < 0.5): the level at which
 * oae_peeking_error() is alpha. 0.01: .01, .0056, .0041, .0033.
 */
double oae_pocock_level_at(unsigned looks, double alpha);
/*
 * The chance that one of `looks` equally spaced looks at a sum of normal
 * increments is beyond the two-sided level, though nothing is there
 * (Armitage, McPherson and Rowe 1969, by their recursion). It proves the
 * table above.
 */
double oae_peeking_error(unsigned looks, double level);

/*
 * The exact interval of a share of which k of n were seen (Clopper and
 * Pearson 1934); mid is k / n. NaN for n = 0 or k > n.
 */
struct oae_interval oae_share_interval(size_t k, size_t n, double level);

/*
 * The least true change of a mean that a two-sided t test at `alpha` of n
 * values with standard deviation sd finds with probability `power`:
 *
 *     (t[1 - alpha/2, n - 1] + t[power, n - 1]) sd / sqrt(n)
 *
 * (paired t; Bloom 1995). NaN when n < 2.
 */
double oae_detectable_change(double sd, size_t n, double alpha, double power);

#endif
