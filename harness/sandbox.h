/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The surroundings of one run: its control group with its limits, its files'
 * page cache, busy threads beside it. What was set is read back, and looked
 * at again at the end; what cannot be had is an error that says why, so that
 * a condition is never quietly something else.
 */
#ifndef OAE_HARNESS_SANDBOX_H
#define OAE_HARNESS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/spawn.h"
#include "harness/cgroup.h"

enum oae_cache {
	OAE_CACHE_LEAVE,     /* as it is */
	OAE_CACHE_DROP,	     /* emptied if possible */
	OAE_CACHE_MUST_DROP, /* emptied, or the condition is not met */
	OAE_CACHE_WARM,	     /* read in */
};

/* What a run asks for. Strings and arrays are the caller's. */
struct oae_sandbox_plan {
	const char *unavailable;     /* why it cannot be made at all; or NULL */
	double cpu_cores;	     /* quota; 0 none */
	uint64_t memory_bytes;	     /* limit; 0 none */
	uint64_t memory_basis_bytes; /* what that is a multiple of */
	uint32_t threads;	     /* busy ones beside it */
	const char *stress;	     /* the program that keeps them busy */
	enum oae_cache cache;
	const char *const *files; /* that the adapter reads, such as models */
	size_t file_count;
	bool cold; /* no warm-up; due when the process is started */
	/* Of the requests, for the journal; 0: as nominal. */
	double cv, rate_per_s, service_s;
	double noise_percent;
	uint64_t characters, editable, edits; /* of all prompts */
};

struct oae_sandbox {
	const struct oae_sandbox_plan *plan;
	struct oae_cgroup group;
	bool grouped;
	char no_group[240]; /* why there is none, or "" */
	double cpu_cores;   /* as read back */
	uint64_t memory_bytes;
	bool no_swap;
	uint64_t file_bytes, resident_before, resident_after;
	bool cache_known; /* whether the two could be read */
	struct oae_child stress;
	bool stressing;
	double stress_cpu_s; /* of the busy threads together */
};

/*
 * Makes the group, sets limits and sees to the page cache. Without a plan
 * for limits a machine without control groups is fine (no_group says why).
 * OAE_ERR_UNSUPPORTED: the condition cannot be made here. Close also then.
 */
enum oae_status oae_sandbox_open(struct oae_sandbox *s,
				 const struct oae_sandbox_plan *plan,
				 const char *sysroot, struct oae_error *err);
/* Starts what runs beside the adapter. */
enum oae_status oae_sandbox_start(struct oae_sandbox *s, struct oae_error *err);
/* Takes in the held adapter. */
enum oae_status oae_sandbox_add(struct oae_sandbox *s, pid_t pid,
				struct oae_error *err);
/*
 * At the end, while the group is there: ends what runs beside it, and fails
 * with OAE_ERR_UNSUPPORTED when a limit or a busy thread was not there any
 * more.
 */
enum oae_status oae_sandbox_finish(struct oae_sandbox *s,
				   struct oae_error *err);
void oae_sandbox_close(struct oae_sandbox *s);

/*
 * The group's peak where it says what the tree needs: false without a
 * group, or when the files' pages were charged to somebody before. Right
 * after oae_sandbox_add() it tells whether it will.
 */
bool oae_sandbox_peak(const struct oae_sandbox *s, uint64_t *bytes,
		      const char **method);
/* " (the kernel killed ...)" when it did, else "". */
void oae_sandbox_describe(const struct oae_sandbox *s, char *out, size_t size);
/* "condition_set" of a run line. */
void oae_sandbox_write_set(const struct oae_sandbox *s, struct oae_jw *w);
/* "condition_seen" of a run_end line. */
void oae_sandbox_write_seen(const struct oae_sandbox *s, struct oae_jw *w);

#endif
