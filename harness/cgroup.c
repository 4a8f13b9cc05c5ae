/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define CPU_PERIOD_US 100000u /* the kernel's default */
#define CPU_CORES_MIN 0.01    /* the kernel's least quota: 1 ms a period */
#define KILL_NS 5000000000ull
#define NAP_NS 1000000u
#define FILE_BYTES_MAX 65536 /* of a control file */
/* A v1 limit of this or more means that there is none. */
#define V1_UNLIMITED (UINT64_MAX >> 2)

static const char *const uses[OAE_CGROUP_USES] = {
	[OAE_CGROUP_CPU] = "CPU quota",
	[OAE_CGROUP_CPUACCT] = "CPU time",
	[OAE_CGROUP_MEMORY] = "memory",
	[OAE_CGROUP_PERF] = "counters",
};

/* ---- control files ---------------------------------------------------- */

/* 0 or errno; "" with 0 when the file is empty. */
static int read_at(int dir, const char *file, char *out, size_t size)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC), sys = 0;
	size_t len = 0;
	ssize_t n = 0;

	out[0] = '\0';
	if (fd < 0)
		return errno;
	while (len < size - 1) {
		n = read(fd, out + len, size - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (n < 0)
		sys = errno;
	close(fd);
	out[len] = '\0';
	return sys;
}

static int write_at(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_TRUNC | O_CLOEXEC), sys = 0;
	size_t len = strlen(text);

	if (fd < 0)
		return errno;
	if (write(fd, text, len) != (ssize_t)len)
		sys = errno ? errno : EIO;
	close(fd);
	return sys;
}

static const struct oae_cgroup_dir *dir_of(const struct oae_cgroup *g,
					   enum oae_cgroup_use use)
{
	return g->use[use] < 0 ? NULL : &g->dirs[g->use[use]];
}

static enum oae_status fail_file(struct oae_error *err,
				 const struct oae_cgroup_dir *d,
				 const char *file, int sys)
{
	return oae_fail(err, sys == ENOENT ? OAE_ERR_UNSUPPORTED : OAE_ERR_IO,
			sys, "%.200s/%s", d->path, file);
}

/* One number; "max" is UINT64_MAX. */
static enum oae_status read_number(const struct oae_cgroup_dir *d,
				   const char *file, uint64_t *out,
				   struct oae_error *err)
{
	char text[64], *end;
	int sys = read_at(d->fd, file, text, sizeof(text));

	*out = UINT64_MAX;
	if (sys)
		return fail_file(err, d, file, sys);
	if (!strncmp(text, "max", 3))
		return OAE_OK;
	errno = 0;
	*out = strtoull(text, &end, 10);
	if (end == text || errno)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%.200s/%s: '%.20s' is no number", d->path,
				file, text);
	return OAE_OK;
}

/* The number beside a key of a "key number" file; 0 when it is not there. */
static uint64_t keyed(const char *text, const char *key)
{
	size_t n = strlen(key);

	while (text && *text) {
		if (!strncmp(text, key, n) && text[n] == ' ')
			return strtoull(text + n + 1, NULL, 10);
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return 0;
}

static enum oae_status read_keys(const struct oae_cgroup_dir *d,
				 const char *file, char *out, size_t size,
				 struct oae_error *err)
{
	int sys = read_at(d->fd, file, out, size);

	return sys ? fail_file(err, d, file, sys) : OAE_OK;
}

/* ---- the end of a group ----------------------------------------------- */

/* Kills what is in the group; true when nothing was. */
static bool kill_all(int fd)
{
	char text[FILE_BYTES_MAX], *at = text, *end;
	bool empty = true;
	long pid;

	if (read_at(fd, "cgroup.procs", text, sizeof(text)))
		return true;
	for (;;) {
		pid = strtol(at, &end, 10);
		if (end == at)
			return empty;
		at = end;
		empty = false;
		/* 0: of another PID namespace, not ours to name */
		if (pid > 1 && pid != getpid())
			(void)kill((pid_t)pid, SIGKILL);
	}
}

/* Where one dir of a group is gone, true. */
static bool remove_dir(const char *path, int fd)
{
	uint64_t end_ns = oae_clock_ns() + KILL_NS;

	(void)write_at(fd, "cgroup.kill", "1"); /* v2, from Linux 5.14 */
	for (;;) {
		bool empty = kill_all(fd);

		if (empty && (!rmdir(path) || errno == ENOENT))
			return true;
		/* EBUSY: an exiting process has not left it yet. */
		if ((empty && errno != EBUSY) || oae_clock_ns() >= end_ns)
			return false;
		oae_clock_sleep_until(oae_clock_ns() + NAP_NS);
	}
}

/*
 * A group is stale when its maker's number is free and nobody holds its
 * lock (the maker may be in another PID namespace).
 */
static void sweep_one(const char *parent, const char *name)
{
	char path[OAE_PATH_BYTES_MAX + 64], rest;
	unsigned n;
	int pid, fd;

	if (sscanf(name, "oae-%d-%u%c", &pid, &n, &rest) != 2 || pid <= 1 ||
	    !kill(pid, 0) || errno != ESRCH)
		return;
	(void)snprintf(path, sizeof(path), "%s/%.60s", parent, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		(void)remove_dir(path, fd);
	close(fd);
}

static void sweep(const char *parent)
{
	struct dirent *e;
	DIR *d = opendir(parent);

	while (d && (e = readdir(d)))
		if (!strncmp(e->d_name, "oae-", 4))
			sweep_one(parent, e->d_name);
	if (d)
		closedir(d);
}

/* ---- open, add, close ------------------------------------------------- */

static void say_why(struct oae_cgroup *g, enum oae_cgroup_use use,
		    const char *what, int sys)
{
	g->use[use] = -1;
	(void)snprintf(g->why[use], sizeof(g->why[use]), "%.160s: %s", what,
		       strerror(sys));
}

/* The index of the group below a place, made if need be; -1 with errno. */
static int make_dir(struct oae_cgroup *g, const struct oae_cgroup_place *place)
{
	struct oae_cgroup_dir *d = &g->dirs[g->dir_count];
	char name[sizeof(g->name)];
	size_t i;
	int n;

	memcpy(name, g->name, sizeof(name));
	n = snprintf(d->path, sizeof(d->path), "%s/%s", place->dir, name);
	if (n < 0 || (size_t)n >= sizeof(d->path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (i = 0; i < g->dir_count; i++)
		if (!strcmp(g->dirs[i].path, d->path))
			return (int)i;
	sweep(place->dir);
	if (mkdir(d->path, 0755))
		return -1;
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0 || flock(d->fd, LOCK_EX | LOCK_NB)) {
		n = errno;
		if (d->fd >= 0)
			close(d->fd);
		(void)rmdir(d->path);
		errno = n;
		return -1;
	}
	d->version = place->version;
	return (int)g->dir_count++;
}

enum oae_status oae_cgroup_open(struct oae_cgroup *g, const char *sysroot,
				struct oae_error *err)
{
	static unsigned counter;
	struct oae_cgroup_place *places;
	enum oae_status status;
	int use;

	memset(g, 0, sizeof(*g));
	for (use = 0; use < OAE_CGROUP_USES; use++)
		g->use[use] = -1;
	(void)snprintf(g->name, sizeof(g->name), "oae-%d-%u", (int)getpid(),
		       counter++);
	places = calloc(OAE_CGROUP_USES, sizeof(*places));
	if (!places)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "cgroup");
	status = oae_cgroup_find(sysroot, places, err);
	for (use = 0; !status && use < OAE_CGROUP_USES; use++) {
		if (!places[use].version) {
			memcpy(g->why[use], places[use].why,
			       sizeof(g->why[use]));
			continue;
		}
		g->use[use] = make_dir(g, &places[use]);
		if (g->use[use] < 0)
			say_why(g, (enum oae_cgroup_use)use, places[use].dir,
				errno);
	}
	free(places);
	if (!status && !g->dir_count)
		status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "cgroup: %s",
				  g->why[0]);
	return status;
}

void oae_cgroup_close(struct oae_cgroup *g)
{
	size_t i;

	for (i = 0; i < g->dir_count; i++) {
		(void)remove_dir(g->dirs[i].path, g->dirs[i].fd);
		close(g->dirs[i].fd);
	}
	g->dir_count = 0;
	for (i = 0; i < OAE_CGROUP_USES; i++)
		g->use[i] = -1;
}

enum oae_status oae_cgroup_check(const struct oae_cgroup *g,
				 enum oae_cgroup_use use, struct oae_error *err)
{
	if (g->use[use] >= 0)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "cgroup, %s: %s",
			uses[use],
			g->why[use][0] ? g->why[use] : "the group is closed");
}

enum oae_status oae_cgroup_add(struct oae_cgroup *g, pid_t pid,
			       struct oae_error *err)
{
	char text[24];
	bool any = false;
	size_t i;
	int sys, use;

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	for (i = 0; i < g->dir_count; i++) {
		sys = write_at(g->dirs[i].fd, "cgroup.procs", text);
		any = any || !sys;
		for (use = 0; sys && use < OAE_CGROUP_USES; use++)
			if (g->use[use] == (int)i)
				say_why(g, (enum oae_cgroup_use)use,
					g->dirs[i].path, sys);
	}
	return any ? OAE_OK : oae_cgroup_check(g, OAE_CGROUP_CPUACCT, err);
}

int oae_cgroup_perf_fd(const struct oae_cgroup *g)
{
	const struct oae_cgroup_dir *d = dir_of(g, OAE_CGROUP_PERF);

	return d ? open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* ---- CPU -------------------------------------------------------------- */

enum oae_status oae_cgroup_cpu_limit(const struct oae_cgroup *g, double *cores,
				     struct oae_error *err)
{
	const struct oae_cgroup_dir *d = dir_of(g, OAE_CGROUP_CPU);
	enum oae_status status;
	uint64_t period = 0;
	char text[64], *end;
	long long quota;
	int sys;

	*cores = INFINITY;
	if (!d)
		return oae_cgroup_check(g, OAE_CGROUP_CPU, err);
	sys = read_at(d->fd, d->version == 2 ? "cpu.max" : "cpu.cfs_quota_us",
		      text, sizeof(text));
	if (sys)
		return fail_file(err, d, "cpu.max or cpu.cfs_quota_us", sys);
	quota = strtoll(text, &end, 10); /* "max" and -1: no limit */
	if (end == text || quota <= 0)
		return OAE_OK;
	if (d->version == 2) {
		period = strtoull(end, NULL, 10);
	} else {
		status = read_number(d, "cpu.cfs_period_us", &period, err);
		if (status)
			return status;
	}
	if (period)
		*cores = (double)quota / (double)period;
	return OAE_OK;
}

enum oae_status oae_cgroup_limit_cpu(struct oae_cgroup *g, double cores,
				     double *got, struct oae_error *err)
{
	const struct oae_cgroup_dir *d = dir_of(g, OAE_CGROUP_CPU);
	unsigned long long quota;
	enum oae_status status;
	char text[64];
	int sys = 0;

	*got = INFINITY;
	if (!d)
		return oae_cgroup_check(g, OAE_CGROUP_CPU, err);
	if (!(cores >= CPU_CORES_MIN && cores <= 1e6))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"a CPU quota of %g cores; give at least %g",
				cores, CPU_CORES_MIN);
	quota = (unsigned long long)llround(cores * CPU_PERIOD_US);
	if (d->version == 2) {
		(void)snprintf(text, sizeof(text), "%llu %u", quota,
			       CPU_PERIOD_US);
		sys = write_at(d->fd, "cpu.max", text);
	} else {
		(void)snprintf(text, sizeof(text), "%u", CPU_PERIOD_US);
		sys = write_at(d->fd, "cpu.cfs_period_us", text);
		(void)snprintf(text, sizeof(text), "%llu", quota);
		if (!sys)
			sys = write_at(d->fd, "cpu.cfs_quota_us", text);
	}
	if (sys)
		return fail_file(
			err, d,
			d->version == 2 ? "cpu.max" : "cpu.cfs_quota_us", sys);
	status = oae_cgroup_cpu_limit(g, got, err);
	/* What was asked for, in whole microseconds a period. */
	if (!status && fabs(*got - (double)quota / CPU_PERIOD_US) > 1e-9)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%.200s: a quota of %g cores was set, %g reads"
				" back",
				d->path, cores, *got);
	return status;
}

enum oae_status oae_cgroup_cpu_ns(const struct oae_cgroup *g, uint64_t *ns,
				  struct oae_error *err)
{
	const struct oae_cgroup_dir *d = dir_of(g, OAE_CGROUP_CPUACCT);
	enum oae_status status;
	char text[4096];

	*ns = 0;
	if (!d)
		return oae_cgroup_check(g, OAE_CGROUP_CPUACCT, err);
	if (d->version == 1)
		return read_number(d, "cpuacct.usage", ns, err);
	status = read_keys(d, "cpu.stat", text, sizeof(text), err);
	*ns = keyed(text, "usage_usec") * 1000u;
	return status;
}

enum oae_status oae_cgroup_throttle(const struct oae_cgroup *g,
				    struct oae_cgroup_throttle *out,
				    struct oae_error *err)
{
	const struct oae_cgroup_dir *d = dir_of(g, OAE_CGROUP_CPU);
	enum oae_status status;
	char text[4096];

	memset(out, 0, sizeof(*out));
	if (!d)
		return oae_cgroup_check(g, OAE_CGROUP_CPU, err);
	status = read_keys(d, "cpu.stat", text, sizeof(text), err);
	out->periods = keyed(text, "nr_periods");
	out->throttled = keyed(text, "nr_throttled");
	out->throttled_ns = d->version == 2 ?
				    keyed(text, "throttled_usec") * 1000u :
				    keyed(text, "throttled_time");
	return status;
}

/* ---- memory ----------------------------------------------------------- */

enum oae_status oae_cgroup_memory_limit(const struct oae_cgroup *g,
					uint64_t *bytes, struct oae_error *err)
{
	const struct oae_cgroup_dir *d = dir_of(g, OAE_CGROUP_MEMORY);
	enum oae_status status;

	*bytes = UINT64_MAX;
	if (!d)
		return oae_cgroup_check(g, OAE_CGROUP_MEMORY, err);
	status = read_number(
		d, d->version == 2 ? "memory.max" : "memory.limit_in_bytes",
		bytes, err);
	if (d->version == 1 && *bytes >= V1_UNLIMITED)
		*bytes = UINT64_MAX;
	return status;
}

/* Keeps swap from taking what the limit keeps out; false when it may. */
static bool swap_off(const struct oae_cgroup_dir *d, uint64_t limit)
{
	char text[32];
	uint64_t got;

	if (d->version == 2)
		return !write_at(d->fd, "memory.swap.max", "0") &&
		       !read_number(d, "memory.swap.max", &got, NULL) &&
		       got == 0;
	(void)snprintf(text, sizeof(text), "%" PRIu64, limit);
	return !write_at(d->fd, "memory.memsw.limit_in_bytes", text) &&
	       !read_number(d, "memory.memsw.limit_in_bytes", &got, NULL) &&
	       got <= limit;
}

enum oae_status oae_cgroup_limit_memory(struct oae_cgroup *g, uint64_t bytes,
					uint64_t *got, bool *no_swap,
					struct oae_error *err)
{
	const struct oae_cgroup_dir *d = dir_of(g, OAE_CGROUP_MEMORY);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const char *file;
	enum oae_status status;
	char text[32];
	int sys;

	*got = UINT64_MAX;
	*no_swap = false;
	if (!d)
		return oae_cgroup_check(g, OAE_CGROUP_MEMORY, err);
	bytes -= bytes % page;
	if (!bytes || bytes > INT64_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"a memory limit of %" PRIu64
				" bytes; give at least a page",
				bytes);
	file = d->version == 2 ? "memory.max" : "memory.limit_in_bytes";
	(void)snprintf(text, sizeof(text), "%" PRIu64, bytes);
	sys = write_at(d->fd, file, text);
	if (sys)
		return fail_file(err, d, file, sys);
	status = oae_cgroup_memory_limit(g, got, err);
	if (!status && *got != bytes)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%.200s: a limit of %" PRIu64
				" bytes was set, %" PRIu64 " reads back",
				d->path, bytes, *got);
	*no_swap = !status && swap_off(d, bytes);
	return status;
}

enum oae_status oae_cgroup_memory_peak(const struct oae_cgroup *g,
				       uint64_t *bytes, struct oae_error *err)
{
	const struct oae_cgroup_dir *d = dir_of(g, OAE_CGROUP_MEMORY);
	enum oae_status status;

	*bytes = 0;
	if (!d)
		return oae_cgroup_check(g, OAE_CGROUP_MEMORY, err);
	/* memory.peak: from Linux 5.19 */
	status = read_number(d,
			     d->version == 2 ? "memory.peak" :
					       "memory.max_usage_in_bytes",
			     bytes, err);
	if (status)
		*bytes = 0;
	return status;
}

enum oae_status oae_cgroup_memory_events(const struct oae_cgroup *g,
					 struct oae_cgroup_memory_events *out,
					 struct oae_error *err)
{
	const struct oae_cgroup_dir *d = dir_of(g, OAE_CGROUP_MEMORY);
	enum oae_status status;
	char text[4096];
	uint64_t n = 0;

	memset(out, 0, sizeof(*out));
	if (!d)
		return oae_cgroup_check(g, OAE_CGROUP_MEMORY, err);
	status = read_keys(
		d, d->version == 2 ? "memory.events" : "memory.oom_control",
		text, sizeof(text), err);
	out->oom_kills = keyed(text, "oom_kill");
	out->limit_hits = keyed(text, "max");
	if (status || d->version == 2)
		return status;
	status = read_number(d, "memory.failcnt", &out->limit_hits, err);
	/* Where swap is limited too, that limit is looked at first. */
	if (!status && !read_number(d, "memory.memsw.failcnt", &n, NULL))
		out->limit_hits += n;
	return status;
}
