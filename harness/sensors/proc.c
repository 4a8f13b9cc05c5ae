/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU time of the adapter's process tree. Where it has a control group,
 * `cpu_ns` is the group's: all that ever ran in it, also what daemonised or
 * ended unreaped. Else it is the sum from /proc of the living processes' CPU
 * clocks (nanoseconds) and of what their reaped children used (clock ticks,
 * usually 10 ms); a child that is not reaped by its parent, or that left the
 * tree, drops out of that, and only the perf sensor's task clock keeps it.
 * User and system time are always from /proc.
 */
#define _GNU_SOURCE
#include "harness/sensors/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/cgroup.h"
#include "harness/sensors/sensor.h"

#define MEMORY_PERIOD_NS 100000000u

enum {
	CPU,
	USER,
	SYSTEM,
	N_CHANNELS
};

struct proc_state {
	pid_t root;			/* 0: detached */
	const struct oae_cgroup *group; /* NULL: none that counts */
	uint64_t group_base;		/* what it had used before */
	uint64_t tick_ns;
	uint64_t last[N_CHANNELS];
	struct oae_tree tree;
};

/* At most size - 1 bytes of a /proc file; false when it is not there. */
static bool read_proc(char *out, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, out, size - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static void add_children(struct oae_tree *t, const char *path)
{
	char text[4096], *at = text, *end;
	size_t len;
	long pid;

	if (!read_proc(text, sizeof(text), path))
		return;
	len = strlen(text);
	while (len == sizeof(text) - 1 && text[len - 1] != ' ')
		text[--len] = '\0'; /* the list was cut inside a number */
	while (t->count < OAE_TREE_PROCESSES_MAX) {
		pid = strtol(at, &end, 10);
		if (end == at || pid <= 0)
			break;
		t->pid[t->count++] = (pid_t)pid;
		at = end;
	}
}

void oae_tree_walk(struct oae_tree *t, pid_t root)
{
	char path[128];
	struct dirent *e;
	size_t i;
	DIR *d;

	t->pid[0] = root;
	t->count = 1;
	for (i = 0; i < t->count; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/task",
			       (int)t->pid[i]);
		d = opendir(path);
		while (d && (e = readdir(d))) {
			if (e->d_name[0] == '.')
				continue;
			(void)snprintf(path, sizeof(path),
				       "/proc/%d/task/%.20s/children",
				       (int)t->pid[i], e->d_name);
			add_children(t, path);
		}
		if (d)
			closedir(d);
	}
}

bool oae_tree_pss_bytes(struct oae_tree *t, pid_t root, uint64_t *bytes)
{
	unsigned long long kib;
	char path[64], text[512], *at;
	bool any = false;
	size_t i;

	*bytes = 0;
	oae_tree_walk(t, root);
	for (i = 0; i < t->count; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup",
			       (int)t->pid[i]);
		if (!read_proc(text, sizeof(text), path))
			continue;
		at = strstr(text, "\nPss:");
		if (!at)
			continue;
		kib = strtoull(at + 5, NULL, 10);
		*bytes += kib * 1024u;
		any = true;
	}
	return any;
}

uint64_t oae_tree_pause_ns(uint64_t cost_ns)
{
	uint64_t pause = cost_ns * OAE_TREE_COST_PARTS;

	return pause > MEMORY_PERIOD_NS ? pause : MEMORY_PERIOD_NS;
}

/* utime, stime, cutime, cstime of one process, in ticks. */
static bool read_ticks(pid_t pid, uint64_t ticks[4])
{
	char path[64], text[1024], *at;
	int i;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (!read_proc(text, sizeof(text), path))
		return false;
	at = strrchr(text, ')'); /* the name may hold anything */
	/* field 2 ends here; 14 is utime */
	for (i = 2; at && i < 14; i++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	for (i = 0; at && i < 4; i++)
		ticks[i] = strtoull(at, &at, 10);
	return at != NULL;
}

static uint64_t clock_of(pid_t pid, uint64_t otherwise)
{
	struct timespec ts;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &ts) < 0)
		return otherwise;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* False when it cannot be read: /proc has less, and must not stand in. */
static bool read_group(const struct proc_state *p, uint64_t *ns)
{
	uint64_t now;

	if (oae_cgroup_cpu_ns(p->group, &now, NULL))
		return false;
	*ns = now > p->group_base ? now - p->group_base : 0;
	return true;
}

static void proc_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	struct proc_state *p = s->state;
	uint64_t sum[N_CHANNELS] = { 0 }, ticks[4];
	bool any = false, whole = true;
	size_t i;

	if (p->group)
		whole = read_group(p, &sum[CPU]);
	if (!p->root) {
		out[CPU].ok = p->group && whole;
		out[CPU].raw = sum[CPU];
		return;
	}
	oae_tree_walk(&p->tree, p->root);
	for (i = 0; i < p->tree.count; i++) {
		if (!read_ticks(p->tree.pid[i], ticks))
			continue;
		any = true;
		if (!p->group)
			sum[CPU] +=
				clock_of(p->tree.pid[i],
					 (ticks[0] + ticks[1]) * p->tick_ns) +
				(ticks[2] + ticks[3]) * p->tick_ns;
		sum[USER] += (ticks[0] + ticks[2]) * p->tick_ns;
		sum[SYSTEM] += (ticks[1] + ticks[3]) * p->tick_ns;
	}
	for (i = 0; i < N_CHANNELS; i++) {
		/* Time that was spent does not go away with its process. */
		if (sum[i] > p->last[i])
			p->last[i] = sum[i];
		out[i].ok = any;
		out[i].raw = p->last[i];
	}
	if (p->group)
		out[CPU].ok = whole;
}

static enum oae_status proc_open(struct oae_sensor *s, const char *sysroot,
				 struct oae_error *err)
{
	static const char *const names[N_CHANNELS] = {
		[CPU] = "proc.cpu_ns",
		[USER] = "proc.cpu_user_ns",
		[SYSTEM] = "proc.cpu_system_ns",
	};
	struct proc_state *p = calloc(1, sizeof(*p));
	long per_s = sysconf(_SC_CLK_TCK);
	size_t i;

	(void)sysroot; /* processes are never faked */
	if (!p)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "proc sensor");
	p->tick_ns = 1000000000u / (uint64_t)(per_s > 0 ? per_s : 100);
	s->state = p;
	for (i = 0; i < N_CHANNELS; i++)
		oae_sensor_add(s, names[i], "ns")->scope = OAE_SCOPE_TREE;
	return OAE_OK;
}

static void proc_detach(struct oae_sensor *s)
{
	struct proc_state *p = s->state;

	p->root = 0;
	p->group = NULL;
	memset(p->last, 0, sizeof(p->last));
}

static enum oae_status proc_attach(struct oae_sensor *s,
				   const struct oae_target *t,
				   struct oae_error *err)
{
	struct proc_state *p = s->state;

	(void)err;
	proc_detach(s);
	p->root = t->pid;
	if (t->group && !oae_cgroup_cpu_ns(t->group, &p->group_base, NULL))
		p->group = t->group;
	return OAE_OK;
}

static void proc_close(struct oae_sensor *s)
{
	free(s->state);
	s->state = NULL;
}

const struct oae_sensor_type oae_sensor_proc = {
	.name = "proc",
	.about = "CPU time of the adapter's process tree, from /proc",
	.open = proc_open,
	.attach = proc_attach,
	.detach = proc_detach,
	.read = proc_read,
	.close = proc_close,
};
