/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many guesses a round verifies, in made-up worlds whose costs and
 * acceptance are known: no clock of this machine has a say here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "adapters/reference/decode/speculation.h"
#include "base/rng.h"

#define STEP_NS 250000.0

/* Costs in plain steps. */
struct world {
	const char *name;
	double c, catch_up, v[OAE_GAMMA_MAX + 1];
	double easy;	     /* share of tokens that the draft is sure of */
	double sure, unsure; /* acceptance of either kind */
	double noise;	     /* of times; a fiftieth of them is tenfold */
	size_t prompt, answer;
};

static void linear(struct world *w, double first, double slope)
{
	w->v[0] = 1;
	for (unsigned g = 1; g <= OAE_GAMMA_MAX; g++)
		w->v[g] = 1 + first + slope * (g - 1);
}

static uint64_t ns(struct oae_rng *rng, const struct world *w, double steps)
{
	double x = steps * STEP_NS;

	if (w->noise > 0) {
		x *= 1 + w->noise * oae_rng_exponential(rng);
		if (oae_rng_below(rng, 50) == 0)
			x *= 10;
	}
	return (uint64_t)x;
}

struct outcome {
	double steps; /* the time of all, without the noise */
	double tokens;
	struct oae_speculation s;
};

static const double prior[OAE_SPECULATION_CLASSES] = { 0.5, 0.9, 0.5 };

/* One round; returns tokens. The draft is behind by *lag. */
static unsigned simulate(struct outcome *o, const struct world *w, size_t *lag,
			 size_t room, struct oae_rng *rng)
{
	struct oae_speculation *s = &o->s;
	bool ok[OAE_GAMMA_MAX + 1] = { false };
	unsigned i, g, made = 0;
	double draft = 0;

	if (oae_speculation_wants(s, *lag, room)) {
		if (*lag > OAE_DRAFT_LAG) {
			o->steps += w->catch_up * (double)*lag;
			oae_speculation_catch_up(
				s, *lag,
				ns(rng, w, w->catch_up * (double)*lag));
			*lag = 0;
		}
		while (s->guesses < room && oae_speculation_more(s)) {
			bool easy = oae_rng_uniform(rng) < w->easy;

			*lag = 0;
			ok[s->guesses] = oae_rng_uniform(rng) <
					 (easy ? w->sure : w->unsure);
			draft += w->c;
			oae_speculation_guess(s, easy);
		}
	}
	made = s->guesses;
	g = oae_speculation_choose(s);
	o->steps += draft + w->v[g];
	(*lag)++;
	if (!g) {
		if (made)
			oae_speculation_judge(s, 0, ok[0], false);
		oae_speculation_plain(s, draft > 0 ? ns(rng, w, draft) : 0,
				      ns(rng, w, 1));
		return 1;
	}
	for (i = 0; i < g; i++) {
		oae_speculation_judge(s, i, ok[i], true);
		if (!ok[i])
			break;
	}
	oae_speculation_round(s, g, i + 1, ns(rng, w, draft),
			      ns(rng, w, w->v[g]));
	return i + 1;
}

/* So many requests, by this gamma; the speed over plain decoding. */
static double run(struct outcome *o, const struct world *w, unsigned gamma,
		  unsigned requests, uint64_t seed)
{
	struct oae_rng rng;
	size_t lag, left;
	unsigned n;

	oae_rng_seed(&rng, seed);
	*o = (struct outcome){ 0 };
	oae_speculation_init(&o->s, gamma, prior, w->c);
	for (unsigned i = 0; i < requests; i++) {
		oae_speculation_begin(&o->s);
		lag = w->prompt;
		for (left = w->answer; left; left -= n) {
			n = simulate(o, w, &lag, left - 1, &rng);
			o->tokens += n;
		}
	}
	return o->tokens / o->steps;
}

#define SEEDS 10
#define REQUESTS 30

/* The least and the mean speed of adaptive gamma; and the best fixed one's. */
static void survey(const struct world *w, double *least, double *mean,
		   double *fixed)
{
	static struct outcome o;
	double x;

	*least = INFINITY;
	*mean = *fixed = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		x = run(&o, w, 0, REQUESTS, seed);
		*least = fmin(*least, x);
		*mean += x / SEEDS;
	}
	for (unsigned g = 1; g <= OAE_GAMMA_MAX; g++)
		*fixed = fmax(*fixed, run(&o, w, g, REQUESTS, 1));
	printf("%s: adaptive %.3f (least %.3f), best fixed gamma %.3f\n",
	       w->name, *mean, *least, *fixed);
}

/* Where drafting pays, adaptive gamma is about as good as the best fixed. */
static void test_pays(void **state)
{
	struct world worlds[] = {
		{ .name = "verification costs as plain steps",
		  .c = 0.12,
		  .catch_up = 0.05,
		  .easy = 0.85,
		  .sure = 0.99,
		  .unsure = 0.75 },
		{ .name = "memory bound",
		  .c = 0.05,
		  .catch_up = 0.02,
		  .easy = 0.8,
		  .sure = 0.97,
		  .unsure = 0.5 },
		{ .name = "memory bound, noisy",
		  .c = 0.05,
		  .catch_up = 0.02,
		  .easy = 0.8,
		  .sure = 0.97,
		  .unsure = 0.5,
		  .noise = 0.2 },
		{ .name = "lookup", .easy = 0.3, .sure = 0.95, .unsure = 0.2 },
	};
	static const double first[] = { 0.8, 0.3, 0.3, 0.3 };
	static const double slope[] = { 0.65, 0.1, 0.1, 0.2 };
	double least, mean, fixed;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		worlds[i].prompt = 60;
		worlds[i].answer = 120;
		linear(&worlds[i], first[i], slope[i]);
		survey(&worlds[i], &least, &mean, &fixed);
		assert_true(fixed > 1.02);
		assert_true(mean > 0.98 * fixed);
		assert_true(least > 0.99);
	}
}

/* Where it doesn't, little is lost: never below 0.97 of plain decoding. */
static void test_does_not_pay(void **state)
{
	struct world worlds[] = {
		{ .name = "a bad draft",
		  .c = 0.3,
		  .catch_up = 0.1,
		  .easy = 0.1,
		  .sure = 0.5,
		  .unsure = 0.1,
		  .prompt = 60,
		  .answer = 120 },
		{ .name = "long prompts, short answers",
		  .c = 0.12,
		  .catch_up = 0.05,
		  .easy = 0.85,
		  .sure = 0.99,
		  .unsure = 0.75,
		  .prompt = 400,
		  .answer = 20 },
		{ .name = "a draft as dear as its model",
		  .c = 1,
		  .catch_up = 0.2,
		  .easy = 1,
		  .sure = 1,
		  .prompt = 5,
		  .answer = 200 },
		{ .name = "lookup, no batch gain",
		  .easy = 0.3,
		  .sure = 0.95,
		  .unsure = 0.2,
		  .prompt = 60,
		  .answer = 120,
		  .noise = 0.1 },
	};
	double least, mean, fixed;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		linear(&worlds[i], 0.95, 0.9);
		survey(&worlds[i], &least, &mean, &fixed);
		assert_true(fixed < 1);
		assert_true(least >= 0.97);
	}
}

/* What is reported is what was. */
static void test_report(void **state)
{
	struct world w = {
		.c = 0.1,
		.catch_up = 0.05,
		.easy = 1,
		.sure = 0.8,
		.prompt = 100,
		.answer = 50000,
	};
	struct oae_speculation_report r, sum;
	static struct outcome o;

	(void)state;
	linear(&w, 0.3, 0.2);
	run(&o, &w, 4, 1, 1);
	oae_speculation_report(&o.s, &r);
	assert_true(fabs(r.plain_ms * 1e6 - STEP_NS) < 1);
	assert_true(fabs(r.gamma - 4) < 0.01);
	assert_true(fabs(r.alpha - 0.8) < 0.01);
	assert_true(fabs(r.c - 0.1) < 1e-3);
	assert_true(fabs(r.v - 1.9) < 1e-3);
	assert_true(fabs(r.tokens_per_round - 3.3616) < 0.05);
	assert_true(fabs(r.acceptance - 2.3616 / 4) < 0.01);
	assert_true(fabs(r.predicted - 3.3616 / 2.3) < 0.03);
	assert_true(fabs(r.measured - r.predicted) < 0.03);
	assert_true(fabs(r.speedup - o.tokens / o.steps) < 1e-3);
	sum.sums = r.sums;
	oae_speculation_add(&sum.sums, &r.sums);
	oae_speculation_summarise(&sum.sums, NAN, &sum);
	assert_true(fabs(sum.measured - r.measured) < 1e-9);
	assert_int_equal(sum.sums.drafted, 2 * r.sums.drafted);
	/* nothing known: nothing said */
	run(&o, &w, 4, 0, 1);
	oae_speculation_report(&o.s, &r);
	assert_true(isnan(r.alpha) && isnan(r.c) && isnan(r.v) &&
		    isnan(r.predicted) && isnan(r.measured) &&
		    isnan(r.plain_ms) && isnan(r.speedup));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pays),
		cmocka_unit_test(test_does_not_pay),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests_name("speculation", tests, NULL, NULL);
}
