/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/rng.h"
#include "schema/changepoint.h"

#define N_MAX 80
#define FLOOR 1e-6

static void ok(enum oae_status status, const struct oae_error *err)
{
	if (status)
		fail_msg("%s", err->text);
}

/* ---- PELT against every partition ------------------------------------- */

static double plain_cost(const double *x, size_t from, size_t to)
{
	double m = (double)(to - from), mean = 0, variance = 0, v;

	for (size_t i = from; i < to; i++)
		mean += x[i] / m;
	for (size_t i = from; i < to; i++)
		variance += (x[i] - mean) * (x[i] - mean) / m;
	v = variance > FLOOR ? variance : FLOOR;
	return m * (log(v) + variance / v);
}

/* Optimal partitioning (Jackson et al. 2005): every last segment. */
static double optimum(const double *x, size_t n, double penalty)
{
	double best[N_MAX + 1];

	best[0] = -penalty;
	for (size_t t = 1; t <= n; t++) {
		best[t] = INFINITY;
		for (size_t s = 0; s + OAE_SEGMENT_POINTS_MIN <= t; s++)
			best[t] = fmin(best[t],
				       best[s] + penalty + plain_cost(x, s, t));
	}
	return best[n];
}

static double cost_of(const double *x, const size_t *ends, size_t count,
		      double penalty)
{
	double cost = -penalty;
	size_t from = 0;

	for (size_t i = 0; i < count; i++) {
		assert_true(ends[i] >= from + OAE_SEGMENT_POINTS_MIN);
		cost += plain_cost(x, from, ends[i]) + penalty;
		from = ends[i];
	}
	return cost;
}

/* Levels and spreads that change at random places, some very short. */
static size_t random_sequence(struct oae_rng *r, double *x)
{
	size_t n = 2 + oae_rng_below(r, N_MAX - 1);
	double mean = 1, sd = .1;

	for (size_t i = 0; i < n; i++) {
		if (oae_rng_below(r, 12) == 0) {
			mean = 1 + oae_rng_normal(r);
			sd = oae_rng_below(r, 4) ? .2 * oae_rng_uniform(r) : 0;
		}
		x[i] = mean + sd * oae_rng_normal(r);
	}
	return n;
}

static void pelt_is_optimal(void **state)
{
	static const double per_log[] = { 0, .3, 2, 15 };
	struct oae_error err = { OAE_OK, 0, "" };
	size_t ends[N_MAX], count, changes = 0;
	struct oae_rng r;
	double x[N_MAX];

	(void)state;
	oae_rng_seed(&r, 1);
	for (int trial = 0; trial < 4000; trial++) {
		size_t n = random_sequence(&r, x);
		double penalty = per_log[trial % 4] * log((double)n);
		double best = optimum(x, n, penalty), is;

		ok(oae_changepoints(x, n, penalty, FLOOR, ends, &count, &err),
		   &err);
		assert_int_equal(ends[count - 1], n);
		is = cost_of(x, ends, count, penalty);
		if (fabs(is - best) > 1e-6 * (1 + fabs(best)))
			fail_msg("trial %d, n = %zu: %.12g, best is %.12g",
				 trial, n, is, best);
		changes += count - 1;
	}
	/* The sequences did change. */
	assert_true(changes > 4000);
}

static void finds_the_place(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	size_t ends[300], count;
	struct oae_rng r;
	double x[300];

	(void)state;
	oae_rng_seed(&r, 2);
	for (int i = 0; i < 300; i++)
		x[i] = (i < 100 ? 1 : 1.2) +
		       (i < 200 ? .02 : .1) * oae_rng_normal(&r);
	ok(oae_changepoints(x, 300, 15 * log(300), FLOOR, ends, &count, &err),
	   &err);
	assert_int_equal(count, 3);
	assert_int_equal(ends[0], 100);
	assert_in_range(ends[1], 195, 205);
}

static void edges(void **state)
{
	static double many[OAE_CHANGEPOINT_POINTS_MAX + 1];
	struct oae_error err = { OAE_OK, 0, "" };
	double x[4] = { 1, 1, NAN, 1 };
	size_t ends[4], count;

	(void)state;
	ok(oae_changepoints(x, 0, 1, FLOOR, ends, &count, &err), &err);
	assert_int_equal(count, 0);
	ok(oae_changepoints(x, 1, 1, FLOOR, ends, &count, &err), &err);
	assert_int_equal(count, 1);
	ok(oae_changepoints(x, 2, 1, FLOOR, ends, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_int_equal(oae_changepoints(x, 4, 1, FLOOR, ends, &count, &err),
			 OAE_ERR_FORMAT);
	err.status = OAE_OK;
	assert_int_equal(oae_changepoints(many, OAE_CHANGEPOINT_POINTS_MAX + 1,
					  1, FLOOR, ends, &count, &err),
			 OAE_ERR_LIMIT);
}

/* ---- classes ---------------------------------------------------------- */

struct shape {
	size_t n, change;
	double before, after; /* means; 3 % spread */
	double drift;	      /* a value */
};

static struct oae_steady steady(const struct shape *s, uint64_t seed,
				double spike)
{
	struct oae_error err = { OAE_OK, 0, "" };
	double *x = calloc(s->n + 1, sizeof(*x));
	struct oae_steady out;
	struct oae_rng r;

	assert_non_null(x);
	oae_rng_seed(&r, seed);
	for (size_t i = 0; i < s->n; i++)
		x[i] = (i < s->change ? s->before : s->after) +
		       s->drift * (double)i + .03 * oae_rng_normal(&r);
	if (spike > 0)
		x[s->n / 2] = spike;
	ok(oae_steady_of(x, s->n, &out, &err), &err);
	free(x);
	return out;
}

static void classes(void **state)
{
	static const struct {
		struct shape shape;
		enum oae_steadiness kind;
		size_t from, slack;
	} rows[] = {
		{ { 60, 0, 0, 1, 0 }, OAE_STEADY_FLAT, 0, 0 },
		{ { 60, 12, 2, 1, 0 }, OAE_STEADY_WARM_UP, 12, 0 },
		{ { 60, 3, 4, 1, 0 }, OAE_STEADY_WARM_UP, 3, 0 },
		{ { 60, 1, 9, 1, 0 }, OAE_STEADY_WARM_UP, 2, 0 },
		{ { 60, 20, .6, 1, 0 }, OAE_STEADY_SLOWDOWN, 20, 0 },
		{ { 60, 50, 1, 1.5, 0 }, OAE_STEADY_NONE, 60, 0 },
		{ { 60, 0, 0, 1, .05 }, OAE_STEADY_SLOWDOWN, 30, 6 },
		{ { 400, 0, 0, 1, .01 }, OAE_STEADY_NONE, 400, 0 },
		{ { 400, 40, 1.2, 1, 0 }, OAE_STEADY_WARM_UP, 40, 2 },
		{ { 9, 3, 4, 1, 0 }, OAE_STEADY_TOO_SHORT, 9, 0 },
		{ { 0, 0, 0, 1, 0 }, OAE_STEADY_TOO_SHORT, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct oae_steady s = steady(&rows[i].shape, 3 + i, 0);

		if (s.kind != rows[i].kind ||
		    s.from + rows[i].slack < rows[i].from ||
		    s.from > rows[i].from + rows[i].slack)
			fail_msg("row %zu: %s from %zu", i,
				 oae_steadiness_name(s.kind), s.from);
	}
}

/* Flat noise stays flat; a difference below 1 % is none. */
static void no_false_alarm(void **state)
{
	const struct shape flat = { 60, 0, 0, 1, 0 };
	const struct shape hair = { 400, 200, 1.008, 1, 0 };
	int wrong = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 500; seed++)
		wrong += steady(&flat, seed, 0).kind != OAE_STEADY_FLAT;
	assert_true(wrong <= 5);
	assert_int_equal(steady(&hair, 1, 0).kind, OAE_STEADY_FLAT);
	printf("# flat sequences of 60 called something else: %d of 500\n",
	       wrong);
}

/* One request that was held up is no phase of the system. */
static void spikes(void **state)
{
	const struct shape flat = { 60, 0, 0, 1, 0 };
	struct oae_steady s = steady(&flat, 4, 8);

	(void)state;
	assert_int_equal(s.kind, OAE_STEADY_FLAT);
	assert_int_equal(s.outliers, 1);
	assert_int_equal(s.from, 0);
}

/* Beyond the cap neighbours are averaged; the place is found all the same. */
static void long_sequences(void **state)
{
	const struct shape s = { 100001, 30000, 1.3, 1, 0 };
	const struct shape flat = { OAE_CHANGEPOINT_POINTS_MAX, 0, 0, 1, 0 };
	struct oae_steady out = steady(&s, 5, 0);
	clock_t begin = clock();

	(void)state;
	assert_int_equal(out.kind, OAE_STEADY_WARM_UP);
	assert_in_range(out.from, 29900, 30100);
	/* The worst case for time: no change at the largest size. */
	assert_int_equal(steady(&flat, 6, 0).kind, OAE_STEADY_FLAT);
	printf("# %u values without a change: %.3f CPU-s\n",
	       OAE_CHANGEPOINT_POINTS_MAX,
	       (double)(clock() - begin) / CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pelt_is_optimal),
		cmocka_unit_test(finds_the_place),
		cmocka_unit_test(edges),
		cmocka_unit_test(classes),
		cmocka_unit_test(no_false_alarm),
		cmocka_unit_test(spikes),
		cmocka_unit_test(long_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
