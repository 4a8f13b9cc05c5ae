/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/train/net.h"

#include <math.h>
#include <string.h>

/*
 * Probabilities of the teacher's rows; the student's gradient is then
 * (1 - share) * (p - onehot) + share * (p - teacher).
 */
static void teach(struct oae_net_acts *a, const struct oae_net_teacher *t,
		  size_t first, size_t rows)
{
	size_t v = t->net->shape.vocab, d = t->net->shape.dim;

	oae_net_gemm(a, OAE_GEMM_NT, false, rows, v, d,
		     t->acts->final + first * d, t->w + t->net->embed,
		     a->teacher);
	for (size_t i = 0; i < rows; i++)
		a->kern->softmax_log(a->teacher + i * v, v);
}

/* Turns one row of logits into its gradient; returns the row's loss. */
static double row_loss(struct oae_net_acts *a, float *logits, size_t v,
		       int32_t target, float weight, const float *teacher,
		       float share)
{
	float at = logits[target], norm;

	if (weight <= 0.0f) {
		memset(logits, 0, v * sizeof(float));
		return 0.0;
	}
	norm = a->kern->softmax_log(logits, v);
	a->kern->scale(logits, weight, v);
	logits[target] -= weight * (1.0f - share);
	if (share > 0.0f)
		a->kern->axpy(logits, teacher, -weight * share, v);
	return (double)weight * (double)(norm - at);
}

/* Loss and the gradient of a->final (into dh) and of the embedding. */
static void head_back(const struct oae_net *net, const float *w, float *grad,
		      struct oae_net_acts *a, const struct oae_net_batch *b,
		      const struct oae_net_teacher *teacher,
		      struct oae_net_loss *out)
{
	size_t v = net->shape.vocab, d = net->shape.dim;

	for (size_t t = 0; t < b->n_tokens; t += OAE_NET_LOGIT_ROWS) {
		size_t rows = b->n_tokens - t;

		if (rows > OAE_NET_LOGIT_ROWS)
			rows = OAE_NET_LOGIT_ROWS;
		oae_net_gemm(a, OAE_GEMM_NT, false, rows, v, d,
			     a->final + t * d, w + net->embed, a->logits);
		if (teacher)
			teach(a, teacher, t, rows);
		for (size_t i = 0; i < rows; i++) {
			float weight = b->weight[t + i];
			float share = teacher && weight >= 0.5f ?
					      teacher->share :
					      0.0f;

			out->weight += (double)weight;
			out->loss += row_loss(a, a->logits + i * v, v,
					      b->target[t + i], weight,
					      a->teacher + i * v, share);
		}
		oae_net_gemm(a, OAE_GEMM_TN, true, v, d, rows, a->logits,
			     a->final + t * d, grad + net->embed);
		oae_net_gemm(a, OAE_GEMM_NN, false, rows, d, v, a->logits,
			     w + net->embed, a->dh + t * d);
	}
}

static void attention_back(const struct oae_net *net, const float *w,
			   float *grad, struct oae_net_acts *a,
			   const struct oae_net_batch *b,
			   struct oae_net_layer_acts *l,
			   const struct oae_net_layer *at, const float *x)
{
	const struct oae_net_shape *s = &net->shape;
	const struct oae_kern *k = a->kern;
	size_t n = b->n_tokens, d = s->dim;
	size_t hd = s->head_dim, qd = (size_t)s->heads * hd;
	float *dkr = a->dq; /* rotated back in place, then dk */

	oae_net_gemm(a, OAE_GEMM_TN, true, d, qd, n, a->dx, l->att,
		     grad + at->o);
	oae_net_gemm(a, OAE_GEMM_NN, false, n, qd, d, a->dx, w + at->o, a->dh);
	oae_net_attend_back(net, a, b, l, a->dh, a->dqr, dkr, a->dv);
	for (size_t i = 0; i < b->n_docs; i++)
		for (size_t t = b->start[i]; t < b->start[i + 1]; t++) {
			const float *cs = a->rope + (t - b->start[i]) * hd;

			k->rope(a->dqr + t * qd, a->dqr + t * qd, cs, s->heads,
				hd, true);
			k->rope(dkr + t * qd, dkr + t * qd, cs, s->heads, hd,
				true);
		}
	k->rms_back(a->dk, grad + at->k_norm, dkr, l->k, w + at->k_norm, l->rk,
		    n * s->heads, hd, false);
	k->rms_back(a->dq, grad + at->q_norm, a->dqr, l->q, w + at->q_norm,
		    l->rq, n * s->heads, hd, false);
	oae_net_gemm(a, OAE_GEMM_TN, true, qd, d, n, a->dq, l->h1,
		     grad + at->q);
	oae_net_gemm(a, OAE_GEMM_TN, true, qd, d, n, a->dk, l->h1,
		     grad + at->k);
	oae_net_gemm(a, OAE_GEMM_TN, true, qd, d, n, a->dv, l->h1,
		     grad + at->v);
	oae_net_gemm(a, OAE_GEMM_NN, false, n, d, qd, a->dq, w + at->q, a->dh);
	oae_net_gemm(a, OAE_GEMM_NN, true, n, d, qd, a->dk, w + at->k, a->dh);
	oae_net_gemm(a, OAE_GEMM_NN, true, n, d, qd, a->dv, w + at->v, a->dh);
	k->rms_back(a->dx, grad + at->attn_norm, a->dh, x, w + at->attn_norm,
		    l->r1, n, d, true);
}

static void ffn_back(const struct oae_net *net, const float *w, float *grad,
		     struct oae_net_acts *a, struct oae_net_layer_acts *l,
		     const struct oae_net_layer *at)
{
	size_t n = a->n_rows, d = net->shape.dim, h = net->shape.hidden;

	oae_net_gemm(a, OAE_GEMM_TN, true, d, h, n, a->dx, l->act,
		     grad + at->down);
	oae_net_gemm(a, OAE_GEMM_NN, false, n, h, d, a->dx, w + at->down,
		     a->dff);
	a->kern->swiglu_back(a->dgate, a->dup, a->dff, l->gate, l->up, n * h);
	oae_net_gemm(a, OAE_GEMM_TN, true, h, d, n, a->dgate, l->h2,
		     grad + at->gate);
	oae_net_gemm(a, OAE_GEMM_TN, true, h, d, n, a->dup, l->h2,
		     grad + at->up);
	oae_net_gemm(a, OAE_GEMM_NN, false, n, d, h, a->dgate, w + at->gate,
		     a->dh);
	oae_net_gemm(a, OAE_GEMM_NN, true, n, d, h, a->dup, w + at->up, a->dh);
}

void oae_net_backward(const struct oae_net *net, const float *w, float *grad,
		      struct oae_net_acts *a, const struct oae_net_batch *b,
		      const struct oae_net_teacher *teacher, float balance,
		      struct oae_net_loss *out)
{
	const struct oae_net_shape *s = &net->shape;
	const struct oae_kern *k = a->kern;
	size_t n = b->n_tokens, d = s->dim;

	head_back(net, w, grad, a, b, teacher, out);
	k->rms_back(a->dx, grad + net->out_norm, a->dh,
		    a->x + s->layers * a->max_tokens * d, w + net->out_norm,
		    a->final_r, n, d, false);
	for (uint32_t i = s->layers; i-- > 0;) {
		const struct oae_net_layer *at = &net->layer[i];
		struct oae_net_layer_acts *l = &a->layer[i];

		if (s->experts)
			out->balance += oae_net_experts_back(net, w, grad, a, l,
							     at, a->dx, a->dh,
							     balance) /
					s->layers;
		else
			ffn_back(net, w, grad, a, l, at);
		k->rms_back(a->dx, grad + at->ffn_norm, a->dh, l->mid,
			    w + at->ffn_norm, l->r2, n, d, true);
		attention_back(net, w, grad, a, b, l, at,
			       a->x + i * a->max_tokens * d);
	}
	for (size_t t = 0; t < n; t++)
		k->add(grad + net->embed + (size_t)b->id[t] * d, a->dx + t * d,
		       d);
}
