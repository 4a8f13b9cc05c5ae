/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine is and how it is set: facts that decide how far a
 * measurement on it can be trusted. Read once from /proc and /sys by whoever
 * describes a machine (a campaign's "environment" lines, `oae doctor`).
 * Nothing is guessed: an unknown number is OAE_UNKNOWN, an unknown text is
 * empty, and both are written as null.
 *
 * Sources: proc(5), cpuid(4), Documentation/ABI/testing/sysfs-devices-system-
 * cpu, admin-guide/{pm/cpufreq,hw-vuln,cgroup-v1,cgroup-v2} of the kernel.
 */
#ifndef OAE_HARNESS_MACHINE_H
#define OAE_HARNESS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

#define OAE_UNKNOWN (-1)
#define OAE_MACHINE_CACHES_MAX 8u
#define OAE_MACHINE_VULNERABILITIES_MAX 48u
#define OAE_MACHINE_CGROUPS_MAX 24u
#define OAE_MACHINE_TEXT 128u
#define OAE_MACHINE_NO_PARANOID INT64_MIN /* it has the value -1, too */

/* Yes, no, or not known: 1, 0, OAE_UNKNOWN. */
typedef int oae_tri;

struct oae_machine_cache {
	int64_t level, bytes;
	char type[16];	 /* "Data", "Instruction", "Unified" */
	char shared[64]; /* the CPUs that share it, such as "0-1" */
};

struct oae_machine_cpu {
	char model[OAE_MACHINE_TEXT], vendor[32], microcode[32];
	int64_t family, model_number, stepping;
	char flags[256]; /* of those that change speed or timing; " " between */
	int64_t logical; /* CPUs that are on */
	int64_t allowed; /* of those, for this process */
	int64_t cores, sockets;
	char smt[24]; /* "on", "off", "notsupported", ... */
	double mhz;   /* the first CPU's, now */
	double mhz_max;
	char driver[32];
	char governor[32]; /* "mixed" when CPUs differ */
	char preference[32];
	oae_tri turbo;	   /* may it go above its nominal frequency? */
	int64_t throttled; /* times that heat slowed a package, since boot */
	struct oae_machine_cache caches[OAE_MACHINE_CACHES_MAX];
	size_t cache_count;
};

struct oae_machine_cgroup {
	char name[32]; /* "cpu", "memory", ... */
	int version;   /* 1 or 2 */
};

struct oae_machine_time {
	/* Seconds of all CPUs since boot (/proc/stat); NAN when unknown. */
	double busy_s, idle_s, steal_s;
	int64_t steal_ticks;
	double own_s; /* this process and its reaped children; NAN */
	double load_1min, uptime_s;
};

struct oae_machine {
	struct oae_machine_cpu cpu;
	int64_t memory_bytes, memory_available_bytes;
	int64_t swap_bytes, swap_used_bytes;
	int64_t disk_free_bytes; /* where the process works */
	int64_t numa_nodes;
	char kernel[OAE_MACHINE_TEXT], arch[32];
	char huge_pages[16]; /* transparent ones: always, madvise, never */
	struct oae_machine_vulnerability {
		char name[40], state[200];
	} vulnerabilities[OAE_MACHINE_VULNERABILITIES_MAX];
	size_t vulnerability_count;
	char clock_source[32], clock_sources[OAE_MACHINE_TEXT];
	int64_t timer_slack_ns;
	int64_t perf_event_paranoid;
	oae_tri virtual;
	char hypervisor[32]; /* "kvm", "xen", "vmware", ... */
	char container[32];  /* "docker", "podman", ...; "" is no proof */
	char container_hint[64];
	oae_tri on_battery;
	oae_tri nvidia;	       /* is one of its devices on the bus? */
	char cgroup_layout[8]; /* "v1", "v2", "hybrid", "none" */
	struct oae_machine_cgroup cgroups[OAE_MACHINE_CGROUPS_MAX];
	size_t cgroup_count;
	/* What this process's own group may use. */
	double cgroup_cpus; /* NAN: no limit seen */
	int64_t cgroup_memory_bytes;
	struct oae_machine_time time;
};

/*
 * Reads all of it; a failure to read is a fact that is not known. sysroot is
 * "" or a folder that stands for /: then what only the running kernel can
 * tell (affinity, CPUID, own CPU time, free disk) stays unknown.
 */
void oae_machine_read(struct oae_machine *m, const char *sysroot);
/* Only what moves: times and load. */
void oae_machine_read_time(struct oae_machine_time *t, const char *sysroot);
/* Adds the members "cpu", "memory_bytes", ... to the open object. */
void oae_machine_write(const struct oae_machine *m, struct oae_jw *w);
/* The number of vulnerabilities whose state begins so. */
size_t oae_machine_count_vulnerable(const struct oae_machine *m,
				    const char *state);
/* Does one of the words that blanks part in `list` equal `word`? */
bool oae_machine_has_word(const char *list, const char *word);

#endif
