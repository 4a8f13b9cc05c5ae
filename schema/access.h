/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who can use a system: hardware tiers x skill tiers (spec section 9.3).
 * Hardware tiers are the whole machine and the conditions of kind tier that
 * the campaign tried, or, without any, its CPU quotas and memory limits. Of
 * the skill tiers a campaign measures the first, shipped defaults; tunings
 * have the others (schema/access_tuned.h).
 */
#ifndef OAE_SCHEMA_ACCESS_H
#define OAE_SCHEMA_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "schema/assess.h"
#include "schema/score.h"

/* Least share right and in time where a workload has no floor. */
#define OAE_ACCESS_FLOOR 0.5

struct oae_access_cell {
	enum oae_gate outcome; /* pass: served; fail: not served */
	double g;	       /* right and in time, by weight; NaN: no cell */
	double probability;    /* that a trial serves; NaN: not of trials */
	const char *reason;    /* why there is none; NULL: there is one */
};

/* True for nominal and tiers; without these for CPU and memory limits. */
bool oae_access_is_tier(const struct oae_score *s, size_t condition);

/*
 * A system with its shipped defaults on a tier (index of a condition). Each
 * workload of the profile needs its floor of requests that are right and in
 * time (exact one-sided binomial test at 5 %); a failed gate fails all tiers.
 */
struct oae_access_cell oae_access_of(const struct oae_score *s,
				     const struct oae_profile *p, size_t system,
				     size_t condition, enum oae_gate gate);

/* The same of a system with knobs set. */
struct oae_access_cell oae_access_setting(const struct oae_score *s,
					  const struct oae_profile *p,
					  size_t system, size_t condition,
					  enum oae_gate gate);

/* The group of inputs with the least share, nominal; group NULL: none. */
struct oae_access_group {
	const char *group;
	double g;
	size_t requests;
};
enum oae_status oae_access_worst(const struct oae_score *s,
				 const struct oae_profile *p, size_t system,
				 struct oae_access_group *out,
				 struct oae_error *err);

#endif
