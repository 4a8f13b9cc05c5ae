/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A suite: what one command measures. HOME/workloads/suites/ID.json names
 * systems, a baseline, workloads, conditions, how often, the scale step
 * and the profiles to score for.
 */
#ifndef OAE_WORKLOADS_SUITE_H
#define OAE_WORKLOADS_SUITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/status.h"
#include "schema/condition.h"
#include "workloads/scenario.h"
#include "workloads/workload.h"

#define OAE_SUITE_VERSION 1
#define OAE_SCALES_MAX 16u
#define OAE_PROFILES_MAX 32u

struct oae_suite_workload {
	const char *id;
	uint32_t items_per_run; /* at most the workload's items */
};

/* Speed of a real model's shape, on random weights (spec §2.6). */
struct oae_suite_scale {
	const char *shape, *quant;
	const char *system; /* one of the suite's systems */
	uint32_t tokens_in, tokens_out, runs;
};

/* Strings point into the tree, until oae_suite_release(). */
struct oae_suite {
	cJSON *tree;
	char path[OAE_PATH_BYTES_MAX];
	char sha256[OAE_SHA256_HEX];
	const char *id, *title, *about;	      /* about may be "" */
	const char *systems[OAE_SYSTEMS_MAX]; /* "adapter/system" */
	size_t system_count;		      /* at least 1 */
	size_t baseline;		      /* index into systems */
	struct oae_suite_workload workloads[OAE_WORKLOADS_MAX];
	size_t workload_count;	   /* at least 1 */
	struct oae_load_spec load; /* always with its scenario */
	/* as written; oae_conditions_expand() makes them whole */
	const char *conditions[OAE_CONDITIONS_MAX];
	size_t condition_count; /* at least 1 */
	uint32_t runs;		/* of each system on each workload; even */
	struct oae_suite_scale scale[OAE_SCALES_MAX];
	size_t scale_count;
	const char *profiles[OAE_PROFILES_MAX];
	size_t profile_count;
};

/*
 * Loads HOME/workloads/suites/ID.json. No such file: OAE_ERR_USAGE with the
 * known ids. Release also after a failure.
 */
enum oae_status oae_suite_load(const char *home, const char *id,
			       struct oae_suite *s, struct oae_error *err);
/*
 * Reads a suite file. Unknown keys, an odd number of runs, a name twice in
 * a list, a baseline that is no system: OAE_ERR_FORMAT. Whether systems,
 * workloads and profiles exist is the caller's to find out by loading them.
 */
enum oae_status oae_suite_read(const char *path, struct oae_suite *s,
			       struct oae_error *err);
void oae_suite_release(struct oae_suite *s);
enum oae_status oae_suite_list(const char *home, struct oae_id_list *list,
			       struct oae_error *err);

#endif
