/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exp() as all kernels compute it: x = n ln 2 + r, a polynomial in r
 * (Cephes, S. Moshier: expf), times 2^n by the exponent bits. Within 2 ulp
 * on [-87, 88]; arguments beyond are clamped.
 */
#ifndef OAE_REFERENCE_KERNELS_EXP_H
#define OAE_REFERENCE_KERNELS_EXP_H

#define OAE_EXP_LOW -87.0f
#define OAE_EXP_HIGH 88.0f
#define OAE_EXP_LOG2E 1.44269504088896341f
#define OAE_EXP_ROUND 12582912.0f /* 1.5 * 2^23 */
#define OAE_EXP_LN2_HIGH 0.693359375f
#define OAE_EXP_LN2_LOW -2.12194440e-4f
#define OAE_EXP_P0 1.9875691500e-4f
#define OAE_EXP_P1 1.3981999507e-3f
#define OAE_EXP_P2 8.3334519073e-3f
#define OAE_EXP_P3 4.1665795894e-2f
#define OAE_EXP_P4 1.6666665459e-1f
#define OAE_EXP_P5 5.0000001201e-1f

#endif
