/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From raw readings of one cumulative counter to what it counted in a window
 * of time: unwrapping in 64 bits, gaps, plausibility. Nothing here is ever
 * negative, and nothing absent is ever 0. The harness uses it as it measures,
 * the record reader to compute the same from the journal's raw readings.
 */
#ifndef OAE_SCHEMA_UNWRAP_H
#define OAE_SCHEMA_UNWRAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A meter that updates every T is off by up to T at either end of a window W:
 * relative error <= 2 T / W. 1 % for what is reported; 2 % for idle power,
 * whose drift is judged at 5 %.
 */
#define OAE_WINDOW_UPDATES_MIN 200u
#define OAE_IDLE_UPDATES_MIN 100u

/* How one counter counts. */
struct oae_counter {
	uint64_t wrap;	    /* largest raw value before 0; 0: 64 bits */
	double rate_max;    /* fastest growth, raw units a second; 0: unknown */
	uint64_t update_ns; /* how often it changes; 0: at every read */
};

struct oae_unwrap {
	uint64_t first_ns, last_ns, last_raw;
	uint64_t total; /* raw units since the first reading */
	uint32_t readings, gaps, wraps;
	bool at_gap, began_at_gap; /* the last, the first reading was one */
	const char *invalid;	   /* why the total means nothing, or NULL */
};

/*
 * The next reading. One that failed, or that implies faster growth than
 * rate_max, is a gap: the next good one spans it. Readings so far apart that
 * the counter could have wrapped unseen (rate_max x time > wrap / 2) make
 * the window invalid. Zeroed memory is the empty window.
 */
void oae_unwrap_add(struct oae_unwrap *u, const struct oae_counter *c,
		    uint64_t t_ns, bool ok, uint64_t raw);

/* Why `total` is not the window's (a constant string), or NULL when it is. */
const char *oae_unwrap_refusal(const struct oae_unwrap *u,
			       const struct oae_counter *c,
			       uint32_t updates_min);

/* Between the first and the last good reading. */
double oae_unwrap_seconds(const struct oae_unwrap *u);

/*
 * Energy from readings of instantaneous power, by the trapezoid rule: a
 * model of what happened between them, so its class is "estimated".
 */
struct oae_integral {
	bool started;
	uint64_t t_ns;
	double watts, joules;
};

void oae_integral_add(struct oae_integral *g, uint64_t t_ns, double watts);

#endif
