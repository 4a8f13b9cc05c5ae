/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that a campaign runs on, as one journal line. */
#ifndef OAE_HARNESS_ENVIRONMENT_H
#define OAE_HARNESS_ENVIRONMENT_H

#include "base/json.h"

/*
 * Adds the members of an "environment" line: when ("start" or "end"), cpu,
 * memory, kernel, frequency governor, stolen ticks, load, virtual or not.
 * What cannot be read is null.
 */
void oae_environment_write(struct oae_jw *w, const char *when);

#endif
