/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with K-quants for AVX-512, with or without VNNI; a source that
 * multiplies with AVX-512 includes it and calls kquants(), which takes what
 * matmul() does. Scales are multiplied as floats: sums and products stay below
 * 2^24, so that nothing is rounded.
 */
#ifndef OAE_REFERENCE_KERNELS_KQUANTS_AVX512_H
#define OAE_REFERENCE_KERNELS_KQUANTS_AVX512_H

#include "adapters/reference/kernels/lanes_avx512.h"

#ifdef __AVX512BW__

#define K_ROWS 4     /* batch rows that share one pass of a tile */
#define K_AHEAD 8192 /* bytes that weights are prefetched ahead */

/* Of one batch row, from the current super-block on. */
struct k_column {
	const int8_t *q;
	const float *d;
	const int32_t *off;
	float total[8];	    /* d times the sum of a block's q */
	int32_t less[2][8]; /* -32 times the sums of its halves */
	__m512 s, t, acc;
};

/*
 * sum += products of w, of at most 6 bits, and four activations in all lanes.
 * Pairs of products fit in 16 bits: 2 * 63 * 127.
 */
INLINE __m512i k_dot(__m512i sum, __m512i w, const int8_t *q)
{
	__m512i a;
	int32_t four;

	memcpy(&four, q, 4);
	a = _mm512_set1_epi32(four);
#ifdef __AVX512VNNI__
	return _mm512_dpbusd_epi32(sum, w, a);
#else
	return _mm512_add_epi32(sum,
				_mm512_madd_epi16(_mm512_maddubs_epi16(w, a),
						  _mm512_set1_epi16(1)));
#endif
}

INLINE __m512 k_floats(const uint8_t *bytes)
{
	return _mm512_cvtepi32_ps(
		_mm512_cvtepu8_epi32(_mm_load_si128((const void *)bytes)));
}

INLINE void k_prefetch(const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64)
		_mm_prefetch((const char *)from + K_AHEAD + i, _MM_HINT_T1);
}

INLINE void k_totals(struct k_column *x)
{
	const __m256 scale = _mm256_set1_ps(-1.0f / 128); /* exact */
	__m256 sum = _mm256_mul_ps(
		_mm256_cvtepi32_ps(_mm256_loadu_si256((const void *)x->off)),
		scale);

	_mm256_storeu_ps(x->total, _mm256_mul_ps(_mm256_loadu_ps(x->d), sum));
}

INLINE void k_block_q4(const struct oae_tile_q4_k *w, size_t b,
		       struct k_column *x, int n)
{
	const __m512i low = _mm512_set1_epi8(15);
	const __m512 scale = k_floats(w->scale[b]);
	const __m512 minimum = k_floats(w->minimum[b]);
	__m512i sum[K_ROWS], u, v;

	for (int c = 0; c < n; c++)
		sum[c] = _mm512_setzero_si512();
	for (size_t j = 0; j < 4; j++) {
		v = _mm512_load_si512(w->q[b][j]);
		u = _mm512_and_si512(v, low);
		v = _mm512_and_si512(_mm512_srli_epi16(v, 4), low);
		for (int c = 0; c < n; c++) {
			const int8_t *q = x[c].q + b * 32 + j * 4;

			sum[c] = k_dot(sum[c], u, q);
			sum[c] = k_dot(sum[c], v, q + 16);
		}
	}
	for (int c = 0; c < n; c++) {
		__m512 f = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[c]), scale);

		x[c].s = _mm512_fmadd_ps(f, _mm512_set1_ps(x[c].d[b]), x[c].s);
		x[c].t = _mm512_fmadd_ps(minimum, _mm512_set1_ps(x[c].total[b]),
					 x[c].t);
	}
}

INLINE void k_tile_q4(const struct oae_tile_q4_k *w, size_t supers,
		      struct k_column *x, int n)
{
	__m512 d, m;

	for (const struct oae_tile_q4_k *end = w + supers; w < end; w++) {
		for (int c = 0; c < n; c++) {
			k_totals(&x[c]);
			x[c].s = x[c].t = _mm512_setzero_ps();
		}
		k_prefetch(w, sizeof(*w) - sizeof(w->q));
		for (size_t b = 0; b < 8; b++) {
			k_prefetch(w->q[b], sizeof(w->q[b]));
			k_block_q4(w, b, x, n);
		}
		d = load_f16(w->d);
		m = load_f16(w->m);
		for (int c = 0; c < n; c++) {
			x[c].acc = _mm512_fmadd_ps(d, x[c].s, x[c].acc);
			x[c].acc = _mm512_fnmadd_ps(m, x[c].t, x[c].acc);
			x[c].q += OAE_TENSOR_SUPER;
			x[c].d += 8;
			x[c].off += 8;
		}
	}
}

/* Eight sums of four bytes each. */
INLINE __m256i k_fours(const int8_t *q)
{
	__m256i v = _mm256_maddubs_epi16(_mm256_set1_epi8(1),
					 _mm256_loadu_si256((const void *)q));

	return _mm256_madd_epi16(v, _mm256_set1_epi16(1));
}

/* What the 32 too much in each weight adds to the sums of half blocks. */
INLINE void k_halves(struct k_column *x)
{
	__m256i v;

	for (size_t i = 0; i < 8; i += 4) {
		const int8_t *q = x->q + i * 32;

		/* sums of first halves below, of second ones above */
		v = _mm256_hadd_epi32(
			_mm256_hadd_epi32(k_fours(q), k_fours(q + 32)),
			_mm256_hadd_epi32(k_fours(q + 64), k_fours(q + 96)));
		v = _mm256_sub_epi32(_mm256_setzero_si256(),
				     _mm256_slli_epi32(v, 5));
		_mm_storeu_si128((void *)(x->less[0] + i),
				 _mm256_castsi256_si128(v));
		_mm_storeu_si128((void *)(x->less[1] + i),
				 _mm256_extracti128_si256(v, 1));
	}
}

/* Low nibbles of v with the upper two bits of element group t. */
INLINE __m512i k_six(__m512i v, __m512i high, int t)
{
	const __m512i nibble = _mm512_set1_epi8(15);

	if (t == 0)
		high = _mm512_slli_epi16(high, 4);
	if (t == 1)
		high = _mm512_slli_epi16(high, 2);
	if (t == 3)
		high = _mm512_srli_epi16(high, 2);
	high = _mm512_and_si512(high, _mm512_set1_epi8(0x30));
	/* (v and nibble) or high */
	return _mm512_ternarylogic_epi32(v, nibble, high, 0xea);
}

INLINE void k_block_q6(const struct oae_tile_q6_k *w, size_t b,
		       struct k_column *x, int n)
{
	const __m512i scales = _mm512_cvtepi8_epi16(
		_mm256_load_si256((const void *)w->scale[b]));
	const __m512 first = _mm512_cvtepi32_ps(
		_mm512_srai_epi32(_mm512_slli_epi32(scales, 16), 16));
	const __m512 second = _mm512_cvtepi32_ps(_mm512_srai_epi32(scales, 16));
	const __m512i high[] = { _mm512_load_si512(w->q[b].high[0]),
				 _mm512_load_si512(w->q[b].high[1]) };
	__m512i sum[K_ROWS][2], u, v;

	for (int c = 0; c < n; c++) {
		sum[c][0] = _mm512_set1_epi32(x[c].less[0][b]);
		sum[c][1] = _mm512_set1_epi32(x[c].less[1][b]);
	}
	for (int t = 0; t < 4; t++) {
		v = _mm512_load_si512(w->q[b].low[t]);
		u = k_six(v, high[0], t);
		v = k_six(_mm512_srli_epi16(v, 4), high[1], t);
		for (int c = 0; c < n; c++) {
			const int8_t *q = x[c].q + b * 32 + (size_t)t * 4;

			sum[c][0] = k_dot(sum[c][0], u, q);
			sum[c][1] = k_dot(sum[c][1], v, q + 16);
		}
	}
	for (int c = 0; c < n; c++) {
		__m512 f = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[c][0]), first);

		f = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[c][1]), second, f);
		x[c].s = _mm512_fmadd_ps(f, _mm512_set1_ps(x[c].d[b]), x[c].s);
	}
}

INLINE void k_tile_q6(const struct oae_tile_q6_k *w, size_t supers,
		      struct k_column *x, int n)
{
	__m512 d;

	for (const struct oae_tile_q6_k *end = w + supers; w < end; w++) {
		for (int c = 0; c < n; c++) {
			k_halves(&x[c]);
			x[c].s = _mm512_setzero_ps();
		}
		k_prefetch(w, sizeof(*w) - sizeof(w->q));
		for (size_t b = 0; b < 8; b++) {
			k_prefetch(&w->q[b], sizeof(w->q[b]));
			k_block_q6(w, b, x, n);
		}
		d = load_f16(w->d);
		for (int c = 0; c < n; c++) {
			x[c].acc = _mm512_fmadd_ps(d, x[c].s, x[c].acc);
			x[c].q += OAE_TENSOR_SUPER;
			x[c].d += 8;
		}
	}
}

/* One tile with n batch rows from row on; n is constant once inlined. */
INLINE void k_tile_rows(const struct oae_packed *w, size_t tile,
			const struct oae_acts *a, size_t row, int n, float *y,
			size_t ldy)
{
	size_t cols = w->cols, blocks = cols / OAE_TENSOR_BLOCK;
	const void *data = w->data + tile * w->tile_bytes;
	__mmask16 mask = lanes(w->rows - tile * OAE_TILE);
	struct k_column x[K_ROWS];

	for (int c = 0; c < n; c++) {
		x[c].q = a->q + (row + (size_t)c) * cols;
		x[c].d = a->d + (row + (size_t)c) * blocks;
		x[c].off = a->off + (row + (size_t)c) * blocks;
		x[c].acc = _mm512_setzero_ps();
	}
	if (w->type == OAE_TENSOR_Q4_K)
		k_tile_q4(data, cols / OAE_TENSOR_SUPER, x, n);
	else
		k_tile_q6(data, cols / OAE_TENSOR_SUPER, x, n);
	for (int c = 0; c < n; c++)
		_mm512_mask_storeu_ps(y + (row + (size_t)c) * ldy +
					      tile * OAE_TILE,
				      mask, x[c].acc);
}

static void kquants(const struct oae_packed *w, size_t tile0, size_t tile1,
		    const struct oae_acts *x, size_t row0, size_t row1,
		    float *y, size_t ldy)
{
	size_t r;

	for (size_t t = tile0; t < tile1; t++) {
		for (r = row0; r + K_ROWS <= row1; r += K_ROWS)
			k_tile_rows(w, t, x, r, K_ROWS, y, ldy);
		if (row1 - r == 3)
			k_tile_rows(w, t, x, r, 3, y, ldy);
		if (row1 - r == 2)
			k_tile_rows(w, t, x, r, 2, y, ldy);
		if (row1 - r == 1)
			k_tile_rows(w, t, x, r, 1, y, ldy);
	}
}

#endif
#endif
