/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/window.h"

#include <string.h>

void oae_window_init(struct oae_window *w, const struct oae_channel *c)
{
	memset(w, 0, sizeof(*w));
	w->channel = c;
	w->counter.wrap = c->wrap;
	w->counter.rate_max = c->rate_max;
	w->counter.update_ns = c->update_ns;
}

void oae_window_add(struct oae_window *w, uint64_t t_ns,
		    struct oae_channel_value value)
{
	oae_unwrap_add(&w->sum, &w->counter, t_ns, value.ok, value.raw);
}

bool oae_window_value(const struct oae_window *w, double *value,
		      const char **reason)
{
	const struct oae_channel *c = w->channel;

	if (c->evidence == OAE_ABSENT) {
		*reason = c->reason;
		return false;
	}
	*reason = oae_unwrap_refusal(&w->sum, &w->counter,
				     OAE_WINDOW_UPDATES_MIN);
	if (!*reason && c->covers != OAE_COVERS_NOTHING && w->sum.total == 0)
		*reason = "phantom: it did not advance";
	if (*reason)
		return false;
	*value = (double)w->sum.total * c->scale;
	return true;
}
