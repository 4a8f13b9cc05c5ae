/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NEON: what works on vectors, and the two tables, which differ in their
 * products of bytes.
 */
#include "adapters/reference/kernels/kernels.h"

#ifdef __aarch64__

#include <math.h>

#include "adapters/reference/kernels/exp.h"
#include "adapters/reference/kernels/lanes_neon.h"

INLINE float32x4_t exp_lanes(float32x4_t x)
{
	float32x4_t n, r, p;

	/* of a NaN and a number these give the number, as the oracle does */
	x = vmaxnmq_f32(x, vdupq_n_f32(OAE_EXP_LOW));
	x = vminnmq_f32(x, vdupq_n_f32(OAE_EXP_HIGH));
	n = vfmaq_f32(vdupq_n_f32(OAE_EXP_ROUND), x,
		      vdupq_n_f32(OAE_EXP_LOG2E));
	n = vsubq_f32(n, vdupq_n_f32(OAE_EXP_ROUND));
	r = vfmaq_f32(x, n, vdupq_n_f32(-OAE_EXP_LN2_HIGH));
	r = vfmaq_f32(r, n, vdupq_n_f32(-OAE_EXP_LN2_LOW));
	p = vfmaq_f32(vdupq_n_f32(OAE_EXP_P1), vdupq_n_f32(OAE_EXP_P0), r);
	p = vfmaq_f32(vdupq_n_f32(OAE_EXP_P2), p, r);
	p = vfmaq_f32(vdupq_n_f32(OAE_EXP_P3), p, r);
	p = vfmaq_f32(vdupq_n_f32(OAE_EXP_P4), p, r);
	p = vfmaq_f32(vdupq_n_f32(OAE_EXP_P5), p, r);
	p = vfmaq_f32(r, p, vmulq_f32(r, r));
	p = vaddq_f32(p, vdupq_n_f32(1.0f));
	return vreinterpretq_f32_s32(vaddq_s32(
		vreinterpretq_s32_f32(p), vshlq_n_s32(vcvtq_s32_f32(n), 23)));
}

/* Four rounded to bytes; what is not finite becomes 0. */
INLINE int32x4_t rounded(float32x4_t x)
{
	uint32x4_t good = vcltq_f32(vabsq_f32(x), vdupq_n_f32(128));

	return vandq_s32(vcvtnq_s32_f32(x), vreinterpretq_s32_u32(good));
}

INLINE void quantize_block(const float *x, int8_t *q, float *d, int32_t *off)
{
	float32x4_t most = vdupq_n_f32(0);
	int32x4_t v, sum = vdupq_n_s32(0);
	float max, inverse;
	int32_t lane[QUARTER];

	for (int i = 0; i < OAE_TENSOR_BLOCK; i += QUARTER)
		most = vmaxnmq_f32(most, vabsq_f32(vld1q_f32(x + i)));
	max = vmaxvq_f32(most);
	*d = max / 127.0f;
	inverse = max > 0 ? 127.0f / max : 0;
	for (int i = 0; i < OAE_TENSOR_BLOCK; i += QUARTER) {
		v = rounded(vmulq_n_f32(vld1q_f32(x + i), inverse));
		sum = vaddq_s32(sum, v);
		vst1q_s32(lane, v);
		for (int j = 0; j < QUARTER; j++)
			q[i + j] = (int8_t)lane[j];
	}
	*off = -128 * vaddvq_s32(sum);
}

static void quantize(struct oae_acts *a, size_t row)
{
	size_t blocks = a->cols / OAE_TENSOR_BLOCK, i;

	for (size_t b = 0; b < blocks; b++) {
		i = row * blocks + b;
		quantize_block(a->x + i * OAE_TENSOR_BLOCK,
			       a->q + i * OAE_TENSOR_BLOCK, a->d + i,
			       a->off + i);
	}
}

static void rmsnorm(const float *x, const float *weight, size_t n, float eps,
		    float *y)
{
	float32x4_t s[QUARTER] = { vdupq_n_f32(0), vdupq_n_f32(0),
				   vdupq_n_f32(0), vdupq_n_f32(0) };
	float32x4_t v;
	float scale;

	for (size_t i = 0; i < n; i += QUARTER) {
		v = load_some(x + i, n - i);
		s[i / QUARTER % 4] = vfmaq_f32(s[i / QUARTER % 4], v, v);
	}
	scale = 1.0f / sqrtf(join(s) / (float)n + eps);
	for (size_t i = 0; i < n; i += QUARTER) {
		v = vmulq_n_f32(load_some(x + i, n - i), scale);
		v = vmulq_f32(v, load_some(weight + i, n - i));
		store_some(y + i, n - i, v);
	}
}

static void rotate(float *a, float *b, float c, float s)
{
	float x = *a, y = *b;

	*a = fmaf(x, c, -(y * s));
	*b = fmaf(y, c, x * s);
}

INLINE void rotate_lanes(float32x4_t *a, float32x4_t *b, float32x4_t c,
			 float32x4_t s)
{
	float32x4_t x = *a, y = *b;

	*a = vfmaq_f32(vnegq_f32(vmulq_f32(y, s)), x, c);
	*b = vfmaq_f32(vmulq_f32(x, s), y, c);
}

static void rope_pairs(float *x, const float *cos, const float *sin, size_t n)
{
	size_t half = n / 2, i;
	float32x4x2_t v;

	for (i = 0; i + QUARTER <= half; i += QUARTER) {
		v = vld2q_f32(x + 2 * i);
		rotate_lanes(&v.val[0], &v.val[1], vld1q_f32(cos + i),
			     vld1q_f32(sin + i));
		vst2q_f32(x + 2 * i, v);
	}
	for (; i < half; i++)
		rotate(&x[2 * i], &x[2 * i + 1], cos[i], sin[i]);
}

static void rope_halves(float *x, const float *cos, const float *sin, size_t n)
{
	size_t half = n / 2, i;
	float32x4_t a, b;

	for (i = 0; i + QUARTER <= half; i += QUARTER) {
		a = vld1q_f32(x + i);
		b = vld1q_f32(x + half + i);
		rotate_lanes(&a, &b, vld1q_f32(cos + i), vld1q_f32(sin + i));
		vst1q_f32(x + i, a);
		vst1q_f32(x + half + i, b);
	}
	for (; i < half; i++)
		rotate(&x[i], &x[i + half], cos[i], sin[i]);
}

static void silu_mul(const float *gate, const float *up, size_t n, float *y)
{
	float32x4_t g, e;

	for (size_t i = 0; i < n; i += QUARTER) {
		g = load_some(gate + i, n - i);
		e = vaddq_f32(vdupq_n_f32(1.0f), exp_lanes(vnegq_f32(g)));
		g = vmulq_f32(vdivq_f32(g, e), load_some(up + i, n - i));
		store_some(y + i, n - i, g);
	}
}

static void add(float *x, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i += QUARTER)
		store_some(x + i, n - i,
			   vaddq_f32(load_some(x + i, n - i),
				     load_some(y + i, n - i)));
}

float oae_exponentials_neon(float *x, size_t n)
{
	float32x4_t s[QUARTER] = { vdupq_n_f32(0), vdupq_n_f32(0),
				   vdupq_n_f32(0), vdupq_n_f32(0) };
	float max = x[0];
	size_t i;

	for (i = 1; i < n; i++)
		max = x[i] > max ? x[i] : max;
	for (i = 0; i < n; i += QUARTER) {
		float32x4_t v = load_some(x + i, n - i);

		v = exp_lanes(vsubq_f32(v, vdupq_n_f32(max)));
		store_some(x + i, n - i, v);
		v = load_some(x + i, n - i); /* zeros beyond the end */
		s[i / QUARTER % 4] = vaddq_f32(s[i / QUARTER % 4], v);
	}
	return join(s);
}

static void softmax(float *x, size_t n)
{
	float inverse = 1.0f / oae_exponentials_neon(x, n);

	for (size_t i = 0; i < n; i += QUARTER)
		store_some(x + i, n - i,
			   vmulq_n_f32(load_some(x + i, n - i), inverse));
}

static void to_f16(const float *x, size_t n, uint16_t *y)
{
	uint16_t lane[QUARTER];
	size_t left;

	for (size_t i = 0; i < n; i += QUARTER) {
		left = n - i < QUARTER ? n - i : QUARTER;
		vst1_u16(lane, vreinterpret_u16_f16(
				       vcvt_f16_f32(load_some(x + i, left))));
		memcpy(y + i, lane, left * sizeof(*y));
	}
}

#define TABLE(label, product)                                                 \
	{                                                                     \
		.name = label, .quantize = quantize, .matmul = product,       \
		.rmsnorm = rmsnorm, .rope_pairs = rope_pairs,                 \
		.rope_halves = rope_halves, .silu_mul = silu_mul, .add = add, \
		.softmax = softmax, .to_f16 = to_f16,                         \
		.attention = oae_attention_neon,                              \
	}

const struct oae_kernels oae_kernels_neon = TABLE("neon", oae_matmul_neon);
const struct oae_kernels oae_kernels_neondot =
	TABLE("neondot", oae_matmul_neondot);

#endif
