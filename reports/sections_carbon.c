/* SPDX-License-Identifier: Apache-2.0 */
/* Grams of CO2e for a useful request, place by place (spec section 9). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

#define PLACES_MOST 8 /* columns; the result has all of them */
#define RANGE_OF "WORLD"

struct carbon_ctx {
	struct oae_sheet *t;
	const cJSON *heads;		   /* rows of the first score */
	const struct oae_report_run *last; /* whose baseline stands */
};

static const cJSON *rows_of(const struct oae_score_view *s, int m)
{
	return oae_view_at(oae_section_mode(s->score, (enum oae_view_mode)m),
			   "carbon.rows");
}

static void find_heads(const struct oae_score_view *s, void *opaque)
{
	struct carbon_ctx *c = opaque;

	for (int m = 0; m < OAE_VIEW_MODES && !c->heads; m++)
		c->heads = rows_of(s, m);
}

/* The entry of a place; the order of places may differ between runs. */
static const cJSON *place(const cJSON *rows, const char *name)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, rows)
		if (!strcmp(oae_view_str(row, "grid"), name))
			return row;
	return NULL;
}

static void put_row(const struct carbon_ctx *c, const char *label, int m,
		    const cJSON *rows, const char *whose)
{
	const cJSON *head, *range = oae_view_at(place(rows, RANGE_OF), whose);
	double low = oae_view_num(range, "low");
	double high = oae_view_num(range, "high");
	char a[OAE_NUMBER_TEXT], b[OAE_NUMBER_TEXT];
	int n = 0;

	oae_sheet_cell(c->t, "%s", label);
	oae_sheet_cell(c->t, "%s", oae_view_mode_name[m]);
	cJSON_ArrayForEach(head, c->heads) {
		const cJSON *row = place(rows, oae_view_str(head, "grid"));
		struct oae_value v = oae_view_value(row, whose);

		if (n++ == PLACES_MOST)
			break;
		if (!v.has) {
			oae_sheet_missing(c->t, v.reason);
			continue;
		}
		oae_number_plain(a, v.value);
		oae_sheet_cell(c->t, "%s", a);
	}
	if (isnan(low) || isnan(high)) {
		oae_sheet_missing(c->t, NULL);
		return;
	}
	oae_number_plain(a, low);
	oae_number_plain(b, high);
	oae_sheet_cell(c->t, "%s" OAE_DASH "%s", a, b);
}

static void carbon_rows(const struct oae_score_view *s, void *opaque)
{
	char label[OAE_LABEL_BYTES], base[OAE_LABEL_BYTES + 16];
	struct carbon_ctx *c = opaque;

	if (c->last != s->run && rows_of(s, 0)) {
		oae_view_label(s->report, s->run,
			       oae_view_str(s->run->json, "campaign.baseline"),
			       label);
		snprintf(base, sizeof(base), "%s (B)", label);
		for (int m = 0; m < OAE_VIEW_MODES; m++)
			put_row(c, base, m, rows_of(s, m), "baseline");
		c->last = s->run;
	}
	for (int m = 0; m < OAE_VIEW_MODES; m++)
		if (rows_of(s, m))
			put_row(c, s->label, m, rows_of(s, m), "system");
}

void oae_section_carbon(const struct oae_report *r, const char *profile_id,
			struct oae_sheet *t)
{
	struct carbon_ctx c = { .t = t };
	char text[OAE_LABEL_BYTES];
	const cJSON *row;
	int n = 0;

	oae_section_each_score(r, profile_id, find_heads, &c);
	oae_sheet_init(t, "Carbon of a useful request, grams of CO2e (SCI,"
			  " ISO/IEC 21031): energy with idle hours, and making"
			  " the machine, where a kWh causes so many grams; the"
			  " range holds all guesses");
	oae_sheet_column(t, "system", false);
	oae_sheet_column(t, "machines", false);
	cJSON_ArrayForEach(row, c.heads) {
		if (n++ == PLACES_MOST)
			break;
		snprintf(text, sizeof(text), "%.40s, %g",
			 oae_view_str(row, "grid"),
			 oae_view_num(row, "g_per_kwh"));
		oae_sheet_column(t, text, true);
	}
	oae_sheet_column(t, RANGE_OF ", range", true);
	if (c.heads)
		oae_section_each_score(r, profile_id, carbon_rows, &c);
}
