/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/condition.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "schema/tiers.h"

#define KIND(kind) OAE_CONDITION_##kind

const struct oae_condition oae_conditions[] = {
	{ OAE_CONDITION_NOMINAL, OAE_CONDITION_KIND_NOMINAL, 0, 0,
	  "nothing is changed" },
	{ "burst:cv1", KIND(BURST), 0, 1, "requests come at random (CV 1)" },
	{ "burst:cv2", KIND(BURST), 1, 2, "requests come in bursts (CV 2)" },
	{ "burst:cv4", KIND(BURST), 2, 4, "requests come in crowds (CV 4)" },
	{ "noise:2", KIND(NOISE), 0, 2, "2 % of the letters are mistyped" },
	{ "noise:5", KIND(NOISE), 1, 5, "5 % of the letters are mistyped" },
	{ "noise:10", KIND(NOISE), 2, 10, "10 % of the letters are mistyped" },
	{ "cpu:100", KIND(CPU), 0, 100, "a quota of all cores" },
	{ "cpu:50", KIND(CPU), 1, 50, "a quota of half the cores" },
	{ "cpu:25", KIND(CPU), 2, 25, "a quota of a quarter of the cores" },
	{ "memory:1.5", KIND(MEMORY), 0, 1.5, "1.5 x the baseline's memory" },
	{ "memory:1.1", KIND(MEMORY), 1, 1.1, "1.1 x the baseline's memory" },
	{ "memory:0.9", KIND(MEMORY), 2, 0.9, "0.9 x the baseline's memory" },
	{ "cold:process", KIND(COLD), 0, OAE_COLD_PROCESS,
	  "started for the first request" },
	{ "cold:cache", KIND(COLD), 1, OAE_COLD_CACHE,
	  "started for it, its model on disk only" },
	{ "cold:load", KIND(COLD), 2, OAE_COLD_LOAD,
	  "the same, while several requests wait" },
	{ "colocated:1", KIND(COLOCATED), 0, 1, "beside one busy thread" },
	{ "colocated:2", KIND(COLOCATED), 1, 2, "beside two busy threads" },
	{ "colocated:n", KIND(COLOCATED), 2, 0, "beside one a core" },
	{ "tier:half", KIND(TIER), 0, OAE_HARDWARE_HALF,
	  "a machine with half the cores" },
	{ "tier:quarter", KIND(TIER), 0, OAE_HARDWARE_QUARTER,
	  "a machine with a quarter of the cores" },
	{ "tier:small", KIND(TIER), 0, OAE_HARDWARE_SMALL,
	  "a small machine: fewer cores and less memory" },
	{ "tier:smallest", KIND(TIER), 0, OAE_HARDWARE_SMALLEST,
	  "the smallest machine: few cores, little memory" },
	{ NULL, OAE_CONDITION_KIND_NOMINAL, 0, 0, NULL },
};

const struct oae_condition *oae_condition_find(const char *name)
{
	for (const struct oae_condition *c = oae_conditions; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

const char *oae_condition_kind_name(enum oae_condition_kind k)
{
	static const char *const names[OAE_CONDITION_KINDS] = {
		[OAE_CONDITION_KIND_NOMINAL] = OAE_CONDITION_NOMINAL,
		[OAE_CONDITION_BURST] = "burst",
		[OAE_CONDITION_NOISE] = "noise",
		[OAE_CONDITION_CPU] = "cpu",
		[OAE_CONDITION_MEMORY] = "memory",
		[OAE_CONDITION_COLD] = "cold",
		[OAE_CONDITION_COLOCATED] = "colocated",
		[OAE_CONDITION_TIER] = "tier",
	};

	return names[k];
}

static enum oae_status fail_unknown(const char *name, struct oae_error *err)
{
	char known[400] = "";
	size_t at = 0;

	for (const struct oae_condition *c = oae_conditions;
	     c->name && at < sizeof(known); c++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s, ",
				       c->name);
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"no condition '%.40s'; there are %s%s (all of them)",
			name, known, OAE_CONDITIONS_STANDARD);
}

static bool has(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

enum oae_status oae_conditions_expand(const char *const *names, size_t n,
				      const char **out, size_t *count,
				      struct oae_error *err)
{
	out[0] = oae_conditions[0].name;
	*count = 1;
	for (size_t i = 0; i < n; i++) {
		const struct oae_condition *c = oae_condition_find(names[i]);

		if (has(names, i, names[i]))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"condition '%.40s' is given twice",
					names[i]);
		if (c && !has(out, *count, c->name))
			out[(*count)++] = c->name;
		if (c)
			continue;
		if (strcmp(names[i], OAE_CONDITIONS_STANDARD) != 0)
			return fail_unknown(names[i], err);
		for (c = oae_conditions; c->name; c++)
			if (c->kind < OAE_CONDITION_LADDER &&
			    !has(out, *count, c->name))
				out[(*count)++] = c->name;
	}
	return OAE_OK;
}
