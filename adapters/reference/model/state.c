/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/model/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t max(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Takes bytes from memory, or only counts them while memory is NULL. */
static void *carve(struct oae_state *s, size_t *at, size_t count, size_t size)
{
	size_t start = (*at + 63) / 64 * 64;

	*at = start + count * size;
	return s->memory ? (char *)s->memory + start : NULL;
}

/* All but x. */
static void carve_quantised(struct oae_state *s, size_t *at, struct oae_acts *a,
			    size_t rows, size_t cols)
{
	size_t blocks = cols / OAE_TENSOR_BLOCK + 1;

	a->cols = cols;
	a->q = carve(s, at, rows * cols, sizeof(*a->q));
	a->d = carve(s, at, rows * blocks, sizeof(*a->d));
	a->off = carve(s, at, rows * blocks, sizeof(*a->off));
	if (rows < 2 || !s->m->kernels->uses_pairs)
		return;
	a->pairs = carve(s, at, rows * cols, sizeof(*a->pairs));
	a->cross = carve(s, at, rows * blocks, sizeof(*a->cross));
}

static void carve_acts(struct oae_state *s, size_t *at, struct oae_acts *a,
		       size_t rows, size_t cols)
{
	a->x = carve(s, at, rows * cols, sizeof(*a->x));
	carve_quantised(s, at, a, rows, cols);
}

/* What each thread makes for itself: no line of it is another's. */
static void lay_out_own(struct oae_state *s, size_t *at, size_t cols)
{
	size_t threads = oae_threads_count(s->m->threads);
	struct oae_acts acts = { 0 };

	s->own = carve(s, at, threads, sizeof(*s->own));
	for (size_t i = 0; i < threads; i++) {
		carve_acts(s, at, &acts, 1, cols);
		if (s->own)
			s->own[i] = (struct oae_own){ .acts = acts };
	}
}

void oae_acts_copy_quantised(struct oae_acts *to, size_t to_row,
			     const struct oae_acts *from, size_t from_row)
{
	size_t n = from->cols, blocks = n / OAE_TENSOR_BLOCK;
	size_t t = to_row * blocks, f = from_row * blocks;

	memcpy(to->q + to_row * n, from->q + from_row * n, n);
	memcpy(to->d + t, from->d + f, blocks * sizeof(*to->d));
	memcpy(to->off + t, from->off + f, blocks * sizeof(*to->off));
	if (!from->pairs)
		return;
	memcpy(to->pairs + to_row * n, from->pairs + from_row * n,
	       n * sizeof(*to->pairs));
	memcpy(to->cross + t, from->cross + f, blocks * sizeof(*to->cross));
}

struct oae_acts oae_acts_part(const struct oae_acts *a, size_t row,
			      size_t begin, size_t end)
{
	size_t at = row * a->cols + begin;
	size_t block =
		row * (a->cols / OAE_TENSOR_BLOCK) + begin / OAE_TENSOR_BLOCK;

	return (struct oae_acts){
		.cols = end - begin,
		.x = a->x + at,
		.q = a->q + at,
		.d = a->d + block,
		.off = a->off + block,
		.pairs = a->pairs ? a->pairs + at : NULL,
		.cross = a->cross ? a->cross + block : NULL,
	};
}

static void lay_out_experts(struct oae_state *s, size_t *at)
{
	const struct oae_shape *p = &s->m->shape;
	size_t batch = s->n_batch, used = p->n_expert_used;
	size_t slots = s->kv.slots, window = OAE_REUSE_WINDOW;
	struct oae_reuse *reuse = &s->reuse;

	s->router = carve(s, at, batch * p->n_expert, sizeof(float));
	carve_acts(s, at, &s->gathered, batch * used, p->n_embd);
	s->outputs = carve(s, at, batch * used * p->n_embd, sizeof(float));
	s->chosen = carve(s, at, batch * used, sizeof(uint32_t));
	s->share = carve(s, at, batch * used, sizeof(float));
	s->place = carve(s, at, batch * used, sizeof(uint32_t));
	s->first = carve(s, at, p->n_expert + 1u, sizeof(uint32_t));
	s->active = carve(s, at, p->n_expert, sizeof(uint32_t));
	s->touched = carve(s, at, oae_threads_count(s->m->threads),
			   sizeof(*s->touched));
	reuse->words = (p->n_expert + 63) / 64;
	reuse->uses = carve(s, at, (size_t)p->n_layer * p->n_expert,
			    sizeof(uint64_t));
	reuse->sets = carve(s, at, p->n_layer * slots * window * reuse->words,
			    sizeof(uint64_t));
	reuse->positions =
		carve(s, at, p->n_layer * slots * window, sizeof(uint32_t));
}

static size_t lay_out(struct oae_state *s)
{
	const struct oae_shape *p = &s->m->shape;
	size_t batch = s->n_batch, used = max(p->n_expert_used, 1), at = 0;
	size_t q = (size_t)p->n_head * p->head_dim;
	size_t kv = (size_t)p->n_kv_head * p->head_dim;
	size_t threads = oae_threads_count(s->m->threads);
	size_t ctx = ((size_t)s->n_ctx + 15) / 16 * 16;

	s->x = carve(s, &at, batch * p->n_embd, sizeof(float));
	s->branch = carve(s, &at, batch * p->n_embd, sizeof(float));
	s->q = carve(s, &at, batch * q, sizeof(float));
	s->k = carve(s, &at, batch * kv, sizeof(float));
	s->v = carve(s, &at, batch * kv, sizeof(float));
	s->gate = carve(s, &at, batch * used * p->n_ff, sizeof(float));
	s->up = carve(s, &at, batch * used * p->n_ff, sizeof(float));
	carve_acts(s, &at, &s->acts, batch, p->n_embd);
	carve_acts(s, &at, &s->heads, batch, q);
	s->hidden.x = s->gate;
	carve_quantised(s, &at, &s->hidden, batch * used, p->n_ff);
	lay_out_own(s, &at, max(p->n_embd, q));
	s->steps = carve(s, &at, p->head_dim / 2, sizeof(double));
	s->cos = carve(s, &at, ctx * p->head_dim / 2, sizeof(float));
	s->sin = carve(s, &at, ctx * p->head_dim / 2, sizeof(float));
	s->scores = carve(s, &at, threads * OAE_ATTENTION_QUERIES * ctx,
			  sizeof(float));
	s->half = carve(s, &at, threads * 2 * p->head_dim, sizeof(uint16_t));
	s->logits = carve(s, &at, batch * p->n_vocab, sizeof(float));
	s->wanted = carve(s, &at, batch, sizeof(*s->wanted));
	s->spans = carve(s, &at, batch, sizeof(*s->spans));
	s->seen = carve(s, &at, s->kv.slots, sizeof(*s->seen));
	if (p->n_expert)
		lay_out_experts(s, &at);
	return at;
}

/* By how much a pair turns per position: base^(-2i / head_dim) and so on. */
static void fill_steps(struct oae_state *s)
{
	const float *factors = s->m->rope_factors;
	size_t half = s->m->shape.head_dim / 2;
	double base = s->m->shape.rope_base;

	for (size_t i = 0; i < half; i++) {
		s->steps[i] = pow(base, -(double)i / (double)half) *
			      (double)s->m->shape.rope_scale;
		if (factors)
			s->steps[i] /= (double)factors[i];
	}
}

void oae_state_reach(struct oae_state *s, uint32_t positions)
{
	size_t half = s->m->shape.head_dim / 2;
	double angle;

	for (; s->n_angles < positions; s->n_angles++) {
		for (size_t i = 0; i < half; i++) {
			angle = (double)s->n_angles * s->steps[i];
			s->cos[s->n_angles * half + i] = (float)cos(angle);
			s->sin[s->n_angles * half + i] = (float)sin(angle);
		}
	}
}

enum oae_status oae_state_new(const struct oae_model *m, uint32_t n_slots,
			      uint32_t n_ctx, uint32_t n_batch,
			      struct oae_state **out, struct oae_error *err)
{
	const struct oae_shape *p = &m->shape;
	struct oae_state *s;
	enum oae_status status;
	size_t bytes;

	if (n_batch < 1 || n_batch > OAE_STATE_BATCH_MAX || n_slots < 1 ||
	    n_slots > 4096 || n_ctx < 1 || n_ctx > OAE_MODEL_CONTEXT_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"context %u, slots %u or batch %u out of range "
				"(1..%u, 1..4096, 1..%u)",
				n_ctx, n_slots, n_batch, OAE_MODEL_CONTEXT_MAX,
				OAE_STATE_BATCH_MAX);
	s = calloc(1, sizeof(*s));
	if (!s)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	s->m = m;
	s->n_ctx = n_ctx;
	s->n_batch = n_batch;
	status = oae_kv_init(&s->kv, p->n_layer, n_slots, p->n_kv_head,
			     p->head_dim, n_ctx, err);
	if (status) {
		free(s);
		return status;
	}
	bytes = (lay_out(s) + 63) / 64 * 64;
	s->memory = aligned_alloc(64, bytes);
	if (!s->memory) {
		oae_state_free(s);
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"no memory for %zu MiB of scratch space",
				bytes >> 20);
	}
	lay_out(s);
	oae_traffic_init(s);
	fill_steps(s);
	*out = s;
	return OAE_OK;
}

void oae_state_free(struct oae_state *s)
{
	if (!s)
		return;
	oae_kv_release(&s->kv);
	free(s->memory);
	free(s);
}

uint32_t oae_state_batch(const struct oae_state *s)
{
	return s->n_batch;
}

uint32_t oae_state_ctx(const struct oae_state *s)
{
	return s->n_ctx;
}

const float *oae_state_logits(const struct oae_state *s)
{
	return s->logits;
}

void oae_state_copy(struct oae_state *s, uint32_t from, uint32_t to,
		    uint32_t begin, uint32_t end)
{
	oae_kv_copy(&s->kv, from, to, begin, end);
	oae_traffic_forget(s, to);
}
