/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stats_plan.h"

#include <math.h>
#include <stdlib.h>

#include "base/stats.h"

/* P(at most one of n above), which falls with n. */
static double one_above(double p, double n)
{
	return pow(p, n - 1.0) * (p + n * (1.0 - p));
}

size_t oae_tail_floor(double p, double confidence)
{
	size_t low = 1, high = OAE_TAIL_SAMPLES_MAX, mid;

	if (!(p >= 0.5 && p < 1.0) || !(confidence > 0.0 && confidence < 1.0) ||
	    one_above(p, (double)high) > 1.0 - confidence)
		return 0;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (one_above(p, (double)mid) <= 1.0 - confidence)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

size_t oae_holm_share(const double *p, size_t n, size_t i)
{
	size_t share = 0;

	/* Those at least as large; ties take their places by index. */
	for (size_t k = 0; k < n; k++)
		share += p[k] > p[i] || (p[k] == p[i] && k >= i);
	return share;
}

void oae_holm(const double *p, size_t n, double *out)
{
	double *adjusted = calloc(n + 1, sizeof(*adjusted));

	for (size_t i = 0; adjusted && i < n; i++) {
		adjusted[i] = isnan(p[i]) ? NAN : 0.0;
		/* The largest over this step and those before it. */
		for (size_t k = 0; k < n; k++)
			if (p[k] < p[i] || (p[k] == p[i] && k <= i))
				adjusted[i] = fmax(
					adjusted[i],
					fmin(1.0, p[k] * (double)oae_holm_share(
								 p, n, k)));
	}
	for (size_t i = 0; i < n; i++)
		out[i] = adjusted ? adjusted[i] : NAN;
	free(adjusted);
}

double oae_pocock_level(unsigned looks)
{
	static const double level[OAE_LOOKS_MAX] = { .05, .0294, .0221, .0182 };

	return looks >= 1 && looks <= OAE_LOOKS_MAX ? level[looks - 1] : NAN;
}

/* ---- the recursion over looks ----------------------------------------- */

#define GRID 400 /* even: Simpson's rule */

static double density(double z)
{
	return exp(-0.5 * z * z) / sqrt(2.0 * M_PI);
}

static double simpson(const double *v, double step)
{
	double sum = v[0] + v[GRID];

	for (int i = 1; i < GRID; i++)
		sum += v[i] * (i % 2 ? 4.0 : 2.0);
	return sum * step / 3.0;
}

/*
 * at[k] is the density of the sum after some looks at point k of
 * [-edge, edge], where the sum of a trial that goes on must be.
 */
static void next_look(const double *at, double edge, double *out,
		      double out_edge)
{
	double v[GRID + 1];

	for (int i = 0; i <= GRID; i++) {
		double to = out_edge * (2.0 * i / GRID - 1.0);

		for (int k = 0; k <= GRID; k++)
			v[k] = at[k] *
			       density(to - edge * (2.0 * k / GRID - 1.0));
		out[i] = simpson(v, 2.0 * edge / GRID);
	}
}

double oae_peeking_error(unsigned looks, double level)
{
	double c = -oae_normal_quantile(level / 2.0), edge = c;
	double a[GRID + 1], b[GRID + 1];

	if (!looks || !(level > 0.0 && level < 1.0))
		return NAN;
	for (int i = 0; i <= GRID; i++)
		a[i] = density(edge * (2.0 * i / GRID - 1.0));
	for (unsigned look = 2; look <= looks; look++) {
		double next = c * sqrt(look);

		next_look(a, edge, b, next);
		for (int i = 0; i <= GRID; i++)
			a[i] = b[i];
		edge = next;
	}
	return 1.0 - simpson(a, 2.0 * edge / GRID);
}

double oae_pocock_level_at(unsigned looks, double alpha)
{
	double low, high = alpha;

	if (looks < 1 || looks > OAE_LOOKS_MAX || !(alpha > 0 && alpha < 0.5))
		return NAN;
	low = alpha / looks; /* Bonferroni's level is never too high */
	for (int i = 0; i < 40 && looks > 1; i++) {
		double mid = 0.5 * (low + high);

		if (oae_peeking_error(looks, mid) > alpha)
			high = mid;
		else
			low = mid;
	}
	return looks > 1 ? low : alpha;
}

/* P(X <= k) of n draws of chance p; by logarithms, so that none vanishes. */
static double binomial_cdf(size_t k, size_t n, double p)
{
	double sum = 0, log_p = log(p), log_q = log1p(-p);

	if (k >= n)
		return 1;
	for (size_t i = 0; i <= k; i++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) -
			   lgamma((double)(n - i) + 1) + (double)i * log_p +
			   (double)(n - i) * log_q);
	return fmin(sum, 1);
}

/* The p at which P(X <= k) is `tail`: it falls with p. */
static double share_at(size_t k, size_t n, double tail)
{
	double low = 0, high = 1;

	for (int i = 0; i < 60; i++) {
		double mid = 0.5 * (low + high);

		if (binomial_cdf(k, n, mid) > tail)
			low = mid;
		else
			high = mid;
	}
	return 0.5 * (low + high);
}

struct oae_interval oae_share_interval(size_t k, size_t n, double level)
{
	struct oae_interval out = { NAN, NAN, NAN };
	double tail = (1 - level) / 2;

	if (!n || k > n)
		return out;
	out.mid = (double)k / (double)n;
	out.low = k ? share_at(k - 1, n, 1 - tail) : 0;
	out.high = k < n ? share_at(k, n, tail) : 1;
	return out;
}

double oae_detectable_change(double sd, size_t n, double alpha, double power)
{
	double df = (double)n - 1.0;

	if (n < 2)
		return NAN;
	return (oae_t_quantile(1.0 - alpha / 2.0, df) +
		oae_t_quantile(power, df)) *
	       sd / sqrt((double)n);
}
