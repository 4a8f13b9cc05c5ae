/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "base/stats_plan.h"
#include "schema/score.h"

const char *oae_latency_name(enum oae_latency l)
{
	static const char *const names[] = {
		[OAE_LATENCY_TTFT] = "ttft_ms",
		[OAE_LATENCY_TPOT] = "tpot_ms",
		[OAE_LATENCY_ITL] = "itl_ms",
		[OAE_LATENCY_E2EL] = "e2el_ms",
	};

	return names[l];
}

static size_t count_values(const struct oae_cell *c, enum oae_latency l)
{
	size_t n = 0;

	for (size_t i = 0; i < c->sample_count; i++)
		n += l == OAE_LATENCY_ITL ? c->samples[i]->token_count : 1;
	return n;
}

static size_t collect(const struct oae_cell *c, enum oae_latency l, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->sample_count; i++) {
		const struct oae_sample *s = c->samples[i];
		double v;

		if (s->outcome != OAE_OUTCOME_OK)
			continue;
		/* The first entry is the time to the first token. */
		for (size_t k = 1; l == OAE_LATENCY_ITL && k < s->token_count;
		     k++)
			out[n++] = (double)s->token_ns[k] * 1e-6;
		if (l == OAE_LATENCY_ITL)
			continue;
		v = oae_sample_latency(s, l);
		if (!isnan(v))
			out[n++] = v;
	}
	return n;
}

/* NaN below the samples that the percentile needs. */
static double tail(const double *x, size_t n, double p)
{
	return n >= oae_tail_floor(p, OAE_TAIL_CONFIDENCE) ?
		       oae_quantile_sorted(x, n, p) :
		       NAN;
}

void oae_distribution_of(double *x, size_t n, struct oae_distribution *out)
{
	oae_sort(x, n);
	out->n = n;
	out->mean = oae_mean(x, n);
	out->median = tail(x, n, 0.5);
	out->std = sqrt(oae_variance(x, n));
	out->p90 = tail(x, n, 0.9);
	out->p95 = tail(x, n, 0.95);
	out->p99 = tail(x, n, 0.99);
	out->ecdf_count = n < OAE_ECDF_POINTS ? n : OAE_ECDF_POINTS;
	for (size_t i = 0; i < out->ecdf_count; i++)
		out->ecdf[i] =
			out->ecdf_count == 1 ?
				x[0] :
				oae_quantile_sorted(
					x, n,
					(double)i /
						(double)(out->ecdf_count - 1));
}

enum oae_status oae_cell_latency(const struct oae_cell *c, enum oae_latency l,
				 struct oae_distribution *out,
				 struct oae_error *err)
{
	double *x = calloc(count_values(c, l) + 1, sizeof(*x));
	size_t n;

	if (!x)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	n = collect(c, l, x);
	oae_distribution_of(x, n, out);
	free(x);
	return OAE_OK;
}
