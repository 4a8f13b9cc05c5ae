/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and energy through likwid (https://github.com/RRZE-HPC/likwid),
 * always as a child process: its library ends the program when something is
 * wrong. `likwid-perfctr` counts all CPUs beside the run in its timeline
 * mode and prints a row each period; rows sum up to what grows. A CPU that
 * it does not know gets made-up rows from it, and is refused. The whole
 * machine is counted, not the adapter alone.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/spawn.h"
#include "harness/sensors/choice.h"
#include "harness/sensors/likwid_rows.h"
#include "harness/sensors/sensor.h"

#define INFO_MS 20000
#define FIRST_ROWS_NS 20000000000ull
#define PERIOD_NS 100000000u /* shorter ones differ: likwid-perfctr(1) */
#define PERIOD_TEXT "100ms"
#define STOP_MS 2000
#define PIPE_BYTES (1 << 20)
#define GROUP_BYTES_MAX 65536u
#define LIFE_S "86400"

struct likwid_state {
	char program[OAE_PATH_BYTES_MAX];
	char cpu[64]; /* likwid's short name of it */
	struct oae_buf events;
	struct oae_likwid_rows rows;
	struct oae_child child;
	bool running;
};

/* The rest of the line that begins with key; false when there is none. */
static bool info_line(const char *text, const char *key, char *out, size_t size)
{
	const char *at = strstr(text, key);
	size_t n;

	if (!at)
		return false;
	at += strlen(key);
	at += strspn(at, " \t");
	n = strcspn(at, "\n");
	(void)snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), at);
	return out[0] != '\0';
}

/* Which CPU likwid takes this one for. */
static enum oae_status ask_cpu(struct likwid_state *l, struct oae_error *err)
{
	const char *argv[] = { l->program, "-i", NULL };
	enum oae_status status;
	struct oae_buf out;
	char type[128] = "";

	oae_buf_init(&out, GROUP_BYTES_MAX);
	status = oae_run_command(argv, NULL, INFO_MS, &out, err);
	if (status) {
		oae_error_prefix(err, "likwid (Debian: likwid)");
	} else if (!info_line(oae_buf_str(&out), "CPU type:", type,
			      sizeof(type)) ||
		   !info_line(oae_buf_str(&out), "CPU short:", l->cpu,
			      sizeof(l->cpu)) ||
		   strstr(type, "Unknown") || strstr(type, "Unsupported") ||
		   !strcmp(type, "nil") || !strcmp(l->cpu, "unknown") ||
		   strchr(l->cpu, '/')) {
		status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				  "likwid does not know this CPU (\"%.60s\"):"
				  " its rows would be made up",
				  type);
	}
	oae_buf_release(&out);
	return status;
}

/* From likwid's own group files of this CPU. */
static enum oae_status find_events(struct likwid_state *l, const char *sysroot,
				   struct oae_error *err)
{
	static const char *const groups[] = { "MEM", "MEM1", "ENERGY" };
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf text;
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		(void)snprintf(path, sizeof(path),
			       "%.2000s/usr/share/likwid/perfgroups/%s/%s.txt",
			       sysroot, l->cpu, groups[i]);
		oae_buf_init(&text, GROUP_BYTES_MAX);
		if (!oae_file_read(path, &text, NULL))
			oae_likwid_event_set(oae_buf_str(&text), &l->events);
		oae_buf_release(&text);
	}
	if (l->events.len == 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"likwid has no group MEM or ENERGY for '%s'",
				l->cpu);
	return oae_buf_check(&l->events, "likwid's events", err);
}

static enum oae_status begin(struct likwid_state *l, struct oae_error *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char list[24];
	const char *argv[] = {
		l->program, "-c",	 list, "-g",	oae_buf_str(&l->events),
		"-t",	    PERIOD_TEXT, "-O", "sleep", LIFE_S,
		NULL,
	};
	struct oae_spawn how = { .argv = argv };
	enum oae_status status;

	(void)snprintf(list, sizeof(list), "0-%ld", cpus > 1 ? cpus - 1 : 0);
	status = oae_child_spawn(&l->child, &how, err);
	if (status)
		return status;
	l->running = true;
	(void)fcntl(l->child.err, F_SETPIPE_SZ, PIPE_BYTES);
	return OAE_OK;
}

static void drain(int fd, struct oae_likwid_rows *r,
		  void (*take)(struct oae_likwid_rows *, const char *, size_t))
{
	char block[16384];
	ssize_t n;
	size_t most = 2 * (PIPE_BYTES / sizeof(block));

	while (most-- > 0 && (n = read(fd, block, sizeof(block))) > 0)
		take(r, block, (size_t)n);
}

/* What it printed since the last time. */
static void take_output(struct likwid_state *l)
{
	drain(l->child.out, &l->rows, oae_likwid_rows_out);
	drain(l->child.err, &l->rows, oae_likwid_rows_err);
	if (!l->rows.broken && oae_child_wait(&l->child, 0))
		l->rows.broken = "likwid-perfctr has ended";
}

/* Its counters are switched off by itself when it is interrupted. */
static void end(struct likwid_state *l)
{
	if (!l->running)
		return;
	if (!l->child.reaped)
		(void)kill(l->child.pid, SIGINT);
	(void)oae_child_wait(&l->child, STOP_MS);
	oae_child_release(&l->child);
	l->running = false;
}

/* Two rows with cycles in them: it counts. */
static enum oae_status prove(struct likwid_state *l, struct oae_error *err)
{
	uint64_t until = oae_clock_ns() + FIRST_ROWS_NS;
	const struct oae_likwid_rows *r = &l->rows;

	while (!r->broken && r->rows < 2 && oae_clock_ns() < until) {
		oae_clock_sleep_until(oae_clock_ns() + PERIOD_NS / 5);
		take_output(l);
	}
	if (r->rows >= 2 && !r->broken && r->total[OAE_LIKWID_CYCLES] > 0)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
			"likwid counts nothing: %s%s%s",
			r->broken   ? r->broken :
			r->rows < 2 ? "no row came" :
				      "no cycles",
			r->words[0] ? ": " : "", r->words);
}

static void add_channels(struct oae_sensor *s)
{
	static const struct {
		const char *name, *unit;
		enum oae_covers covers;
	} sums[OAE_LIKWID_SUMS] = {
		[OAE_LIKWID_CYCLES] = { "likwid.cycles", "count",
					OAE_COVERS_NOTHING },
		[OAE_LIKWID_INSTRUCTIONS] = { "likwid.instructions", "count",
					      OAE_COVERS_NOTHING },
		[OAE_LIKWID_DRAM_BYTES] = { "likwid.dram_bytes", "bytes",
					    OAE_COVERS_NOTHING },
		[OAE_LIKWID_PACKAGE_UJ] = { "likwid.package_uj", "uJ",
					    OAE_COVERS_PACKAGE },
		[OAE_LIKWID_DRAM_UJ] = { "likwid.dram_uj", "uJ",
					 OAE_COVERS_DRAM },
	};
	const struct likwid_state *l = s->state;
	size_t i;

	for (i = 0; i < OAE_LIKWID_SUMS; i++) {
		struct oae_channel *c =
			oae_sensor_add(s, sums[i].name, sums[i].unit);

		c->covers = sums[i].covers;
		c->update_ns = PERIOD_NS;
		if (l->rows.has[i])
			continue;
		c->evidence = OAE_ABSENT;
		(void)snprintf(c->reason, sizeof(c->reason),
			       "likwid's groups have no such event for '%.40s'",
			       l->cpu);
	}
}

static enum oae_status likwid_open(struct oae_sensor *s, const char *sysroot,
				   struct oae_error *err)
{
	struct likwid_state *l = calloc(1, sizeof(*l));
	enum oae_status status;
	const char *other;

	s->state = l;
	if (!l)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "likwid sensor");
	oae_buf_init(&l->events, GROUP_BYTES_MAX);
	if (!oae_counters_may("likwid", &other))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s", other);
	/* Asking takes a second; without registers the answer is known. */
	if (!sysroot[0] && !oae_counters_asked("likwid") &&
	    access("/dev/cpu/0/msr", F_OK) != 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"no /dev/cpu/0/msr to read counters from"
				" (modprobe msr); OAE_COUNTERS=likwid asks"
				" likwid itself");
	(void)snprintf(l->program, sizeof(l->program), "%.2000s%s", sysroot,
		       sysroot[0] ? "/usr/bin/likwid-perfctr" :
				    "likwid-perfctr");
	status = oae_likwid_rows_init(&l->rows, err);
	if (!status)
		status = ask_cpu(l, err);
	if (!status)
		status = find_events(l, sysroot, err);
	if (!status)
		status = begin(l, err);
	if (!status)
		status = prove(l, err);
	if (status)
		end(l);
	else
		add_channels(s);
	return status;
}

static void likwid_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	struct likwid_state *l = s->state;
	size_t i;

	take_output(l);
	for (i = 0; i < OAE_LIKWID_SUMS; i++) {
		out[i].ok = !l->rows.broken && l->rows.has[i];
		out[i].raw = (uint64_t)l->rows.total[i];
	}
}

static void likwid_close(struct oae_sensor *s)
{
	struct likwid_state *l = s->state;

	if (l) {
		end(l);
		oae_likwid_rows_release(&l->rows);
		oae_buf_release(&l->events);
	}
	free(l);
	s->state = NULL;
}

const struct oae_sensor_type oae_sensor_likwid = {
	.name = "likwid",
	.about = "counters and energy of the machine, through likwid-perfctr",
	.open = likwid_open,
	.read = likwid_read,
	.close = likwid_close,
};
