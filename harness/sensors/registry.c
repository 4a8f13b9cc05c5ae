/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness/sensors/choice.h"
#include "harness/sensors/source.h"

#define POLL_S_MIN 0.01 /* reading more often would be work of its own */

const struct oae_sensor_type *const oae_sensor_types[] = {
	/* What is counted: no energy. */
	&oae_sensor_proc,
	&oae_sensor_perf,
	&oae_sensor_papi,
	&oae_sensor_uncore,
	/* Meters, the preferred one first. */
	&oae_sensor_powercap,
	&oae_sensor_perf_power,
	&oae_sensor_papi_energy,
	&oae_sensor_likwid, /* counters as well */
	&oae_sensor_nvml,
	&oae_sensor_hwmon,
	&oae_sensor_battery,
	&oae_sensor_estimate,
};

const size_t oae_sensor_type_count =
	sizeof(oae_sensor_types) / sizeof(oae_sensor_types[0]);

_Static_assert(sizeof(oae_sensor_types) / sizeof(oae_sensor_types[0]) <=
		       sizeof(((struct oae_sensors *)0)->absent) /
			       sizeof(((struct oae_sensors *)0)->absent[0]),
	       "a reason for each sensor");

static bool is_taken(const struct oae_sensor *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->count && strcmp(s->channels[i].name, name); i++)
		;
	return i < s->count;
}

struct oae_channel *oae_sensor_add(struct oae_sensor *s, const char *name,
				   const char *unit)
{
	char own[sizeof(s->channels->name)];
	struct oae_channel *c;
	unsigned i;

	if (s->count == OAE_CHANNELS_MAX)
		return NULL;
	(void)snprintf(own, sizeof(own), "%s", name);
	for (i = 2; is_taken(s, own); i++)
		(void)snprintf(own, sizeof(own), "%.58s~%u", name, i);
	c = &s->channels[s->count++];
	memset(c, 0, sizeof(*c));
	memcpy(c->name, own, sizeof(own));
	c->unit = unit;
	c->scale = 1;
	c->evidence = OAE_MEASURED;
	return c;
}

static bool is_energy(const struct oae_channel *c)
{
	return c->covers != OAE_COVERS_NOTHING && c->evidence != OAE_ABSENT;
}

static void stay_busy(uint32_t ms)
{
	uint64_t end = oae_clock_ns() + ms * 1000000ull;
	volatile double x = 1;

	while (oae_clock_ns() < end)
		x = x * 1.0000001 + 1e-9;
}

static bool has_energy(const struct oae_sensor *s)
{
	size_t i;

	for (i = 0; i < s->count && !is_energy(&s->channels[i]); i++)
		;
	return i < s->count;
}

/* What has to be seen of one sensor. */
struct proof {
	struct oae_channel_value first[OAE_CHANNELS_MAX];
	bool read[OAE_CHANNELS_MAX], advanced[OAE_CHANNELS_MAX];
};

/* How long c may take; 0: it needs no proof, or too long. */
static uint32_t limit_ms(const struct oae_channel *c, uint32_t ms)
{
	uint64_t five = 5 * c->update_ns / 1000000u;

	if (!is_energy(c) || five > OAE_PROVE_MS_MAX)
		return 0;
	return five > ms ? (uint32_t)five : ms;
}

/* One more look; true when a channel still has to be seen advancing. */
static bool look(struct oae_sensor *s, struct proof *p, uint32_t passed_ms,
		 uint32_t ms)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX] = { { 0 } };
	bool waiting = false;
	size_t i;

	s->type->read(s, v);
	for (i = 0; i < s->count; i++) {
		if (!v[i].ok)
			continue;
		if (!p->read[i])
			p->first[i] = v[i];
		p->read[i] = true;
		if (v[i].raw != p->first[i].raw)
			p->advanced[i] = true;
	}
	for (i = 0; i < s->count; i++)
		if (!p->advanced[i] &&
		    passed_ms < limit_ms(&s->channels[i], ms))
			waiting = true;
	return waiting;
}

static void refuse(struct oae_sensor *s, const struct proof *p, uint32_t ms)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		struct oae_channel *c = &s->channels[i];

		if (p->advanced[i] || !limit_ms(c, ms))
			continue;
		if (p->read[i])
			(void)snprintf(c->reason, sizeof(c->reason),
				       "phantom: it did not advance while a"
				       " core was busy for %u ms",
				       limit_ms(c, ms));
		else if (!c->reason[0])
			(void)snprintf(c->reason, sizeof(c->reason),
				       "cannot be read");
		c->evidence = OAE_ABSENT;
	}
}

/* All meters are proved by the same busy time. */
static enum oae_status prove(struct oae_sensor *s, size_t count, uint32_t ms,
			     struct oae_error *err)
{
	struct proof *p = calloc(count, sizeof(*p));
	uint64_t start = oae_clock_ns();
	uint32_t passed = 0;
	bool waiting = true;
	size_t i;

	if (!p)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "sensors");
	while (waiting) {
		waiting = false;
		for (i = 0; i < count; i++)
			if (has_energy(&s[i]) && look(&s[i], &p[i], passed, ms))
				waiting = true;
		if (waiting)
			stay_busy(ms < 10 ? ms : 10);
		passed = (uint32_t)((oae_clock_ns() - start) / 1000000u);
	}
	for (i = 0; i < count; i++)
		refuse(&s[i], &p[i], ms);
	free(p);
	return OAE_OK;
}

/* A range that is through sooner than we can look four times. */
static void refuse_fast_wraps(struct oae_sensor *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		struct oae_channel *c = &s->channels[i];

		if (!is_energy(c) || !c->wrap || !(c->rate_max > 0) ||
		    (double)c->wrap / c->rate_max > 4 * POLL_S_MIN)
			continue;
		c->evidence = OAE_ABSENT;
		(void)snprintf(c->reason, sizeof(c->reason),
			       "its range lasts %.3g s: it wraps faster than it"
			       " can be read",
			       (double)c->wrap / c->rate_max);
	}
}

enum oae_status oae_sensor_open(struct oae_sensor *s,
				const struct oae_sensor_type *type,
				const char *sysroot, uint32_t prove_ms,
				struct oae_error *why)
{
	enum oae_status status;

	memset(s, 0, sizeof(*s));
	s->type = type;
	status = type->open(s, sysroot, why);
	if (!status)
		refuse_fast_wraps(s);
	if (!status && prove_ms)
		status = prove(s, 1, prove_ms, why);
	if (status)
		s->count = 0;
	return status;
}

/* Opens one of all; what it lacks is no failure. */
static void open_one(struct oae_sensors *all, size_t i, const char *sysroot)
{
	struct oae_sensor *s = &all->sensor[i];
	struct oae_error why = { 0 };

	(void)oae_sensor_open(s, oae_sensor_types[i], sysroot, 0, &why);
	if (all->channel_count + s->count > OAE_CHANNELS_MAX) {
		(void)oae_fail(&why, OAE_ERR_LIMIT, 0,
			       "its %zu channels are more than fit beside the"
			       " others (%u)",
			       s->count, OAE_CHANNELS_MAX);
		s->count = 0;
	}
	(void)snprintf(all->absent[i], sizeof(all->absent[i]), "%.199s",
		       why.text);
	all->channel_count += s->count;
}

enum oae_status oae_sensors_open(struct oae_sensors *all, const char *sysroot,
				 uint32_t prove_ms, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	size_t i;

	memset(all, 0, sizeof(*all));
	if (oae_counters_check(err))
		return OAE_ERR_USAGE;
	all->sensor = calloc(oae_sensor_type_count, sizeof(*all->sensor));
	if (!all->sensor)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "sensors");
	for (i = 0; i < oae_sensor_type_count; i++)
		open_one(all, i, sysroot);
	if (prove_ms)
		status = prove(all->sensor, oae_sensor_type_count, prove_ms,
			       err);
	oae_sources_choose(all);
	return status;
}

void oae_sensors_close(struct oae_sensors *all)
{
	size_t i;

	for (i = 0; all->sensor && i < oae_sensor_type_count; i++)
		if (all->sensor[i].type)
			all->sensor[i].type->close(&all->sensor[i]);
	free(all->sensor);
	memset(all, 0, sizeof(*all));
}

void oae_sensors_attach(struct oae_sensors *all, const struct oae_target *t)
{
	size_t i, k;

	for (i = 0; i < oae_sensor_type_count; i++) {
		struct oae_sensor *s = &all->sensor[i];
		struct oae_error why = { 0 };

		if (!s->type->attach || !s->count ||
		    !s->type->attach(s, t, &why))
			continue;
		for (k = 0; k < s->count; k++) {
			s->channels[k].evidence = OAE_ABSENT;
			(void)snprintf(s->channels[k].reason,
				       sizeof(s->channels[k].reason), "%.159s",
				       why.text);
		}
	}
}

void oae_sensors_detach(struct oae_sensors *all)
{
	size_t i;

	for (i = 0; i < oae_sensor_type_count; i++)
		if (all->sensor[i].type->detach)
			all->sensor[i].type->detach(&all->sensor[i]);
}

void oae_sensors_read(struct oae_sensors *all, struct oae_channel_value *out)
{
	size_t i, k, at = 0;

	for (i = 0; i < oae_sensor_type_count; i++) {
		struct oae_sensor *s = &all->sensor[i];

		memset(out + at, 0, s->count * sizeof(*out));
		if (s->count)
			s->type->read(s, out + at);
		for (k = 0; k < s->count; k++)
			if (s->channels[k].evidence == OAE_ABSENT)
				out[at + k].ok = false;
		at += s->count;
	}
}

const struct oae_channel *oae_sensors_channel(const struct oae_sensors *all,
					      size_t i, const char **sensor)
{
	size_t s;

	for (s = 0; i >= all->sensor[s].count; s++)
		i -= all->sensor[s].count;
	*sensor = all->sensor[s].type->name;
	return &all->sensor[s].channels[i];
}
