/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/model/model.h"

#include <stdio.h>
#include <string.h>

#define KEY_BYTES 96

struct architecture {
	const char *name;
	bool qk_norm, rope_halves, expert_ff_key, rope_factors;
	enum oae_biases biases;
};

static const struct architecture architectures[] = {
	{ "llama", .rope_factors = true, .biases = OAE_BIASES_MAYBE },
	{ "qwen2", .rope_halves = true, .biases = OAE_BIASES_ALL },
	{ "qwen3", .qk_norm = true, .rope_halves = true },
	{ "qwen3moe", .qk_norm = true, .rope_halves = true,
	  .expert_ff_key = true },
};
#define N_ARCHITECTURES (sizeof(architectures) / sizeof(architectures[0]))

/*
 * What would change the computation and isn't computed here: keys after the
 * architecture's name, and the two values that change nothing.
 */
static const struct {
	const char *key;
	double same, also;
} variants[] = {
	{ "attention.causal", 1, 1 },
	{ "attention.clamp_kqv", 0, 0 },
	{ "attention.max_alibi_bias", 0, 0 },
	{ "attention.scale", 0, 0 },
	{ "attn_logit_softcapping", 0, 0 },
	{ "final_logit_softcapping", 0, 0 },
	{ "router_logit_softcapping", 0, 0 },
	{ "embedding_scale", 0, 1 },
	{ "residual_scale", 0, 1 },
	{ "logit_scale", 0, 1 },
	{ "use_parallel_residual", 0, 0 },
	{ "expert_gating_func", 0, 1 }, /* 1: softmax */
	{ "expert_group_count", 0, 1 },
	{ "expert_shared_count", 0, 0 },
	{ "expert_weights_norm", 1, 1 },
	{ "expert_weights_scale", 0, 1 },
	{ "interleave_moe_layer_step", 0, 1 },
	{ "leading_dense_block_count", 0, 0 },
	{ "moe_every_n_layers", 0, 1 },
	{ "nextn_predict_layers", 0, 0 },
	{ "rope.scaling.attn_factor", 0, 1 },
};
#define N_VARIANTS (sizeof(variants) / sizeof(variants[0]))

/* The one value of an array that some converters write, one per layer. */
static enum oae_status same_of_all(struct oae_gguf *g, const char *key,
				   uint64_t *out, struct oae_error *err)
{
	const int32_t *values;
	size_t n;

	if (oae_gguf_i32s(g, key, &values, &n, NULL))
		return oae_gguf_u64(g, key, out, err);
	for (size_t i = 0; i < n; i++)
		if (values[i] != values[0] || values[i] < 0)
			return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					"metadata \"%s\": layers that differ "
					"in it are not supported",
					key);
	*out = n ? (uint64_t)values[0] : 0;
	return OAE_OK;
}

/* A whole number in [least, most] under "ARCH.name". */
static enum oae_status number(struct oae_gguf *g, const char *arch,
			      const char *name, uint64_t least, uint64_t most,
			      uint32_t *out, struct oae_error *err)
{
	char key[KEY_BYTES];
	uint64_t v;
	enum oae_status status;

	snprintf(key, sizeof(key), "%s.%s", arch, name);
	status = same_of_all(g, key, &v, err);
	if (status)
		return status;
	if (v < least || v > most)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"metadata \"%s\" is %llu, not in %llu..%llu",
				key, (unsigned long long)v,
				(unsigned long long)least,
				(unsigned long long)most);
	*out = (uint32_t)v;
	return OAE_OK;
}

static enum oae_status number_or(struct oae_gguf *g, const char *arch,
				 const char *name, uint64_t least,
				 uint64_t most, uint32_t otherwise,
				 uint32_t *out, struct oae_error *err)
{
	char key[KEY_BYTES];

	snprintf(key, sizeof(key), "%s.%s", arch, name);
	*out = otherwise;
	return oae_gguf_has(g, key) ?
		       number(g, arch, name, least, most, out, err) :
		       OAE_OK;
}

static enum oae_status real(struct oae_gguf *g, const char *arch,
			    const char *name, double least, double most,
			    float *out, struct oae_error *err)
{
	char key[KEY_BYTES];
	double v;
	enum oae_status status;

	snprintf(key, sizeof(key), "%s.%s", arch, name);
	status = oae_gguf_f64(g, key, &v, err);
	if (status)
		return status;
	if (!(v >= least && v <= most))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"metadata \"%s\" is %g, not in %g..%g", key, v,
				least, most);
	*out = (float)v;
	return OAE_OK;
}

/* A number or a truth value as a number. */
static enum oae_status any_number(struct oae_gguf *g, const char *key,
				  double *out, struct oae_error *err)
{
	uint64_t whole;
	bool yes;

	if (!oae_gguf_u64(g, key, &whole, NULL)) {
		*out = (double)whole;
		return OAE_OK;
	}
	if (!oae_gguf_bool(g, key, &yes, NULL)) {
		*out = yes;
		return OAE_OK;
	}
	return oae_gguf_f64(g, key, out, err);
}

static enum oae_status refuse_variants(struct oae_gguf *g,
				       const struct oae_shape *s,
				       struct oae_error *err)
{
	/* partial rotation, and values of another length than keys */
	static const char *const heads[] = { "rope.dimension_count",
					     "attention.key_length",
					     "attention.value_length" };
	char key[KEY_BYTES];
	double v;
	enum oae_status status;

	for (size_t i = 0; i < N_VARIANTS + 3; i++) {
		snprintf(key, sizeof(key), "%s.%s", s->architecture,
			 i < 3 ? heads[i] : variants[i - 3].key);
		if (!oae_gguf_has(g, key))
			continue;
		status = any_number(g, key, &v, err);
		if (status)
			return status;
		if (i < 3 ? v == s->head_dim :
			    v == variants[i - 3].same ||
				    v == variants[i - 3].also)
			continue;
		if (i < 3)
			return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					"metadata \"%s\" is %g: other than "
					"the heads' %u is not supported",
					key, v, s->head_dim);
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"metadata \"%s\" is %g: that variant is not "
				"supported",
				key, v);
	}
	return OAE_OK;
}

/* None, or linear: all positions divided by a factor. */
static enum oae_status read_scaling(struct oae_gguf *g, struct oae_shape *s,
				    struct oae_error *err)
{
	static const char *const names[] = { "rope.scaling.factor",
					     "rope.scale_linear" };
	const char *arch = s->architecture, *kind = "linear";
	char key[KEY_BYTES];
	enum oae_status status = OAE_OK;
	float factor = 1;

	s->rope_scale = 1;
	snprintf(key, sizeof(key), "%s.rope.scaling.type", arch);
	if (oae_gguf_has(g, key))
		status = oae_gguf_str(g, key, &kind, err);
	if (status || !strcmp(kind, "none"))
		return status;
	if (strcmp(kind, "linear"))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"metadata \"%s\" is \"%.32s\": supported are "
				"none and linear",
				key, kind);
	for (size_t i = 0; i < 2; i++) {
		snprintf(key, sizeof(key), "%s.%s", arch, names[i]);
		if (!oae_gguf_has(g, key))
			continue;
		status = real(g, arch, names[i], 0, 1e6, &factor, err);
		if (!status && factor > 0) /* 0: none */
			s->rope_scale = 1 / factor;
		return status;
	}
	return OAE_OK;
}

/* The trained length, and what a sliding window leaves of it. */
static enum oae_status read_context(struct oae_gguf *g, struct oae_shape *s,
				    struct oae_error *err)
{
	const char *arch = s->architecture;
	enum oae_status status;

	status = number(g, arch, "context_length", 1, UINT32_MAX,
			&s->n_ctx_trained, err);
	if (!status)
		status = number_or(g, arch, "attention.sliding_window", 0,
				   UINT32_MAX, 0, &s->window, err);
	s->n_ctx = s->n_ctx_trained;
	if (s->window && s->window < s->n_ctx)
		s->n_ctx = s->window;
	return status;
}

const char *oae_shape_context_why(const struct oae_shape *s)
{
	return s->n_ctx < s->n_ctx_trained ? "its sliding window" :
					     "what it was trained for";
}

static enum oae_status read_feed_forward(struct oae_gguf *g, const char *arch,
					 const struct architecture *a,
					 struct oae_shape *s,
					 struct oae_error *err)
{
	const char *length = a->expert_ff_key ? "expert_feed_forward_length" :
						"feed_forward_length";
	enum oae_status status;

	status = number(g, arch, length, 1, 1u << 20, &s->n_ff, err);
	if (status)
		return status;
	status = a->expert_ff_key ?
			 number(g, arch, "expert_count", 1,
				OAE_MODEL_EXPERTS_MAX, &s->n_expert, err) :
			 number_or(g, arch, "expert_count", 0,
				   OAE_MODEL_EXPERTS_MAX, 0, &s->n_expert, err);
	if (status || !s->n_expert)
		return status;
	return number(g, arch, "expert_used_count", 1, s->n_expert,
		      &s->n_expert_used, err);
}

static enum oae_status read_sizes(struct oae_gguf *g, const char *arch,
				  struct oae_shape *s, struct oae_error *err)
{
	enum oae_status status;

	status = number(g, arch, "embedding_length", 1, 1u << 17, &s->n_embd,
			err);
	if (!status)
		status = number(g, arch, "block_count", 1, 1024, &s->n_layer,
				err);
	if (!status)
		status = read_context(g, s, err);
	if (!status)
		status = number(g, arch, "attention.head_count", 1, 1024,
				&s->n_head, err);
	if (!status)
		status = number_or(g, arch, "attention.head_count_kv", 1,
				   s->n_head, s->n_head, &s->n_kv_head, err);
	if (!status)
		status = number_or(g, arch, "attention.key_length", 16, 1024,
				   s->n_embd / s->n_head, &s->head_dim, err);
	if (!status)
		status = real(g, arch, "attention.layer_norm_rms_epsilon", 0, 1,
			      &s->eps, err);
	s->rope_base = 10000.0f;
	return status;
}

/* Files that are not one whole model of a known architecture. */
static enum oae_status find_architecture(struct oae_gguf *g,
					 const struct architecture **out,
					 struct oae_error *err)
{
	const char *arch, *type = "model";
	uint64_t parts = 1;
	enum oae_status status;

	status = oae_gguf_str(g, "general.architecture", &arch, err);
	if (!status && oae_gguf_has(g, "general.type"))
		status = oae_gguf_str(g, "general.type", &type, err);
	if (!status && oae_gguf_has(g, "split.count"))
		status = oae_gguf_u64(g, "split.count", &parts, err);
	if (status)
		return status;
	if (strcmp(type, "model"))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"metadata \"general.type\" is \"%.32s\": only "
				"whole models are read",
				type);
	if (parts > 1)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"metadata \"split.count\" is %llu: this is one "
				"part of a model; merge the parts first "
				"(llama-gguf-split --merge)",
				(unsigned long long)parts);
	for (size_t i = 0; i < N_ARCHITECTURES; i++) {
		if (strcmp(arch, architectures[i].name))
			continue;
		*out = &architectures[i];
		return OAE_OK;
	}
	return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
			"architecture \"%.64s\" is not supported; supported "
			"are llama, qwen2, qwen3 and qwen3moe",
			arch);
}

enum oae_status oae_shape_read(struct oae_gguf *g, struct oae_shape *out,
			       struct oae_error *err)
{
	const struct architecture *a = NULL;
	const struct oae_gguf_tensor *t;
	struct oae_shape s = { 0 };
	char key[KEY_BYTES];
	const char *arch;
	enum oae_status status = find_architecture(g, &a, err);

	if (status)
		return status;
	arch = a->name;
	snprintf(s.architecture, sizeof(s.architecture), "%s", arch);
	s.qk_norm = a->qk_norm;
	s.rope_halves = a->rope_halves;
	s.rope_factors = a->rope_factors;
	s.biases = a->biases;
	status = read_sizes(g, arch, &s, err);
	if (!status)
		status = read_feed_forward(g, arch, a, &s, err);
	snprintf(key, sizeof(key), "%s.rope.freq_base", arch);
	if (!status && oae_gguf_has(g, key))
		status = real(g, arch, "rope.freq_base", 1, 1e12, &s.rope_base,
			      err);
	if (!status)
		status = read_scaling(g, &s, err);
	if (!status)
		status = refuse_variants(g, &s, err);
	if (!status && oae_gguf_has(g, "oae.synthetic"))
		status = oae_gguf_bool(g, "oae.synthetic", &s.synthetic, err);
	if (status)
		return status;
	if (s.n_head % s.n_kv_head)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%s.attention.head_count_kv: %u heads over %u "
				"key-value heads do not divide evenly",
				arch, s.n_head, s.n_kv_head);
	if (s.head_dim < 16 || s.head_dim % 16)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%s.attention.key_length: heads of %u; "
				"supported are multiples of 16",
				arch, s.head_dim);
	t = oae_gguf_tensor(g, "token_embd.weight");
	if (!t || t->n_dims != 2 || t->dims[0] != s.n_embd ||
	    t->dims[1] > OAE_GGUF_ARRAY_MAX)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"tensor \"token_embd.weight\" is missing or "
				"not %u wide",
				s.n_embd);
	s.n_vocab = (uint32_t)t->dims[1];
	s.tied = !oae_gguf_tensor(g, "output.weight");
	*out = s;
	return OAE_OK;
}
