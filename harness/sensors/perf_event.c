/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/sensors/perf_event.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SOFTWARE(name, unit, id, kernel_only)                       \
	{                                                           \
		name, unit, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##id, \
			kernel_only                                 \
	}
#define HARDWARE(name, id)                                                   \
	{                                                                    \
		name, "count", PERF_TYPE_HARDWARE, PERF_COUNT_HW_##id, false \
	}
/* perf_event_open(2): cache | operation << 8 | result << 16 */
#define CACHE(name, cache, result)                                         \
	{                                                                  \
		name, "count", PERF_TYPE_HW_CACHE,                         \
			PERF_COUNT_HW_CACHE_##cache |                      \
				PERF_COUNT_HW_CACHE_OP_READ << 8 |         \
				PERF_COUNT_HW_CACHE_RESULT_##result << 16, \
			false                                              \
	}

const struct oae_perf_event oae_perf_events[] = {
	SOFTWARE("task_clock_ns", "ns", TASK_CLOCK, false),
	SOFTWARE("page_faults", "count", PAGE_FAULTS, false),
	SOFTWARE("minor_faults", "count", PAGE_FAULTS_MIN, false),
	SOFTWARE("major_faults", "count", PAGE_FAULTS_MAJ, false),
	SOFTWARE("context_switches", "count", CONTEXT_SWITCHES, true),
	SOFTWARE("cpu_migrations", "count", CPU_MIGRATIONS, true),
	HARDWARE("cycles", CPU_CYCLES),
	HARDWARE("instructions", INSTRUCTIONS),
	CACHE("llc_load_misses", LL, MISS),
	HARDWARE("cache_misses", CACHE_MISSES),
	CACHE("dtlb_load_misses", DTLB, MISS),
	HARDWARE("branch_misses", BRANCH_MISSES),
	HARDWARE("branches", BRANCH_INSTRUCTIONS),
	HARDWARE("cache_references", CACHE_REFERENCES),
	HARDWARE("stalled_cycles_backend", STALLED_CYCLES_BACKEND),
	HARDWARE("stalled_cycles_frontend", STALLED_CYCLES_FRONTEND),
	CACHE("llc_loads", LL, ACCESS),
	CACHE("dtlb_loads", DTLB, ACCESS),
	HARDWARE("ref_cycles", REF_CPU_CYCLES),
};

_Static_assert(sizeof(oae_perf_events) / sizeof(oae_perf_events[0]) ==
		       OAE_PERF_EVENTS,
	       "the number of events");

const struct oae_perf_event *oae_perf_event_cycles(void)
{
	size_t i = 0;

	while (oae_perf_events[i].type != PERF_TYPE_HARDWARE)
		i++;
	return &oae_perf_events[i];
}

int oae_perf_event_open(const struct oae_perf_event *e, enum oae_perf_mode mode,
			pid_t pid, int cpu, int leader, bool user_only)
{
	unsigned long flags = PERF_FLAG_FD_CLOEXEC;
	struct perf_event_attr a;

	memset(&a, 0, sizeof(a));
	a.size = sizeof(a);
	a.type = e->type;
	a.config = e->config;
	a.disabled = mode == OAE_PERF_INHERIT;
	a.enable_on_exec = mode == OAE_PERF_INHERIT;
	a.inherit = mode == OAE_PERF_INHERIT;
	a.exclude_kernel = user_only;
	a.exclude_hv = user_only;
	a.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
			PERF_FORMAT_TOTAL_TIME_RUNNING;
	if (mode == OAE_PERF_GROUP)
		flags |= PERF_FLAG_PID_CGROUP;
	return (int)syscall(SYS_perf_event_open, &a, pid, cpu, leader, flags);
}

const char *oae_perf_event_explain(int sys)
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
	case EMFILE:
	case ENFILE:
		return "too many open files: raise ulimit -n";
	default:
		return strerror(sys);
	}
}

/* On ourselves; without the kernel's part where that is all we may see. */
static int probe_one(struct oae_perf_probe *p, size_t i, int leader)
{
	const struct oae_perf_event *e = &oae_perf_events[i];
	int fd = oae_perf_event_open(e, OAE_PERF_SELF, 0, -1, leader, false);

	p->user_only[i] = false;
	if (fd < 0 && (errno == EACCES || errno == EPERM) && !e->kernel_only) {
		p->user_only[i] = true;
		fd = oae_perf_event_open(e, OAE_PERF_SELF, 0, -1, leader, true);
	}
	return fd;
}

/* The watchdog of hard lockups keeps a counter of cycles to itself. */
static bool watchdog_counts(void)
{
	int fd = open("/proc/sys/kernel/nmi_watchdog", O_RDONLY | O_CLOEXEC);
	char byte = '0';

	if (fd >= 0) {
		(void)!read(fd, &byte, 1);
		close(fd);
	}
	return byte == '1';
}

void oae_perf_probe(struct oae_perf_probe *p, const char *other)
{
	int fds[OAE_PERF_EVENTS + 1], leader = -1, fd;
	size_t i, n = 0;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < OAE_PERF_EVENTS; i++) {
		if (other && oae_perf_is_hardware(&oae_perf_events[i])) {
			p->reason[i] = other;
			continue;
		}
		fd = probe_one(p, i, -1);
		if (fd < 0) {
			p->reason[i] = oae_perf_event_explain(errno);
			continue;
		}
		p->usable[i] = true;
		if (!oae_perf_is_hardware(&oae_perf_events[i])) {
			close(fd);
			continue;
		}
		if (leader < 0) {
			leader = fds[n++] = fd;
			if (watchdog_counts())
				fds[n++] = probe_one(p, i, leader);
			continue;
		}
		close(fd);
		fds[n] = probe_one(p, i, leader);
		p->usable[i] = fds[n] >= 0;
		if (p->usable[i])
			n++;
		else if (errno == EINVAL)
			p->reason[i] = "no hardware counter is left beside the"
				       " events before it";
		else
			p->reason[i] = oae_perf_event_explain(errno);
	}
	while (n > 0)
		if (fds[--n] >= 0)
			close(fds[n]);
}
