/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two lines that come by the million, "token" and "done", read in one
 * pass and without memory. It takes a part of what oae_event_parse()
 * accepts, with the same result, and leaves everything else to it: unknown
 * members, numbers that are no plain counts, long escaped texts, and all that
 * is wrong and must be named.
 */
#ifndef OAE_HARNESS_PROTO_FAST_H
#define OAE_HARNESS_PROTO_FAST_H

#include "harness/proto.h"

/* False: read the line in the general way; *ev means nothing then. */
bool oae_event_parse_fast(const char *line, size_t len, struct oae_event *ev);

#endif
