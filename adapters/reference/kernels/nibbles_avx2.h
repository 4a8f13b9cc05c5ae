/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products of nibbles, as Q4_0 and Q4_K have them, and bytes: summed in 16
 * bits, where two of each of eight pairs fit (16 * 15 * 127 < 2^15).
 *
 * What bounds them for one row on Zen 1 is instructions: for 32 bytes of
 * weights the one unit that multiplies bytes takes 4 of the 5.4 cycles that
 * the loop takes in registers (15 GB/s a core), and a block's end adds one.
 */
#ifndef OAE_REFERENCE_KERNELS_NIBBLES_AVX2_H
#define OAE_REFERENCE_KERNELS_NIBBLES_AVX2_H

#include "adapters/reference/kernels/matmul_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define NIBBLES_BLOCK_BYTES 256 /* of a tile */

/*
 * A block of a tile with n batch rows, at q[] + at: sums of a half's rows in
 * 16 bits, two to a lane. What is at next is fetched meanwhile.
 */
INLINE void nibble_sums(bool memory, const uint8_t *w, const uint8_t *next,
			const int8_t *const *q, size_t at, int n,
			__m256i (*sum)[2])
{
	const __m256i low = _mm256_set1_epi8(15);
	__m256i u[2], v[2], p, first, second;

#pragma GCC unroll 4
	for (size_t j = 0; j < 4; j++) {
		fetch(memory, next + j * 64);
		for (int h = 0; h < 2; h++) {
			v[h] = load_once(w + j * 64 + h * 32);
			u[h] = _mm256_and_si256(v[h], low);
			v[h] = _mm256_and_si256(_mm256_srli_epi16(v[h], 4),
						low);
		}
		for (int c = 0; c < n; c++) {
			first = spread(q[c] + at + j * 4);
			second = spread(q[c] + at + j * 4 + 16);
			for (int h = 0; h < 2; h++) {
				p = _mm256_maddubs_epi16(u[h], first);
				if (j)
					add_16(&sum[c][h], p);
				else
					sum[c][h] = p;
				p = _mm256_maddubs_epi16(v[h], second);
				add_16(&sum[c][h], p);
			}
		}
	}
}

#endif
#endif
