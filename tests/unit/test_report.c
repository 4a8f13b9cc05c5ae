/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: numbers, escaping, tables, and results with anything missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "reports/pages.h"
#include "reports/plot.h"
#include "reports/report.h"
#include "reports/sheet.h"
#include "reports/text.h"

#define NBSP "\xc2\xa0"

static cJSON *result;

static int set_up(void **state)
{
	char home[OAE_PATH_BYTES_MAX], path[OAE_PATH_BYTES_MAX + 64];
	struct oae_error err = { 0 };

	(void)state;
	if (oae_home(home, sizeof(home), &err) != OAE_OK)
		return 1;
	snprintf(path, sizeof(path), "%s/tests/data/synthetic-result.json",
		 home);
	return oae_json_read(path, &result, &err) != OAE_OK;
}

static int tear_down(void **state)
{
	(void)state;
	cJSON_Delete(result);
	return 0;
}

/* ---- text ------------------------------------------------------------- */

static void numbers_have_three_digits(void **state)
{
	static const struct {
		oae_number_fn *fn;
		double v;
		const char *text;
	} cases[] = {
		{ oae_number_plain, 0.595892, "0.596" },
		{ oae_number_plain, 12.345, "12.3" },
		{ oae_number_plain, 0, "0" },
		{ oae_number_plain, -0.0, "0" },
		{ oae_number_plain, 1e9, "1.00e+09" },
		{ oae_number_count, 72, "72" },
		{ oae_number_count, 3360, "3360" },
		{ oae_number_count, 80640, "80.6" NBSP "k" },
		{ oae_number_count, 999600, "1.00" NBSP "M" },
		{ oae_number_count, 1.8e12, "1.80" NBSP "tn" },
		{ oae_number_count, -2400.5, "-2.40" NBSP "k" },
		{ oae_number_seconds, 0.0012, "1.20" NBSP "ms" },
		{ oae_number_seconds, 3.4, "3.40" NBSP "s" },
		{ oae_number_seconds, 0.9996, "1.00" NBSP "s" },
		{ oae_number_seconds, 0, "0" NBSP "s" },
		{ oae_number_joules, 0.54, "540" NBSP "mJ" },
		{ oae_number_bytes, 1073741824, "1.00" NBSP "GiB" },
		{ oae_number_hours, 0.0001, "0.00" },
		{ oae_number_hours, -0.25, "-0.25" },
		{ oae_number_hours, 13.515429, "13.5" },
		{ oae_number_plain, 0.0 / 0.0, OAE_DASH },
	};
	char text[OAE_NUMBER_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cases[i].fn(text, cases[i].v);
		assert_string_equal(text, cases[i].text);
	}
}

static void escaped_is(void (*fn)(struct oae_buf *b, const char *s),
		       const char *text, const char *expected)
{
	struct oae_buf b;

	oae_buf_init(&b, 1 << 16);
	fn(&b, text);
	assert_string_equal(oae_buf_str(&b), expected);
	oae_buf_release(&b);
}

static void gnuplot_short(struct oae_buf *b, const char *s)
{
	oae_text_gnuplot(b, s, 6);
}

static void gnuplot_tick(struct oae_buf *b, const char *s)
{
	oae_text_gnuplot_tick(b, s, 60);
}

static void outside_text_is_escaped(void **state)
{
	(void)state;
	escaped_is(oae_text_clean, "a\n\r\tb\x1b[31mc\x7f", "a b [31mc ");
	escaped_is(oae_text_clean, "x\xe2\x80\xaey\xc2\x9bz",
		   "x\xef\xbf\xbdy\xef\xbf\xbdz");
	escaped_is(oae_text_clean, "cut\xe2\x80",
		   "cut\xef\xbf\xbd\xef\xbf\xbd");
	escaped_is(oae_text_clean, "caf\xc3\xa9 \xe2\x82\xac",
		   "caf\xc3\xa9 \xe2\x82\xac");
	escaped_is(oae_text_html, "<a href='x' onclick=\"y\">&",
		   "&lt;a href=&#39;x&#39; onclick=&quot;y&quot;&gt;&amp;");
	escaped_is(oae_text_markdown, "a|b`c`*d*<e>[f](g)",
		   "a\\|b\\`c\\`\\*d\\*&lt;e&gt;\\[f\\](g)");
	escaped_is(oae_text_csv, "plain", "plain");
	escaped_is(oae_text_csv, "a,\"b\"", "\"a,\"\"b\"\"\"");
	escaped_is(oae_text_csv, "=1+1", "\"'=1+1\"");
	escaped_is(gnuplot_tick, "it's `x` 5%", "'it''s `x` 5%%'");
	escaped_is(gnuplot_short,
		   "caf\xc3\xa9"
		   "1234",
		   "'caf\xc3\xa9"
		   "1\xe2\x80\xa6'");
	escaped_is(gnuplot_short, "\n'\n", "' '' '");
}

/* ---- sheets ------------------------------------------------------------- */

static void make_sheet(struct oae_sheet *t)
{
	oae_sheet_init(t, "A caption with a | in it");
	oae_sheet_column(t, "system", false);
	oae_sheet_column(t, "OAE", true);
	oae_sheet_cell(t, "a/rather-long-name-without-a-space-in-it-at-all");
	oae_sheet_cell(t, "1.02 [0.900,%s1.15]", NBSP);
	oae_sheet_cell(t, "<b>");
	oae_sheet_missing(t, "why & wherefore");
	oae_sheet_cell(t, "c");
	oae_sheet_missing(t, "why & wherefore");
	oae_sheet_tone(t, OAE_TONE_BAD);
	oae_sheet_remark(t, "said once");
	oae_sheet_remark(t, "said once");
}

static size_t widest_line(const char *text)
{
	size_t widest = 0;
	char line[512];
	const char *end;

	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		assert_non_null(end);
		snprintf(line, sizeof(line), "%.*s", (int)(end - text), text);
		if (oae_text_width(line) > widest)
			widest = oae_text_width(line);
	}
	return widest;
}

static size_t count_of(const char *text, const char *word)
{
	size_t n = 0;

	while ((text = strstr(text, word)) != NULL) {
		n++;
		text += strlen(word);
	}
	return n;
}

static void sheets_wrap_and_lose_nothing(void **state)
{
	struct oae_error err = { 0 };
	struct oae_sheet t;
	struct oae_buf b;

	(void)state;
	make_sheet(&t);
	assert_int_equal(oae_sheet_check(&t, &err), OAE_OK);
	assert_int_equal(oae_sheet_rows(&t), 3);
	assert_int_equal(t.n_notes, 1);
	assert_int_equal(t.n_remarks, 1);
	oae_buf_init(&b, 1 << 16);
	oae_sheet_to_text(&t, &b, 40);
	assert_true(widest_line(oae_buf_str(&b)) <= 40);
	assert_non_null(strstr(oae_buf_str(&b), "[0.900, 1.15]"));
	assert_non_null(strstr(oae_buf_str(&b), "at-all"));
	assert_int_equal(count_of(oae_buf_str(&b), "why & wherefore"), 1);
	oae_buf_clear(&b);
	oae_sheet_to_markdown(&t, &b);
	assert_non_null(strstr(oae_buf_str(&b), "a \\| in it"));
	assert_non_null(strstr(oae_buf_str(&b), "|:---|---:|"));
	assert_non_null(strstr(oae_buf_str(&b), "| &lt;b&gt; |"));
	oae_buf_clear(&b);
	oae_sheet_to_html(&t, &b);
	assert_int_equal(count_of(oae_buf_str(&b), "<tr>"), 4);
	assert_int_equal(count_of(oae_buf_str(&b), "scope=\"row\""), 3);
	assert_int_equal(count_of(oae_buf_str(&b), "scope=\"col\""), 2);
	assert_null(strstr(oae_buf_str(&b), "<b>"));
	oae_buf_release(&b);
	oae_sheet_release(&t);
}

static void svg_ids_get_a_prefix(void **state)
{
	static const char svg[] =
		"<?xml version='1'?><!DOCTYPE svg><svg width='1'>"
		"<title>Gnuplot</title><desc>Produced</desc>"
		"<g id=\"one\"><title>two</title><path id='dot'/></g>"
		"<use xlink:href='#dot'/><text>id='x' &lt;</text></svg>";
	struct oae_buf b;

	(void)state;
	oae_buf_init(&b, 1 << 16);
	oae_svg_inline(&b, svg, "p-", "how \"to\" read");
	assert_string_equal(
		oae_buf_str(&b),
		"<svg role=\"img\" aria-label=\"how &quot;to&quot; read\""
		" width='1'><g id=\"p-one\"><path id='p-dot'/></g>"
		"<use xlink:href='#p-dot'/><text>id='x' &lt;</text></svg>");
	oae_buf_release(&b);
}

/* ---- whole reports ----------------------------------------------------- */

static void the_table_fits_and_says_all(void **state)
{
	static const char *const words[] = {
		"1.00 (64/64)",
		"pass, identical",
		"unproven",
		"9.17 ms",
		"71.5 ms",
		"18.8 mJ (E)",
		"1.32 [1.14, 1.53]",
		"[0.583, 0.583] A",
		"above 1.67 bn",
		"above 519 M, in",
		"PAYS",
		"DOES-NOT-PAY,",
		"ROBUST",
		"no: the runs",
		"no: open",
		"How sure is it?",
		"0.408\u20130.817",
		"< 1 %",
		"0.583 nominally, at least 0.410 at moderate severity (cpu:50)",
		"incomplete, without burst, noise, memory, cold, colocated",
		"UNDECIDED",
		"NO-SCORE",
		"quick on rented machines pays: use it",
		"A clinic with four clinicians",
		"A school",
		"never",
		"sums: only 10 % of 64 items right",
		"  ! other programs used 12 % of the machine's CPU time",
	};
	static const int columns[] = { 100, 80, 60 };
	struct oae_error err = { 0 };
	struct oae_buf b;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		oae_buf_init(&b, 1 << 20);
		assert_int_equal(oae_report_table(result, &b, columns[i], &err),
				 OAE_OK);
		assert_true(widest_line(oae_buf_str(&b)) <= (size_t)columns[i]);
		for (size_t k = 0; i == 0 && k < sizeof(words) / sizeof(*words);
		     k++)
			if (!strstr(oae_buf_str(&b), words[k]))
				fail_msg("not in the table: %s", words[k]);
		oae_buf_release(&b);
	}
}

/* Everything that a report makes of a result, without gnuplot. */
static void make_all(const cJSON *json)
{
	/* What an unguarded number would look like in a range or a tick. */
	static const char *const bad[] = { " nan", ":nan", "[nan", "-nan",
					   " inf", ":inf", "[inf", "-inf" };
	struct oae_report *r = calloc(1, sizeof(*r));
	struct oae_error err = { 0 };
	struct oae_buf b;
	struct oae_plot p;

	assert_non_null(r);
	r->n_runs = 1;
	r->runs[0].json = json;
	oae_buf_init(&b, 1 << 24);
	assert_int_equal(oae_report_text(r, &b, 100, &err), OAE_OK);
	assert_int_equal(oae_page_html(r, "/nonexistent", &b, &err), OAE_OK);
	assert_int_equal(oae_page_markdown(r, "/nonexistent", &b, &err),
			 OAE_OK);
	oae_csv_systems(r, &b);
	oae_csv_scores(r, &b);
	oae_csv_curve(r, &b);
	oae_csv_latency(r, &b);
	oae_csv_conditions(r, &b);
	assert_int_equal(oae_buf_check(&b, "all", &err), OAE_OK);
	oae_buf_release(&b);
	for (int i = 0; i < 9; i++) {
		memset(&p, 0, sizeof(p));
		p.report = r;
		oae_buf_init(&p.gp, 1 << 22);
		oae_buf_init(&p.dat, 1 << 22);
		if (i < 2)
			oae_plot_oae(&p, "x", (enum oae_view_mode)i);
		else if (i < 4)
			oae_plot_cost(&p, "x", (enum oae_view_mode)(i - 2));
		else if (i < 6)
			oae_plot_tornado(&p, "x", (enum oae_view_mode)(i - 4));
		else if (i < 8)
			oae_plot_conditions(&p, "x",
					    (enum oae_view_mode)(i - 6));
		else
			oae_plot_latency(&p, "x");
		assert_int_equal(oae_buf_check(&p.gp, "gp", &err), OAE_OK);
		for (size_t k = 0; k < sizeof(bad) / sizeof(*bad); k++)
			if (strstr(oae_buf_str(&p.gp), bad[k]))
				fail_msg("%s in a script", bad[k]);
		oae_buf_release(&p.gp);
		oae_buf_release(&p.dat);
	}
	free(r);
}

/*
 * Each member of the tree in turn is a string, null, or not there; then it
 * comes back. `count` goes on over the whole tree.
 */
static void damage(cJSON *top, cJSON *node, size_t *count)
{
	cJSON *child, *last = NULL, *other = NULL;
	int n = cJSON_GetArraySize(node);

	for (int i = 0; i < n; i++) {
		/* Put back at the end, so the first is always the next. */
		child = cJSON_DetachItemFromArray(node, 0);
		assert_non_null(child);
		last = child;
		if (child->string) {
			if (*count % 3 < 2) {
				other = *count % 3 ? cJSON_CreateNull() :
						     cJSON_CreateString("x'");
				cJSON_AddItemToObject(node, child->string,
						      other);
			}
			make_all(top);
			if (*count % 3 < 2)
				cJSON_Delete(cJSON_DetachItemViaPointer(node,
									other));
			++*count;
			cJSON_AddItemToObject(node, last->string, last);
		} else {
			cJSON_AddItemToArray(node, last);
		}
		if (child->child)
			damage(top, child, count);
	}
}

static void damaged_results_do_no_harm(void **state)
{
	cJSON *copy = cJSON_Duplicate(result, 1);
	size_t count = 0;

	(void)state;
	assert_non_null(copy);
	make_all(copy);
	damage(copy, copy, &count);
	assert_true(count > 500);
	cJSON_Delete(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_three_digits),
		cmocka_unit_test(outside_text_is_escaped),
		cmocka_unit_test(sheets_wrap_and_lose_nothing),
		cmocka_unit_test(svg_ids_get_a_prefix),
		cmocka_unit_test(the_table_fits_and_says_all),
		cmocka_unit_test(damaged_results_do_no_harm),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
