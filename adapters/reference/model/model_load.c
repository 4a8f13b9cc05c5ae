/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/model/model.h"
#include "base/memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PIECE_BYTES (256u << 10) /* about; packed by one thread at a time */
#define ARENA_BYTES (64u << 20)

/* Where a matrix of the file goes. */
struct loader {
	struct oae_model *m;
	bool *used; /* tensors of the file that were asked for */
	struct job {
		const struct oae_gguf_tensor *t;
		struct oae_packed *to;
		size_t skip;  /* bytes of earlier experts in the tensor */
		size_t tiles; /* of a piece */
		size_t first; /* of its pieces, counted over all jobs */
	} * jobs;
	size_t n_jobs;
	struct oae_error *err;
	struct oae_error tokenizer_err; /* while the matrices are packed */
	atomic_bool refused;
};

static const struct oae_gguf_tensor *want(struct loader *l, const char *name,
					  uint32_t n_dims, uint64_t d0,
					  uint64_t d1, uint64_t d2)
{
	const struct oae_gguf_tensor *t = oae_gguf_tensor(l->m->file, name);

	if (!t) {
		oae_fail(l->err, OAE_ERR_FORMAT, 0, "tensor \"%s\" is missing",
			 name);
		return NULL;
	}
	if (t->n_dims != n_dims || t->dims[0] != d0 || t->dims[1] != d1 ||
	    t->dims[2] != d2) {
		oae_fail(l->err, OAE_ERR_FORMAT, 0,
			 "tensor \"%s\" is %llu x %llu x %llu, not %llu x "
			 "%llu x %llu",
			 name, (unsigned long long)t->dims[0],
			 (unsigned long long)t->dims[1],
			 (unsigned long long)t->dims[2], (unsigned long long)d0,
			 (unsigned long long)d1, (unsigned long long)d2);
		return NULL;
	}
	l->used[t - oae_gguf_tensor_at(l->m->file, 0)] = true;
	return t;
}

static const float *want_vector(struct loader *l, const char *name, uint64_t n)
{
	const struct oae_gguf_tensor *t = want(l, name, 1, n, 1, 1);
	float *x;

	if (!t)
		return NULL;
	if (oae_tensor_type_block(t->type) != 1) {
		oae_fail(l->err, OAE_ERR_UNSUPPORTED, 0,
			 "tensor \"%s\" is a quantised vector", name);
		return NULL;
	}
	x = oae_arena_array(&l->m->arena, (size_t)n, sizeof(*x));
	if (!x) {
		oae_fail(l->err, OAE_ERR_NOMEM, 0, "no memory");
		return NULL;
	}
	oae_tensor_to_f32(t->type, t->data, (size_t)n, x);
	l->m->parameters += n;
	l->m->active_parameters += n;
	return x;
}

/* Notes that a matrix is to be packed; its place is known later. */
static void plan(struct loader *l, const struct oae_gguf_tensor *t, size_t cols,
		 size_t rows, size_t skip, struct oae_packed *to)
{
	struct job *grown;

	*to = (struct oae_packed){
		.type = oae_pack_type(t->type),
		.rows = rows,
		.cols = cols,
		.tile_bytes = oae_pack_tile_bytes(t->type, cols),
	};
	grown = realloc(l->jobs, (l->n_jobs + 1) * sizeof(*grown));
	if (!grown) {
		oae_fail(l->err, OAE_ERR_NOMEM, 0, "no memory");
		return;
	}
	l->jobs = grown;
	l->jobs[l->n_jobs++] = (struct job){ .t = t, .to = to, .skip = skip };
	l->m->packed_bytes += oae_pack_bytes(t->type, rows, cols);
	l->m->parameters += (uint64_t)rows * cols;
}

static void want_matrix(struct loader *l, const char *name, uint32_t cols,
			uint32_t rows, struct oae_packed *to)
{
	const struct oae_gguf_tensor *t = want(l, name, 2, cols, rows, 1);

	if (!t)
		return;
	plan(l, t, cols, rows, 0, to);
	l->m->active_parameters += (uint64_t)rows * cols;
}

/* All experts in one tensor, or as in older files one tensor for each. */
static struct oae_packed *want_experts(struct loader *l, uint32_t layer,
				       const char *part, uint32_t cols,
				       uint32_t rows)
{
	const struct oae_shape *s = &l->m->shape;
	const struct oae_gguf_tensor *t;
	char name[OAE_GGUF_NAME_BYTES_MAX + 1];
	struct oae_packed *to;
	size_t skip;

	to = oae_arena_array(&l->m->arena, s->n_expert, sizeof(*to));
	if (!to) {
		oae_fail(l->err, OAE_ERR_NOMEM, 0, "no memory");
		return NULL;
	}
	l->m->active_parameters += (uint64_t)rows * cols * s->n_expert_used;
	snprintf(name, sizeof(name), "blk.%u.%s.0.weight", layer, part);
	if (oae_gguf_tensor(l->m->file, name)) {
		for (uint32_t e = 0; e < s->n_expert; e++) {
			snprintf(name, sizeof(name), "blk.%u.%s.%u.weight",
				 layer, part, e);
			t = want(l, name, 2, cols, rows, 1);
			if (!t)
				return NULL;
			plan(l, t, cols, rows, 0, &to[e]);
		}
		return to;
	}
	snprintf(name, sizeof(name), "blk.%u.%s_exps.weight", layer, part);
	t = want(l, name, 3, cols, rows, s->n_expert);
	if (!t)
		return NULL;
	skip = (size_t)(t->bytes / s->n_expert);
	for (uint32_t e = 0; e < s->n_expert; e++)
		plan(l, t, cols, rows, e * skip, &to[e]);
	return to;
}

/* Of a projection; an architecture without biases has NULL. */
static const float *want_bias(struct loader *l, const char *name, uint32_t n)
{
	enum oae_biases biases = l->m->shape.biases;

	if (biases == OAE_BIASES_NONE ||
	    (biases == OAE_BIASES_MAYBE && !oae_gguf_tensor(l->m->file, name)))
		return NULL;
	return want_vector(l, name, n);
}

static void want_attention(struct loader *l, uint32_t i)
{
	const struct oae_shape *s = &l->m->shape;
	struct oae_layer *y = &l->m->layers[i];
	uint32_t q = s->n_head * s->head_dim, kv = s->n_kv_head * s->head_dim;
	char name[OAE_GGUF_NAME_BYTES_MAX + 1];

#define NAME(part) (snprintf(name, sizeof(name), "blk.%u." part, i), name)
	y->attn_norm = want_vector(l, NAME("attn_norm.weight"), s->n_embd);
	want_matrix(l, NAME("attn_q.weight"), s->n_embd, q, &y->wq);
	want_matrix(l, NAME("attn_k.weight"), s->n_embd, kv, &y->wk);
	want_matrix(l, NAME("attn_v.weight"), s->n_embd, kv, &y->wv);
	want_matrix(l, NAME("attn_output.weight"), q, s->n_embd, &y->wo);
	y->bq = want_bias(l, NAME("attn_q.bias"), q);
	y->bk = want_bias(l, NAME("attn_k.bias"), kv);
	y->bv = want_bias(l, NAME("attn_v.bias"), kv);
	if (!s->qk_norm)
		return;
	y->q_norm = want_vector(l, NAME("attn_q_norm.weight"), s->head_dim);
	y->k_norm = want_vector(l, NAME("attn_k_norm.weight"), s->head_dim);
}

static void want_feed_forward(struct loader *l, uint32_t i)
{
	const struct oae_shape *s = &l->m->shape;
	struct oae_layer *y = &l->m->layers[i];
	uint32_t n = s->n_embd, ff = s->n_ff;
	char name[OAE_GGUF_NAME_BYTES_MAX + 1];

	y->ffn_norm = want_vector(l, NAME("ffn_norm.weight"), n);
	y->kind = s->n_expert ? OAE_FFN_EXPERTS : OAE_FFN_DENSE;
	if (y->kind == OAE_FFN_DENSE) {
		want_matrix(l, NAME("ffn_gate.weight"), n, ff, &y->gate);
		want_matrix(l, NAME("ffn_up.weight"), n, ff, &y->up);
		want_matrix(l, NAME("ffn_down.weight"), ff, n, &y->down);
		y->in_quantised = oae_tensor_type_quantised(y->gate.type) ||
				  oae_tensor_type_quantised(y->up.type);
		y->hidden_quantised = oae_tensor_type_quantised(y->down.type);
		return;
	}
	want_matrix(l, NAME("ffn_gate_inp.weight"), n, s->n_expert, &y->router);
	y->gates = want_experts(l, i, "ffn_gate", n, ff);
	y->ups = want_experts(l, i, "ffn_up", n, ff);
	y->downs = want_experts(l, i, "ffn_down", ff, n);
#undef NAME
	y->in_quantised = oae_tensor_type_quantised(y->router.type);
	for (uint32_t e = 0; !l->err->status && e < s->n_expert; e++) {
		bool gate = oae_tensor_type_quantised(y->gates[e].type);
		bool up = oae_tensor_type_quantised(y->ups[e].type);

		y->in_quantised |= gate || up;
		y->in_plain |= !gate || !up;
		y->hidden_quantised |=
			oae_tensor_type_quantised(y->downs[e].type);
	}
}

/* Llama 3.1 and later stretch slow rotations by factors in the file. */
static void want_rope_factors(struct loader *l)
{
	static const char name[] = "rope_freqs.weight";
	uint32_t n = l->m->shape.head_dim / 2;
	const float *f;

	if (!l->m->shape.rope_factors || !oae_gguf_tensor(l->m->file, name))
		return;
	f = want_vector(l, name, n);
	for (uint32_t i = 0; f && i < n; i++)
		if (!(f[i] > 0 && f[i] < 1e9f)) {
			oae_fail(l->err, OAE_ERR_FORMAT, 0,
				 "tensor \"%s\" has %g among its factors", name,
				 (double)f[i]);
			return;
		}
	l->m->rope_factors = f;
}

static enum oae_status want_all(struct loader *l)
{
	struct oae_model *m = l->m;
	const struct oae_shape *s = &m->shape;

	l->used = oae_arena_array(&m->arena, oae_gguf_tensor_count(m->file),
				  sizeof(*l->used));
	m->layers = oae_arena_array(&m->arena, s->n_layer, sizeof(*m->layers));
	if (!m->layers || !l->used)
		return oae_fail(l->err, OAE_ERR_NOMEM, 0, "no memory");
	for (uint32_t i = 0; i < s->n_layer && !l->err->status; i++) {
		want_attention(l, i);
		want_feed_forward(l, i);
	}
	want_rope_factors(l);
	m->output_norm = want_vector(l, "output_norm.weight", s->n_embd);
	m->embedding =
		want(l, "token_embd.weight", 2, s->n_embd, s->n_vocab, 1);
	if (l->err->status)
		return l->err->status;
	if (s->tied) {
		plan(l, m->embedding, s->n_embd, s->n_vocab, 0, &m->output);
		m->active_parameters += m->embedding->elements;
	} else {
		want_matrix(l, "output.weight", s->n_embd, s->n_vocab,
			    &m->output);
		m->parameters += m->embedding->elements;
	}
	if (l->err->status)
		return l->err->status;
	for (size_t i = 0; i < oae_gguf_tensor_count(m->file); i++)
		if (!l->used[i])
			return oae_fail(l->err, OAE_ERR_UNSUPPORTED, 0,
					"tensor \"%s\" has no part in "
					"architecture \"%s\" as it is known "
					"here",
					oae_gguf_tensor_at(m->file, i)->name,
					s->architecture);
	return OAE_OK;
}

static size_t tiles_of(const struct oae_packed *p)
{
	return (p->rows + OAE_TILE - 1) / OAE_TILE;
}

static size_t less(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The one that a piece is of: the last that begins at it or before. */
static const struct job *job_of(const struct loader *l, size_t piece)
{
	size_t low = 0, high = l->n_jobs, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (l->jobs[middle].first <= piece)
			low = middle;
		else
			high = middle;
	}
	return &l->jobs[low];
}

/* What is packed leaves memory, so that it never holds both copies. */
static void pack_piece(struct loader *l, size_t piece)
{
	const struct job *j = job_of(l, piece);
	const struct oae_packed *p = j->to;
	const uint8_t *from = (const uint8_t *)j->t->data + j->skip;
	size_t tile0 = (piece - j->first) * j->tiles;
	size_t tile1 = less(tile0 + j->tiles, tiles_of(p));
	size_t begin = tile0 * OAE_TILE * p->cols;
	size_t end = less(tile1 * OAE_TILE, p->rows) * p->cols;

	oae_pack_tiles(j->t->type, from, p->rows, p->cols, tile0, tile1,
		       (uint8_t *)(uintptr_t)p->data);
	oae_gguf_forget(l->m->file, from + oae_tensor_bytes(j->t->type, begin),
			oae_tensor_bytes(j->t->type, end - begin));
}

/* Item 0 is the tokenizer, which one thread reads; the others are pieces. */
static void load_item(void *ctx, size_t item, unsigned thread)
{
	struct loader *l = ctx;
	struct oae_model *m = l->m;

	(void)thread;
	if (item && !atomic_load(&l->refused))
		pack_piece(l, item - 1);
	else if (!item && oae_tokenizer_read(m->file, m->shape.n_vocab,
					     &m->tokenizer, &l->tokenizer_err))
		atomic_store(&l->refused, true);
}

/* A model that does not fit is refused, not swapped or killed halfway. */
static enum oae_status check_memory(const struct loader *l)
{
	struct oae_memory have = oae_memory_available("");

	if (l->m->packed_bytes <= have.bytes)
		return OAE_OK;
	return oae_fail(l->err, OAE_ERR_NOMEM, 0,
			"its weights need %.1f MB of memory, and %s leaves "
			"%.1f MB; free some, or take a smaller model or type",
			(double)l->m->packed_bytes / 1e6, have.limit,
			(double)have.bytes / 1e6);
}

/*
 * What a token reads and does not fit the last cache gets three quarters of
 * it: what is read in a circle and falls out before it comes again would not
 * be kept at all.
 */
static size_t find_cached_bytes(const struct oae_model *m)
{
	uint64_t cache = oae_memory_cache("");
	double share = (double)m->active_parameters / (double)m->parameters;

	if (!cache || cache > OAE_CACHED_BYTES ||
	    share * (double)m->packed_bytes <= (double)cache)
		return OAE_CACHED_BYTES;
	return cache / 4 * 3;
}

static enum oae_status load_all(struct loader *l)
{
	struct oae_model *m = l->m;
	size_t at = 0, pieces = 0;
	void *map;

	if (check_memory(l))
		return l->err->status;
	map = mmap(NULL, m->packed_bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return oae_fail(l->err, OAE_ERR_NOMEM, 0,
				"no memory for %zu MiB of weights",
				m->packed_bytes >> 20);
	m->packed = map;
	m->cached_bytes = find_cached_bytes(m);
	/* fewer page-table misses while streaming; a hint, may be refused */
	madvise(map, m->packed_bytes, MADV_HUGEPAGE);
	for (size_t i = 0; i < l->n_jobs; i++) {
		struct job *j = &l->jobs[i];
		struct oae_packed *p = j->to;

		p->data = m->packed + at;
		p->memory = at >= m->cached_bytes;
		at += oae_pack_bytes(p->type, p->rows, p->cols);
		j->tiles = (PIECE_BYTES + p->tile_bytes - 1) / p->tile_bytes;
		j->first = pieces;
		pieces += (tiles_of(p) + j->tiles - 1) / j->tiles;
	}
	oae_threads_run(m->threads, pieces + 1, load_item, l);
	oae_gguf_forget_all(m->file);
	mprotect(map, m->packed_bytes, PROT_READ);
	if (l->tokenizer_err.status)
		*l->err = l->tokenizer_err;
	return l->err->status;
}

enum oae_status oae_model_open(const char *path, struct oae_threads *threads,
			       struct oae_model **out, struct oae_error *err)
{
	struct oae_error here = { 0 };
	struct oae_model *m = calloc(1, sizeof(*m));
	struct loader l = { .m = m, .err = &here };

	if (!m)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	oae_arena_init(&m->arena, ARENA_BYTES);
	m->threads = threads;
	if (!oae_kernels_select(&m->kernels, &here) &&
	    !oae_gguf_open(path, &m->file, &here)) {
		if (oae_shape_read(m->file, &m->shape, &here) || want_all(&l) ||
		    load_all(&l))
			oae_error_prefix(&here, "%s", path);
	}
	free(l.jobs);
	if (here.status) {
		oae_model_close(m);
		if (err && !err->status)
			*err = here;
		return here.status;
	}
	*out = m;
	return OAE_OK;
}

void oae_model_close(struct oae_model *m)
{
	if (!m)
		return;
	if (m->packed)
		munmap(m->packed, m->packed_bytes);
	oae_tokenizer_free(m->tokenizer);
	oae_gguf_close(m->file);
	oae_arena_release(&m->arena);
	free(m);
}
