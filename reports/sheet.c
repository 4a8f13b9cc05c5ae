/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/text.h"

#define TABLE_BYTES_MAX ((size_t)32 << 20)
#define CELL_BYTES_MAX 1000 /* longer ones are cut: nobody reads them */

void oae_sheet_init(struct oae_sheet *t, const char *caption)
{
	memset(t, 0, sizeof(*t));
	oae_arena_init(&t->arena, TABLE_BYTES_MAX);
	t->caption = oae_arena_strdup(&t->arena, caption);
	if (!t->caption)
		t->status = OAE_ERR_NOMEM;
}

void oae_sheet_release(struct oae_sheet *t)
{
	oae_arena_release(&t->arena);
	free(t->head);
	free(t->right);
	free(t->cells);
	free(t->notes);
	free(t->remarks);
	memset(t, 0, sizeof(*t));
}

/* Room for one more of `size` bytes in *list; false and sticky when not. */
static bool grow(struct oae_sheet *t, void *list, size_t n, size_t *max,
		 size_t size)
{
	size_t more = *max ? *max * 2 : 16;
	void *old, *moved;

	if (t->status != OAE_OK)
		return false;
	if (n < *max)
		return true;
	memcpy(&old, list, sizeof(old));
	moved = realloc(old, more * size);
	if (!moved) {
		t->status = OAE_ERR_NOMEM;
		return false;
	}
	memcpy(list, &moved, sizeof(moved));
	*max = more;
	/* cppcheck-suppress memleak ; *list holds it, written as bytes */
	return true;
}

static const char *keep_clean(struct oae_sheet *t, const char *text)
{
	struct oae_buf b;
	const char *kept;

	oae_buf_init(&b, TABLE_BYTES_MAX);
	oae_text_clean(&b, text);
	kept = oae_arena_strdup(&t->arena, oae_buf_str(&b));
	if (b.status != OAE_OK || !kept)
		t->status = OAE_ERR_NOMEM;
	oae_buf_release(&b);
	return kept ? kept : "";
}

void oae_sheet_column(struct oae_sheet *t, const char *head, bool right)
{
	size_t max = t->max_columns;

	if (!grow(t, &t->head, t->n_columns, &max, sizeof(*t->head)))
		return;
	max = t->max_columns;
	if (!grow(t, &t->right, t->n_columns, &max, sizeof(*t->right)))
		return;
	t->max_columns = max;
	t->head[t->n_columns] = (struct oae_sheet_cell){ 0 };
	t->head[t->n_columns].text = keep_clean(t, head);
	t->right[t->n_columns++] = right;
}

void oae_sheet_columns(struct oae_sheet *t, const char *const *heads,
		       const char *align)
{
	size_t i;

	for (i = 0; align[i]; i++)
		oae_sheet_column(t, heads[i], align[i] == 'r');
}

void oae_sheet_cell(struct oae_sheet *t, const char *fmt, ...)
{
	char text[CELL_BYTES_MAX];
	struct oae_sheet_cell *c;
	va_list ap;

	if (!grow(t, &t->cells, t->n_cells, &t->max_cells, sizeof(*t->cells)))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c = &t->cells[t->n_cells++];
	*c = (struct oae_sheet_cell){ 0 };
	c->text = keep_clean(t, text);
}

/* The place of a text in a list, added if it is not there; n on failure. */
static size_t place_of(struct oae_sheet *t, const char ***list, size_t *n,
		       size_t *max, const char *text)
{
	size_t i;

	text = keep_clean(t, text);
	for (i = 0; i < *n; i++)
		if (strcmp((*list)[i], text) == 0)
			return i;
	if (grow(t, list, *n, max, sizeof(**list)))
		(*list)[(*n)++] = text;
	return i;
}

void oae_sheet_note(struct oae_sheet *t, const char *note)
{
	size_t i = place_of(t, &t->notes, &t->n_notes, &t->max_notes, note);

	if (t->n_cells && i < t->n_notes)
		t->cells[t->n_cells - 1].note = i + 1;
}

void oae_sheet_remark(struct oae_sheet *t, const char *remark)
{
	(void)place_of(t, &t->remarks, &t->n_remarks, &t->max_remarks, remark);
}

void oae_sheet_missing(struct oae_sheet *t, const char *reason)
{
	oae_sheet_cell(t, OAE_DASH);
	oae_sheet_note(t, reason ? reason : "not in the result");
}

void oae_sheet_tone(struct oae_sheet *t, enum oae_tone tone)
{
	if (t->n_cells)
		t->cells[t->n_cells - 1].tone = tone;
}

const char *oae_sheet_tone_name(enum oae_tone tone)
{
	static const char *const names[] = {
		[OAE_TONE_NONE] = NULL,
		[OAE_TONE_GOOD] = "good",
		[OAE_TONE_BAD] = "bad",
		[OAE_TONE_OPEN] = "open",
	};

	return names[tone];
}

size_t oae_sheet_rows(const struct oae_sheet *t)
{
	return t->n_columns ? t->n_cells / t->n_columns : 0;
}

enum oae_status oae_sheet_check(const struct oae_sheet *t,
				struct oae_error *err)
{
	if (t->status != OAE_OK)
		return oae_fail(err, t->status, 0,
				"report: no memory for a table; close other"
				" programs and try again");
	return OAE_OK;
}

/* ---- Markdown -------------------------------------------------------- */

static void markdown_row(const struct oae_sheet *t, struct oae_buf *b,
			 const struct oae_sheet_cell *cells)
{
	size_t i;

	for (i = 0; i < t->n_columns; i++) {
		oae_buf_puts(b, "| ");
		oae_text_markdown(b, cells[i].text);
		if (cells[i].note)
			oae_buf_printf(b, " \\[%zu\\]", cells[i].note);
		oae_buf_putc(b, ' ');
	}
	oae_buf_puts(b, "|\n");
}

void oae_sheet_to_markdown(const struct oae_sheet *t, struct oae_buf *b)
{
	size_t i;

	if (t->status != OAE_OK)
		return;
	oae_text_markdown(b, t->caption);
	oae_buf_puts(b, "\n\n");
	markdown_row(t, b, t->head);
	for (i = 0; i < t->n_columns; i++)
		oae_buf_puts(b, t->right[i] ? "|---:" : "|:---");
	oae_buf_puts(b, "|\n");
	for (i = 0; i < oae_sheet_rows(t); i++)
		markdown_row(t, b, t->cells + i * t->n_columns);
	oae_buf_putc(b, '\n');
	for (i = 0; i < t->n_notes; i++) {
		oae_buf_printf(b, "\\[%zu\\] ", i + 1);
		oae_text_markdown(b, t->notes[i]);
		oae_buf_puts(b, "\n\n");
	}
	for (i = 0; i < t->n_remarks; i++) {
		oae_text_markdown(b, t->remarks[i]);
		oae_buf_puts(b, "\n\n");
	}
}

/* ---- HTML ------------------------------------------------------------ */

static void html_cell(struct oae_buf *b, const struct oae_sheet_cell *cell)
{
	const char *tone = oae_sheet_tone_name(cell->tone);

	if (tone)
		oae_buf_printf(b, "<span class=\"tag %s\">", tone);
	oae_text_html(b, cell->text);
	if (tone)
		oae_buf_puts(b, "</span>");
	if (cell->note)
		oae_buf_printf(b, "<sup>%zu</sup>", cell->note);
}

void oae_sheet_to_html(const struct oae_sheet *t, struct oae_buf *b)
{
	size_t i, k;

	if (t->status != OAE_OK)
		return;
	oae_buf_puts(b, "<div class=\"scroll\" role=\"region\" tabindex=\"0\""
			" aria-label=\"");
	oae_text_html(b, t->caption);
	oae_buf_puts(b, "\">\n<table>\n<caption>");
	oae_text_html(b, t->caption);
	oae_buf_puts(b, "</caption>\n<thead><tr>");
	for (k = 0; k < t->n_columns; k++) {
		oae_buf_printf(b, "<th scope=\"col\"%s>",
			       t->right[k] ? " class=\"n\"" : "");
		oae_text_html(b, t->head[k].text);
		oae_buf_puts(b, "</th>");
	}
	oae_buf_puts(b, "</tr></thead>\n<tbody>\n");
	for (i = 0; i < oae_sheet_rows(t); i++) {
		oae_buf_puts(b, "<tr>");
		for (k = 0; k < t->n_columns; k++) {
			oae_buf_printf(b, "<%s%s>",
				       k == 0 ? "th scope=\"row\"" : "td",
				       t->right[k] ? " class=\"n\"" : "");
			html_cell(b, &t->cells[i * t->n_columns + k]);
			oae_buf_puts(b, k == 0 ? "</th>" : "</td>");
		}
		oae_buf_puts(b, "</tr>\n");
	}
	oae_buf_puts(b, "</tbody>\n</table>\n</div>\n");
	for (i = 0; i < t->n_notes; i++) {
		oae_buf_printf(b, "<p class=\"note\"><sup>%zu</sup> ", i + 1);
		oae_text_html(b, t->notes[i]);
		oae_buf_puts(b, "</p>\n");
	}
	for (i = 0; i < t->n_remarks; i++) {
		oae_buf_puts(b, "<p class=\"note\">");
		oae_text_html(b, t->remarks[i]);
		oae_buf_puts(b, "</p>\n");
	}
}
