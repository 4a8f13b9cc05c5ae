/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/stats.h"
#include "base/stats_plan.h"
#include "tests/unit/acceptance.h"

static void near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.17g is not %.17g +- %g", value, expected,
			 tolerance);
}

/* P(at most one of n above), as a sum of two terms of the binomial. */
static double at_most_one(double p, size_t n)
{
	double none = 1;

	for (size_t i = 0; i < n; i++)
		none *= p;
	return none + (double)n * (1 - p) * none / p;
}

static void tail_floors(void **state)
{
	static const struct {
		double p;
		size_t n;
	} want[] = { { .5, 11 }, { .9, 64 }, { .95, 130 }, { .99, 662 } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(oae_tail_floor(want[i].p, .99), want[i].n);
		assert_true(at_most_one(want[i].p, want[i].n) <= .01);
		assert_true(at_most_one(want[i].p, want[i].n - 1) > .01);
	}
	assert_int_equal(oae_tail_floor(.999, .99), 6636);
	assert_true(at_most_one(.999, 6636) <= .01);
	assert_true(at_most_one(.999, 6635) > .01);
	assert_int_equal(oae_tail_floor(1, .99), 0);
	assert_int_equal(oae_tail_floor(.4, .99), 0);
	assert_int_equal(oae_tail_floor(NAN, .99), 0);
	assert_int_equal(oae_tail_floor(.99, 1), 0);
	assert_int_equal(oae_tail_floor(1 - 1e-12, .99), 0);
}

/* By hand: sorted, times 4, 3, 2, 1, never falling. */
static void holm(void **state)
{
	const double p[] = { .01, .04, .03, .005 }, two[] = { .03, NAN, .02 };
	const double same[] = { .02, .02, .9 };
	double out[4];

	(void)state;
	oae_holm(p, 4, out);
	near(out[0], .03, 1e-15);
	near(out[1], .06, 1e-15);
	near(out[2], .06, 1e-15);
	near(out[3], .02, 1e-15);
	assert_int_equal(oae_holm_share(p, 4, 3), 4);
	assert_int_equal(oae_holm_share(p, 4, 1), 1);
	oae_holm(two, 3, out);
	near(out[0], .04, 1e-15);
	near(out[2], .04, 1e-15);
	assert_true(isnan(out[1]));
	oae_holm(same, 3, out);
	near(out[0], .06, 1e-15);
	near(out[1], .06, 1e-15);
	near(out[2], .9, 1e-15);
}

static void pocock(void **state)
{
	(void)state;
	for (unsigned k = 1; k <= OAE_LOOKS_MAX; k++)
		near(oae_peeking_error(k, oae_pocock_level(k)), .05, 1.5e-4);
	for (unsigned k = 1; k <= OAE_LOOKS_MAX; k++) {
		near(oae_pocock_level_at(k, .05), oae_pocock_level(k), 1e-4);
		near(oae_peeking_error(k, oae_pocock_level_at(k, .01)), .01,
		     1e-6);
	}
	assert_true(isnan(oae_pocock_level_at(5, .05)));
	assert_true(isnan(oae_pocock_level_at(2, 0)));
	assert_true(isnan(oae_pocock_level(0)));
	assert_true(isnan(oae_pocock_level(OAE_LOOKS_MAX + 1)));
	/* Armitage et al. 1969, table 2: repeated looks at 5 %. */
	near(oae_peeking_error(2, .05), .083, 5e-4);
	near(oae_peeking_error(4, .05), .126, 5e-4);
	near(oae_peeking_error(10, .05), .193, 5e-4);
	near(oae_peeking_error(30, .05), .280, 6e-3);
	assert_true(isnan(oae_peeking_error(0, .05)));
	assert_true(isnan(oae_peeking_error(2, 0)));
	printf("# looks at .0182: %.4f of four are wrong, at .05: %.4f\n",
	       oae_peeking_error(4, .0182), oae_peeking_error(4, .05));
}

/* The exact power needs the non-central t; ours is within 3 points. */
static void detectable_change(void **state)
{
	double d = oae_detectable_change(.02, 10, .01, .8);
	struct oae_rng r;
	int found = 0;

	(void)state;
	near(d, (3.249836 + .883404) * .02 / sqrt(10), 1e-8);
	assert_true(isnan(oae_detectable_change(.02, 1, .01, .8)));
	oae_rng_seed(&r, 4);
	for (int trial = 0; trial < 20000; trial++) {
		struct oae_interval i;
		double x[10];

		for (int k = 0; k < 10; k++)
			x[k] = d + .02 * oae_rng_normal(&r);
		i = oae_mean_interval(x, 10, .99);
		found += i.low > 0 || i.high < 0;
	}
	near(found / 20000.0, .8, .03);
}

static void t_upper(void **state)
{
	(void)state;
	for (int df = 1; df < 300; df += 7)
		for (int i = 1; i < 100; i++)
			near(oae_t_upper(oae_t_quantile(i / 100.0, df), df),
			     1 - i / 100.0, 1e-12);
	near(oae_t_upper(2.0, 1e7), 1 - oae_normal_cdf(2.0), 1e-6);
	near(oae_t_upper(0, 3), .5, 0);
	assert_true(isnan(oae_t_upper(NAN, 3)));
	assert_true(isnan(oae_t_upper(1, 0)));
}

/* The degrees of freedom by an independent program. */
static void welch(void **state)
{
	const double x[] = { 10, 11, 12 }, y[] = { 5, 5.2, 4.9, 5.1 };
	struct oae_interval a = oae_welch_ratio(x, 3, y, 4, .95);
	struct oae_interval b = oae_welch_ratio(y, 4, x, 3, .95);
	double lx[3], ly[4], vx, vy, df;

	(void)state;
	for (int i = 0; i < 3; i++)
		lx[i] = log(x[i]);
	for (int i = 0; i < 4; i++)
		ly[i] = log(y[i]);
	vx = oae_variance(lx, 3) / 3;
	vy = oae_variance(ly, 4) / 4;
	df = (vx + vy) * (vx + vy) / (vx * vx / 2 + vy * vy / 3);
	near(df, 2.237673305145062, 1e-12);
	near(log(a.high / a.mid), oae_t_quantile(.975, df) * sqrt(vx + vy),
	     1e-12);
	near(a.low * b.high, 1, 1e-12);
	near(a.mid, exp(oae_mean(lx, 3) - oae_mean(ly, 4)), 1e-12);
	assert_true(isnan(oae_welch_ratio(x, 1, y, 4, .95).low));
	assert_true(isnan(oae_welch_ratio(x, 3, y, 0, .95).mid));
}

/*
 * An end r of Fieller's set is where the t statistic of x - r y is exactly
 * the quantile; without spread in y it is the t interval over my.
 */
static void fieller(void **state)
{
	const double x[] = { 10, 11, 12, 10.5 }, y[] = { 5, 5.2, 4.9, 5.1 };
	const double flat[] = { 4, 4, 4, 4 }, wide[] = { -1, 1, 2, 0 };
	struct oae_interval i = oae_fieller_ratio(x, 4, y, 4, .95), m;
	double r = i.mid, vx = oae_variance(x, 4) / 4, end, df;
	double vy = oae_variance(y, 4) / 4;

	(void)state;
	df = (vx + r * r * vy) * (vx + r * r * vy) /
	     (vx * vx / 3 + r * r * r * r * vy * vy / 3);
	for (int k = 0; k < 2; k++) {
		end = k ? i.high : i.low;
		near(fabs(oae_mean(x, 4) - end * oae_mean(y, 4)) /
			     sqrt(vx + end * end * vy),
		     oae_t_quantile(.975, df), 1e-9);
	}
	i = oae_fieller_ratio(x, 4, flat, 4, .95);
	m = oae_mean_interval(x, 4, .95);
	near(i.low, m.low / 4, 1e-12);
	near(i.high, m.high / 4, 1e-12);
	assert_true(isnan(oae_fieller_ratio(x, 4, wide, 4, .95).low));
	assert_true(isnan(oae_fieller_ratio(x, 1, y, 4, .95).low));
}

/* Without inner draws it is BCa; with them it is wider, by the inner part. */
static void nested(void **state)
{
	struct oae_interval plain, same, inner;
	double x[30], again[30 * 50];
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 17);
	for (int i = 0; i < 30; i++) {
		x[i] = oae_rng_normal(&r);
		for (int k = 0; k < 50; k++)
			again[i * 50 + k] = x[i] + oae_rng_normal(&r);
	}
	oae_rng_seed(&r, 2);
	plain = oae_bca_interval(x, 30, .95, 4000, &r);
	oae_rng_seed(&r, 2);
	same = oae_nested_interval(x, 30, NULL, 0, .95, 4000, &r);
	assert_memory_equal(&plain, &same, sizeof(plain));
	inner = oae_nested_interval(x, 30, again, 50, .95, 4000, &r);
	near((inner.high - inner.low) / (plain.high - plain.low),
	     sqrt(1 + 1 / oae_variance(x, 30)), .12);
	near(inner.mid, plain.mid, 0);
}

/* ---- check 12: how often intervals hold the true value ---------------- */

#define RUNS 5
#define CV .1

static void run_means(struct oae_rng *r, double *b, double *x)
{
	for (int i = 0; i < RUNS; i++) {
		b[i] = 1 + CV * oae_rng_normal(r);
		x[i] = 1 + CV * oae_rng_normal(r);
	}
}

static bool holds(struct oae_interval i, double v)
{
	return i.low <= v && v <= i.high;
}

/* Percentile bootstrap of the mean of the log-ratios. */
static struct oae_interval percentile(const double *x, size_t n,
				      struct oae_rng *r)
{
	double means[500];

	for (int k = 0; k < 500; k++) {
		means[k] = 0;
		for (size_t i = 0; i < n; i++)
			means[k] += x[oae_rng_below(r, n)] / (double)n;
	}
	oae_sort(means, 500);
	return (struct oae_interval){ oae_quantile_sorted(means, 500, .025), 0,
				      oae_quantile_sorted(means, 500, .975) };
}

/* Ten runs of 1000 requests; runs differ by 1 %, requests by 10 %. */
static double pooled_coverage(struct oae_rng *r, double *by_runs)
{
	static double all[10000];
	int held = 0, held_runs = 0;

	for (int trial = 0; trial < 400; trial++) {
		double means[10];

		for (int run = 0; run < 10; run++) {
			double m = 1 + .01 * oae_rng_normal(r);

			for (int i = 0; i < 1000; i++)
				all[run * 1000 + i] =
					m + .1 * oae_rng_normal(r);
			means[run] = oae_mean(all + run * 1000L, 1000);
		}
		held += holds(oae_mean_interval(all, 10000, .95), 1);
		held_runs += holds(oae_mean_interval(means, 10, .95), 1);
	}
	*by_runs = held_runs / 400.0;
	return held / 400.0;
}

static void coverage(void **state)
{
	int paired = 0, welch_held = 0, fieller_held = 0, bootstrap = 0;
	double ratio[RUNS], b[RUNS], x[RUNS], pooled, runs, share;
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 2024);
	for (int trial = 0; trial < 20000; trial++) {
		run_means(&r, b, x);
		for (int i = 0; i < RUNS; i++)
			ratio[i] = b[i] / x[i];
		paired += holds(oae_ratio_interval(ratio, RUNS, .95), 1);
		welch_held += holds(oae_welch_ratio(b, RUNS, x, RUNS, .95), 1);
		fieller_held +=
			holds(oae_fieller_ratio(b, RUNS, x, RUNS, .95), 1);
		if (trial % 10)
			continue;
		for (int i = 0; i < RUNS; i++)
			ratio[i] = log(ratio[i]);
		bootstrap += holds(percentile(ratio, RUNS, &r), 0);
	}
	share = paired / 20000.0;
	pooled = pooled_coverage(&r, &runs);
	acceptance(12,
		   "ratio of run means, n = 5, CV 10 %%: paired t on"
		   " log-ratios holds in %.2f %% of 20000 (want 94-96.5 %%)",
		   100 * share);
	acceptance(12,
		   "unpaired, same runs: Welch on logs %.2f %%, Fieller %.2f"
		   " %%",
		   welch_held / 200.0, fieller_held / 200.0);
	acceptance(12,
		   "what it replaces: percentile bootstrap %.1f %% (2000"
		   " trials; want 84-88 %% +-1.6), pooling 10 x 1000 requests"
		   " %.1f %% (want about 45 %%) where t over the ten runs has"
		   " %.1f %%",
		   bootstrap / 20.0, 100 * pooled, 100 * runs);
	assert_true(share >= .94 && share <= .965);
	assert_true(welch_held >= 18700 && fieller_held >= 18700);
	assert_true(welch_held <= 19400 && fieller_held <= 19400);
	assert_true(bootstrap >= 1640 && bootstrap <= 1760);
	assert_true(pooled > .38 && pooled < .52);
	assert_true(runs > .92);
}

/*
 * Runs until the interval of the log-ratio is narrow, with looks at 6, 12,
 * 18 and 24 runs: at Pocock's level the last look's interval holds as often
 * as it says, and at the level of a single look all four together don't.
 */
static void sequential_coverage(void **state)
{
	int stopped = 0, all_pocock = 0, all_plain = 0, at[4] = { 0 };
	const int trials = 8000;
	struct oae_rng r;
	double x[24];

	(void)state;
	oae_rng_seed(&r, 31);
	for (int t = 0; t < trials; t++) {
		bool pocock_holds = true, plain_holds = true, done = false;

		for (size_t i = 0; i < 24; i++)
			x[i] = .03 * oae_rng_normal(&r);
		for (size_t look = 1; look <= 4; look++) {
			struct oae_interval w = oae_mean_interval(
				x, 6 * look, 1 - oae_pocock_level(4));
			bool narrow = (w.high - w.low) / 2 <= .02;

			pocock_holds = pocock_holds && holds(w, 0);
			plain_holds =
				plain_holds &&
				holds(oae_mean_interval(x, 6 * look, .95), 0);
			if (!done && (narrow || look == 4)) {
				stopped += holds(w, 0);
				at[look - 1]++;
				done = true;
			}
		}
		all_pocock += pocock_holds;
		all_plain += plain_holds;
	}
	printf("# four looks at .0182: the interval at the stop holds in"
	       " %.2f %%, all four in %.2f %% (at .05: %.2f %%); stops: %d,"
	       " %d, %d, %d\n",
	       100. * stopped / trials, 100. * all_pocock / trials,
	       100. * all_plain / trials, at[0], at[1], at[2], at[3]);
	assert_true(stopped >= .95 * trials);
	assert_true(all_pocock >= .94 * trials);
	assert_true(all_plain < .90 * trials);
	/* The rule stops at different looks. */
	assert_true(at[0] > 50 && at[1] > 50);
}

/* Clopper and Pearson's own: 0 of n to 1 - (a/2)^(1/n); R's binom.test. */
static void shares(void **state)
{
	struct oae_interval i = oae_share_interval(0, 10, .95);

	(void)state;
	near(i.low, 0, 0);
	near(i.high, .3084971, 1e-7);
	i = oae_share_interval(10, 10, .95);
	near(i.low, .6915029, 1e-7);
	near(i.high, 1, 0);
	i = oae_share_interval(2, 20, .95);
	near(i.low, .01234853, 1e-7);
	near(i.mid, .1, 1e-12);
	near(i.high, .31698271, 1e-7);
	assert_true(isnan(oae_share_interval(1, 0, .95).mid));
	assert_true(isnan(oae_share_interval(2, 1, .95).mid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tail_floors),
		cmocka_unit_test(holm),
		cmocka_unit_test(pocock),
		cmocka_unit_test(detectable_change),
		cmocka_unit_test(t_upper),
		cmocka_unit_test(welch),
		cmocka_unit_test(fieller),
		cmocka_unit_test(nested),
		cmocka_unit_test(coverage),
		cmocka_unit_test(sequential_coverage),
		cmocka_unit_test(shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
