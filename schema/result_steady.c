/* SPDX-License-Identifier: Apache-2.0 */
/* "steady_state" of a cell: how its runs settled, and times from then on. */
#include <math.h>

#include "schema/result_internal.h"
#include "schema/score_steady.h"

static void write_share(struct oae_jw *w, const struct oae_cell_steady *x)
{
	oae_jw_obj(w, "share");
	for (int k = 0; k < OAE_STEADINESSES; k++)
		oae_jw_num(w, oae_steadiness_name((enum oae_steadiness)k),
			   x->sequences ?
				   (double)x->count[k] / (double)x->sequences :
				   NAN);
	oae_jw_end_obj(w);
}

static const char *why_none(const struct oae_cell_steady *x)
{
	if (!x->sequences)
		return "no run";
	return x->count[OAE_STEADY_NONE] ?
		       "no run reached a steady state" :
		       "insufficient: fewer than 10 requests in a run";
}

static enum oae_status write_times(struct oae_jw *w,
				   const struct oae_cell_steady *x,
				   struct oae_error *err)
{
	static const enum oae_latency which[] = {
		OAE_LATENCY_TTFT,
		OAE_LATENCY_TPOT,
		OAE_LATENCY_E2EL,
	};
	const struct oae_cell part = { .samples = x->samples,
				       .sample_count = x->sample_count };
	struct oae_distribution d;
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < sizeof(which) / sizeof(*which); i++) {
		status = oae_cell_latency(&part, which[i], &d, err);
		if (status)
			return status;
		oae_result_latency(w, oae_latency_name(which[i]), &d);
	}
	return OAE_OK;
}

enum oae_status oae_result_steady(struct oae_jw *w, struct oae_score *s,
				  const struct oae_cell *c,
				  struct oae_error *err)
{
	struct oae_cell_steady x;
	enum oae_status status = oae_cell_steady_of(s, c, &x, err);
	struct oae_interval mean = { NAN, NAN, NAN };

	if (status)
		return status;
	oae_jw_obj(w, "steady_state");
	oae_jw_int(w, "runs", (int64_t)x.sequences);
	write_share(w, &x);
	oae_jw_int(w, "outliers", (int64_t)x.outliers);
	if (x.s_count) {
		oae_jw_obj(w, "from_request");
		oae_jw_num(w, "median", x.from_median);
		oae_jw_int(w, "max", (int64_t)x.from_max);
		oae_jw_end_obj(w);
		mean = oae_mean_interval(x.s, x.s_count, s->level);
	} else {
		oae_result_missing(w, "from_request", why_none(&x));
	}
	oae_jw_int(w, "requests", (int64_t)x.sample_count);
	oae_jw_int(w, "left_out", (int64_t)x.left_out);
	oae_result_amount(w, "s_per_request", mean, "s", why_none(&x));
	status = write_times(w, &x, err);
	oae_jw_end_obj(w);
	return status;
}
