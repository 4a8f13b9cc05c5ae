/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published knob space: which settings a random search may try (spec
 * section 7). It stands in adapter.json, beside each knob:
 *
 *	"tune": {"low": 1, "high": 16, "log": true}	a narrower range
 *	"tune": {"values": [0, 1, 2, 4]}		a list
 *	"tune": false					never
 *
 * Without it a bool takes both values, a choice any of its own, a number
 * with both bounds any between them; a text, or a number without bounds, is
 * left at its default. A system's "constraints" say which settings exclude
 * each other: {"knob": "draft", "at_most": "context"} (or "at_least"; a
 * number instead of another knob's name).
 */
#ifndef OAE_SCHEMA_KNOB_SPACE_H
#define OAE_SCHEMA_KNOB_SPACE_H

#include "base/rng.h"
#include "schema/manifest.h"

#define OAE_KNOB_TEXT 64u	     /* one value as "knob=value" has it */
#define OAE_KNOB_ALTERNATIVES_MAX 3u /* tried one at a time, per knob */
#define OAE_SPACE_TRIES_MAX 10000u   /* draws until the constraints hold */

/* Reads "tune" of a knob whose other members were read. */
enum oae_status oae_knob_space_read(const cJSON *obj, struct oae_knob *k,
				    struct oae_error *err);
/* Reads "constraints" of a system whose knobs were read. */
enum oae_status oae_constraints_read(const cJSON *obj,
				     struct oae_system_entry *s,
				     struct oae_error *err);

/* Why a knob is not sampled, or NULL: it is. */
const char *oae_knob_fixed(const struct oae_knob *k);
/* One value of a knob that is sampled. */
void oae_knob_draw(const struct oae_knob *k, struct oae_rng *rng,
		   char out[OAE_KNOB_TEXT]);
/*
 * Values to try one at a time, other than `now`: the ends of a range; those
 * of a list, its ends first. Returns how many.
 */
size_t oae_knob_alternatives(const struct oae_knob *k, const cJSON *now,
			     char out[][OAE_KNOB_TEXT]);
/* Members of the object that is open: the knob's space, for a journal. */
void oae_knob_space_write(const struct oae_knob *k, struct oae_jw *w);

/* The first constraint that knobs (all of them) break, in words; or NULL. */
const char *oae_constraint_broken(const struct oae_system_entry *s,
				  const cJSON *knobs, char *text, size_t size);
/*
 * The system's knobs (JSON, all of them) with `word` of them replaced by
 * texts[i] (NULL: as in now). *out is the caller's (cJSON_Delete).
 */
enum oae_status oae_knobs_with(const struct oae_system_entry *s,
			       const cJSON *now, const char *const *texts,
			       cJSON **out, struct oae_error *err);
/*
 * A setting drawn at random: every sampled knob that is not pinned gets a
 * value in texts (else ""), drawn again until the constraints hold.
 * OAE_ERR_LIMIT when OAE_SPACE_TRIES_MAX draws were not enough.
 */
enum oae_status oae_space_draw(const struct oae_system_entry *s,
			       const cJSON *now, const bool *pinned,
			       struct oae_rng *rng,
			       char (*texts)[OAE_KNOB_TEXT], cJSON **knobs,
			       struct oae_error *err);

#endif
