/* SPDX-License-Identifier: Apache-2.0 */
/* The results that this project published: reports/published/ORG/NAME/. */
#ifndef OAE_HARNESS_PUBLISHED_H
#define OAE_HARNESS_PUBLISHED_H

#include <stddef.h>

#include "base/limits.h"
#include "base/status.h"

#define OAE_PUBLISHED_MAX 256u

struct oae_published {
	char id[2 * OAE_NAME_BYTES_MAX]; /* "ORG/NAME" */
	char dir[OAE_PATH_BYTES_MAX];
};

/*
 * Those of the data folder (oae_home()), sorted by id; *out is to be freed,
 * also after a failure. None is no failure.
 */
enum oae_status oae_published_list(struct oae_published **out, size_t *count,
				   struct oae_error *err);

/*
 * The folder of a submission: a path, an id, or a name that one id ends in.
 * OAE_ERR_USAGE with the ids that there are, when it is none of them.
 */
enum oae_status oae_published_find(const char *word, char *dir, size_t size,
				   struct oae_error *err);

#endif
