/* SPDX-License-Identifier: Apache-2.0 */
/* How much of an expert's gain a few random trials keep (spec §7.3, §7.4). */
#ifndef OAE_SCHEMA_TALENT_H
#define OAE_SCHEMA_TALENT_H

#include <stddef.h>

/*
 * Expected best of n out of B observed values, larger being better; x is
 * ascending. NaN when n is 0 or above B.
 */
/* Dodge et al. 2019 (drawn with replacement). */
double oae_best_of_dodge(const double *x, size_t count, size_t n);
/* The unbiased one (drawn without replacement). */
double oae_best_of_unbiased(const double *x, size_t count, size_t n);
/* The unbiased one for costs: smaller is better; cost in any order. */
double oae_cheapest_of(const double *cost, size_t count, size_t n);

/*
 * tau: the share of the expert's gain kept, on logarithms. NaN when the
 * expert gains nothing.
 */
double oae_talent_tau(double kappa_baseline, double kappa_n,
		      double kappa_expert);
/* The least n with tau(n) >= level; 0 when there is none. */
size_t oae_talent_least_n(const double *cost, size_t count,
			  double kappa_baseline, double kappa_expert,
			  double level);

#endif
