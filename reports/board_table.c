/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of one table: leagues as groups of rows, best first, then what
 * is not ranked. Without the script it is complete.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/board_html.h"
#include "reports/text.h"

struct column {
	const char *head;
	const char *sort; /* "num", "text"; the class is "n" for numbers */
};

static const struct column columns[] = {
	{ "Rank", "num" },
	{ "System", "text" },
	{ "Organisation", "text" },
	{ "OAE [95 %]", "num" },
	{ "Verdict", "text" },
	{ "Status", "text" },
	{ "Running cost (kappa)", "num" },
	{ "Quality gate", "text" },
	{ "Evidence", "text" },
	{ "Measured share", "num" },
	{ "Baseline", "text" },
	{ "Hardware", "text" },
	{ "Date", "text" },
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void put_heads(struct oae_buf *out)
{
	oae_buf_puts(out, "<thead><tr>\n");
	for (size_t i = 0; i < N_COLUMNS; i++)
		oae_buf_printf(out,
			       "<th scope=\"col\" data-sort=\"%s\"%s>%s</th>\n",
			       columns[i].sort,
			       columns[i].sort[0] == 'n' ? " class=\"n\"" : "",
			       columns[i].head);
	oae_buf_puts(out, "</tr></thead>\n");
}

/* An attribute with a text in it. */
static void put_data(struct oae_buf *out, const char *name, const char *text)
{
	oae_buf_printf(out, " data-%s=\"", name);
	oae_text_html(out, text);
	oae_buf_putc(out, '"');
}

static void put_cell(struct oae_buf *out, const char *text)
{
	oae_buf_puts(out, "<td>");
	oae_text_html(out, *text ? text : OAE_DASH);
	oae_buf_puts(out, "</td>");
}

/* A number's cell; the script sorts by its full value. */
static void begin_number(struct oae_buf *out, double v)
{
	char text[32];

	oae_buf_puts(out, "<td class=\"n\"");
	if (isfinite(v) && oae_json_format_double(text, v) > 0)
		oae_buf_printf(out, " data-v=\"%s\"", text);
	oae_buf_putc(out, '>');
}

static void put_rank(struct oae_buf *out, const struct oae_board_row *r)
{
	begin_number(out, r->unranked ? NAN : (double)r->rank_low);
	oae_board_html_rank(out, r);
	if (r->unranked) {
		oae_buf_puts(out, " <span class=\"sub\">");
		oae_text_html(out, r->unranked);
		oae_buf_puts(out, "</span>");
	}
	oae_buf_puts(out, "</td>");
}

static void put_row(struct oae_buf *out, const struct oae_board_row *r,
		    const struct oae_board_axis *axis)
{
	const struct oae_board_submission *s = r->submission;

	oae_buf_puts(out, "<tr");
	put_data(out, "workload", r->workloads);
	put_data(out, "hardware", s->cpu);
	put_data(out, "evidence", r->class);
	put_data(out, "status", oae_board_status_name[s->status]);
	put_data(out, "verdict", r->verdict);
	oae_buf_putc(out, '>');
	put_rank(out, r);
	oae_buf_puts(out, "<th scope=\"row\">");
	oae_board_html_link(out, "", s, r->system);
	oae_buf_printf(out, "</th><td>%s <span class=\"sub\">%s</span></td>",
		       s->org, s->name);
	begin_number(out, r->oae.has ? r->oae.value : NAN);
	oae_board_html_value(out, &r->oae);
	oae_board_html_bar(out, axis, &r->oae);
	oae_buf_puts(out, "</td><td>");
	oae_board_html_tag(out, oae_board_verdict_tone(r->verdict), r->verdict);
	oae_buf_puts(out, "</td><td>");
	oae_board_html_tag(out, oae_board_status_tone(s->status),
			   oae_board_status_name[s->status]);
	oae_buf_puts(out, "</td>");
	begin_number(out, r->kappa.has ? r->kappa.value : NAN);
	oae_board_html_value(out, &r->kappa);
	oae_buf_puts(out, "</td>");
	put_cell(out, r->gate);
	put_cell(out, r->class);
	begin_number(out, r->measured_share);
	oae_board_html_share(out, r->measured_share);
	oae_buf_puts(out, "</td>");
	put_cell(out, r->baseline);
	put_cell(out, s->hardware);
	oae_buf_puts(out, "<td>");
	oae_board_html_date(out, s->date);
	oae_buf_puts(out, "</td></tr>\n");
}

static void put_league_head(struct oae_buf *out, const struct oae_board_row *r,
			    size_t n)
{
	oae_buf_printf(out,
		       "<tr class=\"league\"><th colspan=\"%zu\""
		       " scope=\"rowgroup\">",
		       N_COLUMNS);
	if (r->unranked) {
		oae_buf_printf(out, "Not ranked (%zu)</th></tr>\n", n);
		return;
	}
	if (*r->submission->division) {
		oae_text_html(out, r->submission->division);
		oae_buf_puts(out, " division, against ");
	} else {
		oae_buf_puts(out, "Against ");
	}
	oae_text_html(out, r->baseline);
	oae_buf_printf(out, ", evidence: ");
	oae_text_html(out, r->class);
	oae_buf_printf(out,
		       " (%zu ranked) <span class=\"sub\">baseline"
		       " %.8s</span></th></tr>\n",
		       n, r->league);
}

static void put_table(const struct oae_board *b,
		      const struct oae_board_table *t, struct oae_buf *out)
{
	const struct oae_board_row *const *rows =
		(const struct oae_board_row *const *)b->order;
	struct oae_board_axis axis =
		oae_board_axis_of(rows + t->first, t->n_ranked);
	size_t first, n, i;

	oae_buf_puts(out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\""
			  " aria-labelledby=\"caption\">\n<table"
			  " class=\"board\" id=\"board\">\n"
			  "<caption id=\"caption\">");
	oae_text_html(out, t->title);
	oae_buf_printf(out, "; machines %s</caption>\n",
		       oae_view_mode_name[t->mode]);
	put_heads(out);
	for (first = t->first; first < t->first + t->n_rows; first += n) {
		n = oae_board_league(b, t, first);
		oae_buf_puts(out, "<tbody>\n");
		put_league_head(out, rows[first], n);
		for (i = first; i < first + n; i++)
			put_row(out, rows[i], &axis);
		oae_buf_puts(out, "</tbody>\n");
	}
	oae_buf_puts(out,
		     "</table>\n</div>\n"
		     "<button type=\"button\" id=\"more\" hidden></button>\n");
}

/* ---- around the table -------------------------------------------------- */

static const struct oae_board_table *other_mode(const struct oae_board *b,
						const struct oae_board_table *t,
						enum oae_view_mode mode)
{
	for (size_t i = 0; i < b->n_tables; i++)
		if (b->tables[i].mode == mode &&
		    strcmp(b->tables[i].key, t->key) == 0)
			return &b->tables[i];
	return NULL;
}

static bool has_twin(const struct oae_board *b, const struct oae_board_table *t)
{
	for (size_t i = 0; i < b->n_tables; i++)
		if (strcmp(b->tables[i].profile, t->profile) == 0 &&
		    strcmp(b->tables[i].key, t->key) != 0)
			return true;
	return false;
}

static void put_choice(struct oae_buf *out, const struct oae_board_table *to,
		       const struct oae_board_table *here, const char *text,
		       const char *more)
{
	oae_buf_printf(out, "<li><a href=\"%s\"%s>", to->file,
		       to == here ? " aria-current=\"page\"" : "");
	oae_text_html(out, text);
	if (more)
		oae_buf_printf(out, " <span class=\"sub\">%.8s</span>", more);
	oae_buf_puts(out, "</a></li>\n");
}

static void put_tabs(const struct oae_board *b, const struct oae_board_table *t,
		     struct oae_buf *out)
{
	const struct oae_board_table *to;
	size_t i;
	int m;

	oae_buf_puts(out, "<div class=\"tabs\">\n<nav aria-label=\"Profile\">"
			  "<span>Profile</span><ul>\n");
	for (i = 0; i < b->n_tables; i++)
		if (b->tables[i].mode == t->mode)
			put_choice(out, &b->tables[i], t, b->tables[i].profile,
				   has_twin(b, &b->tables[i]) ?
					   b->tables[i].key :
					   NULL);
	oae_buf_puts(out, "</ul></nav>\n<nav aria-label=\"Machines\"><span>"
			  "Machines</span><ul>\n");
	for (m = 0; m < OAE_VIEW_MODES; m++) {
		to = other_mode(b, t, (enum oae_view_mode)m);
		if (to)
			put_choice(out, to, t, oae_view_mode_name[m], NULL);
	}
	oae_buf_puts(out, "</ul></nav>\n</div>\n");
}

static void put_filters(const struct oae_board *b,
			const struct oae_board_table *t, struct oae_buf *out)
{
	struct oae_board_choices hardware = { 0 }, evidence = { 0 },
				 status = { 0 }, verdict = { 0 }, work = { 0 };
	struct oae_arena words;
	size_t i;

	oae_arena_init(&words, OAE_BOARD_MEMORY_BYTES_MAX);
	for (i = t->first; i < t->first + t->n_rows; i++) {
		const struct oae_board_row *r = b->order[i];
		char *list = oae_arena_strdup(&words, r->workloads);
		char *word, *rest = NULL;

		work.failed |= !list;
		for (word = list ? strtok_r(list, " ", &rest) : NULL; word;
		     word = strtok_r(NULL, " ", &rest))
			oae_board_choices_add(&work, word);
		oae_board_choices_add(&hardware, r->submission->cpu);
		oae_board_choices_add(&evidence, r->class);
		oae_board_choices_add(
			&status, oae_board_status_name[r->submission->status]);
		oae_board_choices_add(&verdict, r->verdict);
	}
	oae_board_html_form_begin(out, "system or organisation");
	oae_board_html_select(out, "workload", "Workload", &work);
	oae_board_html_select(out, "hardware", "Hardware", &hardware);
	oae_board_html_select(out, "evidence", "Evidence", &evidence);
	oae_board_html_select(out, "status", "Status", &status);
	oae_board_html_select(out, "verdict", "Verdict", &verdict);
	oae_board_html_form_end(out);
	oae_arena_release(&words);
}

static const char lead[] =
	"<p class=\"lead\">What a way of serving a language model saves, after"
	" adoption, upkeep, machines and energy are paid. OAE is the"
	" baseline&#39;s cost over the system&#39;s for the same requests: 2 is"
	" half the cost, below 1 is dearer.</p>\n";

static const char rules[] =
	"<details>\n<summary>How ranks work, and what is not ranked</summary>\n"
	"<ul>\n"
	"<li>A rank is a range. Its first number is one more than the"
	" systems whose whole 95&nbsp;% interval lies above; its last leaves"
	" out those that lie wholly below. Systems whose intervals overlap"
	" are <strong>not distinguishable</strong>: which of them is better"
	" is not known, and their ranks overlap.</li>\n"
	"<li>Only like is ranked with like: the same profile with the same"
	" prices and items, the same mode, version of the specification,"
	" division, baseline (with its settings and models) and class of"
	" evidence. A measured score is never ranked against an estimated"
	" one. Each such group has a heading of its own. Ratios are of"
	" systems on one and the same machine; machines may differ from row"
	" to row.</li>\n"
	"<li>Not ranked: a quality gate that failed or is unproven, a score"
	" without an interval, results that are disputed, superseded or"
	" invalidated. Rejected submissions have no numbers here at all: <a"
	" href=\"submissions.html#rejected\">the list</a> says why.</li>\n"
	"<li>Filters hide rows; they do not change ranks. The bar is the"
	" interval on a logarithmic axis, the same for the whole table; the"
	" thin line is 1, where both cost the same.</li>\n"
	"<li>Evidence is the weakest class of anything in the score: measured,"
	" published, declared, estimated or assumed. Measured share is the part"
	" of the system&#39;s cost that was measured.</li>\n"
	"<li>Status: self-reported; reproduced or disputed by the"
	" operator&#39;s own run; superseded by another; invalidated.</li>\n"
	"</ul>\n</details>\n";

/* What the reader must know before the first number. */
static void put_warnings(const struct oae_board *b, struct oae_buf *out)
{
	size_t i, unchecked = 0, unsigned_ones = 0;

	for (i = 0; i < b->n_submissions; i++) {
		unchecked += b->submissions[i].check == OAE_BOARD_UNCHECKED;
		unsigned_ones += b->submissions[i].check == OAE_BOARD_UNSIGNED;
	}
	if (unchecked)
		oae_buf_printf(out,
			       "<p class=\"warn\">%zu of %zu submissions were"
			       " not checked: neither signatures nor numbers."
			       " This is a draft.</p>\n",
			       unchecked, b->n_submissions);
	if (unsigned_ones)
		oae_buf_printf(out,
			       "<p class=\"hint\">Every number was computed"
			       " again from its journal; whose signature it is"
			       " was not checked (%zu of %zu).</p>\n",
			       unsigned_ones, b->n_submissions);
	if (b->n_rejected)
		oae_buf_printf(out,
			       "<p class=\"hint\">%zu submission%s rejected and"
			       " left out: <a href=\"submissions.html#rejected"
			       "\">which, and why</a>.</p>\n",
			       b->n_rejected,
			       b->n_rejected == 1 ? " was" : "s were");
}

void oae_board_page_table(const struct oae_board *b,
			  const struct oae_board_table *t, struct oae_buf *out)
{
	const struct oae_board_place place = { "", "index.html", true };
	char title[512];

	snprintf(title, sizeof(title), "Leaderboard: %.300s, machines %s",
		 t->profile, oae_view_mode_name[t->mode]);
	oae_board_html_begin(b, &place, title, out);
	oae_buf_puts(out, lead);
	put_tabs(b, t, out);
	put_warnings(b, out);
	oae_buf_puts(out, rules);
	put_filters(b, t, out);
	oae_buf_printf(out,
		       "<p id=\"count\" role=\"status\">%zu system%s, %zu"
		       " ranked; OAE ",
		       t->n_rows, t->n_rows == 1 ? "" : "s", t->n_ranked);
	oae_text_html(out, t->spec);
	oae_buf_puts(out, "</p>\n");
	put_table(b, t, out);
	oae_board_html_end(out);
}

void oae_board_page_empty(const struct oae_board *b, struct oae_buf *out)
{
	const struct oae_board_place place = { "", "index.html", true };

	oae_board_html_begin(b, &place, "Leaderboard", out);
	oae_buf_puts(out, lead);
	put_warnings(b, out);
	oae_buf_puts(out, "<p>There is no score yet. A submission is a folder"
			  " <code>ORGANISATION/NAME/</code> with a"
			  " <code>result.json</code>; <code>oae submit</code>"
			  " makes one.</p>\n");
	oae_board_html_end(out);
}
