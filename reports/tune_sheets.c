/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables of a tuning's report say. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/text.h"
#include "reports/tune.h"
#include "reports/view.h"

#define A_THOUSAND 1000 /* costs are shown for so many requests */

const cJSON *oae_tune_search_of(const cJSON *doc, bool baseline)
{
	const cJSON *s;

	cJSON_ArrayForEach(s, oae_view_at(doc, "searches"))
		if (cJSON_IsTrue(oae_view_at(s, "baseline")) == baseline)
			return s;
	return NULL;
}

/* The search of the system tuned, which may be the baseline itself. */
static const cJSON *tuned(const cJSON *doc)
{
	const cJSON *s = oae_tune_search_of(doc, false);

	return s ? s : oae_tune_search_of(doc, true);
}

const char *oae_tune_tau(const cJSON *doc, const char *at, char out[48])
{
	char path[64];
	struct oae_value v;

	(void)snprintf(path, sizeof(path), "tau.%.40s", at);
	v = oae_view_value(doc, path);
	if (!v.has)
		return v.reason ? v.reason : "not in the document";
	oae_number_plain(out, v.value);
	return NULL;
}

/* ---- the sentence ------------------------------------------------------ */

static void put_share(const cJSON *doc, const char *at, const char *what,
		      struct oae_buf *b, bool first)
{
	char number[OAE_NUMBER_TEXT];

	if (!oae_tune_tau(doc, at, number))
		oae_buf_printf(b, "%s%s %s", first ? "" : ", ", what, number);
}

/* What is left of the gain when the baseline is tuned, too. */
static void put_tuned(const cJSON *doc, struct oae_buf *b)
{
	struct oae_value v =
		oae_view_value(doc, "expert.gain_over_tuned_baseline");
	char m[OAE_NUMBER_TEXT], l[OAE_NUMBER_TEXT], h[OAE_NUMBER_TEXT];

	if (!v.has)
		return;
	oae_number_plain(m, v.value);
	oae_number_plain(l, v.low);
	oae_number_plain(h, v.high);
	oae_buf_printf(b,
		       " Over the baseline tuned with as many trials the"
		       " gain is %s",
		       m);
	if (v.band)
		oae_buf_printf(b, " [%s, %s]", l, h);
	oae_buf_puts(b, ".");
}

void oae_tune_sentence(const cJSON *doc, struct oae_buf *b)
{
	double gain = oae_view_num(doc, "expert.setting.gain.value");
	struct oae_value least = oae_view_value(doc, "least_n");
	char number[OAE_NUMBER_TEXT];
	const char *why = oae_tune_tau(doc, "default", number);

	if (why) {
		oae_buf_printf(b,
			       "Talent dependency of %.200s is undefined:"
			       " %.300s.",
			       oae_view_str(doc, "system"), why);
		return;
	}
	oae_number_plain(number, gain);
	oae_buf_printf(
		b,
		"The expert's setting of %.200s costs what the baseline,"
		" %.200s, costs, divided by %s. Share of that gain (tau):",
		oae_view_str(doc, "system"), oae_view_str(doc, "baseline"),
		number);
	put_share(doc, "default", " shipped defaults", b, true);
	put_share(doc, "4", "4 random trials", b, false);
	put_share(doc, "16", "16 trials", b, false);
	if (least.has)
		oae_buf_printf(b, "; 0.9 from %.0f trial%s on", least.value,
			       least.value > 1 ? "s" : "");
	oae_buf_puts(b, ".");
	put_tuned(doc, b);
}

/* ---- costs ------------------------------------------------------------- */

static void put_number(struct oae_sheet *t, double v, const char *reason)
{
	char text[OAE_NUMBER_TEXT];

	if (isnan(v)) {
		oae_sheet_missing(t, reason);
		return;
	}
	oae_number_plain(text, v);
	oae_sheet_cell(t, "%s", text);
}

static void put_gain(struct oae_sheet *t, const cJSON *setting)
{
	double mid = oae_view_num(setting, "gain.value");
	double low = oae_view_num(setting, "gain.low");
	double high = oae_view_num(setting, "gain.high");
	char m[OAE_NUMBER_TEXT], l[OAE_NUMBER_TEXT], h[OAE_NUMBER_TEXT];

	if (isnan(mid)) {
		oae_sheet_missing(t, "it was not measured");
		return;
	}
	oae_number_plain(m, mid);
	oae_number_plain(l, low);
	oae_number_plain(h, high);
	if (isnan(low))
		oae_sheet_cell(t, "%s", m);
	else
		oae_sheet_cell(t, "%s [%s, %s]", m, l, h);
}

static void put_setting(struct oae_sheet *t, const char *what,
			const cJSON *setting, const char *reason)
{
	const char *why = oae_view_str(setting, "reason");

	oae_sheet_cell(t, "%s", what);
	put_number(t, A_THOUSAND * oae_view_num(setting, "kappa_usd"), reason);
	put_gain(t, setting);
	put_number(t, 1000 * oae_view_num(setting, "s"), "nothing was served");
	put_number(t, 100 * oae_view_num(setting, "g"), reason);
	oae_sheet_cell(t, "%s", setting ? oae_view_str(setting, "id") : "");
	if (*why)
		oae_sheet_note(t, why);
}

static void put_expected(struct oae_sheet *t, const cJSON *doc, double n)
{
	double kappa_b = oae_view_num(doc, "kappa_baseline_usd");
	char text[OAE_NUMBER_TEXT];
	const cJSON *c;

	cJSON_ArrayForEach(c, oae_view_at(tuned(doc), "curve")) {
		double kappa = oae_view_num(c, "kappa_usd");

		if (oae_view_num(c, "n") != n)
			continue;
		oae_sheet_cell(t, "best of %.0f trials, expected", n);
		put_number(t, A_THOUSAND * kappa, NULL);
		oae_number_plain(text, kappa_b / kappa);
		oae_sheet_cell(t, "%s", text);
		oae_sheet_cell(t, "%s", "");
		oae_sheet_cell(t, "%s", "");
		oae_sheet_cell(t, "%s",
			       cJSON_IsTrue(oae_view_at(c, "few")) ?
				       "more than half of the trials" :
				       "");
	}
}

/* The winner as it looked among the trials: the luckiest of them, too. */
static void put_selected(struct oae_sheet *t, const cJSON *doc)
{
	const cJSON *best = oae_view_at(tuned(doc), "best");
	double kappa = oae_view_num(best, "kappa_selected_usd");
	char text[OAE_NUMBER_TEXT];

	oae_sheet_cell(t, "the search's best, when selected");
	put_number(t, A_THOUSAND * kappa, "it was not measured");
	oae_number_plain(text, oae_view_num(doc, "kappa_baseline_usd") / kappa);
	oae_sheet_cell(t, "%s", text);
	oae_sheet_cell(t, "%s", "");
	oae_sheet_cell(t, "%s", "");
	oae_sheet_cell(t, "%s", oae_view_str(best, "id"));
}

void oae_tune_costs_sheet(const cJSON *doc, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"setting",	"USD / 1000 requests", "baseline / it",
		"ms / request", "accepted %",	       ""
	};
	const cJSON *x = tuned(doc), *b = oae_tune_search_of(doc, true);
	const cJSON *held = oae_view_at(b, "best.held_out");
	const cJSON *best = oae_view_at(x, "best.held_out");
	const cJSON *expert = oae_view_at(doc, "expert.setting");

	oae_sheet_init(t, "What a setting costs");
	oae_sheet_columns(t, heads, "lrrrrl");
	put_setting(t, "baseline, defaults", oae_view_at(b, "default"),
		    "it was not measured");
	if (held && b != x)
		put_setting(t, "baseline, tuned", held, NULL);
	if (b != x)
		put_setting(t, "defaults", oae_view_at(x, "default"),
			    "it was not measured");
	put_expected(t, doc, 4);
	put_expected(t, doc, 16);
	if (best) {
		put_selected(t, doc);
		put_setting(t, "the search's best, again", best, NULL);
	}
	if (expert && strcmp(oae_view_str(doc, "expert.who"), "") &&
	    strcmp(oae_view_str(expert, "id"), oae_view_str(best, "id")))
		put_setting(t, "the expert's", expert, NULL);
	oae_sheet_remark(t, "The best of many noisy trials looks better than"
			    " it is: settings measured \"again\" were run anew,"
			    " on other items; the expert's cost is that one.");
}

/* ---- the curve --------------------------------------------------------- */

static bool is_shown(double n, double last)
{
	double power = 1;

	while (power < n)
		power *= 2;
	return n == power || n == last;
}

static void put_curve(struct oae_sheet *t, const cJSON *search, bool baseline)
{
	const cJSON *curve = oae_view_at(search, "curve"), *c;
	double last = cJSON_GetArraySize(curve);
	char text[OAE_NUMBER_TEXT];

	cJSON_ArrayForEach(c, curve) {
		double n = oae_view_num(c, "n");
		double pays = oae_view_num(c, "pays_from_requests");

		if (!is_shown(n, last))
			continue;
		oae_sheet_cell(t, "%s", oae_view_str(search, "system"));
		oae_sheet_cell(t, "%.0f", n);
		if (cJSON_IsTrue(oae_view_at(c, "few")))
			oae_sheet_note(t, "more than half of the trials:"
					  " uncertain");
		put_number(t, A_THOUSAND * oae_view_num(c, "kappa_usd"), NULL);
		put_number(t, A_THOUSAND * oae_view_num(c, "kappa_dodge_usd"),
			   NULL);
		put_number(t, oae_view_num(c, "tau"),
			   baseline ? "tau is the system's" :
				      "undefined, as said above");
		put_number(t, oae_view_num(c, "charge_usd"),
			   "the tables of this tuning have no hours of a"
			   " trial");
		if (isnan(pays)) {
			oae_sheet_missing(t, "expected to save nothing over"
					     " the defaults");
			continue;
		}
		oae_number_count(text, pays);
		oae_sheet_cell(t, "%s", text);
	}
}

void oae_tune_curve_sheet(const cJSON *doc, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",	   "trials n", "USD / 1000 requests",
		"the same, Dodge", "tau",      "n trials cost USD",
		"pays from N"
	};

	oae_sheet_init(t, "The best of n random trials, expected");
	oae_sheet_columns(t, heads, "lrrrrrr");
	if (oae_tune_search_of(doc, false))
		put_curve(t, oae_tune_search_of(doc, false), false);
	put_curve(t, oae_tune_search_of(doc, true),
		  oae_tune_search_of(doc, false) != NULL);
}

/* ---- knobs ------------------------------------------------------------- */

static void json_text(const cJSON *v, char *out, size_t size)
{
	char number[32];

	if (cJSON_IsNumber(v)) {
		oae_json_format_double(number, v->valuedouble);
		(void)snprintf(out, size, "%s", number);
	} else {
		(void)snprintf(out, size, "%.60s",
			       cJSON_IsString(v) ? v->valuestring :
			       cJSON_IsTrue(v)	 ? "true" :
			       cJSON_IsFalse(v)	 ? "false" :
						   "");
	}
}

static enum oae_tone tone_of(const char *verdict)
{
	return !strcmp(verdict, "effective")	 ? OAE_TONE_GOOD :
	       !strcmp(verdict, "not effective") ? OAE_TONE_NONE :
						   OAE_TONE_OPEN;
}

static void put_value(struct oae_sheet *t, const cJSON *knob, const cJSON *v,
		      bool first)
{
	char now[64], text[64];
	const char *why = oae_view_str(v, "reason");
	const char *verdict = oae_view_str(knob, "verdict");
	double low = oae_view_num(v, "s_ratio.low");

	json_text(oae_view_at(knob, "default"), now, sizeof(now));
	json_text(oae_view_at(v, "value"), text, sizeof(text));
	oae_sheet_cell(t, "%s", first ? oae_view_str(knob, "name") : "");
	oae_sheet_cell(t, "%s", first ? now : "");
	oae_sheet_cell(t, "%s", text);
	if (*why) {
		oae_sheet_missing(t, why);
	} else if (isnan(low)) {
		put_number(t, oae_view_num(v, "s_ratio.value"),
			   "it was not measured");
	} else {
		char m[OAE_NUMBER_TEXT], l[OAE_NUMBER_TEXT];
		char h[OAE_NUMBER_TEXT];

		oae_number_plain(m, oae_view_num(v, "s_ratio.value"));
		oae_number_plain(l, low);
		oae_number_plain(h, oae_view_num(v, "s_ratio.high"));
		oae_sheet_cell(t, "%s [%s, %s]", m, l, h);
	}
	oae_sheet_cell(t, "%s", oae_view_str(v, "verdict"));
	oae_sheet_cell(t, "%s", first ? verdict : "");
	oae_sheet_tone(t, tone_of(first ? verdict : "not effective"));
}

void oae_tune_knobs_sheet(const cJSON *doc, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"knob",	   "default", "tried", "its s / the defaults' s",
		"moves s", "the knob"
	};
	const cJSON *knob, *v;

	oae_sheet_init(t, "One knob at a time");
	oae_sheet_columns(t, heads, "lllrll");
	cJSON_ArrayForEach(knob, oae_view_at(doc, "knobs")) {
		bool first = true;

		cJSON_ArrayForEach(v, oae_view_at(knob, "values")) {
			put_value(t, knob, v, first);
			first = false;
		}
		if (first) {
			char now[64];

			json_text(oae_view_at(knob, "default"), now,
				  sizeof(now));
			oae_sheet_cell(t, "%s", oae_view_str(knob, "name"));
			oae_sheet_cell(t, "%s", now);
			oae_sheet_missing(t, oae_view_str(knob, "reason"));
			for (int i = 0; i < 3; i++)
				oae_sheet_cell(t, "%s", "");
		}
	}
	if (oae_sheet_rows(t))
		oae_sheet_remark(t, "Effective: changing that knob alone moves"
				    " s by more than 5 %, with the whole"
				    " interval; not effective: the interval"
				    " lies within 5 %; else undecided.");
}

/* ---- trials ------------------------------------------------------------ */

/* The part of an id behind the system's own. */
static const char *own_part(const char *id, const char *system)
{
	size_t n = strlen(system);

	return !strncmp(id, system, n) && id[n] ? id + n + 1 : id;
}

void oae_tune_trials_sheet(const cJSON *doc, bool failed, struct oae_sheet *t)
{
	static const char *const heads[] = {
		"system",	 "setting",	 "USD / 1000 requests",
		"baseline / it", "ms / request", "accepted %",
		"gate"
	};
	const cJSON *s, *x;

	oae_sheet_init(t, failed ? "Trials that failed" : "Trials");
	oae_sheet_columns(t, heads, "llrrrrl");
	cJSON_ArrayForEach(s, oae_view_at(doc, "searches")) {
		const char *system = oae_view_str(s, "system");

		cJSON_ArrayForEach(x, oae_view_at(s, "settings")) {
			const char *why = oae_view_str(x, "reason");

			if (failed && !*why)
				continue;
			oae_sheet_cell(t, "%s", system);
			oae_sheet_cell(t, "%s",
				       own_part(oae_view_str(x, "id"), system));
			if (*why)
				oae_sheet_note(t, why);
			put_number(t, A_THOUSAND * oae_view_num(x, "kappa_usd"),
				   "it was not measured");
			put_gain(t, x);
			put_number(t, 1000 * oae_view_num(x, "s"),
				   "nothing was served");
			put_number(t, 100 * oae_view_num(x, "g"),
				   "it was not measured");
			oae_sheet_cell(t, "%s",
				       *why ? "counts as failed" :
					      oae_view_str(x, "gate"));
			oae_sheet_tone(t, *why ? OAE_TONE_BAD : OAE_TONE_NONE);
		}
	}
}
