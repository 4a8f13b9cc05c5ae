/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an invented journal to a result document. With an argument the
 * program writes such a run folder there, for the command-line tests.
 */
#include "tests/unit/run_folder.h"

#include <unistd.h>

#include "base/buf.h"
#include "schema/result.h"
#include "schema/score.h"

static char base[200];

static struct folder fresh(const char *name)
{
	char dir[300];

	snprintf(dir, sizeof(dir), "%s/%s", base, name);
	return folder_default(dir);
}

static cJSON *build(const struct folder *f)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf out;
	cJSON *tree = NULL;

	oae_buf_init(&out, OAE_RESULT_BYTES_MAX);
	folder_ok(oae_result_build(f->dir, &out, &err), &err);
	folder_ok(oae_json_parse(out.data, out.len, &tree, &err), &err);
	oae_buf_release(&out);
	return tree;
}

static cJSON *made(const struct folder *f)
{
	folder_make(f);
	return build(f);
}

/* "profiles.0.scores.1.ranked": members by name, elements by number. */
static const cJSON *at(const cJSON *v, const char *path)
{
	char part[80];

	while (v && *path) {
		size_t n = strcspn(path, ".");

		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		v = cJSON_IsArray(v) ?
			    cJSON_GetArrayItem(v, atoi(part)) :
			    cJSON_GetObjectItemCaseSensitive(v, part);
		path += n + (path[n] == '.');
	}
	return v;
}

static double num(const cJSON *v, const char *path)
{
	const cJSON *n = at(v, path);

	if (!cJSON_IsNumber(n))
		fail_msg("%s is no number", path);
	return n->valuedouble;
}

static const char *str(const cJSON *v, const char *path)
{
	const cJSON *s = at(v, path);

	if (!cJSON_IsString(s))
		fail_msg("%s is no text", path);
	return s->valuestring;
}

static void near(double is, double should, double tolerance)
{
	if (!(fabs(is - should) <= tolerance * fabs(should)))
		fail_msg("%.12g is not %.12g", is, should);
}

#define SPECULATIVE "profiles.0.scores.0"
#define MOE "profiles.0.scores.1"

static void test_measured(void **state)
{
	struct folder f = fresh("measured");
	cJSON *r;

	(void)state;
	f.noise = 0;
	r = made(&f);
	assert_true(cJSON_IsTrue(at(r, "complete")));
	assert_string_equal(str(r, "campaign.baseline"), "reference/dense");
	near(num(r, "systems.0.measured.by_workload.0.s_per_request.value"),
	     0.05, 1e-6);
	near(num(r, "systems.1.measured.by_workload.2.s_per_request.value"),
	     0.064, 1e-6);
	near(num(r, "systems.0.measured.by_workload.0.ttft_ms.median"), 5,
	     1e-6);
	near(num(r, "systems.0.measured.by_workload.0.tpot_ms.mean"), 5, 1e-6);
	near(num(r, "systems.0.measured.by_workload.0.ttft_ms.p90"), 5, 1e-6);
	assert_string_equal(
		str(r, "systems.0.measured.by_workload.0.ttft_ms.p99.reason"),
		"insufficient");
	near(num(r, "systems.1.measured.by_workload.0.acceptance_rate"), 0.75,
	     1e-9);
	near(num(r, "systems.0.measured.by_workload.0.tokens_per_s"), 200,
	     1e-6);
	near(num(r, "systems.0.measured.by_workload.0.cpu_s_per_request."
		    "value"),
	     0.1, 1e-6);
	assert_true(cJSON_IsNull(at(r, "systems.0.measured.by_workload.0."
				       "joules_per_request.measured.value")));
	assert_string_equal(str(r, "systems.0.measured.by_workload.0."
				   "joules_per_request.measured.reason"),
			    "no meter: invented");
	/* 0.1 CPU seconds on 2 cores: 0.05 s of 45 W. */
	near(num(r, "systems.0.measured.by_workload.0.joules_per_request."
		    "estimated.value"),
	     2.25, 1e-6);
	assert_int_equal(
		cJSON_GetArraySize(
			at(r, "systems.0.measured.by_workload.0.ecdf.e2el_ms")),
		72);
	cJSON_Delete(r);
}

static void test_meter(void **state)
{
	struct folder f = fresh("meter");
	cJSON *r;

	(void)state;
	f.noise = 0;
	f.meter = true;
	r = made(&f);
	/* 30 W less 10 W idle over 0.05 s. */
	near(num(r, "systems.0.measured.by_workload.0.joules_per_request."
		    "measured.value"),
	     1, 1e-6);
	assert_string_equal(str(r, "systems.0.measured.by_workload.0."
				   "joules_per_request.measured.class"),
			    "measured");
	cJSON_Delete(r);
}

/* The costs of one comparison, recomputed here by hand. */
static void test_costs(void **state)
{
	struct folder f = fresh("costs");
	double s, n = 3360 * 24, c_b, c_x, f_b, f_x;
	cJSON *r;

	(void)state;
	f.noise = 0;
	r = made(&f);
	/* Scale: geometric mean of 50 and 51 s stands for the dense mean. */
	s = sqrt(50 * 51);
	near(num(r, "scale.0.s_reference"), s, 1e-9);
	near(num(r, "scale.0.s_embedded"), 0.4 * 0.05 + 0.4 * 0.03 + 0.2 * 0.08,
	     1e-6);
	near(num(r, MOE ".modes.on_demand.baseline_cost_usd.machine"),
	     n * 0.00003 * s, 1e-9);
	near(num(r, MOE ".modes.on_demand.cost_usd.machine"),
	     n * 0.00003 * s * 0.9, 1e-6);
	near(num(r, MOE ".modes.on_demand.cost_usd.remedy") + 1, 1, 1e-12);
	c_b = num(r, MOE ".modes.on_demand.baseline_cost_usd.C");
	c_x = num(r, MOE ".modes.on_demand.cost_usd.C");
	near(num(r, MOE ".modes.on_demand.oae.value"), c_b / c_x, 1e-12);
	near(num(r, MOE ".modes.on_demand.difference_usd"), c_b - c_x, 1e-9);
	f_b = num(r, MOE ".modes.on_demand.baseline_cost_usd.F");
	f_x = num(r, MOE ".modes.on_demand.cost_usd.F");
	near(num(r, MOE ".modes.on_demand.retrofit_oae.value"),
	     (c_b - f_b) / c_x, 1e-12);
	assert_true(f_x > f_b);
	near(num(r, MOE ".modes.on_demand.s_ratio.value"), 1 / 0.9, 1e-6);
	near(num(r, MOE ".modes.on_demand.kappa_ratio.value"), 1 / 0.9, 1e-6);
	near(num(r, MOE ".modes.on_demand.limits.N_to_inf"), 1 / 0.9, 1e-6);
	/* The interval is narrow without noise, and holds the value. */
	near(num(r, MOE ".modes.on_demand.oae.low"),
	     num(r, MOE ".modes.on_demand.oae.high"), 1e-6);
	/* 10 x 80,640 requests in 17,520 h at 45.4 s: one machine. */
	near(num(r, MOE ".modes.owned.machines"), 1, 1e-12);
	near(num(r, MOE ".modes.owned.cost_usd.machine"), 17520 * 0.03, 1e-9);
	cJSON_Delete(r);
}

static void test_interval_holds_value(void **state)
{
	struct folder f = fresh("interval");
	const char *const modes[] = { "on_demand", "owned" };
	cJSON *r = made(&f);
	char path[100];

	(void)state;
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 2; k++) {
			double low, mid, high;

			snprintf(path, sizeof(path),
				 "profiles.%d.scores.%d."
				 "modes.%s.oae",
				 i, k, modes[i]);
			low = num(at(r, path), "low");
			mid = num(at(r, path), "value");
			high = num(at(r, path), "high");
			assert_true(low < mid && mid < high);
		}
	/* The paired log-ratio of 6 runs of 2 % noise: within some 5 %. */
	assert_true(num(r, MOE ".modes.on_demand.s_ratio.high") /
			    num(r, MOE ".modes.on_demand.s_ratio.low") <
		    1.1);
	cJSON_Delete(r);
}

static void test_gate(void **state)
{
	struct folder f = fresh("gate");
	cJSON *r;

	(void)state;
	f.wrong_every[2] = 2; /* half of moe's answers are wrong */
	r = made(&f);
	assert_string_equal(str(r, MOE ".gate.outcome"), "fail");
	assert_true(cJSON_IsNull(at(r, MOE ".modes.on_demand.oae.value")));
	assert_non_null(
		strstr(str(r, MOE ".modes.on_demand.oae.reason"), "50 %"));
	assert_string_equal(str(r, MOE ".modes.owned.verdict"), "NO-SCORE");
	assert_true(cJSON_IsFalse(at(r, MOE ".ranked")));
	/* Another system's failure changes nothing here. */
	assert_string_equal(str(r, SPECULATIVE ".gate.outcome"), "pass");
	assert_true(cJSON_IsTrue(at(r, SPECULATIVE ".ranked")));
	assert_true(cJSON_IsTrue(at(r, "systems.1.measured.by_workload.0."
				       "quality.lossless")));
	cJSON_Delete(r);
}

static void test_unproven(void **state)
{
	struct folder f = fresh("unproven");
	cJSON *r = made(&f);

	(void)state;
	/* 64 equal verdicts can't exclude a loss of 2 points: 150 would. */
	assert_string_equal(str(r, MOE ".gate.outcome"), "unproven");
	near(num(r, "systems.2.measured.by_workload.0.quality.items_needed"),
	     150, 1e-12);
	assert_true(cJSON_IsFalse(at(r, MOE ".ranked")));
	num(r, MOE ".modes.on_demand.oae.value");
	cJSON_Delete(r);
}

static void test_lossless_broken(void **state)
{
	struct folder f = fresh("lossless");
	cJSON *r;

	(void)state;
	f.break_lossless = true;
	r = made(&f);
	assert_true(cJSON_IsFalse(at(r, "systems.1.measured.by_workload.0."
					"quality.lossless")));
	assert_string_equal(str(r, SPECULATIVE ".gate.outcome"), "fail");
	assert_non_null(
		strstr(str(r, SPECULATIVE ".gate.reasons.0"), "letters-0005"));
	cJSON_Delete(r);
}

static void test_failed_run(void **state)
{
	struct folder f = fresh("failed");
	cJSON *r;

	(void)state;
	f.fail_run = 2; /* moe on letters, first repetition */
	r = made(&f);
	near(num(r, "systems.2.runs.failed"), 1, 1e-12);
	assert_string_equal(str(r, "systems.2.runs.reasons.0"), "exit 3");
	assert_string_equal(str(r, MOE ".gate.outcome"), "unproven");
	/* Half of one of six runs was not served: these are missed. */
	near(num(r, "systems.2.measured.by_workload.0.g.value"), 1 - 0.5 / 6,
	     1e-9);
	assert_true(num(r, MOE ".modes.on_demand.cost_usd.remedy") > 0);
	cJSON_Delete(r);
}

static void test_incomplete(void **state)
{
	struct folder f = fresh("incomplete");
	cJSON *r;

	(void)state;
	f.sealed = false;
	r = made(&f);
	assert_true(cJSON_IsFalse(at(r, "complete")));
	assert_true(cJSON_IsFalse(at(r, SPECULATIVE ".ranked")));
	assert_non_null(
		strstr(str(r, SPECULATIVE ".gate.reasons.0"), "no seal"));
	cJSON_Delete(r);
}

static void test_scale(void **state)
{
	struct folder f = fresh("scale");
	cJSON *r;

	(void)state;
	f.noise = 0;
	f.tokens_in = 60; /* prefill is a tenth: 5 s of 50 */
	r = made(&f);
	assert_true(cJSON_IsTrue(at(r, "scale.0.extrapolated")));
	near(num(r, "scale.0.s_reference"),
	     sqrt(50 * 51) * (0.1 * 10 + 0.1 * 199), 1e-6);
	cJSON_Delete(r);
	f = fresh("no-scale");
	f.scale = false;
	r = made(&f);
	assert_true(cJSON_IsNull(at(r, "scale.0.factor")));
	assert_string_equal(str(r, SPECULATIVE ".gate.outcome"), "unproven");
	cJSON_Delete(r);
}

static void test_deterministic(void **state)
{
	struct folder f = fresh("twice");
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf a, b;

	(void)state;
	folder_make(&f);
	oae_buf_init(&a, OAE_RESULT_BYTES_MAX);
	oae_buf_init(&b, OAE_RESULT_BYTES_MAX);
	folder_ok(oae_result_build(f.dir, &a, &err), &err);
	folder_ok(oae_result_build(f.dir, &b, &err), &err);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	oae_buf_release(&a);
	oae_buf_release(&b);
}

static void expect_failure(const struct folder *f, enum oae_status status,
			   const char *text)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf out;

	oae_buf_init(&out, OAE_RESULT_BYTES_MAX);
	assert_int_equal(oae_result_build(f->dir, &out, &err), status);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" does not say \"%s\"", err.text, text);
	oae_buf_release(&out);
}

static void append(const struct folder *f, const char *file, const char *text)
{
	char path[400];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", f->dir, file);
	out = fopen(path, "a");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void test_bad_folders(void **state)
{
	struct folder f = fresh("other-version");

	(void)state;
	f.spec = "2.0";
	folder_make(&f);
	expect_failure(&f, OAE_ERR_UNSUPPORTED, "spec 2.0");
	f = fresh("changed-input");
	folder_make(&f);
	append(&f, "inputs/profiles/clinic.json", " ");
	expect_failure(&f, OAE_ERR_CHECK, "clinic.json");
	f = fresh("after-seal");
	folder_make(&f);
	append(&f, "journal.jsonl", "{}\n");
	expect_failure(&f, OAE_ERR_CHECK, "follows the seal");
	f = fresh("nothing");
	expect_failure(&f, OAE_ERR_IO, "journal.jsonl");
}

static void test_torn_line(void **state)
{
	struct folder f = fresh("torn");
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_records *r = calloc(1, sizeof(*r));
	char path[400];

	(void)state;
	f.sealed = false;
	folder_make(&f);
	append(&f, "journal.jsonl", "{\"seq\":12");
	snprintf(path, sizeof(path), "%s/journal.jsonl", f.dir);
	folder_ok(oae_records_read(path, r, &err), &err);
	assert_int_equal(r->torn_bytes, 9);
	assert_int_equal(r->run_count, 6 * 9 + 2);
	oae_records_release(r);
	free(r);
}

/* Every byte of a journal counts: flip each of some, expect a finding. */
static void test_flipped_bytes(void **state)
{
	struct folder f = fresh("flipped");
	struct oae_error err;
	struct oae_buf good;
	char path[400];

	(void)state;
	f.reps = 2;
	f.items = 2;
	f.scale = false;
	folder_make(&f);
	snprintf(path, sizeof(path), "%s/journal.jsonl", f.dir);
	memset(&err, 0, sizeof(err));
	oae_buf_init(&good, OAE_TEXT_FILE_BYTES_MAX);
	folder_ok(oae_file_read(path, &good, &err), &err);
	for (size_t i = 0; i < good.len; i += 211) {
		struct oae_records *r = calloc(1, sizeof(*r));

		good.data[i] ^= 4;
		memset(&err, 0, sizeof(err));
		folder_ok(oae_file_write(path, good.data, good.len, &err),
			  &err);
		if (!oae_records_read(path, r, &err) && r->sealed)
			fail_msg("byte %zu changed and nobody saw it", i);
		good.data[i] ^= 4;
		oae_records_release(r);
		free(r);
	}
	oae_buf_release(&good);
}

/* Samples of invented times: sent, done, segment. */
static void test_busy(void **state)
{
	struct oae_sample s[4];
	const struct oae_sample *p[4] = { &s[3], &s[1], &s[0], &s[2] };

	(void)state;
	memset(s, 0, sizeof(s));
	s[0].sent_ns = 0;
	s[0].done_ns = 4000000000u;
	s[1].sent_ns = 1000000000u; /* within the first */
	s[1].done_ns = 2000000000u;
	s[2].sent_ns = 3000000000u; /* goes on a second longer */
	s[2].done_ns = 5000000000u;
	s[3].sent_ns = 1000000000u; /* after a resume: another clock */
	s[3].done_ns = 2500000000u;
	s[3].segment = 1;
	near(oae_busy_seconds(p, 4), 6.5, 1e-12);
}

static void latency_of(size_t n, struct oae_distribution *d)
{
	struct oae_sample *s = calloc(n, sizeof(*s));
	const struct oae_sample **p = calloc(n, sizeof(*p));
	struct oae_cell c = { .samples = p, .sample_count = n };
	struct oae_error err = { OAE_OK, 0, "" };

	assert_non_null(s);
	assert_non_null(p);
	for (size_t i = 0; i < n; i++) {
		s[i].done_ns = (i + 1) * 1000000;
		p[i] = &s[i];
	}
	folder_ok(oae_cell_latency(&c, OAE_LATENCY_E2EL, d, &err), &err);
	free(s);
	free(p);
}

/* A percentile needs its number of samples; one fewer is too few. */
static void test_tail_floors(void **state)
{
	struct oae_distribution d;

	(void)state;
	latency_of(661, &d);
	assert_true(isnan(d.p99) && !isnan(d.p95));
	latency_of(662, &d);
	near(d.p99, 1 + 0.99 * 661, 1e-12);
	latency_of(129, &d);
	assert_true(isnan(d.p95) && !isnan(d.p90));
	latency_of(63, &d);
	assert_true(isnan(d.p90) && !isnan(d.median));
	latency_of(64, &d);
	assert_true(!isnan(d.p90));
	latency_of(10, &d);
	assert_true(isnan(d.median));
	latency_of(11, &d);
	near(d.median, 6, 1e-12);
	assert_int_equal(d.ecdf_count, 11);
}

static void test_compare(void **state)
{
	struct folder f = fresh("compare");
	struct oae_error err = { OAE_OK, 0, "" };
	cJSON *a = made(&f), *b = build(&f);
	cJSON *n = (cJSON *)(uintptr_t)at(b, MOE ".modes.owned.oae.value");

	(void)state;
	assert_int_equal(oae_result_compare(a, b, &err), OAE_OK);
	n->valuedouble *= 1 + 1e-12;
	assert_int_equal(oae_result_compare(a, b, &err), OAE_OK);
	n->valuedouble *= 1 + 1e-6;
	assert_int_equal(oae_result_compare(a, b, &err), OAE_ERR_CHECK);
	assert_non_null(strstr(err.text,
			       "profiles[0].scores[1].modes.owned.oae.value"));
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/oae-test-result-XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measured),
		cmocka_unit_test(test_meter),
		cmocka_unit_test(test_costs),
		cmocka_unit_test(test_interval_holds_value),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_unproven),
		cmocka_unit_test(test_lossless_broken),
		cmocka_unit_test(test_failed_run),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_bad_folders),
		cmocka_unit_test(test_torn_line),
		cmocka_unit_test(test_flipped_bytes),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_tail_floors),
		cmocka_unit_test(test_compare),
	};

	if (argc == 2) {
		struct folder f = folder_default(argv[1]);

		folder_make(&f);
		return 0;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
