/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up steps of a manifest: what is read, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "schema/manifest.h"

static char dir[64];

static void says(const struct oae_error *err, const char *text)
{
	if (!strstr(err->text, text))
		fail_msg("\"%s\" does not say \"%s\"", err->text, text);
	assert_null(strchr(err->text, '\n'));
}

static void read_steps(const char *members, struct oae_manifest *m,
		       struct oae_error *err)
{
	char text[2000], path[100];

	snprintf(path, sizeof(path), "%s/adapter.json", dir);
	snprintf(text, sizeof(text),
		 "{\"oae_adapter\":1,\"name\":\"a\",\"version\":\"1\","
		 "\"title\":\"t\",\"licence\":\"l\",\"command\":[\"x\"],"
		 "\"systems\":[{\"name\":\"s\",\"title\":\"t\","
		 "\"kind\":\"k\",\"knobs\":[{\"name\":\"gamma\","
		 "\"type\":\"int\",\"default\":4}]}],%s}",
		 members);
	assert_int_equal(oae_file_write(path, text, strlen(text), err), OAE_OK);
	(void)oae_manifest_read(dir, m, err);
}

static void refuse_steps(const char *members, const char *text)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_manifest m;

	read_steps(members, &m, &err);
	assert_int_equal(err.status, OAE_ERR_FORMAT);
	says(&err, text);
	oae_manifest_release(&m);
}

static void test_setup_steps(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_manifest m;

	(void)state;
	read_steps("\"materials\":[\"base\"],\"first\":{\"prompt\":\"hi\","
		   "\"network\":true},\"setup\":["
		   "{\"packages\":[\"gcc\",\"libc6-dev\"]},"
		   "{\"argv\":[\"make\"],\"network\":true,"
		   "\"sets\":[\"gamma\"],\"limit_s\":7},"
		   "{\"patch\":\"setup/a.patch\"}]",
		   &m, &err);
	if (err.status)
		fail_msg("%s", err.text);
	assert_int_equal(m.setup_count, 3);
	assert_int_equal(m.setup[0].kind, OAE_SETUP_PACKAGES);
	assert_int_equal(m.setup[0].packages.count, 2);
	assert_false(m.setup[0].network);
	assert_int_equal(m.setup[1].kind, OAE_SETUP_COMMAND);
	assert_true(m.setup[1].network);
	assert_int_equal(m.setup[1].limit_s, 7);
	assert_string_equal(m.setup[1].sets.item[0], "gamma");
	assert_int_equal(m.setup[2].kind, OAE_SETUP_PATCH);
	assert_string_equal(m.first_prompt, "hi");
	assert_true(m.first_network);
	assert_int_equal(m.materials.count, 1);
	oae_manifest_release(&m);
}

static void test_bad_setup_steps(void **state)
{
	(void)state;
	refuse_steps("\"setup\":[{}]", "one of");
	refuse_steps("\"setup\":[{\"argv\":[\"a\"],\"patch\":\"b\"}]",
		     "one of");
	refuse_steps("\"setup\":[{\"argv\":[]}]", "is empty");
	refuse_steps("\"setup\":[{\"packages\":[\"-o=x\"]}]", "no name");
	refuse_steps("\"setup\":[{\"packages\":[\"GCC\"]}]", "no name");
	refuse_steps("\"setup\":[{\"patch\":\"../x\"}]", "below");
	refuse_steps("\"setup\":[{\"argv\":[\"a\"],\"limit_s\":0}]", "limit_s");
	refuse_steps("\"setup\":[{\"argv\":[\"a\"],\"sets\":[\"delta\"]}]",
		     "no system has a knob");
	refuse_steps("\"setup\":[{\"argv\":[\"a\"],\"root\":1}]", "root");
	refuse_steps("\"materials\":[\"/etc\"]", "below");
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/oae-test-steps-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setup_steps),
		cmocka_unit_test(test_bad_setup_steps),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
