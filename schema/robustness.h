/* SPDX-License-Identifier: Apache-2.0 */
/* Costs under a mix of conditions (spec §6.6), speculation's factor. */
#ifndef OAE_SCHEMA_ROBUSTNESS_H
#define OAE_SCHEMA_ROBUSTNESS_H

#include <stddef.h>

/*
 * sum_q w_q C_{B,q} / sum_q w_q C_{X,q}: between the least and the largest
 * OAE_q for every weighting. NaN when the denominator is 0.
 */
double oae_mix_score(const double *cost_b, const double *cost_x,
		     const double *weight, size_t n);

/*
 * Tokens per unit of time of speculative decoding over plain decoding:
 * E / (gamma c + v), E = (1 - alpha^(gamma+1)) / (1 - alpha). alpha: chance
 * that a drafted token is accepted; c: time of a draft token over a target
 * token; v: time of verifying gamma+1 tokens over one (1 in Leviathan et
 * al. 2023).
 */
double oae_speculative_factor(double alpha, double gamma, double c, double v);

#endif
