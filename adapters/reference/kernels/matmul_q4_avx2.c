/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with Q4_0: a block's products of nibbles and bytes are summed in
 * 16 bits and widened once.
 */
#include "adapters/reference/kernels/nibbles_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define ROWS 4 /* batch rows that share one pass of a tile */

struct columns {
	const int8_t *q[ROWS];
	const int32_t *off[ROWS];
	const float *d[ROWS];
};

/* What takes the +8 of nibbles out of a block's sum, and adds the bias. */
INLINE __m256i correction(int32_t off)
{
	return _mm256_add_epi32(_mm256_srai_epi32(_mm256_set1_epi32(off), 4),
				_mm256_set1_epi32(FLOAT_BIAS));
}

INLINE void tile_rows(bool memory, const uint8_t *w, size_t blocks,
		      size_t tile_bytes, const struct columns *x, int n,
		      __m256 (*acc)[2])
{
	const uint8_t *scales = w + blocks * NIBBLES_BLOCK_BYTES;
	const __m256i one = _mm256_set1_epi16(1);
	__m256i sum[ROWS][2], off;
	__m256 dw[2], d;

	for (size_t b = 0; b < blocks; b++) {
		_mm_prefetch((const char *)scales + tile_bytes, _MM_HINT_T1);
		nibble_sums(memory, w,
			    ahead(memory, w, b, blocks, NIBBLES_BLOCK_BYTES,
				  tile_bytes),
			    x->q, b * OAE_TENSOR_BLOCK, n, sum);
		w += NIBBLES_BLOCK_BYTES;
		for (size_t h = 0; h < 2; h++)
			dw[h] = load_f16(scales + h * 16);
		scales += 32;
		for (int c = 0; c < n; c++) {
			off = correction(x->off[c][b]);
			d = _mm256_set1_ps(x->d[c][b]);
			for (int h = 0; h < 2; h++)
				acc[c][h] = _mm256_fmadd_ps(
					unbiased(_mm256_add_epi32(
						_mm256_madd_epi16(sum[c][h],
								  one),
						off)),
					_mm256_mul_ps(dw[h], d), acc[c][h]);
		}
	}
}

/* n batch rows from row on; n is constant once inlined. */
INLINE void group(const struct oae_packed *w, bool memory, const uint8_t *tile,
		  size_t left, const struct oae_acts *a, size_t row, int n,
		  float *y, size_t ldy)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK, at;
	struct columns x;
	__m256 acc[ROWS][2];

	for (int c = 0; c < n; c++) {
		at = (row + (size_t)c) * blocks;
		x.q[c] = a->q + at * OAE_TENSOR_BLOCK;
		x.off[c] = a->off + at;
		x.d[c] = a->d + at;
		acc[c][0] = acc[c][1] = _mm256_setzero_ps();
	}
	if (n > 1)
		tile_rows(memory, tile, blocks, w->tile_bytes, &x, n, acc);
	else if (memory)
		tile_rows(true, tile, blocks, w->tile_bytes, &x, n, acc);
	else
		tile_rows(false, tile, blocks, w->tile_bytes, &x, n, acc);
	for (int c = 0; c < n; c++)
		put(y + (row + (size_t)c) * ldy, left, acc[c]);
}

void oae_tile_q4_0_avx2(const struct oae_packed *w, size_t tile,
			const struct oae_acts *x, size_t row0, size_t row1,
			float *y, size_t ldy)
{
	const uint8_t *data = w->data + tile * w->tile_bytes;
	size_t left = w->rows - tile * OAE_TILE, r;
	/* several passes find the tile in a cache */
	bool memory = w->memory && row1 - row0 <= ROWS;

	y += tile * OAE_TILE;
	for (r = row0; r + ROWS <= row1; r += ROWS)
		group(w, memory, data, left, x, r, ROWS, y, ldy);
	switch (row1 - r) {
	case 3:
		group(w, memory, data, left, x, r, 3, y, ldy);
		break;
	case 2:
		group(w, memory, data, left, x, r, 2, y, ldy);
		break;
	case 1:
		group(w, memory, data, left, x, r, 1, y, ldy);
		break;
	default:
		break;
	}
}

#endif
