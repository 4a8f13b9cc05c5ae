/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/tiers.h"

#include <stdio.h>
#include <string.h>

#include "schema/tables.h"

#define ARENA_BYTES_MAX (1u << 20)

static const char *const names[OAE_HARDWARE_TIERS] = {
	[OAE_HARDWARE_HALF] = "half",
	[OAE_HARDWARE_QUARTER] = "quarter",
	[OAE_HARDWARE_SMALL] = "small",
	[OAE_HARDWARE_SMALLEST] = "smallest",
};

static enum oae_status take(const struct oae_table *t, const char *name,
			    struct oae_hardware *out, struct oae_error *err)
{
	const struct oae_range *memory;
	struct oae_range cpu;
	enum oae_status status;
	char row[32];

	(void)snprintf(row, sizeof(row), "%s.cpu", name);
	status = oae_table_get(t, row, &cpu, err);
	if (status)
		return status;
	(void)snprintf(row, sizeof(row), "%s.memory", name);
	memory = oae_table_find(t, row);
	out->cpu_percent = cpu.mid;
	out->memory = memory ? memory->mid : 0;
	if (!(cpu.mid > 0) || cpu.mid > 100 || (memory && !(memory->mid > 0)))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: tier %s: cores are above 0 and at most"
				" 100 %%, memory is above 0",
				t->file, name);
	return OAE_OK;
}

enum oae_status oae_tiers_read(const char *dir, struct oae_hardware *out,
			       struct oae_error *err)
{
	struct oae_table t = { .file = OAE_HARDWARE_FILE };
	struct oae_arena arena;
	enum oae_status status;

	oae_arena_init(&arena, ARENA_BYTES_MAX);
	status = oae_table_read(&arena, dir, &t, err);
	for (size_t i = 0; i < OAE_HARDWARE_TIERS && !status; i++)
		status = take(&t, names[i], &out[i], err);
	oae_arena_release(&arena);
	return status;
}
