/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which meters make up the machine's energy, decided in this one place. A
 * source is one sensor's channels that cover one thing: "powercap, dram".
 * The table is in order of preference; for each thing the first source
 * serves that is whole (every term proved and measured, none missing). The
 * processors' packages, memory and graphics boards are summed; the wall
 * holds them all and serves only where no source has the packages. A board
 * alone is not the machine: then no energy is measured.
 */
#ifndef OAE_HARNESS_SENSORS_SOURCE_H
#define OAE_HARNESS_SENSORS_SOURCE_H

#include "base/json.h"
#include "harness/sensors/sensor.h"

#define OAE_SOURCES_MAX 32u

struct oae_source {
	const char *sensor; /* a type's name */
	enum oae_covers covers;
	size_t terms, usable;	    /* channels; those that have values */
	enum oae_evidence evidence; /* weakest of the usable ones */
	uint64_t update_ns;	    /* slowest of them */
	bool chosen;
	const char *reason; /* why it cannot serve, or NULL; the sensors' */
};

/* Fills in `chosen` of every channel and all->no_meter. */
void oae_sources_choose(struct oae_sensors *all);

/*
 * Before each run: a chosen meter that was lost takes the machine's energy
 * with it; no other takes over in the middle of a campaign.
 */
void oae_sources_keep(struct oae_sensors *all);

/* The table, for people; at most OAE_SOURCES_MAX rows. Returns their number. */
size_t oae_sources_table(const struct oae_sensors *all,
			 struct oae_source out[OAE_SOURCES_MAX]);

/*
 * "counts": a term of the machine's energy; "spare": whole, but another
 * source counts; "estimate": it only has instantaneous power; "refused".
 */
const char *oae_source_state(const struct oae_source *s);
/* One row as an object. */
void oae_source_write(struct oae_jw *w, const struct oae_source *s);

/*
 * The longest time between two readings, at most `most_ns`: a quarter of what
 * the fastest-wrapping energy channel takes at its greatest power.
 */
uint64_t oae_sources_period_ns(const struct oae_sensors *all, uint64_t most_ns);
/* The slowest update period among chosen channels; 0 when there are none. */
uint64_t oae_sources_update_ns(const struct oae_sensors *all);

#endif
