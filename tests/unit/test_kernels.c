/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/kernels/kernels.h"
#include "adapters/reference/tensor.h"
#include "adapters/reference/tensor_random.h"
#include "base/rng.h"

static const enum oae_tensor_type types[] = {
	OAE_TENSOR_F32,	 OAE_TENSOR_F16,  OAE_TENSOR_BF16, OAE_TENSOR_Q8_0,
	OAE_TENSOR_Q4_0, OAE_TENSOR_Q5_0, OAE_TENSOR_Q4_K, OAE_TENSOR_Q6_K,
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static struct oae_rng rng;

static void *get(size_t bytes)
{
	void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);

	assert_non_null(p);
	memset(p, 0, (bytes + 127) / 64 * 64);
	return p;
}

static float *randoms(size_t n)
{
	float *x = get(n * sizeof(*x));

	for (size_t i = 0; i < n; i++)
		x[i] = (float)oae_rng_normal(&rng);
	return x;
}

/* The tables that this processor runs, the scalar one first. */
static size_t tables(const struct oae_kernels **out)
{
	static const char *const names[] = { "scalar", "avx2", "avx512" };
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		if (!oae_kernels_find(names[i], &out[n], NULL))
			n++;
	assert_true(n >= 1);
	return n;
}

struct matrix {
	struct oae_packed packed;
	uint8_t *data, *rows; /* packed; as in the file */
	float *values;	      /* what the file's rows mean */
};

static void matrix_make(struct matrix *m, enum oae_tensor_type type,
			size_t rows, size_t cols)
{
	m->rows = get(oae_tensor_bytes(type, rows * cols));
	m->values = get(rows * cols * sizeof(float));
	oae_tensor_random(type, &rng, 1, rows * cols, m->rows);
	oae_tensor_to_f32(type, m->rows, rows * cols, m->values);
	m->data = get(oae_pack_bytes(type, rows, cols));
	memset(m->data, 0xee, oae_pack_bytes(type, rows, cols));
	m->packed = (struct oae_packed){
		.type = oae_pack_type(type),
		.rows = rows,
		.cols = cols,
		.tile_bytes = oae_pack_tile_bytes(type, cols),
		.data = m->data,
	};
	oae_pack_tiles(type, m->rows, rows, cols, 0,
		       (rows + OAE_TILE - 1) / OAE_TILE, m->data);
}

static void matrix_free(struct matrix *m)
{
	free(m->rows);
	free(m->values);
	free(m->data);
}

static void acts_make(struct oae_acts *a, size_t rows, size_t cols,
		      const struct oae_kernels *k)
{
	size_t blocks = cols / OAE_TENSOR_BLOCK;

	a->cols = cols;
	a->x = randoms(rows * cols);
	a->q = get(rows * cols);
	a->d = get(rows * (blocks + 1) * sizeof(float));
	a->off = get(rows * (blocks + 1) * sizeof(int32_t));
	a->pairs = get(rows * cols * sizeof(*a->pairs));
	a->cross = get(rows * (blocks + 1) * sizeof(int32_t));
	for (size_t r = 0; r < rows && cols % OAE_TENSOR_BLOCK == 0; r++)
		k->quantize(a, r);
}

static void acts_free(struct oae_acts *a)
{
	free(a->x);
	free(a->q);
	free(a->d);
	free(a->off);
	free(a->pairs);
	free(a->cross);
}

/* What the product should be, in double, from the file's own values. */
static double exact(const struct matrix *m, const struct oae_acts *a,
		    size_t row, size_t out)
{
	size_t cols = m->packed.cols, b;
	double sum = 0, x;

	for (size_t i = 0; i < cols; i++) {
		x = a->x[row * cols + i];
		if (oae_tensor_type_quantised(m->packed.type)) {
			b = (row * cols + i) / OAE_TENSOR_BLOCK;
			x = (double)a->q[row * cols + i] * a->d[b];
		}
		sum += x * m->values[out * cols + i];
	}
	return sum;
}

static void test_matmul_is_right(void **state)
{
	const struct oae_kernels *k[3];
	struct matrix m;
	struct oae_acts a;
	float *y;

	(void)state;
	tables(k);
	for (size_t t = 0; t < N_TYPES; t++) {
		size_t cols = 3 * OAE_TENSOR_BLOCK;

		if (oae_tensor_type_block(types[t]) == OAE_TENSOR_SUPER)
			cols = 2 * OAE_TENSOR_SUPER;
		matrix_make(&m, types[t], 37, cols);
		acts_make(&a, 3, cols, k[0]);
		y = get(3 * 37 * sizeof(*y));
		k[0]->matmul(&m.packed, 0, 3, &a, 0, 3, y, 37);
		for (size_t r = 0; r < 3; r++)
			for (size_t i = 0; i < 37; i++)
				assert_true(fabs(y[r * 37 + i] -
						 exact(&m, &a, r, i)) < 5e-5);
		free(y);
		acts_free(&a);
		matrix_free(&m);
	}
}

/* Every table, every batch size: the bits of the scalar row by row. */
static void check_matmul(const struct oae_kernels **k, size_t n_tables,
			 enum oae_tensor_type type, size_t rows, size_t cols,
			 size_t batch)
{
	size_t tiles = (rows + OAE_TILE - 1) / OAE_TILE, ldy = rows + 5;
	float *want = get(batch * ldy * sizeof(float));
	float *y = get(batch * ldy * sizeof(float));
	struct matrix m;
	struct oae_acts a;

	matrix_make(&m, type, rows, cols);
	acts_make(&a, batch, cols, k[0]);
	for (size_t r = 0; r < batch; r++)
		k[0]->matmul(&m.packed, 0, tiles, &a, r, r + 1, want, ldy);
	for (size_t t = 0; t < n_tables; t++) {
		memset(y, 0, batch * ldy * sizeof(float));
		k[t]->matmul(&m.packed, 0, tiles / 2, &a, 0, batch, y, ldy);
		k[t]->matmul(&m.packed, tiles / 2, tiles, &a, 0, batch, y, ldy);
		assert_memory_equal(y, want, batch * ldy * sizeof(float));
	}
	acts_free(&a);
	matrix_free(&m);
	free(want);
	free(y);
}

static void test_matmul_same_bits(void **state)
{
	const struct oae_kernels *k[3];
	size_t n = tables(k), rows, cols, batch;

	(void)state;
	for (int round = 0; round < 60; round++) {
		rows = 1 + oae_rng_below(&rng, 70);
		batch = 1 + oae_rng_below(&rng, 21);
		for (size_t t = 0; t < N_TYPES; t++) {
			/* now and then longer than what kernels unpack */
			cols = 1 + oae_rng_below(&rng, round % 10 ? 6 : 45);
			if (oae_tensor_type_quantised(types[t]))
				cols *= oae_tensor_type_block(types[t]);
			else
				cols = cols * 32 + oae_rng_below(&rng, 32);
			check_matmul(k, n, types[t], rows, cols, batch);
		}
	}
}

/* Extreme bytes: no pair of products may saturate. */
static void test_matmul_extremes(void **state)
{
	const struct oae_kernels *k[3];
	size_t n = tables(k);
	uint8_t row[16][OAE_Q8_0_BYTES], *packed;
	uint16_t one = oae_f16_from_f32(1.0f);
	struct oae_packed w = {
		.type = OAE_TENSOR_Q8_0,
		.rows = 16,
		.cols = 32,
		.tile_bytes = oae_pack_tile_bytes(OAE_TENSOR_Q8_0, 32),
	};
	struct oae_acts a;
	float y[16];

	(void)state;
	packed = get(oae_pack_bytes(OAE_TENSOR_Q8_0, 16, 32));
	for (int i = 0; i < 16; i++) {
		memcpy(row[i], &one, 2);
		memset(row[i] + 2, i % 2 ? 0x80 : 0x7f, 32);
	}
	oae_pack_tiles(OAE_TENSOR_Q8_0, row, 16, 32, 0, 1, packed);
	w.data = packed;
	acts_make(&a, 1, 32, k[0]);
	for (int sign = -127; sign <= 127; sign += 254) {
		memset(a.q, sign, 32);
		a.d[0] = 1;
		a.off[0] = -128 * 32 * sign;
		a.cross[0] = a.off[0] - 16 * sign * sign;
		for (int i = 0; i < 32; i++)
			a.pairs[i] = (int16_t)sign;
		for (size_t t = 0; t < n; t++) {
			k[t]->matmul(&w, 0, 1, &a, 0, 1, y, 16);
			for (int i = 0; i < 16; i++)
				assert_true(y[i] ==
					    (float)(32 * sign *
						    (i % 2 ? -128 : 127)));
		}
	}
	acts_free(&a);
	free(packed);
}

/* The greatest K-quants: sums of a block must hold them. */
static void check_kquant_extremes(enum oae_tensor_type type, uint8_t fill,
				  double weight)
{
	const struct oae_kernels *k[3];
	size_t n = tables(k), bytes = oae_tensor_bytes(type, 256);
	uint16_t one = oae_f16_from_f32(1.0f), none = 0;
	uint8_t *rows = get(16 * bytes);
	struct oae_packed w = {
		.type = type,
		.rows = 16,
		.cols = 256,
		.tile_bytes = oae_pack_tile_bytes(type, 256),
	};
	uint8_t *packed = get(oae_pack_bytes(type, 16, 256));
	struct oae_acts a;
	float y[16];

	memset(rows, fill, 16 * bytes);
	for (size_t i = 0; i < 16; i++) {
		if (type == OAE_TENSOR_Q4_K) {
			memcpy(rows + i * bytes, &one, 2);
			memcpy(rows + i * bytes + 2, &none, 2);
		} else {
			memset(rows + i * bytes + OAE_Q6_K_SCALES, 0x80, 16);
			memcpy(rows + i * bytes + 208, &one, 2);
		}
	}
	oae_pack_tiles(type, rows, 16, 256, 0, 1, packed);
	w.data = packed;
	acts_make(&a, 1, 256, k[0]);
	for (int sign = -127; sign <= 127; sign += 254) {
		memset(a.q, sign, 256);
		for (size_t b = 0; b < 8; b++) {
			a.d[b] = 1;
			a.off[b] = -128 * 32 * sign;
		}
		for (size_t t = 0; t < n; t++) {
			k[t]->matmul(&w, 0, 1, &a, 0, 1, y, 16);
			for (int i = 0; i < 16; i++)
				assert_true(y[i] ==
					    (float)(256 * sign * weight));
		}
	}
	acts_free(&a);
	free(packed);
	free(rows);
}

static void test_kquant_extremes(void **state)
{
	(void)state;
	check_kquant_extremes(OAE_TENSOR_Q4_K, 0xff, 63 * 15);
	check_kquant_extremes(OAE_TENSOR_Q4_K, 0, 0);
	check_kquant_extremes(OAE_TENSOR_Q6_K, 0xff, -128 * 31);
	check_kquant_extremes(OAE_TENSOR_Q6_K, 0, -128 * -32);
}

static void test_vectors_same_bits(void **state)
{
	const struct oae_kernels *k[3];
	size_t tables_n = tables(k), n;
	float *x, *w, *want, *y;

	(void)state;
	for (int round = 0; round < 200; round++) {
		n = 2 * (1 + oae_rng_below(&rng, 70));
		x = randoms(n);
		w = randoms(n);
		want = get(n * 4);
		y = get(n * 4);
		for (size_t i = 0; i < n; i++)
			x[i] *= 8;
#define SAME(call)                                           \
	do {                                                 \
		float *z = want;                             \
		memcpy(z, x, n * 4);                         \
		k[0]->call;                                  \
		z = y;                                       \
		for (size_t t = 1; t < tables_n; t++) {      \
			memcpy(z, x, n * 4);                 \
			k[t]->call;                          \
			assert_memory_equal(y, want, n * 4); \
		}                                            \
	} while (0)
		SAME(rmsnorm(x, w, n, 1e-5f, z));
		SAME(rope_pairs(z, w, w + n / 2, n));
		SAME(rope_halves(z, w, w + n / 2, n));
		SAME(silu_mul(x, w, n, z));
		SAME(add(z, w, n));
		SAME(softmax(z, n));
		SAME(to_f16(x, n, (uint16_t *)(void *)z));
#undef SAME
		free(x);
		free(w);
		free(want);
		free(y);
	}
}

/* The 16-bit copy holds the same numbers, and cross their products. */
static void check_pairs(const struct oae_acts *a)
{
	static const int order[4] = { 1, 3, 0, 2 };
	int32_t sum;

	for (size_t i = 0; i < 2 * a->cols; i++)
		assert_int_equal(a->pairs[i],
				 a->q[i / 4 * 4 + (size_t)order[i % 4]]);
	for (size_t b = 0; b < 2 * a->cols / 32; b++) {
		sum = 0;
		for (size_t i = b * 32; i < b * 32 + 32; i += 2)
			sum += a->q[i] * a->q[i + 1];
		assert_int_equal(a->cross[b], a->off[b] - sum);
	}
}

/* Row 1; row 0 was made by acts_make(). */
static void check_blocks(const struct oae_acts *a)
{
	size_t blocks = a->cols / 32;
	int32_t sum;

	for (size_t b = blocks; b < 2 * blocks; b++) {
		sum = 0;
		for (size_t i = b * 32; i < b * 32 + 32; i++) {
			sum += a->q[i];
			assert_true(fabsf(a->x[i] - a->d[b] * a->q[i]) <=
				    a->d[b] * 0.5001f);
		}
		assert_int_equal(a->off[b], -128 * sum);
	}
}

static void test_quantize_same_bits(void **state)
{
	const struct oae_kernels *k[3];
	size_t n = tables(k), cols = 96;
	struct oae_acts a, b;

	(void)state;
	for (int round = 0; round < 100; round++) {
		acts_make(&a, 2, cols, k[0]);
		if (round % 10 == 0)
			memset(a.x + cols, 0, 32 * sizeof(*a.x));
		if (round % 10 == 1) /* not a number: 0, as the oracle has it */
			a.x[cols + 3] = INFINITY;
		k[0]->quantize(&a, 1);
		if (round % 10 != 1)
			check_blocks(&a);
		check_pairs(&a);
		for (size_t t = 1; t < n; t++) {
			acts_make(&b, 2, cols, k[0]);
			memcpy(b.x, a.x, 2 * cols * sizeof(*a.x));
			for (size_t r = 0; r < 2; r++)
				k[t]->quantize(&b, r);
			assert_memory_equal(a.q, b.q, 2 * cols);
			assert_memory_equal(a.d, b.d, 24);
			assert_memory_equal(a.off, b.off, 24);
			if (k[t]->uses_pairs) {
				assert_memory_equal(a.pairs, b.pairs, 4 * cols);
				assert_memory_equal(a.cross, b.cross, 24);
			}
			acts_free(&b);
		}
		acts_free(&a);
	}
}

static void test_exp_and_softmax(void **state)
{
	const struct oae_kernels *k[3];
	float gate, up = 1, y, p[40];
	double want, sum = 0;

	(void)state;
	tables(k);
	for (int i = -400; i <= 400; i++) {
		gate = (float)i / 10;
		k[0]->silu_mul(&gate, &up, 1, &y);
		want = gate / (1 + exp(-(double)gate));
		assert_true(fabs(y - want) <= 4e-7 * fabs(want) + 1e-37);
	}
	for (int i = 0; i < 40; i++)
		p[i] = (float)i / 4;
	k[0]->softmax(p, 40);
	for (int i = 0; i < 40; i++)
		sum += p[i];
	assert_true(fabs(sum - 1) < 1e-6);
	assert_true(fabsf(p[39] / p[35] - expf(1)) < 1e-5f);
}

struct cache {
	float *q, *out, *scores;
	uint16_t *k, *v;
	size_t positions, dim;
};

static void cache_make(struct cache *c, size_t positions, size_t dim)
{
	size_t room = (positions + 15) / 16 * 16;
	float *x = randoms(room * dim);

	*c = (struct cache){ .positions = positions, .dim = dim };
	c->k = get(room * dim * 2);
	c->v = get(room * dim * 2);
	oae_kernels_scalar.to_f16(x, room * dim, c->k);
	oae_kernels_scalar.to_f16(x, room * dim, c->v);
	c->q = randoms(8 * dim);
	c->out = get(8 * dim * 4);
	c->scores = get(8 * room * 4);
	free(x);
}

static void cache_free(struct cache *c)
{
	free(c->k);
	free(c->v);
	free(c->q);
	free(c->out);
	free(c->scores);
}

static void attend(const struct oae_kernels *k, struct cache *c, size_t first,
		   size_t n, const uint32_t *n_pos)
{
	struct oae_attention a = {
		.n = n,
		.k = c->k,
		.v = c->v,
		.head_dim = c->dim,
		.scale = 0.25f,
		.scores = c->scores,
		.scores_ld = (c->positions + 15) / 16 * 16,
	};

	for (size_t i = 0; i < n; i++) {
		a.q[i] = c->q + (first + i) * c->dim;
		a.out[i] = c->out + (first + i) * c->dim;
		a.n_pos[i] = n_pos[first + i];
	}
	k->attention(&a);
}

static void test_attention_same_bits(void **state)
{
	const struct oae_kernels *k[3];
	size_t n_tables = tables(k), n, dim;
	struct cache c;
	uint32_t n_pos[8];
	float *want;

	(void)state;
	for (int round = 0; round < 60; round++) {
		dim = 16 * (1 + oae_rng_below(&rng, 6));
		cache_make(&c, 1 + oae_rng_below(&rng, 90), dim);
		n = 1 + oae_rng_below(&rng, 8);
		for (size_t i = 0; i < n; i++)
			n_pos[i] = (uint32_t)(1 +
					      oae_rng_below(&rng, c.positions));
		want = get(8 * dim * 4);
		for (size_t i = 0; i < n; i++)
			attend(k[0], &c, i, 1, n_pos);
		memcpy(want, c.out, 8 * dim * 4);
		for (size_t t = 0; t < n_tables; t++) {
			memset(c.out, 0, 8 * dim * 4);
			attend(k[t], &c, 0, n, n_pos);
			assert_memory_equal(c.out, want, 8 * dim * 4);
		}
		free(want);
		cache_free(&c);
	}
}

static void test_attention_is_right(void **state)
{
	struct cache c;
	uint32_t n_pos[1] = { 21 };
	double s[21], sum = 0, out;

	(void)state;
	cache_make(&c, 21, 32);
	attend(&oae_kernels_scalar, &c, 0, 1, n_pos);
	for (size_t t = 0; t < 21; t++) {
		s[t] = 0;
		for (size_t i = 0; i < 32; i++)
			s[t] += (double)c.q[i] *
				oae_f32_from_f16(
					c.k[(t / 16 * 32 + i) * 16 + t % 16]);
		s[t] = exp(s[t] * 0.25);
		sum += s[t];
	}
	for (size_t i = 0; i < 32; i++) {
		out = 0;
		for (size_t t = 0; t < 21; t++)
			out += s[t] / sum * oae_f32_from_f16(c.v[t * 32 + i]);
		assert_true(fabs(out - c.out[i]) < 1e-5);
	}
	cache_free(&c);
}

static void test_f16(void **state)
{
	const struct oae_kernels *k[3];
	size_t n = tables(k);
	uint16_t h;
	float x;

	(void)state;
	for (uint32_t i = 0; i < 0x10000; i++) { /* round trip */
		x = oae_f32_from_f16((uint16_t)i);
		if (x != x)
			continue;
		assert_int_equal(oae_f16_from_f32(x), i);
	}
	for (int i = 0; i < 20000; i++) {
		x = (float)(oae_rng_normal(&rng) *
			    exp(oae_rng_normal(&rng) * 6));
		k[n - 1]->to_f16(&x, 1, &h);
		assert_int_equal(h, oae_f16_from_f32(x));
	}
}

static void test_find(void **state)
{
	const struct oae_kernels *k;
	struct oae_error err = { 0 };

	(void)state;
	assert_int_equal(oae_kernels_find("sse9", &k, &err), OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "sse9"));
	assert_int_equal(setenv("OAE_KERNELS", "scalar", 1), 0);
	assert_int_equal(oae_kernels_select(&k, NULL), OAE_OK);
	assert_string_equal(k->name, "scalar");
	unsetenv("OAE_KERNELS");
	assert_int_equal(oae_kernels_select(&k, NULL), OAE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_f16),
		cmocka_unit_test(test_matmul_is_right),
		cmocka_unit_test(test_matmul_same_bits),
		cmocka_unit_test(test_matmul_extremes),
		cmocka_unit_test(test_kquant_extremes),
		cmocka_unit_test(test_vectors_same_bits),
		cmocka_unit_test(test_quantize_same_bits),
		cmocka_unit_test(test_exp_and_softmax),
		cmocka_unit_test(test_attention_same_bits),
		cmocka_unit_test(test_attention_is_right),
		cmocka_unit_test(test_find),
	};

	oae_rng_seed(&rng, 7);
	return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
