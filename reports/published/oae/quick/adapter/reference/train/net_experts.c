/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixture of experts: a softmax router, the best `used` experts of every
 * token with their weights renormalised, rows sorted by expert so that each
 * expert is three matrix products.
 */
#include "adapters/reference/train/net.h"

#include <math.h>
#include <string.h>

static size_t padded_experts(const struct oae_net_shape *s)
{
	return (s->experts + 31u) & ~31u;
}

/* The router's probabilities and choices of one row. */
static void choose(const struct oae_net_shape *s, float *prob, float *mix,
		   uint32_t *choice)
{
	float top = prob[0], total = 0.0f, kept = 0.0f;

	for (uint32_t e = 1; e < s->experts; e++)
		top = prob[e] > top ? prob[e] : top;
	for (uint32_t e = 0; e < s->experts; e++) {
		prob[e] = expf(prob[e] - top);
		total += prob[e];
	}
	for (uint32_t e = 0; e < s->experts; e++)
		prob[e] /= total;
	for (uint32_t j = 0; j < s->used; j++) {
		uint32_t best = s->experts;

		for (uint32_t e = 0; e < s->experts; e++) {
			bool taken = false;

			for (uint32_t i = 0; i < j; i++)
				taken |= choice[i] == e;
			if (!taken &&
			    (best == s->experts || prob[e] > prob[best]))
				best = e;
		}
		choice[j] = best;
		mix[j] = prob[best];
		kept += prob[best];
	}
	for (uint32_t j = 0; j < s->used; j++)
		mix[j] /= kept;
}

static void sort_rows(const struct oae_net_shape *s,
		      struct oae_net_layer_acts *l, size_t n)
{
	uint32_t next[64] = { 0 };

	memset(l->first, 0, (s->experts + 1) * sizeof(*l->first));
	for (size_t i = 0; i < n * s->used; i++)
		l->first[l->choice[i] + 1]++;
	for (uint32_t e = 0; e < s->experts; e++) {
		l->first[e + 1] += l->first[e];
		next[e] = l->first[e];
	}
	for (size_t i = 0; i < n * s->used; i++)
		l->slot[i] = next[l->choice[i]]++;
}

static void gather(const struct oae_net_shape *s, struct oae_net_acts *a,
		   const struct oae_net_layer_acts *l, const float *from)
{
	size_t d = s->dim;

	for (size_t t = 0; t < a->n_rows; t++)
		for (uint32_t j = 0; j < s->used; j++)
			memcpy(a->expert_in + l->slot[t * s->used + j] * d,
			       from + t * d, d * sizeof(float));
}

void oae_net_experts(const struct oae_net *net, const float *w,
		     struct oae_net_acts *a, struct oae_net_layer_acts *l,
		     const struct oae_net_layer *at, float *x)
{
	const struct oae_net_shape *s = &net->shape;
	size_t n = a->n_rows, d = s->dim, h = s->hidden;
	size_t pe = padded_experts(s);

	for (size_t t = 0; t < n; t++) {
		float *prob = l->prob + t * pe;

		for (uint32_t e = 0; e < s->experts; e++)
			prob[e] = a->kern->dot(l->h2 + t * d,
					       w + at->router + e * d, d);
		choose(s, prob, l->mix + t * s->used, l->choice + t * s->used);
	}
	sort_rows(s, l, n);
	gather(s, a, l, l->h2);
	for (uint32_t e = 0; e < s->experts; e++) {
		size_t r = l->first[e], m = l->first[e + 1] - r;
		size_t skip = e * h * d;

		oae_net_gemm(a, OAE_GEMM_NT, false, m, h, d,
			     a->expert_in + r * d, w + at->gate + skip,
			     l->gate + r * h);
		oae_net_gemm(a, OAE_GEMM_NT, false, m, h, d,
			     a->expert_in + r * d, w + at->up + skip,
			     l->up + r * h);
		a->kern->swiglu(l->act + r * h, l->gate + r * h, l->up + r * h,
				m * h);
		oae_net_gemm(a, OAE_GEMM_NT, false, m, d, h, l->act + r * h,
			     w + at->down + skip, a->expert_out + r * d);
	}
	for (size_t t = 0; t < n; t++)
		for (uint32_t j = 0; j < s->used; j++) {
			size_t i = t * s->used + j;

			a->kern->axpy(x + t * d, a->expert_out + l->slot[i] * d,
				      l->mix[i], d);
		}
}

/*
 * The router's part: dmix[t][j] = dx . expert output, through the
 * renormalised softmax, plus the load-balance term (Fedus et al. 2021):
 * experts * sum(share of rows * mean probability).
 */
static double router_back(const struct oae_net *net, const float *w,
			  float *grad, struct oae_net_acts *a,
			  struct oae_net_layer_acts *l,
			  const struct oae_net_layer *at, const float *dx,
			  float *dh, float balance)
{
	const struct oae_net_shape *s = &net->shape;
	size_t n = a->n_rows, d = s->dim, pe = padded_experts(s);
	float share[64], mean[64] = { 0 };
	double loss = 0.0;

	for (uint32_t e = 0; e < s->experts; e++)
		share[e] = (float)(l->first[e + 1] - l->first[e]) /
			   (float)(n * s->used) * (float)s->experts;
	for (size_t t = 0; t < n; t++) {
		float *prob = l->prob + t * pe, dl[64] = { 0 };
		float dmix[64], mean_mix = 0.0f, mean_share = 0.0f;

		for (uint32_t j = 0; j < s->used; j++) {
			size_t i = t * s->used + j;

			dmix[j] = a->kern->dot(
				dx + t * d, a->expert_out + l->slot[i] * d, d);
			mean_mix += dmix[j] * l->mix[i];
		}
		for (uint32_t j = 0; j < s->used; j++) {
			size_t i = t * s->used + j;

			dl[l->choice[i]] += l->mix[i] * (dmix[j] - mean_mix);
		}
		for (uint32_t e = 0; e < s->experts; e++) {
			mean[e] += prob[e] / (float)n;
			mean_share += share[e] * prob[e];
		}
		for (uint32_t e = 0; e < s->experts; e++) {
			dl[e] += balance * prob[e] * (share[e] - mean_share);
			a->kern->axpy(grad + at->router + e * d, l->h2 + t * d,
				      dl[e], d);
			a->kern->axpy(dh + t * d, w + at->router + e * d, dl[e],
				      d);
		}
	}
	for (uint32_t e = 0; e < s->experts; e++)
		loss += (double)share[e] * (double)mean[e];
	return loss;
}

double oae_net_experts_back(const struct oae_net *net, const float *w,
			    float *grad, struct oae_net_acts *a,
			    struct oae_net_layer_acts *l,
			    const struct oae_net_layer *at, const float *dx,
			    float *dh, float balance)
{
	const struct oae_net_shape *s = &net->shape;
	size_t n = a->n_rows, d = s->dim, h = s->hidden;
	double loss;

	/* expert outputs again, for the router */
	for (uint32_t e = 0; e < s->experts; e++) {
		size_t r = l->first[e], m = l->first[e + 1] - r;

		oae_net_gemm(a, OAE_GEMM_NT, false, m, d, h, l->act + r * h,
			     w + at->down + e * h * d, a->expert_out + r * d);
	}
	memset(dh, 0, n * d * sizeof(float));
	loss = router_back(net, w, grad, a, l, at, dx, dh, balance);
	for (size_t t = 0; t < n; t++)
		for (uint32_t j = 0; j < s->used; j++) {
			size_t i = t * s->used + j;
			float *to = a->expert_out + l->slot[i] * d;

			memcpy(to, dx + t * d, d * sizeof(float));
			a->kern->scale(to, l->mix[i], d);
		}
	gather(s, a, l, l->h2);
	for (uint32_t e = 0; e < s->experts; e++) {
		size_t r = l->first[e], m = l->first[e + 1] - r;
		size_t skip = e * h * d;
		float *dg = a->dgate + r * h, *du = a->dup + r * h;
		float *dy = a->expert_out + r * d, *in = a->expert_in + r * d;

		oae_net_gemm(a, OAE_GEMM_TN, true, d, h, m, dy, l->act + r * h,
			     grad + at->down + skip);
		oae_net_gemm(a, OAE_GEMM_NN, false, m, h, d, dy,
			     w + at->down + skip, a->dff + r * h);
		a->kern->swiglu_back(dg, du, a->dff + r * h, l->gate + r * h,
				     l->up + r * h, m * h);
		oae_net_gemm(a, OAE_GEMM_TN, true, h, d, m, dg, in,
			     grad + at->gate + skip);
		oae_net_gemm(a, OAE_GEMM_TN, true, h, d, m, du, in,
			     grad + at->up + skip);
		oae_net_gemm(a, OAE_GEMM_NN, false, m, d, h, dg,
			     w + at->gate + skip, dy);
		oae_net_gemm(a, OAE_GEMM_NN, true, m, d, h, du,
			     w + at->up + skip, dy);
	}
	for (size_t t = 0; t < n; t++)
		for (uint32_t j = 0; j < s->used; j++)
			a->kern->add(dh + t * d,
				     a->expert_out +
					     l->slot[t * s->used + j] * d,
				     d);
	return loss;
}
