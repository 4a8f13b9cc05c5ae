/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/train/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t add_tensor(struct oae_net *net, enum oae_net_class class,
			 int layer, const char *name, size_t slices,
			 size_t rows, size_t cols)
{
	struct oae_net_tensor *t = &net->tensor[net->n_tensors++];

	if (layer < 0)
		snprintf(t->name, sizeof(t->name), "%s.weight", name);
	else
		snprintf(t->name, sizeof(t->name), "blk.%d.%s.weight", layer,
			 name);
	t->class = class;
	t->offset = net->n_floats;
	t->slices = slices;
	t->rows = rows;
	t->cols = cols;
	net->n_floats += slices * rows * cols;
	return t->offset;
}

static void add_layer(struct oae_net *net, int i)
{
	const struct oae_net_shape *s = &net->shape;
	struct oae_net_layer *l = &net->layer[i];
	size_t d = s->dim, qd = (size_t)s->heads * s->head_dim;
	size_t e = s->experts ? s->experts : 1, h = s->hidden;

	l->attn_norm = add_tensor(net, OAE_NET_NORM, i, "attn_norm", 1, 1, d);
	l->q = add_tensor(net, OAE_NET_MATRIX, i, "attn_q", 1, qd, d);
	l->k = add_tensor(net, OAE_NET_MATRIX, i, "attn_k", 1, qd, d);
	l->v = add_tensor(net, OAE_NET_MATRIX, i, "attn_v", 1, qd, d);
	l->o = add_tensor(net, OAE_NET_MATRIX, i, "attn_output", 1, d, qd);
	l->q_norm = add_tensor(net, OAE_NET_NORM, i, "attn_q_norm", 1, 1,
			       s->head_dim);
	l->k_norm = add_tensor(net, OAE_NET_NORM, i, "attn_k_norm", 1, 1,
			       s->head_dim);
	l->ffn_norm = add_tensor(net, OAE_NET_NORM, i, "ffn_norm", 1, 1, d);
	if (s->experts)
		l->router = add_tensor(net, OAE_NET_ROUTER, i, "ffn_gate_inp",
				       1, e, d);
	l->gate = add_tensor(net, OAE_NET_MATRIX, i,
			     s->experts ? "ffn_gate_exps" : "ffn_gate", e, h,
			     d);
	l->up = add_tensor(net, OAE_NET_MATRIX, i,
			   s->experts ? "ffn_up_exps" : "ffn_up", e, h, d);
	l->down = add_tensor(net, OAE_NET_MATRIX, i,
			     s->experts ? "ffn_down_exps" : "ffn_down", e, d,
			     h);
}

enum oae_status oae_net_init(struct oae_net *net, const struct oae_net_shape *s,
			     struct oae_error *err)
{
	memset(net, 0, sizeof(*net));
	if (!s->vocab || !s->dim || !s->layers || !s->heads || !s->head_dim ||
	    !s->hidden || !s->context || s->vocab % 32 || s->dim % 32 ||
	    s->head_dim % 32 || s->hidden % 32)
		return oae_fail(
			err, OAE_ERR_USAGE, 0,
			"model shape: vocabulary, width, head width and "
			"hidden width must be multiples of 32");
	if (s->vocab > 65536 || s->dim > 4096 || s->hidden > 16384 ||
	    s->heads > 128 || s->head_dim > 256 || s->experts > 64 ||
	    s->used > s->experts || (s->experts && !s->used) ||
	    s->layers > OAE_NET_LAYERS_MAX || s->context > 65536)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"model shape: larger than this trainer takes");
	net->shape = *s;
	net->embed = add_tensor(net, OAE_NET_EMBED, -1, "token_embd", 1,
				s->vocab, s->dim);
	for (uint32_t i = 0; i < s->layers; i++)
		add_layer(net, (int)i);
	net->out_norm =
		add_tensor(net, OAE_NET_NORM, -1, "output_norm", 1, 1, s->dim);
	return OAE_OK;
}

void oae_net_randomize(const struct oae_net *net, float *w, struct oae_rng *rng)
{
	for (size_t i = 0; i < net->n_tensors; i++) {
		const struct oae_net_tensor *t = &net->tensor[i];
		size_t n = t->slices * t->rows * t->cols;
		double std = 0.6 / sqrt((double)t->cols);
		bool zero = strstr(t->name, "attn_output") ||
			    strstr(t->name, "ffn_down");

		if (t->class == OAE_NET_EMBED)
			std = 0.05;
		for (size_t j = 0; j < n; j++) {
			if (t->class == OAE_NET_NORM)
				w[t->offset + j] = 1.0f;
			else if (zero && !net->shape.experts)
				w[t->offset + j] = 0.0f;
			else
				w[t->offset + j] =
					(float)(std * oae_rng_normal(rng));
		}
	}
}

/* Takes floats from the pool, or only counts them while the pool is NULL. */
static float *take(float *pool, size_t *used, size_t n)
{
	size_t at = *used;

	*used += (n + 15) & ~(size_t)15;
	return pool ? pool + at : NULL;
}

static void carve_layer(const struct oae_net_shape *s,
			struct oae_net_layer_acts *l, size_t n, float *p,
			size_t *used)
{
	size_t d = s->dim, qd = (size_t)s->heads * s->head_dim;
	size_t k = s->experts ? s->used : 1;

	l->h1 = take(p, used, n * d);
	l->r1 = take(p, used, n);
	l->q = take(p, used, n * qd);
	l->k = take(p, used, n * qd);
	l->v = take(p, used, n * qd);
	l->rq = take(p, used, n * s->heads);
	l->rk = take(p, used, n * s->heads);
	l->qr = take(p, used, n * qd);
	l->kr = take(p, used, n * qd);
	l->att = take(p, used, n * qd);
	l->mid = take(p, used, n * d);
	l->h2 = take(p, used, n * d);
	l->r2 = take(p, used, n);
	l->gate = take(p, used, n * k * s->hidden);
	l->up = take(p, used, n * k * s->hidden);
	l->act = take(p, used, n * k * s->hidden);
	if (!s->experts)
		return;
	l->prob = take(p, used, n * ((s->experts + 31u) & ~31u));
	l->mix = take(p, used, n * k);
	l->choice = (uint32_t *)(void *)take(p, used, n * k);
	l->slot = (uint32_t *)(void *)take(p, used, n * k);
	l->first = (uint32_t *)(void *)take(p, used, s->experts + 1);
}

static size_t carve(const struct oae_net *net, struct oae_net_acts *a, float *p)
{
	const struct oae_net_shape *s = &net->shape;
	size_t n = a->max_tokens, d = s->dim, used = 0;
	size_t qd = (size_t)s->heads * s->head_dim;
	size_t k = s->experts ? s->used : 1;
	size_t wide = s->vocab > s->hidden ? s->vocab : s->hidden;
	size_t padded = (size_t)s->context + 32;

	a->rope = take(p, &used, (size_t)s->context * s->head_dim);
	a->x = take(p, &used, (s->layers + 1) * n * d);
	a->final = take(p, &used, n * d);
	a->final_r = take(p, &used, n);
	for (uint32_t i = 0; i < s->layers; i++)
		carve_layer(s, &a->layer[i], n, p, &used);
	a->dx = take(p, &used, n * d);
	a->dh = take(p, &used, n * (d > qd ? d : qd));
	a->dq = take(p, &used, n * qd);
	a->dk = take(p, &used, n * qd);
	a->dv = take(p, &used, n * qd);
	a->dqr = take(p, &used, n * qd);
	a->dff = take(p, &used, n * k * s->hidden);
	a->dgate = take(p, &used, n * k * s->hidden);
	a->dup = take(p, &used, n * k * s->hidden);
	a->s = take(p, &used, OAE_NET_SCORE_ROWS * padded);
	a->ds = take(p, &used, OAE_NET_SCORE_ROWS * padded);
	a->logits = take(p, &used, (size_t)OAE_NET_LOGIT_ROWS * s->vocab);
	a->teacher = take(p, &used, (size_t)OAE_NET_LOGIT_ROWS * s->vocab);
	a->expert_in = take(p, &used, n * k * d);
	a->expert_out = take(p, &used, n * k * d);
	a->scratch = take(p, &used, oae_gemm_scratch(wide, wide, wide));
	return used + OAE_KERN_SLACK;
}

enum oae_status oae_net_acts_new(const struct oae_net *net, size_t max_tokens,
				 struct oae_net_acts *a, struct oae_error *err)
{
	const struct oae_net_shape *s = &net->shape;
	size_t half = s->head_dim / 2, n;

	memset(a, 0, sizeof(*a));
	a->kern = oae_kern();
	a->max_tokens = max_tokens;
	a->layer = calloc(s->layers, sizeof(*a->layer));
	if (!a->layer)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "activations");
	n = carve(net, a, NULL) * sizeof(float);
	a->pool = aligned_alloc(64, (n + 63) & ~(size_t)63);
	if (!a->pool) {
		oae_net_acts_free(a);
		return oae_fail(err, OAE_ERR_NOMEM, 0, "activations: %zu bytes",
				n);
	}
	memset(a->pool, 0, n);
	carve(net, a, a->pool);
	for (size_t p = 0; p < s->context; p++)
		for (size_t i = 0; i < half; i++) {
			double f = pow(s->rope_base, -(double)i / (double)half);
			float *row = a->rope + p * s->head_dim;

			row[i] = (float)cos((double)p * f);
			row[half + i] = (float)sin((double)p * f);
		}
	return OAE_OK;
}

void oae_net_acts_free(struct oae_net_acts *a)
{
	free(a->layer);
	free(a->pool);
	memset(a, 0, sizeof(*a));
}

void oae_net_gemm(struct oae_net_acts *a, enum oae_gemm op, bool add, size_t m,
		  size_t n, size_t k, const float *x, const float *y,
		  float *out)
{
	struct oae_gemm_args g = {
		.op = op,
		.add = add,
		.m = m,
		.n = n,
		.k = k,
		.a = x,
		.lda = op == OAE_GEMM_TN ? m : k,
		.b = y,
		.ldb = op == OAE_GEMM_NT ? k : n,
		.ldc = n,
		.scratch = a->scratch,
	};

	g.c = out;
	if (m && k)
		a->kern->gemm(&g);
}

static void attention(const struct oae_net *net, const float *w,
		      struct oae_net_acts *a, const struct oae_net_batch *b,
		      struct oae_net_layer_acts *l,
		      const struct oae_net_layer *at, const float *x)
{
	const struct oae_net_shape *s = &net->shape;
	const struct oae_kern *k = a->kern;
	size_t n = b->n_tokens, d = s->dim;
	size_t hd = s->head_dim, qd = (size_t)s->heads * hd;

	k->rms(l->h1, l->r1, x, w + at->attn_norm, n, d, s->eps);
	oae_net_gemm(a, OAE_GEMM_NT, false, n, qd, d, l->h1, w + at->q, l->q);
	oae_net_gemm(a, OAE_GEMM_NT, false, n, qd, d, l->h1, w + at->k, l->k);
	oae_net_gemm(a, OAE_GEMM_NT, false, n, qd, d, l->h1, w + at->v, l->v);
	k->rms(l->qr, l->rq, l->q, w + at->q_norm, n * s->heads, hd, s->eps);
	k->rms(l->kr, l->rk, l->k, w + at->k_norm, n * s->heads, hd, s->eps);
	for (size_t i = 0; i < b->n_docs; i++)
		for (size_t t = b->start[i]; t < b->start[i + 1]; t++) {
			const float *cs = a->rope + (t - b->start[i]) * hd;

			k->rope(l->qr + t * qd, l->qr + t * qd, cs, s->heads,
				hd, false);
			k->rope(l->kr + t * qd, l->kr + t * qd, cs, s->heads,
				hd, false);
		}
	oae_net_attend(net, a, b, l);
	memcpy(l->mid, x, n * d * sizeof(float));
	oae_net_gemm(a, OAE_GEMM_NT, true, n, d, qd, l->att, w + at->o, l->mid);
}

void oae_net_forward(const struct oae_net *net, const float *w,
		     struct oae_net_acts *a, const struct oae_net_batch *b)
{
	const struct oae_net_shape *s = &net->shape;
	size_t n = b->n_tokens, d = s->dim, h = s->hidden;
	float *x = a->x;

	a->n_rows = n;
	for (size_t t = 0; t < n; t++)
		memcpy(x + t * d, w + net->embed + (size_t)b->id[t] * d,
		       d * sizeof(float));
	for (uint32_t i = 0; i < s->layers; i++) {
		const struct oae_net_layer *at = &net->layer[i];
		struct oae_net_layer_acts *l = &a->layer[i];
		float *next = x + a->max_tokens * d;

		attention(net, w, a, b, l, at, x);
		a->kern->rms(l->h2, l->r2, l->mid, w + at->ffn_norm, n, d,
			     s->eps);
		memcpy(next, l->mid, n * d * sizeof(float));
		x = next;
		if (s->experts) {
			oae_net_experts(net, w, a, l, at, x);
			continue;
		}
		oae_net_gemm(a, OAE_GEMM_NT, false, n, h, d, l->h2,
			     w + at->gate, l->gate);
		oae_net_gemm(a, OAE_GEMM_NT, false, n, h, d, l->h2, w + at->up,
			     l->up);
		a->kern->swiglu(l->act, l->gate, l->up, n * h);
		oae_net_gemm(a, OAE_GEMM_NT, true, n, d, h, l->act,
			     w + at->down, x);
	}
	a->kern->rms(a->final, a->final_r, x, w + net->out_norm, n, d, s->eps);
}

void oae_net_predict(const struct oae_net *net, const float *w,
		     struct oae_net_acts *a, const struct oae_net_batch *b,
		     int32_t *out)
{
	size_t v = net->shape.vocab, d = net->shape.dim;

	for (size_t t = 0; t < b->n_tokens; t += OAE_NET_LOGIT_ROWS) {
		size_t rows = b->n_tokens - t;

		if (rows > OAE_NET_LOGIT_ROWS)
			rows = OAE_NET_LOGIT_ROWS;
		oae_net_gemm(a, OAE_GEMM_NT, false, rows, v, d,
			     a->final + t * d, w + net->embed, a->logits);
		for (size_t i = 0; i < rows; i++)
			out[t + i] =
				(int32_t)a->kern->argmax(a->logits + i * v, v);
	}
}
