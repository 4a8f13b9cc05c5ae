/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for a terminal: fixed columns, cells wrapped, nothing cut off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/sheet.h"
#include "reports/text.h"

#define GAP 2
#define WIDTH_MIN 4
#define TOKEN_MAX 26 /* longer words are broken */

/* Characters of s that fit on one line of `width`, as bytes; broken at a
 * space where there is one. *skip is how many bytes the break itself takes. */
static size_t line_bytes(const char *s, size_t width, size_t *skip)
{
	size_t hard = oae_text_bytes_of(s, width), at;

	*skip = 0;
	if (!s[hard])
		return hard;
	for (at = hard + (s[hard] == ' ' ? 1u : 0u); at > 0; at--)
		if (s[at - 1] == ' ')
			break;
	if (at < 2)
		return hard;
	*skip = 1;
	return at - 1;
}

static void put_spaces(struct oae_buf *b, size_t n)
{
	while (n-- > 0)
		oae_buf_putc(b, ' ');
}

/* Non-breaking spaces are plain ones from here on. */
static void put_line(struct oae_buf *b, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i + 1 < n && s[i] == '\xc2' && s[i + 1] == '\xa0') {
			oae_buf_putc(b, ' ');
			i++;
		} else {
			oae_buf_putc(b, s[i]);
		}
	}
}

void oae_wrap_text(struct oae_buf *b, const char *text, int indent, int columns)
{
	size_t width = columns > indent + 20 ? (size_t)(columns - indent) : 20;
	struct oae_buf clean;
	const char *s;
	size_t n, skip;

	oae_buf_init(&clean, b->cap);
	oae_text_clean(&clean, text);
	for (s = oae_buf_str(&clean); *s; s += n + skip) {
		n = line_bytes(s, width, &skip);
		put_spaces(b, (size_t)indent);
		put_line(b, s, n);
		oae_buf_putc(b, '\n');
	}
	if (clean.status != OAE_OK && b->status == OAE_OK)
		b->status = clean.status;
	oae_buf_release(&clean);
}

/* The cell with its note mark, in a buffer that the caller clears. */
static const char *shown(struct oae_buf *scratch,
			 const struct oae_sheet_cell *cell)
{
	oae_buf_clear(scratch);
	oae_buf_puts(scratch, cell->text);
	if (cell->note)
		oae_buf_printf(scratch, "\u00a0[%zu]", cell->note);
	return oae_buf_str(scratch);
}

/* The longest part of a text that should not be broken. */
static size_t token_width(const char *s)
{
	size_t longest = 0, n, wide;

	for (; *s; s += n + (s[n] == ' ' ? 1 : 0)) {
		n = strcspn(s, " ");
		wide = oae_text_width(s) - oae_text_width(s + n);
		if (wide > longest)
			longest = wide;
	}
	return longest < TOKEN_MAX ? longest : TOKEN_MAX;
}

/* What a column's cells need at best and at least. */
static void measure(const struct oae_sheet *t, size_t *width, size_t *least,
		    size_t k, struct oae_buf *scratch)
{
	size_t rows = oae_sheet_rows(t), i;

	width[k] = oae_text_width(t->head[k].text);
	least[k] = token_width(t->head[k].text);
	for (i = 0; i < rows; i++) {
		const char *s = shown(scratch, &t->cells[i * t->n_columns + k]);

		if (oae_text_width(s) > width[k])
			width[k] = oae_text_width(s);
		if (token_width(s) > least[k])
			least[k] = token_width(s);
	}
}

/* The widest column gives way, first those that can break at spaces. */
static void find_widths(const struct oae_sheet *t, size_t *width, size_t *least,
			int columns, struct oae_buf *scratch)
{
	size_t k, total;

	for (k = 0; k < t->n_columns; k++)
		measure(t, width, least, k, scratch);
	for (;;) {
		size_t soft = t->n_columns, hard = 0;

		total = 0;
		for (k = 0; k < t->n_columns; k++) {
			total += width[k] + (k ? GAP : 0);
			if (width[k] > width[hard])
				hard = k;
			if (width[k] > least[k] &&
			    (soft == t->n_columns || width[k] > width[soft]))
				soft = k;
		}
		if (total <= (size_t)(columns > 0 ? columns : 80))
			return;
		if (soft < t->n_columns)
			width[soft]--;
		else if (width[hard] > WIDTH_MIN)
			width[hard]--;
		else
			return;
	}
}

static void text_row(const struct oae_sheet *t, struct oae_buf *b,
		     const struct oae_sheet_cell *cells, const size_t *width,
		     struct oae_buf *scratch, size_t *done)
{
	bool more = true;
	size_t k, n, skip, pad;

	memset(done, 0, t->n_columns * sizeof(*done));
	while (more) {
		more = false;
		pad = 0; /* spaces owed before the next text */
		for (k = 0; k < t->n_columns; k++) {
			const char *s = shown(scratch, &cells[k]) + done[k];
			size_t wide;

			n = line_bytes(s, width[k], &skip);
			done[k] += n + skip;
			more |= s[n + skip] != '\0';
			wide = oae_text_width(s) - oae_text_width(s + n);
			if (t->right[k])
				pad += width[k] - wide;
			if (wide) {
				put_spaces(b, pad);
				put_line(b, s, n);
				pad = 0;
			}
			pad += (t->right[k] ? 0 : width[k] - wide) + GAP;
		}
		oae_buf_putc(b, '\n');
	}
}

void oae_sheet_to_text(const struct oae_sheet *t, struct oae_buf *b,
		       int columns)
{
	struct oae_buf scratch;
	size_t *width = calloc(t->n_columns + 1, sizeof(*width));
	size_t *done = calloc(t->n_columns + 1, sizeof(*done));
	size_t *least = calloc(t->n_columns + 1, sizeof(*least));
	size_t i, k, total = 0;
	char note[24];

	oae_buf_init(&scratch, 1u << 20);
	if (!width || !done || !least || t->status != OAE_OK) {
		b->status = OAE_ERR_NOMEM;
		goto out;
	}
	oae_wrap_text(b, t->caption, 0, columns);
	find_widths(t, width, least, columns, &scratch);
	text_row(t, b, t->head, width, &scratch, done);
	for (k = 0; k < t->n_columns; k++)
		total += width[k] + (k ? GAP : 0);
	while (total-- > 0)
		oae_buf_putc(b, '-');
	oae_buf_putc(b, '\n');
	for (i = 0; i < oae_sheet_rows(t); i++)
		text_row(t, b, t->cells + i * t->n_columns, width, &scratch,
			 done);
	for (i = 0; i < t->n_notes; i++) {
		oae_buf_clear(&scratch);
		snprintf(note, sizeof(note), "[%zu] ", i + 1);
		oae_buf_puts(&scratch, note);
		oae_buf_puts(&scratch, t->notes[i]);
		oae_wrap_text(b, oae_buf_str(&scratch), 2, columns);
	}
	for (i = 0; i < t->n_remarks; i++)
		oae_wrap_text(b, t->remarks[i], 2, columns);
out:
	oae_buf_release(&scratch);
	free(width);
	free(done);
	free(least);
}
