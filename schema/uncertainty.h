/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guesses and measurements do to a score together (spec section 10 b):
 * seeded Monte Carlo over the declared ranges and over the spread of runs,
 * and which of them matters most.
 */
#ifndef OAE_SCHEMA_UNCERTAINTY_H
#define OAE_SCHEMA_UNCERTAINTY_H

#include <stddef.h>
#include <stdint.h>

#include "base/stats.h"
#include "schema/bounds.h"

#define OAE_DRAWS 5000u
#define OAE_DRAWS_SEED 1u /* the same for every score: nobody picks it */
#define OAE_PARAMETERS_MAX (OAE_TERMS + 3 * OAE_OWNS + 1)

/* Whose number it is. */
enum oae_whose {
	OAE_OF_SHARED,	 /* a price, a wage, the demand */
	OAE_OF_BOTH,	 /* work that both systems take alike */
	OAE_OF_BASELINE, /* the baseline's own */
	OAE_OF_SYSTEM,	 /* the own one of the system under test */
	OAE_OF_RUNS,	 /* what was measured, all of it together */
};

/* One uncertain number, and what it does to the score. */
struct oae_parameter {
	const char *name; /* oae_term_name(), oae_own_name(), "runs" */
	enum oae_whose of;
	double low, mid, high;	/* its range; NaN for the runs */
	double at_low, at_high; /* the score there, the others at mid */
	double share;		/* of the variance of log OAE; NaN: none */
	double flip;		/* where C_B = C_X; NaN: nowhere */
};

struct oae_uncertainty {
	/* Quantiles (1 - level) / 2, median and the other end. */
	struct oae_interval oae, hours; /* C_B / C_X; A* */
	double pays_share; /* of the draws: those in which X costs less */
	/* The largest swing of the score first. */
	struct oae_parameter parameters[OAE_PARAMETERS_MAX];
	size_t parameter_count;
};

/* What was measured in paired repetitions; its means are the box's mid. */
struct oae_measured {
	const struct oae_own_values *b, *x; /* n each: s, e and g are used */
	size_t n;
};

/*
 * Draws every range of the box once for both systems: log-uniform, uniform
 * where low is 0. Hours of one tier and kind are one number, and the energy
 * of set-up goes with its seconds. The repetitions' means are drawn from
 * their multivariate t distribution with n - 1 degrees of freedom, s and e
 * as logarithms: alone, a log ratio then has the paired t interval. NULL or
 * n = 0: nothing was measured, the box is all there is. With n = 1 the
 * spread is unknown: intervals and shares are NaN, parameters remain.
 *
 * share: the part of the variance that knowing this number alone would
 * remove on average (first-order index, Sobol 1993), from the same draws
 * by classes of equal chance (Plischke et al. 2013), less what chance
 * alone would give. Shares add up to less than 1 where numbers act together.
 *
 * Fails only with OAE_ERR_NOMEM.
 */
enum oae_status oae_uncertainty_of(enum oae_mode mode, int tier,
				   const struct oae_box *box,
				   const struct oae_measured *measured,
				   double level, struct oae_uncertainty *out,
				   struct oae_error *err);

const char *oae_whose_name(enum oae_whose of); /* "shared", "both", ... */

/*
 * PAYS when the interval is at least 1, DOES-NOT-PAY when it is below 1,
 * else UNDECIDED; NaN ends are UNDECIDED.
 */
enum oae_verdict oae_verdict_of_score(double low, double high);

#endif
