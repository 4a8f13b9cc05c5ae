/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of the spec, and who can read whose (spec §16.4). */
#ifndef OAE_SCHEMA_VERSION_H
#define OAE_SCHEMA_VERSION_H

#include <stdbool.h>

/*
 * The version of OAE-SPEC.md that this program computes, "1.0". In a file of
 * its own, so that tests can link a program of a later version.
 */
const char *oae_spec_version(void);
#define OAE_SPEC_VERSION oae_spec_version()

/*
 * Whether what was made under another version can be computed again under
 * ours: the same first number, and a second one that is not above ours.
 */
bool oae_spec_readable(const char *version);

#endif
