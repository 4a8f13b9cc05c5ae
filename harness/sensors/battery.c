/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole machine's energy from its battery, while it discharges
 * (Documentation/power/power_supply_class.rst): energy_now in uWh, or
 * charge_now in uAh times voltage_now in uV, which is an estimate. On mains
 * nothing can be known, and a battery that was charged in between has lost
 * its meaning: then the channel is absent from that moment on. Gauges refresh
 * every second to every few seconds; 10 s is taken, so that a window for 1 %
 * must be 2000 s long.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sensors/sensor.h"
#include "harness/sensors/sysfs.h"

#define SUPPLY_DIR "/sys/class/power_supply"
#define BATTERIES_MAX 4u
#define WATTS_MAX 500.0
#define UPDATE_NS 10000000000ull
#define UJ_PER_UWH 3600.0

struct pack {
	char dir[300];
	bool charge; /* no energy_now: charge x voltage */
	uint64_t last;
	double volts, uwh; /* used since the sensor was opened */
	bool started;
};

struct battery {
	char root[200];
	struct pack pack[BATTERIES_MAX];
	bool mains; /* one is online */
};

static bool says(const char *dir, const char *file, const char *word)
{
	char text[64];

	return oae_sysfs_text(dir, file, text, sizeof(text)) &&
	       strcmp(text, word) == 0;
}

static void look_for_mains(void *ctx, const char *root, const char *entry)
{
	struct battery *b = ctx;
	char dir[300];

	(void)snprintf(dir, sizeof(dir), "%.200s/%.80s", root, entry);
	if (!says(dir, "type", "Battery") && says(dir, "online", "1"))
		b->mains = true;
}

/* Also leaves out the batteries of mice and the like (scope Device). */
static void add_pack(void *ctx, const char *root, const char *entry)
{
	struct oae_sensor *s = ctx;
	struct battery *b = s->state;
	struct oae_channel *c;
	char name[64];
	struct pack *p;
	uint64_t now;

	if (s->count == BATTERIES_MAX)
		return;
	p = &b->pack[s->count];
	memset(p, 0, sizeof(*p));
	(void)snprintf(p->dir, sizeof(p->dir), "%.200s/%.80s", root, entry);
	if (!says(p->dir, "type", "Battery") || says(p->dir, "scope", "Device"))
		return;
	p->charge = !oae_sysfs_u64(p->dir, "energy_now", &now);
	if (p->charge && (!oae_sysfs_u64(p->dir, "charge_now", &now) ||
			  !oae_sysfs_u64(p->dir, "voltage_now", &now)))
		return;
	(void)snprintf(name, sizeof(name), "battery.%.32s_uwh", entry);
	c = oae_sensor_add(s, name, "uJ");
	if (!c)
		return;
	c->scale = UJ_PER_UWH;
	c->rate_max = WATTS_MAX * 1e6 / UJ_PER_UWH;
	c->update_ns = UPDATE_NS;
	c->covers = OAE_COVERS_WALL;
	if (p->charge) {
		c->evidence = OAE_ESTIMATED;
		(void)snprintf(c->reason, sizeof(c->reason),
			       "charge times voltage");
	}
}

static void battery_close(struct oae_sensor *s)
{
	free(s->state);
	s->state = NULL;
	s->count = 0;
}

static bool on_mains(struct battery *b)
{
	b->mains = false;
	(void)oae_sysfs_each(b->root, look_for_mains, b);
	return b->mains;
}

/* Not every supply says "online": a full or charging battery does too. */
static bool discharging(const struct pack *p)
{
	return says(p->dir, "status", "Discharging");
}

static enum oae_status battery_open(struct oae_sensor *s, const char *sysroot,
				    struct oae_error *err)
{
	struct battery *b = calloc(1, sizeof(*b));
	const char *why = NULL;
	size_t i, used = 0;

	s->state = b;
	if (!b)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "battery");
	(void)snprintf(b->root, sizeof(b->root), "%.160s%s", sysroot,
		       SUPPLY_DIR);
	(void)oae_sysfs_each(b->root, add_pack, s);
	for (i = 0; i < s->count; i++)
		used += discharging(&b->pack[i]);
	if (!s->count)
		why = "no meter: there is no battery";
	else if (on_mains(b) || !used)
		why = "on mains: a battery is a meter only while it discharges;"
		      " unplug it";
	if (!why)
		return OAE_OK;
	battery_close(s);
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s", why);
}

/* Adds what was used since the last look; false: not while discharging. */
static bool look(struct pack *p)
{
	uint64_t now, uv = 0;
	double used;

	if (!oae_sysfs_u64(p->dir, p->charge ? "charge_now" : "energy_now",
			   &now) ||
	    (p->charge && !oae_sysfs_u64(p->dir, "voltage_now", &uv)))
		return false;
	if (p->started && now > p->last)
		return false;
	used = p->started ? (double)(p->last - now) : 0;
	if (p->charge)
		used *= (p->volts + (double)uv * 1e-6) / 2;
	p->uwh += used;
	p->volts = (double)uv * 1e-6;
	p->last = now;
	p->started = true;
	return true;
}

static void lose(struct oae_sensor *s, const char *why)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		s->channels[i].evidence = OAE_ABSENT;
		(void)snprintf(s->channels[i].reason,
			       sizeof(s->channels[i].reason), "%s", why);
	}
}

static void battery_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	struct battery *b = s->state;
	size_t i, used = 0;

	for (i = 0; i < s->count; i++)
		used += discharging(&b->pack[i]);
	if (on_mains(b) || !used) {
		lose(s, "it was on mains for a while");
		return;
	}
	for (i = 0; i < s->count; i++) {
		out[i].ok = look(&b->pack[i]);
		out[i].raw = (uint64_t)(b->pack[i].uwh + 0.5);
	}
}

const struct oae_sensor_type oae_sensor_battery = {
	.name = "battery",
	.about = "energy of the whole machine, from its battery",
	.open = battery_open,
	.read = battery_read,
	.close = battery_close,
};
