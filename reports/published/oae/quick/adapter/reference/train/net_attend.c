/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Causal attention inside each document, one head at a time, in blocks of
 * rows; the backward pass computes the probabilities again.
 */
#include "adapters/reference/train/net.h"

#include <math.h>
#include <string.h>

struct block {
	size_t first, rows;  /* of the document */
	size_t keys, padded; /* keys seen by the last row; to 32 */
	size_t at;	     /* float offset of the document's head */
	size_t stride;
};

static void product(struct oae_net_acts *a, enum oae_gemm op, bool add,
		    size_t m, size_t n, size_t k, const float *x, size_t ldx,
		    const float *y, size_t ldy, float *out, size_t ldo)
{
	struct oae_gemm_args g = {
		.op = op,
		.add = add,
		.m = m,
		.n = n,
		.k = k,
		.a = x,
		.lda = ldx,
		.b = y,
		.ldb = ldy,
		.ldc = ldo,
		.scratch = a->scratch,
	};

	g.c = out;
	a->kern->gemm(&g);
}

/* Probabilities of a block of rows into a->s; zero above the diagonal. */
static void scores(struct oae_net_acts *a, const struct block *b,
		   const struct oae_net_layer_acts *l, size_t hd, float scale)
{
	product(a, OAE_GEMM_NT, false, b->rows, b->padded, hd,
		l->qr + b->at + b->first * b->stride, b->stride, l->kr + b->at,
		b->stride, a->s, b->padded);
	for (size_t i = 0; i < b->rows; i++) {
		float *row = a->s + i * b->padded;
		size_t seen = b->first + i + 1;
		size_t end = (seen + 15) & ~(size_t)15;

		a->kern->softmax(row, seen, scale);
		memset(row + end, 0, (b->padded - end) * sizeof(float));
	}
}

static void visit(const struct oae_net *net, struct oae_net_acts *a,
		  const struct oae_net_batch *b, struct oae_net_layer_acts *l,
		  void (*fn)(struct oae_net_acts *a, const struct block *blk,
			     struct oae_net_layer_acts *l, size_t hd,
			     float scale, float *const *grads),
		  float *const *grads)
{
	size_t hd = net->shape.head_dim, heads = net->shape.heads;
	float scale = 1.0f / sqrtf((float)hd);

	for (size_t i = 0; i < b->n_docs; i++) {
		size_t n = b->start[i + 1] - b->start[i];

		for (size_t h = 0; h < heads; h++)
			for (size_t r = 0; r < n; r += OAE_NET_SCORE_ROWS) {
				struct block blk = { .first = r };

				blk.rows = n - r < OAE_NET_SCORE_ROWS ?
						   n - r :
						   OAE_NET_SCORE_ROWS;
				blk.keys = r + blk.rows;
				blk.padded = (blk.keys + 31) & ~(size_t)31;
				blk.stride = heads * hd;
				blk.at = b->start[i] * blk.stride + h * hd;
				fn(a, &blk, l, hd, scale, grads);
			}
	}
}

static void attend_block(struct oae_net_acts *a, const struct block *b,
			 struct oae_net_layer_acts *l, size_t hd, float scale,
			 float *const *grads)
{
	(void)grads;
	scores(a, b, l, hd, scale);
	product(a, OAE_GEMM_NN, false, b->rows, hd, b->keys, a->s, b->padded,
		l->v + b->at, b->stride, l->att + b->at + b->first * b->stride,
		b->stride);
}

void oae_net_attend(const struct oae_net *net, struct oae_net_acts *a,
		    const struct oae_net_batch *b, struct oae_net_layer_acts *l)
{
	visit(net, a, b, l, attend_block, NULL);
}

/* grads: datt, dqr, dkr, dv */
static void back_block(struct oae_net_acts *a, const struct block *b,
		       struct oae_net_layer_acts *l, size_t hd, float scale,
		       float *const *grads)
{
	size_t row = b->at + b->first * b->stride;
	const float *datt = grads[0] + row;

	scores(a, b, l, hd, scale);
	product(a, OAE_GEMM_NT, false, b->rows, b->padded, hd, datt, b->stride,
		l->v + b->at, b->stride, a->ds, b->padded);
	product(a, OAE_GEMM_TN, true, b->keys, hd, b->rows, a->s, b->padded,
		datt, b->stride, grads[3] + b->at, b->stride);
	for (size_t i = 0; i < b->rows; i++) {
		float *ds = a->ds + i * b->padded;
		size_t seen = b->first + i + 1;
		size_t end = (seen + 15) & ~(size_t)15;

		a->kern->softmax_back(ds, a->s + i * b->padded, seen, scale);
		memset(ds + end, 0, (b->padded - end) * sizeof(float));
	}
	product(a, OAE_GEMM_NN, false, b->rows, hd, b->keys, a->ds, b->padded,
		l->kr + b->at, b->stride, grads[1] + row, b->stride);
	product(a, OAE_GEMM_TN, true, b->keys, hd, b->rows, a->ds, b->padded,
		l->qr + row, b->stride, grads[2] + b->at, b->stride);
}

void oae_net_attend_back(const struct oae_net *net, struct oae_net_acts *a,
			 const struct oae_net_batch *b,
			 struct oae_net_layer_acts *l, const float *datt,
			 float *dqr, float *dkr, float *dv)
{
	size_t qd = (size_t)net->shape.heads * net->shape.head_dim;
	float *grads[] = { (float *)(uintptr_t)datt, dqr, dkr, dv };

	memset(dkr, 0, b->n_tokens * qd * sizeof(float));
	memset(dv, 0, b->n_tokens * qd * sizeof(float));
	visit(net, a, b, l, back_block, grads);
}
