/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"

#include <math.h>

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* splitmix64: one step of a counter through a mixing function. */
static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void oae_rng_seed(struct oae_rng *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}

void oae_rng_derive(struct oae_rng *r, uint64_t seed, const char *purpose)
{
	/* FNV-1a of the purpose, mixed with the seed. */
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *purpose; purpose++)
		hash = (hash ^ (unsigned char)*purpose) * 0x100000001b3u;
	oae_rng_seed(r, splitmix(&seed) ^ hash);
}

/* xoshiro256**, Blackman and Vigna 2018. */
uint64_t oae_rng_u64(struct oae_rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t oae_rng_below(struct oae_rng *r, uint64_t n)
{
	/* Refuse the 2^64 mod n lowest values; the rest divides evenly. */
	uint64_t skip = (0 - n) % n;
	uint64_t x;

	do {
		x = oae_rng_u64(r);
	} while (x < skip);
	return x % n;
}

double oae_rng_uniform(struct oae_rng *r)
{
	return (double)(oae_rng_u64(r) >> 11) * 0x1p-53;
}

/*
 * Logarithm and exponential from the four operations alone: the library's
 * differ in their last bit between versions and machines, and one bit is
 * another schedule. Relative error below 1e-15, of exp_of 1e-13.
 */
static double log_of(double x)
{
	double s, s2, sum = 0.0;
	int e;

	x = frexp(x, &e);
	if (x < M_SQRT1_2) {
		x *= 2.0;
		e--;
	}
	/* log x = 2 atanh s; |s| < 0.172, so that 13 terms are enough. */
	s = (x - 1.0) / (x + 1.0);
	s2 = s * s;
	for (int k = 25; k >= 1; k -= 2)
		sum = sum * s2 + 2.0 / k;
	return e * M_LN2 + s * sum;
}

/* x <= 0. */
static double exp_of(double x)
{
	double k = floor(x / M_LN2 + 0.5), sum = 1.0;

	if (x < -745.0)
		return 0.0;
	x -= k * M_LN2;
	for (int i = 14; i >= 1; i--)
		sum = 1.0 + sum * x / i;
	return ldexp(sum, (int)k);
}

/* Marsaglia's polar method; the second value is dropped to stay stateless. */
double oae_rng_normal(struct oae_rng *r)
{
	double u, v, s;

	do {
		u = 2.0 * oae_rng_uniform(r) - 1.0;
		v = 2.0 * oae_rng_uniform(r) - 1.0;
		s = u * u + v * v;
	} while (s >= 1.0 || s == 0.0);
	return u * sqrt(-2.0 * log_of(s) / s);
}

double oae_rng_exponential(struct oae_rng *r)
{
	return -log_of(1.0 - oae_rng_uniform(r));
}

/* Marsaglia and Tsang 2000; shape < 1 through shape + 1 and a power. */
double oae_rng_gamma(struct oae_rng *r, double shape)
{
	double boost = 1.0, c, d, u, v, x;

	if (shape < 1.0) {
		boost = exp_of(log_of(1.0 - oae_rng_uniform(r)) / shape);
		shape += 1.0;
	}
	d = shape - 1.0 / 3.0;
	c = 1.0 / sqrt(9.0 * d);
	for (;;) {
		x = oae_rng_normal(r);
		v = 1.0 + c * x;
		if (v <= 0.0)
			continue;
		v = v * v * v;
		u = 1.0 - oae_rng_uniform(r);
		if (log_of(u) < 0.5 * x * x + d * (1.0 - v + log_of(v)))
			return boost * d * v;
	}
}

void oae_rng_shuffle(struct oae_rng *r, uint32_t *items, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)oae_rng_below(r, i);
		uint32_t t = items[i - 1];

		items[i - 1] = items[j];
		items[j] = t;
	}
}
