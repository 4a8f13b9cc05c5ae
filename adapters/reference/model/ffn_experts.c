/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The feed-forward of a layer with experts: a router chooses some for each
 * row (softmax over all, the best of them, shares made to sum to 1; Mixtral
 * and Qwen3-MoE alike), and the row's result is the sum of theirs by share.
 *
 * Rows are sorted by expert, so that each chosen expert's weights are read
 * once a batch and no other's at all. There are two parallel steps: one item
 * of the first takes a range of columns of gate and up, for its experts, up
 * to the quantised product of both; one of the second takes a range of the
 * output for all experts, and adds up the shares.
 */
#include <string.h>

#include "adapters/reference/model/state.h"

#define ITEMS_EACH 8  /* items of a step for each thread, to even out */
#define ROUTED_ROWS 4 /* rows that one item routes */
#define MANY_ROWS 4   /* of an expert: computing costs more than reading */

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The best n_expert_used by probability, best first; of equals the first.
 * That many are kept in order while the others pass by.
 */
static void choose_row(struct oae_state *s, size_t r)
{
	const struct oae_shape *p = &s->m->shape;
	size_t used = p->n_expert_used, n = 0, k;
	float *probability = s->router + r * p->n_expert, sum = 0;
	uint32_t *chosen = s->chosen + r * used;
	float *share = s->share + r * used;

	s->m->kernels->softmax(probability, p->n_expert);
	for (uint32_t e = 0; e < p->n_expert; e++) {
		if (n == used && !(probability[e] > share[n - 1]))
			continue;
		k = n < used ? n++ : n - 1;
		for (; k > 0 && probability[e] > share[k - 1]; k--) {
			share[k] = share[k - 1];
			chosen[k] = chosen[k - 1];
		}
		share[k] = probability[e];
		chosen[k] = e;
	}
	for (k = 0; k < used; k++)
		sum += share[k];
	for (k = 0; k < used; k++)
		share[k] /= sum;
}

static void route_item(void *ctx, size_t item, unsigned thread)
{
	struct oae_state *s = ctx;
	const struct oae_packed *w = &oae_state_layer(s)->router;
	size_t row0 = item * ROUTED_ROWS;
	size_t row1 = min(row0 + ROUTED_ROWS, s->n_rows);

	(void)thread;
	s->m->kernels->matmul(w, 0, (w->rows + OAE_TILE - 1) / OAE_TILE,
			      &s->acts, row0, row1, s->router, w->rows);
	for (size_t r = row0; r < row1; r++)
		choose_row(s, r);
}

/* A few rows share the router's matrix between the threads, many the rows. */
static void route(struct oae_state *s, const struct oae_product *router)
{
	if (s->n_rows > ROUTED_ROWS) {
		oae_product_inputs(s, router);
		oae_threads_run(s->m->threads,
				(s->n_rows + ROUTED_ROWS - 1) / ROUTED_ROWS,
				route_item, s);
		return;
	}
	oae_multiply(s, router);
	for (size_t r = 0; r < s->n_rows; r++)
		choose_row(s, r);
}

/* Assignments in the order of their experts: place, first and active. */
static void sort_assignments(struct oae_state *s)
{
	const struct oae_shape *p = &s->m->shape;
	size_t n = s->n_rows * p->n_expert_used;
	uint32_t *first = s->first;

	memset(first, 0, (p->n_expert + 1u) * sizeof(*first));
	for (size_t i = 0; i < n; i++)
		first[s->chosen[i] + 1]++;
	s->n_active = 0;
	for (uint32_t e = 0; e < p->n_expert; e++) {
		if (first[e + 1])
			s->active[s->n_active++] = e;
		first[e + 1] += first[e];
	}
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
	const struct oae_layer *y = oae_state_layer(s);
	const struct oae_shape *p = &s->m->shape;
	size_t n = p->n_embd, to;

	for (size_t k = 0; k < p->n_expert_used; k++) {
		to = s->place[r * p->n_expert_used + k];
		if (y->in_plain)
			memcpy(s->gathered.x + to * n, s->acts.x + r * n,
			       n * sizeof(float));
		if (y->in_quantised)
			oae_acts_copy_quantised(&s->gathered, to, &s->acts, r);
	}
}

/* A step's items: groups of active experts times ranges of two tiles. */
struct expert_step {
	struct oae_state *s;
	const struct oae_product *router; /* whose input is read */
	size_t units, ranges, groups;
};

static size_t ceil_div(size_t a, size_t b)
{
	return (a + b - 1) / b;
}

/*
 * With many rows an expert, all items take all experts: they cost the same
 * whoever chose whom. With few, memory is what counts: then items that follow
 * one another stay with one expert, whose next weights were fetched ahead.
 */
static struct expert_step plan_hidden(struct oae_state *s,
				      const struct oae_product *router)
{
	size_t units = ceil_div(s->m->shape.n_ff, (size_t)2 * OAE_TILE);
	struct expert_step x = { s, router, units, 0, 1 };
	size_t want = (size_t)ITEMS_EACH * oae_threads_count(s->m->threads);
	size_t picks = s->n_rows * s->m->shape.n_expert_used;

	if (picks < s->n_active * MANY_ROWS)
		x.groups = min(want, s->n_active);
	x.ranges = min(x.units, ceil_div(want, x.groups));
	if (x.ranges * x.groups < want)
		x.groups = min(ceil_div(want, x.ranges), s->n_active);
	return x;
}

/*
 * Rows row0..row1-1 of acts, the assignments of one expert, times tiles of
 * its matrix. A single row was not gathered: it is at 0 for every expert.
 */
static void multiply_expert(struct oae_state *s, const struct oae_packed *w,
			    size_t e, size_t tile0, size_t tile1,
			    const struct oae_acts *acts, bool single, float *y,
			    unsigned thread)
{
	size_t row0 = s->first[e], row1 = s->first[e + 1];

	if (single) {
		y += row0 * w->rows;
		row0 = 0;
		row1 = 1;
	}
	s->m->kernels->matmul(w, tile0, tile1, acts, row0, row1, y, w->rows);
	s->touched[thread].bytes += (tile1 - tile0) * w->tile_bytes;
}

static void hidden_item(void *ctx, size_t item, unsigned thread)
{
	struct expert_step *x = ctx;
	struct oae_state *s = x->s;
	const struct oae_layer *y = oae_state_layer(s);
	size_t group = item / x->ranges, range = item % x->ranges, e;
	size_t outputs = s->m->shape.n_ff;
	size_t tile0 = x->units * range / x->ranges * 2;
	size_t tile1 = min(x->units * (range + 1) / x->ranges * 2,
			   ceil_div(outputs, OAE_TILE));
	size_t end = min(tile1 * OAE_TILE, outputs);
	bool single = s->n_rows == 1;
	const struct oae_acts *acts =
		single ? oae_product_acts(s, x->router, thread) : &s->gathered;

	for (size_t i = s->n_active * group / x->groups;
	     i < s->n_active * (group + 1) / x->groups; i++) {
		e = s->active[i];
		multiply_expert(s, &y->gates[e], e, tile0, tile1, acts, single,
				s->gate, thread);
		multiply_expert(s, &y->ups[e], e, tile0, tile1, acts, single,
				s->up, thread);
		for (size_t r = s->first[e]; r < s->first[e + 1]; r++)
			oae_activate(s, r, tile0 * OAE_TILE, end);
	}
}

/* branch = shares x outputs, in the order of rank. */
static void combine(struct oae_state *s, size_t r, size_t begin, size_t end)
{
	const struct oae_shape *p = &s->m->shape;
	size_t n = p->n_embd, used = p->n_expert_used;
	float *branch = s->branch + r * n, share;
	const float *y;

	memset(branch + begin, 0, (end - begin) * sizeof(*branch));
	for (size_t k = 0; k < used; k++) {
		share = s->share[r * used + k];
		y = s->outputs + s->place[r * used + k] * n;
		for (size_t i = begin; i < end; i++)
			branch[i] += share * y[i];
	}
}

/* One group: a range's shares are added up where they are made. */
static struct expert_step plan_output(struct oae_state *s)
{
	size_t units = ceil_div(s->m->shape.n_embd, (size_t)2 * OAE_TILE);
	size_t want = (size_t)ITEMS_EACH * oae_threads_count(s->m->threads);

	return (struct expert_step){ s, NULL, units, min(units, want), 1 };
}

static void output_item(void *ctx, size_t item, unsigned thread)
{
	struct expert_step *x = ctx;
	struct oae_state *s = x->s;
	size_t outputs = s->m->shape.n_embd;
	size_t tile0 = x->units * item / x->ranges * 2;
	size_t tile1 = min(x->units * (item + 1) / x->ranges * 2,
			   ceil_div(outputs, OAE_TILE));
	size_t end = min(tile1 * OAE_TILE, outputs);

	for (size_t i = 0; i < s->n_active; i++)
		multiply_expert(s, &oae_state_layer(s)->downs[s->active[i]],
				s->active[i], tile0, tile1, &s->hidden, false,
				s->outputs, thread);
	for (size_t r = 0; r < s->n_rows; r++) {
		combine(s, r, tile0 * OAE_TILE, end);
		oae_add_branch(s, r, tile0 * OAE_TILE, end);
	}
}

void oae_ffn_experts(struct oae_state *s)
{
	const struct oae_shape *p = &s->m->shape;
	const struct oae_product router = {
		.part = OAE_PART_FFN,
		.y = { s->router },
		.rows = s->n_rows,
		.acts = &s->acts,
		.input = oae_ffn_input,
	};
	struct expert_step in, out;

	route(s, &router);
	sort_assignments(s);
	oae_traffic_experts(s);
	s->gathered.cols = p->n_embd;
	if (s->n_rows > 1)
		oae_each_row(s, s->n_rows, gather_row);
	in = plan_hidden(s, &router);
	oae_threads_run(s->m->threads, in.groups * in.ranges, hidden_item, &in);
	out = plan_output(s);
	oae_threads_run(s->m->threads, out.ranges, output_item, &out);
}
