/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "adapters/reference/synth/synth.h"
#include "adapters/reference/synth/tensor_random.h"
#include "adapters/reference/tokenizer/tokenizer_split.h"
#include "base/arena.h"
#include "base/limits.h"

#define CHUNK (128u << 10) /* elements made at once; whole blocks of any type */
#define TOKENS_BYTES_MAX (64u << 20)

struct writing {
	const struct oae_synth_shape *p;
	const struct oae_synth_options *o;
	struct oae_gguf_writer *w;
	struct oae_error *err;
	struct oae_tensor_draw *draw;
	void *chunk;	      /* CHUNK elements */
	uint64_t done, total; /* bytes */
	bool stopped;
};

/*
 * A byte-level vocabulary without merges: 256 bytes in GPT-2's alphabet,
 * fillers that text never becomes but that print as a word, an end token.
 */
static enum oae_status add_tokenizer(struct writing *s)
{
	uint32_t n = s->p->vocab;
	struct oae_arena arena;
	const char **tokens;
	int32_t *types;
	char text[32];

	oae_arena_init(&arena, TOKENS_BYTES_MAX);
	tokens = oae_arena_array(&arena, n, sizeof(*tokens));
	types = oae_arena_array(&arena, n, sizeof(*types));
	for (uint32_t i = 0; tokens && types && i < n; i++) {
		types[i] = 1;
		if (i < 256)
			oae_alphabet_write((uint8_t)i, text);
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

static void add_metadata(struct writing *s)
{
	const struct oae_synth_shape *p = s->p;
	struct oae_gguf_writer *w = s->w;
	const char *arch = oae_synth_find_arch(p->arch)->gguf;
	char key[96];

	oae_gguf_add_str(w, "general.architecture", arch);
	oae_gguf_add_str(w, "general.name", p->about);
	oae_gguf_add_str(w, "general.description",
			 "synthetic weights: speed only");
	oae_gguf_add_bool(w, "oae.synthetic", true);
#define KEY(part) (snprintf(key, sizeof(key), "%s." part, arch), key)
	oae_gguf_add_u32(w, KEY("vocab_size"), p->vocab);
	oae_gguf_add_u32(w, KEY("context_length"), p->context);
	oae_gguf_add_u32(w, KEY("embedding_length"), p->dim);
	oae_gguf_add_u32(w, KEY("block_count"), p->layers);
	oae_gguf_add_u32(w, KEY("attention.head_count"), p->heads);
	oae_gguf_add_u32(w, KEY("attention.head_count_kv"), p->kv_heads);
	oae_gguf_add_u32(w, KEY("attention.key_length"), p->head_dim);
	oae_gguf_add_u32(w, KEY("attention.value_length"), p->head_dim);
	oae_gguf_add_f32(w, KEY("attention.layer_norm_rms_epsilon"), p->eps);
	oae_gguf_add_u32(w, KEY("rope.dimension_count"), p->head_dim);
	oae_gguf_add_f32(w, KEY("rope.freq_base"), p->rope_base);
	if (p->experts) {
		oae_gguf_add_u32(w, KEY("expert_count"), p->experts);
		oae_gguf_add_u32(w, KEY("expert_used_count"), p->used);
	}
	if (!strcmp(arch, "qwen3moe")) {
		oae_gguf_add_u32(w, KEY("feed_forward_length"),
				 p->hidden * p->used);
		oae_gguf_add_u32(w, KEY("expert_feed_forward_length"),
				 p->hidden);
	} else {
		oae_gguf_add_u32(w, KEY("feed_forward_length"), p->hidden);
	}
#undef KEY
}

static enum oae_status declare(void *ctx, const struct oae_synth_tensor *t)
{
	struct writing *s = ctx;

	oae_gguf_add_tensor(s->w, t->name, t->type, t->n_dims, t->dims, NULL);
	s->total += oae_tensor_bytes(
		t->type, (size_t)(t->dims[0] * t->dims[1] * t->dims[2]));
	return OAE_OK;
}

/*
 * Llama 3.1's scaling of rotary frequencies, as divisors: long waves are
 * stretched by the factor, short ones kept, those between blended (the
 * reference code of meta-llama/llama-models, apply_scaling()).
 */
static void rope_factors(const struct oae_synth_shape *p, float *out)
{
	const double low = 1, high = 4, before = 8192;
	double wave, blend, n = p->head_dim;

	for (uint32_t i = 0; i < p->head_dim / 2; i++) {
		wave = 2 * acos(-1.0) * pow((double)p->rope_base, 2.0 * i / n);
		blend = (before / wave - low) / (high - low);
		blend = blend < 0 ? 0 : blend > 1 ? 1 : blend;
		out[i] = (float)(1 / ((1 - blend) / (double)p->rope_factor +
				      blend));
	}
}

static enum oae_status put(struct writing *s, enum oae_tensor_type type,
			   size_t n)
{
	size_t bytes = oae_tensor_bytes(type, n);

	oae_gguf_put(s->w, s->chunk, bytes, s->err);
	s->done += bytes;
	if (s->o->say)
		s->o->say(s->o->ctx, s->done, s->total);
	if (s->o->stop && *s->o->stop) {
		s->stopped = true;
		return OAE_ERR_TARGET; /* ends the walk; no error */
	}
	return s->err->status;
}

static enum oae_status write_tensor(void *ctx, const struct oae_synth_tensor *t)
{
	struct writing *s = ctx;
	uint64_t left = t->dims[0] * t->dims[1] * t->dims[2];
	enum oae_status status = OAE_OK;
	struct oae_rng rng;
	size_t n;

	if (t->kind == OAE_SYNTH_ROPE) {
		rope_factors(s->p, s->chunk);
		return put(s, t->type, (size_t)left);
	}
	oae_rng_derive(&rng, s->o->seed, t->name);
	oae_tensor_draw_init(s->draw, t->type, t->mean, t->sigma, &rng);
	for (; left && !status; left -= n) {
		n = left < CHUNK ? (size_t)left : CHUNK;
		oae_tensor_draw(s->draw, &rng, n, s->chunk);
		status = put(s, t->type, n);
	}
	return status;
}

/* Before anything is written: a full disk an hour later helps nobody. */
static enum oae_status check_room(const struct writing *s)
{
	uint64_t need = oae_gguf_planned_bytes(s->w), have;
	char folder[OAE_PATH_BYTES_MAX + 1], *slash;
	struct statvfs fs;

	snprintf(folder, sizeof(folder), "%s", s->o->path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder ? 1 : 0] = 0;
	if (statvfs(slash ? folder : ".", &fs))
		return OAE_OK; /* then writing will tell */
	have = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (need <= have)
		return OAE_OK;
	return oae_fail(s->err, OAE_ERR_IO, 0,
			"%s: needs %.1f MB, and its disk has %.1f MB free; "
			"free some, or choose a smaller --shape or --quant",
			s->o->path, (double)need / 1e6, (double)have / 1e6);
}

static enum oae_status write_all(struct writing *s,
				 const struct oae_synth_quant *quant)
{
	add_metadata(s);
	if (add_tokenizer(s))
		return s->err->status;
	oae_synth_tensors(s->p, quant, declare, s);
	if (check_room(s))
		return s->err->status;
	return oae_synth_tensors(s->p, quant, write_tensor, s);
}

enum oae_status oae_synth_write(const struct oae_synth_shape *shape,
				const struct oae_synth_quant *quant,
				const struct oae_synth_options *o,
				bool *stopped, struct oae_error *err)
{
	struct oae_error here = { 0 };
	struct writing s = { .p = shape, .o = o, .err = &here };

	*stopped = false;
	s.chunk = malloc(CHUNK * sizeof(float));
	s.draw = malloc(sizeof(*s.draw));
	if (!s.chunk || !s.draw) {
		oae_fail(&here, OAE_ERR_NOMEM, 0, "no memory");
	} else if (!oae_gguf_create(o->path, &s.w, &here)) {
		if (write_all(&s, quant))
			oae_gguf_abandon(s.w);
		else
			oae_gguf_finish(s.w, &here);
	}
	free(s.draw);
	free(s.chunk);
	*stopped = s.stopped;
	if (here.status && err && !err->status)
		*err = here;
	return here.status;
}
