/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/trend.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/amount.h"
#include "reports/report.h"
#include "reports/sheet.h"
#include "reports/text.h"

static const cJSON *result_of(const cJSON *doc, const cJSON *change)
{
	return cJSON_GetArrayItem(oae_view_at(doc, "results"),
				  (int)oae_view_num(change, "result"));
}

static void row(struct oae_sheet *t, const cJSON *doc, const cJSON *s,
		const cJSON *change)
{
	const cJSON *result = result_of(doc, change);
	const char *unit = oae_view_str(s, "unit");
	const char *git = oae_view_str(result, "git");
	char text[OAE_NUMBER_TEXT];

	oae_sheet_cell(t, "%s", oae_view_str(s, "workload"));
	oae_sheet_cell(t, "%s", oae_view_str(s, "metric"));
	oae_sheet_cell(t, "%.10s", oae_view_str(result, "utc"));
	oae_sheet_cell(t, "%.12s", *git ? git : OAE_DASH);
	oae_amount_text(text, oae_view_num(change, "before"), unit);
	oae_sheet_cell(t, "%s", text);
	oae_amount_text(text, oae_view_num(change, "after"), unit);
	oae_sheet_cell(t, "%s", text);
	oae_percent_cell(t, oae_view_num(change, "worse.value"), true);
	oae_percent_cell(t, oae_view_num(change, "worse.low"), true);
	oae_percent_cell(t, oae_view_num(change, "worse.high"), true);
	oae_sheet_cell(t, "%.2g", oae_view_num(change, "p"));
	if (*oae_view_str(change, "also"))
		oae_sheet_note(t, oae_view_str(change, "also"));
}

struct totals {
	size_t changes, series, results, left_out;
};

static struct totals count(const cJSON *doc)
{
	struct totals n = { 0, 0, 0, 0 };
	const cJSON *v;

	cJSON_ArrayForEach(v, oae_view_at(doc, "series")) {
		n.series++;
		n.changes +=
			(size_t)cJSON_GetArraySize(oae_view_at(v, "changes"));
	}
	cJSON_ArrayForEach(v, oae_view_at(doc, "results")) {
		n.results++;
		n.left_out += *oae_view_str(v, "left_out") != '\0';
	}
	return n;
}

static void put_left_out(const cJSON *doc, struct oae_buf *out, int columns)
{
	struct oae_buf line;
	const cJSON *r;

	oae_buf_init(&line, OAE_TEXT_FILE_BYTES_MAX);
	cJSON_ArrayForEach(r, oae_view_at(doc, "results")) {
		if (!*oae_view_str(r, "left_out"))
			continue;
		oae_buf_clear(&line);
		oae_buf_printf(&line, "! left out: %s: %s",
			       oae_view_str(r, "folder"),
			       oae_view_str(r, "left_out"));
		oae_wrap_text(out, oae_buf_str(&line), 2, columns);
	}
	oae_buf_release(&line);
}

static void put_summary(const cJSON *doc, struct oae_buf *out, int columns)
{
	struct totals n = count(doc);
	struct oae_buf line;

	oae_buf_init(&line, OAE_TEXT_FILE_BYTES_MAX);
	if (n.changes)
		oae_buf_printf(&line, "%zu change%s", n.changes,
			       n.changes == 1 ? "" : "s");
	else
		oae_buf_puts(&line, "No change");
	oae_buf_printf(&line,
		       " in %zu series of %zu results. Where nothing changed,"
		       " one is found in any of them in at most %.3g %% of"
		       " cases (E-divisive, %.0f permutations, Holm over the"
		       " series); a level has at least %.0f results.",
		       n.series, n.results - n.left_out,
		       100 * oae_view_num(doc, "alpha"),
		       oae_view_num(doc, "permutations"),
		       oae_view_num(doc, "segment_min"));
	if (n.changes)
		oae_buf_puts(&line, " since: the first result of the new level;"
				    " from, to: 95 % interval of the change,"
				    " given its place; below 0 is better.");
	oae_wrap_text(out, oae_buf_str(&line), 0, columns);
	oae_buf_release(&line);
}

/* The changes of one system. */
static enum oae_status put_table(const cJSON *doc, const char *system,
				 struct oae_buf *out, int columns,
				 struct oae_error *err)
{
	static const char *const heads[] = { "workload", "metric", "since",
					     "commit",	 "before", "after",
					     "worse %",	 "from %", "to %",
					     "p",	 NULL };
	const cJSON *s, *change;
	enum oae_status status;
	struct oae_sheet t;

	oae_sheet_init(&t, system);
	oae_sheet_columns(&t, heads, "llllrrrrrr");
	cJSON_ArrayForEach(s, oae_view_at(doc, "series"))
		if (strcmp(oae_view_str(s, "system"), system) == 0)
			cJSON_ArrayForEach(change, oae_view_at(s, "changes"))
				row(&t, doc, s, change);
	status = oae_sheet_check(&t, err);
	if (!status && oae_sheet_rows(&t)) {
		oae_sheet_to_text(&t, out, columns);
		oae_buf_putc(out, '\n');
	}
	oae_sheet_release(&t);
	return status;
}

enum oae_status oae_trend_text(const cJSON *doc, struct oae_buf *out,
			       int columns, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	const char *system = NULL;
	const cJSON *s;

	/* Series of one system stand together. */
	cJSON_ArrayForEach(s, oae_view_at(doc, "series")) {
		if (status ||
		    (system && strcmp(oae_view_str(s, "system"), system) == 0))
			continue;
		system = oae_view_str(s, "system");
		status = put_table(doc, system, out, columns, err);
	}
	put_left_out(doc, out, columns);
	put_summary(doc, out, columns);
	return status ? status : oae_buf_check(out, "table", err);
}
