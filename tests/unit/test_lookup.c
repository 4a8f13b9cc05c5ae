/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "adapters/reference/decode/lookup.h"
#include "base/rng.h"

/* By comparing with every earlier place. */
static size_t naive(const int32_t *t, size_t n, unsigned n_min, unsigned n_max,
		    unsigned *length)
{
	size_t end, k;

	for (unsigned want = n_max; want >= n_min; want--) {
		for (end = n - 1; end >= want; end--) {
			for (k = 0; k < end && k < OAE_LOOKUP_LENGTH_MAX; k++)
				if (t[end - 1 - k] != t[n - 1 - k])
					break;
			if (k >= want) {
				*length = (unsigned)k;
				return end;
			}
		}
	}
	return 0;
}

static void check(struct oae_rng *rng, struct oae_lookup *l, size_t capacity,
		  uint32_t alphabet)
{
	int32_t *t = calloc(capacity, sizeof(*t));
	unsigned got_length, want_length;
	size_t n = 0, got, want, more;

	oae_lookup_clear(l);
	while (n < capacity) {
		more = 1 + oae_rng_below(rng, 5);
		for (; more && n < capacity; more--)
			t[n++] = (int32_t)oae_rng_below(rng, alphabet);
		got = oae_lookup_find(l, t, n, &got_length);
		want = naive(t, n, l->n_min, l->n_max, &want_length);
		assert_int_equal(got, want);
		if (want)
			assert_int_equal(got_length, want_length);
	}
	free(t);
}

static void test_as_naive(void **state)
{
	static const uint32_t alphabets[] = { 1, 2, 3, 7, 40, 100000 };
	struct oae_lookup l;
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 1);
	for (unsigned n_min = 1; n_min <= OAE_NGRAM_MAX; n_min += 2) {
		for (unsigned n_max = n_min; n_max <= OAE_NGRAM_MAX; n_max++) {
			assert_int_equal(oae_lookup_init(&l, n_min, n_max, 200,
							 NULL),
					 0);
			for (size_t i = 0; i < 6; i++)
				check(&rng, &l, 1 + oae_rng_below(&rng, 200),
				      alphabets[i]);
			oae_lookup_release(&l);
		}
	}
}

/* What follows is the guess; it may run on into itself. */
static void test_example(void **state)
{
	const int32_t t[] = { 5, 6, 7, 8, 9, 6, 7, 1, 5, 6, 7 };
	struct oae_lookup l;
	unsigned length;

	(void)state;
	assert_int_equal(oae_lookup_init(&l, 2, 4, 11, NULL), 0);
	assert_int_equal(oae_lookup_find(&l, t, 1, &length), 0);
	assert_int_equal(oae_lookup_find(&l, t, 5, &length), 0);
	/* "6 7" stood at 1 and 2, so 8 follows */
	assert_int_equal(oae_lookup_find(&l, t, 7, &length), 3);
	assert_int_equal(length, 2);
	/* the longest match wins over the latest, "6 7" at 5 and 6 */
	assert_int_equal(oae_lookup_find(&l, t, 11, &length), 3);
	assert_int_equal(length, 3);
	oae_lookup_release(&l);
}

/* Work grows with the tokens alone: 131072 of them, all alike or not. */
static void test_long(void **state)
{
	const size_t n = 131072;
	int32_t *t = calloc(n, sizeof(*t));
	struct oae_lookup l;
	struct oae_rng rng;
	unsigned length;
	size_t found = 0;

	(void)state;
	oae_rng_seed(&rng, 2);
	assert_int_equal(oae_lookup_init(&l, 2, 4, n, NULL), 0);
	for (int alike = 0; alike < 2; alike++) {
		oae_lookup_clear(&l);
		for (size_t i = 0; i < n; i++) {
			t[i] = alike ? 3 : (int32_t)oae_rng_below(&rng, 1500);
			found += oae_lookup_find(&l, t, i + 1, &length) > 0;
		}
	}
	assert_true(found > n);
	oae_lookup_release(&l);
	free(t);
}

static void test_refused(void **state)
{
	struct oae_lookup l;

	(void)state;
	assert_int_equal(oae_lookup_init(&l, 0, 4, 9, NULL), OAE_ERR_USAGE);
	assert_int_equal(oae_lookup_init(&l, 3, 2, 9, NULL), OAE_ERR_USAGE);
	assert_int_equal(oae_lookup_init(&l, 3, 9, 9, NULL), OAE_ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_naive),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
