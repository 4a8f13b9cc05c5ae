/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/synth/synth.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define VOCAB_LEAST 257u /* a token for each byte, and one that ends */
#define EXPERTS_USUAL 4u

/*
 * Sources: config.json of TinyLlama/TinyLlama-1.1B-Chat-v1.0,
 * HuggingFaceTB/SmolLM-135M, meta-llama/Llama-3.2-3B,
 * meta-llama/Meta-Llama-3-8B and Qwen/Qwen3-30B-A3B on Hugging Face; s15 and
 * s110 are karpathy/tinyllamas (the llama2.c project); moe is ours.
 */
const struct oae_synth_shape oae_synth_shapes[] = {
	{ "smollm-135m", "SmolLM 135M", "llama", 576, 1536, 30, 9, 3, 64, 49152,
	  true, 0, 0, 2048, 1e-5f, 1e4f, 0 },
	{ "tinyllama-1.1b", "TinyLlama 1.1B", "llama", 2048, 5632, 22, 32, 4,
	  64, 32000, false, 0, 0, 2048, 1e-5f, 1e4f, 0 },
	{ "llama-3.2-3b", "Llama 3.2 3B", "llama", 3072, 8192, 28, 24, 8, 128,
	  128256, true, 0, 0, 131072, 1e-5f, 5e5f, 32 },
	{ "llama-3-8b", "Llama 3 8B", "llama", 4096, 14336, 32, 32, 8, 128,
	  128256, false, 0, 0, 8192, 1e-5f, 5e5f, 0 },
	{ "qwen3-30b-a3b", "Qwen3 30B-A3B", "qwen3moe", 2048, 768, 48, 32, 4,
	  128, 151936, false, 128, 8, 40960, 1e-6f, 1e6f, 0 },
	{ "s15", "stories15M", "llama", 288, 768, 6, 6, 6, 48, 32000, true, 0,
	  0, 2048, 1e-5f, 1e4f, 0 },
	{ "s110", "stories110M", "llama", 768, 2048, 12, 12, 12, 64, 32000,
	  true, 0, 0, 2048, 1e-5f, 1e4f, 0 },
	{ "moe", "8 experts, 2 used", "mixtral", 1024, 1792, 12, 16, 4, 64,
	  32000, false, 8, 2, 2048, 1e-5f, 1e4f, 0 },
	{ "tiny", "for tests", "llama", 64, 160, 2, 4, 2, 16, 288, true, 0, 0,
	  2048, 1e-5f, 1e4f, 0 },
	{ "small", "for tests of K-quants", "llama", 256, 512, 3, 4, 2, 64, 512,
	  false, 0, 0, 2048, 1e-5f, 1e4f, 0 },
};
const size_t oae_synth_shape_count =
	sizeof(oae_synth_shapes) / sizeof(oae_synth_shapes[0]);

static const struct oae_synth_arch archs[] = {
	{ "llama", "llama", false, false, false },
	{ "mixtral", "llama", false, false, true },
	{ "qwen2", "qwen2", true, false, false },
	{ "qwen3", "qwen3", false, true, false },
	{ "qwen3moe", "qwen3moe", false, true, true },
};

const struct oae_synth_quant oae_synth_quants[] = {
	{ "f32", OAE_TENSOR_F32, OAE_TENSOR_F32 },
	{ "f16", OAE_TENSOR_F16, OAE_TENSOR_F16 },
	{ "bf16", OAE_TENSOR_BF16, OAE_TENSOR_BF16 },
	{ "q8_0", OAE_TENSOR_Q8_0, OAE_TENSOR_Q8_0 },
	{ "q4_0", OAE_TENSOR_Q4_0, OAE_TENSOR_Q4_0 },
	{ "q5_0", OAE_TENSOR_Q5_0, OAE_TENSOR_Q5_0 },
	{ "q4_k", OAE_TENSOR_Q4_K, OAE_TENSOR_Q4_K },
	{ "q6_k", OAE_TENSOR_Q6_K, OAE_TENSOR_Q6_K },
	/* about what llama.cpp's Q4_K_M is made of */
	{ "q4_k_m", OAE_TENSOR_Q4_K, OAE_TENSOR_Q6_K },
};
const size_t oae_synth_quant_count =
	sizeof(oae_synth_quants) / sizeof(oae_synth_quants[0]);

enum oae_status oae_synth_find_shape(const char *name,
				     struct oae_synth_shape *out,
				     struct oae_error *err)
{
	char all[240] = "";
	size_t len = 0;

	for (size_t i = 0; i < oae_synth_shape_count; i++) {
		if (name && !strcmp(name, oae_synth_shapes[i].name)) {
			*out = oae_synth_shapes[i];
			return OAE_OK;
		}
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					i ? ", " : "",
					oae_synth_shapes[i].name);
	}
	return oae_fail(err, OAE_ERR_USAGE, 0, "--shape %.40s: there are %s",
			name ? name : "is missing", all);
}

enum oae_status oae_synth_find_quant(const char *name,
				     const struct oae_synth_quant **out,
				     struct oae_error *err)
{
	char all[240] = "";
	size_t len = 0;

	for (size_t i = 0; i < oae_synth_quant_count; i++) {
		if (name && !strcmp(name, oae_synth_quants[i].name)) {
			*out = &oae_synth_quants[i];
			return OAE_OK;
		}
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					i ? ", " : "",
					oae_synth_quants[i].name);
	}
	return oae_fail(err, OAE_ERR_USAGE, 0, "--quant %.40s: there are %s",
			name ? name : "is missing", all);
}

const struct oae_synth_arch *oae_synth_find_arch(const char *name)
{
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		if (!strcmp(name, archs[i].name))
			return &archs[i];
	return NULL;
}

enum oae_status oae_synth_set_arch(struct oae_synth_shape *shape,
				   const char *name, struct oae_error *err)
{
	const struct oae_synth_arch *arch = oae_synth_find_arch(name);

	if (!arch)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--arch %.40s: there are llama (also "
				"Mistral's), mixtral, qwen2, qwen3 and "
				"qwen3moe",
				name);
	shape->arch = arch->name;
	if (!strncmp(name, "qwen", 4)) {
		shape->eps = 1e-6f;
		shape->rope_base = 1e6f;
		shape->rope_factor = 0;
	}
	if (!arch->experts) {
		shape->experts = shape->used = 0;
	} else if (!shape->experts) {
		shape->experts = EXPERTS_USUAL;
		shape->used = EXPERTS_USUAL / 2;
	}
	return OAE_OK;
}

/* The matrices' widths must be whole blocks. */
static enum oae_status check_widths(const struct oae_synth_shape *p,
				    const struct oae_synth_quant *quant,
				    struct oae_error *err)
{
	size_t block = oae_tensor_type_block(quant->type);
	const struct {
		const char *what;
		uint64_t width;
	} list[] = {
		{ "dim", p->dim },
		{ "hidden", p->hidden },
		{ "heads x head-dim", (uint64_t)p->heads * p->head_dim },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i].width % block)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"%s in %s: %s is %llu, and %s needs "
					"multiples of %zu; try another --quant",
					p->name, quant->name, list[i].what,
					(unsigned long long)list[i].width,
					quant->name, block);
	return OAE_OK;
}

enum oae_status oae_synth_check(const struct oae_synth_shape *p,
				const struct oae_synth_quant *quant,
				struct oae_error *err)
{
	if (p->heads % p->kv_heads)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%u heads cannot share %u key-value heads",
				p->heads, p->kv_heads);
	if (p->head_dim % 16 || !p->head_dim)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"head-dim %u: give a multiple of 16",
				p->head_dim);
	if (p->used > p->experts)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%u experts used, but there are only %u",
				p->used, p->experts);
	if (oae_synth_find_arch(p->arch)->experts && (!p->experts || !p->used))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s needs experts, and some used", p->arch);
	if (p->vocab < VOCAB_LEAST)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"vocab %u: give at least %u, one token for "
				"each byte and one that ends",
				p->vocab, VOCAB_LEAST);
	return check_widths(p, quant, err);
}

/* What oae_synth_tensors() goes along. */
struct walk {
	const struct oae_synth_shape *p;
	const struct oae_synth_quant *quant;
	enum oae_status (*fn)(void *ctx, const struct oae_synth_tensor *t);
	void *ctx;
	enum oae_status status;
	uint32_t layer;
};

static void name_tensor(const struct walk *w, const char *part,
			struct oae_synth_tensor *t)
{
	if (w->layer == UINT32_MAX)
		snprintf(t->name, sizeof(t->name), "%s", part);
	else
		snprintf(t->name, sizeof(t->name), "blk.%u.%s", w->layer, part);
}

static void vector(struct walk *w, const char *part, uint64_t n, float mean,
		   float sigma)
{
	struct oae_synth_tensor t = {
		.type = OAE_TENSOR_F32,
		.n_dims = 1,
		.dims = { n, 1, 1 },
		.mean = mean,
		.sigma = sigma,
	};

	name_tensor(w, part, &t);
	if (!w->status)
		w->status = w->fn(w->ctx, &t);
}

/* gain: how much greater than its inputs' the outputs' deviation is. */
static void matrix(struct walk *w, const char *part, uint64_t inputs,
		   uint64_t outputs, uint64_t experts, float gain,
		   enum oae_tensor_type type)
{
	struct oae_synth_tensor t = {
		.type = type,
		.n_dims = experts ? 3 : 2,
		.dims = { inputs, outputs, experts ? experts : 1 },
		.sigma = gain / sqrtf((float)inputs),
	};

	name_tensor(w, part, &t);
	if (!w->status)
		w->status = w->fn(w->ctx, &t);
}

/* The layers whose values and down-projections a mixture spares. */
static bool more_bits(const struct walk *w)
{
	uint32_t n = w->p->layers, i = w->layer;

	return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
}

static void attention(struct walk *w, const struct oae_synth_arch *arch)
{
	const struct oae_synth_shape *p = w->p;
	enum oae_tensor_type type = w->quant->type,
			     some = more_bits(w) ? w->quant->better : type;
	uint64_t q = (uint64_t)p->heads * p->head_dim;
	uint64_t kv = (uint64_t)p->kv_heads * p->head_dim;

	vector(w, "attn_norm.weight", p->dim, 1, 0.1f);
	/* scores deviate by 2 or so: heads attend to something */
	matrix(w, "attn_q.weight", p->dim, q, 0, 1.5f, type);
	matrix(w, "attn_k.weight", p->dim, kv, 0, 1.5f, type);
	matrix(w, "attn_v.weight", p->dim, kv, 0, 1, some);
	if (arch->biases) {
		vector(w, "attn_q.bias", q, 0, 0.3f);
		vector(w, "attn_k.bias", kv, 0, 0.3f);
		vector(w, "attn_v.bias", kv, 0, 0.3f);
	}
	if (arch->qk_norm) {
		vector(w, "attn_q_norm.weight", p->head_dim, 1.5f, 0.1f);
		vector(w, "attn_k_norm.weight", p->head_dim, 1.5f, 0.1f);
	}
	matrix(w, "attn_output.weight", q, p->dim, 0, 1, type);
}

static void feed_forward(struct walk *w)
{
	const struct oae_synth_shape *p = w->p;
	enum oae_tensor_type type = w->quant->type,
			     some = more_bits(w) ? w->quant->better : type;

	vector(w, "ffn_norm.weight", p->dim, 1, 0.1f);
	if (!p->experts) {
		matrix(w, "ffn_gate.weight", p->dim, p->hidden, 0, 1, type);
		matrix(w, "ffn_up.weight", p->dim, p->hidden, 0, 1, type);
		matrix(w, "ffn_down.weight", p->hidden, p->dim, 0, 1, some);
		return;
	}
	matrix(w, "ffn_gate_inp.weight", p->dim, p->experts, 0, 1,
	       OAE_TENSOR_F32);
	matrix(w, "ffn_gate_exps.weight", p->dim, p->hidden, p->experts, 1,
	       type);
	matrix(w, "ffn_up_exps.weight", p->dim, p->hidden, p->experts, 1, type);
	matrix(w, "ffn_down_exps.weight", p->hidden, p->dim, p->experts, 1,
	       some);
}

static void rope_factors(struct walk *w)
{
	struct oae_synth_tensor t = {
		.name = "rope_freqs.weight",
		.type = OAE_TENSOR_F32,
		.kind = OAE_SYNTH_ROPE,
		.n_dims = 1,
		.dims = { w->p->head_dim / 2, 1, 1 },
	};

	if (w->p->rope_factor > 0 && !w->status)
		w->status = w->fn(w->ctx, &t);
}

enum oae_status oae_synth_tensors(
	const struct oae_synth_shape *p, const struct oae_synth_quant *quant,
	enum oae_status (*fn)(void *ctx, const struct oae_synth_tensor *t),
	void *ctx)
{
	const struct oae_synth_arch *arch = oae_synth_find_arch(p->arch);
	struct walk w = { p, quant, fn, ctx, OAE_OK, UINT32_MAX };

	matrix(&w, "token_embd.weight", p->dim, p->vocab, 0, 2,
	       p->tied ? quant->better : quant->type);
	rope_factors(&w);
	for (uint32_t i = 0; i < p->layers && !w.status; i++) {
		w.layer = i;
		attention(&w, arch);
		feed_forward(&w);
	}
	w.layer = UINT32_MAX;
	vector(&w, "output_norm.weight", p->dim, 1, 0.1f);
	if (!p->tied)
		matrix(&w, "output.weight", p->dim, p->vocab, 0, 2,
		       quant->better);
	return w.status;
}

struct sizing {
	const struct oae_synth_shape *p;
	struct oae_synth_size *out;
};

static enum oae_status add_size(void *ctx, const struct oae_synth_tensor *t)
{
	struct sizing *s = ctx;
	uint64_t n = t->dims[0] * t->dims[1] * t->dims[2];

	s->out->parameters += n;
	s->out->bytes += oae_tensor_bytes(t->type, (size_t)n);
	if (t->n_dims == 3 && s->p->experts)
		n = n / s->p->experts * s->p->used;
	/* of an embedding that is not the output too, one row is read */
	if (s->p->tied || strcmp(t->name, "token_embd.weight"))
		s->out->active += n;
	return OAE_OK;
}

void oae_synth_size(const struct oae_synth_shape *shape,
		    const struct oae_synth_quant *quant,
		    struct oae_synth_size *out)
{
	struct sizing s = { shape, out };

	memset(out, 0, sizeof(*out));
	oae_synth_tensors(shape, quant, add_size, &s);
}
