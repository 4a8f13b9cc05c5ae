/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/model.h"

#include <stdio.h>
#include <string.h>

#define KEY_BYTES 96

struct architecture {
	const char *name;
	bool qk_norm, rope_halves, expert_ff_key;
};

static const struct architecture architectures[] = {
	{ "llama", false, false, false },
	{ "qwen3", true, true, false },
	{ "qwen3moe", true, true, true },
};
#define N_ARCHITECTURES (sizeof(architectures) / sizeof(architectures[0]))

/* A whole number in [least, most] under "ARCH.name". */
static enum oae_status number(struct oae_gguf *g, const char *arch,
			      const char *name, uint64_t least, uint64_t most,
			      uint32_t *out, struct oae_error *err)
{
	char key[KEY_BYTES];
	uint64_t v;
	enum oae_status status;

	snprintf(key, sizeof(key), "%s.%s", arch, name);
	status = oae_gguf_u64(g, key, &v, err);
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

/* What would change the computation and isn't computed here. */
static enum oae_status refuse_variants(struct oae_gguf *g,
				       const struct oae_shape *s,
				       struct oae_error *err)
{
	const char *arch = s->architecture, *scaling;
	char key[KEY_BYTES];
	uint32_t v;
	enum oae_status status;

	snprintf(key, sizeof(key), "%s.rope.scaling.type", arch);
	if (oae_gguf_has(g, key)) {
		status = oae_gguf_str(g, key, &scaling, err);
		if (status)
			return status;
		if (strcmp(scaling, "none"))
			return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
					"%s \"%s\": rotary scaling is not "
					"supported",
					key, scaling);
	}
	status = number_or(g, arch, "attention.sliding_window", 0, UINT32_MAX,
			   0, &v, err);
	if (status)
		return status;
	if (v)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%s.attention.sliding_window: windows are not "
				"supported",
				arch);
	status = number_or(g, arch, "rope.dimension_count", 0, UINT32_MAX,
			   s->head_dim, &v, err);
	if (status)
		return status;
	if (v != s->head_dim)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%s.rope.dimension_count: partial rotation is "
				"not supported",
				arch);
	status = number_or(g, arch, "attention.value_length", 0, UINT32_MAX,
			   s->head_dim, &v, err);
	if (status)
		return status;
	if (v != s->head_dim)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%s.attention.value_length: values of another "
				"length than keys are not supported",
				arch);
	return OAE_OK;
}

static enum oae_status read_experts(struct oae_gguf *g, const char *arch,
				    const struct architecture *a,
				    struct oae_shape *s, struct oae_error *err)
{
	enum oae_status status;

	status = a->expert_ff_key ?
			 number(g, arch, "expert_count", 1,
				OAE_MODEL_EXPERTS_MAX, &s->n_expert, err) :
			 number_or(g, arch, "expert_count", 0,
				   OAE_MODEL_EXPERTS_MAX, 0, &s->n_expert, err);
	if (status || !s->n_expert)
		return status;
	status = number(g, arch, "expert_used_count", 1, s->n_expert,
			&s->n_expert_used, err);
	if (status || !a->expert_ff_key)
		return status;
	return number(g, arch, "expert_feed_forward_length", 1, 1u << 20,
		      &s->n_ff, err);
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
		status = number(g, arch, "context_length", 1, UINT32_MAX,
				&s->n_ctx, err);
	if (!status)
		status = number(g, arch, "feed_forward_length", 1, 1u << 20,
				&s->n_ff, err);
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

enum oae_status oae_shape_read(struct oae_gguf *g, struct oae_shape *out,
			       struct oae_error *err)
{
	const struct architecture *a = NULL;
	const struct oae_gguf_tensor *t;
	struct oae_shape s = { 0 };
	char key[KEY_BYTES];
	const char *arch;
	enum oae_status status;

	status = oae_gguf_str(g, "general.architecture", &arch, err);
	if (status)
		return status;
	for (size_t i = 0; i < N_ARCHITECTURES; i++)
		if (!strcmp(arch, architectures[i].name))
			a = &architectures[i];
	if (!a)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"architecture \"%.64s\" is not supported; "
				"supported are llama, qwen3 and qwen3moe",
				arch);
	snprintf(s.architecture, sizeof(s.architecture), "%s", a->name);
	s.qk_norm = a->qk_norm;
	s.rope_halves = a->rope_halves;
	status = read_sizes(g, arch, &s, err);
	if (!status)
		status = read_experts(g, arch, a, &s, err);
	snprintf(key, sizeof(key), "%s.rope.freq_base", arch);
	if (!status && oae_gguf_has(g, key))
		status = real(g, arch, "rope.freq_base", 1, 1e12, &s.rope_base,
			      err);
	if (!status)
		status = refuse_variants(g, &s, err);
	if (!status && oae_gguf_has(g, "oae.synthetic"))
		status = oae_gguf_bool(g, "oae.synthetic", &s.synthetic, err);
	if (status)
		return status;
	if (s.n_head % s.n_kv_head || s.head_dim % 16)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%u heads over %u key-value heads of %u: heads "
				"must divide evenly and be multiples of 16",
				s.n_head, s.n_kv_head, s.head_dim);
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
