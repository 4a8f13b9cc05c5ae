/* SPDX-License-Identifier: Apache-2.0 */
/* The axioms of spec §11.1 to §11.10 as properties of random inputs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "schema/bounds.h"
#include "schema/ledger.h"
#include "schema/plan.h"
#include "schema/robustness.h"
#include "tests/unit/random_case.h"

static void test_1_itself(void **state)
{
	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct oae_terms t = random_terms();
		struct oae_own_values b = random_own();

		for (int m = 0; m < MODES; m++)
			assert_true(score((enum oae_mode)m, &t, &b, &b) == 1);
	}
}

static void test_2_units(void **state)
{
	static const enum oae_term money[] = {
		OAE_TERM_R1,  OAE_TERM_R2,  OAE_TERM_R3,  OAE_TERM_RHO,
		OAE_TERM_P_S, OAE_TERM_P_H, OAE_TERM_P_E,
	};

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct oae_terms t = random_terms(), u = t;
		struct oae_own_values b = random_own(), x = random_own();
		struct oae_own_values eb = b, ex = x;
		double k = log_uniform(1e-3, 1e3);

		for (size_t j = 0; j < sizeof(money) / sizeof(*money); j++)
			u.v[money[j]] *= k;
		for (int m = 0; m < MODES; m++)
			same(score((enum oae_mode)m, &t, &b, &x),
			     score((enum oae_mode)m, &u, &b, &x));
		/* Energy in other units: its price in the inverse. */
		u = t;
		u.v[OAE_TERM_P_E] /= k;
		u.v[OAE_TERM_P_IDLE] *= k;
		eb.v[OAE_OWN_E] *= k;
		ex.v[OAE_OWN_E] *= k;
		eb.v[OAE_OWN_SETUP_KWH] *= k;
		ex.v[OAE_OWN_SETUP_KWH] *= k;
		same(score(OAE_OWNED, &t, &b, &x),
		     score(OAE_OWNED, &u, &eb, &ex));
		/* Machine time in other units: likewise. */
		u = t;
		u.v[OAE_TERM_P_S] /= k;
		eb = b;
		ex = x;
		eb.v[OAE_OWN_S] *= k;
		ex.v[OAE_OWN_S] *= k;
		eb.v[OAE_OWN_SETUP_S] *= k;
		ex.v[OAE_OWN_SETUP_S] *= k;
		same(score(OAE_ON_DEMAND, &t, &b, &x),
		     score(OAE_ON_DEMAND, &u, &eb, &ex));
	}
}

static void test_3_chain(void **state)
{
	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct oae_terms t = random_terms();
		struct oae_own_values b = random_own(), x = random_own();
		struct oae_own_values y = random_own();

		for (int m = 0; m < MODES; m++)
			same(score((enum oae_mode)m, &t, &b, &x),
			     score((enum oae_mode)m, &t, &y, &x) *
				     score((enum oae_mode)m, &t, &b, &y));
	}
}

static void test_4_costs_never_help(void **state)
{
	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct oae_terms t = random_terms();
		struct oae_own_values b = random_own(), x = random_own();
		struct oae_own_values worse = x;
		int which = (int)oae_rng_below(&rng, OAE_OWNS);
		double k = log_uniform(1.001, 100);

		worse.v[which] = which == OAE_OWN_G ? x.v[which] / k :
						      x.v[which] * k;
		for (int m = 0; m < MODES; m++)
			assert_true(score((enum oae_mode)m, &t, &b, &worse) <=
				    score((enum oae_mode)m, &t, &b, &x) *
					    (1 + 1e-12));
	}
}

static void test_5_limits(void **state)
{
	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct oae_terms t = random_terms();
		struct oae_own_values b = random_own(), x = random_own();
		struct oae_limits l = oae_score_limits(&t, &b, &x, false);
		double low = fmin(l.n_to_0, l.n_to_inf) * (1 - 1e-9);
		double high = fmax(l.n_to_0, l.n_to_inf) * (1 + 1e-9);
		double before = l.n_to_0, now;
		bool rises = l.n_to_inf > l.n_to_0;

		for (double n = 1; n < 1e15; n *= 10) {
			t.v[OAE_TERM_N] = n;
			now = score(OAE_ON_DEMAND, &t, &b, &x);
			assert_true(now >= low && now <= high);
			assert_true(rises ? now >= before * (1 - 1e-9) :
					    now <= before * (1 + 1e-9));
			before = now;
		}
		t.v[OAE_TERM_N] = 0;
		same(score(OAE_ON_DEMAND, &t, &b, &x), l.n_to_0);
		t.v[OAE_TERM_N] = 1e30;
		same(score(OAE_ON_DEMAND, &t, &b, &x), l.n_to_inf);
	}
}

static void test_5_break_even(void **state)
{
	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct oae_terms t = random_terms();
		struct oae_own_values b = random_own(), x = random_own();
		struct oae_break_even e = oae_break_even_of(&t, &b, &x, false);
		bool above = e.kind == OAE_PAYS_ABOVE;

		if (e.kind == OAE_PAYS_ALWAYS || e.kind == OAE_PAYS_NEVER) {
			assert_true((score(OAE_ON_DEMAND, &t, &b, &x) > 1) ==
				    (e.kind == OAE_PAYS_ALWAYS));
			continue;
		}
		t.v[OAE_TERM_N] = e.n * 1.001;
		assert_true((score(OAE_ON_DEMAND, &t, &b, &x) > 1) == above);
		t.v[OAE_TERM_N] = e.n * 0.999;
		assert_true((score(OAE_ON_DEMAND, &t, &b, &x) > 1) == !above);
	}
}

/* Splitting an entry in two parts leaves the sums, so C, as they were. */
static void test_6_split(void **state)
{
	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct oae_ledger_entry whole[2], split[3];
		struct oae_ledger a = { .entries = whole, .count = 2 };
		struct oae_ledger b = { .entries = split, .count = 3 };
		double part = oae_rng_uniform(&rng), v = log_uniform(1, 100);
		struct oae_ledger_sum x, y;

		memset(whole, 0, sizeof(whole));
		memset(split, 0, sizeof(split));
		whole[0].amount = oae_range_plain(v, OAE_DECLARED);
		whole[1].kind = OAE_LEDGER_MAINTENANCE;
		whole[1].amount = oae_range_plain(1, OAE_DECLARED);
		split[0].amount = oae_range_plain(v * part, OAE_DECLARED);
		split[1] = whole[1];
		split[2].amount = oae_range_plain(v - v * part, OAE_DECLARED);
		x = oae_ledger_sum(&a);
		y = oae_ledger_sum(&b);
		same(x.adoption_h[0].mid, y.adoption_h[0].mid);
		same(x.maintenance_h_month[0].mid,
		     y.maintenance_h_month[0].mid);
	}
}

/* Two deployments together: costs add up, the score is between theirs. */
static void test_6_union(void **state)
{
	(void)state;
	for (int i = 0; i < CASES; i++) {
		double cost_b[2], cost_x[2], ones[2] = { 1, 1 }, both;
		double part[2];

		for (int k = 0; k < 2; k++) {
			struct oae_terms t = random_terms();
			struct oae_own_values b = random_own();
			struct oae_own_values x = random_own();

			cost_b[k] = oae_cost_of(OAE_OWNED, &t, &b).total;
			cost_x[k] = oae_cost_of(OAE_OWNED, &t, &x).total;
			part[k] = cost_b[k] / cost_x[k];
		}
		both = oae_mix_score(cost_b, cost_x, ones, 2);
		assert_true(both >= fmin(part[0], part[1]) * (1 - 1e-12));
		assert_true(both <= fmax(part[0], part[1]) * (1 + 1e-12));
	}
}

static void test_7_exposure(void **state)
{
	(void)state;
	for (int i = 0; i < CASES; i++) {
		double b[5], x[5], w[5], low = INFINITY, high = 0, mix;

		for (int q = 0; q < 5; q++) {
			b[q] = log_uniform(1, 1e6);
			x[q] = log_uniform(1, 1e6);
			w[q] = oae_rng_uniform(&rng);
			low = fmin(low, b[q] / x[q]);
			high = fmax(high, b[q] / x[q]);
		}
		mix = oae_mix_score(b, x, w, 5);
		assert_true(mix >= low * (1 - 1e-12) &&
			    mix <= high * (1 + 1e-12));
	}
}

static void widen(struct oae_box *box, int own, double k)
{
	struct oae_own_values *low = oae_rng_below(&rng, 2) ? &box->b_low :
							      &box->x_low;
	struct oae_own_values *high = low == &box->b_low ? &box->b_high :
							   &box->x_high;

	low->v[own] /= k;
	high->v[own] *= k;
	if (own == OAE_OWN_G)
		high->v[own] = fmin(1, high->v[own]);
}

static enum oae_verdict verdict(enum oae_mode mode, const struct oae_box *box)
{
	struct oae_bounds a = oae_bounds_of(mode, OAE_AIM_HOURS, 0, box);
	struct oae_bounds e = oae_extra_bounds(0, box);

	return oae_verdict_of(a.low, a.high, e.low, e.high);
}

static void test_8_honesty(void **state)
{
	int changed = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct oae_box box = random_box(0.2), wide = box;

		widen(&wide, (int)oae_rng_below(&rng, OAE_OWNS),
		      log_uniform(1.01, 4));
		for (int m = 0; m < MODES; m++) {
			enum oae_mode mode = (enum oae_mode)m;
			struct oae_bounds a, b;
			enum oae_verdict was, is;

			a = oae_bounds_of(mode, OAE_AIM_SCORE, 0, &box);
			b = oae_bounds_of(mode, OAE_AIM_SCORE, 0, &wide);
			assert_true(b.low <= a.low * (1 + 1e-9) &&
				    b.high >= a.high * (1 - 1e-9));
			was = verdict(mode, &box);
			is = verdict(mode, &wide);
			assert_true(is != OAE_VERDICT_PAYS ||
				    was == OAE_VERDICT_PAYS);
			changed += was != is;
		}
	}
	assert_true(changed > 0);
}

static void plan_text(const char *extra, struct oae_buf *out)
{
	struct oae_error err = { OAE_OK, 0, "" };
	static struct oae_plan plan;
	char text[2000];
	cJSON *tree = NULL;

	snprintf(text, sizeof(text),
		 "{\"r_usd_h\":[40,70,99],\"H_months\":24,"
		 "\"peak_over_mean\":10,\"u\":0.7,\"rho_usd\":0.01,"
		 "\"systems\":{\"D\":{\"a_h\":4,\"mu_h_month\":1,\"s\":10,"
		 "\"e_kwh\":0.0002},\"S\":{\"a_h\":[6,12,24],\"mu_h_month\":"
		 "1.5,\"s\":8,\"e_kwh\":0.0002,\"g\":0.9}%s},"
		 "\"on_demand\":{\"p_s_usd\":0.0001},\"owned\":{\"p_h_usd\":"
		 "0.05,\"p_idle_w\":20,\"p_e_usd_kwh\":0.2},\"N\":[5e6]}",
		 extra);
	assert_int_equal(oae_json_parse(text, strlen(text), &tree, &err), 0);
	assert_int_equal(oae_plan_read(tree, &plan, &err), 0);
	assert_int_equal(oae_plan_write(&plan, out, &err), 0);
	cJSON_Delete(tree);
}

/* Every value about S is the same with and without a third system. */
static void equal_where_both(const cJSON *a, const cJSON *b)
{
	const cJSON *v;

	if (cJSON_IsArray(a)) {
		assert_int_equal(cJSON_GetArraySize(a), cJSON_GetArraySize(b));
		for (int i = 0; i < cJSON_GetArraySize(a); i++)
			equal_where_both(cJSON_GetArrayItem(a, i),
					 cJSON_GetArrayItem(b, i));
	} else if (cJSON_IsObject(a)) {
		cJSON_ArrayForEach(v, a) {
			const cJSON *w =
				cJSON_GetObjectItemCaseSensitive(b, v->string);

			assert_non_null(w);
			equal_where_both(v, w);
		}
	} else {
		assert_true(cJSON_Compare(a, b, true));
	}
}

static void test_9_others(void **state)
{
	struct oae_error err = { OAE_OK, 0, "" };
	struct oae_buf two, three;
	cJSON *a = NULL, *b = NULL;

	(void)state;
	oae_buf_init(&two, 1 << 20);
	oae_buf_init(&three, 1 << 20);
	plan_text("", &two);
	plan_text(",\"M\":{\"a_h\":8,\"mu_h_month\":1,\"s\":5,\"e_kwh\":"
		  "0.0001}",
		  &three);
	oae_json_parse(two.data, two.len, &a, &err);
	oae_json_parse(three.data, three.len, &b, &err);
	equal_where_both(a, b);
	cJSON_Delete(a);
	cJSON_Delete(b);
	oae_buf_release(&two);
	oae_buf_release(&three);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_itself),
		cmocka_unit_test(test_2_units),
		cmocka_unit_test(test_3_chain),
		cmocka_unit_test(test_4_costs_never_help),
		cmocka_unit_test(test_5_limits),
		cmocka_unit_test(test_5_break_even),
		cmocka_unit_test(test_6_split),
		cmocka_unit_test(test_6_union),
		cmocka_unit_test(test_7_exposure),
		cmocka_unit_test(test_8_honesty),
		cmocka_unit_test(test_9_others),
	};

	return cmocka_run_group_tests(tests, seed_cases, NULL);
}
