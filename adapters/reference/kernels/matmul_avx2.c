/* SPDX-License-Identifier: Apache-2.0 */
/* Products with AVX2: the way to each kind of weights, and floats. */
#include "adapters/reference/kernels/matmul_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define ROWS 6		  /* batch rows that share one pass of a tile */
#define CHUNK 256	  /* columns of 16 floats: 16 KiB, in L1 */
#define AHEAD_FLOATS 4096 /* bytes that are fetched ahead from caches */

INLINE __m256 load_weights(enum oae_tensor_type type, const uint8_t *w)
{
	if (type == OAE_TENSOR_F32)
		return _mm256_load_ps((const float *)(const void *)w);
	if (type == OAE_TENSOR_F16)
		return load_f16(w);
	return _mm256_castsi256_ps(_mm256_slli_epi32(
		_mm256_cvtepu16_epi32(_mm_load_si128((const void *)w)), 16));
}

/* acc += w x, over cols columns of a tile and n batch rows. */
INLINE void multiply(enum oae_tensor_type type, bool memory, const uint8_t *w,
		     size_t cols, const float *const *x, int n,
		     __m256 (*acc)[2])
{
	size_t half = type == OAE_TENSOR_F32 ? 32 : 16;
	__m256 low, high, a;

	for (size_t i = 0; i < cols; i++) {
		if (memory)
			_mm_prefetch((const char *)w + AHEAD_MEMORY,
				     _MM_HINT_NTA);
		else
			_mm_prefetch((const char *)w + AHEAD_FLOATS,
				     _MM_HINT_T0);
		low = load_weights(type, w);
		high = load_weights(type, w + half);
		w += 2 * half;
		for (int c = 0; c < n; c++) {
			a = _mm256_set1_ps(x[c][i]);
			acc[c][0] = _mm256_fmadd_ps(low, a, acc[c][0]);
			acc[c][1] = _mm256_fmadd_ps(high, a, acc[c][1]);
		}
	}
}

/* Columns from i0 on of n batch rows from row on, added to y. */
INLINE void group(enum oae_tensor_type type, bool memory, const uint8_t *w,
		  size_t i0, size_t cols, size_t left, const struct oae_acts *a,
		  size_t row, int n, float *y, size_t ldy)
{
	const float *x[ROWS];
	__m256 acc[ROWS][2];

	for (int c = 0; c < n; c++) {
		x[c] = a->x + (row + (size_t)c) * a->cols + i0;
		acc[c][0] = acc[c][1] = _mm256_setzero_ps();
		if (i0)
			get(y + (row + (size_t)c) * ldy, left, acc[c]);
	}
	multiply(type, memory, w, cols, x, n, acc);
	for (int c = 0; c < n; c++)
		put(y + (row + (size_t)c) * ldy, left, acc[c]);
}

/* Up to three batch rows, with the weights as they are. */
INLINE void few(enum oae_tensor_type type, bool memory, const uint8_t *w,
		size_t left, const struct oae_acts *a, size_t row, size_t n,
		float *y, size_t ldy)
{
	switch (n) {
	case 3:
		group(type, memory, w, 0, a->cols, left, a, row, 3, y, ldy);
		break;
	case 2:
		group(type, memory, w, 0, a->cols, left, a, row, 2, y, ldy);
		break;
	case 1:
		group(type, memory, w, 0, a->cols, left, a, row, 1, y, ldy);
		break;
	default:
		break;
	}
}

/* Up to ROWS batch rows, with the weights of some columns as floats. */
static void float_rows(const float *w, size_t i0, size_t cols, size_t left,
		       const struct oae_acts *a, size_t row, size_t n, float *y,
		       size_t ldy)
{
	const enum oae_tensor_type type = OAE_TENSOR_F32;
	const uint8_t *from = (const void *)w;

	switch (n) {
	case 1:
		group(type, false, from, i0, cols, left, a, row, 1, y, ldy);
		break;
	case 2:
		group(type, false, from, i0, cols, left, a, row, 2, y, ldy);
		break;
	case 3:
		group(type, false, from, i0, cols, left, a, row, 3, y, ldy);
		break;
	case 4:
		group(type, false, from, i0, cols, left, a, row, 4, y, ldy);
		break;
	case 5:
		group(type, false, from, i0, cols, left, a, row, 5, y, ldy);
		break;
	default:
		group(type, false, from, i0, cols, left, a, row, ROWS, y, ldy);
		break;
	}
}

/* The floats of n columns of a tile; panel has room for them. */
static const float *floats(enum oae_tensor_type type, const uint8_t *w,
			   size_t n, float *panel)
{
	if (type == OAE_TENSOR_F32)
		return (const float *)(const void *)w;
	for (size_t i = 0; i < n * OAE_TILE; i += HALF) {
		_mm_prefetch((const char *)w + i * 2 + AHEAD_FLOATS,
			     _MM_HINT_T0);
		_mm256_store_ps(
			panel + i,
			type == OAE_TENSOR_F16 ?
				load_weights(OAE_TENSOR_F16, w + i * 2) :
				load_weights(OAE_TENSOR_BF16, w + i * 2));
	}
	return panel;
}

void oae_tile_plain_avx2(const struct oae_packed *w, size_t tile,
			 const struct oae_acts *x, size_t row0, size_t row1,
			 float *y, size_t ldy)
{
	const uint8_t *data = w->data + tile * w->tile_bytes;
	size_t left = w->rows - tile * OAE_TILE, n, some;
	size_t bytes = w->type == OAE_TENSOR_F32 ? 64 : 32;
	_Alignas(64) float panel[CHUNK * OAE_TILE];
	const float *at;

	y += tile * OAE_TILE;
	if (row1 - row0 < 4) {
		n = row1 - row0;
		if (w->type == OAE_TENSOR_F32)
			few(OAE_TENSOR_F32, w->memory, data, left, x, row0, n,
			    y, ldy);
		else if (w->type == OAE_TENSOR_F16)
			few(OAE_TENSOR_F16, w->memory, data, left, x, row0, n,
			    y, ldy);
		else
			few(OAE_TENSOR_BF16, w->memory, data, left, x, row0, n,
			    y, ldy);
		return;
	}
	for (size_t i = 0; i < w->cols; i += n) {
		n = w->cols - i < CHUNK ? w->cols - i : CHUNK;
		at = floats(w->type, data + i * bytes, n, panel);
		for (size_t r = row0; r < row1; r += some) {
			some = row1 - r < ROWS ? row1 - r : ROWS;
			float_rows(at, i, n, left, x, r, some, y, ldy);
		}
	}
}

void oae_matmul_avx2(const struct oae_packed *w, size_t tile0, size_t tile1,
		     const struct oae_acts *x, size_t row0, size_t row1,
		     float *y, size_t ldy)
{
	oae_tile_fn *tile = oae_tile_plain_avx2;

	if (w->type == OAE_TENSOR_Q8_0) {
		oae_matmul_q8_0_avx2(w, tile0, tile1, x, row0, row1, y, ldy);
		return;
	}
	if (w->type == OAE_TENSOR_Q4_0)
		tile = oae_tile_q4_0_avx2;
	if (w->type == OAE_TENSOR_Q4_K)
		tile = oae_tile_q4_k_avx2;
	if (w->type == OAE_TENSOR_Q6_K)
		tile = oae_tile_q6_k_avx2;
	for (size_t t = tile0; t < tile1; t++)
		tile(w, t, x, row0, row1, y, ldy);
}

#endif
