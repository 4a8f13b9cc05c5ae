/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stats.h"

#include <math.h>
#include <stdlib.h>

double oae_mean(const double *x, size_t n)
{
	double sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return n ? sum / (double)n : NAN;
}

double oae_variance(const double *x, size_t n)
{
	double mean, sum = 0.0;

	if (n < 2)
		return NAN;
	mean = oae_mean(x, n);
	for (size_t i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return sum / (double)(n - 1);
}

/* Ascending; NaN after everything else, so that the order is total. */
static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	if (isnan(x) || isnan(y))
		return (isnan(x) != 0) - (isnan(y) != 0);
	return (x > y) - (x < y);
}

void oae_sort(double *x, size_t n)
{
	if (n > 1)
		qsort(x, n, sizeof(*x), by_value);
}

double oae_quantile_sorted(const double *x, size_t n, double p)
{
	double at, part;
	size_t i;

	if (!n || !(p >= 0.0 && p <= 1.0))
		return NAN;
	at = p * (double)(n - 1);
	i = (size_t)at;
	if (i + 1 >= n)
		return x[n - 1];
	part = at - (double)i;
	/* Not through the slope alone: exact when part is 0. */
	return part > 0.0 ? x[i] + part * (x[i + 1] - x[i]) : x[i];
}

double oae_median(double *x, size_t n)
{
	oae_sort(x, n);
	return oae_quantile_sorted(x, n, 0.5);
}

struct oae_interval oae_mean_interval(const double *x, size_t n, double level)
{
	struct oae_interval out = { NAN, oae_mean(x, n), NAN };
	double half;

	if (n < 2)
		return out;
	half = oae_t_quantile(0.5 + level / 2.0, (double)(n - 1)) *
	       sqrt(oae_variance(x, n) / (double)n);
	out.low = out.mid - half;
	out.high = out.mid + half;
	return out;
}

struct oae_interval oae_ratio_interval(const double *ratio, size_t n,
				       double level)
{
	struct oae_interval out = { NAN, NAN, NAN };
	double *logs;

	if (!n)
		return out;
	logs = calloc(n, sizeof(*logs));
	if (!logs)
		return out;
	for (size_t i = 0; i < n; i++)
		logs[i] = ratio[i] > 0.0 ? log(ratio[i]) : NAN;
	out = oae_mean_interval(logs, n, level);
	out.low = exp(out.low);
	out.mid = exp(out.mid);
	out.high = exp(out.high);
	free(logs);
	return out;
}

/* A run's value, its own requests drawn again where that is known. */
static double drawn(const double *x, const double *again, size_t draws,
		    size_t i, struct oae_rng *rng)
{
	return draws ? again[i * draws + oae_rng_below(rng, draws)] : x[i];
}

static double resampled_mean(const double *x, size_t n, const double *again,
			     size_t draws, struct oae_rng *rng)
{
	double sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += drawn(x, again, draws, oae_rng_below(rng, n), rng);
	return sum / (double)n;
}

/* Efron 1987, equation 6.6; the jackknife of a mean is x - mean. */
static double acceleration(const double *x, size_t n, double mean)
{
	double squares = 0.0, cubes = 0.0, d;

	for (size_t i = 0; i < n; i++) {
		d = x[i] - mean;
		squares += d * d;
		cubes += d * d * d;
	}
	return squares > 0.0 ? cubes / (6.0 * pow(squares, 1.5)) : 0.0;
}

/* The bootstrap's quantile that stands for the normal one at z. */
static double bca_share(double z, double bias, double accel)
{
	double w = bias + z;

	return oae_normal_cdf(bias + w / (1.0 - accel * w));
}

struct oae_interval oae_nested_interval(const double *x, size_t n,
					const double *again, size_t draws,
					double level, unsigned resamples,
					struct oae_rng *rng)
{
	struct oae_interval out = { NAN, oae_mean(x, n), NAN };
	double *means, below = 0.0, share, bias, accel, z;

	if (n < 2 || !resamples)
		return out;
	means = calloc(resamples, sizeof(*means));
	if (!means)
		return out;
	for (unsigned i = 0; i < resamples; i++) {
		means[i] = resampled_mean(x, n, again, draws, rng);
		if (means[i] < out.mid)
			below += 1.0;
		else if (means[i] <= out.mid)
			below += 0.5; /* a tie counts for both sides */
	}
	oae_sort(means, resamples);
	/* Half a resample from the ends keeps the bias finite. */
	share = below / resamples;
	share = fmin(fmax(share, 0.5 / resamples), 1.0 - 0.5 / resamples);
	bias = oae_normal_quantile(share);
	accel = acceleration(x, n, out.mid);
	z = oae_normal_quantile(0.5 + level / 2.0);
	out.low = oae_quantile_sorted(means, resamples,
				      bca_share(-z, bias, accel));
	out.high = oae_quantile_sorted(means, resamples,
				       bca_share(z, bias, accel));
	free(means);
	return out;
}

struct oae_interval oae_bca_interval(const double *x, size_t n, double level,
				     unsigned resamples, struct oae_rng *rng)
{
	return oae_nested_interval(x, n, NULL, 0, level, resamples, rng);
}

double oae_noninferiority_bound(const double *d, size_t n, double alpha)
{
	double mean = oae_mean(d, n), bound;
	bool equal = true;

	if (!n)
		return NAN;
	for (size_t i = 1; i < n; i++)
		equal = equal && d[i] == d[0];
	if (equal)
		bound = d[0] + log(alpha) / (double)n;
	else
		bound = mean - oae_t_quantile(1.0 - alpha, (double)(n - 1)) *
				       sqrt(oae_variance(d, n) / (double)n);
	return fmax(bound, -1.0);
}
