/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/energy.h"

#include <stddef.h>
#include <string.h>

static const char *const covers_names[OAE_COVERS_COUNT] = {
	[OAE_COVERS_NOTHING] = NULL,	  [OAE_COVERS_INSIDE] = "inside",
	[OAE_COVERS_PACKAGE] = "package", [OAE_COVERS_DRAM] = "dram",
	[OAE_COVERS_GPU] = "gpu",	  [OAE_COVERS_WALL] = "wall",
};

const char *oae_covers_name(enum oae_covers c)
{
	return covers_names[c];
}

enum oae_covers oae_covers_parse(const char *name)
{
	int c;

	for (c = 1; name && c < OAE_COVERS_COUNT; c++)
		if (strcmp(name, covers_names[c]) == 0)
			return (enum oae_covers)c;
	return OAE_COVERS_NOTHING;
}
