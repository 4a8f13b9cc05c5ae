/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/model/model.h"

#include <math.h>
#include <string.h>

#include "adapters/reference/model/state.h"

#define CHUNKS 4    /* pieces of a product for each thread, to even out */
#define ROWS_EACH 4 /* rows that one item of a row-wise step takes */

struct multiplication {
	const struct oae_kernels *kernels;
	const struct oae_product *list;
	size_t n;
	size_t first[OAE_PRODUCTS_MAX + 1]; /* item numbers */
	size_t tiles[OAE_PRODUCTS_MAX];	    /* of one item */
};

static void multiply_item(void *ctx, size_t item, unsigned thread)
{
	const struct multiplication *x = ctx;
	const struct oae_product *p;
	size_t i = 0, t0, t1, all;

	(void)thread;
	while (item >= x->first[i + 1])
		i++;
	p = &x->list[i];
	all = (p->w->rows + OAE_TILE - 1) / OAE_TILE;
	t0 = (item - x->first[i]) * x->tiles[i];
	t1 = t0 + x->tiles[i] < all ? t0 + x->tiles[i] : all;
	x->kernels->matmul(p->w, t0, t1, p->acts, p->row0, p->row1, p->y,
			   p->w->rows);
}

void oae_multiply(const struct oae_model *m, const struct oae_product *list,
		  size_t n)
{
	struct multiplication x = {
		.kernels = m->kernels,
		.list = list,
		.n = n,
	};
	size_t parts = (size_t)oae_threads_count(m->threads) * CHUNKS, all;

	for (size_t i = 0; i < n; i++) {
		all = (list[i].w->rows + OAE_TILE - 1) / OAE_TILE;
		x.tiles[i] = (all + parts - 1) / parts;
		x.first[i + 1] =
			x.first[i] + (all + x.tiles[i] - 1) / x.tiles[i];
	}
	oae_threads_run(m->threads, x.first[n], multiply_item, &x);
}

struct row_step {
	struct oae_state *s;
	void (*fn)(struct oae_state *s, size_t row);
	size_t n;
};

static void row_item(void *ctx, size_t item, unsigned thread)
{
	struct row_step *x = ctx;
	size_t end = (item + 1) * ROWS_EACH;

	(void)thread;
	for (size_t r = item * ROWS_EACH; r < end && r < x->n; r++)
		x->fn(x->s, r);
}

void oae_each_row(struct oae_state *s, size_t n,
		  void (*fn)(struct oae_state *s, size_t row))
{
	struct row_step x = { s, fn, n };

	oae_threads_run(s->m->threads, (n + ROWS_EACH - 1) / ROWS_EACH,
			row_item, &x);
}

void oae_quantize_row(const struct oae_model *m, struct oae_acts *a, size_t row,
		      const struct oae_packed *const *w, size_t n)
{
	size_t i = 0;

	while (i < n && !oae_quantised(w[i]))
		i++;
	if (i < n)
		m->kernels->quantize(a, row);
}

static void embed_row(struct oae_state *s, size_t r)
{
	const struct oae_gguf_tensor *e = s->m->embedding;
	size_t n = s->m->shape.n_embd;
	const uint8_t *at = e->data;

	at += (size_t)s->rows[r].token * oae_tensor_bytes(e->type, n);
	oae_tensor_to_f32(e->type, at, n, s->x + r * n);
}

/* acts = norm(x), ready for the projections. */
static void attention_input(struct oae_state *s, size_t r)
{
	const struct oae_layer *y = oae_state_layer(s);
	const struct oae_packed *const w[] = { &y->wq, &y->wk, &y->wv };
	size_t n = s->m->shape.n_embd;

	s->m->kernels->rmsnorm(s->x + r * n, y->attn_norm, n, s->m->shape.eps,
			       s->acts.x + r * n);
	oae_quantize_row(s->m, &s->acts, r, w, 3);
}

static void position_head(const struct oae_state *s, float *x,
			  const float *norm, size_t position)
{
	const struct oae_shape *p = &s->m->shape;
	const struct oae_kernels *k = s->m->kernels;
	size_t at = position * p->head_dim / 2;

	if (norm)
		k->rmsnorm(x, norm, p->head_dim, p->eps, x);
	if (p->rope_halves)
		k->rope_halves(x, s->cos + at, s->sin + at, p->head_dim);
	else
		k->rope_pairs(x, s->cos + at, s->sin + at, p->head_dim);
}

/* What qwen2 adds to one head's queries, key and value. */
static void add_biases(const struct oae_state *s, size_t head, float *q,
		       float *k, float *v)
{
	const struct oae_shape *p = &s->m->shape;
	const struct oae_kernels *kernels = s->m->kernels;
	const struct oae_layer *y = oae_state_layer(s);
	size_t dim = p->head_dim, group = p->n_head / p->n_kv_head;

	if (y->bq)
		kernels->add(q, y->bq + head * group * dim, group * dim);
	if (y->bk)
		kernels->add(k, y->bk + head * dim, dim);
	if (y->bv)
		kernels->add(v, y->bv + head * dim, dim);
}

/*
 * One row and key-value head: norms and rotates the key and the queries that
 * share it, and stores key and value.
 */
static void position_row(struct oae_state *s, size_t r, size_t head,
			 uint16_t *half)
{
	const struct oae_shape *p = &s->m->shape;
	const struct oae_kernels *kernels = s->m->kernels;
	const struct oae_layer *y = oae_state_layer(s);
	size_t dim = p->head_dim, position = s->rows[r].position;
	size_t group = p->n_head / p->n_kv_head;
	float *q = s->q + (r * p->n_head + head * group) * dim;
	float *k = s->k + (r * p->n_kv_head + head) * dim;
	float *v = s->v + (r * p->n_kv_head + head) * dim;

	add_biases(s, head, q, k, v);
	for (size_t g = 0; g < group; g++)
		position_head(s, q + g * dim, y->q_norm, position);
	position_head(s, k, y->k_norm, position);
	kernels->to_f16(k, dim, half);
	kernels->to_f16(v, dim, half + dim);
	oae_kv_store(&s->kv, s->layer, s->rows[r].slot, head, position, half,
		     half + dim);
}

/* An item is a span of rows and a key-value head, here and below. */
static void position_item(void *ctx, size_t item, unsigned thread)
{
	struct oae_state *s = ctx;
	size_t heads = s->m->shape.n_kv_head;
	const struct oae_span *span = &s->spans[item / heads];
	uint16_t *half = s->half + thread * (size_t)2 * s->m->shape.head_dim;

	for (size_t r = span->row; r < span->row + span->n; r++)
		position_row(s, r, item % heads, half);
}

/* Queries go to the kernel as many at once as it takes. */
static void attention_item(void *ctx, size_t item, unsigned thread)
{
	struct oae_state *s = ctx;
	const struct oae_shape *p = &s->m->shape;
	const struct oae_span *span = &s->spans[item / p->n_kv_head];
	size_t head = item % p->n_kv_head, dim = p->head_dim;
	size_t group = p->n_head / p->n_kv_head, ctx16, at;
	struct oae_attention a = { .head_dim = dim };

	if (s->spans_apart)
		position_item(ctx, item, thread);
	ctx16 = ((size_t)s->n_ctx + 15) / 16 * 16;
	a.k = oae_kv_keys(&s->kv, s->layer, s->rows[span->row].slot, head);
	a.v = oae_kv_values(&s->kv, s->layer, s->rows[span->row].slot, head);
	a.scale = 1.0f / sqrtf((float)dim);
	a.scores = s->scores + ctx16 * OAE_ATTENTION_QUERIES * thread;
	a.scores_ld = ctx16;
	a.memory = s->kv_memory;
	for (size_t r = span->row; r < span->row + span->n; r++) {
		for (size_t g = 0; g < group; g++) {
			at = (r * p->n_head + head * group + g) * dim;
			a.q[a.n] = s->q + at;
			a.out[a.n] = s->acts.x + at;
			a.n_pos[a.n] = s->rows[r].position + 1;
			if (++a.n == OAE_ATTENTION_QUERIES) {
				s->m->kernels->attention(&a);
				a.n = 0;
			}
		}
	}
	if (a.n)
		s->m->kernels->attention(&a);
}

static void attention_output(struct oae_state *s, size_t r)
{
	const struct oae_packed *w = &oae_state_layer(s)->wo;

	oae_quantize_row(s->m, &s->acts, r, &w, 1);
}

/* x += branch, acts = norm(x), ready for the feed-forward. */
static void ffn_input(struct oae_state *s, size_t r)
{
	const struct oae_layer *y = oae_state_layer(s);
	const struct oae_packed *const dense[] = { &y->gate, &y->up };
	const struct oae_model *m = s->m;
	size_t n = m->shape.n_embd;

	m->kernels->add(s->x + r * n, s->branch + r * n, n);
	m->kernels->rmsnorm(s->x + r * n, y->ffn_norm, n, m->shape.eps,
			    s->acts.x + r * n);
	if (y->kind == OAE_FFN_DENSE)
		oae_quantize_row(m, &s->acts, r, dense, 2);
	else if (y->in_quantised || oae_quantised(&y->router))
		m->kernels->quantize(&s->acts, r);
}

static void layer_end(struct oae_state *s, size_t r)
{
	size_t n = s->m->shape.n_embd;

	s->m->kernels->add(s->x + r * n, s->branch + r * n, n);
}

static void attention_layer(struct oae_state *s)
{
	const struct oae_layer *y = oae_state_layer(s);
	const struct oae_shape *p = &s->m->shape;
	struct oae_product qkv[] = {
		{ &y->wq, &s->acts, 0, s->n_rows, s->q },
		{ &y->wk, &s->acts, 0, s->n_rows, s->k },
		{ &y->wv, &s->acts, 0, s->n_rows, s->v },
	};
	struct oae_product out = { &y->wo, &s->acts, 0, s->n_rows, s->branch };

	s->acts.cols = p->n_embd;
	oae_each_row(s, s->n_rows, attention_input);
	oae_multiply(s->m, qkv, 3);
	if (!s->spans_apart)
		oae_threads_run(s->m->threads, s->n_spans * p->n_kv_head,
				position_item, s);
	s->acts.cols = (size_t)p->n_head * p->head_dim;
	oae_threads_run(s->m->threads, s->n_spans * p->n_kv_head,
			attention_item, s);
	oae_each_row(s, s->n_rows, attention_output);
	oae_multiply(s->m, &out, 1);
}

static void ffn_layer(struct oae_state *s)
{
	s->acts.cols = s->m->shape.n_embd;
	oae_each_row(s, s->n_rows, ffn_input);
	if (oae_state_layer(s)->kind == OAE_FFN_EXPERTS)
		oae_ffn_experts(s);
	else
		oae_ffn_dense(s);
	oae_each_row(s, s->n_rows, layer_end);
}

/* Logits of the rows that want them, gathered to the front of acts. */
static void output_layer(struct oae_state *s)
{
	const struct oae_model *m = s->m;
	size_t n = m->shape.n_embd, count = 0;
	struct oae_product out = { &m->output, &s->acts, 0, 0, s->logits };
	const struct oae_packed *w = &m->output;

	s->acts.cols = n;
	for (size_t r = 0; r < s->n_rows; r++) {
		if (!s->rows[r].logits)
			continue;
		m->kernels->rmsnorm(s->x + r * n, m->output_norm, n,
				    m->shape.eps, s->acts.x + count * n);
		oae_quantize_row(m, &s->acts, count, &w, 1);
		count++;
	}
	out.row1 = count;
	if (count)
		oae_multiply(m, &out, 1);
}

static enum oae_status check_rows(const struct oae_state *s,
				  const struct oae_row *rows, size_t n,
				  struct oae_error *err)
{
	const struct oae_row *r;

	if (n < 1 || n > s->n_batch)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"a batch of %zu rows, not 1..%u", n,
				s->n_batch);
	for (size_t i = 0; i < n; i++) {
		r = &rows[i];
		if (r->token < 0 || (uint32_t)r->token >= s->m->shape.n_vocab ||
		    r->slot >= s->kv.slots || r->position >= s->n_ctx)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"row %zu: token %d, slot %u or "
					"position %u out of range",
					i, r->token, r->slot, r->position);
	}
	return OAE_OK;
}

/*
 * Whether the spans' cache will come from memory: weights and cache are too
 * much to keep, and no span or call reads what another one has just read.
 */
static void find_cache(struct oae_state *s, size_t group)
{
	const struct oae_shape *p = &s->m->shape;
	uint64_t bytes = s->m->packed_bytes, each;

	each = (uint64_t)p->n_layer * p->n_kv_head * p->head_dim * 2 *
	       sizeof(uint16_t);
	for (size_t i = 0; i < s->n_spans; i++)
		bytes += each * s->rows[s->spans[i].row].position;
	s->kv_memory = s->spans_apart && group <= OAE_ATTENTION_QUERIES &&
		       bytes >= OAE_CACHED_BYTES;
}

/* Consecutive rows of one slot, at most as many as fill a kernel call. */
static void find_spans(struct oae_state *s)
{
	const struct oae_shape *p = &s->m->shape;
	size_t group = p->n_head / p->n_kv_head;
	uint32_t most = (uint32_t)(group < OAE_ATTENTION_QUERIES ?
					   OAE_ATTENTION_QUERIES / group :
					   1);
	struct oae_span *last = NULL;

	s->n_spans = 0;
	s->spans_apart = true;
	for (uint32_t r = 0; r < s->n_rows; r++) {
		if (last && last->n < most &&
		    s->rows[last->row].slot == s->rows[r].slot) {
			last->n++;
			continue;
		}
		for (size_t i = 0; i < s->n_spans; i++)
			if (s->rows[s->spans[i].row].slot == s->rows[r].slot)
				s->spans_apart = false;
		last = &s->spans[s->n_spans++];
		*last = (struct oae_span){ r, 1 };
	}
	find_cache(s, group);
}

enum oae_status oae_forward(struct oae_state *s, const struct oae_row *rows,
			    size_t n, struct oae_error *err)
{
	enum oae_status status = check_rows(s, rows, n, err);

	if (status)
		return status;
	s->rows = rows;
	s->n_rows = n;
	find_spans(s);
	oae_traffic_batch(s);
	oae_each_row(s, n, embed_row);
	for (s->layer = 0; s->layer < s->m->shape.n_layer; s->layer++) {
		attention_layer(s);
		ffn_layer(s);
	}
	output_layer(s);
	return OAE_OK;
}
