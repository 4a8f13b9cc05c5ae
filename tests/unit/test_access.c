/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The access grid: smaller machines as tiers, and the cells of those who try
 * settings, from an invented journal and invented tunings.
 */
#include "tests/unit/run_folder.h"

#include <unistd.h>

#include "schema/access_tuned.h"
#include "schema/tiers.h"

#define SYSTEM 1 /* of the folder: speculative */

static const struct folder_condition conditions[] = {
	{ "cpu:50", { 1, 1, 1 }, { 1, 1, 1 }, false },
	{ "tier:half", { 1, 1, 1 }, { 1, 1, 1 }, false },
	{ "tier:smallest", { 1, 1, 1 }, { 1, 0, 1 }, false },
};

static void near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-12))
		fail_msg("%.17g is not %.17g", a, b);
}

static char base[200];
static struct oae_score score;
static cJSON *program;			   /* as the score has it */
static enum oae_gate gate[FOLDER_SYSTEMS]; /* all pass */

/* The folder's journal leaves open which program it was. */
static void name_program(void)
{
	cJSON *copy = cJSON_Duplicate(score.systems[SYSTEM].json, true);

	assert_non_null(copy);
	cJSON_DeleteItemFromObject(copy, "binary_sha256");
	cJSON_DeleteItemFromObject(copy, "models");
	cJSON_AddStringToObject(copy, "binary_sha256", "ff");
	cJSON_AddArrayToObject(copy, "models");
	score.systems[SYSTEM].json = program = copy;
}

static int set_up(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	char dir[300];
	struct folder f;

	(void)state;
	snprintf(base, sizeof(base), "/tmp/oae-access-XXXXXX");
	assert_non_null(mkdtemp(base));
	snprintf(dir, sizeof(dir), "%s/run", base);
	f = folder_default(dir);
	f.noise = 0;
	f.scale = false;
	f.conditions = conditions;
	f.condition_count = sizeof(conditions) / sizeof(conditions[0]);
	folder_make(&f);
	folder_ok(oae_score_read(dir, &score, &err), &err);
	for (int i = 0; i < FOLDER_SYSTEMS; i++)
		gate[i] = OAE_GATE_PASS;
	name_program();
	return 0;
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	oae_score_release(&score);
	cJSON_Delete(program);
	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

/* ---- hardware ---------------------------------------------------------- */

/* Where tiers were tried, single limits are none. */
static void rows(void **state)
{
	(void)state;
	assert_int_equal(score.condition_count, 4);
	assert_true(oae_access_is_tier(&score, 0));
	assert_false(oae_access_is_tier(&score, 1));
	assert_true(oae_access_is_tier(&score, 2));
	assert_true(oae_access_is_tier(&score, 3));
	for (size_t q = 0; q < 4; q++) {
		struct oae_access_cell c = oae_access_of(
			&score, &score.profiles[0], SYSTEM, q, OAE_GATE_PASS);

		assert_null(c.reason);
		assert_int_equal(c.outcome,
				 q == 3 ? OAE_GATE_FAIL : OAE_GATE_PASS);
		assert_true(isnan(c.probability));
	}
}

static void put_table(const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/" OAE_HARDWARE_FILE, base);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("name,class,low,mid,high,unit,source\n", f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void table(void **state)
{
	struct oae_hardware t[OAE_HARDWARE_TIERS];
	struct oae_error err = { OAE_OK, 0, "" };
	char dir[300];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/schema/tables",
		 getenv("OAE_HOME") ? getenv("OAE_HOME") : ".");
	folder_ok(oae_tiers_read(dir, t, &err), &err);
	assert_true(t[OAE_HARDWARE_HALF].cpu_percent == 50);
	assert_true(t[OAE_HARDWARE_HALF].memory == 0);
	assert_true(t[OAE_HARDWARE_QUARTER].cpu_percent == 25);
	assert_true(t[OAE_HARDWARE_SMALL].memory == 1.5);
	assert_true(t[OAE_HARDWARE_SMALLEST].cpu_percent == 25);
	assert_true(t[OAE_HARDWARE_SMALLEST].memory == 1.1);

	put_table("half.cpu,assumed,50,50,50,%,x\n");
	assert_int_equal(oae_tiers_read(base, t, &err), OAE_ERR_FORMAT);
	assert_non_null(strstr(err.text, "quarter.cpu"));
	err.status = OAE_OK;
	put_table("half.cpu,assumed,101,101,101,%,x\n");
	assert_int_equal(oae_tiers_read(base, t, &err), OAE_ERR_FORMAT);
	assert_non_null(strstr(err.text, "at most 100 %"));
}

/* ---- trials ------------------------------------------------------------ */

/* Counts all ways to draw n of m; the first `fail` do not serve. */
static double counted(unsigned m, unsigned fail, unsigned n)
{
	unsigned all = 0, some = 0;

	for (unsigned set = 0; set < 1u << m; set++) {
		if ((unsigned)__builtin_popcount(set) != n)
			continue;
		all++;
		some += set >> fail != 0;
	}
	return (double)some / all;
}

static void chance(void **state)
{
	(void)state;
	for (unsigned m = 1; m <= 9; m++)
		for (unsigned fail = 0; fail <= m; fail++)
			for (unsigned n = 1; n <= m; n++)
				near(oae_access_chance(m, fail, n),
				     counted(m, fail, n));
	assert_true(isnan(oae_access_chance(3, 1, 4)));
}

/* A tuning of SYSTEM of m trials: `fail` of g 0.1, the rest of g 0.9. */
static cJSON *tuning(int m, int fail, const char *profile)
{
	const struct oae_score_system *s = &score.systems[SYSTEM];
	cJSON *all = cJSON_CreateArray(), *doc = cJSON_CreateObject();
	cJSON *was = cJSON_AddObjectToObject(doc, "program");
	cJSON *search = cJSON_CreateObject(), *list, *x;

	cJSON_AddItemToArray(all, doc);
	cJSON_AddStringToObject(doc, "system", s->id);
	cJSON_AddStringToObject(doc, "profile", profile);
	for (int i = 0; i < 2; i++) {
		const char *key = i ? "models" : "binary_sha256";

		cJSON_AddItemToObject(
			was, key,
			cJSON_Duplicate(cJSON_GetObjectItem(s->json, key),
					true));
	}
	cJSON_AddItemToArray(cJSON_AddArrayToObject(doc, "searches"), search);
	cJSON_AddStringToObject(search, "system", s->id);
	cJSON_AddStringToObject(cJSON_AddObjectToObject(search, "best"), "id",
				score.systems[2].id);
	list = cJSON_AddArrayToObject(search, "settings");
	for (int i = 0; i < m; i++) {
		x = cJSON_CreateObject();
		cJSON_AddNumberToObject(x, "g", i < fail ? 0.1 : 0.9);
		cJSON_AddStringToObject(x, "gate", "unproven");
		cJSON_AddNullToObject(x, "reason");
		cJSON_AddItemToArray(list, x);
	}
	return all;
}

static struct oae_access_cell cell(const cJSON *t, size_t q, size_t n)
{
	return oae_access_tuned(&score, &score.profiles[0], t, SYSTEM, q, n,
				gate);
}

static cJSON *setting(cJSON *t, int i)
{
	cJSON *search = cJSON_GetArrayItem(
		cJSON_GetObjectItem(cJSON_GetArrayItem(t, 0), "searches"), 0);

	return cJSON_GetArrayItem(cJSON_GetObjectItem(search, "settings"), i);
}

static void trials(void **state)
{
	const char *id = score.profiles[0].id;
	struct oae_access_cell c;
	cJSON *t = tuning(8, 4, id);

	(void)state;
	/* 1 - C(4, 4) / C(8, 4) = 69 / 70, and one of 0.9 as often. */
	c = cell(t, 0, 4);
	assert_null(c.reason);
	assert_int_equal(c.outcome, OAE_GATE_PASS);
	near(c.probability, 69. / 70);
	near(c.g, (69 * .9 + .1) / 70);
	assert_non_null(strstr(cell(t, 0, 16).reason, "fewer than 16"));
	/* A failed gate or run is none that serves, whatever its g. */
	for (int i = 4; i < 8; i++)
		cJSON_ReplaceItemInObject(setting(t, i),
					  i < 6 ? "gate" : "reason",
					  cJSON_CreateString("fail"));
	gate[SYSTEM] = OAE_GATE_FAIL;
	c = cell(t, 0, 4);
	near(c.probability, 0);
	assert_int_equal(c.outcome, OAE_GATE_FAIL);
	/* Who may try settings may leave the defaults, which serve. */
	gate[SYSTEM] = OAE_GATE_PASS;
	assert_int_equal(cell(t, 0, 4).outcome, OAE_GATE_PASS);
	cJSON_Delete(t);
}

/* 5 of 8 fail: 1 - 5 / 70 is enough; 6 of 8: 1 - 15 / 70 is not. */
static void level(void **state)
{
	const char *id = score.profiles[0].id;

	(void)state;
	gate[SYSTEM] = OAE_GATE_FAIL;
	for (int fail = 5; fail <= 6; fail++) {
		cJSON *t = tuning(8, fail, id);

		assert_int_equal(cell(t, 0, 4).outcome,
				 fail == 5 ? OAE_GATE_PASS : OAE_GATE_FAIL);
		cJSON_Delete(t);
	}
	gate[SYSTEM] = OAE_GATE_PASS;
}

/* Other machines need the setting itself, here the folder's system 2. */
static void smaller(void **state)
{
	const char *id = score.profiles[0].id;
	cJSON *t = tuning(8, 4, id), *best;
	struct oae_access_cell c = cell(t, 3, 16);

	(void)state;
	assert_null(c.reason);
	assert_int_equal(c.outcome, OAE_GATE_PASS);
	assert_true(isnan(c.probability));
	gate[2] = OAE_GATE_FAIL;
	assert_int_equal(cell(t, 3, 16).outcome, OAE_GATE_FAIL);
	gate[2] = OAE_GATE_PASS;
	assert_non_null(strstr(cell(t, 3, 4).reason, "more trials"));
	best = cJSON_GetObjectItem(
		cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(t, 0),
						       "searches"),
				   0),
		"best");
	cJSON_ReplaceItemInObject(best, "id", cJSON_CreateString("other/one"));
	assert_non_null(strstr(cell(t, 3, 16).reason, "not run there"));
	cJSON_Delete(t);
}

/* Nothing is said from a tuning of something else. */
static void others(void **state)
{
	const char *id = score.profiles[0].id;
	cJSON *t = tuning(8, 0, "another"), *doc;

	(void)state;
	assert_non_null(strstr(cell(t, 0, 4).reason, "another profile"));
	cJSON_Delete(t);
	t = tuning(8, 0, id);
	doc = cJSON_GetArrayItem(t, 0);
	cJSON_ReplaceItemInObject(cJSON_GetObjectItem(doc, "program"),
				  "binary_sha256", cJSON_CreateString("00"));
	assert_non_null(strstr(cell(t, 0, 4).reason, "another program"));
	cJSON_ReplaceItemInObject(doc, "system", cJSON_CreateString("a/b"));
	assert_non_null(strstr(cell(t, 0, 4).reason, "shipped defaults"));
	cJSON_Delete(t);
	assert_non_null(strstr(cell(NULL, 0, 4).reason, "shipped defaults"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),	  cmocka_unit_test(table),
		cmocka_unit_test(chance), cmocka_unit_test(trials),
		cmocka_unit_test(level),  cmocka_unit_test(smaller),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests_name("access", tests, set_up, tear_down);
}
