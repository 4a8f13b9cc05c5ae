/* SPDX-License-Identifier: Apache-2.0 */
/* Who can use a system: tiers of hardware and skill (spec section 9.3). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

#define COLUMNS_MOST 7 /* of tiers; the result has all of them */

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

/* The tiers and skills that a table shows. */
struct heads {
	const char *tier[COLUMNS_MOST], *skill[COLUMNS_MOST];
	int n;
	bool more; /* than fit */
};

static const cJSON *find_cell(const cJSON *system, const char *tier,
			      const char *skill)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, oae_view_at(system, "cells"))
		if (!strcmp(oae_view_str(c, "tier"), tier) &&
		    !strcmp(oae_view_str(c, "skill"), skill))
			return c;
	return NULL;
}

static void put_cells(struct oae_sheet *t, const struct heads *h,
		      const cJSON *system)
{
	for (int i = 0; i < h->n; i++) {
		const cJSON *c = find_cell(system, h->tier[i], h->skill[i]);
		const char *outcome = oae_view_str(c, "outcome");
		const char *reason = oae_view_str(c, "reason");

		if (!*outcome) {
			oae_sheet_missing(t, *reason ? reason : NULL);
			continue;
		}
		oae_sheet_cell(t, "%s,\u00a0%.0f\u00a0%%", words_of(outcome),
			       100 * oae_view_num(c, "g"));
		oae_sheet_tone(t, tone_of(outcome));
	}
}

static void put_row(struct oae_sheet *t, const struct heads *h,
		    const char *label, const cJSON *system)
{
	const cJSON *worst = oae_view_at(system, "worst_group");
	double served = oae_view_num(system, "served");
	double measured = oae_view_num(system, "measured");

	oae_sheet_cell(t, "%s", label);
	put_cells(t, h, system);
	if (isnan(served) || isnan(measured))
		oae_sheet_missing(t, NULL);
	else
		oae_sheet_cell(t, "%.0f\u00a0of\u00a0%.0f, %d\u00a0lost",
			       served, measured,
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

/* Whether some system has an outcome there. */
static bool is_measured(const struct oae_report *r, const char *id,
			const char *tier, const char *skill)
{
	const cJSON *system;

	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(system, access_of(&r->runs[i], id))
			if (*oae_view_str(find_cell(system, tier, skill),
					  "outcome"))
				return true;
	return false;
}

/* The columns of shipped defaults, or those of people who try settings. */
static void add_heads(const struct oae_report *r, const char *id, bool shipped,
		      struct heads *h, struct oae_sheet *t)
{
	const cJSON *access = NULL, *c;
	char text[80];

	for (size_t i = 0; i < r->n_runs && !access; i++)
		access = access_of(&r->runs[i], id);
	cJSON_ArrayForEach(c, oae_view_at(cJSON_GetArrayItem(access, 0),
					  "cells")) {
		const char *tier = oae_view_str(c, "tier");
		const char *skill = oae_view_str(c, "skill");

		if (shipped != !strcmp(skill, defaults) ||
		    (!shipped && !is_measured(r, id, tier, skill)))
			continue;
		if (h->n == COLUMNS_MOST) {
			h->more = true;
			break;
		}
		h->tier[h->n] = tier;
		h->skill[h->n++] = skill;
		snprintf(text, sizeof(text), "%.60s%s%.4s",
			 tier + (strncmp(tier, "tier:", 5) ? 0 : 5),
			 shipped ? "" : ", ", shipped ? "" : skill);
		oae_sheet_column(t, text, false);
	}
}

static void put_heads(const struct oae_report *r, const char *id,
		      struct heads *h, struct oae_sheet *t)
{
	oae_sheet_column(t, "system", false);
	add_heads(r, id, true, h, t);
	add_heads(r, id, false, h, t);
	oae_sheet_column(t, "served", false);
	oae_sheet_column(t, "worst group", false);
}

void oae_section_access(const struct oae_report *r, const char *profile_id,
			struct oae_sheet *t)
{
	char label[OAE_LABEL_BYTES];
	struct heads h = { .n = 0 };
	const cJSON *system;
	bool any = false, tried = false, without = false;

	oae_sheet_init(t,
		       "Who can use it: with shipped defaults (T1), on the"
		       " whole machine and on smaller ones; the share of"
		       " requests that were right and in time. Yes: surely at"
		       " least the workload's floor, no: surely less. T2, T3:"
		       " the best of 4 or of 16 trials of other settings, yes"
		       " if one serves with a probability of at least 90 %;"
		       " lost: the baseline serves there, this doesn't");
	put_heads(r, profile_id, &h, t);
	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(system, access_of(&r->runs[i], profile_id)) {
			if (oae_view_num(system, "measured") == 0) {
				without = true;
				continue;
			}
			oae_view_label(r, &r->runs[i],
				       oae_view_str(system, "system"), label);
			put_row(t, &h, label, system);
			any = true;
		}
	for (int i = 0; i < h.n; i++)
		tried = tried || strcmp(h.skill[i], defaults) != 0;
	if (any && !tried)
		oae_sheet_remark(t, "For people who try settings (T2, T3) no"
				    " tier was measured: `oae tune` does it on"
				    " the whole machine, and `oae run --tune"
				    " DIR` takes it in.");
	if (any && without)
		oae_sheet_remark(t, "Systems without a measured cell, such as"
				    " those with knobs set, are left out.");
	if (h.more)
		oae_sheet_remark(t, "More cells than fit here are in"
				    " result.json (access).");
}
