/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published and assumed numbers: the files in schema/tables. Each row
 * has its range, unit and source; nothing that is assumed stands in code.
 */
#ifndef OAE_SCHEMA_TABLES_H
#define OAE_SCHEMA_TABLES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "schema/evidence.h"

struct oae_table_row {
	const char *name;
	const char *unit;
	struct oae_range range;
};

struct oae_table {
	const char *file; /* "defaults.csv" */
	struct oae_table_row *rows;
	size_t count;
};

struct oae_tables {
	struct oae_arena arena;
	struct oae_table defaults; /* rho_usd, p_s_usd, a_dense_h, ... */
	struct oae_table wages;	   /* T1, T2, T3: USD per loaded hour */
	struct oae_table grid;	   /* country codes: gCO2e/kWh */
	struct oae_table embodied; /* kg CO2e and years of machines */
};

/* Reads the four files of a folder. Release also after a failure. */
enum oae_status oae_tables_read(const char *dir, struct oae_tables *t,
				struct oae_error *err);
void oae_tables_release(struct oae_tables *t);

/* DIR/table->file alone; its rows and texts are the arena's. */
enum oae_status oae_table_read(struct oae_arena *arena, const char *dir,
			       struct oae_table *table, struct oae_error *err);

/* NULL when there is no such row. */
const struct oae_range *oae_table_find(const struct oae_table *t,
				       const char *name);
/* As oae_table_find, but a missing row is OAE_ERR_FORMAT. */
enum oae_status oae_table_get(const struct oae_table *t, const char *name,
			      struct oae_range *out, struct oae_error *err);

#endif
