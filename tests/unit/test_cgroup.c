/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups: found and used in fake trees (v1, v2, hybrid, nested,
 * read-only), and for real where this machine lets us make one. A test that
 * needs a real group is skipped with the reason where there is none.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/spawn.h"
#include "harness/cgroup.h"
#include "tests/unit/skip.h"

#define MIB (1u << 20)

static const char *self;
static char root[] = "/tmp/oae-cgroup-XXXXXX";

/* ---- fake trees ------------------------------------------------------- */

static void put(const char *file, const char *text)
{
	char path[512], *slash;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s%s", root, file);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(oae_dir_make(path, NULL), OAE_OK);
	*slash = '/';
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void expect_file(const char *dir, const char *file, const char *want)
{
	char path[OAE_PATH_BYTES_MAX + 64], text[128] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_string_equal(text, want);
}

/* Into a group that oae made: the kernel's files, which a folder lacks. */
static void fill(const struct oae_cgroup *g, enum oae_cgroup_use use,
		 const char *file, const char *text)
{
	char path[OAE_PATH_BYTES_MAX];

	assert_true(g->use[use] >= 0);
	(void)snprintf(path, sizeof(path), "%s/%s",
		       g->dirs[g->use[use]].path + strlen(root), file);
	put(path, text);
}

static int clean(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command),
		       "rm -rf '%s/sys' '%s/proc' '%s/mnt'", root, root, root);
	return system(command);
}

static const char *dir_of(const struct oae_cgroup_place *p)
{
	return p->dir + strlen(root);
}

/* v1 alone, with our groups below the tops of the hierarchies. */
static void tree_v1(void)
{
	put("/proc/self/cgroup", "9:name=systemd:/\n4:memory:/jobs/a\n"
				 "2:cpu,cpuacct:/jobs/a\n");
	put("/proc/self/mountinfo",
	    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw\n"
	    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:7 - "
	    "cgroup cgroup rw,cpu,cpuacct\n"
	    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup "
	    "rw,name=systemd\n");
	put("/sys/fs/cgroup/memory/jobs/a/cgroup.procs", "");
	put("/sys/fs/cgroup/cpu,cpuacct/jobs/a/cgroup.procs", "");
}

static void v1(void **state)
{
	struct oae_cgroup g;
	struct oae_cgroup_throttle throttle;
	struct oae_cgroup_memory_events events;
	struct oae_error err = { 0 };
	uint64_t bytes, ns;
	double cores;
	bool no_swap;

	(void)state;
	tree_v1();
	assert_int_equal(oae_cgroup_open(&g, root, &err), OAE_OK);
	assert_int_equal(g.dir_count, 2); /* cpu and cpuacct are one */
	assert_int_equal(g.use[OAE_CGROUP_CPU], g.use[OAE_CGROUP_CPUACCT]);
	assert_non_null(strstr(g.dirs[0].path, "/cpu,cpuacct/jobs/a/oae-"));
	assert_int_equal(oae_cgroup_perf_fd(&g), -1);
	assert_int_equal(oae_cgroup_check(&g, OAE_CGROUP_PERF, &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "no cgroup hierarchy is mounted"));

	fill(&g, OAE_CGROUP_CPU, "cgroup.procs", "");
	fill(&g, OAE_CGROUP_CPU, "cpu.cfs_quota_us", "-1\n");
	fill(&g, OAE_CGROUP_CPU, "cpu.cfs_period_us", "50000\n");
	fill(&g, OAE_CGROUP_CPU, "cpuacct.usage", "123456789\n");
	fill(&g, OAE_CGROUP_CPU, "cpu.stat",
	     "nr_periods 10\nnr_throttled 4\nthrottled_time 700\n");
	fill(&g, OAE_CGROUP_MEMORY, "cgroup.procs", "");
	fill(&g, OAE_CGROUP_MEMORY, "memory.limit_in_bytes",
	     "9223372036854771712\n");
	fill(&g, OAE_CGROUP_MEMORY, "memory.memsw.limit_in_bytes", "0\n");
	fill(&g, OAE_CGROUP_MEMORY, "memory.max_usage_in_bytes", "4096000\n");
	fill(&g, OAE_CGROUP_MEMORY, "memory.failcnt", "17\n");
	fill(&g, OAE_CGROUP_MEMORY, "memory.oom_control",
	     "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");

	assert_int_equal(oae_cgroup_cpu_limit(&g, &cores, NULL), OAE_OK);
	assert_true(isinf(cores));
	assert_int_equal(oae_cgroup_limit_cpu(&g, 0.5, &cores, NULL), OAE_OK);
	assert_true(fabs(cores - 0.5) < 1e-12);
	expect_file(g.dirs[0].path, "cpu.cfs_quota_us", "50000");
	expect_file(g.dirs[0].path, "cpu.cfs_period_us", "100000");
	assert_int_equal(oae_cgroup_cpu_ns(&g, &ns, NULL), OAE_OK);
	assert_int_equal(ns, 123456789);
	assert_int_equal(oae_cgroup_throttle(&g, &throttle, NULL), OAE_OK);
	assert_int_equal(throttle.periods, 10);
	assert_int_equal(throttle.throttled, 4);
	assert_int_equal(throttle.throttled_ns, 700);

	assert_int_equal(oae_cgroup_memory_limit(&g, &bytes, NULL), OAE_OK);
	assert_true(bytes == UINT64_MAX);
	assert_int_equal(oae_cgroup_limit_memory(&g, 10000000, &bytes, &no_swap,
						 NULL),
			 OAE_OK);
	assert_int_equal(bytes, 10000000 / 4096 * 4096);
	assert_true(no_swap);
	assert_int_equal(oae_cgroup_memory_peak(&g, &bytes, NULL), OAE_OK);
	assert_int_equal(bytes, 4096000);
	assert_int_equal(oae_cgroup_memory_events(&g, &events, NULL), OAE_OK);
	assert_int_equal(events.oom_kills, 2);
	assert_int_equal(events.limit_hits, 17);
	assert_int_equal(oae_cgroup_add(&g, 4321, NULL), OAE_OK);
	expect_file(g.dirs[0].path, "cgroup.procs", "4321");
	/* What the fake group "holds" must not be killed at its end. */
	fill(&g, OAE_CGROUP_CPU, "cgroup.procs", "");
	fill(&g, OAE_CGROUP_MEMORY, "cgroup.procs", "");
	oae_cgroup_close(&g);
	oae_cgroup_close(&g);
	assert_int_equal(oae_cgroup_cpu_ns(&g, &ns, NULL), OAE_ERR_UNSUPPORTED);
}

/* A systemd user session: our scope hands nothing down, its slice does. */
static void tree_v2(const char *scope_limit)
{
	put("/proc/self/cgroup", "0::/user/app.slice/x\\x2d1.scope\n");
	put("/proc/self/mountinfo",
	    "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 "
	    "cgroup2 rw,nsdelegate\n");
	put("/sys/fs/cgroup/cgroup.procs", "");
	put("/sys/fs/cgroup/cgroup.subtree_control", "cpu memory pids\n");
	put("/sys/fs/cgroup/user/app.slice/cgroup.procs", "");
	put("/sys/fs/cgroup/user/app.slice/cgroup.subtree_control",
	    "cpu memory pids\n");
	put("/sys/fs/cgroup/user/app.slice/x\\x2d1.scope/cgroup.procs",
	    "1234\n");
	put("/sys/fs/cgroup/user/app.slice/x\\x2d1.scope/memory.max",
	    scope_limit);
	put("/sys/fs/cgroup/user/app.slice/x\\x2d1.scope/"
	    "cgroup.subtree_control",
	    "\n");
	put("/sys/fs/cgroup/user/app.slice/x\\x2d1.scope/cgroup.controllers",
	    "pids\n");
}

static void v2(void **state)
{
	struct oae_cgroup g;
	struct oae_cgroup_throttle throttle;
	struct oae_cgroup_memory_events events;
	struct oae_error err = { 0 };
	uint64_t bytes, ns;
	double cores;
	bool no_swap;
	int fd;

	(void)state;
	tree_v2("max\n");
	assert_int_equal(oae_cgroup_open(&g, root, &err), OAE_OK);
	assert_int_equal(g.dir_count, 1);
	assert_non_null(strstr(g.dirs[0].path, "/user/app.slice/oae-"));
	fill(&g, OAE_CGROUP_CPU, "cgroup.procs", "");
	fill(&g, OAE_CGROUP_CPU, "cpu.max", "max 100000\n");
	fill(&g, OAE_CGROUP_CPU, "cpu.stat",
	     "usage_usec 2500000\nuser_usec 1\nnr_periods 3\nnr_throttled 1\n"
	     "throttled_usec 12\n");
	fill(&g, OAE_CGROUP_CPU, "memory.max", "max\n");
	fill(&g, OAE_CGROUP_CPU, "memory.events",
	     "low 0\nhigh 0\nmax 55\noom 3\noom_kill 1\n");

	assert_int_equal(oae_cgroup_cpu_limit(&g, &cores, NULL), OAE_OK);
	assert_true(isinf(cores));
	assert_int_equal(oae_cgroup_limit_cpu(&g, 1.5, &cores, NULL), OAE_OK);
	assert_true(fabs(cores - 1.5) < 1e-12);
	expect_file(g.dirs[0].path, "cpu.max", "150000 100000");
	assert_int_equal(oae_cgroup_cpu_ns(&g, &ns, NULL), OAE_OK);
	assert_true(ns == 2500000000u);
	assert_int_equal(oae_cgroup_throttle(&g, &throttle, NULL), OAE_OK);
	assert_int_equal(throttle.throttled_ns, 12000);
	assert_int_equal(oae_cgroup_limit_memory(&g, 8 * MIB, &bytes, &no_swap,
						 NULL),
			 OAE_OK);
	assert_int_equal(bytes, 8 * MIB);
	assert_false(no_swap); /* there is no memory.swap.max */
	assert_int_equal(oae_cgroup_memory_events(&g, &events, NULL), OAE_OK);
	assert_int_equal(events.oom_kills, 1);
	assert_int_equal(events.limit_hits, 55);
	/* before Linux 5.19 */
	assert_int_equal(oae_cgroup_memory_peak(&g, &bytes, &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "memory.peak"));
	assert_int_equal(bytes, 0);
	fd = oae_cgroup_perf_fd(&g);
	assert_true(fd >= 0);
	close(fd);
	oae_cgroup_close(&g);
}

/* Beside a limited group a fresh one would be free of that limit. */
static void v2_limited(void **state)
{
	struct oae_cgroup_place *p =
		calloc(OAE_CGROUP_USES, sizeof(struct oae_cgroup_place));

	(void)state;
	assert_non_null(p);
	tree_v2("1000000\n");
	assert_int_equal(oae_cgroup_find(root, p, NULL), OAE_OK);
	assert_int_equal(p[OAE_CGROUP_MEMORY].version, 0);
	assert_non_null(strstr(p[OAE_CGROUP_MEMORY].why, "Delegate=yes"));
	assert_int_equal(p[OAE_CGROUP_CPU].version, 0);
	/* Counting needs no controller: below our own group. */
	assert_int_equal(p[OAE_CGROUP_CPUACCT].version, 2);
	assert_string_equal(dir_of(&p[OAE_CGROUP_CPUACCT]),
			    "/sys/fs/cgroup/user/app.slice/x\\x2d1.scope");
	free(p);
}

/* Our own group hands them down once it is asked to. */
static void v2_delegated(void **state)
{
	struct oae_cgroup_place *p =
		calloc(OAE_CGROUP_USES, sizeof(struct oae_cgroup_place));

	(void)state;
	assert_non_null(p);
	put("/proc/self/cgroup", "0::/a b\n");
	put("/proc/self/mountinfo",
	    "31 23 0:28 / /mnt/c\\040g rw - cgroup2 cgroup2 rw\n");
	put("/mnt/c g/a b/cgroup.procs", "");
	put("/mnt/c g/a b/cgroup.controllers", "memory\n");
	put("/mnt/c g/a b/cgroup.subtree_control", "");
	assert_int_equal(oae_cgroup_find(root, p, NULL), OAE_OK);
	assert_string_equal(dir_of(&p[OAE_CGROUP_PERF]), "/mnt/c g/a b");
	/* The fake file keeps the words that the kernel would act on. */
	expect_file(p[OAE_CGROUP_PERF].dir, "cgroup.subtree_control",
		    "+memory");
	free(p);
}

/* A container: the mount begins at our group, v1 beside an empty v2. */
static void hybrid(void **state)
{
	struct oae_cgroup_place *p =
		calloc(OAE_CGROUP_USES, sizeof(struct oae_cgroup_place));

	(void)state;
	assert_non_null(p);
	put("/proc/self/cgroup", "4:memory:/docker/f00/in\n0::/\n"
				 "5:cpu:/elsewhere\n");
	put("/proc/self/mountinfo",
	    "35 31 0:32 /docker/f00 /sys/fs/cgroup/memory rw - cgroup cgroup "
	    "rw,memory\n"
	    "36 31 0:33 /docker/f00 /sys/fs/cgroup/cpu rw - cgroup cgroup "
	    "rw,cpu\n"
	    "short line\n"
	    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
	put("/sys/fs/cgroup/memory/in/cgroup.procs", "");
	put("/sys/fs/cgroup/unified/cgroup.procs", "");
	assert_int_equal(oae_cgroup_find(root, p, NULL), OAE_OK);
	assert_int_equal(p[OAE_CGROUP_MEMORY].version, 1);
	assert_string_equal(dir_of(&p[OAE_CGROUP_MEMORY]),
			    "/sys/fs/cgroup/memory/in");
	assert_int_equal(p[OAE_CGROUP_CPU].version, 0);
	assert_non_null(strstr(p[OAE_CGROUP_CPU].why, "is not mounted here"));
	assert_int_equal(p[OAE_CGROUP_CPUACCT].version, 2);
	assert_int_equal(p[OAE_CGROUP_PERF].version, 2);
	assert_string_equal(dir_of(&p[OAE_CGROUP_PERF]),
			    "/sys/fs/cgroup/unified");
	free(p);
}

/* No group can be made below a file that takes no process. */
static void read_only(void **state)
{
	struct oae_cgroup g;
	struct oae_error err = { 0 };

	(void)state;
	put("/proc/self/cgroup", "0::/\n");
	put("/proc/self/mountinfo",
	    "31 23 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup2 ro\n");
	put("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
	assert_int_equal(oae_cgroup_open(&g, root, &err), OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "no group can be made there"));
	assert_int_equal(g.dir_count, 0);
	oae_cgroup_close(&g);
	err.status = OAE_OK;
	put("/proc/self/mountinfo", "");
	assert_int_equal(oae_cgroup_open(&g, root, &err), OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "no cgroup hierarchy is mounted"));
}

/* A value that the machine does not take is an error with both numbers. */
static void reads_back(void **state)
{
	struct oae_cgroup g;
	struct oae_error err = { 0 };
	char path[OAE_PATH_BYTES_MAX + 64];
	uint64_t bytes;
	bool no_swap;
	double cores;

	(void)state;
	tree_v1();
	assert_int_equal(oae_cgroup_open(&g, root, &err), OAE_OK);
	assert_int_equal(oae_cgroup_limit_memory(&g, 8 * MIB, &bytes, &no_swap,
						 &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "memory.limit_in_bytes"));
	/* /dev/null takes every word and gives none back. */
	(void)snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us",
		       g.dirs[0].path);
	assert_int_equal(symlink("/dev/null", path), 0);
	fill(&g, OAE_CGROUP_CPU, "cpu.cfs_period_us", "100000\n");
	err.status = OAE_OK;
	assert_int_equal(oae_cgroup_limit_cpu(&g, 0.25, &cores, &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "0.25 cores was set, inf reads"));
	err.status = OAE_OK;
	assert_int_equal(oae_cgroup_limit_cpu(&g, 0.001, &cores, &err),
			 OAE_ERR_USAGE);
	err.status = OAE_OK;
	assert_int_equal(oae_cgroup_limit_memory(&g, 100, &bytes, &no_swap,
						 &err),
			 OAE_ERR_USAGE);
	oae_cgroup_close(&g);
}

/* A number that no process has, now. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void stale(void **state)
{
	char theirs[256], ours[256], other[256];
	struct oae_cgroup g;

	(void)state;
	tree_v1();
	(void)snprintf(theirs, sizeof(theirs),
		       "%s/sys/fs/cgroup/memory/jobs/a/oae-%d-3", root,
		       (int)dead_pid());
	(void)snprintf(ours, sizeof(ours),
		       "%s/sys/fs/cgroup/memory/jobs/a/oae-%d-999999", root,
		       (int)getpid());
	(void)snprintf(other, sizeof(other),
		       "%s/sys/fs/cgroup/memory/jobs/a/oae-%d-3x", root,
		       (int)dead_pid());
	assert_int_equal(mkdir(theirs, 0755), 0);
	assert_int_equal(mkdir(ours, 0755), 0);
	assert_int_equal(mkdir(other, 0755), 0);
	assert_int_equal(oae_cgroup_open(&g, root, NULL), OAE_OK);
	assert_false(oae_dir_exists(theirs));
	assert_true(oae_dir_exists(ours));
	assert_true(oae_dir_exists(other));
	oae_cgroup_close(&g);
}

/* ---- the real ones ---------------------------------------------------- */

static bool opened(struct oae_cgroup *g, enum oae_cgroup_use use)
{
	struct oae_error err = { 0 };

	if (!oae_cgroup_open(g, "", &err) && !oae_cgroup_check(g, use, &err))
		return true;
	oae_cgroup_close(g);
	skip_because("%s", err.text);
}

static void start(struct oae_cgroup *g, struct oae_child *c, const char *what,
		  const char *amount)
{
	const char *argv[] = { self, what, amount, NULL };
	struct oae_spawn how = { .argv = argv, .hold = true };

	assert_int_equal(oae_child_spawn(c, &how, NULL), OAE_OK);
	assert_int_equal(oae_cgroup_add(g, c->pid, NULL), OAE_OK);
	assert_int_equal(oae_child_start(c, NULL), OAE_OK);
}

/* A twentieth of a core: a child that burns 0.1 s is stopped meanwhile. */
static void real_cpu(void **state)
{
	struct oae_cgroup_throttle throttle = { 0 };
	struct oae_cgroup g;
	struct oae_child c;
	double cores = 0;
	uint64_t ns = 0;

	(void)state;
	if (!opened(&g, OAE_CGROUP_CPU))
		return;
	assert_int_equal(oae_cgroup_limit_cpu(&g, 0.05, &cores, NULL), OAE_OK);
	assert_true(fabs(cores - 0.05) < 1e-9);
	start(&g, &c, "burn", "0.1");
	assert_true(oae_child_wait(&c, 60000));
	assert_int_equal(oae_cgroup_throttle(&g, &throttle, NULL), OAE_OK);
	assert_true(throttle.throttled >= 2);
	assert_true(throttle.throttled_ns > 20000000u);
	assert_int_equal(oae_cgroup_cpu_ns(&g, &ns, NULL), OAE_OK);
	assert_true(ns > 95000000u && ns < 400000000u);
	assert_true(fabs((double)ns * 1e-9 - c.user_s - c.system_s) < 0.1);
	oae_child_release(&c);
	oae_cgroup_close(&g);
}

static void real_memory(void **state)
{
	struct oae_cgroup_memory_events events = { 0 };
	struct oae_cgroup g;
	struct oae_child c;
	uint64_t bytes = 0;
	bool no_swap;
	char how[96];

	(void)state;
	if (!opened(&g, OAE_CGROUP_MEMORY))
		return;
	start(&g, &c, "touch", "48");
	assert_true(oae_child_wait(&c, 60000));
	oae_child_describe(&c, how, sizeof(how));
	assert_string_equal(how, "exit 0");
	oae_child_release(&c);
	assert_int_equal(oae_cgroup_memory_peak(&g, &bytes, NULL), OAE_OK);
	assert_true(bytes >= 48 * MIB && bytes < 64 * MIB);
	assert_int_equal(oae_cgroup_memory_events(&g, &events, NULL), OAE_OK);
	assert_int_equal(events.oom_kills, 0);
	/* Twice what it may have: the kernel kills it, and says so. */
	assert_int_equal(oae_cgroup_limit_memory(&g, 24 * MIB, &bytes, &no_swap,
						 NULL),
			 OAE_OK);
	start(&g, &c, "touch", "48");
	assert_true(oae_child_wait(&c, 60000));
	oae_child_describe(&c, how, sizeof(how));
	assert_non_null(strstr(how, "signal 9"));
	oae_child_release(&c);
	assert_int_equal(oae_cgroup_memory_events(&g, &events, NULL), OAE_OK);
	assert_true(events.oom_kills >= 1);
	assert_true(g.dirs[g.use[OAE_CGROUP_MEMORY]].version == 1 ||
		    events.limit_hits >= 1);
	oae_cgroup_close(&g);
}

/* A child's own child survives it, but not its group. */
static void real_close(void **state)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_cgroup g;
	struct oae_child c;
	uint64_t ns;

	(void)state;
	if (!opened(&g, OAE_CGROUP_CPUACCT))
		return;
	(void)snprintf(path, sizeof(path), "%s", g.dirs[0].path);
	assert_true(oae_dir_exists(path));
	start(&g, &c, "orphan", "60");
	assert_true(oae_child_wait(&c, 60000));
	oae_cgroup_close(&g);
	assert_false(oae_dir_exists(path));
	assert_int_equal(oae_cgroup_cpu_ns(&g, &ns, NULL), OAE_ERR_UNSUPPORTED);
	oae_child_release(&c);
}

/* ---- the child -------------------------------------------------------- */

static int burn(double seconds)
{
	struct timespec ts;

	do {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	} while ((double)ts.tv_sec + (double)ts.tv_nsec * 1e-9 < seconds);
	return 0;
}

static int touch(size_t mib)
{
	char *p = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (p == MAP_FAILED)
		return 3;
	for (i = 0; i < mib * MIB; i += 4096)
		p[i] = 1;
	return 0;
}

/* Leaves one behind, in its own process group: only a cgroup holds it. */
static int orphan(unsigned seconds)
{
	if (fork() == 0) {
		setsid();
		close(0);
		close(1);
		close(2);
		sleep(seconds);
		_exit(0);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(v1, clean),
		cmocka_unit_test_teardown(v2, clean),
		cmocka_unit_test_teardown(v2_limited, clean),
		cmocka_unit_test_teardown(v2_delegated, clean),
		cmocka_unit_test_teardown(hybrid, clean),
		cmocka_unit_test_teardown(read_only, clean),
		cmocka_unit_test_teardown(reads_back, clean),
		cmocka_unit_test_teardown(stale, clean),
		cmocka_unit_test(real_cpu),
		cmocka_unit_test(real_memory),
		cmocka_unit_test(real_close),
	};
	int failed;

	if (argc == 3 && !strcmp(argv[1], "burn"))
		return burn(strtod(argv[2], NULL));
	if (argc == 3 && !strcmp(argv[1], "touch"))
		return touch((size_t)strtoul(argv[2], NULL, 10));
	if (argc == 3)
		return orphan((unsigned)strtoul(argv[2], NULL, 10));
	self = argv[0];
	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(root);
	return failed;
}
