/* SPDX-License-Identifier: Apache-2.0 */
/* "counters" of a cell: what the processors did for its requests. */
#include <math.h>
#include <stdlib.h>

#include "schema/result_internal.h"

/* Of one derived number over a cell's runs, the unit of replication. */
struct over_runs {
	struct oae_interval value;
	double share; /* least of any run */
	const char *channel, *reason;
};

static struct over_runs over_runs(const struct oae_cell *c,
				  const struct oae_derived *d, double *x)
{
	struct over_runs out = { { NAN, NAN, NAN }, 1, NULL, NULL };

	if (c->run_count == 0)
		out.reason = "no run";
	for (size_t k = 0; k < c->run_count && !out.reason; k++) {
		struct oae_counted v = oae_derive(&c->runs[k].run->counts, d);

		x[k] = v.value;
		out.reason = v.reason;
		if (!out.channel)
			out.channel = v.channel;
		else if (v.channel && v.channel != out.channel)
			out.reason = "its runs were counted by different"
				     " sensors";
		if (v.share < out.share)
			out.share = v.share;
	}
	if (!out.reason)
		out.value = oae_mean_interval(x, c->run_count, OAE_SCORE_LEVEL);
	return out;
}

static void write_derived(struct oae_jw *w, const struct oae_derived *d,
			  const struct over_runs *v)
{
	bool estimate = v->share < OAE_COUNTED_SHARE_MIN;

	if (v->reason) {
		oae_result_missing(w, d->key, v->reason);
		return;
	}
	oae_jw_obj(w, d->key);
	oae_jw_num(w, "value", v->value.mid);
	oae_jw_num(w, "low", v->value.low);
	oae_jw_num(w, "high", v->value.high);
	oae_jw_str(w, "unit", d->unit);
	oae_jw_str(w, "scope",
		   oae_count_is_machine(v->channel) ? "machine" : "system");
	oae_jw_str(w, "source", v->channel);
	oae_jw_num(w, "share", v->share);
	/* Scaled up from a part of the time: not to be ranked. */
	oae_jw_str(w, "class", estimate ? "estimated" : "measured");
	oae_jw_str(w, "reason", estimate ? "multiplexed" : NULL);
	oae_jw_end_obj(w);
}

enum oae_status oae_result_counters(struct oae_jw *w, const struct oae_cell *c,
				    struct oae_error *err)
{
	double *x = calloc(c->run_count + 1, sizeof(*x)), least = NAN;

	if (!x)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	oae_jw_obj(w, "counters");
	for (size_t i = 0; i < oae_derived_count; i++) {
		struct over_runs v = over_runs(c, &oae_derived[i], x);

		write_derived(w, &oae_derived[i], &v);
		if (!v.reason)
			least = fmin(least, v.share);
	}
	if (isnan(least))
		oae_result_missing(w, "least_share", "nothing was counted");
	else
		oae_jw_num(w, "least_share", least);
	oae_jw_end_obj(w);
	free(x);
	return OAE_OK;
}
