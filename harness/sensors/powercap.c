/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy from the kernel's powercap tree (RAPL). Zones are known by their
 * `name` file, never by their index. The machine's energy is the sum of its
 * packages and drams; core and uncore are inside a package and psys contains
 * the packages: these are reported and never summed. The intel-rapl-mmio
 * tree repeats the same counters and is left out, as is a die whose counter
 * is the mirror of its sibling's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/sensors/sensor.h"
#include "harness/sensors/sysfs.h"

#define POWERCAP_DIR "/sys/class/powercap"
#define ZONES_MAX 64
/* No package of this decade draws more; it bounds how often to poll. */
#define PACKAGE_WATTS_MAX 1000.0
#define DRAM_WATTS_MAX 200.0
#define UPDATE_NS 1000000u /* RAPL's own period */

struct powercap {
	int fd[OAE_CHANNELS_MAX]; /* energy_uj of each channel */
};

struct zone {
	char folder[300];	   /* its folder's path */
	char entry[64];		   /* "intel-rapl:0:1" */
	char name[64];		   /* "package-0", "dram", ... */
	const struct zone *parent; /* the zone that it is inside, or NULL */
	uint64_t wrap;
	bool mirror;
};

struct zones {
	struct zone zone[ZONES_MAX];
	size_t count;
};

/* One entry of the tree, if it is a zone with an energy counter. */
static void take_zone(void *ctx, const char *root, const char *entry)
{
	struct zones *all = ctx;
	struct zone *z = &all->zone[all->count];

	if (all->count == ZONES_MAX || !strchr(entry, ':') ||
	    strncmp(entry, "intel-rapl-mmio", 15) == 0 ||
	    strlen(entry) >= sizeof(z->entry))
		return;
	memset(z, 0, sizeof(*z));
	(void)snprintf(z->entry, sizeof(z->entry), "%.63s", entry);
	(void)snprintf(z->folder, sizeof(z->folder), "%.200s/%.63s", root,
		       entry);
	if (oae_sysfs_text(z->folder, "name", z->name, sizeof(z->name)) &&
	    oae_sysfs_u64(z->folder, "max_energy_range_uj", &z->wrap))
		all->count++;
}

/* "intel-rapl:0:1" lies in "intel-rapl:0". */
static void find_parents(struct zone *zones, size_t count)
{
	size_t i, k, len;

	for (i = 0; i < count; i++)
		for (k = 0; k < count; k++) {
			len = strlen(zones[k].entry);
			if (i != k && zones[i].entry[len] == ':' &&
			    !strncmp(zones[i].entry, zones[k].entry, len))
				zones[i].parent = &zones[k];
		}
}

/* The same to the last microjoule: two real counters never are. */
static bool read_alike(const struct zone *a, const struct zone *b)
{
	uint64_t x, y;
	int i;

	/* A tick may fall between the two reads, but not every time. */
	for (i = 0; i < 3; i++)
		if (oae_sysfs_u64(a->folder, "energy_uj", &x) &&
		    oae_sysfs_u64(b->folder, "energy_uj", &y) && x == y)
			return true;
	return false;
}

/* "package-0-die-1" may only repeat "package-0-die-0", with all inside. */
static void find_mirrors(struct zone *zones, size_t count)
{
	const char *die;
	size_t i, k, len;

	for (i = 0; i < count; i++) {
		die = strstr(zones[i].name, "-die-");
		len = die ? (size_t)(die - zones[i].name) + 5 : 0;
		for (k = 0; die && k < i; k++)
			if (strncmp(zones[k].name, zones[i].name, len) == 0 &&
			    read_alike(&zones[k], &zones[i]))
				zones[i].mirror = true;
		if (zones[i].parent && zones[i].parent->mirror)
			zones[i].mirror = true;
	}
}

static enum oae_covers covers_of(const char *name, double *watts_max)
{
	*watts_max = PACKAGE_WATTS_MAX;
	if (strncmp(name, "package-", 8) == 0)
		return OAE_COVERS_PACKAGE;
	if (strcmp(name, "dram") != 0)
		return OAE_COVERS_INSIDE;
	*watts_max = DRAM_WATTS_MAX;
	return OAE_COVERS_DRAM;
}

static void add_zone(struct oae_sensor *s, const struct zone *z)
{
	struct powercap *p = s->state;
	struct oae_channel *c;
	char name[160], path[400];
	double watts_max;

	(void)snprintf(name, sizeof(name), "powercap.%.24s%s%.24s_uj",
		       z->parent ? z->parent->name : "", z->parent ? "." : "",
		       z->name);
	c = oae_sensor_add(s, name, "uJ");
	if (!c)
		return;
	(void)snprintf(path, sizeof(path), "%s/energy_uj", z->folder);
	p->fd[s->count - 1] = open(path, O_RDONLY | O_CLOEXEC);
	c->wrap = z->wrap;
	c->covers = covers_of(z->name, &watts_max);
	c->rate_max = watts_max * 1e6;
	c->update_ns = UPDATE_NS;
	if (strcmp(c->name, name) != 0) {
		c->covers = OAE_COVERS_INSIDE;
		(void)snprintf(c->reason, sizeof(c->reason),
			       "repeats the name of another zone");
	}
	if (z->mirror) {
		c->covers = OAE_COVERS_INSIDE;
		(void)snprintf(c->reason, sizeof(c->reason),
			       "mirror of another die's counter");
	} else if (p->fd[s->count - 1] < 0) {
		(void)snprintf(c->reason, sizeof(c->reason), "%.80s: %.70s",
			       path, strerror(errno));
		c->evidence = OAE_ABSENT;
	}
}

static void powercap_close(struct oae_sensor *s)
{
	struct powercap *p = s->state;
	size_t i;

	for (i = 0; p && i < s->count; i++)
		if (p->fd[i] >= 0)
			close(p->fd[i]);
	free(p);
	s->state = NULL;
	s->count = 0;
}

static enum oae_status powercap_open(struct oae_sensor *s, const char *sysroot,
				     struct oae_error *err)
{
	struct zones *zones = calloc(1, sizeof(*zones));
	char root[200];
	size_t i;

	s->state = calloc(1, sizeof(struct powercap));
	if (!zones || !s->state) {
		free(zones);
		return oae_fail(err, OAE_ERR_NOMEM, 0, "powercap");
	}
	(void)snprintf(root, sizeof(root), "%.160s%s", sysroot, POWERCAP_DIR);
	(void)oae_sysfs_each(root, take_zone, zones);
	find_parents(zones->zone, zones->count);
	find_mirrors(zones->zone, zones->count);
	for (i = 0; i < zones->count; i++)
		add_zone(s, &zones->zone[i]);
	free(zones);
	if (s->count)
		return OAE_OK;
	powercap_close(s);
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
			"no meter: %s has no"
			" energy counter",
			root);
}

static void powercap_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	const struct powercap *p = s->state;
	char text[64];
	size_t i;
	ssize_t n;

	for (i = 0; i < s->count; i++) {
		n = p->fd[i] < 0 ? -1 :
				   pread(p->fd[i], text, sizeof(text) - 1, 0);
		if (n <= 0)
			continue;
		text[n] = '\0';
		out[i].ok = oae_sysfs_parse(text, &out[i].raw) &&
			    out[i].raw <= s->channels[i].wrap;
	}
}

const struct oae_sensor_type oae_sensor_powercap = {
	.name = "powercap",
	.about = "energy of packages and memory (RAPL), from " POWERCAP_DIR,
	.open = powercap_open,
	.read = powercap_read,
	.close = powercap_close,
};
