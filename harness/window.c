/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "harness/window.h"

void oae_window_init(struct oae_window *w, const struct oae_channel *c)
{
	memset(w, 0, sizeof(*w));
	w->channel = c;
}

/* Growth since the last reading; *wrapped when it went through its end. */
static bool growth(const struct oae_window *w, uint64_t raw, uint64_t *delta,
		   bool *wrapped)
{
	*wrapped = raw < w->last_raw;
	if (!*wrapped) {
		*delta = raw - w->last_raw;
		return true;
	}
	if (!w->channel->wrap)
		return false;
	*delta = w->channel->wrap - w->last_raw + raw + 1;
	return true;
}

void oae_window_add(struct oae_window *w, uint64_t t_ns,
		    struct oae_channel_value value)
{
	const struct oae_channel *c = w->channel;
	double dt, most;
	uint64_t delta;
	bool wrapped;

	if (!value.ok) {
		w->gaps++;
		return;
	}
	w->readings++;
	if (!w->started) {
		w->started = true;
		w->first_ns = w->last_ns = t_ns;
		w->last_raw = value.raw;
		return;
	}
	dt = (double)(t_ns - w->last_ns) * 1e-9;
	most = c->rate_max * dt;
	if (c->wrap && most > (double)c->wrap / 2)
		w->invalid = "invalid: possible multi-wrap, readings too far"
			     " apart";
	if (!growth(w, value.raw, &delta, &wrapped)) {
		w->invalid = "invalid: the counter went back";
		return;
	}
	/* What one update period holds may show up in the next. */
	if (c->rate_max > 0 &&
	    (double)delta > most + c->rate_max * (double)c->update_ns * 1e-9) {
		w->gaps++;
		return;
	}
	w->wraps += wrapped;
	w->total += delta;
	w->last_raw = value.raw;
	w->last_ns = t_ns;
}

bool oae_window_value(const struct oae_window *w, double *value,
		      const char **reason)
{
	const struct oae_channel *c = w->channel;

	*reason = NULL;
	if (c->evidence == OAE_ABSENT)
		*reason = c->reason;
	else if (w->invalid)
		*reason = w->invalid;
	else if (w->readings < 2 || w->last_ns == w->first_ns)
		*reason = "fewer than two readings";
	else if (w->last_ns - w->first_ns <
		 (uint64_t)OAE_WINDOW_UPDATES_MIN * c->update_ns)
		*reason = "window too short for this meter";
	else if (c->covers != OAE_COVERS_NOTHING && w->total == 0)
		*reason = "phantom: it did not advance";
	if (*reason)
		return false;
	*value = (double)w->total * c->scale;
	return true;
}
