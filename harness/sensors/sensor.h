/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensors. A sensor only reads raw cumulative channels: what a counter or a
 * file says, as an unsigned number. Unwrapping, scaling and differences are
 * window.h's, once for all. A sensor that finds nothing on this machine says
 * why and is absent; a channel that cannot be read is null, never 0.
 *
 * To add one: a file that fills a struct oae_sensor_type, and its row in
 * registry.c.
 */
#ifndef OAE_HARNESS_SENSORS_SENSOR_H
#define OAE_HARNESS_SENSORS_SENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/limits.h"
#include "base/status.h"
#include "schema/energy.h"
#include "schema/evidence.h"

enum oae_scope {
	OAE_SCOPE_MACHINE, /* everything that runs here */
	OAE_SCOPE_TREE,	   /* the adapter and its descendants */
};

struct oae_channel {
	char name[64];
	const char *unit; /* "ns", "uJ", "count", "bytes" */
	enum oae_scope scope;
	double scale;	 /* raw x scale = unit */
	uint64_t wrap;	 /* largest raw value before 0; 0: 64 bits */
	double rate_max; /* fastest growth, raw units a second; 0: unknown */
	/* The next two channels say how long it was enabled and running. */
	bool multiplexed;
	uint64_t update_ns;	    /* how often it changes; 0: at every read */
	enum oae_evidence evidence; /* OAE_ABSENT: no values, see reason */
	/*
	 * Energy channels only; unit "uJ". A sensor's channels of one kind
	 * are its terms: one a package, one a board. source.h chooses.
	 */
	enum oae_covers covers;
	bool chosen;	  /* a term of the machine's energy; set by source.h */
	char reason[160]; /* why absent, or "" */
};

struct oae_channel_value {
	bool ok;
	uint64_t raw;
};

/* What tree scope follows. */
struct oae_cgroup;
struct oae_target {
	pid_t pid; /* a child that has not yet exec'd; 0: only the group */
	const struct oae_cgroup *group; /* that holds it; NULL: none */
};

struct oae_sensor;

struct oae_sensor_type {
	const char *name;
	const char *about; /* one line for `oae list sensors` */
	/*
	 * Finds the channels (oae_sensor_add()); sysroot is "" or a folder
	 * that stands for /. OAE_ERR_UNSUPPORTED: not on this machine, and
	 * the error says why; OAE_ERR_DENIED: not for this user.
	 */
	enum oae_status (*open)(struct oae_sensor *s, const char *sysroot,
				struct oae_error *err);
	/* NULL: machine scope. */
	enum oae_status (*attach)(struct oae_sensor *s,
				  const struct oae_target *t,
				  struct oae_error *err);
	void (*detach)(struct oae_sensor *s); /* NULL with attach */
	/* One value for each channel. */
	void (*read)(struct oae_sensor *s, struct oae_channel_value *out);
	void (*close)(struct oae_sensor *s);
};

struct oae_sensor {
	const struct oae_sensor_type *type;
	struct oae_channel channels[OAE_CHANNELS_MAX];
	size_t count;
	void *state; /* the type's own, freed by close */
};

/*
 * One more channel, zeroed but for name, unit and scale 1; NULL when full.
 * A name that is taken gets "~2" and so on: names are keys in the journal.
 */
struct oae_channel *oae_sensor_add(struct oae_sensor *s, const char *name,
				   const char *unit);

/* The registry's order is the order of preference among meters. */
extern const struct oae_sensor_type *const oae_sensor_types[];
extern const size_t oae_sensor_type_count;

extern const struct oae_sensor_type oae_sensor_proc;
extern const struct oae_sensor_type oae_sensor_perf;
extern const struct oae_sensor_type oae_sensor_papi;
extern const struct oae_sensor_type oae_sensor_uncore;
extern const struct oae_sensor_type oae_sensor_papi_energy;
extern const struct oae_sensor_type oae_sensor_likwid;
extern const struct oae_sensor_type oae_sensor_powercap;
extern const struct oae_sensor_type oae_sensor_perf_power;
extern const struct oae_sensor_type oae_sensor_nvml;
extern const struct oae_sensor_type oae_sensor_hwmon;
extern const struct oae_sensor_type oae_sensor_battery;
extern const struct oae_sensor_type oae_sensor_estimate;

/* How long a meter must be seen advancing before it is believed. */
#define OAE_PROVE_MS 100u
#define OAE_PROVE_MS_MAX 1000u

/* Every sensor that this machine has. */
struct oae_sensors {
	struct oae_sensor *sensor; /* oae_sensor_type_count of them */
	char absent[16][200];	   /* why one is not there, or "" */
	size_t channel_count;	   /* of all present ones */
	char no_meter[240];	   /* why no energy is measured, or "" */
};

/*
 * Opens one and proves its meters. An energy channel that does not advance
 * while this process keeps a core busy, for `prove_ms` and at least five of
 * its update periods, is a phantom: it becomes absent with that reason. One
 * that updates so rarely that this would take longer than OAE_PROVE_MS_MAX
 * is proved by each window instead. prove_ms 0: nothing is proved. After a
 * failure, whose reason is in `why`, it has no channels; type->close()
 * either way.
 */
enum oae_status oae_sensor_open(struct oae_sensor *s,
				const struct oae_sensor_type *type,
				const char *sysroot, uint32_t prove_ms,
				struct oae_error *why);
/*
 * Opens all in this way and chooses among the meters (source.h). One that
 * fails, or whose channels do not fit into OAE_CHANNELS_MAX, is absent with
 * its reason.
 */
enum oae_status oae_sensors_open(struct oae_sensors *all, const char *sysroot,
				 uint32_t prove_ms, struct oae_error *err);
void oae_sensors_close(struct oae_sensors *all);
void oae_sensors_attach(struct oae_sensors *all, const struct oae_target *t);
void oae_sensors_detach(struct oae_sensors *all);
/* Values of all channels, in the order of oae_sensors_channel(). */
void oae_sensors_read(struct oae_sensors *all, struct oae_channel_value *out);
const struct oae_channel *oae_sensors_channel(const struct oae_sensors *all,
					      size_t i, const char **sensor);

#endif
