/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/stats_plan.h"
#include "schema/regression.h"
#include "tests/unit/acceptance.h"

#define PAIRS 10
#define TRIALS 1000

static const struct oae_regression_rules usual = { 0 };

/*
 * Pairs that drift together by 10 %, while their ratio has spread cv: what
 * an ABBA order on one host leaves.
 */
static void measured(struct oae_rng *r, double factor, double cv, double *a,
		     double *b)
{
	for (int i = 0; i < PAIRS; i++) {
		a[i] = 3 * (1 + .1 * oae_rng_normal(r));
		b[i] = a[i] * factor * exp(cv * oae_rng_normal(r));
	}
}

static double share_failed(double factor, double cv, unsigned metrics,
			   double threshold, double *detectable)
{
	static double a[8][PAIRS], b[8][PAIRS];
	struct oae_regression_metric m[8];
	struct oae_regression_finding f[8];
	struct oae_rng r;
	int failed = 0;

	*detectable = 0;
	oae_rng_seed(&r, 77);
	for (int t = 0; t < TRIALS; t++) {
		for (unsigned k = 0; k < metrics; k++) {
			measured(&r, factor, cv, a[k], b[k]);
			m[k] = (struct oae_regression_metric){
				.name = "s",
				.baseline = a[k],
				.candidate = b[k],
				.pairs = PAIRS,
				.threshold = threshold,
			};
		}
		failed += oae_regression_exit_code(oae_regression_judge(
				  m, metrics, usual, f)) == 2;
		*detectable += f[0].detectable / TRIALS;
	}
	return (double)failed / TRIALS;
}

/* ---- check 14 --------------------------------------------------------- */

static void the_gate(void **state)
{
	double aa, worse, five, mde, mde5;

	(void)state;
	aa = share_failed(1, .02, 1, 0, &mde);
	five = share_failed(1, .02, 5, 0, &mde5);
	worse = share_failed(1.05, .02, 1, 0, &mde);
	acceptance(14,
		   "1000 A/A at alpha .01: %.1f %% exit 2, five metrics under"
		   " Holm %.1f %% (want <= 1.8 %%)",
		   100 * aa, 100 * five);
	acceptance(14,
		   "+5 %%, threshold 0, one metric, CV 2 %%, 10 pairs: %.1f %%"
		   " exit 2 (want >= 95 %%); minimum detectable effect %.2f %%",
		   100 * worse, 100 * mde);
	assert_true(aa <= .018 && five <= .018);
	assert_true(worse >= .95);
	assert_true(mde > .02 && mde < .03 && mde5 > mde);
}

/* The near end must be beyond the threshold, not the middle. */
static void threshold(void **state)
{
	double mde;

	(void)state;
	assert_true(share_failed(1.05, .02, 1, .05, &mde) <= .018);
	assert_true(share_failed(1.05, .02, 1, .10, &mde) == 0);
	assert_true(share_failed(1.12, .02, 1, .05, &mde) >= .95);
	assert_true(mde > .07);
}

/* A true change of the detectable size is found in about four of five. */
static void detectable_is_detected(void **state)
{
	double d = oae_detectable_change(.02, PAIRS, .01, .8), mde, share;

	(void)state;
	share = share_failed(exp(d), .02, 1, 0, &mde);
	assert_true(share > .75 && share < .86);
	assert_true(fabs(mde - expm1(d)) < .002);
}

/* ---- one judgement ---------------------------------------------------- */

static struct oae_regression_metric metric(const double *a, const double *b,
					   size_t pairs)
{
	return (struct oae_regression_metric){
		.name = "m",
		.baseline = a,
		.candidate = b,
		.pairs = pairs,
	};
}

static void outcomes(void **state)
{
	double a[PAIRS], b[PAIRS], none[PAIRS] = { 0 };
	struct oae_regression_finding f;
	struct oae_regression_metric m;
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 5);
	measured(&r, 1.2, .02, a, b);
	m = metric(a, b, PAIRS);
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_FOUND);
	assert_true(f.change.low > .15 && f.change.high < .25);
	assert_true(f.level > .99 - 1e-12 && f.level < .99 + 1e-12);
	assert_non_null(f.reason);
	/* The same where more is better is an improvement. */
	m.more_is_better = true;
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_NONE);
	assert_true(f.change.high < 0);
	assert_null(f.reason);
	/* Too few pairs, a side that is missing, a value of 0. */
	m = metric(a, b, 9);
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_INCONCLUSIVE);
	assert_true(isnan(f.change.mid) && isnan(f.detectable));
	m = metric(NULL, b, PAIRS);
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_INCONCLUSIVE);
	assert_string_equal(f.reason, "the baseline was not measured");
	m = metric(a, none, PAIRS);
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_INCONCLUSIVE);
	m = metric(a, b, PAIRS);
	m.threshold = NAN;
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_INCONCLUSIVE);
	assert_int_equal(oae_regression_judge(&m, 0, usual, &f),
			 OAE_REGRESSION_INCONCLUSIVE);
}

/* Noise in which 5 % would drown is no pass; with a wide threshold it is. */
static void noise_is_no_pass(void **state)
{
	double a[PAIRS], b[PAIRS];
	struct oae_regression_finding f;
	struct oae_regression_metric m = metric(a, b, PAIRS);
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 6);
	measured(&r, 1, .2, a, b);
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_INCONCLUSIVE);
	assert_true(f.detectable > .2);
	m.threshold = 1;
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_NONE);
	/* Identical runs: nothing to see, and nothing hidden. */
	m = metric(a, a, PAIRS);
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_NONE);
	assert_true(f.detectable == 0 && f.p == 1);
}

/* One bad metric among good ones decides, at its step's level. */
static void holm_steps(void **state)
{
	double a[3][PAIRS], b[3][PAIRS];
	struct oae_regression_metric m[3];
	struct oae_regression_finding f[3];
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 9);
	for (int k = 0; k < 3; k++) {
		measured(&r, k == 1 ? 1.1 : 1, .02, a[k], b[k]);
		m[k] = metric(a[k], b[k], PAIRS);
	}
	m[2].baseline = NULL;
	assert_int_equal(oae_regression_judge(m, 3, usual, f),
			 OAE_REGRESSION_FOUND);
	assert_int_equal(f[1].verdict, OAE_REGRESSION_FOUND);
	assert_true(fabs(f[1].level - (1 - .01 / 2)) < 1e-12);
	assert_true(fabs(f[0].level - .99) < 1e-12);
	assert_true(fabs(f[1].p_holm - 2 * f[1].p) < 1e-12);
	assert_int_equal(f[0].verdict, OAE_REGRESSION_NONE);
	assert_int_equal(f[2].verdict, OAE_REGRESSION_INCONCLUSIVE);
}

static void false_positives(void **state)
{
	double a[PAIRS], b[PAIRS];
	struct oae_regression_metric m = metric(a, b, PAIRS);
	struct oae_interval rate;
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 10);
	measured(&r, 1, .02, a, b);
	rate = oae_regression_false_positives(&m, 1, usual, 2000, &r);
	printf("# the gate's own false positives on this A/A: %.2f %%\n",
	       100 * rate.mid);
	assert_true(rate.mid <= .018);
	assert_true(rate.low < rate.mid && rate.high > rate.mid);
	m.pairs = 3;
	assert_true(isnan(
		oae_regression_false_positives(&m, 1, usual, 2000, &r).mid));
}

static void exit_codes(void **state)
{
	(void)state;
	assert_int_equal(
		oae_regression_exit_code(OAE_REGRESSION_NOT_COMPARABLE), 4);
	assert_int_equal(oae_regression_exit_code(OAE_REGRESSION_INCONCLUSIVE),
			 3);
	assert_int_equal(oae_regression_exit_code(OAE_REGRESSION_NONE), 0);
	assert_string_equal(oae_regression_verdict_name(OAE_REGRESSION_FOUND),
			    "regression");
}

/* ---- looking again ------------------------------------------------------ */

/* The share of campaigns that fail at one of four looks of ten pairs. */
static double looks_failed(double factor, double level)
{
	double a[4 * PAIRS], b[4 * PAIRS];
	struct oae_regression_metric m = metric(a, b, 0);
	const struct oae_regression_rules rules = { .alpha = level };
	struct oae_regression_finding f;
	struct oae_rng r;
	int failed = 0;

	oae_rng_seed(&r, 21);
	for (int t = 0; t < 4 * TRIALS; t++) {
		bool found = false;

		for (size_t look = 1; look <= 4 && !found; look++) {
			measured(&r, factor, .02, a + (look - 1) * PAIRS,
				 b + (look - 1) * PAIRS);
			m.pairs = look * PAIRS;
			found = oae_regression_judge(&m, 1, rules, &f) ==
				OAE_REGRESSION_FOUND;
		}
		failed += found;
	}
	return failed / (4. * TRIALS);
}

/* One side of a two-sided level: half of alpha is spent. */
static void four_looks(void **state)
{
	double level = oae_pocock_level_at(4, .01);
	double right = looks_failed(1, level), naive = looks_failed(1, .01);
	double found = looks_failed(1.05, level);

	(void)state;
	printf("# four looks, nothing different: %.2f %% fail at Pocock's"
	       " level, %.2f %% at alpha each time (want 0.5 %%)\n",
	       100 * right, 100 * naive);
	/* Normal looks spend .5 %; t of ten pairs a little more: below 1 %. */
	assert_true(right <= .01);
	assert_true(naive > right);
	assert_true(found >= .99);
}

/* ---- runs that are no pairs -------------------------------------------- */

static double unpaired_failed(double factor, size_t runs, double threshold)
{
	double a[PAIRS], b[PAIRS];
	struct oae_regression_metric m = {
		.name = "s",
		.kind = OAE_REGRESSION_UNPAIRED,
		.baseline = a,
		.candidate = b,
		.pairs = runs,
		.candidates = runs - 1,
		.threshold = threshold,
	};
	struct oae_regression_finding f;
	struct oae_rng r;
	int failed = 0;

	oae_rng_seed(&r, 12);
	for (int t = 0; t < TRIALS; t++) {
		for (size_t i = 0; i < runs; i++) {
			a[i] = 3 * exp(.02 * oae_rng_normal(&r));
			b[i] = 3 * factor * exp(.02 * oae_rng_normal(&r));
		}
		failed += oae_regression_judge(&m, 1, usual, &f) ==
			  OAE_REGRESSION_FOUND;
	}
	return (double)failed / TRIALS;
}

static void unpaired(void **state)
{
	double a[] = { 1, 1.01, .99, 1, 1.02 };
	double b[] = { 1.2, 1.21, 1.19, 1.2, 1.22, 1.2 };
	struct oae_regression_metric m = {
		.kind = OAE_REGRESSION_UNPAIRED,
		.baseline = a,
		.candidate = b,
		.pairs = 5,
		.candidates = 6,
	};
	struct oae_regression_finding f;
	struct oae_interval want;
	struct oae_rng r;

	(void)state;
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_FOUND);
	want = oae_welch_ratio(b, 6, a, 5, .99);
	assert_true(fabs(f.change.low + 1 - want.low) < 1e-12);
	assert_true(fabs(f.change.mid + 1 - want.mid) < 1e-12);
	assert_true(fabs(f.change.high + 1 - want.high) < 1e-12);
	m.candidates = 4;
	assert_int_equal(oae_regression_judge(&m, 1, usual, &f),
			 OAE_REGRESSION_INCONCLUSIVE);
	assert_true(unpaired_failed(1, PAIRS, 0) <= .018);
	assert_true(unpaired_failed(1.05, PAIRS, 0) >= .95);
	assert_true(unpaired_failed(1.05, PAIRS, .05) <= .018);
	m.baseline = m.candidate = b;
	m.candidates = m.pairs = 6;
	oae_rng_seed(&r, 3);
	assert_true(
		oae_regression_false_positives(&m, 1, usual, 2000, &r).low <=
		.01);
}

/* ---- runs that fail ------------------------------------------------------ */

static enum oae_regression_verdict failures(size_t runs, size_t fail,
					    size_t mended)
{
	double a[PAIRS], b[PAIRS], s[PAIRS];
	struct oae_regression_finding f[2];
	struct oae_regression_metric m[2] = {
		{ .kind = OAE_REGRESSION_FAILURES,
		  .baseline = a,
		  .candidate = b,
		  .pairs = runs,
		  .more_is_better = true },
		metric(s, s, PAIRS),
	};
	enum oae_regression_verdict v;

	for (size_t i = 0; i < PAIRS; i++) {
		a[i] = i < runs - mended;
		b[i] = i >= fail;
		s[i] = 1;
	}
	v = oae_regression_judge(m, 2, usual, f);
	assert_int_equal(v, f[0].verdict);
	assert_int_equal(f[1].verdict, OAE_REGRESSION_NONE);
	assert_true(f[0].pairs < 5 ||
		    fabs(f[0].change.mid * (double)runs -
			 ((double)fail - (double)mended)) < 1e-12);
	return v;
}

static void runs_that_fail(void **state)
{
	(void)state;
	assert_int_equal(failures(10, 0, 0), OAE_REGRESSION_NONE);
	assert_int_equal(failures(10, 1, 0), OAE_REGRESSION_INCONCLUSIVE);
	/* 2 / 2^8 is .0078, 2 / 2^7 is .0156 */
	assert_int_equal(failures(10, 8, 0), OAE_REGRESSION_FOUND);
	assert_int_equal(failures(10, 7, 0), OAE_REGRESSION_INCONCLUSIVE);
	assert_int_equal(failures(10, 0, 3), OAE_REGRESSION_NONE);
	assert_int_equal(failures(4, 0, 0), OAE_REGRESSION_INCONCLUSIVE);
}

/* ---- right and wrong answers -------------------------------------------- */

static enum oae_regression_verdict shares(size_t items, size_t lost,
					  double margin,
					  struct oae_regression_finding *f)
{
	static double a[1000], b[1000];
	struct oae_regression_metric m = {
		.kind = OAE_REGRESSION_SHARES,
		.baseline = a,
		.candidate = b,
		.pairs = items,
		.more_is_better = true,
		.threshold = margin,
	};

	for (size_t i = 0; i < items; i++) {
		a[i] = 1;
		b[i] = i >= lost;
	}
	return oae_regression_judge(&m, 1, usual, f);
}

static void answers(void **state)
{
	struct oae_regression_finding f;

	(void)state;
	assert_int_equal(shares(200, 0, .05, &f), OAE_REGRESSION_NONE);
	/* nothing lost of 200: -ln(.005) / 200 could be */
	assert_true(fabs(f.change.high - 5.298317366548036 / 200) < 1e-12);
	assert_true(f.change.mid == 0);
	assert_int_equal(shares(50, 0, .05, &f), OAE_REGRESSION_INCONCLUSIVE);
	assert_int_equal(shares(9, 0, .9, &f), OAE_REGRESSION_INCONCLUSIVE);
	assert_int_equal(shares(200, 40, .05, &f), OAE_REGRESSION_FOUND);
	assert_true(fabs(f.change.mid - .2) < 1e-12 && f.change.low > .05);
	assert_int_equal(shares(200, 12, .05, &f), OAE_REGRESSION_INCONCLUSIVE);
	assert_int_equal(shares(1000, 1, .05, &f), OAE_REGRESSION_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_gate),
		cmocka_unit_test(threshold),
		cmocka_unit_test(detectable_is_detected),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(noise_is_no_pass),
		cmocka_unit_test(holm_steps),
		cmocka_unit_test(false_positives),
		cmocka_unit_test(four_looks),
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(unpaired),
		cmocka_unit_test(runs_that_fail),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
