/* SPDX-License-Identifier: Apache-2.0 */
/* What setting a system up took, where somebody measured it. */
#include <math.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

static void put_amount(struct oae_sheet *t, const cJSON *transcript,
		       const char *key, oae_number_fn *number)
{
	const cJSON *a = oae_view_at(transcript, key);
	double v = oae_view_num(a, "value");
	bool estimated = strcmp(oae_view_str(a, "class"), "estimated") == 0;
	char text[OAE_NUMBER_TEXT];

	if (isnan(v)) {
		oae_sheet_missing(t, oae_json_str_or(a, "reason", NULL));
		return;
	}
	number(text, v);
	oae_sheet_cell(t, "%s%s", text, estimated ? " (estimated)" : "");
	if (estimated)
		oae_sheet_note(t, oae_view_str(a, "source"));
}

static void put_count(struct oae_sheet *t, double v)
{
	if (isnan(v))
		oae_sheet_missing(t, "nobody counted");
	else
		oae_sheet_cell(t, "%.0f", v);
}

static void setup_row(struct oae_sheet *t, const char *label, const cJSON *x)
{
	oae_sheet_cell(t, "%s", label);
	put_amount(t, x, "wall_s", oae_number_seconds);
	if (cJSON_IsFalse(oae_view_at(x, "same_cpu")))
		oae_sheet_note(t, "on another CPU than the campaign's, or"
				  " nobody knows: an estimate");
	put_amount(t, x, "cpu_s", oae_number_seconds);
	put_amount(t, x, "network_bytes", oae_number_bytes);
	put_amount(t, x, "disk_bytes", oae_number_bytes);
	put_count(t, oae_view_num(x, "steps"));
	put_count(t, oae_view_num(x, "failures"));
	put_amount(t, x, "packages", oae_number_count);
	oae_sheet_cell(t, "%.0f lines", oae_view_num(x, "edits.lines"));
	oae_sheet_cell(t, "%.0f of %.0f", oae_view_num(x, "parameters.set"),
		       oae_view_num(x, "parameters.exposed"));
	put_count(t, oae_view_num(x, "processes"));
}

void oae_section_setup(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",  "time",	"CPU",	     "network",
		"on disk", "steps",	"failed",    "packages",
		"edits",   "knobs set", "processes",
	};
	char label[OAE_LABEL_BYTES];
	bool missing = false;
	const cJSON *s, *x;

	oae_sheet_init(t, "Set-up: from a clean copy to the first valid token,"
			  " as measured; its time is in the score");
	oae_sheet_columns(t, heads, "lrrrrrrrrrr");
	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			x = oae_view_at(s, "setup.transcript");
			if (!x) {
				missing = true;
				continue;
			}
			oae_view_label(r, &r->runs[i], oae_view_str(s, "id"),
				       label);
			setup_row(t, label, x);
		}
	if (missing)
		oae_sheet_remark(t,
				 "A system without a row has the machine time"
				 " that its ledger says.");
}

/* Its row, in the order of the heads; a count that is not there is a dash. */
static void keep_row(struct oae_sheet *t, const char *label,
		     const cJSON *counts)
{
	static const char *const ids[] = {
		"config_lines", "knobs",       "models",
		"model_bytes",	"setup_steps", "processes",
	};
	char text[OAE_NUMBER_TEXT];
	const cJSON *c, *found;

	oae_sheet_cell(t, "%s", label);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		found = NULL;
		cJSON_ArrayForEach(c, counts)
			if (strcmp(oae_view_str(c, "id"), ids[i]) == 0)
				found = c;
		if (!found) {
			oae_sheet_missing(t, "the ledger has no such count");
			continue;
		}
		if (strcmp(ids[i], "model_bytes") == 0)
			oae_number_bytes(text, oae_view_num(found, "value"));
		else
			oae_number_count(text, oae_view_num(found, "value"));
		oae_sheet_cell(t, "%s", text);
	}
}

void oae_section_keep(const struct oae_report *r, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system", "lines of configuration", "knobs",	 "models",
		"size",	  "set-up steps",	    "processes",
	};
	char label[OAE_LABEL_BYTES];
	const cJSON *s, *counts;

	oae_sheet_init(t, "What somebody must keep, as counted (no part of a"
			  " cost)");
	oae_sheet_columns(t, heads, "lrrrrrr");
	for (size_t i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			counts = oae_view_at(s, "ledger.counts");
			if (!counts)
				continue;
			oae_view_label(r, &r->runs[i], oae_view_str(s, "id"),
				       label);
			keep_row(t, label, counts);
		}
}
