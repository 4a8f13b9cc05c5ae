/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From raw readings of one cumulative channel to what it counted in a
 * window of time: unwrapping in 64 bits, gaps, plausibility. Nothing here
 * is ever negative, and nothing absent is ever 0.
 */
#ifndef OAE_HARNESS_WINDOW_H
#define OAE_HARNESS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/sensors/sensor.h"

/* A window must be this many update periods long: 2 T / W <= 1 %. */
#define OAE_WINDOW_UPDATES_MIN 200u

struct oae_window {
	const struct oae_channel *channel;
	bool started;
	uint64_t first_ns, last_ns, last_raw;
	uint64_t total; /* raw units since the first reading */
	uint32_t readings, gaps, wraps;
	const char *invalid; /* why the total means nothing, or NULL */
};

void oae_window_init(struct oae_window *w, const struct oae_channel *c);

/*
 * The next reading. One that failed, or that implies faster growth than the
 * channel's rate_max, is a gap: the next good one spans it. Readings so far
 * apart that the channel could have wrapped unseen make the window invalid.
 */
void oae_window_add(struct oae_window *w, uint64_t t_ns,
		    struct oae_channel_value value);

/*
 * The total in the channel's unit, or false with the reason (a constant
 * string or one of the channel's) why there is none.
 */
bool oae_window_value(const struct oae_window *w, double *value,
		      const char **reason);

#endif
