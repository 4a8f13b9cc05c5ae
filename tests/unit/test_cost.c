/* SPDX-License-Identifier: Apache-2.0 */
/* Every value of the worked example (spec §13.1). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "schema/bounds.h"
#include "schema/plan.h"
#include "schema/robustness.h"
#include "schema/sustainability.h"
#include "schema/talent.h"

#define TOLERANCE 1e-6

static cJSON *golden;
static struct oae_plan plan;

static void near_(double is, double should, const char *what)
{
	if (!(fabs(is - should) <= TOLERANCE * fmax(1, fabs(should))))
		fail_msg("%s: is %.12g, should be %.12g", what, is, should);
}

static const cJSON *get(const cJSON *obj, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

	if (!v)
		fail_msg("the golden file has no %s", key);
	return v;
}

static double num(const cJSON *obj, const char *key)
{
	return get(obj, key)->valuedouble;
}

static const struct oae_plan_system *system_of(const char *name)
{
	for (size_t i = 0; i < plan.system_count; i++)
		if (strcmp(plan.systems[i].name, name) == 0)
			return &plan.systems[i];
	fail_msg("no system %s", name);
	return NULL;
}

static const struct oae_own_values *own(const char *name)
{
	return &system_of(name)->mid;
}

static struct oae_terms terms_at(double n)
{
	struct oae_terms t = plan.mid;

	t.v[OAE_TERM_N] = n;
	return t;
}

static struct oae_cost cost(enum oae_mode mode, const struct oae_terms *t,
			    const char *name)
{
	return oae_cost_of(mode, t, own(name));
}

static void check_scores(enum oae_mode mode, const struct oae_terms *t,
			 const cJSON *row)
{
	struct oae_cost b = cost(mode, t, "D"), x;
	const cJSON *v;

	cJSON_ArrayForEach(v, get(row, "C"))
		near_(cost(mode, t, v->string).total, v->valuedouble,
		      v->string);
	cJSON_ArrayForEach(v, get(row, "oae")) {
		x = cost(mode, t, v->string);
		near_(oae_score_of(&b, &x, false), v->valuedouble, v->string);
	}
}

static void test_on_demand(void **state)
{
	const cJSON *row;

	(void)state;
	cJSON_ArrayForEach(row, get(golden, "on_demand")) {
		struct oae_terms t = terms_at(num(row, "N"));

		check_scores(OAE_ON_DEMAND, &t, row);
	}
}

static void test_limits(void **state)
{
	const cJSON *limits = get(golden, "on_demand_limits"), *v;

	(void)state;
	cJSON_ArrayForEach(v, get(limits, "N_to_0"))
		near_(oae_score_limits(&plan.mid, own("D"), own(v->string),
				       false)
			      .n_to_0,
		      v->valuedouble, v->string);
	cJSON_ArrayForEach(v, get(limits, "N_to_inf"))
		near_(oae_score_limits(&plan.mid, own("D"), own(v->string),
				       false)
			      .n_to_inf,
		      v->valuedouble, v->string);
}

static void test_break_even(void **state)
{
	const char *const forms[] = { "greenfield", "retrofit" };
	const cJSON *v;

	(void)state;
	for (int i = 0; i < 2; i++)
		cJSON_ArrayForEach(v,
				   get(get(golden, "break_even"), forms[i])) {
			struct oae_break_even e = oae_break_even_of(
				&plan.mid, own("D"), own(v->string), i);

			near_(e.n / num(v, "N"), 1, v->string);
			assert_string_equal(oae_break_even_name(e.kind),
					    get(v, "kind")->valuestring);
		}
	cJSON_ArrayForEach(v, get(golden, "retrofit_oae_at_5040000")) {
		struct oae_terms t = terms_at(5040000);
		struct oae_cost b = cost(OAE_ON_DEMAND, &t, "D");
		struct oae_cost x = cost(OAE_ON_DEMAND, &t, v->string);

		near_(oae_score_of(&b, &x, true), v->valuedouble, v->string);
	}
}

static double profile_n(const char *profile)
{
	return 24 * num(get(get(golden, "inputs"), "profiles_requests_a_month"),
			profile);
}

static void test_owned(void **state)
{
	const cJSON *row, *v;

	(void)state;
	cJSON_ArrayForEach(row, get(golden, "owned")) {
		struct oae_terms t =
			terms_at(profile_n(get(row, "profile")->valuestring));
		struct oae_cost b = cost(OAE_OWNED, &t, "D"), x;

		check_scores(OAE_OWNED, &t, row);
		cJSON_ArrayForEach(v, get(row, "machines"))
			near_(cost(OAE_OWNED, &t, v->string).machines,
			      v->valuedouble, v->string);
		cJSON_ArrayForEach(v, get(row, "affordable_hours")) {
			x = cost(OAE_OWNED, &t, v->string);
			near_(oae_affordable_hours(&b, &x, 70), v->valuedouble,
			      v->string);
		}
	}
}

static void put(struct oae_own_values *low, struct oae_own_values *high,
		enum oae_own which, const cJSON *pair)
{
	low->v[which] = cJSON_GetArrayItem(pair, 0)->valuedouble;
	high->v[which] = cJSON_GetArrayItem(pair, 1)->valuedouble;
}

static struct oae_box range_box(void)
{
	const cJSON *test = get(golden, "range_test_enterprise_owned_S");
	struct oae_box box;

	memset(&box, 0, sizeof(box));
	box.low = box.mid = box.high = terms_at(5040000);
	box.low.v[OAE_TERM_R1] =
		cJSON_GetArrayItem(get(test, "r"), 0)->valuedouble;
	box.high.v[OAE_TERM_R1] =
		cJSON_GetArrayItem(get(test, "r"), 1)->valuedouble;
	box.b_low = box.b_mid = box.b_high = *own("D");
	box.x_low = box.x_mid = box.x_high = *own("S");
	put(&box.x_low, &box.x_high, OAE_OWN_A1, get(test, "a_S"));
	put(&box.x_low, &box.x_high, OAE_OWN_MU1, get(test, "mu_S"));
	return box;
}

static void test_range(void **state)
{
	const cJSON *test = get(golden, "range_test_enterprise_owned_S");
	const cJSON *bounds = get(test, "bounds");
	struct oae_box box = range_box();
	struct oae_bounds r = oae_bounds_of(OAE_OWNED, OAE_AIM_SCORE, 0, &box);
	struct oae_bounds a = oae_bounds_of(OAE_OWNED, OAE_AIM_HOURS, 0, &box);
	struct oae_bounds e = oae_extra_bounds(0, &box);

	(void)state;
	assert_true(r.exact);
	near_(r.low, cJSON_GetArrayItem(bounds, 0)->valuedouble, "low");
	near_(r.high, cJSON_GetArrayItem(bounds, 1)->valuedouble, "high");
	assert_string_equal(
		oae_verdict_name(oae_verdict_of(a.low, a.high, e.low, e.high)),
		get(test, "verdict")->valuestring);
	near_(oae_flip_term(OAE_OWNED, &box, OAE_TERM_R1),
	      num(test, "flip_wage_usd_h"), "flip wage");
}

/*
 * Whole machines come and go within a range of demand: the extremes are
 * beside their jumps, and its two ends alone would look too good.
 */
static void test_range_of_demand(void **state)
{
	const cJSON *test = get(golden, "range_test_enterprise_owned_M");
	const cJSON *bounds = get(test, "bounds");
	const cJSON *naive = get(test, "bounds_at_both_ends_alone");
	double k = num(test, "requests_factor"), end[2];
	struct oae_bounds r;
	struct oae_box box;

	(void)state;
	memset(&box, 0, sizeof(box));
	box.low = terms_at(5040000 / k);
	box.mid = terms_at(5040000);
	box.high = terms_at(5040000 * k);
	box.b_low = box.b_mid = box.b_high = *own("D");
	box.x_low = box.x_mid = box.x_high = *own("M");
	r = oae_bounds_of(OAE_OWNED, OAE_AIM_SCORE, 0, &box);
	for (int i = 0; i < 2; i++) {
		const struct oae_terms *t = i ? &box.high : &box.low;
		struct oae_cost b = cost(OAE_OWNED, t, "D");
		struct oae_cost x = cost(OAE_OWNED, t, "M");

		end[i] = oae_score_of(&b, &x, false);
		assert_true(fabs(end[i] -
				 cJSON_GetArrayItem(naive, i)->valuedouble) <
			    5e-5);
	}
	printf("# M, enterprise, requests x/: %g: bounds [%.4f, %.4f], at both"
	       " ends alone [%.4f, %.4f]\n",
	       k, r.low, r.high, end[0], end[1]);
	assert_true(r.exact);
	assert_true(fabs(r.low - cJSON_GetArrayItem(bounds, 0)->valuedouble) <
		    5e-5);
	assert_true(fabs(r.high - cJSON_GetArrayItem(bounds, 1)->valuedouble) <
		    5e-5);
}

static double robust_oae(const char *name, double g_b, double g_x, double s_x,
			 const double *weights)
{
	struct oae_terms t = terms_at(5040000);
	struct oae_own_values b[3], x[3];
	double cost_b[3], cost_x[3], pick[3] = { 0, 1, 0 };

	t.v[OAE_TERM_RHO] =
		num(get(golden, "robustness_on_demand_5040000"), "rho_usd");
	for (int i = 0; i < 3; i++) {
		b[i] = *own("D");
		x[i] = *own(name);
	}
	b[1].v[OAE_OWN_G] = g_b;
	x[1].v[OAE_OWN_G] = g_x;
	if (s_x > 0) {
		x[2].v[OAE_OWN_S] = s_x;
		x[2].v[OAE_OWN_G] = 0.5;
		pick[1] = 0;
		pick[2] = 1;
	}
	for (int i = 0; i < 3; i++) {
		cost_b[i] = oae_cost_of(OAE_ON_DEMAND, &t, &b[i]).total;
		cost_x[i] = oae_cost_of(OAE_ON_DEMAND, &t, &x[i]).total;
	}
	return oae_mix_score(cost_b, cost_x, weights ? weights : pick, 3);
}

static void test_robustness(void **state)
{
	const cJSON *r = get(golden, "robustness_on_demand_5040000");
	const cJSON *g = get(r, "burst_g"), *burst = get(r, "burst_oae");
	const cJSON *memory = get(r, "memory_limit_M"), *v;
	double weights[3];
	int n = 0;

	(void)state;
	cJSON_ArrayForEach(v, burst)
		near_(robust_oae(v->string, num(g, "D"), num(g, v->string), 0,
				 NULL),
		      v->valuedouble, v->string);
	near_(robust_oae("M", 1, 1, num(memory, "s"), NULL), num(memory, "oae"),
	      "memory limit");
	cJSON_ArrayForEach(v, get(r, "mix_weights"))
		weights[n++] = v->valuedouble;
	near_(robust_oae("M", num(g, "D"), num(g, "M"), num(memory, "s"),
			 weights),
	      num(get(r, "mix_oae"), "M"), "mix M");
	near_(robust_oae("S", num(g, "D"), num(g, "S"), 0, weights),
	      num(get(r, "mix_oae"), "S"), "mix S");
}

static void test_carbon(void **state)
{
	const cJSON *c = get(golden, "carbon_g_per_request_owned"), *v;
	const char *const profiles[] = { "clinic", "enterprise" };
	const cJSON *sci = get(golden, "sci_embodied");

	(void)state;
	for (int i = 0; i < 2; i++)
		cJSON_ArrayForEach(v, get(c, profiles[i])) {
			struct oae_terms t = terms_at(profile_n(profiles[i]));
			double m = oae_cost_machines(&t, own(v->string));
			double hours = m * 24 * OAE_MONTH_HOURS;
			double n = t.v[OAE_TERM_N];
			double kwh = hours * t.v[OAE_TERM_P_IDLE] / 1000 +
				     n * own(v->string)->v[OAE_OWN_E];

			near_(oae_sci_g(kwh, num(c, "I_kg_kwh"),
					hours * num(c, "embodied_kg_machine_h"),
					n),
			      v->valuedouble, v->string);
		}
	/* Published to 0.01 g. */
	assert_true(fabs(1000 * oae_embodied_kg(num(sci, "TE_kg"),
						num(sci, "years"),
						num(sci, "hours")) -
			 num(sci, "g")) < 0.005);
}

static void test_talent(void **state)
{
	const cJSON *t = get(golden, "talent"), *v;
	const cJSON *ten = get(golden, "expected_best_of_5_of_1_to_10");
	double trials[16], ascending[10];
	size_t n = 0;

	(void)state;
	cJSON_ArrayForEach(v, get(t, "kappa_trials"))
		trials[n++] = v->valuedouble;
	cJSON_ArrayForEach(v, get(t, "expected_best_unbiased"))
		near_(oae_cheapest_of(trials, n, (size_t)(v->string[0] - '0')),
		      v->valuedouble, v->string);
	cJSON_ArrayForEach(v, get(t, "tau")) {
		double kappa =
			v->string[0] == 'd' ?
				num(t, "default") :
				oae_cheapest_of(trials, n,
						(size_t)(v->string[0] - '0'));

		near_(oae_talent_tau(num(t, "baseline"), kappa,
				     num(t, "expert")),
		      v->valuedouble, v->string);
	}
	assert_int_equal(oae_talent_least_n(trials, n, num(t, "baseline"),
					    num(t, "expert"), 0.9),
			 (int)num(t, "least_n_tau_0_9"));
	for (int i = 0; i < 10; i++)
		ascending[i] = i + 1;
	near_(oae_best_of_dodge(ascending, 10, 5), num(ten, "dodge_V"),
	      "Dodge");
	near_(oae_best_of_unbiased(ascending, 10, 5), num(ten, "unbiased_M"),
	      "unbiased");
	assert_true(isnan(oae_best_of_unbiased(ascending, 10, 11)));
	assert_true(isnan(oae_talent_tau(10, 9, 10)));
}

static void test_speculative_factor(void **state)
{
	const cJSON *row;

	(void)state;
	cJSON_ArrayForEach(row, get(golden, "speculative_factor"))
		near_(oae_speculative_factor(num(row, "alpha"),
					     num(row, "gamma"), num(row, "c"),
					     num(row, "v")),
		      num(row, "factor"), "factor");
}

static void test_exact_machines(void **state)
{
	struct oae_terms t = oae_terms_init();
	struct oae_own_values x = oae_own_init();

	(void)state;
	/* A load of exactly k machines needs k, however it is rounded. */
	t.v[OAE_TERM_H] = 1;
	t.v[OAE_TERM_U] = 0.7;
	for (int k = 1; k <= 3000; k++) {
		x.v[OAE_OWN_S] = 0.1;
		t.v[OAE_TERM_N] = 3600 * 730.0 * k * 0.7 / 0.1;
		assert_true(oae_cost_machines(&t, &x) == k);
	}
	t.v[OAE_TERM_N] = 0;
	assert_true(oae_cost_machines(&t, &x) == 1);
}

static int set_up(void **state)
{
	char home[OAE_PATH_BYTES_MAX], path[OAE_PATH_BYTES_MAX];
	struct oae_error err = { OAE_OK, 0, "" };

	(void)state;
	if (oae_home(home, sizeof(home), &err) ||
	    oae_path_join(path, sizeof(path), home,
			  "tests/golden/oae-worked-example.json", &err) ||
	    oae_json_read(path, &golden, &err) ||
	    oae_plan_read(golden, &plan, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cJSON_Delete(golden);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_demand),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_break_even),
		cmocka_unit_test(test_owned),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_range_of_demand),
		cmocka_unit_test(test_robustness),
		cmocka_unit_test(test_carbon),
		cmocka_unit_test(test_talent),
		cmocka_unit_test(test_speculative_factor),
		cmocka_unit_test(test_exact_machines),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
