/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speculation above temperature 0 keeps the target's distribution. The exact
 * probability of every continuation of three tokens is computed by forward
 * passes and an own softmax; thousands of speculative draws are compared with
 * it by chi-square, at a false-alarm rate of one in a million for each of the
 * comparisons (the draws are seeded, so it can alarm only after a change).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <unistd.h>

#include "adapters/reference/decode/decode.h"
#include "base/stats.h"
#include "tests/unit/model_file.h"

#define VOCAB 16
#define LENGTH 3
#define CELLS (VOCAB * VOCAB * VOCAB)
#define DRAWS 12000
#define FALSE_ALARM 1e-6

static char dir[] = "/tmp/oae-test-draws-XXXXXX";
static char target_path[64], draft_path[64];
static struct oae_threads *threads;
static struct oae_model *target, *draft;
static struct oae_state *target_state, *draft_state;

/* Repeats itself, so that there is something to look up. */
static const int32_t prompt[] = { 3, 9, 1, 4, 3, 9, 1, 7, 3, 9 };
#define PROMPT (sizeof(prompt) / sizeof(prompt[0]))

struct setting {
	double temperature;
	unsigned top_k;
};

/* Temperature and top-k, by sorting: nothing of the sampler's is used. */
static void oracle(const float *logits, const struct setting *s, double *p)
{
	double sum = 0, x[VOCAB];
	size_t better;

	for (size_t i = 0; i < VOCAB; i++) {
		better = 0;
		for (size_t j = 0; j < VOCAB; j++)
			better += logits[j] > logits[i] ||
				  (logits[j] >= logits[i] && j < i);
		x[i] = s->top_k && better >= s->top_k ?
			       0 :
			       exp((double)logits[i] / s->temperature);
		sum += x[i];
	}
	for (size_t i = 0; i < VOCAB; i++)
		p[i] = x[i] / sum;
}

static void distribution(const int32_t *more, size_t n, const struct setting *s,
			 double *p)
{
	struct oae_row rows[PROMPT + LENGTH];

	for (size_t i = 0; i < PROMPT + n; i++)
		rows[i] = (struct oae_row){
			.token = i < PROMPT ? prompt[i] : more[i - PROMPT],
			.position = (uint32_t)i,
			.logits = i + 1 == PROMPT + n,
		};
	assert_int_equal(oae_forward(target_state, rows, PROMPT + n, NULL),
			 OAE_OK);
	oracle(oae_state_logits(target_state), s, p);
}

/* exact[a][b][c] is the probability of the continuation a b c. */
static void enumerate(const struct setting *s, double *exact)
{
	double first[VOCAB], second[VOCAB], third[VOCAB];
	int32_t t[LENGTH] = { 0 };

	memset(exact, 0, CELLS * sizeof(*exact));
	distribution(t, 0, s, first);
	for (t[0] = 0; t[0] < VOCAB; t[0]++) {
		if (!(first[t[0]] > 0))
			continue;
		distribution(t, 1, s, second);
		for (t[1] = 0; t[1] < VOCAB; t[1]++) {
			if (!(second[t[1]] > 0))
				continue;
			distribution(t, 2, s, third);
			for (size_t k = 0; k < VOCAB; k++)
				exact[((size_t)t[0] * VOCAB + (size_t)t[1]) *
					      VOCAB +
				      k] =
					first[t[0]] * second[t[1]] * third[k];
		}
	}
}

static size_t draw(struct oae_decode *d, const struct setting *s, uint64_t seed)
{
	struct oae_error err = { 0 };
	size_t added;

	assert_int_equal(oae_decode_prompt(d, prompt, PROMPT, NULL), OAE_OK);
	assert_int_equal(oae_sampler_set(&d->sampler, (float)s->temperature,
					 s->top_k, seed, NULL),
			 OAE_OK);
	while (d->n < PROMPT + LENGTH) {
		const struct oae_strategy *strategy =
			d->draft       ? &oae_strategy_speculative :
			d->lookup.ends ? &oae_strategy_lookup :
					 &oae_strategy_greedy;

		if (strategy->step(d, 20, &added, &err))
			fail_msg("%s", err.text);
	}
	return ((size_t)d->tokens[PROMPT] * VOCAB +
		(size_t)d->tokens[PROMPT + 1]) *
		       VOCAB +
	       (size_t)d->tokens[PROMPT + 2];
}

/* Quantile of chi-square, Wilson and Hilferty 1931. */
static double chi_quantile(double p, double df)
{
	double z = oae_normal_quantile(p), a = 2 / (9 * df);

	return df * pow(1 - a + z * sqrt(a), 3);
}

/* Cells of less than 5 expected draws are one. */
static void compare(const char *name, const double *exact, const double *count)
{
	double chi = 0, rare = 0, rare_count = 0, tv = 0, d, limit;
	size_t df = 0;

	for (size_t i = 0; i < CELLS; i++) {
		d = count[i] - DRAWS * exact[i];
		tv += fabs(d) / DRAWS / 2;
		if (DRAWS * exact[i] < 5) {
			if (!(exact[i] > 0))
				assert_true(count[i] < 1); /* top-k left it */
			rare += DRAWS * exact[i];
			rare_count += count[i];
		} else {
			chi += d * d / (DRAWS * exact[i]);
			df++;
		}
	}
	if (rare > 5) {
		chi += (rare_count - rare) * (rare_count - rare) / rare;
		df++;
	}
	assert_true(df > 20);
	limit = chi_quantile(1 - FALSE_ALARM, (double)df - 1);
	printf("%s: chi-square %.1f of %zu cells, limit %.1f; total "
	       "variation %.4f\n",
	       name, chi, df, limit, tv);
	if (!(chi < limit))
		fail_msg("%s: chi-square %.1f is not below %.1f", name, chi,
			 limit);
}

static void check(const char *name, const struct oae_strategy *strategy,
		  unsigned gamma, const struct setting *s)
{
	struct oae_decode_options o = {
		.gamma = gamma,
		.ngram_min = 1,
		.draft_cost = 0.1,
	};
	static double exact[CELLS], count[CELLS];
	struct oae_decode d;
	uint64_t rounds = 0, judged = 0, kept = 0;

	enumerate(s, exact);
	memset(count, 0, sizeof(count));
	assert_int_equal(oae_decode_init(&d, target, strategy, target_state,
					 strategy->needs_draft ? draft_state :
								 NULL,
					 &o, NULL),
			 OAE_OK);
	for (uint64_t seed = 1; seed <= DRAWS; seed++) {
		count[draw(&d, s, seed)]++;
		rounds += d.speculation.now.rounds;
		judged += d.speculation.now.judged;
		kept += d.speculation.now.accepted;
	}
	oae_decode_release(&d);
	compare(name, exact, count);
	assert_true(strategy == &oae_strategy_greedy || rounds > 0);
	if (gamma) { /* enough was kept and enough was not to mean something */
		assert_true(rounds > DRAWS / 2);
		assert_true(kept > judged / 50 && kept < judged);
	}
}

static void test_plain(void **state)
{
	(void)state;
	check("plain", &oae_strategy_greedy, 0, &(struct setting){ 1, 0 });
}

static void test_draft(void **state)
{
	(void)state;
	check("draft, T 0.7", &oae_strategy_speculative, 3,
	      &(struct setting){ 0.7, 0 });
	check("draft, T 1.3, top 5", &oae_strategy_speculative, 2,
	      &(struct setting){ 1.3, 5 });
	check("draft, adaptive, T 1", &oae_strategy_speculative, 0,
	      &(struct setting){ 1, 6 });
}

static void test_lookup(void **state)
{
	(void)state;
	check("lookup, T 1", &oae_strategy_lookup, 3,
	      &(struct setting){ 1, 0 });
	check("lookup, T 0.8, top 5", &oae_strategy_lookup, 2,
	      &(struct setting){ 0.8, 5 });
}

/*
 * Two that race with the same noise, whatever p and q sum to, agree with
 * probability sum_i 1 / sum_j max(p_j / p_i, q_j / q_i), which is between
 * (1 - TV) / (1 + TV) and the most that is possible, 1 - TV.
 */
static void test_agreement(void **state)
{
	const struct oae_kernels *k;
	struct oae_sampler s;
	float p[VOCAB], q[VOCAB];
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 3);
	assert_int_equal(oae_kernels_select(&k, NULL), OAE_OK);
	assert_int_equal(oae_sampler_init(&s, k, VOCAB, NULL), OAE_OK);
	assert_int_equal(oae_sampler_set(&s, 1, 0, 9, NULL), OAE_OK);
	for (int round = 0; round < 5; round++) {
		double want = 0, got = 0, sum, sd;
		const int n = 20000;

		for (size_t i = 0; i < VOCAB; i++)
			p[i] = (float)exp(1.5 * oae_rng_normal(&rng));
		for (size_t i = 0; i < VOCAB; i++)
			q[i] = p[i] * (float)exp(oae_rng_normal(&rng) / 2);
		for (size_t i = 0; i < VOCAB; i++) {
			sum = 0;
			for (size_t j = 0; j < VOCAB; j++)
				sum += fmax((double)p[j] / (double)p[i],
					    (double)q[j] / (double)q[i]);
			want += 1 / sum;
		}
		for (int at = 0; at < n; at++)
			got += oae_sampler_draw(&s, p, (uint64_t)at) ==
			       oae_sampler_draw(&s, q, (uint64_t)at);
		sd = sqrt(want * (1 - want) / n);
		assert_true(fabs(got / n - want) < 5 * sd);
	}
	oae_sampler_release(&s);
}

static int set_up(void **state)
{
	struct model_spec s = {
		.arch = "qwen3",
		.type = OAE_TENSOR_F32,
		.vocab = VOCAB,
		.dim = 32,
		.layers = 1,
		.heads = 2,
		.kv_heads = 1,
		.head_dim = 16,
		.ff = 32,
		.seed = 5,
	};

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(target_path, sizeof(target_path), "%s/target.gguf", dir);
	snprintf(draft_path, sizeof(draft_path), "%s/draft.gguf", dir);
	if (model_write(target_path, &s, NULL))
		return -1;
	s.noise = 0.05f;
	if (model_write(draft_path, &s, NULL))
		return -1;
	return oae_threads_open(1, &threads, NULL) ||
	       oae_model_open(target_path, threads, &target, NULL) ||
	       oae_model_open(draft_path, threads, &draft, NULL) ||
	       oae_state_new(target, 1, 64, 32, &target_state, NULL) ||
	       oae_state_new(draft, 1, 64, 32, &draft_state, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	oae_state_free(target_state);
	oae_state_free(draft_state);
	oae_model_close(target);
	oae_model_close(draft);
	oae_threads_close(threads);
	unlink(target_path);
	unlink(draft_path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_draft),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_agreement),
	};

	return cmocka_run_group_tests_name("draws", tests, set_up, tear_down);
}
