/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict as something that an IT lead can act on. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/assess.h"

#define HOURS_TEXT 48

/* A number for people: 0.4, 14, 670,000, 1.3 million. */
static void number_text(char out[HOURS_TEXT], double v)
{
	double size = fabs(v);

	if (size < 9.95)
		snprintf(out, HOURS_TEXT, "%g", round(v * 10) / 10 + 0.0);
	else if (size < 999.5)
		snprintf(out, HOURS_TEXT, "%.0f", v);
	else if (size < 9.995e5)
		snprintf(out, HOURS_TEXT, "%.0f,%03d", trunc(round(v) / 1000),
			 (int)fmod(fabs(round(v)), 1000));
	else if (size < 9.995e8)
		snprintf(out, HOURS_TEXT, "%.3g million", v / 1e6);
	else
		snprintf(out, HOURS_TEXT, "%.3g billion", v / 1e9);
}

/* "18 minutes", "1 hour", "2.1 hours" */
static void hours_text(char out[HOURS_TEXT], double h)
{
	bool minutes = fabs(h) < 0.95;
	const char *name = minutes ? "minute" : "hour";
	char n[HOURS_TEXT];

	number_text(n, minutes ? round(h * 60) + 0.0 : h);
	snprintf(out, HOURS_TEXT, "%.30s %s%s", n, name,
		 strcmp(n, "1") == 0 ? "" : "s");
}

/* "two years", "18 months" */
static void horizon_text(char *out, size_t size, double months)
{
	static const char *const years[] = { "one year", "two years",
					     "three years", "four years",
					     "five years" };
	double y = months / 12;

	if (y >= 1 && y <= 5 && y == floor(y))
		snprintf(out, size, "%s", years[(int)y - 1]);
	else
		snprintf(out, size, "%g months", months);
}

/* "1 to 28 hours", "12 to 40 minutes", "34 hours less to 142 hours more" */
static void range_text(char *out, size_t size, double low, double high)
{
	bool minutes = fabs(low) < 0.95 && fabs(high) < 0.95;
	double unit = minutes ? 60 : 1;
	const char *name = minutes ? "minutes" : "hours";
	char a[HOURS_TEXT], b[HOURS_TEXT];

	low = minutes ? round(low * unit) : low;
	high = minutes ? round(high * unit) : high;
	number_text(a, fabs(low));
	number_text(b, fabs(high));
	if (low < 0 && high > 0)
		snprintf(out, size, "from %s %s less to %s %s more", a, name, b,
			 name);
	else if (high <= 0 && low < 0)
		snprintf(out, size, "%s to %s %s less", b, a, name);
	else if (strcmp(a, b) == 0)
		snprintf(out, size, "%s %s", a, name);
	else
		snprintf(out, size, "%s to %s %s", a, b, name);
}

/* "A clinic with ..." begins in the middle of a sentence. */
static void title_text(char *out, size_t size, const char *title)
{
	snprintf(out, size, "%.100s", title);
	if ((out[0] == 'A' && (out[1] == ' ' || strncmp(out, "An ", 3) == 0)) ||
	    strncmp(out, "The ", 4) == 0)
		out[0] = (char)tolower((unsigned char)out[0]);
}

struct words {
	char title[128], horizon[32], extra[160], measured[160];
	char least[HOURS_TEXT], most[HOURS_TEXT], mid[HOURS_TEXT];
	const char *label, *where, *b;
	bool proven;
};

static void take_words(const struct oae_case *c, enum oae_mode mode,
		       const struct oae_mode_score *m, struct words *w)
{
	const struct oae_score *s = c->score;

	title_text(w->title, sizeof(w->title), c->profile->title);
	horizon_text(w->horizon, sizeof(w->horizon), c->profile->H_months);
	range_text(w->extra, sizeof(w->extra), m->extra.low, m->extra.high);
	range_text(w->measured, sizeof(w->measured), m->affordable.low,
		   m->affordable.high);
	hours_text(w->least, m->affordable.low);
	hours_text(w->most, m->affordable.high);
	hours_text(w->mid, fabs(m->affordable.mid));
	w->label = s->systems[c->system].label;
	w->b = s->systems[s->baseline].label;
	w->proven = c->gate == OAE_GATE_PASS;
	w->where = mode == OAE_ON_DEMAND ? "on rented machines" :
					   "on machines of its own";
}

static void say_pays(const struct words *w, const struct oae_mode_score *m,
		     char *out, size_t size)
{
	const char *end = "use it.";

	if (!w->proven)
		end = "but its quality is not proven yet: test it longer"
		      " first.";
	if (m->extra.high <= 0)
		snprintf(out, size,
			 "For %s, %.60s %s costs less to run than %.60s and"
			 " takes no more staff time: %s",
			 w->title, w->label, w->where, w->b, end);
	else
		snprintf(out, size,
			 "For %s, %.60s %s pays: what it saves over %s is"
			 " worth at least %s of staff time, and beyond %.60s"
			 " it is declared to take %s: %s",
			 w->title, w->label, w->where, w->horizon, w->least,
			 w->b, w->extra, end);
}

static void say_not(const struct words *w, const struct oae_mode_score *m,
		    char *out, size_t size)
{
	if (m->affordable.high <= 0)
		snprintf(out, size,
			 "For %s, %.60s %s saves nothing over"
			 " %.60s before any staff time, and over %s it is"
			 " declared to take %s of it: leave it.",
			 w->title, w->label, w->where, w->b, w->horizon,
			 w->extra);
	else
		snprintf(out, size,
			 "For %s, %.60s %s would have to take less"
			 " than %s of extra staff time over %s to pay; it is"
			 " declared to take %s: leave it.",
			 w->title, w->label, w->where, w->most, w->horizon,
			 w->extra);
}

static void say_undecided(const struct words *w, const struct oae_mode_score *m,
			  char *out, size_t size)
{
	char need[320];

	if (isnan(m->affordable.low)) {
		snprintf(out, size,
			 "For %s, %.60s %s is undecided: one repetition says"
			 " nothing about its spread; run it more often.",
			 w->title, w->label, w->where);
		return;
	}
	if (fabs(m->affordable.mid) * 60 < 0.5)
		snprintf(need, sizeof(need),
			 "it costs as much to run as %.60s and pays only if"
			 " it takes no more staff time",
			 w->b);
	else if (m->affordable.mid < 0)
		snprintf(need, sizeof(need),
			 "it costs more to run than %.60s and pays only if it"
			 " takes at least %s less of staff time over %s",
			 w->b, w->mid, w->horizon);
	else
		snprintf(need, sizeof(need),
			 "it pays if it takes at most %s of extra staff time"
			 " over %s",
			 w->mid, w->horizon);
	snprintf(out, size,
		 "For %s, %.60s %s is undecided: %s (%s within what was"
		 " measured and wages); it is declared to take %s. Keep %.60s"
		 " until more is known.",
		 w->title, w->label, w->where, need, w->measured, w->extra,
		 w->b);
}

void oae_assess_sentence(const struct oae_case *c, enum oae_mode mode,
			 const struct oae_mode_score *m, char *out, size_t size)
{
	struct words w;

	take_words(c, mode, m, &w);
	switch (m->verdict) {
	case OAE_VERDICT_PAYS:
		say_pays(&w, m, out, size);
		break;
	case OAE_VERDICT_DOES_NOT_PAY:
		say_not(&w, m, out, size);
		break;
	case OAE_VERDICT_UNDECIDED:
		say_undecided(&w, m, out, size);
		break;
	case OAE_VERDICT_NO_SCORE:
		snprintf(out, size, "For %s, %.60s %s has no score.", w.title,
			 w.label, w.where);
		break;
	}
}
