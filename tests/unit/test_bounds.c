/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds over ranges, flip values and sets of N, against direct costs. */
#include "tests/unit/random_case.h"

/* One point of a box, as a list of numbers that may move. */
struct point {
	struct oae_terms t;
	struct oae_own_values b, x;
};

#define NUMBERS (OAE_TERMS + 2 * OAE_OWNS)

static double *number_of(struct point *p, int i)
{
	if (i < OAE_TERMS)
		return &p->t.v[i];
	i -= OAE_TERMS;
	return i < OAE_OWNS ? &p->b.v[i] : &p->x.v[i - OAE_OWNS];
}

static void ends_of(const struct oae_box *box, struct point *low,
		    struct point *high)
{
	*low = (struct point){ box->low, box->b_low, box->x_low };
	*high = (struct point){ box->high, box->b_high, box->x_high };
}

/*
 * Another value for number i: an end, anything between, or just beside the
 * next jump of a system's machines.
 */
static double proposal(struct point *p, int i, double low, double high)
{
	static const int load[] = { OAE_TERM_N, OAE_TERM_PEAK, OAE_TERM_S_SCALE,
				    OAE_TERM_U, OAE_TERM_H };
	const struct oae_own_values *own = oae_rng_below(&rng, 2) ? &p->b :
								    &p->x;
	double now = *number_of(p, i), m, need, side;

	for (int k = 0; k < 5 && oae_rng_below(&rng, 2); k++) {
		if (i != load[k])
			continue;
		need = oae_cost_load(&p->t) * own->v[OAE_OWN_S];
		m = oae_cost_machines(&p->t, own) -
		    (double)oae_rng_below(&rng, 3) + 1;
		side = oae_rng_below(&rng, 2) ? 1 - 1e-9 : 1 + 1e-8;
		now = k < 3 ? now * (m / need) * side :
			      now / ((m / need) * side);
		if (now >= low && now <= high)
			return now;
	}
	return within(low, high);
}

/* Climbs from a random point, one number at a time, up or down. */
static double climb(const struct oae_box *box, enum oae_mode mode, double sign)
{
	struct point p, low, high;
	double best;

	ends_of(box, &low, &high);
	for (int i = 0; i < NUMBERS; i++)
		*number_of(&p, i) =
			within(*number_of(&low, i), *number_of(&high, i));
	best = sign * score(mode, &p.t, &p.b, &p.x);
	for (int k = 0; k < 600; k++) {
		int i = (int)oae_rng_below(&rng, NUMBERS);
		double was = *number_of(&p, i), is;

		if (!(*number_of(&low, i) < *number_of(&high, i)))
			continue;
		*number_of(&p, i) = proposal(&p, i, *number_of(&low, i),
					     *number_of(&high, i));
		is = sign * score(mode, &p.t, &p.b, &p.x);
		if (is >= best)
			best = is;
		else
			*number_of(&p, i) = was;
	}
	return sign * best;
}

/*
 * A search that knows nothing of corners and cells: it never gets outside
 * the bounds, and it gets to them.
 */
static void test_bounds_hold(void **state)
{
	int all = 0, met = 0, exact = 0, outer = 0;
	double worst = 1;

	(void)state;
	for (int i = 0; i < 250; i++) {
		struct oae_box box = random_box(1);

		/* Some with too many machines to walk over all jumps. */
		if (i % 5 == 4) {
			box.low.v[OAE_TERM_N] *= 1e5;
			box.mid.v[OAE_TERM_N] *= 1e5;
			box.high.v[OAE_TERM_N] *= 1e5;
		}
		for (int m = 0; m < MODES; m++) {
			enum oae_mode mode = (enum oae_mode)m;
			struct oae_bounds r =
				oae_bounds_of(mode, OAE_AIM_SCORE, 0, &box);
			double low = INFINITY, high = 0, reach;

			for (int k = 0; k < 3; k++) {
				high = fmax(high, climb(&box, mode, 1));
				low = fmin(low, climb(&box, mode, -1));
			}
			for (int k = 0; k < 100; k++) {
				high = fmax(high, random_inside(&box, mode));
				low = fmin(low, random_inside(&box, mode));
			}
			if (low < r.low * (1 - 1e-9) ||
			    high > r.high * (1 + 1e-9))
				fail_msg("[%.15g, %.15g] is outside [%.15g,"
					 " %.15g]",
					 low, high, r.low, r.high);
			if (!r.exact) {
				outer++;
				continue;
			}
			exact++;
			reach = log(high / low) / log(r.high / r.low);
			worst = fmin(worst, reach);
			all += 2;
			met += (high > r.high * (1 - 1e-6)) +
			       (low < r.low * (1 + 1e-6));
		}
	}
	printf("# bounds of %d random boxes (%d more are outer ones): a random"
	       " search is never outside, meets %d of %d ends to 1e-6, and"
	       " reaches at least %.3f of the width\n",
	       exact, outer, met, all, worst);
	assert_true(exact > 300 && outer > 5);
	assert_true(met > all * 9 / 10);
	assert_true(worst > 0.9);
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

/* One number of a box moved to v; which < 0: an own one. */
struct moved {
	enum oae_mode mode;
	const struct oae_box *box;
	int term, own;
	bool of_b;
};

static double at(const struct moved *p, double v, double *machines)
{
	struct oae_terms t = p->box->mid;
	struct oae_own_values b = p->box->b_mid, x = p->box->x_mid;

	if (p->term >= 0)
		t.v[p->term] = v;
	else
		(p->of_b ? &b : &x)->v[p->own] = v;
	*machines = fmax(oae_cost_machines(&t, &b), oae_cost_machines(&t, &x));
	return score(p->mode, &t, &b, &x);
}

static double mid_of(const struct moved *p)
{
	return p->term >= 0 ? p->box->mid.v[p->term] :
	       p->of_b	    ? p->box->b_mid.v[p->own] :
			      p->box->x_mid.v[p->own];
}

static double flip(const struct moved *p)
{
	if (p->term >= 0)
		return oae_flip_term(p->mode, p->box, (enum oae_term)p->term);
	return (p->of_b ? oae_flip_baseline :
			  oae_flip_own)(p->mode, p->box, (enum oae_own)p->own);
}

/*
 * At a flip value C_B = C_X; where whole machines come and go the sign may
 * jump there. Nowhere between the middle and it does the sign change.
 */
static bool check_flip(const struct moved *p, int *equal)
{
	double v = flip(p), m, m_b, from = mid_of(p), now, near = 1e-9;

	if (isnan(v))
		return false;
	if (fabs(at(p, v, &m) - 1) < 1e-6) {
		(*equal)++;
	} else {
		/* So many machines are taken as real numbers. */
		near = m > 1000 ? 1e-3 : near;
		if ((at(p, v * (1 - near), &m) > 1) ==
		    (at(p, v * (1 + near), &m) > 1))
			fail_msg("term %d own %d: no flip at %.17g", p->term,
				 p->own, v);
	}
	now = at(p, from, &m);
	for (int i = 0; i < 20 && from > 0; i++) {
		double w = from * pow(v / from, i / 20. * (1 - 1e-6)), is;

		is = at(p, w, &m_b);
		if ((is > 1) != (now > 1) && fabs(is - 1) > 1e-6 && m_b < 1000)
			fail_msg("term %d own %d flips at %.17g before %.17g",
				 p->term, p->own, w, v);
	}
	return true;
}

static void test_flips(void **state)
{
	int found[3] = { 0 }, equal = 0, jumps;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct oae_box box = random_box(0);
		int own = (int)oae_rng_below(&rng, OAE_OWNS);
		struct moved p[3] = {
			{ .term = (int)oae_rng_below(&rng, OAE_TERMS) },
			{ .term = -1, .own = own },
			{ .term = -1, .own = own, .of_b = true },
		};

		for (int k = 0; k < 3; k++) {
			p[k].mode = (enum oae_mode)oae_rng_below(&rng, 2);
			p[k].box = &box;
			p[k].own = p[k].term >= 0 ? -1 : p[k].own;
			found[k] += check_flip(&p[k], &equal);
		}
	}
	jumps = found[0] + found[1] + found[2] - equal;
	printf("# flip values: %d of shared numbers, %d of the system's, %d of"
	       " the baseline's; C_B = C_X at %d, the sign jumps at %d\n",
	       found[0], found[1], found[2], equal, jumps);
	for (int k = 0; k < 3; k++)
		assert_true(found[k] > CASES / 10);
	assert_true(jumps > CASES / 100);
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
		cmocka_unit_test(test_owned_set),
		cmocka_unit_test(test_verdicts),
	};

	return cmocka_run_group_tests(tests, seed_cases, NULL);
}
