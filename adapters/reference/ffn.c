/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The feed-forward of a layer: down(silu(gate(x)) * up(x)), either once or
 * by the experts that a router chooses for each row (softmax over all, the
 * best of them, shares made to sum to 1; Mixtral and Qwen3-MoE alike).
 */
#include <string.h>

#include "adapters/reference/state.h"

static const struct oae_layer *layer_of(const struct oae_state *s)
{
	return &s->m->layers[s->layer];
}

/* acts = silu(gate) * up, of one row (dense) or assignment (experts). */
static void activate_row(struct oae_state *s, size_t r)
{
	const struct oae_layer *y = layer_of(s);
	const struct oae_packed *w = y->kind == OAE_FFN_DENSE ? &y->down :
								&y->downs[0];
	size_t n = s->m->shape.n_ff;

	s->m->kernels->silu_mul(s->gate + r * n, s->up + r * n, n,
				s->acts.x + r * n);
	oae_quantize_row(s->m, &s->acts, r, &w, 1);
}

void oae_ffn_dense(struct oae_state *s)
{
	const struct oae_layer *y = layer_of(s);
	struct oae_product in[] = {
		{ &y->gate, &s->acts, 0, s->n_rows, s->gate },
		{ &y->up, &s->acts, 0, s->n_rows, s->up },
	};
	struct oae_product out = { &y->down, &s->acts, 0, s->n_rows,
				   s->branch };

	oae_multiply(s->m, in, 2);
	s->acts.cols = s->m->shape.n_ff;
	oae_each_row(s, s->n_rows, activate_row);
	oae_multiply(s->m, &out, 1);
}

/* The best n_expert_used by probability; of equals the first. */
static void choose_row(struct oae_state *s, size_t r)
{
	const struct oae_shape *p = &s->m->shape;
	size_t used = p->n_expert_used;
	float *probability = s->router + r * p->n_expert, sum = 0;
	uint32_t *chosen = s->chosen + r * used, best;
	float *share = s->share + r * used;

	s->m->kernels->softmax(probability, p->n_expert);
	for (size_t k = 0; k < used; k++) {
		best = 0;
		for (uint32_t e = 1; e < p->n_expert; e++)
			if (probability[e] > probability[best])
				best = e;
		chosen[k] = best;
		share[k] = probability[best];
		sum += share[k];
		probability[best] = -1;
	}
	for (size_t k = 0; k < used; k++)
		share[k] /= sum;
}

/* Assignments in the order of their experts: place and first. */
static void sort_assignments(struct oae_state *s)
{
	const struct oae_shape *p = &s->m->shape;
	size_t n = s->n_rows * p->n_expert_used;
	uint32_t *first = s->first;

	memset(first, 0, (p->n_expert + 1u) * sizeof(*first));
	for (size_t i = 0; i < n; i++)
		first[s->chosen[i] + 1]++;
	for (size_t e = 0; e < p->n_expert; e++)
		first[e + 1] += first[e];
	/* hand out places, which moves each first to its expert's end ... */
	for (size_t i = 0; i < n; i++)
		s->place[i] = first[s->chosen[i]]++;
	/* ... and back */
	for (size_t e = p->n_expert; e > 0; e--)
		first[e] = first[e - 1];
	first[0] = 0;
}

static void gather_row(struct oae_state *s, size_t r)
{
	const struct oae_shape *p = &s->m->shape;
	size_t n = p->n_embd, to;
	const struct oae_acts *from = &s->acts;
	struct oae_acts *g = &s->gathered;
	bool gates = oae_quantised(&layer_of(s)->gates[0]);
	bool ups = oae_quantised(&layer_of(s)->ups[0]);

	for (size_t k = 0; k < p->n_expert_used; k++) {
		to = s->place[r * p->n_expert_used + k];
		if (!gates || !ups)
			memcpy(g->x + to * n, from->x + r * n,
			       n * sizeof(*g->x));
		if (gates || ups)
			oae_acts_copy_quantised(g, to, from, r);
	}
}

/* branch = shares x outputs, in the order of rank. */
static void combine_row(struct oae_state *s, size_t r)
{
	const struct oae_shape *p = &s->m->shape;
	size_t n = p->n_embd, used = p->n_expert_used;
	float *branch = s->branch + r * n, share;
	const float *y;

	memset(branch, 0, n * sizeof(*branch));
	for (size_t k = 0; k < used; k++) {
		share = s->share[r * used + k];
		y = s->outputs + s->place[r * used + k] * n;
		for (size_t i = 0; i < n; i++)
			branch[i] += share * y[i];
	}
}

/* One expert and one piece of its tiles. */
struct expert_step {
	struct oae_state *s;
	const struct oae_packed *w[2]; /* [n_expert] each; w[1] may be NULL */
	const struct oae_acts *acts;
	float *y[2];
	size_t pieces;
};

static void expert_item(void *ctx, size_t item, unsigned thread)
{
	struct expert_step *x = ctx;
	size_t e = item / x->pieces, piece = item % x->pieces, tiles;
	const struct oae_packed *w;
	uint32_t *first = x->s->first;

	(void)thread;
	if (first[e] == first[e + 1])
		return;
	for (int i = 0; i < 2 && x->w[i]; i++) {
		w = &x->w[i][e];
		tiles = (w->rows + OAE_TILE - 1) / OAE_TILE;
		x->s->m->kernels->matmul(w, tiles * piece / x->pieces,
					 tiles * (piece + 1) / x->pieces,
					 x->acts, first[e], first[e + 1],
					 x->y[i], w->rows);
	}
}

void oae_ffn_experts(struct oae_state *s)
{
	const struct oae_layer *y = layer_of(s);
	const struct oae_shape *p = &s->m->shape;
	struct oae_product route = { &y->router, &s->acts, 0, s->n_rows,
				     s->router };
	struct expert_step in = {
		s, { y->gates, y->ups }, &s->gathered, { s->gate, s->up }, 4
	};
	struct expert_step out = {
		s, { y->downs, NULL }, &s->acts, { s->outputs, NULL }, 4
	};

	oae_multiply(s->m, &route, 1);
	oae_each_row(s, s->n_rows, choose_row);
	sort_assignments(s);
	s->gathered.cols = p->n_embd;
	oae_each_row(s, s->n_rows, gather_row);
	oae_threads_run(s->m->threads, p->n_expert * in.pieces, expert_item,
			&in);
	s->acts.cols = p->n_ff;
	oae_each_row(s, s->n_rows * p->n_expert_used, activate_row);
	oae_threads_run(s->m->threads, p->n_expert * out.pieces, expert_item,
			&out);
	oae_each_row(s, s->n_rows, combine_row);
}
