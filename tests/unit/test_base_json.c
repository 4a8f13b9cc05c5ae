/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/rng.h"

static enum oae_status check(const char *text)
{
	struct oae_error err = { 0 };
	enum oae_status status = oae_json_check(text, strlen(text), &err);

	assert_int_equal(status, err.status);
	assert_true((status == OAE_OK) == (err.text[0] == '\0'));
	return status;
}

static void accepts_valid(void **state)
{
	static const char *const valid[] = {
		"0",
		"-0",
		"1.5e-3",
		"1E+2",
		"true",
		"false",
		"null",
		"\"\"",
		"[]",
		"{}",
		" [ 1 , 2 ] ",
		"{\"a\":1,\"b\":{\"a\":2}}",
		"\"\\u00e9\\n\\\\\\/\\ud83d\\ude00\"",
		"\"\x7f\"",
		"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
		"[[],[{}]]\n",
		"{\"\":0,\" \":1}",
		"\"\xed\x9f\xbf\xee\x80\x80\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(valid) / sizeof(*valid); i++)
		if (check(valid[i]) != OAE_OK)
			fail_msg("refused: %s", valid[i]);
}

static void refuses_malformed(void **state)
{
	static const char *const invalid[] = {
		"",
		" ",
		"01",
		"-01",
		"00",
		"-",
		"+1",
		".5",
		"1.",
		"1.e2",
		"1e",
		"1e+",
		"0x10",
		"NaN",
		"nan",
		"Infinity",
		"-Infinity",
		"1e999",
		"-1e999",
		"tru",
		"truex",
		"True",
		"nul",
		"'a'",
		"\"",
		"\"a",
		"\"\\\"",
		"\"\\x41\"",
		"\"\\u12\"",
		"\"\\u12g4\"",
		"\"\\ud800\"",
		"\"\\ud800x\"",
		"\"\\ud800\\n\"",
		"\"\\ud800\\ud800\"",
		"\"\\udc00\"",
		"\"\\u0000\"",
		"\"\n\"",
		"\"\t\"",
		"\"\x01\"",
		"\"\x1f\"",
		"[",
		"]",
		"[1",
		"[1,",
		"[1,]",
		"[,1]",
		"[1 2]",
		"[1:2]",
		"{",
		"}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"{\"a\" 1}",
		"{1:1}",
		"{\"a\":1 \"b\":2}",
		"[}",
		"{]",
		"1 2",
		"{}{}",
		"[]x",
		"null,",
		"// c\n1",
		"[1]/**/",
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}",
		"{\"x\":{\"a\":1,\"b\":0,\"a\":1}}",
		"{\"\":1,\"\":1}",
		"[{\"k\":[{\"k\":1}],\"k\":1}]",
		/* UTF-8: stray, cut off, overlong, surrogate, too large */
		"\"\x80\"",
		"\"\xc3\"",
		"\"\xc3(\"",
		"\"\xc0\xaf\"",
		"\"\xc1\xbf\"",
		"\"\xe0\x9f\xbf\"",
		"\"\xed\xa0\x80\"",
		"\"\xf0\x8f\xbf\xbf\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xff\"",
		"\"\xe2\x82\"",
		"\"\xf5\x80\x80\x80\"",
		"\xef\xbb\xbf{}",
		"\f1",
		"\v1",
		"\xc2\xa0 1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
		if (check(invalid[i]) != OAE_ERR_FORMAT)
			fail_msg("accepted: %s", invalid[i]);
}

static void refuses_nul_bytes(void **state)
{
	(void)state;
	assert_int_equal(oae_json_check("1\0", 2, NULL), OAE_ERR_FORMAT);
	assert_int_equal(oae_json_check("\"a\0b\"", 5, NULL), OAE_ERR_FORMAT);
	assert_int_equal(oae_json_check("\0", 1, NULL), OAE_ERR_FORMAT);
}

static void bounds_reading(void **state)
{
	/* Without a NUL behind it, so that a sanitizer sees a step beyond. */
	static const char *const cut[] = { "[1",     "\"\\",   "\"\\u1",
					   "\"\xe2", "tr",     "-",
					   "1e",     "{\"a\"", "\"\\ud800\\" };

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(*cut); i++) {
		size_t len = strlen(cut[i]);
		char *exact = malloc(len);

		assert_non_null(exact);
		memcpy(exact, cut[i], len);
		assert_int_equal(oae_json_check(exact, len, NULL),
				 OAE_ERR_FORMAT);
		free(exact);
	}
}

static void limits_depth(void **state)
{
	char text[2 * (OAE_JSON_DEPTH_MAX + 1) + 1];

	(void)state;
	for (int depth = OAE_JSON_DEPTH_MAX; depth <= OAE_JSON_DEPTH_MAX + 1;
	     depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		text[2 * depth] = '\0';
		assert_int_equal(check(text), depth > OAE_JSON_DEPTH_MAX ?
						      OAE_ERR_LIMIT :
						      OAE_OK);
	}
}

static void finds_duplicates_among_many(void **state)
{
	struct oae_buf b;

	(void)state;
	oae_buf_init(&b, 1u << 20);
	oae_buf_puts(&b, "{");
	for (int i = 0; i < 5000; i++)
		oae_buf_printf(&b, "\"k%d\":%d,", i, i);
	oae_buf_puts(&b, "\"last\":0}");
	assert_int_equal(check(oae_buf_str(&b)), OAE_OK);
	b.len--;
	oae_buf_puts(&b, ",\"k2500\":0}");
	assert_int_equal(check(oae_buf_str(&b)), OAE_ERR_FORMAT);
	oae_buf_release(&b);
}

static void names_the_place(void **state)
{
	struct oae_error err = { 0 };
	const char *text = "{\n \"a\": 01}";
	cJSON *tree = (cJSON *)&err;

	(void)state;
	assert_int_equal(oae_json_parse(text, strlen(text), &tree, &err),
			 OAE_ERR_FORMAT);
	assert_null(tree);
	assert_string_equal(err.text, "JSON line 2 byte 8: a number with a "
				      "leading zero");
}

static cJSON *parse(const char *text)
{
	struct oae_error err = { 0 };
	cJSON *tree;

	if (oae_json_parse(text, strlen(text), &tree, &err))
		fail_msg("%s", err.text);
	return tree;
}

static void gets_typed_members(void **state)
{
	cJSON *t = parse("{\"s\":\"x\",\"n\":2.5,\"i\":7,\"neg\":-1,"
			 "\"big\":\"18446744073709551615\",\"t\":true,"
			 "\"o\":{},\"a\":[],\"z\":null}");
	struct oae_error err = { 0 };
	const cJSON *item;
	const char *s;
	uint64_t u;
	double d;
	bool b;

	(void)state;
	assert_int_equal(oae_json_str(t, "s", &s, NULL), OAE_OK);
	assert_string_equal(s, "x");
	assert_int_equal(oae_json_num(t, "n", &d, NULL), OAE_OK);
	assert_true(d == 2.5);
	assert_int_equal(oae_json_u64(t, "i", &u, NULL), OAE_OK);
	assert_true(u == 7);
	assert_int_equal(oae_json_u64(t, "big", &u, NULL), OAE_OK);
	assert_true(u == UINT64_MAX);
	assert_int_equal(oae_json_bool(t, "t", &b, NULL), OAE_OK);
	assert_true(b);
	assert_int_equal(oae_json_obj(t, "o", &item, NULL), OAE_OK);
	assert_int_equal(oae_json_arr(t, "a", &item, NULL), OAE_OK);

	assert_int_equal(oae_json_str(t, "n", &s, &err), OAE_ERR_FORMAT);
	assert_string_equal(err.text, "\"n\": must be a string");
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_json_str(NULL, "q", &s, &err), OAE_ERR_FORMAT);
	assert_string_equal(err.text, "\"q\": missing (a string)");
	assert_int_equal(oae_json_u64(t, "n", &u, NULL), OAE_ERR_FORMAT);
	assert_int_equal(oae_json_u64(t, "neg", &u, NULL), OAE_ERR_FORMAT);
	assert_int_equal(oae_json_u64(t, "s", &u, NULL), OAE_ERR_FORMAT);
	assert_int_equal(oae_json_obj(t, "a", &item, NULL), OAE_ERR_FORMAT);
	assert_int_equal(oae_json_arr(t, "o", &item, NULL), OAE_ERR_FORMAT);
	assert_int_equal(oae_json_bool(t, "z", &b, NULL), OAE_ERR_FORMAT);

	assert_string_equal(oae_json_str_or(t, "s", "d"), "x");
	assert_string_equal(oae_json_str_or(t, "n", "d"), "d");
	assert_true(oae_json_num_or(t, "z", 9.0) == 9.0);
	assert_true(oae_json_u64_or(t, "neg", 5) == 5);
	assert_true(oae_json_u64_or(NULL, "i", 5) == 5);
	cJSON_Delete(t);
}

static void bounds_integers(void **state)
{
	cJSON *t = parse("[{\"v\":\"18446744073709551616\"},{\"v\":\"01\"},"
			 "{\"v\":\"\"},{\"v\":\"-1\"},{\"v\":\" 1\"},"
			 "{\"v\":\"1x\"},{\"v\":9007199254740994},"
			 "{\"v\":1e300},{\"v\":[1]}]");
	const cJSON *item;
	uint64_t u;

	(void)state;
	cJSON_ArrayForEach(item, t)
		assert_int_equal(oae_json_u64(item, "v", &u, NULL),
				 OAE_ERR_FORMAT);
	cJSON_Delete(t);
}

/* Writes v through the writer and reads it back through the reader. */
static void round_trip(double v)
{
	char text[32];
	double back;
	int len = oae_json_format_double(text, v);

	assert_true(len > 0 && len < 32 && (size_t)len == strlen(text));
	back = strtod(text, NULL);
	if (memcmp(&back, &v, sizeof(v)) != 0)
		fail_msg("%a became %s", v, text);
}

static void round_trips_a_million_doubles(void **state)
{
	struct oae_rng r;

	(void)state;
	oae_rng_seed(&r, 17);
	for (int i = 0; i < 1000000; i++) {
		uint64_t bits = oae_rng_u64(&r);
		double v;

		memcpy(&v, &bits, sizeof(v));
		if (!isfinite(v))
			continue;
		round_trip(v);
	}
	for (int i = 0; i < 100000; i++)
		round_trip((oae_rng_uniform(&r) - 0.5) * 1e6);
}

static void formats_doubles(void **state)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
		{ 0.0, "0" },
		{ -0.0, "-0" },
		{ 1.0, "1" },
		{ -12.0, "-12" },
		{ 0.1, "0.1" },
		{ 0.3, "0.3" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1e15, "1000000000000000" },
		{ 9007199254740991.0, "9007199254740991" },
		{ 1e16, "1e+16" },
		{ 1e22, "1e+22" },
		{ 1e300, "1e+300" },
		{ 5e-324, "5e-324" },
		{ 1e-310, "1e-310" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ 1.0 / 3.0, "0.3333333333333333" },
		{ 8.86, "8.86" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		oae_json_format_double(text, cases[i].v);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(check(text), OAE_OK);
	}
}

/* One document with every call of the writer. */
static void write_all_kinds(struct oae_buf *b, int indent)
{
	struct oae_jw w;

	oae_jw_init(&w, b, indent);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "s", "a\"b\\c\n\x01\x7f\xc3\xa9");
	oae_jw_str(&w, "none", NULL);
	oae_jw_strn(&w, "cut", "ab\xff\0z\xe2\x82", 7);
	oae_jw_num(&w, "n", 0.25);
	oae_jw_num(&w, "nan", NAN);
	oae_jw_num(&w, "inf", -INFINITY);
	oae_jw_int(&w, "i", INT64_MIN);
	oae_jw_u64s(&w, "u", UINT64_MAX);
	oae_jw_bool(&w, "b", true);
	oae_jw_arr(&w, "a");
	oae_jw_int(&w, NULL, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_end_obj(&w);
	oae_jw_raw(&w, NULL, "[2]");
	oae_jw_end_arr(&w);
	oae_jw_arr(&w, "e");
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
}

static void writes_one_line(void **state)
{
	struct oae_buf b;

	(void)state;
	oae_buf_init(&b, 4096);
	write_all_kinds(&b, 0);
	assert_string_equal(
		oae_buf_str(&b),
		"{\"s\":\"a\\\"b\\\\c\\n\\u0001\x7f\xc3\xa9\",\"none\":null,"
		"\"cut\":\"ab\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd"
		"\",\"n\":0.25,\"nan\":null,\"inf\":null,"
		"\"i\":-9223372036854775808,\"u\":\"18446744073709551615\","
		"\"b\":true,\"a\":[1,{},[2]],\"e\":[]}");
	assert_int_equal(check(oae_buf_str(&b)), OAE_OK);
	oae_buf_release(&b);
}

static void writes_indented(void **state)
{
	struct oae_buf b;
	struct oae_jw w;

	(void)state;
	oae_buf_init(&b, 4096);
	oae_jw_init(&w, &b, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_arr(&w, "a");
	oae_jw_int(&w, NULL, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_end_obj(&w);
	oae_jw_end_arr(&w);
	oae_jw_null(&w, "z");
	oae_jw_end_obj(&w);
	assert_string_equal(oae_buf_str(&b), "{\n  \"a\": [\n    1,\n    {}\n"
					     "  ],\n  \"z\": null\n}");
	oae_buf_release(&b);
}

static void writes_the_same_again(void **state)
{
	struct oae_buf first, second;
	struct oae_jw w;
	cJSON *tree;

	(void)state;
	for (int indent = 0; indent <= 8; indent += 4) {
		oae_buf_init(&first, 4096);
		oae_buf_init(&second, 4096);
		write_all_kinds(&first, indent);
		tree = parse(oae_buf_str(&first));
		oae_jw_init(&w, &second, indent);
		oae_jw_value(&w, NULL, tree);
		cJSON_Delete(tree);
		tree = parse(oae_buf_str(&second));
		oae_buf_clear(&first);
		oae_jw_init(&w, &first, indent);
		oae_jw_value(&w, NULL, tree);
		assert_string_equal(oae_buf_str(&first), oae_buf_str(&second));
		cJSON_Delete(tree);
		oae_buf_release(&first);
		oae_buf_release(&second);
	}
}

static void refuses_bad_nesting(void **state)
{
	struct oae_buf b;
	struct oae_jw w;

	(void)state;
	oae_buf_init(&b, 1u << 20);
	oae_jw_init(&w, &b, 0);
	for (int i = 0; i < OAE_JSON_DEPTH_MAX; i++)
		oae_jw_arr(&w, NULL);
	assert_int_equal(b.status, OAE_OK);
	oae_jw_arr(&w, NULL);
	assert_int_equal(b.status, OAE_ERR_LIMIT);
	for (int i = 0; i <= OAE_JSON_DEPTH_MAX; i++)
		oae_jw_end_arr(&w);
	oae_buf_clear(&b);
	oae_jw_init(&w, &b, 0);
	oae_jw_end_obj(&w);
	assert_int_equal(b.status, OAE_ERR_USAGE);
	oae_buf_release(&b);
}

static void reports_a_full_buffer(void **state)
{
	struct oae_error err = { 0 };
	struct oae_buf b;

	(void)state;
	oae_buf_init(&b, 40);
	write_all_kinds(&b, 0);
	assert_int_equal(oae_buf_check(&b, "the result", &err), OAE_ERR_LIMIT);
	assert_string_equal(err.text, "the result: larger than the limit of "
				      "40 bytes");
	oae_buf_release(&b);
}

static void names_the_file(void **state)
{
	struct oae_error err = { 0 };
	cJSON *tree;

	(void)state;
	assert_int_equal(oae_json_read("/dev/null", &tree, &err),
			 OAE_ERR_FORMAT);
	assert_string_equal(err.text, "/dev/null: JSON line 1 byte 1: the "
				      "text ends where a value is expected");
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_json_read("/nowhere.json", &tree, &err),
			 OAE_ERR_IO);
	assert_string_equal(err.text, "/nowhere.json: cannot open: No such "
				      "file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_valid),
		cmocka_unit_test(refuses_malformed),
		cmocka_unit_test(refuses_nul_bytes),
		cmocka_unit_test(bounds_reading),
		cmocka_unit_test(limits_depth),
		cmocka_unit_test(finds_duplicates_among_many),
		cmocka_unit_test(names_the_place),
		cmocka_unit_test(gets_typed_members),
		cmocka_unit_test(bounds_integers),
		cmocka_unit_test(round_trips_a_million_doubles),
		cmocka_unit_test(formats_doubles),
		cmocka_unit_test(writes_one_line),
		cmocka_unit_test(writes_indented),
		cmocka_unit_test(writes_the_same_again),
		cmocka_unit_test(refuses_bad_nesting),
		cmocka_unit_test(reports_a_full_buffer),
		cmocka_unit_test(names_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
