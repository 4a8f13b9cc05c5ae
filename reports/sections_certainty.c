/* SPDX-License-Identifier: Apache-2.0 */
/* How sure a verdict is, and which number it hangs on (spec section 10). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/sections.h"
#include "reports/text.h"

#define GUESSES_MOST 6 /* of one comparison; the result has all of them */

/* ---- words ------------------------------------------------------------- */

static const struct {
	const char *name, *words;
} numbers[] = {
	{ "r_t1_usd_h", "wage of T1, USD an hour" },
	{ "r_t2_usd_h", "wage of T2, USD an hour" },
	{ "r_t3_usd_h", "wage of T3, USD an hour" },
	{ "H_months", "months" },
	{ "N", "requests, N" },
	{ "rho_usd", "remedy of a miss, USD" },
	{ "p_s_usd", "machine-second, USD" },
	{ "p_h_usd", "machine-hour, USD" },
	{ "p_idle_w", "idle power, W" },
	{ "p_e_usd_kwh", "electricity, USD a kWh" },
	{ "peak_over_mean", "peak over mean load" },
	{ "u", "highest utilisation" },
	{ "s_scale", "scale step of time, factor" },
	{ "e_scale", "scale step of energy, factor" },
	{ "a_t1_h", "adoption, T1 hours" },
	{ "a_t2_h", "adoption, T2 hours" },
	{ "a_t3_h", "adoption, T3 hours" },
	{ "mu_t1_h_month", "upkeep, T1 h/month" },
	{ "mu_t2_h_month", "upkeep, T2 h/month" },
	{ "mu_t3_h_month", "upkeep, T3 h/month" },
	{ "setup_s", "set-up, machine-seconds" },
	{ "s", "machine-seconds a request" },
	{ "e_kwh", "kWh a request" },
	{ "g", "share right and in time" },
	{ "runs", "what was measured" },
};

void oae_section_parameter(const cJSON *p, char out[OAE_PARAMETER_TEXT])
{
	const char *name = oae_view_str(p, "parameter"), *words = name;
	const char *of = oae_view_str(p, "of"), *whose = "";

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(numbers[i].name, name))
			words = numbers[i].words;
	if (!strcmp(of, "both"))
		whose = ", both";
	else if (!strcmp(of, "baseline"))
		whose = ", baseline";
	snprintf(out, OAE_PARAMETER_TEXT, "%.60s%s", words, whose);
}

/* ---- how sure ---------------------------------------------------------- */

static void put_range(struct oae_sheet *t, const cJSON *at, const char *missing)
{
	double low = oae_view_num(at, "low"), high = oae_view_num(at, "high");
	char a[OAE_NUMBER_TEXT], b[OAE_NUMBER_TEXT];

	if (isnan(low) || isnan(high)) {
		oae_sheet_missing(t, missing);
		return;
	}
	oae_number_plain(a, low);
	oae_number_plain(b, high);
	oae_sheet_cell(t, "%s" OAE_DASH "%s", a, b);
}

static void put_chance(struct oae_sheet *t, double share, const char *missing)
{
	if (isnan(share))
		oae_sheet_missing(t, missing);
	else if (share > 0 && share < .01)
		oae_sheet_cell(t, "< 1\u00a0%%");
	else if (share < 1 && share > .99)
		oae_sheet_cell(t, "> 99\u00a0%%");
	else
		oae_sheet_cell(t, "%.0f\u00a0%%", 100 * share);
}

/* In words: what stands in the way of ROBUST. */
static void put_robust(struct oae_sheet *t, const cJSON *mode)
{
	const char *verdict = oae_view_str(mode, "verdict");
	const cJSON *a = oae_view_at(mode, "uncertainty.agreement");

	if (cJSON_IsTrue(oae_view_at(mode, "robust"))) {
		oae_sheet_cell(t, "ROBUST");
		oae_sheet_tone(t, OAE_TONE_GOOD);
		return;
	}
	if (!strcmp(verdict, "UNDECIDED"))
		oae_sheet_cell(t, "no: open");
	else if (strcmp(oae_view_str(a, "runs"), verdict) != 0)
		oae_sheet_cell(t, "no: the runs differ too much");
	else if (strcmp(oae_view_str(a, "draws"), verdict) != 0)
		oae_sheet_cell(t, "no: likely guesses turn it");
	else
		oae_sheet_cell(t, "no: extreme guesses turn it");
	oae_sheet_tone(t, OAE_TONE_OPEN);
}

static void certainty_rows(const struct oae_score_view *s, void *ctx)
{
	static const char once[] = "one repetition says nothing of its spread";
	struct oae_sheet *t = ctx;

	for (int m = 0; m < OAE_VIEW_MODES; m++) {
		const cJSON *mode =
			oae_section_mode(s->score, (enum oae_view_mode)m);
		const cJSON *u = oae_view_at(mode, "uncertainty");

		if (!u)
			continue;
		oae_sheet_cell(t, "%s", s->label);
		if (t->n_columns > 7)
			oae_sheet_cell(t, "%s", oae_view_str(s->profile, "id"));
		oae_sheet_cell(t, "%s", oae_view_mode_name[m]);
		put_range(t, oae_view_at(mode, "oae"), once);
		put_range(t, oae_view_at(u, "oae"), once);
		put_range(t, oae_view_at(mode, "declared_bounds"),
			  "no cost to compare with");
		put_chance(t, oae_view_num(u, "pays_share"), once);
		put_robust(t, mode);
	}
}

static void certainty_heads(struct oae_sheet *t, bool profiles)
{
	oae_sheet_init(
		t, "How sure is it? OAE by what was measured alone (95\u00a0%"
		   " interval), with all guesses (95\u00a0% of draws), and"
		   " from the worst of them to the best; pays: share of the"
		   " draws in which it costs less; ROBUST: all three say"
		   " the same as the verdict");
	oae_sheet_column(t, "system", false);
	if (profiles)
		oae_sheet_column(t, "profile", false);
	oae_sheet_column(t, "machines", false);
	oae_sheet_column(t, "measured", true);
	oae_sheet_column(t, "with guesses", true);
	oae_sheet_column(t, "worst to best", true);
	oae_sheet_column(t, "pays", true);
	oae_sheet_column(t, "robust", false);
}

void oae_section_certainty(const struct oae_report *r, const char *profile_id,
			   struct oae_sheet *t)
{
	const char **ids = NULL;
	size_t n = 0;

	certainty_heads(t, !profile_id);
	if (profile_id) {
		oae_section_each_score(r, profile_id, certainty_rows, t);
		return;
	}
	if (oae_view_profile_ids(r, &ids, &n, NULL) != OAE_OK)
		t->status = OAE_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		oae_section_each_score(r, ids[i], certainty_rows, t);
	free(ids);
}

/* ---- which number ------------------------------------------------------ */

static void put_guess(struct oae_sheet *t, const cJSON *p)
{
	double low = oae_view_num(p, "low"), high = oae_view_num(p, "high");
	double flip = oae_view_num(p, "flip");
	char a[OAE_NUMBER_TEXT], b[OAE_NUMBER_TEXT];
	char text[OAE_PARAMETER_TEXT];

	oae_section_parameter(p, text);
	oae_sheet_cell(t, "%s", text);
	if (isnan(low)) {
		oae_sheet_cell(t, "95\u00a0%% interval");
	} else {
		oae_number_count(a, low);
		oae_number_count(b, high);
		oae_sheet_cell(t, "%s" OAE_DASH "%s", a, b);
	}
	oae_number_plain(a, oae_view_num(p, "oae_at_low"));
	oae_number_plain(b, oae_view_num(p, "oae_at_high"));
	oae_sheet_cell(t, "%s" OAE_DASH "%s", a, b);
	put_chance(t, oae_view_num(p, "share"),
		   "no spread that could have a share");
	if (isnan(flip)) {
		oae_sheet_cell(t, OAE_DASH);
		return;
	}
	oae_number_count(a, flip);
	oae_sheet_cell(t, "%s", a);
	if (flip >= low && flip <= high)
		oae_sheet_tone(t, OAE_TONE_OPEN);
}

static void guess_rows(const struct oae_score_view *s, void *ctx)
{
	struct oae_sheet *t = ctx;
	const cJSON *p;

	for (int m = 0; m < OAE_VIEW_MODES; m++) {
		const cJSON *mode =
			oae_section_mode(s->score, (enum oae_view_mode)m);
		int n = 0;

		cJSON_ArrayForEach(p, oae_view_at(mode,
						  "uncertainty.parameters")) {
			if (n++ == GUESSES_MOST)
				break;
			oae_sheet_cell(t, "%s", s->label);
			oae_sheet_cell(t, "%s", oae_view_mode_name[m]);
			put_guess(t, p);
		}
	}
}

void oae_section_guesses(const struct oae_report *r, const char *profile_id,
			 struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",    "machines",	  "number",
		"its range", "OAE at either end", "share",
		"turns at",
	};

	oae_sheet_init(t,
		       "Which number does it hang on? The six that move OAE"
		       " most, the others at their middle; share: of the"
		       " spread of OAE over all draws; turns at: the value"
		       " at which both cost the same, wherever there is one");
	oae_sheet_columns(t, heads, "lllrrrr");
	oae_section_each_score(r, profile_id, guess_rows, t);
}
