/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups: which layout, which controllers, and what limits this
 * process has; cgroup.h says where a group can be made. Sources: proc(5) for
 * /proc/self/{mounts,cgroup}; the kernel's admin-guide/cgroup-v1 and cgroup-v2.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "harness/machine_internal.h"

#define MOUNTS_BYTES_MAX (64u << 10)

static void add(struct oae_machine *m, const char *name, int version)
{
	struct oae_machine_cgroup *c;
	size_t i;

	for (i = 0; i < m->cgroup_count; i++)
		if (!strcmp(m->cgroups[i].name, name))
			return;
	if (m->cgroup_count == OAE_MACHINE_CGROUPS_MAX)
		return;
	c = &m->cgroups[m->cgroup_count++];
	(void)snprintf(c->name, sizeof(c->name), "%.31s", name);
	c->version = version;
}

/*
 * This process's path in a hierarchy, from the lines "ID:CONTROLLERS:PATH":
 * that of a v1 controller, or of v2 when `controller` is "". "/" if unknown.
 */
static void own_path(const char *lines, const char *controller, char *out,
		     size_t size)
{
	size_t len = strlen(controller);
	const char *at, *word, *end;

	(void)snprintf(out, size, "/");
	for (at = lines; at && *at; at = strchr(at, '\n'), at += at ? 1 : 0) {
		word = strchr(at, ':');
		end = word ? strchr(word + 1, ':') : NULL;
		if (!end)
			return;
		for (word++; word <= end; word += strcspn(word, ",:") + 1)
			if (strcspn(word, ",:") == len &&
			    !strncmp(word, controller, len)) {
				(void)snprintf(out, size, "%.*s",
					       (int)strcspn(end + 1, "\n"),
					       end + 1);
				return;
			}
	}
}

/* sysroot + mount + the own group's path; the mount alone if not there. */
static void own_folder(const char *sysroot, const char *mount, const char *path,
		       char out[OAE_PATH_BYTES_MAX])
{
	(void)snprintf(out, OAE_PATH_BYTES_MAX, "%.1000s%.1000s%.2000s",
		       sysroot, mount, strcmp(path, "/") ? path : "");
	/* In a container the path is the host's. */
	if (access(out, F_OK))
		(void)snprintf(out, OAE_PATH_BYTES_MAX, "%.1000s%.1000s",
			       sysroot, mount);
}

static double number_or(const char *folder, const char *file, double otherwise)
{
	int64_t v = oae_machine_int(folder, file);

	return v >= 0 ? (double)v : otherwise;
}

static void limit_memory(struct oae_machine *m, double bytes)
{
	/* v1 says "no limit" with a number near 2^63. */
	if (bytes < 4e18 && bytes > 0)
		m->cgroup_memory_bytes = (int64_t)bytes;
}

static void see_v2(struct oae_machine *m, const char *sysroot,
		   const char *mount, const char *groups)
{
	char path[1024], folder[OAE_PATH_BYTES_MAX], text[512], *word, *save;
	double quota, period;

	own_path(groups, "", path, sizeof(path));
	own_folder(sysroot, mount, path, folder);
	if (oae_machine_text(folder, "/cgroup.controllers", text, sizeof(text)))
		for (word = strtok_r(text, " \n", &save); word;
		     word = strtok_r(NULL, " \n", &save))
			add(m, word, 2);
	if (oae_machine_text(folder, "/cpu.max", text, sizeof(text)) &&
	    sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0)
		m->cgroup_cpus = quota / period;
	limit_memory(m, number_or(folder, "/memory.max", 0));
}

static void see_v1(struct oae_machine *m, const char *sysroot,
		   const char *mount, const char *name, const char *groups)
{
	char path[1024], folder[OAE_PATH_BYTES_MAX];
	double quota, period;

	own_path(groups, name, path, sizeof(path));
	own_folder(sysroot, mount, path, folder);
	add(m, name, 1);
	quota = number_or(folder, "/cpu.cfs_quota_us", 0);
	period = number_or(folder, "/cpu.cfs_period_us", 0);
	if (!strcmp(name, "cpu") && quota > 0 && period > 0)
		m->cgroup_cpus = quota / period;
	if (!strcmp(name, "memory"))
		limit_memory(m, number_or(folder, "/memory.limit_in_bytes", 0));
}

/* One v1 mount: its options name controllers, among other words. */
static void see_v1_mount(struct oae_machine *m, const char *sysroot,
			 const char *mount, char *options, const char *groups)
{
	static const char *const controllers[] = {
		"cpu",	   "cpuacct", "cpuset",	    "memory",  "blkio",
		"pids",	   "devices", "freezer",    "net_cls", "net_prio",
		"hugetlb", "rdma",    "perf_event",
	};
	char *word, *save;
	size_t i;

	for (word = strtok_r(options, ",", &save); word;
	     word = strtok_r(NULL, ",", &save))
		for (i = 0; i < sizeof(controllers) / sizeof(controllers[0]);
		     i++)
			if (!strcmp(word, controllers[i]))
				see_v1(m, sysroot, mount, word, groups);
}

static void see_mounts(struct oae_machine *m, const char *sysroot, char *mounts,
		       const char *groups)
{
	char mount[512], type[32], options[512], *line, *save;
	bool v1 = false, v2 = false;

	for (line = strtok_r(mounts, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%*s %511s %31s %511s", mount, type,
			   options) != 3)
			continue;
		if (!strcmp(type, "cgroup2")) {
			see_v2(m, sysroot, mount, groups);
			v2 = true;
		} else if (!strcmp(type, "cgroup")) {
			see_v1_mount(m, sysroot, mount, options, groups);
			v1 = true;
		}
	}
	(void)snprintf(m->cgroup_layout, sizeof(m->cgroup_layout), "%s",
		       v1 && v2 ? "hybrid" :
		       v1	? "v1" :
		       v2	? "v2" :
				  "none");
}

void oae_machine_read_cgroups(struct oae_machine *m, const char *sysroot)
{
	char *mounts = malloc(MOUNTS_BYTES_MAX), groups[4096];

	m->cgroup_cpus = NAN;
	m->cgroup_memory_bytes = OAE_UNKNOWN;
	(void)oae_machine_text(sysroot, "/proc/self/cgroup", groups,
			       sizeof(groups));
	if (mounts && oae_machine_text(sysroot, "/proc/self/mounts", mounts,
				       MOUNTS_BYTES_MAX))
		see_mounts(m, sysroot, mounts, groups);
	free(mounts);
}
