/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel alone takes to wake a process for bytes in a pipe. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/bench/bench.h"

#define LINE_BYTES 80 /* about a token event's */
#define WAIT_MS 5000  /* a writer that is silent for so long is dead */

double bench_cpu_ns(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void write_lines(int fd, uint32_t n, uint32_t pace_us)
{
	uint64_t due = oae_clock_ns();
	char line[LINE_BYTES];

	memset(line, 'x', sizeof(line));
	while (n-- > 0) {
		due += pace_us * 1000ull;
		oae_clock_sleep_until(due);
		if (write(fd, line, sizeof(line)) < 0)
			break;
	}
	_exit(0);
}

/* Wakes up for each and reads it, until the writer is gone. */
static double read_lines(int fd, int watch)
{
	struct epoll_event e = { .events = EPOLLIN };
	double before = bench_cpu_ns();
	char line[65536];
	uint32_t woken = 0;

	if (epoll_ctl(watch, EPOLL_CTL_ADD, fd, &e) < 0)
		return NAN;
	while (epoll_wait(watch, &e, 1, WAIT_MS) > 0 &&
	       read(fd, line, sizeof(line)) > 0)
		woken++;
	return woken ? (bench_cpu_ns() - before) / woken : NAN;
}

double bench_wakeup_ns(uint32_t n, uint32_t pace_us)
{
	int ends[2], watch = epoll_create1(EPOLL_CLOEXEC);
	double ns = NAN;
	pid_t pid;

	if (watch < 0)
		return NAN;
	if (pipe(ends) < 0) {
		close(watch);
		return NAN;
	}
	pid = fork();
	if (pid == 0)
		write_lines(ends[1], n, pace_us);
	close(ends[1]);
	if (pid > 0) {
		ns = read_lines(ends[0], watch);
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	close(watch);
	return ns;
}
