/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's counters (perf_event_open(2)) of the adapter's process tree,
 * in one of two ways. They attach to the held child, start at its exec, so
 * that nothing of the harness is in them, and later children inherit them,
 * also those that daemonise. Or they count a control group, with one event
 * on each CPU: for a tree that forked before anybody could attach. Each
 * event has its own descriptor: inherited events cannot be read as a group.
 * Hardware events also report how long they were enabled and how long they
 * really ran, for window.h to scale. Where the kernel's part may not be
 * counted, what only happens there (switches, migrations) would read 0 and
 * is absent instead.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cgroup.h"
#include "harness/sensors/choice.h"
#include "harness/sensors/perf_event.h"
#include "harness/sensors/sensor.h"

/*
 * A group is read on every CPU, some microseconds each. With more reads
 * than this a child that can be attached to is counted by inheritance.
 */
#define GROUP_READS_MAX 128u
#define CPUS_MAX 4096u

struct perf_state {
	struct oae_perf_probe probe;
	/* its value; a hardware event's enabled and running times follow */
	size_t channel[OAE_PERF_EVENTS];
	size_t usable;
	int *fd;     /* by event, then by CPU; -1: not open */
	size_t cpus; /* descriptors of an event; 0: detached */
};

static size_t parts_of(size_t i)
{
	return oae_perf_is_hardware(&oae_perf_events[i]) ? 3 : 1;
}

static void add_event(struct oae_sensor *s, size_t i)
{
	static const char *const parts[] = { "", ".enabled_ns", ".running_ns" };
	const struct oae_perf_event *e = &oae_perf_events[i];
	struct perf_state *p = s->state;
	bool usable = p->probe.usable[i];
	size_t n = usable ? parts_of(i) : 1, k;
	struct oae_channel *c;
	char name[64];

	p->channel[i] = s->count;
	p->usable += usable;
	for (k = 0; k < n; k++) {
		(void)snprintf(name, sizeof(name), "perf.%s%s", e->name,
			       parts[k]);
		c = oae_sensor_add(s, name, k ? "ns" : e->unit);
		c->scope = OAE_SCOPE_TREE;
		c->multiplexed = n == 3 && k == 0;
		if (usable && !p->probe.user_only[i])
			continue;
		(void)snprintf(c->reason, sizeof(c->reason), "%.150s",
			       usable ? "user part only" : p->probe.reason[i]);
		if (!usable)
			c->evidence = OAE_ABSENT;
	}
}

static enum oae_status perf_open(struct oae_sensor *s, const char *sysroot,
				 struct oae_error *err)
{
	struct perf_state *p = calloc(1, sizeof(*p));
	const char *other;
	size_t i;

	(void)sysroot; /* counters of real processes */
	s->state = p;
	if (!p)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "perf sensor");
	oae_perf_probe(&p->probe,
		       oae_counters_may("perf", &other) ? NULL : other);
	for (i = 0; i < OAE_PERF_EVENTS; i++)
		add_event(s, i);
	return OAE_OK;
}

static void perf_detach(struct oae_sensor *s)
{
	struct perf_state *p = s->state;
	size_t i;

	for (i = 0; i < OAE_PERF_EVENTS * p->cpus; i++)
		if (p->fd[i] >= 0)
			close(p->fd[i]);
	free(p->fd);
	p->fd = NULL;
	p->cpus = 0;
}

/* One that does not open this time reads as a gap. */
static enum oae_status open_all(struct perf_state *p, enum oae_perf_mode mode,
				pid_t pid, size_t cpus, struct oae_error *err)
{
	size_t i, k;

	p->fd = calloc(OAE_PERF_EVENTS * cpus, sizeof(*p->fd));
	if (!p->fd)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "perf sensor");
	p->cpus = cpus;
	for (i = 0; i < OAE_PERF_EVENTS; i++)
		for (k = 0; k < cpus; k++)
			p->fd[i * cpus + k] =
				!p->probe.usable[i] ?
					-1 :
					oae_perf_event_open(
						&oae_perf_events[i], mode, pid,
						mode == OAE_PERF_GROUP ?
							(int)k :
							-1,
						-1, p->probe.user_only[i]);
	return OAE_OK;
}

/* False when a group may not be counted at all. */
static bool group_opens(const struct perf_state *p)
{
	size_t i;

	for (i = 0; i < OAE_PERF_EVENTS * p->cpus; i++)
		if (p->fd[i] >= 0)
			return true;
	return false;
}

static enum oae_status perf_attach(struct oae_sensor *s,
				   const struct oae_target *t,
				   struct oae_error *err)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);
	struct perf_state *p = s->state;
	size_t cpus = n < 1 ? 1 : (size_t)n;
	enum oae_status status;
	int folder = -1;

	perf_detach(s);
	if (t->group && cpus <= CPUS_MAX &&
	    (t->pid == 0 || cpus * p->usable <= GROUP_READS_MAX))
		folder = oae_cgroup_perf_fd(t->group);
	if (folder >= 0) {
		status = open_all(p, OAE_PERF_GROUP, folder, cpus, err);
		close(folder);
		if (status || group_opens(p))
			return status;
		perf_detach(s);
	}
	if (t->pid == 0)
		return oae_fail(err, OAE_ERR_DENIED, 0,
				"a control group cannot be counted here: it"
				" needs CAP_PERFMON or perf_event_paranoid 0");
	return open_all(p, OAE_PERF_INHERIT, t->pid, 1, err);
}

/* Sums over CPUs; a CPU that is offline has no descriptor. */
static bool read_event(const struct perf_state *p, size_t i, uint64_t sum[3])
{
	uint64_t v[3]; /* value, enabled, running */
	bool any = false;
	size_t cpu, k;

	memset(sum, 0, 3 * sizeof(*sum));
	for (cpu = 0; cpu < p->cpus; cpu++) {
		int fd = p->fd[i * p->cpus + cpu];

		if (fd < 0)
			continue;
		if (read(fd, v, sizeof(v)) != (ssize_t)sizeof(v))
			return false;
		for (k = 0; k < 3; k++)
			sum[k] += v[k];
		any = true;
	}
	return any;
}

static void perf_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	const struct perf_state *p = s->state;
	uint64_t sum[3];
	size_t i, k;

	for (i = 0; i < OAE_PERF_EVENTS; i++) {
		if (!p->probe.usable[i] || !read_event(p, i, sum))
			continue;
		for (k = 0; k < parts_of(i); k++) {
			out[p->channel[i] + k].ok = true;
			out[p->channel[i] + k].raw = sum[k];
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
