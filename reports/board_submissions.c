/* SPDX-License-Identifier: Apache-2.0 */
/* The list of all submissions, and of those that were rejected and why. */
#include <stdio.h>
#include <string.h>

#include "reports/board_html.h"
#include "reports/text.h"

static const struct {
	const char *head, *sort;
} columns[] = {
	{ "Submission", "text" }, { "Organisation", "text" },
	{ "Status", "text" },	  { "Check", "text" },
	{ "Suite", "text" },	  { "Scenario", "text" },
	{ "Systems", "num" },	  { "Baseline", "text" },
	{ "Hardware", "text" },	  { "Date", "text" },
};

static void put_cell(struct oae_buf *out, const char *text)
{
	oae_buf_puts(out, "<td>");
	oae_text_html(out, *text ? text : OAE_DASH);
	oae_buf_puts(out, "</td>");
}

static void put_row(struct oae_buf *out, const struct oae_board_submission *s)
{
	oae_buf_puts(out, "<tr data-hardware=\"");
	oae_text_html(out, s->cpu);
	oae_buf_printf(out, "\" data-status=\"%s\"><th scope=\"row\">",
		       oae_board_status_name[s->status]);
	oae_board_html_link(out, "", s, s->name);
	oae_buf_puts(out, "</th>");
	put_cell(out, s->org);
	oae_buf_puts(out, "<td>");
	oae_board_html_tag(out, oae_board_status_tone(s->status),
			   oae_board_status_name[s->status]);
	oae_buf_puts(out, "</td>");
	put_cell(out, oae_board_check_name[s->check]);
	put_cell(out, s->suite);
	put_cell(out, s->scenario);
	oae_buf_printf(out, "<td class=\"n\" data-v=\"%zu\">%zu</td>",
		       s->n_systems, s->n_systems);
	put_cell(out, s->baseline);
	put_cell(out, s->hardware);
	oae_buf_puts(out, "<td>");
	oae_board_html_date(out, s->date);
	oae_buf_puts(out, "</td></tr>\n");
}

static void put_filters(const struct oae_board *b, struct oae_buf *out)
{
	struct oae_board_choices hardware = { 0 }, status = { 0 };

	for (size_t i = 0; i < b->n_submissions; i++) {
		const struct oae_board_submission *s = &b->submissions[i];

		if (s->check == OAE_BOARD_REJECTED)
			continue;
		oae_board_choices_add(&hardware, s->cpu);
		oae_board_choices_add(&status,
				      oae_board_status_name[s->status]);
	}
	oae_board_html_form_begin(out, "submission or organisation");
	oae_board_html_select(out, "hardware", "Hardware", &hardware);
	oae_board_html_select(out, "status", "Status", &status);
	oae_board_html_form_end(out);
}

static void put_all(const struct oae_board *b, struct oae_buf *out)
{
	size_t i, n = b->n_submissions - b->n_rejected;

	put_filters(b, out);
	oae_buf_printf(out,
		       "<p id=\"count\" role=\"status\">%zu submission%s</p>\n"
		       "<div class=\"scroll\" role=\"region\" tabindex=\"0\""
		       " aria-labelledby=\"caption\">\n<table class=\"board"
		       " list\" id=\"board\">\n<caption id=\"caption\">"
		       "Submissions that are listed</caption>\n<thead><tr>\n",
		       n, n == 1 ? "" : "s");
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		oae_buf_printf(out,
			       "<th scope=\"col\" data-sort=\"%s\"%s>%s</th>\n",
			       columns[i].sort,
			       columns[i].sort[0] == 'n' ? " class=\"n\"" : "",
			       columns[i].head);
	oae_buf_puts(out, "</tr></thead>\n<tbody>\n");
	for (i = 0; i < b->n_submissions; i++)
		if (b->submissions[i].check != OAE_BOARD_REJECTED)
			put_row(out, &b->submissions[i]);
	oae_buf_puts(out,
		     "</tbody>\n</table>\n</div>\n"
		     "<button type=\"button\" id=\"more\" hidden></button>\n");
}

static void put_rejected(const struct oae_board *b, struct oae_buf *out)
{
	oae_buf_puts(out, "<h2 id=\"rejected\">Rejected</h2>\n");
	if (b->n_rejected == 0) {
		oae_buf_puts(out, "<p>None.</p>\n");
		return;
	}
	oae_buf_puts(out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\""
			  " aria-labelledby=\"rejected\">\n<table>\n<caption>"
			  "What the check found; <code>oae verify</code> says"
			  " the same</caption>\n<thead><tr><th scope=\"col\">"
			  "Submission</th><th scope=\"col\">Reasons</th></tr>"
			  "</thead>\n<tbody>\n");
	for (size_t i = 0; i < b->n_submissions; i++) {
		const struct oae_board_submission *s = &b->submissions[i];

		if (s->check != OAE_BOARD_REJECTED)
			continue;
		oae_buf_puts(out, "<tr><th scope=\"row\">");
		oae_text_html(out, s->org);
		oae_buf_puts(out, "/");
		oae_text_html(out, s->name);
		oae_buf_puts(out, "</th><td><ul>");
		for (size_t k = 0; k < s->n_reasons; k++) {
			oae_buf_puts(out, "<li>");
			oae_text_html(out, s->reasons[k]);
			oae_buf_puts(out, "</li>");
		}
		oae_buf_puts(out, "</ul></td></tr>\n");
	}
	oae_buf_puts(out, "</tbody>\n</table>\n</div>\n");
}

void oae_board_page_submissions(const struct oae_board *b, struct oae_buf *out)
{
	const struct oae_board_place place = { "", "submissions.html", true };

	oae_board_html_begin(b, &place, "All submissions", out);
	put_all(b, out);
	put_rejected(b, out);
	oae_board_html_end(out);
}
