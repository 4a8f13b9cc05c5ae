/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element types of weights, numbered as in GGUF, and IEEE binary16.
 *   Q8_0: blocks of 32: f16 scale d, int8 q[32];        x = d * q
 *   Q4_0: blocks of 32: f16 scale d, 16 bytes, element j in the low nibble
 *         of byte j, j + 16 in the high one;            x = d * (q - 8)
 *   Q5_0: blocks of 32: f16 scale d, 4 bytes with the fifth bits of elements
 *         0..31, 16 bytes as in Q4_0;                   x = d * (q - 16)
 * and the K-quants, super-blocks of 256 elements:
 *   Q4_K: f16 d, f16 m, 12 bytes with a 6-bit scale and minimum for each
 *         32 elements, 128 bytes of nibbles;  x = d * scale * q - m * minimum
 *   Q6_K: 128 bytes of low nibbles, 64 bytes with the upper two bits, 16
 *         int8 scales (for 16 elements each), f16 d;
 *                                             x = d * scale * (q - 32)
 */
#ifndef OAE_REFERENCE_KERNELS_TYPES_H
#define OAE_REFERENCE_KERNELS_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OAE_TENSOR_BLOCK 32  /* elements of a quantised block */
#define OAE_Q8_0_BYTES 34    /* bytes of a Q8_0 block */
#define OAE_Q4_0_BYTES 18    /* bytes of a Q4_0 block */
#define OAE_Q5_0_BYTES 22    /* bytes of a Q5_0 block */
#define OAE_TENSOR_SUPER 256 /* elements of a super-block */
#define OAE_Q4_K_BYTES 144   /* bytes of a Q4_K super-block */
#define OAE_Q6_K_BYTES 210   /* bytes of a Q6_K super-block */
#define OAE_Q6_K_SCALES 192  /* where its scales are; d follows them */

enum oae_tensor_type {
	OAE_TENSOR_F32 = 0,
	OAE_TENSOR_F16 = 1,
	OAE_TENSOR_Q4_0 = 2,
	OAE_TENSOR_Q5_0 = 6,
	OAE_TENSOR_Q8_0 = 8,
	OAE_TENSOR_Q4_K = 12,
	OAE_TENSOR_Q6_K = 14,
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

/* -16..15, of element i of a Q5_0 block. */
static inline int8_t oae_q5_0_quant(const uint8_t *block, size_t i)
{
	uint8_t low = block[6 + i % 16], high = block[2 + i / 8];

	low = i < 16 ? low & 15 : low >> 4;
	return (int8_t)((low | (high >> i % 8 & 1) << 4) - 16);
}

/* 0..15, of element i of a Q4_K super-block. */
static inline uint8_t oae_q4_k_quant(const uint8_t *block, size_t i)
{
	uint8_t byte = block[16 + i / 64 * 32 + i % 32];

	return i % 64 < 32 ? byte & 15 : byte >> 4;
}

/*
 * Scale and minimum, 0..63, of the elements 32 j..32 j + 31. The low six bits
 * of bytes 0-3 are scales 0-3, those of bytes 4-7 minimums 0-3; bytes 8-11
 * have the low nibbles of both 4-7, whose upper two bits are on top of 0-7.
 */
static inline void oae_q4_k_scale(const uint8_t *block, size_t j,
				  uint8_t *scale, uint8_t *minimum)
{
	const uint8_t *s = block + 4;

	if (j < 4) {
		*scale = s[j] & 63;
		*minimum = s[j + 4] & 63;
		return;
	}
	*scale = (uint8_t)((s[j + 4] & 15) | (s[j - 4] >> 6) << 4);
	*minimum = (uint8_t)(s[j + 4] >> 4 | (s[j] >> 6) << 4);
}

/*
 * 0..63, of element i of a Q6_K super-block. Each 128 elements are four parts
 * of 32: low nibbles in 64 bytes (parts 0 and 1 low, 2 and 3 high), the upper
 * bits of the parts side by side in 32 bytes.
 */
static inline uint8_t oae_q6_k_quant(const uint8_t *block, size_t i)
{
	size_t part = i % 128 / 32, l = i % 32;
	uint8_t low = block[i / 128 * 64 + part % 2 * 32 + l];
	uint8_t high = block[128 + i / 128 * 32 + l];

	low = part < 2 ? low & 15 : low >> 4;
	return (uint8_t)(low | (high >> 2 * part & 3) << 4);
}

#endif
