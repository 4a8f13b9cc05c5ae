/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of kernels without a test framework, for another processor's
 * emulator, as TAP.
 *
 *   alone NAME      that NAME is the table chosen here, and its checks
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kernels/checks.h"

_Noreturn void check_failed(const char *file, int line, const char *text)
{
	printf("not ok - %s\n# %s:%d: %s\n", check_about, file, line, text);
	exit(1);
}

int main(int argc, char **argv)
{
	const struct oae_kernels *k;
	struct oae_error err = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: alone NAME, of the kernels that this "
				"processor should choose\n");
		return 64;
	}
	if (oae_kernels_select(&k, &err) || strcmp(argv[1], k->name)) {
		printf("not ok - chosen: %s\n",
		       err.status ? err.text : k->name);
		return 1;
	}
	printf("ok 1 - chosen: %s\n", k->name);
	for (size_t c = 0; c < checks_n; c++) {
		oae_rng_seed(&check_rng, 7);
		snprintf(check_about, sizeof(check_about), "%s", k->name);
		checks[c].run(k);
		printf("ok %zu - %s: %s\n", c + 2, k->name, checks[c].name);
		fflush(stdout);
	}
	printf("1..%zu\n", checks_n + 1);
	return 0;
}
