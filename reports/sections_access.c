/* SPDX-License-Identifier: Apache-2.0 */
/* Who can use a system: tiers of hardware and skill (spec section 9.3). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

#define TIERS_MOST 8 /* columns; the result has all of them */

static const char defaults[] = "T1"; /* what a campaign measures */

static enum oae_tone tone_of(const char *outcome)
{
	return !strcmp(outcome, "served")     ? OAE_TONE_GOOD :
	       !strcmp(outcome, "not served") ? OAE_TONE_BAD :
						OAE_TONE_OPEN;
}

/* Short, since there are many columns; the colour says it too. */
static const char *words_of(const char *outcome)
{
	return !strcmp(outcome, "served")     ? "yes" :
	       !strcmp(outcome, "not served") ? "no" :
						"open";
}

static void put_cells(struct oae_sheet *t, const cJSON *system)
{
	const cJSON *c;
	int n = 0;

	cJSON_ArrayForEach(c, oae_view_at(system, "cells")) {
		const char *outcome = oae_view_str(c, "outcome");
		const char *reason = oae_view_str(c, "reason");

		if (strcmp(oae_view_str(c, "skill"), defaults) != 0)
			continue;
		if (n++ == TIERS_MOST)
			break;
		if (!*outcome) {
			oae_sheet_missing(t, *reason ? reason : NULL);
			continue;
		}
		oae_sheet_cell(t, "%s,\u00a0%.0f\u00a0%%", words_of(outcome),
			       100 * oae_view_num(c, "g"));
		oae_sheet_tone(t, tone_of(outcome));
	}
	/* A system with fewer cells than the head has columns. */
	while (t->n_columns && t->n_cells % t->n_columns < t->n_columns - 2)
		oae_sheet_missing(t, NULL);
}

static void put_row(struct oae_sheet *t, const char *label, const cJSON *system)
{
	const cJSON *worst = oae_view_at(system, "worst_group");
	double served = oae_view_num(system, "served");
	double measured = oae_view_num(system, "measured");

	oae_sheet_cell(t, "%s", label);
	put_cells(t, system);
	if (isnan(served) || isnan(measured))
		oae_sheet_missing(t, NULL);
	else
		oae_sheet_cell(t, "%.0f\u00a0of\u00a0%.0f, %d\u00a0lost", served,
			       measured,
			       cJSON_GetArraySize(oae_view_at(system, "lost")));
	if (!worst || isnan(oae_view_num(worst, "g")))
		oae_sheet_missing(t, "its items name no groups");
	else
		oae_sheet_cell(t, "%.60s, %.0f\u00a0%%",
			       oae_view_str(worst, "group"),
			       100 * oae_view_num(worst, "g"));
}

static const cJSON *access_of(const struct oae_report_run *run, const char *id)
{
	return oae_view_at(oae_view_profile(run, id), "access");
}

static void put_heads(const struct oae_report *r, const char *id,
		      struct oae_sheet *t)
{
	const cJSON *access = NULL, *c;
	int n = 0;

	for (size_t i = 0; i < r->n_runs && !access; i++)
		access = access_of(&r->runs[i], id);
	oae_sheet_column(t, "system", false);
	cJSON_ArrayForEach(c, oae_view_at(cJSON_GetArrayItem(access, 0),
					  "cells")) {
		if (strcmp(oae_view_str(c, "skill"), defaults) != 0)
			continue;
		if (n++ == TIERS_MOST)
			break;
		oae_sheet_column(t, oae_view_str(c, "tier"), false);
	}
	oae_sheet_column(t, "served", false);
	oae_sheet_column(t, "worst group", false);
}

void oae_section_access(const struct oae_report *r, const char *profile_id,
			struct oae_sheet *t)
{
	char label[OAE_LABEL_BYTES];
	const cJSON *system;
	bool any = false;

	oae_sheet_init(t,
		       "Who can use it with shipped defaults (T1): on the"
		       " whole machine, with a CPU quota, with a memory"
		       " limit; the share of requests that were right and in"
		       " time. Yes: surely at least the workload's floor, no:"
		       " surely less; lost: the baseline serves there, this"
		       " doesn't");
	put_heads(r, profile_id, t);
	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(system, access_of(&r->runs[i], profile_id)) {
			oae_view_label(r, &r->runs[i],
				       oae_view_str(system, "system"), label);
			put_row(t, label, system);
			any = true;
		}
	if (any)
		oae_sheet_remark(t, "For people who try settings (T2, T3) no"
				    " tier was measured: `oae tune` does it on"
				    " the whole machine.");
}
