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

#include "adapters/reference/decode/decode.h"
#include "base/rng.h"

#define STEP_NS 250000.0

/* Costs in plain steps. */
struct world {
	const char *name;
	double c, catch_up; /* of a guess; of a token that the draft missed */
	double v[OAE_GAMMA_MAX + 1];
	double easy;	     /* share of tokens that the draft is sure of */
	double sure, unsure; /* acceptance of either kind */
	unsigned classes[2]; /* of trust: unsure, sure */
	enum weather {
		STILL,
		NOISY,	  /* times are longer; a fiftieth of them tenfold */
		SHIFTING, /* others want the machine now and then: 1, 2, 4 x */
	} weather;
	size_t prompt, answer;
	bool lookup;
	size_t cold; /* tokens of an answer at first that it seldom knows */
};

/* v through these points (of 1, 2, 4, 8, 16 guesses), straight between. */
static void costs(struct world *w, const double at[5])
{
	unsigned from = 0;

	w->v[0] = 1;
	for (unsigned k = 0; k < 5; k++) {
		unsigned to = 1u << k;

		for (unsigned g = from + 1; g <= to; g++)
			w->v[g] = w->v[from] + (at[k] - w->v[from]) *
						       (g - from) / (to - from);
		from = to;
	}
}

static double slower; /* than the machine is alone */

static uint64_t ns(struct oae_rng *rng, const struct world *w, double steps)
{
	double x = steps * STEP_NS;

	if (w->weather == STILL)
		return (uint64_t)x;
	if (w->weather == SHIFTING) {
		if (oae_rng_below(rng, 60) == 0)
			slower = (double)(1u << oae_rng_below(rng, 3));
		return (uint64_t)(x * slower *
				  (1 + oae_rng_exponential(rng) / 20));
	}
	x *= 1 + oae_rng_exponential(rng) / 5;
	return (uint64_t)(oae_rng_below(rng, 50) ? x : 10 * x);
}

struct outcome {
	double steps; /* the time of all, without the noise */
	double tokens;
	struct oae_speculation s;
};

/* One round; returns tokens. The draft is behind by *lag. */
static unsigned simulate(struct outcome *o, const struct world *w, size_t *lag,
			 size_t room, struct oae_rng *rng)
{
	struct oae_speculation *s = &o->s;
	bool ok[OAE_GAMMA_MAX + 1] = { false };
	size_t at = w->answer - 1 - room;
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
			ok[s->guesses] =
				oae_rng_uniform(rng) <
				(easy ? w->sure : w->unsure) *
					(at + s->guesses < w->cold ? 0.3 : 1);
			draft += w->c;
			oae_speculation_guess(s, w->classes[easy]);
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

static void begin(struct outcome *o, const struct world *w, unsigned gamma)
{
	*o = (struct outcome){ 0 };
	slower = 1;
	oae_speculation_init(&o->s, gamma,
			     w->lookup ? oae_strategy_lookup.trust :
					 oae_strategy_speculative.trust,
			     w->c);
}

/* So many requests more; the speed over plain decoding of these. */
static double run(struct outcome *o, const struct world *w, unsigned requests,
		  struct oae_rng *rng)
{
	size_t lag, left;
	unsigned n;

	o->steps = o->tokens = 0;
	for (unsigned i = 0; i < requests; i++) {
		oae_speculation_begin(&o->s);
		lag = w->prompt;
		for (left = w->answer; left; left -= n) {
			n = simulate(o, w, &lag, left - 1, rng);
			o->tokens += n;
		}
	}
	return o->tokens / o->steps;
}

#define SEEDS 8
#define REQUESTS 30

struct survey {
	double first;	    /* speed in the first request, the mean */
	double mean, least; /* later, by seeds */
	double fixed;	    /* of the best fixed gamma */
	unsigned gamma;
};

static struct survey survey(const struct world *w)
{
	struct survey r = { .least = INFINITY };
	static struct outcome o;
	struct oae_rng rng;
	double x;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		oae_rng_seed(&rng, seed);
		begin(&o, w, 0);
		r.first += run(&o, w, 1, &rng) / SEEDS;
		x = run(&o, w, REQUESTS, &rng);
		r.least = fmin(r.least, x);
		r.mean += x / SEEDS;
	}
	for (unsigned g = 1; g <= OAE_GAMMA_MAX; g++) {
		oae_rng_seed(&rng, 1);
		begin(&o, w, g);
		x = run(&o, w, 2 * REQUESTS, &rng);
		if (x > r.fixed) {
			r.fixed = x;
			r.gamma = g;
		}
	}
	printf("%s%s: first %.3f, then %.3f (least %.3f); fixed gamma %u "
	       "%.3f\n",
	       w->weather == STILL ? "" :
	       w->weather == NOISY ? "noisy: " :
				     "shifting: ",
	       w->name, r.first, r.mean, r.least, r.gamma, r.fixed);
	return r;
}

/* v of 1, 2, 4, 8, 16 guesses */
static const double memory_bound[] = { 1.3, 1.4, 1.6, 2, 2.8 };
static const double compute_bound[] = { 1.8, 2.45, 3.75, 6.35, 11.55 };
static const double s110_zen1[] = { 1.42, 2.1, 3.6, 6.1, 11 };
static const double embedded_zen1[] = { 1.8, 2.7, 4.2, 6.5, 12.2 };
static const double no_gain[] = { 1.95, 2.85, 4.65, 8.25, 15.45 };

/* Where drafting pays, adaptive gamma is about as good as the best fixed. */
static void test_pays(void **state)
{
	static const struct {
		struct world w;
		const double *v;
	} of[] = {
		{ { .name = "110 M and a draft that is never sure",
		    .c = 0.15,
		    .catch_up = 0.035,
		    .easy = 0,
		    .unsure = 0.92,
		    .classes = { 0, 0 },
		    .prompt = 16 },
		  s110_zen1 },
		{ { .name = "a model of 1 M",
		    .c = 0.13,
		    .catch_up = 0.04,
		    .easy = 0.95,
		    .sure = 0.995,
		    .unsure = 0.8,
		    .classes = { 4, 8 },
		    .prompt = 40 },
		  embedded_zen1 },
		{ { .name = "compute bound",
		    .c = 0.12,
		    .catch_up = 0.05,
		    .easy = 0.85,
		    .sure = 0.99,
		    .unsure = 0.75,
		    .classes = { 3, 8 },
		    .prompt = 40 },
		  compute_bound },
		{ { .name = "memory bound",
		    .c = 0.05,
		    .catch_up = 0.02,
		    .easy = 0.8,
		    .sure = 0.97,
		    .unsure = 0.5,
		    .classes = { 2, 7 },
		    .prompt = 60 },
		  memory_bound },
		{ { .name = "memory bound, never sure, seldom right",
		    .c = 0.05,
		    .catch_up = 0.02,
		    .easy = 0,
		    .unsure = 0.5,
		    .classes = { 0, 0 },
		    .prompt = 60 },
		  memory_bound },
		{ { .name = "lookup",
		    .easy = 0.3,
		    .sure = 0.95,
		    .unsure = 0.2,
		    .classes = { 2, 12 },
		    .prompt = 60,
		    .lookup = true },
		  memory_bound },
	};
	/* shares of the best fixed gamma's speed, by weather */
	static const double mean[] = { 0.98, 0.97, 0.93 };
	static const double least[] = { 0.97, 0.93, 0.75 };
	static const double first[] = { 0.94, 0.9, 0.9 };
	struct survey r;

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(of) / sizeof(of[0]); i++) {
		struct world w = of[i / 3].w;

		costs(&w, of[i / 3].v);
		w.answer = 128;
		w.weather = (enum weather)(i % 3);
		r = survey(&w);
		assert_true(r.fixed > 1.02);
		assert_true(r.mean > mean[i % 3] * r.fixed);
		assert_true(r.least > least[i % 3] * r.fixed);
		assert_true(r.first > first[i % 3] * r.fixed);
	}
}

/* Trials at an answer's beginning alone would never find what is further on. */
static void test_cold_beginning(void **state)
{
	struct world w = { .name = "seldom right in an answer's beginning",
			   .c = 0.2,
			   .catch_up = 0.035,
			   .easy = 0,
			   .unsure = 0.92,
			   .classes = { 0, 0 },
			   .prompt = 16,
			   .answer = 128,
			   .cold = 12 };
	struct survey r;

	(void)state;
	costs(&w, s110_zen1);
	for (unsigned weather = STILL; weather <= SHIFTING; weather++) {
		w.weather = (enum weather)weather;
		r = survey(&w);
		assert_true(r.mean > 0.96 * r.fixed);
	}
}

/* Where it doesn't, little is lost: never below 0.97 of plain decoding. */
static void test_does_not_pay(void **state)
{
	static const struct world of[] = {
		{ .name = "a bad draft",
		  .c = 0.15,
		  .catch_up = 0.05,
		  .easy = 0,
		  .unsure = 0.0,
		  .classes = { 0, 8 },
		  .prompt = 16,
		  .answer = 128 },
		{ .name = "a bad draft that is always sure",
		  .c = 0.15,
		  .catch_up = 0.05,
		  .easy = 1,
		  .sure = 0.02,
		  .classes = { 0, 8 },
		  .prompt = 16,
		  .answer = 128 },
		{ .name = "a dear draft",
		  .c = 0.3,
		  .catch_up = 0.1,
		  .easy = 0.1,
		  .sure = 0.5,
		  .unsure = 0.1,
		  .classes = { 2, 6 },
		  .prompt = 60,
		  .answer = 128 },
		{ .name = "long prompts, short answers",
		  .c = 0.12,
		  .catch_up = 0.05,
		  .easy = 0.85,
		  .sure = 0.99,
		  .unsure = 0.75,
		  .classes = { 3, 8 },
		  .prompt = 400,
		  .answer = 20 },
		{ .name = "a draft as dear as its model",
		  .c = 1,
		  .catch_up = 0.2,
		  .easy = 1,
		  .sure = 1,
		  .classes = { 0, 8 },
		  .prompt = 5,
		  .answer = 200 },
		{ .name = "lookup, no batch gain",
		  .easy = 0.3,
		  .sure = 0.95,
		  .unsure = 0.2,
		  .classes = { 2, 12 },
		  .prompt = 60,
		  .answer = 128,
		  .lookup = true },
	};
	struct survey r;

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(of) / sizeof(of[0]); i++) {
		struct world w = of[i / 3];

		costs(&w, no_gain);
		w.weather = (enum weather)(i % 3);
		r = survey(&w);
		assert_true(r.fixed < 1);
		assert_true(r.mean >= 0.97);
		assert_true(r.least >= (w.weather == SHIFTING ? 0.9 : 0.97));
		assert_true(r.first >= 0.97);
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
	static const double v[] = { 1.3, 1.5, 1.9, 2.7, 4.3 };
	static struct outcome o;
	struct oae_rng rng;

	(void)state;
	costs(&w, v);
	oae_rng_seed(&rng, 1);
	begin(&o, &w, 4);
	run(&o, &w, 1, &rng);
	oae_speculation_report(&o.s, &r);
	assert_true(fabs(r.plain_ms * 1e6 - STEP_NS) < 1);
	assert_true(fabs(r.is.gamma - 4) < 0.01);
	assert_true(fabs(r.is.alpha - 0.8) < 0.01);
	assert_true(fabs(r.is.c - 0.1) < 1e-3);
	assert_true(fabs(r.is.v - 1.9) < 1e-3);
	assert_true(fabs(r.is.tokens_per_round - 3.3616) < 0.05);
	assert_true(fabs(r.is.acceptance - 2.3616 / 4) < 0.01);
	assert_true(fabs(r.is.predicted - 3.3616 / 2.3) < 0.03);
	assert_true(fabs(r.is.measured - r.is.predicted) < 0.03);
	assert_true(fabs(r.is.speedup - o.tokens / o.steps) < 1e-3);
	sum.sums = r.sums;
	oae_speculation_add(&sum.sums, &r.sums);
	oae_speculation_summarise(&sum.sums, NAN, &sum);
	assert_true(fabs(sum.is.measured - r.is.measured) < 1e-9);
	assert_int_equal(sum.sums.drafted, 2 * r.sums.drafted);
	/* nothing known: nothing said */
	begin(&o, &w, 4);
	run(&o, &w, 0, &rng);
	oae_speculation_report(&o.s, &r);
	assert_true(isnan(r.is.alpha) && isnan(r.is.c) && isnan(r.is.v) &&
		    isnan(r.is.predicted) && isnan(r.is.measured) &&
		    isnan(r.plain_ms) && isnan(r.is.speedup));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pays),
		cmocka_unit_test(test_cold_beginning),
		cmocka_unit_test(test_does_not_pay),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests_name("speculation", tests, NULL, NULL);
}
