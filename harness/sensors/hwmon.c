/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy and power of chips that the kernel lists below /sys/class/hwmon
 * (Documentation/hwmon/sysfs-interface.rst): energyN_input is a counter of
 * uJ; powerN_average and powerN_input are uW at a moment. A power is
 * integrated by the trapezoid rule, and only where the chip has no counter of
 * the same thing. What happened between two readings is a model, so an
 * integral is of class "estimated": shown, never counted. A counter whose
 * chip is not in the table below covers who knows what: reported alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/sensors/sensor.h"
#include "harness/sensors/sysfs.h"
#include "schema/unwrap.h"

#define HWMON_DIR "/sys/class/hwmon"
#define INPUTS_MAX 32u	 /* of one chip and kind */
#define CHANNELS_MAX 32u /* of all chips */
#define WATTS_MAX 4000.0
/* Chips say update_interval in ms, or nothing: then this. */
#define UPDATE_MS 100u
#define UPDATE_MS_MAX 60000u

static const struct {
	const char *chip, *label; /* a label's beginning; "": any or none */
	enum oae_covers covers;
} table[] = {
	{ "amd_energy", "Esocket", OAE_COVERS_PACKAGE },
	{ "i915", "", OAE_COVERS_GPU },
	{ "xe", "card", OAE_COVERS_GPU },
	{ "amdgpu", "", OAE_COVERS_GPU },
	{ "power_meter", "", OAE_COVERS_WALL }, /* ACPI 4.0 */
};

struct hwmon {
	int fd[CHANNELS_MAX];
	bool is_power[CHANNELS_MAX];
	struct oae_integral integral[CHANNELS_MAX];
};

static enum oae_covers covers_of(const char *chip, const char *label)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(chip, table[i].chip) == 0 &&
		    strncmp(label, table[i].label, strlen(table[i].label)) == 0)
			return table[i].covers;
	return OAE_COVERS_INSIDE;
}

static uint64_t update_ns(const char *dir, bool power)
{
	uint64_t ms;

	if (!(power && oae_sysfs_u64(dir, "power1_average_interval", &ms)) &&
	    !oae_sysfs_u64(dir, "update_interval", &ms))
		ms = UPDATE_MS;
	if (ms > UPDATE_MS_MAX)
		ms = UPDATE_MS_MAX;
	return ms * 1000000u;
}

static void add(struct oae_sensor *s, const char *dir, const char *name,
		const char *file, enum oae_covers covers, bool power)
{
	struct hwmon *h = s->state;
	char path[512];
	struct oae_channel *c;
	int fd;

	if (s->count == CHANNELS_MAX)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return;
	c = oae_sensor_add(s, name, "uJ");
	h->fd[s->count - 1] = fd;
	h->is_power[s->count - 1] = power;
	c->covers = covers;
	c->rate_max = WATTS_MAX * 1e6;
	c->update_ns = update_ns(dir, power);
	if (covers == OAE_COVERS_INSIDE)
		(void)snprintf(c->reason, sizeof(c->reason),
			       "what it covers is not known");
	if (power) {
		c->evidence = OAE_ESTIMATED;
		(void)snprintf(c->reason, sizeof(c->reason),
			       "only instantaneous power, integrated: an"
			       " estimate");
	}
	if (fd < 0) {
		c->evidence = OAE_ABSENT;
		(void)snprintf(c->reason, sizeof(c->reason), "%.80s: %.70s",
			       path, strerror(errno));
	}
}

/* One input of a chip: its label, its name, and what it covers. */
static enum oae_covers name_input(const char *dir, const char *chip,
				  const char *entry, const char *kind,
				  unsigned i, char name[64])
{
	char file[40], label[32] = "";

	(void)snprintf(file, sizeof(file), "%s%u_label", kind, i);
	(void)oae_sysfs_text(dir, file, label, sizeof(label));
	(void)snprintf(name, 64, "hwmon.%.10s.%.16s.%s%u", entry, chip, kind,
		       i);
	return covers_of(chip, label);
}

static void add_chip(void *ctx, const char *root, const char *entry)
{
	struct oae_sensor *s = ctx;
	bool counted[OAE_COVERS_COUNT] = { false };
	char dir[300], chip[64], name[64], file[40];
	enum oae_covers covers;
	unsigned i;

	(void)snprintf(dir, sizeof(dir), "%.200s/%.80s", root, entry);
	if (!oae_sysfs_text(dir, "name", chip, sizeof(chip)))
		return;
	for (i = 1; i <= INPUTS_MAX; i++) {
		covers = name_input(dir, chip, entry, "energy", i, name);
		/* A core's is inside its socket's, and there are hundreds. */
		if (covers == OAE_COVERS_INSIDE && !strcmp(chip, "amd_energy"))
			continue;
		(void)snprintf(file, sizeof(file), "energy%u_input", i);
		add(s, dir, name, file, covers, false);
		if (s->count && !strcmp(s->channels[s->count - 1].name, name))
			counted[covers] = true;
	}
	for (i = 1; i <= INPUTS_MAX; i++) {
		covers = name_input(dir, chip, entry, "power", i, name);
		if (covers == OAE_COVERS_INSIDE || counted[covers])
			continue;
		(void)snprintf(file, sizeof(file), "power%u_average", i);
		add(s, dir, name, file, covers, true);
		if (s->count && !strcmp(s->channels[s->count - 1].name, name))
			continue;
		(void)snprintf(file, sizeof(file), "power%u_input", i);
		add(s, dir, name, file, covers, true);
	}
}

static void hwmon_close(struct oae_sensor *s)
{
	struct hwmon *h = s->state;
	size_t i;

	for (i = 0; h && i < s->count; i++)
		if (h->fd[i] >= 0)
			close(h->fd[i]);
	free(h);
	s->state = NULL;
	s->count = 0;
}

static enum oae_status hwmon_open(struct oae_sensor *s, const char *sysroot,
				  struct oae_error *err)
{
	char root[200];

	s->state = calloc(1, sizeof(struct hwmon));
	if (!s->state)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "hwmon");
	(void)snprintf(root, sizeof(root), "%.160s%s", sysroot, HWMON_DIR);
	(void)oae_sysfs_each(root, add_chip, s);
	if (s->count)
		return OAE_OK;
	hwmon_close(s);
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
			"no meter: %s has no energy or power of a known chip",
			root);
}

static void hwmon_read(struct oae_sensor *s, struct oae_channel_value *out)
{
	struct hwmon *h = s->state;
	char text[64];
	uint64_t raw;
	ssize_t n;
	size_t i;

	for (i = 0; i < s->count; i++) {
		n = h->fd[i] < 0 ? -1 :
				   pread(h->fd[i], text, sizeof(text) - 1, 0);
		if (n <= 0)
			continue;
		text[n] = '\0';
		if (!oae_sysfs_parse(text, &raw))
			continue;
		if (h->is_power[i]) {
			if ((double)raw > WATTS_MAX * 1e6)
				continue;
			oae_integral_add(&h->integral[i], oae_clock_ns(),
					 (double)raw * 1e-6);
			raw = (uint64_t)(h->integral[i].joules * 1e6);
		}
		out[i].ok = true;
		out[i].raw = raw;
	}
}

const struct oae_sensor_type oae_sensor_hwmon = {
	.name = "hwmon",
	.about = "energy and power of chips, from " HWMON_DIR,
	.open = hwmon_open,
	.read = hwmon_read,
	.close = hwmon_close,
};
