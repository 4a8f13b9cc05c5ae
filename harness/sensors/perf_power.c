/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy from the kernel's `power` PMU: the same RAPL counters as powercap,
 * read through perf_event_open(2), which CAP_PERFMON permits where the files
 * of powercap are root's. Each event has a number, a scale and a unit below
 * /sys/bus/event_source/devices/power (see the kernel's
 * Documentation/ABI/testing/sysfs-bus-event_source-devices-events); `cpumask`
 * names one CPU a package, and an event counts its whole package. The kernel
 * unwraps; the count is 64 bits wide. A mask with two CPUs of one package
 * means dies, of which one may repeat the other: refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/sensors/perf_event.h"
#include "harness/sensors/sensor.h"
#include "harness/sensors/sysfs.h"

#define POWER_DIR "/sys/bus/event_source/devices/power"
#define CPUS_MAX 64u /* packages of one machine */
#define UPDATE_NS 1000000u

/* core, gpu: inside the package; psys holds the packages. */
static const struct {
	const char *name;
	enum oae_covers covers;
	double watts_max;
} events[] = {
	{ "energy-pkg", OAE_COVERS_PACKAGE, 1000 },
	{ "energy-ram", OAE_COVERS_DRAM, 200 },
	{ "energy-cores", OAE_COVERS_INSIDE, 1000 },
	{ "energy-gpu", OAE_COVERS_INSIDE, 1000 },
	{ "energy-psys", OAE_COVERS_INSIDE, 4000 },
};

#define N_EVENTS (sizeof(events) / sizeof(events[0]))

struct perf_power {
	char dir[256], sysroot[160];
	unsigned cpu[CPUS_MAX];
	size_t cpu_count;
	bool dies; /* two of the CPUs are of one package */
	uint32_t type;
	int fd[OAE_CHANNELS_MAX];
};

/* "0,18" or "0-1". */
static void read_cpus(struct perf_power *p)
{
	char text[512], *at = text, *end;
	unsigned long from, to;

	if (!oae_sysfs_text(p->dir, "cpumask", text, sizeof(text)))
		return;
	while (p->cpu_count < CPUS_MAX) {
		from = to = strtoul(at, &end, 10);
		if (end == at)
			return;
		if (*end == '-') {
			at = end + 1;
			to = strtoul(at, &end, 10);
		}
		for (; from <= to && p->cpu_count < CPUS_MAX; from++)
			p->cpu[p->cpu_count++] = (unsigned)from;
		if (*end != ',')
			return;
		at = end + 1;
	}
}

static uint64_t package_of(const struct perf_power *p, unsigned cpu)
{
	char dir[256];
	uint64_t id;

	(void)snprintf(dir, sizeof(dir),
		       "%s/sys/devices/system/cpu/cpu%u/topology", p->sysroot,
		       cpu);
	return oae_sysfs_u64(dir, "physical_package_id", &id) ?
		       id :
		       UINT64_MAX - cpu;
}

static void find_dies(struct perf_power *p)
{
	size_t i, k;

	for (i = 0; i < p->cpu_count; i++)
		for (k = 0; k < i; k++)
			if (package_of(p, p->cpu[i]) ==
			    package_of(p, p->cpu[k]))
				p->dies = true;
}

/* "event=0x02" laid where format/event says, "config:0-7". */
static bool read_config(const struct perf_power *p, const char *event,
			uint64_t *config)
{
	char path[300], text[64], *end;
	unsigned long long value;
	unsigned low = 0;

	(void)snprintf(path, sizeof(path), "%s/events", p->dir);
	if (!oae_sysfs_text(path, event, text, sizeof(text)) ||
	    strncmp(text, "event=", 6) != 0)
		return false;
	value = strtoull(text + 6, &end, 0);
	if (end == text + 6 || *end)
		return false;
	(void)snprintf(path, sizeof(path), "%s/format", p->dir);
	if (oae_sysfs_text(path, "event", text, sizeof(text)) &&
	    sscanf(text, "config:%u", &low) != 1)
		return false;
	*config = low < 64 ? (uint64_t)value << low : 0;
	return low < 64;
}

/* J of one count; 0 when it is not given, or in another unit. */
static double read_scale(const struct perf_power *p, const char *event)
{
	char dir[300], file[64], text[64], *end;
	double scale;

	(void)snprintf(dir, sizeof(dir), "%s/events", p->dir);
	(void)snprintf(file, sizeof(file), "%s.unit", event);
	if (!oae_sysfs_text(dir, file, text, sizeof(text)) ||
	    strcmp(text, "Joules") != 0)
		return 0;
	(void)snprintf(file, sizeof(file), "%s.scale", event);
	if (!oae_sysfs_text(dir, file, text, sizeof(text)))
		return 0;
	scale = strtod(text, &end);
	return *end == '\0' && scale > 0 && scale < 1 ? scale : 0;
}

static int open_event(const struct perf_power *p, uint64_t config, unsigned cpu)
{
	struct perf_event_attr a;

	memset(&a, 0, sizeof(a));
	a.size = sizeof(a);
	a.type = p->type;
	a.config = config;
	return (int)syscall(SYS_perf_event_open, &a, -1, (int)cpu, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

static const char *explain(int sys)
{
	if (sys == EACCES || sys == EPERM)
		return "not permitted: set kernel.perf_event_paranoid to 0,"
		       " give CAP_PERFMON or run as root";
	return oae_perf_event_explain(sys);
}

static void add_event(struct oae_sensor *s, size_t event, double scale,
		      uint64_t config, unsigned cpu)
{
	struct perf_power *p = s->state;
	struct oae_channel *c;
	char name[64];
	int fd;

	(void)snprintf(name, sizeof(name), "perf-power.%s.cpu%u",
		       events[event].name, cpu);
	c = oae_sensor_add(s, name, "uJ");
	if (!c)
		return;
	c->scale = scale * 1e6;
	c->rate_max = events[event].watts_max / scale;
	c->update_ns = UPDATE_NS;
	c->covers = events[event].covers;
	errno = 0;
	fd = open_event(p, config, cpu);
	p->fd[s->count - 1] = fd;
	if (fd >= 0 && !p->dies)
		return;
	c->evidence = OAE_ABSENT;
	(void)snprintf(c->reason, sizeof(c->reason), "%.150s",
		       fd < 0 ? explain(errno) :
				"several dies in a package: one may repeat"
				" the other, so their sum means nothing");
}

static void perf_power_close(struct oae_sensor *s)
{
	struct perf_power *p = s->state;
	size_t i;

	for (i = 0; p && i < s->count; i++)
		if (p->fd[i] >= 0)
			close(p->fd[i]);
	free(p);
	s->state = NULL;
	s->count = 0;
}

static enum oae_status perf_power_open(struct oae_sensor *s,
				       const char *sysroot,
				       struct oae_error *err)
{
	struct perf_power *p = calloc(1, sizeof(*p));
	uint64_t type, config;
	double scale;
	size_t i, k;

	s->state = p;
	if (!p)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "perf-power");
	(void)snprintf(p->sysroot, sizeof(p->sysroot), "%.159s", sysroot);
	(void)snprintf(p->dir, sizeof(p->dir), "%s%s", p->sysroot, POWER_DIR);
	read_cpus(p);
	find_dies(p);
	if (oae_sysfs_u64(p->dir, "type", &type) && type <= UINT32_MAX) {
		p->type = (uint32_t)type;
		for (i = 0; i < N_EVENTS; i++) {
			scale = read_scale(p, events[i].name);
			if (!(scale > 0) ||
			    !read_config(p, events[i].name, &config))
				continue;
			for (k = 0; k < p->cpu_count; k++)
				add_event(s, i, scale, config, p->cpu[k]);
		}
	}
	if (s->count)
		return OAE_OK;
	(void)oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
		       "no meter: %s has no energy event", p->dir);
	perf_power_close(s);
	return OAE_ERR_UNSUPPORTED;
}

static void perf_power_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	const struct perf_power *p = s->state;
	size_t i;

	for (i = 0; i < s->count; i++)
		out[i].ok = p->fd[i] >= 0 &&
			    read(p->fd[i], &out[i].raw, sizeof(out[i].raw)) ==
				    (ssize_t)sizeof(out[i].raw);
}

const struct oae_sensor_type oae_sensor_perf_power = {
	.name = "perf-power",
	.about = "energy of packages and memory (RAPL), from the power PMU",
	.open = perf_power_open,
	.read = perf_power_read,
	.close = perf_power_close,
};
