/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/synth/tensor_random.h"
#include "tests/kernels/checks.h"

const struct check checks[] = {
	{ "matmul: random shapes", check_matmul_bits },
	{ "matmul: every multiple of 32 columns", check_matmul_columns },
	{ "matmul: batches of 1 to 17", check_matmul_batches },
	{ "matmul: parts of tiles and rows", check_matmul_parts },
	{ "matmul: largest quants", check_matmul_largest },
	{ "matmul: tiny scales", check_matmul_tiny },
	{ "matmul: values that are not finite", check_matmul_not_finite },
	{ "quantize", check_quantize },
	{ "vectors", check_vectors },
	{ "to_f16", check_to_f16 },
	{ "softmax", check_softmax },
	{ "attention", check_attention },
	{ "attention: hundreds of positions", check_attention_long },
};
const size_t checks_n = sizeof(checks) / sizeof(checks[0]);

const enum oae_tensor_type check_types[] = {
	OAE_TENSOR_F32,	 OAE_TENSOR_F16,  OAE_TENSOR_BF16, OAE_TENSOR_Q8_0,
	OAE_TENSOR_Q4_0, OAE_TENSOR_Q5_0, OAE_TENSOR_Q4_K, OAE_TENSOR_Q6_K,
};
const size_t check_types_n = sizeof(check_types) / sizeof(check_types[0]);

struct oae_rng check_rng;
char check_about[160];

void *check_get(size_t bytes)
{
	void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);

	CHECK(p);
	memset(p, 0, (bytes + 127) / 64 * 64);
	return p;
}

float *check_randoms(size_t n)
{
	float *x = check_get(n * sizeof(*x));

	for (size_t i = 0; i < n; i++)
		x[i] = (float)oae_rng_normal(&check_rng);
	return x;
}

/* Where a block of a type has its f16 scales: up to two, 0 for none. */
static void set_scales(enum oae_tensor_type type, uint8_t *block)
{
	uint16_t d = oae_f16_from_f32(0.75f);

	if (type == OAE_TENSOR_Q6_K)
		memcpy(block + OAE_Q6_K_SCALES + 16, &d, 2);
	else
		memcpy(block, &d, 2);
	if (type == OAE_TENSOR_Q4_K)
		memcpy(block + 2, &d, 2); /* of the minimums */
}

/* Every byte of quants and inner scales is at an end of its range. */
static void rows_largest(uint8_t *rows, enum oae_tensor_type type, size_t n)
{
	size_t bytes = oae_tensor_bytes(type, oae_tensor_type_block(type));
	size_t blocks = n / oae_tensor_type_block(type);
	bool bytewise;

	for (size_t b = 0; b < blocks; b++, rows += bytes) {
		for (size_t i = 0; i < bytes; i++) {
			bytewise = type == OAE_TENSOR_Q8_0 ||
				   (type == OAE_TENSOR_Q6_K &&
				    i >= OAE_Q6_K_SCALES);
			rows[i] = bytewise ? 0x7f : 0x00;
			if (oae_rng_below(&check_rng, 2))
				rows[i] = (uint8_t)~rows[i];
		}
		set_scales(type, rows);
	}
}

void check_matrix_make(struct check_matrix *m, enum oae_tensor_type type,
		       size_t rows, size_t cols, enum check_weights kind)
{
	size_t tiles = (rows + OAE_TILE - 1) / OAE_TILE;
	float sigma = kind != CHECK_TINY      ? 1.0f :
		      type == OAE_TENSOR_F32  ? 1e-39f :
		      type == OAE_TENSOR_BF16 ? 1e-39f :
						1e-6f;

	m->rows = check_get(oae_tensor_bytes(type, rows * cols));
	oae_tensor_random(type, &check_rng, sigma, rows * cols, m->rows);
	if (kind == CHECK_LARGEST && oae_tensor_type_quantised(type))
		rows_largest(m->rows, type, rows * cols);
	m->data = check_get(oae_pack_bytes(type, rows, cols));
	memset(m->data, 0xee, oae_pack_bytes(type, rows, cols));
	m->packed = (struct oae_packed){
		.type = oae_pack_type(type),
		.rows = rows,
		.cols = cols,
		.tile_bytes = oae_pack_tile_bytes(type, cols),
		.data = m->data,
		.memory = oae_rng_below(&check_rng, 2),
	};
	oae_pack_tiles(type, m->rows, rows, cols, 0, tiles, m->data);
}

void check_matrix_free(struct check_matrix *m)
{
	free(m->rows);
	free(m->data);
}

void check_acts_quantize(struct oae_acts *a, size_t rows,
			 const struct oae_kernels *k)
{
	for (size_t r = 0; r < rows && a->cols % OAE_TENSOR_BLOCK == 0; r++)
		k->quantize(a, r);
}

void check_acts_make(struct oae_acts *a, size_t rows, size_t cols)
{
	size_t blocks = rows * (cols / OAE_TENSOR_BLOCK + 1);

	a->cols = cols;
	a->x = check_randoms(rows * cols);
	a->q = check_get(rows * cols);
	a->d = check_get(blocks * sizeof(*a->d));
	a->off = check_get(blocks * sizeof(*a->off));
	a->pairs = check_get(rows * cols * sizeof(*a->pairs));
	a->cross = check_get(blocks * sizeof(*a->cross));
	check_acts_quantize(a, rows, &oae_kernels_scalar);
}

void check_acts_free(struct oae_acts *a)
{
	free(a->x);
	free(a->q);
	free(a->d);
	free(a->off);
	free(a->pairs);
	free(a->cross);
}
