/* SPDX-License-Identifier: Apache-2.0 */
/* Remarks on runs: why there are so many, and whether they settle. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"

/* "Stopped by the budget of 600 s." or nothing. */
static void put_budget(const cJSON *stopping, char *out, size_t size)
{
	const char *by = oae_view_str(stopping, "stopped_by");

	out[0] = '\0';
	if (strcmp(by, "budget") == 0)
		snprintf(out, size, " The budget of %.0f s ended it.",
			 oae_view_num(stopping, "budget_s"));
}

static void put_precision(const cJSON *stopping, char *out, size_t size)
{
	const cJSON *looks = oae_view_at(stopping, "looks");
	const cJSON *last =
		cJSON_GetArrayItem(looks, cJSON_GetArraySize(looks) - 1);
	double width = oae_view_num(last, "half_width");

	out[0] = '\0';
	if (strcmp(oae_view_str(stopping, "rule"), "precision") != 0)
		return;
	if (isnan(width))
		snprintf(out, size,
			 " No look found whole pairs of runs (asked: +-%.2g"
			 " %%).",
			 100 * oae_view_num(stopping, "precision"));
	else
		snprintf(out, size,
			 " The widest interval of the machine-time ratios and"
			 " the baseline's s is +-%.2g %% (%.100s), asked was"
			 " +-%.2g %%: %s. Each look's intervals stand at %.4g"
			 " %%.",
			 100 * width, oae_view_str(last, "system"),
			 100 * oae_view_num(stopping, "precision"),
			 cJSON_IsTrue(oae_view_at(stopping, "reached")) ?
				 "reached" :
				 "not reached",
			 100 * oae_view_num(stopping, "level"));
}

void oae_remark_stopping(struct oae_sheet *t, const struct oae_report_run *run)
{
	const cJSON *stopping = oae_view_at(run->json, "stopping");
	char precision[400], budget[80], text[700];

	put_precision(stopping, precision, sizeof(precision));
	put_budget(stopping, budget, sizeof(budget));
	if (!precision[0] && !budget[0])
		return;
	snprintf(text, sizeof(text),
		 "%.80s%s%.0f runs of each system on each workload.%s%s",
		 run->name, *run->name ? ": " : "",
		 oae_view_num(stopping, "runs"), precision, budget);
	oae_sheet_remark(t, text);
}

void oae_remark_steady(struct oae_sheet *t, const char *label, const cJSON *w)
{
	const cJSON *steady = oae_view_at(w, "steady_state");
	double warm = oae_view_num(steady, "share.warm_up");
	double slow = oae_view_num(steady, "share.slowdown");
	double none = oae_view_num(steady, "share.no_steady_state");
	double from = oae_view_num(steady, "from_request.median");
	char text[400], when[60] = "";

	if (!(warm + slow + none > 0))
		return;
	if (from > 0)
		snprintf(when, sizeof(when),
			 "; the median run is steady from request %.0f",
			 from + 1);
	snprintf(text, sizeof(text),
		 "%.120s on %.60s: %.0f %% of runs warm up, %.0f %% slow down,"
		 " %.0f %% never settle%s.",
		 label, oae_view_str(w, "workload"), 100 * warm, 100 * slow,
		 100 * none, when);
	oae_sheet_remark(t, text);
}
