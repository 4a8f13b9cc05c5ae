/* SPDX-License-Identifier: Apache-2.0 */
/* Monte Carlo over ranges and runs, against bounds, t, and other sums. */
#include "schema/uncertainty.h"
#include "tests/unit/random_case.h"

static void ok(enum oae_status status, const struct oae_error *err)
{
	if (status)
		fail_msg("%s", err->text);
}

static struct oae_uncertainty take(enum oae_mode mode,
				   const struct oae_box *box,
				   const struct oae_measured *m)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_uncertainty u;

	ok(oae_uncertainty_of(mode, 0, box, m, .95, &u, &err), &err);
	return u;
}

static const struct oae_parameter *find(const struct oae_uncertainty *u,
					enum oae_whose of, const char *name)
{
	for (size_t i = 0; i < u->parameter_count; i++)
		if (u->parameters[i].of == of &&
		    !strcmp(u->parameters[i].name, name))
			return &u->parameters[i];
	fail_msg("no parameter %s of %s", name, oae_whose_name(of));
	return NULL;
}

static void about(double is, double should, double tolerance, const char *what)
{
	if (!(fabs(is - should) <= tolerance * fabs(should)))
		fail_msg("%s: %.6g is not about %.6g", what, is, should);
}

/* Everything exact, and the baseline the same as the system. */
static struct oae_box plain_box(void)
{
	struct oae_box box;

	memset(&box, 0, sizeof(box));
	box.mid = oae_terms_init();
	box.mid.v[OAE_TERM_R1] = 70;
	box.mid.v[OAE_TERM_H] = 24;
	box.mid.v[OAE_TERM_N] = 5040000;
	box.mid.v[OAE_TERM_P_S] = 1e-4;
	box.mid.v[OAE_TERM_P_H] = .05;
	box.mid.v[OAE_TERM_PEAK] = 10;
	box.mid.v[OAE_TERM_U] = .7;
	box.low = box.high = box.mid;
	box.b_mid = oae_own_init();
	box.b_mid.v[OAE_OWN_S] = 10;
	box.b_low = box.b_high = box.b_mid;
	box.x_low = box.x_mid = box.x_high = box.b_mid;
	return box;
}

static void set_own(struct oae_own_values *low, struct oae_own_values *mid,
		    struct oae_own_values *high, int o, double a, double m,
		    double b)
{
	low->v[o] = a;
	mid->v[o] = m;
	high->v[o] = b;
}

/* ---- the worked example ----------------------------------------------- */

/* S against D, owned, enterprise, with the ranges of the range test. */
static struct oae_box golden_box(void)
{
	struct oae_box box = plain_box();

	box.mid.v[OAE_TERM_P_IDLE] = 20;
	box.mid.v[OAE_TERM_P_E] = .2;
	box.low = box.high = box.mid;
	box.low.v[OAE_TERM_R1] = 41.65;
	box.high.v[OAE_TERM_R1] = 99.36;
	box.b_mid.v[OAE_OWN_A1] = 4;
	box.b_mid.v[OAE_OWN_MU1] = 1;
	box.b_mid.v[OAE_OWN_E] = .0002;
	box.b_low = box.b_high = box.b_mid;
	box.x_mid = box.b_mid;
	box.x_mid.v[OAE_OWN_S] = 8;
	box.x_low = box.x_high = box.x_mid;
	set_own(&box.x_low, &box.x_mid, &box.x_high, OAE_OWN_A1, 6, 12, 24);
	set_own(&box.x_low, &box.x_mid, &box.x_high, OAE_OWN_MU1, 1, 1.5, 3);
	return box;
}

/* The same once more, by another generator and without the library. */
static void test_golden(void **state)
{
	enum {
		DRAWS = 200000
	};
	static double v[DRAWS];
	struct oae_box box = golden_box();
	struct oae_uncertainty u = take(OAE_OWNED, &box, NULL);
	const struct oae_parameter *r, *a;
	struct oae_interval mine;
	double machines = 17520 * (.05 + .02 * .2), energy = 5040000 * .00004;
	int pays = 0;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double wage = log_uniform(41.65, 99.36);
		double hours = log_uniform(6, 24) + 24 * log_uniform(1, 3);
		double b = wage * 28 + 12 * machines + energy;
		double x = wage * hours + 10 * machines + energy;

		v[i] = b / x;
		pays += b > x;
	}
	oae_sort(v, DRAWS);
	mine = (struct oae_interval){ oae_quantile_sorted(v, DRAWS, .025),
				      oae_quantile_sorted(v, DRAWS, .5),
				      oae_quantile_sorted(v, DRAWS, .975) };
	printf("# S, enterprise, owned: 95 %% of %u draws in [%.4f, %.4f] (of"
	       " %d others [%.4f, %.4f]), bounds [0.7467, 1.1658], pays in"
	       " %.1f %% (%.1f %%)\n",
	       OAE_DRAWS, u.oae.low, u.oae.high, DRAWS, mine.low, mine.high,
	       100 * u.pays_share, 100. * pays / DRAWS);
	about(u.oae.low, mine.low, .01, "low");
	about(u.oae.mid, mine.mid, .01, "median");
	about(u.oae.high, mine.high, .01, "high");
	assert_true(fabs(u.pays_share - (double)pays / DRAWS) < .02);
	r = find(&u, OAE_OF_SHARED, "r_t1_usd_h");
	about(r->flip, 94.608, 1e-6, "flip wage");
	a = find(&u, OAE_OF_SYSTEM, "mu_t1_h_month");
	about(a->at_low, 13514.56 / (13022.4 - .5 * 24 * 70), 1e-6, "at low");
	about(a->at_high, 13514.56 / (13022.4 + 1.5 * 24 * 70), 1e-6,
	      "at high");
	assert_ptr_equal(a, &u.parameters[0]); /* it swings most */
	assert_int_equal(u.parameter_count, 3);
}

/* ---- bounds ------------------------------------------------------------ */

/* Every draw is in the box, so its quantiles are within the bounds. */
static void test_within_bounds(void **state)
{
	double narrowest = 1;

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct oae_box box = random_box(1);
		enum oae_mode mode = (enum oae_mode)(i % 2);
		struct oae_bounds r =
			oae_bounds_of(mode, OAE_AIM_SCORE, 0, &box);
		struct oae_bounds h =
			oae_bounds_of(mode, OAE_AIM_HOURS, 0, &box);
		struct oae_uncertainty u = take(mode, &box, NULL);

		assert_true(u.oae.low >= r.low && u.oae.high <= r.high);
		assert_true(u.hours.low >= h.low - 1e-9 * fabs(h.low) &&
			    u.hours.high <= h.high + 1e-9 * fabs(h.high));
		assert_true(u.oae.low <= u.oae.mid && u.oae.mid <= u.oae.high);
		narrowest = fmin(narrowest, log(u.oae.high / u.oae.low) /
						    log(r.high / r.low));
		for (size_t k = 0; k < u.parameter_count; k++) {
			assert_true(
				u.parameters[k].at_low >= r.low * (1 - 1e-9) &&
				u.parameters[k].at_high <= r.high * (1 + 1e-9));
			assert_true(u.parameters[k].share >= 0 &&
				    u.parameters[k].share <= 1);
		}
	}
	assert_true(narrowest > .05 && narrowest < 1);
}

static void test_deterministic(void **state)
{
	struct oae_box box = random_box(1);
	struct oae_uncertainty a = take(OAE_OWNED, &box, NULL);
	struct oae_uncertainty b = take(OAE_OWNED, &box, NULL);

	(void)state;
	assert_memory_equal(&a, &b, sizeof(a));
}

/* ---- what both have is drawn once -------------------------------------- */

static void test_shared(void **state)
{
	struct oae_box box = plain_box();
	struct oae_uncertainty u;

	(void)state;
	for (int t = 0; t < OAE_TERMS; t++) {
		box.low.v[t] = box.mid.v[t] / 3;
		box.high.v[t] = t == OAE_TERM_U ? 1 : box.mid.v[t] * 3;
	}
	for (int o = OAE_OWN_A1; o <= OAE_OWN_SETUP_KWH; o++) {
		set_own(&box.common_low, &box.common_mid, &box.common_high, o,
			1, 2, 9);
		set_own(&box.b_low, &box.b_mid, &box.b_high, o, 1, 2, 9);
		set_own(&box.x_low, &box.x_mid, &box.x_high, o, 1, 2, 9);
	}
	for (int mode = 0; mode < MODES; mode++) {
		u = take((enum oae_mode)mode, &box, NULL);
		assert_true(u.oae.low == 1 && u.oae.high == 1);
		assert_true(u.pays_share == 0);
		assert_true(u.hours.low == 0 && u.hours.high == 0);
		assert_int_equal(u.parameter_count, 0);
	}
	/* Each its own: the same ranges, and the scores spread. */
	memset(&box.common_low, 0, sizeof(box.common_low));
	memset(&box.common_mid, 0, sizeof(box.common_mid));
	memset(&box.common_high, 0, sizeof(box.common_high));
	u = take(OAE_ON_DEMAND, &box, NULL);
	assert_true(u.oae.low < .95 && u.oae.high > 1.05);
	assert_true(u.pays_share > .4 && u.pays_share < .6);
}

/* ---- shares ------------------------------------------------------------ */

/* log OAE = const - log r - log a: shares are those of the two widths. */
static void test_shares(void **state)
{
	struct oae_box box = plain_box();
	const struct oae_parameter *r, *a;
	struct oae_uncertainty u;
	double wr = log(3 * 3), wa = log(2 * 2);

	(void)state;
	box.low.v[OAE_TERM_R1] = 70 / 3.;
	box.high.v[OAE_TERM_R1] = 70 * 3.;
	box.x_mid.v[OAE_OWN_S] = 0;
	box.x_low = box.x_high = box.x_mid;
	set_own(&box.x_low, &box.x_mid, &box.x_high, OAE_OWN_A1, 5, 10, 20);
	u = take(OAE_ON_DEMAND, &box, NULL);
	r = find(&u, OAE_OF_SHARED, "r_t1_usd_h");
	a = find(&u, OAE_OF_SYSTEM, "a_t1_h");
	printf("# shares of variance: %.3f and %.3f (want %.3f and %.3f)\n",
	       r->share, a->share, wr * wr / (wr * wr + wa * wa),
	       wa * wa / (wr * wr + wa * wa));
	assert_true(fabs(r->share - wr * wr / (wr * wr + wa * wa)) < .03);
	assert_true(fabs(a->share - wa * wa / (wr * wr + wa * wa)) < .03);
	assert_ptr_equal(r, &u.parameters[0]);
	assert_int_equal(u.parameter_count, 2);
	about(r->at_low / r->at_high, 9, 1e-9, "swing");
	/* Uniform where low is 0: the median is the middle. */
	box.low = box.high = box.mid;
	set_own(&box.x_low, &box.x_mid, &box.x_high, OAE_OWN_A1, 0, 1, 20);
	u = take(OAE_ON_DEMAND, &box, NULL);
	about(u.oae.mid, 5040 / (70 * 10.), .04, "median");
}

/* ---- runs ------------------------------------------------------------- */

#define RUNS 6

static void random_runs(struct oae_own_values *b, struct oae_own_values *x)
{
	for (int k = 0; k < RUNS; k++) {
		double day = exp(.2 * oae_rng_normal(&rng));

		b[k] = x[k] = oae_own_init();
		b[k].v[OAE_OWN_S] = 10 * day * exp(.05 * oae_rng_normal(&rng));
		x[k].v[OAE_OWN_S] = 8 * day * exp(.05 * oae_rng_normal(&rng));
	}
}

static void take_means(struct oae_box *box, const struct oae_own_values *b,
		       const struct oae_own_values *x)
{
	box->b_mid.v[OAE_OWN_S] = box->x_mid.v[OAE_OWN_S] = 0;
	for (int k = 0; k < RUNS; k++) {
		box->b_mid.v[OAE_OWN_S] += b[k].v[OAE_OWN_S] / RUNS;
		box->x_mid.v[OAE_OWN_S] += x[k].v[OAE_OWN_S] / RUNS;
	}
	box->b_low = box->b_high = box->b_mid;
	box->x_low = box->x_high = box->x_mid;
}

/* Machine time alone: (b) is the paired t interval of the log ratio. */
static void test_runs_alone(void **state)
{
	struct oae_own_values b[RUNS], x[RUNS];
	double worst = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct oae_measured m = { b, x, RUNS };
		struct oae_box box = plain_box();
		struct oae_interval t;
		struct oae_uncertainty u;
		double ratio[RUNS], shift;

		random_runs(b, x);
		take_means(&box, b, x);
		for (int k = 0; k < RUNS; k++)
			ratio[k] = b[k].v[OAE_OWN_S] / x[k].v[OAE_OWN_S];
		t = oae_ratio_interval(ratio, RUNS, .95);
		u = take(OAE_ON_DEMAND, &box, &m);
		/* It stands about the ratio of means, t about their mean. */
		shift = box.b_mid.v[OAE_OWN_S] / box.x_mid.v[OAE_OWN_S] / t.mid;
		worst = fmax(worst, fabs(log(u.oae.low / (t.low * shift))) /
					    log(t.high / t.low));
		worst = fmax(worst, fabs(log(u.oae.high / (t.high * shift))) /
					    log(t.high / t.low));
		assert_string_equal(u.parameters[0].name, "runs");
		about(u.parameters[0].share, 1, 1e-9, "share");
	}
	printf("# runs alone: ends are those of the paired t to %.3f of its"
	       " width\n",
	       worst);
	assert_true(worst < .05);
}

/* One repetition says nothing of the spread; a range still swings. */
static void test_one_run(void **state)
{
	struct oae_box box = golden_box();
	struct oae_measured m = { &box.b_mid, &box.x_mid, 1 };
	struct oae_uncertainty u = take(OAE_OWNED, &box, &m);

	(void)state;
	assert_true(isnan(u.oae.low) && isnan(u.hours.high) &&
		    isnan(u.pays_share));
	assert_int_equal(u.parameter_count, 3);
	assert_true(isnan(u.parameters[0].share));
	assert_int_equal(oae_verdict_of_score(u.oae.low, u.oae.high),
			 OAE_VERDICT_UNDECIDED);
}

/* Shares of right answers stay shares, times stay times. */
static void test_ends_of_g(void **state)
{
	struct oae_own_values b[2], x[2];
	struct oae_measured m = { b, x, 2 };
	struct oae_box box = plain_box();
	struct oae_uncertainty u;

	(void)state;
	for (int k = 0; k < 2; k++) {
		b[k] = x[k] = oae_own_init();
		b[k].v[OAE_OWN_G] = k ? .9 : .1;
		x[k].v[OAE_OWN_G] = k ? 0 : 1;
		b[k].v[OAE_OWN_S] = k ? 1e-3 : 10;
		x[k].v[OAE_OWN_S] = k ? 10 : 0;
		b[k].v[OAE_OWN_E] = k ? -1 : 1;
	}
	box.mid.v[OAE_TERM_RHO] = 1;
	box.mid.v[OAE_TERM_P_S] = 0;
	box.low = box.high = box.mid;
	box.b_mid.v[OAE_OWN_G] = box.x_mid.v[OAE_OWN_G] = .5;
	box.b_mid.v[OAE_OWN_A1] = box.x_mid.v[OAE_OWN_A1] = 1;
	box.b_low = box.b_high = box.b_mid;
	box.x_low = box.x_high = box.x_mid;
	u = take(OAE_ON_DEMAND, &box, &m);
	/* 70 of work and nothing to 5040000 of remedies. */
	assert_true(u.oae.low >= 70 / 5040070. * (1 - 1e-12));
	assert_true(u.oae.high <= 5040070. / 70 * (1 + 1e-12));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_within_bounds),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_runs_alone),
		cmocka_unit_test(test_one_run),
		cmocka_unit_test(test_ends_of_g),
	};

	return cmocka_run_group_tests(tests, seed_cases, NULL);
}
