/* SPDX-License-Identifier: Apache-2.0 */
/* For tests/cli/skips.t: a test that is skipped, and one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/skip.h"

static void skipped(void **state)
{
	(void)state;
	skip_because("no %s here", "such board");
}

static void decided_by_argument(void **state)
{
	if (*state)
		fail_msg("%s", (const char *)*state);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(skipped),
		cmocka_unit_test_prestate(decided_by_argument,
					  argc > 1 ? argv[1] : NULL),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
