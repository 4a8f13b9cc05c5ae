/* SPDX-License-Identifier: Apache-2.0 */
/* perf_event_open(2), which has no wrapper in the C library. */
#ifndef OAE_HARNESS_SENSORS_PERF_EVENT_H
#define OAE_HARNESS_SENSORS_PERF_EVENT_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* An event of the kernel's generic tables. */
struct oae_perf_event {
	const char *name, *unit;
	uint32_t type; /* PERF_TYPE_* */
	uint64_t config;
	bool kernel_only; /* happens in the kernel: without its part it is 0 */
};

/* Most useful first: what does not fit beside the others is left out. */
extern const struct oae_perf_event oae_perf_events[];
#define OAE_PERF_EVENTS 19u

/* Which counters: a process and its later children, or a control group. */
enum oae_perf_mode {
	OAE_PERF_SELF,	  /* this process, at once */
	OAE_PERF_INHERIT, /* a held child, from its exec on */
	OAE_PERF_GROUP,	  /* a cgroup on one CPU; pid is its folder */
};

/* The event that every PMU has. */
const struct oae_perf_event *oae_perf_event_cycles(void);

static inline bool oae_perf_is_hardware(const struct oae_perf_event *e)
{
	return e->type != PERF_TYPE_SOFTWARE;
}

/* A descriptor, or -1 with errno. leader: -1, or the group to join. */
int oae_perf_event_open(const struct oae_perf_event *e, enum oae_perf_mode mode,
			pid_t pid, int cpu, int leader, bool user_only);

/* What errno of a failed open means, and what to do. */
const char *oae_perf_event_explain(int sys);

struct oae_perf_probe {
	bool usable[OAE_PERF_EVENTS];
	bool user_only[OAE_PERF_EVENTS];
	const char *reason[OAE_PERF_EVENTS]; /* when not usable */
};

/*
 * Which events can be counted here, all at the same time: hardware events
 * take part in the order of the table as long as the kernel finds a counter
 * for each (it refuses a group that can never be on the hardware at once),
 * so that none is multiplexed because of another of ours. `other` is NULL,
 * or why the hardware's events are somebody else's.
 */
void oae_perf_probe(struct oae_perf_probe *p, const char *other);

#endif
