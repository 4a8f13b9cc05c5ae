/* SPDX-License-Identifier: Apache-2.0 */
/* Random comparisons for property tests; the generator is seeded. */
#ifndef OAE_TESTS_RANDOM_CASE_H
#define OAE_TESTS_RANDOM_CASE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "schema/bounds.h"

#define CASES 4000
#define MODES 2

static struct oae_rng rng;

static inline double log_uniform(double low, double high)
{
	return low * exp(oae_rng_uniform(&rng) * log(high / low));
}

static inline struct oae_terms random_terms(void)
{
	struct oae_terms t = oae_terms_init();

	for (int k = 0; k < 3; k++)
		t.v[OAE_TERM_R1 + k] = log_uniform(20, 200);
	t.v[OAE_TERM_H] = log_uniform(1, 100);
	t.v[OAE_TERM_N] = log_uniform(1e2, 1e9);
	t.v[OAE_TERM_RHO] = oae_rng_below(&rng, 4) ? log_uniform(1e-4, 1) : 0;
	t.v[OAE_TERM_P_S] = log_uniform(1e-6, 1e-3);
	t.v[OAE_TERM_P_H] = log_uniform(1e-3, 1);
	t.v[OAE_TERM_P_IDLE] = log_uniform(1, 300);
	t.v[OAE_TERM_P_E] = log_uniform(0.02, 1);
	t.v[OAE_TERM_PEAK] = log_uniform(1, 30);
	t.v[OAE_TERM_U] = log_uniform(0.2, 1);
	return t;
}

static inline struct oae_own_values random_own(void)
{
	struct oae_own_values x = oae_own_init();

	for (int k = 0; k < 3; k++) {
		x.v[OAE_OWN_A1 + k] = log_uniform(0.1, 100);
		x.v[OAE_OWN_MU1 + k] = log_uniform(0.01, 10);
	}
	x.v[OAE_OWN_SETUP_S] = log_uniform(1, 1e5);
	x.v[OAE_OWN_SETUP_KWH] = log_uniform(1e-4, 10);
	x.v[OAE_OWN_S] = log_uniform(1e-3, 100);
	x.v[OAE_OWN_E] = log_uniform(1e-8, 1e-2);
	x.v[OAE_OWN_G] = oae_rng_uniform(&rng);
	return x;
}

static inline double score(enum oae_mode mode, const struct oae_terms *t,
			   const struct oae_own_values *b,
			   const struct oae_own_values *x)
{
	struct oae_cost cb = oae_cost_of(mode, t, b);
	struct oae_cost cx = oae_cost_of(mode, t, x);

	return oae_score_of(&cb, &cx, false);
}

static inline void same(double a, double b)
{
	if (!(fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b))))
		fail_msg("%.15g is not %.15g", a, b);
}

static inline void spread(double *low, const double *mid, double *high,
			  double width)
{
	*low = *mid / (1 + width * oae_rng_uniform(&rng));
	*high = *mid * (1 + width * oae_rng_uniform(&rng));
}

/* A random box: each parameter is a range with chance one half. */
static inline struct oae_box random_box(double width)
{
	struct oae_box box;
	struct oae_own_values *own[2][3] = {
		{ &box.b_low, &box.b_mid, &box.b_high },
		{ &box.x_low, &box.x_mid, &box.x_high },
	};

	memset(&box, 0, sizeof(box));
	box.mid = random_terms();
	/* Few machines, so that every jump is walked over. */
	box.mid.v[OAE_TERM_N] = log_uniform(1e2, 1e6);
	box.low = box.high = box.mid;
	for (int t = 0; t < OAE_TERMS; t++)
		if (oae_rng_below(&rng, 2))
			spread(&box.low.v[t], &box.mid.v[t], &box.high.v[t],
			       width);
	box.high.v[OAE_TERM_U] = fmin(1, box.high.v[OAE_TERM_U]);
	for (int k = 0; k < 2; k++) {
		*own[k][1] = random_own();
		own[k][1]->v[OAE_OWN_S] = log_uniform(1e-3, 10);
		*own[k][0] = *own[k][2] = *own[k][1];
		for (int o = 0; o < OAE_OWNS; o++)
			if (oae_rng_below(&rng, 2))
				spread(&own[k][0]->v[o], &own[k][1]->v[o],
				       &own[k][2]->v[o], width);
		own[k][2]->v[OAE_OWN_G] = fmin(1, own[k][2]->v[OAE_OWN_G]);
	}
	return box;
}

static inline double within(double low, double high)
{
	switch (oae_rng_below(&rng, 3)) {
	case 0:
		return low;
	case 1:
		return high;
	default:
		return low + oae_rng_uniform(&rng) * (high - low);
	}
}

static inline double random_inside(const struct oae_box *box,
				   enum oae_mode mode)
{
	struct oae_terms t;
	struct oae_own_values b, x;

	for (int i = 0; i < OAE_TERMS; i++)
		t.v[i] = within(box->low.v[i], box->high.v[i]);
	for (int i = 0; i < OAE_OWNS; i++) {
		b.v[i] = within(box->b_low.v[i], box->b_high.v[i]);
		x.v[i] = within(box->x_low.v[i], box->x_high.v[i]);
	}
	return score(mode, &t, &b, &x);
}

static inline int seed_cases(void **state)
{
	(void)state;
	oae_rng_seed(&rng, 20251122);
	return 0;
}

#endif
