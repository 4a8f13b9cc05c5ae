/* SPDX-License-Identifier: Apache-2.0 */
/* SCI over the grid table: the worked example, and a whole result. */
#include "tests/unit/run_folder.h"

#include <unistd.h>

#include "base/buf.h"
#include "schema/assess.h"
#include "schema/result.h"

static void near(double is, double should, const char *what)
{
	if (!(fabs(is - should) <= 1e-6 * fmax(1, fabs(should))))
		fail_msg("%s: %.10g is not %.10g", what, is, should);
}

/* ---- the worked example ----------------------------------------------- */

/* I = 0.4 kg a kWh, 0.01 kg of making it a machine-hour. */
static struct oae_table_row grid_rows[] = {
	{ "HERE", "gCO2e/kWh", { .low = 400, .mid = 400, .high = 400 } },
};
static struct oae_table_row machine_rows[] = {
	{ "machine_kg", "kg", { .low = 87.6, .mid = 87.6, .high = 87.6 } },
	{ "machine_years", "years", { .low = 1, .mid = 1, .high = 1 } },
};

static struct oae_own_values golden_system(double s, double e)
{
	struct oae_own_values v = oae_own_init();

	v.v[OAE_OWN_S] = s;
	v.v[OAE_OWN_E] = e;
	return v;
}

static struct oae_case golden_case(const struct oae_score *score,
				   const struct oae_profile *profile,
				   double requests_a_month)
{
	struct oae_case c = { .score = score, .profile = profile };
	struct oae_terms *t = &c.box.mid;

	*t = oae_terms_init();
	t->v[OAE_TERM_H] = 24;
	t->v[OAE_TERM_N] = 24 * requests_a_month;
	t->v[OAE_TERM_P_IDLE] = 20;
	t->v[OAE_TERM_PEAK] = 10;
	t->v[OAE_TERM_U] = .7;
	c.box.low = c.box.high = *t;
	return c;
}

static void worked_example(void **state)
{
	static const struct {
		double a_month, s, e, g;
		const char *name;
	} row[] = {
		{ 3360, 10, .0002, 3.990714, "clinic, D" },
		{ 3360, 8, .0002, 3.990714, "clinic, S" },
		{ 3360, 5, .0001, 3.950714, "clinic, M" },
		{ 210000, 10, .0002, 0.830857, "enterprise, D" },
		{ 210000, 8, .0002, 0.705714, "enterprise, S" },
		{ 210000, 5, .0001, 0.415429, "enterprise, M" },
	};
	static struct oae_score score;
	static struct oae_profile profile;
	struct oae_carbon_row out[OAE_GRIDS_MAX];

	(void)state;
	score.tables.grid = (struct oae_table){ "grid.csv", grid_rows, 1 };
	score.tables.embodied =
		(struct oae_table){ "embodied.csv", machine_rows, 2 };
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct oae_case c =
			golden_case(&score, &profile, row[i].a_month);

		c.box.x_mid = golden_system(row[i].s, row[i].e);
		c.box.x_low = c.box.x_high = c.box.x_mid;
		c.box.b_low = c.box.b_mid = c.box.b_high = c.box.x_mid;
		assert_int_equal(oae_assess_carbon(&c, OAE_OWNED, out), 1);
		near(out[0].x.mid, row[i].g, row[i].name);
		near(out[0].b.high, row[i].g, row[i].name);
		/* Half of the requests useful: twice as much for each. */
		c.box.x_mid.v[OAE_OWN_G] = .5;
		oae_assess_carbon(&c, OAE_OWNED, out);
		near(out[0].x.mid, 2 * row[i].g, row[i].name);
		c.box.x_mid.v[OAE_OWN_G] = 0;
		oae_assess_carbon(&c, OAE_OWNED, out);
		assert_true(isnan(out[0].x.mid));
	}
	/* The standard's share of 1000 kg over 4 years in an hour. */
	assert_true(fabs(1000 * oae_embodied_kg(1000, 4, 1) - 28.54) < .005);
	printf("# carbon: clinic 3.990714, 3.990714, 3.950714 g; 1000 kg over"
	       " 4 years, 1 h: %.2f g\n",
	       1000 * oae_embodied_kg(1000, 4, 1));
}

/* ---- a whole result ------------------------------------------------------ */

static cJSON *result;

static int set_up(void **state)
{
	char base[] = "/tmp/oae-carbon-XXXXXX", command[100];
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf out;
	struct folder f;

	(void)state;
	assert_non_null(mkdtemp(base));
	f = folder_default(base);
	/* Half of moe's answers are wrong: no score, so no carbon. */
	f.wrong_every[2] = 2;
	folder_make(&f);
	oae_buf_init(&out, OAE_RESULT_BYTES_MAX);
	folder_ok(oae_result_build(base, &out, &err), &err);
	folder_ok(oae_json_parse(out.data, out.len, &result, &err), &err);
	oae_buf_release(&out);
	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

static int tear_down(void **state)
{
	(void)state;
	cJSON_Delete(result);
	return 0;
}

static const cJSON *get(const cJSON *v, const char *key)
{
	v = cJSON_GetObjectItemCaseSensitive(v, key);
	if (!v)
		fail_msg("no member %s", key);
	return v;
}

static double num(const cJSON *v, const char *a, const char *b)
{
	v = get(v, a);
	v = b ? get(v, b) : v;
	if (!cJSON_IsNumber(v))
		fail_msg("%s is no number", a);
	return v->valuedouble;
}

/* 400 kg over 4 years of 8760 h, as embodied.csv has it. */
static void whole_result(void **state)
{
	static const struct {
		const char *name;
		double g;
	} grid[] = { { "FR", 56 },
		     { "DE", 381 },
		     { "WORLD", 436 },
		     { "CN", 582 },
		     { "IN", 713 } };
	static const char *const modes[] = { "on_demand", "owned" };
	const cJSON *p = cJSON_GetArrayItem(get(result, "profiles"), 0);
	const cJSON *scores = get(p, "scores");

	(void)state;
	for (int m = 0; m < 2; m++) {
		const cJSON *mode = get(
			get(cJSON_GetArrayItem(scores, 0), "modes"), modes[m]);
		const cJSON *c = get(mode, "carbon"), *row;
		const cJSON *bill = get(get(mode, "physical"), "system");
		double made =
			400 / (4 * 8760.) * num(bill, "machine_hours", NULL);

		assert_string_equal(get(c, "class")->valuestring, "assumed");
		assert_int_equal(cJSON_GetArraySize(get(c, "rows")), 5);
		for (int i = 0; i < 5; i++) {
			double kg = num(bill, "kwh", NULL) * grid[i].g / 1000;

			row = cJSON_GetArrayItem(get(c, "rows"), i);
			assert_string_equal(get(row, "grid")->valuestring,
					    grid[i].name);
			near(num(row, "g_per_kwh", NULL), grid[i].g, "grid");
			/* Every answer of it is right and in time. */
			near(num(row, "system", "value"),
			     1000 * (kg + made) / num(p, "N", NULL),
			     grid[i].name);
			near(num(row, "ratio", NULL),
			     num(row, "baseline", "value") /
				     num(row, "system", "value"),
			     "ratio");
			assert_true(num(row, "system", "low") <
				    num(row, "system", "value"));
			assert_true(num(row, "system", "high") >
				    num(row, "system", "value"));
		}
		mode = get(get(cJSON_GetArrayItem(scores, 1), "modes"),
			   modes[m]);
		assert_null(cJSON_GetObjectItemCaseSensitive(mode, "carbon"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_example),
		cmocka_unit_test(whole_result),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
