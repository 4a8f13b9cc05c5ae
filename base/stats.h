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
 * Paired one-sided non-inferiority of shares: d[i] in {-1, 0, 1} is the
 * item's verdict for X minus its verdict for B. Returns the lower 1 - alpha
 * bound of the mean difference (t bound; for all-equal d it uses the
 * rule of three, -3/n at alpha = 0.05).
 */
double oae_noninferiority_bound(const double *d, size_t n, double alpha);

#endif
