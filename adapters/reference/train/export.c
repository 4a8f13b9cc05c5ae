/* SPDX-License-Identifier: Apache-2.0 */
/* Models as GGUF files, out and in. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/train/state.h"
#include "base/file.h"
#include "base/json.h"

static void add_key(struct oae_gguf_writer *g, const char *arch,
		    const char *key, uint32_t value)
{
	char name[128];

	snprintf(name, sizeof(name), "%s.%s", arch, key);
	oae_gguf_add_u32(g, name, value);
}

static void add_shape(struct oae_gguf_writer *g, const struct oae_net_shape *s,
		      const char *arch)
{
	char name[128];

	add_key(g, arch, "context_length", s->context);
	add_key(g, arch, "embedding_length", s->dim);
	add_key(g, arch, "block_count", s->layers);
	add_key(g, arch, "feed_forward_length",
		s->experts ? s->hidden * s->used : s->hidden);
	add_key(g, arch, "attention.head_count", s->heads);
	add_key(g, arch, "attention.head_count_kv", s->heads);
	add_key(g, arch, "attention.key_length", s->head_dim);
	add_key(g, arch, "attention.value_length", s->head_dim);
	snprintf(name, sizeof(name), "%s.attention.layer_norm_rms_epsilon",
		 arch);
	oae_gguf_add_f32(g, name, s->eps);
	snprintf(name, sizeof(name), "%s.rope.freq_base", arch);
	oae_gguf_add_f32(g, name, s->rope_base);
	if (!s->experts)
		return;
	add_key(g, arch, "expert_count", s->experts);
	add_key(g, arch, "expert_used_count", s->used);
	add_key(g, arch, "expert_feed_forward_length", s->hidden);
}

static void add_tokenizer(struct oae_gguf_writer *g,
			  const struct oae_tokenizer_parts *v)
{
	oae_gguf_add_str(g, "tokenizer.ggml.model", "gpt2");
	oae_gguf_add_str(g, "tokenizer.ggml.pre", v->pre);
	oae_gguf_add_strs(g, "tokenizer.ggml.tokens", v->tokens, v->n_tokens);
	oae_gguf_add_i32s(g, "tokenizer.ggml.token_type", v->types,
			  v->n_tokens);
	oae_gguf_add_strs(g, "tokenizer.ggml.merges", v->merges, v->n_merges);
	oae_gguf_add_u32(g, "tokenizer.ggml.eos_token_id", (uint32_t)v->eos);
	oae_gguf_add_bool(g, "tokenizer.ggml.add_bos_token", false);
	oae_gguf_add_bool(g, "tokenizer.ggml.add_eos_token", false);
}

enum oae_status oae_train_export(const struct oae_train *t, const char *path,
				 struct oae_error *err)
{
	const struct oae_net_shape *s = &t->net.shape;
	const char *arch = s->experts ? "qwen3moe" : "qwen3";
	struct oae_gguf_writer *g = NULL;
	enum oae_status st;

	st = oae_gguf_create(path, &g, err);
	if (st)
		return st;
	oae_gguf_add_str(g, "general.architecture", arch);
	oae_gguf_add_str(g, "general.name", t->preset->title);
	oae_gguf_add_str(g, "general.description", t->preset->about);
	oae_gguf_add_str(g, "general.license", "Apache-2.0");
	oae_gguf_add_u32(g, "general.file_type", 0);
	add_shape(g, s, arch);
	add_tokenizer(g, oae_tokenizer_parts(t->tokenizer));
	for (size_t i = 0; i < t->net.n_tensors; i++) {
		const struct oae_net_tensor *x = &t->net.tensor[i];
		uint64_t dims[3] = { x->cols, x->rows, x->slices };
		uint32_t n = x->class == OAE_NET_NORM ? 1 : 2;

		if (s->experts && x->class == OAE_NET_MATRIX &&
		    x->slices == s->experts)
			n = 3;
		oae_gguf_add_tensor(g, x->name, OAE_TENSOR_F32, n, dims,
				    t->w + x->offset);
	}
	return oae_gguf_finish(g, err);
}

static enum oae_status read_shape(struct oae_gguf *g, struct oae_net_shape *s,
				  struct oae_error *err)
{
	static const char *const keys[] = {
		"embedding_length",
		"block_count",
		"attention.head_count",
		"attention.key_length",
		"feed_forward_length",
		"context_length",
		"expert_count",
		"expert_used_count",
		"expert_feed_forward_length",
	};
	uint64_t v[9] = { 0 };
	const char *arch, *const *tokens;
	char name[160];
	size_t n_tokens, n = 6;
	double base = 0.0, eps = 0.0;
	enum oae_status st =
		oae_gguf_str(g, "general.architecture", &arch, err);

	if (st)
		return st;
	if (!strcmp(arch, "qwen3moe"))
		n = 9;
	else if (strcmp(arch, "qwen3"))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"architecture %.40s: the trainer takes qwen3 "
				"and qwen3moe",
				arch);
	for (size_t i = 0; i < n && !st; i++) {
		snprintf(name, sizeof(name), "%.40s.%s", arch, keys[i]);
		st = oae_gguf_u64(g, name, &v[i], err);
		if (!st && v[i] > 65536)
			st = oae_fail(err, OAE_ERR_LIMIT, 0, "%s: too large",
				      name);
	}
	snprintf(name, sizeof(name), "%.40s.rope.freq_base", arch);
	if (!st)
		st = oae_gguf_f64(g, name, &base, err);
	snprintf(name, sizeof(name), "%.40s.attention.layer_norm_rms_epsilon",
		 arch);
	if (!st)
		st = oae_gguf_f64(g, name, &eps, err);
	if (!st)
		st = oae_gguf_strs(g, "tokenizer.ggml.tokens", &tokens,
				   &n_tokens, err);
	if (st)
		return st;
	*s = (struct oae_net_shape){
		.vocab = (uint32_t)n_tokens,
		.dim = (uint32_t)v[0],
		.layers = (uint32_t)v[1],
		.heads = (uint32_t)v[2],
		.head_dim = (uint32_t)v[3],
		.hidden = (uint32_t)(n == 9 ? v[8] : v[4]),
		.context = (uint32_t)v[5],
		.experts = (uint32_t)v[6],
		.used = (uint32_t)v[7],
		.rope_base = (float)base,
		.eps = (float)eps,
	};
	return OAE_OK;
}

static enum oae_status read_tokenizer(struct oae_gguf *g,
				      struct oae_tokenizer **out,
				      struct oae_error *err)
{
	struct oae_tokenizer_parts p = { .bos = -1, .eos = -1 };
	size_t n_types = 0;
	uint64_t eos = 0;
	enum oae_status st;

	st = oae_gguf_strs(g, "tokenizer.ggml.tokens", &p.tokens, &p.n_tokens,
			   err);
	if (!st)
		st = oae_gguf_strs(g, "tokenizer.ggml.merges", &p.merges,
				   &p.n_merges, err);
	if (!st)
		st = oae_gguf_i32s(g, "tokenizer.ggml.token_type", &p.types,
				   &n_types, err);
	if (!st)
		st = oae_gguf_str(g, "tokenizer.ggml.pre", &p.pre, err);
	if (!st)
		st = oae_gguf_u64(g, "tokenizer.ggml.eos_token_id", &eos, err);
	if (!st && (n_types != p.n_tokens || eos >= p.n_tokens))
		st = oae_fail(err, OAE_ERR_FORMAT, 0,
			      "tokenizer: types or end token do not fit its "
			      "%zu tokens",
			      p.n_tokens);
	p.eos = (int32_t)eos;
	return st ? st : oae_tokenizer_new(&p, out, err);
}

static enum oae_status read_weights(struct oae_gguf *g,
				    const struct oae_net *net, float *w,
				    struct oae_error *err)
{
	for (size_t i = 0; i < net->n_tensors; i++) {
		const struct oae_net_tensor *x = &net->tensor[i];
		const struct oae_gguf_tensor *from;
		size_t n = x->slices * x->rows * x->cols;

		from = oae_gguf_tensor(g, x->name);
		if (!from || from->elements != n)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"tensor %s: missing or of another size",
					x->name);
		oae_tensor_to_f32(from->type, from->data, n, w + x->offset);
	}
	return OAE_OK;
}

enum oae_status oae_train_import(const char *path, struct oae_net *net,
				 float **w, struct oae_tokenizer **tokenizer,
				 struct oae_error *err)
{
	struct oae_net_shape shape;
	struct oae_gguf *g = NULL;
	enum oae_status st;

	*w = NULL;
	st = oae_gguf_open(path, &g, err);
	if (!st)
		st = read_shape(g, &shape, err);
	if (!st)
		st = oae_net_init(net, &shape, err);
	if (st)
		goto out;
	*w = calloc(net->n_floats + OAE_KERN_SLACK, sizeof(float));
	st = *w ? read_weights(g, net, *w, err) :
		  oae_fail(err, OAE_ERR_NOMEM, 0, "weights");
	if (!st)
		st = read_tokenizer(g, tokenizer, err);
out:
	oae_gguf_close(g);
	if (st) {
		oae_error_prefix(err, "%s", path);
		free(*w);
		*w = NULL;
	}
	return st;
}
