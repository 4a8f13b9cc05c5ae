/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A comparison for CI systems. JUnit: the layout of the Ant task, as Jenkins
 * and GitLab read it. GitHub: workflow commands, whose values escape %, line
 * ends and, in properties, : and , (GitHub Docs, "Workflow commands").
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/compare.h"
#include "reports/amount.h"
#include "reports/report.h"
#include "reports/text.h"

static bool is(const cJSON *obj, const char *key, const char *value)
{
	return strcmp(oae_view_str(obj, key), value) == 0;
}

/* "worse by 5.2 % (4.1 % to 6.3 %), threshold 3 %; could see 2.6 %" */
static void put_claim(const cJSON *m, struct oae_buf *out)
{
	char mid[OAE_PERCENT_TEXT], low[OAE_PERCENT_TEXT];
	char high[OAE_PERCENT_TEXT], threshold[OAE_PERCENT_TEXT];
	char seen[OAE_PERCENT_TEXT];

	oae_percent_text(mid, oae_view_num(m, "worse.value"), false);
	oae_percent_text(low, oae_view_num(m, "worse.low"), false);
	oae_percent_text(high, oae_view_num(m, "worse.high"), false);
	oae_percent_text(threshold, oae_view_num(m, "threshold"), false);
	oae_percent_text(seen, oae_view_num(m, "detectable"), false);
	if (isnan(oae_view_num(m, "worse.value")))
		oae_buf_puts(out, "no change known");
	else if (isnan(oae_view_num(m, "worse.low")))
		oae_buf_printf(out, "worse by %s", mid);
	else
		oae_buf_printf(out, "worse by %s (%s to %s)", mid, low, high);
	oae_buf_printf(
		out, ", threshold %s, could see %s, %.0f %s", threshold, seen,
		fmin(oae_view_num(m, "base_n"), oae_view_num(m, "head_n")),
		is(m, "metric", "quality") ? "items" : "runs on each side");
	if (*oae_view_str(m, "reason"))
		oae_buf_printf(out, ": %s", oae_view_str(m, "reason"));
}

/* ---- JUnit -------------------------------------------------------------- */

struct counts {
	size_t tests, failures, errors, skipped;
};

static bool inconclusive_passes(const cJSON *doc)
{
	return is(doc, "on_inconclusive", "pass");
}

static bool apples_and_pears(const cJSON *doc)
{
	return is(doc, "verdict", "not comparable");
}

static struct counts count(const cJSON *doc)
{
	struct counts n = { 0, 0, 0, 0 };
	const cJSON *m;

	cJSON_ArrayForEach(m, oae_view_at(doc, "metrics")) {
		n.tests++;
		n.skipped += apples_and_pears(doc);
		if (apples_and_pears(doc))
			continue;
		n.failures += is(m, "verdict", "regression");
		if (!is(m, "verdict", "inconclusive"))
			continue;
		n.skipped += inconclusive_passes(doc);
		n.errors += !inconclusive_passes(doc);
	}
	n.tests++; /* comparable */
	n.errors += apples_and_pears(doc);
	return n;
}

static void put_outcome(struct oae_buf *out, const char *tag, const char *type,
			const char *text)
{
	oae_buf_printf(out, "\n      <%s message=\"", tag);
	oae_text_html(out, text);
	if (type)
		oae_buf_printf(out, "\" type=\"%s", type);
	oae_buf_puts(out, "\"/>\n    ");
}

static void put_case(const cJSON *doc, const cJSON *m, struct oae_buf *out)
{
	struct oae_buf text;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	put_claim(m, &text);
	oae_buf_puts(out, "    <testcase classname=\"oae.");
	oae_text_html(out, oae_view_str(m, "head_system"));
	oae_buf_putc(out, '.');
	oae_text_html(out, oae_view_str(m, "workload"));
	oae_buf_puts(out, "\" name=\"");
	oae_text_html(out, oae_view_str(m, "metric"));
	oae_buf_puts(out, "\" time=\"0\">");
	if (apples_and_pears(doc)) {
		put_outcome(out, "skipped", NULL, "not comparable");
	} else if (is(m, "verdict", "regression")) {
		put_outcome(out, "failure", "regression", oae_buf_str(&text));
	} else if (is(m, "verdict", "inconclusive")) {
		if (inconclusive_passes(doc))
			put_outcome(out, "skipped", NULL, oae_buf_str(&text));
		else
			put_outcome(out, "error", "inconclusive",
				    oae_buf_str(&text));
	} else {
		oae_buf_puts(out, "\n      <system-out>");
		oae_text_html(out, oae_buf_str(&text));
		oae_buf_puts(out, "</system-out>\n    ");
	}
	oae_buf_puts(out, "</testcase>\n");
	oae_buf_release(&text);
}

enum oae_status oae_compare_junit(const cJSON *doc, struct oae_buf *out,
				  struct oae_error *err)
{
	struct counts n = count(doc);
	struct oae_buf text;
	const cJSON *m;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	oae_compare_sentence(doc, &text);
	oae_buf_printf(out,
		       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		       "<testsuites name=\"oae compare\" tests=\"%zu\""
		       " failures=\"%zu\" errors=\"%zu\" time=\"0\">\n"
		       "  <testsuite name=\"oae compare\" tests=\"%zu\""
		       " failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\""
		       " time=\"0\">\n",
		       n.tests, n.failures, n.errors, n.tests, n.failures,
		       n.errors, n.skipped);
	oae_buf_puts(out, "    <testcase classname=\"oae\" name=\"comparable\""
			  " time=\"0\">");
	if (apples_and_pears(doc))
		put_outcome(out, "error", "not comparable", oae_buf_str(&text));
	oae_buf_puts(out, "</testcase>\n");
	cJSON_ArrayForEach(m, oae_view_at(doc, "metrics"))
		put_case(doc, m, out);
	oae_buf_puts(out, "    <system-out>");
	oae_text_html(out, oae_buf_str(&text));
	oae_buf_puts(out, "</system-out>\n  </testsuite>\n</testsuites>\n");
	oae_buf_release(&text);
	return oae_buf_check(out, "JUnit", err);
}

/* ---- GitHub ------------------------------------------------------------- */

static void put_escaped(struct oae_buf *out, const char *s, bool property)
{
	for (; *s; s++) {
		if (*s == '%' || *s == '\r' || *s == '\n' ||
		    (property && (*s == ':' || *s == ',')))
			oae_buf_printf(out, "%%%02X", (unsigned char)*s);
		else
			oae_buf_putc(out, *s);
	}
}

static void put_command(struct oae_buf *out, const char *level,
			const char *title, const char *text)
{
	oae_buf_printf(out, "::%s title=", level);
	put_escaped(out, title, true);
	oae_buf_puts(out, "::");
	put_escaped(out, text, false);
	oae_buf_putc(out, '\n');
}

static void annotate(const cJSON *doc, const cJSON *m, struct oae_buf *out)
{
	bool regression = is(m, "verdict", "regression");
	bool error = regression || !inconclusive_passes(doc);
	struct oae_buf title, text;

	if (is(m, "verdict", "pass"))
		return;
	oae_buf_init(&title, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_printf(&title, "oae: %s of %s on %s: %s",
		       oae_view_str(m, "metric"),
		       oae_view_str(m, "head_system"),
		       oae_view_str(m, "workload"), oae_view_str(m, "verdict"));
	put_claim(m, &text);
	put_command(out, error ? "error" : "warning", oae_buf_str(&title),
		    oae_buf_str(&text));
	oae_buf_release(&title);
	oae_buf_release(&text);
}

enum oae_status oae_compare_github(const cJSON *doc, struct oae_buf *out,
				   struct oae_error *err)
{
	bool whole_error = apples_and_pears(doc) ||
			   (is(doc, "verdict", "inconclusive") &&
			    !inconclusive_passes(doc));
	struct oae_buf text;
	const cJSON *m;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	if (!apples_and_pears(doc))
		cJSON_ArrayForEach(m, oae_view_at(doc, "metrics"))
			annotate(doc, m, out);
	oae_compare_sentence(doc, &text);
	put_command(out, whole_error ? "error" : "notice", "oae compare",
		    oae_buf_str(&text));
	oae_buf_release(&text);
	return oae_buf_check(out, "annotations", err);
}
