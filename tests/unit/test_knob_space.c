/* SPDX-License-Identifier: Apache-2.0 */
/* The knob space: what is read, what is drawn from it, what is refused. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/file.h"
#include "schema/knob_space.h"

static void ok(enum oae_status status, const struct oae_error *err)
{
	if (status)
		fail_msg("%s", err->text);
}

static void near_(double a, double b, double by)
{
	if (!(fabs(a - b) <= by))
		fail_msg("%.9g is not %.9g", a, b);
}

static const char manifest_head[] =
	"{\"oae_adapter\":1,\"name\":\"m\",\"version\":\"1\",\"title\":\"t\","
	"\"licence\":\"L\",\"command\":[\"x\"],\"systems\":[{\"name\":\"s\","
	"\"title\":\"t\",\"kind\":\"dense\",";

static enum oae_status read_manifest(const char *dir, const char *rest,
				     struct oae_manifest *m,
				     struct oae_error *err)
{
	struct oae_buf b;
	char path[400];

	oae_buf_init(&b, 1 << 16);
	oae_buf_printf(&b, "%s%s}]}", manifest_head, rest);
	ok(oae_dir_make(dir, err), err);
	snprintf(path, sizeof(path), "%s/adapter.json", dir);
	ok(oae_file_write(path, b.data, b.len, err), err);
	oae_buf_release(&b);
	return oae_manifest_read(dir, m, err);
}

static const char space[] =
	"\"knobs\":["
	"{\"name\":\"a\",\"type\":\"int\",\"default\":4,\"low\":0,\"high\":99,"
	"\"tune\":{\"low\":1,\"high\":16,\"log\":true}},"
	"{\"name\":\"b\",\"type\":\"int\",\"default\":2,\"low\":1,"
	"\"high\":8},"
	"{\"name\":\"c\",\"type\":\"bool\",\"default\":true},"
	"{\"name\":\"d\",\"type\":\"choice\",\"default\":\"x\",\"choices\":"
	"[\"x\",\"y\",\"z\"]},"
	"{\"name\":\"e\",\"type\":\"number\",\"default\":0.5,\"low\":0,"
	"\"high\":1},"
	"{\"name\":\"f\",\"type\":\"string\",\"default\":\"text\"},"
	"{\"name\":\"g\",\"type\":\"int\",\"default\":7,\"low\":0,"
	"\"high\":9,\"tune\":false},"
	"{\"name\":\"h\",\"type\":\"int\",\"default\":0,\"tune\":{\"values\":"
	"[0,2,4,8,16]}}],"
	"\"constraints\":[{\"knob\":\"b\",\"at_most\":\"a\"}]";

static void test_draws(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	size_t below = 0, of_a[17] = { 0 }, of_d[3] = { 0 };
	char texts[8][OAE_KNOB_TEXT], first[8][OAE_KNOB_TEXT];
	bool pinned[8] = { false };
	struct oae_manifest m;
	struct oae_rng rng, same;

	ok(read_manifest(*state, space, &m, &err), &err);
	pinned[2] = true;
	oae_rng_seed(&rng, 1);
	oae_rng_seed(&same, 1);
	for (int i = 0; i < 8000; i++) {
		const struct oae_system_entry *s = &m.systems[0];
		cJSON *knobs = NULL;
		double a, b;

		ok(oae_space_draw(s, NULL, pinned, &rng, texts, &knobs, &err),
		   &err);
		a = oae_json_num_or(knobs, "a", NAN);
		b = oae_json_num_or(knobs, "b", NAN);
		assert_true(a >= 1 && a <= 16 && b >= 1 && b <= a && b <= 8);
		assert_true(cJSON_IsTrue(
			cJSON_GetObjectItemCaseSensitive(knobs, "c")));
		assert_true(oae_json_num_or(knobs, "e", -1) >= 0);
		assert_true(oae_json_num_or(knobs, "e", 2) <= 1);
		assert_int_equal(oae_json_num_or(knobs, "g", 0), 7);
		assert_string_equal(oae_json_str_or(knobs, "f", ""), "text");
		assert_string_equal(texts[2], "");
		assert_string_equal(texts[5], "");
		below += a <= 4;
		of_a[(int)a]++;
		of_d[*oae_json_str_or(knobs, "d", "x") - 'x']++;
		cJSON_Delete(knobs);
		if (i == 0) {
			ok(oae_space_draw(s, NULL, pinned, &same, first, &knobs,
					  &err),
			   &err);
			for (int k = 0; k < 8; k++)
				assert_string_equal(texts[k], first[k]);
			cJSON_Delete(knobs);
		}
	}
	/*
	 * Log-uniform in [1, 17), b uniform in 1..8, kept when b <= a: a's
	 * share is ln((a + 1) / a) min(a, 8), up to one factor.
	 */
	for (int a = 1; a <= 16; a *= 2) {
		double all = 0, own = log((a + 1.0) / a) * fmin(a, 8);

		for (int k = 1; k <= 16; k++)
			all += log((k + 1.0) / k) * fmin(k, 8);
		near_((double)of_a[a] / 8000, own / all, 0.02);
	}
	for (int k = 0; k < 3; k++)
		near_((double)of_d[k] / 8000, 1.0 / 3, 0.02);
	assert_true(below > 0);
	oae_manifest_release(&m);
}

static size_t others(const struct oae_manifest *m, const char *name,
		     char out[][OAE_KNOB_TEXT])
{
	const struct oae_knob *k = oae_system_knob(&m->systems[0], name);

	return oae_knob_alternatives(k, k->otherwise, out);
}

static void test_alternatives(void **state)
{
	char v[OAE_KNOB_ALTERNATIVES_MAX][OAE_KNOB_TEXT];
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_manifest m;

	ok(read_manifest(*state, space, &m, &err), &err);
	assert_int_equal(others(&m, "a", v), 2);
	assert_string_equal(v[0], "1");
	assert_string_equal(v[1], "16");
	assert_int_equal(others(&m, "c", v), 1);
	assert_string_equal(v[0], "false");
	assert_int_equal(others(&m, "d", v), 2);
	assert_int_equal(others(&m, "f", v), 0);
	assert_int_equal(others(&m, "g", v), 0);
	/* The default is the list's first: its other end, then the rest. */
	assert_int_equal(others(&m, "h", v), 3);
	assert_string_equal(v[0], "16");
	assert_string_equal(v[1], "2");
	oae_manifest_release(&m);
}

static void test_bad_space(void **state)
{
	static const char *const bad[][2] = {
		{ "\"tune\":{\"low\":3,\"high\":2}", "ends in order" },
		{ "\"tune\":{\"low\":0,\"high\":4,\"log\":true}", "above 0" },
		{ "\"tune\":{\"low\":1,\"high\":100}", "own bounds" },
		{ "\"tune\":{\"low\":1.5}", "whole" },
		{ "\"tune\":{\"values\":[]}", "1 to 64" },
		{ "\"tune\":{\"values\":[50]}", "out of" },
		{ "\"tune\":{\"values\":[1],\"low\":1}", "either" },
		{ "\"tune\":{\"values\":[null]}", "a value must be" },
		{ "\"tune\":{\"step\":1}", "step" },
		{ "\"tune\":true", "" },
	};
	struct oae_error err;
	struct oae_manifest m;
	char text[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		snprintf(text, sizeof(text),
			 "\"knobs\":[{\"name\":\"a\",\"type\":\"int\","
			 "\"default\":1,\"low\":0,\"high\":9,%s}]",
			 bad[i][0]);
		assert_int_equal(read_manifest(*state, text, &m, &err),
				 OAE_ERR_FORMAT);
		if (!strstr(err.text, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], err.text);
		oae_manifest_release(&m);
	}
}

static void test_bad_constraints(void **state)
{
	static const char *const bad[][2] = {
		{ "{\"knob\":\"a\"}", "either" },
		{ "{\"knob\":\"a\",\"at_most\":3,\"at_least\":1}", "either" },
		{ "{\"knob\":\"q\",\"at_most\":3}", "either" },
		{ "{\"knob\":\"a\",\"at_most\":\"q\"}", "either" },
		{ "{\"knob\":\"a\",\"at_least\":5}", "defaults break" },
		{ "{\"knob\":\"a\",\"equal\":5}", "equal" },
	};
	struct oae_error err;
	struct oae_manifest m;
	char text[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		snprintf(text, sizeof(text),
			 "\"knobs\":[{\"name\":\"a\",\"type\":\"int\","
			 "\"default\":1,\"low\":0,\"high\":9}],"
			 "\"constraints\":[%s]",
			 bad[i][0]);
		assert_int_equal(read_manifest(*state, text, &m, &err),
				 OAE_ERR_FORMAT);
		if (!strstr(err.text, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], err.text);
		oae_manifest_release(&m);
	}
}

static int setup(void **state)
{
	static char dir[] = "/tmp/oae-knobs-XXXXXX";

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	char command[400];

	snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draws),
		cmocka_unit_test(test_alternatives),
		cmocka_unit_test(test_bad_space),
		cmocka_unit_test(test_bad_constraints),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
