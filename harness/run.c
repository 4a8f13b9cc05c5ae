/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "harness/precise.h"
#include "harness/run_lines.h"
#include "harness/sensors/proc.h"
#include "harness/sensors/source.h"
#include "schema/harness_cost.h"

#define SENSOR_PERIOD_NS 1000000000u
/* An idle window, where there is a meter: long enough for it, within limits. */
#define IDLE_NS_MIN 250000000u
#define IDLE_NS_MAX 30000000000u
#define NAP_NS 100000000u

static const char phase_idle[] = "idle", phase_setup[] = "setup";
static const char phase_warmup[] = "warmup", phase_measure[] = "measure";
static const char phase_teardown[] = "teardown", phase_after[] = "idle_after";

struct state {
	const struct oae_bench *bench;
	const struct oae_run *run;
	struct oae_run_result *result;
	struct oae_session session;
	struct oae_sandbox sandbox;
	bool made;     /* its condition could be made */
	bool by_group; /* its memory is counted by its control group */
	uint64_t t0_ns, spawn_ns;
	const char *phase;
	uint64_t max_in_flight;
	uint64_t sensor_period_ns, next_sensor_ns, next_memory_ns;
	uint64_t pss_bytes;
	bool warming; /* the warm-up request is no sample */
	struct oae_tree tree;
	struct oae_window windows[OAE_CHANNELS_MAX];
	struct oae_error own;		/* our own failure; ends the campaign */
	const struct oae_request *todo; /* the run's own, or left of them */
	size_t todo_count;
	uint64_t due_from_ns; /* of the schedule: where this segment begins */
	struct oae_request *left; /* of a run that was begun before */
};

static enum oae_status commit(struct state *s, struct oae_error *err)
{
	enum oae_status status = oae_journal_commit(s->bench->journal, &s->own);

	return status ? oae_fail(err, status, 0, "%s", s->own.text) : OAE_OK;
}

/* Writes one reading for the phase that ends and for the one that begins. */
static enum oae_status read_sensors(struct state *s, const char *next,
				    struct oae_error *err)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX];
	const struct oae_bench *b = s->bench;
	enum oae_status status = OAE_OK;
	uint64_t now = oae_clock_ns();
	const char *phases[2] = { s->phase, next };
	size_t i, p;

	oae_sensors_read(b->sensors, v);
	for (p = 0; p < 2 && !status; p++) {
		if (!phases[p])
			continue;
		for (i = 0; i < b->sensors->channel_count; i++)
			if (phases[p] == phase_measure)
				oae_window_add(&s->windows[i], now, v[i]);
		oae_line_sensors(oae_journal_begin(b->journal, "sensors"),
				 s->run, b->sensors, v, now - s->t0_ns,
				 phases[p]);
		status = commit(s, err);
	}
	s->next_sensor_ns = now + s->sensor_period_ns;
	if (next)
		s->phase = next;
	return status;
}

static void read_memory(struct state *s)
{
	uint64_t start = oae_clock_ns(), end, bytes;

	if (s->by_group) {
		s->next_memory_ns = UINT64_MAX;
		return;
	}
	if (oae_tree_pss_bytes(&s->tree, s->session.child.pid, &bytes) &&
	    bytes > s->pss_bytes)
		s->pss_bytes = bytes;
	end = oae_clock_ns();
	s->next_memory_ns = end + oae_tree_pause_ns(end - start);
}

static uint64_t our_cpu_ns(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t tick(void *ctx, uint64_t now_ns, struct oae_error *err)
{
	struct state *s = ctx;
	uint64_t cpu_ns = our_cpu_ns();

	if (now_ns >= s->next_memory_ns)
		read_memory(s);
	if (now_ns >= s->next_sensor_ns)
		read_sensors(s, NULL, err);
	s->result->sensors_ns += our_cpu_ns() - cpu_ns;
	if (s->bench->progress)
		s->bench->progress(s->bench->progress_ctx, s->run,
				   s->run->ok_before + s->run->failed_before +
					   s->result->ok + s->result->failed);
	return s->next_memory_ns < s->next_sensor_ns ? s->next_memory_ns :
						       s->next_sensor_ns;
}

static enum oae_status finished(void *ctx, const struct oae_flight *f,
				enum oae_outcome outcome, const char *reason,
				struct oae_error *err)
{
	struct state *s = ctx;
	struct oae_jw *w = oae_journal_begin(s->bench->journal,
					     s->warming ? "warmup" : "sample");

	struct oae_flight cold;

	/* Whom a process is started for has waited since its start. */
	if (s->run->sandbox.cold &&
	    (f->request == s->todo || f->request->due_ns == 0)) {
		cold = *f;
		cold.due_ns = s->spawn_ns;
		f = &cold;
	}
	oae_line_sample(w, s->run, f, s->t0_ns, outcome, reason);
	if (!s->warming && outcome == OAE_OUTCOME_OK) {
		s->result->service_ns += f->done_ns - f->sent_ns;
		s->result->ok++;
	} else if (!s->warming)
		s->result->failed++;
	return commit(s, err);
}

static enum oae_status on_ready(struct state *s, const struct oae_event *ev,
				uint64_t start_ns, struct oae_error *err)
{
	struct oae_jw *w;

	if (ev->kind == OAE_EVENT_ERROR)
		return oae_fail(err, OAE_ERR_TARGET, 0, "reported %.40s: %s",
				ev->code, ev->message);
	if (ev->kind != OAE_EVENT_READY)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"wrote '%s' before 'ready'",
				oae_event_name(ev->kind));
	if (strcmp(ev->system, s->run->hello.system) != 0)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"is ready as '%.60s', not '%s'", ev->system,
				s->run->hello.system);
	s->max_in_flight = ev->max_in_flight;
	w = oae_journal_begin(s->bench->journal, "ready");
	oae_jw_int(w, "run", (int64_t)s->run->id);
	oae_jw_int(w, "segment", s->run->segment);
	oae_jw_int(w, "setup_ns", (int64_t)(ev->received_ns - start_ns));
	oae_jw_value(w, "adapter", ev->tree);
	return commit(s, err);
}

static enum oae_status await_ready(struct state *s, struct oae_error *err)
{
	const struct oae_session_limits *limits = s->bench->limits;
	uint64_t start = oae_clock_ns(), now = start, until;
	uint64_t end = start + limits->ready_ms * 1000000ull;
	enum oae_status status;
	struct oae_event ev;
	bool got = false;

	status = oae_session_start(&s->session, &s->run->hello, err);
	while (!status && !got && now < end && !*s->bench->stop) {
		until = tick(s, now, err);
		if (err->status)
			return err->status;
		if (until > now + NAP_NS)
			until = now + NAP_NS;
		status = oae_session_wait(&s->session, until, err);
		if (!status)
			status = oae_session_event(&s->session, &ev, &got, err);
		now = oae_clock_ns();
	}
	if (status || (!got && *s->bench->stop))
		return status;
	if (!got)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"not ready within %u ms", limits->ready_ms);
	status = on_ready(s, &ev, start, err);
	oae_event_release(&ev);
	return status;
}

static enum oae_status load(struct state *s, const struct oae_request *requests,
			    size_t count, struct oae_error *err)
{
	struct oae_load_hooks hooks = {
		.ctx = s,
		.finished = finished,
		.tick = tick,
	};
	struct oae_load_io io = oae_load_io_session(&s->session);
	struct oae_load l = {
		.io = &io,
		.limits = s->bench->limits,
		.hooks = &hooks,
		.stop = s->bench->stop,
		.requests = requests,
		.count = count,
		.batch = s->run->load.arrivals.batch,
		.users = s->run->max_in_flight,
		.max_in_flight = s->max_in_flight < s->run->max_in_flight ?
					 (size_t)s->max_in_flight :
					 s->run->max_in_flight,
	};
	uint64_t cpu_ns = our_cpu_ns();
	enum oae_status status;

	s->result->sensors_ns = 0;
	oae_precise_begin();
	status = oae_load_run(&l, err);
	oae_precise_end();
	if (s->warming)
		return status;
	s->result->harness_ns = our_cpu_ns() - cpu_ns;
	s->result->busy_ns = l.busy_ns;
	s->result->events = l.events;
	s->result->in_flight_peak = l.in_flight_peak;
	return status;
}

/*
 * The first request, behind another beginning: a system that keeps what it
 * computed of prompts must not find that of a sample.
 */
static enum oae_status warm_up(struct state *s, struct oae_error *err)
{
	struct oae_request first = s->run->requests[0];
	enum oae_status status;
	struct oae_buf prompt;

	oae_buf_init(&prompt, OAE_PROMPT_BYTES_MAX);
	oae_buf_puts(&prompt, "warm");
	/* A large model is warm after a few tokens: all weights were read. */
	if (s->run->shape)
		first.submit.max_tokens = 2;
	else
		oae_buf_printf(&prompt, " %s", first.submit.prompt);
	if (!prompt.status) /* else the prompt is as long as it may be */
		first.submit.prompt = oae_buf_str(&prompt);
	first.id = 0;
	first.due_ns = OAE_ARRIVAL_CLOSED;
	first.think_ns = 0;
	s->warming = true;
	status = read_sensors(s, phase_warmup, err);
	if (!status)
		status = load(s, &first, 1, err);
	s->warming = false;
	oae_buf_release(&prompt);
	return status;
}

static enum oae_status measure(struct state *s, struct oae_error *err)
{
	struct oae_error second = { 0 };
	enum oae_status status, border;
	uint64_t start;

	status = read_sensors(s, phase_measure, err);
	if (status)
		return status;
	start = oae_clock_ns();
	status = load(s, s->todo, s->todo_count, err);
	s->result->measure_ns = oae_clock_ns() - start;
	read_memory(s);
	border = read_sensors(s, phase_teardown, &second);
	return status ? status : border;
}

/* Its group, what runs beside it, and where counters find it. */
static enum oae_status enter_sandbox(struct state *s, struct oae_target *target,
				     struct oae_error *err)
{
	struct oae_error why = { 0 };
	enum oae_status status = oae_sandbox_start(&s->sandbox, &why);

	if (!status)
		status = oae_sandbox_add(&s->sandbox, s->session.child.pid,
					 &why);
	target->pid = s->session.child.pid;
	if (!status && s->sandbox.grouped)
		target->group = &s->sandbox.group;
	s->made = !status;
	return status ? oae_fail(err, status, 0, "%s", why.text) : OAE_OK;
}

/* The part in which the adapter lives. */
static enum oae_status serve(struct state *s, struct oae_error *err)
{
	const volatile sig_atomic_t *stop = s->bench->stop;
	struct oae_target target = { 0 };
	enum oae_status status;
	const char *method;
	uint64_t bytes;

	s->spawn_ns = oae_clock_ns();
	status = oae_session_spawn(&s->session, s->run->argv, s->run->dir, err);
	if (!status)
		status = enter_sandbox(s, &target, err);
	if (status)
		return status;
	oae_sensors_attach(s->bench->sensors, &target);
	s->by_group = oae_sandbox_peak(&s->sandbox, &bytes, &method);
	status = read_sensors(s, phase_setup, err);
	if (!status)
		status = await_ready(s, err);
	if (!status && !*stop && !s->run->sandbox.cold)
		status = warm_up(s, err);
	if (!status && !*stop)
		status = measure(s, err);
	if (!status && !*stop)
		status = oae_session_close(&s->session, s->bench->limits, err);
	return status;
}

/* Nothing of ours runs; what the machine draws meanwhile is its idle power. */
static enum oae_status stay_idle(struct state *s, struct oae_error *err)
{
	uint64_t now = oae_clock_ns(), end, until;
	uint64_t ns =
		OAE_IDLE_UPDATES_MIN * oae_sources_update_ns(s->bench->sensors);
	enum oae_status status = OAE_OK;

	/* A tenth more: the reading that ends it must not come too early. */
	ns += ns / 10;
	ns = ns < IDLE_NS_MIN ? IDLE_NS_MIN : ns;
	end = now + (ns > IDLE_NS_MAX ? IDLE_NS_MAX : ns);
	while (!status && now < end && !*s->bench->stop) {
		until = now + NAP_NS < end ? now + NAP_NS : end;
		until = s->next_sensor_ns < until ? s->next_sensor_ns : until;
		oae_clock_sleep_until(until);
		now = oae_clock_ns();
		if (now >= s->next_sensor_ns)
			status = read_sensors(s, NULL, err);
	}
	return status;
}

/* Is there a meter, a question for it, and a place to run in? */
static bool is_metered(const struct state *s)
{
	return s->made && !s->bench->sensors->no_meter[0] &&
	       strcmp(s->run->purpose, OAE_PURPOSE_HARNESS) != 0;
}

/*
 * What is left to ask. An interrupted schedule goes on at its first request
 * that was not answered; it is moved, not stretched.
 */
static enum oae_status plan_rest(struct state *s, struct oae_error *err)
{
	const struct oae_run *r = s->run;
	size_t i;

	s->todo = r->requests;
	s->todo_count = r->count;
	if (!r->finished && r->segment == 0)
		return OAE_OK;
	s->left = calloc(r->count + 1, sizeof(*s->left));
	if (!s->left)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "requests");
	s->todo = s->left;
	s->todo_count = 0;
	for (i = 0; i < r->count; i++)
		if (!r->finished || !r->finished[i])
			s->left[s->todo_count++] = r->requests[i];
	if (r->segment == 0 || s->todo_count == 0 ||
	    s->left[0].due_ns == OAE_ARRIVAL_CLOSED)
		return OAE_OK;
	s->due_from_ns = s->left[0].due_ns;
	for (i = 0; i < s->todo_count; i++)
		s->left[i].due_ns -= s->due_from_ns;
	return OAE_OK;
}

static enum oae_status begin(struct state *s, struct oae_error *why,
			     struct oae_error *err)
{
	const struct oae_bench *b = s->bench;
	enum oae_status status;
	const char *sensor;
	size_t i;

	oae_sources_keep(b->sensors);
	s->sensor_period_ns =
		oae_sources_period_ns(b->sensors, SENSOR_PERIOD_NS);
	for (i = 0; i < b->sensors->channel_count; i++)
		oae_window_init(&s->windows[i],
				oae_sensors_channel(b->sensors, i, &sensor));
	status = plan_rest(s, err);
	if (status)
		return status;
	s->made = !oae_sandbox_open(&s->sandbox, &s->run->sandbox,
				    b->sysroot ? b->sysroot : "", why);
	s->t0_ns = oae_clock_ns();
	oae_line_run(oae_journal_begin(b->journal, "run"), s->run, b->sensors,
		     &s->sandbox, s->t0_ns, s->due_from_ns);
	status = commit(s, err);
	if (!status && s->made)
		status = read_sensors(s, phase_idle, err);
	if (!status && is_metered(s))
		status = stay_idle(s, err);
	return status;
}

/* The group's peak, else the samples', else that of the largest process. */
static void take_peak(struct state *s)
{
	struct oae_run_result *r = s->result;

	if (s->by_group &&
	    oae_sandbox_peak(&s->sandbox, &r->peak_memory_bytes,
			     &r->peak_memory_method) &&
	    r->peak_memory_bytes)
		return;
	r->peak_memory_bytes = s->pss_bytes;
	r->peak_memory_method = "pss";
	if (r->peak_memory_bytes)
		return;
	if (s->session.child.reaped)
		r->peak_memory_bytes = s->session.child.peak_rss_bytes;
	r->peak_memory_method = r->peak_memory_bytes ? "rusage" : NULL;
}

static enum oae_status end(struct state *s, struct oae_error *why,
			   struct oae_error *err)
{
	const struct oae_bench *b = s->bench;
	struct oae_run_totals totals = {
		.result = s->result,
		.child = &s->session.child,
		.sandbox = &s->sandbox,
		.stderr_bytes = s->session.err_bytes,
		.windows = s->windows,
		.window_count = b->sensors->channel_count,
	};
	enum oae_status status;
	char killed[160];

	take_peak(s);
	if (!s->made) {
		s->result->status = OAE_RUN_UNAVAILABLE;
		(void)snprintf(s->result->reason, sizeof(s->result->reason),
			       "%s", why->text);
	} else if (why->status) {
		s->result->status = OAE_RUN_FAILED;
		oae_sandbox_describe(&s->sandbox, killed, sizeof(killed));
		(void)snprintf(s->result->reason, sizeof(s->result->reason),
			       "%.300s%s", why->text, killed);
	} else if (*b->stop) {
		s->result->status = OAE_RUN_INTERRUPTED;
		(void)snprintf(s->result->reason, sizeof(s->result->reason),
			       "%s", "interrupted");
	}
	if (!is_metered(s) || *b->stop) {
		status = read_sensors(s, NULL, err);
	} else {
		status = read_sensors(s, phase_after, err);
		if (!status)
			status = stay_idle(s, err);
		if (!status)
			status = read_sensors(s, NULL, err);
	}
	s->result->wall_ns = oae_clock_ns() - s->t0_ns;
	if (!status) {
		oae_line_run_end(oae_journal_begin(b->journal, "run_end"),
				 s->run, &totals);
		status = commit(s, err);
	}
	return status ? status : oae_journal_sync(b->journal, err);
}

enum oae_status oae_run_execute(const struct oae_bench *b,
				const struct oae_run *r,
				struct oae_run_result *result,
				struct oae_error *err)
{
	struct state *s = calloc(1, sizeof(*s));
	struct oae_error why = { 0 }, gone = { 0 };
	enum oae_status status;

	memset(result, 0, sizeof(*result));
	if (!s)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "a run");
	s->bench = b;
	s->run = r;
	s->result = result;
	status = begin(s, &why, err);
	if (!status && s->made) {
		(void)serve(s, &why);
		oae_session_end(&s->session);
		if (oae_sandbox_finish(&s->sandbox, &gone)) {
			s->made = false;
			why = gone;
		}
		if (s->own.status)
			status = oae_fail(err, s->own.status, 0, "%s",
					  s->own.text);
	}
	if (!status)
		status = end(s, &why, err);
	oae_sensors_detach(b->sensors);
	oae_sandbox_close(&s->sandbox);
	free(s->left);
	free(s);
	return status;
}
