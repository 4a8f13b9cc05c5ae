/* SPDX-License-Identifier: Apache-2.0 */
/* What `oae run` is made of: words, plan, protocol lines, the load loop. */
#define _GNU_SOURCE
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "harness/campaign.h"
#include "harness/load.h"
#include "harness/proto.h"
#include "harness/run_args.h"
#include "harness/session.h"

#define MS 1000000u

static char null_adapter[PATH_MAX];

/* ---- the words of oae run --------------------------------------------- */

static enum oae_status read_args(struct oae_run_args *a, const char *words,
				 struct oae_error *err)
{
	static char copy[512];
	char *argv[32], *rest = NULL, *word;
	int argc = 0;

	(void)snprintf(copy, sizeof(copy), "run %s", words);
	for (word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return oae_run_args_read(a, argc, argv, err);
}

static void systems_with_knobs(void **state)
{
	struct oae_error err = { 0 };
	struct oae_run_args a;

	(void)state;
	assert_int_equal(read_args(&a,
				   "--systems a/x,b/y:g=1,h=2,c/z --seed=9"
				   " --no-report",
				   &err),
			 OAE_OK);
	assert_int_equal(a.options.systems.count, 3);
	assert_string_equal(a.options.systems.item[0], "a/x");
	assert_string_equal(a.options.systems.item[1], "b/y:g=1,h=2");
	assert_string_equal(a.options.systems.item[2], "c/z");
	assert_int_equal(a.options.seed, 9);
	assert_true(a.score);
	assert_false(a.report);
	oae_run_args_release(&a);
}

static void bad_words(void **state)
{
	static const char *const words[] = {
		"--bogus",
		"extra",
		"--runs",
		"--runs 3",
		"--runs 0",
		"--runs -2",
		"--runs 2x",
		"--items 0",
		"--seed x",
		"--seed 99999999999999999999",
		"--systems a/b,,c/d",
		"--systems ,",
		"--json=1",
		"--out= x",
		"--seed 1 --seed 2",
		"--resume d --seed 1",
		"--resume d --rate 3",
		"--rate 0",
		"--rate -1",
		"--rate nan",
		"--rate 1e7",
		"--think 0",
		"--think 1x",
		"--concurrency 0",
		"--concurrency 1025",
		"--samples-per-query 0",
		"--resume d --dry-run",
		"--request-limit 0",
		"--suite",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct oae_error err = { 0 };
		struct oae_run_args a;

		assert_int_equal(read_args(&a, words[i], &err), OAE_ERR_USAGE);
		assert_true(err.text[0] != '\0');
		oae_run_args_release(&a);
	}
}

/* ---- the plan ---------------------------------------------------------- */

static const struct oae_load_spec bursts = {
	.scenario = "Server",
	.arrivals = "gamma:2",
	.rate_per_s = 10,
};
static const struct oae_load_spec users = {
	.scenario = "Server",
	.arrivals = "closed",
	.think_s = 0.25,
	.concurrency = 5,
	.goodput = "ttft:7",
};

static void load_smoke(struct oae_campaign *c, const struct oae_load_spec *load)
{
	struct oae_options o = { .suite = "smoke", .seed = 7, .runs = 4 };
	struct oae_error err = { 0 };

	o.systems.item[0] = "null/echo";
	o.systems.item[1] = "null/echo:delay_us=1";
	o.systems.count = 2;
	o.load = *load;
	if (oae_campaign_load(c, &o, &err))
		fail_msg("%s", err.text);
}

static void plan_is_paired(void **state)
{
	struct oae_campaign c;
	struct oae_arena arena;
	struct oae_run a, b;
	size_t i, k, pairs = 0, n;

	(void)state;
	load_smoke(&c, &bursts);
	assert_int_equal(c.run_count, 8);
	oae_arena_init(&arena, 64 << 20);
	for (i = 0; i < c.run_count; i++)
		for (k = i + 1; k < c.run_count; k++) {
			if (c.runs[i].at.rep != c.runs[k].at.rep)
				continue;
			assert_int_equal(oae_campaign_run_get(&c, i, &arena, &a,
							      NULL),
					 0);
			assert_int_equal(oae_campaign_run_get(&c, k, &arena, &b,
							      NULL),
					 0);
			assert_string_not_equal(a.system, b.system);
			assert_int_equal(a.seed, b.seed);
			assert_int_equal(a.count, b.count);
			assert_string_equal(a.schedule, b.schedule);
			for (n = 0; n < a.count; n++) {
				assert_string_equal(a.requests[n].item,
						    b.requests[n].item);
				assert_int_equal(a.requests[n].submit.seed,
						 b.requests[n].submit.seed);
				assert_int_equal(a.requests[n].due_ns,
						 b.requests[n].due_ns);
			}
			pairs++;
		}
	assert_int_equal(pairs, 4);
	oae_arena_release(&arena);
	oae_campaign_release(&c);
}

static void plan_comes_back(void **state)
{
	struct oae_campaign c, again;
	struct oae_error err = { 0 };
	struct oae_options o;
	cJSON *line = NULL;
	struct oae_buf b;
	struct oae_jw w;

	(void)state;
	load_smoke(&c, &users);
	oae_buf_init(&b, 1 << 20);
	oae_jw_init(&w, &b, 0);
	oae_jw_obj(&w, NULL);
	oae_campaign_write(&c, &w, 0, NULL);
	oae_jw_end_obj(&w);
	assert_int_equal(oae_json_parse(b.data, b.len, &line, &err), OAE_OK);
	assert_int_equal(oae_options_read(line, &o, &err), OAE_OK);
	assert_int_equal(oae_campaign_load(&again, &o, &err), OAE_OK);
	assert_int_equal(oae_campaign_same(&again, line, &err), OAE_OK);
	assert_int_equal(again.run_count, c.run_count);
	assert_int_equal(again.load.scenario, OAE_SCENARIO_SERVER);
	assert_string_equal(again.load.arrivals_text, "closed");
	assert_int_equal(again.load.concurrency, 5);
	assert_true(again.load.arrivals.think_s == 0.25);
	assert_true(again.load.goodput.ttft_ms == 7);
	assert_memory_equal(again.runs, c.runs, c.run_count * sizeof(*c.runs));
	/* Another program in between is another campaign. */
	again.systems[1].binary_sha256[0] ^= 1;
	assert_int_equal(oae_campaign_same(&again, line, &err), OAE_ERR_CHECK);
	cJSON_Delete(line);
	oae_buf_release(&b);
	oae_campaign_release(&again);
	oae_campaign_release(&c);
}

/* ---- lines and events -------------------------------------------------- */

static void lines_in_any_pieces(void **state)
{
	static const char text[] = "a\n\nbcd\r\n{\"x\":1}\nrest";
	static const char *const want[] = { "a", "", "bcd\r", "{\"x\":1}" };
	size_t step, at, len, n;
	const char *line;

	(void)state;
	for (step = 1; step < sizeof(text); step++) {
		struct oae_lines l;

		oae_lines_init(&l);
		n = 0;
		for (at = 0; at < sizeof(text) - 1; at += step) {
			len = sizeof(text) - 1 - at;
			assert_int_equal(oae_lines_feed(&l, text + at,
							len < step ? len : step,
							NULL),
					 OAE_OK);
			while (oae_lines_next(&l, &line, &len)) {
				assert_int_equal(len, strlen(want[n]));
				assert_memory_equal(line, want[n], len);
				n++;
			}
		}
		assert_int_equal(n, 4);
		oae_lines_release(&l);
	}
}

static void endless_line(void **state)
{
	static char block[65536];
	struct oae_error err = { 0 };
	enum oae_status status = OAE_OK;
	struct oae_lines l;
	const char *line;
	size_t fed = 0, len;

	(void)state;
	memset(block, 'x', sizeof(block));
	oae_lines_init(&l);
	while (!status && fed < (1u << 30)) {
		status = oae_lines_feed(&l, block, sizeof(block), &err);
		assert_false(oae_lines_next(&l, &line, &len));
		fed += sizeof(block);
	}
	assert_int_equal(status, OAE_ERR_TARGET);
	assert_true(fed <= OAE_LINE_BYTES_MAX + 3 * sizeof(block));
	assert_true(l.pending.alloc <= 2u * OAE_LINE_BYTES_MAX + 1);
	oae_lines_release(&l);
}

static void bad_messages(void **state)
{
	static const char *const lines[] = {
		"",
		"null",
		"[]",
		"{}",
		"{\"type\":1}",
		"{\"type\":\"x\"}",
		"{\"type\":\"bye\"} {}",
		"{\"type\":\"bye\",\"type\":\"bye\"}",
		"{\"type\":\"token\"}",
		"{\"type\":\"token\",\"id\":\"1\"}",
		"{\"type\":\"token\",\"id\":\"x\",\"t_ns\":\"1\",\"n\":1,"
		"\"text\":\"a\"}",
		"{\"type\":\"token\",\"id\":\"1\",\"t_ns\":\"1\",\"n\":0,"
		"\"text\":\"a\"}",
		"{\"type\":\"token\",\"id\":\"1\",\"t_ns\":\"1\",\"n\":1e9,"
		"\"text\":\"a\"}",
		"{\"type\":\"token\",\"id\":\"1\",\"t_ns\":\"1\",\"n\":1,"
		"\"text\":null}",
		"{\"type\":\"token\",\"id\":\"1\",\"t_ns\":\"1\",\"n\":1,"
		"\"text\":\"\xc3(\"}",
		"{\"type\":\"token\",\"t_ns\":\"1\",\"n\":1,\"text\":\"a\"}",
		"{\"type\":\"done\",\"id\":\"1\",\"t_ns\":\"1\",\"finish\":"
		"\"tired\",\"tokens_in\":1,\"tokens_out\":1}",
		"{\"type\":\"done\",\"id\":\"1\",\"t_ns\":\"1\",\"finish\":"
		"\"stop\",\"tokens_in\":1,\"tokens_out\":-1}",
		"{\"type\":\"done\",\"id\":\"1\",\"t_ns\":\"1\",\"finish\":"
		"\"stop\",\"tokens_in\":1,\"tokens_out\":1,\"drafted\":1,"
		"\"accepted\":2}",
		"{\"type\":\"done\",\"id\":\"1\",\"t_ns\":\"1\",\"finish\":"
		"\"stop\",\"tokens_in\":1,\"tokens_out\":1,\"reused\":2}",
		"{\"type\":\"ready\",\"protocol\":2,\"adapter\":\"a\","
		"\"system\":\"s\",\"max_in_flight\":1}",
		"{\"type\":\"ready\",\"protocol\":1,\"adapter\":\"a\","
		"\"system\":\"s\",\"max_in_flight\":0}",
		"{\"type\":\"ready\",\"protocol\":1,\"adapter\":\"a\","
		"\"system\":\"s\",\"max_in_flight\":100000}",
		"{\"type\":\"error\",\"id\":null,\"code\":\"model\"}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct oae_error err = { 0 };
		struct oae_event ev;

		assert_int_equal(oae_event_parse(lines[i], strlen(lines[i]),
						 &ev, &err),
				 OAE_ERR_TARGET);
		assert_null(ev.tree);
	}
}

static void good_messages(void **state)
{
	static const char token[] =
		"{\"type\":\"token\",\"id\":\"3\",\"t_ns\":"
		"\"18446744073709551615\",\"n\":2,\"text\":\"\\u00e9\"}";
	static const char error[] = "{\"type\":\"error\",\"id\":null,\"code\":"
				    "\"model\",\"message\":\"no file\"}";
	struct oae_event ev;

	(void)state;
	assert_int_equal(oae_event_parse(token, strlen(token), &ev, NULL), 0);
	assert_int_equal(ev.kind, OAE_EVENT_TOKEN);
	assert_true(ev.has_id && ev.id == 3 && ev.n == 2);
	assert_true(ev.t_ns == UINT64_MAX);
	assert_string_equal(ev.text, "\xc3\xa9");
	oae_event_release(&ev);
	assert_int_equal(oae_event_parse(error, strlen(error), &ev, NULL), 0);
	assert_int_equal(ev.kind, OAE_EVENT_ERROR);
	assert_false(ev.has_id);
	oae_event_release(&ev);
}

/* ---- the load loop ----------------------------------------------------- */

struct seen {
	double sum_ms, max_ms;
	size_t count;
};

static enum oae_status take_sample(void *ctx, const struct oae_flight *f,
				   enum oae_outcome outcome, const char *reason,
				   struct oae_error *err)
{
	struct seen *s = ctx;
	double ms = (double)(f->done_ns - f->due_ns) * 1e-6;

	(void)err;
	assert_int_equal(outcome, OAE_OUTCOME_OK);
	assert_null(reason);
	assert_true(f->due_ns <= f->sent_ns && f->sent_ns <= f->first_ns &&
		    f->first_ns <= f->done_ns);
	s->sum_ms += ms;
	if (ms > s->max_ms)
		s->max_ms = ms;
	s->count++;
	return OAE_OK;
}

static uint64_t no_tick(void *ctx, uint64_t now_ns, struct oae_error *err)
{
	(void)ctx;
	(void)err;
	return now_ns + 1000 * (uint64_t)MS;
}

static void await_ready(struct oae_session *s)
{
	uint64_t until = oae_clock_ns() + 60000ull * MS;
	struct oae_event ev;
	bool got = false;

	while (!got && oae_clock_ns() < until) {
		assert_int_equal(oae_session_wait(s, until, NULL), OAE_OK);
		assert_int_equal(oae_session_event(s, &ev, &got, NULL), 0);
	}
	assert_true(got);
	assert_int_equal(ev.kind, OAE_EVENT_READY);
	oae_event_release(&ev);
}

/*
 * 50 ms of service, one at a time, an arrival every 10 ms, 8 of them: the
 * n-th waits for those before it, so latency from the due time is 190 ms in
 * the mean and 330 ms at most. Counted from sending it would be 50 ms.
 */
static void waiting_is_not_omitted(void **state)
{
	const char *argv[] = { null_adapter, NULL };
	cJSON *knobs = cJSON_Parse("{\"tokens\":1,\"delay_us\":50000}");
	struct oae_hello hello = {
		.system = "echo", .knobs = knobs, .home = "", .seed = 1
	};
	struct seen seen = { 0 };
	struct oae_load_hooks hooks = { &seen, take_sample, no_tick };
	volatile sig_atomic_t stop = 0;
	struct oae_request requests[8];
	struct oae_error err = { 0 };
	struct oae_session s;
	struct oae_load_io io = oae_load_io_session(&s);
	struct oae_load l = {
		.io = &io,
		.limits = &oae_session_limits_default,
		.hooks = &hooks,
		.stop = &stop,
		.requests = requests,
		.count = 8,
		.max_in_flight = 1,
	};
	uint64_t i;

	(void)state;
	memset(requests, 0, sizeof(requests));
	for (i = 0; i < 8; i++) {
		requests[i].id = i + 1;
		requests[i].due_ns = i * 10 * MS;
		requests[i].submit.prompt = "word";
		requests[i].submit.max_tokens = 4;
	}
	assert_int_equal(oae_session_spawn(&s, argv, NULL, &err), OAE_OK);
	assert_int_equal(oae_session_start(&s, &hello, &err), OAE_OK);
	await_ready(&s);
	if (oae_load_run(&l, &err))
		fail_msg("%s", err.text);
	assert_int_equal(oae_session_close(&s, &oae_session_limits_default,
					   &err),
			 OAE_OK);
	oae_session_end(&s);
	cJSON_Delete(knobs);
	assert_int_equal(seen.count, 8);
	assert_true(seen.sum_ms / 8 >= 190 && seen.sum_ms / 8 < 400);
	assert_true(seen.max_ms >= 330 && seen.max_ms < 600);
	assert_true(l.busy_ns >= 400ull * MS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systems_with_knobs),
		cmocka_unit_test(bad_words),
		cmocka_unit_test(plan_is_paired),
		cmocka_unit_test(plan_comes_back),
		cmocka_unit_test(lines_in_any_pieces),
		cmocka_unit_test(endless_line),
		cmocka_unit_test(bad_messages),
		cmocka_unit_test(good_messages),
		cmocka_unit_test(waiting_is_not_omitted),
	};
	char *real = realpath(argv[0], NULL), *build;

	(void)argc;
	if (!real)
		return 1;
	build = dirname(dirname(real)); /* BUILD/tests/test_run */
	setenv("OAE_BUILD", build, 1);
	(void)snprintf(null_adapter, sizeof(null_adapter), "%s/adapters/null",
		       build);
	free(real);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
