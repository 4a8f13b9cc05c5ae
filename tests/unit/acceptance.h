/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measurement core's fifteen acceptance checks are spread over the unit
 * tests; each prints its figure with this, for `make acceptance` to collect.
 */
#ifndef OAE_TESTS_ACCEPTANCE_H
#define OAE_TESTS_ACCEPTANCE_H

#include <stdarg.h>
#include <stdio.h>

/* "# acceptance 01: 450.000000 J, 1 wrap (want 450 J +-100 uJ)" */
static void acceptance(int number, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void acceptance(int number, const char *fmt, ...)
{
	va_list ap;

	printf("# acceptance %02d: ", number);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

#endif
