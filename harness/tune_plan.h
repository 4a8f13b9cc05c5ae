/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tuning's plan (spec section 7): settings drawn from the published knob
 * space become systems of a campaign, and its runs come in rounds. A round
 * holds the baseline's and the system's defaults and a few trials of both,
 * in a seeded order and then in its reverse, so that drift of the machine
 * falls on all alike. All trials are asked the same items. Then each knob
 * alone, and at last, on other items, the best settings again.
 */
#ifndef OAE_HARNESS_TUNE_PLAN_H
#define OAE_HARNESS_TUNE_PLAN_H

#include "harness/campaign.h"
#include "schema/tune.h"

#define OAE_TUNE_ROUND_TRIALS 4u /* of each system in one round */
#define OAE_TUNE_ROUND_KNOBS 8u	 /* settings of single knobs in one round */
#define OAE_TUNE_OPEN "?"	 /* the id of a setting not chosen yet */

/* What a user may say; strings are his. */
struct oae_tune_options {
	const char *system, *baseline; /* "adapter/system[:knob=value,...]" */
	const char *expert;	       /* the same system's; or NULL */
	const char *who;	       /* found the expert's; or NULL */
	uint32_t expert_trials;	       /* in so many trials; 0: unsaid */
	double expert_hours;	       /* and hours of work; NaN: unsaid */
	double hours_a_trial;	       /* of the search; NaN: the table's */
	uint32_t trials;	       /* of each system */
	uint32_t runs;		       /* of each trial on each workload */
	uint32_t knob_runs, held_out_runs;
	bool no_scale;
};

struct oae_tune_config {
	enum oae_tune_role role;
	uint32_t base;	  /* 0 the baseline, 1 the system tuned */
	const char *knob; /* the one that differs; role KNOB only */
};

struct oae_tuning {
	struct oae_tune_options options;
	struct oae_tune_config *configs; /* one a system of the campaign */
	size_t count;
	uint32_t bases;	 /* 1: the system is the baseline itself */
	bool *pinned[2]; /* by knob: given by the user, never changed */
	enum oae_tune_phase rounds[OAE_TUNE_ROUNDS_MAX];
	size_t round_count;
};

/*
 * Adds the settings to a campaign loaded with the baseline and the system,
 * and replaces its plan. All memory is the campaign's arena's. OAE_ERR_USAGE
 * when a system has no knob to tune.
 */
enum oae_status oae_tuning_plan(struct oae_campaign *c,
				const struct oae_tune_options *o,
				struct oae_error *err);

/* The "tune" member of the campaign line, and the options it holds. */
void oae_tuning_write(const struct oae_tuning *t, const struct oae_campaign *c,
		      struct oae_jw *w);
enum oae_status oae_tune_options_read(const cJSON *campaign,
				      struct oae_tune_options *o,
				      struct oae_error *err);

/* Makes the setting `slot` (role BEST) that of config `as`. */
enum oae_status oae_tuning_choose(struct oae_campaign *c, size_t slot,
				  size_t as, struct oae_error *err);

#endif
