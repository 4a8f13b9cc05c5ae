/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeded random numbers that are the same on every machine and in every
 * version: xoshiro256** seeded by splitmix64 (Blackman and Vigna 2018).
 */
#ifndef OAE_BASE_RNG_H
#define OAE_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct oae_rng {
	uint64_t s[4];
};

void oae_rng_seed(struct oae_rng *r, uint64_t seed);
/* An independent stream for a named purpose under the same seed. */
void oae_rng_derive(struct oae_rng *r, uint64_t seed, const char *purpose);
uint64_t oae_rng_u64(struct oae_rng *r);
uint64_t oae_rng_below(struct oae_rng *r,
		       uint64_t n);	       /* [0, n), unbiased, n > 0 */
double oae_rng_uniform(struct oae_rng *r);     /* [0, 1), 53 bits */
double oae_rng_normal(struct oae_rng *r);      /* mean 0, variance 1 */
double oae_rng_exponential(struct oae_rng *r); /* mean 1 */
double oae_rng_gamma(struct oae_rng *r, double shape); /* scale 1 */
/* Fisher-Yates over indices. */
void oae_rng_shuffle(struct oae_rng *r, uint32_t *items, size_t n);

#endif
