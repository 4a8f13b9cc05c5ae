/* SPDX-License-Identifier: Apache-2.0 */
/* Products with Q8_0: one batch row in bytes, two or three in 16 bits. */
#include "adapters/reference/kernels/matmul_q8_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define FEW 3 /* batch rows for which no panel pays */

/* Batch rows. */
struct columns {
	const int16_t *pairs[FEW];
	const int32_t *init[FEW]; /* what a sum begins with */
	const float *d[FEW];
};

/* acc += sum * (dw * d) */
INLINE __m256 scaled(__m256 sum, __m256 dw, float d, __m256 acc)
{
	return _mm256_fmadd_ps(sum, _mm256_mul_ps(dw, _mm256_set1_ps(d)), acc);
}

/*
 * One batch row, as fast as memory delivers the tile: in bytes, |w| times a
 * with the sign of w, which takes the fewest instructions.
 */
INLINE void tile_alone(bool memory, const uint8_t *w, size_t blocks,
		       size_t tile_bytes, const int8_t *a, const float *d,
		       __m256 acc[2])
{
	const __m256i flip = _mm256_set1_epi8(-128);
	const __m256i one = _mm256_set1_epi16(1);
	const uint8_t *scales = w + blocks * Q8_BLOCK_BYTES;
	__m256i sum[2], v, x;

	for (size_t b = 0; b < blocks; b++) {
		const uint8_t *next =
			ahead(memory, w, b, blocks, Q8_BLOCK_BYTES, tile_bytes);

		_mm_prefetch((const char *)scales + tile_bytes, _MM_HINT_T1);
		sum[0] = sum[1] = _mm256_set1_epi32(FLOAT_BIAS);
		for (size_t j = 0; j < 8; j++) {
			fetch(memory, next + j * 64);
			x = spread(a);
			a += 4;
			for (int h = 0; h < 2; h++) {
				v = _mm256_xor_si256(load(w), flip);
				w += 32;
				v = _mm256_maddubs_epi16(_mm256_abs_epi8(v),
							 _mm256_sign_epi8(x,
									  v));
				add_32(&sum[h], _mm256_madd_epi16(v, one));
			}
		}
		for (int h = 0; h < 2; h++) {
			acc[h] = scaled(unbiased(sum[h]), load_f16(scales),
					d[b], acc[h]);
			scales += 16;
		}
	}
}

/* Two or three batch rows: weights are unpacked while they are read. */
INLINE void tile_few(bool memory, const uint8_t *w, size_t blocks,
		     size_t tile_bytes, const struct columns *x, int n,
		     __m256 (*acc)[2])
{
	const uint8_t *scales = w + blocks * Q8_BLOCK_BYTES;
	__m256i sum[FEW][2], cross[2], e[2], o[2], a0, a1, u;
	__m256 dw;

	for (size_t b = 0; b < blocks; b++) {
		const uint8_t *next =
			ahead(memory, w, b, blocks, Q8_BLOCK_BYTES, tile_bytes);

		_mm_prefetch((const char *)scales + tile_bytes, _MM_HINT_T1);
#pragma GCC unroll 8
		for (size_t j = 0; j < 8; j++) {
			fetch(memory, next + j * 64);
			for (int h = 0; h < 2; h++) {
				u = load_once(w);
				w += 32;
				e[h] = even(u);
				o[h] = odd(u);
				u = _mm256_madd_epi16(e[h], o[h]);
				if (j)
					add_32(&cross[h], u);
				else
					cross[h] = u;
			}
#pragma GCC unroll 3
			for (int c = 0; c < n; c++) {
				size_t at = b * OAE_TENSOR_BLOCK + j * 4;

				a1 = spread(x->pairs[c] + at);
				a0 = spread(x->pairs[c] + at + 2);
				for (int h = 0; h < 2; h++) {
					u = _mm256_madd_epi16(
						_mm256_or_si256(e[h], a1),
						_mm256_or_si256(o[h], a0));
					if (j)
						add_32(&sum[c][h], u);
					else
						sum[c][h] = u;
				}
			}
		}
		for (int h = 0; h < 2; h++) {
			dw = load_f16(scales);
			scales += 16;
			for (int c = 0; c < n; c++) {
				u = _mm256_sub_epi32(
					cross[h],
					_mm256_set1_epi32(x->init[c][b]));
				acc[c][h] = scaled(products(sum[c][h], u), dw,
						   x->d[c][b], acc[c][h]);
			}
		}
	}
}

/* n batch rows and a tile; n is constant once inlined. */
INLINE void few(const struct oae_packed *w, const uint8_t *tile, size_t left,
		const struct oae_acts *a, size_t row, int n, float *y,
		size_t ldy)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK, at = row * blocks;
	const float *d = a->d + at;
	struct columns x;
	__m256 acc[FEW][2];

	for (int c = 0; c < n; c++, at += blocks) {
		if (n > 1) {
			x.pairs[c] = a->pairs + at * OAE_TENSOR_BLOCK;
			x.init[c] = a->cross + at;
			x.d[c] = a->d + at;
		}
		acc[c][0] = acc[c][1] = _mm256_setzero_ps();
	}
	if (n > 1)
		tile_few(w->memory, tile, blocks, w->tile_bytes, &x, n, acc);
	else if (w->memory)
		tile_alone(true, tile, blocks, w->tile_bytes,
			   a->q + row * a->cols, d, acc[0]);
	else
		tile_alone(false, tile, blocks, w->tile_bytes,
			   a->q + row * a->cols, d, acc[0]);
	for (int c = 0; c < n; c++)
		put(y + (row + (size_t)c) * ldy, left, acc[c]);
}

static void tile_1(const struct oae_packed *w, size_t tile,
		   const struct oae_acts *x, size_t row, float *y, size_t ldy)
{
	few(w, w->data + tile * w->tile_bytes, w->rows - tile * OAE_TILE, x,
	    row, 1, y + tile * OAE_TILE, ldy);
}

static void tile_2(const struct oae_packed *w, size_t tile,
		   const struct oae_acts *x, size_t row, float *y, size_t ldy)
{
	few(w, w->data + tile * w->tile_bytes, w->rows - tile * OAE_TILE, x,
	    row, 2, y + tile * OAE_TILE, ldy);
}

static void tile_3(const struct oae_packed *w, size_t tile,
		   const struct oae_acts *x, size_t row, float *y, size_t ldy)
{
	few(w, w->data + tile * w->tile_bytes, w->rows - tile * OAE_TILE, x,
	    row, 3, y + tile * OAE_TILE, ldy);
}

void oae_matmul_q8_0_avx2(const struct oae_packed *w, size_t tile0,
			  size_t tile1, const struct oae_acts *x, size_t row0,
			  size_t row1, float *y, size_t ldy)
{
	static void (*const tile[])(const struct oae_packed *, size_t,
				    const struct oae_acts *, size_t, float *,
				    size_t) = { tile_1, tile_2, tile_3 };
	size_t t = tile0, n = row1 - row0;

	if (n > FEW)
		while (t < tile1)
			t += oae_panel_q8_0_avx2(w, t, tile1, x, row0, row1, y,
						 ldy);
	for (; n && t < tile1; t++)
		tile[n - 1](w, t, x, row0, y, ldy);
}

#endif
