/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory traffic of the whole machine: bytes that its memory controllers
 * read and wrote, where the kernel has their counters (uncore_imc* below
 * /sys/bus/event_source/devices). Each event has a number in fields that
 * `format` lays out, a scale and a unit, and is opened on the CPUs of
 * `cpumask`, one a socket; see the kernel's Documentation/ABI/testing/
 * sysfs-bus-event_source-devices-{events,format}. The sums over controllers
 * are one multiplexed channel.
 */
#define _GNU_SOURCE
#include <dirent.h>
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

#define DEVICES "/sys/bus/event_source/devices"
#define COUNTERS_MAX 512u /* two a controller and socket */
#define CPUS_MAX 64u	  /* sockets */
#define MIB 1048576.0

/* Free-running ones repeat what the others count. */
static const char free_running[] = "free_running";

struct uncore {
	char devices[256];
	size_t count;
	int fd[COUNTERS_MAX];
	double bytes[COUNTERS_MAX]; /* of one count */
	int sys;		    /* why one could not be opened; or 0 */
};

/* Lays value into the bits that a format names: "config:0-7,32-35". */
static bool lay(const char *format, uint64_t value, uint64_t *config)
{
	const char *at = format;
	unsigned low, high, width;
	int n;

	if (strncmp(at, "config:", 7) != 0)
		return false;
	for (at += 7; *at; at += *at == ',') {
		n = 0;
		if (sscanf(at, "%2u-%2u%n", &low, &high, &n) != 2 || n == 0) {
			if (sscanf(at, "%2u%n", &low, &n) != 1 || n == 0)
				return false;
			high = low;
		}
		if (high > 63 || low > high)
			return false;
		width = high - low + 1;
		*config |= (width < 64 ? value & ((1ull << width) - 1) : value)
			   << low;
		value = width < 64 ? value >> width : 0;
		at += n;
	}
	return value == 0;
}

/* "event=0x04,umask=0x03" */
static bool read_config(const char *dir, const char *event, uint64_t *config)
{
	char path[400], text[128], format[64], *rest = NULL, *term, *value;

	*config = 0;
	(void)snprintf(path, sizeof(path), "%s/events", dir);
	if (!oae_sysfs_text(path, event, text, sizeof(text)))
		return false;
	(void)snprintf(path, sizeof(path), "%s/format", dir);
	for (term = strtok_r(text, ",\n", &rest); term;
	     term = strtok_r(NULL, ",\n", &rest)) {
		value = strchr(term, '=');
		if (value)
			*value++ = '\0';
		if (strchr(term, '/') ||
		    !oae_sysfs_text(path, term, format, sizeof(format)) ||
		    !lay(format, value ? strtoull(value, NULL, 0) : 1, config))
			return false;
	}
	return true;
}

/* Bytes of one count; 0 when it is in another unit. */
static double read_scale(const char *dir, const char *event)
{
	char path[400], file[64], text[64], *end;
	double scale;

	(void)snprintf(path, sizeof(path), "%s/events", dir);
	(void)snprintf(file, sizeof(file), "%s.unit", event);
	if (!oae_sysfs_text(path, file, text, sizeof(text)) ||
	    strcmp(text, "MiB") != 0)
		return 0;
	(void)snprintf(file, sizeof(file), "%s.scale", event);
	if (!oae_sysfs_text(path, file, text, sizeof(text)))
		return 0;
	scale = strtod(text, &end);
	return *end == '\0' && scale > 0 && scale <= 1 ? scale * MIB : 0;
}

/* "0,18" or "0-1"; returns how many. */
static size_t read_cpus(const char *dir, int cpu[CPUS_MAX])
{
	char text[512], *at = text, *end;
	unsigned long from, to;
	size_t n = 0;

	if (!oae_sysfs_text(dir, "cpumask", text, sizeof(text)))
		return 0;
	for (;; at = end + 1) {
		from = to = strtoul(at, &end, 10);
		if (end == at)
			return n;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (; from <= to && n < CPUS_MAX; from++)
			cpu[n++] = (int)from;
		if (*end != ',')
			return n;
	}
}

static void open_on(struct uncore *u, uint32_t type, uint64_t config, int cpu,
		    double bytes)
{
	struct perf_event_attr a;
	int fd;

	memset(&a, 0, sizeof(a));
	a.size = sizeof(a);
	a.type = type;
	a.config = config;
	a.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
			PERF_FORMAT_TOTAL_TIME_RUNNING;
	fd = (int)syscall(SYS_perf_event_open, &a, -1, cpu, -1,
			  PERF_FLAG_FD_CLOEXEC);
	if (fd < 0) {
		u->sys = errno;
		return;
	}
	u->fd[u->count] = fd;
	u->bytes[u->count++] = bytes;
}

static void open_controller(struct uncore *u, const char *name)
{
	static const char *const events[] = {
		"cas_count_read", "cas_count_write", "data_reads",
		"data_writes",	  "data_read",	     "data_write",
	};
	int cpu[CPUS_MAX];
	uint64_t type, config;
	char dir[340];
	size_t cpus, i, k;
	double bytes;

	(void)snprintf(dir, sizeof(dir), "%s/%.80s", u->devices, name);
	cpus = read_cpus(dir, cpu);
	if (!oae_sysfs_u64(dir, "type", &type) || type > UINT32_MAX)
		return;
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		bytes = read_scale(dir, events[i]);
		if (!(bytes > 0) || !read_config(dir, events[i], &config))
			continue;
		for (k = 0; k < cpus && u->count < COUNTERS_MAX; k++)
			open_on(u, (uint32_t)type, config, cpu[k], bytes);
	}
}

static void open_controllers(struct uncore *u, bool free_runners)
{
	struct dirent **list = NULL;
	int n = scandir(u->devices, &list, NULL, alphasort), i;

	for (i = 0; i < n; i++) {
		if (!strncmp(list[i]->d_name, "uncore_imc", 10) &&
		    (strstr(list[i]->d_name, free_running) != NULL) ==
			    free_runners)
			open_controller(u, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

static enum oae_status uncore_open(struct oae_sensor *s, const char *sysroot,
				   struct oae_error *err)
{
	static const char *const names[] = { "uncore.dram_bytes",
					     "uncore.dram_bytes.enabled_ns",
					     "uncore.dram_bytes.running_ns" };
	struct uncore *u = calloc(1, sizeof(*u));
	size_t i;

	s->state = u;
	if (!u)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "uncore sensor");
	(void)snprintf(u->devices, sizeof(u->devices), "%.200s" DEVICES,
		       sysroot);
	open_controllers(u, false);
	if (u->count == 0 && u->sys == 0)
		open_controllers(u, true);
	/* A controller without its counter would be traffic left out. */
	if (u->sys)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"memory controllers: %s",
				oae_perf_event_explain(u->sys));
	if (u->count == 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"the kernel has no counters of memory"
				" controllers (uncore_imc) here");
	for (i = 0; i < 3; i++)
		oae_sensor_add(s, names[i], i ? "ns" : "bytes");
	s->channels[0].multiplexed = true;
	return OAE_OK;
}

static void uncore_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	const struct uncore *u = s->state;
	uint64_t v[3], enabled = 0, running = 0; /* v: count, and these */
	double bytes = 0;
	size_t i;

	for (i = 0; i < u->count; i++) {
		if (read(u->fd[i], v, sizeof(v)) != (ssize_t)sizeof(v))
			return;
		bytes += (double)v[0] * u->bytes[i];
		enabled += v[1];
		running += v[2];
	}
	out[0].raw = (uint64_t)bytes;
	out[1].raw = enabled;
	out[2].raw = running;
	for (i = 0; i < 3; i++)
		out[i].ok = true;
}

static void uncore_close(struct oae_sensor *s)
{
	struct uncore *u = s->state;
	size_t i;

	for (i = 0; u && i < u->count; i++)
		close(u->fd[i]);
	free(u);
	s->state = NULL;
}

const struct oae_sensor_type oae_sensor_uncore = {
	.name = "uncore",
	.about = "bytes that the machine's memory controllers move",
	.open = uncore_open,
	.read = uncore_read,
	.close = uncore_close,
};
