/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many results over time: where a metric's level changed, by how much, and
 * what else changed there (schema/documents/trend-1.schema.json).
 */
#ifndef OAE_SCHEMA_TREND_H
#define OAE_SCHEMA_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/stats.h"
#include "base/status.h"
#include "schema/compare.h"
#include "schema/edivisive.h"

#define OAE_TREND_SCHEMA "trend-1"
#define OAE_TREND_RESULTS_MAX OAE_EDIVISIVE_POINTS_MAX
#define OAE_TREND_SERIES_MAX 256u
#define OAE_TREND_ALPHA 0.05
#define OAE_TREND_PERMUTATIONS 999u /* at least */

struct oae_trend_result {
	const char *folder, *utc, *git, *kernel; /* git, kernel: or NULL */
	cJSON *json;
	const char *left_out; /* why it is not comparable to the newest */
};

struct oae_trend_change {
	size_t at; /* the first point of the new level */
	double p;
	double before, after;	   /* means of the levels */
	struct oae_interval worse; /* relative; 95 %, Welch on logarithms */
	const char *also; /* what else changed between the two results */
};

struct oae_trend_series {
	const char *system, *workload;
	enum oae_compare_metric metric;
	double *values;
	size_t *results; /* whose they are */
	size_t count;
	struct oae_edivisive found;
	double p_holm; /* of its first change */
	double alpha;  /* of its step in Holm's procedure */
	struct oae_trend_change changes[OAE_EDIVISIVE_CHANGES_MAX];
	size_t change_count; /* by time */
};

struct oae_trend {
	struct oae_arena arena;
	struct oae_trend_result *results; /* by time, once judged */
	size_t count, left_out;
	struct oae_trend_series *series;
	size_t series_count;
	double alpha;
	unsigned permutations;
	uint64_t seed;
};

enum oae_status oae_trend_init(struct oae_trend *t, struct oae_error *err);
void oae_trend_release(struct oae_trend *t);
/* Takes the result over, also on failure. OAE_ERR_LIMIT for too many. */
enum oae_status oae_trend_add(struct oae_trend *t, const char *folder,
			      cJSON *result, struct oae_error *err);
/*
 * Orders the results by time; leaves out those of another CPU, suite,
 * scenario or spec version than the newest; makes a series of each chosen
 * metric of each system on each workload, from results with the newest
 * one's models and items. OAE_ERR_LIMIT for too many series.
 */
enum oae_status oae_trend_collect(struct oae_trend *t,
				  const bool chosen[OAE_COMPARE_METRICS],
				  struct oae_error *err);
/* Finds the changes of series i; then oae_trend_correct() once. */
enum oae_status oae_trend_find(struct oae_trend *t, size_t i,
			       struct oae_error *err);
/*
 * Holm over the series: a change counts while its p is at most alpha over
 * the series that are left at its own one's step.
 */
enum oae_status oae_trend_correct(struct oae_trend *t, struct oae_error *err);
enum oae_status oae_trend_write(const struct oae_trend *t, struct oae_buf *out,
				struct oae_error *err);

#endif
