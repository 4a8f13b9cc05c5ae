/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tuning's journal, reduced to how much of an expert's gain a few random
 * trials keep (spec section 7), and its document, tune.json: pure, so that
 * the same journal and inputs give the same bytes.
 *
 * A setting's cost kappa is measured against the baseline: in every
 * repetition of its round kappa_B / kappa, on the same items at the same
 * time; the geometric mean of these ratios divides the mean kappa_B of all
 * trial rounds. A repetition that the adapter did not serve costs rho (g =
 * 0), and so does a setting whose quality gate fails.
 */
#ifndef OAE_SCHEMA_TUNE_H
#define OAE_SCHEMA_TUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/stats.h"
#include "base/status.h"
#include "schema/assess.h"
#include "schema/quality.h"
#include "schema/score.h"

#define OAE_TUNE_VERSION "tune-1"
#define OAE_TUNE_TRIALS_MAX 1000u
#define OAE_TUNE_CONFIGS_MAX (2 * OAE_TUNE_TRIALS_MAX + 300u)
#define OAE_TUNE_ROUNDS_MAX 1000u
#define OAE_TUNE_ASKED_MAX 2u /* tau at 4 and at 16 trials */
#define OAE_TUNE_LEVEL 0.9    /* of "the least n with tau >= 0.9" */
#define OAE_TUNE_EFFECT 0.05  /* a knob that moves s by more counts */
#define OAE_TUNE_BYTES_MAX (16u << 20)
#define OAE_TUNE_NAME "tune.json"

enum oae_tune_role {
	OAE_TUNE_DEFAULT, /* as shipped, or as the user pinned it */
	OAE_TUNE_TRIAL,
	OAE_TUNE_KNOB,	 /* one knob away from the defaults */
	OAE_TUNE_BEST,	 /* of the search, measured again */
	OAE_TUNE_EXPERT, /* somebody's own setting */
	OAE_TUNE_ROLES,
};

enum oae_tune_phase {
	OAE_TUNE_TRIALS,
	OAE_TUNE_KNOBS,
	OAE_TUNE_HELD_OUT,
	OAE_TUNE_PHASES,
};

const char *oae_tune_role_name(enum oae_tune_role r);
const char *oae_tune_phase_name(enum oae_tune_phase p);

/* One run of a setting. Its record's rep is made unique over the rounds. */
struct oae_tune_run {
	struct oae_run_record *record;
	const struct oae_sample **samples;
	size_t sample_count;
	size_t setting, workload;
	bool failed;
	struct oae_cell_run cell; /* where it has samples */
};

/* One setting, measured. Strings are the journal's. */
struct oae_tune_setting {
	enum oae_tune_role role;
	uint32_t base; /* 0 the baseline, 1 (or 0) the system tuned */
	const char *id, *knob;
	const cJSON *knobs;
	const struct oae_tune_run *runs; /* its own, run_count of them */
	size_t run_count, failed;
	size_t pairs;		  /* repetitions with the baseline beside */
	double kappa;		  /* USD a request; NaN: not measured */
	struct oae_interval gain; /* kappa_B / kappa; NaN ends below 2 */
	double g, s;		  /* means over its repetitions */
	double machine_s;	  /* all its runs took, start to end */
	enum oae_gate gate;
	const char *reason; /* why it counts as failed, or NULL */
	/* KNOB: s over that of its own system's defaults, paired. */
	struct oae_interval s_ratio;
	size_t s_pairs;
};

enum oae_tune_verdict {
	OAE_TUNE_EFFECTIVE,
	OAE_TUNE_NOT_EFFECTIVE,
	OAE_TUNE_UNDECIDED,
};

/* One system's search. */
struct oae_tune_search {
	size_t trials;		/* with a cost; 0: not searched */
	double *value;		/* minus their costs, ascending */
	size_t base;		/* its defaults' setting */
	size_t selected;	/* cheapest that serves, or the defaults */
	size_t chosen;		/* by the journal; SIZE_MAX: not yet */
	size_t held_out;	/* its setting of role BEST; or count */
	double trial_machine_s; /* of one trial, mean */
};

struct oae_tune {
	struct oae_score score; /* journal, tables, profile, baseline */
	const struct oae_profile *profile;
	double weight[OAE_WORKLOADS_MAX];
	const cJSON *json; /* "tune" of the campaign line */
	struct oae_scale_use scale;
	struct oae_terms terms;	   /* prices, at their mid */
	struct oae_tune_run *runs; /* by setting, repetition, workload */
	size_t run_count;
	struct oae_tune_setting *settings;
	size_t count;
	uint32_t bases;
	size_t trials; /* planned, of each system */
	enum oae_tune_phase rounds[OAE_TUNE_ROUNDS_MAX];
	size_t round_count;
	double kappa_b;	     /* USD a request, over the trial rounds */
	double kappa_failed; /* rho: of a setting that does not serve */
	struct oae_tune_search search[2]; /* by base */
	size_t invalid_runs;		  /* in which the harness was late */
};

/* Reads DIR and reduces it. Release also after a failure. */
enum oae_status oae_tune_read(const char *dir, struct oae_tune *t,
			      struct oae_error *err);
void oae_tune_release(struct oae_tune *t);

/*
 * Expected cost of the best of n trials: unbiased, and after Dodge et al.
 * 2019. NaN above the number of trials.
 */
double oae_tune_expected(const struct oae_tune_search *s, size_t n);
double oae_tune_expected_dodge(const struct oae_tune_search *s, size_t n);

/* Appends tune.json. */
enum oae_status oae_tune_build(const char *dir, struct oae_buf *out,
			       struct oae_error *err);
/* Only what a tuning needs to go on: the setting to measure again. */
enum oae_status oae_tune_choose(const char *dir, uint32_t base, size_t *setting,
				double *kappa, struct oae_error *err);
/* Whether the journal's first line is a tuning's. */
bool oae_tune_is(const cJSON *campaign);

#endif
