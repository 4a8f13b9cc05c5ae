/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with K-quants for AVX2. Sums of a block stay in 16 bits, where no
 * value overflows (15 * 127 * 16 and 63 * 127 * 4 are below 2^15), and leave
 * them by a multiplication with the block's scale. A tile's 16 rows are two
 * registers, [2] below.
 */
#include "adapters/reference/kernels/nibbles_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define ROWS 4	 /* batch rows that share one pass of a tile */
#define FAR 2048 /* bytes that weights are fetched ahead */

/* Batch rows from the current super-block on. */
struct columns {
	const int8_t *q[ROWS];
	const float *d[ROWS];
	const int32_t *off[ROWS];
	float total[ROWS][8];	 /* d times the sum of a block's q */
	int32_t halves[ROWS][8]; /* sums of its halves, as 16-bit pairs */
};

/* Bytes of eight rows in 32 bits each. */
INLINE __m256i widened(const uint8_t *bytes)
{
	return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)bytes));
}

/* As many bytes as there are at from, later. */
INLINE void fetch_later(bool memory, const void *from, size_t bytes)
{
	const uint8_t *p = from;

	for (size_t i = 0; i < bytes; i += 64)
		fetch(memory, p + FAR + i);
}

/* acc += sum * d */
INLINE __m256 scaled(__m256i sum, float d, __m256 acc)
{
	return _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(d), acc);
}

INLINE void next_super(struct columns *x, int n)
{
	for (int c = 0; c < n; c++) {
		x->q[c] += OAE_TENSOR_SUPER;
		x->d[c] += 8;
		x->off[c] += 8;
	}
}

INLINE void totals(struct columns *x, int n)
{
	const __m256 scale = _mm256_set1_ps(-1.0f / 128); /* exact */
	__m256 sum;

	for (int c = 0; c < n; c++) {
		sum = _mm256_cvtepi32_ps(
			_mm256_loadu_si256((const void *)x->off[c]));
		sum = _mm256_mul_ps(sum, scale);
		sum = _mm256_mul_ps(_mm256_loadu_ps(x->d[c]), sum);
		_mm256_storeu_ps(x->total[c], sum);
	}
}

/* acc less the minimums' part of a super-block. */
INLINE void minimums(const struct oae_tile_q4_k *w, const struct columns *x,
		     int n, __m256 (*acc)[2])
{
	__m256 t[ROWS][2], m;

	for (int c = 0; c < n; c++)
		t[c][0] = t[c][1] = _mm256_setzero_ps();
	for (size_t b = 0; b < 8; b++) {
		for (size_t h = 0; h < 2; h++) {
			m = _mm256_cvtepi32_ps(
				widened(w->minimum[b] + h * HALF));
			for (int c = 0; c < n; c++)
				t[c][h] = _mm256_fmadd_ps(
					m, _mm256_set1_ps(x->total[c][b]),
					t[c][h]);
		}
	}
	for (size_t h = 0; h < 2; h++) {
		m = load_f16(w->m + h * HALF);
		for (int c = 0; c < n; c++)
			acc[c][h] = _mm256_fnmadd_ps(m, t[c][h], acc[c][h]);
	}
}

INLINE void tile_q4_k(bool memory, const struct oae_tile_q4_k *w, size_t supers,
		      struct columns *x, int n, __m256 (*acc)[2])
{
	__m256i sum[ROWS][2], scale;
	__m256 s[ROWS][2], d;

	for (const struct oae_tile_q4_k *end = w + supers; w < end; w++) {
		fetch_later(memory, w, sizeof(*w) - sizeof(w->q));
		for (int c = 0; c < n; c++)
			s[c][0] = s[c][1] = _mm256_setzero_ps();
		for (size_t b = 0; b < 8; b++) {
			const uint8_t *q = w->q[b][0][0];

			nibble_sums(memory, q, q + FAR, x->q,
				    b * OAE_TENSOR_BLOCK, n, sum);
			for (size_t h = 0; h < 2; h++) {
				scale = widened(w->scale[b] + h * HALF);
				scale = _mm256_or_si256(
					scale, _mm256_slli_epi32(scale, 16));
				for (int c = 0; c < n; c++)
					s[c][h] = scaled(
						_mm256_madd_epi16(sum[c][h],
								  scale),
						x->d[c][b], s[c][h]);
			}
		}
		for (size_t h = 0; h < 2; h++) {
			d = load_f16(w->d + h * HALF);
			for (int c = 0; c < n; c++)
				acc[c][h] =
					_mm256_fmadd_ps(d, s[c][h], acc[c][h]);
		}
		totals(x, n);
		minimums(w, x, n, acc);
		next_super(x, n);
	}
}

/* Eight sums of four bytes each. */
INLINE __m256i fours(const int8_t *q)
{
	__m256i v = _mm256_maddubs_epi16(_mm256_set1_epi8(1),
					 _mm256_loadu_si256((const void *)q));

	return _mm256_madd_epi16(v, _mm256_set1_epi16(1));
}

INLINE void halves(struct columns *x, int n)
{
	__m256i v;
	__m128i a, b;

	for (int c = 0; c < n; c++) {
		for (size_t i = 0; i < 8; i += 4) {
			const int8_t *q = x->q[c] + i * 32;

			/* sums of first halves below, of second ones above */
			v = _mm256_hadd_epi32(_mm256_hadd_epi32(fours(q),
								fours(q + 32)),
					      _mm256_hadd_epi32(fours(q + 64),
								fours(q + 96)));
			a = _mm256_castsi256_si128(v);
			b = _mm256_extracti128_si256(v, 1);
			a = _mm_blend_epi16(a, _mm_slli_epi32(b, 16), 0xaa);
			_mm_storeu_si128((void *)(x->halves[c] + i), a);
		}
	}
}

/* Low nibbles of v with the upper bits of a half's elements 4t on. */
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

/* Adds the scaled products of one half (0 or 1) of a block to sum. */
INLINE void part_q6_k(const struct oae_tile_q6_k *w, size_t b, int part,
		      const __m256i scale[2], const struct columns *x, int n,
		      __m256i (*sum)[2])
{
	size_t at = b * OAE_TENSOR_BLOCK + (size_t)part * 16;
	__m256i u[2], v[2], high[2], p, first, second;

	for (size_t h = 0; h < 2; h++)
		high[h] = load(w->q[b].high[part][h * HALF]);
	for (int t = 0; t < 4; t += 2) {
		for (size_t h = 0; h < 2; h++) {
			u[h] = load(w->q[b].low[t][h * HALF]);
			v[h] = load(w->q[b].low[t + 1][h * HALF]);
			if (part) {
				u[h] = _mm256_srli_epi16(u[h], 4);
				v[h] = _mm256_srli_epi16(v[h], 4);
			}
			u[h] = six(u[h], high[h], t);
			v[h] = six(v[h], high[h], t + 1);
		}
		for (int c = 0; c < n; c++) {
			first = spread(x->q[c] + at + (size_t)t * 4);
			second = spread(x->q[c] + at + (size_t)t * 4 + 4);
			for (size_t h = 0; h < 2; h++) {
				p = _mm256_add_epi16(
					_mm256_maddubs_epi16(u[h], first),
					_mm256_maddubs_epi16(v[h], second));
				sum[c][h] = _mm256_add_epi32(
					sum[c][h],
					_mm256_madd_epi16(p, scale[h]));
			}
		}
	}
}

INLINE void block_q6_k(bool memory, const struct oae_tile_q6_k *w, size_t b,
		       const struct columns *x, int n, __m256 (*s)[2])
{
	/* of pairs of scales, one twice */
	const __m256i first = _mm256_setr_epi8(0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8,
					       9, 12, 13, 12, 13, 0, 1, 0, 1, 4,
					       5, 4, 5, 8, 9, 8, 9, 12, 13, 12,
					       13);
	const __m256i second = _mm256_add_epi8(first, _mm256_set1_epi8(2));
	__m256i sum[ROWS][2], scales[2], one[2], other[2];

	fetch_later(memory, &w->q[b], sizeof(w->q[b]));
	for (size_t h = 0; h < 2; h++) {
		scales[h] = _mm256_cvtepi8_epi16(
			_mm_load_si128((const void *)w->scale[b][h * HALF]));
		one[h] = _mm256_shuffle_epi8(scales[h], first);
		other[h] = _mm256_shuffle_epi8(scales[h], second);
		for (int c = 0; c < n; c++) /* what the 32 too much adds */
			sum[c][h] = _mm256_slli_epi32(
				_mm256_sub_epi32(
					_mm256_setzero_si256(),
					_mm256_madd_epi16(
						scales[h],
						_mm256_set1_epi32(
							x->halves[c][b]))),
				5);
	}
	part_q6_k(w, b, 0, one, x, n, sum);
	part_q6_k(w, b, 1, other, x, n, sum);
	for (int c = 0; c < n; c++)
		for (size_t h = 0; h < 2; h++)
			s[c][h] = scaled(sum[c][h], x->d[c][b], s[c][h]);
}

INLINE void tile_q6_k(bool memory, const struct oae_tile_q6_k *w, size_t supers,
		      struct columns *x, int n, __m256 (*acc)[2])
{
	__m256 s[ROWS][2], d;

	for (const struct oae_tile_q6_k *end = w + supers; w < end; w++) {
		fetch_later(memory, w, sizeof(*w) - sizeof(w->q));
		halves(x, n);
		for (int c = 0; c < n; c++)
			s[c][0] = s[c][1] = _mm256_setzero_ps();
		for (size_t b = 0; b < 8; b++)
			block_q6_k(memory, w, b, x, n, s);
		for (size_t h = 0; h < 2; h++) {
			d = load_f16(w->d + h * HALF);
			for (int c = 0; c < n; c++)
				acc[c][h] =
					_mm256_fmadd_ps(d, s[c][h], acc[c][h]);
		}
		next_super(x, n);
	}
}

/* n batch rows from row on; type and n are constants once inlined. */
INLINE void group(enum oae_tensor_type type, bool memory,
		  const struct oae_packed *w, size_t tile,
		  const struct oae_acts *a, size_t row, int n, float *y,
		  size_t ldy)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK, at;
	size_t left = w->rows - tile * OAE_TILE;
	const void *data = w->data + tile * w->tile_bytes;
	struct columns x;
	__m256 acc[ROWS][2];

	for (int c = 0; c < n; c++) {
		at = (row + (size_t)c) * blocks;
		x.q[c] = a->q + at * OAE_TENSOR_BLOCK;
		x.d[c] = a->d + at;
		x.off[c] = a->off + at;
		acc[c][0] = acc[c][1] = _mm256_setzero_ps();
	}
	if (type == OAE_TENSOR_Q4_K)
		tile_q4_k(memory, data, w->cols / OAE_TENSOR_SUPER, &x, n, acc);
	else
		tile_q6_k(memory, data, w->cols / OAE_TENSOR_SUPER, &x, n, acc);
	for (int c = 0; c < n; c++)
		put(y + (row + (size_t)c) * ldy + tile * OAE_TILE, left,
		    acc[c]);
}

INLINE void all_rows(enum oae_tensor_type type, const struct oae_packed *w,
		     size_t tile, const struct oae_acts *x, size_t row0,
		     size_t row1, float *y, size_t ldy)
{
	/* several passes find the tile in a cache */
	bool memory = w->memory && row1 - row0 <= ROWS;
	size_t r;

	for (r = row0; r + ROWS <= row1; r += ROWS)
		group(type, memory, w, tile, x, r, ROWS, y, ldy);
	if (row1 - r == 3)
		group(type, memory, w, tile, x, r, 3, y, ldy);
	if (row1 - r == 2)
		group(type, memory, w, tile, x, r, 2, y, ldy);
	if (row1 - r == 1)
		group(type, memory, w, tile, x, r, 1, y, ldy);
}

void oae_tile_q4_k_avx2(const struct oae_packed *w, size_t tile,
			const struct oae_acts *x, size_t row0, size_t row1,
			float *y, size_t ldy)
{
	all_rows(OAE_TENSOR_Q4_K, w, tile, x, row0, row1, y, ldy);
}

void oae_tile_q6_k_avx2(const struct oae_packed *w, size_t tile,
			const struct oae_acts *x, size_t row0, size_t row1,
			float *y, size_t ldy)
{
	all_rows(OAE_TENSOR_Q6_K, w, tile, x, row0, row1, y, ldy);
}

#endif
