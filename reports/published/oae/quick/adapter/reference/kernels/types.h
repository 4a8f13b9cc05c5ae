/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element types of weights, numbered as in GGUF, and IEEE binary16.
 *   Q8_0: blocks of 32: f16 scale d, int8 q[32];        x = d * q
 *   Q4_0: blocks of 32: f16 scale d, 16 bytes, element j in the low nibble
 *         of byte j, j + 16 in the high one;            x = d * (q - 8)
 */
#ifndef OAE_REFERENCE_KERNELS_TYPES_H
#define OAE_REFERENCE_KERNELS_TYPES_H

#include <stdint.h>
#include <string.h>

#define OAE_TENSOR_BLOCK 32 /* elements of a quantised block */
#define OAE_Q8_0_BYTES 34   /* bytes of a Q8_0 block */
#define OAE_Q4_0_BYTES 18   /* bytes of a Q4_0 block */

enum oae_tensor_type {
	OAE_TENSOR_F32 = 0,
	OAE_TENSOR_F16 = 1,
	OAE_TENSOR_Q4_0 = 2,
	OAE_TENSOR_Q8_0 = 8,
	OAE_TENSOR_BF16 = 30,
};

/* Rounds to nearest even. */
static inline uint16_t oae_f16_from_f32(float x)
{
	uint32_t u, sign, mant, half, rest, shift, mid;
	int exp;

	memcpy(&u, &x, 4);
	sign = u >> 16 & 0x8000u;
	exp = (int)(u >> 23 & 0xff);
	mant = u & 0x7fffffu;
	if (exp == 0xff) /* infinity, or a quiet NaN */
		return (uint16_t)(sign | 0x7c00u |
				  (mant ? 0x200u | mant >> 13 : 0));
	if (exp > 142) /* 2^16 and more */
		return (uint16_t)(sign | 0x7c00u);
	if (exp < 102) /* below half of the least subnormal */
		return (uint16_t)sign;
	if (exp < 113) {
		mant |= 0x800000u;
		shift = (uint32_t)(126 - exp);
		half = 0;
	} else {
		shift = 13;
		half = (uint32_t)(exp - 112) << 10;
	}
	half += mant >> shift;
	rest = mant & ((1u << shift) - 1);
	mid = 1u << (shift - 1);
	if (rest > mid || (rest == mid && (half & 1)))
		half++; /* may carry into the exponent, rightly */
	return (uint16_t)(sign | half);
}

static inline float oae_f32_from_f16(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000u) << 16, mant = h & 0x3ffu, u;
	uint32_t exp = h >> 10 & 0x1fu;
	float f;

	if (exp == 0) { /* mant * 2^-24, exact */
		f = (float)mant * 5.9604644775390625e-8f;
		return sign ? -f : f;
	}
	if (exp == 31)
		u = sign | 0x7f800000u | mant << 13;
	else
		u = sign | (exp + 112) << 23 | mant << 13;
	memcpy(&f, &u, 4);
	return f;
}

static inline float oae_f32_from_bf16(uint16_t h)
{
	uint32_t u = (uint32_t)h << 16;
	float f;

	memcpy(&f, &u, 4);
	return f;
}

#endif
