/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The models of model_file.h once more, one token at a time in double, as
 * the papers write the equations: what the engine is compared with.
 */
#ifndef OAE_TESTS_MODEL_PLAIN_H
#define OAE_TESTS_MODEL_PLAIN_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/model_file.h"

#define PLAIN_CTX 64

struct plain {
	struct oae_gguf *g;
	const struct model_spec *s;
	double *k, *v; /* [layer][position][kv_heads * head_dim] */
};

/* y = W x, row by row, W the tensor's part-th matrix. */
static inline void plain_multiply(struct plain *p, const char *name,
				  size_t part, const double *x, double *y)
{
	const struct oae_gguf_tensor *t = oae_gguf_tensor(p->g, name);
	size_t in, out;
	float *w;

	assert_non_null(t);
	in = (size_t)t->dims[0];
	out = (size_t)t->dims[1];
	w = malloc((size_t)t->elements * sizeof(*w));
	assert_non_null(w);
	oae_tensor_to_f32(t->type, t->data, (size_t)t->elements, w);
	for (size_t o = 0; o < out; o++) {
		y[o] = 0;
		for (size_t i = 0; i < in; i++)
			y[o] += x[i] * (double)w[(part * out + o) * in + i];
	}
	free(w);
}

static inline void plain_norm(struct plain *p, const char *name,
			      const double *x, size_t n, double *y)
{
	const float *w = oae_gguf_tensor(p->g, name)->data;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i] * x[i];
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] / sqrt(sum / (double)n + 1e-5) * (double)w[i];
}

static inline void plain_rotate(struct plain *p, double *x, size_t position)
{
	const struct model_spec *s = p->s;
	const struct oae_gguf_tensor *t =
		oae_gguf_tensor(p->g, "rope_freqs.weight");
	size_t half = s->head_dim / 2, a, b;

	for (size_t i = 0; i < half; i++) {
		double angle = (double)position *
			       pow(10000, -2.0 * (double)i / s->head_dim);
		double u, v;

		if (s->rope_divisor > 0)
			angle /= (double)s->rope_divisor;
		if (t)
			angle /= (double)((const float *)t->data)[i];

		a = strcmp(s->arch, "llama") ? i : 2 * i;
		b = strcmp(s->arch, "llama") ? i + half : 2 * i + 1;
		u = x[a];
		v = x[b];
		x[a] = u * cos(angle) - v * sin(angle);
		x[b] = u * sin(angle) + v * cos(angle);
	}
}

static inline const char *plain_name_of(uint32_t layer, const char *part)
{
	static char name[96];

	snprintf(name, sizeof(name), "blk.%u.%s.weight", layer, part);
	return name;
}

static inline void plain_heads(struct plain *p, uint32_t layer,
			       const char *part, uint32_t n, size_t position,
			       double *x)
{
	size_t dim = p->s->head_dim;

	for (uint32_t h = 0; h < n; h++) {
		if (!strncmp(p->s->arch, "qwen3", 5))
			plain_norm(p, plain_name_of(layer, part), x + h * dim,
				   dim, x + h * dim);
		plain_rotate(p, x + h * dim, position);
	}
}

/* x += the tensor, where there is one. */
static inline void plain_bias(struct plain *p, uint32_t layer, const char *part,
			      double *x)
{
	const struct oae_gguf_tensor *t;
	char name[64];

	snprintf(name, sizeof(name), "blk.%u.%s.bias", layer, part);
	t = oae_gguf_tensor(p->g, name);
	for (uint64_t i = 0; t && i < t->elements; i++)
		x[i] += ((const float *)t->data)[i];
}

static inline void plain_attention(struct plain *p, uint32_t layer,
				   size_t position, const double *x, double *y)
{
	const struct model_spec *s = p->s;
	size_t dim = s->head_dim, row = s->kv_heads * dim, kv;
	double q[512], out[512] = { 0 }, weight[PLAIN_CTX], sum;
	double *k = p->k + (layer * PLAIN_CTX + position) * row;
	double *v = p->v + (layer * PLAIN_CTX + position) * row;

	plain_multiply(p, plain_name_of(layer, "attn_q"), 0, x, q);
	plain_multiply(p, plain_name_of(layer, "attn_k"), 0, x, k);
	plain_multiply(p, plain_name_of(layer, "attn_v"), 0, x, v);
	plain_bias(p, layer, "attn_q", q);
	plain_bias(p, layer, "attn_k", k);
	plain_bias(p, layer, "attn_v", v);
	plain_heads(p, layer, "attn_q_norm", s->heads, position, q);
	plain_heads(p, layer, "attn_k_norm", s->kv_heads, position, k);
	for (uint32_t h = 0; h < s->heads; h++) {
		kv = h / (s->heads / s->kv_heads) * dim;
		sum = 0;
		for (size_t t = 0; t <= position; t++) {
			weight[t] = 0;
			for (size_t i = 0; i < dim; i++)
				weight[t] +=
					q[h * dim + i] *
					p->k[(layer * PLAIN_CTX + t) * row +
					     kv + i];
			weight[t] = exp(weight[t] / sqrt((double)dim));
			sum += weight[t];
		}
		for (size_t t = 0; t <= position; t++)
			for (size_t i = 0; i < dim; i++)
				out[h * dim + i] +=
					weight[t] / sum *
					p->v[(layer * PLAIN_CTX + t) * row +
					     kv + i];
	}
	plain_multiply(p, plain_name_of(layer, "attn_output"), 0, out, y);
}

/* gate, up or down of a dense layer (expert below 0) or of an expert. */
static inline void plain_part(struct plain *p, uint32_t layer, const char *part,
			      int expert, const double *x, double *y)
{
	char name[64];

	snprintf(name, sizeof(name), "ffn_%s%s", part,
		 expert < 0 ? "" : "_exps");
	if (expert >= 0 && p->s->experts_apart) {
		snprintf(name, sizeof(name), "ffn_%s.%d", part, expert);
		expert = 0;
	}
	plain_multiply(p, plain_name_of(layer, name),
		       expert < 0 ? 0 : (size_t)expert, x, y);
}

static inline void plain_feed(struct plain *p, uint32_t layer, int expert,
			      const double *x, double *y)
{
	double gate[512], up[512];

	plain_part(p, layer, "gate", expert, x, gate);
	plain_part(p, layer, "up", expert, x, up);
	for (uint32_t i = 0; i < p->s->ff; i++)
		gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i];
	plain_part(p, layer, "down", expert, gate, y);
}

static inline void plain_experts(struct plain *p, uint32_t layer,
				 const double *x, double *y)
{
	const struct model_spec *s = p->s;
	double score[16], chosen = 0, one[512];
	uint32_t order[16];

	plain_multiply(p, plain_name_of(layer, "ffn_gate_inp"), 0, x, score);
	for (uint32_t e = 0; e < s->experts; e++) {
		score[e] = exp(score[e]);
		order[e] = e;
	}
	for (uint32_t i = 0; i < s->used; i++) { /* selection sort */
		for (uint32_t j = i + 1; j < s->experts; j++) {
			if (score[order[j]] > score[order[i]]) {
				uint32_t keep = order[i];

				order[i] = order[j];
				order[j] = keep;
			}
		}
		chosen += score[order[i]];
	}
	memset(y, 0, s->dim * sizeof(*y));
	for (uint32_t i = 0; i < s->used; i++) {
		plain_feed(p, layer, (int)order[i], x, one);
		for (uint32_t d = 0; d < s->dim; d++)
			y[d] += score[order[i]] / chosen * one[d];
	}
}

/* Logits of the token at a position; earlier ones must have been done. */
static inline void plain_forward(struct plain *p, int32_t token,
				 size_t position, double *logits)
{
	const struct model_spec *s = p->s;
	double x[512], h[512], y[512];
	const struct oae_gguf_tensor *t;
	float row[512];

	t = oae_gguf_tensor(p->g, "token_embd.weight");
	oae_tensor_to_f32(t->type,
			  (const uint8_t *)t->data +
				  oae_tensor_bytes(t->type, s->dim) *
					  (size_t)token,
			  s->dim, row);
	for (uint32_t i = 0; i < s->dim; i++)
		x[i] = row[i];
	for (uint32_t l = 0; l < s->layers; l++) {
		plain_norm(p, plain_name_of(l, "attn_norm"), x, s->dim, h);
		plain_attention(p, l, position, h, y);
		for (uint32_t i = 0; i < s->dim; i++)
			x[i] += y[i];
		plain_norm(p, plain_name_of(l, "ffn_norm"), x, s->dim, h);
		if (s->experts)
			plain_experts(p, l, h, y);
		else
			plain_feed(p, l, -1, h, y);
		for (uint32_t i = 0; i < s->dim; i++)
			x[i] += y[i];
	}
	plain_norm(p, "output_norm.weight", x, s->dim, h);
	plain_multiply(p, s->tied ? "token_embd.weight" : "output.weight", 0, h,
		       logits);
}

#endif
