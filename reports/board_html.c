/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/board_html.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

/* Nothing but files beside the page; no form is ever sent. */
#define POLICY                                                              \
	"default-src 'none'; style-src 'self'; script-src 'self'; base-uri" \
	" 'none'; form-action 'none'"

static void put_nav(const struct oae_board *b,
		    const struct oae_board_place *place, struct oae_buf *out)
{
	static const struct {
		const char *file, *text;
	} links[] = {
		{ "index.html", "Leaderboard" },
		{ "submissions.html", "All submissions" },
		{ "board.json", "JSON" },
		{ "board.csv", "CSV" },
	};
	size_t i;

	oae_buf_puts(out, "<nav class=\"site\" aria-label=\"Site\"><ul>\n");
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		oae_buf_printf(out, "<li><a href=\"%s%s\"%s>%s", place->up,
			       links[i].file,
			       place->here && strcmp(place->here,
						     links[i].file) == 0 ?
				       " aria-current=\"page\"" :
				       "",
			       links[i].text);
		if (i == 1)
			oae_buf_printf(out, " (%zu)", b->n_submissions);
		oae_buf_puts(out, "</a></li>\n");
	}
	oae_buf_puts(out, "</ul></nav>\n");
}

void oae_board_html_begin(const struct oae_board *b,
			  const struct oae_board_place *place,
			  const char *title, struct oae_buf *out)
{
	oae_buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
			  "<meta charset=\"utf-8\">\n"
			  "<meta http-equiv=\"Content-Security-Policy\""
			  " content=\"" POLICY "\">\n"
			  "<meta name=\"referrer\" content=\"no-referrer\">\n"
			  "<meta name=\"viewport\" content=\""
			  "width=device-width, initial-scale=1\">\n<title>");
	oae_text_html(out, title);
	oae_buf_puts(out, " \xc2\xb7 ");
	oae_text_html(out, b->options.title);
	oae_buf_printf(out,
		       "</title>\n<link rel=\"stylesheet\" href=\"%sboard.css"
		       "\">\n",
		       place->up);
	if (place->script)
		oae_buf_printf(out, "<script src=\"%sboard.js\"></script>\n",
			       place->up);
	oae_buf_puts(out, "</head>\n<body>\n<a class=\"skip\" href=\"#main\">"
			  "Skip to the content</a>\n<header>\n<p class=\""
			  "title\">");
	oae_text_html(out, b->options.title);
	oae_buf_puts(out, "</p>\n");
	put_nav(b, place, out);
	oae_buf_puts(out,
		     "</header>\n<main id=\"main\" tabindex=\"-1\">\n<h1>");
	oae_text_html(out, title);
	oae_buf_puts(out, "</h1>\n");
}

void oae_board_html_end(struct oae_buf *out)
{
	oae_buf_puts(out,
		     "</main>\n<footer>\n<p>Made by <code>oae board</code>"
		     " from submissions that anyone can check with <code>oae"
		     " verify</code>. Results are never edited: they are"
		     " superseded or invalidated.</p>\n</footer>\n"
		     "</body>\n</html>\n");
}

void oae_board_html_tag(struct oae_buf *out, const char *tone, const char *text)
{
	oae_buf_printf(out, "<span class=\"tag%s%s\">", tone ? " " : "",
		       tone ? tone : "");
	oae_text_html(out, text);
	oae_buf_puts(out, "</span>");
}

const char *oae_board_status_tone(enum oae_board_status status)
{
	static const char *const tones[OAE_BOARD_STATUSES] = { NULL, "good",
							       "bad", "bad",
							       "open" };

	return tones[status];
}

const char *oae_board_verdict_tone(const char *verdict)
{
	return oae_sheet_tone_name(oae_section_tone(verdict));
}

void oae_board_html_rank(struct oae_buf *out, const struct oae_board_row *r)
{
	if (r->unranked)
		oae_buf_puts(out, OAE_DASH);
	else if (r->rank_low == r->rank_high)
		oae_buf_printf(out, "%zu", r->rank_low);
	else
		oae_buf_printf(out, "%zu" OAE_DASH "%zu", r->rank_low,
			       r->rank_high);
}

void oae_board_html_value(struct oae_buf *out, const struct oae_value *v)
{
	char mid[OAE_NUMBER_TEXT], low[OAE_NUMBER_TEXT], high[OAE_NUMBER_TEXT];

	if (!v->has) {
		oae_buf_puts(out, OAE_DASH);
		return;
	}
	oae_number_plain(mid, v->value);
	oae_buf_puts(out, mid);
	if (!v->band)
		return;
	oae_number_plain(low, v->low);
	oae_number_plain(high, v->high);
	oae_buf_printf(out, " <span class=\"i\">[%s, %s]</span>", low, high);
}

void oae_board_html_share(struct oae_buf *out, double share)
{
	if (!isfinite(share))
		oae_buf_puts(out, OAE_DASH);
	else if (share > 0 && share < 0.001)
		oae_buf_puts(out, "&lt; 0.1 %");
	else
		oae_buf_printf(out, "%.1f %%", 100 * share);
}

void oae_board_html_link(struct oae_buf *out, const char *up,
			 const struct oae_board_submission *s, const char *text)
{
	/* Both names are of letters, digits, '.', '_' and '-'. */
	oae_buf_printf(out, "<a href=\"%ssubmissions/%s/%s.html\">", up, s->org,
		       s->name);
	oae_text_html(out, text);
	oae_buf_puts(out, "</a>");
}

void oae_board_html_date(struct oae_buf *out, const char *utc)
{
	char day[11];

	snprintf(day, sizeof(day), "%.10s", utc);
	if (strlen(day) != 10 || strspn(day, "0123456789-") != 10) {
		oae_text_html(out, *utc ? utc : OAE_DASH);
		return;
	}
	oae_buf_printf(out, "<time datetime=\"%s\">%s</time>", day, day);
}

/* ---- intervals --------------------------------------------------------- */

/* What is beyond is drawn at the edge. */
#define AXIS_LOG_MAX 7.0 /* e^7 is about 1100 */

static double clamp(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

struct oae_board_axis oae_board_axis_of(const struct oae_board_row *const *rows,
					size_t n)
{
	struct oae_board_axis axis = { -0.05, 0.05 };
	size_t i;

	for (i = 0; i < n; i++) {
		const struct oae_value *v = &rows[i]->oae;

		if (!v->band || !(v->low > 0) || !(v->high >= v->low))
			continue;
		axis.low = fmin(axis.low, log(v->low));
		axis.high = fmax(axis.high, log(v->high));
	}
	axis.low = fmax(axis.low, -AXIS_LOG_MAX);
	axis.high = fmin(axis.high, AXIS_LOG_MAX);
	return axis;
}

/* In hundredths of the axis' length. */
static double place_of(const struct oae_board_axis *axis, double v)
{
	double at = (log(v) - axis->low) / (axis->high - axis->low);

	return clamp(at, 0, 1) * 96 + 2;
}

void oae_board_html_bar(struct oae_buf *out, const struct oae_board_axis *axis,
			const struct oae_value *v)
{
	if (!v->band || !(v->low > 0) || !(v->value >= v->low) ||
	    !(v->high >= v->value) || !isfinite(v->high))
		return;
	oae_buf_printf(out,
		       "<svg class=\"iv\" viewBox=\"0 0 100 8\""
		       " preserveAspectRatio=\"none\" aria-hidden=\"true\">"
		       "<path class=\"o\" d=\"M%.1f 0V8\"/><path d=\"M%.1f 4H"
		       "%.1fM%.1f 1V7\"/></svg>",
		       place_of(axis, 1), place_of(axis, v->low),
		       fmax(place_of(axis, v->high),
			    place_of(axis, v->low) + 0.5),
		       place_of(axis, v->value));
}

/* ---- filters ----------------------------------------------------------- */

void oae_board_choices_add(struct oae_board_choices *c, const char *text)
{
	const char **moved;

	if (c->failed || !*text)
		return;
	if (c->count && strcmp(c->item[c->count - 1], text) == 0)
		return;
	if (c->count == c->alloc) {
		c->alloc = c->alloc ? 2 * c->alloc : 64;
		moved = realloc(c->item, c->alloc * sizeof(*moved));
		if (!moved) {
			c->failed = true;
			return;
		}
		c->item = moved;
	}
	c->item[c->count++] = text;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void oae_board_html_select(struct oae_buf *out, const char *name,
			   const char *label, struct oae_board_choices *c)
{
	size_t i;

	if (c->failed)
		out->status = OAE_ERR_NOMEM;
	if (c->count)
		qsort(c->item, c->count, sizeof(*c->item), by_text);
	oae_buf_printf(out,
		       "<label>%s <select name=\"%s\"><option value=\"\">all"
		       "</option>\n",
		       label, name);
	for (i = 0; i < c->count; i++) {
		if (i > 0 && strcmp(c->item[i], c->item[i - 1]) == 0)
			continue;
		oae_buf_puts(out, "<option>");
		oae_text_html(out, c->item[i]);
		oae_buf_puts(out, "</option>\n");
	}
	oae_buf_puts(out, "</select></label>\n");
	free(c->item);
	memset(c, 0, sizeof(*c));
}

void oae_board_html_form_begin(struct oae_buf *out, const char *search)
{
	oae_buf_printf(out,
		       "<form id=\"filters\" aria-label=\"Filters\" hidden>\n"
		       "<label>Search <input type=\"search\" name=\"q\""
		       " placeholder=\"%s\" autocomplete=\"off\""
		       " spellcheck=\"false\"></label>\n",
		       search);
}

void oae_board_html_form_end(struct oae_buf *out)
{
	oae_buf_puts(out, "<button type=\"reset\">Clear</button>\n</form>\n");
}
