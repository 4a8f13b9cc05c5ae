/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy through PAPI's `rapl` component, else its `powercap` component,
 * where the library was built with them (Debian's is not). What they count
 * is meant to be the energy since the start, but powercap's gives the
 * counter itself while no tick has passed since then: a value that nothing
 * could have drawn in that time is a gap.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/sensors/papi_lib.h"
#include "harness/sensors/sensor.h"

#define ENERGY_EVENTS_MAX 32u
#define EVENTS_MAX 4096u /* of a component, looked through */
#define WATTS_MAX 2000.0 /* of one package */
#define UPDATE_NS 1000000u

struct energy_state {
	struct oae_papi lib;
	int set;
	uint64_t start_ns;
};

/* What an event is; false: no energy. */
static bool rapl_event(const char *event, char name[40],
		       enum oae_covers *covers)
{
	static const struct {
		const char *has, *name;
		enum oae_covers covers;
	} kinds[] = {
		{ "PACKAGE_ENERGY", "package", OAE_COVERS_PACKAGE },
		{ "DRAM_ENERGY", "dram", OAE_COVERS_DRAM },
		{ "PP0_ENERGY", "core", OAE_COVERS_INSIDE },
		{ "PP1_ENERGY", "uncore", OAE_COVERS_INSIDE },
		{ "PSYS_ENERGY", "psys", OAE_COVERS_WALL },
	};
	const char *colon = strrchr(event, ':'); /* ":PACKAGE1" */
	const char *number = colon && !strncmp(colon, ":PACKAGE", 8) &&
					     colon[8] != '_' ?
				     colon + 8 :
				     "0";
	size_t i;

	if (strstr(event, "_CNT"))
		return false; /* the same, in the register's own units */
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strstr(event, kinds[i].has))
			continue;
		(void)snprintf(name, 40, "%s-%.8s", kinds[i].name, number);
		*covers = kinds[i].covers;
		return true;
	}
	return false;
}

/* The name file of the zone that the event names. */
static bool powercap_event(const char *sysroot, const char *event,
			   char name[40], enum oae_covers *covers)
{
	const char *at = strstr(event, "ENERGY_UJ:ZONE");
	int zone, sub, n, fd;
	char path[400], text[24] = "";
	ssize_t len = -1;

	if (!at || strstr(event, "MAX_ENERGY"))
		return false;
	n = sscanf(at, "ENERGY_UJ:ZONE%5d_SUBZONE%5d", &zone, &sub);
	if (n == 2)
		(void)snprintf(
			path, sizeof(path),
			"%.200s/sys/class/powercap/intel-rapl:%d:%d/name",
			sysroot, zone, sub);
	else
		(void)snprintf(path, sizeof(path),
			       "%.200s/sys/class/powercap/intel-rapl:%d/name",
			       sysroot, zone);
	fd = n < 1 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (len <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (n == 2)
		(void)snprintf(name, 40, "%s.%d", text, zone);
	else
		(void)snprintf(name, 40, "%s", text);
	*covers = strncmp(text, "package", 7) == 0 ? OAE_COVERS_PACKAGE :
		  strcmp(text, "dram") == 0	   ? OAE_COVERS_DRAM :
		  strcmp(text, "psys") == 0	   ? OAE_COVERS_WALL :
						     OAE_COVERS_INSIDE;
	return true;
}

static void add_channel(struct oae_sensor *s, const char *name, bool rapl,
			enum oae_covers covers)
{
	char full[64];
	struct oae_channel *c;

	(void)snprintf(full, sizeof(full), "papi.%s_uj", name);
	c = oae_sensor_add(s, full, "uJ");
	c->scale = rapl ? 1e-3 : 1; /* nJ, uJ */
	c->rate_max = WATTS_MAX * 1e6 / c->scale;
	c->update_ns = UPDATE_NS;
	c->covers = covers;
}

/* Adds all energy events of the component to the set. */
static enum oae_status add_events(struct oae_sensor *s, const char *sysroot,
				  int component, bool rapl,
				  struct oae_error *err)
{
	struct energy_state *e = s->state;
	int code = OAE_PAPI_NATIVE_MASK, how = OAE_PAPI_ENUM_FIRST;
	char event[OAE_PAPI_NAME_BYTES_MAX], name[40];
	enum oae_covers covers;
	unsigned seen = 0;

	while (seen++ < EVENTS_MAX && s->count < ENERGY_EVENTS_MAX &&
	       e->lib.enum_cmp_event(&code, how, component) == OAE_PAPI_OK) {
		how = OAE_PAPI_ENUM_EVENTS;
		if (e->lib.event_code_to_name(code, event) != OAE_PAPI_OK ||
		    !(rapl ? rapl_event(event, name, &covers) :
			     powercap_event(sysroot, event, name, &covers)))
			continue;
		if (e->lib.add_event(e->set, code) == OAE_PAPI_OK)
			add_channel(s, name, rapl, covers);
	}
	if (s->count == 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"PAPI %s: its %s component has no energy"
				" event that can be added",
				e->lib.version, rapl ? "rapl" : "powercap");
	return OAE_OK;
}

static enum oae_status energy_open(struct oae_sensor *s, const char *sysroot,
				   struct oae_error *err)
{
	struct energy_state *e = calloc(1, sizeof(*e));
	enum oae_status status;
	bool rapl;
	int c;

	s->state = e;
	if (!e)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "PAPI energy sensor");
	e->set = OAE_PAPI_NULL;
	status = oae_papi_load(&e->lib, sysroot, err);
	if (status)
		return status;
	c = e->lib.get_component_index("rapl");
	rapl = c >= 0;
	if (!rapl)
		c = e->lib.get_component_index("powercap");
	if (c < 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"PAPI %s was built without the rapl and"
				" powercap components: %s",
				e->lib.version, e->lib.strerror(c));
	status = oae_papi_check(&e->lib, "PAPI_create_eventset",
				e->lib.create_eventset(&e->set), err);
	if (!status)
		status = oae_papi_check(
			&e->lib, "PAPI_assign_eventset_component",
			e->lib.assign_eventset_component(e->set, c), err);
	if (!status)
		status = add_events(s, sysroot, c, rapl, err);
	if (!status)
		status = oae_papi_check(&e->lib, "PAPI_start",
					e->lib.start(e->set), err);
	e->start_ns = oae_clock_ns();
	return status;
}

static void energy_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	const struct energy_state *e = s->state;
	long long v[ENERGY_EVENTS_MAX];
	uint64_t ns;
	size_t i;

	if (e->lib.read(e->set, v) != OAE_PAPI_OK)
		return;
	ns = oae_clock_ns() - e->start_ns + UPDATE_NS;
	for (i = 0; i < s->count; i++) {
		double most = s->channels[i].rate_max * (double)ns * 1e-9;

		out[i].ok = v[i] >= 0 && (double)v[i] <= most;
		out[i].raw = out[i].ok ? (uint64_t)v[i] : 0;
	}
}

static void energy_close(struct oae_sensor *s)
{
	struct energy_state *e = s->state;

	if (e && e->lib.initialised)
		oae_papi_drop(&e->lib, &e->set);
	if (e)
		oae_papi_unload(&e->lib);
	free(e);
	s->state = NULL;
}

const struct oae_sensor_type oae_sensor_papi_energy = {
	.name = "papi-energy",
	.about = "energy of packages and memory, through PAPI",
	.open = energy_open,
	.read = energy_read,
	.close = energy_close,
};
