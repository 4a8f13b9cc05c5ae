/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where our own group is in each hierarchy, and where one can be made:
 * /proc/self/cgroup names the groups, /proc/self/mountinfo (proc(5)) the
 * places at which the hierarchies are mounted, and from which of their
 * folders on.
 */
#define _GNU_SOURCE
#include "harness/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define PROC_BYTES_MAX (4u << 20)
#define MOUNT_FIELDS_MAX 32u
#define LEVELS_MAX 64u /* nested groups that are looked through */

static const char *const controllers[OAE_CGROUP_USES] = {
	[OAE_CGROUP_CPU] = "cpu",
	[OAE_CGROUP_CPUACCT] = "cpuacct",
	[OAE_CGROUP_MEMORY] = "memory",
	[OAE_CGROUP_PERF] = "perf_event",
};

struct find {
	const char *sysroot;
	struct oae_buf groups, mounts; /* the two /proc files */
};

/* ---- words ------------------------------------------------------------ */

/* Whether one of the words of list, cut at any of `seps`, is word. */
static bool has_word(const char *list, size_t len, const char *seps,
		     const char *word)
{
	size_t n = strlen(word), at = 0, end;

	while (at < len) {
		for (end = at; end < len && !strchr(seps, list[end]);)
			end++;
		if (end - at == n && !strncmp(list + at, word, n))
			return true;
		at = end + 1;
	}
	return false;
}

/* "\040" and its like become what they stand for. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; to++) {
		bool octal = s[0] == '\\' && s[1] >= '0' && s[1] <= '3' &&
			     s[2] >= '0' && s[2] <= '7' && s[3] >= '0' &&
			     s[3] <= '7';

		*to = octal ? (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
				     s[3] - '0') :
			      *s;
		s += octal ? 4 : 1;
	}
	*to = '\0';
}

static bool read_file(const char *dir, const char *file, char *out, size_t size)
{
	char path[OAE_PATH_BYTES_MAX + 64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, out, size - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

/* ---- /proc ------------------------------------------------------------ */

/* Our own group by that controller, or on v2 when it is NULL. */
static bool own_group(const struct find *f, const char *controller, char *out,
		      size_t size)
{
	const char *line = oae_buf_str(&f->groups), *list, *path, *end;

	for (; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		list = memchr(line, ':', (size_t)(end - line));
		path = list ? memchr(list + 1, ':', (size_t)(end - list - 1)) :
			      NULL;
		if (!path || path[1] != '/')
			continue;
		if (controller ? !has_word(list + 1, (size_t)(path - list - 1),
					   ",", controller) :
				 path != list + 1)
			continue;
		(void)snprintf(out, size, "%.*s", (int)(end - path - 1),
			       path + 1);
		return true;
	}
	return false;
}

/* The rest of path below root, "" or "/x"; NULL when it is not below. */
static const char *below(const char *path, const char *root)
{
	size_t n = strlen(root);

	if (!strcmp(root, "/"))
		return strcmp(path, "/") == 0 ? "" : path;
	if (strncmp(path, root, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path + n;
}

/* One line of mountinfo: "id parent dev root point opts... - type src super" */
static bool parse_mount(char *line, char **root, char **point, char **type,
			char **super)
{
	char *field[MOUNT_FIELDS_MAX], *rest = NULL, *word;
	size_t n = 0, dash = 0;

	for (word = strtok_r(line, " ", &rest); word && n < MOUNT_FIELDS_MAX;
	     word = strtok_r(NULL, " ", &rest)) {
		if (!dash && n >= 6 && !strcmp(word, "-"))
			dash = n;
		field[n++] = word;
	}
	if (!dash || dash + 3 >= n)
		return false;
	*root = field[3];
	*point = field[4];
	*type = field[dash + 1];
	*super = field[dash + 3];
	unescape(*root);
	unescape(*point);
	return true;
}

/*
 * The folder of our group `path` and the top of its mount, for a v1
 * controller, or for v2 when that is NULL. The last mount that fits wins: it
 * hides those before it.
 */
static bool own_dir(const struct find *f, const char *controller,
		    const char *path, char *out, size_t size, size_t *top)
{
	char *text = strdup(oae_buf_str(&f->mounts)), *rest = NULL, *line;
	char *root, *point, *type, *super;
	const char *tail;
	bool found = false;
	int n;

	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (!parse_mount(line, &root, &point, &type, &super) ||
		    strcmp(type, controller ? "cgroup" : "cgroup2") != 0)
			continue;
		if (controller &&
		    !has_word(super, strlen(super), ",", controller))
			continue;
		tail = below(path, root);
		if (!tail)
			continue;
		n = snprintf(out, size, "%s%s%s", f->sysroot, point, tail);
		*top = strlen(f->sysroot) + strlen(point);
		found = n > 0 && (size_t)n < size;
	}
	free(text);
	return found;
}

/* ---- v1 --------------------------------------------------------------- */

static bool may_make(const char *dir, struct oae_cgroup_place *out)
{
	char path[OAE_PATH_BYTES_MAX + 64];

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	if (!faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) &&
	    !faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
		return true;
	(void)snprintf(out->why, sizeof(out->why),
		       "%.140s: no group can be made there: %s", dir,
		       strerror(errno));
	return false;
}

/* False: the controller is in no v1 hierarchy. */
static bool find_v1(const struct find *f, enum oae_cgroup_use use,
		    struct oae_cgroup_place *out)
{
	char path[OAE_PATH_BYTES_MAX];
	size_t top;

	if (!own_group(f, controllers[use], path, sizeof(path)))
		return false;
	if (!own_dir(f, controllers[use], path, out->dir, sizeof(out->dir),
		     &top))
		(void)snprintf(out->why, sizeof(out->why),
			       "our %s group %.120s is not mounted here",
			       controllers[use], path);
	else if (may_make(out->dir, out))
		out->version = 1;
	return true;
}

/* ---- v2 --------------------------------------------------------------- */

static bool handed_down(const char *dir, enum oae_cgroup_use use)
{
	char text[512];

	return read_file(dir, "cgroup.subtree_control", text, sizeof(text)) &&
	       has_word(text, strlen(text), " \n", controllers[use]);
}

/* Asks for a controller in our own group; the kernel may refuse. */
static void switch_on(const char *dir, enum oae_cgroup_use use)
{
	char path[OAE_PATH_BYTES_MAX + 64], word[32], text[512];
	ssize_t n;
	int fd;

	if (handed_down(dir, use) ||
	    !read_file(dir, "cgroup.controllers", text, sizeof(text)) ||
	    !has_word(text, strlen(text), " \n", controllers[use]))
		return;
	(void)snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	(void)snprintf(word, sizeof(word), "+%s", controllers[use]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = write(fd, word, strlen(word));
	(void)n; /* what holds is read again */
	close(fd);
}

/* A group beside this one would not be held by its limits. */
static bool is_limited(const char *dir)
{
	char text[128];

	return (read_file(dir, "memory.max", text, sizeof(text)) &&
		strncmp(text, "max", 3) != 0) ||
	       (read_file(dir, "cpu.max", text, sizeof(text)) &&
		strncmp(text, "max", 3) != 0);
}

/*
 * Goes from our own group upwards to the first that hands down all that is
 * wanted, else to the nearest that hands down most of it.
 */
static void find_v2_dir(char *dir, size_t top, const bool wanted[],
			struct oae_cgroup_place *out)
{
	int best = -1, count, all = 0, level, use;
	char *slash;

	for (use = 0; use < OAE_CGROUP_USES; use++)
		all += wanted[use];
	for (level = 0; level < (int)LEVELS_MAX; level++) {
		for (use = count = 0; use < OAE_CGROUP_USES; use++) {
			if (wanted[use] && level == 0)
				switch_on(dir, (enum oae_cgroup_use)use);
			count += wanted[use] &&
				 handed_down(dir, (enum oae_cgroup_use)use);
		}
		if (count > best && may_make(dir, out)) {
			best = count;
			out->version = 2;
			(void)snprintf(out->dir, sizeof(out->dir), "%s", dir);
		}
		if (best == all || is_limited(dir))
			break;
		slash = strrchr(dir, '/');
		if (strlen(dir) <= top || !slash)
			break;
		*slash = '\0';
	}
}

static void place_v2(const struct oae_cgroup_place *v2, enum oae_cgroup_use use,
		     struct oae_cgroup_place *out)
{
	/* These two need no controller of their own on v2. */
	bool always = use == OAE_CGROUP_CPUACCT || use == OAE_CGROUP_PERF;

	if (v2->version && (always || handed_down(v2->dir, use))) {
		*out = *v2;
		out->why[0] = '\0';
		return;
	}
	if (v2->version)
		(void)snprintf(out->why, sizeof(out->why),
			       "%.100s does not hand the %s controller down;"
			       " run as root, or with: systemd-run --user"
			       " --scope -p Delegate=yes",
			       v2->dir, controllers[use]);
	else
		(void)snprintf(out->why, sizeof(out->why), "%s",
			       v2->why[0] ? v2->why :
					    "no cgroup hierarchy is mounted");
}

static void find_all(const struct find *f,
		     struct oae_cgroup_place out[OAE_CGROUP_USES])
{
	char path[OAE_PATH_BYTES_MAX], dir[OAE_PATH_BYTES_MAX];
	bool wanted[OAE_CGROUP_USES] = { false }, v1[OAE_CGROUP_USES];
	struct oae_cgroup_place v2 = { 0 };
	size_t top;
	int use;

	for (use = 0; use < OAE_CGROUP_USES; use++) {
		v1[use] = find_v1(f, (enum oae_cgroup_use)use, &out[use]);
		wanted[use] = !v1[use] && (use == OAE_CGROUP_CPU ||
					   use == OAE_CGROUP_MEMORY);
	}
	if (own_group(f, NULL, path, sizeof(path)) &&
	    own_dir(f, NULL, path, dir, sizeof(dir), &top))
		find_v2_dir(dir, top, wanted, &v2);
	for (use = 0; use < OAE_CGROUP_USES; use++)
		if (!v1[use])
			place_v2(&v2, (enum oae_cgroup_use)use, &out[use]);
}

enum oae_status oae_cgroup_find(const char *sysroot,
				struct oae_cgroup_place out[OAE_CGROUP_USES],
				struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct find f = { .sysroot = sysroot };
	enum oae_status status;

	memset(out, 0, sizeof(*out) * OAE_CGROUP_USES);
	oae_buf_init(&f.groups, PROC_BYTES_MAX);
	oae_buf_init(&f.mounts, PROC_BYTES_MAX);
	(void)snprintf(path, sizeof(path), "%.3000s/proc/self/cgroup", sysroot);
	status = oae_file_read(path, &f.groups, err);
	(void)snprintf(path, sizeof(path), "%.3000s/proc/self/mountinfo",
		       sysroot);
	if (!status)
		status = oae_file_read(path, &f.mounts, err);
	if (!status)
		find_all(&f, out);
	oae_buf_release(&f.groups);
	oae_buf_release(&f.mounts);
	return status;
}
