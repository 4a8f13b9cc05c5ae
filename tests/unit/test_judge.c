/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schema/judge.h"

static bool exact(const char *a, const char *e)
{
	return oae_judge_answer(OAE_JUDGE_EXACT, a, e);
}

static bool number(const char *a, const char *e)
{
	return oae_judge_answer(OAE_JUDGE_FINAL_NUMBER, a, e);
}

static bool all(const char *a, const char *e)
{
	return oae_judge_answer(OAE_JUDGE_CONTAINS_ALL, a, e);
}

static void test_exact(void **state)
{
	(void)state;
	assert_true(exact("room 4", "room 4"));
	assert_true(exact(" room \n 4\n", "room 4"));
	assert_true(exact("", " \n"));
	assert_false(exact("room4", "room 4"));
	assert_false(exact("room 4", "room4"));
	assert_false(exact("Room 4", "room 4"));
	assert_false(exact("room 4.", "room 4"));
	assert_false(exact("room 4 a", "room 4"));
	assert_false(exact("", "room 4"));
}

static void test_final_number(void **state)
{
	(void)state;
	assert_true(number("7 + 5 = 12", "12"));
	assert_true(number("12.", "12"));
	assert_true(number("so 12 pens", "12"));
	assert_true(number("1,250", "1250"));
	assert_true(number("12.50", "12.5"));
	assert_true(number("12.0", "12"));
	assert_true(number("007", "7"));
	assert_true(number("it is -3", "-3"));
	assert_true(number("-0", "0"));
	assert_true(number("0.5", "0.50"));
	assert_false(number("12, then 13", "12"));
	assert_false(number("112", "12"));
	assert_false(number("1.2", "12"));
	assert_false(number("3", "-3"));
	assert_false(number("twelve", "12"));
	assert_false(number("", "12"));
	assert_false(number("12", ""));
	assert_false(number("1,25", "125"));
	assert_true(number("5-3", "3"));
}

static void test_contains_all(void **state)
{
	(void)state;
	assert_true(all("Dear Ann Lee,\nthe flu jab is on Monday at 9:30.",
			"Ann Lee\nflu jab\nMonday at 9:30"));
	assert_true(all("dear ann  lee", "Ann Lee"));
	assert_true(all("ab abc", "abc|ab"));
	assert_true(all("a b", "\na b\n\n"));
	assert_false(all("Ann Le", "Ann Lee"));
	assert_false(all("Ann Lee", "Ann Lee\nflu jab"));
	assert_false(all("anything", ""));
	assert_false(all("anything", " \n|"));
	assert_false(all("", "x"));
}

static void test_names(void **state)
{
	const char *const names[] = { "exact", "final_number", "contains_all" };
	struct oae_error err = { OAE_OK, 0, "" };
	enum oae_judge j;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(oae_judge_parse(names[i], &j, &err), OAE_OK);
		assert_string_equal(oae_judge_name(j), names[i]);
	}
	assert_int_equal(oae_judge_parse("close", &j, &err), OAE_ERR_FORMAT);
	assert_non_null(strstr(err.text, "close"));
}

/* Nobody said what is right: an answer is one, or there is none. */
static void none_takes_any_answer(void **state)
{
	enum oae_judge j;

	(void)state;
	assert_int_equal(oae_judge_parse("none", &j, NULL), OAE_OK);
	assert_string_equal(oae_judge_name(j), "none");
	assert_true(oae_judge_answer(j, "whatever", NULL));
	assert_false(oae_judge_answer(j, "", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_takes_any_answer),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_final_number),
		cmocka_unit_test(test_contains_all),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
