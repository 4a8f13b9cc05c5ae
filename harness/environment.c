/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/environment.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"

#define GOVERNOR "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"

/* The first size - 1 bytes of a small file, cut at its last newline. */
static bool read_head(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, out, size - 1);
		close(fd);
	}
	out[n > 0 ? n : 0] = '\0';
	if (n > 0 && out[n - 1] == '\n')
		out[n - 1] = '\0';
	return n > 0;
}

/* The value after "key<blanks>:" in the style of /proc/cpuinfo. */
static bool find_value(const char *text, const char *key, char *out,
		       size_t size)
{
	const char *at = strstr(text, key), *end;
	size_t len;

	at = at ? strchr(at, ':') : NULL;
	if (!at)
		return false;
	at += 1 + strspn(at + 1, " \t");
	end = strchr(at, '\n');
	len = end ? (size_t)(end - at) : strlen(at);
	if (len >= size)
		len = size - 1;
	memcpy(out, at, len);
	out[len] = '\0';
	return len > 0;
}

static void write_cpu(struct oae_jw *w, const char *cpuinfo)
{
	char text[256];
	cpu_set_t set;

	oae_jw_obj(w, "cpu");
	oae_jw_str(w, "model",
		   find_value(cpuinfo, "model name", text, sizeof(text)) ?
			   text :
			   NULL);
	oae_jw_int(w, "cores", sysconf(_SC_NPROCESSORS_ONLN));
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		oae_jw_int(w, "cores_allowed", CPU_COUNT(&set));
	else
		oae_jw_null(w, "cores_allowed");
	if (find_value(cpuinfo, "cpu MHz", text, sizeof(text)))
		oae_jw_num(w, "mhz", strtod(text, NULL));
	else
		oae_jw_null(w, "mhz");
	oae_jw_end_obj(w);
}

static void write_steal(struct oae_jw *w)
{
	unsigned long long t[8];
	char text[256];

	if (read_head("/proc/stat", text, sizeof(text)) &&
	    sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0],
		   &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) == 8)
		oae_jw_int(w, "steal_ticks", (int64_t)t[7]);
	else
		oae_jw_null(w, "steal_ticks");
}

void oae_environment_write(struct oae_jw *w, const char *when)
{
	char cpuinfo[8192], text[256], utc[OAE_UTC_TEXT];
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
	bool known = read_head("/proc/cpuinfo", cpuinfo, sizeof(cpuinfo));
	struct utsname u;
	double load[1];

	oae_clock_utc(utc);
	oae_jw_str(w, "when", when);
	oae_jw_str(w, "utc", utc);
	write_cpu(w, cpuinfo);
	if (pages > 0 && page > 0)
		oae_jw_int(w, "memory_bytes", (int64_t)pages * page);
	else
		oae_jw_null(w, "memory_bytes");
	if (uname(&u) == 0) {
		oae_jw_str(w, "kernel", u.release);
		oae_jw_str(w, "machine", u.machine);
	} else {
		oae_jw_null(w, "kernel");
		oae_jw_null(w, "machine");
	}
	oae_jw_str(w, "governor",
		   read_head(GOVERNOR, text, sizeof(text)) ? text : NULL);
	if (known)
		oae_jw_bool(w, "virtual", strstr(cpuinfo, " hypervisor"));
	else
		oae_jw_null(w, "virtual");
	if (getloadavg(load, 1) == 1)
		oae_jw_num(w, "load_1min", load[0]);
	else
		oae_jw_null(w, "load_1min");
	write_steal(w);
}
