/* SPDX-License-Identifier: Apache-2.0 */
/* The feed-forward of a dense layer: down(silu(gate(x)) * up(x)). */
#include "adapters/reference/model/state.h"

void oae_ffn_input(struct oae_state *s, size_t r, struct oae_acts *acts)
{
	const struct oae_layer *y = oae_state_layer(s);
	const struct oae_model *m = s->m;
	size_t n = m->shape.n_embd;

	m->kernels->rmsnorm(s->x + r * n, y->ffn_norm, n, m->shape.eps,
			    acts->x + r * n);
	if (y->in_quantised)
		m->kernels->quantize(acts, r);
}

void oae_activate(struct oae_state *s, size_t row, size_t begin, size_t end)
{
	size_t n = s->m->shape.n_ff, at = row * n + begin;
	struct oae_acts part;

	s->m->kernels->silu_mul(s->gate + at, s->up + at, end - begin,
				s->hidden.x + at);
	if (!oae_state_layer(s)->hidden_quantised)
		return;
	part = oae_acts_part(&s->hidden, row, begin, end);
	if (s->n_rows == 1)
		part.pairs = NULL; /* of one row of any matrix */
	s->m->kernels->quantize(&part, 0);
}

void oae_add_branch(struct oae_state *s, size_t row, size_t begin, size_t end)
{
	size_t at = row * s->m->shape.n_embd + begin;

	s->m->kernels->add(s->x + at, s->branch + at, end - begin);
}

void oae_ffn_dense(struct oae_state *s)
{
	const struct oae_product in = {
		.part = OAE_PART_FFN,
		.y = { s->gate, s->up },
		.rows = s->n_rows,
		.acts = &s->acts,
		.input = oae_ffn_input,
		.output = oae_activate,
	};
	const struct oae_product out = {
		.part = OAE_PART_DOWN,
		.y = { s->branch },
		.rows = s->n_rows,
		.acts = &s->hidden,
		.output = oae_add_branch,
	};

	oae_multiply(s, &in);
	oae_multiply(s, &out);
}
