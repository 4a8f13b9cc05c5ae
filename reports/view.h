/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One or more results as the report sees them: reading members by path,
 * names for systems and modes. Nothing here computes a score.
 */
#ifndef OAE_REPORTS_VIEW_H
#define OAE_REPORTS_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"

#define OAE_REPORT_RUNS_MAX 16u
#define OAE_LABEL_BYTES 400
#define OAE_PAGE_BYTES_MAX ((size_t)64 << 20)

struct oae_report_run {
	const cJSON *json; /* the result */
	cJSON *own;	   /* the same, when it is ours to free */
	char name[128];	   /* the run folder's last part; "" if unknown */
	char dir[4096];
	char sha256[OAE_SHA256_HEX]; /* of result.json; "" if unknown */
};

struct oae_report {
	struct oae_report_run runs[OAE_REPORT_RUNS_MAX];
	size_t n_runs;
};

/* A reported number: {"value","low","high","class","reason"} or a number. */
struct oae_value {
	bool has, band; /* band: low and high are there */
	double value, low, high;
	const char *class;  /* "measured", ...; NULL if unsaid */
	const char *reason; /* why it is missing; NULL if unsaid */
};

enum oae_view_mode {
	OAE_VIEW_ON_DEMAND,
	OAE_VIEW_OWNED,
	OAE_VIEW_MODES
};

extern const char *const oae_view_mode_key[OAE_VIEW_MODES];  /* JSON key */
extern const char *const oae_view_mode_name[OAE_VIEW_MODES]; /* in words */

/* The member at "a.b.c"; NULL when any part is missing or null. */
const cJSON *oae_view_at(const cJSON *obj, const char *path);
/* A string, or "" when missing. */
const char *oae_view_str(const cJSON *obj, const char *path);
/* A number, or NaN. */
double oae_view_num(const cJSON *obj, const char *path);
struct oae_value oae_view_value(const cJSON *obj, const char *path);
/* 'M', 'P', 'D', 'E', 'A' for a class, '?' for none. */
char oae_view_class_letter(const char *class);

/*
 * What a system is called in tables: its id without the adapter when all
 * systems come from one; before it "run: " when there are several runs.
 */
void oae_view_label(const struct oae_report *r,
		    const struct oae_report_run *run, const char *system_id,
		    char out[OAE_LABEL_BYTES]);
const cJSON *oae_view_systems(const struct oae_report_run *run);
const cJSON *oae_view_profiles(const struct oae_report_run *run);
/* The profile of that id in a run; NULL if it has none. */
const cJSON *oae_view_profile(const struct oae_report_run *run, const char *id);
/* The same in the first run that has it. */
const cJSON *oae_view_first_profile(const struct oae_report *r, const char *id);
/*
 * Ids of the profiles of all runs (or with `workloads`, of the workloads),
 * each once, in order of appearance. The list is the caller's to free; the
 * texts are the results'.
 */
enum oae_status oae_view_profile_ids(const struct oae_report *r,
				     const char ***ids, size_t *n,
				     struct oae_error *err);
enum oae_status oae_view_workload_ids(const struct oae_report *r,
				      const char ***ids, size_t *n,
				      struct oae_error *err);
/*
 * A number that stays the same for a system in every picture: 0 is the
 * baseline, others count from 1 over all runs.
 */
size_t oae_view_colour(const struct oae_report *r,
		       const struct oae_report_run *run, const char *system_id);

#endif
