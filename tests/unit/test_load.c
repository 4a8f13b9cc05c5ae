/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load loop in simulated time: clock and system under test are this
 * file's, everything between them is the harness's own loop.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "adapters/sdk/protocol.h"
#include "base/limits.h"
#include "base/stats.h"
#include "harness/load.h"
#include "harness/precise.h"
#include "tests/unit/acceptance.h"
#include "workloads/arrivals.h"

#define US 1000ull
#define MS 1000000ull
#define S 1000000000ull
#define QUEUE 4096

/* Answers in the order of asking, `servers` at a time; none while frozen. */
struct sim {
	uint64_t now_ns, service_ns, frozen_from_ns, frozen_to_ns;
	size_t servers;
	uint64_t free_ns[QUEUE]; /* when a server is free again */
	struct {
		uint64_t id, at_ns;
	} queue[QUEUE];
	size_t head, count;
	bool begun; /* the head's token is out */
	size_t most_in_flight;
	uint64_t looks; /* at the clock's next moment */
};

static uint64_t sim_now(void *ctx)
{
	return ((struct sim *)ctx)->now_ns;
}

static enum oae_status sim_submit(void *ctx, const struct oae_submit *m,
				  struct oae_error *err)
{
	struct sim *s = ctx;
	uint64_t *server = s->free_ns, at;
	size_t i;

	(void)err;
	assert_true(s->count < QUEUE);
	for (i = 1; i < s->servers; i++)
		if (s->free_ns[i] < *server)
			server = &s->free_ns[i];
	at = (*server > s->now_ns ? *server : s->now_ns) + s->service_ns;
	if (at >= s->frozen_from_ns && at < s->frozen_to_ns)
		at = s->frozen_to_ns;
	*server = at;
	i = (s->head + s->count++) % QUEUE;
	s->queue[i].id = m->id;
	s->queue[i].at_ns = at;
	if (s->count > s->most_in_flight)
		s->most_in_flight = s->count;
	return OAE_OK;
}

static enum oae_status sim_cancel(void *ctx, uint64_t id, struct oae_error *err)
{
	(void)ctx;
	(void)err;
	fail_msg("request %llu was given up", (unsigned long long)id);
	return OAE_OK;
}

/* A look costs a microsecond, so that who spins gets on. */
static enum oae_status sim_wait(void *ctx, uint64_t until_ns,
				struct oae_error *err)
{
	struct sim *s = ctx;

	(void)err;
	s->looks++;
	if (s->count && s->queue[s->head].at_ns < until_ns)
		until_ns = s->queue[s->head].at_ns;
	if (s->count && s->queue[s->head].at_ns <= s->now_ns)
		return OAE_OK;
	s->now_ns = until_ns > s->now_ns ? until_ns : s->now_ns + US;
	return OAE_OK;
}

static enum oae_status sim_event(void *ctx, struct oae_event *ev, bool *got,
				 struct oae_error *err)
{
	struct sim *s = ctx;

	(void)err;
	memset(ev, 0, sizeof(*ev));
	*got = s->count && s->queue[s->head].at_ns <= s->now_ns;
	if (!*got)
		return OAE_OK;
	ev->kind = s->begun ? OAE_EVENT_DONE : OAE_EVENT_TOKEN;
	ev->has_id = true;
	ev->id = s->queue[s->head].id;
	ev->received_ns = ev->t_ns = s->now_ns;
	ev->n = ev->tokens_in = ev->tokens_out = 1;
	ev->text = "x";
	ev->text_len = 1;
	ev->finish = OAE_DONE_STOP;
	if (s->begun) {
		s->head = (s->head + 1) % QUEUE;
		s->count--;
	}
	s->begun = !s->begun;
	return OAE_OK;
}

/* What came of every request, by its place in the plan; times in ms. */
struct seen {
	double *due, *sent, *from_due, *from_send;
	size_t count;
	uint64_t start_ns;
};

static enum oae_status take_sample(void *ctx, const struct oae_flight *f,
				   enum oae_outcome outcome, const char *reason,
				   struct oae_error *err)
{
	struct seen *s = ctx;
	size_t i = f->request->id - 1;

	(void)err;
	assert_int_equal(outcome, OAE_OUTCOME_OK);
	assert_null(reason);
	assert_true(f->due_ns <= f->sent_ns && f->sent_ns <= f->done_ns);
	s->due[i] = (double)(f->due_ns - s->start_ns) * 1e-6;
	s->sent[i] = (double)(f->sent_ns - s->start_ns) * 1e-6;
	s->from_due[i] = (double)(f->done_ns - f->due_ns) * 1e-6;
	s->from_send[i] = (double)(f->done_ns - f->sent_ns) * 1e-6;
	s->count++;
	return OAE_OK;
}

static uint64_t every_second(void *ctx, uint64_t now_ns, struct oae_error *err)
{
	(void)ctx;
	(void)err;
	return now_ns + S;
}

static double *doubles(size_t n)
{
	double *x = calloc(n, sizeof(*x));

	assert_non_null(x);
	return x;
}

/* Runs n requests through the loop; due and think of them may be NULL. */
static void run_load(struct sim *sim, struct oae_load *l, const uint64_t *due,
		     const uint64_t *think, size_t n, struct seen *seen)
{
	static const struct oae_session_limits patient = {
		.request_ms = 1000000,
		.cancel_ms = 1000,
	};
	struct oae_request *requests = calloc(n, sizeof(*requests));
	/* The load keeps pointing at them when its run is over. */
	static struct oae_load_io io;
	static struct oae_load_hooks hooks;
	static const volatile sig_atomic_t stop = 0;
	struct oae_error err = { 0 };

	assert_non_null(requests);
	for (size_t i = 0; i < n; i++) {
		requests[i].id = i + 1;
		requests[i].due_ns = due ? due[i] : OAE_ARRIVAL_CLOSED;
		requests[i].think_ns = think ? think[i] : 0;
		requests[i].submit.prompt = "word";
		requests[i].submit.max_tokens = 1;
	}
	memset(seen, 0, sizeof(*seen));
	seen->due = doubles(n);
	seen->sent = doubles(n);
	seen->from_due = doubles(n);
	seen->from_send = doubles(n);
	seen->start_ns = sim->now_ns;
	io = (struct oae_load_io){ sim,	       sim_now,	 sim_submit,
				   sim_cancel, sim_wait, sim_event };
	hooks = (struct oae_load_hooks){ seen, take_sample, every_second };
	l->io = &io;
	l->limits = &patient;
	l->hooks = &hooks;
	l->stop = &stop;
	l->requests = requests;
	l->count = n;
	if (oae_load_run(l, &err))
		fail_msg("%s", err.text);
	free(requests);
	assert_int_equal(seen->count, n);
	assert_int_equal(l->sent, n);
	assert_int_equal(l->in_flight, 0);
}

static void seen_release(struct seen *s)
{
	free(s->due);
	free(s->sent);
	free(s->from_due);
	free(s->from_send);
}

static void near(double value, double want, double within)
{
	if (!(fabs(value - want) <= within))
		fail_msg("%.9g is not %.9g +- %.3g", value, want, within);
}

/*
 * One at a time, 500 ms each, due every 100 ms: number i is due at 100 i and
 * done at 500 (i + 1), so that it waited 500 + 400 i ms. Counted from
 * sending, each took 500 ms and nothing would be wrong.
 */
static void waiting_is_not_omitted(void **state)
{
	struct sim sim = { .now_ns = 7 * S,
			   .service_ns = 500 * MS,
			   .servers = 1 };
	struct oae_arrivals a = { .kind = OAE_ARRIVALS_CONSTANT,
				  .rate_per_s = 10 };
	struct oae_load l = { .max_in_flight = 1 };
	struct oae_error err = { 0 };
	struct seen seen;
	uint64_t due[8];
	double mean, most;

	(void)state;
	assert_int_equal(oae_arrivals_plan(&a, 1, due, 8, &err), OAE_OK);
	run_load(&sim, &l, due, NULL, 8, &seen);
	mean = oae_mean(seen.from_due, 8);
	oae_sort(seen.from_due, 8);
	most = seen.from_due[7];
	acceptance(9,
		   "mean from due %.3f ms, max %.3f ms; from send %.3f ms"
		   " (want 1900 and 3300)",
		   mean, most, oae_mean(seen.from_send, 8));
	near(mean, 1900, 0.1);
	near(most, 3300, 0.1);
	near(oae_mean(seen.from_send, 8), 500, 0.1);
	near((double)l.busy_ns * 1e-6, 4000, 0.1);
	seen_release(&seen);
}

/* A tenth of the requests meet the freeze and wait 5 s in the mean. */
static void a_stall_shows(void **state)
{
	struct sim sim = { .servers = 1,
			   .frozen_from_ns = 45 * S,
			   .frozen_to_ns = 55 * S };
	struct oae_arrivals a = { .kind = OAE_ARRIVALS_CONSTANT,
				  .rate_per_s = 1000 };
	struct oae_load l = { .max_in_flight = OAE_PROTOCOL_IN_FLIGHT_MAX };
	struct oae_error err = { 0 };
	size_t n = 100000, late = 0;
	uint64_t *due = calloc(n, sizeof(*due));
	double mean, p99, sent_mean;
	struct seen seen;

	(void)state;
	assert_non_null(due);
	assert_int_equal(oae_arrivals_plan(&a, 1, due, n, &err), OAE_OK);
	run_load(&sim, &l, due, NULL, n, &seen);
	for (size_t i = 0; i < n; i++)
		late += seen.sent[i] - seen.due[i] > 1;
	mean = oae_mean(seen.from_due, n) * 1e-3;
	sent_mean = oae_mean(seen.from_send, n) * 1e-3;
	oae_sort(seen.from_due, n);
	p99 = oae_quantile_sorted(seen.from_due, n, 0.99) * 1e-3;
	acceptance(10,
		   "p99 %.3f s, mean %.4f s from due; mean %.4f s from send;"
		   " %zu in flight at most (want 9.0 s +-2 %%, 0.50 s)",
		   p99, mean, sent_mean, l.in_flight_peak);
	near(p99, 9.0, 0.18);
	near(mean, 0.50, 0.01);
	assert_int_equal(l.in_flight_peak, OAE_PROTOCOL_IN_FLIGHT_MAX);
	/* All but those in flight were held up before they could be sent. */
	assert_true(late > 8900 && late < 9100);
	free(due);
	seen_release(&seen);
}

/* The schedule of this seed as every version and machine must draw it. */
#define GAMMA_HASH \
	"f0114f6be892f8707f81a98711cabd31ac9b70c221e2b48548e4b4dff7c57b3c"

static void gamma_is_as_drawn(void **state)
{
	struct oae_arrivals a = { .kind = OAE_ARRIVALS_GAMMA,
				  .rate_per_s = 10,
				  .shape = 0.25 };
	size_t n = 100001;
	uint64_t *due = calloc(n, sizeof(*due)), *again = calloc(n, 8);
	double *gaps = doubles(n), cv, offered;
	char hex[OAE_SHA256_HEX];
	struct oae_error err = { 0 };

	(void)state;
	assert_true(due && again);
	assert_int_equal(oae_arrivals_plan(&a, 42, due, n, &err), OAE_OK);
	assert_int_equal(oae_arrivals_plan(&a, 42, again, n, &err), OAE_OK);
	assert_memory_equal(due, again, n * sizeof(*due));
	for (size_t i = 1; i < n; i++)
		gaps[i - 1] = (double)(due[i] - due[i - 1]);
	cv = sqrt(oae_variance(gaps, n - 1)) / oae_mean(gaps, n - 1);
	offered = oae_arrivals_offered(due, n);
	oae_arrivals_hash(due, n, hex);
	acceptance(11,
		   "CV %.4f over %zu gaps, drawn twice alike, SHA-256"
		   " %.16s..., offered %.3f/s of nominal 10 (want 2.00 +-3 %%)",
		   cv, n - 1, hex, offered);
	near(cv, 2.0, 0.06);
	near(offered, 10, 0.2);
	assert_string_equal(hex, GAMMA_HASH);
	/* The offered rate is the drawn schedule's, not the nominal one. */
	near(offered, (double)(n - 1) / ((double)due[n - 1] * 1e-9), 1e-9);
	assert_true(fabs(offered - 10) > 1e-6);
	assert_int_equal(oae_arrivals_plan(&a, 43, again, n, &err), OAE_OK);
	assert_memory_not_equal(due, again, n * sizeof(*due));
	free(due);
	free(again);
	free(gaps);
}

/* Four users, 100 ms of service for all at once, 300 ms to think. */
static void users_think(void **state)
{
	enum {
		N = 40
	};
	struct sim sim = { .service_ns = 100 * MS, .servers = 4 };
	struct oae_load l = { .max_in_flight = 4 };
	uint64_t think[N];
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < N; i++)
		think[i] = 300 * MS;
	run_load(&sim, &l, NULL, think, N, &seen);
	for (size_t i = 0; i < N; i++) {
		/* Each round of four: think, then be served. */
		near(seen.due[i], 300 + 400.0 * (double)(i / 4), 1);
		near(seen.sent[i], seen.due[i], 0.1);
		near(seen.from_due[i], 100, 0.1);
	}
	assert_int_equal(l.in_flight_peak, 4);
	seen_release(&seen);
}

/* A user who thinks short overtakes one who thinks long. */
static void thinking_is_each_users_own(void **state)
{
	static const uint64_t think[] = { 500 * MS, 10 * MS, 10 * MS, 10 * MS };
	struct sim sim = { .service_ns = 100 * MS, .servers = 2 };
	struct oae_load l = { .max_in_flight = 2 };
	struct seen seen;

	(void)state;
	run_load(&sim, &l, NULL, think, 4, &seen);
	near(seen.sent[1], 10, 0.1);
	near(seen.sent[2], 120, 0.1);
	near(seen.sent[3], 230, 0.1);
	near(seen.sent[0], 500, 0.1);
	seen_release(&seen);
}

/* One server for three users: each waits for the two before it. */
static void users_wait_for_each_other(void **state)
{
	struct sim sim = { .service_ns = 10 * MS, .servers = 1 };
	struct oae_load l = { .max_in_flight = 1, .users = 3 };
	struct seen seen;

	(void)state;
	run_load(&sim, &l, NULL, NULL, 30, &seen);
	for (size_t i = 0; i < 30; i++) {
		near(seen.sent[i], 10.0 * (double)i, 0.1);
		near(seen.from_send[i], 10, 0.1);
		near(seen.from_due[i], i < 3 ? 10.0 * (double)(i + 1) : 30,
		     0.1);
	}
	assert_int_equal(l.in_flight_peak, 1);
	seen_release(&seen);
}

/* MultiStream: three at once, the next three when all are answered. */
static void queries_go_together(void **state)
{
	enum {
		N = 8
	};
	struct sim sim = { .service_ns = 10 * MS, .servers = 1 };
	struct oae_load l = { .max_in_flight = 3, .batch = 3 };
	struct seen seen;

	(void)state;
	run_load(&sim, &l, NULL, NULL, N, &seen);
	for (size_t i = 0; i < N; i++) {
		near(seen.due[i], 30.0 * (double)(i / 3), 0.1);
		near(seen.sent[i], seen.due[i], 0.1);
		near(seen.from_due[i], 10.0 * (double)(i % 3 + 1), 0.1);
	}
	assert_int_equal(l.in_flight_peak, 3);
	seen_release(&seen);
}

/* An adapter that takes fewer than a query has gets the rest as it can. */
static void a_query_larger_than_the_room(void **state)
{
	struct sim sim = { .service_ns = 10 * MS, .servers = 2 };
	struct oae_load l = { .max_in_flight = 2, .batch = 4 };
	struct seen seen;

	(void)state;
	run_load(&sim, &l, NULL, NULL, 8, &seen);
	for (size_t i = 0; i < 8; i++) {
		near(seen.due[i], 20.0 * (double)(i / 4), 0.1);
		near(seen.from_due[i], 10.0 * (double)(i % 4 / 2 + 1), 0.1);
	}
	seen_release(&seen);
}

/* Offline: all due at once, as many in flight as there is room for. */
static void all_at_once(void **state)
{
	enum {
		N = 1000
	};
	struct oae_arrivals a = { .kind = OAE_ARRIVALS_AT_ONCE };
	struct sim sim = { .service_ns = 1 * MS, .servers = 256 };
	struct oae_load l = { .max_in_flight = 256 };
	struct oae_error err = { 0 };
	uint64_t due[N];
	struct seen seen;

	(void)state;
	assert_int_equal(oae_arrivals_plan(&a, 1, due, N, &err), OAE_OK);
	assert_true(isnan(oae_arrivals_offered(due, N)));
	run_load(&sim, &l, due, NULL, N, &seen);
	assert_int_equal(l.in_flight_peak, 256);
	assert_int_equal(sim.most_in_flight, 256);
	for (size_t i = 0; i < N; i++)
		near(seen.from_due[i], 1.0 + (double)(i / 256), 0.1);
	near((double)l.busy_ns * 1e-6, 4, 0.1);
	seen_release(&seen);
}

/* A plain closed loop has no pauses and never waits for its own. */
static void one_after_the_other(void **state)
{
	struct sim sim = { .service_ns = 10 * MS, .servers = 1 };
	struct oae_load l = { .max_in_flight = 1 };
	struct seen seen;

	(void)state;
	run_load(&sim, &l, NULL, NULL, 100, &seen);
	for (size_t i = 0; i < 100; i++) {
		near(seen.sent[i], 10.0 * (double)i, 0.001);
		assert_true(seen.due[i] == seen.sent[i]);
	}
	assert_true(sim.looks < 400);
	seen_release(&seen);
}

/* The load loop's time is precise, and what is started later is not. */
static void precise_for_a_while(void **state)
{
	int usual = prctl(PR_GET_TIMERSLACK);

	(void)state;
	assert_true(usual > 1);
	oae_precise_begin();
	assert_int_equal(prctl(PR_GET_TIMERSLACK), 1);
	oae_precise_end();
	assert_int_equal(prctl(PR_GET_TIMERSLACK), usual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_is_not_omitted),
		cmocka_unit_test(a_stall_shows),
		cmocka_unit_test(gamma_is_as_drawn),
		cmocka_unit_test(users_think),
		cmocka_unit_test(thinking_is_each_users_own),
		cmocka_unit_test(users_wait_for_each_other),
		cmocka_unit_test(queries_go_together),
		cmocka_unit_test(a_query_larger_than_the_room),
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(precise_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
