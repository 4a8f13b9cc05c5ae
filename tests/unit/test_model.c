/* SPDX-License-Identifier: Apache-2.0 */
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
#include "tests/unit/model_specs.h"

#define CTX PLAIN_CTX
#define TOKENS 23

static char dir[] = "/tmp/oae-test-model-XXXXXX";
static char path[64];

static int32_t tokens[TOKENS];

static void check_against_plain(const struct model_spec *s, double most)
{
	struct plain p = { .s = s };
	struct oae_row rows[TOKENS];
	double logits[512];
	struct model_set x;

	assert_int_equal(model_write(path, s, NULL), OAE_OK);
	model_set_open(&x, path, 2, 1);
	assert_int_equal(oae_gguf_open(path, &p.g, NULL), OAE_OK);
	p.k = calloc((size_t)s->layers * CTX * s->kv_heads * s->head_dim,
		     sizeof(double));
	p.v = calloc((size_t)s->layers * CTX * s->kv_heads * s->head_dim,
		     sizeof(double));
	assert_true(p.k && p.v);
	for (uint32_t i = 0; i < TOKENS; i++)
		rows[i] = (struct oae_row){ tokens[i], 0, i, true };
	assert_int_equal(oae_forward(x.state, rows, TOKENS, NULL), OAE_OK);
	for (size_t i = 0; i < TOKENS; i++) {
		double d;

		plain_forward(&p, tokens[i], i, logits);
		d = model_difference(oae_state_logits(x.state) + i * s->vocab,
				     logits, s->vocab);
		if (!(d < most))
			fail_msg("%s %s, position %zu: off by %g", s->arch,
				 oae_tensor_type_name(s->type), i, d);
	}
	free(p.k);
	free(p.v);
	oae_gguf_close(p.g);
	model_set_close(&x);
}

static void test_forward_is_right(void **state)
{
	static const struct {
		enum oae_tensor_type type;
		double most;
	} types[] = {
		/* f16 keys and values cost accuracy, q8 activations more */
		{ OAE_TENSOR_F32, 6e-3 },  { OAE_TENSOR_F16, 6e-3 },
		{ OAE_TENSOR_BF16, 6e-3 }, { OAE_TENSOR_Q8_0, 0.06 },
		{ OAE_TENSOR_Q5_0, 0.06 },
	};

	(void)state;
	for (size_t i = 0; i < N_SPECS; i++) {
		for (size_t t = 0; t < 5; t++) {
			struct model_spec s = specs[i];

			/* a router that flips an expert is another model */
			if (s.experts && t >= 3)
				continue;
			s.type = types[t].type;
			check_against_plain(&s, types[t].most);
		}
	}
	check_against_plain(&kquant_specs[0], 0.06);
	check_against_plain(&kquant_specs[1], 0.06);
}

/* Computes tokens in batches of the given sizes; logits of all. */
static void run_batches(struct model_set *x, const size_t *sizes, uint32_t slot,
			float *logits)
{
	size_t n_vocab = x->model->shape.n_vocab, at = 0;
	struct oae_row rows[TOKENS];

	for (size_t b = 0; at < TOKENS; b++) {
		for (uint32_t i = 0; i < sizes[b]; i++)
			rows[i] = (struct oae_row){ tokens[at + i], slot,
						    (uint32_t)at + i, true };
		assert_int_equal(oae_forward(x->state, rows, sizes[b], NULL),
				 OAE_OK);
		memcpy(logits + at * n_vocab, oae_state_logits(x->state),
		       sizes[b] * n_vocab * sizeof(float));
		at += sizes[b];
	}
}

static const size_t sizes[][TOKENS] = {
	{ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
	{ 23 },
	{ 5, 5, 5, 5, 3 },
	{ 1, 22 },
	{ 16, 7 },
	{ 9, 14 },
};

/* One by one with the oracle, against all else. */
static void check_same_bits(const struct model_spec *s)
{
	size_t bytes = TOKENS * s->vocab * sizeof(float);
	float *want = malloc(bytes), *got = malloc(bytes);
	struct model_set x;

	assert_true(want && got);
	assert_int_equal(model_write(path, s, NULL), OAE_OK);
	setenv("OAE_KERNELS", "scalar", 1);
	model_set_open(&x, path, 1, 1);
	run_batches(&x, sizes[0], 0, want);
	model_set_close(&x);
	for (const char *const *k = kernels_here(); *k; k++) {
		setenv("OAE_KERNELS", *k, 1);
		for (unsigned threads = 1; threads <= 3; threads += 2) {
			model_set_open(&x, path, threads, 1);
			for (size_t b = 0; b < 6; b++) {
				run_batches(&x, sizes[b], 0, got);
				assert_memory_equal(got, want, bytes);
			}
			model_set_close(&x);
		}
	}
	unsetenv("OAE_KERNELS");
	free(want);
	free(got);
}

/* The same bits for any batches, threads and kernels. */
static void test_same_bits(void **state)
{
	static const enum oae_tensor_type types[] = {
		OAE_TENSOR_F32,
		OAE_TENSOR_Q8_0,
		OAE_TENSOR_Q4_0,
	};

	(void)state;
	for (size_t i = 0; i < N_SPECS * 3; i++) {
		struct model_spec s = specs[i / 3];

		s.type = types[i % 3];
		check_same_bits(&s);
	}
	for (size_t i = 0; i < N_KQUANTS; i++)
		check_same_bits(&kquant_specs[i]);
}

/* Two sequences in one batch do not see each other. */
static void test_slots(void **state)
{
	static const size_t whole[] = { TOKENS };
	size_t n_vocab = specs[0].vocab;
	struct oae_row rows[32];
	float want[TOKENS * 70];
	struct model_set x;

	(void)state;
	assert_int_equal(model_write(path, &specs[0], NULL), OAE_OK);
	model_set_open(&x, path, 1, 3);
	run_batches(&x, whole, 1, want);
	for (uint32_t i = 0; i < 12; i++) {
		rows[i] = (struct oae_row){ tokens[i], 0, i, true };
		rows[12 + i] =
			(struct oae_row){ tokens[TOKENS - 1 - i], 2, i, true };
	}
	assert_int_equal(oae_forward(x.state, rows, 24, NULL), OAE_OK);
	assert_memory_equal(oae_state_logits(x.state), want,
			    12 * n_vocab * sizeof(float));
	/* one more token of either, which is the first's 13th again */
	rows[0] = (struct oae_row){ tokens[3], 2, 12, false };
	rows[1] = (struct oae_row){ tokens[12], 0, 12, true };
	assert_int_equal(oae_forward(x.state, rows, 2, NULL), OAE_OK);
	assert_memory_equal(oae_state_logits(x.state), want + 12 * n_vocab,
			    n_vocab * sizeof(float));
	model_set_close(&x);
}

static void test_bad_rows(void **state)
{
	static const struct oae_row bad[] = {
		{ -1, 0, 0, false },
		{ 70, 0, 0, false },
		{ 0, 1, 0, false },
		{ 0, 0, CTX, false },
	};
	struct model_set x;

	(void)state;
	assert_int_equal(model_write(path, &specs[0], NULL), OAE_OK);
	model_set_open(&x, path, 1, 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(oae_forward(x.state, &bad[i], 1, NULL),
				 OAE_ERR_USAGE);
	assert_int_equal(oae_forward(x.state, bad, 0, NULL), OAE_ERR_USAGE);
	model_set_close(&x);
}

static void refuse(struct model_spec s, enum oae_status status,
		   const char *word)
{
	struct oae_error err = { 0 };
	struct oae_threads *threads;
	struct oae_model *m;

	assert_int_equal(model_write(path, &s, NULL), OAE_OK);
	assert_int_equal(oae_threads_open(1, &threads, NULL), OAE_OK);
	assert_int_equal(oae_model_open(path, threads, &m, &err), status);
	if (!strstr(err.text, word) || !strstr(err.text, path))
		fail_msg("\"%s\" does not say \"%s\"", err.text, word);
	oae_threads_close(threads);
}

static void test_refusals(void **state)
{
	struct model_spec s = specs[0];

	(void)state;
	s.arch = "mamba";
	refuse(s, OAE_ERR_UNSUPPORTED, "mamba");
	s = specs[0];
	s.leave_key = "llama.block_count";
	refuse(s, OAE_ERR_UNSUPPORTED, "llama.block_count");
	s = specs[4];
	s.leave_key = "qwen3moe.expert_used_count";
	refuse(s, OAE_ERR_UNSUPPORTED, "expert_used_count");
	s = specs[0];
	s.leave_tensor = "blk.1.attn_k.weight";
	refuse(s, OAE_ERR_FORMAT, "blk.1.attn_k.weight");
	s.leave_tensor = NULL;
	s.wrong_tensor = "blk.0.ffn_up.weight";
	refuse(s, OAE_ERR_FORMAT, "blk.0.ffn_up.weight");
	s.wrong_tensor = NULL;
	s.extra_tensor = "blk.0.attn_output.bias";
	refuse(s, OAE_ERR_UNSUPPORTED, "blk.0.attn_output.bias");
	s.extra_tensor = NULL;
	s.extra_key = "llama.rope.scaling.type";
	refuse(s, OAE_ERR_UNSUPPORTED, "yarn");
	s = specs[0];
	s.head_dim = 24;
	refuse(s, OAE_ERR_UNSUPPORTED, "key_length: heads of 24");
	s = specs[5];
	s.leave_tensor = "blk.1.attn_v.bias";
	refuse(s, OAE_ERR_FORMAT, "blk.1.attn_v.bias");
	s = specs[7];
	s.leave_tensor = "blk.0.ffn_up.3.weight";
	refuse(s, OAE_ERR_FORMAT, "blk.0.ffn_up.3.weight");
	s = specs[3];
	s.rope_factors = true;
	refuse(s, OAE_ERR_UNSUPPORTED, "rope_freqs.weight");
}

/* Each names the key that is missing here. */
static void test_refused_variants(void **state)
{
	static const struct model_extra keys[] = {
		{ "general.type", "adapter", 0, 0 },
		{ "split.count", NULL, 0, 3 },
		{ "llama.attention.causal", NULL, 0, 0 },
		{ "llama.attention.scale", NULL, 0.5f, 0 },
		{ "llama.logit_scale", NULL, 0.5f, 0 },
		{ "llama.embedding_scale", NULL, 12, 0 },
		{ "llama.attn_logit_softcapping", NULL, 50, 0 },
		{ "llama.expert_shared_count", NULL, 0, 1 },
		{ "llama.expert_gating_func", NULL, 0, 2 },
		{ "llama.expert_weights_scale", NULL, 2.5f, 0 },
		{ "llama.expert_weights_norm", NULL, 0, 0 },
		{ "llama.leading_dense_block_count", NULL, 0, 1 },
		{ "llama.rope.dimension_count", NULL, 0, 8 },
		{ "llama.rope.scaling.attn_factor", NULL, 1.5f, 0 },
	};
	struct model_extra one[2] = { 0 };
	struct model_spec s = specs[2];

	(void)state;
	s.extra = one;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		one[0] = keys[i];
		refuse(s, OAE_ERR_UNSUPPORTED, keys[i].key);
	}
}

/* Within its window a model attends to all positions. */
static void test_window(void **state)
{
	static const struct model_extra narrow[] = {
		{ "llama.attention.sliding_window", NULL, 0, 40 }, { 0 }
	};
	static const struct model_extra wide[] = {
		{ "llama.attention.sliding_window", NULL, 0, 4096 }, { 0 }
	};
	struct model_spec s = specs[0];
	struct oae_shape shape;
	struct oae_gguf *g;

	(void)state;
	for (int i = 0; i < 2; i++) {
		s.extra = i ? wide : narrow;
		assert_int_equal(model_write(path, &s, NULL), OAE_OK);
		assert_int_equal(oae_gguf_open(path, &g, NULL), OAE_OK);
		assert_int_equal(oae_shape_read(g, &shape, NULL), OAE_OK);
		assert_int_equal(shape.n_ctx_trained, 256);
		assert_int_equal(shape.n_ctx, i ? 256 : 40);
		assert_non_null(strstr(oae_shape_context_why(&shape),
				       i ? "trained" : "window"));
		oae_gguf_close(g);
	}
}

/* Damaged model files are refused, or run without harm. */
static void test_mutations(void **state)
{
	struct model_spec s = specs[4];
	struct oae_threads *threads;
	struct oae_model *m;
	struct oae_state *st;
	struct oae_row row = { 0, 0, 0, true };
	struct oae_buf b;
	struct oae_rng rng;
	size_t ran = 0;

	(void)state;
	s.layers = 1;
	assert_int_equal(model_write(path, &s, NULL), OAE_OK);
	oae_buf_init(&b, 1 << 22);
	assert_int_equal(oae_file_read(path, &b, NULL), OAE_OK);
	assert_int_equal(oae_threads_open(1, &threads, NULL), OAE_OK);
	oae_rng_seed(&rng, 11);
	for (int i = 0; i < 300; i++) {
		size_t at = 24 + oae_rng_below(&rng, 1500);
		char keep = b.data[at];
		FILE *f = fopen(path, "wb");

		assert_non_null(f);
		b.data[at] = (char)oae_rng_u64(&rng);
		assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
		fclose(f);
		b.data[at] = keep;
		if (oae_model_open(path, threads, &m, NULL))
			continue;
		if (!oae_state_new(m, 1, 16, 4, &st, NULL)) {
			oae_forward(st, &row, 1, NULL);
			oae_state_free(st);
			ran++;
		}
		oae_model_close(m);
	}
	assert_true(ran > 10 && ran < 290);
	oae_threads_close(threads);
	oae_buf_release(&b);
}

static int set_up(void **state)
{
	struct oae_rng rng;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/m.gguf", dir);
	oae_rng_seed(&rng, 9);
	for (size_t i = 0; i < TOKENS; i++)
		tokens[i] = (int32_t)oae_rng_below(&rng, 50);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward_is_right),
		cmocka_unit_test(test_same_bits),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_bad_rows),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refused_variants),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests_name("model", tests, set_up, tear_down);
}
