/* SPDX-License-Identifier: Apache-2.0 */
/* Asking every source what it can do here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cgroup.h"
#include "harness/doctor.h"
#include "harness/sensors/sensor.h"

#define PROVE_MS 100

static const char cgroup_name[] = "cgroup";

const char *oae_doctor_source(size_t i)
{
	if (i < oae_sensor_type_count)
		return oae_sensor_types[i]->name;
	return i == oae_sensor_type_count ? cgroup_name : NULL;
}

const char *oae_doctor_about(const char *source)
{
	size_t i;

	for (i = 0; i < oae_sensor_type_count; i++)
		if (!strcmp(oae_sensor_types[i]->name, source))
			return oae_sensor_types[i]->about;
	return "limits and accounts of a run's processes";
}

/* Words of reasons, ours and strerror()'s, and what they come to. */
static const struct {
	const char *sensor; /* NULL: any */
	const char *words;
	enum oae_cause cause;
} signs[] = {
	{ NULL, "phantom", OAE_CAUSE_PHANTOM },
	{ NULL, "ermission denied", OAE_CAUSE_REFUSED },
	{ NULL, "not permitted", OAE_CAUSE_REFUSED },
	{ NULL, "nsufficient permission", OAE_CAUSE_REFUSED },
	{ NULL, "ead-only file system", OAE_CAUSE_REFUSED },
	{ "cgroup", "does not hand the", OAE_CAUSE_REFUSED },
	{ "cgroup", "no cgroup hierarchy is mounted", OAE_CAUSE_NOT_INSTALLED },
	{ NULL, "not installed", OAE_CAUSE_NOT_INSTALLED },
	{ "nvml", "is not here", OAE_CAUSE_NOT_INSTALLED },
	{ "likwid", "No such file", OAE_CAUSE_NOT_INSTALLED },
	{ NULL, "left to ", OAE_CAUSE_SPARE },
	{ "battery", "on mains", OAE_CAUSE_SPARE },
};

static void set_cause(struct oae_source_row *r, enum oae_status status)
{
	size_t i;

	r->cause = status == OAE_ERR_DENIED ? OAE_CAUSE_REFUSED :
					      OAE_CAUSE_NO_DEVICE;
	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strstr(r->reason, signs[i].words) &&
		    (!signs[i].sensor || !strcmp(signs[i].sensor, r->sensor))) {
			r->cause = signs[i].cause;
			break;
		}
	r->state = r->cause == OAE_CAUSE_REFUSED ? OAE_SOURCE_REFUSED :
		   r->cause == OAE_CAUSE_PHANTOM ? OAE_SOURCE_PHANTOM :
						   OAE_SOURCE_ABSENT;
}

/* An empty row of that sensor, appended; NULL when there is no room. */
static struct oae_source_row *add(struct oae_source_row *rows, size_t *count,
				  const char *sensor, const char *source)
{
	struct oae_source_row *r;

	if (*count == OAE_DOCTOR_ROWS_MAX)
		return NULL;
	r = &rows[(*count)++];
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->sensor, sizeof(r->sensor), "%.31s", sensor);
	(void)snprintf(r->source, sizeof(r->source), "%.63s", source);
	return r;
}

static void add_channel(struct oae_source_row *rows, size_t *count,
			const struct oae_sensor *s, const struct oae_channel *c)
{
	struct oae_source_row *r = add(rows, count, s->type->name, c->name);

	if (!r)
		return;
	r->covers = c->covers;
	(void)snprintf(r->unit, sizeof(r->unit), "%.11s", c->unit);
	(void)snprintf(r->reason, sizeof(r->reason), "%s", c->reason);
	if (c->evidence == OAE_ABSENT)
		set_cause(r, OAE_ERR_UNSUPPORTED);
	else
		(void)snprintf(r->evidence, sizeof(r->evidence), "%.15s",
			       oae_evidence_name(c->evidence));
}

static void ask_sensor(const struct oae_sensor_type *type, const char *sysroot,
		       struct oae_source_row *rows, size_t *count)
{
	struct oae_sensor *s = calloc(1, sizeof(*s));
	struct oae_error why = { 0 };
	struct oae_source_row *r;
	enum oae_status status;
	size_t i;

	if (!s)
		return;
	status = oae_sensor_open(s, type, sysroot, PROVE_MS, &why);
	if (status && (r = add(rows, count, type->name, type->name))) {
		(void)snprintf(r->reason, sizeof(r->reason), "%.239s",
			       why.text);
		set_cause(r, status);
	}
	/* After a multiplexed one come the times that belong to it. */
	for (i = 0; i < s->count; i += s->channels[i].multiplexed ? 3 : 1)
		add_channel(rows, count, s, &s->channels[i]);
	type->close(s);
	free(s);
}

static void ask_cgroup(const char *sysroot, struct oae_source_row *rows,
		       size_t *count)
{
	static const char *const uses[OAE_CGROUP_USES] = {
		[OAE_CGROUP_CPU] = "cgroup.cpu_limit",
		[OAE_CGROUP_CPUACCT] = "cgroup.cpu_time",
		[OAE_CGROUP_MEMORY] = "cgroup.memory",
		[OAE_CGROUP_PERF] = "cgroup.perf_events",
	};
	struct oae_cgroup_place *places =
		calloc(OAE_CGROUP_USES, sizeof(*places));
	struct oae_error why = { 0 };
	struct oae_source_row *r;
	size_t i;

	if (!places)
		return;
	if (oae_cgroup_find(sysroot, places, &why))
		for (i = 0; i < OAE_CGROUP_USES; i++)
			(void)snprintf(places[i].why, sizeof(places[i].why),
				       "%.239s", why.text);
	for (i = 0; i < OAE_CGROUP_USES; i++) {
		r = add(rows, count, cgroup_name, uses[i]);
		if (!r)
			break;
		if (places[i].version) {
			(void)snprintf(r->evidence, sizeof(r->evidence), "%s",
				       oae_evidence_name(OAE_MEASURED));
			(void)snprintf(r->reason, sizeof(r->reason),
				       "cgroup v%d", places[i].version);
			continue;
		}
		(void)snprintf(r->reason, sizeof(r->reason), "%s",
			       places[i].why);
		set_cause(r, OAE_ERR_UNSUPPORTED);
	}
	free(places);
}

bool oae_doctor_ask(const char *source, const char *sysroot,
		    struct oae_source_row *rows, size_t *count)
{
	size_t i;

	if (!strcmp(source, cgroup_name)) {
		ask_cgroup(sysroot, rows, count);
		return true;
	}
	for (i = 0; i < oae_sensor_type_count; i++)
		if (!strcmp(source, oae_sensor_types[i]->name)) {
			ask_sensor(oae_sensor_types[i], sysroot, rows, count);
			return true;
		}
	return false;
}
