/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trainer's arithmetic: every kernel set against a naive product, and
 * the backward pass against slopes of the loss along each tensor.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/reference/train/net.h"

static const char *const kernel_names[] = { "plain", "avx2", "avx512" };

static float *random_floats(struct oae_rng *rng, size_t n, double std)
{
	float *p = calloc(n + OAE_KERN_SLACK, sizeof(*p));

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (float)(std * oae_rng_normal(rng));
	return p;
}

static double entry(const struct oae_gemm_args *g, size_t i, size_t j)
{
	double s = 0.0;

	for (size_t k = 0; k < g->k; k++) {
		double a = (double)(g->op == OAE_GEMM_TN ?
					    g->a[k * g->lda + i] :
					    g->a[i * g->lda + k]);
		double b = (double)(g->op == OAE_GEMM_NT ?
					    g->b[j * g->ldb + k] :
					    g->b[k * g->ldb + j]);

		s += a * b;
	}
	return s;
}

static void check_product(const struct oae_kern *kern, struct oae_rng *rng,
			  enum oae_gemm op, size_t m, size_t n, size_t k)
{
	struct oae_gemm_args g = {
		.op = op,
		.add = true,
		.m = m,
		.n = n,
		.k = k,
		.lda = op == OAE_GEMM_TN ? m : k,
		.ldb = op == OAE_GEMM_NT ? k : n,
		.ldc = n,
	};
	float *a = random_floats(rng, m * k, 1.0);
	float *b = random_floats(rng, n * k, 1.0);
	float *c = random_floats(rng, m * n, 1.0);
	float *before = random_floats(rng, m * n, 1.0);

	memcpy(before, c, m * n * sizeof(*c));
	g.a = a;
	g.b = b;
	g.c = c;
	g.scratch = random_floats(rng, oae_gemm_scratch(m, n, k), 0.0);
	kern->gemm(&g);
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++) {
			double want =
				(double)before[i * n + j] + entry(&g, i, j);

			assert_true(fabs(want - (double)c[i * n + j]) <
				    1e-4 * sqrt((double)k));
		}
	for (size_t i = m * n; i < m * n + 100; i++)
		assert_true(c[i] == 0.0f);
	free(a);
	free(b);
	free(c);
	free(before);
	free(g.scratch);
}

static void test_products(void **state)
{
	static const size_t sizes[][3] = {
		{ 1, 32, 1 },
		{ 13, 64, 33 },
		{ 130, 96, 300 },
		{ 12, 32, 17 },
	};
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 1);
	for (size_t n = 0; n < 3; n++) {
		const struct oae_kern *kern = oae_kern_named(kernel_names[n]);

		for (size_t i = 0; kern && i < 4; i++)
			for (int op = 0; op < 3; op++)
				check_product(kern, &rng, (enum oae_gemm)op,
					      sizes[i][0], sizes[i][1],
					      sizes[i][2]);
	}
}

static double log_sum(const float *x, size_t n)
{
	double s = 0.0;

	for (size_t i = 0; i < n; i++)
		s += exp((double)x[i]);
	return log(s);
}

static void test_rows(void **state)
{
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 2);
	for (size_t n = 0; n < 3; n++) {
		const struct oae_kern *kern = oae_kern_named(kernel_names[n]);
		float *x = random_floats(&rng, 64, 3.0), y[64];
		double total = 0.0;

		if (!kern) {
			free(x);
			continue;
		}
		for (size_t len = 1; len <= 64; len++) {
			memcpy(y, x, sizeof(y));
			kern->softmax(y, len, 0.5f);
			total = 0.0;
			for (size_t i = 0; i < len; i++)
				total += exp(0.5 * (double)x[i]);
			for (size_t i = 0; i < len; i++)
				assert_true(
					fabs(exp(0.5 * (double)x[i]) / total -
					     (double)y[i]) < 1e-6);
		}
		memcpy(y, x, sizeof(y));
		assert_true(fabs((double)kern->softmax_log(y, 64) -
				 log_sum(x, 64)) < 1e-5);
		free(x);
	}
}

#define TOKENS 150u

struct fixture {
	struct oae_net net;
	struct oae_net_acts acts;
	struct oae_net_batch batch;
	int32_t id[TOKENS], target[TOKENS];
	float weight[TOKENS];
	uint32_t start[4], answer[3], kind[3];
	float *w, *grad;
};

static void setup(struct fixture *f, uint32_t experts, uint32_t used)
{
	struct oae_net_shape shape = {
		.vocab = 64,
		.dim = 64,
		.layers = 2,
		.heads = 2,
		.head_dim = 32,
		.hidden = 32,
		.experts = experts,
		.used = used,
		.context = 256,
		.rope_base = 10000.0f,
		.eps = 1e-6f,
	};
	struct oae_rng rng;

	oae_rng_seed(&rng, 7);
	assert_int_equal(oae_net_init(&f->net, &shape, NULL), OAE_OK);
	assert_int_equal(oae_net_acts_new(&f->net, TOKENS, &f->acts, NULL),
			 OAE_OK);
	f->w = random_floats(&rng, f->net.n_floats, 0.12);
	f->grad = random_floats(&rng, f->net.n_floats, 0.0);
	f->batch = (struct oae_net_batch){
		.n_tokens = TOKENS,
		.n_docs = 3,
		.id = f->id,
		.target = f->target,
		.weight = f->weight,
		.start = f->start,
		.answer = f->answer,
		.kind = f->kind,
	};
	f->start[0] = 0;
	f->start[1] = 5;
	f->start[2] = 20;
	f->start[3] = TOKENS; /* longer than a block of scores */
	for (size_t i = 0; i < TOKENS; i++) {
		f->id[i] = (int32_t)oae_rng_below(&rng, 64);
		f->target[i] = (int32_t)oae_rng_below(&rng, 64);
		f->weight[i] = i % 3 ? 1.0f : 0.25f;
	}
}

static void teardown(struct fixture *f)
{
	oae_net_acts_free(&f->acts);
	free(f->w);
	free(f->grad);
}

static double loss_of(struct fixture *f, float *grad, float balance)
{
	struct oae_net_loss out = { 0 };

	oae_net_forward(&f->net, f->w, &f->acts, &f->batch);
	oae_net_backward(&f->net, f->w, grad, &f->acts, &f->batch, NULL,
			 balance, &out);
	return out.loss +
	       (double)balance * out.balance * f->net.shape.layers * TOKENS;
}

/* step: small enough that no row changes its experts */
static void check_slopes(uint32_t experts, uint32_t used, float balance,
			 double step)
{
	struct fixture f = { 0 };
	float *sink;

	setup(&f, experts, used);
	loss_of(&f, f.grad, balance);
	sink = calloc(f.net.n_floats + OAE_KERN_SLACK, sizeof(*sink));
	assert_non_null(sink);
	for (size_t i = 0; i < f.net.n_tensors; i++) {
		const struct oae_net_tensor *t = &f.net.tensor[i];
		size_t n = t->slices * t->rows * t->cols;
		float *w = f.w + t->offset, *g = f.grad + t->offset;
		float *keep = calloc(n, sizeof(*keep));
		double norm = 0.0, slope, up, down;

		assert_non_null(keep);
		memcpy(keep, w, n * sizeof(*w));
		for (size_t j = 0; j < n; j++)
			norm += (double)g[j] * (double)g[j];
		norm = sqrt(norm);
		assert_true(norm > 1e-3);
		for (size_t j = 0; j < n; j++)
			w[j] = keep[j] + (float)(step * (double)g[j] / norm);
		up = loss_of(&f, sink, balance);
		for (size_t j = 0; j < n; j++)
			w[j] = keep[j] - (float)(step * (double)g[j] / norm);
		down = loss_of(&f, sink, balance);
		memcpy(w, keep, n * sizeof(*w));
		slope = (up - down) / (2.0 * step);
		if (fabs(slope - norm) > 0.02 * norm + 5e-5 / step)
			fail_msg("%s: gradient %g, slope %g", t->name, norm,
				 slope);
		free(keep);
	}
	free(sink);
	teardown(&f);
}

static void test_dense_gradients(void **state)
{
	(void)state;
	check_slopes(0, 0, 0.0f, 2e-3);
}

static void test_expert_gradients(void **state)
{
	(void)state;
	check_slopes(4, 4, 0.0f, 2e-3);
}

static void test_balance_gradients(void **state)
{
	(void)state;
	check_slopes(4, 2, 1.0f, 1.5e-4);
}

/* A document's rows do not depend on what else is in the batch. */
static void test_documents_are_separate(void **state)
{
	struct fixture f = { 0 };
	float before[64], after[64];

	(void)state;
	setup(&f, 0, 0);
	oae_net_forward(&f.net, f.w, &f.acts, &f.batch);
	memcpy(before, f.acts.final + 12 * 64, sizeof(before));
	f.id[2] = (f.id[2] + 1) % 64;
	f.id[30] = (f.id[30] + 1) % 64;
	f.id[13] = (f.id[13] + 1) % 64; /* later in the same document */
	oae_net_forward(&f.net, f.w, &f.acts, &f.batch);
	memcpy(after, f.acts.final + 12 * 64, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	f.id[6] = (f.id[6] + 1) % 64; /* earlier: must matter */
	oae_net_forward(&f.net, f.w, &f.acts, &f.batch);
	assert_memory_not_equal(before, f.acts.final + 12 * 64, sizeof(before));
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_dense_gradients),
		cmocka_unit_test(test_expert_gradients),
		cmocka_unit_test(test_balance_gradients),
		cmocka_unit_test(test_documents_are_separate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
