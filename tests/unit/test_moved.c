/* SPDX-License-Identifier: Apache-2.0 */
/* Which numbers of a result moved, and which versions can be read. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/moved.h"
#include "schema/version.h"

static const char before[] =
	"{\"spec\":\"1.0\",\"oae\":\"1\",\"build\":{\"git\":\"a\"},"
	"\"journal\":{\"sha256\":\"j\"},"
	"\"looks\":[{\"system\":\"x\",\"w\":1},"
	"{\"system\":\"x\",\"w\":5}],"
	"\"scenarios\":[{\"system\":\"x\",\"workload\":\"a\",\"r\":1},"
	"{\"system\":\"x\",\"workload\":\"b\",\"r\":4}],"
	"\"tables\":{\"defaults\":[{\"name\":\"u\",\"mid\":0.7},"
	"{\"name\":\"p.s\",\"mid\":2},{\"name\":\"gone\",\"mid\":1}]},"
	"\"profiles\":[{\"id\":\"a.b\",\"N\":5,\"curve\":{\"N\":[1,2]},"
	"\"scores\":[{\"system\":\"x/y\",\"gate\":{\"outcome\":\"pass\"},"
	"\"modes\":{\"owned\":{\"oae\":{\"value\":2,\"low\":0},"
	"\"verdict\":\"PAYS\",\"sentence\":\"one\",\"robust\":true,"
	"\"flips\":[{\"parameter\":\"r\",\"value\":3}]}}}]}]}";

static cJSON *tree(const char *text)
{
	struct oae_error err = { OAE_OK, 0, "" };
	cJSON *out = NULL;

	if (oae_json_parse(text, strlen(text), &out, &err))
		fail_msg("%s", err.text);
	return out;
}

/* `before` with the first `from` replaced by `to`, compared with it. */
static enum oae_status find(const char *from, const char *to,
			    struct oae_moves *m, cJSON *pair[2],
			    struct oae_error *err)
{
	char text[sizeof(before) + 400];
	const char *at = strstr(before, from);

	assert_non_null(at);
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - before),
		       before, to, at + strlen(from));
	pair[0] = tree(before);
	pair[1] = tree(text);
	return oae_moves_find(pair[0], pair[1], m, err);
}

/* Exactly one move, of that path and group. */
static void one(const char *from, const char *to, const char *path,
		const char *group, double relative)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_moves m;
	cJSON *pair[2];

	assert_int_equal(find(from, to, &m, pair, &err), OAE_OK);
	if (m.count != 1)
		fail_msg("%s -> %s: %zu moves", from, to, m.count);
	assert_string_equal(m.item[0].path, path);
	assert_int_equal(m.item[0].group_len, strlen(group));
	assert_memory_equal(m.item[0].path, group, strlen(group));
	if (isnan(relative))
		assert_true(isnan(m.item[0].relative));
	else
		assert_true(fabs(m.item[0].relative - relative) < 1e-12);
	oae_moves_release(&m);
	cJSON_Delete(pair[0]);
	cJSON_Delete(pair[1]);
}

static void none(const char *from, const char *to)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_moves m;
	cJSON *pair[2];

	assert_int_equal(find(from, to, &m, pair, &err), OAE_OK);
	assert_int_equal(m.count, 0);
	assert_true(m.compared >= 10);
	oae_moves_release(&m);
	cJSON_Delete(pair[0]);
	cJSON_Delete(pair[1]);
}

#define MODE "profiles[a.b].scores[x/y].modes.owned"

static void a_move_has_its_path(void **state)
{
	(void)state;
	one("\"mid\":2", "\"mid\":3", "tables.defaults[p.s].mid", "tables",
	    0.5);
	one("\"value\":2", "\"value\":1", MODE ".oae.value", MODE, -0.5);
	one("PAYS", "UNDECIDED", MODE ".verdict", MODE, NAN);
	one("true", "false", MODE ".robust", MODE, NAN);
	one("\"value\":3", "\"value\":6", MODE ".flips[r].value", MODE, 1);
	one("[1,2]", "[1,4]", "profiles[a.b].curve.N[1]", "profiles[a.b].curve",
	    1);
	one("\"N\":5", "\"N\":10", "profiles[a.b].N", "profiles[a.b]", 1);
	one("\"pass\"", "\"fail\"", "profiles[a.b].scores[x/y].gate.outcome",
	    "profiles[a.b].scores[x/y]", NAN);
	/* one system, two workloads */
	one("\"r\":4", "\"r\":8", "scenarios[x, b].r", "scenarios[x, b]", 1);
	/* a name that stands twice: by its order */
	one("\"w\":5", "\"w\":10", "looks[x #2].w", "looks[x #2]", 1);
	/* from 0 there is no relative difference */
	one("\"low\":0", "\"low\":1", MODE ".oae.low", MODE, NAN);
	one("\"low\":0", "\"low\":null", MODE ".oae.low", MODE, NAN);
}

static void what_comes_and_goes(void **state)
{
	(void)state;
	one(",{\"name\":\"gone\",\"mid\":1}", "", "tables.defaults[gone].mid",
	    "tables", NAN);
	one("\"robust\":true", "\"robust\":true,\"more\":4", MODE ".more", MODE,
	    NAN);
}

static void what_says_nothing_new(void **state)
{
	(void)state;
	none("\"git\":\"a\"", "\"git\":\"b\"");
	none("\"spec\":\"1.0\"", "\"spec\":\"1.1\"");
	none("\"one\"", "\"another sentence\"");
	none("\"mid\":2", "\"mid\":2.0000000001");
	/* a list in another order */
	none("{\"name\":\"u\",\"mid\":0.7},{\"name\":\"p.s\",\"mid\":2}",
	     "{\"name\":\"p.s\",\"mid\":2},{\"name\":\"u\",\"mid\":0.7}");
}

static void other_journals_do_not_compare(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_moves m;
	cJSON *pair[2];

	(void)state;
	assert_int_equal(find("\"j\"", "\"k\"", &m, pair, &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "different journals"));
	oae_moves_release(&m);
	cJSON_Delete(pair[0]);
	cJSON_Delete(pair[1]);
}

static void the_list_as_a_document(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_moves m;
	struct oae_buf out;
	const cJSON *v;
	cJSON *pair[2], *doc;

	(void)state;
	oae_buf_init(&out, 1 << 20);
	assert_int_equal(find("\"mid\":2", "\"mid\":3", &m, pair, &err),
			 OAE_OK);
	assert_int_equal(oae_moves_write(&m, pair[0], pair[1], &out, &err),
			 OAE_OK);
	doc = tree(oae_buf_str(&out));
	v = cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "moved"), 0);
	assert_string_equal(oae_json_str_or(v, "group", ""), "tables");
	assert_true(oae_json_num_or(v, "was", 0) == 2);
	assert_true(oae_json_num_or(v, "is", 0) == 3);
	assert_true(oae_json_num_or(v, "relative", 0) == 0.5);
	cJSON_Delete(doc);
	oae_buf_release(&out);
	oae_moves_release(&m);
	cJSON_Delete(pair[0]);
	cJSON_Delete(pair[1]);
}

static void versions(void **state)
{
	(void)state;
	assert_true(oae_spec_readable(OAE_SPEC_VERSION));
	assert_true(oae_spec_readable("1.0"));
	assert_false(oae_spec_readable("1.99"));
	assert_false(oae_spec_readable("0.9"));
	assert_false(oae_spec_readable("2.0"));
	assert_false(oae_spec_readable("1"));
	assert_false(oae_spec_readable("1.0x"));
	assert_false(oae_spec_readable("1.-1"));
	assert_false(oae_spec_readable(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_move_has_its_path),
		cmocka_unit_test(what_comes_and_goes),
		cmocka_unit_test(what_says_nothing_new),
		cmocka_unit_test(other_journals_do_not_compare),
		cmocka_unit_test(the_list_as_a_document),
		cmocka_unit_test(versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
