/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/unwrap.h"

#include <stddef.h>

/* Growth since the last reading; *wrapped when it went through its end. */
static bool growth(const struct oae_unwrap *u, const struct oae_counter *c,
		   uint64_t raw, uint64_t *delta, bool *wrapped)
{
	*wrapped = raw < u->last_raw;
	if (!*wrapped) {
		*delta = raw - u->last_raw;
		return true;
	}
	if (!c->wrap || u->last_raw > c->wrap)
		return false;
	*delta = c->wrap - u->last_raw + raw + 1;
	return true;
}

static void gap(struct oae_unwrap *u)
{
	if (u->readings == 0)
		u->began_at_gap = true;
	u->at_gap = true;
	u->gaps++;
}

void oae_unwrap_add(struct oae_unwrap *u, const struct oae_counter *c,
		    uint64_t t_ns, bool ok, uint64_t raw)
{
	double most;
	uint64_t delta;
	bool wrapped;

	if (!ok) {
		gap(u);
		return;
	}
	u->readings++;
	if (u->readings == 1) {
		u->at_gap = false;
		u->first_ns = u->last_ns = t_ns;
		u->last_raw = raw;
		return;
	}
	most = c->rate_max * (double)(t_ns - u->last_ns) * 1e-9;
	if (c->wrap && most > (double)c->wrap / 2)
		u->invalid = "invalid: possible multi-wrap, readings too far"
			     " apart";
	if (!growth(u, c, raw, &delta, &wrapped)) {
		u->invalid = "invalid: the counter went back";
		return;
	}
	/* What one update period holds may show up in the next. */
	if (c->rate_max > 0 &&
	    (double)delta > most + c->rate_max * (double)c->update_ns * 1e-9) {
		gap(u);
		return;
	}
	u->at_gap = false;
	u->wraps += wrapped;
	u->total += delta;
	u->last_raw = raw;
	u->last_ns = t_ns;
}

double oae_unwrap_seconds(const struct oae_unwrap *u)
{
	return (double)(u->last_ns - u->first_ns) * 1e-9;
}

const char *oae_unwrap_refusal(const struct oae_unwrap *u,
			       const struct oae_counter *c,
			       uint32_t updates_min)
{
	if (u->invalid)
		return u->invalid;
	if (u->readings < 2 || u->last_ns == u->first_ns)
		return "fewer than two readings";
	if (u->at_gap || u->began_at_gap)
		return "it could not be read at an end of the window";
	if (u->last_ns - u->first_ns < (uint64_t)updates_min * c->update_ns)
		return updates_min < OAE_WINDOW_UPDATES_MIN ?
			       "idle window too short for this meter" :
			       "window too short for this meter: it must be"
			       " 200 update periods for 1 %";
	return NULL;
}

void oae_integral_add(struct oae_integral *g, uint64_t t_ns, double watts)
{
	if (g->started && t_ns > g->t_ns)
		g->joules += (g->watts + watts) / 2 *
			     ((double)(t_ns - g->t_ns) * 1e-9);
	g->started = true;
	g->t_ns = t_ns;
	g->watts = watts;
}
