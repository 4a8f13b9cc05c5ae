/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness/sensors/sensor.h"

const struct oae_sensor_type *const oae_sensor_types[] = {
	&oae_sensor_proc,
	&oae_sensor_perf,
	&oae_sensor_powercap,
	&oae_sensor_estimate,
};

const size_t oae_sensor_type_count =
	sizeof(oae_sensor_types) / sizeof(oae_sensor_types[0]);

_Static_assert(sizeof(oae_sensor_types) / sizeof(oae_sensor_types[0]) <=
		       sizeof(((struct oae_sensors *)0)->absent) /
			       sizeof(((struct oae_sensors *)0)->absent[0]),
	       "a reason for each sensor");

struct oae_channel *oae_sensor_add(struct oae_sensor *s, const char *name,
				   const char *unit)
{
	struct oae_channel *c;

	if (s->count == OAE_CHANNELS_MAX)
		return NULL;
	c = &s->channels[s->count++];
	memset(c, 0, sizeof(*c));
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	c->unit = unit;
	c->scale = 1;
	c->evidence = OAE_MEASURED;
	return c;
}

static bool is_energy(const struct oae_channel *c)
{
	return c->part != OAE_PART_NONE;
}

static void keep_busy(uint32_t ms)
{
	uint64_t end = oae_clock_ns() + ms * 1000000ull;
	volatile double x = 1;

	while (oae_clock_ns() < end)
		x = x * 1.0000001 + 1e-9;
}

static void prove(struct oae_sensor *s, uint32_t ms)
{
	struct oae_channel_value before[OAE_CHANNELS_MAX];
	struct oae_channel_value after[OAE_CHANNELS_MAX];
	size_t i;

	for (i = 0; i < s->count && !is_energy(&s->channels[i]); i++)
		;
	if (i == s->count)
		return;
	s->type->read(s, before);
	keep_busy(ms);
	s->type->read(s, after);
	for (i = 0; i < s->count; i++) {
		struct oae_channel *c = &s->channels[i];

		if (!is_energy(c) || c->evidence == OAE_ABSENT)
			continue;
		if (!before[i].ok || !after[i].ok)
			(void)snprintf(c->reason, sizeof(c->reason),
				       "cannot be read");
		else if (before[i].raw == after[i].raw)
			(void)snprintf(c->reason, sizeof(c->reason),
				       "phantom: it did not advance while a"
				       " core was busy for %u ms",
				       ms);
		else
			continue;
		c->evidence = OAE_ABSENT;
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
	if (status)
		s->count = 0;
	else if (prove_ms)
		prove(s, prove_ms);
	return status;
}

enum oae_status oae_sensors_open(struct oae_sensors *all, const char *sysroot,
				 uint32_t prove_ms, struct oae_error *err)
{
	size_t i;

	memset(all, 0, sizeof(*all));
	all->sensor = calloc(oae_sensor_type_count, sizeof(*all->sensor));
	if (!all->sensor)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "sensors");
	for (i = 0; i < oae_sensor_type_count; i++) {
		struct oae_error why = { 0 };

		if (oae_sensor_open(&all->sensor[i], oae_sensor_types[i],
				    sysroot, prove_ms, &why))
			(void)snprintf(all->absent[i], sizeof(all->absent[i]),
				       "%.199s", why.text);
		all->channel_count += all->sensor[i].count;
	}
	if (all->channel_count > OAE_CHANNELS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"more than %u sensor channels",
				OAE_CHANNELS_MAX);
	return OAE_OK;
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

void oae_sensors_attach(struct oae_sensors *all, pid_t pid)
{
	size_t i, k;

	for (i = 0; i < oae_sensor_type_count; i++) {
		struct oae_sensor *s = &all->sensor[i];
		struct oae_error why = { 0 };

		if (!s->type->attach || !s->count ||
		    !s->type->attach(s, pid, &why))
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

const char *oae_sensors_no_meter(const struct oae_sensors *all)
{
	const char *reason = "no energy sensor";
	size_t i, k;

	for (i = 0; i < oae_sensor_type_count; i++) {
		const struct oae_sensor *s = &all->sensor[i];

		if (s->type == &oae_sensor_powercap && all->absent[i][0])
			reason = all->absent[i];
		for (k = 0; k < s->count; k++) {
			if (s->channels[k].part != OAE_PART_TOTAL)
				continue;
			if (s->channels[k].evidence != OAE_ABSENT)
				return NULL;
			reason = s->channels[k].reason;
		}
	}
	return reason;
}
