/* SPDX-License-Identifier: Apache-2.0 */
/* Ledgers, tables, profiles and manifests: what is read, what is refused. */
#include <math.h>
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
#include "schema/ledger.h"
#include "schema/manifest.h"
#include "schema/profile.h"
#include "schema/quality.h"
#include "schema/tables.h"

static char dir[64], home[OAE_PATH_BYTES_MAX];

static const char *put(const char *name, const char *text)
{
	static char path[OAE_PATH_BYTES_MAX];
	struct oae_error err = { OAE_OK, 0, "" };

	assert_int_equal(oae_path_join(path, sizeof(path), dir, name, &err),
			 OAE_OK);
	if (oae_file_write(path, text, strlen(text), &err))
		fail_msg("%s", err.text);
	return path;
}

static const char *path_of(const char *name)
{
	static char path[OAE_PATH_BYTES_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void says(const struct oae_error *err, const char *text)
{
	if (!strstr(err->text, text))
		fail_msg("\"%s\" does not say \"%s\"", err->text, text);
	assert_null(strchr(err->text, '\n'));
}

/* ---- ledgers ---------------------------------------------------------- */

#define ENTRY_HEAD \
	"{\"oae_ledger\":1,\"system\":\"a/b\",\"entries\":[{\"id\":\"e.one\","
#define ENTRY_TAIL ",\"activity\":\"x\",\"source\":\"s\"}]}"

static void refuse_entry(const char *members, const char *text)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_ledger l;
	char json[1000];

	snprintf(json, sizeof(json), ENTRY_HEAD "%s" ENTRY_TAIL, members);
	assert_int_equal(oae_ledger_read(put("bad.ledger.json", json), &l,
					 &err),
			 OAE_ERR_FORMAT);
	says(&err, text);
	says(&err, "bad.ledger.json");
	says(&err, "e.one");
	oae_ledger_release(&l);
}

static void test_bad_ledgers(void **state)
{
	(void)state;
	refuse_entry("\"kind\":\"adoption\",\"tier\":\"T1\",\"unit\":\"h\","
		     "\"low\":-1,\"mid\":2,\"high\":4,\"class\":\"declared\"",
		     "-1");
	refuse_entry("\"kind\":\"adoption\",\"tier\":\"T1\",\"unit\":\"h\","
		     "\"low\":1.5,\"mid\":2,\"high\":4,\"class\":\"declared\"",
		     "too narrow");
	refuse_entry("\"kind\":\"adoption\",\"tier\":\"T1\",\"unit\":\"h\","
		     "\"low\":3,\"mid\":2,\"high\":4,\"class\":\"assumed\"",
		     "ascend");
	refuse_entry("\"kind\":\"adoption\",\"tier\":\"T1\",\"unit\":\"h\","
		     "\"value\":2,\"class\":\"declared\"",
		     "needs a range");
	refuse_entry("\"kind\":\"adoption\",\"tier\":\"T4\",\"unit\":\"h\","
		     "\"value\":2,\"class\":\"measured\"",
		     "T4");
	refuse_entry("\"kind\":\"adoption\",\"tier\":\"T1\",\"unit\":\"min\","
		     "\"value\":2,\"class\":\"measured\"",
		     "min");
	refuse_entry("\"kind\":\"coffee\",\"tier\":\"T1\",\"unit\":\"h\","
		     "\"value\":2,\"class\":\"measured\"",
		     "coffee");
	refuse_entry("\"kind\":\"machine\",\"tier\":\"T1\",\"unit\":\"s\","
		     "\"value\":2,\"class\":\"measured\"",
		     "no tier");
	refuse_entry("\"kind\":\"machine\",\"unit\":\"s\","
		     "\"value\":2,\"class\":\"guessed\"",
		     "guessed");
	refuse_entry("\"kind\":\"machine\",\"unit\":\"s\",\"cost\":1,"
		     "\"value\":2,\"class\":\"measured\"",
		     "cost");
	refuse_entry("\"kind\":\"machine\",\"unit\":\"s\","
		     "\"value\":1e200,\"class\":\"measured\"",
		     "1e+200");
}

static void test_nan_in_ledger(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_ledger l;

	(void)state;
	put("nan.ledger.json",
	    ENTRY_HEAD "\"kind\":\"machine\",\"unit\":\"s\","
		       "\"value\":NaN,\"class\":\"measured\"" ENTRY_TAIL);
	assert_int_equal(oae_ledger_read(path_of("nan.ledger.json"), &l, &err),
			 OAE_ERR_FORMAT);
	says(&err, "nan.ledger.json");
	oae_ledger_release(&l);
}

/* One entry of a ledger; the amount as members. */
#define ONE(id, kind, tier, unit, amount, class)                    \
	"{\"id\":\"" id "\",\"kind\":\"" kind "\",\"tier\":\"" tier \
	"\",\"unit\":\"" unit "\"," amount                          \
	",\"class\":\"" class "\",\"source\":\"s\",\"activity\":\"x\"}"
#define RANGE "\"low\":1,\"mid\":2,\"high\":4"

static void read_ledger(const char *name, const char *text,
			struct oae_ledger *l)
{
	struct oae_error err = { OAE_OK, 0, "" };

	if (oae_ledger_read(put(name, text), l, &err))
		fail_msg("%s", err.text);
}

static void test_ledger_sums(void **state)
{
	struct oae_ledger a, b;
	struct oae_ledger_sum sum;

	(void)state;
	read_ledger(
		"a.json",
		"{\"oae_ledger\":1,\"system\":\"x/a\",\"entries\":[" ONE(
			"one", "adoption", "T1", "h", RANGE,
			"declared") "," ONE("two", "adoption", "T1", "h",
					    "\"value\":3",
					    "measured") "," ONE("three",
								"maintenance",
								"T3", "h/month",
								"\"value\":1",
								"assumed") "]}",
		&a);
	read_ledger("b.json",
		    "{\"oae_ledger\":1,\"system\":\"x/b\",\"entries\":[" ONE(
			    "one", "adoption", "T1", "h", RANGE,
			    "declared") "," ONE("two", "adoption", "T1", "h",
						"\"value\":4", "measured") "]}",
		    &b);
	sum = oae_ledger_sum(&a);
	assert_true(sum.adoption_h[0].low == 4 && sum.adoption_h[0].mid == 5 &&
		    sum.adoption_h[0].high == 7);
	assert_int_equal(sum.adoption_h[0].evidence, OAE_DECLARED);
	assert_true(sum.maintenance_h_month[2].mid == 1);
	assert_int_equal(sum.machine_count, 0);
	sum = oae_ledger_common(&a, &b);
	assert_int_equal(sum.adoption_count, 1);
	assert_true(sum.adoption_h[0].high == 4);
	oae_ledger_release(&a);
	oae_ledger_release(&b);
}

/* ---- tables and profiles ---------------------------------------------- */

static void read_tables(struct oae_tables *t)
{
	struct oae_error err = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX + 40];

	snprintf(path, sizeof(path), "%s/schema/tables", home);
	if (oae_tables_read(path, t, &err))
		fail_msg("%s", err.text);
}

static void test_tables(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_range r;
	struct oae_tables t;

	(void)state;
	read_tables(&t);
	assert_int_equal(oae_table_get(&t.wages, "T2", &r, &err), OAE_OK);
	assert_true(r.mid == 68.28);
	assert_int_equal(oae_table_get(&t.grid, "FR", &r, &err), OAE_OK);
	assert_true(r.mid == 56);
	assert_int_equal(oae_table_get(&t.defaults, "none", &r, &err),
			 OAE_ERR_FORMAT);
	says(&err, "none");
	oae_tables_release(&t);
}

static void refuse_table(const char *text, const char *why)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_tables t;

	put("defaults.csv", text);
	assert_int_equal(oae_tables_read(dir, &t, &err), OAE_ERR_FORMAT);
	says(&err, why);
	oae_tables_release(&t);
}

static void test_bad_tables(void **state)
{
	(void)state;
	refuse_table("", "empty");
	refuse_table("name,low\n", "line 1");
	refuse_table("name,class,low,mid,high,unit,source\nx,assumed,1,2,u,"
		     "\"s\n",
		     "line");
	refuse_table("name,class,low,mid,high,unit,source\n"
		     "x,assumed,1,nan,2,u,s\n",
		     "line 2");
	refuse_table("name,class,low,mid,high,unit,source\n"
		     "x,assumed,3,2,1,u,s\n",
		     "ascend");
	refuse_table("name,class,low,mid,high,unit,source\n"
		     "x,assumed,1,1,1,u,s\nx,assumed,1,1,1,u,s\n",
		     "twice");
	refuse_table("name,class,low,mid,high,unit,source\n"
		     "x,assumed,1,1,1,u,s, and more\n",
		     "line 2");
}

static void test_profiles(void **state)
{
	const char *const ids[] = { "clinic", "school", "enterprise",
				    "hyperscale" };
	const double months[] = { 3360, 20000, 210000, 7.5e10 };
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_tables t;

	(void)state;
	read_tables(&t);
	for (int i = 0; i < 4; i++) {
		char path[OAE_PATH_BYTES_MAX + 80];
		struct oae_profile p;
		double sum = 0;

		snprintf(path, sizeof(path), "%s/schema/profiles/%s.json", home,
			 ids[i]);
		if (oae_profile_read(path, &t, &p, &err))
			fail_msg("%s", err.text);
		assert_string_equal(p.id, ids[i]);
		assert_true(oae_profile_requests(&p) == months[i] * 24);
		assert_true(p.peak_over_mean == 10 && p.u == 0.7);
		assert_string_equal(p.shape, "tinyllama-1.1b");
		for (size_t w = 0; w < p.workload_count; w++)
			sum += p.workloads[w].weight;
		assert_true(fabs(sum - 1) < 1e-12);
		oae_profile_release(&p);
	}
	oae_tables_release(&t);
}

static void refuse_profile(const char *from, const char *to, const char *why)
{
	static const char text[] =
		"{\"oae_profile\":1,\"id\":\"x\",\"title\":\"X\","
		"\"requests_a_month\":1000,\"tier\":\"T1\","
		"\"slo\":{\"ttft_ms\":1,\"tpot_ms\":1},"
		"\"workloads\":[{\"id\":\"a\",\"weight\":1}]}";
	struct oae_error err = { OAE_OK, 0, "" };
	const char *at = strstr(text, from);
	struct oae_profile p;
	struct oae_tables t;
	char json[1000];

	assert_non_null(at);
	snprintf(json, sizeof(json), "%.*s%s%s", (int)(at - text), text, to,
		 at + strlen(from));
	read_tables(&t);
	if (oae_profile_read(put("p.json", json), &t, &p, &err) == OAE_OK) {
		if (why)
			fail_msg("was not refused: %s", why);
	} else {
		if (!why)
			fail_msg("%s", err.text);
		says(&err, why);
	}
	oae_profile_release(&p);
	oae_tables_release(&t);
}

static void test_bad_profiles(void **state)
{
	(void)state;
	refuse_profile("1000", "1000", NULL);
	refuse_profile("1000", "-5", "-5");
	refuse_profile("1000", "0", "above 0");
	refuse_profile("\"T1\"", "\"T9\"", "T9");
	refuse_profile("\"weight\":1", "\"weight\":0", "weight");
	refuse_profile("\"id\":\"x\"", "\"id\":\"../x\"", "no name");
	refuse_profile("\"tier\"", "\"tear\"", "tear");
	refuse_profile("\"oae_profile\":1", "\"oae_profile\":2", "version 2");
}

/* ---- manifests -------------------------------------------------------- */

static const char manifest[] =
	"{\"oae_adapter\":1,\"name\":\"m\",\"version\":\"1\",\"title\":\"M\","
	"\"licence\":\"Apache-2.0\",\"command\":[\"{build}/x\",\"-d\","
	"\"{adapter}\"],\"systems\":[{\"name\":\"s\",\"title\":\"S\","
	"\"kind\":\"dense\",\"knobs\":[{\"name\":\"n\",\"type\":\"int\","
	"\"default\":2,\"low\":1,\"high\":8},{\"name\":\"c\",\"type\":"
	"\"choice\",\"default\":\"a\",\"choices\":[\"a\",\"b\"]}]}]}";

static void write_knob(const struct oae_knob *k, const char *text,
		       enum oae_status should, const char *json)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf out;
	struct oae_jw w;

	oae_buf_init(&out, 1000);
	oae_jw_init(&w, &out, 0);
	oae_jw_obj(&w, NULL);
	assert_int_equal(oae_knob_write(k, text, &w, &err), should);
	if (should) {
		says(&err, k->name);
	} else {
		oae_jw_end_obj(&w);
		assert_string_equal(oae_buf_str(&out), json);
	}
	oae_buf_release(&out);
}

static void test_manifest(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	const struct oae_system_entry *s;
	const struct oae_knob *k;
	struct oae_manifest m;
	char word[100];

	(void)state;
	put("adapter.json", manifest);
	if (oae_manifest_read(dir, &m, &err))
		fail_msg("%s", err.text);
	s = oae_manifest_system(&m, "s");
	assert_non_null(s);
	assert_null(oae_manifest_system(&m, "t"));
	k = oae_system_knob(s, "n");
	write_knob(k, NULL, OAE_OK, "{\"n\":2}");
	write_knob(k, "8", OAE_OK, "{\"n\":8}");
	write_knob(k, "9", OAE_ERR_USAGE, NULL);
	write_knob(k, "1.5", OAE_ERR_USAGE, NULL);
	write_knob(k, "nan", OAE_ERR_USAGE, NULL);
	write_knob(k, "", OAE_ERR_USAGE, NULL);
	k = oae_system_knob(s, "c");
	write_knob(k, "b", OAE_OK, "{\"c\":\"b\"}");
	write_knob(k, "d", OAE_ERR_USAGE, NULL);
	assert_int_equal(oae_manifest_expand(m.command.item[0], "/B", "/H",
					     "/A", word, sizeof(word), &err),
			 OAE_OK);
	assert_string_equal(word, "/B/x");
	assert_int_equal(oae_manifest_expand(m.command.item[2], "/B", "/H",
					     "/A", word, 2, &err),
			 OAE_ERR_LIMIT);
	oae_manifest_release(&m);
}

static void refuse_manifest(const char *from, const char *to, const char *why)
{
	struct oae_error err = { OAE_OK, 0, "" };
	const char *at = strstr(manifest, from);
	struct oae_manifest m;
	char json[1500];

	assert_non_null(at);
	snprintf(json, sizeof(json), "%.*s%s%s", (int)(at - manifest), manifest,
		 to, at + strlen(from));
	put("adapter.json", json);
	assert_true(oae_manifest_read(dir, &m, &err) < 0);
	says(&err, why);
	oae_manifest_release(&m);
}

static void test_bad_manifests(void **state)
{
	(void)state;
	refuse_manifest("\"default\":2", "\"default\":20", "knob");
	refuse_manifest("\"choices\"", "\"options\"", "options");
	refuse_manifest("\"name\":\"m\"", "\"name\":\"a b\"", "a b");
	refuse_manifest("\"command\":[\"{build}/x\",\"-d\",\"{adapter}\"]",
			"\"command\":[]", "command");
	refuse_manifest("\"oae_adapter\":1", "\"oae_adapter\":3", "version 3");
	refuse_manifest("\"kind\":\"dense\"",
			"\"kind\":\"dense\","
			"\"lossless_of\":\"q\"",
			"none of the systems");
	refuse_manifest("\"licence\":\"Apache-2.0\",", "", "licence");
}

/* ---- the gate --------------------------------------------------------- */

static void test_floor(void **state)
{
	double needed;

	(void)state;
	/* 0.8^14 = 0.044: 14 of 14 prove 80 %, 13 of 13 do not. */
	assert_int_equal(oae_gate_floor(14, 14, 0.8, &needed), OAE_GATE_PASS);
	assert_int_equal(oae_gate_floor(13, 13, 0.8, &needed),
			 OAE_GATE_UNPROVEN);
	assert_true(needed == 14);
	assert_int_equal(oae_gate_floor(0, 2, 0.8, &needed), OAE_GATE_FAIL);
	assert_int_equal(oae_gate_floor(1, 1, 0.8, &needed), OAE_GATE_UNPROVEN);
	assert_int_equal(oae_gate_floor(0, 0, 0.8, &needed), OAE_GATE_UNPROVEN);
	assert_int_equal(oae_gate_floor(0, 5, 0, &needed), OAE_GATE_PASS);
	assert_int_equal(oae_gate_floor(80, 100, 0.8, &needed),
			 OAE_GATE_UNPROVEN);
	assert_true(needed == -1);
	assert_int_equal(oae_gate_floor(9000, 10000, 0.8, &needed),
			 OAE_GATE_PASS);
}

static void test_paired(void **state)
{
	double d[1000], lower, needed;

	(void)state;
	memset(d, 0, sizeof(d));
	assert_int_equal(oae_gate_paired(d, 150, 0.02, &lower, &needed),
			 OAE_GATE_PASS);
	assert_int_equal(oae_gate_paired(d, 149, 0.02, &lower, &needed),
			 OAE_GATE_UNPROVEN);
	assert_true(needed == 150);
	for (int i = 0; i < 1000; i += 5)
		d[i] = -1;
	assert_int_equal(oae_gate_paired(d, 1000, 0.02, &lower, &needed),
			 OAE_GATE_FAIL);
	for (int i = 0; i < 1000; i += 5)
		d[i] = 1;
	assert_int_equal(oae_gate_paired(d, 1000, 0.02, &lower, &needed),
			 OAE_GATE_PASS);
	assert_int_equal(oae_gate_paired(d, 0, 0.02, &lower, &needed),
			 OAE_GATE_UNPROVEN);
}

static int set_up(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };

	(void)state;
	strcpy(dir, "/tmp/oae-test-ledger-XXXXXX");
	if (!mkdtemp(dir) || oae_home(home, sizeof(home), &err)) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

/* A set-up that was measured stands for what was said of it, once. */
static void test_measured_steps(void **state)
{
	static const char text[] =
		"{\"oae_ledger\":1,\"system\":\"a/b\",\"entries\":["
		"{\"id\":\"setup.build\",\"kind\":\"machine\",\"unit\":\"s\","
		"\"low\":30,\"mid\":90,\"high\":300,\"class\":\"declared\","
		"\"source\":\"s\",\"activity\":\"x\"},"
		"{\"id\":\"setup.build.twice\",\"kind\":\"machine\","
		"\"unit\":\"s\",\"value\":7,\"class\":\"measured\","
		"\"source\":\"s\",\"activity\":\"x\"},"
		"{\"id\":\"setup.builder\",\"kind\":\"machine\","
		"\"unit\":\"s\",\"value\":1000,\"class\":\"measured\","
		"\"source\":\"s\",\"activity\":\"train\"},"
		"{\"id\":\"setup.build.hours\",\"kind\":\"adoption\","
		"\"tier\":\"T1\",\"unit\":\"h\",\"value\":2,"
		"\"class\":\"measured\",\"source\":\"s\","
		"\"activity\":\"x\"}]}";
	struct oae_ledger l = { 0 };
	struct oae_ledger_sum sum;

	(void)state;
	assert_int_equal(oae_ledger_read(put("m.json", text), &l, NULL),
			 OAE_OK);
	assert_int_equal(oae_ledger_sum(&l).machine_s.evidence, OAE_DECLARED);
	assert_int_equal(oae_ledger_measure_steps(&l, 12.5, OAE_MEASURED), 2);
	sum = oae_ledger_sum(&l);
	assert_true(sum.machine_s.low == 1012.5);
	assert_true(sum.machine_s.mid == 1012.5);
	assert_true(sum.machine_s.high == 1012.5);
	assert_int_equal(sum.machine_s.evidence, OAE_MEASURED);
	assert_true(sum.adoption_h[0].mid == 2);
	oae_ledger_release(&l);
	/* Where there is no ledger it is the first entry. */
	memset(&l, 0, sizeof(l));
	assert_int_equal(oae_ledger_measure_steps(&l, 3, OAE_ESTIMATED), 0);
	assert_true(oae_ledger_sum(&l).machine_s.mid == 3);
	oae_ledger_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measured_steps),
		cmocka_unit_test(test_bad_ledgers),
		cmocka_unit_test(test_nan_in_ledger),
		cmocka_unit_test(test_ledger_sums),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_bad_tables),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_bad_profiles),
		cmocka_unit_test(test_manifest),
		cmocka_unit_test(test_bad_manifests),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_paired),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
