/* SPDX-License-Identifier: Apache-2.0 */
/* How a profile's scores change under harder conditions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

const char *const oae_section_kinds[OAE_SECTION_KINDS] = {
	"burst", "noise", "cpu", "memory", "cold", "colocated",
};
const char *const oae_section_severities[OAE_SECTION_SEVERITIES] = {
	"mild",
	"moderate",
	"severe",
};

const cJSON *oae_section_condition(const cJSON *profile, size_t kind,
				   size_t severity)
{
	const char *of = oae_section_severities[severity];
	const cJSON *c;

	cJSON_ArrayForEach(c, oae_view_at(profile, "conditions.cells"))
		if (!strcmp(oae_view_str(c, "kind"), oae_section_kinds[kind]) &&
		    !strcmp(oae_view_str(c, "severity"), of))
			return c;
	return NULL;
}

static const cJSON *find_system(const cJSON *list, const char *id)
{
	const cJSON *s;

	cJSON_ArrayForEach(s, list)
		if (!strcmp(oae_view_str(s, "system"), id))
			return s;
	return NULL;
}

static void put_cell(struct oae_sheet *t, const cJSON *cell, const char *system)
{
	const cJSON *s = find_system(oae_view_at(cell, "systems"), system);
	double oae = oae_view_num(s, "on_demand.value");
	const char *reason = oae_view_str(s, "reason");
	char text[OAE_NUMBER_TEXT];

	if (isnan(oae)) {
		oae_sheet_missing(t, !cell   ? "not attempted" :
				     *reason ? reason :
					       "no score");
		return;
	}
	oae_number_plain(text, oae);
	oae_sheet_cell(t, "%s", text);
	if (oae_view_num(s, "failed_runs") > 0 && *reason)
		oae_sheet_note(t, reason);
}

static bool attempted(const cJSON *profile, size_t severity)
{
	for (size_t k = 0; k < OAE_SECTION_KINDS; k++)
		if (oae_section_condition(profile, k, severity))
			return true;
	return false;
}

/* "falls below 1 at cpu:50, memory:0.9" */
static size_t put_crossings(const cJSON *m, char *text, size_t size)
{
	bool below = oae_view_num(m, "nominal") < 1;
	const cJSON *at, *list = oae_view_at(m, "crosses_1_at");
	size_t n = 0;
	int found = 0;

	cJSON_ArrayForEach(at, list) {
		if (!cJSON_IsString(at))
			continue;
		n += (size_t)snprintf(text + n, size - n, "%s %.30s",
				      found++ ? "," :
				      below   ? "; above 1 from" :
						"; below 1 from",
				      at->valuestring);
	}
	if (!found)
		n = (size_t)snprintf(text, size, "; %s 1 wherever measured",
				     below ? "below" : "above");
	return n;
}

static void put_minimum(const struct oae_score_view *s, struct oae_sheet *t)
{
	const cJSON *r = find_system(
		oae_view_at(s->profile, "conditions.robustness"), s->system);
	const cJSON *m = oae_view_at(r, "on_demand"), *name;
	char least[OAE_NUMBER_TEXT], nominal[OAE_NUMBER_TEXT], text[900];
	size_t at;

	if (!m)
		return;
	oae_number_plain(least, oae_view_num(m, "minimum"));
	oae_number_plain(nominal, oae_view_num(m, "nominal"));
	at = (size_t)snprintf(text, sizeof(text),
			      "%.200s: %s nominally, at least %s at moderate"
			      " severity (%.40s)",
			      s->label, nominal, least, oae_view_str(m, "at"));
	if (isnan(oae_view_num(m, "minimum")))
		at = (size_t)snprintf(text, sizeof(text),
				      "%.200s: nothing was measured at moderate"
				      " severity",
				      s->label);
	else
		at += put_crossings(m, text + at, sizeof(text) - at);
	if (!strcmp(oae_view_str(m, "status"), "incomplete")) {
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "; incomplete, without");
		cJSON_ArrayForEach(name, oae_view_at(m, "missing"))
			at += (size_t)snprintf(text + at, sizeof(text) - at,
					       " %.20s%s", name->valuestring,
					       name->next ? "," : "");
	}
	oae_sheet_remark(t, text);
}

static void put_rows(const struct oae_score_view *s, void *ctx)
{
	struct oae_sheet *t = ctx;
	const cJSON *nominal;

	if (!oae_view_at(s->profile, "conditions"))
		return;
	nominal = cJSON_GetArrayItem(
		oae_view_at(s->profile, "conditions.cells"), 0);
	for (size_t v = 0; v < OAE_SECTION_SEVERITIES; v++) {
		if (!attempted(s->profile, v))
			continue;
		oae_sheet_cell(t, "%s", s->label);
		oae_sheet_cell(t, "%s", oae_section_severities[v]);
		put_cell(t, nominal, s->system);
		for (size_t k = 0; k < OAE_SECTION_KINDS; k++)
			put_cell(t, oae_section_condition(s->profile, k, v),
				 s->system);
	}
	put_minimum(s, t);
}

void oae_section_conditions(const struct oae_report *r, const char *profile_id,
			    struct oae_sheet *t)
{
	oae_sheet_init(t, "OAE on demand under harder conditions");
	oae_sheet_column(t, "system", false);
	oae_sheet_column(t, "severity", false);
	oae_sheet_column(t, "nominal", true);
	for (size_t k = 0; k < OAE_SECTION_KINDS; k++)
		oae_sheet_column(t, oae_section_kinds[k], true);
	oae_section_each_score(r, profile_id, put_rows, t);
}
