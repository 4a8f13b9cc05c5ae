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

double oae_detectable_change(double sd, size_t n, double alpha, double power)
{
	double df = (double)n - 1.0;

	if (n < 2)
		return NAN;
	return (oae_t_quantile(1.0 - alpha / 2.0, df) +
		oae_t_quantile(power, df)) *
	       sd / sqrt((double)n);
}
