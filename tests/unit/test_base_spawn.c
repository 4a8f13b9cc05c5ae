/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/spawn.h"

#define SHELL(script) ((const char *const[]){ "/bin/sh", "-c", script, NULL })

static void spawn(struct oae_child *c, const char *const *argv, bool hold)
{
	const struct oae_spawn how = { .argv = argv, .hold = hold };
	struct oae_error err = { 0 };

	if (oae_child_spawn(c, &how, &err))
		fail_msg("%s", err.text);
}

/* Reads a line or to the end of the stream, for at most five seconds. */
static void read_line(int fd, char *out, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	while (len + 1 < size && poll(&p, 1, 5000) == 1) {
		if (read(fd, out + len, 1) != 1 || out[len] == '\n')
			break;
		len++;
	}
	out[len] = '\0';
}

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Gone, or a zombie that only its parent can remove. */
static bool is_dead(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return true;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(f);
	return state == 'Z' || state == 'X';
}

static bool dies_within(pid_t pid, int timeout_ms)
{
	uint64_t due_ns = oae_clock_ns() + (uint64_t)timeout_ms * 1000000u;

	while (!is_dead(pid)) {
		if (oae_clock_ns() > due_ns)
			return false;
		oae_clock_sleep_until(oae_clock_ns() + 1000000);
	}
	return true;
}

static void talks_through_pipes(void **state)
{
	struct oae_child c;
	char line[64], how[64];
	int fds = count_fds();

	(void)state;
	spawn(&c, SHELL("read x; echo \"got $x\"; echo oops >&2; exit 3"),
	      false);
	assert_int_equal(write(c.in, "hello\n", 6), 6);
	read_line(c.out, line, sizeof(line));
	assert_string_equal(line, "got hello");
	read_line(c.err, line, sizeof(line));
	assert_string_equal(line, "oops");
	assert_true(oae_child_wait(&c, 5000));
	oae_child_describe(&c, how, sizeof(how));
	assert_string_equal(how, "exit 3");
	assert_true(c.peak_rss_bytes > 100000);
	assert_true(c.user_s >= 0 && c.user_s < 5);
	assert_true(oae_child_wait(&c, 0)); /* again: still reaped */
	oae_child_release(&c);
	oae_child_release(&c);
	assert_int_equal(count_fds(), fds);
}

static void counts_processor_time(void **state)
{
	struct oae_child c;

	(void)state;
	spawn(&c, SHELL("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"),
	      false);
	assert_true(oae_child_wait(&c, 20000));
	assert_true(c.user_s + c.system_s > 0.001);
	oae_child_release(&c);
}

static void reads_without_blocking(void **state)
{
	struct oae_child c;
	char byte;

	(void)state;
	spawn(&c, SHELL("sleep 30"), false);
	assert_int_equal(read(c.out, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(read(c.err, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	oae_child_release(&c);
}

static void holds_until_started(void **state)
{
	struct oae_error err = { 0 };
	struct oae_child c;
	char line[64];

	(void)state;
	spawn(&c, SHELL("echo $$"), true);
	assert_true(c.pid > 0);
	assert_false(oae_child_wait(&c, 50));
	assert_int_equal(read(c.out, line, 1), -1);
	assert_int_equal(oae_child_start(&c, &err), OAE_OK);
	read_line(c.out, line, sizeof(line));
	assert_int_equal(atoi(line), c.pid);
	assert_int_equal(oae_child_start(&c, &err), OAE_ERR_USAGE);
	oae_child_release(&c);
	/* A held child that is never started goes away too. */
	spawn(&c, SHELL("echo never"), true);
	oae_child_release(&c);
	assert_true(c.reaped && is_dead(c.pid));
}

static void a_killed_held_child_is_an_error(void **state)
{
	struct oae_error err = { 0 };
	struct oae_child c;
	int fds = count_fds();

	(void)state;
	spawn(&c, SHELL("echo never"), true);
	kill(c.pid, SIGKILL);
	assert_true(dies_within(c.pid, 5000));
	assert_int_equal(oae_child_start(&c, &err), OAE_ERR_IO);
	assert_non_null(strstr(err.text, "/bin/sh: cannot start"));
	oae_child_release(&c);
	assert_int_equal(count_fds(), fds);
}

static void reports_exec_failures(void **state)
{
	const char *const none[] = { "/nowhere/program", NULL };
	const char *const data[] = { "/etc/passwd", NULL };
	const char *const yes[] = { "/bin/true", NULL };
	struct oae_spawn how = { .argv = none };
	struct oae_error err = { 0 };
	int fds = count_fds();
	struct oae_child c;

	(void)state;
	assert_int_equal(oae_child_spawn(&c, &how, &err), OAE_ERR_IO);
	assert_string_equal(err.text, "/nowhere/program: cannot start: No "
				      "such file or directory");
	assert_true(c.reaped);
	oae_child_release(&c);
	memset(&err, 0, sizeof(err));
	how.argv = data;
	assert_int_equal(oae_child_spawn(&c, &how, &err), OAE_ERR_DENIED);
	assert_string_equal(err.text, "/etc/passwd: cannot start: Permission "
				      "denied");
	memset(&err, 0, sizeof(err));
	how.argv = yes;
	how.dir = "/nowhere";
	assert_int_equal(oae_child_spawn(&c, &how, &err), OAE_ERR_IO);
	assert_string_equal(err.text, "/bin/true: cannot enter its working "
				      "folder: No such file or directory");
	memset(&err, 0, sizeof(err));
	how = (struct oae_spawn){ .argv = none, .hold = true };
	assert_int_equal(oae_child_spawn(&c, &how, &err), OAE_OK);
	assert_int_equal(oae_child_start(&c, &err), OAE_ERR_IO);
	assert_int_equal(err.sys, ENOENT);
	assert_int_equal(count_fds(), fds);
}

static void sets_folder_and_environment(void **state)
{
	const char *const env[] = { "ONLY=this", NULL };
	struct oae_spawn how = { .argv = SHELL("echo $PWD $ONLY $HOME; "
					       "pwd"),
				 .env = env,
				 .dir = "/usr" };
	struct oae_child c;
	char line[64];

	(void)state;
	assert_int_equal(oae_child_spawn(&c, &how, NULL), OAE_OK);
	read_line(c.out, line, sizeof(line));
	assert_string_equal(line, "/usr this");
	oae_child_release(&c);
}

static void describes_a_crash(void **state)
{
	struct oae_child c;
	char how[64];

	(void)state;
	spawn(&c, SHELL("kill -SEGV $$"), false);
	assert_true(oae_child_wait(&c, 5000));
	oae_child_describe(&c, how, sizeof(how));
	assert_string_equal(how, "signal 11 (Segmentation fault)");
	oae_child_release(&c);
}

static void gives_fresh_signals(void **state)
{
	sigset_t blocked, old;
	struct oae_child c;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &old);
	spawn(&c, SHELL("kill -PIPE $$; sleep 30"), false);
	assert_true(oae_child_wait(&c, 5000));
	assert_true(WIFSIGNALED(c.wait_status));
	assert_int_equal(WTERMSIG(c.wait_status), SIGPIPE);
	oae_child_release(&c);
	spawn(&c, SHELL("kill -TERM $$; sleep 30"), false);
	assert_true(oae_child_wait(&c, 5000));
	assert_int_equal(WTERMSIG(c.wait_status), SIGTERM);
	oae_child_release(&c);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static void kills_what_ignores_sigterm(void **state)
{
	struct oae_child c;
	uint64_t start_ns;
	char line[16];

	(void)state;
	spawn(&c, SHELL("trap '' TERM; echo up; while :; do sleep 1; done"),
	      false);
	read_line(c.out, line, sizeof(line));
	assert_string_equal(line, "up");
	assert_false(oae_child_wait(&c, 20));
	start_ns = oae_clock_ns();
	oae_child_kill(&c, 100);
	assert_true(oae_clock_ns() - start_ns >= 100000000u);
	assert_true(oae_clock_ns() - start_ns < 5000000000u);
	assert_true(c.reaped);
	assert_int_equal(WTERMSIG(c.wait_status), SIGKILL);
	oae_child_release(&c);
}

static void lets_a_child_end_politely(void **state)
{
	struct oae_child c;
	char line[16];

	(void)state;
	spawn(&c,
	      SHELL("trap 'exit 5' TERM; echo up; "
		    "while :; do sleep 0.01; done"),
	      false);
	read_line(c.out, line, sizeof(line));
	oae_child_kill(&c, 5000);
	assert_true(WIFEXITED(c.wait_status));
	assert_int_equal(WEXITSTATUS(c.wait_status), 5);
	oae_child_release(&c);
}

static void asks_the_whole_group_to_end(void **state)
{
	struct oae_child c;
	char line[16];

	(void)state;
	spawn(&c,
	      SHELL("trap : TERM; (trap 'echo asked; exit 0' TERM; echo up; "
		    "while :; do sleep 0.01; done) & wait; wait"),
	      false);
	read_line(c.out, line, sizeof(line));
	assert_string_equal(line, "up");
	oae_child_kill(&c, 5000);
	read_line(c.out, line, sizeof(line));
	assert_string_equal(line, "asked");
	oae_child_release(&c);
}

static void kills_grandchildren(void **state)
{
	struct oae_child c;
	char line[32];
	pid_t grandchild;

	(void)state;
	spawn(&c, SHELL("trap '' TERM; sleep 100 & echo $!; wait; sleep 100"),
	      false);
	read_line(c.out, line, sizeof(line));
	grandchild = (pid_t)atoi(line);
	assert_true(grandchild > 1 && !is_dead(grandchild));
	oae_child_kill(&c, 20);
	assert_true(dies_within(grandchild, 5000));
	oae_child_release(&c);
	/* Also when the child itself ended well. */
	spawn(&c, SHELL("sleep 100 & echo $!"), false);
	read_line(c.out, line, sizeof(line));
	grandchild = (pid_t)atoi(line);
	assert_true(oae_child_wait(&c, 5000));
	assert_int_equal(c.wait_status, 0);
	assert_true(dies_within(grandchild, 5000));
	oae_child_release(&c);
}

static void children_die_with_their_parent(void **state)
{
	struct oae_child c;
	int fd[2], status;
	pid_t middle, child = 0;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	middle = fork();
	if (middle == 0) {
		spawn(&c, SHELL("exec sleep 100"), false);
		(void)!write(fd[1], &c.pid, sizeof(c.pid));
		_exit(0);
	}
	assert_int_equal(read(fd[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(waitpid(middle, &status, 0), middle);
	assert_true(child > 1);
	assert_true(dies_within(child, 5000));
	close(fd[0]);
	close(fd[1]);
}

static void runs_commands(void **state)
{
	const char *const by_name[] = { "true", NULL };
	const char *const missing[] = { "no-such-program-here", NULL };
	struct oae_error err = { 0 };
	int fds = count_fds();
	struct oae_buf b;

	(void)state;
	oae_buf_init(&b, 1u << 20);
	assert_int_equal(oae_run_command(SHELL("cat; echo out; echo err >&2"),
					 NULL, 5000, &b, &err),
			 OAE_OK);
	assert_string_equal(oae_buf_str(&b), "out\n");
	oae_buf_clear(&b);
	assert_int_equal(oae_run_command(SHELL("head -c 500000 /dev/zero"), "/",
					 10000, &b, &err),
			 OAE_OK);
	assert_int_equal(b.len, 500000);
	assert_int_equal(oae_run_command(by_name, NULL, 5000, NULL, &err),
			 OAE_OK);
	assert_int_equal(oae_run_command(missing, NULL, 5000, NULL, &err),
			 OAE_ERR_IO);
	assert_string_equal(err.text, "no-such-program-here: cannot start: "
				      "No such file or directory");
	oae_buf_release(&b);
	assert_int_equal(count_fds(), fds);
}

static void reports_failed_commands(void **state)
{
	struct oae_error err = { 0 };
	struct oae_buf b;

	(void)state;
	assert_int_equal(oae_run_command(SHELL("echo bad thing >&2; exit 7"),
					 NULL, 5000, NULL, &err),
			 OAE_ERR_TARGET);
	assert_string_equal(err.text, "/bin/sh: exit 7: bad thing");
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_run_command(SHELL("seq 1 9999 >&2; echo END >&2;"
					       "kill -9 $$"),
					 NULL, 5000, NULL, &err),
			 OAE_ERR_TARGET);
	assert_non_null(strstr(err.text, "/bin/sh: signal 9 (Killed): "));
	assert_string_equal(err.text + strlen(err.text) - 8, "9999 END");
	memset(&err, 0, sizeof(err));
	oae_buf_init(&b, 100);
	assert_int_equal(oae_run_command(SHELL("yes"), NULL, 60000, &b, &err),
			 OAE_ERR_LIMIT);
	oae_buf_release(&b);
}

static void times_out_commands(void **state)
{
	static const char *const scripts[] = {
		"sleep 60",
		"trap '' TERM; while :; do sleep 1; done",
		"yes",
		"exec >&- 2>&-; sleep 60",
		"sleep 60 & wait",
	};
	uint64_t start_ns, took_ns;
	struct oae_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		memset(&err, 0, sizeof(err));
		start_ns = oae_clock_ns();
		assert_int_equal(oae_run_command(SHELL(scripts[i]), NULL, 100,
						 NULL, &err),
				 OAE_ERR_TARGET);
		took_ns = oae_clock_ns() - start_ns;
		assert_true(took_ns >= 100000000u && took_ns < 8000000000u);
		assert_string_equal(err.text, "/bin/sh: not done after 100 ms");
	}
	/* A left-over that keeps the pipe open does not hold us up. */
	start_ns = oae_clock_ns();
	assert_int_equal(oae_run_command(SHELL("sleep 60 & exit 0"), NULL,
					 30000, NULL, NULL),
			 OAE_OK);
	assert_true(oae_clock_ns() - start_ns < 8000000000u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(talks_through_pipes),
		cmocka_unit_test(counts_processor_time),
		cmocka_unit_test(reads_without_blocking),
		cmocka_unit_test(holds_until_started),
		cmocka_unit_test(a_killed_held_child_is_an_error),
		cmocka_unit_test(reports_exec_failures),
		cmocka_unit_test(sets_folder_and_environment),
		cmocka_unit_test(describes_a_crash),
		cmocka_unit_test(gives_fresh_signals),
		cmocka_unit_test(kills_what_ignores_sigterm),
		cmocka_unit_test(lets_a_child_end_politely),
		cmocka_unit_test(asks_the_whole_group_to_end),
		cmocka_unit_test(kills_grandchildren),
		cmocka_unit_test(children_die_with_their_parent),
		cmocka_unit_test(runs_commands),
		cmocka_unit_test(reports_failed_commands),
		cmocka_unit_test(times_out_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
