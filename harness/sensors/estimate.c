/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an estimate of energy needs where there is no meter: how busy the
 * whole machine was. The model, W = W_min + u (W_max - W_min) with u from
 * these counters, and its watts belong to the schema; its class is
 * "estimated" and it is never mixed with a measurement. Stolen time is what
 * another guest of the same host took from this virtual machine.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/sensors/sensor.h"

enum {
	BUSY,
	IDLE,
	STEAL,
	N_CHANNELS
};

struct estimate {
	uint64_t tick_ns;
	char path[256];
};

static bool read_ticks(const char *path, uint64_t ticks[8])
{
	char text[256], *at, *end;
	int fd = open(path, O_RDONLY | O_CLOEXEC), i;
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n < 5)
		return false;
	text[n] = '\0';
	if (strncmp(text, "cpu ", 4) != 0)
		return false;
	at = text + 4;
	for (i = 0; i < 8; i++) {
		ticks[i] = strtoull(at, &end, 10);
		if (end == at)
			return false;
		at = end;
	}
	return true;
}

static void estimate_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	const struct estimate *e = s->state;
	/* user nice system idle iowait irq softirq steal */
	uint64_t t[8];
	size_t i;

	if (!read_ticks(e->path, t))
		return;
	out[BUSY].raw = (t[0] + t[1] + t[2] + t[5] + t[6]) * e->tick_ns;
	out[IDLE].raw = (t[3] + t[4]) * e->tick_ns;
	out[STEAL].raw = t[7] * e->tick_ns;
	for (i = 0; i < N_CHANNELS; i++)
		out[i].ok = true;
}

static enum oae_status estimate_open(struct oae_sensor *s, const char *sysroot,
				     struct oae_error *err)
{
	static const char *const names[N_CHANNELS] = {
		[BUSY] = "estimate.busy_ns",
		[IDLE] = "estimate.idle_ns",
		[STEAL] = "estimate.steal_ns",
	};
	struct estimate *e = calloc(1, sizeof(*e));
	long per_s = sysconf(_SC_CLK_TCK);
	uint64_t t[8];
	size_t i;

	s->state = e;
	if (!e)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "estimate sensor");
	e->tick_ns = 1000000000u / (uint64_t)(per_s > 0 ? per_s : 100);
	(void)snprintf(e->path, sizeof(e->path), "%.200s/proc/stat", sysroot);
	if (!read_ticks(e->path, t))
		(void)snprintf(e->path, sizeof(e->path), "/proc/stat");
	for (i = 0; i < N_CHANNELS; i++)
		oae_sensor_add(s, names[i], "ns");
	return OAE_OK;
}

static void estimate_close(struct oae_sensor *s)
{
	free(s->state);
	s->state = NULL;
}

const struct oae_sensor_type oae_sensor_estimate = {
	.name = "estimate",
	.about = "how busy the machine is, for the labelled energy estimate",
	.open = estimate_open,
	.read = estimate_read,
	.close = estimate_close,
};
