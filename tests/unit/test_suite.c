/* SPDX-License-Identifier: Apache-2.0 */
/* Loading suites: the shipped ones, and files that must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "workloads/suite.h"

static char home[OAE_PATH_BYTES_MAX];

static int set_up(void **state)
{
	struct oae_error err = { 0 };

	(void)state;
	return oae_home(home, sizeof(home), &err) != OAE_OK;
}

#define RIGHT                                                               \
	"{\"oae_suite\":1,\"id\":\"s\",\"title\":\"S\","                    \
	"\"systems\":[\"null/echo\",\"a/b\"],\"baseline\":\"a/b\","         \
	"\"workloads\":[{\"id\":\"sums\",\"items_per_run\":5}],"            \
	"\"scenario\":\"SingleStream\",\"conditions\":[\"nominal\"],"       \
	"\"runs\":4,\"scale\":[{\"shape\":\"x-1b\",\"quant\":\"q8_0\","     \
	"\"system\":\"a/b\",\"tokens_in\":6,\"tokens_out\":2,\"runs\":2}]," \
	"\"profiles\":[\"clinic\"]}"

/* Reads RIGHT with the first `from` replaced by `to`. */
static enum oae_status read_changed(const char *from, const char *to,
				    struct oae_suite *s, struct oae_error *err)
{
	char path[] = "/tmp/oae-suite-XXXXXX", text[2048];
	const char *at = strstr(RIGHT, from);
	enum oae_status status;
	int fd = mkstemp(path);

	assert_true(fd >= 0 && at);
	close(fd);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - RIGHT), RIGHT, to,
		 at + strlen(from));
	memset(err, 0, sizeof(*err));
	assert_int_equal(oae_file_write(path, text, strlen(text), err), OAE_OK);
	status = oae_suite_read(path, s, err);
	unlink(path);
	return status;
}

static void test_read(void **state)
{
	struct oae_suite s;
	struct oae_error err;

	(void)state;
	if (read_changed("nominal", "nominal", &s, &err))
		fail_msg("%s", err.text);
	assert_int_equal(s.system_count, 2);
	assert_int_equal(s.baseline, 1);
	assert_string_equal(s.systems[1], "a/b");
	assert_int_equal(s.workload_count, 1);
	assert_string_equal(s.workloads[0].id, "sums");
	assert_int_equal(s.workloads[0].items_per_run, 5);
	assert_string_equal(s.load.scenario, "SingleStream");
	assert_string_equal(s.conditions[0], "nominal");
	assert_int_equal(s.runs, 4);
	assert_int_equal(s.scale_count, 1);
	assert_string_equal(s.scale[0].shape, "x-1b");
	assert_int_equal(s.scale[0].tokens_in, 6);
	assert_int_equal(s.scale[0].tokens_out, 2);
	assert_string_equal(s.profiles[0], "clinic");
	assert_int_equal(strlen(s.sha256), 64);
	oae_suite_release(&s);
}

static void test_refused(void **state)
{
	static const struct {
		const char *from, *to;
		enum oae_status status;
		const char *word;
	} cases[] = {
		{ "\"oae_suite\":1", "\"oae_suite\":9", OAE_ERR_UNSUPPORTED,
		  "version 9" },
		{ "\"runs\":4", "\"runs\":3", OAE_ERR_FORMAT, "even" },
		{ "\"runs\":4", "\"runs\":0", OAE_ERR_LIMIT, "runs" },
		{ "\"runs\":4", "\"runs\":-2", OAE_ERR_FORMAT, "runs" },
		{ "\"runs\":4", "\"runs\":4,\"rums\":1", OAE_ERR_FORMAT,
		  "rums" },
		{ "\"baseline\":\"a/b\"", "\"baseline\":\"a/c\"",
		  OAE_ERR_FORMAT, "a/c" },
		{ "null/echo", "a/b", OAE_ERR_FORMAT, "twice" },
		{ "null/echo", "null", OAE_ERR_FORMAT, "systems" },
		{ "null/echo", "../../bin/sh", OAE_ERR_FORMAT, "systems" },
		{ "\"nominal\"", "", OAE_ERR_FORMAT, "empty" },
		{ "SingleStream", "Batch", OAE_ERR_FORMAT, "MultiStream" },
		{ "SingleStream", "Server", OAE_ERR_FORMAT, "--rate" },
		{ "\"runs\":4", "\"runs\":4,\"load\":{\"rate\":1}",
		  OAE_ERR_FORMAT, "rate_per_s" },
		{ "\"runs\":4", "\"runs\":4,\"load\":{\"rate_per_s\":1}",
		  OAE_ERR_FORMAT, "a rate goes with" },
		{ "\"runs\":4", "\"runs\":4,\"load\":{\"concurrency\":5000}",
		  OAE_ERR_LIMIT, "1024" },
		{ "\"runs\":4", "\"runs\":4,\"load\":{\"goodput\":\"x:1\"}",
		  OAE_ERR_FORMAT, "ttft" },
		{ "\"items_per_run\":5", "\"items_per_run\":0", OAE_ERR_LIMIT,
		  "items_per_run" },
		{ "\"items_per_run\":5", "\"items\":5", OAE_ERR_FORMAT,
		  "workloads" },
		{ "\"system\":\"a/b\"", "\"system\":\"x/y\"", OAE_ERR_FORMAT,
		  "x/y" },
		{ "x-1b", "x/1b", OAE_ERR_FORMAT, "shape" },
		{ "[\"clinic\"]", "[\"clinic\",\"clinic\"]", OAE_ERR_FORMAT,
		  "twice" },
		{ "[\"clinic\"]", "\"clinic\"", OAE_ERR_FORMAT, "profiles" },
		{ "\"title\":\"S\",", "", OAE_ERR_FORMAT, "title" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct oae_suite s;
		struct oae_error err;

		assert_int_equal(read_changed(cases[i].from, cases[i].to, &s,
					      &err),
				 cases[i].status);
		if (!strstr(err.text, cases[i].word))
			fail_msg("\"%s\" does not say \"%s\"", err.text,
				 cases[i].word);
		oae_suite_release(&s);
	}
}

static void test_shipped(void **state)
{
	struct oae_error err = { 0 };
	struct oae_id_list list;

	(void)state;
	assert_int_equal(oae_suite_list(home, &list, &err), OAE_OK);
	assert_true(list.count >= 2);
	for (size_t i = 0; i < list.count; i++) {
		struct oae_suite s;

		if (oae_suite_load(home, list.id[i], &s, &err))
			fail_msg("%s", err.text);
		for (size_t k = 0; k < s.workload_count; k++) {
			struct oae_workload w;

			if (oae_workload_load(home, s.workloads[k].id, &w,
					      &err))
				fail_msg("%s", err.text);
			assert_true(s.workloads[k].items_per_run <=
				    w.item_count);
			oae_workload_release(&w);
		}
		oae_suite_release(&s);
	}
}

static void test_unknown(void **state)
{
	struct oae_error err = { 0 };
	struct oae_suite s;

	(void)state;
	assert_int_equal(oae_suite_load(home, "quikc", &s, &err),
			 OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "quick, robustness, server, smoke"));
	oae_suite_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
