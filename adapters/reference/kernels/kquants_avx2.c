/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with K-quants for AVX2. Sums of a block stay in 16 bits, where no
 * value overflows (15 * 127 * 16 and 63 * 127 * 4 are below 2^15), and leave
 * them by a multiplication with the block's scale.
 */
#include "adapters/reference/kernels/kquants.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define HALF 8
#define GROUP 4	   /* batch rows that share one pass of a tile */
#define AHEAD 4096 /* bytes that weights are prefetched ahead */

/* Of one batch row, from the current super-block on. */
struct column {
	const int8_t *q;
	const float *d;
	const int32_t *off;
	float total[8];	   /* d times the sum of a block's q */
	int32_t halves[8]; /* sums of a block's halves, as pairs of 16 bits */
	__m256 s, t, acc;
};

INLINE __m256i load(const void *p)
{
	return _mm256_load_si256(p);
}

INLINE __m256 load_f16(const uint16_t *p)
{
	return _mm256_cvtph_ps(_mm_load_si128((const void *)p));
}

/* Four quantised activations in every lane. */
INLINE __m256i spread(const int8_t *q)
{
	int32_t four;

	memcpy(&four, q, 4);
	return _mm256_set1_epi32(four);
}

/* The bytes of eight rows, each as a pair of equal 16-bit numbers. */
INLINE __m256i pairs_of(const uint8_t *scale)
{
	__m256i v = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)scale));

	return _mm256_or_si256(v, _mm256_slli_epi32(v, 16));
}

INLINE __m256 floats_of(const uint8_t *bytes)
{
	return _mm256_cvtepi32_ps(
		_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)bytes)));
}

INLINE void prefetch(const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 64)
		_mm_prefetch((const char *)from + AHEAD + i, _MM_HINT_T1);
}

INLINE void totals(struct column *x)
{
	const __m256 scale = _mm256_set1_ps(-1.0f / 128); /* exact */
	__m256 sum = _mm256_mul_ps(
		_mm256_cvtepi32_ps(_mm256_loadu_si256((const void *)x->off)),
		scale);

	_mm256_storeu_ps(x->total, _mm256_mul_ps(_mm256_loadu_ps(x->d), sum));
}

/* Eight rows of a block with n batch rows. */
INLINE void block_q4_k(const struct oae_tile_q4_k *w, size_t b, size_t half,
		       struct column *x, int n)
{
	const __m256i low = _mm256_set1_epi8(15);
	const __m256i scale = pairs_of(w->scale[b] + half);
	const __m256 minimum = floats_of(w->minimum[b] + half);
	__m256i sum[GROUP], u, v;

	for (size_t j = 0; j < 4; j++) {
		v = load(w->q[b][j][half]);
		u = _mm256_and_si256(v, low);
		v = _mm256_and_si256(_mm256_srli_epi16(v, 4), low);
		for (int c = 0; c < n; c++) {
			const int8_t *q = x[c].q + b * 32 + j * 4;
			__m256i p = _mm256_add_epi16(
				_mm256_maddubs_epi16(u, spread(q)),
				_mm256_maddubs_epi16(v, spread(q + 16)));

			sum[c] = j ? _mm256_add_epi16(sum[c], p) : p;
		}
	}
	for (int c = 0; c < n; c++) {
		__m256 f = _mm256_cvtepi32_ps(_mm256_madd_epi16(sum[c], scale));

		x[c].s = _mm256_fmadd_ps(f, _mm256_set1_ps(x[c].d[b]), x[c].s);
		x[c].t = _mm256_fmadd_ps(minimum, _mm256_set1_ps(x[c].total[b]),
					 x[c].t);
	}
}

INLINE void half_q4_k(const struct oae_tile_q4_k *w, size_t supers, size_t half,
		      struct column *x, int n)
{
	__m256 d, m;

	for (const struct oae_tile_q4_k *end = w + supers; w < end; w++) {
		for (int c = 0; c < n; c++) {
			totals(&x[c]);
			x[c].s = x[c].t = _mm256_setzero_ps();
		}
		for (size_t b = 0; b < 8; b++) {
			prefetch(w->q[b], sizeof(w->q[b]));
			block_q4_k(w, b, half, x, n);
		}
		d = load_f16(w->d + half);
		m = load_f16(w->m + half);
		for (int c = 0; c < n; c++) {
			x[c].acc = _mm256_fmadd_ps(d, x[c].s, x[c].acc);
			x[c].acc = _mm256_fnmadd_ps(m, x[c].t, x[c].acc);
			x[c].q += OAE_TENSOR_SUPER;
			x[c].d += 8;
			x[c].off += 8;
		}
	}
}

/* Lanes of 4 sums of bytes each. */
INLINE __m256i fours(const int8_t *q)
{
	__m256i v = _mm256_maddubs_epi16(_mm256_set1_epi8(1),
					 _mm256_loadu_si256((const void *)q));

	return _mm256_madd_epi16(v, _mm256_set1_epi16(1));
}

INLINE void halves(struct column *x)
{
	__m256i v;
	__m128i a, b;

	for (size_t i = 0; i < 8; i += 4) {
		const int8_t *q = x->q + i * 32;

		/* first halves in the lower lanes, second in the upper ones */
		v = _mm256_hadd_epi32(
			_mm256_hadd_epi32(fours(q), fours(q + 32)),
			_mm256_hadd_epi32(fours(q + 64), fours(q + 96)));
		a = _mm256_castsi256_si128(v);
		b = _mm256_extracti128_si256(v, 1);
		a = _mm_blend_epi16(a, _mm_slli_epi32(b, 16), 0xaa);
		_mm_storeu_si128((void *)(x->halves + i), a);
	}
}

/* 64 signed weights-to-be: low nibbles of v with two upper bits. */
INLINE __m256i six(__m256i v, __m256i high, int t)
{
	const __m256i bits = _mm256_set1_epi8(0x30);

	v = _mm256_and_si256(v, _mm256_set1_epi8(15));
	if (t == 0)
		high = _mm256_slli_epi16(high, 4);
	if (t == 1)
		high = _mm256_slli_epi16(high, 2);
	if (t == 3)
		high = _mm256_srli_epi16(high, 2);
	return _mm256_or_si256(v, _mm256_and_si256(high, bits));
}

/* The scaled products of one half (0 or 1) of a block, added to sum. */
INLINE void part_q6_k(const __m256i *low, __m256i high, __m256i scale,
		      size_t at, const struct column *x, int n, __m256i *sum)
{
	for (int t = 0; t < 4; t += 2) {
		__m256i u = six(low[t], high, t);
		__m256i v = six(low[t + 1], high, t + 1);

		for (int c = 0; c < n; c++) {
			const int8_t *q = x[c].q + at + (size_t)t * 4;
			__m256i p = _mm256_add_epi16(
				_mm256_maddubs_epi16(u, spread(q)),
				_mm256_maddubs_epi16(v, spread(q + 4)));

			sum[c] = _mm256_add_epi32(sum[c],
						  _mm256_madd_epi16(p, scale));
		}
	}
}

INLINE void block_q6_k(const struct oae_tile_q6_k *w, size_t b, size_t half,
		       struct column *x, int n)
{
	const __m256i scales = _mm256_cvtepi8_epi16(
		_mm_load_si128((const void *)w->scale[b][half]));
	const __m256i first = _mm256_setr_epi8(0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8,
					       9, 12, 13, 12, 13, 0, 1, 0, 1, 4,
					       5, 4, 5, 8, 9, 8, 9, 12, 13, 12,
					       13);
	const __m256i second = _mm256_add_epi8(first, _mm256_set1_epi8(2));
	__m256i sum[GROUP], low[4], high[2];

	for (int c = 0; c < n; c++) /* what the 32 too much adds */
		sum[c] = _mm256_slli_epi32(
			_mm256_sub_epi32(
				_mm256_setzero_si256(),
				_mm256_madd_epi16(
					scales,
					_mm256_set1_epi32(x[c].halves[b]))),
			5);
	for (size_t j = 0; j < 4; j++)
		low[j] = load(w->q[b].low[j][half]);
	high[0] = load(w->q[b].high[0][half]);
	high[1] = load(w->q[b].high[1][half]);
	part_q6_k(low, high[0], _mm256_shuffle_epi8(scales, first), b * 32, x,
		  n, sum);
	for (size_t j = 0; j < 4; j++)
		low[j] = _mm256_srli_epi16(low[j], 4);
	part_q6_k(low, high[1], _mm256_shuffle_epi8(scales, second),
		  b * 32 + 16, x, n, sum);
	for (int c = 0; c < n; c++)
		x[c].s = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[c]),
					 _mm256_set1_ps(x[c].d[b]), x[c].s);
}

INLINE void half_q6_k(const struct oae_tile_q6_k *w, size_t supers, size_t half,
		      struct column *x, int n)
{
	__m256 d;

	for (const struct oae_tile_q6_k *end = w + supers; w < end; w++) {
		for (int c = 0; c < n; c++) {
			halves(&x[c]);
			x[c].s = _mm256_setzero_ps();
		}
		for (size_t b = 0; b < 8; b++) {
			prefetch(&w->q[b], sizeof(w->q[b]));
			block_q6_k(w, b, half, x, n);
		}
		d = load_f16(w->d + half);
		for (int c = 0; c < n; c++) {
			x[c].acc = _mm256_fmadd_ps(d, x[c].s, x[c].acc);
			x[c].q += OAE_TENSOR_SUPER;
			x[c].d += 8;
		}
	}
}

INLINE void store_some(float *y, size_t n, __m256 v)
{
	const __m256i count = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

	if (n >= HALF)
		_mm256_storeu_ps(y, v);
	else
		_mm256_maskstore_ps(
			y, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), count),
			v);
}

/* Half a tile with n batch rows from row on; n is constant once inlined. */
INLINE void half_rows(const struct oae_packed *w, size_t tile, size_t half,
		      const struct oae_acts *a, size_t row, int n, float *y,
		      size_t ldy)
{
	size_t cols = w->cols, blocks = cols / OAE_TENSOR_BLOCK;
	size_t first = tile * OAE_TILE + half;
	const void *data = w->data + tile * w->tile_bytes;
	struct column x[GROUP];

	for (int c = 0; c < n; c++) {
		x[c].q = a->q + (row + (size_t)c) * cols;
		x[c].d = a->d + (row + (size_t)c) * blocks;
		x[c].off = a->off + (row + (size_t)c) * blocks;
		x[c].acc = _mm256_setzero_ps();
	}
	if (w->type == OAE_TENSOR_Q4_K)
		half_q4_k(data, cols / OAE_TENSOR_SUPER, half, x, n);
	else
		half_q6_k(data, cols / OAE_TENSOR_SUPER, half, x, n);
	for (int c = 0; c < n; c++)
		store_some(y + (row + (size_t)c) * ldy + first, w->rows - first,
			   x[c].acc);
}

void oae_matmul_kquants_avx2(const struct oae_packed *w, size_t tile0,
			     size_t tile1, const struct oae_acts *x,
			     size_t row0, size_t row1, float *y, size_t ldy)
{
	size_t r, t, half;

	for (size_t i = tile0 * 2; i < tile1 * 2; i++) {
		half = i % 2 * HALF;
		t = i / 2;
		if (t * OAE_TILE + half >= w->rows)
			break;
		for (r = row0; r + GROUP <= row1; r += GROUP)
			half_rows(w, t, half, x, r, GROUP, y, ldy);
		if (row1 - r == 3)
			half_rows(w, t, half, x, r, 3, y, ldy);
		if (row1 - r == 2)
			half_rows(w, t, half, x, r, 2, y, ldy);
		if (row1 - r == 1)
			half_rows(w, t, half, x, r, 1, y, ldy);
	}
}

#endif
