/* SPDX-License-Identifier: Apache-2.0 */
/* Before a campaign: arrivals, blocks of runs, and the items of a run. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/stats.h"
#include "workloads/arrivals.h"
#include "workloads/blocks.h"

#define MANY 20000

static uint64_t due[MANY], again[MANY];
static double gaps[MANY];

/* Mean and coefficient of variation of the gaps, in seconds. */
static void check_gaps(const struct oae_arrivals *a, double mean, double cv)
{
	struct oae_error err = { 0 };

	assert_int_equal(oae_arrivals_plan(a, 5, due, MANY, &err), OAE_OK);
	assert_int_equal(oae_arrivals_plan(a, 5, again, MANY, &err), OAE_OK);
	assert_memory_equal(due, again, sizeof(due));
	assert_int_equal(due[0], 0);
	for (size_t i = 1; i < MANY; i++) {
		assert_true(due[i] >= due[i - 1]);
		gaps[i - 1] = (double)(due[i] - due[i - 1]) * 1e-9;
	}
	assert_true(fabs(oae_mean(gaps, MANY - 1) / mean - 1.0) < 0.04);
	assert_true(fabs(sqrt(oae_variance(gaps, MANY - 1)) / mean - cv) <
		    0.06);
}

static void test_arrivals(void **state)
{
	struct oae_arrivals a = { .kind = OAE_ARRIVALS_CONSTANT,
				  .rate_per_s = 50.0 };
	struct oae_error err = { 0 };

	(void)state;
	check_gaps(&a, 0.02, 0.0);
	assert_int_equal(due[50], 1000000000);
	a.kind = OAE_ARRIVALS_EXPONENTIAL;
	check_gaps(&a, 0.02, 1.0);
	assert_int_equal(oae_arrivals_plan(&a, 6, again, MANY, &err), OAE_OK);
	assert_memory_not_equal(due, again, sizeof(due));
	a.kind = OAE_ARRIVALS_GAMMA;
	a.shape = 4.0;
	check_gaps(&a, 0.02, 0.5);
	a.shape = 0.25;
	check_gaps(&a, 0.02, 2.0);
	a.kind = OAE_ARRIVALS_CLOSED;
	a.rate_per_s = 0.0;
	assert_int_equal(oae_arrivals_plan(&a, 5, due, 3, &err), OAE_OK);
	assert_true(due[0] == OAE_ARRIVAL_CLOSED &&
		    due[2] == OAE_ARRIVAL_CLOSED);
}

static void expect_bad(enum oae_arrival kind, double rate, double shape,
		       size_t n, enum oae_status status)
{
	struct oae_arrivals a = { .kind = kind,
				  .rate_per_s = rate,
				  .shape = shape };
	struct oae_error err = { 0 };

	assert_int_equal(oae_arrivals_plan(&a, 1, due, n, &err), status);
	assert_true(err.text[0]);
}

static void test_bad_arrivals(void **state)
{
	(void)state;
	expect_bad(OAE_ARRIVALS_CONSTANT, 0.0, 1.0, 3, OAE_ERR_USAGE);
	expect_bad(OAE_ARRIVALS_CONSTANT, -1.0, 1.0, 3, OAE_ERR_USAGE);
	expect_bad(OAE_ARRIVALS_CONSTANT, (double)NAN, 1.0, 3, OAE_ERR_USAGE);
	expect_bad(OAE_ARRIVALS_CONSTANT, 1e9, 1.0, 3, OAE_ERR_USAGE);
	expect_bad(OAE_ARRIVALS_GAMMA, 1.0, 0.0, 3, OAE_ERR_USAGE);
	expect_bad(OAE_ARRIVALS_GAMMA, 1.0, (double)NAN, 3, OAE_ERR_USAGE);
	expect_bad(OAE_ARRIVALS_CONSTANT, 1e-9, 1.0, 3, OAE_ERR_LIMIT);
	expect_bad(OAE_ARRIVALS_CONSTANT, 1.0, 1.0,
		   OAE_REQUESTS_PER_RUN_MAX + 1, OAE_ERR_LIMIT);
}

#define SYSTEMS ((size_t)3)
#define WORKLOADS 2
#define CONDITIONS 2
#define RUNS 6
#define TOTAL (SYSTEMS * WORKLOADS * CONDITIONS * RUNS)

/* Runs on which two plans of the same length agree. */
static size_t agreement(const struct oae_planned_run *a,
			const struct oae_planned_run *b, size_t n)
{
	size_t same = 0;

	for (size_t i = 0; i < n; i++)
		same += a[i].system == b[i].system &&
			a[i].workload == b[i].workload &&
			a[i].condition == b[i].condition &&
			a[i].block == b[i].block && a[i].rep == b[i].rep &&
			a[i].seed == b[i].seed;
	return same;
}

static void test_blocks(void **state)
{
	struct oae_blocks b = { 9, SYSTEMS, WORKLOADS, CONDITIONS, RUNS };
	struct oae_planned_run runs[TOTAL], same[TOTAL];
	unsigned seen[SYSTEMS][WORKLOADS][CONDITIONS][RUNS] = { 0 };
	struct oae_error err = { 0 };

	(void)state;
	assert_int_equal(oae_blocks_count(&b), TOTAL);
	assert_int_equal(oae_blocks_plan(&b, runs, &err), OAE_OK);
	assert_int_equal(oae_blocks_plan(&b, same, &err), OAE_OK);
	assert_int_equal(agreement(runs, same, TOTAL), TOTAL);
	for (size_t i = 0; i < TOTAL; i++) {
		const struct oae_planned_run *r = &runs[i], *mirror;
		size_t in_block = i % (2 * SYSTEMS);

		seen[r->system][r->workload][r->condition][r->rep]++;
		assert_int_equal(r->block, i / (2 * SYSTEMS));
		mirror = &runs[i - in_block + 2 * SYSTEMS - 1 - in_block];
		assert_int_equal(r->system, mirror->system);
		assert_int_equal(r->workload, mirror->workload);
		assert_int_equal(r->rep % 2, in_block >= SYSTEMS);
		assert_int_equal(r->rep / 2, mirror->rep / 2);
		/* paired: one seed for all systems, another for others */
		for (size_t k = 0; k < TOTAL; k++)
			assert_int_equal(runs[k].seed == r->seed,
					 runs[k].workload == r->workload &&
						 runs[k].condition ==
							 r->condition &&
						 runs[k].rep == r->rep);
	}
	for (size_t i = 0; i < TOTAL; i++)
		assert_int_equal((&seen[0][0][0][0])[i], 1);
	b.seed = 10;
	assert_int_equal(oae_blocks_plan(&b, same, &err), OAE_OK);
	assert_int_equal(agreement(runs, same, TOTAL), 0);
}

/* Each system is first in a block about equally often. */
static void test_block_order_is_fair(void **state)
{
	static struct oae_planned_run runs[3 * 3000];
	struct oae_blocks b = { 3, 3, 1, 1, 3000 };
	struct oae_error err = { 0 };
	int first[3] = { 0 };

	(void)state;
	assert_int_equal(oae_blocks_plan(&b, runs, &err), OAE_OK);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i += 6)
		first[runs[i].system]++;
	for (int i = 0; i < 3; i++)
		assert_in_range(first[i], 420, 580);
}

static void test_bad_blocks(void **state)
{
	struct oae_blocks odd = { 1, 2, 1, 1, 3 }, none = { 1, 0, 1, 1, 2 };
	struct oae_blocks huge = { 1, 64, 64, 16, 100000 };
	struct oae_error err = { 0 };

	(void)state;
	assert_int_equal(oae_blocks_plan(&odd, NULL, &err), OAE_ERR_USAGE);
	assert_int_equal(oae_blocks_plan(&none, NULL, &err), OAE_ERR_USAGE);
	assert_int_equal(oae_blocks_count(&huge), 0);
	assert_int_equal(oae_blocks_plan(&huge, NULL, &err), OAE_ERR_LIMIT);
}

/* Six runs of 12 see all of 64 items; within a run all differ. */
static void test_items(void **state)
{
	unsigned seen[64] = { 0 };
	uint32_t items[12], other[12];
	struct oae_error err = { 0 };

	(void)state;
	for (uint32_t rep = 0; rep < 6; rep++) {
		assert_int_equal(oae_blocks_items(4, "sums", rep, 64, items, 12,
						  &err),
				 OAE_OK);
		for (size_t i = 0; i < 12; i++) {
			assert_true(items[i] < 64);
			seen[items[i]]++;
			for (size_t k = 0; k < i; k++)
				assert_int_not_equal(items[i], items[k]);
		}
	}
	for (size_t i = 0; i < 64; i++)
		assert_in_range(seen[i], 1, 2);
	assert_int_equal(oae_blocks_items(4, "letters", 5, 64, other, 12, &err),
			 OAE_OK);
	assert_memory_not_equal(items, other, sizeof(items));
	assert_int_equal(oae_blocks_items(4, "sums", 0, 11, items, 12, &err),
			 OAE_ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrivals),
		cmocka_unit_test(test_bad_arrivals),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_block_order_is_fair),
		cmocka_unit_test(test_bad_blocks),
		cmocka_unit_test(test_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
