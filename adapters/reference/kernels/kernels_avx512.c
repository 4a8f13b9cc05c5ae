/* SPDX-License-Identifier: Apache-2.0 */
/* AVX-512 with VNNI: a tile's sixteen rows are the lanes of one register. */
#include "adapters/reference/kernels/kernels.h"

#ifdef __AVX512VNNI__

#include <math.h>

#include "adapters/reference/kernels/kquants.h"
#include "adapters/reference/kernels/kquants_avx512.h"
#include "adapters/reference/kernels/lanes_avx512.h"

#define GROUP 8	   /* batch rows that share one pass of a tile */
#define AHEAD 8192 /* bytes that weights are prefetched ahead */

static void quantize(struct oae_acts *acts, size_t row)
{
	size_t blocks = acts->cols / OAE_TENSOR_BLOCK;
	const float *x = acts->x + row * acts->cols;
	int8_t *q = acts->q + row * acts->cols;
	float *d = acts->d + row * blocks;
	int32_t *off = acts->off + row * blocks;
	__m512 a, b, scale;
	__m512i u, v;
	float max;

	for (size_t k = 0; k < blocks; k++) {
		a = _mm512_loadu_ps(x + k * 32);
		b = _mm512_loadu_ps(x + k * 32 + 16);
		max = _mm512_reduce_max_ps(
			_mm512_max_ps(_mm512_abs_ps(a), _mm512_abs_ps(b)));
		d[k] = max / 127.0f;
		scale = _mm512_set1_ps(max > 0 ? 127.0f / max : 0);
		u = _mm512_cvtps_epi32(_mm512_mul_ps(a, scale));
		v = _mm512_cvtps_epi32(_mm512_mul_ps(b, scale));
		_mm_storeu_si128((void *)(q + k * 32), _mm512_cvtepi32_epi8(u));
		_mm_storeu_si128((void *)(q + k * 32 + 16),
				 _mm512_cvtepi32_epi8(v));
		off[k] = -128 * _mm512_reduce_add_epi32(_mm512_add_epi32(u, v));
	}
}

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
INLINE __m512i spread(const int8_t *q)
{
	int32_t four;

	memcpy(&four, q, 4);
	return _mm512_set1_epi32(four);
}

/*
 * One block of n batch rows: sums of products, scaled, onto acc. The next
 * tile's scales are a stream of their own, which the hardware does not see
 * coming.
 */
INLINE void scale_block(const __m512i *sum, const uint8_t *scales, size_t b,
			size_t tile_bytes, const float *const *d, int n,
			__m512 *acc)
{
	__m512 dw = load_f16(scales + b * 32);

	_mm_prefetch((const char *)scales + b * 32 + tile_bytes, _MM_HINT_T1);
	for (int c = 0; c < n; c++)
		acc[c] = _mm512_fmadd_ps(
			_mm512_cvtepi32_ps(sum[c]),
			_mm512_mul_ps(dw, _mm512_set1_ps(d[c][b])), acc[c]);
}

INLINE void tile_q8_0(const uint8_t *w, size_t blocks, size_t tile_bytes,
		      const int8_t *const *q, const float *const *d,
		      const int32_t *const *off, int n, __m512 *acc)
{
	const uint8_t *scales = w + blocks * 512;
	__m512i sum[GROUP], v;

	for (size_t b = 0; b < blocks; b++) {
		const char *next = ahead(w, b, blocks, 512, tile_bytes);

		for (int c = 0; c < n; c++)
			sum[c] = _mm512_set1_epi32(off[c][b]);
		for (size_t j = 0; j < 8; j++) {
			_mm_prefetch(next + j * 64, _MM_HINT_T1);
			v = _mm512_load_si512(w);
			w += 64;
			for (int c = 0; c < n; c++)
				sum[c] = _mm512_dpbusd_epi32(
					sum[c], v,
					spread(q[c] + b * 32 + j * 4));
		}
		scale_block(sum, scales, b, tile_bytes, d, n, acc);
	}
}

INLINE void tile_q4_0(const uint8_t *w, size_t blocks, size_t tile_bytes,
		      const int8_t *const *q, const float *const *d,
		      const int32_t *const *off, int n, __m512 *acc)
{
	const __m512i low = _mm512_set1_epi8(15);
	const uint8_t *scales = w + blocks * 256;
	__m512i sum[GROUP], u, v;

	for (size_t b = 0; b < blocks; b++) {
		const char *next = ahead(w, b, blocks, 256, tile_bytes);

		for (int c = 0; c < n; c++) /* the +8 of nibbles */
			sum[c] = _mm512_set1_epi32(off[c][b] / 16);
		for (size_t j = 0; j < 4; j++) {
			_mm_prefetch(next + j * 64, _MM_HINT_T1);
			v = _mm512_load_si512(w);
			w += 64;
			u = _mm512_and_si512(v, low);
			v = _mm512_and_si512(_mm512_srli_epi16(v, 4), low);
			for (int c = 0; c < n; c++) {
				const int8_t *a = q[c] + b * 32 + j * 4;

				sum[c] = _mm512_dpbusd_epi32(sum[c], u,
							     spread(a));
				sum[c] = _mm512_dpbusd_epi32(sum[c], v,
							     spread(a + 16));
			}
		}
		scale_block(sum, scales, b, tile_bytes, d, n, acc);
	}
}

INLINE __m512 load_weights(enum oae_tensor_type type, const uint8_t *w,
			   size_t i)
{
	if (type == OAE_TENSOR_F32)
		return _mm512_load_ps(w + i * 64);
	if (type == OAE_TENSOR_F16)
		return load_f16(w + i * 32);
	return _mm512_castsi512_ps(
		_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(
					  (const void *)(w + i * 32))),
				  16));
}

INLINE void tile_plain(enum oae_tensor_type type, const uint8_t *w, size_t cols,
		       const float *const *x, int n, __m512 *acc)
{
	size_t bytes = type == OAE_TENSOR_F32 ? 64 : 32;
	__m512 v;

	for (size_t i = 0; i < cols; i++) {
		_mm_prefetch((const char *)w + i * bytes + AHEAD / 2,
			     _MM_HINT_T0);
		v = load_weights(type, w, i);
		for (int c = 0; c < n; c++)
			acc[c] = _mm512_fmadd_ps(v, _mm512_set1_ps(x[c][i]),
						 acc[c]);
	}
}

/* One tile with n batch rows from row on; n is a constant once inlined. */
INLINE void tile_rows(const struct oae_packed *w, const uint8_t *tile,
		      __mmask16 mask, const struct oae_acts *a, size_t row,
		      int n, float *y, size_t ldy)
{
	size_t cols = w->cols, blocks = cols / OAE_TENSOR_BLOCK;
	const float *x[GROUP], *d[GROUP];
	const int32_t *off[GROUP];
	const int8_t *q[GROUP];
	__m512 acc[GROUP];

	for (int c = 0; c < n; c++) {
		x[c] = a->x + (row + (size_t)c) * cols;
		q[c] = a->q + (row + (size_t)c) * cols;
		d[c] = a->d + (row + (size_t)c) * blocks;
		off[c] = a->off + (row + (size_t)c) * blocks;
		acc[c] = _mm512_setzero_ps();
	}
	switch (w->type) {
	case OAE_TENSOR_Q8_0:
		tile_q8_0(tile, blocks, w->tile_bytes, q, d, off, n, acc);
		break;
	case OAE_TENSOR_Q4_0:
		tile_q4_0(tile, blocks, w->tile_bytes, q, d, off, n, acc);
		break;
	case OAE_TENSOR_F32:
		tile_plain(OAE_TENSOR_F32, tile, cols, x, n, acc);
		break;
	case OAE_TENSOR_F16:
		tile_plain(OAE_TENSOR_F16, tile, cols, x, n, acc);
		break;
	case OAE_TENSOR_BF16:
		tile_plain(OAE_TENSOR_BF16, tile, cols, x, n, acc);
		break;
	case OAE_TENSOR_Q5_0: /* not here */
	case OAE_TENSOR_Q4_K:
	case OAE_TENSOR_Q6_K:
		break;
	}
	for (int c = 0; c < n; c++)
		_mm512_mask_storeu_ps(y + (row + (size_t)c) * ldy, mask,
				      acc[c]);
}

/* One tile with up to GROUP batch rows. */
static void tile_group(const struct oae_packed *w, size_t t,
		       const struct oae_acts *x, size_t row, size_t n, float *y,
		       size_t ldy)
{
	const uint8_t *tile = w->data + t * w->tile_bytes;
	__mmask16 mask = lanes(w->rows - t * OAE_TILE);

	y += t * OAE_TILE;
	switch (n) {
	case 1:
		tile_rows(w, tile, mask, x, row, 1, y, ldy);
		break;
	case 2:
		tile_rows(w, tile, mask, x, row, 2, y, ldy);
		break;
	case 3:
		tile_rows(w, tile, mask, x, row, 3, y, ldy);
		break;
	case 4:
		tile_rows(w, tile, mask, x, row, 4, y, ldy);
		break;
	case 5:
		tile_rows(w, tile, mask, x, row, 5, y, ldy);
		break;
	case 6:
		tile_rows(w, tile, mask, x, row, 6, y, ldy);
		break;
	case 7:
		tile_rows(w, tile, mask, x, row, 7, y, ldy);
		break;
	default:
		tile_rows(w, tile, mask, x, row, GROUP, y, ldy);
		break;
	}
}

static void matmul(const struct oae_packed *w, size_t tile0, size_t tile1,
		   const struct oae_acts *x, size_t row0, size_t row1, float *y,
		   size_t ldy)
{
	int plain = w->type != OAE_TENSOR_Q8_0 && w->type != OAE_TENSOR_Q4_0;
	/* eight rows of floats a power of two apart would share a cache set */
	size_t most = plain ? GROUP / 2 : GROUP, n;

	if (oae_kquant(w->type)) {
		kquants(w, tile0, tile1, x, row0, row1, y, ldy);
		return;
	}
	for (size_t t = tile0; t < tile1; t++) {
		for (size_t r = row0; r < row1; r += n) {
			n = row1 - r < most ? row1 - r : most;
			tile_group(w, t, x, r, n, y, ldy);
		}
	}
}

static void rmsnorm(const float *x, const float *weight, size_t n, float eps,
		    float *y)
{
	__m512 s = _mm512_setzero_ps(), v;
	float scale;

	for (size_t i = 0; i < n; i += OAE_TILE) {
		v = _mm512_maskz_loadu_ps(lanes(n - i), x + i);
		s = _mm512_fmadd_ps(v, v, s);
	}
	scale = 1.0f / sqrtf(join(s) / (float)n + eps);
	for (size_t i = 0; i < n; i += OAE_TILE) {
		__mmask16 m = lanes(n - i);

		v = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i),
				  _mm512_set1_ps(scale));
		v = _mm512_mul_ps(v, _mm512_maskz_loadu_ps(m, weight + i));
		_mm512_mask_storeu_ps(y + i, m, v);
	}
}

static void rope_pairs(float *x, const float *cos, const float *sin, size_t n)
{
	/* each of eight angles twice */
	const __m512i twice = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2,
					       2, 1, 1, 0, 0);
	__m512 v, c, s;

	for (size_t i = 0; i < n; i += OAE_TILE) {
		__mmask16 m = lanes(n - i), half = lanes((n - i) / 2);

		half &= 0xff;
		v = _mm512_maskz_loadu_ps(m, x + i);
		c = _mm512_permutexvar_ps(
			twice, _mm512_maskz_loadu_ps(half, cos + i / 2));
		s = _mm512_permutexvar_ps(
			twice, _mm512_maskz_loadu_ps(half, sin + i / 2));
		s = _mm512_mul_ps(_mm512_permute_ps(v, 0xb1), s);
		_mm512_mask_storeu_ps(x + i, m, _mm512_fmaddsub_ps(v, c, s));
	}
}

static void rope_halves(float *x, const float *cos, const float *sin, size_t n)
{
	size_t half = n / 2;
	__m512 a, b, c, s;

	for (size_t i = 0; i < half; i += OAE_TILE) {
		__mmask16 m = lanes(half - i);

		a = _mm512_maskz_loadu_ps(m, x + i);
		b = _mm512_maskz_loadu_ps(m, x + half + i);
		c = _mm512_maskz_loadu_ps(m, cos + i);
		s = _mm512_maskz_loadu_ps(m, sin + i);
		_mm512_mask_storeu_ps(
			x + i, m, _mm512_fmsub_ps(a, c, _mm512_mul_ps(b, s)));
		_mm512_mask_storeu_ps(x + half + i, m,
				      _mm512_fmadd_ps(b, c,
						      _mm512_mul_ps(a, s)));
	}
}

static void silu_mul(const float *gate, const float *up, size_t n, float *y)
{
	const __m512 one = _mm512_set1_ps(1.0f);
	__m512 g, e;

	for (size_t i = 0; i < n; i += OAE_TILE) {
		__mmask16 m = lanes(n - i);

		g = _mm512_maskz_loadu_ps(m, gate + i);
		e = exp_lanes(_mm512_sub_ps(_mm512_set1_ps(-0.0f), g));
		g = _mm512_div_ps(g, _mm512_add_ps(one, e));
		g = _mm512_mul_ps(g, _mm512_maskz_loadu_ps(m, up + i));
		_mm512_mask_storeu_ps(y + i, m, g);
	}
}

static void add(float *x, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i += OAE_TILE) {
		__mmask16 m = lanes(n - i);

		_mm512_mask_storeu_ps(
			x + i, m,
			_mm512_add_ps(_mm512_maskz_loadu_ps(m, x + i),
				      _mm512_maskz_loadu_ps(m, y + i)));
	}
}

static void softmax(float *x, size_t n)
{
	__m512 inverse = _mm512_set1_ps(1.0f / exponentials(x, n));

	for (size_t i = 0; i < n; i += OAE_TILE) {
		__mmask16 m = lanes(n - i);

		_mm512_mask_storeu_ps(
			x + i, m,
			_mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i),
				      inverse));
	}
}

static void to_f16(const float *x, size_t n, uint16_t *y)
{
	for (size_t i = 0; i < n; i += OAE_TILE) {
		__mmask16 m = lanes(n - i);

		_mm256_mask_storeu_epi16(
			y + i, m,
			_mm512_cvtps_ph(_mm512_maskz_loadu_ps(m, x + i),
					_MM_FROUND_TO_NEAREST_INT |
						_MM_FROUND_NO_EXC));
	}
}

const struct oae_kernels oae_kernels_avx512 = {
	.name = "avx512",
	.quantize = quantize,
	.matmul = matmul,
	.rmsnorm = rmsnorm,
	.rope_pairs = rope_pairs,
	.rope_halves = rope_halves,
	.silu_mul = silu_mul,
	.add = add,
	.softmax = softmax,
	.to_f16 = to_f16,
	.attention = oae_attention_avx512,
};

#endif
