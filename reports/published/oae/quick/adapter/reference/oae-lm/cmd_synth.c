/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random weights in the shape of a real model: how fast would it be here,
 * before it is downloaded? They carry no quality, and the file says so.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/gguf.h"
#include "adapters/reference/oae-lm/commands.h"
#include "adapters/reference/oae-lm/options.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/rng.h"

#define CHUNK 65536u /* elements made at once */

/* Published configurations; eps 1e-5, rotary base 10000, 2048 positions. */
static const struct shape {
	const char *name, *about;
	uint32_t dim, hidden, layers, heads, kv_heads, vocab;
	bool tied;
	uint32_t experts, used;
} shapes[] = {
	{ "tinyllama-1.1b", "TinyLlama 1.1B", 2048, 5632, 22, 32, 4, 32000,
	  false, 0, 0 },
	{ "smollm-135m", "SmolLM 135M", 576, 1536, 30, 9, 3, 49152, true, 0,
	  0 },
	{ "s110", "stories110M", 768, 2048, 12, 12, 12, 32000, true, 0, 0 },
	{ "s15", "stories15M", 288, 768, 6, 6, 6, 32000, true, 0, 0 },
	{ "moe-8x2", "8 experts of 1792, 2 used", 1024, 1792, 12, 16, 4, 32000,
	  false, 8, 2 },
	{ "tiny", "for tests", 64, 160, 2, 4, 2, 288, true, 0, 0 },
	{ "tiny-moe", "for tests", 64, 96, 2, 4, 2, 288, true, 4, 2 },
};
#define N_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

struct synth {
	const struct shape *shape;
	struct oae_gguf_writer *w;
	enum oae_tensor_type type;
	struct oae_rng rng;
	float *chunk;
	/* first declare all tensors, then, in the same order, write them */
	bool writing;
	uint64_t written, total; /* elements */
	struct oae_error *err;
};

/* Code point c (below 0x800) as UTF-8. */
static void put_code_point(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		out[1] = 0;
		return;
	}
	out[0] = (char)(0xc0 | c >> 6);
	out[1] = (char)(0x80 | (c & 0x3f));
	out[2] = 0;
}

/*
 * A byte-level vocabulary without merges: 256 bytes in GPT-2's alphabet,
 * fillers that text never becomes but that print as a word, an end token.
 */
static enum oae_status add_tokenizer(struct synth *s)
{
	uint32_t n = s->shape->vocab, other = 256;
	struct oae_arena arena;
	const char **tokens;
	int32_t *types;
	char text[32];

	oae_arena_init(&arena, 64u << 20);
	tokens = oae_arena_array(&arena, n, sizeof(*tokens));
	types = oae_arena_array(&arena, n, sizeof(*types));
	for (uint32_t i = 0; tokens && types && i < n; i++) {
		bool plain = (i >= 33 && i <= 126) || (i >= 161 && i != 173);

		types[i] = 1;
		if (i < 256)
			put_code_point(text, plain ? i : other++);
		else
			snprintf(text, sizeof(text), "\xc4\xa0w%u", i);
		tokens[i] = oae_arena_strdup(&arena, text);
		if (!tokens[i])
			tokens = NULL;
	}
	if (!tokens || !types) {
		oae_arena_release(&arena);
		return oae_fail(s->err, OAE_ERR_NOMEM, 0, "no memory");
	}
	tokens[n - 1] = "<|end|>";
	types[n - 1] = 3;
	oae_gguf_add_str(s->w, "tokenizer.ggml.model", "gpt2");
	oae_gguf_add_str(s->w, "tokenizer.ggml.pre", "gpt-2");
	oae_gguf_add_strs(s->w, "tokenizer.ggml.tokens", tokens, n);
	oae_gguf_add_i32s(s->w, "tokenizer.ggml.token_type", types, n);
	oae_gguf_add_strs(s->w, "tokenizer.ggml.merges", NULL, 0);
	oae_gguf_add_u32(s->w, "tokenizer.ggml.eos_token_id", n - 1);
	oae_gguf_add_bool(s->w, "tokenizer.ggml.add_bos_token", false);
	oae_arena_release(&arena);
	return OAE_OK;
}

static void add_metadata(struct synth *s)
{
	const struct shape *p = s->shape;
	struct oae_gguf_writer *w = s->w;

	oae_gguf_add_str(w, "general.architecture", "llama");
	oae_gguf_add_str(w, "general.name", p->about);
	oae_gguf_add_str(w, "general.description",
			 "synthetic weights: speed only");
	oae_gguf_add_bool(w, "oae.synthetic", true);
	oae_gguf_add_u32(w, "llama.vocab_size", p->vocab);
	oae_gguf_add_u32(w, "llama.context_length", 2048);
	oae_gguf_add_u32(w, "llama.embedding_length", p->dim);
	oae_gguf_add_u32(w, "llama.block_count", p->layers);
	oae_gguf_add_u32(w, "llama.feed_forward_length", p->hidden);
	oae_gguf_add_u32(w, "llama.attention.head_count", p->heads);
	oae_gguf_add_u32(w, "llama.attention.head_count_kv", p->kv_heads);
	oae_gguf_add_u32(w, "llama.rope.dimension_count", p->dim / p->heads);
	oae_gguf_add_f32(w, "llama.rope.freq_base", 10000.0f);
	oae_gguf_add_f32(w, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
	if (p->experts) {
		oae_gguf_add_u32(w, "llama.expert_count", p->experts);
		oae_gguf_add_u32(w, "llama.expert_used_count", p->used);
	}
}

/* Uniform, of the variance that keeps activations near 1. */
static void fill(struct synth *s, size_t n, uint64_t inputs)
{
	float scale = sqrtf(3.0f / (float)inputs) / 32768.0f;
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 4 == 0)
			bits = oae_rng_u64(&s->rng);
		s->chunk[i] = (float)((int)(bits & 0xffff) - 32768) * scale;
		bits >>= 16;
	}
}

static void tensor(struct synth *s, const char *name, uint32_t n_dims,
		   uint64_t inputs, uint64_t outputs, uint64_t experts)
{
	uint64_t dims[] = { inputs, outputs, experts }, left;
	enum oae_tensor_type type = n_dims == 1 || strstr(name, "gate_inp") ?
					    OAE_TENSOR_F32 :
					    s->type;
	size_t n;

	if (!s->writing) {
		oae_gguf_add_tensor(s->w, name, type, n_dims, dims, NULL);
		s->total += inputs * outputs * experts;
		return;
	}
	left = inputs * outputs * experts;
	while (left && !s->err->status) {
		n = left < CHUNK ? (size_t)left : CHUNK;
		if (n_dims == 1)
			for (size_t i = 0; i < n; i++)
				s->chunk[i] = 1;
		else
			fill(s, n, inputs);
		oae_gguf_put_f32(s->w, s->chunk, n, s->err);
		left -= n;
		s->written += n;
	}
	oae_progress("synth: %.0f %%",
		     100.0 * (double)s->written / (double)s->total);
}

static void layer(struct synth *s, uint32_t i)
{
	const struct shape *p = s->shape;
	uint32_t kv = p->dim / p->heads * p->kv_heads;
	char name[64];

#define NAME(part) \
	(snprintf(name, sizeof(name), "blk.%u." part ".weight", i), name)
	tensor(s, NAME("attn_norm"), 1, p->dim, 1, 1);
	tensor(s, NAME("attn_q"), 2, p->dim, p->dim, 1);
	tensor(s, NAME("attn_k"), 2, p->dim, kv, 1);
	tensor(s, NAME("attn_v"), 2, p->dim, kv, 1);
	tensor(s, NAME("attn_output"), 2, p->dim, p->dim, 1);
	tensor(s, NAME("ffn_norm"), 1, p->dim, 1, 1);
	if (!p->experts) {
		tensor(s, NAME("ffn_gate"), 2, p->dim, p->hidden, 1);
		tensor(s, NAME("ffn_up"), 2, p->dim, p->hidden, 1);
		tensor(s, NAME("ffn_down"), 2, p->hidden, p->dim, 1);
		return;
	}
	tensor(s, NAME("ffn_gate_inp"), 2, p->dim, p->experts, 1);
	tensor(s, NAME("ffn_gate_exps"), 3, p->dim, p->hidden, p->experts);
	tensor(s, NAME("ffn_up_exps"), 3, p->dim, p->hidden, p->experts);
	tensor(s, NAME("ffn_down_exps"), 3, p->hidden, p->dim, p->experts);
#undef NAME
}

static void all_tensors(struct synth *s)
{
	const struct shape *p = s->shape;

	tensor(s, "token_embd.weight", 2, p->dim, p->vocab, 1);
	for (uint32_t i = 0; i < p->layers && !s->err->status; i++)
		layer(s, i);
	tensor(s, "output_norm.weight", 1, p->dim, 1, 1);
	if (!p->tied)
		tensor(s, "output.weight", 2, p->dim, p->vocab, 1);
}

static enum oae_status synthesize(struct synth *s, const char *out)
{
	struct oae_error *err = s->err;

	s->chunk = malloc(CHUNK * sizeof(*s->chunk));
	if (!s->chunk)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	if (!oae_gguf_create(out, &s->w, err)) {
		add_metadata(s);
		add_tokenizer(s);
		all_tensors(s);
		s->writing = true;
		if (!err->status)
			all_tensors(s);
		oae_progress_end();
		if (err->status)
			oae_gguf_abandon(s->w);
		else
			oae_gguf_finish(s->w, err);
	}
	free(s->chunk);
	return err->status;
}

static enum oae_status find_shape(const char *name, const struct shape **out,
				  struct oae_error *err)
{
	char all[240] = "";
	size_t len = 0;

	for (size_t i = 0; i < N_SHAPES; i++) {
		if (name && !strcmp(name, shapes[i].name)) {
			*out = &shapes[i];
			return OAE_OK;
		}
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					i ? ", " : "", shapes[i].name);
	}
	return oae_fail(err, OAE_ERR_USAGE, 0, "--shape %.40s: there are %s",
			name ? name : "is missing", all);
}

int oae_lm_synth(int argc, char **argv)
{
	const char *name = NULL, *quant = "q8_0", *out = NULL;
	uint64_t seed = 1;
	const struct oae_lm_option options[] = {
		{ 0, "shape", "NAME", "whose shape; see below", .text = &name },
		{ 0, "quant", "TYPE", "q8_0 (default), q4_0, f16, bf16 or f32",
		  .text = &quant },
		{ 'o', "out", "FILE", "where it goes", .text = &out },
		{ 's', "seed", "S", "of the weights (default 1)",
		  .whole = &seed, .low = 0, .high = 1e19 },
	};
	const struct oae_lm_command command = {
		"synth",
		"oae-lm synth --shape NAME --out FILE.gguf [options]",
		"Writes random weights in the shape of a real model: its speed "
		"and energy on this\nmachine can then be measured before it is "
		"downloaded. Such results carry no\nquality; the file is "
		"marked \"synthetic weights: speed only\".",
		"shapes (width/feed-forward/layers/heads/key-value heads):\n"
		"  tinyllama-1.1b  2048/5632/22/32/4, 32000 tokens (1.2 GB in "
		"q8_0)\n"
		"  smollm-135m     576/1536/30/9/3, 49152 tokens, tied\n"
		"  s110            768/2048/12/12/12, 32000 tokens, tied\n"
		"  s15             288/768/6/6/6, 32000 tokens, tied\n"
		"  moe-8x2         1024/1792/12/16/4, 8 experts, 2 used\n"
		"  tiny, tiny-moe  for tests",
		options,
		sizeof(options) / sizeof(options[0]),
		0,
		0,
	};
	struct oae_error err = { 0 };
	struct synth s = { .err = &err };
	int code;

	if (!oae_lm_parse(&command, argc, argv, NULL, &code))
		return code;
	if (!find_shape(name, &s.shape, &err) && !out)
		oae_fail(&err, OAE_ERR_USAGE, 0, "--out FILE is missing");
	if (!err.status && !oae_tensor_type_parse(quant, &s.type, &err)) {
		oae_rng_derive(&s.rng, seed, "synthetic weights");
		synthesize(&s, out);
	}
	return oae_lm_end("synth", &err);
}
