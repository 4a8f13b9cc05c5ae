/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/stats.h"

static void near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.17g is not %.17g +- %g", value, expected,
			 tolerance);
}

static void describes_samples(void **state)
{
	double x[] = { 4, 1, 3, 2 }, far[] = { 1e9 + 1, 1e9 + 2, 1e9 + 3 };

	(void)state;
	near(oae_mean(x, 4), 2.5, 0);
	near(oae_variance(x, 4), 5.0 / 3.0, 1e-15);
	near(oae_variance(far, 3), 1.0, 0);
	near(oae_median(x, 4), 2.5, 0);
	near(x[0], 1, 0);
	near(x[3], 4, 0);
	near(oae_median(x, 1), 1, 0);
	assert_true(isnan(oae_mean(x, 0)));
	assert_true(isnan(oae_variance(x, 1)));
	assert_true(isnan(oae_median(x, 0)));
}

/* R: quantile(c(1, 2, 4, 8, 16), p) with its default type 7. */
static void quantiles_are_type_7(void **state)
{
	const double x[] = { 1, 2, 4, 8, 16 };

	(void)state;
	near(oae_quantile_sorted(x, 5, 0.0), 1, 0);
	near(oae_quantile_sorted(x, 5, 0.1), 1.4, 1e-15);
	near(oae_quantile_sorted(x, 5, 0.5), 4, 0);
	near(oae_quantile_sorted(x, 5, 0.95), 14.4, 1e-14);
	near(oae_quantile_sorted(x, 5, 1.0), 16, 0);
	assert_true(isnan(oae_quantile_sorted(x, 5, 1.1)));
	assert_true(isnan(oae_quantile_sorted(x, 5, NAN)));
}

static void sorting_puts_nan_last(void **state)
{
	double x[] = { NAN, 2, INFINITY, -1, NAN, -INFINITY };

	(void)state;
	oae_sort(x, 6);
	assert_true(x[0] == -INFINITY && x[1] == -1 && x[2] == 2);
	assert_true(x[3] == INFINITY && isnan(x[4]) && isnan(x[5]));
}

static void normal_quantiles(void **state)
{
	(void)state;
	near(oae_normal_quantile(0.5), 0.0, 0);
	near(oae_normal_quantile(0.975), 1.959963984540054, 2e-15);
	near(oae_normal_quantile(0.025), -1.959963984540054, 2e-15);
	near(oae_normal_quantile(0.95), 1.6448536269514722, 2e-15);
	near(oae_normal_quantile(0.995), 2.5758293035489004, 2e-15);
	near(oae_normal_quantile(1e-12), -7.034483825301131, 1e-13);
	near(oae_normal_quantile(1e-300), -37.0471, 1e-4);
	assert_true(oae_normal_quantile(0.0) == -INFINITY);
	assert_true(oae_normal_quantile(1.0) == INFINITY);
	assert_true(isnan(oae_normal_quantile(-0.1)));
	for (int i = 1; i < 1000; i++)
		near(oae_normal_cdf(oae_normal_quantile(i / 1000.0)),
		     i / 1000.0, 1e-15);
}

/* The table in every textbook, to its three decimals. */
static void t_quantiles_match_the_table(void **state)
{
	static const struct {
		double df, t90, t95, t975, t99, t995;
	} rows[] = {
		{ 1, 3.078, 6.314, 12.706, 31.821, 63.657 },
		{ 2, 1.886, 2.920, 4.303, 6.965, 9.925 },
		{ 3, 1.638, 2.353, 3.182, 4.541, 5.841 },
		{ 4, 1.533, 2.132, 2.776, 3.747, 4.604 },
		{ 5, 1.476, 2.015, 2.571, 3.365, 4.032 },
		{ 9, 1.383, 1.833, 2.262, 2.821, 3.250 },
		{ 10, 1.372, 1.812, 2.228, 2.764, 3.169 },
		{ 19, 1.328, 1.729, 2.093, 2.539, 2.861 },
		{ 30, 1.310, 1.697, 2.042, 2.457, 2.750 },
		{ 60, 1.296, 1.671, 2.000, 2.390, 2.660 },
		{ 120, 1.289, 1.658, 1.980, 2.358, 2.617 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		near(oae_t_quantile(0.9, rows[i].df), rows[i].t90, 5.01e-4);
		near(oae_t_quantile(0.95, rows[i].df), rows[i].t95, 5.01e-4);
		near(oae_t_quantile(0.975, rows[i].df), rows[i].t975, 5.01e-4);
		near(oae_t_quantile(0.99, rows[i].df), rows[i].t99, 5.01e-4);
		near(oae_t_quantile(0.995, rows[i].df), rows[i].t995, 5.01e-4);
	}
}

/* Closed forms for 1, 2 and 4 degrees of freedom; the normal as the limit. */
static void t_quantiles_are_exact(void **state)
{
	(void)state;
	for (int i = 1; i < 2000; i++) {
		double p = i / 2000.0, a = 4.0 * p * (1.0 - p), t;

		t = tan(M_PI * (p - 0.5));
		near(oae_t_quantile(p, 1), t, 1e-10 * (1 + fabs(t)));
		t = (2.0 * p - 1.0) * sqrt(2.0 / a);
		near(oae_t_quantile(p, 2), t, 1e-10 * (1 + fabs(t)));
		t = sqrt(cos(acos(sqrt(a)) / 3.0) / sqrt(a) - 1.0) * 2.0;
		near(fabs(oae_t_quantile(p, 4)), t, 1e-7 * (1 + t));
		near(oae_t_quantile(p, 33.5), -oae_t_quantile(1.0 - p, 33.5),
		     1e-10);
	}
	near(oae_t_quantile(0.975, 1e12), 1.959963984540054, 1e-10);
	near(oae_t_quantile(0.975, INFINITY), 1.959963984540054, 1e-14);
	near(oae_t_quantile(1e-10, 1), -3183098861.8379068, 1.0);
	/* Both sides of the changes of formula at df = 40 and 100000. */
	near(oae_t_quantile(0.999, 99999.999),
	     oae_t_quantile(0.999, 100000.001), 1e-11);
	near(oae_t_quantile(0.975, 39.9999999),
	     oae_t_quantile(0.975, 40.0000001), 1e-9);
	assert_true(isnan(oae_t_quantile(0.0, 5)));
	assert_true(isnan(oae_t_quantile(1.0, 5)));
	assert_true(isnan(oae_t_quantile(0.5, 0.5)));
}

/* R: t.test(c(5.1, 4.9, 5.6, 5.8, 6.0))$conf.int */
static void mean_interval(void **state)
{
	const double x[] = { 5.1, 4.9, 5.6, 5.8, 6.0 };
	struct oae_interval i = oae_mean_interval(x, 5, 0.95);

	(void)state;
	near(i.mid, 5.48, 1e-14);
	near(i.low, 5.48 - 2.7764451051977987 * sqrt(0.217 / 5.0), 1e-12);
	near(i.high, 5.48 + 2.7764451051977987 * sqrt(0.217 / 5.0), 1e-12);
	i = oae_mean_interval(x, 1, 0.95);
	near(i.mid, 5.1, 0);
	assert_true(isnan(i.low) && isnan(i.high));
}

static void ratio_interval(void **state)
{
	const double r[] = { 2.0, 8.0, 4.0 }, back[] = { 0.5, 0.125, 0.25 };
	const double bad[] = { 1.0, 0.0 };
	struct oae_interval i = oae_ratio_interval(r, 3, 0.95);
	struct oae_interval j = oae_ratio_interval(back, 3, 0.95);

	(void)state;
	near(i.mid, 4.0, 1e-14);
	near(log(i.high / i.mid), 4.302652729911275 * M_LN2 / sqrt(3), 1e-10);
	/* The inverse ratio has the inverse interval. */
	near(i.low * j.high, 1.0, 1e-12);
	near(i.high * j.low, 1.0, 1e-12);
	assert_true(isnan(oae_ratio_interval(bad, 2, 0.95).mid));
	assert_true(isnan(oae_ratio_interval(bad, 0, 0.95).mid));
}

static void bca_of_a_symmetric_sample(void **state)
{
	struct oae_interval b, t;
	struct oae_rng r;
	double x[200];

	(void)state;
	oae_rng_seed(&r, 3);
	for (int i = 0; i < 100; i++) {
		x[i] = oae_rng_normal(&r);
		x[199 - i] = -x[i];
	}
	b = oae_bca_interval(x, 200, 0.95, 4000, &r);
	t = oae_mean_interval(x, 200, 0.95);
	near(b.mid, 0.0, 1e-15);
	near(b.low / t.low, 1.0, 0.06);
	near(b.high / t.high, 1.0, 0.06);
}

/* A right-skewed sample: BCa shifts right of the symmetric interval. */
static void bca_follows_the_skew(void **state)
{
	struct oae_interval b, t, again;
	struct oae_rng r;
	double x[40];

	(void)state;
	oae_rng_seed(&r, 8);
	for (int i = 0; i < 40; i++)
		x[i] = exp(1.2 * oae_rng_normal(&r));
	oae_rng_seed(&r, 9);
	b = oae_bca_interval(x, 40, 0.95, 4000, &r);
	t = oae_mean_interval(x, 40, 0.95);
	assert_true(b.low > t.low && b.high > t.high);
	assert_true(b.high - b.mid > b.mid - b.low);
	oae_rng_seed(&r, 9);
	again = oae_bca_interval(x, 40, 0.95, 4000, &r);
	assert_memory_equal(&b, &again, sizeof(b));
}

/* Worked out by an independent program from the same resamples. */
static void bca_of_a_small_sample(void **state)
{
	const double x[] = { 1, 2, 3, 10, 4, 30 };
	struct oae_interval b;
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 5);
	b = oae_bca_interval(x, 6, 0.9, 500, &r);
	near(b.low, 3.8333333333333335, 1e-12);
	near(b.high, 18.154739144341494, 1e-9);
}

/* Nine in ten intervals at 90 % hold the true mean of skewed data. */
static void bca_covers(void **state)
{
	struct oae_interval b;
	struct oae_rng r;
	int held = 0;
	double x[40];

	(void)state;
	oae_rng_seed(&r, 11);
	for (int trial = 0; trial < 400; trial++) {
		for (int i = 0; i < 40; i++)
			x[i] = oae_rng_exponential(&r);
		b = oae_bca_interval(x, 40, 0.9, 400, &r);
		held += b.low <= 1.0 && b.high >= 1.0;
	}
	assert_true(held > 400 * 0.83 && held < 400 * 0.95);
}

static void bca_edges(void **state)
{
	const double same[] = { 2, 2, 2, 2 };
	struct oae_interval b;
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 1);
	b = oae_bca_interval(same, 4, 0.95, 100, &r);
	assert_true(b.low == 2 && b.mid == 2 && b.high == 2);
	b = oae_bca_interval(same, 1, 0.95, 100, &r);
	assert_true(isnan(b.low) && b.mid == 2 && isnan(b.high));
	assert_true(isnan(oae_bca_interval(same, 4, 0.95, 0, &r).low));
}

static void noninferiority(void **state)
{
	double d[100] = { 0 };

	(void)state;
	near(oae_noninferiority_bound(d, 100, 0.05), -0.0299573, 1e-6);
	near(oae_noninferiority_bound(d, 1, 0.05), -1.0, 0);
	for (int i = 0; i < 5; i++)
		d[i] = -1;
	d[5] = 1;
	near(oae_noninferiority_bound(d, 100, 0.05),
	     -0.04 - oae_t_quantile(0.95, 99) *
			     sqrt((0.06 - 0.0016) * 100 / 99 / 100),
	     1e-12);
	for (int i = 0; i < 100; i++)
		d[i] = 1;
	near(oae_noninferiority_bound(d, 100, 0.05), 1 - 0.0299573, 1e-6);
	assert_true(isnan(oae_noninferiority_bound(d, 0, 0.05)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_samples),
		cmocka_unit_test(quantiles_are_type_7),
		cmocka_unit_test(sorting_puts_nan_last),
		cmocka_unit_test(normal_quantiles),
		cmocka_unit_test(t_quantiles_match_the_table),
		cmocka_unit_test(t_quantiles_are_exact),
		cmocka_unit_test(mean_interval),
		cmocka_unit_test(ratio_interval),
		cmocka_unit_test(bca_of_a_symmetric_sample),
		cmocka_unit_test(bca_follows_the_skew),
		cmocka_unit_test(bca_of_a_small_sample),
		cmocka_unit_test(bca_covers),
		cmocka_unit_test(bca_edges),
		cmocka_unit_test(noninferiority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
