/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "schema/talent.h"

double oae_best_of_dodge(const double *x, size_t count, size_t n)
{
	double b = (double)count, sum = 0;

	if (n == 0 || n > count)
		return NAN;
	for (size_t i = 1; i <= count; i++)
		sum += x[i - 1] * (pow((double)i / b, (double)n) -
				   pow((double)(i - 1) / b, (double)n));
	return sum;
}

/*
 * C(i-1, n-1) / C(B, n) for i = B is n / B; going down, each i multiplies
 * by (i - n + 1) / i with the new i: no factorial overflows.
 */
double oae_best_of_unbiased(const double *x, size_t count, size_t n)
{
	double weight, sum = 0;

	if (n == 0 || n > count)
		return NAN;
	weight = (double)n / (double)count;
	for (size_t i = count; i >= n; i--) {
		sum += weight * x[i - 1];
		if (i > 1)
			weight *= (double)(i - n) / (double)(i - 1);
	}
	return sum;
}

/* The value of rank i (0 the smallest), ties broken by position. */
static double ranked(const double *x, size_t count, size_t rank)
{
	for (size_t i = 0; i < count; i++) {
		size_t below = 0;

		for (size_t j = 0; j < count; j++)
			below += x[j] < x[i] || (x[j] == x[i] && j < i);
		if (below == rank)
			return x[i];
	}
	return NAN;
}

double oae_cheapest_of(const double *cost, size_t count, size_t n)
{
	double weight, sum = 0;

	if (n == 0 || n > count)
		return NAN;
	weight = (double)n / (double)count;
	for (size_t i = count; i >= n; i--) {
		sum += weight * ranked(cost, count, count - i);
		if (i > 1)
			weight *= (double)(i - n) / (double)(i - 1);
	}
	return sum;
}

double oae_talent_tau(double kappa_baseline, double kappa_n,
		      double kappa_expert)
{
	double gain = log(kappa_baseline / kappa_expert);

	return gain > 0 ? log(kappa_baseline / kappa_n) / gain : NAN;
}

size_t oae_talent_least_n(const double *cost, size_t count,
			  double kappa_baseline, double kappa_expert,
			  double level)
{
	for (size_t n = 1; n <= count; n++) {
		double kappa = oae_cheapest_of(cost, count, n);

		if (oae_talent_tau(kappa_baseline, kappa, kappa_expert) >=
		    level)
			return n;
	}
	return 0;
}
