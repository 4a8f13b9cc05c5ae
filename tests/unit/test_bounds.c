/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds over ranges, flip values and sets of N, against direct costs. */
#include "tests/unit/random_case.h"

/* No point of the box is outside the bounds; some come near them. */
static void test_bounds_hold(void **state)
{
	int near = 0, all = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct oae_box box = random_box(1);

		for (int m = 0; m < MODES; m++) {
			enum oae_mode mode = (enum oae_mode)m;
			struct oae_bounds r =
				oae_bounds_of(mode, OAE_AIM_SCORE, 0, &box);
			double most = 0;

			for (int k = 0; k < 300; k++) {
				double v = random_inside(&box, mode);

				if (!(v >= r.low * (1 - 1e-9) &&
				      v <= r.high * (1 + 1e-9)))
					fail_msg("%g is outside [%g, %g]", v,
						 r.low, r.high);
				most = fmax(most, v);
			}
			all++;
			near += most > 0.5 * r.high;
		}
	}
	assert_true(near > all * 3 / 4);
}

/* The bounds are attained: at some corner of all parameters on demand. */
static void test_bounds_are_tight(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct oae_box box = random_box(1);
		struct oae_bounds r;
		double high = 0, low = INFINITY;

		/* Own ones but s and g fixed: 2^8 x 2^4 corners are few. */
		for (int o = 0; o < OAE_OWNS; o++)
			if (o != OAE_OWN_S && o != OAE_OWN_G) {
				box.b_low.v[o] = box.b_high.v[o] =
					box.b_mid.v[o];
				box.x_low.v[o] = box.x_high.v[o] =
					box.x_mid.v[o];
			}
		r = oae_bounds_of(OAE_ON_DEMAND, OAE_AIM_SCORE, 0, &box);
		for (unsigned c = 0; c < 1u << 12; c++) {
			static const enum oae_term moving[] = {
				OAE_TERM_R1,  OAE_TERM_R2,	OAE_TERM_R3,
				OAE_TERM_H,   OAE_TERM_N,	OAE_TERM_RHO,
				OAE_TERM_P_S, OAE_TERM_S_SCALE,
			};
			struct oae_terms t = box.mid;
			struct oae_own_values b = box.b_mid, x = box.x_mid;
			double v;

			for (int k = 0; k < 8; k++)
				t.v[moving[k]] = c >> k & 1 ?
							 box.high.v[moving[k]] :
							 box.low.v[moving[k]];
			b.v[OAE_OWN_S] = (c >> 8 & 1 ? &box.b_high : &box.b_low)
						 ->v[OAE_OWN_S];
			b.v[OAE_OWN_G] = (c >> 9 & 1 ? &box.b_high : &box.b_low)
						 ->v[OAE_OWN_G];
			x.v[OAE_OWN_S] =
				(c >> 10 & 1 ? &box.x_high : &box.x_low)
					->v[OAE_OWN_S];
			x.v[OAE_OWN_G] =
				(c >> 11 & 1 ? &box.x_high : &box.x_low)
					->v[OAE_OWN_G];
			v = score(OAE_ON_DEMAND, &t, &b, &x);
			high = fmax(high, v);
			low = fmin(low, v);
		}
		same(high, r.high);
		same(low, r.low);
	}
}

/* Common work is one unknown: b and x move together in it. */
static void test_bounds_common(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++) {
		struct oae_box box = random_box(0);
		struct oae_bounds apart, together, extra;
		double low = log_uniform(1, 10), high = low * 4;

		box.low = box.high = box.mid;
		box.b_low.v[OAE_OWN_A1] += low;
		box.x_low.v[OAE_OWN_A1] += low;
		box.b_high.v[OAE_OWN_A1] += high;
		box.x_high.v[OAE_OWN_A1] += high;
		apart = oae_bounds_of(OAE_OWNED, OAE_AIM_SCORE, 0, &box);
		box.common_low.v[OAE_OWN_A1] = low;
		box.common_high.v[OAE_OWN_A1] = high;
		together = oae_bounds_of(OAE_OWNED, OAE_AIM_SCORE, 0, &box);
		assert_true(together.low >= apart.low * (1 - 1e-12));
		assert_true(together.high <= apart.high * (1 + 1e-12));
		same(fmin(score(OAE_OWNED, &box.mid, &box.b_low, &box.x_low),
			  score(OAE_OWNED, &box.mid, &box.b_high, &box.x_high)),
		     together.low);
		extra = oae_extra_bounds(0, &box);
		assert_true(extra.high - extra.low <
			    1e-9 * (fabs(extra.high) + high));
	}
}

/* At a flip value the costs are equal. */
static void test_flips(void **state)
{
	int found = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct oae_box box = random_box(0);
		int term = (int)oae_rng_below(&rng, OAE_TERM_PEAK);
		int own = (int)oae_rng_below(&rng, OAE_OWN_S);
		struct oae_terms t = box.mid;
		struct oae_own_values x = box.x_mid;
		enum oae_mode mode = (enum oae_mode)oae_rng_below(&rng, 2);
		double v = oae_flip_term(mode, &box, (enum oae_term)term);

		if (!isnan(v)) {
			t.v[term] = v;
			found++;
			assert_true(
				fabs(score(mode, &t, &box.b_mid, &box.x_mid) -
				     1) < 1e-6);
		}
		v = oae_flip_own(mode, &box, (enum oae_own)own);
		if (!isnan(v)) {
			x.v[own] = v;
			found++;
			assert_true(fabs(score(mode, &box.mid, &box.b_mid, &x) -
					 1) < 1e-6);
		}
	}
	assert_true(found > CASES / 4);
}

/* A flip of what acts through m alone: the sign differs around it. */
static void test_flip_jumps(void **state)
{
	static const enum oae_term terms[] = { OAE_TERM_PEAK, OAE_TERM_U };
	int found = 0;

	(void)state;
	for (int i = 0; i < CASES / 4; i++) {
		struct oae_box box = random_box(0);
		enum oae_term which = terms[oae_rng_below(&rng, 2)];
		double v = oae_flip_term(OAE_OWNED, &box, which);
		struct oae_terms t = box.mid;
		struct oae_own_values x = box.x_mid;
		bool above, below;

		if (!isnan(v)) {
			t.v[which] = v * (1 + 1e-12);
			above = score(OAE_OWNED, &t, &box.b_mid, &x) > 1;
			t.v[which] = v * (1 - 1e-12);
			below = score(OAE_OWNED, &t, &box.b_mid, &x) > 1;
			assert_true(above != below);
			found++;
		}
		v = oae_flip_own(OAE_OWNED, &box, OAE_OWN_S);
		if (isnan(v))
			continue;
		x.v[OAE_OWN_S] = v * (1 - 1e-12);
		assert_true(score(OAE_OWNED, &box.mid, &box.b_mid, &x) >=
			    1 - 1e-9);
		x.v[OAE_OWN_S] = v * (1 + 1e-12);
		assert_true(score(OAE_OWNED, &box.mid, &box.b_mid, &x) <=
			    1 + 1e-9);
	}
	assert_true(found > CASES / 100);
}

static bool in_set(const struct oae_n_set *set, double n)
{
	for (size_t i = 0; i < set->count; i++)
		if (n > set->item[i].from && n <= set->item[i].to)
			return true;
	return false;
}

static void test_owned_set(void **state)
{
	int inside = 0, outside = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct oae_terms t = random_terms();
		struct oae_own_values b = random_own(), x = random_own();
		struct oae_n_set set;

		/* Often alike, so that teeth matter. */
		if (i % 2) {
			x.v[OAE_OWN_S] = b.v[OAE_OWN_S] * log_uniform(0.8, 1);
			x.v[OAE_OWN_G] = b.v[OAE_OWN_G];
		}
		oae_owned_set(&t, &b, &x, false, &set);
		for (int k = 0; k < 50; k++) {
			double n = log_uniform(1, 1e10), v;

			t.v[OAE_TERM_N] = n;
			v = score(OAE_OWNED, &t, &b, &x);
			if (n > set.known_to || fabs(v - 1) < 1e-9)
				continue;
			if ((v > 1) != in_set(&set, n))
				fail_msg("N = %.17g: score %.17g", n, v);
			inside += v > 1;
			outside += v < 1;
		}
	}
	assert_true(inside > 1000 && outside > 1000);
}

static void test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(oae_verdict_of(5, 9, 2, 5), OAE_VERDICT_PAYS);
	assert_int_equal(oae_verdict_of(4.9, 9, 2, 5), OAE_VERDICT_UNDECIDED);
	assert_int_equal(oae_verdict_of(0, 1.9, 2, 5),
			 OAE_VERDICT_DOES_NOT_PAY);
	assert_int_equal(oae_verdict_of(0, 2, 2, 5), OAE_VERDICT_UNDECIDED);
	assert_int_equal(oae_verdict_of(NAN, 2, 2, 5), OAE_VERDICT_NO_SCORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_hold),
		cmocka_unit_test(test_bounds_are_tight),
		cmocka_unit_test(test_bounds_common),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_flip_jumps),
		cmocka_unit_test(test_owned_set),
		cmocka_unit_test(test_verdicts),
	};

	return cmocka_run_group_tests(tests, seed_cases, NULL);
}
