/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "schema/edivisive.h"

static const struct oae_edivisive_rules usual = { .05, 199, 5 };
static const struct oae_edivisive_rules strict = { .01, 999, 5 };

static struct oae_edivisive found(const double *x, size_t n,
				  const struct oae_edivisive_rules *rules,
				  uint64_t seed)
{
	struct oae_edivisive out;
	struct oae_error err = { 0 };
	struct oae_rng rng;

	oae_rng_seed(&rng, seed);
	assert_int_equal(oae_edivisive(x, n, rules, &rng, &out, &err), OAE_OK);
	return out;
}

static double mean_distance(const double *a, size_t na, const double *b,
			    size_t nb)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < na; i++)
		for (size_t j = a == b ? i + 1 : 0; j < nb; j++, n++)
			sum += fabs(a[i] - b[j]);
	return sum / (double)n;
}

/* The definition, with every mean computed anew. */
static size_t by_definition(const double *x, size_t n, size_t least, double *q)
{
	size_t best = 0;

	*q = 0;
	for (size_t m = least; m + least <= n; m++)
		for (size_t k = least; m + k <= n; k++) {
			double e = 2 * mean_distance(x, m, x + m, k) -
				   mean_distance(x, m, x, m) -
				   mean_distance(x + m, k, x + m, k);

			e *= (double)(m * k) / (double)(m + k);
			if (e > *q * (1 + 1e-9)) {
				*q = e;
				best = m;
			}
		}
	return best;
}

static void split_is_the_definition(void **state)
{
	double x[40], scratch[81], q, want;
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 4);
	for (int t = 0; t < 60; t++) {
		size_t n = 10 + oae_rng_below(&r, 31), at;

		for (size_t i = 0; i < n; i++)
			x[i] = oae_rng_normal(&r) + (i > n / 3 && i < n / 2);
		at = by_definition(x, n, 3, &want);
		assert_int_equal(oae_edivisive_split(x, n, 3, scratch, &q), at);
		assert_true(fabs(q - want) <= 1e-9 * want);
	}
	assert_int_equal(oae_edivisive_split(x, 5, 3, scratch, &q), 0);
}

/* Stationary noise: a first change in no more than alpha of the series. */
static void false_positives(void **state)
{
	enum {
		SERIES = 600,
		N = 40
	};
	double x[N];
	struct oae_rng r;
	int normal = 0, skewed = 0;

	(void)state;
	oae_rng_seed(&r, 5);
	for (uint64_t t = 0; t < SERIES; t++) {
		for (int i = 0; i < N; i++)
			x[i] = 10 + .2 * oae_rng_normal(&r);
		normal += found(x, N, &usual, t).count > 0;
		for (int i = 0; i < N; i++)
			x[i] = exp(.5 * oae_rng_normal(&r));
		skewed += found(x, N, &usual, t).count > 0;
	}
	printf("# stationary noise, alpha 5 %%: normal %.1f %%, lognormal"
	       " %.1f %% of %d series\n",
	       100. * normal / SERIES, 100. * skewed / SERIES, SERIES);
	/* 5 % and three standard errors of a share of 600 */
	assert_true(normal <= 46 && skewed <= 46);
	assert_true(normal >= 5); /* it is a test, not a wall */
}

/* A step of 5 % at 2 % noise, 20 points a side. */
static void a_step(void **state)
{
	enum {
		SERIES = 100,
		N = 40
	};
	double x[N];
	struct oae_rng r;
	int hit = 0, exact = 0;

	(void)state;
	oae_rng_seed(&r, 6);
	for (uint64_t t = 0; t < SERIES; t++) {
		struct oae_edivisive f;

		for (int i = 0; i < N; i++)
			x[i] = (i < N / 2 ? 1 : 1.05) *
			       (1 + .02 * oae_rng_normal(&r));
		f = found(x, N, &usual, t);
		hit += f.count && f.changes[0].at >= N / 2 - 2 &&
		       f.changes[0].at <= N / 2 + 2;
		exact += f.count && f.changes[0].at == N / 2;
	}
	printf("# 5 %% at CV 2 %%: %d of 100 within two points, %d exactly\n",
	       hit, exact);
	assert_true(hit >= 95);
}

/* Up and down again: the ends are alike, both changes are found. */
static void two_steps(void **state)
{
	enum {
		N = 60
	};
	struct oae_edivisive f;
	double x[N];
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 7);
	for (int i = 0; i < N; i++)
		x[i] = (i >= 20 && i < 40 ? 1.1 : 1) *
		       (1 + .02 * oae_rng_normal(&r));
	f = found(x, N, &strict, 1);
	assert_int_equal(f.count, 2);
	assert_int_equal(f.changes[0].at + f.changes[1].at, 60);
	assert_true(f.changes[0].at == 20 || f.changes[0].at == 40);
}

/* A change of spread alone is one, too. */
static void spread(void **state)
{
	enum {
		N = 120
	};
	struct oae_edivisive f;
	double x[N];
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 8);
	for (int i = 0; i < N; i++)
		x[i] = 1 + (i < N / 2 ? .01 : .1) * oae_rng_normal(&r);
	f = found(x, N, &usual, 1);
	assert_true(f.count >= 1);
	assert_true(f.changes[0].at >= 55 && f.changes[0].at <= 65);
}

static void nothing_there(void **state)
{
	double x[60] = { 1, 1, 1, 1, 9, 9, 9, 9 };
	struct oae_edivisive f;

	(void)state;
	assert_int_equal(found(x, 0, &usual, 1).count, 0);
	assert_int_equal(found(x, 1, &usual, 1).count, 0);
	f = found(x, 8, &usual, 1); /* no two segments of 5 */
	assert_int_equal(f.count, 0);
	assert_true(f.first_p == 1);
	for (int i = 0; i < 60; i++)
		x[i] = 3;
	f = found(x, 60, &usual, 1);
	assert_int_equal(f.count, 0);
	assert_true(f.first_p == 1);
}

static void refused(void **state)
{
	static double x[OAE_EDIVISIVE_POINTS_MAX + 1];
	struct oae_edivisive_rules none = usual;
	struct oae_edivisive out;
	struct oae_error err = { 0 };
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 1);
	assert_int_equal(oae_edivisive(x, OAE_EDIVISIVE_POINTS_MAX + 1, &usual,
				       &rng, &out, &err),
			 OAE_ERR_LIMIT);
	x[3] = NAN;
	err = (struct oae_error){ 0 };
	assert_int_equal(oae_edivisive(x, 20, &usual, &rng, &out, &err),
			 OAE_ERR_FORMAT);
	assert_non_null(strstr(err.text, "point 4"));
	none.permutations = 0;
	assert_int_equal(oae_edivisive(x, 2, &none, &rng, &out, NULL),
			 OAE_ERR_USAGE);
}

/*
 * Annual flow of the Nile at Aswan, 1871 to 1970, in 10^8 m^3 (Cobb 1978,
 * Biometrika 65): the level falls after 1898, and nothing else changes.
 */
static void the_nile(void **state)
{
	static const double nile[100] = {
		1120, 1160, 963,  1210, 1160, 1160, 813,  1230, 1370, 1140,
		995,  935,  1110, 994,	1020, 960,  1180, 799,	958,  1140,
		1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774,  840,
		874,  694,  940,  833,	701,  916,  692,  1020, 1050, 969,
		831,  726,  456,  824,	702,  1120, 1100, 832,	764,  821,
		768,  845,  864,  862,	698,  845,  744,  796,	1040, 759,
		781,  865,  845,  944,	984,  897,  822,  1010, 771,  676,
		649,  846,  812,  742,	801,  1040, 860,  874,	848,  890,
		744,  749,  838,  1050, 918,  986,  797,  923,	975,  815,
		1020, 906,  901,  1170, 912,  746,  919,  718,	714,  740,
	};
	struct oae_edivisive f = found(nile, 100, &strict, 42);
	double sum = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		sum += nile[i];
	assert_true(sum == 91935); /* as published: mean 919.35 */
	assert_int_equal(f.count, 1);
	printf("# Nile: the last year of the old level is %zu, p %.4f\n",
	       1871 + f.changes[0].at - 1, f.changes[0].p);
	assert_int_equal(1871 + f.changes[0].at - 1, 1898);
	/* the same seed, the same p */
	assert_true(found(nile, 100, &strict, 42).changes[0].p ==
		    f.changes[0].p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_is_the_definition),
		cmocka_unit_test(false_positives),
		cmocka_unit_test(a_step),
		cmocka_unit_test(two_steps),
		cmocka_unit_test(spread),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(refused),
		cmocka_unit_test(the_nile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
