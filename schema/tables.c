/* SPDX-License-Identifier: Apache-2.0 */
#include <csv.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "schema/tables.h"

#define TABLES_BYTES_MAX (16u << 20)

enum column {
	NAME,
	CLASS,
	LOW,
	MID,
	HIGH,
	UNIT,
	SOURCE,
	COLUMNS
};

static const char *const column_names[COLUMNS] = {
	"name", "class", "low", "mid", "high", "unit", "source",
};

struct reader {
	struct oae_arena *arena;
	struct oae_table *table;
	struct oae_error *err;
	enum oae_status status;
	size_t line; /* 1 is the header */
	int column;
	char *field[COLUMNS];
};

static void bad(struct reader *r, const char *why)
{
	r->status = oae_fail(r->err, OAE_ERR_FORMAT, 0, "%s line %zu: %s",
			     r->table->file, r->line, why);
}

static void on_field(void *data, size_t len, void *ctx)
{
	struct reader *r = ctx;

	if (r->status)
		return;
	if (r->column == COLUMNS) {
		r->line++; /* the row is not ended yet */
		bad(r, "more than 7 fields; quote text that holds commas");
		return;
	}
	r->field[r->column] =
		oae_arena_strndup(r->arena, data ? data : "", len);
	if (!r->field[r->column++])
		r->status = oae_fail(r->err, OAE_ERR_NOMEM, 0,
				     "%s: out of memory", r->table->file);
}

static bool number(struct reader *r, int column, double *out)
{
	const char *text = r->field[column];
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	if (end != text && *end == '\0' && errno == 0 && *out >= 0 &&
	    isfinite(*out))
		return true;
	bad(r, "low, mid and high must be finite numbers >= 0");
	return false;
}

static void take_header(struct reader *r)
{
	for (int i = 0; i < COLUMNS; i++)
		if (strcmp(r->field[i], column_names[i]) != 0) {
			bad(r, "the header must be"
			       " name,class,low,mid,high,unit,source");
			return;
		}
}

static void take_row(struct reader *r)
{
	struct oae_table *t = r->table;
	struct oae_table_row row = { .name = r->field[NAME],
				     .unit = r->field[UNIT] };

	if (!number(r, LOW, &row.range.low) ||
	    !number(r, MID, &row.range.mid) ||
	    !number(r, HIGH, &row.range.high))
		return;
	row.range.evidence = oae_evidence_parse(r->field[CLASS]);
	row.range.source = r->field[SOURCE];
	if (row.range.evidence == OAE_ABSENT)
		bad(r, "unknown class");
	else if (row.range.low > row.range.mid ||
		 row.range.mid > row.range.high)
		bad(r, "low, mid, high must ascend");
	else if (!*row.name || !*row.unit || !*row.range.source)
		bad(r, "name, unit and source must not be empty");
	else if (oae_table_find(t, row.name))
		bad(r, "this name stands twice");
	else if (t->count == OAE_TABLE_ROWS_MAX)
		bad(r, "too many rows");
	else
		t->rows[t->count++] = row;
}

static void on_row(int terminator, void *ctx)
{
	struct reader *r = ctx;

	(void)terminator;
	r->line++;
	if (r->status)
		return;
	if (r->column != COLUMNS)
		bad(r, "7 fields are needed");
	else if (r->line == 1)
		take_header(r);
	else
		take_row(r);
	r->column = 0;
}

/* Rows are at most the number of newlines, plus one. */
static size_t count_lines(const struct oae_buf *text)
{
	size_t n = 1;

	for (size_t i = 0; i < text->len; i++)
		n += text->data[i] == '\n';
	return n < OAE_TABLE_ROWS_MAX ? n : OAE_TABLE_ROWS_MAX;
}

enum oae_status oae_table_read(struct oae_arena *arena, const char *dir,
			       struct oae_table *table, struct oae_error *err)
{
	struct reader r = { .arena = arena, .table = table, .err = err };
	struct csv_parser csv;
	struct oae_buf text;
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	oae_buf_init(&text, TABLES_BYTES_MAX);
	if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI))
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = oae_path_join(path, sizeof(path), dir, table->file, err);
	if (!status)
		status = oae_file_read(path, &text, err);
	if (status)
		goto out;
	table->rows = oae_arena_array(arena, count_lines(&text),
				      sizeof(*table->rows));
	if (!table->rows) {
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "%s: out of memory",
				  path);
		goto out;
	}
	if (csv_parse(&csv, text.data, text.len, on_field, on_row, &r) !=
		    text.len ||
	    csv_fini(&csv, on_field, on_row, &r)) {
		r.line++;
		bad(&r, csv_strerror(csv_error(&csv)));
	}
	if (!r.status && r.line == 0)
		bad(&r, "the file is empty");
	status = r.status;
out:
	csv_free(&csv);
	oae_buf_release(&text);
	return status;
}

enum oae_status oae_tables_read(const char *dir, struct oae_tables *t,
				struct oae_error *err)
{
	enum oae_status status;

	memset(t, 0, sizeof(*t));
	oae_arena_init(&t->arena, TABLES_BYTES_MAX);
	t->defaults.file = "defaults.csv";
	t->wages.file = "wages.csv";
	t->grid.file = "grid.csv";
	t->embodied.file = "embodied.csv";
	status = oae_table_read(&t->arena, dir, &t->defaults, err);
	if (!status)
		status = oae_table_read(&t->arena, dir, &t->wages, err);
	if (!status)
		status = oae_table_read(&t->arena, dir, &t->grid, err);
	if (!status)
		status = oae_table_read(&t->arena, dir, &t->embodied, err);
	return status;
}

void oae_tables_release(struct oae_tables *t)
{
	oae_arena_release(&t->arena);
	memset(t, 0, sizeof(*t));
}

const struct oae_range *oae_table_find(const struct oae_table *t,
				       const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->rows[i].name, name) == 0)
			return &t->rows[i].range;
	return NULL;
}

enum oae_status oae_table_get(const struct oae_table *t, const char *name,
			      struct oae_range *out, struct oae_error *err)
{
	const struct oae_range *r = oae_table_find(t, name);

	if (!r)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: has no row"
				" \"%s\"",
				t->file, name);
	*out = *r;
	return OAE_OK;
}
