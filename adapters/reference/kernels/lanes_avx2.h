/* SPDX-License-Identifier: Apache-2.0 */
/* What the AVX2 files share; only they include it. A tile is two halves. */
#ifndef OAE_REFERENCE_KERNELS_LANES_AVX2_H
#define OAE_REFERENCE_KERNELS_LANES_AVX2_H

#include "adapters/reference/kernels/kernels.h"

void oae_matmul_avx2(const struct oae_packed *w, size_t tile0, size_t tile1,
		     const struct oae_acts *x, size_t row0, size_t row1,
		     float *y, size_t ldy);
void oae_attention_avx2(const struct oae_attention *a);

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>
#include <string.h>

#include "adapters/reference/kernels/exp.h"

#define INLINE static inline __attribute__((always_inline))
#define HALF 8

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

/* x becomes exp(x - max); returns the sum. */
INLINE float exponentials(float *x, size_t n)
{
	__m256 s[2] = { _mm256_setzero_ps(), _mm256_setzero_ps() }, v, max;
	size_t whole = n / HALF * HALF, i;
	__m256 some = _mm256_castsi256_ps(lanes(n - whole));

	max = _mm256_set1_ps(x[0]);
	for (i = 0; i < whole; i += HALF)
		max = _mm256_max_ps(max, _mm256_loadu_ps(x + i));
	if (i < n)
		max = _mm256_max_ps(
			max,
			_mm256_blendv_ps(max, load_some(x + i, n - i), some));
	max = _mm256_set1_ps(max_lane(max));
	for (i = 0; i < whole; i += HALF) {
		v = exp_lanes(_mm256_sub_ps(_mm256_loadu_ps(x + i), max));
		_mm256_storeu_ps(x + i, v);
		s[i / HALF % 2] = _mm256_add_ps(s[i / HALF % 2], v);
	}
	if (i < n) {
		v = exp_lanes(_mm256_sub_ps(load_some(x + i, n - i), max));
		store_some(x + i, n - i, v);
		s[i / HALF % 2] =
			_mm256_add_ps(s[i / HALF % 2], _mm256_and_ps(v, some));
	}
	return join(s[0], s[1]);
}

#endif
#endif
