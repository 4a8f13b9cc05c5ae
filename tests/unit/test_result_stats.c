/* SPDX-License-Identifier: Apache-2.0 */
/* What the result document says of percentiles, steady state and looks. */
#include "tests/unit/run_folder.h"

#include <unistd.h>

#include "base/buf.h"
#include "reports/report.h"
#include "schema/look.h"
#include "schema/result.h"
#include "tests/unit/acceptance.h"

static char base[200];

static cJSON *made(const struct folder *f)
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

/* The first system's first workload. */
static const cJSON *first_cell(const cJSON *result)
{
	const cJSON *v = cJSON_GetArrayItem(
		cJSON_GetObjectItemCaseSensitive(result, "systems"), 0);

	v = cJSON_GetObjectItemCaseSensitive(v, "measured");
	v = cJSON_GetObjectItemCaseSensitive(v, "by_workload");
	return cJSON_GetArrayItem(v, 0);
}

/* ---- check 13 --------------------------------------------------------- */

/* "p99" of n samples: a number, or the reason for none. */
static void said(unsigned n, const char *tail, char *out, size_t size)
{
	struct folder f;
	char dir[300];
	const cJSON *v;
	cJSON *r;

	snprintf(dir, sizeof(dir), "%s/%s-%u", base, tail, n);
	f = folder_default(dir);
	f.reps = 1;
	f.items = n;
	f.scale = false;
	r = made(&f);
	v = cJSON_GetObjectItemCaseSensitive(first_cell(r), "e2el_ms");
	assert_int_equal(oae_json_u64_or(v, "n", 0), n);
	v = cJSON_GetObjectItemCaseSensitive(v, tail);
	if (cJSON_IsNumber(v)) {
		snprintf(out, size, "reported");
	} else {
		assert_true(cJSON_IsNull(
			cJSON_GetObjectItemCaseSensitive(v, "value")));
		snprintf(out, size, "%s", oae_json_str_or(v, "reason", "?"));
	}
	cJSON_Delete(r);
}

static void tail_floors(void **state)
{
	static const struct {
		const char *tail;
		unsigned floor;
	} row[] = {
		{ "p99", 662 }, { "p95", 130 }, { "p90", 64 }, { "median", 11 }
	};
	char below[40], from[40];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		said(row[i].floor - 1, row[i].tail, below, sizeof(below));
		said(row[i].floor, row[i].tail, from, sizeof(from));
		acceptance(13, "%s: %u samples %s, %u %s (want %u)",
			   row[i].tail, row[i].floor - 1, below, row[i].floor,
			   from, row[i].floor);
		assert_string_equal(below, "insufficient");
		assert_string_equal(from, "reported");
	}
}

/* ---- steady state ----------------------------------------------------- */

static double num(const cJSON *obj, const char *a, const char *b)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, a);

	v = b ? cJSON_GetObjectItemCaseSensitive(v, b) : v;
	if (!cJSON_IsNumber(v))
		fail_msg("%s.%s is no number", a, b ? b : "");
	return v->valuedouble;
}

static void near(double is, double should, double tolerance)
{
	if (!(fabs(is - should) <= tolerance * fabs(should)))
		fail_msg("%.12g is not %.12g", is, should);
}

/* The table that people see holds the text, wherever its lines break. */
static void table_says(const cJSON *result, const char *text)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf out;

	oae_buf_init(&out, 1 << 20);
	folder_ok(oae_report_table(result, &out, 2000, &err), &err);
	if (!strstr(oae_buf_str(&out), text))
		fail_msg("no \"%s\" in: %s", text, oae_buf_str(&out));
	oae_buf_release(&out);
}

/*
 * Ten slow requests of forty, of four sizes: seen as warm-up, its end found,
 * left out of the steady times and kept in the cost.
 */
static void warm_up(void **state)
{
	const cJSON *cell, *steady;
	struct folder f;
	char dir[300];
	double s, cost;
	cJSON *r;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/warm", base);
	f = folder_default(dir);
	f.items = 40;
	f.sized = true;
	f.warm_requests = 10;
	f.warm_factor = 1.5;
	r = made(&f);
	cell = first_cell(r);
	steady = cJSON_GetObjectItemCaseSensitive(cell, "steady_state");
	near(num(steady, "runs", NULL), 6, 0);
	near(num(steady, "share", "warm_up"), 1, 0);
	near(num(steady, "share", "flat"), 0, 0);
	near(num(steady, "from_request", "median"), 10, 0);
	near(num(steady, "from_request", "max"), 10, 0);
	near(num(steady, "requests", NULL), 180, 0);
	near(num(steady, "left_out", NULL), 60, 0);
	near(num(steady, "e2el_ms", "n"), 180, 0);
	/* Sizes of 2.5 on average, of 0.05 s. */
	s = num(steady, "s_per_request", "value");
	near(s, .05 * 2.5, .05);
	cost = num(cell, "s_per_request", "value");
	near(cost / s, 1.125, .04);
	near(num(cell, "e2el_ms", "n"), 240, 0);
	table_says(r, "on letters: 100 % of runs warm up, 0 % slow down");
	table_says(r, "the median run is steady from request 11");
	cJSON_Delete(r);
}

static void too_short(void **state)
{
	const cJSON *steady, *v;
	struct folder f;
	char dir[300];
	cJSON *r;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/short", base);
	f = folder_default(dir);
	f.items = 9;
	r = made(&f);
	steady =
		cJSON_GetObjectItemCaseSensitive(first_cell(r), "steady_state");
	near(num(steady, "share", "too_short"), 1, 0);
	v = cJSON_GetObjectItemCaseSensitive(steady, "from_request");
	assert_non_null(
		strstr(oae_json_str_or(v, "reason", ""), "insufficient"));
	near(num(steady, "left_out", NULL), 54, 0);
	cJSON_Delete(r);
}

/* ---- from 20 runs: BCa over runs, then requests ----------------------- */

/* The half-width of log s_B/s_X of the first score, over that of t. */
static double width_over_t(const char *name, bool sized, double request_noise,
			   double *value)
{
	const cJSON *v;
	struct folder f;
	char dir[300];
	double t, half;
	cJSON *r;

	snprintf(dir, sizeof(dir), "%s/%s", base, name);
	f = folder_default(dir);
	f.reps = 24;
	f.sized = sized;
	f.request_noise = request_noise;
	r = made(&f);
	v = cJSON_GetObjectItemCaseSensitive(r, "profiles");
	v = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(v, 0),
					     "scores");
	v = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(v, 0), "modes");
	v = cJSON_GetObjectItemCaseSensitive(v, "on_demand");
	v = cJSON_GetObjectItemCaseSensitive(v, "s_ratio");
	*value = oae_json_num_or(v, "value", NAN);
	half = log(oae_json_num_or(v, "high", NAN) /
		   oae_json_num_or(v, "low", NAN)) /
	       2;
	/* Run means of 2 %, of three workloads in the profile's weights. */
	t = 2.0687 * .02 * sqrt(2. / 24);
	cJSON_Delete(r);
	return half / t;
}

/*
 * Requests of four sizes are asked of both systems, so their sizes cancel in
 * a pair; requests' own noise does not, and makes the interval wider.
 */
static void nested_intervals(void **state)
{
	double value, same, sized, noisy;

	(void)state;
	same = width_over_t("nested", false, 0, &value);
	near(value, 1.25, .02);
	/* Weighted means of three workloads spread less than one. */
	assert_true(same > .4 && same < 1.1);
	sized = width_over_t("nested-sized", true, 0, &value);
	near(sized, same, .1);
	noisy = width_over_t("nested-noisy", false, .2, &value);
	assert_true(noisy > 1.5 * same);
	printf("# width over that of t: %.3f, with sizes %.3f, with noisy"
	       " requests %.3f\n",
	       same, sized, noisy);
}

/* ---- stopping --------------------------------------------------------- */

static enum oae_status built(const struct folder *f, cJSON **out,
			     struct oae_error *err)
{
	struct oae_buf text;
	enum oae_status status;

	err->status = OAE_OK;
	oae_buf_init(&text, OAE_RESULT_BYTES_MAX);
	status = oae_result_build(f->dir, &text, err);
	*out = NULL;
	if (!status)
		folder_ok(oae_json_parse(text.data, text.len, out, err), err);
	oae_buf_release(&text);
	return status;
}

/* The folder again, with another plan. */
static struct folder again(struct folder f, const char *name)
{
	snprintf(f.dir, sizeof(f.dir), "%s/%s", base, name);
	return f;
}

/* A look taken at 4 of 8 runs: what a folder of 4 runs gives. */
static void looks(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	const cJSON *stopping, *look;
	struct oae_look at2, at4;
	struct folder f;
	cJSON *r;

	(void)state;
	f = folder_default("");
	f = again(f, "looks");
	f.reps = 4;
	f.every = 2;
	f.precision = .5;
	f.sealed = false;
	folder_make(&f);
	folder_ok(oae_look_at_dir(f.dir, 2, &at2, &err), &err);
	folder_ok(oae_look_at_dir(f.dir, 4, &at4, &err), &err);
	assert_int_equal(at4.runs, 4);
	assert_true(at4.half_width < at2.half_width && at4.half_width > 0);
	/* Runs that came later don't change what was seen. */
	f = again(f, "looks-longer");
	f.reps = 8;
	folder_make(&f);
	folder_ok(oae_look_at_dir(f.dir, 2, &at2, &err), &err);
	assert_true(at2.half_width > at4.half_width);
	/* In the journal, with the decision that follows from it. */
	f = again(f, "looks-told");
	f.reps = 4;
	f.sealed = true;
	f.precision = (at2.half_width + at4.half_width) / 2;
	f.look[0] = (struct folder_look){ 2, at2.half_width, false };
	f.look[1] = (struct folder_look){ 4, at4.half_width, true };
	f.stop = "precision";
	folder_make(&f);
	folder_ok(built(&f, &r, &err), &err);
	stopping = cJSON_GetObjectItemCaseSensitive(r, "stopping");
	assert_string_equal(oae_json_str_or(stopping, "rule", ""), "precision");
	assert_string_equal(oae_json_str_or(stopping, "stopped_by", ""),
			    "precision");
	assert_true(cJSON_IsTrue(
		cJSON_GetObjectItemCaseSensitive(stopping, "reached")));
	near(num(stopping, "level", NULL), .9818, 1e-12);
	near(num(stopping, "runs", NULL), 4, 0);
	near(num(stopping, "runs_skipped", NULL), 9, 0);
	look = cJSON_GetObjectItemCaseSensitive(stopping, "looks");
	assert_int_equal(cJSON_GetArraySize(look), 2);
	look = cJSON_GetArrayItem(look, 1);
	near(num(look, "half_width", NULL), at4.half_width, 1e-9);
	assert_string_equal(oae_json_str_or(look, "system", ""), at4.system);
	assert_string_equal(
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(r, "notes"),
				   0)
			->valuestring,
		"stopped for a test");
	table_says(r, "4 runs of each system on each workload. The widest");
	table_says(r, "reached. Each look's intervals stand at 98.18 %");
	cJSON_Delete(r);
}

/* Whoever changes a look, or stops without one, is found out. */
static void false_looks(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_look at2;
	struct folder f = again(folder_default(""), "honest");
	cJSON *r;

	(void)state;
	f.reps = 2;
	f.every = 2;
	f.precision = .5;
	folder_make(&f);
	folder_ok(oae_look_at_dir(f.dir, 2, &at2, &err), &err);
	f = again(f, "narrower");
	f.look[0] = (struct folder_look){ 2, at2.half_width * .9, true };
	folder_make(&f);
	assert_int_equal(built(&f, &r, &err), OAE_ERR_CHECK);
	assert_non_null(strstr(err.text, "the look after 2 runs"));
	f = again(f, "no-look");
	f.look[0].runs = 0;
	f.stop = "precision";
	folder_make(&f);
	assert_int_equal(built(&f, &r, &err), OAE_ERR_CHECK);
	assert_non_null(strstr(err.text, "no look"));
}

/* All reasons of the first score's gate. */
static const char *gate_reasons(const cJSON *r)
{
	static char text[2000];
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(r, "profiles");
	const cJSON *reason;

	v = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(v, 0),
					     "scores");
	v = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(v, 0), "gate");
	v = cJSON_GetObjectItemCaseSensitive(v, "reasons");
	text[0] = '\0';
	cJSON_ArrayForEach(reason, v)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s; ", reason->valuestring);
	return text;
}

/* Runs that are missing make a score unproven, unless the plan stopped. */
static void missing_runs(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct folder f = again(folder_default(""), "missing");
	cJSON *r;

	(void)state;
	f.reps = 4;
	f.every = 6;
	folder_make(&f);
	folder_ok(built(&f, &r, &err), &err);
	assert_non_null(strstr(gate_reasons(r),
			       "6 of 18 planned runs were never begun"));
	cJSON_Delete(r);
	f = again(f, "budget");
	f.stop = "budget";
	folder_make(&f);
	folder_ok(built(&f, &r, &err), &err);
	assert_null(strstr(gate_reasons(r), "never begun"));
	assert_string_equal(
		oae_json_str_or(cJSON_GetObjectItemCaseSensitive(r, "stopping"),
				"stopped_by", ""),
		"budget");
	near(num(cJSON_GetObjectItemCaseSensitive(r, "stopping"), "level",
		 NULL),
	     .95, 0);
	table_says(r, "The budget of 60 s ended it.");
	cJSON_Delete(r);
}

/* One run of the reference shape says nothing of its spread. */
static void scale_measured_once(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct folder f = again(folder_default(""), "scale-once");
	cJSON *r;

	(void)state;
	f.scale_once = true;
	folder_make(&f);
	folder_ok(built(&f, &r, &err), &err);
	assert_non_null(strstr(gate_reasons(r), "in one run only"));
	cJSON_Delete(r);
	f = again(f, "scale-twice");
	f.scale_once = false;
	folder_make(&f);
	folder_ok(built(&f, &r, &err), &err);
	assert_null(strstr(gate_reasons(r), "in one run only"));
	cJSON_Delete(r);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/oae-test-stats-XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tail_floors),
		cmocka_unit_test(warm_up),
		cmocka_unit_test(too_short),
		cmocka_unit_test(nested_intervals),
		cmocka_unit_test(looks),
		cmocka_unit_test(false_looks),
		cmocka_unit_test(missing_runs),
		cmocka_unit_test(scale_measured_once),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
