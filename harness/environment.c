/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/environment.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "harness/machine.h"

void oae_environment_write(struct oae_jw *w, const char *when)
{
	struct oae_machine *m = malloc(sizeof(*m));
	char utc[OAE_UTC_TEXT], sha256[OAE_SHA256_HEX];

	oae_clock_utc(utc);
	oae_jw_str(w, "when", when);
	oae_jw_str(w, "utc", utc);
	if (oae_sha256_file("/proc/self/exe", sha256, NULL))
		oae_jw_null(w, "program_sha256");
	else
		oae_jw_str(w, "program_sha256", sha256);
	if (!m)
		return;
	oae_machine_read(m, "");
	oae_machine_write(m, w);
	free(m);
}
