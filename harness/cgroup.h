/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A control group for one run, on cgroup v2, or v1 where that is what the
 * machine has, or both (hybrid): it holds the adapter and all that the
 * adapter starts, limits it, and counts what it used. The group is made
 * below our own (so that a limit on us holds for it too); on v2, where a
 * group with processes cannot hand controllers down, beside our own, unless
 * that would leave a limit behind. Sources: the kernel's
 * Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/{memory,cpuacct}.rst,
 * Documentation/scheduler/sched-bwc.rst; perf_event_open(2).
 *
 * Each use may be missing for its own reason (no permission, a read-only
 * mount as in most containers, a controller that was not handed down); the
 * others then still work.
 */
#ifndef OAE_HARNESS_CGROUP_H
#define OAE_HARNESS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "base/status.h"

enum oae_cgroup_use {
	OAE_CGROUP_CPU,	    /* quota, throttling */
	OAE_CGROUP_CPUACCT, /* CPU time */
	OAE_CGROUP_MEMORY,  /* limit, peak, kills */
	OAE_CGROUP_PERF,    /* perf_event_open() by group */
	OAE_CGROUP_USES
};

/* Where a group can be made (cgroup_find.c). */
struct oae_cgroup_place {
	int version; /* 1 or 2; 0: nowhere, see why */
	char dir[OAE_PATH_BYTES_MAX];
	char why[240];
};

/*
 * Reads SYSROOT/proc/self/{mountinfo,cgroup} and what is mounted where they
 * say; sysroot "" is the machine's own. Switches controllers on in our own
 * group if that is what is missing and the kernel lets us. Fails only when
 * /proc cannot be read.
 */
enum oae_status oae_cgroup_find(const char *sysroot,
				struct oae_cgroup_place out[OAE_CGROUP_USES],
				struct oae_error *err);

struct oae_cgroup {
	char name[48]; /* "oae-PID-N" */
	struct oae_cgroup_dir {
		int version;
		int fd; /* open and locked while we live */
		char path[OAE_PATH_BYTES_MAX];
	} dirs[OAE_CGROUP_USES];
	size_t dir_count;
	int use[OAE_CGROUP_USES];	/* index into dirs, or -1 */
	char why[OAE_CGROUP_USES][240]; /* "" when there is one */
};

/*
 * Makes the group; first removes those that dead harnesses left beside it,
 * with what still runs in them. Fails, with the first reason, when not one
 * use is possible; g can be closed also then.
 */
enum oae_status oae_cgroup_open(struct oae_cgroup *g, const char *sysroot,
				struct oae_error *err);
/*
 * Kills what is left in the group, waits for its end (at most five seconds)
 * and removes it. Twice is fine.
 */
void oae_cgroup_close(struct oae_cgroup *g);

/* OAE_OK, else OAE_ERR_UNSUPPORTED with the reason. */
enum oae_status oae_cgroup_check(const struct oae_cgroup *g,
				 enum oae_cgroup_use use,
				 struct oae_error *err);
/*
 * Moves a process into the group: a child that is held before its exec, so
 * that all it maps is charged here. A use whose folder refuses it is lost,
 * with its reason; fails when all are.
 */
enum oae_status oae_cgroup_add(struct oae_cgroup *g, pid_t pid,
			       struct oae_error *err);
/*
 * The folder for perf_event_open(PERF_FLAG_PID_CGROUP), or -1 (see
 * oae_cgroup_check(OAE_CGROUP_PERF)). The caller closes it.
 */
int oae_cgroup_perf_fd(const struct oae_cgroup *g);

/*
 * Sets a limit, reads it back into *got, and fails with both numbers when
 * they differ (memory: by more than the page that the kernel rounds to).
 * cores: at least 0.01, in periods of 100 ms.
 */
enum oae_status oae_cgroup_limit_cpu(struct oae_cgroup *g, double cores,
				     double *got, struct oae_error *err);
/* *no_swap: swap cannot hold what the limit keeps out of memory. */
enum oae_status oae_cgroup_limit_memory(struct oae_cgroup *g, uint64_t bytes,
					uint64_t *got, bool *no_swap,
					struct oae_error *err);
/* What is set now; UINT64_MAX / infinity when nothing is. */
enum oae_status oae_cgroup_cpu_limit(const struct oae_cgroup *g, double *cores,
				     struct oae_error *err);
enum oae_status oae_cgroup_memory_limit(const struct oae_cgroup *g,
					uint64_t *bytes, struct oae_error *err);

/* CPU time of all that ever ran in the group. */
enum oae_status oae_cgroup_cpu_ns(const struct oae_cgroup *g, uint64_t *ns,
				  struct oae_error *err);
/*
 * The most memory charged at once. File pages are charged to the group that
 * first touched them: drop them from the cache before a run, or the second
 * run seems to need no model.
 */
enum oae_status oae_cgroup_memory_peak(const struct oae_cgroup *g,
				       uint64_t *bytes, struct oae_error *err);

struct oae_cgroup_memory_events {
	uint64_t oom_kills; /* processes killed for the limit */
	/* how often the limit was met; on v1 Linux 6.18 leaves it at 0 */
	uint64_t limit_hits;
};
enum oae_status oae_cgroup_memory_events(const struct oae_cgroup *g,
					 struct oae_cgroup_memory_events *out,
					 struct oae_error *err);

struct oae_cgroup_throttle {
	uint64_t periods, throttled; /* in which it ran; was stopped */
	uint64_t throttled_ns;	     /* summed over CPUs */
};
enum oae_status oae_cgroup_throttle(const struct oae_cgroup *g,
				    struct oae_cgroup_throttle *out,
				    struct oae_error *err);

#endif
