/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PATH_BYTES_MAX 1024
#define CACHES_MAX 8	    /* of a processor */
#define TEXT_BYTES_MAX 8192 /* of each file; what we look for is before that */

static bool read_text(const char *path, char *text)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(text, 1, TEXT_BYTES_MAX - 1, f);
	fclose(f);
	text[n] = 0;
	return n > 0;
}

/* The number behind "key" and blanks at the beginning of a line. */
static bool number_after(const char *text, const char *key, uint64_t *out)
{
	size_t len = strlen(key);
	char *end;

	for (const char *line = text; line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, key, len))
			continue;
		*out = strtoull(line + len, &end, 10);
		return end != line + len;
	}
	return false;
}

static bool read_number(const char *folder, const char *file, uint64_t *out)
{
	char path[PATH_BYTES_MAX + 64], text[TEXT_BYTES_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	return read_text(path, text) && number_after(text, "", out);
}

static void lower(struct oae_memory *m, uint64_t bytes, const char *limit)
{
	if (bytes >= m->bytes)
		return;
	m->bytes = bytes;
	m->limit = limit;
}

/* One cgroup; "max" or an absurd number means that it has no limit. */
static void one_cgroup(struct oae_memory *m, const char *folder, bool v2)
{
	char path[PATH_BYTES_MAX + 64], text[TEXT_BYTES_MAX];
	uint64_t max, used, cached = 0;

	if (!read_number(folder, v2 ? "memory.max" : "memory.limit_in_bytes",
			 &max) ||
	    max >= UINT64_MAX / 4 || /* without a limit the rest is slow */
	    !read_number(folder,
			 v2 ? "memory.current" : "memory.usage_in_bytes",
			 &used))
		return;
	snprintf(path, sizeof(path), "%s/memory.stat", folder);
	if (read_text(path, text))
		number_after(text,
			     v2 ? "inactive_file " : "total_inactive_file ",
			     &cached);
	used -= cached < used ? cached : used;
	lower(m, max > used ? max - used : 0, "the memory limit of its cgroup");
}

/* The cgroup of a line of /proc/self/cgroup, and those above it. */
static void cgroups(struct oae_memory *m, const char *root, const char *line)
{
	char folder[PATH_BYTES_MAX];
	const char *path;
	bool v2 = !strncmp(line, "0::", 3);
	size_t mount, len;
	char *slash;

	path = v2 ? line + 2 : strstr(line, ":memory:");
	if (!path || path > line + strcspn(line, "\n"))
		return;
	path = strchr(path, '/');
	len = path ? strcspn(path, "\n") : 0;
	mount = (size_t)snprintf(folder, sizeof(folder), "%s/sys/fs/cgroup%s",
				 root, v2 ? "" : "/memory");
	if (!len || mount + len >= sizeof(folder))
		return;
	memcpy(folder + mount, path, len);
	folder[mount + len] = 0;
	for (;;) {
		one_cgroup(m, folder, v2);
		slash = strrchr(folder + mount, '/');
		if (!slash)
			return;
		*slash = 0;
	}
}

static void resource_limits(struct oae_memory *m)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), all, data, used;
	char text[TEXT_BYTES_MAX];
	struct rlimit space, own;

	if (getrlimit(RLIMIT_AS, &space) || getrlimit(RLIMIT_DATA, &own) ||
	    (space.rlim_cur == RLIM_INFINITY && own.rlim_cur == RLIM_INFINITY))
		return;
	/* size resident shared text lib data dirty, in pages */
	if (!read_text("/proc/self/statm", text) ||
	    sscanf(text, "%" SCNu64 " %*u %*u %*u %*u %" SCNu64, &all, &data) !=
		    2)
		return;
	if (space.rlim_cur != RLIM_INFINITY) {
		used = all * page;
		lower(m, space.rlim_cur > used ? space.rlim_cur - used : 0,
		      "the limit on address space (ulimit -v)");
	}
	if (own.rlim_cur != RLIM_INFINITY) {
		used = data * page;
		lower(m, own.rlim_cur > used ? own.rlim_cur - used : 0,
		      "the limit on data (ulimit -d)");
	}
}

struct oae_memory oae_memory_available(const char *root)
{
	struct oae_memory m = { UINT64_MAX, "nothing" };
	char path[PATH_BYTES_MAX], text[TEXT_BYTES_MAX];
	uint64_t kib;

	snprintf(path, sizeof(path), "%s/proc/meminfo", root);
	if (read_text(path, text) && number_after(text, "MemAvailable:", &kib))
		lower(&m, kib * 1024, "the machine's available memory");
	snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
	if (read_text(path, text))
		for (const char *line = text; line && *line;
		     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
			cgroups(&m, root, line);
	if (!*root)
		resource_limits(&m);
	return m;
}

/* "8192K" or "8M" */
static uint64_t cache_size(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	return n > UINT32_MAX ? 0 :
	       *end == 'K'    ? n << 10 :
	       *end == 'M'    ? n << 20 :
				n;
}

uint64_t oae_memory_cache(const char *root)
{
	char path[PATH_BYTES_MAX], text[TEXT_BYTES_MAX];
	uint64_t size, most = 0;

	for (int i = 0; i < CACHES_MAX; i++) {
		snprintf(path, sizeof(path),
			 "%s/sys/devices/system/cpu/cpu0/cache/index%d/size",
			 root, i);
		size = read_text(path, text) ? cache_size(text) : 0;
		most = size > most ? size : most;
	}
	return most;
}
