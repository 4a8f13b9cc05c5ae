/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios: what a suite and a user may say, and what goes together. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schema/score.h"
#include "schema/slo.h"
#include "workloads/scenario.h"

static const struct oae_load_spec single = { .scenario = "SingleStream" };
static const struct oae_load_spec server = {
	.scenario = "Server",
	.rate_per_s = 4,
	.concurrency = 64,
	.goodput = "ttft:100",
};

static struct oae_load_plan resolved(const struct oae_load_spec *suite,
				     struct oae_load_spec user)
{
	struct oae_error err = { 0 };
	struct oae_load_plan p;

	if (oae_load_resolve(suite, &user, &p, &err))
		fail_msg("%s", err.text);
	return p;
}

#define SAID(...) ((struct oae_load_spec){ __VA_ARGS__ })

static void each_scenario(void **state)
{
	struct oae_load_plan p;

	(void)state;
	p = resolved(&single, SAID(.think_s = 0));
	assert_string_equal(oae_scenario_name(p.scenario), "SingleStream");
	assert_int_equal(p.arrivals.kind, OAE_ARRIVALS_CLOSED);
	assert_int_equal(p.concurrency, 1);
	assert_true(isnan(p.slo.ttft_ms));
	p = resolved(&single, SAID(.scenario = "MultiStream"));
	assert_int_equal(p.arrivals.batch, 8);
	assert_int_equal(p.concurrency, 8);
	assert_string_equal(p.arrivals_text, "closed");
	p = resolved(&single, SAID(.scenario = "MultiStream",
				   .samples_per_query = 3, .rate_per_s = 2));
	assert_int_equal(p.arrivals.kind, OAE_ARRIVALS_CONSTANT);
	assert_int_equal(p.arrivals.batch, 3);
	assert_int_equal(p.concurrency, OAE_CONCURRENCY_MAX);
	p = resolved(&single, SAID(.scenario = "Server", .rate_per_s = 2));
	assert_int_equal(p.arrivals.kind, OAE_ARRIVALS_EXPONENTIAL);
	assert_true(p.slo.ttft_ms == 2000 && p.slo.tpot_ms == 200);
	p = resolved(&single, SAID(.scenario = "Interactive", .rate_per_s = 2));
	assert_true(p.slo.ttft_ms == 450 && p.slo.tpot_ms == 40);
	p = resolved(&single, SAID(.scenario = "Offline"));
	assert_int_equal(p.arrivals.kind, OAE_ARRIVALS_AT_ONCE);
	assert_int_equal(p.concurrency, OAE_CONCURRENCY_MAX);
	p = resolved(&single, SAID(.scenario = "Server", .arrivals = "gamma:2",
				   .rate_per_s = 2));
	assert_true(p.arrivals.shape == 0.25);
	assert_string_equal(p.arrivals_text, "gamma:2");
	p = resolved(&single, SAID(.scenario = "Server",
				   .arrivals = "trace:/some/where.csv"));
	assert_string_equal(p.trace, "/some/where.csv");
	assert_string_equal(p.arrivals_text, "trace");
}

/* The user's word beats the suite's, which holds for its scenario alone. */
static void who_says_what(void **state)
{
	struct oae_load_plan p = resolved(&server, SAID(.concurrency = 2));

	(void)state;
	assert_true(p.arrivals.rate_per_s == 4);
	assert_int_equal(p.concurrency, 2);
	assert_true(p.has_goodput && p.goodput.ttft_ms == 100);
	p = resolved(&server, SAID(.arrivals = "closed", .concurrency = 3));
	assert_int_equal(p.arrivals.kind, OAE_ARRIVALS_CLOSED);
	assert_int_equal(p.concurrency, 3);
	p = resolved(&server, SAID(.arrivals = "gamma:4"));
	assert_true(p.arrivals.rate_per_s == 4);
	p = resolved(&server, SAID(.scenario = "Offline"));
	assert_int_equal(p.concurrency, OAE_CONCURRENCY_MAX);
	assert_false(p.has_goodput);
}

static void does_not_go_together(void **state)
{
	static const struct {
		struct oae_load_spec user;
		const char *word;
	} cases[] = {
		{ { .scenario = "server" }, "MultiStream" },
		{ { .rate_per_s = 3 }, "a rate goes with" },
		{ { .arrivals = "exponential", .rate_per_s = 3 }, "Server" },
		{ { .concurrency = 2 }, "--arrivals closed" },
		{ { .samples_per_query = 2 }, "MultiStream alone" },
		{ { .scenario = "Server" }, "--rate" },
		{ { .scenario = "Server", .rate_per_s = -1 }, "above 0" },
		{ { .scenario = "Server", .rate_per_s = NAN }, "above 0" },
		{ { .scenario = "Server", .rate_per_s = 1, .think_s = 1 },
		  "closed arrivals alone" },
		{ { .scenario = "Server", .arrivals = "closed" },
		  "--concurrency" },
		{ { .scenario = "Server",
		    .arrivals = "trace:x",
		    .rate_per_s = 1 },
		  "a trace has its own" },
		{ { .scenario = "Server",
		    .arrivals = "trace:",
		    .rate_per_s = 1 },
		  "trace:FILE" },
		{ { .scenario = "Server",
		    .arrivals = "gamma:0",
		    .rate_per_s = 1 },
		  "0.1 to 10" },
		{ { .scenario = "Server",
		    .arrivals = "gamma:2x",
		    .rate_per_s = 1 },
		  "0.1 to 10" },
		{ { .scenario = "Server",
		    .arrivals = "gamma:nan",
		    .rate_per_s = 1 },
		  "0.1 to 10" },
		{ { .scenario = "Server",
		    .arrivals = "weibull",
		    .rate_per_s = 1 },
		  "unknown" },
		{ { .scenario = "Offline", .rate_per_s = 1 }, "a rate goes" },
		{ { .scenario = "Offline", .arrivals = "closed" }, "at once" },
		{ { .scenario = "MultiStream", .concurrency = 4 },
		  "--samples-per-query" },
		{ { .think_s = 1e9 }, "86400" },
		{ { .goodput = "ttft" }, "ttft:100" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct oae_error err = { 0 };
		struct oae_load_plan p;

		assert_int_equal(oae_load_resolve(&single, &cases[i].user, &p,
						  &err),
				 OAE_ERR_USAGE);
		if (!strstr(err.text, cases[i].word))
			fail_msg("\"%s\" does not say \"%s\"", err.text,
				 cases[i].word);
	}
}

static void goodput_in_words(void **state)
{
	static const char *const bad[] = {
		"",	     " ",	  ",",	     "ttft",
		"ttft:",     "ttft:0",	  "ttft:-3", "ttft:nan",
		"ttft:inf",  "ttft:1ms",  "tft:1",   "ttft:1e99",
		"ttft:1x:2", "e2el : 10", ":5",	     "ttft:1 ttft:2",
	};
	struct oae_error err = { 0 };
	struct oae_slo slo;

	(void)state;
	assert_int_equal(oae_slo_parse("ttft:100 tpot:30", &slo, &err), OAE_OK);
	assert_true(slo.ttft_ms == 100 && slo.tpot_ms == 30);
	assert_true(isnan(slo.itl_ms) && isnan(slo.e2el_ms));
	assert_int_equal(oae_slo_parse(" e2el:2e3,itl:.5,", &slo, &err),
			 OAE_OK);
	assert_true(slo.e2el_ms == 2000 && slo.itl_ms == 0.5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(oae_slo_parse(bad[i], &slo, &err),
				 OAE_ERR_USAGE);
		assert_true(err.text[0] != '\0');
	}
}

/* Due at 0, sent at 50 ms, tokens at 100, 110, 140, 150 ms. */
static void goodput_of_a_sample(void **state)
{
	static const uint64_t gaps[] = { 100000000, 10000000, 30000000,
					 10000000 };
	struct oae_sample s = {
		.sent_ns = 50000000,
		.first_ns = 100000000,
		.done_ns = 150000000,
		.tokens_out = 4,
		.token_ns = gaps,
		.token_count = 4,
	};
	static const struct {
		const char *text;
		bool met;
	} cases[] = {
		{ "ttft:100", true },	      { "ttft:99", false },
		{ "tpot:17", true },	      { "tpot:16", false },
		{ "itl:30", true },	      { "itl:29", false },
		{ "e2el:150", true },	      { "e2el:149", false },
		{ "ttft:100 e2el:1", false },
	};
	struct oae_error err = { 0 };
	struct oae_slo slo;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(oae_slo_parse(cases[i].text, &slo, &err), 0);
		assert_int_equal(oae_slo_met(&slo, &s), cases[i].met);
	}
	slo = oae_slo_none();
	assert_true(oae_slo_met(&slo, &s));
	s.outcome = OAE_OUTCOME_FAILED;
	assert_false(oae_slo_met(&slo, &s));
	s.outcome = OAE_OUTCOME_OK;
	s.first_ns = UINT64_MAX;
	assert_true(oae_slo_met(&slo, &s));
	slo.ttft_ms = 1000;
	assert_false(oae_slo_met(&slo, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_scenario),
		cmocka_unit_test(who_says_what),
		cmocka_unit_test(does_not_go_together),
		cmocka_unit_test(goodput_in_words),
		cmocka_unit_test(goodput_of_a_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
