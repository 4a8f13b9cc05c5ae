/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of reading adapter.json. */
#ifndef OAE_SCHEMA_MANIFEST_INTERNAL_H
#define OAE_SCHEMA_MANIFEST_INTERNAL_H

#include "schema/manifest.h"

/*
 * An array of strings; missing is empty unless it is needed. `paths`: each
 * must be one below a folder.
 */
enum oae_status oae_strings_read(const cJSON *obj, const char *key, bool needed,
				 bool paths, struct oae_strings *out,
				 struct oae_error *err);
/* "materials", "setup" and "first" of m->tree; systems were read before. */
enum oae_status oae_manifest_read_setup(struct oae_manifest *m,
					struct oae_error *err);

#endif
