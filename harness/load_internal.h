/* SPDX-License-Identifier: Apache-2.0 */
/* Between load.c (what is sent when) and load_events.c (what comes back). */
#ifndef OAE_HARNESS_LOAD_INTERNAL_H
#define OAE_HARNESS_LOAD_INTERNAL_H

#include "harness/load.h"

/* A user of a closed loop who pauses before a request. */
struct oae_load_user {
	size_t index; /* of the request */
	uint64_t due_ns;
};

/* Takes all events that are there. */
enum oae_status oae_load_take_events(struct oae_load *l, struct oae_error *err);
/* Hands a flight on and forgets it; another takes its place in flights. */
enum oae_status oae_load_end_flight(struct oae_load *l, struct oae_flight *f,
				    enum oae_outcome outcome, uint64_t now_ns,
				    const char *reason, struct oae_error *err);

#endif
