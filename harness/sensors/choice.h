/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who counts the hardware's events. PAPI, likwid and the perf sensor use the
 * same few counters of each core: two at once make each other's numbers
 * guesses, or clobber them. So one counts: perf where it can, else PAPI,
 * else likwid; the environment variable OAE_COUNTERS takes another one.
 */
#ifndef OAE_HARNESS_SENSORS_CHOICE_H
#define OAE_HARNESS_SENSORS_CHOICE_H

#include <stdbool.h>

#include "base/status.h"

/* OAE_ERR_USAGE when OAE_COUNTERS is none of perf, papi, likwid. */
enum oae_status oae_counters_check(struct oae_error *err);

/* OAE_COUNTERS names it. */
bool oae_counters_asked(const char *sensor);

/*
 * May this sensor ("perf", "papi", "likwid") count the hardware's events? If
 * not, *why is a constant text.
 */
bool oae_counters_may(const char *sensor, const char **why);

#endif
