/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scalar kernels against arithmetic in double, and each other table
 * against the scalar one (tests/kernels/): those of this processor, and those
 * for AVX-512 also where an emulation stands for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/gguf/tensor.h"
#include "tests/kernels/checks.h"

#pragma weak oae_kernels_avx512bw_fake
#pragma weak oae_kernels_avx512vnni_fake
extern const struct oae_kernels oae_kernels_avx512bw_fake;
extern const struct oae_kernels oae_kernels_avx512vnni_fake;

static const struct oae_kernels *const scalar = &oae_kernels_scalar;

/* What is checked: a table that the processor runs, or an emulated one. */
static const struct subject {
	const char *name;
	bool emulated;
	const struct oae_kernels *fake;
} subjects[] = {
#ifdef __aarch64__
	{ "neon", false, NULL },
	{ "neondot", false, NULL },
#else
	{ "avx2", false, NULL },
	{ "avx512bw", false, NULL },
	{ "avx512vnni", false, NULL },
	{ "avx512bw", true, &oae_kernels_avx512bw_fake },
	{ "avx512vnni", true, &oae_kernels_avx512vnni_fake },
#endif
};
#define N_SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

struct pairing {
	const struct oae_kernels *k;
	const struct check *check;
};

_Noreturn void check_failed(const char *file, int line, const char *text)
{
	print_error("%s: %s\n", check_about, text);
	_fail(file, line);
	abort(); /* _fail does not return */
}

static void test_table(void **state)
{
	const struct pairing *p = *state;

	oae_rng_seed(&check_rng, 7);
	snprintf(check_about, sizeof(check_about), "%s", p->k->name);
	p->check->run(p->k);
}

/* ---- the oracle --------------------------------------------------------- */

/* What the product should be, in double, from the file's own values. */
static double exact(const struct check_matrix *m, const float *values,
		    const struct oae_acts *a, bool quantised, size_t row,
		    size_t out)
{
	size_t cols = m->packed.cols, b;
	double sum = 0, x;

	for (size_t i = 0; i < cols; i++) {
		x = a->x[row * cols + i];
		if (quantised) {
			b = (row * cols + i) / OAE_TENSOR_BLOCK;
			x = (double)a->q[row * cols + i] * a->d[b];
		}
		sum += x * values[out * cols + i];
	}
	return sum;
}

static void test_matmul_is_right(void **state)
{
	const size_t rows = 37, cols = 256;
	struct check_matrix m;
	struct oae_acts a;
	float *values, y[3 * 37];

	(void)state;
	for (size_t t = 0; t < check_types_n; t++) {
		check_matrix_make(&m, check_types[t], rows, cols, CHECK_NORMAL);
		check_acts_make(&a, 3, cols);
		values = check_get(rows * cols * sizeof(float));
		oae_tensor_to_f32(check_types[t], m.rows, rows * cols, values);
		scalar->matmul(&m.packed, 0, 3, &a, 0, 3, y, rows);
		for (size_t i = 0; i < 3 * rows; i++)
			assert_true(fabs(y[i] - exact(&m, values, &a,
						      oae_tensor_type_quantised(
							      check_types[t]),
						      i / rows, i % rows)) <
				    1e-4);
		free(values);
		check_acts_free(&a);
		check_matrix_free(&m);
	}
}

/* The sum of extreme products, by hand. */
static void test_matmul_extremes(void **state)
{
	struct check_matrix m;
	struct oae_acts a;
	int8_t *q;
	float y[16], want;

	(void)state;
	check_matrix_make(&m, OAE_TENSOR_Q8_0, 16, 32, CHECK_LARGEST);
	check_acts_make(&a, 1, 32);
	for (int i = 0; i < 32; i++)
		a.x[i] = -127;
	check_acts_quantize(&a, 1, scalar);
	assert_true(a.d[0] == 1 && a.q[5] == -127 && a.off[0] == 128 * 4064);
	scalar->matmul(&m.packed, 0, 1, &a, 0, 1, y, 16);
	for (size_t i = 0; i < 16; i++) {
		q = (int8_t *)m.rows + i * OAE_Q8_0_BYTES + 2;
		want = 0;
		for (int j = 0; j < 32; j++) {
			assert_true(q[j] == 127 || q[j] == -128);
			want += (float)(q[j] * -127);
		}
		assert_true(y[i] == want * 0.75f);
	}
	check_acts_free(&a);
	check_matrix_free(&m);
}

/* Tiles packed in any parts, in any order, are the tiles packed at once. */
static void packs_in_parts(enum oae_tensor_type type, size_t rows, size_t cols)
{
	size_t tiles = (rows + OAE_TILE - 1) / OAE_TILE, cut[2];
	size_t bytes = oae_pack_bytes(type, rows, cols);
	struct check_matrix m;
	uint8_t *parts = check_get(bytes);

	check_matrix_make(&m, type, rows, cols, CHECK_NORMAL);
	memset(parts, 0xee, bytes);
	cut[0] = oae_rng_below(&check_rng, tiles + 1);
	cut[1] = oae_rng_below(&check_rng, cut[0] + 1);
	oae_pack_tiles(type, m.rows, rows, cols, cut[0], tiles, parts);
	oae_pack_tiles(type, m.rows, rows, cols, 0, cut[1], parts);
	oae_pack_tiles(type, m.rows, rows, cols, cut[1], cut[0], parts);
	assert_memory_equal(parts, m.data, bytes);
	free(parts);
	check_matrix_free(&m);
}

/* The lanes without a row hold the last row, and no byte of other rows. */
static void packs_last_row_again(enum oae_tensor_type type, size_t rows,
				 size_t cols)
{
	size_t full = (rows + OAE_TILE - 1) / OAE_TILE * OAE_TILE;
	size_t one = oae_tensor_bytes(type, cols);
	size_t bytes = oae_pack_bytes(type, full, cols);
	struct check_matrix m;
	uint8_t *filled = check_get(full * one), *packed = check_get(bytes);

	check_matrix_make(&m, type, rows, cols, CHECK_NORMAL);
	memset(packed, 0xee, bytes);
	for (size_t r = 0; r < full; r++)
		memcpy(filled + r * one,
		       m.rows + (r < rows ? r : rows - 1) * one, one);
	oae_pack_tiles(type, filled, full, cols, 0, full / OAE_TILE, packed);
	assert_memory_equal(packed, m.data, bytes);
	free(filled);
	free(packed);
	check_matrix_free(&m);
}

static void test_pack(void **state)
{
	(void)state;
	for (size_t t = 0; t < check_types_n; t++)
		for (size_t rows = 1; rows < 70; rows += 3) {
			size_t block = oae_tensor_type_block(check_types[t]);
			size_t n = 1 + oae_rng_below(&check_rng, 4);
			size_t odd = block == 1 ? rows % 9 : 0;

			packs_in_parts(check_types[t], rows, n * block + odd);
			packs_last_row_again(check_types[t], rows,
					     n * block + odd);
		}
}

/* A packed row gives the floats that the file's row gives, bit for bit. */
static void test_unpack(void **state)
{
	const size_t rows = 37, cols = 512;
	struct check_matrix m;
	float *want = check_get(cols * sizeof(float));
	float *got = check_get(cols * sizeof(float));

	(void)state;
	for (size_t t = 0; t < check_types_n; t++) {
		size_t bytes = oae_tensor_bytes(check_types[t], cols);

		check_matrix_make(&m, check_types[t], rows, cols, CHECK_NORMAL);
		for (size_t r = 0; r < rows; r++) {
			oae_tensor_to_f32(check_types[t], m.rows + r * bytes,
					  cols, want);
			oae_unpack_row(&m.packed, r, got);
			assert_memory_equal(got, want, cols * sizeof(float));
		}
		check_matrix_free(&m);
	}
	free(want);
	free(got);
}

/* The 16-bit copy holds the numbers times 256, and cross their products. */
static void pairs_are_right(const struct oae_acts *a)
{
	static const size_t order[4] = { 1, 3, 0, 2 };
	int32_t sum;

	for (size_t i = 0; i < a->cols; i++)
		assert_int_equal(a->pairs[i],
				 256 * a->q[i / 4 * 4 + order[i % 4]]);
	for (size_t b = 0; b < a->cols / 32; b++) {
		sum = 0;
		for (size_t i = b * 32; i < b * 32 + 32; i += 2)
			sum += a->q[i] * a->q[i + 1];
		assert_int_equal((uint32_t)a->cross[b],
				 256 * (uint32_t)a->off[b] -
					 65536 * (uint32_t)sum);
	}
}

static void test_quantize_is_right(void **state)
{
	struct oae_acts a;
	int32_t sum;

	(void)state;
	for (int round = 0; round < 100; round++) {
		check_acts_make(&a, 1, 96);
		for (size_t b = 0; b < 3; b++) {
			sum = 0;
			for (size_t i = b * 32; i < b * 32 + 32; i++) {
				sum += a.q[i];
				assert_true(fabsf(a.x[i] - a.d[b] * a.q[i]) <=
					    a.d[b] * 0.5001f);
			}
			assert_int_equal(a.off[b], -128 * sum);
		}
		pairs_are_right(&a);
		check_acts_free(&a);
	}
}

/* Of one block all of whose bytes are one: 256 times sign * weight. */
static void largest_kquant(enum oae_tensor_type type, uint8_t fill,
			   double weight)
{
	size_t bytes = oae_tensor_bytes(type, 256);
	uint16_t one = oae_f16_from_f32(1.0f), none = 0;
	struct check_matrix m;
	struct oae_acts a;
	float y[16];

	check_matrix_make(&m, type, 16, 256, CHECK_NORMAL);
	memset(m.rows, fill, 16 * bytes);
	for (size_t i = 0; i < 16; i++) {
		if (type == OAE_TENSOR_Q4_K) {
			memcpy(m.rows + i * bytes, &one, 2);
			memcpy(m.rows + i * bytes + 2, &none, 2);
		} else {
			memset(m.rows + i * bytes + OAE_Q6_K_SCALES, 0x80, 16);
			memcpy(m.rows + i * bytes + 208, &one, 2);
		}
	}
	oae_pack_tiles(type, m.rows, 16, 256, 0, 1, m.data);
	check_acts_make(&a, 1, 256);
	for (int sign = -127; sign <= 127; sign += 254) {
		for (size_t i = 0; i < 256; i++)
			a.x[i] = (float)sign;
		check_acts_quantize(&a, 1, scalar);
		scalar->matmul(&m.packed, 0, 1, &a, 0, 1, y, 16);
		for (int i = 0; i < 16; i++)
			assert_true(y[i] == (float)(256 * sign * weight));
	}
	check_acts_free(&a);
	check_matrix_free(&m);
}

static void test_kquant_extremes(void **state)
{
	(void)state;
	largest_kquant(OAE_TENSOR_Q4_K, 0xff, 63 * 15);
	largest_kquant(OAE_TENSOR_Q4_K, 0, 0);
	largest_kquant(OAE_TENSOR_Q6_K, 0xff, -128 * 31);
	largest_kquant(OAE_TENSOR_Q6_K, 0, -128 * -32);
}

static void test_exp_and_softmax(void **state)
{
	float gate, up = 1, y, p[40];
	double want, sum = 0;

	(void)state;
	for (int i = -400; i <= 400; i++) {
		gate = (float)i / 10;
		scalar->silu_mul(&gate, &up, 1, &y);
		want = gate / (1 + exp(-(double)gate));
		assert_true(fabs(y - want) <= 4e-7 * fabs(want) + 1e-37);
	}
	for (int i = 0; i < 40; i++)
		p[i] = (float)i / 4;
	scalar->softmax(p, 40);
	for (int i = 0; i < 40; i++)
		sum += p[i];
	assert_true(fabs(sum - 1) < 1e-6);
	assert_true(fabsf(p[39] / p[35] - expf(1)) < 1e-5f);
}

/* One query over 21 positions of 32 dimensions. */
static void test_attention_is_right(void **state)
{
	float *q, *x, out[32], scores[32];
	uint16_t k[32 * 32], v[32 * 32];
	double s[21], sum = 0, want;
	struct oae_attention a = {
		.n = 1,
		.n_pos = { 21 },
		.k = k,
		.v = v,
		.head_dim = 32,
		.scale = 0.25f,
		.scores = scores,
		.scores_ld = 32,
	};

	(void)state;
	q = check_randoms(32);
	x = check_randoms(2048);
	scalar->to_f16(x, 1024, k);
	scalar->to_f16(x + 1024, 1024, v);
	a.q[0] = q;
	a.out[0] = out;
	scalar->attention(&a);
	for (size_t t = 0; t < 21; t++) {
		s[t] = 0;
		for (size_t i = 0; i < 32; i++)
			s[t] += (double)q[i] *
				oae_f32_from_f16(
					k[(t / 16 * 32 + i) * 16 + t % 16]);
		s[t] = exp(s[t] * 0.25);
		sum += s[t];
	}
	for (size_t i = 0; i < 32; i++) {
		want = 0;
		for (size_t t = 0; t < 21; t++)
			want += s[t] / sum * oae_f32_from_f16(v[t * 32 + i]);
		assert_true(fabs(want - out[i]) < 1e-5);
	}
	free(q);
	free(x);
}

static void test_f16_round_trip(void **state)
{
	float x;

	(void)state;
	for (uint32_t i = 0; i < 0x10000; i++) {
		x = oae_f32_from_f16((uint16_t)i);
		if (x == x)
			assert_int_equal(oae_f16_from_f32(x), i);
	}
}

/* ---- choosing ----------------------------------------------------------- */

static void test_find(void **state)
{
	const struct oae_kernels *k, *best;
	struct oae_error err = { 0 };

	(void)state;
	assert_int_equal(oae_kernels_find("sse9", &k, &err), OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "sse9"));
	assert_non_null(strstr(err.text, "scalar")); /* what there is */
	assert_int_equal(setenv("OAE_KERNELS", "scalar", 1), 0);
	assert_int_equal(oae_kernels_select(&k, NULL), OAE_OK);
	assert_string_equal(k->name, "scalar");
	unsetenv("OAE_KERNELS");
	assert_int_equal(oae_kernels_select(&best, NULL), OAE_OK);
	/* a family's name finds its best; none is a word of another's */
	if (!oae_kernels_find("avx512", &k, &err))
		assert_ptr_equal(k, best);
	else if (err.status == OAE_ERR_UNSUPPORTED)
		assert_non_null(strstr(err.text, "OAE_KERNELS to one of"));
	assert_int_equal(oae_kernels_find("avx5", &k, &err), OAE_ERR_USAGE);
}

/* The table to check, or NULL, saying why not. */
static const struct oae_kernels *table(const struct subject *s)
{
	const struct oae_kernels *k = s->fake, *avx2;
	struct oae_error err = { 0 };

	if (!s->emulated && oae_kernels_find(s->name, &k, &err)) {
		print_message("# %s\n", err.text);
		return NULL;
	}
	if (!s->emulated)
		return k;
	if (!k)
		print_message("# %s, emulated: needs the package "
			      "libsimde-dev\n",
			      s->name);
	if (oae_kernels_find("avx2", &avx2, &err)) {
		print_message("# emulated: %s\n", err.text);
		return NULL;
	}
	return k;
}

#define TESTS_MAX 160

/* Appends every check of one table; none where it cannot run. */
static size_t append(struct CMUnitTest *tests, size_t n,
		     const struct subject *s)
{
	static struct pairing pairs[TESTS_MAX];
	static char names[TESTS_MAX][80];
	const struct oae_kernels *k = table(s);

	for (size_t i = 0; k && i < checks_n && n < TESTS_MAX; i++, n++) {
		pairs[n] = (struct pairing){ k, &checks[i] };
		snprintf(names[n], sizeof(names[n]), "%s%s: %s", s->name,
			 s->emulated ? ", emulated" : "", checks[i].name);
		tests[n] = (struct CMUnitTest){
			.name = names[n],
			.test_func = test_table,
			.initial_state = &pairs[n],
		};
	}
	return n;
}

int main(void)
{
	static struct CMUnitTest tests[TESTS_MAX] = {
		cmocka_unit_test(test_f16_round_trip),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_unpack),
		cmocka_unit_test(test_matmul_is_right),
		cmocka_unit_test(test_matmul_extremes),
		cmocka_unit_test(test_kquant_extremes),
		cmocka_unit_test(test_quantize_is_right),
		cmocka_unit_test(test_exp_and_softmax),
		cmocka_unit_test(test_attention_is_right),
		cmocka_unit_test(test_find),
	};
	size_t n = 8;

	for (size_t s = 0; s < N_SUBJECTS; s++)
		n = append(tests, n, &subjects[s]);
	oae_rng_seed(&check_rng, 7);
	return _cmocka_run_group_tests("kernels", tests, n, NULL, NULL);
}
