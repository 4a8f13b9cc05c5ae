/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One system against the baseline under one profile: measured means and
 * ledgers in, costs, score, interval and verdict out (spec sections 3 to 5
 * and 10).
 */
#ifndef OAE_SCHEMA_ASSESS_H
#define OAE_SCHEMA_ASSESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/stats.h"
#include "base/status.h"
#include "schema/bounds.h"
#include "schema/cost.h"
#include "schema/quality.h"
#include "schema/score.h"
#include "schema/sustainability.h"
#include "schema/uncertainty.h"

#define OAE_REASONS_MAX 32u
#define OAE_SENTENCE_BYTES 480u
#define OAE_BCA_RUNS 20u /* from here BCa, below it the t interval */

/* The gate of one system over a profile's workloads. */
struct oae_gate_report {
	enum oae_gate outcome;
	const char *reasons[OAE_REASONS_MAX]; /* in the score's arena */
	size_t reason_count;
	const char *fail; /* the first reason that failed it, or NULL */
};

/* The scale step of one profile. */
struct oae_scale_use {
	const struct oae_scale_step *step; /* NULL: none was measured */
	const char *reason; /* why none is used, or why it proves little */
	bool extrapolated;  /* other token counts were measured */
	double s_reference, s_embedded;
	struct oae_interval s, e; /* factors; 1 when none */
	double ttft_ms, tpot_ms;  /* at the reference shape; NaN */
};

/* Paired repetitions of the baseline and one system. */
struct oae_pairs {
	size_t n;
	struct oae_own_values *b, *x; /* n each, in the score's arena */
	uint64_t *rep;		      /* of each */
	/*
	 * From OAE_BCA_RUNS repetitions: each pair's values with its
	 * requests drawn again, `draws` times; else 0.
	 */
	struct oae_own_values *b_again, *x_again; /* n x draws */
	size_t draws;
	struct oae_own_values b_mean, x_mean;
	struct oae_interval b_s;     /* unscaled machine-seconds */
	struct oae_interval s_ratio; /* baseline over system, paired */
	bool energy_measured;
};

/* A comparison ready to be computed. */
struct oae_case {
	const struct oae_score *score;
	const struct oae_profile *profile;
	size_t system;
	struct oae_pairs pairs;
	struct oae_scale_use scale;
	struct oae_box box;
	enum oae_evidence effort; /* weakest class of both ledgers */
	enum oae_gate gate;	  /* of the system; for its sentence */
	enum oae_evidence setup;  /* of the system's machine set-up */
};

/* What each of the three ways of section 10 says of a comparison. */
struct oae_agreement {
	enum oae_verdict runs;	 /* (a) the runs, at the middle of ranges */
	enum oae_verdict draws;	 /* (b) runs and ranges together */
	enum oae_verdict bounds; /* (c) the worst and the best of the ranges */
};

struct oae_mode_score {
	struct oae_cost cost, baseline;
	struct oae_interval oae, retrofit; /* measured 95 %; NaN ends */
	struct oae_bounds bounds;	   /* declared ranges */
	enum oae_evidence evidence;
	struct oae_interval affordable; /* hours */
	struct oae_bounds extra;
	double extra_mid;
	enum oae_verdict verdict;
	struct oae_uncertainty uncertainty;
	struct oae_agreement agreement;
	bool robust; /* all three are the verdict, which is not undecided */
	double measured_share; /* of the system's cost */
	struct oae_physical physical, physical_b;
	char sentence[OAE_SENTENCE_BYTES];
};

/* Weights of the profile's workloads that were measured, summing to 1;
 * false, and all 0, when none was. */
bool oae_assess_weights(const struct oae_score *s, const struct oae_profile *p,
			double weight[OAE_WORKLOADS_MAX]);

/* What the profile's workloads say about the system's quality. */
enum oae_status oae_assess_gate(struct oae_score *s,
				const struct oae_profile *p, size_t system,
				const struct oae_scale_use *scale,
				struct oae_gate_report *out,
				struct oae_error *err);

void oae_assess_scale(struct oae_score *s, const struct oae_profile *p,
		      struct oae_scale_use *out);

/* pairs.n is 0 when there is nothing to compare. */
enum oae_status oae_assess_case(struct oae_score *s,
				const struct oae_profile *p, size_t system,
				const struct oae_scale_use *scale,
				struct oae_case *out, struct oae_error *err);

/*
 * Fills in the pairs' draws: requests with replacement within each run, the
 * same ones for both systems where both answered as many. weight: of each
 * workload. Does nothing below OAE_BCA_RUNS pairs.
 */
enum oae_status oae_assess_draws(struct oae_score *s,
				 const struct oae_profile *p, size_t system,
				 const double *weight, struct oae_pairs *pairs,
				 struct oae_error *err);

enum oae_status oae_assess_mode(const struct oae_case *c, enum oae_mode mode,
				struct oae_mode_score *out,
				struct oae_error *err);
/* Over the horizon; carbon with the world's grid. */
struct oae_physical oae_assess_physical(const struct oae_case *c,
					enum oae_mode mode,
					const struct oae_own_values *v);

#define OAE_GRIDS_MAX 64u

/*
 * SCI in one place: grams of CO2e per useful request (right and in time),
 * idle and embodied included; low and high with every range (idle power,
 * scale steps, machine, set-up) at that end. NaN when none is useful.
 */
struct oae_carbon_row {
	const char *grid; /* its name in grid.csv */
	double g_per_kwh;
	struct oae_interval x, b;
};
/* One row for each of grid.csv. */
size_t oae_assess_carbon(const struct oae_case *c, enum oae_mode mode,
			 struct oae_carbon_row rows[OAE_GRIDS_MAX]);
enum oae_evidence oae_assess_carbon_evidence(const struct oae_case *c);

/* The score and its interval at another N, or without F_B. */
struct oae_interval oae_assess_score(const struct oae_case *c,
				     enum oae_mode mode, double n,
				     bool retrofit);
/*
 * kappa_B / kappa_X at the profile's scale, and s_B / s_X, which the scale
 * step leaves as it is. The remedy of a missed request has its full size, so
 * beside the unscaled s of a small model it would be all of kappa.
 */
struct oae_interval oae_assess_kappa_ratio(const struct oae_case *c);
struct oae_interval oae_assess_s_ratio(const struct oae_case *c);

/* "For a clinic of ...": what an IT lead should do. */
void oae_assess_sentence(const struct oae_case *c, enum oae_mode mode,
			 const struct oae_mode_score *m, char *out,
			 size_t size);

#endif
