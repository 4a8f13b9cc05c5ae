/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OAE_HARNESS_PROFILE_SHOW_H
#define OAE_HARNESS_PROFILE_SHOW_H

#include <stdbool.h>

#include "base/status.h"

/*
 * Prints a profile (a name or a path): every number with its unit, range,
 * class and source, what comes from the tables too.
 */
enum oae_status oae_profile_show(const char *name, bool json,
				 struct oae_error *err);

#endif
