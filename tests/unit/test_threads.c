/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: every item once, and nothing while there is no work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/reference/model/threads.h"
#include "tests/unit/skip.h"

#define ITEMS 1000
#define REST_US 200000

struct counting {
	_Atomic unsigned hits[ITEMS];
	_Atomic unsigned wrong;
	unsigned threads;
};

static void count(void *ctx, size_t item, unsigned thread)
{
	struct counting *c = ctx;

	c->hits[item]++;
	c->wrong += thread >= c->threads;
}

static void count_range(void *ctx, size_t begin, size_t end, unsigned thread)
{
	struct counting *c = ctx;

	c->wrong += begin >= end || end > ITEMS;
	for (size_t i = begin; i < end && i < ITEMS; i++)
		count(ctx, i, thread);
}

/* Items and ranges in turn, of all numbers. */
static void check_runs(struct oae_threads *t, struct counting *c, size_t rounds)
{
	for (size_t round = 0; round < rounds; round++) {
		size_t items = round % 7 ? round % ITEMS : ITEMS;

		memset((void *)c->hits, 0, sizeof(c->hits));
		if (round % 2)
			oae_threads_run(t, items, count, c);
		else
			oae_threads_ranges(t, items, count_range, c);
		for (size_t i = 0; i < ITEMS; i++)
			assert_int_equal(c->hits[i], i < items);
		if (round % 100 == 50)
			usleep(2000); /* long enough to park */
	}
	assert_int_equal(c->wrong, 0);
}

static void test_runs(void **state)
{
	static struct counting c;
	struct oae_threads *t;

	(void)state;
	assert_int_equal(oae_threads_open(0, &t, NULL), OAE_ERR_USAGE);
	assert_int_equal(oae_threads_open(OAE_THREADS_MAX + 1, &t, NULL),
			 OAE_ERR_USAGE);
	for (unsigned n = 1; n <= 4; n++) {
		assert_int_equal(oae_threads_open(n, &t, NULL), OAE_OK);
		assert_int_equal(oae_threads_count(t), n);
		c.threads = n;
		check_runs(t, &c, 600);
		oae_threads_close(t);
	}
}

/* More threads than processors, and than items. */
static void test_oversubscribed(void **state)
{
	static struct counting c;
	struct oae_threads *t;

	(void)state;
	c.threads = 4 * (unsigned)sysconf(_SC_NPROCESSORS_ONLN) + 1;
	if (c.threads > OAE_THREADS_MAX)
		c.threads = OAE_THREADS_MAX;
	assert_int_equal(oae_threads_open(c.threads, &t, NULL), OAE_OK);
	check_runs(t, &c, 120);
	oae_threads_close(t);
}

/* Processor time of a thread of this process so far; is it asleep? */
static uint64_t thread_ns(const char *id, bool *asleep)
{
	char path[300], text[512] = "";
	uint64_t ns = 0;
	char *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/stat", id);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	at = strrchr(text, ')'); /* the name may have any characters */
	assert_non_null(at);
	*asleep = at[2] == 'S';
	snprintf(path, sizeof(path), "/proc/self/task/%.20s/schedstat", id);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &ns), 1);
	fclose(f);
	return ns;
}

/* Of all threads but the caller: their processor time; do all sleep? */
static uint64_t others_ns(unsigned *n, bool *asleep)
{
	DIR *d = opendir("/proc/self/task");
	const struct dirent *e;
	uint64_t sum = 0;
	bool one;

	assert_non_null(d);
	*n = 0;
	*asleep = true;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || atoi(e->d_name) == getpid())
			continue;
		sum += thread_ns(e->d_name, &one);
		*asleep = *asleep && one;
		++*n;
	}
	closedir(d);
	return sum;
}

/* Do all others sleep for some time, and take no processor time at all? */
static bool others_rest(unsigned *n)
{
	bool asleep_first, asleep;
	uint64_t before = others_ns(n, &asleep_first);

	usleep(REST_US);
	return others_ns(n, &asleep) == before && asleep_first && asleep;
}

/*
 * Without work the pool's threads come to rest; work wakes them. Only
 * processor time is compared: on a busy machine all lasts longer.
 */
static void test_parks(void **state)
{
	static struct counting c = { .threads = 3 };
	struct oae_threads *t;
	int left;
	unsigned n;

	(void)state;
	if (access("/proc/self/schedstat", R_OK))
		skip_because("the kernel does not tell threads' times");
	assert_int_equal(oae_threads_open(3, &t, NULL), OAE_OK);
	for (int again = 0; again < 3; again++) {
		check_runs(t, &c, 20);
		for (left = 100; left > 0 && !others_rest(&n); left--)
			;
		assert_true(left > 0);
		assert_int_equal(n, 2);
	}
	oae_threads_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_oversubscribed),
		cmocka_unit_test(test_parks),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
