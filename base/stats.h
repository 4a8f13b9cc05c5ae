/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics over doubles. Sources stand beside each function. */
#ifndef OAE_BASE_STATS_H
#define OAE_BASE_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rng.h"

double oae_mean(const double *x, size_t n);	/* NaN when n = 0 */
double oae_variance(const double *x, size_t n); /* n - 1; NaN when n < 2 */
void oae_sort(double *x, size_t n);		/* ascending */
/* Type 7 quantile (Hyndman and Fan 1996) of an ascending array. */
double oae_quantile_sorted(const double *x, size_t n, double p);
double oae_median(double *x, size_t n); /* sorts x */
/* Inverse CDFs. Student t: p in (0,1), df >= 1; accurate to 1e-10. */
double oae_normal_quantile(double p);
double oae_normal_cdf(double z);
double oae_t_quantile(double p, double df);
double oae_t_upper(double t, double df); /* P(T > t); df >= 1 */

struct oae_interval {
	double low, mid, high;
};

/* Two-sided t interval of a mean over runs; low = high = NaN when n < 2. */
struct oae_interval oae_mean_interval(const double *x, size_t n, double level);
/* Paired t on log(x[i]); mid is the geometric mean; x > 0. */
struct oae_interval oae_ratio_interval(const double *ratio, size_t n,
				       double level);
/* Bias-corrected accelerated bootstrap of the mean (Efron 1987). */
struct oae_interval oae_bca_interval(const double *x, size_t n, double level,
				     unsigned resamples, struct oae_rng *rng);
/*
 * The same with two levels (Davison and Hinkley 1997, section 3.8): runs are
 * drawn with replacement, then each drawn run's value is one of the `draws`
 * values again[run * draws ...] that its own requests, drawn again, gave.
 * The estimate, its bias and its acceleration are those of x over runs: the
 * run stays the unit. As the spread of requests is in x already, the
 * interval errs on the wide side. With draws = 0 it is oae_bca_interval().
 */
struct oae_interval oae_nested_interval(const double *x, size_t n,
					const double *again, size_t draws,
					double level, unsigned resamples,
					struct oae_rng *rng);

/*
 * The ratio of two independent samples, x over y, all values > 0: geometric
 * means by Welch's t on the logarithms (Welch 1947).
 */
struct oae_interval oae_welch_ratio(const double *x, size_t nx, const double *y,
				    size_t ny, double level);
/*
 * The ratio of their arithmetic means (Fieller 1954), with Welch's degrees
 * of freedom. Where y's mean is not surely above 0 the set is no interval:
 * its ends are NaN.
 */
struct oae_interval oae_fieller_ratio(const double *x, size_t nx,
				      const double *y, size_t ny, double level);
/*
 * Paired one-sided non-inferiority of shares: d[i] in {-1, 0, 1} is the
 * item's verdict for X minus its verdict for B. Returns the lower 1 - alpha
 * bound of the mean difference (t bound; for all-equal d it uses the
 * rule of three, -3/n at alpha = 0.05).
 */
double oae_noninferiority_bound(const double *d, size_t n, double alpha);

#endif
