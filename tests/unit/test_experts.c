/* SPDX-License-Identifier: Apache-2.0 */
/* Experts: what is computed, what is read, and what is counted of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <unistd.h>

#include "adapters/reference/model/model.h"
#include "base/file.h"
#include "tests/unit/model_file.h"
#include "tests/unit/model_set.h"

#define CTX PLAIN_CTX
#define TOKENS 31

static char dir[] = "/tmp/oae-test-experts-XXXXXX";
static char path[64];
static int32_t tokens[TOKENS];

static const struct model_spec apart = {
	.arch = "llama",
	.vocab = 60,
	.dim = 64,
	.layers = 3,
	.heads = 4,
	.kv_heads = 2,
	.head_dim = 16,
	.ff = 96,
	.experts = 6,
	.used = 2,
	.experts_apart = true,
	.experts_mixed = true,
	.seed = 21,
};

static const struct model_spec together = {
	.arch = "qwen3moe",
	.vocab = 60,
	.dim = 64,
	.layers = 3,
	.heads = 4,
	.kv_heads = 2,
	.head_dim = 16,
	.ff = 160,
	.experts = 16,
	.used = 3,
	.experts_mixed = true,
	.seed = 22,
};

static void set_open(struct model_set *x, const struct model_spec *s,
		     unsigned threads, uint32_t slots)
{
	assert_int_equal(model_write(path, s, NULL), OAE_OK);
	model_set_open(x, path, threads, slots);
}

/* n tokens of a slot from position `from` on, in one batch, all logits. */
static void forward(struct model_set *x, uint32_t slot, uint32_t from,
		    uint32_t n)
{
	struct oae_row rows[MODEL_SET_BATCH];

	for (uint32_t i = 0; i < n; i++)
		rows[i] = (struct oae_row){ tokens[from + i], slot, from + i,
					    true };
	assert_int_equal(oae_forward(x->state, rows, n, NULL), OAE_OK);
}

/* Types that differ between experts, matrices and layers. */
static void check_mixture(const struct model_spec *s)
{
	size_t kv = (size_t)s->layers * CTX * s->kv_heads * s->head_dim;
	struct plain p = { .s = s };
	double logits[512], d;
	struct model_set x;

	set_open(&x, s, 2, 1);
	assert_int_equal(oae_gguf_open(path, &p.g, NULL), OAE_OK);
	p.k = calloc(kv, sizeof(double));
	p.v = calloc(kv, sizeof(double));
	assert_true(p.k && p.v);
	forward(&x, 0, 0, TOKENS);
	for (size_t i = 0; i < TOKENS; i++) {
		plain_forward(&p, tokens[i], i, logits);
		d = model_difference(oae_state_logits(x.state) + i * s->vocab,
				     logits, s->vocab);
		if (!(d < 0.03))
			fail_msg("%s, position %zu: off by %g", s->arch, i, d);
	}
	free(p.k);
	free(p.v);
	oae_gguf_close(p.g);
	model_set_close(&x);
}

static void test_mixtures_are_right(void **state)
{
	struct model_spec s;

	(void)state;
	for (int i = 0; i < 2; i++) {
		/* what reaches the only router is exact enough to choose */
		s = i ? together : apart;
		s.layers = 1;
		check_mixture(&s);
		/* and here it has no choice */
		s = i ? together : apart;
		s.used = s.experts;
		check_mixture(&s);
	}
}

static void compare_batches(const struct model_spec *s, unsigned threads,
			    const float *want)
{
	static const uint32_t sizes[] = { 1, 2, 5, 9, 14 };
	struct model_set x;

	set_open(&x, s, threads, 1);
	for (uint32_t at = 0, n = 0; at < TOKENS; at += sizes[n++]) {
		forward(&x, 0, at, sizes[n]);
		assert_memory_equal(oae_state_logits(x.state),
				    want + at * s->vocab,
				    sizes[n] * s->vocab * sizeof(float));
	}
	model_set_close(&x);
}

/* The same bits for any batch, threads and kernels. */
static void check_bits(const struct model_spec *s)
{
	size_t bytes = s->vocab * sizeof(float);
	float *want = malloc(TOKENS * bytes);
	struct model_set x;

	setenv("OAE_KERNELS", "scalar", 1);
	set_open(&x, s, 1, 1);
	for (uint32_t i = 0; i < TOKENS; i++) {
		forward(&x, 0, i, 1);
		memcpy(want + i * s->vocab, oae_state_logits(x.state), bytes);
	}
	model_set_close(&x);
	for (const char *const *k = kernels_here(); *k; k++) {
		setenv("OAE_KERNELS", *k, 1);
		compare_batches(s, 1, want);
		compare_batches(s, 3, want);
	}
	unsetenv("OAE_KERNELS");
	free(want);
}

static void test_same_bits(void **state)
{
	(void)state;
	check_bits(&apart);
	check_bits(&together);
}

static uint64_t bytes_of(const struct oae_packed *w)
{
	return oae_pack_bytes(w->type, w->rows, w->cols);
}

/* Of the experts that were picked since `before`; *distinct counts them. */
static uint64_t picked_bytes(const struct model_set *x, const uint64_t *before,
			     uint64_t *distinct)
{
	const struct oae_shape *p = &x->model->shape;
	const uint64_t *uses = oae_state_expert_uses(x->state);
	const struct oae_layer *y;
	uint64_t sum = 0;

	*distinct = 0;
	for (uint32_t i = 0; i < p->n_layer * p->n_expert; i++) {
		if (uses[i] == before[i])
			continue;
		y = &x->model->layers[i / p->n_expert];
		sum += bytes_of(&y->gates[i % p->n_expert]) +
		       bytes_of(&y->ups[i % p->n_expert]) +
		       bytes_of(&y->downs[i % p->n_expert]);
		++*distinct;
	}
	return sum;
}

static uint64_t dense_bytes(const struct oae_model *m)
{
	uint64_t sum = bytes_of(&m->output);

	for (uint32_t i = 0; i < m->shape.n_layer; i++)
		sum += bytes_of(&m->layers[i].wq) + bytes_of(&m->layers[i].wk) +
		       bytes_of(&m->layers[i].wv) + bytes_of(&m->layers[i].wo) +
		       bytes_of(&m->layers[i].router);
	return sum;
}

/* Weights are read once a batch: of experts, only those that it picked. */
static void check_bytes(const struct model_spec *s, unsigned threads)
{
	static const uint32_t sizes[] = { 1, 1, 1, 2, 5, 1, 16 };
	size_t n = (size_t)s->layers * s->experts;
	uint64_t *before = calloc(n, sizeof(*before)), distinct, want;
	struct oae_traffic a, b, t;
	uint32_t at = 0;
	struct model_set x;

	assert_non_null(before);
	set_open(&x, s, threads, 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		oae_state_traffic(x.state, &a);
		memcpy(before, oae_state_expert_uses(x.state),
		       n * sizeof(*before));
		forward(&x, 0, at, sizes[i]);
		at += sizes[i];
		oae_state_traffic(x.state, &b);
		t = oae_traffic_since(&b, &a);
		want = picked_bytes(&x, before, &distinct);
		assert_int_equal(t.expert_bytes, want);
		assert_int_equal(t.distinct, distinct);
		if (sizes[i] == 1)
			assert_int_equal(distinct, s->layers * s->used);
		assert_int_equal(t.picks, sizes[i] * s->layers * s->used);
		want = sizes[i] * s->dim * sizeof(float); /* embeddings */
		assert_int_equal(t.dense_bytes, dense_bytes(x.model) + want);
		/* rows at - size .. at - 1 see 1 more than they are */
		want = sizes[i] * (2 * at - sizes[i] + 1) / 2;
		assert_int_equal(t.kv_bytes, want * s->layers * s->kv_heads *
						     s->head_dim * 4);
		assert_int_equal(t.rows, sizes[i]);
		assert_int_equal(t.batches, 1);
	}
	model_set_close(&x);
	free(before);
}

static void test_bytes(void **state)
{
	(void)state;
	check_bytes(&apart, 1);
	check_bytes(&apart, 3);
	check_bytes(&together, 2);
}

/* Was expert e of a layer picked at position i? As single steps tell. */
struct picks {
	bool of[3][TOKENS][16];
};

static void find_picks(const struct model_spec *s, struct picks *out)
{
	size_t n = (size_t)s->layers * s->experts;
	uint64_t before[3 * 16];
	const uint64_t *uses;
	struct model_set x;

	memset(out, 0, sizeof(*out));
	set_open(&x, s, 1, 1);
	uses = oae_state_expert_uses(x.state);
	for (uint32_t i = 0; i < TOKENS; i++) {
		memcpy(before, uses, n * sizeof(*before));
		forward(&x, 0, i, 1);
		for (uint32_t k = 0; k < n; k++)
			out->of[k / s->experts][i][k % s->experts] = uses[k] >
								     before[k];
	}
	model_set_close(&x);
}

static struct oae_traffic count_plainly(const struct model_spec *s,
					const struct picks *p)
{
	struct oae_traffic t = { 0 };
	uint32_t back;

	for (uint32_t k = 0; k < s->layers * TOKENS * s->experts; k++) {
		uint32_t layer = k / s->experts / TOKENS, e = k % s->experts;
		uint32_t i = k / s->experts % TOKENS;

		if (!p->of[layer][i][e])
			continue;
		t.picks++;
		t.known += i > 0;
		t.again += i > 0 && p->of[layer][i - 1][e];
		if (i < OAE_REUSE_WINDOW)
			continue;
		t.known_window++;
		back = 1;
		while (back < OAE_REUSE_WINDOW && !p->of[layer][i - back][e])
			back++;
		t.again_window += p->of[layer][i - back][e];
	}
	return t;
}

/* However the tokens are cut into batches, and whoever else is in them. */
static void check_reuse(const struct model_spec *s)
{
	static const uint32_t sizes[] = { 9, 1, 3, 1, 1, 16 };
	struct oae_traffic want, got;
	struct oae_row rows[2];
	struct picks picks;
	uint32_t at = 0;
	struct model_set x;

	find_picks(s, &picks);
	want = count_plainly(s, &picks);
	assert_true(want.again && want.again_window < want.known_window);
	set_open(&x, s, 2, 2);
	for (size_t i = 0; i < 6; at += sizes[i++])
		forward(&x, 1, at, sizes[i]);
	oae_state_traffic(x.state, &got);
	assert_int_equal(got.picks, want.picks);
	assert_int_equal(got.known, want.known);
	assert_int_equal(got.again, want.again);
	assert_int_equal(got.known_window, want.known_window);
	assert_int_equal(got.again_window, want.again_window);
	/* a sequence that begins anew knows nothing; nor does another slot */
	rows[0] = (struct oae_row){ tokens[0], 1, 0, false };
	rows[1] = (struct oae_row){ tokens[0], 0, 0, false };
	assert_int_equal(oae_forward(x.state, rows, 2, NULL), OAE_OK);
	oae_state_traffic(x.state, &got);
	assert_int_equal(got.known, want.known);
	model_set_close(&x);
}

static void test_reuse(void **state)
{
	(void)state;
	check_reuse(&apart);
	check_reuse(&together);
}

/* Of n rows that draw 2 of 6 each: 6 (1 - (2/3)^n) on average. */
static void test_even_draws(void **state)
{
	struct oae_traffic t;
	struct model_set x;

	(void)state;
	set_open(&x, &apart, 1, 1);
	forward(&x, 0, 0, 1);
	forward(&x, 0, 1, 3);
	oae_state_traffic(x.state, &t);
	assert_true(fabs(t.distinct_even - 3 * (2 + 6 * (1 - 8.0 / 27))) <
		    1e-9);
	assert_true(t.distinct >= 3 * (2 + 2) && t.distinct <= 3 * (2 + 6));
	model_set_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixtures_are_right),
		cmocka_unit_test(test_same_bits),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_even_draws),
	};
	struct oae_rng rng;
	int failed;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/m.gguf", dir);
	oae_rng_seed(&rng, 5);
	for (size_t i = 0; i < TOKENS; i++)
		tokens[i] = (int32_t)oae_rng_below(&rng, 60);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	oae_dir_remove(dir, NULL);
	return failed;
}
