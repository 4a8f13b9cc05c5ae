/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict as something that an IT lead can act on. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/assess.h"

#define HOURS_TEXT 32

/* 2.1, 14, 1,240 hours; one decimal below 10. */
static void hours_text(char out[HOURS_TEXT], double h)
{
	double rounded = fabs(h) < 9.95 ? round(h * 10) / 10 : round(h);

	if (fabs(h) < 9.95)
		snprintf(out, HOURS_TEXT, "%.1f", rounded == 0 ? 0 : rounded);
	else if (fabs(rounded) < 1e6)
		snprintf(out, HOURS_TEXT, "%.0f", rounded);
	else
		snprintf(out, HOURS_TEXT, "%.2g", rounded);
	if (strlen(out) > 2 && strcmp(out + strlen(out) - 2, ".0") == 0)
		out[strlen(out) - 2] = '\0';
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

static void range_text(char *out, size_t size, double low, double high)
{
	char a[HOURS_TEXT], b[HOURS_TEXT];

	hours_text(a, low);
	hours_text(b, high);
	if (strcmp(a, b) == 0)
		snprintf(out, size, "%s", a);
	else
		snprintf(out, size, "%s to %s", a, b);
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
	char title[128], horizon[32], extra[80], least[HOURS_TEXT];
	char most[HOURS_TEXT], mid[HOURS_TEXT];
	const char *label, *where, *b;
};

static void take_words(const struct oae_case *c, enum oae_mode mode,
		       const struct oae_mode_score *m, struct words *w)
{
	const struct oae_score *s = c->score;

	title_text(w->title, sizeof(w->title), c->profile->title);
	horizon_text(w->horizon, sizeof(w->horizon), c->profile->H_months);
	range_text(w->extra, sizeof(w->extra), m->extra.low, m->extra.high);
	hours_text(w->least, m->affordable.low);
	hours_text(w->most, m->affordable.high);
	hours_text(w->mid, m->affordable.mid);
	w->label = s->systems[c->system].label;
	w->b = s->systems[s->baseline].label;
	w->where = mode == OAE_ON_DEMAND ? "on rented machines" :
					   "on machines of its own";
}

static void say_pays(const struct words *w, const struct oae_mode_score *m,
		     char *out, size_t size)
{
	if (m->extra.high <= 0)
		snprintf(out, size, "For %s, %.60s %s costs less than %.60s to"
			 " run and takes no more staff time: use it.",
			 w->title, w->label, w->where, w->b);
	else
		snprintf(out, size, "For %s, %.60s %s pays: what it saves is"
			 " worth at least %s hours of staff time over %s, and"
			 " it is declared to take %s more than %.60s: use it.",
			 w->title, w->label, w->where, w->least, w->horizon,
			 w->extra, w->b);
}

static void say_not(const struct words *w, const struct oae_mode_score *m,
		    char *out, size_t size)
{
	if (m->affordable.high <= 0)
		snprintf(out, size, "For %s, %.60s %s costs more to run than"
			 " %.60s, before any staff time, and is declared to"
			 " take %s extra hours over %s: leave it.", w->title,
			 w->label, w->where, w->b, w->extra, w->horizon);
	else
		snprintf(out, size, "For %s, %.60s %s would have to take less"
			 " than %s extra hours of staff time over %s to pay;"
			 " it is declared to take %s: leave it.", w->title,
			 w->label, w->where, w->most, w->horizon, w->extra);
}

static void say_undecided(const struct words *w,
			  const struct oae_mode_score *m, char *out,
			  size_t size)
{
	if (isnan(m->affordable.low))
		snprintf(out, size, "For %s, %.60s %s is undecided: one"
			 " repetition says nothing about its spread; run it"
			 " more often.", w->title, w->label, w->where);
	else if (m->affordable.mid < 0)
		snprintf(out, size, "For %s, %.60s %s is undecided: it pays"
			 " if it takes at least %s hours of staff time less"
			 " than %.60s over %s; it is declared to take %s.",
			 w->title, w->label, w->where, w->mid + 1, w->b,
			 w->horizon, w->extra);
	else
		snprintf(out, size, "For %s, %.60s %s is undecided: it pays if"
			 " it takes at most %s extra hours of staff time over"
			 " %s (%s to %s by what was measured and wages); it is"
			 " declared to take %s. Keep %.60s until your own"
			 " hours are known.", w->title, w->label, w->where,
			 w->mid, w->horizon, w->least, w->most, w->extra,
			 w->b);
}

void oae_assess_sentence(const struct oae_case *c, enum oae_mode mode,
			 const struct oae_mode_score *m, char *out,
			 size_t size)
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
