/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table, drawn four times: terminal, Markdown, HTML. Cells are text
 * for people; the CSV files carry the full numbers. Failures are sticky and
 * read once, by oae_sheet_check().
 */
#ifndef OAE_REPORTS_SHEET_H
#define OAE_REPORTS_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"

enum oae_tone { /* what a cell says; HTML only */
	OAE_TONE_NONE,
	OAE_TONE_GOOD,
	OAE_TONE_BAD,
	OAE_TONE_OPEN,
};

struct oae_sheet_cell {
	const char *text; /* cleaned; the arena's */
	size_t note;	  /* 0, or the number of the note below */
	enum oae_tone tone;
};

struct oae_sheet {
	struct oae_arena arena;
	const char *caption;
	struct oae_sheet_cell *head; /* n_columns */
	bool *right;		     /* n_columns: numbers */
	size_t n_columns, max_columns;
	struct oae_sheet_cell *cells; /* n_cells, rows of n_columns */
	size_t n_cells, max_cells;
	const char **notes;
	size_t n_notes, max_notes;
	const char **remarks; /* below the table, without a number */
	size_t n_remarks, max_remarks;
	enum oae_status status;
};

void oae_sheet_init(struct oae_sheet *t, const char *caption);
void oae_sheet_release(struct oae_sheet *t);
/* All columns come before the first cell. The first names the row. */
void oae_sheet_column(struct oae_sheet *t, const char *head, bool right);
/* One column per letter of `align`: l for words, r for numbers. */
void oae_sheet_columns(struct oae_sheet *t, const char *const *heads,
		       const char *align);
/* The next cell; rows follow each other without a mark between them. */
void oae_sheet_cell(struct oae_sheet *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A dash with a note that says why (NULL: "not in the result"). */
void oae_sheet_missing(struct oae_sheet *t, const char *reason);
/* On the last cell. Equal notes share one number. */
void oae_sheet_note(struct oae_sheet *t, const char *note);
/* A sentence below the table; equal ones appear once. */
void oae_sheet_remark(struct oae_sheet *t, const char *remark);
void oae_sheet_tone(struct oae_sheet *t, enum oae_tone tone);
/* Its CSS class; NULL for none. */
const char *oae_sheet_tone_name(enum oae_tone tone);
size_t oae_sheet_rows(const struct oae_sheet *t);
enum oae_status oae_sheet_check(const struct oae_sheet *t,
				struct oae_error *err);

/* At most `columns` wide where its columns allow; long cells are wrapped. */
void oae_sheet_to_text(const struct oae_sheet *t, struct oae_buf *b,
		       int columns);
void oae_sheet_to_markdown(const struct oae_sheet *t, struct oae_buf *b);
void oae_sheet_to_html(const struct oae_sheet *t, struct oae_buf *b);
/* A paragraph wrapped at `columns`, each line after `indent` spaces. */
void oae_wrap_text(struct oae_buf *b, const char *text, int indent,
		   int columns);

#endif
