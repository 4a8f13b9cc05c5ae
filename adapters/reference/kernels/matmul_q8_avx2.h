/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with Q8_0. For one row of activations in bytes; for several in 16
 * bits, where half of the multiplications go (Winograd 1968), with weights
 * that are whole numbers below 256 and activations times 256:
 *   (w0 + 256 a1) (w1 + 256 a0)
 *     = 256 (w0 a0 + w1 a1) + w0 w1 + 65536 a0 a1.
 * The products of weights alone are shared by all rows, those of activations
 * by all weights (cross in struct oae_acts). Sums are modulo 2^32, which is
 * exact: a block's is below 2^22, so that 256 times it stays what it is. And
 * w + 256 a is w | 256 a, which processors do with more of their units than
 * an addition: on Zen 1 with all four of those that also multiply, for two
 * cycles of 32 products where three took additions.
 *
 * A 32-bit lane has four weights of a row, w0 and w2 as one pair of numbers,
 * w1 and w3 as another (unsigned, 128 too much).
 *
 * Source: S. Winograd, A New Algorithm for Inner Product, IEEE Transactions
 * on Computers C-17 (1968).
 */
#ifndef OAE_REFERENCE_KERNELS_MATMUL_Q8_AVX2_H
#define OAE_REFERENCE_KERNELS_MATMUL_Q8_AVX2_H

#include "adapters/reference/kernels/matmul_avx2.h"

/*
 * Batch rows row0..row1-1 and up to four tiles from tile0 on, but not
 * tile1; returns how many tiles were done.
 */
size_t oae_panel_q8_0_avx2(const struct oae_packed *w, size_t tile0,
			   size_t tile1, const struct oae_acts *x, size_t row0,
			   size_t row1, float *y, size_t ldy);

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define Q8_BLOCK_BYTES 512 /* of a tile, without scales */

INLINE __m256i even(__m256i w)
{
	return _mm256_and_si256(w, _mm256_set1_epi16(255));
}

INLINE __m256i odd(__m256i w)
{
	return _mm256_srli_epi16(w, 8);
}

/* Of a sum of products of pairs, whose products of weights alone are cross. */
INLINE __m256 products(__m256i sum, __m256i cross)
{
	return _mm256_cvtepi32_ps(
		_mm256_srai_epi32(_mm256_sub_epi32(sum, cross), 8));
}

#endif
#endif
