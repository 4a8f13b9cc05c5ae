/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of spec §15.5, lateness, and what stands in "scenarios":
 * on samples and journals that this file invents.
 */
#include <stdbool.h>

#include "tests/unit/run_folder.h"

#include "base/buf.h"
#include "base/json.h"
#include "schema/result.h"
#include "schema/validity.h"

#define MS 1000000ull
#define N 200

static char dir[] = "/tmp/oae-served-XXXXXX";

static struct oae_sample samples[N];
static const struct oae_sample *list[N];

/* n requests that are due every 10 ms and take 100 ms, sent late_ms late. */
static void make_samples(size_t n, double late_ms)
{
	memset(samples, 0, sizeof(samples));
	for (size_t i = 0; i < n; i++) {
		struct oae_sample *s = &samples[i];

		s->due_ns = 1000 * MS + i * 10 * MS;
		s->sent_ns = s->due_ns + (uint64_t)(late_ms * (double)MS);
		s->first_ns = s->sent_ns + 10 * MS;
		s->done_ns = s->due_ns + 100 * MS;
		/* Not in the order of sending. */
		list[n - 1 - i] = s;
	}
}

static struct oae_run_record run_of(const char *arrivals, uint64_t cap,
				    uint64_t adapter)
{
	struct oae_run_record r = {
		.adapter_in_flight = adapter,
		.measure_ns = 2000 * MS,
		.harness_cpu_ns = 100 * MS,
	};

	r.load.arrivals = arrivals;
	r.load.concurrency = cap;
	return r;
}

static struct oae_validity validity(const struct oae_run_record *r, size_t n)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_validity v;

	assert_int_equal(oae_validity_of(r, list, n, &v, &err), OAE_OK);
	return v;
}

/* OAE-V001 */
static void late_is_not_valid(void **state)
{
	struct oae_run_record r = run_of("exponential", 1024, 1024);
	char text[OAE_RULE_TEXT];
	struct oae_validity v;

	(void)state;
	make_samples(N, 9.9);
	v = validity(&r, N);
	assert_true(v.e2el_p50_ms > 99.99 && v.e2el_p50_ms < 100.01);
	assert_true(v.late_p99_ms > 9.89 && v.late_p99_ms < 9.91);
	assert_false(oae_validity_broken(&v));
	make_samples(N, 10.1);
	v = validity(&r, N);
	assert_true(v.broken[OAE_RULE_LATE]);
	assert_false(v.broken[OAE_RULE_CPU]);
	oae_validity_text(&v, OAE_RULE_LATE, text);
	assert_non_null(strstr(text, "OAE-V001: "));
	assert_non_null(strstr(text, "10.1 ms"));
	assert_non_null(strstr(text, "100 ms"));
	/* One in two hundred may be. */
	make_samples(N, 0);
	samples[7].sent_ns += 60 * MS;
	v = validity(&r, N);
	assert_false(oae_validity_broken(&v));
	for (size_t i = 0; i < 3; i++)
		samples[i].sent_ns += 60 * MS;
	v = validity(&r, N);
	assert_true(v.broken[OAE_RULE_LATE]);
}

/* OAE-V002 */
static void busy_is_not_valid(void **state)
{
	struct oae_run_record r = run_of("exponential", 1024, 1024);
	char text[OAE_RULE_TEXT];
	struct oae_validity v;

	(void)state;
	make_samples(N, 0);
	r.harness_cpu_ns = 1590 * MS;
	v = validity(&r, N);
	assert_false(oae_validity_broken(&v));
	r.harness_cpu_ns = 1620 * MS;
	v = validity(&r, N);
	assert_true(v.broken[OAE_RULE_CPU]);
	assert_false(v.broken[OAE_RULE_LATE]);
	oae_validity_text(&v, OAE_RULE_CPU, text);
	assert_non_null(strstr(text, "OAE-V002: "));
	assert_non_null(strstr(text, "0.81 of a core"));
	/* Too short to tell. */
	r.measure_ns = 900 * MS;
	r.harness_cpu_ns = 850 * MS;
	v = validity(&r, N);
	assert_false(oae_validity_broken(&v));
}

/*
 * One at a time, 100 ms each, due every 10 ms: nearly all are sent long
 * after they were due, but 1 ms after the one before them ended.
 */
static void make_queue(void)
{
	make_samples(N, 0);
	for (size_t i = 0; i < N; i++) {
		uint64_t free_ns = i ? samples[i - 1].done_ns : 0;

		samples[i].sent_ns = free_ns > samples[i].due_ns ?
					     free_ns + MS :
					     samples[i].due_ns;
		samples[i].first_ns = samples[i].sent_ns + 10 * MS;
		samples[i].done_ns = samples[i].sent_ns + 100 * MS;
	}
}

static void the_systems_queue_is_its_own(void **state)
{
	struct oae_run_record r = run_of("constant", 1024, 1);
	struct oae_error err = { OAE_OK, 0, "" };
	double late[N];

	(void)state;
	make_queue();
	assert_int_equal(oae_lateness(&r, list, N, late, &err), OAE_OK);
	assert_true(list[0] == &samples[0] && late[0] == 0);
	for (size_t i = 1; i < N; i++)
		assert_true(late[i] > 0.999 && late[i] < 1.001);
	assert_false(validity(&r, N).broken[OAE_RULE_LATE]);
	/* A cap of ours, below what the system takes, is our doing. */
	r = run_of("constant", 1, 64);
	assert_true(validity(&r, N).broken[OAE_RULE_LATE]);
	/* Of a closed loop, or offline, the cap is part of the plan. */
	r = run_of("at once", 1, 64);
	assert_false(validity(&r, N).broken[OAE_RULE_LATE]);
}

/* ---- results ------------------------------------------------------------ */

static cJSON *result_of(const struct folder *f)
{
	const struct oae_result_wish wish = { .goodput = "ttft:4 e2el:70" };
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf b;
	cJSON *tree = NULL;

	folder_make(f);
	oae_buf_init(&b, OAE_RESULT_BYTES_MAX);
	if (oae_result_build_for(f->dir, &wish, &b, &err))
		fail_msg("%s", err.text);
	folder_ok(oae_json_parse(b.data, b.len, &tree, &err), &err);
	oae_buf_release(&b);
	return tree;
}

static struct folder fresh(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return folder_default(path);
}

static const cJSON *at(const cJSON *obj, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

	if (!v)
		fail_msg("no \"%s\"", key);
	return v;
}

/* The value of an amount. */
static void near(const cJSON *obj, const char *key, double want)
{
	double is = at(at(obj, key), "value")->valuedouble;

	if (!(fabs(is / want - 1) < 1e-7))
		fail_msg("%s: %.9g is not %g", key, is, want);
}

static void scenarios_of_a_result(void **state)
{
	struct folder f = fresh("good");
	const cJSON *g, *first;
	cJSON *tree;

	(void)state;
	f.noise = 0;
	tree = result_of(&f);
	assert_int_equal(cJSON_GetArraySize(at(tree, "scenarios")), 9);
	first = at(tree, "scenarios")->child;
	assert_string_equal(at(first, "scenario")->valuestring, "SingleStream");
	assert_true(cJSON_IsTrue(at(at(first, "validity"), "valid")));
	assert_true(at(at(first, "requests"), "ok")->valueint == 72);
	/* 50 ms each, one after the other; 10 tokens out, 40 in. */
	near(first, "requests_per_s", 20);
	near(first, "output_tokens_per_s", 200);
	near(first, "total_tokens_per_s", 1000);
	assert_true(cJSON_IsNull(at(at(first, "offered_per_s"), "value")));
	/* First token after 5 ms, and of sums' 80 ms after 8: too late. */
	g = at(first, "goodput")->child;
	assert_string_equal(at(g, "of")->valuestring, "option");
	assert_true(at(g, "share")->valuedouble == 0);
	assert_string_equal(at(g->next, "of")->valuestring, "profile");
	assert_true(at(g->next, "share")->valuedouble == 1);
	near(g->next, "per_s", 20);
	assert_true(cJSON_IsNull(
		at(at(at(at(first, "from_due"), "e2el_ms"), "p99"), "value")));
	cJSON_Delete(tree);
}

/* A run that the harness could not keep up with gives no score. */
static void invalid_is_not_scored(void **state)
{
	struct folder f = fresh("late");
	const cJSON *scores, *s, *v;
	cJSON *tree;

	(void)state;
	f.late_run = 1; /* of speculative */
	tree = result_of(&f);
	scores = at(at(tree, "profiles")->child, "scores");
	cJSON_ArrayForEach(s, scores) {
		bool late = !strcmp(at(s, "system")->valuestring,
				    "reference/speculative");
		const cJSON *mode = at(at(s, "modes"), "on_demand");
		const cJSON *value = at(at(mode, "oae"), "value");

		assert_int_equal(cJSON_IsNull(value), late);
		if (!late)
			continue;
		assert_non_null(
			strstr(at(at(mode, "oae"), "reason")->valuestring,
			       "OAE-V001"));
		assert_string_equal(at(mode, "verdict")->valuestring,
				    "NO-SCORE");
	}
	s = cJSON_GetArrayItem(at(tree, "scenarios"), 1);
	assert_string_equal(at(s, "system")->valuestring,
			    "reference/speculative");
	assert_int_equal(at(s, "runs")->valueint, 6);
	assert_int_equal(at(s, "valid_runs")->valueint, 5);
	v = at(s, "validity");
	assert_true(cJSON_IsFalse(at(v, "valid")));
	assert_int_equal(cJSON_GetArraySize(at(v, "broken")), 1);
	assert_string_equal(at(at(v, "broken")->child, "rule")->valuestring,
			    "OAE-V001");
	assert_int_equal(at(at(v, "broken")->child, "run")->valueint, 1);
	cJSON_Delete(tree);
}

/* The baseline's fault is everybody's. */
static void invalid_baseline(void **state)
{
	struct folder f = fresh("base");
	const cJSON *s;
	cJSON *tree;

	(void)state;
	f.late_run = 0;
	tree = result_of(&f);
	cJSON_ArrayForEach(s, at(at(tree, "profiles")->child, "scores")) {
		const cJSON *mode = at(at(s, "modes"), "owned");

		assert_true(cJSON_IsNull(at(at(mode, "oae"), "value")));
		assert_non_null(
			strstr(at(at(mode, "oae"), "reason")->valuestring,
			       "the baseline's run 0"));
	}
	cJSON_Delete(tree);
}

/* Scores are made of SingleStream; others stand in "scenarios" alone. */
static void another_scenario(void **state)
{
	struct folder f = fresh("server");
	const cJSON *s;
	cJSON *tree;

	(void)state;
	f.scenario = "Server";
	tree = result_of(&f);
	assert_int_equal(cJSON_GetArraySize(at(tree, "profiles")), 0);
	s = at(tree, "systems")->child;
	assert_int_equal(
		cJSON_GetArraySize(at(at(s, "measured"), "by_workload")), 0);
	assert_int_equal(at(at(s, "runs"), "ok")->valueint, 18);
	s = at(tree, "scenarios")->child;
	assert_string_equal(at(s, "scenario")->valuestring, "Server");
	cJSON_Delete(tree);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_is_not_valid),
		cmocka_unit_test(busy_is_not_valid),
		cmocka_unit_test(the_systems_queue_is_its_own),
		cmocka_unit_test(scenarios_of_a_result),
		cmocka_unit_test(invalid_is_not_scored),
		cmocka_unit_test(invalid_baseline),
		cmocka_unit_test(another_scenario),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
