/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What counters counted while a run served, and what follows from it. The
 * numbers come from the raw readings of the measure phase in the journal. A
 * counter that had to share its hardware is scaled, raw x enabled / running
 * (perf_event_open(2)); below OAE_COUNTED_SHARE_MIN of the time that is an
 * estimate, which never ranks against a measurement.
 */
#ifndef OAE_SCHEMA_COUNTERS_H
#define OAE_SCHEMA_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OAE_COUNTED_SHARE_MIN 0.95

enum oae_count {
	OAE_COUNT_TASK_CLOCK_NS,
	OAE_COUNT_PAGE_FAULTS,
	OAE_COUNT_MAJOR_FAULTS,
	OAE_COUNT_CONTEXT_SWITCHES,
	OAE_COUNT_MIGRATIONS,
	OAE_COUNT_CYCLES,
	OAE_COUNT_INSTRUCTIONS,
	OAE_COUNT_LLC_MISSES,
	OAE_COUNT_CACHE_MISSES, /* the kernel's event: a level of the CPU's */
	OAE_COUNT_DTLB_MISSES,
	OAE_COUNT_BRANCHES,
	OAE_COUNT_BRANCH_MISSES,
	OAE_COUNT_STALLED,    /* cycles in which the back end waited */
	OAE_COUNT_DRAM_BYTES, /* read and written, of the whole machine */
	OAE_COUNTS,
};

/* Channels that can tell a count, the preferred one first. */
struct oae_count_source {
	enum oae_count count;
	const char *channel;
	bool machine; /* counts all that ran here, not the system alone */
};
extern const struct oae_count_source oae_count_sources[];
extern const size_t oae_count_source_count;

struct oae_counted {
	double value;	     /* NaN: none, see reason */
	double share;	     /* of the time that it really ran; least */
	double s;	     /* between its first and its last reading */
	const char *channel; /* of oae_count_sources; NULL: none */
	const char *reason;  /* NULL when there is a value */
};

/* One run, all its segments that ended. */
struct oae_run_counts {
	struct oae_counted count[OAE_COUNTS];
	size_t samples; /* requests while they counted; 0: nothing did */
	uint64_t tokens_out;
};

/* A number per request, per token, per second, or one count per another. */
struct oae_derived {
	const char *key, *unit;
	double factor;
	enum oae_count count;
	enum oae_per {
		OAE_PER_REQUEST,
		OAE_PER_TOKEN,
		OAE_PER_SECOND,
		OAE_PER_COUNT,
	} per;
	enum oae_count per_count; /* with OAE_PER_COUNT */
};
extern const struct oae_derived oae_derived[];
extern const size_t oae_derived_count;

/* Does a channel of the table count all that ran on the machine? */
bool oae_count_is_machine(const char *channel);

/* value NaN and a reason when one of its counts is missing. */
struct oae_counted oae_derive(const struct oae_run_counts *r,
			      const struct oae_derived *d);

/*
 * raw x enabled / running; running 0 is no value. *share is what it ran of
 * the time that it was enabled.
 */
bool oae_counter_scale(double raw, double enabled_ns, double running_ns,
		       double *scaled, double *share);

#endif
