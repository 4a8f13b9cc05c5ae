/* SPDX-License-Identifier: Apache-2.0 */
/* Products with AVX2. */
#include "adapters/reference/kernels/kquants.h"
#include "adapters/reference/kernels/lanes_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define GROUP 4	   /* batch rows that share one pass of a tile */
#define AHEAD 8192 /* bytes that weights are prefetched ahead */

/*
 * What is AHEAD of block b, stepping over the scales that stand between the
 * tiles' blocks. It is fetched into L2 only: L1 has too few places for lines
 * under way to keep memory busy.
 */
INLINE const char *ahead(const uint8_t *w, size_t b, size_t blocks,
			 size_t block_bytes, size_t tile_bytes)
{
	size_t gap = tile_bytes - blocks * block_bytes;

	return (const char *)w + AHEAD +
	       (b + AHEAD / block_bytes >= blocks ? gap : 0);
}

/* Four quantised activations in every lane. */
INLINE __m256i spread(const int8_t *q)
{
	int32_t four;

	memcpy(&four, q, 4);
	return _mm256_set1_epi32(four);
}

/* sum += products of signed bytes; |w| <= 128 keeps the pairs in 16 bits. */
INLINE __m256i dot_signed(__m256i sum, __m256i w, __m256i a)
{
	__m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w),
					     _mm256_sign_epi8(a, w));

	return _mm256_add_epi32(sum,
				_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* sum += products of nibbles and signed bytes. */
INLINE __m256i dot_nibbles(__m256i sum, __m256i w, __m256i a)
{
	__m256i pairs = _mm256_maddubs_epi16(w, a);

	return _mm256_add_epi32(sum,
				_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* The next tile's scales are a stream that the hardware doesn't foresee. */
INLINE void scale_block(const __m256i *sum, const uint8_t *scales, size_t b,
			size_t tile_bytes, const float *const *d, int n,
			__m256 *acc)
{
	__m256 dw = load_f16(scales + b * 32);

	_mm_prefetch((const char *)scales + b * 32 + tile_bytes, _MM_HINT_T1);
	for (int c = 0; c < n; c++)
		acc[c] = _mm256_fmadd_ps(
			_mm256_cvtepi32_ps(sum[c]),
			_mm256_mul_ps(dw, _mm256_set1_ps(d[c][b])), acc[c]);
}

/* half is 0 or 8: the first of the tile's eight rows that are computed. */
INLINE void half_q8_0(const uint8_t *w, size_t blocks, size_t tile_bytes,
		      size_t half, const int8_t *const *q,
		      const float *const *d, int n, __m256 *acc)
{
	const __m256i flip = _mm256_set1_epi8(-128);
	const uint8_t *scales = w + blocks * 512 + half * 2;
	__m256i sum[GROUP], v;

	w += half * 4;
	for (size_t b = 0; b < blocks; b++) {
		const char *next = ahead(w, b, blocks, 512, tile_bytes);

		for (int c = 0; c < n; c++)
			sum[c] = _mm256_setzero_si256();
		for (size_t j = 0; j < 8; j++) {
			_mm_prefetch(next + j * 64, _MM_HINT_T1);
			v = _mm256_xor_si256(_mm256_load_si256((const void *)w),
					     flip);
			w += 64;
			for (int c = 0; c < n; c++)
				sum[c] = dot_signed(
					sum[c], v,
					spread(q[c] + b * 32 + j * 4));
		}
		scale_block(sum, scales, b, tile_bytes, d, n, acc);
	}
}

INLINE void half_q4_0(const uint8_t *w, size_t blocks, size_t tile_bytes,
		      size_t half, const int8_t *const *q,
		      const float *const *d, const int32_t *const *off, int n,
		      __m256 *acc)
{
	const __m256i low = _mm256_set1_epi8(15);
	const uint8_t *scales = w + blocks * 256 + half * 2;
	__m256i sum[GROUP], u, v;

	w += half * 4;
	for (size_t b = 0; b < blocks; b++) {
		const char *next = ahead(w, b, blocks, 256, tile_bytes);

		for (int c = 0; c < n; c++) /* the +8 of nibbles */
			sum[c] = _mm256_set1_epi32(off[c][b] / 16);
		for (size_t j = 0; j < 4; j++) {
			_mm_prefetch(next + j * 64, _MM_HINT_T1);
			v = _mm256_load_si256((const void *)w);
			w += 64;
			u = _mm256_and_si256(v, low);
			v = _mm256_and_si256(_mm256_srli_epi16(v, 4), low);
			for (int c = 0; c < n; c++) {
				const int8_t *a = q[c] + b * 32 + j * 4;

				sum[c] = dot_nibbles(sum[c], u, spread(a));
				sum[c] = dot_nibbles(sum[c], v, spread(a + 16));
			}
		}
		scale_block(sum, scales, b, tile_bytes, d, n, acc);
	}
}

INLINE __m256 load_weights(enum oae_tensor_type type, const uint8_t *w,
			   size_t i, size_t half)
{
	if (type == OAE_TENSOR_F32)
		return _mm256_load_ps((const float *)(const void *)w +
				      i * OAE_TILE + half);
	w += (i * OAE_TILE + half) * 2;
	if (type == OAE_TENSOR_F16)
		return load_f16(w);
	return _mm256_castsi256_ps(_mm256_slli_epi32(
		_mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)w)), 16));
}

INLINE void half_plain(enum oae_tensor_type type, const uint8_t *w, size_t cols,
		       size_t half, const float *const *x, int n, __m256 *acc)
{
	size_t bytes = type == OAE_TENSOR_F32 ? 64 : 32;
	__m256 v;

	for (size_t i = 0; i < cols; i++) {
		_mm_prefetch((const char *)w + i * bytes + AHEAD / 2,
			     _MM_HINT_T0);
		v = load_weights(type, w, i, half);
		for (int c = 0; c < n; c++)
			acc[c] = _mm256_fmadd_ps(v, _mm256_set1_ps(x[c][i]),
						 acc[c]);
	}
}

/* Half a tile with n batch rows from row on; n is constant once inlined. */
INLINE void half_rows(const struct oae_packed *w, size_t tile, size_t half,
		      const struct oae_acts *a, size_t row, int n, float *y,
		      size_t ldy)
{
	size_t cols = w->cols, blocks = cols / OAE_TENSOR_BLOCK;
	size_t first = tile * OAE_TILE + half;
	const uint8_t *data = w->data + tile * w->tile_bytes;
	const float *x[GROUP], *d[GROUP];
	const int32_t *off[GROUP];
	const int8_t *q[GROUP];
	__m256 acc[GROUP];

	for (int c = 0; c < n; c++) {
		x[c] = a->x + (row + (size_t)c) * cols;
		q[c] = a->q + (row + (size_t)c) * cols;
		d[c] = a->d + (row + (size_t)c) * blocks;
		off[c] = a->off + (row + (size_t)c) * blocks;
		acc[c] = _mm256_setzero_ps();
	}
	switch (w->type) {
	case OAE_TENSOR_Q8_0:
		half_q8_0(data, blocks, w->tile_bytes, half, q, d, n, acc);
		break;
	case OAE_TENSOR_Q4_0:
		half_q4_0(data, blocks, w->tile_bytes, half, q, d, off, n, acc);
		break;
	case OAE_TENSOR_F32:
		half_plain(OAE_TENSOR_F32, data, cols, half, x, n, acc);
		break;
	case OAE_TENSOR_F16:
		half_plain(OAE_TENSOR_F16, data, cols, half, x, n, acc);
		break;
	case OAE_TENSOR_BF16:
		half_plain(OAE_TENSOR_BF16, data, cols, half, x, n, acc);
		break;
	case OAE_TENSOR_Q4_K: /* not here */
	case OAE_TENSOR_Q6_K:
		break;
	}
	for (int c = 0; c < n; c++)
		store_some(y + (row + (size_t)c) * ldy + first, w->rows - first,
			   acc[c]);
}

void oae_matmul_avx2(const struct oae_packed *w, size_t tile0, size_t tile1,
		     const struct oae_acts *x, size_t row0, size_t row1,
		     float *y, size_t ldy)
{
	size_t r, t;

	if (oae_kquant(w->type)) {
		oae_matmul_kquants_avx2(w, tile0, tile1, x, row0, row1, y, ldy);
		return;
	}
	for (size_t i = tile0 * 2; i < tile1 * 2; i++) {
		size_t half = i % 2 * HALF;

		t = i / 2;
		if (t * OAE_TILE + half >= w->rows)
			break;
		for (r = row0; r + GROUP <= row1; r += GROUP)
			half_rows(w, t, half, x, r, GROUP, y, ldy);
		switch (row1 - r) {
		case 3:
			half_rows(w, t, half, x, r, 3, y, ldy);
			break;
		case 2:
			half_rows(w, t, half, x, r, 2, y, ldy);
			break;
		case 1:
			half_rows(w, t, half, x, r, 1, y, ldy);
			break;
		default:
			break;
		}
	}
}

#endif
