/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/sensors/choice.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/sensors/perf_event.h"

static const char *const counters[] = { "perf", "papi", "likwid" };

/* NULL: not asked for. */
static const char *asked_for(void)
{
	const char *name = getenv("OAE_COUNTERS");

	return name && name[0] ? name : NULL;
}

enum oae_status oae_counters_check(struct oae_error *err)
{
	const char *name = asked_for();
	size_t i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (!name || !strcmp(name, counters[i]))
			return OAE_OK;
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"OAE_COUNTERS is '%.40s': set it to perf, papi or"
			" likwid, or unset it",
			name);
}

static bool perf_counts(void)
{
	int fd = oae_perf_event_open(oae_perf_event_cycles(), OAE_PERF_SELF, 0,
				     -1, -1, true);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool oae_counters_asked(const char *sensor)
{
	const char *name = asked_for();

	return name && !strcmp(name, sensor);
}

bool oae_counters_may(const char *sensor, const char **why)
{
	const char *name = asked_for();

	*why = "left to another sensor by OAE_COUNTERS";
	if (name)
		return !strcmp(name, sensor);
	*why = "left to the perf sensor, which counts here; OAE_COUNTERS"
	       " changes that";
	return !strcmp(sensor, "perf") || !perf_counts();
}
