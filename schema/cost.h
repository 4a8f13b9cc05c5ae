/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What serving N requests over H months costs, and the score (spec
 * sections 3 to 5). Plain numbers in, plain numbers out.
 */
#ifndef OAE_SCHEMA_COST_H
#define OAE_SCHEMA_COST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

#define OAE_MONTH_HOURS 730.0

enum oae_mode {
	OAE_ON_DEMAND,
	OAE_OWNED,
	OAE_MODES
};

/* Parameters that all systems of a comparison share. */
enum oae_term {
	OAE_TERM_R1, /* USD per hour of tier T1 */
	OAE_TERM_R2,
	OAE_TERM_R3,
	OAE_TERM_H,	  /* months */
	OAE_TERM_N,	  /* requests over the H months */
	OAE_TERM_RHO,	  /* USD per missed request */
	OAE_TERM_P_S,	  /* USD per machine-second, on demand */
	OAE_TERM_P_H,	  /* USD per hour of an owned machine */
	OAE_TERM_P_IDLE,  /* W of an idle machine */
	OAE_TERM_P_E,	  /* USD per kWh */
	OAE_TERM_PEAK,	  /* peak load / mean load */
	OAE_TERM_U,	  /* highest utilisation planned for, (0, 1] */
	OAE_TERM_S_SCALE, /* multiplies every s; 1 */
	OAE_TERM_E_SCALE, /* multiplies every e; 1 */
	OAE_TERMS,
};

/* Parameters of one system. Cost rises in all of them but g. */
enum oae_own {
	OAE_OWN_A1, /* adoption hours of tier T1 */
	OAE_OWN_A2,
	OAE_OWN_A3,
	OAE_OWN_MU1, /* maintenance hours a month of tier T1 */
	OAE_OWN_MU2,
	OAE_OWN_MU3,
	OAE_OWN_SETUP_S,   /* machine-seconds of set-up and tuning */
	OAE_OWN_SETUP_KWH, /* their energy above idle */
	OAE_OWN_S,	   /* machine-seconds per request */
	OAE_OWN_E,	   /* kWh per request above idle; cost uses max(0, e) */
	OAE_OWN_G,	   /* share of requests accepted within the SLO */
	OAE_OWNS,
};

struct oae_terms {
	double v[OAE_TERMS];
};

struct oae_own_values {
	double v[OAE_OWNS];
};

/* USD over the horizon; total is the sum of the others. */
struct oae_cost {
	double total;
	double adoption;    /* sum r_k a_k */
	double setup;	    /* machine cost of set-up and tuning */
	double maintenance; /* H sum r_k mu_k */
	double machine;	    /* on demand: N p_s s; owned: m h_H p_h */
	double energy;	    /* owned: idle and above idle; else 0 */
	double remedy;	    /* N (1 - g) rho */
	double machines;    /* m; 0 on demand */
};

/* The scale factors at 1, everything else 0 but u = peak = g = 1. */
struct oae_terms oae_terms_init(void);
struct oae_own_values oae_own_init(void);

/* m = max(1, ceil(lambda_peak s / u (1 - 1e-9))). */
double oae_cost_machines(const struct oae_terms *t,
			 const struct oae_own_values *x);
/* The machines needed per second of s: lambda_peak / u. */
double oae_cost_load(const struct oae_terms *t);

struct oae_cost oae_cost_of(enum oae_mode mode, const struct oae_terms *t,
			    const struct oae_own_values *x);
/* The same with a given number of machines (owned mode). */
struct oae_cost oae_cost_with(enum oae_mode mode, const struct oae_terms *t,
			      const struct oae_own_values *x, double machines);
double oae_cost_fixed(const struct oae_cost *c); /* F = adoption + setup */
double oae_cost_labour(const struct oae_cost *c);
/* kappa: what one more request costs when machines are rented. */
double oae_cost_kappa(const struct oae_terms *t,
		      const struct oae_own_values *x);

/*
 * C_B / C_X; retrofit leaves out F_B. NaN when both are 0 or C_X is 0.
 */
double oae_score_of(const struct oae_cost *b, const struct oae_cost *x,
		    bool retrofit);

/* The limits of the on-demand score; NaN where a denominator is 0. */
struct oae_limits {
	double n_to_0, n_to_inf;
};
struct oae_limits oae_score_limits(const struct oae_terms *t,
				   const struct oae_own_values *b,
				   const struct oae_own_values *x,
				   bool retrofit);

enum oae_break_even_kind {
	OAE_PAYS_ALWAYS, /* X costs less at every N */
	OAE_PAYS_NEVER,
	OAE_PAYS_ABOVE, /* X costs less above N* */
	OAE_PAYS_BELOW,
	OAE_PAYS_EQUAL, /* the same cost at every N */
};

struct oae_break_even {
	enum oae_break_even_kind kind;
	double n; /* N*; NaN unless above or below */
};
struct oae_break_even oae_break_even_of(const struct oae_terms *t,
					const struct oae_own_values *b,
					const struct oae_own_values *x,
					bool retrofit);
const char *oae_break_even_name(enum oae_break_even_kind k);

/*
 * Affordable extra effort A*: the hours, at wage r of the tier, that the
 * non-labour costs saved would pay for.
 */
double oae_affordable_hours(const struct oae_cost *b, const struct oae_cost *x,
			    double r_usd_h);
/*
 * Hours of X beyond those of B over the horizon, those of other tiers
 * converted by their wage to hours of the given tier (0..2).
 */
double oae_extra_hours(const struct oae_terms *t,
		       const struct oae_own_values *b,
		       const struct oae_own_values *x, int tier);

enum oae_verdict {
	OAE_VERDICT_PAYS,
	OAE_VERDICT_DOES_NOT_PAY,
	OAE_VERDICT_UNDECIDED,
	OAE_VERDICT_NO_SCORE,
};

/* Spec §5.3: A*'s interval against the range of extra hours. */
enum oae_verdict oae_verdict_of(double affordable_low, double affordable_high,
				double extra_low, double extra_high);
const char *oae_verdict_name(enum oae_verdict v);

#endif
