/* SPDX-License-Identifier: Apache-2.0 */
/* AVX2 with FMA and F16C: a tile is two halves of eight rows. */
#include "adapters/reference/kernels/kernels.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>
#include <math.h>

#include "adapters/reference/kernels/exp.h"
#include "adapters/reference/kernels/kquants.h"

#define INLINE static inline __attribute__((always_inline))
#define HALF 8
#define GROUP 4	   /* batch rows that share one pass of a tile */
#define AHEAD 8192 /* bytes that weights are prefetched ahead */

INLINE __m256i lanes(size_t n)
{
	const __m256i count = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

	return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < HALF ? (int)n : HALF),
				  count);
}

/* Up to eight floats, zeros beyond. */
INLINE __m256 load_some(const float *x, size_t n)
{
	return n >= HALF ? _mm256_loadu_ps(x) : _mm256_maskload_ps(x, lanes(n));
}

INLINE void store_some(float *x, size_t n, __m256 v)
{
	if (n >= HALF)
		_mm256_storeu_ps(x, v);
	else
		_mm256_maskstore_ps(x, lanes(n), v);
}

INLINE __m256 load_f16(const void *p)
{
	return _mm256_cvtph_ps(_mm_loadu_si128(p));
}

/* The order of the scalar join() over lanes low[0..7], high[0..7]. */
INLINE float join(__m256 low, __m256 high)
{
	__m256 a = _mm256_add_ps(low, high);
	__m128 b = _mm_add_ps(_mm256_castps256_ps128(a),
			      _mm256_extractf128_ps(a, 1));

	b = _mm_add_ps(b, _mm_movehl_ps(b, b));
	return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

INLINE float max_lane(__m256 v)
{
	__m128 b = _mm_max_ps(_mm256_castps256_ps128(v),
			      _mm256_extractf128_ps(v, 1));

	b = _mm_max_ps(b, _mm_movehl_ps(b, b));
	return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
}

INLINE __m256 exp_lanes(__m256 x)
{
	__m256 n, r, p;

	x = _mm256_max_ps(x, _mm256_set1_ps(OAE_EXP_LOW));
	x = _mm256_min_ps(x, _mm256_set1_ps(OAE_EXP_HIGH));
	n = _mm256_fmadd_ps(x, _mm256_set1_ps(OAE_EXP_LOG2E),
			    _mm256_set1_ps(OAE_EXP_ROUND));
	n = _mm256_sub_ps(n, _mm256_set1_ps(OAE_EXP_ROUND));
	r = _mm256_fmadd_ps(n, _mm256_set1_ps(-OAE_EXP_LN2_HIGH), x);
	r = _mm256_fmadd_ps(n, _mm256_set1_ps(-OAE_EXP_LN2_LOW), r);
	p = _mm256_fmadd_ps(_mm256_set1_ps(OAE_EXP_P0), r,
			    _mm256_set1_ps(OAE_EXP_P1));
	p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(OAE_EXP_P2));
	p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(OAE_EXP_P3));
	p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(OAE_EXP_P4));
	p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(OAE_EXP_P5));
	p = _mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r);
	p = _mm256_add_ps(p, _mm256_set1_ps(1.0f));
	return _mm256_castsi256_ps(
		_mm256_add_epi32(_mm256_castps_si256(p),
				 _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}

static void quantize(const float *x, size_t cols, int8_t *q, float *d,
		     int32_t *off)
{
	const __m256 sign = _mm256_set1_ps(-0.0f);
	int32_t v[OAE_TENSOR_BLOCK], sum;
	__m256 max, scale;
	float most;

	for (size_t k = 0; k < cols / OAE_TENSOR_BLOCK; k++) {
		max = _mm256_setzero_ps();
		for (int i = 0; i < OAE_TENSOR_BLOCK; i += HALF)
			max = _mm256_max_ps(
				max,
				_mm256_andnot_ps(sign, _mm256_loadu_ps(x + i)));
		most = max_lane(max);
		d[k] = most / 127.0f;
		scale = _mm256_set1_ps(most > 0 ? 127.0f / most : 0);
		for (int i = 0; i < OAE_TENSOR_BLOCK; i += HALF)
			_mm256_storeu_si256(
				(void *)(v + i),
				_mm256_cvtps_epi32(_mm256_mul_ps(
					_mm256_loadu_ps(x + i), scale)));
		sum = 0;
		for (int i = 0; i < OAE_TENSOR_BLOCK; i++) {
			q[i] = (int8_t)v[i];
			sum += q[i];
		}
		off[k] = -128 * sum;
		x += OAE_TENSOR_BLOCK;
		q += OAE_TENSOR_BLOCK;
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

static void matmul(const struct oae_packed *w, size_t tile0, size_t tile1,
		   const struct oae_acts *x, size_t row0, size_t row1, float *y,
		   size_t ldy)
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

static void rmsnorm(const float *x, const float *weight, size_t n, float eps,
		    float *y)
{
	__m256 s[2] = { _mm256_setzero_ps(), _mm256_setzero_ps() }, v;
	float scale;

	for (size_t i = 0; i < n; i += HALF) {
		v = load_some(x + i, n - i);
		s[i / HALF % 2] = _mm256_fmadd_ps(v, v, s[i / HALF % 2]);
	}
	scale = 1.0f / sqrtf(join(s[0], s[1]) / (float)n + eps);
	for (size_t i = 0; i < n; i += HALF) {
		v = _mm256_mul_ps(load_some(x + i, n - i),
				  _mm256_set1_ps(scale));
		v = _mm256_mul_ps(v, load_some(weight + i, n - i));
		store_some(y + i, n - i, v);
	}
}

static void rope_pairs(float *x, const float *cos, const float *sin, size_t n)
{
	/* each of four angles twice */
	const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
	__m256 v, c, s;

	for (size_t i = 0; i < n; i += HALF) {
		size_t left = n - i < HALF ? n - i : HALF;

		v = load_some(x + i, left);
		c = _mm256_permutevar8x32_ps(load_some(cos + i / 2, left / 2),
					     twice);
		s = _mm256_permutevar8x32_ps(load_some(sin + i / 2, left / 2),
					     twice);
		s = _mm256_mul_ps(_mm256_permute_ps(v, 0xb1), s);
		store_some(x + i, left, _mm256_fmaddsub_ps(v, c, s));
	}
}

static void rope_halves(float *x, const float *cos, const float *sin, size_t n)
{
	size_t half = n / 2, left;
	__m256 a, b, c, s;

	for (size_t i = 0; i < half; i += HALF) {
		left = half - i;
		a = load_some(x + i, left);
		b = load_some(x + half + i, left);
		c = load_some(cos + i, left);
		s = load_some(sin + i, left);
		store_some(x + i, left,
			   _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)));
		store_some(x + half + i, left,
			   _mm256_fmadd_ps(b, c, _mm256_mul_ps(a, s)));
	}
}

static void silu_mul(const float *gate, const float *up, size_t n, float *y)
{
	const __m256 one = _mm256_set1_ps(1.0f);
	__m256 g, e;

	for (size_t i = 0; i < n; i += HALF) {
		g = load_some(gate + i, n - i);
		e = exp_lanes(_mm256_sub_ps(_mm256_set1_ps(-0.0f), g));
		g = _mm256_div_ps(g, _mm256_add_ps(one, e));
		g = _mm256_mul_ps(g, load_some(up + i, n - i));
		store_some(y + i, n - i, g);
	}
}

static void add(float *x, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i += HALF)
		store_some(x + i, n - i,
			   _mm256_add_ps(load_some(x + i, n - i),
					 load_some(y + i, n - i)));
}

static float exponentials(float *x, size_t n)
{
	__m256 s[2] = { _mm256_setzero_ps(), _mm256_setzero_ps() }, v, max;
	__m256 *to;

	max = _mm256_set1_ps(x[0]);
	for (size_t i = 0; i < n; i += HALF) {
		v = load_some(x + i, n - i);
		v = _mm256_blendv_ps(max, v, _mm256_castsi256_ps(lanes(n - i)));
		max = _mm256_max_ps(max, v);
	}
	max = _mm256_set1_ps(max_lane(max));
	for (size_t i = 0; i < n; i += HALF) {
		v = exp_lanes(_mm256_sub_ps(load_some(x + i, n - i), max));
		store_some(x + i, n - i, v);
		to = &s[i / HALF % 2];
		*to = _mm256_add_ps(
			*to,
			_mm256_and_ps(v, _mm256_castsi256_ps(lanes(n - i))));
	}
	return join(s[0], s[1]);
}

static void softmax(float *x, size_t n)
{
	__m256 inverse = _mm256_set1_ps(1.0f / exponentials(x, n));

	for (size_t i = 0; i < n; i += HALF)
		store_some(x + i, n - i,
			   _mm256_mul_ps(load_some(x + i, n - i), inverse));
}

static void to_f16(const float *x, size_t n, uint16_t *y)
{
	uint16_t some[HALF];

	for (size_t i = 0; i < n; i += HALF) {
		__m128i h = _mm256_cvtps_ph(load_some(x + i, n - i),
					    _MM_FROUND_TO_NEAREST_INT |
						    _MM_FROUND_NO_EXC);

		if (n - i >= HALF) {
			_mm_storeu_si128((void *)(y + i), h);
		} else {
			_mm_storeu_si128((void *)some, h);
			memcpy(y + i, some, (n - i) * 2);
		}
	}
}

INLINE void scores_8(const struct oae_attention *a, size_t position, size_t j0,
		     int n)
{
	const uint16_t *k = a->k +
			    position / OAE_TILE * OAE_TILE * a->head_dim +
			    position % OAE_TILE;
	__m256 acc[GROUP], v;

	for (int j = 0; j < n; j++)
		acc[j] = _mm256_setzero_ps();
	for (size_t i = 0; i < a->head_dim; i++) {
		v = load_f16(k + i * OAE_TILE);
		for (int j = 0; j < n; j++)
			acc[j] = _mm256_fmadd_ps(
				_mm256_set1_ps(a->q[j0 + (size_t)j][i]), v,
				acc[j]);
	}
	for (int j = 0; j < n; j++)
		_mm256_storeu_ps(
			a->scores + (j0 + (size_t)j) * a->scores_ld + position,
			_mm256_mul_ps(acc[j], _mm256_set1_ps(a->scale)));
}

/* Adds positions t0..t1-1 to all dimensions of queries j0..j0+n-1. */
INLINE void values(const struct oae_attention *a, size_t j0, int n, size_t t0,
		   size_t t1)
{
	const float *p = a->scores + j0 * a->scores_ld;
	__m256 acc[GROUP], v, share;

	for (size_t dim = 0; dim < a->head_dim; dim += HALF) {
		for (int j = 0; j < n; j++)
			acc[j] = _mm256_loadu_ps(a->out[j0 + (size_t)j] + dim);
		for (size_t t = t0; t < t1; t++) {
			v = load_f16(a->v + t * a->head_dim + dim);
			for (size_t j = 0; j < (size_t)n; j++) {
				share = _mm256_set1_ps(p[j * a->scores_ld + t]);
				acc[j] = _mm256_fmadd_ps(share, v, acc[j]);
			}
		}
		for (int j = 0; j < n; j++)
			_mm256_storeu_ps(a->out[j0 + (size_t)j] + dim, acc[j]);
	}
}

INLINE void attend(const struct oae_attention *a, size_t j0, int n)
{
	size_t least = a->n_pos[j0], most = a->n_pos[j0], end = j0 + (size_t)n;
	float inverse[GROUP];

	for (size_t j = j0 + 1; j < end; j++) {
		least = a->n_pos[j] < least ? a->n_pos[j] : least;
		most = a->n_pos[j] > most ? a->n_pos[j] : most;
	}
	for (size_t t = 0; t < most; t += HALF)
		scores_8(a, t, j0, n);
	for (size_t j = j0; j < end; j++) {
		inverse[j - j0] =
			1.0f /
			exponentials(a->scores + j * a->scores_ld, a->n_pos[j]);
		memset(a->out[j], 0, a->head_dim * sizeof(float));
	}
	values(a, j0, n, 0, least);
	for (size_t j = j0; j < end; j++) {
		values(a, j, 1, least, a->n_pos[j]);
		for (size_t i = 0; i < a->head_dim; i++)
			a->out[j][i] *= inverse[j - j0];
	}
}

static void attention(const struct oae_attention *a)
{
	size_t j;

	for (j = 0; j + GROUP <= a->n; j += GROUP)
		attend(a, j, GROUP);
	for (; j < a->n; j++)
		attend(a, j, 1);
}

const struct oae_kernels oae_kernels_avx2 = {
	.name = "avx2",
	.quantize = quantize,
	.matmul = matmul,
	.rmsnorm = rmsnorm,
	.rope_pairs = rope_pairs,
	.rope_halves = rope_halves,
	.silu_mul = silu_mul,
	.add = add,
	.softmax = softmax,
	.to_f16 = to_f16,
	.attention = attention,
};

#endif
