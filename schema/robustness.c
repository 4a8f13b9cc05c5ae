/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "schema/robustness.h"

double oae_mix_score(const double *cost_b, const double *cost_x,
		     const double *weight, size_t n)
{
	double b = 0, x = 0;

	for (size_t i = 0; i < n; i++) {
		b += weight[i] * cost_b[i];
		x += weight[i] * cost_x[i];
	}
	return x > 0 ? b / x : NAN;
}

double oae_speculative_factor(double alpha, double gamma, double c, double v)
{
	double tokens = alpha < 1 ? (1 - pow(alpha, gamma + 1)) / (1 - alpha) :
				    gamma + 1;

	return tokens / (gamma * c + v);
}
