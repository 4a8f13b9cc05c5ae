/* SPDX-License-Identifier: Apache-2.0 */
/* Two results, number by number: what is inside, outside, not comparable. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/tolerance.h"

struct row {
	enum oae_number_kind kind;
	double was, low, high, is, is_low, is_high;
	bool same;
	enum oae_agreement want;
	bool by_interval;
};

#define NO NAN
#define ABS OAE_NUMBER_ABSOLUTE
#define RATIO OAE_NUMBER_RATIO
#define SHARE OAE_NUMBER_SHARE
#define IN OAE_AGREES_INSIDE
#define OUT OAE_AGREES_OUTSIDE
#define NONE OAE_AGREES_NOT_COMPARABLE

static const struct row rows[] = {
	/* 2 % on the same machine, both ways, and the edge itself */
	{ ABS, 1, NO, NO, 1.02, NO, NO, true, IN, false },
	{ ABS, 1.02, NO, NO, 1, NO, NO, true, IN, false },
	{ ABS, 1, NO, NO, 1.021, NO, NO, true, OUT, false },
	{ ABS, 1.021, NO, NO, 1, NO, NO, true, OUT, false },
	/* 10 % for ratios on another; absolute numbers are not compared */
	{ RATIO, 1, NO, NO, 1.1, NO, NO, false, IN, false },
	{ RATIO, 1, NO, NO, 1.11, NO, NO, false, OUT, false },
	{ RATIO, 1, NO, NO, 1.05, NO, NO, true, OUT, false },
	{ ABS, 1, NO, NO, 1, NO, NO, false, NONE, false },
	/* intervals: they meet, or meet once widened, or do not */
	{ RATIO, 1, 0.9, 1.2, 1.3, 1.1, 1.5, true, IN, true },
	{ RATIO, 1, 0.9, 1.1, 1.3, 1.12, 1.5, true, IN, true },
	{ RATIO, 1, 0.9, 1.1, 1.3, 1.2, 1.5, true, OUT, false },
	{ RATIO, 1, 0.9, 1.1, 1.3, 1.2, 1.5, false, IN, true },
	/* one of the two has an interval */
	{ RATIO, 1, 0.5, 1.5, 1.4, NO, NO, true, IN, true },
	{ RATIO, 2, NO, NO, 1, 0.5, 1.5, true, OUT, false },
	/* shares by their difference, from 0 on */
	{ SHARE, 0.98, NO, NO, 1, NO, NO, true, IN, false },
	{ SHARE, 0.97, NO, NO, 1, NO, NO, true, OUT, false },
	{ SHARE, 0, NO, NO, 0.01, NO, NO, true, IN, false },
	{ SHARE, 0.91, NO, NO, 1, NO, NO, false, IN, false },
	{ SHARE, 0.5, 0.3, 0.7, 0.8, 0.6, 0.9, true, IN, true },
	/* what is missing, or no number of its kind */
	{ RATIO, NO, NO, NO, 1, NO, NO, true, NONE, false },
	{ RATIO, 1, NO, NO, NO, NO, NO, true, NONE, false },
	{ RATIO, 0, NO, NO, 1, NO, NO, true, NONE, false },
	{ RATIO, -1, NO, NO, -1, NO, NO, true, NONE, false },
	{ RATIO, INFINITY, NO, NO, INFINITY, NO, NO, true, NONE, false },
};

static void test_judge(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct oae_tolerance_item x = {
			.kind = r->kind,
			.was = r->was,
			.was_low = r->low,
			.was_high = r->high,
			.is = r->is,
			.is_low = r->is_low,
			.is_high = r->is_high,
		};

		if (oae_tolerance_judge(&x, r->same) != r->want ||
		    x.by_interval != r->by_interval ||
		    (x.reason != NULL) != (r->want == NONE))
			fail_msg("row %zu: %s%s", i,
				 oae_agreement_name(x.agreement),
				 x.by_interval ? " by interval" : "");
	}
}

static cJSON *parse(const char *text)
{
	struct oae_error err = { OAE_OK, 0, "" };
	cJSON *tree = NULL;

	if (oae_json_parse(text, strlen(text), &tree, &err))
		fail_msg("%s", err.text);
	return tree;
}

/* A result with one system, one workload, one profile. */
static cJSON *result(double s, double oae, const char *cpu, const char *system)
{
	char text[2000];

	snprintf(
		text, sizeof(text),
		"{\"environment\":{\"start\":{\"cpu\":{\"model\":\"%s\"},"
		"\"memory_bytes\":1000,\"virtual\":true}},\"systems\":[{"
		"\"id\":\"%s\",\"measured\":{\"by_workload\":[{\"workload\":"
		"\"sums\",\"s_per_request\":{\"value\":%.17g,\"low\":null,"
		"\"high\":null},\"quality\":{\"score\":0.9,\"n\":20},"
		"\"joules_per_request\":{\"measured\":{\"value\":null}}}]}}],"
		"\"profiles\":[{\"id\":\"clinic\",\"scores\":[{\"system\":"
		"\"%s\",\"modes\":{\"on_demand\":{\"oae\":{\"value\":%.17g,"
		"\"low\":%.17g,\"high\":%.17g}}}}],\"conditions\":{\"cells\":[{"
		"\"condition\":\"cpu:50\",\"systems\":[{\"system\":\"%s\","
		"\"owned\":{\"value\":%.17g}}]}]}}]}",
		cpu, system, s, system, oae, oae * 0.99, oae * 1.01, system,
		oae);
	return parse(text);
}

static struct oae_tolerance compare(cJSON *was, cJSON *is)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_tolerance t;

	if (oae_tolerance_compare(was, is, &t, &err))
		fail_msg("%s", err.text);
	cJSON_Delete(was);
	cJSON_Delete(is);
	return t;
}

static const struct oae_tolerance_item *find(const struct oae_tolerance *t,
					     const char *what)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->item[i].what, what) == 0)
			return &t->item[i];
	fail_msg("nothing is compared as \"%s\"", what);
	return NULL;
}

static void test_same_machine(void **state)
{
	struct oae_tolerance t = compare(result(1, 1.2, "A", "x/y"),
					 result(1.01, 1.5, "A", "x/y"));

	(void)state;
	assert_true(t.same_machine);
	assert_int_equal(find(&t, "x/y, sums: s_per_request")->agreement, IN);
	assert_int_equal(find(&t, "clinic, x/y, on_demand: oae")->agreement,
			 OUT);
	assert_int_equal(find(&t, "x/y, sums: quality")->agreement, IN);
	assert_int_equal(find(&t, "clinic, x/y, owned, cpu:50: oae")->agreement,
			 OUT);
	assert_int_equal(t.number[OUT], 2);
	assert_int_equal(t.number[IN], 2);
	oae_tolerance_release(&t);
}

static void test_other_machine(void **state)
{
	struct oae_tolerance t =
		compare(result(1, 1.2, "A", "x/y"), result(7, 1.3, "B", "x/y"));

	(void)state;
	assert_false(t.same_machine);
	assert_int_equal(find(&t, "x/y, sums: s_per_request")->agreement, NONE);
	assert_int_equal(find(&t, "clinic, x/y, on_demand: oae")->agreement,
			 IN);
	assert_int_equal(t.number[OUT], 0);
	oae_tolerance_release(&t);
}

/* A system that the new result lacks is not comparable, and not forgotten. */
static void test_no_counterpart(void **state)
{
	struct oae_tolerance t =
		compare(result(1, 1.2, "A", "x/y"), result(1, 1.2, "A", "x/z"));
	struct oae_buf out;
	struct oae_jw w;
	cJSON *tree;

	(void)state;
	assert_int_equal(t.number[NONE], t.count);
	assert_string_equal(find(&t, "clinic, x/y, on_demand: oae")->reason,
			    "the new result has not this score");
	oae_buf_init(&out, 1u << 20);
	oae_jw_init(&w, &out, 0);
	oae_jw_obj(&w, NULL);
	oae_tolerance_write(&t, &w);
	oae_jw_end_obj(&w);
	tree = parse(oae_buf_str(&out));
	assert_int_equal(
		cJSON_GetArraySize(cJSON_GetObjectItem(tree, "numbers")),
		t.count);
	cJSON_Delete(tree);
	oae_buf_clear(&out);
	oae_tolerance_text(&t, true, &out);
	assert_non_null(strstr(oae_buf_str(&out), "0 outside"));
	oae_buf_release(&out);
	oae_tolerance_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_same_machine),
		cmocka_unit_test(test_other_machine),
		cmocka_unit_test(test_no_counterpart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
