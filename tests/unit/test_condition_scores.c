/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an invented journal with conditions to what they cost: every number
 * is computed here once more from the formulas of the spec.
 */
#include "tests/unit/run_folder.h"

#include <unistd.h>

#include "base/buf.h"
#include "schema/result.h"

enum {
	NOMINAL,
	CPU,
	MEMORY,
	HALF,
	COLD,
	NOISE,
	CONDITIONS
};

static const struct folder_condition conditions[] = {
	{ "cpu:50", { 2, 4, 2 }, { 1, 1, 1 }, false },
	{ "memory:1.1", { 1, 1, 1 }, { 1, 1, 0 }, false },
	{ "memory:0.9", { 1, 1, 1 }, { 1, 0.5, 0 }, false },
	{ "cold:cache", { 1, 1, 1 }, { 1, 1, 1 }, false },
	{ "noise:5", { 1, 1, 1 }, { 0, 0, 0 }, true },
};

static char base[200];
static cJSON *result;

static cJSON *build(const struct folder *f)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf out;
	cJSON *tree = NULL;

	folder_make(f);
	oae_buf_init(&out, OAE_RESULT_BYTES_MAX);
	folder_ok(oae_result_build(f->dir, &out, &err), &err);
	folder_ok(oae_json_parse(out.data, out.len, &tree, &err), &err);
	oae_buf_release(&out);
	return tree;
}

static struct folder fresh(const char *name)
{
	struct folder f;
	char dir[300];

	snprintf(dir, sizeof(dir), "%s/%s", base, name);
	f = folder_default(dir);
	f.noise = 0;
	f.scale = false;
	return f;
}

static int set_up(void **state)
{
	struct folder f;

	(void)state;
	snprintf(base, sizeof(base), "/tmp/oae-condition-XXXXXX");
	assert_non_null(mkdtemp(base));
	f = fresh("all");
	f.conditions = conditions;
	f.condition_count = sizeof(conditions) / sizeof(conditions[0]);
	result = build(&f);
	return 0;
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	cJSON_Delete(result);
	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

static const cJSON *member(const cJSON *v, const char *key)
{
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(v, key);

	if (!m)
		fail_msg("no member %s", key);
	return m;
}

static double number(const cJSON *v, const char *key)
{
	const cJSON *m = member(v, key);

	return cJSON_IsNumber(m) ? m->valuedouble : NAN;
}

static const char *text(const cJSON *v, const char *key)
{
	return cJSON_GetStringValue(member(v, key));
}

static const cJSON *profile(int p)
{
	return cJSON_GetArrayItem(member(result, "profiles"), p);
}

/* A system (0: dense, 1: speculative, 2: moe) under a condition. */
static const cJSON *cell(int p, int q, int system)
{
	const cJSON *all = member(member(profile(p), "conditions"), "cells");
	const cJSON *c = cJSON_GetArrayItem(all, q);

	assert_string_equal(text(c, "condition"),
			    q ? conditions[q - 1].name : "nominal");
	return cJSON_GetArrayItem(member(c, "systems"), system);
}

/* Its nominal score, in a mode. */
static const cJSON *nominal(int p, int system, const char *mode)
{
	const cJSON *s =
		cJSON_GetArrayItem(member(profile(p), "scores"), system - 1);

	return member(member(s, "modes"), mode);
}

static void near(double is, double should)
{
	if (!(fabs(is - should) <= 1e-7 * fabs(should)))
		fail_msg("%.17g, not %.17g", is, should);
}

/* The middle of a default's range. */
static double standard(const char *name)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, member(member(result, "tables"), "defaults"))
		if (!strcmp(text(row, "name"), name))
			return number(row, "mid");
	fail_msg("no default %s", name);
	return NAN;
}

/* Labour and set-up, as the nominal score has them. */
static double fixed(int p, int system, const char *cost)
{
	const cJSON *c = member(nominal(p, system, "on_demand"), cost);

	return number(c, "F") + number(c, "HM");
}

static void means(void **state)
{
	(void)state;
	for (int p = 0; p < 2; p++)
		for (int s = 0; s < FOLDER_SYSTEMS; s++) {
			double was =
				number(cell(p, NOMINAL, s), "s_per_request");

			near(number(cell(p, CPU, s), "s_per_request"),
			     was * conditions[CPU - 1].slower[s]);
			near(number(cell(p, CPU, s), "g"),
			     number(cell(p, NOMINAL, s), "g"));
			/* 50 ms of set-up over twelve requests */
			near(number(cell(p, COLD, s), "s_per_request"),
			     was + 0.05 / 12);
			assert_int_equal(number(cell(p, CPU, s), "repetitions"),
					 6);
		}
}

/* Cost of a request, and of all of them, once more. */
static void costs(void **state)
{
	static const int measured[] = { NOMINAL, CPU, MEMORY, HALF, COLD };

	(void)state;
	for (int p = 0; p < 2; p++)
		for (size_t k = 0; k < 5; k++)
			for (int s = 1; s < FOLDER_SYSTEMS; s++) {
				const cJSON *b = cell(p, measured[k], 0);
				const cJSON *x = cell(p, measured[k], s);
				double n = number(profile(p), "N");
				double cb = fixed(p, s, "baseline_cost_usd") +
					    n * number(b, "kappa_usd");
				double cx = fixed(p, s, "cost_usd") +
					    n * number(x, "kappa_usd");

				near(number(member(x, "on_demand"), "value"),
				     cb / cx);
			}
	for (int s = 1; s < FOLDER_SYSTEMS; s++) {
		near(number(member(cell(0, NOMINAL, s), "on_demand"), "value"),
		     number(member(nominal(0, s, "on_demand"), "oae"),
			    "value"));
		near(number(member(cell(0, NOMINAL, s), "owned"), "value"),
		     number(member(nominal(0, s, "owned"), "oae"), "value"));
	}
}

/* A system that is killed serves nobody: kappa is the remedy. */
static void killed(void **state)
{
	const cJSON *moe = cell(0, MEMORY, 2), *half = cell(0, HALF, 1);

	(void)state;
	assert_string_equal(text(moe, "status"), "measured");
	assert_string_equal(text(moe, "reason"), "killed");
	assert_true(number(moe, "g") == 0);
	assert_true(number(moe, "s_per_request") == 0);
	assert_int_equal(number(moe, "failed_runs"), 18);
	assert_int_equal(number(moe, "oom_kills"), 18);
	near(number(moe, "kappa_usd"), standard("rho_usd"));
	near(number(half, "g"), 0.5 * number(cell(0, NOMINAL, 1), "g"));
	near(number(half, "s_per_request"),
	     number(cell(0, NOMINAL, 1), "s_per_request"));
}

static void unavailable(void **state)
{
	const cJSON *x = cell(0, NOISE, 1);
	const cJSON *all = member(result, "conditions");
	const cJSON *noise = cJSON_GetArrayItem(all, NOISE - 1);

	(void)state;
	assert_string_equal(text(x, "status"), "unavailable");
	assert_string_equal(text(x, "reason"), "not on this machine");
	assert_true(isnan(number(x, "g")));
	assert_true(isnan(number(member(x, "on_demand"), "value")));
	assert_int_equal(cJSON_GetArraySize(all), CONDITIONS - 1);
	assert_string_equal(text(noise, "condition"), "noise:5");
	assert_int_equal(number(noise, "unavailable"), 54);
	assert_string_equal(text(noise, "reason"), "not on this machine");
	assert_string_equal(text(member(noise, "set"), "what"), "noise:5");
	/* The nominal runs of a system are not blamed for it. */
	x = cJSON_GetArrayItem(member(result, "systems"), 2);
	assert_int_equal(number(member(x, "runs"), "failed"), 0);
	assert_int_equal(
		cJSON_GetArraySize(member(member(x, "runs"), "reasons")), 0);
}

static void minimum(void **state)
{
	const cJSON *all, *m, *missing;

	(void)state;
	/* With billions of requests the running cost is all there is. */
	all = member(member(profile(1), "conditions"), "robustness");
	assert_int_equal(cJSON_GetArraySize(all), 2);
	m = member(cJSON_GetArrayItem(all, 0), "on_demand");
	near(number(m, "nominal"),
	     number(member(nominal(1, 1, "on_demand"), "oae"), "value"));
	assert_true(number(m, "nominal") > 1);
	assert_string_equal(text(m, "at"), "cpu:50");
	near(number(m, "minimum"),
	     number(member(cell(1, CPU, 1), "on_demand"), "value"));
	assert_string_equal(text(member(m, "crosses_1_at"), "cpu"), "cpu:50");
	assert_string_equal(text(member(m, "crosses_1_at"), "memory"),
			    "memory:0.9");
	assert_null(text(member(m, "crosses_1_at"), "cold"));
	assert_null(text(member(m, "crosses_1_at"), "burst"));
	assert_string_equal(text(m, "status"), "incomplete");
	missing = member(m, "missing");
	assert_int_equal(cJSON_GetArraySize(missing), 3);
	assert_string_equal(cJSON_GetArrayItem(missing, 0)->valuestring,
			    "burst");
	assert_string_equal(cJSON_GetArrayItem(missing, 1)->valuestring,
			    "noise");
	assert_string_equal(cJSON_GetArrayItem(missing, 2)->valuestring,
			    "colocated");
	m = member(cJSON_GetArrayItem(all, 1), "on_demand");
	assert_string_equal(text(m, "at"), "memory:1.1");
}

/* A tier's cell of a system, and what its cells add up to. */
static const cJSON *tier(int system, int which)
{
	const cJSON *s =
		cJSON_GetArrayItem(member(profile(0), "access"), system);

	/* Three skill tiers of each. */
	return cJSON_GetArrayItem(member(s, "cells"), 3 * which);
}

/* Whole machine, cpu:50, memory:1.1, memory:0.9; burst and noise are none. */
static void access_grid(void **state)
{
	static const char *const names[] = { "nominal", "cpu:50", "memory:1.1",
					     "memory:0.9" };
	static const char *const outcome[FOLDER_SYSTEMS][4] = {
		{ "served", "served", "served", "served" },
		{ "served", "served", "served", "not served" },
		{ "served", "served", "not served", "not served" },
	};
	static const int served[] = { 4, 3, 2 };

	(void)state;
	for (int s = 0; s < FOLDER_SYSTEMS; s++) {
		const cJSON *all =
			cJSON_GetArrayItem(member(profile(0), "access"), s);
		const cJSON *lost = member(all, "lost"), *t2;

		assert_int_equal(cJSON_GetArraySize(member(all, "cells")), 12);
		for (int k = 0; k < 4; k++) {
			assert_string_equal(text(tier(s, k), "tier"), names[k]);
			assert_string_equal(text(tier(s, k), "skill"), "T1");
			assert_string_equal(text(tier(s, k), "outcome"),
					    outcome[s][k]);
			t2 = tier(s, k)->next;
			assert_string_equal(text(t2, "skill"), "T2");
			assert_null(text(t2, "outcome"));
			assert_non_null(
				strstr(text(t2, "reason"), "shipped defaults"));
		}
		near(number(tier(s, 1), "g"), number(cell(0, CPU, s), "g"));
		assert_int_equal(number(all, "served"), served[s]);
		assert_int_equal(number(all, "measured"), 4);
		assert_int_equal(number(all, "not_measured"), 8);
		near(number(all, "share"), served[s] / 4.);
		assert_int_equal(cJSON_GetArraySize(lost), 4 - served[s]);
		assert_string_equal(text(member(all, "worst_group"), "group"),
				    "clinic");
	}
}

/* With nominal alone nothing is said of conditions, and nothing changes. */
static void nominal_alone(void **state)
{
	struct folder f = fresh("alone");
	cJSON *alone = build(&f), *was, *is;

	(void)state;
	assert_null(cJSON_GetObjectItemCaseSensitive(alone, "conditions"));
	was = cJSON_GetObjectItemCaseSensitive(alone, "profiles");
	is = cJSON_GetObjectItemCaseSensitive(result, "profiles");
	for (int p = 0; p < 2; p++) {
		const cJSON *a = cJSON_GetArrayItem(was, p);
		const cJSON *b = cJSON_GetArrayItem(is, p);

		assert_null(cJSON_GetObjectItemCaseSensitive(a, "conditions"));
		assert_null(cJSON_GetObjectItemCaseSensitive(a, "access"));
		assert_true(cJSON_Compare(member(a, "scores"),
					  member(b, "scores"), true));
	}
	cJSON_Delete(alone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(means),	 cmocka_unit_test(costs),
		cmocka_unit_test(killed),	 cmocka_unit_test(unavailable),
		cmocka_unit_test(minimum),	 cmocka_unit_test(access_grid),
		cmocka_unit_test(nominal_alone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
