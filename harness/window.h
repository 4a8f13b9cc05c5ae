/* SPDX-License-Identifier: Apache-2.0 */
/* What one channel counted in a window of time (schema/unwrap.h). */
#ifndef OAE_HARNESS_WINDOW_H
#define OAE_HARNESS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/sensors/sensor.h"
#include "schema/unwrap.h"

struct oae_window {
	const struct oae_channel *channel;
	struct oae_counter counter;
	struct oae_unwrap sum;
};

void oae_window_init(struct oae_window *w, const struct oae_channel *c);
void oae_window_add(struct oae_window *w, uint64_t t_ns,
		    struct oae_channel_value value);

/*
 * The total in the channel's unit, or false with the reason (a constant
 * string or one of the channel's) why there is none.
 */
bool oae_window_value(const struct oae_window *w, double *value,
		      const char **reason);

#endif
