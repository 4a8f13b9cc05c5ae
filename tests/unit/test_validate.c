/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON Schema validator by itself: what fits, what does not, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "schema/documents.h"
#include "schema/pattern.h"
#include "schema/validate.h"

static struct oae_schema *schema_of(const char *text)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_schema *s;

	if (oae_schema_parse("test", text, strlen(text), &s, &err))
		fail_msg("%s: %s", text, err.text);
	return s;
}

static cJSON *tree_of(const char *text)
{
	struct oae_error err = { OAE_OK, 0, "" };
	cJSON *tree;

	if (oae_json_parse(text, strlen(text), &tree, &err))
		fail_msg("%s: %s", text, err.text);
	return tree;
}

static void says(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("\"%s\" does not say \"%s\"", text, wanted);
	assert_null(strchr(text, '\n'));
}

static void good(const char *schema, const char *instance)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_schema *s = schema_of(schema);
	cJSON *tree = tree_of(instance);

	if (oae_schema_check(s, tree, NULL, &err))
		fail_msg("%s refuses %s: %s", schema, instance, err.text);
	cJSON_Delete(tree);
	oae_schema_free(s);
}

static void wrong(const char *schema, const char *instance, const char *why)
{
	struct oae_error err = { OAE_OK, 0, "" }, first = { OAE_OK, 0, "" };
	struct oae_schema *s = schema_of(schema);
	cJSON *tree = tree_of(instance);
	struct oae_faults *faults = malloc(sizeof(*faults));

	if (oae_schema_check(s, tree, faults, &err) != OAE_ERR_CHECK)
		fail_msg("%s takes %s", schema, instance);
	says(err.text, why);
	assert_in_range(faults->count, 1, OAE_FAULTS_MAX);
	assert_int_equal(oae_schema_check(s, tree, NULL, &first),
			 OAE_ERR_CHECK);
	says(first.text, faults->at[0].text);
	free(faults);
	cJSON_Delete(tree);
	oae_schema_free(s);
}

static void broken(const char *schema, enum oae_status status, const char *why)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_schema *s;

	if (oae_schema_parse("test", schema, strlen(schema), &s, &err) !=
	    status)
		fail_msg("%.200s: \"%s\"", schema, err.text);
	assert_null(s);
	says(err.text, why);
}

/* ---- what each keyword takes ------------------------------------------ */

static void test_types(void **state)
{
	(void)state;
	good("{\"type\":\"integer\"}", "1.0");
	good("{\"type\":\"integer\"}", "1e300");
	good("{\"type\":[\"null\",\"integer\"]}", "null");
	good("{\"type\":\"number\"}", "3");
	wrong("{\"type\":\"integer\"}", "1.5",
	      "(top): type: wanted a whole number, found 1.5");
	wrong("{\"type\":\"integer\"}", "true", "found true");
	wrong("{\"type\":[\"string\",\"null\"]}", "{}",
	      "wanted a string or null, found an object");
	wrong("{\"properties\":{\"a\":{\"items\":{\"type\":\"string\"}}}}",
	      "{\"a\":[\"x\",2]}", "/a/1: type: wanted a string, found 2");
	good("true", "[]");
	wrong("false", "[]", "nothing is allowed here");
}

static void test_numbers(void **state)
{
	(void)state;
	good("{\"minimum\":0,\"maximum\":1}", "-0.0");
	wrong("{\"minimum\":0}", "-5e-324", "wanted at least 0");
	wrong("{\"maximum\":0.1}", "0.10000000000000002", "at most 0.1");
	wrong("{\"exclusiveMinimum\":0}", "0", "more than 0, found 0");
	wrong("{\"exclusiveMaximum\":1e308}", "1e308", "less than 1e+308");
	good("{\"minimum\":3}", "\"not a number\"");
	good("{\"multipleOf\":2}", "1e300");
	good("{\"multipleOf\":3}", "-9.0");
	wrong("{\"multipleOf\":2}", "2.5", "a multiple of 2, found 2.5");
	wrong("{\"multipleOf\":2}", "9007199254740991", "multiple of 2");
	/* No tolerance: neighbours are different. */
	wrong("{\"const\":1}", "1.0000000000000002", "wanted 1, found 1.00");
	good("{\"const\":9007199254740992}", "9007199254740992.0");
	wrong("{\"const\":9007199254740992}", "9007199254740994", "const");
}

static void test_texts(void **state)
{
	(void)state;
	good("{\"minLength\":1,\"maxLength\":1}", "\"\\ud83d\\ude00\"");
	wrong("{\"minLength\":3}", "\"\\u00e4\\u00f6\"",
	      "wanted at least 3 characters");
	wrong("{\"maxLength\":0}", "\"x\"", "at most 0 characters");
	good("{\"minLength\":2.0}", "\"ab\"");
	good("{\"pattern\":\"b\"}", "\"abc\"");
	wrong("{\"pattern\":\"^[0-9a-f]{4}$\"}", "\"00ff\\n\"",
	      "matches ^[0-9a-f]{4}$, found \"00ff\\u000a\"");
	wrong("{\"pattern\":\"^.$\"}", "\"\\r\"", "pattern");
	good("{\"pattern\":\"^.$\"}", "\"\\u20ac\"");
	good("{\"pattern\":\"^[a-c\\u20ac-]+$\"}", "\"\\u20ac-b\"");
	good("{\"pattern\":\"^\\\\[x|(y\\\\.)*$\"}", "\"y.y.\"");
}

static void test_objects(void **state)
{
	const char *closed = "{\"properties\":{\"a\":true,\"b\":{\"type\":"
			     "\"string\"}},\"required\":[\"a\"],"
			     "\"additionalProperties\":false}";

	(void)state;
	good(closed, "{\"a\":1,\"b\":\"x\"}");
	good(closed, "[]");
	wrong(closed, "{\"b\":\"x\"}", "the member \"a\" is missing");
	wrong(closed, "{\"a\":1,\"c/~\":1}",
	      "/c~1~0: additionalProperties: no such member is known here");
	wrong("{\"additionalProperties\":{\"type\":\"number\"}}",
	      "{\"x\":\"y\"}", "/x: type: wanted a number, found \"y\"");
	wrong("{\"propertyNames\":{\"pattern\":\"^[a-z]+$\"}}", "{\"A\":1}",
	      "/A: pattern");
	wrong("{\"minProperties\":1}", "{}", "at least 1 members");
	wrong("{\"maxProperties\":1}", "{\"a\":1,\"b\":2}", "at most 1");
	good("{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"b\":1}");
	wrong("{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}",
	      "dependentRequired: the member \"b\" is missing");
}

static void test_arrays(void **state)
{
	const char *pair = "{\"prefixItems\":[{\"type\":\"string\"},true],"
			   "\"items\":{\"type\":\"null\"}}";

	(void)state;
	good(pair, "[\"x\",{},null,null]");
	good(pair, "[]");
	wrong(pair, "[1]", "/0: type");
	wrong(pair, "[\"x\",{},1]", "/2: type: wanted null, found 1");
	wrong("{\"minItems\":2}", "[1]", "at least 2 items");
	wrong("{\"maxItems\":0}", "[1]", "at most 0 items");
	good("{\"uniqueItems\":true}", "[1,true,\"1\",[1],[true],{\"a\":1}]");
	good("{\"uniqueItems\":false}", "[1,1]");
	wrong("{\"uniqueItems\":true}",
	      "[{\"a\":1,\"b\":[0]},2,"
	      "{\"b\":[0.0],\"a\":1.0}]",
	      "the items 0 and 2 are equal");
}

static void test_equality(void **state)
{
	(void)state;
	good("{\"enum\":[[1,{\"x\":null}]]}", "[1.0,{\"x\":null}]");
	wrong("{\"enum\":[1,\"a\",null]}", "true",
	      "wanted one of 1, \"a\", null, found true");
	wrong("{\"const\":false}", "0", "wanted false, found 0");
	wrong("{\"const\":[false]}", "[0]", "const");
	wrong("{\"const\":{\"a\":1}}", "{\"a\":1,\"b\":2}", "const");
	wrong("{\"enum\":[]}", "1", "enum");
	wrong("{\"const\":\"a\"}", "\"A\"", "wanted \"a\", found \"A\"");
}

static void test_combinations(void **state)
{
	const char *number =
		"{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"object\","
		"\"properties\":{\"value\":{\"type\":\"number\"}},"
		"\"required\":[\"value\"]}]}";

	(void)state;
	good(number, "null");
	wrong(number, "{\"value\":\"x\"}",
	      "anyOf: fits none of 2 forms; the nearest: /value: type: wanted"
	      " a number, found \"x\"");
	wrong(number, "{}", "the nearest: (top): required: the member");
	wrong(number, "3", "3 fits none of 2 forms");
	wrong("{\"oneOf\":[{\"minimum\":1},{\"maximum\":5},false]}", "3",
	      "fits forms 0 and 1, wanted exactly one");
	good("{\"oneOf\":[{\"minimum\":1},{\"maximum\":5},false]}", "7");
	wrong("{\"not\":{\"type\":\"string\"}}", "\"x\"",
	      "not: \"x\" is what it must not be");
	wrong("{\"allOf\":[{\"minimum\":1},{\"maximum\":0}]}", "0.5",
	      "(and more)");
	wrong("{\"if\":{\"const\":1},\"then\":false,\"else\":true}", "1",
	      "nothing is allowed");
	good("{\"then\":false,\"else\":false}", "1");
	wrong("{\"if\":{\"type\":\"null\"},\"else\":{\"minimum\":3}}", "1",
	      "at least 3");
}

/* ---- references ------------------------------------------------------- */

static void test_references(void **state)
{
	const char *tree = "{\"properties\":{\"left\":{\"$ref\":\"#\"},"
			   "\"right\":{\"$ref\":\"#\"},\"v\":{\"$ref\":"
			   "\"#/$defs/a~1b%25\"}},\"additionalProperties\":"
			   "false,\"$defs\":{\"a/b%\":{\"type\":\"number\"}}}";

	(void)state;
	good(tree, "{\"left\":{\"left\":{\"v\":1}},\"right\":{}}");
	wrong(tree, "{\"left\":{\"left\":{\"v\":null}}}",
	      "/left/left/v: type: wanted a number, found null");
	good("{\"$ref\":\"#/allOf/1\",\"allOf\":[true,{\"minimum\":1}]}", "1");
	/* Beside $ref other keywords count too. */
	wrong("{\"$ref\":\"#/$defs/a\",\"maximum\":2,\"$defs\":{\"a\":"
	      "{\"minimum\":1}}}",
	      "3", "at most 2");
	broken("{\"$ref\":\"#/$defs/a\"}", OAE_ERR_FORMAT,
	       "/$ref: \"#/$defs/a\" leads to no schema");
	broken("{\"$ref\":\"#/required\",\"required\":[\"a\"]}", OAE_ERR_FORMAT,
	       "leads to no schema");
	broken("{\"$ref\":\"other.json\"}", OAE_ERR_FORMAT,
	       "a place in this document");
	broken("{\"$ref\":\"#/$defs/%zz\"}", OAE_ERR_FORMAT, "no schema");
	broken("{\"$ref\":\"#/$defs/~2\"}", OAE_ERR_FORMAT, "no schema");
}

static void test_cycles(void **state)
{
	char text[16384];
	size_t n;

	(void)state;
	broken("{\"$ref\":\"#\"}", OAE_ERR_FORMAT, "refers to itself");
	broken("{\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"}]},"
	       "\"b\":{\"not\":{\"$ref\":\"#/$defs/a\"}}}}",
	       OAE_ERR_FORMAT, "refers to itself");
	broken("{\"then\":{\"$ref\":\"#\"},\"if\":true}", OAE_ERR_FORMAT,
	       "refers to itself");
	/* Deeper each time is fine. */
	good("{\"items\":{\"anyOf\":[{\"type\":\"null\"},{\"$ref\":\"#\"}]}}",
	     "[[[null,[]]]]");
	/* A chain without an end in sight. */
	n = (size_t)sprintf(text, "{\"$defs\":{");
	for (int i = 0; i < 100; i++)
		n += (size_t)sprintf(text + n,
				     "\"d%d\":{\"$ref\":"
				     "\"#/$defs/d%d\"},",
				     i, i + 1);
	sprintf(text + n, "\"d100\":true},\"$ref\":\"#/$defs/d0\"}");
	broken(text, OAE_ERR_LIMIT, "chain of more than 64");
}

/* Two branches a level, 60 levels: 2^60 steps, if they were taken. */
static void test_work_is_bounded(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_schema *s;
	char text[16384];
	cJSON *tree;
	size_t n;

	(void)state;
	n = (size_t)sprintf(text, "{\"$defs\":{");
	for (int i = 0; i < 30; i++)
		n += (size_t)sprintf(text + n,
				     "\"d%d\":{\"allOf\":[{\"$ref\":"
				     "\"#/$defs/d%d\"},{\"$ref\":"
				     "\"#/$defs/d%d\"}]},",
				     i, i + 1, i + 1);
	sprintf(text + n, "\"d30\":true},\"$ref\":\"#/$defs/d0\"}");
	s = schema_of(text);
	tree = tree_of("1");
	assert_int_equal(oae_schema_check(s, tree, NULL, &err), OAE_ERR_LIMIT);
	says(err.text, "more steps");
	cJSON_Delete(tree);
	oae_schema_free(s);
}

/* A tree that no parser makes: deeper than a text may be. */
static void test_depth_is_bounded(void **state)
{
	struct oae_schema *s = schema_of("{\"items\":{\"$ref\":\"#\"}}");
	struct oae_error err = { OAE_OK, 0, "" };
	cJSON *tree = cJSON_CreateArray(), *at = tree;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		cJSON *in = cJSON_CreateArray();

		cJSON_AddItemToArray(at, in);
		at = in;
	}
	assert_int_equal(oae_schema_check(s, tree, NULL, &err), OAE_ERR_LIMIT);
	says(err.text, "too deep");
	cJSON_Delete(tree);
	oae_schema_free(s);
}

/* ---- schemas that are wrong ------------------------------------------- */

static void test_unknown_keywords(void **state)
{
	(void)state;
	broken("{\"properties\":{\"a\":{\"fromat\":\"x\"}}}", OAE_ERR_FORMAT,
	       "/properties/a: the keyword \"fromat\" is not one of those");
	broken("{\"multipleOf\":0.1}", OAE_ERR_FORMAT, "/multipleOf: must be");
	broken("{\"contains\":true}", OAE_ERR_FORMAT, "\"contains\"");
	broken("{\"$defs\":{\"x\":{\"$anchor\":\"a\"}}}", OAE_ERR_FORMAT,
	       "/$defs/x: the keyword \"$anchor\"");
	/* A value may hold what would be a keyword elsewhere. */
	good("{\"const\":{\"fromat\":1}}", "{\"fromat\":1}");
	good("{\"properties\":{\"type\":true,\"x\":{\"enum\":[{\"y\":1}]}}}",
	     "{\"type\":1}");
}

static void test_malformed_keywords(void **state)
{
	static const char *const cases[][2] = {
		{ "[]", "at its top: a schema is an object" },
		{ "{\"type\":\"text\"}", "/type: must be" },
		{ "{\"type\":[]}", "/type" },
		{ "{\"type\":[\"null\",\"null\"]}", "/type" },
		{ "{\"enum\":1}", "/enum: must be an array" },
		{ "{\"minimum\":\"1\"}", "/minimum: must be a number" },
		{ "{\"minLength\":-1}", "whole number from 0" },
		{ "{\"maxItems\":1.5}", "whole number from 0" },
		{ "{\"uniqueItems\":1}", "true or false" },
		{ "{\"required\":\"a\"}", "array of up to" },
		{ "{\"required\":[\"a\",\"a\"]}", "names \"a\" twice" },
		{ "{\"required\":[1]}", "names only" },
		{ "{\"dependentRequired\":{\"a\":[1]}}", "names only" },
		{ "{\"allOf\":[]}", "array of schemas" },
		{ "{\"anyOf\":[1]}", "/anyOf/0: a schema is" },
		{ "{\"properties\":[]}", "object of schemas" },
		{ "{\"properties\":{\"a\":1}}", "/properties/a: a schema" },
		{ "{\"items\":[true]}", "/items: a schema is" },
		{ "{\"title\":1}", "/title: must be a string" },
		{ "{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}",
		  "2020-12" },
		{ "{\"not\":{\"$id\":\"x\"}}", "no $id" },
		{ "{\"pattern\":\"[\"}", "/pattern: pattern" },
		{ "{", "schema test: JSON" },
		{ "{\"a\":1,\"a\":2}", "twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		broken(cases[i][0], OAE_ERR_FORMAT, cases[i][1]);
}

static void test_patterns(void **state)
{
	static const char *const refused[] = {
		"\\d",	 "\\w+",     "\\bx",	"\\p{L}",  "a**",    "a+?",
		"*",	 "(?:a)",    "(?=a)",	"(",	   ")",	     "[",
		"[]",	 "[a",	     "[[:x:]]", "[a-",	   "[a--b]", "a{",
		"a{,3}", "a{1",	     "a{3,2}",	"{2}",	   "\\",     "\\-",
		"a]",	 "}",	     "^*",	"a{1000}", "(|*)",   "[z-a]",
		"\\1",	 "x\\u0041",
	};
	static const char *const taken[] = {
		"",	   "a|b", "^(a|bc)*$", "[^a-z]", "[-a]",	"[a-]",
		"[\\-]",   "\\.", "a{2}",      "a{2,}",	 "(a{1,2}){3}", "[\\]]",
		"x\\n\\t",
	};
	struct oae_pattern *p;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct oae_error err = { OAE_OK, 0, "" };

		if (oae_pattern_compile(refused[i], &p, &err) != OAE_ERR_FORMAT)
			fail_msg("%s is taken", refused[i]);
		says(err.text, "pattern \"");
	}
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		struct oae_error err = { OAE_OK, 0, "" };
		struct oae_pattern *chain = NULL;

		if (oae_pattern_compile(taken[i], &p, &err))
			fail_msg("%s: %s", taken[i], err.text);
		oae_pattern_chain(p, &chain);
		oae_pattern_free_chain(chain);
	}
}

/* A pattern that goes back and forth over a text that does not fit. */
static void test_pattern_steps(void **state)
{
	struct oae_schema *s = schema_of("{\"pattern\":\"^(a|a)*$\"}");
	struct oae_error err = { OAE_OK, 0, "" };
	char text[64];
	cJSON *tree;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 2] = 'b';
	text[sizeof(text) - 1] = '\0';
	tree = cJSON_CreateString(text);
	assert_int_equal(oae_schema_check(s, tree, NULL, &err), OAE_ERR_LIMIT);
	says(err.text, "steps");
	cJSON_Delete(tree);
	oae_schema_free(s);
}

/* ---- faults ----------------------------------------------------------- */

static void test_faults(void **state)
{
	struct oae_schema *s = schema_of("{\"items\":{\"type\":\"string\"}}");
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_faults faults;
	cJSON *tree = tree_of("[1,\"x\",2,[]]");

	(void)state;
	assert_int_equal(oae_schema_check(s, tree, &faults, &err),
			 OAE_ERR_CHECK);
	assert_int_equal(faults.count, 3);
	assert_false(faults.more);
	assert_string_equal(faults.at[0].path, "/0");
	assert_string_equal(faults.at[1].path, "/2");
	assert_string_equal(faults.at[2].path, "/3");
	assert_string_equal(faults.at[2].keyword, "type");
	assert_string_equal(faults.at[2].text,
			    "wanted a string, found an array");
	cJSON_Delete(tree);
	tree = tree_of("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]");
	assert_int_equal(oae_schema_check(s, tree, &faults, &err),
			 OAE_ERR_CHECK);
	assert_int_equal(faults.count, OAE_FAULTS_MAX);
	assert_true(faults.more);
	cJSON_Delete(tree);
	tree = tree_of("[\"x\"]");
	assert_int_equal(oae_schema_check(s, tree, &faults, &err), OAE_OK);
	assert_int_equal(faults.count, 0);
	cJSON_Delete(tree);
	oae_schema_free(s);
}

/* Names and values from outside: shortened, and on one line. */
static void test_hostile_names(void **state)
{
	struct oae_schema *s = schema_of("{\"additionalProperties\":"
					 "{\"additionalProperties\":false}}");
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_faults faults;
	char text[3000];
	cJSON *tree;

	(void)state;
	sprintf(text, "{\"%01000d\":{\"\\n\\u001b[31m\\u009b%0500d\":1}}", 0,
		0);
	tree = tree_of(text);
	assert_int_equal(oae_schema_check(s, tree, &faults, &err),
			 OAE_ERR_CHECK);
	says(err.text, "/\\u000a\\u001b[31m\\u009b000");
	says(err.text, "...");
	assert_null(strchr(err.text, '\x1b'));
	assert_true(strlen(faults.at[0].path) < sizeof(faults.at[0].path));
	cJSON_Delete(tree);
	oae_schema_free(s);
}

/* ---- documents -------------------------------------------------------- */

static void test_documents(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	char home[OAE_PATH_BYTES_MAX];
	struct oae_schema *s;
	cJSON *tree;

	(void)state;
	if (oae_home(home, sizeof(home), &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < oae_document_count; i++) {
		const struct oae_document *d = &oae_documents[i];

		if (oae_document_schema(home, d, &s, &err))
			fail_msg("%s", err.text);
		oae_schema_free(s);
		assert_ptr_equal(oae_document_named(d->name), d);
		assert_ptr_equal(oae_document_named(d->file), d);
	}
	tree = tree_of("{\"oae_profile\":7}");
	assert_string_equal(oae_document_of(tree)->name, "profile");
	cJSON_Delete(tree);
	tree = tree_of("{\"schema\":\"ledger-1\"}");
	assert_string_equal(oae_document_of(tree)->name, "ledger");
	cJSON_Delete(tree);
	tree = tree_of("{\"schema\":3}");
	assert_null(oae_document_of(tree));
	cJSON_Delete(tree);
	assert_null(oae_document_named("nonsense"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_combinations),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_cycles),
		cmocka_unit_test(test_work_is_bounded),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_unknown_keywords),
		cmocka_unit_test(test_malformed_keywords),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_pattern_steps),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
