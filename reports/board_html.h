/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of the site's pages. Every text is escaped here. */
#ifndef OAE_REPORTS_BOARD_HTML_H
#define OAE_REPORTS_BOARD_HTML_H

#include "reports/board_internal.h"

/* Where a page lies: its way up to the site's top, "" or "../../". */
struct oae_board_place {
	const char *up;
	const char *here; /* the page's own name in the navigation, or NULL */
	bool script;
};

/* Everything up to and with <main> and the <h1>; `title` is raw text. */
void oae_board_html_begin(const struct oae_board *b,
			  const struct oae_board_place *place,
			  const char *title, struct oae_buf *out);
void oae_board_html_end(struct oae_buf *out);

/* <span class="tag TONE">TEXT</span> */
void oae_board_html_tag(struct oae_buf *out, const char *tone,
			const char *text);
const char *oae_board_status_tone(enum oae_board_status status);
const char *oae_board_verdict_tone(const char *verdict);
/* "1", "1-3" with a dash, or a dash. */
void oae_board_html_rank(struct oae_buf *out, const struct oae_board_row *r);
/* "0.583 [0.571, 0.595]", or a dash with its reason for screen readers. */
void oae_board_html_value(struct oae_buf *out, const struct oae_value *v);
/* A share in percent, or a dash. */
void oae_board_html_share(struct oae_buf *out, double share);
/* The link to a submission's page, with a text. */
void oae_board_html_link(struct oae_buf *out, const char *up,
			 const struct oae_board_submission *s,
			 const char *text);
/* A date as <time>, the day only. */
void oae_board_html_date(struct oae_buf *out, const char *utc);

/*
 * A logarithmic axis on which all intervals of a page are drawn, with a
 * mark at 1.
 */
struct oae_board_axis {
	double low, high; /* logarithms */
};
struct oae_board_axis oae_board_axis_of(const struct oae_board_row *const *rows,
					size_t n);
void oae_board_html_bar(struct oae_buf *out, const struct oae_board_axis *axis,
			const struct oae_value *v);

/*
 * The choices of a filter: distinct texts in byte order. Texts are not
 * copied.
 */
struct oae_board_choices {
	const char **item;
	size_t count, alloc;
	bool failed; /* no memory */
};
void oae_board_choices_add(struct oae_board_choices *c, const char *text);
/* <label>LABEL <select name=NAME>, sorted; then releases c. */
void oae_board_html_select(struct oae_buf *out, const char *name,
			   const char *label, struct oae_board_choices *c);
/* The form around them: text search first, a button to clear last. */
void oae_board_html_form_begin(struct oae_buf *out, const char *search);
void oae_board_html_form_end(struct oae_buf *out);

/* OAE over the number of requests in one mode; nothing without a curve. */
void oae_board_html_curve(struct oae_buf *out, const cJSON *profile,
			  enum oae_view_mode mode, size_t number);

#endif
