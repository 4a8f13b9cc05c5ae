/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

#define DRAWS 200000

/* The published sequences of both generators. */
static void matches_the_reference(void **state)
{
	static const uint64_t splitmix_1234567[4] = {
		6457827717110365317u,
		3203168211198807973u,
		9817491932198370423u,
		4593380528125082431u,
	};
	static const uint64_t xoshiro_1234[6] = {
		11520u,
		0u,
		1509978240u,
		1215971899390074240u,
		1216172134540287360u,
		607988272756665600u,
	};
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 1234567);
	assert_memory_equal(r.s, splitmix_1234567, sizeof(r.s));
	for (uint64_t i = 0; i < 4; i++)
		r.s[i] = i + 1;
	for (int i = 0; i < 6; i++)
		assert_true(oae_rng_u64(&r) == xoshiro_1234[i]);
}

static void streams_differ_by_purpose(void **state)
{
	struct oae_rng a, b, c, d;

	(void)state;
	oae_rng_derive(&a, 1, "arrivals");
	oae_rng_derive(&b, 1, "order");
	oae_rng_derive(&c, 2, "arrivals");
	oae_rng_derive(&d, 1, "arrivals");
	assert_memory_equal(&a, &d, sizeof(a));
	assert_memory_not_equal(&a, &b, sizeof(a));
	assert_memory_not_equal(&a, &c, sizeof(a));
	/* Fixed for good: a plan made from a seed must stay the same. */
	assert_true(oae_rng_u64(&a) == 0xd4bf44f4bea7da2bu);
}

struct moments {
	double mean, variance, skew;
};

static struct moments moments_of(double (*draw)(struct oae_rng *, double),
				 double parameter, uint64_t seed)
{
	double sum = 0.0, square = 0.0, cube = 0.0, mean, variance;
	static double x[DRAWS];
	struct oae_rng r;

	oae_rng_seed(&r, seed);
	for (int i = 0; i < DRAWS; i++)
		sum += x[i] = draw(&r, parameter);
	mean = sum / DRAWS;
	for (int i = 0; i < DRAWS; i++) {
		square += pow(x[i] - mean, 2);
		cube += pow(x[i] - mean, 3);
	}
	variance = square / DRAWS;
	return (struct moments){ mean, variance,
				 cube / DRAWS / pow(variance, 1.5) };
}

static double draw_uniform(struct oae_rng *r, double unused)
{
	double v = oae_rng_uniform(r);

	(void)unused;
	assert_true(v >= 0.0 && v < 1.0);
	return v;
}

static double draw_normal(struct oae_rng *r, double unused)
{
	(void)unused;
	return oae_rng_normal(r);
}

static double draw_exponential(struct oae_rng *r, double unused)
{
	double v = oae_rng_exponential(r);

	(void)unused;
	assert_true(v >= 0.0 && isfinite(v));
	return v;
}

static double draw_gamma(struct oae_rng *r, double shape)
{
	double v = oae_rng_gamma(r, shape);

	assert_true(v >= 0.0 && isfinite(v));
	return v;
}

static void near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%g is not %g +- %g", value, expected, tolerance);
}

static void moments_are_right(void **state)
{
	struct moments m;

	(void)state;
	m = moments_of(draw_uniform, 0.0, 1);
	near(m.mean, 0.5, 0.003);
	near(m.variance, 1.0 / 12.0, 0.001);
	m = moments_of(draw_normal, 0.0, 2);
	near(m.mean, 0.0, 0.01);
	near(m.variance, 1.0, 0.015);
	near(m.skew, 0.0, 0.03);
	m = moments_of(draw_exponential, 0.0, 3);
	near(m.mean, 1.0, 0.01);
	near(m.variance, 1.0, 0.03);
	near(m.skew, 2.0, 0.15);
}

/* Arrivals with a coefficient of variation cv use shape 1 / cv^2. */
static void gamma_has_its_variation(void **state)
{
	static const double cvs[] = { 0.5, 1.0, 2.0, 3.0 };

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		double shape = 1.0 / (cvs[i] * cvs[i]);
		struct moments m = moments_of(draw_gamma, shape, 10 + i);

		near(m.mean / shape, 1.0, 0.03);
		near(sqrt(m.variance) / m.mean, cvs[i], 0.05 * cvs[i]);
	}
}

static void below_is_unbiased(void **state)
{
	unsigned counts[7] = { 0 };
	struct oae_rng r;
	double chi2 = 0.0;
	int low = 0;

	(void)state;
	oae_rng_seed(&r, 4);
	for (int i = 0; i < 70000; i++)
		counts[oae_rng_below(&r, 7)]++;
	for (int i = 0; i < 7; i++)
		chi2 += pow((double)counts[i] - 10000.0, 2) / 10000.0;
	assert_true(chi2 < 22.5); /* 0.1 % with 6 degrees of freedom */
	assert_true(oae_rng_below(&r, 1) == 0);
	/* A plain remainder would hit the lowest third half of the time. */
	for (int i = 0; i < 10000; i++) {
		uint64_t v = oae_rng_below(&r, 3ull << 62);

		assert_true(v < 3ull << 62);
		low += v < 1ull << 62;
	}
	assert_true(low > 3100 && low < 3570);
}

static void shuffle_is_a_fair_permutation(void **state)
{
	unsigned counts[6] = { 0 };
	struct oae_rng r;
	double chi2 = 0.0;

	(void)state;
	oae_rng_seed(&r, 5);
	for (int i = 0; i < 60000; i++) {
		uint32_t x[3] = { 0, 1, 2 };

		oae_rng_shuffle(&r, x, 3);
		assert_true(x[0] < 3 && x[1] < 3 && x[2] < 3);
		assert_true(x[0] != x[1] && x[1] != x[2] && x[0] != x[2]);
		counts[x[0] * 2 + (x[1] > x[2])]++;
	}
	for (int i = 0; i < 6; i++)
		chi2 += pow((double)counts[i] - 10000.0, 2) / 10000.0;
	assert_true(chi2 < 20.5); /* 0.1 % with 5 degrees of freedom */
	oae_rng_shuffle(&r, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_the_reference),
		cmocka_unit_test(streams_differ_by_purpose),
		cmocka_unit_test(moments_are_right),
		cmocka_unit_test(gamma_has_its_variation),
		cmocka_unit_test(below_is_unbiased),
		cmocka_unit_test(shuffle_is_a_fair_permutation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
