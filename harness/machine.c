/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/machine.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/limits.h"
#include "harness/machine_internal.h"

#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"
#define CLOCK_DIR "/sys/devices/system/clocksource/clocksource0"
#define PARANOID "/proc/sys/kernel/perf_event_paranoid"
#define DEVICES_MAX 4096u /* of a bus */

/* ---- folders ---------------------------------------------------------- */

typedef void entry_fn(struct oae_machine *m, const char *sysroot,
		      const char *name);

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void each_entry(struct oae_machine *m, const char *sysroot,
		       const char *dir, entry_fn *fn)
{
	char full[OAE_PATH_BYTES_MAX];
	struct dirent **list = NULL;
	int n, i;

	(void)snprintf(full, sizeof(full), "%.2000s%s", sysroot, dir);
	n = scandir(full, &list, visible, alphasort);
	for (i = 0; i < n; i++) {
		if (i < (int)DEVICES_MAX)
			fn(m, sysroot, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

static void see_vulnerability(struct oae_machine *m, const char *sysroot,
			      const char *name)
{
	struct oae_machine_vulnerability *v;
	char path[400];

	if (m->vulnerability_count == OAE_MACHINE_VULNERABILITIES_MAX)
		return;
	v = &m->vulnerabilities[m->vulnerability_count];
	(void)snprintf(v->name, sizeof(v->name), "%.39s", name);
	(void)snprintf(path, sizeof(path), VULNERABILITIES "/%.255s", name);
	if (oae_machine_text(sysroot, path, v->state, sizeof(v->state)))
		m->vulnerability_count++;
}

static void see_node(struct oae_machine *m, const char *sysroot,
		     const char *name)
{
	(void)sysroot;
	if (strncmp(name, "node", 4) == 0 && name[4] >= '0' && name[4] <= '9')
		m->numa_nodes = m->numa_nodes < 0 ? 1 : m->numa_nodes + 1;
}

static void see_supply(struct oae_machine *m, const char *sysroot,
		       const char *name)
{
	char path[400], text[64];

	(void)snprintf(path, sizeof(path),
		       "/sys/class/power_supply/%.255s/type", name);
	/* A wireless mouse has a battery, too: its scope is the device. */
	if (!oae_machine_text(sysroot, path, text, sizeof(text)) ||
	    strcmp(text, "Battery") != 0)
		return;
	(void)snprintf(path, sizeof(path),
		       "/sys/class/power_supply/%.255s/scope", name);
	if (oae_machine_text(sysroot, path, text, sizeof(text)) &&
	    !strcmp(text, "Device"))
		return;
	(void)snprintf(path, sizeof(path),
		       "/sys/class/power_supply/%.255s/status", name);
	if (!oae_machine_text(sysroot, path, text, sizeof(text)))
		return;
	if (strcmp(text, "Discharging") == 0)
		m->on_battery = 1;
	else if (m->on_battery == OAE_UNKNOWN)
		m->on_battery = 0;
}

static void see_device(struct oae_machine *m, const char *sysroot,
		       const char *name)
{
	char path[400], text[16];

	(void)snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.255s/vendor",
		       name);
	if (!oae_machine_text(sysroot, path, text, sizeof(text)))
		return;
	if (m->nvidia == OAE_UNKNOWN)
		m->nvidia = 0;
	if (strcmp(text, "0x10de") == 0)
		m->nvidia = 1;
}

/* ---- files ------------------------------------------------------------ */

static int64_t meminfo(const char *text, const char *key)
{
	char value[64], *end;
	long long kb;

	if (!oae_machine_value(text, key, value, sizeof(value)))
		return OAE_UNKNOWN;
	kb = strtoll(value, &end, 10);
	return end == value || kb < 0 ? OAE_UNKNOWN : (int64_t)kb * 1024;
}

static void read_memory(struct oae_machine *m, const char *sysroot)
{
	char text[4096], *open;
	int64_t swap_free;

	(void)oae_machine_text(sysroot, "/proc/meminfo", text, sizeof(text));
	m->memory_bytes = meminfo(text, "MemTotal");
	m->memory_available_bytes = meminfo(text, "MemAvailable");
	m->swap_bytes = meminfo(text, "SwapTotal");
	swap_free = meminfo(text, "SwapFree");
	m->swap_used_bytes = m->swap_bytes < 0 || swap_free < 0 ?
				     OAE_UNKNOWN :
				     m->swap_bytes - swap_free;
	/* "always [madvise] never" */
	if (oae_machine_text(sysroot,
			     "/sys/kernel/mm/transparent_hugepage/"
			     "enabled",
			     text, sizeof(text)) &&
	    (open = strchr(text, '[')))
		(void)snprintf(m->huge_pages, sizeof(m->huge_pages), "%.*s",
			       (int)strcspn(open + 1, "]"), open + 1);
}

static void read_kernel(struct oae_machine *m, const char *sysroot)
{
	struct utsname u;

	(void)oae_machine_text(sysroot, "/proc/sys/kernel/osrelease", m->kernel,
			       sizeof(m->kernel));
	(void)oae_machine_text(sysroot, "/proc/sys/kernel/arch", m->arch,
			       sizeof(m->arch));
	if (!*sysroot && uname(&u) == 0) {
		(void)snprintf(m->kernel, sizeof(m->kernel), "%.127s",
			       u.release);
		(void)snprintf(m->arch, sizeof(m->arch), "%.31s", u.machine);
	}
	m->perf_event_paranoid = OAE_MACHINE_NO_PARANOID;
	if (oae_machine_exists(sysroot, PARANOID))
		m->perf_event_paranoid = oae_machine_int(sysroot, PARANOID);
	(void)oae_machine_text(sysroot, CLOCK_DIR "/current_clocksource",
			       m->clock_source, sizeof(m->clock_source));
	(void)oae_machine_text(sysroot, CLOCK_DIR "/available_clocksource",
			       m->clock_sources, sizeof(m->clock_sources));
	m->timer_slack_ns = *sysroot ? OAE_UNKNOWN :
				       prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
}

static void read_disk(struct oae_machine *m, const char *sysroot)
{
	struct statvfs v;

	m->disk_free_bytes = OAE_UNKNOWN;
	if (!*sysroot && statvfs(".", &v) == 0)
		m->disk_free_bytes = (int64_t)(v.f_bavail * v.f_frsize);
}

/* ---- times ------------------------------------------------------------ */

static double own_seconds(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	struct rusage r;
	int64_t us = 0;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (getrusage(whose[i], &r))
			return NAN;
		us += (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
		      r.ru_utime.tv_usec + r.ru_stime.tv_usec;
	}
	return (double)us / 1e6;
}

void oae_machine_read_time(struct oae_machine_time *t, const char *sysroot)
{
	/* user nice system idle iowait irq softirq steal */
	unsigned long long k[8];
	char text[512];
	long per_s = sysconf(_SC_CLK_TCK);
	double hz = (double)(per_s > 0 ? per_s : 100);

	t->busy_s = t->idle_s = t->steal_s = NAN;
	t->load_1min = t->uptime_s = NAN;
	t->steal_ticks = OAE_UNKNOWN;
	t->own_s = *sysroot ? (double)NAN : own_seconds();
	if (oae_machine_text(sysroot, "/proc/stat", text, sizeof(text)) &&
	    sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &k[0],
		   &k[1], &k[2], &k[3], &k[4], &k[5], &k[6], &k[7]) == 8) {
		t->busy_s = (double)(k[0] + k[1] + k[2] + k[5] + k[6]) / hz;
		t->idle_s = (double)(k[3] + k[4]) / hz;
		t->steal_s = (double)k[7] / hz;
		t->steal_ticks = (int64_t)k[7];
	}
	if (oae_machine_text(sysroot, "/proc/loadavg", text, sizeof(text)))
		t->load_1min = strtod(text, NULL);
	if (oae_machine_text(sysroot, "/proc/uptime", text, sizeof(text)))
		t->uptime_s = strtod(text, NULL);
}

void oae_machine_read(struct oae_machine *m, const char *sysroot)
{
	memset(m, 0, sizeof(*m));
	m->numa_nodes = m->on_battery = m->nvidia = OAE_UNKNOWN;
	oae_machine_read_cpu(&m->cpu, sysroot);
	read_memory(m, sysroot);
	read_kernel(m, sysroot);
	read_disk(m, sysroot);
	each_entry(m, sysroot, VULNERABILITIES, see_vulnerability);
	each_entry(m, sysroot, "/sys/devices/system/node", see_node);
	each_entry(m, sysroot, "/sys/class/power_supply", see_supply);
	each_entry(m, sysroot, "/sys/bus/pci/devices", see_device);
	oae_machine_read_host(m, sysroot);
	oae_machine_read_cgroups(m, sysroot);
	oae_machine_read_time(&m->time, sysroot);
}

size_t oae_machine_count_vulnerable(const struct oae_machine *m,
				    const char *state)
{
	size_t i, n = 0;

	for (i = 0; i < m->vulnerability_count; i++)
		n += strncmp(m->vulnerabilities[i].state, state,
			     strlen(state)) == 0;
	return n;
}
