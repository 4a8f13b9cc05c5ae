/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a campaign decides how many runs it makes (spec §10.8): a fixed
 * number; or, with a precision, by at most OAE_LOOKS_MAX looks at run counts
 * fixed beforehand, each at Pocock's level; and never beyond a budget of
 * time. It stands in the "plan" member of the journal's first line.
 */
#ifndef OAE_SCHEMA_STOPPING_H
#define OAE_SCHEMA_STOPPING_H

#include <stdint.h>

#include "base/json.h"
#include "base/stats_plan.h"
#include "base/status.h"

#define OAE_PRECISION_MIN 0.001
#define OAE_PRECISION_MAX 0.5
#define OAE_BUDGET_S_MAX 2592000u /* 30 days */

struct oae_stopping {
	double precision;  /* relative half-width asked for; 0: none */
	uint32_t every;	   /* runs of each system before each look */
	uint32_t looks;	   /* planned; 1 where the number of runs is fixed */
	double level;	   /* of each look's intervals, and of the result's */
	uint32_t budget_s; /* 0: none */
};

/* runs: of each system on each workload; of the first look, if any. */
struct oae_stopping oae_stopping_plan(double precision, uint32_t runs,
				      uint32_t budget_s);
/* The most runs of a system on a workload. */
uint32_t oae_stopping_runs_max(const struct oae_stopping *p);

/* The members of "plan" beside its number of runs. */
void oae_stopping_write(struct oae_jw *w, const struct oae_stopping *p);
/*
 * From a campaign line; one of an older journal has a fixed number of runs
 * (every is 0 where it is not told). OAE_ERR_FORMAT for a plan that is none.
 */
enum oae_status oae_stopping_read(const cJSON *campaign,
				  struct oae_stopping *out,
				  struct oae_error *err);

#endif
