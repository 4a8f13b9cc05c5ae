/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target of s110's shape and a draft of s15's size whose greedy texts agree
 * to a chosen degree: in the first 256 of its 768 dimensions, and its first
 * six layers, the target computes what the draft does; all else of it adds
 * noise of strength PAIR_NOISE. Both do the full work of their shapes. The
 * text means nothing; the acceptance is measured, not assumed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "tests/bench-engine/bench_engine.h"

#define PAIR_NOISE 0.05f
#define VOCAB 32000u
#define WIDEST 2048u

static const struct size {
	uint32_t dim, hidden, layers, heads;
} small = { 256, 768, 6, 4 }, large = { 768, 2048, 12, 12 };

struct maker {
	struct oae_gguf_writer *w;
	const struct size *s;
	bool writing;
	struct oae_error *err;
};

/* Uniform of variance 1. */
static void fill(struct oae_rng *rng, float *x, size_t n)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 4 == 0)
			bits = oae_rng_u64(rng);
		x[i] = (float)((int)(bits & 0xffff) - 32768) *
		       (1.7320508f / 32768);
		bits >>= 16;
	}
}

/* What a matrix does: reads the residual stream, or writes to it. */
enum side {
	READS,
	WRITES,
	EMBEDS
};

/*
 * The draft's matrix, [outs][ins] in the corner of the target's. Around it
 * the target reads nothing more into the draft's part and writes noise.
 */
static void matrix(struct maker *m, const char *name, enum side side,
		   uint32_t ins, uint32_t outs, uint32_t d_ins, uint32_t d_outs)
{
	uint64_t dims[] = { ins, outs };
	float row[WIDEST], rest[WIDEST], scale, around;
	struct oae_rng draft, more;

	if (!m->writing) {
		oae_gguf_add_tensor(m->w, name, OAE_TENSOR_Q8_0, 2, dims, NULL);
		return;
	}
	oae_rng_derive(&draft, 1, name);
	oae_rng_derive(&more, 2, name);
	scale = side == EMBEDS ? 2 / sqrtf((float)small.dim) :
				 1 / sqrtf((float)d_ins);
	around = (side == READS ? 1 : PAIR_NOISE) / sqrtf((float)ins);
	for (uint32_t o = 0; o < outs && !m->err->status; o++) {
		fill(&more, rest, ins);
		for (uint32_t i = 0; i < ins; i++)
			row[i] = around * rest[i];
		if (o < d_outs) {
			fill(&draft, rest, d_ins);
			for (uint32_t i = 0; i < ins; i++)
				if (i < d_ins)
					row[i] = scale * rest[i];
				else if (side == READS)
					row[i] = 0;
		}
		oae_gguf_put_f32(m->w, row, ins, m->err);
	}
}

/* Undoes that the draft's part is a third of what the norm is taken of. */
static void norm(struct maker *m, const char *name)
{
	float c = sqrtf((float)small.dim / (float)m->s->dim), x[WIDEST];
	uint64_t dims[] = { m->s->dim };

	if (!m->writing) {
		oae_gguf_add_tensor(m->w, name, OAE_TENSOR_F32, 1, dims, NULL);
		return;
	}
	for (uint32_t i = 0; i < m->s->dim; i++)
		x[i] = i < small.dim ? c : 1;
	oae_gguf_put_f32(m->w, x, m->s->dim, m->err);
}

static void layer(struct maker *m, uint32_t at)
{
	uint32_t dim = m->s->dim, hidden = m->s->hidden;
	bool shared = at < small.layers;
	uint32_t d = shared ? small.dim : 0, h = shared ? small.hidden : 0;
	char name[64];

#define NAME(part) \
	(snprintf(name, sizeof(name), "blk.%u." part ".weight", at), name)
	norm(m, NAME("attn_norm"));
	matrix(m, NAME("attn_q"), READS, dim, dim, d, d);
	matrix(m, NAME("attn_k"), READS, dim, dim, d, d);
	matrix(m, NAME("attn_v"), READS, dim, dim, d, d);
	matrix(m, NAME("attn_output"), WRITES, dim, dim, d, d);
	norm(m, NAME("ffn_norm"));
	matrix(m, NAME("ffn_gate"), READS, dim, hidden, d, h);
	matrix(m, NAME("ffn_up"), READS, dim, hidden, d, h);
	matrix(m, NAME("ffn_down"), WRITES, hidden, dim, h, d);
#undef NAME
}

static void tensors(struct maker *m, bool writing)
{
	m->writing = writing;
	matrix(m, "token_embd.weight", EMBEDS, m->s->dim, VOCAB, small.dim,
	       VOCAB);
	for (uint32_t i = 0; i < m->s->layers && !m->err->status; i++)
		layer(m, i);
	norm(m, "output_norm.weight");
}

static void metadata(struct maker *m)
{
	struct oae_gguf_writer *w = m->w;

	oae_gguf_add_str(w, "general.architecture", "llama");
	oae_gguf_add_bool(w, "oae.synthetic", true);
	oae_gguf_add_u32(w, "llama.vocab_size", VOCAB);
	oae_gguf_add_u32(w, "llama.context_length", 2048);
	oae_gguf_add_u32(w, "llama.embedding_length", m->s->dim);
	oae_gguf_add_u32(w, "llama.block_count", m->s->layers);
	oae_gguf_add_u32(w, "llama.feed_forward_length", m->s->hidden);
	oae_gguf_add_u32(w, "llama.attention.head_count", m->s->heads);
	oae_gguf_add_u32(w, "llama.attention.head_count_kv", m->s->heads);
	oae_gguf_add_u32(w, "llama.rope.dimension_count",
			 m->s->dim / m->s->heads);
	oae_gguf_add_f32(w, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
}

static enum oae_status make(const char *path, const struct size *s,
			    struct oae_error *err)
{
	struct maker m = { .s = s, .err = err };

	if (oae_gguf_create(path, &m.w, err))
		return err->status;
	metadata(&m);
	tensors(&m, false);
	tensors(&m, true);
	if (err->status)
		oae_gguf_abandon(m.w);
	else
		oae_gguf_finish(m.w, err);
	return err->status;
}

enum oae_status bench_pair_files(struct bench *b, char *target, char *draft,
				 size_t size, struct oae_error *err)
{
	if (oae_path_join(target, size, b->o.models, "pair-target-1.gguf",
			  err) ||
	    oae_path_join(draft, size, b->o.models, "pair-draft-1.gguf", err) ||
	    oae_dir_make(b->o.models, err))
		return err->status;
	oae_progress("bench-engine: a target and its draft");
	if (!oae_file_exists(target) && make(target, &large, err))
		return err->status;
	if (!oae_file_exists(draft) && make(draft, &small, err))
		return err->status;
	return OAE_OK;
}
