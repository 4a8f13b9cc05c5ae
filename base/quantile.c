/* SPDX-License-Identifier: Apache-2.0 */
/* Inverse distribution functions, solved rather than approximated. */
#include <float.h>
#include <math.h>

#include "base/stats.h"

#define NEWTON_STEPS_MAX 200
#define FRACTION_TERMS_MAX 20000
#define TINY 1e-300
/* From here the expansion's error is far below 1e-10. */
#define DF_LARGE 1e5

double oae_normal_cdf(double z)
{
	return 0.5 * erfc(-z * M_SQRT1_2);
}

/*
 * z <= 0 with Phi(z) = p <= 1/2. log Phi is concave and
 * Phi(z) <= exp(-z^2 / 2) / 2, so that Newton's method on the logarithm
 * starts left of the root and rises to it without overshooting.
 */
static double normal_lower(double p)
{
	double z = -sqrt(fmax(0.0, -2.0 * log(2.0 * p))), cdf, density, step;

	for (int i = 0; i < NEWTON_STEPS_MAX; i++) {
		cdf = oae_normal_cdf(z);
		density = exp(-0.5 * z * z) * M_SQRT1_2 * M_2_SQRTPI * 0.5;
		step = log(p / cdf) * cdf / density;
		z += step;
		if (fabs(step) <= 4.0 * DBL_EPSILON * (1.0 + fabs(z)))
			break;
	}
	return z;
}

double oae_normal_quantile(double p)
{
	if (!(p >= 0.0 && p <= 1.0))
		return NAN;
	if (p == 0.0 || p == 1.0)
		return p > 0.0 ? HUGE_VAL : -HUGE_VAL;
	return p <= 0.5 ? normal_lower(p) : -normal_lower(1.0 - p);
}

/* log B(a, 1/2); Stirling's series of the gamma ratio where that is exact. */
static double log_beta_half(double a)
{
	double a2 = a * a, ratio;

	if (a < 20.0)
		return lgamma(a) + lgamma(0.5) - lgamma(a + 0.5);
	ratio = 0.5 * log(a) - 1.0 / (8.0 * a) + 1.0 / (192.0 * a * a2) -
		1.0 / (640.0 * a * a2 * a2) +
		17.0 / (14336.0 * a * a2 * a2 * a2);
	return 0.5 * log(M_PI) - ratio;
}

static double not_zero(double v)
{
	return fabs(v) < TINY ? TINY : v;
}

/*
 * The continued fraction of the incomplete beta function (Abramowitz and
 * Stegun 26.5.8) by Lentz's method; fast for x < (a + 1) / (a + b + 2).
 */
static double beta_fraction(double x, double a, double b)
{
	double c = 1.0, d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
	double h = d, term, change;

	for (int m = 1; m <= FRACTION_TERMS_MAX; m++) {
		term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		d = 1.0 / not_zero(1.0 + term * d);
		c = not_zero(1.0 + term / c);
		h *= c * d;
		term = -(a + m) * (a + b + m) * x /
		       ((a + 2 * m) * (a + 2 * m + 1));
		d = 1.0 / not_zero(1.0 + term * d);
		c = not_zero(1.0 + term / c);
		change = c * d;
		h *= change;
		if (fabs(change - 1.0) <= 2.0 * DBL_EPSILON)
			break;
	}
	return h;
}

/* log P(T > t), t > 0: half of I_x(df/2, 1/2) at x = df / (df + t^2). */
static double log_t_tail(double t, double df)
{
	double a = 0.5 * df, b = 0.5, q = t * t / df;
	double x = 1.0 / (1.0 + q), y = q / (1.0 + q);
	double front = -a * log1p(q) + b * log(y) - log_beta_half(a);

	if (x < (a + 1.0) / (a + b + 2.0))
		return front + log(0.5 * beta_fraction(x, a, b) / a);
	return log(0.5) + log1p(-exp(front) * beta_fraction(y, b, a) / b);
}

static double log_t_density(double t, double df)
{
	return -0.5 * (df + 1.0) * log1p(t * t / df) - 0.5 * log(df) -
	       log_beta_half(0.5 * df);
}

/*
 * t > 0 with P(T > t) = q < 1/2: Newton's method on the logarithms of both
 * (a straight line in the heavy tail), kept inside a shrinking bracket.
 */
static double t_upper(double q, double df)
{
	double low = -700.0, high = 350.0, u, t, tail, error, next;

	u = log(fmax(-oae_normal_quantile(q), TINY));
	for (int i = 0; i < NEWTON_STEPS_MAX; i++) {
		t = exp(u);
		tail = log_t_tail(t, df);
		error = tail - log(q);
		if (error > 0.0)
			low = u;
		else
			high = u;
		next = u + error * exp(tail - log_t_density(t, df)) / t;
		if (!(next > low && next < high))
			next = 0.5 * (low + high);
		if (fabs(next - u) <= 4.0 * DBL_EPSILON)
			return exp(next);
		u = next;
	}
	return exp(u);
}

/* Abramowitz and Stegun 26.7.5: Fisher's expansion around the normal. */
static double t_near_normal(double q, double df)
{
	double z = -oae_normal_quantile(q), z2 = z * z;

	return z + z * (z2 + 1.0) / (4.0 * df) +
	       z * ((5.0 * z2 + 16.0) * z2 + 3.0) / (96.0 * df * df);
}

double oae_t_quantile(double p, double df)
{
	double q = fmin(p, 1.0 - p), t;

	if (!(p > 0.0 && p < 1.0) || !(df >= 1.0))
		return NAN;
	if (p == 0.5)
		return 0.0;
	t = df < DF_LARGE ? t_upper(q, df) : t_near_normal(q, df);
	return p < 0.5 ? -t : t;
}

double oae_t_upper(double t, double df)
{
	double upper;

	if (isnan(t) || !(df >= 1.0))
		return NAN;
	if (t == 0.0)
		return 0.5;
	upper = df < DF_LARGE ? exp(log_t_tail(fabs(t), df)) :
				oae_normal_cdf(-fabs(t));
	return t > 0.0 ? upper : 1.0 - upper;
}
