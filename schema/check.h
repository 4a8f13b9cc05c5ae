/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that all readers of documents share. */
#ifndef OAE_SCHEMA_CHECK_H
#define OAE_SCHEMA_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/status.h"

/*
 * OAE_ERR_FORMAT naming the first member of obj that is not in the
 * NULL-terminated list (and the list), or when obj is no object.
 */
enum oae_status oae_check_keys(const cJSON *obj, const char *what,
			       const char *const *known, struct oae_error *err);
/* A member that must be the whole number `version`; else UNSUPPORTED. */
enum oae_status oae_check_version(const cJSON *obj, const char *key,
				  int version, const char *what,
				  struct oae_error *err);
/*
 * A name that may stand in a path or on a command line: 1..limit letters,
 * digits, '.', '_' and '-', beginning with a letter or digit.
 */
bool oae_check_name(const char *name);
/* A relative path without "..", empty parts or a leading slash. */
bool oae_check_path(const char *path);

#endif
