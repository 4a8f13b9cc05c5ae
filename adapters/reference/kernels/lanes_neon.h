/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the NEON files share; only they include it. A tile's sixteen rows are
 * four quarters of four lanes.
 */
#ifndef OAE_REFERENCE_KERNELS_LANES_NEON_H
#define OAE_REFERENCE_KERNELS_LANES_NEON_H

#include "adapters/reference/kernels/kernels.h"

#ifdef __aarch64__

#include <arm_neon.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define QUARTER 4

void oae_matmul_neon(const struct oae_packed *w, size_t tile0, size_t tile1,
		     const struct oae_acts *x, size_t row0, size_t row1,
		     float *y, size_t ldy);
void oae_matmul_neondot(const struct oae_packed *w, size_t tile0, size_t tile1,
			const struct oae_acts *x, size_t row0, size_t row1,
			float *y, size_t ldy);
void oae_attention_neon(const struct oae_attention *a);
/* x becomes exp(x - max); returns the sum. */
float oae_exponentials_neon(float *x, size_t n);

INLINE float32x4_t load_f16(const void *p)
{
	uint16x4_t v;

	memcpy(&v, p, sizeof(v));
	return vcvt_f32_f16(vreinterpret_f16_u16(v));
}

/* Lane i with i + 8, then i + 4, ...: the order of the scalar join(). */
INLINE float join(const float32x4_t s[QUARTER])
{
	float32x4_t v = vaddq_f32(vaddq_f32(s[0], s[2]), vaddq_f32(s[1], s[3]));
	float32x2_t w = vadd_f32(vget_low_f32(v), vget_high_f32(v));

	return vget_lane_f32(w, 0) + vget_lane_f32(w, 1);
}

/* Up to four floats, zeros beyond. */
INLINE float32x4_t load_some(const float *x, size_t n)
{
	float lane[QUARTER] = { 0 };

	if (n >= QUARTER)
		return vld1q_f32(x);
	memcpy(lane, x, n * sizeof(*x));
	return vld1q_f32(lane);
}

INLINE void store_some(float *x, size_t n, float32x4_t v)
{
	float lane[QUARTER];

	if (n >= QUARTER) {
		vst1q_f32(x, v);
		return;
	}
	vst1q_f32(lane, v);
	memcpy(x, lane, n * sizeof(*x));
}

#endif
#endif
