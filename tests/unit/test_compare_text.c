/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons for people and CI systems, with names that want to break out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "reports/compare.h"

/* %s: verdict, policy, and verdict and reason of the one metric. */
static const char document[] =
	"{\"verdict\":\"%s\",\"on_inconclusive\":\"%s\",\"how\":\"paired\","
	"\"base\":{\"given\":\"a<b>&\\\"'`|%%\\n::error::x\","
	"\"revision\":null},\"head\":{\"given\":\"HEAD\",\"revision\":"
	"\"0123456789abcdef\"},\"rules\":{\"alpha\":0.01,\"looks_planned\":1,"
	"\"resolution\":0.05},"
	"\"differences\":[{\"what\":\"cpu\",\"base\":\"<A>\",\"head\":\"B&C\","
	"\"allowed\":false},{\"what\":\"kernel\",\"base\":\"1\","
	"\"head\":\"2\",\"allowed\":true}],"
	"\"metrics\":[{\"metric\":\"s_per_request\",\"unit\":\"s\","
	"\"workload\":\"w<1>\",\"base_system\":\"base/x\","
	"\"head_system\":\"head/x:k=\\\"1\\\"\\n\",\"base_n\":10,"
	"\"head_n\":10,\"base\":0.1,\"head\":0.2,\"threshold\":0.03,"
	"\"worse\":{\"value\":1,\"low\":0.5,\"high\":1.6},"
	"\"detectable\":0.12,\"verdict\":\"%s\",\"reason\":\"100 %% & <so>\"}],"
	"\"false_positives\":null,\"notes\":[\"note <1>\\r\\n::error::y\"]}";

typedef enum oae_status draw_fn(const cJSON *doc, struct oae_buf *out,
				struct oae_error *err);

static void drawn(draw_fn *fn, const char *verdict, const char *policy,
		  const char *metric, struct oae_buf *out)
{
	struct oae_error err = { OAE_OK, 0, "" };
	char text[4096];
	cJSON *doc;

	snprintf(text, sizeof(text), document, verdict, policy, metric);
	if (oae_json_parse(text, strlen(text), &doc, &err))
		fail_msg("%s", err.text);
	oae_buf_init(out, OAE_TEXT_FILE_BYTES_MAX);
	assert_int_equal(fn(doc, out, &err), OAE_OK);
	cJSON_Delete(doc);
}

static enum oae_status as_text(const cJSON *doc, struct oae_buf *out,
			       struct oae_error *err)
{
	return oae_compare_text(doc, out, 100, err);
}

static bool has(const struct oae_buf *b, const char *word)
{
	return strstr(oae_buf_str(b), word) != NULL;
}

/* Every line that GitHub would take for a command is one of ours. */
static void annotations(void **state)
{
	struct oae_buf out;
	const char *line;
	size_t lines = 0;

	(void)state;
	drawn(oae_compare_github, "regression", "fail", "regression", &out);
	for (line = oae_buf_str(&out); *line; line = strchr(line, '\n') + 1) {
		assert_true(strncmp(line, "::error title=oae%3A s_per_request",
				    34) == 0 ||
			    strncmp(line, "::notice title=oae compare::", 28) ==
				    0);
		lines++;
	}
	assert_int_equal(lines, 2);
	assert_true(has(&out, "100 %25 & <so>"));
	assert_true(has(&out, "%0A"));
	oae_buf_release(&out);

	drawn(oae_compare_github, "inconclusive", "pass", "inconclusive", &out);
	assert_true(has(&out, "::warning title="));
	assert_false(has(&out, "::error title="));
	oae_buf_release(&out);
	drawn(oae_compare_github, "inconclusive", "fail", "inconclusive", &out);
	assert_true(has(&out, "::error title=oae compare::"));
	oae_buf_release(&out);
	drawn(oae_compare_github, "not comparable", "fail", "regression", &out);
	assert_true(has(&out, "::error title=oae compare::NOT COMPARABLE"));
	assert_true(has(&out, "cpu (<A> / B&C)"));
	assert_false(has(&out, "kernel"));
	oae_buf_release(&out);
}

static void junit(void **state)
{
	struct oae_buf out;

	(void)state;
	drawn(oae_compare_junit, "regression", "fail", "regression", &out);
	assert_true(has(&out, "tests=\"2\" failures=\"1\" errors=\"0\""));
	assert_true(
		has(&out, "classname=\"oae.head/x:k=&quot;1&quot; .w&lt;1"));
	assert_true(has(&out, "100 % &amp; &lt;so&gt;"));
	assert_false(has(&out, "<so>"));
	oae_buf_release(&out);
	drawn(oae_compare_junit, "inconclusive", "fail", "inconclusive", &out);
	assert_true(has(&out, "failures=\"0\" errors=\"1\" skipped=\"0\""));
	oae_buf_release(&out);
	drawn(oae_compare_junit, "inconclusive", "pass", "inconclusive", &out);
	assert_true(has(&out, "failures=\"0\" errors=\"0\" skipped=\"1\""));
	oae_buf_release(&out);
	/* What is not comparable has not failed either. */
	drawn(oae_compare_junit, "not comparable", "fail", "regression", &out);
	assert_true(has(&out, "failures=\"0\" errors=\"1\" skipped=\"1\""));
	oae_buf_release(&out);
}

static void markdown(void **state)
{
	struct oae_buf out;

	(void)state;
	drawn(oae_compare_markdown, "regression", "fail", "regression", &out);
	assert_true(has(&out, "a&lt;b&gt;&amp;"));
	assert_true(has(&out, "\\`\\|"));
	assert_true(has(&out, "| WORSE |"));
	assert_false(has(&out, "<so>"));
	assert_false(has(&out, "\r"));
	oae_buf_release(&out);
}

static void text(void **state)
{
	struct oae_buf out;

	(void)state;
	drawn(as_text, "regression", "fail", "regression", &out);
	assert_true(has(&out, "REGRESSION: "));
	assert_true(has(&out, "+100"));
	assert_true(has(&out, "(0123456789ab)"));
	oae_buf_release(&out);
	/* (ln 1.12 - ln 1.03)^2 / (ln 1.05 - ln 1.03)^2 * 10 is 190 */
	drawn(as_text, "inconclusive", "fail", "inconclusive", &out);
	assert_true(has(&out, "about 190 pairs"));
	oae_buf_release(&out);
	drawn(as_text, "pass", "fail", "pass", &out);
	assert_true(has(&out, "PASS: "));
	assert_true(has(&out, "12.0 %"));
	oae_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(annotations),
		cmocka_unit_test(junit),
		cmocka_unit_test(markdown),
		cmocka_unit_test(text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
