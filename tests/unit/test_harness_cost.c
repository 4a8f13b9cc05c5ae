/* SPDX-License-Identifier: Apache-2.0 */
/* What the harness itself costs: the arithmetic, and the real thing. */
#define _GNU_SOURCE
#include <libgen.h>
#include <limits.h>
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

#include "harness/calibrate.h"
#include "schema/harness_cost.h"
#include "tests/unit/acceptance.h"

static char null_adapter[PATH_MAX];
static char folder[] = "/tmp/oae-cost-XXXXXX";
static char path[sizeof(folder) + 32];

static void begin(struct oae_journal *j)
{
	struct oae_jw *w;

	unlink(path);
	assert_int_equal(oae_journal_create(j, path, NULL), OAE_OK);
	w = oae_journal_begin(j, "campaign");
	oae_jw_int(w, "journal", OAE_JOURNAL_VERSION);
	oae_jw_str(w, "spec", OAE_SPEC_VERSION);
	assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
}

static struct oae_harness_cost reduce(struct oae_journal *j)
{
	struct oae_error err = { 0 };
	struct oae_harness_cost c;
	struct oae_records r;

	oae_journal_close(j);
	if (oae_records_read(path, &r, &err))
		fail_msg("%s", err.text);
	assert_int_equal(oae_harness_cost(&r, &c, &err), OAE_OK);
	oae_records_release(&r);
	return c;
}

/* ---- invented runs ------------------------------------------------------ */

struct invented {
	const char *purpose, *probe, *status;
	unsigned requests, late_ns; /* request i is i x late_ns late */
	unsigned cpu_ns, sensors_ns, events;
};

static void write_run(struct oae_journal *j, unsigned id,
		      const struct invented *v)
{
	struct oae_jw *w = oae_journal_begin(j, "run");
	unsigned i;

	oae_jw_int(w, "run", id);
	oae_jw_str(w, "system", "null/echo");
	oae_jw_str(w, "workload", v->probe);
	oae_jw_str(w, "purpose", v->purpose);
	oae_jw_int(w, "segment", 0);
	assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
	for (i = 1; i <= v->requests; i++) {
		w = oae_journal_begin(j, "sample");
		oae_jw_int(w, "run", id);
		oae_jw_u64s(w, "request", i);
		oae_jw_int(w, "due_ns", 1000);
		oae_jw_int(w, "sent_ns", 1000 + i * v->late_ns);
		oae_jw_int(w, "done_ns", 100000000);
		oae_jw_str(w, "outcome", "ok");
		assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
	}
	w = oae_journal_begin(j, "run_end");
	oae_jw_int(w, "run", id);
	oae_jw_str(w, "status", v->status);
	oae_jw_int(w, "measure_ns", 50000);
	oae_jw_int(w, "harness_cpu_ns", v->cpu_ns);
	oae_jw_int(w, "sensors_cpu_ns", v->sensors_ns);
	oae_jw_int(w, "events", v->events);
	assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
}

static struct oae_harness_cost invent(const struct invented *v, size_t n)
{
	struct oae_journal j;

	begin(&j);
	for (size_t i = 0; i < n; i++)
		write_run(&j, OAE_RUNS_MAX - 1 - (unsigned)i, &v[i]);
	return reduce(&j);
}

/*
 * 10 requests of 2 lines in 210 us less 10 us of sensors: 20 us each. 4 of 12
 * lines in 200 us: 50 us each, 30 us for 10 further lines: 3 us.
 */
static void arithmetic(void **state)
{
	static const struct invented v[] = {
		{ "harness", "requests", "ok", 10, 0, 210000, 10000, 20 },
		{ "harness", "tokens", "ok", 4, 0, 200000, 0, 48 },
		{ "harness", "dispatch", "ok", 662, 100, 1, 0, 1324 },
		/* none of these counts */
		{ "score", "requests", "ok", 10, 0, 999999999, 0, 20 },
		{ "harness", "tokens", "failed", 4, 0, 999999999, 0, 48 },
	};
	struct oae_harness_cost c = invent(v, sizeof(v) / sizeof(v[0]));

	(void)state;
	assert_true(fabs(c.request_cpu - 20000) < 1e-6);
	assert_true(fabs(c.request_wall - 5000) < 1e-6);
	assert_true(fabs(c.token_cpu - 3000) < 1e-6);
	assert_true(fabs(c.dispatch_p50 - 33150) < 1e-6);
	assert_true(fabs(c.dispatch_p99 - 65539) < 1e-6);
	assert_true(fabs(c.dispatch_max - 66200) < 1e-6);
	assert_int_equal(c.requests, 10);
	assert_int_equal(c.token_events, 40);
	assert_int_equal(c.dispatches, 662);
}

static void what_is_missing_is_nan(void **state)
{
	static const struct invented few[] = {
		{ "harness", "dispatch", "ok", 661, 100, 1, 0, 1322 },
		{ "harness", "tokens", "ok", 4, 0, 200000, 0, 48 },
	};
	static const struct invented disturbed[] = {
		{ "harness", "requests", "ok", 10, 0, 600000, 0, 20 },
		{ "harness", "tokens", "ok", 4, 0, 200000, 0, 48 },
	};
	struct oae_harness_cost c = invent(NULL, 0);

	(void)state;
	assert_true(isnan(c.request_cpu) && isnan(c.token_cpu) &&
		    isnan(c.dispatch_p50));
	c = invent(few, 2);
	assert_true(isnan(c.request_cpu) && isnan(c.token_cpu));
	assert_true(c.dispatch_p50 > 0 && isnan(c.dispatch_p99));
	c = invent(disturbed, 2);
	assert_true(c.request_cpu > 0 && isnan(c.token_cpu));
}

/* ---- the real null adapter ---------------------------------------------- */

static void real(void **state)
{
	volatile sig_atomic_t stop = 0;
	struct oae_sensors sensors;
	struct oae_journal j;
	struct oae_bench b = {
		.journal = &j,
		.sensors = &sensors,
		.limits = &oae_session_limits_default,
		.stop = &stop,
	};
	struct oae_run_result result;
	struct oae_error err = { 0 };
	struct oae_harness_cost c;
	size_t i;

	(void)state;
	assert_int_equal(oae_sensors_open(&sensors, "", 0, &err), OAE_OK);
	begin(&j);
	for (i = 0; i < oae_calibration_count; i++) {
		if (oae_probe_run(&b, null_adapter, i, &oae_calibration[i],
				  &result, &err))
			fail_msg("%s", err.text);
		if (result.status != OAE_RUN_OK || result.failed)
			fail_msg("%s: %s", oae_calibration[i].name,
				 result.reason);
		assert_int_equal(result.ok, oae_calibration[i].requests);
	}
	oae_sensors_close(&sensors);
	c = reduce(&j);
	acceptance(15,
		   "the harness cost %.1f us of CPU a request, %.1f us a token"
		   " event; sent - due p50 %.3f ms, p99 %.3f ms at 1000/s"
		   " (want measured; targets are make bench-harness's)",
		   1e-3 * c.request_cpu, 1e-3 * c.token_cpu,
		   1e-6 * c.dispatch_p50, 1e-6 * c.dispatch_p99);
	/* Sane, not fast: more than nothing, less than a millisecond. */
	assert_true(c.request_cpu > 500 && c.request_cpu < 1e6);
	assert_true(c.token_cpu > 100 && c.token_cpu < 1e6);
	assert_true(c.request_wall > 1000);
	assert_true(c.dispatch_p50 >= 0 && c.dispatch_p99 >= c.dispatch_p50);
	assert_true(c.dispatch_max >= c.dispatch_p99);
	assert_int_equal(c.requests, oae_calibration[0].requests);
	assert_int_equal(c.dispatches, oae_calibration[2].requests);
	/* Each token came alone, but where the machine was too busy. */
	assert_true(c.token_events <= 250 && c.token_events > 25);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(what_is_missing_is_nan),
		cmocka_unit_test(real),
	};
	char *self = realpath(argv[0], NULL);
	int failed;

	(void)argc;
	if (!self || !mkdtemp(folder))
		return 1;
	(void)snprintf(null_adapter, sizeof(null_adapter), "%s/adapters/null",
		       dirname(dirname(self))); /* BUILD/tests/test_... */
	(void)snprintf(path, sizeof(path), "%s/journal.jsonl", folder);
	free(self);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return failed;
}
