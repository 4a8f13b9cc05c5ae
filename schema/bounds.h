/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ranges do to a score (spec §10.5), the set of N where owned
 * machines pay, and the values at which a verdict flips.
 */
#ifndef OAE_SCHEMA_BOUNDS_H
#define OAE_SCHEMA_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "schema/cost.h"

/* A comparison with ranges: low <= mid <= high in every parameter. */
struct oae_box {
	struct oae_terms low, mid, high;
	struct oae_own_values b_low, b_mid, b_high;
	struct oae_own_values x_low, x_mid, x_high;
	/*
	 * The part of b's and of x's hours and set-up that is the same work:
	 * not two unknowns but one, counted in both of the above. Only those
	 * parameters are used.
	 */
	struct oae_own_values common_low, common_mid, common_high;
};

enum oae_aim {
	OAE_AIM_SCORE,	  /* C_B / C_X, F_B counted */
	OAE_AIM_RETROFIT, /* C_B / C_X without F_B */
	OAE_AIM_HOURS,	  /* A*, hours of the given tier */
};

struct oae_bounds {
	double low, high;
	/*
	 * False when there were too many values of m to enumerate: then the
	 * bounds are outer ones, m replaced by its real value and that plus
	 * one; they are off by less than 1/m.
	 */
	bool exact;
};

/*
 * Bounds of the aim over the box. Between jumps of m every cost is affine
 * in each parameter, so the extremes are at corners; parameters of one
 * system alone stand at their monotone end. tier is used by OAE_AIM_HOURS.
 */
struct oae_bounds oae_bounds_of(enum oae_mode mode, enum oae_aim aim, int tier,
				const struct oae_box *box);

/* The range of oae_extra_hours() over the box. */
struct oae_bounds oae_extra_bounds(int tier, const struct oae_box *box);

/*
 * The value of one parameter, the others at mid, at which C_B = C_X; NaN
 * when there is none (or the cost does not depend on it). Where m follows
 * the parameter it is the nearest value at which the sign of C_B - C_X
 * changes, be it at a jump.
 */
double oae_flip_term(enum oae_mode mode, const struct oae_box *box,
		     enum oae_term which);
/* Of the system under test, and of the baseline. */
double oae_flip_own(enum oae_mode mode, const struct oae_box *box,
		    enum oae_own which);
double oae_flip_baseline(enum oae_mode mode, const struct oae_box *box,
			 enum oae_own which);

/* N in (from, to]; to is infinity in the last one if it never ends. */
struct oae_n_interval {
	double from, to;
};

#define OAE_N_SET_MAX 256u

struct oae_n_set {
	struct oae_n_interval item[OAE_N_SET_MAX];
	size_t count;
	/*
	 * The set is exact up to here: infinity, or less when the sawtooth
	 * has more teeth than OAE_N_SET_MAX intervals or a million jumps.
	 */
	double known_to;
};

/* Where the owned-mode score is above 1 (t's N is not used). */
void oae_owned_set(const struct oae_terms *t, const struct oae_own_values *b,
		   const struct oae_own_values *x, bool retrofit,
		   struct oae_n_set *out);

const char *oae_term_name(enum oae_term t); /* "r_t1_usd_h", ... */
const char *oae_own_name(enum oae_own o);

#endif
