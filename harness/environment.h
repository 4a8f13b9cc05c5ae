/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that a campaign runs on, as one journal line. */
#ifndef OAE_HARNESS_ENVIRONMENT_H
#define OAE_HARNESS_ENVIRONMENT_H

#include "base/json.h"

/*
 * Adds the members of an "environment" line: when ("start" or "end"), the
 * time, the hash of this program, and all of machine.h's facts. What cannot
 * be read is null. The score's own use of it is cpu.cores; what changed
 * between start and end becomes a warning of the result
 * (schema/result_environment.c).
 */
void oae_environment_write(struct oae_jw *w, const char *when);

#endif
