/* SPDX-License-Identifier: Apache-2.0 */
/* The feed-forward of a dense layer: down(silu(gate(x)) * up(x)). */
#include "adapters/reference/model/state.h"

/* acts = silu(gate) * up. */
static void activate_row(struct oae_state *s, size_t r)
{
	const struct oae_packed *w = &oae_state_layer(s)->down;
	size_t n = s->m->shape.n_ff;

	s->m->kernels->silu_mul(s->gate + r * n, s->up + r * n, n,
				s->acts.x + r * n);
	oae_quantize_row(s->m, &s->acts, r, &w, 1);
}

void oae_ffn_dense(struct oae_state *s)
{
	const struct oae_layer *y = oae_state_layer(s);
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
