/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/train/optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Largest matrix and largest inner square of the orthogonalisation. */
static void largest(const struct oae_net *net, size_t *area, size_t *side)
{
	*area = *side = 0;
	for (size_t i = 0; i < net->n_tensors; i++) {
		const struct oae_net_tensor *t = &net->tensor[i];
		size_t small = t->rows < t->cols ? t->rows : t->cols;

		if (t->class != OAE_NET_MATRIX)
			continue;
		if (t->rows * t->cols > *area)
			*area = t->rows * t->cols;
		if (small > *side)
			*side = small;
	}
}

enum oae_status oae_optim_new(const struct oae_net *net, size_t workers,
			      struct oae_optim *o, struct oae_error *err)
{
	size_t area, side;

	memset(o, 0, sizeof(*o));
	o->net = net;
	o->workers = workers;
	largest(net, &area, &side);
	o->n_scratch = 2 * (area + OAE_KERN_SLACK) +
		       2 * (side * side + OAE_KERN_SLACK) +
		       oae_gemm_scratch(area / side, area / side, area / side) +
		       oae_gemm_scratch(side, side, side);
	o->m = calloc(net->n_floats, sizeof(*o->m));
	o->v = calloc(net->n_floats, sizeof(*o->v));
	for (size_t i = 0; i < workers; i++) {
		o->scratch[i] = calloc(o->n_scratch, sizeof(float));
		if (!o->scratch[i])
			goto fail;
	}
	if (o->m && o->v)
		return OAE_OK;
fail:
	oae_optim_free(o);
	return oae_fail(err, OAE_ERR_NOMEM, 0, "optimiser state");
}

void oae_optim_free(struct oae_optim *o)
{
	free(o->m);
	free(o->v);
	for (size_t i = 0; i < o->workers; i++)
		free(o->scratch[i]);
	memset(o, 0, sizeof(*o));
}

static void product(const struct oae_kern *k, enum oae_gemm op, size_t m,
		    size_t n, size_t depth, const float *a, const float *b,
		    float *c, float *scratch)
{
	struct oae_gemm_args g = {
		.op = op,
		.m = m,
		.n = n,
		.k = depth,
		.a = a,
		.b = b,
		.lda = op == OAE_GEMM_TN ? m : depth,
		.ldb = op == OAE_GEMM_NT ? depth : n,
		.ldc = n,
	};

	g.c = c;
	g.scratch = scratch;
	k->gemm(&g);
}

/*
 * x [rows, cols] becomes about U V' of its singular value decomposition:
 * x = a x + (b s + c s s) x with s = x x' (or the transposed order, on the
 * shorter side).
 */
static void orthogonalise(const struct oae_kern *k, float *x, size_t rows,
			  size_t cols, unsigned steps, float *tmp,
			  float *square, float *square2, float *scratch)
{
	const float a = 3.4445f, b = -4.7750f, c = 2.0315f;
	bool wide = rows <= cols;
	size_t n = wide ? rows : cols, other = wide ? cols : rows;
	size_t area = rows * cols;

	k->scale(x, 1.0f / (sqrtf(k->dot(x, x, area)) + 1e-12f), area);
	for (unsigned i = 0; i < steps; i++) {
		product(k, wide ? OAE_GEMM_NT : OAE_GEMM_TN, n, n, other, x, x,
			square, scratch);
		product(k, OAE_GEMM_NN, n, n, n, square, square, square2,
			scratch);
		k->scale(square2, c, n * n);
		k->axpy(square2, square, b, n * n);
		if (wide)
			product(k, OAE_GEMM_NN, rows, cols, rows, square2, x,
				tmp, scratch);
		else
			product(k, OAE_GEMM_NN, rows, cols, cols, x, square2,
				tmp, scratch);
		k->scale(x, a, area);
		k->add(x, tmp, area);
	}
}

struct step {
	struct oae_optim *o;
	struct oae_pool *pool;
	const struct oae_kern *kern;
	float *w;
	float *const *grads;
	size_t n;
	float scale;
	uint64_t step;
	const struct oae_optim_rates *rates;
};

static void muon_slice(const struct step *s, float *w, float *m, float *g,
		       size_t rows, size_t cols, float *scratch)
{
	const struct oae_optim_rates *r = s->rates;
	const struct oae_kern *k = s->kern;
	size_t area, side, n = rows * cols;
	float lr = r->muon_lr, ratio = (float)rows / (float)cols;
	float *x = scratch, *tmp, *square, *square2;

	largest(s->o->net, &area, &side);
	tmp = x + area + OAE_KERN_SLACK;
	square = tmp + area + OAE_KERN_SLACK;
	square2 = square + side * side + OAE_KERN_SLACK;
	scratch = square2 + side * side + OAE_KERN_SLACK;
	k->scale(m, r->muon_momentum, n);
	k->axpy(m, g, 1.0f - r->muon_momentum, n);
	memcpy(x, g, n * sizeof(*x));
	k->scale(x, 1.0f - r->muon_momentum, n);
	k->axpy(x, m, r->muon_momentum, n);
	orthogonalise(k, x, rows, cols, r->orthogonal_steps, tmp, square,
		      square2, scratch);
	if (ratio > 1.0f)
		lr *= sqrtf(ratio);
	k->scale(w, 1.0f - r->muon_lr * r->muon_decay, n);
	k->axpy(w, x, -lr, n);
}

static void adam_tensor(const struct step *s, const struct oae_net_tensor *t,
			float *g)
{
	const struct oae_optim_rates *r = s->rates;
	size_t n = t->slices * t->rows * t->cols;
	float norm = sqrtf(s->kern->dot(g, g, n));
	float decay = t->class == OAE_NET_NORM ? 0.0f : r->adam_decay;
	float c1 = (float)(1.0 / (1.0 - pow(r->adam_beta1, (double)s->step)));
	float c2 = (float)(1.0 / (1.0 - pow(r->adam_beta2, (double)s->step)));

	if (norm > 1.0f)
		s->kern->scale(g, 1.0f / norm, n);
	s->kern->adam(s->w + t->offset, s->o->m + t->offset,
		      s->o->v + t->offset, g, n, r->adam_lr, r->adam_beta1,
		      r->adam_beta2, c1, c2, decay);
}

static void run_slice(const struct step *s, const struct oae_net_tensor *t,
		      size_t slice, size_t worker)
{
	size_t n = t->rows * t->cols, at = t->offset + slice * n;
	float *g = s->grads[0] + at;

	for (size_t i = 1; i < s->n; i++)
		s->kern->add(g, s->grads[i] + at, n);
	s->kern->scale(g, s->scale, n);
	if (t->class == OAE_NET_MATRIX)
		muon_slice(s, s->w + at, s->o->m + at, g, t->rows, t->cols,
			   s->o->scratch[worker]);
	else
		adam_tensor(s, t, g);
}

static void run(void *ctx, size_t worker)
{
	const struct step *s = ctx;
	const struct oae_net *net = s->o->net;
	size_t mine = oae_pool_next(s->pool), seen = 0;

	for (size_t i = 0; i < net->n_tensors; i++)
		for (size_t j = 0; j < net->tensor[i].slices; j++, seen++)
			if (seen == mine) {
				run_slice(s, &net->tensor[i], j, worker);
				mine = oae_pool_next(s->pool);
			}
}

void oae_optim_step(struct oae_optim *o, struct oae_pool *pool, float *w,
		    float *const *grads, size_t n, float scale, uint64_t step,
		    const struct oae_optim_rates *rates)
{
	struct step s = {
		.o = o,
		.pool = pool,
		.kern = oae_kern(),
		.grads = grads,
		.n = n,
		.scale = scale,
		.step = step,
		.rates = rates,
	};

	s.w = w;
	oae_pool_run(pool, run, &s);
}
