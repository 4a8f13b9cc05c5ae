/* SPDX-License-Identifier: Apache-2.0 */
/* Ratios of two samples that are not paired. */
#include <math.h>
#include <stdlib.h>

#include "base/stats.h"

/* Satterthwaite's degrees of freedom of the sum of two mean's variances. */
static double welch_df(double vx, size_t nx, double vy, size_t ny)
{
	double sum = vx + vy;

	if (!(sum > 0.0))
		return (double)(nx + ny - 2);
	return sum * sum /
	       (vx * vx / (double)(nx - 1) + vy * vy / (double)(ny - 1));
}

static double *logs_of(const double *x, size_t n)
{
	double *out = calloc(n + 1, sizeof(*out));

	for (size_t i = 0; out && i < n; i++)
		out[i] = x[i] > 0.0 ? log(x[i]) : NAN;
	return out;
}

struct oae_interval oae_welch_ratio(const double *x, size_t nx, const double *y,
				    size_t ny, double level)
{
	struct oae_interval out = { NAN, NAN, NAN };
	double *lx = logs_of(x, nx), *ly = logs_of(y, ny), mid, vx, vy, half;

	if (!lx || !ly)
		goto out;
	mid = oae_mean(lx, nx) - oae_mean(ly, ny);
	out.mid = exp(mid);
	if (isnan(mid) || nx < 2 || ny < 2)
		goto out;
	vx = oae_variance(lx, nx) / (double)nx;
	vy = oae_variance(ly, ny) / (double)ny;
	half = oae_t_quantile(0.5 + level / 2.0, welch_df(vx, nx, vy, ny)) *
	       sqrt(vx + vy);
	out.low = exp(mid - half);
	out.high = exp(mid + half);
out:
	free(lx);
	free(ly);
	return out;
}

struct oae_interval oae_fieller_ratio(const double *x, size_t nx,
				      const double *y, size_t ny, double level)
{
	double mx = oae_mean(x, nx), my = oae_mean(y, ny), r = mx / my;
	struct oae_interval out = { NAN, r, NAN };
	double vx, vy, t, g, half;

	if (nx < 2 || ny < 2 || isnan(r))
		return out;
	vx = oae_variance(x, nx) / (double)nx;
	vy = oae_variance(y, ny) / (double)ny;
	t = oae_t_quantile(0.5 + level / 2.0, welch_df(vx, nx, r * r * vy, ny));
	g = t * t * vy / (my * my);
	if (!(g < 1.0))
		return out;
	half = t / fabs(my) * sqrt(vx * (1.0 - g) + r * r * vy);
	out.low = (r - half) / (1.0 - g);
	out.high = (r + half) / (1.0 - g);
	return out;
}
