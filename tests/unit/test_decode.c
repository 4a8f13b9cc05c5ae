/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <unistd.h>

#include "adapters/reference/decode/decode.h"
#include "adapters/reference/engine.h"
#include "base/file.h"
#include "tests/unit/allocations.h"
#include "tests/unit/model_file.h"
#include "tests/unit/skip.h"

#define OUTPUT 60

static char dir[] = "/tmp/oae-test-decode-XXXXXX";
static char target[64], draft[64], other[64];

static const struct model_spec target_spec = {
	.arch = "qwen3",
	.type = OAE_TENSOR_Q8_0,
	.vocab = 300,
	.dim = 64,
	.layers = 2,
	.heads = 4,
	.kv_heads = 2,
	.head_dim = 16,
	.ff = 96,
	.seed = 1,
};

static const char lookup[] = "lookup"; /* in place of a draft */

static struct oae_engine *engine(const char *model, const char *with,
				 unsigned gamma, unsigned threads)
{
	struct oae_engine_config c = {
		.model = model,
		.draft = with == lookup ? NULL : with,
		.strategy = with == lookup ? with : NULL,
		.threads = threads,
		.gamma = gamma,
		.p_min = gamma == 5 ? 0.2f : 0,
	};
	struct oae_error err = { 0 };
	struct oae_engine *e;

	if (oae_engine_open(&c, &e, &err))
		fail_msg("%s", err.text);
	return e;
}

struct answer {
	int32_t tokens[256];
	size_t n; /* of the output */
	char text[1024];
	enum oae_finish finish;
	struct oae_engine_stats stats;
};

/* Between two pieces there is no sequence of several bytes. */
static void check_border(const char *text, size_t len,
			 const struct oae_engine_piece *p)
{
	if (len && p->len && (unsigned char)text[len - 1] >= 0xc0)
		assert_true(((unsigned char)p->text[0] & 0xc0) != 0x80);
}

static void run(struct oae_engine *e, const struct oae_engine_request *r,
		struct answer *a)
{
	struct oae_engine_piece piece = { 0 };
	struct oae_error err = { 0 };
	const int32_t *all;
	size_t n, len = 0;

	if (oae_engine_start(e, r, &err))
		fail_msg("%s", err.text);
	while (!piece.finish) {
		if (oae_engine_step(e, &piece, &err))
			fail_msg("%s", err.text);
		check_border(a->text, len, &piece);
		assert_true(len + piece.len < sizeof(a->text));
		memcpy(a->text + len, piece.text, piece.len);
		len += piece.len;
	}
	a->text[len] = 0;
	a->finish = piece.finish;
	oae_engine_stats(e, &a->stats);
	all = oae_engine_tokens(e, &n);
	a->n = a->stats.tokens_out;
	assert_true(a->n <= 256 && a->stats.tokens_in + a->n <= n);
	memcpy(a->tokens, all + a->stats.tokens_in, a->n * sizeof(*all));
	assert_int_equal(oae_engine_step(e, &piece, NULL), OAE_ERR_USAGE);
}

static struct oae_engine_request request(const char *prompt)
{
	return (struct oae_engine_request){
		.prompt = prompt,
		.prompt_len = strlen(prompt),
		.max_tokens = OUTPUT,
		.ignore_eos = true,
	};
}

static void same_tokens(const struct answer *a, const struct answer *b)
{
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->tokens, b->tokens, a->n * sizeof(*a->tokens));
	assert_string_equal(a->text, b->text);
}

/*
 * Whatever the draft, gamma, threads and temperature: the plain text, token by
 * token. Gamma 0 is adaptive.
 */
static void check_lossless(struct oae_engine *plain, const char *with,
			   unsigned gamma, float temperature,
			   struct oae_speculation_sums *sum)
{
	static const char *const prompts[] = { "A", "hello", "abcabcabc",
					       "zzzz", "The_end." };
	struct oae_engine *e = engine(target, with, gamma, 1 + gamma % 2);
	static struct answer want, got;

	for (size_t i = 0; i < 5; i++) {
		struct oae_engine_request r = request(prompts[i]);

		r.temperature = temperature;
		r.top_k = 20;
		r.seed = 7 + i;
		run(plain, &r, &want);
		assert_int_equal(want.n, OUTPUT);
		run(e, &r, &got);
		same_tokens(&got, &want);
		assert_int_equal(want.stats.speculation.drafted, 0);
		oae_speculation_add(sum, &got.stats.speculation);
	}
	oae_engine_close(e);
}

static void test_lossless(void **state)
{
	static const unsigned gammas[] = { 0, 1, 4, 5, 16 };
	const char *drafts[] = { draft, other, target, lookup };
	struct oae_engine *plain = engine(target, NULL, 0, 1);

	(void)state;
	for (size_t d = 0; d < 4; d++) {
		struct oae_speculation_sums sum = { 0 };

		for (size_t g = 0; g < 5; g++)
			for (int t = 0; t < 2; t++)
				check_lossless(plain, drafts[d], gammas[g],
					       t ? 0.9f : 0, &sum);
		assert_true(sum.drafted > 0);
		if (d == 0) /* near, so some but not all */
			assert_true(sum.accepted > sum.drafted / 10 &&
				    sum.accepted < sum.drafted);
		if (d == 2) /* itself: each one, drawn or greedy */
			assert_int_equal(sum.accepted, sum.drafted);
		if (d == 3)
			assert_true(sum.accepted < sum.drafted);
	}
	oae_engine_close(plain);
}

/* The prompt may be longer than a batch, and synthetic. */
static void test_long_prompt(void **state)
{
	static struct answer want, got;
	struct oae_engine *plain = engine(target, NULL, 0, 1);
	struct oae_engine *e = engine(target, draft, 4, 2);
	struct oae_engine_request r = {
		.synthetic_tokens = 190,
		.max_tokens = OUTPUT,
		.seed = 5,
		.ignore_eos = true,
	};

	(void)state;
	run(plain, &r, &want);
	assert_int_equal(want.stats.tokens_in, 190);
	assert_int_equal(want.n, OUTPUT);
	run(e, &r, &got);
	same_tokens(&got, &want);
	r.max_tokens = 200; /* the context, 256, ends it */
	run(plain, &r, &want);
	run(e, &r, &got);
	assert_int_equal(want.finish, OAE_FINISH_LENGTH);
	assert_int_equal(want.n, 66);
	same_tokens(&got, &want);
	oae_engine_close(plain);
	oae_engine_close(e);
}

static void test_refused_requests(void **state)
{
	struct oae_engine *e = engine(target, NULL, 0, 1);
	struct oae_engine_request r = request("");
	struct oae_error err = { 0 };
	char big[400];

	(void)state;
	assert_int_equal(oae_engine_start(e, &r, &err), OAE_ERR_USAGE);
	r = request("a");
	r.max_tokens = 0;
	assert_int_equal(oae_engine_start(e, &r, NULL), OAE_ERR_USAGE);
	r = request("a");
	r.temperature = -1;
	assert_int_equal(oae_engine_start(e, &r, NULL), OAE_ERR_USAGE);
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	r = request(big);
	assert_int_equal(oae_engine_start(e, &r, NULL), OAE_ERR_LIMIT);
	r = (struct oae_engine_request){ .synthetic_tokens = 256,
					 .max_tokens = 1 };
	assert_int_equal(oae_engine_start(e, &r, NULL), OAE_ERR_LIMIT);
	oae_engine_close(e);
}

static void test_refused_configs(void **state)
{
	struct model_spec s = target_spec;
	struct oae_engine_config c = { .model = target, .threads = 1 };
	struct oae_error err = { 0 };
	struct oae_engine *e;

	(void)state;
	s.vocab = 301;
	assert_int_equal(model_write(other, &s, NULL), OAE_OK);
	c.draft = other;
	assert_int_equal(oae_engine_open(&c, &e, &err), OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "vocabulary"));
	c.draft = NULL;
	c.strategy = "speculative";
	assert_int_equal(oae_engine_open(&c, &e, NULL), OAE_ERR_USAGE);
	c.gamma = 17;
	c.strategy = "lookup";
	assert_int_equal(oae_engine_open(&c, &e, NULL), OAE_ERR_USAGE);
	c.gamma = 0;
	c.ngram_min = 3;
	c.ngram_max = 2;
	assert_int_equal(oae_engine_open(&c, &e, NULL), OAE_ERR_USAGE);
	c.strategy = "magic";
	assert_int_equal(oae_engine_open(&c, &e, NULL), OAE_ERR_USAGE);
	c.strategy = NULL;
	c.context = 257;
	assert_int_equal(oae_engine_open(&c, &e, NULL), OAE_ERR_USAGE);
	c.context = 0;
	c.model = "/none.gguf";
	assert_int_equal(oae_engine_open(&c, &e, NULL), OAE_ERR_IO);
	s = target_spec;
	s.seed = 77;
	assert_int_equal(model_write(other, &s, NULL), OAE_OK);
}

/* A stop string ends the text before it; what came earlier is not lost. */
static void test_stops(void **state)
{
	static struct answer whole, cut;
	struct oae_engine *e = engine(target, NULL, 0, 1);
	struct oae_engine_request r = request("hello");
	const char *stops[2] = { "never to be seen", NULL };
	char stop[4] = { 0 };
	size_t at = 0;

	(void)state;
	run(e, &r, &whole);
	/* three bytes of ASCII somewhere in the output */
	for (size_t i = 3; whole.text[i + 2] && !at; i++)
		if (whole.text[i] > 0 && whole.text[i + 1] > 0 &&
		    whole.text[i + 2] > 0)
			at = i;
	assert_true(at > 0);
	memcpy(stop, whole.text + at, 3);
	stops[1] = stop;
	r.stops = stops;
	r.n_stops = 2;
	run(e, &r, &cut);
	assert_int_equal(cut.finish, OAE_FINISH_STOP);
	assert_int_equal(strlen(cut.text),
			 (size_t)(strstr(whole.text, stop) - whole.text));
	assert_memory_equal(cut.text, whole.text, strlen(cut.text));
	assert_true(cut.n < whole.n);
	oae_engine_close(e);
}

/* The sum of log probabilities, by steps through the greedy path. */
static void test_score(void **state)
{
	static struct answer a;
	struct oae_engine *e = engine(target, draft, 4, 1);
	double first, second, both, long_one;
	uint32_t n;

	(void)state;
	assert_int_equal(oae_engine_score(e, "ab", 2, "c", 1, &first, &n, NULL),
			 OAE_OK);
	assert_int_equal(n, 1);
	assert_true(first < 0);
	assert_int_equal(oae_engine_score(e, "abc", 3, "de", 2, &second, &n,
					  NULL),
			 OAE_OK);
	assert_int_equal(oae_engine_score(e, "ab", 2, "cde", 3, &both, &n,
					  NULL),
			 OAE_OK);
	assert_int_equal(n, 3);
	assert_true(fabs(both - first - second) < 1e-9);
	/* longer than a batch */
	memset(a.text, 'x', 200);
	assert_int_equal(oae_engine_score(e, a.text, 150, a.text, 50, &long_one,
					  &n, NULL),
			 OAE_OK);
	assert_int_equal(n, 50);
	assert_int_equal(oae_engine_score(e, a.text, 150, a.text, 49, &first,
					  &n, NULL),
			 OAE_OK);
	assert_int_equal(oae_engine_score(e, a.text, 199, a.text, 1, &second,
					  &n, NULL),
			 OAE_OK);
	assert_true(fabs(long_one - first - second) < 1e-9);
	assert_int_equal(oae_engine_score(e, "", 0, "a", 1, &first, &n, NULL),
			 OAE_ERR_USAGE);
	oae_engine_close(e);
}

static void test_seeds(void **state)
{
	static struct answer a, b, c;
	struct oae_engine *e = engine(target, draft, 3, 1);
	struct oae_engine_request r = request("hello");

	(void)state;
	r.temperature = 1;
	r.seed = 1;
	run(e, &r, &a);
	run(e, &r, &b);
	same_tokens(&a, &b);
	r.seed = 2;
	run(e, &r, &c);
	assert_true(memcmp(a.tokens, c.tokens, sizeof(c.tokens[0]) * OUTPUT));
	oae_engine_close(e);
}

static void test_top_k(void **state)
{
	const struct oae_kernels *k;
	struct oae_sampler s;
	float logits[20], p[20], sum = 0;
	size_t kept = 0;

	(void)state;
	assert_int_equal(oae_kernels_select(&k, NULL), OAE_OK);
	assert_int_equal(oae_sampler_init(&s, k, 20, NULL), OAE_OK);
	for (int i = 0; i < 20; i++)
		logits[i] = (float)(i * 7 % 20) / 4;
	assert_int_equal(oae_sampler_set(&s, 0.5f, 6, 1, NULL), OAE_OK);
	oae_sampler_distribution(&s, logits, p);
	for (int i = 0; i < 20; i++) {
		sum += p[i];
		kept += p[i] > 0;
		assert_int_equal(p[i] > 0, i * 7 % 20 >= 14);
	}
	assert_int_equal(kept, 6);
	assert_true(fabsf(sum - 1) < 1e-6f);
	/* equals: the first ones stay */
	memset(logits, 0, sizeof(logits));
	oae_sampler_distribution(&s, logits, p);
	for (int i = 0; i < 20; i++)
		assert_int_equal(p[i] > 0, i < 6);
	assert_int_equal(oae_greedy(logits, 20), 0);
	oae_sampler_release(&s);
}

/* From the first token to the last, whatever the strategy. */
static void check_allocates_nothing(const char *with, unsigned threads,
				    float temperature)
{
	struct oae_engine *e = engine(target, with, 0, threads);
	struct oae_engine_request r = request("hello");
	struct oae_engine_piece piece;
	size_t before = 0;

	r.temperature = temperature;
	for (int again = 0; again < 2; again++) { /* first: texts grow */
		assert_int_equal(oae_engine_start(e, &r, NULL), OAE_OK);
		before = allocations;
		do {
			assert_int_equal(oae_engine_step(e, &piece, NULL),
					 OAE_OK);
		} while (!piece.finish);
	}
	assert_true(before > 0);
	assert_int_equal(allocations, before);
	oae_engine_close(e);
}

static void test_allocates_nothing(void **state)
{
	const char *const with[] = { NULL, lookup, draft };

	(void)state;
	if (!allocations_counted)
		skip_because("a sanitizer has its own allocator");
	for (size_t i = 0; i < 3; i++) {
		check_allocates_nothing(with[i], 1, 0);
		check_allocates_nothing(with[i], 2, 1);
	}
}

static int set_up(void **state)
{
	struct model_spec s = target_spec;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(target, sizeof(target), "%s/target.gguf", dir);
	snprintf(draft, sizeof(draft), "%s/draft.gguf", dir);
	snprintf(other, sizeof(other), "%s/other.gguf", dir);
	if (model_write(target, &s, NULL))
		return -1;
	s.noise = 0.007f; /* nearly the target */
	if (model_write(draft, &s, NULL))
		return -1;
	s.noise = 0;
	s.seed = 77;
	return model_write(other, &s, NULL) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(target);
	unlink(draft);
	unlink(other);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lossless),
		cmocka_unit_test(test_long_prompt),
		cmocka_unit_test(test_refused_requests),
		cmocka_unit_test(test_refused_configs),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_score),
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_top_k),
		cmocka_unit_test(test_allocates_nothing),
	};

	return cmocka_run_group_tests_name("decode", tests, set_up, tear_down);
}
