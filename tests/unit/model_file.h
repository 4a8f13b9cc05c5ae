/* SPDX-License-Identifier: Apache-2.0 */
/* Small models with random weights, written as GGUF, for the engine's tests. */
#ifndef OAE_TESTS_MODEL_FILE_H
#define OAE_TESTS_MODEL_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/synth/tensor_random.h"
#include "base/rng.h"

/* A key beside the usual ones: text, or else a number. */
struct model_extra {
	const char *key, *text;
	float real;
	uint32_t whole; /* of real 0 */
};

struct model_spec {
	const char *arch; /* "llama", "qwen2", "qwen3", "qwen3moe" */
	enum oae_tensor_type type;
	bool mixed;	    /* half of the matrices in Q6_K, as in Q4_K_M */
	bool experts_mixed; /* those of experts in types that differ */
	uint32_t vocab, dim, layers, heads, kv_heads, head_dim, ff;
	uint32_t experts, used;
	bool tied, biases, rope_factors, experts_apart;
	float rope_divisor; /* linear scaling; 0: none */
	uint64_t seed;
	float noise; /* added to the same seed's weights */
	/* for files that must be refused */
	const char *leave_key, *leave_tensor, *extra_tensor, *wrong_tensor;
	const char *extra_key;
	const struct model_extra *extra; /* ends with a NULL key */
};

struct model_writer {
	const struct model_spec *s;
	struct oae_gguf_writer *w;
	struct oae_rng rng, noise;
	float *kept[256];
	size_t n_kept;
	struct {
		void *data;
		size_t bytes;
	} raw[256]; /* of K-quants */
	size_t n_raw;
};

static inline void model_key(struct model_writer *x, const char *name,
			     uint32_t value)
{
	char key[80];

	snprintf(key, sizeof(key), "%s.%s", x->s->arch, name);
	if (!x->s->leave_key || strcmp(x->s->leave_key, key))
		oae_gguf_add_u32(x->w, key, value);
}

/* What is not made out of floats is made as it is. */
static inline void model_random(struct model_writer *x, const char *name,
				enum oae_tensor_type type, uint32_t n_dims,
				const uint64_t *dims, size_t n, float deviation)
{
	size_t bytes = oae_tensor_bytes(type, n);
	void *data = malloc(bytes);

	oae_tensor_random(type, &x->rng, deviation, n, data);
	oae_gguf_add_tensor(x->w, name, type, n_dims, dims, NULL);
	x->raw[x->n_raw].data = data;
	x->raw[x->n_raw++].bytes = bytes;
}

static inline enum oae_tensor_type model_type(const struct model_spec *s,
					      const char *name, uint32_t n_dims)
{
	static const enum oae_tensor_type all[] = {
		OAE_TENSOR_Q8_0, OAE_TENSOR_F16, OAE_TENSOR_Q4_0, OAE_TENSOR_F32
	};
	unsigned sum = 0;

	if (n_dims == 1)
		return OAE_TENSOR_F32;
	if (s->experts_mixed && strstr(name, "ffn_") && !strstr(name, "_inp")) {
		for (size_t i = 0; name[i]; i++)
			sum += (unsigned char)name[i];
		return all[sum % 4];
	}
	if (s->mixed && (strstr(name, "attn_v") || strstr(name, "ffn_down") ||
			 strstr(name, "token_embd")))
		return OAE_TENSOR_Q6_K;
	return s->type;
}

static inline void model_tensor(struct model_writer *x, const char *name,
				uint32_t n_dims, uint64_t d0, uint64_t d1,
				uint64_t d2)
{
	uint64_t dims[] = { d0, d1, d2 };
	size_t n = (size_t)(d0 * d1 * d2);
	float *v, scale = n_dims == 1 ? 0.2f : 0.15f;
	const struct model_spec *s = x->s;
	enum oae_tensor_type type = model_type(s, name, n_dims);
	float mean = n_dims == 1 && !strstr(name, "bias") ? 1 : 0;

	if (!oae_tensor_type_written(type)) {
		/* wider models: the same size of their products */
		model_random(x, name, type, n_dims, dims, n,
			     type == OAE_TENSOR_Q5_0 ? scale : 0.08f);
		return;
	}
	v = malloc(n * sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		v[i] = mean + scale * (float)oae_rng_normal(&x->rng);
		v[i] += s->noise * (float)oae_rng_normal(&x->noise);
	}
	x->kept[x->n_kept++] = v;
	if (s->leave_tensor && !strcmp(s->leave_tensor, name))
		return;
	if (s->wrong_tensor && !strcmp(s->wrong_tensor, name))
		dims[0] /= 2;
	oae_gguf_add_tensor(x->w, name, type, n_dims, dims, v);
}

/* In one tensor, or as older files have them. */
static inline void model_experts(struct model_writer *x, uint32_t layer,
				 const char *part, uint32_t in, uint32_t out)
{
	const struct model_spec *s = x->s;
	char name[64];

	if (!s->experts_apart) {
		snprintf(name, sizeof(name), "blk.%u.%s_exps.weight", layer,
			 part);
		model_tensor(x, name, 3, in, out, s->experts);
		return;
	}
	for (uint32_t e = 0; e < s->experts; e++) {
		snprintf(name, sizeof(name), "blk.%u.%s.%u.weight", layer, part,
			 e);
		model_tensor(x, name, 2, in, out, 1);
	}
}

static inline void model_layer(struct model_writer *x, uint32_t i)
{
	const struct model_spec *s = x->s;
	uint32_t q = s->heads * s->head_dim, kv = s->kv_heads * s->head_dim;
	char name[64];

#define NAME(part) \
	(snprintf(name, sizeof(name), "blk.%u." part ".weight", i), name)
	model_tensor(x, NAME("attn_norm"), 1, s->dim, 1, 1);
	model_tensor(x, NAME("attn_q"), 2, s->dim, q, 1);
	model_tensor(x, NAME("attn_k"), 2, s->dim, kv, 1);
	model_tensor(x, NAME("attn_v"), 2, s->dim, kv, 1);
	model_tensor(x, NAME("attn_output"), 2, q, s->dim, 1);
	if (s->biases) {
		snprintf(name, sizeof(name), "blk.%u.attn_q.bias", i);
		model_tensor(x, name, 1, q, 1, 1);
		snprintf(name, sizeof(name), "blk.%u.attn_k.bias", i);
		model_tensor(x, name, 1, kv, 1, 1);
		snprintf(name, sizeof(name), "blk.%u.attn_v.bias", i);
		model_tensor(x, name, 1, kv, 1, 1);
	}
	if (!strncmp(s->arch, "qwen3", 5)) {
		model_tensor(x, NAME("attn_q_norm"), 1, s->head_dim, 1, 1);
		model_tensor(x, NAME("attn_k_norm"), 1, s->head_dim, 1, 1);
	}
	model_tensor(x, NAME("ffn_norm"), 1, s->dim, 1, 1);
	if (!s->experts) {
		model_tensor(x, NAME("ffn_gate"), 2, s->dim, s->ff, 1);
		model_tensor(x, NAME("ffn_up"), 2, s->dim, s->ff, 1);
		model_tensor(x, NAME("ffn_down"), 2, s->ff, s->dim, 1);
		return;
	}
	model_tensor(x, NAME("ffn_gate_inp"), 2, s->dim, s->experts, 1);
	model_experts(x, i, "ffn_gate", s->dim, s->ff);
	model_experts(x, i, "ffn_up", s->dim, s->ff);
	model_experts(x, i, "ffn_down", s->ff, s->dim);
#undef NAME
}

/* Printable ASCII from 33 on are the first 94 tokens, the rest words. */
static inline void model_tokenizer(struct model_writer *x)
{
	uint32_t n = x->s->vocab;
	const char **tokens = calloc(n, sizeof(*tokens));
	char(*texts)[16] = calloc(n, sizeof(*texts));

	for (uint32_t i = 0; i < n; i++) {
		if (i < 256) /* GPT-2's alphabet, in any order */
			snprintf(texts[i], 16, "%c%c",
				 i < 94 ? (char)(i + 33) :
					  (char)(0xc0 | (i + 162) >> 6),
				 i < 94 ? 0 : (char)(0x80 | ((i + 162) & 63)));
		else
			snprintf(texts[i], 16, "w%u", i);
		tokens[i] = texts[i];
	}
	/* code points 161..172, 174..255 and 256..323: the other 162 bytes */
	for (uint32_t i = 94; i < 256 && i < n; i++) {
		uint32_t c = i - 94 + 161;

		if (c >= 173)
			c++;
		snprintf(texts[i], 16, "%c%c", (char)(0xc0 | c >> 6),
			 (char)(0x80 | (c & 63)));
	}
	oae_gguf_add_str(x->w, "tokenizer.ggml.model", "gpt2");
	oae_gguf_add_str(x->w, "tokenizer.ggml.pre", "gpt-2");
	oae_gguf_add_strs(x->w, "tokenizer.ggml.tokens", tokens, n);
	oae_gguf_add_strs(x->w, "tokenizer.ggml.merges", NULL, 0);
	oae_gguf_add_u32(x->w, "tokenizer.ggml.eos_token_id", n - 1);
	free(texts);
	free(tokens);
}

static inline enum oae_status
model_write(const char *path, const struct model_spec *s, struct oae_error *err)
{
	struct model_writer x = { .s = s };
	enum oae_status status = oae_gguf_create(path, &x.w, err);
	char key[80];

	if (status)
		return status;
	oae_rng_seed(&x.rng, s->seed);
	oae_rng_seed(&x.noise, s->seed + 1000);
	oae_gguf_add_str(x.w, "general.architecture", s->arch);
	model_key(&x, "context_length", 256);
	model_key(&x, "embedding_length", s->dim);
	model_key(&x, "block_count", s->layers);
	model_key(&x, "feed_forward_length", s->ff);
	model_key(&x, "attention.head_count", s->heads);
	model_key(&x, "attention.head_count_kv", s->kv_heads);
	model_key(&x, "attention.key_length", s->head_dim);
	model_key(&x, "attention.value_length", s->head_dim);
	snprintf(key, sizeof(key), "%s.attention.layer_norm_rms_epsilon",
		 s->arch);
	oae_gguf_add_f32(x.w, key, 1e-5f);
	if (s->experts) {
		model_key(&x, "expert_count", s->experts);
		model_key(&x, "expert_used_count", s->used);
		model_key(&x, "expert_feed_forward_length", s->ff);
	}
	if (s->extra_key)
		oae_gguf_add_str(x.w, s->extra_key, "yarn");
	if (s->rope_divisor > 0) {
		snprintf(key, sizeof(key), "%s.rope.scaling.type", s->arch);
		oae_gguf_add_str(x.w, key, "linear");
		snprintf(key, sizeof(key), "%s.rope.scaling.factor", s->arch);
		oae_gguf_add_f32(x.w, key, s->rope_divisor);
	}
	for (const struct model_extra *e = s->extra; e && e->key; e++) {
		if (e->text)
			oae_gguf_add_str(x.w, e->key, e->text);
		else if (e->real > 0 || e->real < 0)
			oae_gguf_add_f32(x.w, e->key, e->real);
		else
			oae_gguf_add_u32(x.w, e->key, e->whole);
	}
	if (s->vocab >= 257)
		model_tokenizer(&x);
	model_tensor(&x, "token_embd.weight", 2, s->dim, s->vocab, 1);
	for (uint32_t i = 0; i < s->layers; i++)
		model_layer(&x, i);
	model_tensor(&x, "output_norm.weight", 1, s->dim, 1, 1);
	if (!s->tied)
		model_tensor(&x, "output.weight", 2, s->dim, s->vocab, 1);
	if (s->extra_tensor)
		model_tensor(&x, s->extra_tensor, 1, s->dim, 1, 1);
	if (s->rope_factors)
		model_tensor(&x, "rope_freqs.weight", 1, s->head_dim / 2, 1, 1);
	for (size_t i = 0; i < x.n_raw && !status; i++)
		status = oae_gguf_put(x.w, x.raw[i].data, x.raw[i].bytes, err);
	if (status)
		oae_gguf_abandon(x.w);
	else
		status = oae_gguf_finish(x.w, err);
	while (x.n_raw)
		free(x.raw[--x.n_raw].data);
	while (x.n_kept)
		free(x.kept[--x.n_kept]);
	return status;
}

#endif
