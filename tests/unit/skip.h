/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine cannot run is skipped with the reason, never passed. */
#ifndef OAE_TESTS_SKIP_H
#define OAE_TESTS_SKIP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Ends the running test; ci/tap makes "ok N - TEST # SKIP WHY" of it. */
__attribute__((format(printf, 1, 2))) static inline _Noreturn void
skip_because(const char *format, ...)
{
	char why[400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	print_message("# skipped: %s\n", why);
	skip();
	abort(); /* skip() does not return */
}

#endif
