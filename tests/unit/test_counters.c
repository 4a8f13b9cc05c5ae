/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tree of processes used, as the counters say it: a server that
 * forks, has threads and leaves a daemon behind, followed from before its
 * exec, or found running in its control group.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/spawn.h"
#include "harness/cgroup.h"
#include "harness/journal.h"
#include "harness/sensors/proc.h"
#include "harness/sensors/sensor.h"
#include "schema/record.h"
#include "tests/unit/acceptance.h"
#include "tests/unit/skip.h"

#define MS 1000000u
#define S 1000000000ull
#define BURN_S 1.0
#define BURNERS 4

#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

static const char *self;

/* ---- the server ------------------------------------------------------- */

static void *burn(void *unused)
{
	struct timespec ts = { 0 };

	(void)unused;
	while ((double)ts.tv_sec + (double)ts.tv_nsec * 1e-9 < BURN_S)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return NULL;
}

/* A worker burns when `go` ends, and says so on `done`. */
static void work(const int go[2], int done)
{
	char byte;

	close(go[1]);
	while (read(go[0], &byte, 1) > 0)
		;
	burn(NULL);
	(void)!write(done, "w", 1);
	_exit(0);
}

/*
 * One worker is a child that is reaped, the other a daemon: its parent ends
 * at once and nobody who is followed ever reaps it. Two threads burn here.
 */
static int be_a_server(void)
{
	int go[2], done[2], i;
	pthread_t thread[2];
	pid_t child, parent;
	char byte;

	if (pipe(go) || pipe(done))
		return 1;
	child = fork();
	if (child == 0)
		work(go, done[1]);
	parent = fork();
	if (parent == 0) {
		setsid();
		if (fork() == 0)
			work(go, done[1]);
		_exit(0);
	}
	waitpid(parent, NULL, 0);
	puts("forked");
	fflush(stdout);
	if (read(0, &byte, 1) != 1)
		return 1;
	close(go[1]);
	for (i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, burn, NULL);
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < 2; i++)
		if (read(done[0], &byte, 1) != 1)
			return 1;
	waitpid(child, NULL, 0);
	oae_clock_sleep_until(oae_clock_ns() + 50 * MS); /* the daemon's end */
	puts("done");
	fflush(stdout);
	return read(0, &byte, 1) < 0;
}

/* ---- the sensors ------------------------------------------------------ */

static void open_sensor(struct oae_sensor *s,
			const struct oae_sensor_type *type)
{
	struct oae_error err = { 0 };

	assert_int_equal(oae_sensor_open(s, type, "", 0, &err), OAE_OK);
}

/* A channel's value now, in its unit; NaN when there is none. */
static double value_of(struct oae_sensor *s, const char *name)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX];
	size_t i;

	memset(v, 0, sizeof(v));
	s->type->read(s, v);
	for (i = 0; i < s->count; i++)
		if (!strcmp(s->channels[i].name, name))
			return v[i].ok ?
				       (double)v[i].raw * s->channels[i].scale :
				       (double)NAN;
	fail_msg("no channel %s", name);
	return (double)NAN;
}

/* Time that the host took from this machine: a task's clock runs on. */
static double stolen_s(void)
{
	struct oae_sensor s;
	double ns;

	open_sensor(&s, &oae_sensor_estimate);
	ns = value_of(&s, "estimate.steal_ns");
	s.type->close(&s);
	return isnan(ns) ? 0 : ns * 1e-9;
}

static void await(const struct oae_child *c, const char *word)
{
	uint64_t until = oae_clock_ns() + 120 * S;
	char text[64] = "";
	size_t len = 0;
	ssize_t n;

	while (!strstr(text, word) && oae_clock_ns() < until) {
		n = read(c->out, text + len, sizeof(text) - 1 - len);
		if (n > 0)
			text[len += (size_t)n] = '\0';
		else if (n == 0)
			break;
		else
			oae_clock_sleep_until(oae_clock_ns() + 5 * MS);
	}
	assert_non_null(strstr(text, word));
}

/*
 * Three ways at once: attached before the exec; by the control group when
 * all has forked already; and the group's own CPU time. /proc alone forgets
 * the daemon.
 */
static void counts_the_whole_tree(void **state)
{
	const char *argv[] = { self, "--server", NULL };
	struct oae_spawn how = { .argv = argv, .hold = true };
	double want = BURN_S * BURNERS, stolen = stolen_s(), cpu, proc_cpu;
	struct oae_sensor perf, late, proc, tree;
	struct oae_cgroup group;
	struct oae_target held = { 0 }, found = { 0 };
	struct oae_error why = { 0 };
	struct oae_child c;
	bool grouped;

	(void)state;
	open_sensor(&perf, &oae_sensor_perf);
	open_sensor(&late, &oae_sensor_perf);
	open_sensor(&proc, &oae_sensor_proc);
	open_sensor(&tree, &oae_sensor_proc);
	assert_int_equal(oae_child_spawn(&c, &how, NULL), OAE_OK);
	grouped = !oae_cgroup_open(&group, "", &why) &&
		  !oae_cgroup_add(&group, c.pid, &why);
	held.pid = c.pid;
	assert_int_equal(perf.type->attach(&perf, &held, NULL), OAE_OK);
	assert_int_equal(tree.type->attach(&tree, &held, NULL), OAE_OK);
	held.group = grouped ? &group : NULL;
	assert_int_equal(proc.type->attach(&proc, &held, NULL), OAE_OK);
	assert_int_equal(oae_child_start(&c, NULL), OAE_OK);
	await(&c, "forked");
	found.group = held.group;
	grouped = grouped && !late.type->attach(&late, &found, &why);
	assert_int_equal(write(c.in, "g", 1), 1);
	await(&c, "done");
	stolen = stolen_s() - stolen;
	cpu = value_of(&perf, "perf.task_clock_ns") * 1e-9;
	acceptance(8,
		   "attach: %.4f CPU-s of a forking server, %.2f s stolen by"
		   " the host (want 4.0 s +-2 %%)",
		   cpu, stolen);
	assert_true(cpu >= 0.98 * want && cpu <= 1.02 * want + stolen);
	assert_true(value_of(&perf, "perf.page_faults") > 100);
	assert_true(value_of(&perf, "perf.minor_faults") > 100);
	assert_near(value_of(&tree, "proc.cpu_ns") * 1e-9, 0.75 * want, 0.06);
	if (grouped) {
		cpu = value_of(&late, "perf.task_clock_ns") * 1e-9;
		proc_cpu = value_of(&proc, "proc.cpu_ns") * 1e-9;
		acceptance(8,
			   "attach by control group, after all had forked:"
			   " %.4f CPU-s; the group's CPU time: %.4f s (want"
			   " 4.0 s +-2 %%)",
			   cpu, proc_cpu);
		assert_true(cpu >= 0.98 * want && cpu <= 1.02 * want + stolen);
		assert_near(proc_cpu, want, 0.02 * want);
	}
	perf.type->close(&perf);
	late.type->close(&late);
	proc.type->close(&proc);
	tree.type->close(&tree);
	oae_child_release(&c);
	oae_cgroup_close(&group);
	if (!grouped)
		skip_because("by control group only: %s", why.text);
}

/* ---- from raw readings to numbers ------------------------------------- */

static char journal_path[] = "/tmp/oae-counters-XXXXXX";

/* Three raw readings of the measure phase, at 1, 2 and 3 s. */
struct raw {
	const char *channel;
	const char *absent; /* why it has no values */
	/* -1: null, a gap */
	int64_t value[3], enabled[3], running[3];
	bool times;
};

#define PLAIN(channel, a, b, c)                                 \
	{                                                       \
		channel, NULL, { a, b, c }, { 0 }, { 0 }, false \
	}
/* Enabled 3, 5, 13: ten between the ends. */
#define TIMED(channel, a, b, c, ra, rb, rc)                                    \
	{                                                                      \
		channel, NULL, { a, b, c }, { 3, 5, 13 }, { ra, rb, rc }, true \
	}
#define ABSENT(channel)                                               \
	{                                                             \
		channel, "no such counter", { 0 }, { 0 }, { 0 }, true \
	}

static const struct raw raws[] = {
	PLAIN("perf.task_clock_ns", 5, 6, 4000000005),
	PLAIN("perf.page_faults", 100, 110, 130),
	/* a gap in the middle is spanned */
	PLAIN("perf.major_faults", 1, -1, 7),
	/* one that goes back means nothing */
	PLAIN("perf.context_switches", 10, 20, 15),
	/* one reading is no difference */
	PLAIN("perf.cpu_migrations", -1, -1, 3),
	TIMED("perf.cycles", 7, 9, 1000007, 2, 3, 6),
	TIMED("perf.instructions", 0, 9, 5000000, 3, 5, 13),
	/* it was never put on the hardware */
	TIMED("perf.dtlb_load_misses", 0, 0, 0, 0, 0, 0),
	ABSENT("perf.llc_load_misses"),
	PLAIN("papi.l3_tcm", 1, 2, 1201),
	ABSENT("perf.branches"),
	TIMED("perf.branch_misses", 1, 2, 3, 1, 2, 3),
	PLAIN("uncore.dram_bytes", 0, 1, 4000000000),
};

#define N_RAWS (sizeof(raws) / sizeof(raws[0]))

static void put_channel(struct oae_jw *w, const char *name, const char *part,
			const char *absent)
{
	char text[OAE_NAME_BYTES_MAX];

	(void)snprintf(text, sizeof(text), "%s%s", name, part);
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "name", text);
	oae_jw_str(w, "evidence", absent ? "absent" : "measured");
	oae_jw_num(w, "scale", 1);
	oae_jw_str(w, "reason", absent);
	oae_jw_end_obj(w);
}

static void put_value(struct oae_jw *w, const char *name, const char *part,
		      int64_t v)
{
	char text[OAE_NAME_BYTES_MAX];

	(void)snprintf(text, sizeof(text), "%s%s", name, part);
	if (v < 0)
		oae_jw_null(w, text);
	else
		oae_jw_int(w, text, v);
}

static void put_reading(struct oae_journal *j, int at, const char *phase)
{
	struct oae_jw *w = oae_journal_begin(j, "sensors");
	size_t i;

	oae_jw_int(w, "run", 0);
	oae_jw_int(w, "t_ns", (at + 1) * (int64_t)S);
	oae_jw_str(w, "phase", phase);
	oae_jw_obj(w, "values");
	for (i = 0; i < N_RAWS; i++) {
		const struct raw *r = &raws[i];

		if (r->absent)
			continue;
		put_value(w, r->channel, "", r->value[at]);
		if (!r->times)
			continue;
		put_value(w, r->channel, ".enabled_ns", r->enabled[at]);
		put_value(w, r->channel, ".running_ns", r->running[at]);
	}
	oae_jw_end_obj(w);
	assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
}

static void put_sample(struct oae_journal *j, int request)
{
	struct oae_jw *w = oae_journal_begin(j, "sample");

	oae_jw_int(w, "run", 0);
	oae_jw_u64s(w, "request", (uint64_t)request);
	oae_jw_int(w, "due_ns", (int64_t)S);
	oae_jw_int(w, "sent_ns", (int64_t)S);
	oae_jw_int(w, "done_ns", 2 * (int64_t)S);
	oae_jw_int(w, "tokens_out", 10);
	oae_jw_str(w, "outcome", "ok");
	assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
}

/* Two requests of ten tokens each. */
static void put_run(struct oae_journal *j)
{
	struct oae_jw *w = oae_journal_begin(j, "run");
	size_t i;

	oae_jw_int(w, "run", 0);
	oae_jw_str(w, "system", "a/b");
	oae_jw_str(w, "purpose", "score");
	oae_jw_arr(w, "channels");
	for (i = 0; i < N_RAWS; i++) {
		put_channel(w, raws[i].channel, "", raws[i].absent);
		if (raws[i].absent || !raws[i].times)
			continue;
		put_channel(w, raws[i].channel, ".enabled_ns", NULL);
		put_channel(w, raws[i].channel, ".running_ns", NULL);
	}
	oae_jw_end_arr(w);
	assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
	put_reading(j, 0, "warmup"); /* not while it serves */
	put_reading(j, 0, "measure");
	put_sample(j, 1);
	put_reading(j, 1, "measure");
	put_sample(j, 2);
	put_reading(j, 2, "measure");
	w = oae_journal_begin(j, "run_end");
	oae_jw_int(w, "run", 0);
	oae_jw_str(w, "status", "ok");
	assert_int_equal(oae_journal_commit(j, NULL), OAE_OK);
}

static struct oae_counted derived(const struct oae_run_counts *r,
				  const char *key)
{
	for (size_t i = 0; i < oae_derived_count; i++)
		if (!strcmp(oae_derived[i].key, key))
			return oae_derive(r, &oae_derived[i]);
	fail_msg("no derived number %s", key);
	return (struct oae_counted){ 0 };
}

static void is(const struct oae_run_counts *r, const char *key, double value,
	       double share, const char *channel)
{
	struct oae_counted v = derived(r, key);

	if (v.reason)
		fail_msg("%s: %s", key, v.reason);
	assert_near(v.value, value, 1e-9 * value);
	assert_near(v.share, share, 1e-12);
	assert_string_equal(v.channel, channel);
}

static void lacks(const struct oae_run_counts *r, const char *key,
		  const char *reason)
{
	struct oae_counted v = derived(r, key);

	assert_true(isnan(v.value));
	assert_string_equal(v.reason, reason);
}

static void numbers_from_raw_readings(void **state)
{
	struct oae_error err = { 0 };
	const struct oae_run_counts *r;
	const struct oae_counted *c;
	struct oae_records records;
	struct oae_journal j;
	struct oae_jw *w;

	(void)state;
	assert_int_equal(oae_journal_create(&j, journal_path, &err), OAE_OK);
	w = oae_journal_begin(&j, "campaign");
	oae_jw_int(w, "journal", OAE_JOURNAL_VERSION);
	oae_jw_str(w, "spec", OAE_SPEC_VERSION);
	assert_int_equal(oae_journal_commit(&j, &err), OAE_OK);
	put_run(&j);
	assert_int_equal(oae_journal_seal(&j, &err), OAE_OK);
	oae_journal_close(&j);
	if (oae_records_read(journal_path, &records, &err))
		fail_msg("%s", err.text);
	r = &records.runs[0].counts;
	c = &r->count[OAE_COUNT_CYCLES];
	acceptance(8,
		   "multiplexing: raw 1e6, enabled 10, running 4 -> %g, %s"
		   " (want 2.5e6, multiplexed)",
		   c->value,
		   c->share < OAE_COUNTED_SHARE_MIN ? "multiplexed" : "whole");
	assert_near(c->value, 2.5e6, 1e-6);
	assert_near(c->share, 0.4, 1e-12);
	assert_true(c->share < OAE_COUNTED_SHARE_MIN);
	is(r, "ipc", 2, 0.4, "perf.instructions");
	is(r, "llc_misses_per_token", 60, 1, "papi.l3_tcm");
	is(r, "task_clock_s_per_request", 2, 1, "perf.task_clock_ns");
	is(r, "page_faults_per_request", 15, 1, "perf.page_faults");
	is(r, "major_faults_per_request", 3, 1, "perf.major_faults");
	is(r, "memory_gb_per_s", 2, 1, "uncore.dram_bytes");
	lacks(r, "context_switches_per_request",
	      "invalid: the counter went back");
	lacks(r, "migrations_per_request", "fewer than two readings");
	lacks(r, "dtlb_misses_per_token", "it never ran");
	lacks(r, "branch_miss_share", "no such counter");
	lacks(r, "cache_misses_per_token", "the journal names no such counter");
	oae_records_release(&records);
	(void)unlink(journal_path);
}

/* Counts of two sensors are not divided by each other. */
static void sensors_do_not_mix(void **state)
{
	struct oae_run_counts r = { .samples = 1, .tokens_out = 1 };

	(void)state;
	for (size_t i = 0; i < OAE_COUNTS; i++)
		r.count[i] = (struct oae_counted){ 1, 1, 1, "perf.x", NULL };
	assert_null(derived(&r, "ipc").reason);
	r.count[OAE_COUNT_CYCLES].channel = "likwid.cycles";
	assert_non_null(derived(&r, "ipc").reason);
	r.samples = 0;
	assert_non_null(derived(&r, "page_faults_per_request").reason);
}

static void one_that_never_ran_has_no_value(void **state)
{
	double scaled, share;

	(void)state;
	assert_false(oae_counter_scale(1e6, 10, 0, &scaled, &share));
	assert_false(oae_counter_scale(1e6, 0, 0, &scaled, &share));
	assert_true(oae_counter_scale(1e6, 10, 10, &scaled, &share));
	assert_near(scaled, 1e6, 0);
}

/* ---- what is absent --------------------------------------------------- */

/* Every channel says what it is, and an absent one why. */
static void absent_events_say_why(void **state)
{
	struct oae_sensor perf;
	size_t i, k;

	(void)state;
	open_sensor(&perf, &oae_sensor_perf);
	for (i = 0; i < perf.count; i++) {
		const struct oae_channel *c = &perf.channels[i];

		assert_true(c->evidence == OAE_MEASURED || c->reason[0]);
		if (!c->multiplexed)
			continue;
		/* window.h takes the two after it for its times */
		for (k = 1; k < 3; k++)
			assert_int_equal(strncmp(c[k].name, c->name,
						 strlen(c->name)),
					 0);
	}
	perf.type->close(&perf);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_the_whole_tree),
		cmocka_unit_test(numbers_from_raw_readings),
		cmocka_unit_test(sensors_do_not_mix),
		cmocka_unit_test(one_that_never_ran_has_no_value),
		cmocka_unit_test(absent_events_say_why),
	};
	int fd;

	if (argc == 2 && !strcmp(argv[1], "--server"))
		return be_a_server();
	self = argv[0];
	fd = mkstemp(journal_path); /* a name that is ours */
	if (fd < 0)
		return 1;
	close(fd);
	(void)unlink(journal_path);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
