/* SPDX-License-Identifier: Apache-2.0 */
/* What a state counts of the memory it reads; see struct oae_traffic. */
#include <math.h>
#include <string.h>

#include "adapters/reference/model/state.h"

static uint64_t packed_bytes(const struct oae_packed *w)
{
	return (w->rows + OAE_TILE - 1) / OAE_TILE * w->tile_bytes;
}

/* The matrices that every batch reads; those of a model don't change. */
static uint64_t dense_bytes(const struct oae_model *m)
{
	const struct oae_layer *y;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < m->shape.n_layer; i++) {
		y = &m->layers[i];
		sum += packed_bytes(&y->wq) + packed_bytes(&y->wk) +
		       packed_bytes(&y->wv) + packed_bytes(&y->wo);
		sum += y->kind == OAE_FFN_EXPERTS ?
			       packed_bytes(&y->router) :
			       packed_bytes(&y->gate) + packed_bytes(&y->up) +
				       packed_bytes(&y->down);
	}
	return sum;
}

void oae_traffic_init(struct oae_state *s)
{
	const struct oae_shape *p = &s->m->shape;
	size_t sets = p->n_layer * s->kv.slots * OAE_REUSE_WINDOW;
	struct oae_reuse *reuse = &s->reuse;

	s->dense_bytes = dense_bytes(s->m);
	if (!p->n_expert)
		return;
	memset(s->touched, 0,
	       oae_threads_count(s->m->threads) * sizeof(*s->touched));
	memset(reuse->uses, 0,
	       (size_t)p->n_layer * p->n_expert * sizeof(*reuse->uses));
	memset(reuse->positions, 0, sets * sizeof(*reuse->positions));
	memset(reuse->sets, 0, sets * reuse->words * sizeof(*reuse->sets));
}

void oae_traffic_batch(struct oae_state *s)
{
	const struct oae_shape *p = &s->m->shape;
	const struct oae_gguf_tensor *e = s->m->embedding;
	struct oae_traffic *t = &s->traffic;
	bool logits = false;
	uint64_t seen = 0;

	for (size_t r = 0; r < s->n_rows; r++) {
		logits = logits || s->rows[r].logits;
		seen += s->rows[r].position + 1;
	}
	t->batches++;
	t->rows += s->n_rows;
	t->dense_bytes += s->dense_bytes +
			  s->n_rows * oae_tensor_bytes(e->type, p->n_embd);
	if (logits)
		t->dense_bytes += packed_bytes(&s->m->output);
	/* keys and values, of two bytes each */
	t->kv_bytes += seen * p->n_layer * p->n_kv_head * p->head_dim * 4;
}

void oae_traffic_forget(struct oae_state *s, uint32_t slot)
{
	const struct oae_shape *p = &s->m->shape;
	size_t n = OAE_REUSE_WINDOW;

	for (size_t l = 0; p->n_expert && l < p->n_layer; l++)
		memset(s->reuse.positions + (l * s->kv.slots + slot) * n, 0,
		       n * sizeof(*s->reuse.positions));
}

/* Where what is kept of a position is, in this layer. */
static size_t kept_at(const struct oae_state *s, size_t slot, size_t position)
{
	return (s->layer * s->kv.slots + slot) * OAE_REUSE_WINDOW +
	       position % OAE_REUSE_WINDOW;
}

/* How many of the positions before this one have known sets, from it on. */
static size_t known_before(const struct oae_state *s, const struct oae_row *row)
{
	size_t n = 0, at;

	while (n < OAE_REUSE_WINDOW && n < row->position) {
		at = kept_at(s, row->slot, row->position - n - 1);
		if (s->reuse.positions[at] != row->position - n)
			break;
		n++;
	}
	return n;
}

/* How many of the row's experts are in the sets of the n positions before. */
static uint64_t count_again(const struct oae_state *s,
			    const struct oae_row *row, const uint32_t *chosen,
			    size_t n)
{
	const struct oae_reuse *reuse = &s->reuse;
	uint64_t count = 0, any;
	size_t at;

	for (size_t k = 0; k < s->m->shape.n_expert_used; k++) {
		any = 0;
		for (size_t i = 1; i <= n; i++) {
			at = kept_at(s, row->slot, row->position - i);
			any |= reuse->sets[at * reuse->words + chosen[k] / 64];
		}
		count += any >> chosen[k] % 64 & 1;
	}
	return count;
}

static void count_row(struct oae_state *s, size_t r)
{
	size_t used = s->m->shape.n_expert_used, known, at;
	const uint32_t *chosen = s->chosen + r * used;
	const struct oae_row *row = &s->rows[r];
	struct oae_traffic *t = &s->traffic;
	struct oae_reuse *reuse = &s->reuse;
	uint64_t *uses = reuse->uses + s->layer * s->m->shape.n_expert, *set;

	known = known_before(s, row);
	if (known) {
		t->known += used;
		t->again += count_again(s, row, chosen, 1);
	}
	if (known == OAE_REUSE_WINDOW) {
		t->known_window += used;
		t->again_window += count_again(s, row, chosen, known);
	}
	at = kept_at(s, row->slot, row->position);
	set = reuse->sets + at * reuse->words;
	memset(set, 0, reuse->words * sizeof(*set));
	for (size_t k = 0; k < used; k++) {
		set[chosen[k] / 64] |= 1ull << chosen[k] % 64;
		uses[chosen[k]]++;
	}
	t->picks += used;
	reuse->positions[at] = row->position + 1;
}

void oae_traffic_experts(struct oae_state *s)
{
	const struct oae_shape *p = &s->m->shape;
	double left = 1 - (double)p->n_expert_used / p->n_expert;

	for (size_t r = 0; r < s->n_rows; r++)
		count_row(s, r);
	s->traffic.distinct += s->n_active;
	s->traffic.distinct_even +=
		p->n_expert * (1 - pow(left, (double)s->n_rows));
}

void oae_state_traffic(const struct oae_state *s, struct oae_traffic *out)
{
	*out = s->traffic;
	if (!s->m->shape.n_expert)
		return;
	for (size_t i = 0; i < oae_threads_count(s->m->threads); i++)
		out->expert_bytes += s->touched[i].bytes;
}

struct oae_traffic oae_traffic_since(const struct oae_traffic *later,
				     const struct oae_traffic *earlier)
{
	return (struct oae_traffic){
		.batches = later->batches - earlier->batches,
		.rows = later->rows - earlier->rows,
		.dense_bytes = later->dense_bytes - earlier->dense_bytes,
		.expert_bytes = later->expert_bytes - earlier->expert_bytes,
		.kv_bytes = later->kv_bytes - earlier->kv_bytes,
		.picks = later->picks - earlier->picks,
		.known = later->known - earlier->known,
		.again = later->again - earlier->again,
		.known_window = later->known_window - earlier->known_window,
		.again_window = later->again_window - earlier->again_window,
		.distinct = later->distinct - earlier->distinct,
		.distinct_even = later->distinct_even - earlier->distinct_even,
	};
}

const uint64_t *oae_state_expert_uses(const struct oae_state *s)
{
	return s->reuse.uses;
}
