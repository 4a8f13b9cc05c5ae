/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scoring a run again with something else than what it was measured for:
 * other profiles, other tables, a later version of the spec (spec §16.3). A
 * folder that holds such a result says so in rescore.json: what it was made
 * from, and its own profiles and tables by their hashes.
 */
#ifndef OAE_SCHEMA_RESCORE_H
#define OAE_SCHEMA_RESCORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"

#define OAE_RESCORE_NAME "rescore.json"
#define OAE_RESCORE_DIR "rescore" /* holds profiles/ and tables/ */
#define OAE_RESCORE_PROFILES_MAX 64u

struct oae_rescore {
	const char *profiles[OAE_RESCORE_PROFILES_MAX]; /* paths */
	size_t profile_count; /* 0: those that the run was measured for */
	const char *tables;   /* a folder; NULL: the run's own */
	bool plain; /* the run's own, whatever its rescore.json says */
	/* The result that was there before; "" when there was none. */
	char of_sha256[OAE_SHA256_HEX];
	char of_spec[24];
};

/* Something else than the run's own is asked for. */
bool oae_rescore_is_any(const struct oae_rescore *r);

/*
 * Reads DIR/rescore.json; *found is false when there is none. A profile or
 * table whose hash is another is OAE_ERR_CHECK. Paths are the arena's.
 */
enum oae_status oae_rescore_read(const char *dir, struct oae_arena *a,
				 struct oae_rescore *out, bool *found,
				 struct oae_error *err);
/*
 * Appends rescore.json for a folder DIR whose rescore/ is filled.
 */
enum oae_status oae_rescore_write(const char *dir, const struct oae_rescore *r,
				  struct oae_buf *out, struct oae_error *err);

#endif
