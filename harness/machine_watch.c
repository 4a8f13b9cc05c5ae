/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/machine_watch.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/machine_internal.h"

#define MS 1000000u
#define SLEEP_NS MS
#define PROCESSES_MAX 8192u

/* ---- who uses the CPUs ------------------------------------------------ */

struct process {
	int64_t pid;
	uint64_t ticks, started;
	char name[32];
};

struct census {
	struct process *list;
	size_t count;
};

/* "PID (NAME) STATE PPID ..." of proc(5): fields 14, 15, 22. */
static bool parse_stat(const char *text, struct process *p)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long long user, system, started;

	if (!open || !close || close < open ||
	    sscanf(close + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu"
		   " %*d %*d %*d %*d %*d %*d %llu",
		   &user, &system, &started) != 3)
		return false;
	p->pid = strtoll(text, NULL, 10);
	p->ticks = user + system;
	p->started = started;
	(void)snprintf(p->name, sizeof(p->name), "%.*s",
		       (int)(close - open - 1), open + 1);
	return true;
}

static void take_census(struct census *c)
{
	DIR *dir = opendir("/proc");
	char path[300], text[1024];
	struct dirent *e;

	c->count = 0;
	while (dir && c->count < PROCESSES_MAX && (e = readdir(dir))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
		if (oae_machine_text("", path, text, sizeof(text)) &&
		    parse_stat(text, &c->list[c->count]))
			c->count++;
	}
	if (dir)
		closedir(dir);
}

static void find_busiest(struct oae_watch *out, const struct census *before,
			 const struct census *after, double seconds)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t most = 0, used;
	size_t i, k;

	for (i = 0; i < after->count; i++) {
		const struct process *p = &after->list[i];

		used = p->ticks;
		for (k = 0; k < before->count; k++)
			if (before->list[k].pid == p->pid &&
			    before->list[k].started == p->started)
				used -= before->list[k].ticks;
		if (p->pid == getpid() || used <= most)
			continue;
		most = used;
		out->busiest_pid = p->pid;
		(void)snprintf(out->busiest, sizeof(out->busiest), "%s",
			       p->name);
	}
	out->busiest_cores = (double)most / (double)hz / seconds;
}

/* ---- how late --------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void sleep_until(uint64_t due_ns)
{
	struct timespec t = { .tv_sec = (time_t)(due_ns / 1000000000u),
			      .tv_nsec = (long)(due_ns % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	       EINTR)
		;
}

/* Sleeps, one after the other, until there are enough or it is time. */
static void watch_timer(struct oae_watch *out, int64_t *late, uint64_t end_ns)
{
	uint32_t n = 0;
	uint64_t due;

	while (n < OAE_WATCH_SLEEPS && oae_clock_ns() < end_ns) {
		due = oae_clock_ns() + SLEEP_NS;
		sleep_until(due);
		late[n++] = (int64_t)(oae_clock_ns() - due);
	}
	qsort(late, n, sizeof(*late), by_size);
	out->sleeps = n;
	if (n == 0)
		return;
	out->late_p50_ns = late[(n - 1) / 2];
	out->late_p99_ns = late[(size_t)ceil(0.99 * n) - 1];
	out->late_max_ns = late[n - 1];
}

static void share_time(struct oae_watch *out, const struct oae_machine_time *a,
		       const struct oae_machine_time *b)
{
	double busy = b->busy_s - a->busy_s, steal = b->steal_s - a->steal_s;
	double total = busy + steal + b->idle_s - a->idle_s;

	out->busy_share = out->others_share = out->steal_share = NAN;
	if (!(total > 0))
		return;
	out->busy_share = busy / total;
	out->steal_share = steal / total;
	/* The kernel's ticks are coarser than our own clock. */
	out->others_share = fmax(0, (busy - (b->own_s - a->own_s)) / total);
}

enum oae_status oae_watch(struct oae_watch *out, uint32_t ms,
			  struct oae_error *err)
{
	struct census before = { .list = NULL }, after = { .list = NULL };
	int64_t *late = calloc(OAE_WATCH_SLEEPS, sizeof(*late));
	struct oae_machine_time a, b;
	uint64_t start = oae_clock_ns(), end;
	enum oae_status status = OAE_OK;

	memset(out, 0, sizeof(*out));
	before.list = calloc(PROCESSES_MAX, sizeof(*before.list));
	after.list = calloc(PROCESSES_MAX, sizeof(*after.list));
	if (!late || !before.list || !after.list) {
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "watching");
		goto out;
	}
	end = start + (uint64_t)(ms < 10000 ? ms : 10000) * MS;
	take_census(&before);
	oae_machine_read_time(&a, "");
	/* Where all of it takes longer there is still a number. */
	watch_timer(out, late, end + (end - start) / 2);
	if (oae_clock_ns() < end)
		sleep_until(end);
	oae_machine_read_time(&b, "");
	out->seconds = (double)(oae_clock_ns() - start) / 1e9;
	take_census(&after);
	share_time(out, &a, &b);
	find_busiest(out, &before, &after, out->seconds);
out:
	free(late);
	free(before.list);
	free(after.list);
	return status;
}

void oae_watch_write(const struct oae_watch *m, struct oae_jw *w)
{
	bool busiest = m->busiest[0] != '\0';

	oae_jw_num(w, "seconds", m->seconds);
	oae_jw_num(w, "busy_share", m->busy_share);
	oae_jw_num(w, "others_share", m->others_share);
	oae_jw_num(w, "steal_share", m->steal_share);
	oae_jw_str(w, "busiest", busiest ? m->busiest : NULL);
	oae_jw_num(w, "busiest_pid",
		   busiest ? (double)m->busiest_pid : (double)NAN);
	oae_jw_num(w, "busiest_cores",
		   busiest ? m->busiest_cores : (double)NAN);
	oae_jw_int(w, "sleeps", m->sleeps);
	oae_jw_num(w, "late_p50_ns",
		   m->sleeps ? (double)m->late_p50_ns : (double)NAN);
	oae_jw_num(w, "late_p99_ns",
		   m->sleeps ? (double)m->late_p99_ns : (double)NAN);
	oae_jw_num(w, "late_max_ns",
		   m->sleeps ? (double)m->late_max_ns : (double)NAN);
}
