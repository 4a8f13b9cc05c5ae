/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/model/model.h"

#include <math.h>
#include <string.h>

#include "adapters/reference/model/state.h"

static void embed_row(struct oae_state *s, size_t r)
{
	const struct oae_gguf_tensor *e = s->m->embedding;
	size_t n = s->m->shape.n_embd, token = (size_t)s->rows[r].token;
	const uint8_t *at = e->data;

	if (s->m->shape.tied) { /* the file's pages stay out of memory */
		oae_unpack_row(&s->m->output, token, s->x + r * n);
		return;
	}
	at += token * oae_tensor_bytes(e->type, n);
	oae_tensor_to_f32(e->type, at, n, s->x + r * n);
}

/* acts = norm(x), a row, ready for the projections. */
static void attention_input(struct oae_state *s, size_t r,
			    struct oae_acts *acts)
{
	const struct oae_layer *y = oae_state_layer(s);
	size_t n = s->m->shape.n_embd;

	s->m->kernels->rmsnorm(s->x + r * n, y->attn_norm, n, s->m->shape.eps,
			       acts->x + r * n);
	if (oae_quantised(&y->wq) || oae_quantised(&y->wk) ||
	    oae_quantised(&y->wv))
		s->m->kernels->quantize(acts, r);
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
			a.out[a.n] = s->heads.x + at;
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

static void attention_output(struct oae_state *s, size_t r,
			     struct oae_acts *acts)
{
	s->m->kernels->quantize(acts, r);
}

/* x += attention(norm(x)) */
static void attention_layer(struct oae_state *s)
{
	const struct oae_layer *y = oae_state_layer(s);
	const struct oae_product qkv = {
		.part = OAE_PART_QKV,
		.y = { s->q, s->k, s->v },
		.rows = s->n_rows,
		.acts = &s->acts,
		.input = attention_input,
	};
	const struct oae_product out = {
		.part = OAE_PART_WO,
		.y = { s->branch },
		.rows = s->n_rows,
		.acts = &s->heads,
		.input = oae_quantised(&y->wo) ? attention_output : NULL,
		.x_given = true,
		.output = oae_add_branch,
	};
	size_t items = s->n_spans * s->m->shape.n_kv_head;

	oae_multiply(s, &qkv);
	if (!s->spans_apart)
		oae_threads_run(s->m->threads, items, position_item, s);
	oae_threads_run(s->m->threads, items, attention_item, s);
	oae_multiply(s, &out);
}

/* Of the i-th row that wants logits. */
static void output_input(struct oae_state *s, size_t i, struct oae_acts *acts)
{
	const struct oae_model *m = s->m;
	size_t n = m->shape.n_embd;

	m->kernels->rmsnorm(s->x + s->wanted[i] * n, m->output_norm, n,
			    m->shape.eps, acts->x + i * n);
	if (oae_quantised(&m->output))
		m->kernels->quantize(acts, i);
}

/* Logits of the rows that want them, one after another. */
static void output_layer(struct oae_state *s)
{
	struct oae_product out = {
		.part = OAE_PART_LOGITS,
		.y = { s->logits },
		.acts = &s->acts,
		.input = output_input,
	};

	for (uint32_t r = 0; r < s->n_rows; r++)
		if (s->rows[r].logits)
			s->wanted[out.rows++] = r;
	if (out.rows)
		oae_multiply(s, &out);
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
		       bytes >= s->m->cached_bytes;
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
	for (uint32_t r = 0; r < s->n_rows; r++)
		s->seen[s->rows[r].slot] = false;
	for (uint32_t r = 0; r < s->n_rows; r++) {
		if (last && last->n < most &&
		    s->rows[last->row].slot == s->rows[r].slot) {
			last->n++;
			continue;
		}
		if (s->seen[s->rows[r].slot])
			s->spans_apart = false;
		s->seen[s->rows[r].slot] = true;
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
	for (size_t i = 0; i < n; i++)
		oae_state_reach(s, rows[i].position + 1);
	find_spans(s);
	oae_traffic_batch(s);
	oae_each_row(s, n, embed_row);
	for (s->layer = 0; s->layer < s->m->shape.n_layer; s->layer++) {
		attention_layer(s);
		if (oae_state_layer(s)->kind == OAE_FFN_EXPERTS)
			oae_ffn_experts(s);
		else
			oae_ffn_dense(s);
	}
	output_layer(s);
	return OAE_OK;
}
