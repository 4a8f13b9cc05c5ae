/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with Q4_0: a block's products of nibbles and bytes are summed in
 * 16 bits, where two of each of eight pairs fit (16 * 15 * 127 < 2^15), and
 * widened once.
 */
#include "adapters/reference/kernels/matmul_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define BLOCK_BYTES 256 /* of a tile, without scales */
#define ROWS 4		/* batch rows that share one pass of a tile */

struct columns {
	const int8_t *q[ROWS];
	const int32_t *off[ROWS];
	const float *d[ROWS];
};

/* One block with n batch rows: sums in 16 bits, two to a lane. */
INLINE void block_sums(bool memory, const uint8_t *w, const uint8_t *next,
		       const struct columns *x, size_t at, int n,
		       __m256i (*sum)[2])
{
	const __m256i low = _mm256_set1_epi8(15);
	__m256i u[2], v[2], p, first, second;

	for (size_t j = 0; j < 4; j++) {
		fetch(memory, next + j * 64);
		for (int h = 0; h < 2; h++) {
			v[h] = load_once(w);
			w += 32;
			u[h] = _mm256_and_si256(v[h], low);
			v[h] = _mm256_and_si256(_mm256_srli_epi16(v[h], 4),
						low);
		}
		for (int c = 0; c < n; c++) {
			first = spread(x->q[c] + at + j * 4);
			second = spread(x->q[c] + at + j * 4 + 16);
			for (int h = 0; h < 2; h++) {
				p = _mm256_maddubs_epi16(u[h], first);
				if (j)
					add_16(&sum[c][h], p);
				else
					sum[c][h] = p;
				p = _mm256_maddubs_epi16(v[h], second);
				add_16(&sum[c][h], p);
			}
		}
	}
}

INLINE void tile_rows(bool memory, const uint8_t *w, size_t blocks,
		      size_t tile_bytes, const struct columns *x, int n,
		      __m256 (*acc)[2])
{
	const uint8_t *scales = w + blocks * BLOCK_BYTES;
	__m256i sum[ROWS][2], s;
	__m256 dw;

	for (size_t b = 0; b < blocks; b++) {
		_mm_prefetch((const char *)scales + tile_bytes, _MM_HINT_T1);
		block_sums(memory, w,
			   ahead(memory, w, b, blocks, BLOCK_BYTES, tile_bytes),
			   x, b * OAE_TENSOR_BLOCK, n, sum);
		w += BLOCK_BYTES;
		for (int h = 0; h < 2; h++) {
			dw = load_f16(scales);
			scales += 16;
			for (int c = 0; c < n; c++) {
				/* the +8 of nibbles goes out by off */
				s = _mm256_add_epi32(
					_mm256_madd_epi16(sum[c][h],
							  _mm256_set1_epi16(1)),
					_mm256_set1_epi32(x->off[c][b] / 16 +
							  FLOAT_BIAS));
				acc[c][h] = _mm256_fmadd_ps(
					unbiased(s),
					_mm256_mul_ps(
						dw, _mm256_set1_ps(x->d[c][b])),
					acc[c][h]);
			}
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
	tile_rows(memory, tile, blocks, w->tile_bytes, &x, n, acc);
	for (int c = 0; c < n; c++) {
		float *to = y + (row + (size_t)c) * ldy;

		store_some(to, left, acc[c][0]);
		if (left > HALF)
			store_some(to + HALF, left - HALF, acc[c][1]);
	}
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
