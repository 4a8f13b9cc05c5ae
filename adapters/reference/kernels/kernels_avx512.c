/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AVX-512: what works on vectors, and the two tables, which differ in their
 * products of bytes.
 */
#include "adapters/reference/kernels/kernels.h"

#ifdef __AVX512BW__

#include <math.h>

#include "adapters/reference/kernels/lanes_avx512.h"

static void quantize(struct oae_acts *acts, size_t row)
{
	size_t blocks = acts->cols / OAE_TENSOR_BLOCK;
	const float *x = acts->x + row * acts->cols;
	int8_t *q = acts->q + row * acts->cols;
	float *d = acts->d + row * blocks;
	int32_t *off = acts->off + row * blocks;
	__m512 a, b, scale, most;
	__m512i u, v;
	__m128i low, high;
	float max;

	for (size_t k = 0; k < blocks; k++) {
		a = _mm512_loadu_ps(x + k * 32);
		b = _mm512_loadu_ps(x + k * 32 + 16);
		/* of a NaN and a number, max gives the second operand */
		most = _mm512_max_ps(_mm512_abs_ps(b), _mm512_setzero_ps());
		most = _mm512_max_ps(_mm512_abs_ps(a), most);
		max = _mm512_reduce_max_ps(most);
		d[k] = max / 127.0f;
		scale = _mm512_set1_ps(max > 0 ? 127.0f / max : 0);
		u = _mm512_cvtps_epi32(_mm512_mul_ps(a, scale));
		v = _mm512_cvtps_epi32(_mm512_mul_ps(b, scale));
		low = _mm512_cvtepi32_epi8(u);
		high = _mm512_cvtepi32_epi8(v);
		_mm_storeu_si128((void *)(q + k * 32), low);
		_mm_storeu_si128((void *)(q + k * 32 + 16), high);
		/* again from the bytes: a NaN's is 0 */
		u = _mm512_cvtepi8_epi32(low);
		v = _mm512_cvtepi8_epi32(high);
		off[k] = -128 * _mm512_reduce_add_epi32(_mm512_add_epi32(u, v));
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

#define TABLE(label, product)                                                 \
	{                                                                     \
		.name = (label), .quantize = quantize, .matmul = (product),   \
		.rmsnorm = rmsnorm, .rope_pairs = rope_pairs,                 \
		.rope_halves = rope_halves, .silu_mul = silu_mul, .add = add, \
		.softmax = softmax, .to_f16 = to_f16,                         \
		.attention = oae_attention_avx512,                            \
	}

const struct oae_kernels oae_kernels_avx512bw =
	TABLE("avx512bw", oae_matmul_avx512bw);
const struct oae_kernels oae_kernels_avx512vnni =
	TABLE("avx512vnni", oae_matmul_avx512vnni);

#endif
