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
#include "harness/sensors/proc.h"
#include "harness/sensors/sensor.h"
#include "harness/window.h"
#include "tests/unit/acceptance.h"

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

static void counts_the_whole_tree(void **state)
{
	const char *argv[] = { self, "--server", NULL };
	struct oae_spawn how = { .argv = argv, .hold = true };
	struct oae_target target = { .cgroup = -1 };
	struct oae_sensor perf, proc;
	struct oae_child c;
	double cpu, want = BURN_S * BURNERS, stolen = stolen_s();

	(void)state;
	open_sensor(&perf, &oae_sensor_perf);
	open_sensor(&proc, &oae_sensor_proc);
	assert_int_equal(oae_child_spawn(&c, &how, NULL), OAE_OK);
	target.pid = c.pid;
	assert_int_equal(perf.type->attach(&perf, &target, NULL), OAE_OK);
	assert_int_equal(proc.type->attach(&proc, &target, NULL), OAE_OK);
	assert_int_equal(oae_child_start(&c, NULL), OAE_OK);
	await(&c, "forked");
	assert_int_equal(write(c.in, "g", 1), 1);
	await(&c, "done");
	cpu = value_of(&perf, "perf.task_clock_ns") * 1e-9;
	stolen = stolen_s() - stolen;
	acceptance(8,
		   "attach: %.4f CPU-s of a forking server, %.2f s stolen by"
		   " the host (want 4.0 s +-2 %%)",
		   cpu, stolen);
	assert_true(cpu >= 0.98 * want && cpu <= 1.02 * want + stolen);
	/* /proc forgets the daemon: three of the four are left. */
	cpu = value_of(&proc, "proc.cpu_ns") * 1e-9;
	assert_near(cpu, 0.75 * want, 0.06);
	assert_true(value_of(&perf, "perf.page_faults") > 100);
	assert_true(value_of(&perf, "perf.minor_faults") > 100);
	assert_true(value_of(&perf, "perf.task_clock_ns") > 0);
	perf.type->detach(&perf);
	proc.type->detach(&proc);
	oae_child_release(&c);
	perf.type->close(&perf);
	proc.type->close(&proc);
}

static void multiplexed_counts_are_scaled(void **state)
{
	double scaled, share;

	(void)state;
	assert_true(oae_window_scale(1e6, 10, 4, &scaled, &share));
	acceptance(8,
		   "multiplexing: raw 1e6, enabled 10, running 4 -> %g, share"
		   " %g (want 2.5e6, 0.4)",
		   scaled, share);
	assert_near(scaled, 2.5e6, 1e-6);
	assert_near(share, 0.4, 1e-12);
	assert_false(oae_window_scale(1e6, 10, 0, &scaled, &share));
}

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
		cmocka_unit_test(multiplexed_counts_are_scaled),
		cmocka_unit_test(absent_events_say_why),
	};

	if (argc == 2 && !strcmp(argv[1], "--server"))
		return be_a_server();
	self = argv[0];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
