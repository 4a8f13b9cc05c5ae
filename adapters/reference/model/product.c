/* SPDX-License-Identifier: Apache-2.0 */
/* Products of activations with weights, shared among the threads. */
#include "adapters/reference/model/state.h"

#define ITEM_BYTES 16384 /* of weights: worth a claim, about 1 us */
#define ITEMS_MAX 8	 /* for each thread, to even out */

#define FETCH_BYTES 8192 /* of a matrix; the kernels fetch what follows */

/*
 * How a part's matrices are shared. Units are tiles of one after another or,
 * for gate and up, whose outputs are wanted together, two tiles of each; they
 * are evenly divided into items.
 */
struct division {
	const struct oae_packed *w[OAE_PRODUCT_MATRICES];
	size_t n;
	const float *norm; /* [n_embd] of its input; NULL: none */
	size_t tiles;	   /* of a unit */
	size_t units, items;
	size_t first[OAE_PRODUCT_MATRICES]; /* unit of each matrix */
	size_t end[OAE_PRODUCT_MATRICES];
};

struct multiplication {
	struct division d;
	struct oae_state *s;
	const struct oae_product *p;
};

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t max(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t tiles(const struct oae_packed *w)
{
	return (w->rows + OAE_TILE - 1) / OAE_TILE;
}

static void find_matrices(const struct oae_model *m, size_t layer,
			  enum oae_part part, struct division *d)
{
	const struct oae_layer *y = &m->layers[layer];

	d->n = 1;
	d->norm = NULL;
	d->tiles = 1;
	switch (part) {
	case OAE_PART_QKV:
		d->w[0] = &y->wq;
		d->w[1] = &y->wk;
		d->w[2] = &y->wv;
		d->n = 3;
		d->norm = y->attn_norm;
		break;
	case OAE_PART_WO:
		d->w[0] = &y->wo;
		break;
	case OAE_PART_FFN:
		d->norm = y->ffn_norm;
		d->w[0] = &y->router;
		if (y->kind == OAE_FFN_EXPERTS)
			break;
		d->w[0] = &y->gate;
		d->w[1] = &y->up;
		d->n = 2;
		d->tiles = 2;
		break;
	case OAE_PART_DOWN:
		d->w[0] = &y->down;
		break;
	case OAE_PART_LOGITS:
		d->w[0] = &m->output;
		d->norm = m->output_norm;
		break;
	}
}

/* The more there is to read, the more items; a small part has one a thread. */
static void divide(const struct oae_model *m, size_t layer, enum oae_part part,
		   size_t rows, struct division *d)
{
	size_t threads = oae_threads_count(m->threads), bytes = 0, each, from;

	find_matrices(m, layer, part, d);
	d->units = 0;
	for (size_t i = 0; i < d->n; i++) {
		from = d->tiles > 1 ? 0 : d->units;
		d->first[i] = from;
		d->units = from + (tiles(d->w[i]) + d->tiles - 1) / d->tiles;
		d->end[i] = d->units;
		bytes += tiles(d->w[i]) * d->w[i]->tile_bytes;
	}
	each = bytes * rows / (threads * ITEM_BYTES);
	d->items = min(threads * max(min(each, ITEMS_MAX), 1), d->units);
}

/* Into a cache of this thread alone. */
static void fetch(const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64)
		__builtin_prefetch((const char *)from + i, 0, 2);
}

static void fetch_tiles(const struct oae_packed *w, size_t tile)
{
	size_t left = (tiles(w) - tile) * w->tile_bytes;

	fetch(w->data + tile * w->tile_bytes, min(left, FETCH_BYTES));
}

void oae_fetch_after(const struct oae_state *s, enum oae_part part,
		     unsigned thread)
{
	size_t layer = s->layer, unit;
	struct division d;

	if (part == OAE_PART_DOWN && ++layer < s->m->shape.n_layer) {
		part = OAE_PART_QKV;
	} else if (part == OAE_PART_LOGITS) {
		part = OAE_PART_QKV;
		layer = 0;
	} else {
		part++;
	}
	if (part == OAE_PART_DOWN && s->m->shape.n_expert)
		return; /* whose, is not known */
	divide(s->m, part == OAE_PART_LOGITS ? 0 : layer, part, 1, &d);
	unit = d.units * (d.items * thread / oae_threads_count(s->m->threads)) /
	       d.items;
	if (d.norm)
		fetch(d.norm, s->m->shape.n_embd * sizeof(*d.norm));
	for (size_t i = 0; i < d.n; i++)
		if (unit >= d.first[i] && unit < d.end[i])
			fetch_tiles(d.w[i], (unit - d.first[i]) * d.tiles);
}

/* One row is made by each thread for itself, sooner than it could be told. */
static bool made_alone(const struct oae_product *p)
{
	return p->input && p->rows == 1;
}

const struct oae_acts *oae_product_acts(struct oae_state *s,
					const struct oae_product *p,
					unsigned thread)
{
	struct oae_own *own;
	float *x;

	if (!made_alone(p))
		return p->acts;
	own = &s->own[thread];
	if (own->step != s->step) {
		x = own->acts.x;
		own->acts.cols = p->acts->cols;
		if (p->x_given)
			own->acts.x = p->acts->x;
		p->input(s, 0, &own->acts);
		own->acts.x = x;
		own->step = s->step;
	}
	return &own->acts;
}

static void multiply_units(const struct multiplication *x, size_t begin,
			   size_t end, const struct oae_acts *acts)
{
	const struct oae_product *p = x->p;
	const struct division *d = &x->d;
	size_t t0, t1;

	for (size_t i = 0; i < d->n; i++) {
		if (begin >= d->end[i] || end <= d->first[i])
			continue;
		t0 = (max(begin, d->first[i]) - d->first[i]) * d->tiles;
		t1 = (min(end, d->end[i]) - d->first[i]) * d->tiles;
		x->s->m->kernels->matmul(d->w[i], t0, min(t1, tiles(d->w[i])),
					 acts, 0, p->rows, p->y[i],
					 d->w[i]->rows);
	}
	if (!p->output)
		return;
	begin *= d->tiles * OAE_TILE;
	end = min(end * d->tiles * OAE_TILE, d->w[0]->rows);
	for (size_t r = 0; r < p->rows; r++)
		p->output(x->s, r, begin, end);
}

static void multiply_range(void *ctx, size_t begin, size_t end, unsigned thread)
{
	const struct multiplication *x = ctx;
	size_t threads = oae_threads_count(x->s->m->threads);

	multiply_units(x, x->d.units * begin / x->d.items,
		       x->d.units * end / x->d.items,
		       oae_product_acts(x->s, x->p, thread));
	if (begin == x->d.items * thread / threads)
		oae_fetch_after(x->s, x->p->part, thread);
}

struct row_inputs {
	struct oae_state *s;
	const struct oae_product *p;
};

static void input_range(void *ctx, size_t begin, size_t end, unsigned thread)
{
	const struct row_inputs *x = ctx;

	(void)thread;
	for (size_t r = begin; r < end; r++)
		x->p->input(x->s, r, x->p->acts);
}

void oae_product_inputs(struct oae_state *s, const struct oae_product *p)
{
	struct row_inputs x = { s, p };

	s->step++;
	if (p->input && !made_alone(p))
		oae_threads_ranges(s->m->threads, p->rows, input_range, &x);
}

void oae_multiply(struct oae_state *s, const struct oae_product *p)
{
	struct multiplication x = { .s = s, .p = p };

	oae_product_inputs(s, p);
	divide(s->m, p->part == OAE_PART_LOGITS ? 0 : s->layer, p->part,
	       p->rows, &x.d);
	oae_threads_ranges(s->m->threads, x.d.items, multiply_range, &x);
}

struct row_step {
	struct oae_state *s;
	void (*fn)(struct oae_state *s, size_t row);
};

static void row_range(void *ctx, size_t begin, size_t end, unsigned thread)
{
	const struct row_step *x = ctx;

	(void)thread;
	for (size_t r = begin; r < end; r++)
		x->fn(x->s, r);
}

void oae_each_row(struct oae_state *s, size_t n,
		  void (*fn)(struct oae_state *s, size_t row))
{
	struct row_step x = { s, fn };

	oae_threads_ranges(s->m->threads, n, row_range, &x);
}
