/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of energy: idle, attribution and its closure, what a result
 * says of it, and a whole campaign with a meter that stands still.
 */
#define _GNU_SOURCE
#include "tests/unit/run_folder.h"

#include <libgen.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/rng.h"
#include "schema/energy.h"
#include "schema/result.h"
#include "schema/unwrap.h"
#include "tests/unit/acceptance.h"

static char base[] = "/tmp/oae-energy-XXXXXX";
static char build[PATH_MAX];

static void near(double is, double should, double most)
{
	if (!(fabs(is - should) <= most))
		fail_msg("%.12g is not %.12g +-%g", is, should, most);
}

/* ---- the arithmetic ---------------------------------------------------- */

/* 40 W idle; 100 W for 10 s on one core, 75 % of it the adapter's. */
static struct oae_energy_window a_window(void)
{
	struct oae_energy_window w = {
		.seconds = 10,
		.total_j = 1000,
		.idle_before_w = 40,
		.idle_after_w = 40,
		.adapter_cpu_s = 7.5,
		.harness_cpu_s = 0,
		.busy_cpu_s = 10,
	};

	return w;
}

static double parts(const struct oae_energy_account *a)
{
	return a->adapter_j + a->harness_j + a->others_j + a->unattributed_j;
}

static void idle_and_closure(void **state)
{
	struct oae_energy_window w = a_window();
	struct oae_energy_account a = oae_energy_account(&w);

	(void)state;
	near(a.dynamic_j, 600, 1e-6);
	near(a.adapter_j, 450, 1e-6);
	near(a.others_j, 150, 1e-6);
	near(a.unattributed_j, 0, 1e-6);
	near(parts(&a) + a.idle_j, 1000, 1e-6);
	assert_false(a.drifted);
	acceptance(7,
		   "%.6f J = %.6f + %.6f; sum + idle = %.6f J, off by %.1e J"
		   " (want 600 = 450 + 150; 1000 J within 1e-06 J)",
		   a.dynamic_j, a.adapter_j, a.others_j, parts(&a) + a.idle_j,
		   fabs(parts(&a) + a.idle_j - 1000));
}

/* Whatever is known: nothing is lost, nothing appears. */
static void always_closes(void **state)
{
	struct oae_rng rng;
	int i;

	(void)state;
	oae_rng_seed(&rng, 3);
	for (i = 0; i < 10000; i++) {
		struct oae_energy_window w = {
			.seconds = 1 + 1000 * oae_rng_uniform(&rng),
			.total_j = 1e5 * oae_rng_uniform(&rng),
			.idle_before_w = 100 * oae_rng_uniform(&rng),
			.idle_after_w = 100 * oae_rng_uniform(&rng),
			.boards_j = 1e4 * oae_rng_uniform(&rng),
			.adapter_cpu_s = 100 * oae_rng_uniform(&rng),
			.harness_cpu_s = 100 * oae_rng_uniform(&rng),
			.busy_cpu_s = 300 * oae_rng_uniform(&rng),
		};
		struct oae_energy_account a;

		if (i % 7 == 0)
			w.adapter_cpu_s = NAN;
		if (i % 5 == 0)
			w.busy_cpu_s = NAN;
		a = oae_energy_account(&w);
		near(parts(&a) + a.idle_j, w.total_j, 1e-6);
		assert_true(a.adapter_j >= 0 && a.harness_j >= 0);
		assert_true(a.others_j >= 0);
		if (i % 5 == 0 || i % 7 == 0)
			near(a.unattributed_j, a.dynamic_j, 0);
	}
}

static void drift_flags(void **state)
{
	struct oae_energy_window w = a_window();
	struct oae_energy_account a;

	(void)state;
	w.idle_after_w = 41.9;
	a = oae_energy_account(&w);
	assert_false(a.drifted);
	near(a.idle_w, 40.95, 1e-9);
	w.idle_after_w = 42.1;
	assert_true(oae_energy_account(&w).drifted);
	w.idle_after_w = 37.9;
	a = oae_energy_account(&w);
	assert_true(a.drifted);
	near(a.drift, -0.0525, 1e-9);
	w.idle_after_w = NAN; /* interrupted: the one before has to do */
	a = oae_energy_account(&w);
	assert_true(isnan(a.drift) && !a.drifted);
	near(a.dynamic_j, 600, 1e-9);
	w.idle_before_w = NAN;
	a = oae_energy_account(&w);
	assert_true(isnan(a.dynamic_j) && isnan(a.adapter_j));
	near(a.total_j, 1000, 0);
}

/* A window and its two halves are the same account. */
static void adds_up(void **state)
{
	struct oae_energy_window w = a_window();
	struct oae_energy_account a = oae_energy_account(&w), sum;

	(void)state;
	w.seconds = 4;
	w.total_j = 400;
	w.adapter_cpu_s = 3;
	w.busy_cpu_s = 4;
	sum = oae_energy_account(&w);
	w.seconds = 6;
	w.total_j = 600;
	w.adapter_cpu_s = 4.5;
	w.busy_cpu_s = 6;
	w.idle_after_w = w.idle_before_w = 40;
	a = oae_energy_account(&w);
	oae_energy_add(&sum, &a);
	near(sum.total_j, 1000, 1e-9);
	near(sum.dynamic_j, 600, 1e-9);
	near(sum.adapter_j, 450, 1e-9);
	near(sum.idle_w, 40, 1e-9);
	near(sum.seconds, 10, 1e-9);
}

/* Power that rises from 10 to 30 W in 2 s, then stays for 1 s. */
static void integrates_power(void **state)
{
	struct oae_integral g = { 0 };
	int i;

	(void)state;
	for (i = 0; i <= 20; i++)
		oae_integral_add(&g, 1000 + (uint64_t)i * 100000000u, 10.0 + i);
	near(g.joules, 40, 1e-9);
	oae_integral_add(&g, 1000 + 3000000000u, 30);
	near(g.joules, 70, 1e-9);
}

/* ---- what a result says ------------------------------------------------ */

static cJSON *result_of(const struct folder *f)
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

static struct folder a_folder(const char *name)
{
	struct folder f;
	char dir[200];

	(void)snprintf(dir, sizeof(dir), "%s/%s", base, name);
	f = folder_default(dir);
	f.noise = 0;
	f.reps = 2;
	f.scale = false;
	f.meter = true;
	return f;
}

/* Of dense on letters: 12 requests of 0.05 s at 30 W, 10 W of them idle. */
static const cJSON *account(const cJSON *result)
{
	const cJSON *s = cJSON_GetObjectItem(result, "systems");
	const cJSON *m =
		cJSON_GetObjectItem(cJSON_GetArrayItem(s, 0), "measured");
	const cJSON *w = cJSON_GetObjectItem(m, "by_workload");

	return cJSON_GetObjectItem(cJSON_GetArrayItem(w, 0),
				   "energy_per_request");
}

static double member(const cJSON *account, const char *key)
{
	return oae_json_num_or(account, key, NAN);
}

static void result_has_the_account(void **state)
{
	struct folder f = a_folder("account");
	cJSON *r = result_of(&f);
	const cJSON *a = account(r);

	(void)state;
	near(member(a, "total_j"), 1.5, 1e-5);
	near(member(a, "idle_j"), 0.5, 1e-5);
	near(member(a, "dynamic_j"), 1, 1e-5);
	near(member(a, "adapter_j"), 0.8, 1e-5); /* 2 of 2.5 cores */
	near(member(a, "others_j"), 0.2, 1e-5);
	near(member(a, "idle_before_w"), 10, 1e-9);
	near(member(a, "idle_after_w"), 10, 1e-9);
	near(member(a, "drifted_runs"), 0, 0);
	assert_string_equal(oae_json_str_or(a, "class", ""), "measured");
	assert_string_equal(oae_json_str_or(a, "attribution_class", ""),
			    "estimated");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(a, "reason")));
	cJSON_Delete(r);
}

static void result_flags_drift(void **state)
{
	struct folder f = a_folder("drift");
	const cJSON *a;
	cJSON *r;

	(void)state;
	f.idle_after_w = 12;
	r = result_of(&f);
	a = account(r);
	near(member(a, "idle_after_w"), 12, 1e-9);
	near(member(a, "idle_drift_max"), 0.2, 1e-9);
	near(member(a, "drifted_runs"), 2, 0);
	near(member(a, "dynamic_j"), 1.5 - 0.55, 1e-5);
	cJSON_Delete(r);
}

static void two_sources_are_compared(void **state)
{
	static const double factor[] = { 1.09, 0.91, 1.11, 0.89 };
	char name[16];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct folder f;
		const cJSON *x;
		cJSON *r;

		(void)snprintf(name, sizeof(name), "cross-%zu", i);
		f = a_folder(name);
		f.other_meter = factor[i];
		r = result_of(&f);
		x = cJSON_GetObjectItem(cJSON_GetObjectItem(r, "energy"),
					"cross_checks");
		assert_int_equal(cJSON_GetArraySize(x), 1);
		x = cJSON_GetArrayItem(x, 0);
		assert_string_equal(oae_json_str_or(x, "counts", ""),
				    "powercap");
		assert_string_equal(oae_json_str_or(x, "other", ""),
				    "perf-power");
		near(member(x, "ratio"), factor[i], 1e-5);
		near(member(x, "windows"), 18, 0);
		assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(x, "agree")),
				 i < 2);
		/* It is compared, not added. */
		near(member(account(r), "total_j"), 1.5, 1e-5);
		cJSON_Delete(r);
	}
}

static void no_meter_no_joules(void **state)
{
	struct folder f = a_folder("none");
	const cJSON *a;
	cJSON *r;

	(void)state;
	f.meter = false;
	r = result_of(&f);
	a = account(r);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(a, "total_j")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(a, "class")));
	assert_string_equal(oae_json_str_or(a, "reason", ""),
			    "no meter: invented");
	cJSON_Delete(r);
}

/* ---- a run in two segments --------------------------------------------- */

#define WRAP_UJ 100000000

/* Readings begin at `from` J and wrap at 100 J. */
static void reading(struct oae_journal *j, double t, const char *phase,
		    double joules)
{
	struct oae_jw *w = oae_journal_begin(j, "sensors");

	oae_jw_int(w, "run", 0);
	oae_jw_int(w, "t_ns", (int64_t)(t * 1e9));
	oae_jw_str(w, "phase", phase);
	oae_jw_obj(w, "values");
	oae_jw_int(w, "m", (int64_t)(joules * 1e6) % (WRAP_UJ + 1));
	oae_jw_end_obj(w);
	folder_commit(j);
}

static void segment_begins(struct oae_journal *j, int segment,
			   const char *sensor)
{
	struct oae_jw *w = oae_journal_begin(j, "run");

	oae_jw_int(w, "run", 0);
	oae_jw_str(w, "system", "reference/dense");
	oae_jw_str(w, "workload", "notices");
	oae_jw_int(w, "segment", segment);
	oae_jw_str(w, "purpose", "score");
	oae_jw_arr(w, "items");
	oae_jw_str(w, NULL, "a");
	oae_jw_str(w, NULL, "b");
	oae_jw_end_arr(w);
	oae_jw_arr(w, "channels");
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "name", "m");
	oae_jw_str(w, "sensor", sensor);
	oae_jw_str(w, "unit", "uJ");
	oae_jw_u64s(w, "wrap", WRAP_UJ);
	oae_jw_str(w, "covers", "package");
	oae_jw_bool(w, "chosen", true);
	oae_jw_str(w, "evidence", "measured");
	oae_jw_end_obj(w);
	oae_jw_end_arr(w);
	oae_jw_arr(w, "sources");
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "sensor", sensor);
	oae_jw_str(w, "covers", "package");
	oae_jw_str(w, "state", "counts");
	oae_jw_end_obj(w);
	oae_jw_end_arr(w);
	folder_commit(j);
}

/* Idle at idle_w for 1 s, then watts for s seconds, then idle again. */
static void segment(struct oae_journal *j, const struct folder *f, int number,
		    const char *sensor, double from, double idle_w, double s,
		    double watts)
{
	double to = from + idle_w + s * watts;

	segment_begins(j, number, sensor);
	reading(j, 0, "idle", from);
	reading(j, 1, "idle", from + idle_w);
	reading(j, 1, "measure", from + idle_w);
	folder_sample(f, j, 0, 0, 1, (unsigned)number, (unsigned)number, 1, s);
	reading(j, 1 + s, "measure", to);
	reading(j, 1 + s, "idle_after", to);
	reading(j, 2 + s, "idle_after", to + idle_w);
	folder_run_end(f, j, 0, s, true);
}

static void segments_add_up(void **state)
{
	struct folder f = a_folder("segments");
	struct oae_error err = { 0 };
	struct oae_records r;
	struct oae_journal j;
	char path[400];

	(void)state;
	folder_ok(oae_dir_make(f.dir, &err), &err);
	(void)snprintf(path, sizeof(path), "%s/journal.jsonl", f.dir);
	folder_ok(oae_journal_create(&j, path, &err), &err);
	folder_campaign(&f, &j);
	segment(&j, &f, 0, "powercap", 20, 10, 2, 30);
	/* Once through its range while it serves, by another source. */
	segment(&j, &f, 1, "perf-power", 60, 20, 1, 50);
	folder_ok(oae_journal_seal(&j, &err), &err);
	oae_journal_close(&j);
	folder_ok(oae_records_read(path, &r, &err), &err);
	assert_int_equal(r.run_count, 1);
	near(r.runs[0].energy.total_j, 110, 2e-6);
	near(r.runs[0].energy.idle_j, 40, 2e-6);
	near(r.runs[0].energy.dynamic_j, 70, 2e-6);
	near(r.runs[0].energy.seconds, 3, 1e-9);
	near(r.runs[0].energy.idle_w, 40.0 / 3, 1e-6);
	assert_int_equal(r.runs[0].metered_samples, 2);
	assert_int_equal(r.other_sources, 1);
	oae_records_release(&r);
}

/* ---- a campaign with a meter that stands still ------------------------- */

static void put(const char *dir, const char *file, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Exit code of `oae run` on the smoke suite below sysroot. */
static int run(const char *out, const char *sysroot)
{
	char command[4 * PATH_MAX];
	int rc;

	(void)snprintf(command, sizeof(command),
		       "exec '%s/oae' run --suite smoke --quiet --no-report"
		       " --json --items 2 --out '%s/%s' %s%s"
		       " >'%s/%s.json'",
		       build, base, out, *sysroot ? "--sysroot " : "", sysroot,
		       base, out);
	rc = system(command);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static cJSON *result_from(const char *out)
{
	char path[PATH_MAX];
	struct oae_error err = { 0 };
	cJSON *tree = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s/result.json", base, out);
	folder_ok(oae_json_read(path, &tree, &err), &err);
	return tree;
}

static void frozen_campaign(void **state)
{
	char sys[200], zone[300];
	const cJSON *a, *e, *s;
	const char *why, *here;
	cJSON *r, *without;
	int rc;

	(void)state;
	(void)snprintf(sys, sizeof(sys), "%s/root", base);
	(void)snprintf(zone, sizeof(zone), "%s/sys/class/powercap/intel-rapl:0",
		       sys);
	assert_int_equal(oae_dir_make(zone, NULL), OAE_OK);
	put(zone, "name", "package-0\n");
	put(zone, "max_energy_range_uj", "262143328850\n");
	put(zone, "energy_uj", "5000\n");
	rc = run("frozen", sys);
	assert_int_equal(rc, 0);
	r = result_from("frozen");
	a = account(r);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(a, "total_j")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(a, "dynamic_j")));
	why = oae_json_str_or(a, "reason", "");
	assert_true(strncmp(why, "phantom: ", 9) == 0);
	e = cJSON_GetObjectItem(r, "energy");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(e, "covers")),
			 0);
	s = cJSON_GetArrayItem(cJSON_GetObjectItem(e, "sources"), 0);
	assert_string_equal(oae_json_str_or(s, "state", ""), "refused");

	/* This machine itself: whatever it has, never 0 J. */
	assert_int_equal(run("here", ""), 0);
	without = result_from("here");
	e = cJSON_GetObjectItem(without, "energy");
	here = oae_json_str_or(e, "reason", NULL);
	a = account(without);
	if (here)
		assert_true(cJSON_IsNull(cJSON_GetObjectItem(a, "total_j")));
	else
		assert_false(member(a, "total_j") <= 0);
	acceptance(4,
		   "frozen: null, exit %d, \"%s\"; here: %s (want null with a"
		   " reason, exit 0)",
		   rc, why, here ? here : "metered");
	cJSON_Delete(r);
	cJSON_Delete(without);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_and_closure),
		cmocka_unit_test(always_closes),
		cmocka_unit_test(drift_flags),
		cmocka_unit_test(adds_up),
		cmocka_unit_test(integrates_power),
		cmocka_unit_test(result_has_the_account),
		cmocka_unit_test(result_flags_drift),
		cmocka_unit_test(two_sources_are_compared),
		cmocka_unit_test(no_meter_no_joules),
		cmocka_unit_test(segments_add_up),
		cmocka_unit_test(frozen_campaign),
	};
	char *real = realpath(argv[0], NULL), command[80];
	int failed;

	(void)argc;
	if (!real || !mkdtemp(base))
		return 1;
	(void)snprintf(build, sizeof(build), "%s", dirname(dirname(real)));
	setenv("OAE_BUILD", build, 1);
	free(real);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command) == 0 ? failed : 1;
}
