/* SPDX-License-Identifier: Apache-2.0 */
/* The folder that a campaign or a tuning begins in. */
#ifndef OAE_HARNESS_NEW_FOLDER_H
#define OAE_HARNESS_NEW_FOLDER_H

#include <stddef.h>

#include "base/status.h"

/*
 * Makes `out`, which must be new or empty, or where it is NULL
 * oae-runs/TIME-NAME, and writes its path into dir. OAE_ERR_USAGE when
 * something is in it, OAE_ERR_DENIED when nothing may be written there.
 */
enum oae_status oae_new_folder(const char *out, const char *name, char *dir,
			       size_t size, struct oae_error *err);

#endif
