/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The products of one tile with rows row0..row1-1 of x, a file for each kind
 * of weights; arguments as of matmul() in kernels.h.
 */
#ifndef OAE_REFERENCE_KERNELS_MATMUL_AVX2_H
#define OAE_REFERENCE_KERNELS_MATMUL_AVX2_H

#include "adapters/reference/kernels/lanes_avx2.h"

typedef void oae_tile_fn(const struct oae_packed *w, size_t tile,
			 const struct oae_acts *x, size_t row0, size_t row1,
			 float *y, size_t ldy);

oae_tile_fn oae_tile_q4_0_avx2, oae_tile_plain_avx2;
oae_tile_fn oae_tile_q4_k_avx2, oae_tile_q6_k_avx2;

void oae_matmul_q8_0_avx2(const struct oae_packed *w, size_t tile0,
			  size_t tile1, const struct oae_acts *x, size_t row0,
			  size_t row1, float *y, size_t ldy);

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

/*
 * How far ahead weights are fetched, in bytes: from memory into L1 and past
 * the other caches (a fourth to a third faster than through them on Zen 1,
 * which would have to write all that it drops from L2 to L3), from caches
 * into L1, too.
 */
#define AHEAD_MEMORY 1024
#define AHEAD_BLOCKS 1536 /* the same of blocks, which take longer a line */
#define AHEAD_CACHE 2048

/*
 * What is to come at block b (at w), stepping over the scales that stand
 * between the tiles' blocks.
 */
INLINE const uint8_t *ahead(bool memory, const uint8_t *w, size_t b,
			    size_t blocks, size_t block_bytes,
			    size_t tile_bytes)
{
	size_t far = memory ? AHEAD_BLOCKS : AHEAD_CACHE;
	size_t gap = tile_bytes - blocks * block_bytes;

	return w + far + (b + far / block_bytes >= blocks ? gap : 0);
}

INLINE void fetch(bool memory, const uint8_t *p)
{
	if (memory)
		__asm__ volatile("prefetchnta %0" : : "m"(*p));
	else
		__asm__ volatile("prefetcht0 %0" : : "m"(*p));
}

/*
 * Additions in place, in this order. As plain expressions, compilers reorder
 * those of an unrolled loop or copy the sums about, for which there are no
 * registers, and gather the fetches between them in one burst.
 */
INLINE void add_32(__m256i *sum, __m256i v)
{
	__asm__ volatile("vpaddd %1, %0, %0" : "+x"(*sum) : "x"(v));
}

INLINE void add_16(__m256i *sum, __m256i v)
{
	__asm__ volatile("vpaddw %1, %0, %0" : "+x"(*sum) : "x"(v));
}

/* v + *p, with p read each time rather than kept in a register. */
INLINE __m256i plus_memory_16(__m256i v, const __m256i *p)
{
	__m256i sum;

	__asm__ volatile("vpaddw %2, %1, %0" : "=x"(sum) : "x"(v), "m"(*p));
	return sum;
}

/*
 * Whole numbers below 2^22 become floats by way of a sum that begins with the
 * bits of 1.5 * 2^23, exactly; conversion instructions are slower.
 */
#define FLOAT_BIAS 0x4b400000

INLINE __m256 unbiased(__m256i sum)
{
	return _mm256_sub_ps(_mm256_castsi256_ps(sum),
			     _mm256_set1_ps(12582912.0f));
}

/* The four bytes at p in every lane. */
INLINE __m256i spread(const void *p)
{
	int32_t four;

	memcpy(&four, p, 4);
	return _mm256_set1_epi32(four);
}

INLINE __m256i load(const void *p)
{
	return _mm256_load_si256(p);
}

/* For several uses, which compilers would like to load once each. */
INLINE __m256i load_once(const void *p)
{
	__m256i v = load(p);

	__asm__("" : "+x"(v));
	return v;
}

/* y of one row and tile, or what is there of it. */
INLINE void put(float *y, size_t left, const __m256 acc[2])
{
	store_some(y, left, acc[0]);
	if (left > HALF)
		store_some(y + HALF, left - HALF, acc[1]);
}

INLINE void get(const float *y, size_t left, __m256 acc[2])
{
	acc[0] = load_some(y, left);
	acc[1] = left > HALF ? load_some(y + HALF, left - HALF) :
			       _mm256_setzero_ps();
}

#endif
#endif
