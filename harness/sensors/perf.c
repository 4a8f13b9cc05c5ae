/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's counters (perf_event_open(2)) of the adapter's process tree.
 * They attach to the held child and start at its exec, so that nothing of
 * the harness is in them, and children inherit them. Each event has its own
 * descriptor: inherited events cannot be read as a group. Hardware events
 * also report how long they were enabled and how long they really ran, for
 * window.h to scale. Where the kernel's part may not be counted, what only
 * happens there (switches, migrations) would read 0 and is absent instead.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/sensors/sensor.h"

static const struct event {
	const char *name, *unit;
	uint32_t type;
	uint64_t config;
	bool kernel_only; /* needs the kernel's part */
} events[] = {
	{ "task_clock_ns", "ns", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK,
	  false },
	{ "page_faults", "count", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS,
	  false },
	{ "context_switches", "count", PERF_TYPE_SOFTWARE,
	  PERF_COUNT_SW_CONTEXT_SWITCHES, true },
	{ "cpu_migrations", "count", PERF_TYPE_SOFTWARE,
	  PERF_COUNT_SW_CPU_MIGRATIONS, true },
	{ "cycles", "count", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES,
	  false },
	{ "instructions", "count", PERF_TYPE_HARDWARE,
	  PERF_COUNT_HW_INSTRUCTIONS, false },
	{ "cache_references", "count", PERF_TYPE_HARDWARE,
	  PERF_COUNT_HW_CACHE_REFERENCES, false },
	{ "cache_misses", "count", PERF_TYPE_HARDWARE,
	  PERF_COUNT_HW_CACHE_MISSES, false },
};

#define N_EVENTS (sizeof(events) / sizeof(events[0]))

struct perf_state {
	bool usable[N_EVENTS];
	bool user_only[N_EVENTS];
	int fd[N_EVENTS];
	/* its value; a hardware event's enabled and running times follow */
	size_t channel[N_EVENTS];
};

static int open_event(const struct event *e, pid_t pid, bool user_only)
{
	struct perf_event_attr a;

	memset(&a, 0, sizeof(a));
	a.size = sizeof(a);
	a.type = e->type;
	a.config = e->config;
	a.disabled = 1;
	a.inherit = 1;
	a.enable_on_exec = 1;
	a.exclude_kernel = user_only;
	a.exclude_hv = user_only;
	a.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
			PERF_FORMAT_TOTAL_TIME_RUNNING;
	return (int)syscall(SYS_perf_event_open, &a, pid, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

/* Can it be opened at all, on ourselves? errno says why not. */
static bool probe(struct perf_state *p, size_t i)
{
	int fd = open_event(&events[i], 0, false);

	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		p->user_only[i] = true;
		fd = events[i].kernel_only ? -1 :
					     open_event(&events[i], 0, true);
	}
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static const char *explain(int sys)
{
	switch (sys) {
	case ENOENT:
	case EOPNOTSUPP:
	case ENODEV:
		return "this machine (often a virtual one) has no such counter";
	case EACCES:
	case EPERM:
		return "not permitted: lower kernel.perf_event_paranoid or run"
		       " as root";
	case ENOSYS:
		return "the kernel has no perf_event_open";
	default:
		return strerror(sys);
	}
}

static void add_event(struct oae_sensor *s, size_t i)
{
	static const char *const parts[] = { "", ".enabled_ns", ".running_ns" };
	size_t n = events[i].type == PERF_TYPE_HARDWARE ? 3 : 1, k;
	struct perf_state *p = s->state;
	struct oae_channel *c;
	char name[64];
	int sys;

	p->fd[i] = -1;
	p->channel[i] = s->count;
	errno = 0;
	p->usable[i] = probe(p, i);
	sys = errno;
	for (k = 0; k < (p->usable[i] ? n : 1); k++) {
		(void)snprintf(name, sizeof(name), "perf.%s%s", events[i].name,
			       parts[k]);
		c = oae_sensor_add(s, name, k ? "ns" : events[i].unit);
		c->scope = OAE_SCOPE_TREE;
		c->multiplexed = p->usable[i] && n == 3 && k == 0;
		if (p->usable[i] && p->user_only[i])
			(void)snprintf(c->reason, sizeof(c->reason),
				       "user part only");
		if (p->usable[i])
			continue;
		c->evidence = OAE_ABSENT;
		(void)snprintf(c->reason, sizeof(c->reason), "%.150s",
			       explain(sys));
	}
}

static enum oae_status perf_open(struct oae_sensor *s, const char *sysroot,
				 struct oae_error *err)
{
	size_t i;

	(void)sysroot; /* counters of real processes */
	s->state = calloc(1, sizeof(struct perf_state));
	if (!s->state)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "perf sensor");
	for (i = 0; i < N_EVENTS; i++)
		add_event(s, i);
	return OAE_OK;
}

static void perf_detach(struct oae_sensor *s)
{
	struct perf_state *p = s->state;
	size_t i;

	for (i = 0; i < N_EVENTS; i++) {
		if (p->fd[i] >= 0)
			close(p->fd[i]);
		p->fd[i] = -1;
	}
}

static enum oae_status perf_attach(struct oae_sensor *s, pid_t pid,
				   struct oae_error *err)
{
	struct perf_state *p = s->state;
	size_t i;

	(void)err;
	perf_detach(s);
	/* One that does not open this time reads as a gap. */
	for (i = 0; i < N_EVENTS; i++)
		if (p->usable[i])
			p->fd[i] = open_event(&events[i], pid, p->user_only[i]);
	return OAE_OK;
}

static void perf_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	const struct perf_state *p = s->state;
	uint64_t v[3]; /* value, enabled, running */
	size_t i, k, n;

	for (i = 0; i < N_EVENTS; i++) {
		if (p->fd[i] < 0 ||
		    read(p->fd[i], v, sizeof(v)) != (ssize_t)sizeof(v))
			continue;
		n = events[i].type == PERF_TYPE_HARDWARE ? 3 : 1;
		for (k = 0; k < n; k++) {
			out[p->channel[i] + k].ok = true;
			out[p->channel[i] + k].raw = v[k];
		}
	}
}

static void perf_close(struct oae_sensor *s)
{
	if (s->state)
		perf_detach(s);
	free(s->state);
	s->state = NULL;
}

const struct oae_sensor_type oae_sensor_perf = {
	.name = "perf",
	.about = "kernel counters of the adapter's process tree",
	.open = perf_open,
	.attach = perf_attach,
	.detach = perf_detach,
	.read = perf_read,
	.close = perf_close,
};
