/* SPDX-License-Identifier: Apache-2.0 */
/* What tunings found of a run's systems (spec section 7). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

static void put_value(struct oae_sheet *t, const cJSON *obj, const char *path)
{
	struct oae_value v = oae_view_value(obj, path);
	char text[OAE_NUMBER_TEXT];

	if (!v.has) {
		oae_sheet_missing(t, v.reason);
		return;
	}
	oae_number_plain(text, v.value);
	oae_sheet_cell(t, "%s", text);
}

static void put_gain(struct oae_sheet *t, const cJSON *talent)
{
	char m[OAE_NUMBER_TEXT], l[OAE_NUMBER_TEXT], h[OAE_NUMBER_TEXT];
	double mid = oae_view_num(talent, "expert.gain.value");
	double low = oae_view_num(talent, "expert.gain.low");

	if (isnan(mid)) {
		oae_sheet_missing(t, "the expert's setting was not measured");
		return;
	}
	oae_number_plain(m, mid);
	oae_number_plain(l, low);
	oae_number_plain(h, oae_view_num(talent, "expert.gain.high"));
	if (isnan(low))
		oae_sheet_cell(t, "%s", m);
	else
		oae_sheet_cell(t, "%s [%s, %s]", m, l, h);
	oae_sheet_note(t, oae_view_str(talent, "expert.who"));
}

/* "2 of 4: gamma, threads" */
static void put_effective(struct oae_sheet *t, const cJSON *talent)
{
	char text[600];
	const cJSON *k;
	size_t at;

	at = (size_t)snprintf(text, sizeof(text), "%.0f of %.0f",
			      oae_view_num(talent, "effective_knobs"),
			      oae_view_num(talent, "declared_knobs"));
	cJSON_ArrayForEach(k, oae_view_at(talent, "knobs")) {
		if (strcmp(oae_view_str(k, "verdict"), "effective") != 0 ||
		    at + 64 > sizeof(text))
			continue;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.60s",
				       strchr(text, ':') ? ", " : ": ",
				       oae_view_str(k, "name"));
	}
	oae_sheet_cell(t, "%s", text);
}

static void put_row(struct oae_sheet *t, const struct oae_report *r,
		    const struct oae_report_run *run, const cJSON *talent)
{
	char label[OAE_LABEL_BYTES];

	oae_view_label(r, run, oae_view_str(talent, "system"), label);
	oae_sheet_cell(t, "%s", label);
	if (!cJSON_IsTrue(oae_view_at(talent, "same_program")))
		oae_sheet_note(t, "another build of it, or other models, were"
				  " tuned");
	oae_sheet_cell(t, "%s", oae_view_str(talent, "profile"));
	put_value(t, talent, "tau.default");
	put_value(t, talent, "tau.4");
	put_value(t, talent, "tau.16");
	put_value(t, talent, "least_n");
	put_gain(t, talent);
	if (!cJSON_IsTrue(oae_view_at(talent, "expert.gain_is_sure")))
		oae_sheet_note(t, "not surely a gain");
	oae_sheet_cell(t, "%.0f", oae_view_num(talent, "trials"));
	put_effective(t, talent);
}

void oae_section_talent(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",	  "profile",  "tau: defaults",	   "4 trials",
		"16 trials",	  "0.9 from", "baseline / expert", "of trials",
		"effective knobs"
	};
	const cJSON *talent;

	oae_sheet_init(t, "Talent: the share of an expert's gain (tau) that"
			  " defaults and random trials keep");
	oae_sheet_columns(t, heads, "llrrrrrrl");
	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(talent,
				   oae_view_at(r->runs[i].json, "talent"))
			put_row(t, r, &r->runs[i], talent);
}
