/* SPDX-License-Identifier: Apache-2.0 */
/* A tuning for a terminal, and the pages of its report. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "reports/html_style.h"
#include "reports/pages.h"
#include "reports/report.h"
#include "reports/text.h"
#include "reports/tune.h"
#include "reports/view.h"

static const char caption[] =
	"Cost of 1000 requests with the best of n random trials, expected by"
	" two estimators, beside the baseline, the shipped defaults and the"
	" expert's setting measured again on other items. Where the curve meets"
	" a line, so many trials are worth what the line is.";

/* "Tuning of X against B: 32 trials of each, profile clinic, ..." */
static void put_head(const cJSON *doc, struct oae_buf *b)
{
	oae_buf_printf(b,
		       "Tuning of %.200s against %.200s: %.0f trials each of"
		       " %.0f runs a workload, profile %.60s, seed %.24s,"
		       " %.40s, %s.",
		       oae_view_str(doc, "system"),
		       oae_view_str(doc, "baseline"),
		       oae_view_num(doc, "trials"),
		       oae_view_num(doc, "runs_a_trial"),
		       oae_view_str(doc, "profile"), oae_view_str(doc, "seed"),
		       oae_view_str(doc, "utc"),
		       cJSON_IsTrue(oae_view_at(doc, "complete")) ?
			       "complete" :
			       "INCOMPLETE: the journal has no seal");
}

/* Who the expert is and what the setting took to find. */
static void put_expert(const cJSON *doc, struct oae_buf *b)
{
	double trials = oae_view_num(doc, "expert.trials");
	double hours = oae_view_num(doc, "expert.hours");
	double usd = oae_view_num(doc, "expert.charge_usd");
	const char *class = oae_view_str(doc, "expert.hours_class");
	char text[OAE_NUMBER_TEXT];

	oae_buf_printf(b, "The expert: %.200s",
		       oae_view_str(doc, "expert.who"));
	if (!isnan(trials))
		oae_buf_printf(b, "; %.0f trials", trials);
	if (!isnan(hours)) {
		oae_number_hours(text, hours);
		oae_buf_printf(b, "; %s hours of work (%s)", text, class);
	}
	if (!isnan(usd)) {
		oae_number_plain(text, usd);
		oae_buf_printf(b, "; charged %s USD", text);
	}
	oae_buf_puts(b, ".");
}

static void (*const sheets[])(const cJSON *doc, struct oae_sheet *t) = {
	oae_tune_costs_sheet, oae_tune_curve_sheet, oae_tune_knobs_sheet
};

#define N_SHEETS (sizeof(sheets) / sizeof(sheets[0]))

/* Sheet i; behind the shared ones the trials. */
static void fill_sheet(const cJSON *doc, size_t i, bool failed,
		       struct oae_sheet *t)
{
	if (i < N_SHEETS)
		sheets[i](doc, t);
	else
		oae_tune_trials_sheet(doc, failed, t);
}

/* ---- terminal ---------------------------------------------------------- */

enum oae_status oae_tune_text(const cJSON *doc, struct oae_buf *b, int columns,
			      struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	const cJSON *remark;
	struct oae_buf line;

	oae_buf_init(&line, OAE_PAGE_BYTES_MAX);
	put_head(doc, &line);
	oae_wrap_text(b, oae_buf_str(&line), 0, columns);
	cJSON_ArrayForEach(remark, oae_view_at(doc, "remarks")) {
		oae_buf_clear(&line);
		oae_buf_printf(&line, "! %.400s", remark->valuestring);
		oae_wrap_text(b, oae_buf_str(&line), 2, columns);
	}
	for (size_t i = 0; i <= N_SHEETS && !status; i++) {
		struct oae_sheet t;

		fill_sheet(doc, i, true, &t);
		status = oae_sheet_check(&t, err);
		if (!status && oae_sheet_rows(&t)) {
			oae_buf_putc(b, '\n');
			oae_sheet_to_text(&t, b, columns);
		}
		oae_sheet_release(&t);
	}
	oae_buf_putc(b, '\n');
	oae_buf_clear(&line);
	oae_tune_sentence(doc, &line);
	oae_wrap_text(b, oae_buf_str(&line), 0, columns);
	oae_buf_clear(&line);
	put_expert(doc, &line);
	oae_wrap_text(b, oae_buf_str(&line), 0, columns);
	oae_buf_release(&line);
	return status;
}

/* ---- pages ------------------------------------------------------------- */

static void put_paragraph(struct oae_buf *b, const cJSON *doc, bool html,
			  void (*put)(const cJSON *doc, struct oae_buf *b))
{
	struct oae_buf line;

	oae_buf_init(&line, OAE_PAGE_BYTES_MAX);
	put(doc, &line);
	oae_buf_puts(b, html ? "<p>" : "");
	if (html)
		oae_text_html(b, oae_buf_str(&line));
	else
		oae_text_markdown(b, oae_buf_str(&line));
	oae_buf_puts(b, html ? "</p>\n" : "\n\n");
	oae_buf_release(&line);
}

static void put_remarks(struct oae_buf *b, const cJSON *doc, bool html)
{
	const cJSON *remark;

	cJSON_ArrayForEach(remark, oae_view_at(doc, "remarks")) {
		oae_buf_puts(b, html ? "<p class=\"warn\">" : "- ");
		if (html)
			oae_text_html(b, remark->valuestring);
		else
			oae_text_markdown(b, remark->valuestring);
		oae_buf_puts(b, html ? "</p>\n" : "\n");
	}
}

static void put_sheets(struct oae_buf *b, const cJSON *doc, bool html)
{
	for (size_t i = 0; i <= N_SHEETS; i++) {
		struct oae_sheet t;

		fill_sheet(doc, i, false, &t);
		if (t.status)
			b->status = t.status;
		if (oae_sheet_rows(&t) && html)
			oae_sheet_to_html(&t, b);
		else if (oae_sheet_rows(&t))
			oae_sheet_to_markdown(&t, b);
		oae_sheet_release(&t);
	}
}

static enum oae_status put_picture(struct oae_buf *b, const char *dir,
				   struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf svg;
	enum oae_status status =
		oae_path_join(path, sizeof(path), dir, "tune.svg", err);

	if (status || !oae_file_exists(path))
		return status;
	oae_buf_init(&svg, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_file_read(path, &svg, err);
	if (!status) {
		oae_buf_puts(b, "<figure>\n");
		oae_svg_inline(b, oae_buf_str(&svg), "tune-", caption);
		oae_buf_printf(b, "<figcaption>%s</figcaption>\n</figure>\n",
			       caption);
	}
	oae_buf_release(&svg);
	return status;
}

static enum oae_status put_html(struct oae_buf *b, const cJSON *doc,
				const char *dir, struct oae_error *err)
{
	enum oae_status status;

	oae_buf_puts(b,
		     "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		     "<meta charset=\"utf-8\">\n"
		     "<meta http-equiv=\"Content-Security-Policy\" content=\""
		     "default-src 'none'; style-src 'unsafe-inline'\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width,"
		     " initial-scale=1\">\n"
		     "<title>Talent dependency: a tuning</title>\n<style>\n");
	oae_buf_puts(b, oae_html_style);
	oae_buf_puts(b, "</style>\n</head>\n<body>\n"
			"<a class=\"skip\" href=\"#result\">To the result</a>\n"
			"<header>\n<h1>Talent dependency</h1>\n"
			"<p class=\"lead\">How much of what an expert gets out"
			" of a system do its shipped defaults give, and how"
			" many random trials close the gap?</p>\n</header>\n"
			"<main>\n<section>\n<h2 id=\"result\">Result</h2>\n");
	put_remarks(b, doc, true);
	put_paragraph(b, doc, true, oae_tune_sentence);
	put_paragraph(b, doc, true, put_expert);
	put_paragraph(b, doc, true, put_head);
	status = put_picture(b, dir, err);
	oae_buf_puts(b, "</section>\n<section>\n<h2>Numbers</h2>\n");
	put_sheets(b, doc, true);
	oae_buf_puts(b, "</section>\n<section>\n<h2>Check it yourself</h2>\n"
			"<p>All of it follows from the journal: <code>oae"
			" verify</code> of the run folder computes tune.json"
			" again, byte for byte.</p>\n</section>\n</main>\n"
			"</body>\n</html>\n");
	return status;
}

static void put_markdown(struct oae_buf *b, const cJSON *doc, const char *dir)
{
	char path[OAE_PATH_BYTES_MAX];

	oae_buf_puts(b, "# Talent dependency\n\n");
	put_paragraph(b, doc, false, oae_tune_sentence);
	put_paragraph(b, doc, false, put_expert);
	put_paragraph(b, doc, false, put_head);
	put_remarks(b, doc, false);
	if (!oae_path_join(path, sizeof(path), dir, "tune.svg", NULL) &&
	    oae_file_exists(path))
		oae_buf_printf(b, "\n![tune](tune.svg)\n\n%s\n\n", caption);
	put_sheets(b, doc, false);
}

/* ---- tables for programs ------------------------------------------------ */

static void csv_number(struct oae_buf *b, double v)
{
	char text[32];

	oae_buf_putc(b, ',');
	if (isnan(v))
		return;
	oae_json_format_double(text, v);
	oae_buf_puts(b, text);
}

static void put_numbers(struct oae_buf *b, const cJSON *obj,
			const char *const *keys)
{
	for (; *keys; keys++)
		csv_number(b, oae_view_num(obj, *keys));
	oae_buf_puts(b, "\r\n");
}

static void put_curve_csv(struct oae_buf *b, const cJSON *doc)
{
	static const char *const keys[] = {
		"n",   "kappa_usd",  "kappa_dodge_usd",
		"tau", "charge_usd", "pays_from_requests",
		NULL
	};
	const cJSON *s, *c;

	oae_buf_puts(b, "system,n,kappa_usd,kappa_dodge_usd,tau,charge_usd,"
			"pays_from_requests\r\n");
	cJSON_ArrayForEach(s, oae_view_at(doc, "searches"))
		cJSON_ArrayForEach(c, oae_view_at(s, "curve")) {
			oae_text_csv(b, oae_view_str(s, "system"));
			put_numbers(b, c, keys);
		}
}

static void put_trials_csv(struct oae_buf *b, const cJSON *doc)
{
	static const char *const keys[] = { "kappa_usd", "gain.value",
					    "s",	 "g",
					    "machine_s", "failed_runs",
					    NULL };
	const cJSON *s, *x;

	oae_buf_puts(b, "system,setting,gate,reason,kappa_usd,gain,s,g,"
			"machine_s,failed_runs\r\n");
	cJSON_ArrayForEach(s, oae_view_at(doc, "searches"))
		cJSON_ArrayForEach(x, oae_view_at(s, "settings")) {
			oae_text_csv(b, oae_view_str(s, "system"));
			oae_buf_putc(b, ',');
			oae_text_csv(b, oae_view_str(x, "id"));
			oae_buf_putc(b, ',');
			oae_text_csv(b, oae_view_str(x, "gate"));
			oae_buf_putc(b, ',');
			oae_text_csv(b, oae_view_str(x, "reason"));
			put_numbers(b, x, keys);
		}
}

static enum oae_status save(struct oae_buf *b, const char *dir,
			    const char *name, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status = oae_buf_check(b, name, err);

	if (!status)
		status = oae_path_join(path, sizeof(path), dir, name, err);
	if (!status)
		status = oae_file_write(path, oae_buf_str(b), b->len, err);
	oae_buf_clear(b);
	return status;
}

enum oae_status oae_tune_write_pages(const cJSON *doc, const char *dir,
				     struct oae_error *err)
{
	enum oae_status status;
	struct oae_buf b;

	oae_buf_init(&b, OAE_PAGE_BYTES_MAX);
	status = put_html(&b, doc, dir, err);
	if (!status)
		status = save(&b, dir, "index.html", err);
	if (!status) {
		put_markdown(&b, doc, dir);
		status = save(&b, dir, "summary.md", err);
	}
	if (!status) {
		put_curve_csv(&b, doc);
		status = save(&b, dir, "curve.csv", err);
	}
	if (!status) {
		put_trials_csv(&b, doc);
		status = save(&b, dir, "trials.csv", err);
	}
	if (!status) {
		oae_buf_printf(&b, "{\"oae_report\": 1, \"tune\": \"%.64s\"}\n",
			       oae_view_str(doc, "journal.sha256"));
		status = save(&b, dir, OAE_REPORT_MARK, err);
	}
	oae_buf_release(&b);
	return status;
}
