/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What speculation took in one request, as an adapter's "done" and the
 * journal's samples may tell it (member "drafting"). Sums: figures of several
 * requests come from their sums.
 */
#ifndef OAE_SCHEMA_DRAFTING_H
#define OAE_SCHEMA_DRAFTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

struct oae_drafting {
	uint64_t rounds;      /* that verified drafted tokens */
	uint64_t judged;      /* drafted, up to a round's first wrong one */
	uint64_t plain_steps; /* of one token each */
	/* microseconds; catch_up: the draft computed what it had not seen */
	uint64_t draft_us, catch_up_us, verify_us, plain_us;
};

static inline bool oae_drafting_any(const struct oae_drafting *d)
{
	return d->rounds || d->plain_steps;
}

/* The member "drafting" of an object; without it nothing is changed. */
static inline void oae_drafting_read(const cJSON *object,
				     struct oae_drafting *d)
{
	const cJSON *o = cJSON_GetObjectItemCaseSensitive(object, "drafting");

	if (!cJSON_IsObject(o))
		return;
	d->rounds = oae_json_u64_or(o, "rounds", 0);
	d->judged = oae_json_u64_or(o, "judged", 0);
	d->plain_steps = oae_json_u64_or(o, "plain_steps", 0);
	d->draft_us = oae_json_u64_or(o, "draft_us", 0);
	d->catch_up_us = oae_json_u64_or(o, "catch_up_us", 0);
	d->verify_us = oae_json_u64_or(o, "verify_us", 0);
	d->plain_us = oae_json_u64_or(o, "plain_us", 0);
}

/* Writes it, when there is any. */
static inline void oae_drafting_write(struct oae_jw *w,
				      const struct oae_drafting *d)
{
	if (!oae_drafting_any(d))
		return;
	oae_jw_obj(w, "drafting");
	oae_jw_int(w, "rounds", (int64_t)d->rounds);
	oae_jw_int(w, "judged", (int64_t)d->judged);
	oae_jw_int(w, "plain_steps", (int64_t)d->plain_steps);
	oae_jw_int(w, "draft_us", (int64_t)d->draft_us);
	oae_jw_int(w, "catch_up_us", (int64_t)d->catch_up_us);
	oae_jw_int(w, "verify_us", (int64_t)d->verify_us);
	oae_jw_int(w, "plain_us", (int64_t)d->plain_us);
	oae_jw_end_obj(w);
}

static inline void oae_drafting_add(struct oae_drafting *to,
				    const struct oae_drafting *d)
{
	to->rounds += d->rounds;
	to->judged += d->judged;
	to->plain_steps += d->plain_steps;
	to->draft_us += d->draft_us;
	to->catch_up_us += d->catch_up_us;
	to->verify_us += d->verify_us;
	to->plain_us += d->plain_us;
}

/* What several rounds and steps gave and took; times of any one unit. */
struct oae_drafting_sums {
	double rounds, drafted, judged, accepted;
	double tokens; /* that the rounds gave */
	double plain_steps;
	double draft, catch_up, verify, plain;
};

/* NaN is "not measured". */
struct oae_drafting_figures {
	double acceptance;	 /* accepted / drafted */
	double alpha;		 /* accepted / judged: the formula's */
	double gamma;		 /* guesses verified a round */
	double c, v;		 /* of a guess, of a round; plain steps */
	double tokens_per_round; /* E */
	/* oae_speculative_factor(), and tokens over time, of the rounds */
	double predicted, measured;
	double speedup; /* measured, plain steps included */
};

/* plain_step: the time of one, or NaN (spec section 15.8). */
void oae_drafting_figures(const struct oae_drafting_sums *s, double plain_step,
			  struct oae_drafting_figures *f);

#endif
