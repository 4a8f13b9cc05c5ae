/* SPDX-License-Identifier: Apache-2.0 */
/* AVX2 with FMA and F16C: what works on one row, and the table. */
#include "adapters/reference/kernels/lanes_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <math.h>

/* Four vectors of whole numbers, each in a byte, as 32 bytes in order. */
INLINE __m256i low_bytes(const __m256i v[4])
{
	const __m256i byte = _mm256_set1_epi32(255);
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
	__m256i a, b;

	a = _mm256_packus_epi32(_mm256_and_si256(v[0], byte),
				_mm256_and_si256(v[1], byte));
	b = _mm256_packus_epi32(_mm256_and_si256(v[2], byte),
				_mm256_and_si256(v[3], byte));
	return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(a, b), order);
}

INLINE int32_t sum_lanes(__m256i v)
{
	__m128i a = _mm_add_epi32(_mm256_castsi256_si128(v),
				  _mm256_extracti128_si256(v, 1));

	a = _mm_add_epi32(a, _mm_shuffle_epi32(a, 0x4e));
	return _mm_cvtsi128_si32(_mm_add_epi32(a, _mm_shuffle_epi32(a, 0xb1)));
}

/* pairs and, returned, the sum of neighbours' products; of 32 bytes. */
INLINE int32_t pair_block(__m256i q, int16_t *pairs)
{
	const __m256i order = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		1, 3, 0, 2, 5, 7, 4, 6, 9, 11, 8, 10, 13, 15, 12, 14));
	__m256i a, b, sum;

	q = _mm256_shuffle_epi8(q, order);
	a = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(q));
	b = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(q, 1));
	_mm256_storeu_si256((void *)pairs, _mm256_slli_epi16(a, 8));
	_mm256_storeu_si256((void *)(pairs + 16), _mm256_slli_epi16(b, 8));
	/* each product comes twice */
	sum = _mm256_add_epi32(
		_mm256_madd_epi16(a, _mm256_shuffle_epi32(a, 0xb1)),
		_mm256_madd_epi16(b, _mm256_shuffle_epi32(b, 0xb1)));
	return sum_lanes(sum) / 2;
}

static void quantize(struct oae_acts *acts, size_t row)
{
	const __m256 sign = _mm256_set1_ps(-0.0f);
	const float *x = acts->x + row * acts->cols;
	size_t blocks = acts->cols / OAE_TENSOR_BLOCK;
	__m256 v[4], max, scale;
	__m256i n[4], q, sum;
	int32_t pairs;
	float most;

	for (size_t i = row * blocks; i < (row + 1) * blocks; i++) {
		max = _mm256_setzero_ps();
		for (size_t k = 0; k < 4; k++) {
			v[k] = _mm256_loadu_ps(x + k * HALF);
			/* of a NaN and a number max_ps takes the second */
			max = _mm256_max_ps(_mm256_andnot_ps(sign, v[k]), max);
		}
		most = max_lane(max);
		acts->d[i] = most / 127.0f;
		scale = _mm256_set1_ps(most > 0 ? 127.0f / most : 0);
		for (int k = 0; k < 4; k++)
			n[k] = _mm256_cvtps_epi32(_mm256_mul_ps(v[k], scale));
		q = low_bytes(n);
		_mm256_storeu_si256((void *)(acts->q + i * OAE_TENSOR_BLOCK),
				    q);
		sum = _mm256_madd_epi16(
			_mm256_maddubs_epi16(_mm256_set1_epi8(1), q),
			_mm256_set1_epi16(1));
		acts->off[i] = -128 * sum_lanes(sum);
		x += OAE_TENSOR_BLOCK;
		if (!acts->pairs)
			continue;
		pairs = pair_block(q, acts->pairs + i * OAE_TENSOR_BLOCK);
		acts->cross[i] = (int32_t)(256 * (uint32_t)acts->off[i] -
					   65536 * (uint32_t)pairs);
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

const struct oae_kernels oae_kernels_avx2 = {
	.name = "avx2",
	.uses_pairs = true,
	.quantize = quantize,
	.matmul = oae_matmul_avx2,
	.rmsnorm = rmsnorm,
	.rope_pairs = rope_pairs,
	.rope_halves = rope_halves,
	.silu_mul = silu_mul,
	.add = add,
	.softmax = softmax,
	.to_f16 = to_f16,
	.attention = oae_attention_avx2,
};

#endif
