/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner loops, as one table of functions with several implementations
 * chosen at run time. "scalar" is the oracle: the others do the same
 * operations on every element in the same order (fused multiply-adds where
 * it says fma, reductions over OAE_TILE partial sums joined by halves), so
 * that all give the same bits.
 *
 * Batch invariance: the result for one row of a batch is made of that row
 * and the weights alone, in an order that does not depend on the batch.
 * Speculative decoding is lossless because of it.
 *
 * Weights are packed at load in tiles of 16 output rows, row in the lane:
 *   F32, F16, BF16: [cols][16]
 *   Q8_0: [cols / 32] of {[8][16][4] bytes q + 128}, then [cols / 32][16] f16
 *   Q4_0: [cols / 32] of {[4][16][4] bytes}, then [cols / 32][16] f16
 *   Q5_0: as Q8_0, which holds its values: 8.5 bits a weight for its 5.5
 *   Q4_K: [cols / 256] of struct oae_tile_q4_k, 4.625 bits a weight
 *   Q6_K: [cols / 256] of struct oae_tile_q6_k, 6.625 bits a weight
 * A last tile that is not full has its last row in the other lanes, too.
 */
#ifndef OAE_REFERENCE_KERNELS_KERNELS_H
#define OAE_REFERENCE_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/kernels/types.h"
#include "base/status.h"

#define OAE_TILE 16
#define OAE_ATTENTION_QUERIES 8 /* most queries of one attention call */
#define OAE_PACK_ALIGNMENT 64

/*
 * 256 columns of a tile of K-quants; [16] is the row. With a the activations'
 * q, da their scales and, for block b, sum[b] its products scale * q * a
 * summed (below 2^24: exact as float) and total[b] its a summed, every table
 * computes in this order
 *   s = fma(sum[b], da[b], s), t = fma(minimum[b], da[b] * total[b], t)
 * from 0 over the 8 blocks; y = fma(d, s, y), then y = fma(-m, t, y).
 * Q6_K has no t; its q are less 32.
 */
struct oae_tile_q4_k {
	uint16_t d[16], m[16];
	uint8_t scale[8][16], minimum[8][16];
	uint8_t q[8][4][16][4]; /* by block, as in Q4_0 */
};

struct oae_tile_q6_k {
	uint16_t d[16];
	uint8_t zero[32];
	int8_t scale[8][16][2]; /* of a block's two halves */
	struct {
		uint8_t low[4][16][4]; /* nibbles, as in Q4_0 */
		/*
		 * The upper bits of the halves' 16 elements: bits 2t and
		 * 2t + 1 of byte i are those of element 4t + i.
		 */
		uint8_t high[2][16][4];
	} q[8];
};

struct oae_packed {
	enum oae_tensor_type type;
	size_t rows, cols;   /* outputs, inputs */
	size_t tile_bytes;   /* of 16 rows */
	const uint8_t *data; /* aligned to OAE_PACK_ALIGNMENT */
	bool memory;	     /* a hint: will not be in a cache, nor fits */
};

/*
 * Activations: x is [rows][cols]; for quantised weights also q [rows][cols],
 * d [rows][cols / 32] the scales, and off [rows][cols / 32], -128 times the
 * sum of a block's q (it takes the +128 of packed weights out again).
 *
 * Tables that multiply Q8_0 in 16 bits (uses_pairs) want pairs [rows][cols],
 * 256 times q, of every four elements the order 1 3 0 2; and cross [rows]
 * [cols / 32], 256 times off minus 65536 times the sum over a block of
 * q[2i] * q[2i + 1], modulo 2^32. Both are NULL where no table wants them, or
 * rows are multiplied one at a time: then no table does.
 */
struct oae_acts {
	size_t cols;
	float *x;
	int8_t *q;
	float *d;
	int32_t *off;
	int16_t *pairs;
	int32_t *cross;
};

/*
 * Attention of up to OAE_ATTENTION_QUERIES queries over one cached head.
 * k is [blocks of 16 positions][head_dim][16] f16, v is [position][head_dim]
 * f16; head_dim is a multiple of 16. Query i sees positions 0..n_pos[i)-1,
 * n_pos[i] > 0. scores holds scores_ld floats per query, scores_ld >= n_pos
 * rounded up to 16.
 */
struct oae_attention {
	const float *q[OAE_ATTENTION_QUERIES]; /* [head_dim] each */
	float *out[OAE_ATTENTION_QUERIES];     /* [head_dim] each */
	uint32_t n_pos[OAE_ATTENTION_QUERIES];
	size_t n;
	const uint16_t *k, *v;
	size_t head_dim;
	float scale;
	float *scores;
	size_t scores_ld;
	bool memory; /* a hint: k and v will not be in a cache */
};

struct oae_kernels {
	const char *name;
	bool uses_pairs; /* matmul of several rows reads pairs and cross */
	/*
	 * A row of x: blocks of 32, q = round(x * 127 / max|x|), d, off, and
	 * pairs and cross where they are not NULL. A NaN counts as 0; an
	 * infinity makes d infinite, and so a product NaN.
	 */
	void (*quantize)(struct oae_acts *a, size_t row);
	/*
	 * y[row * ldy + out] for outputs of tiles tile0..tile1-1 and batch rows
	 * row0..row1-1 of x; y is indexed from row 0. Quantised weights read
	 * what quantize() made, others x.
	 */
	void (*matmul)(const struct oae_packed *w, size_t tile0, size_t tile1,
		       const struct oae_acts *x, size_t row0, size_t row1,
		       float *y, size_t ldy);
	/* y = x / sqrt(mean(x^2) + eps) * weight; y may be x. */
	void (*rmsnorm)(const float *x, const float *weight, size_t n,
			float eps, float *y);
	/*
	 * Rotates n elements in place by cos and sin [n / 2]: pairs
	 * (2i, 2i + 1), or halves (i, i + n / 2).
	 */
	void (*rope_pairs)(float *x, const float *cos, const float *sin,
			   size_t n);
	void (*rope_halves)(float *x, const float *cos, const float *sin,
			    size_t n);
	/* y = gate / (1 + exp(-gate)) * up; y may be gate. */
	void (*silu_mul)(const float *gate, const float *up, size_t n,
			 float *y);
	void (*add)(float *x, const float *y, size_t n); /* x += y */
	/* In place: x = exp(x - max) / sum. */
	void (*softmax)(float *x, size_t n);
	void (*to_f16)(const float *x, size_t n, uint16_t *y);
	void (*attention)(const struct oae_attention *a);
};

/*
 * The best table for this processor, or the one that the environment
 * variable OAE_KERNELS names: scalar; avx2, avx512bw (without VNNI),
 * avx512vnni, or avx512, the better of these two; neon, neondot. OAE_ERR_USAGE
 * when there is none of that name, OAE_ERR_UNSUPPORTED when the processor lacks
 * it.
 */
enum oae_status oae_kernels_select(const struct oae_kernels **out,
				   struct oae_error *err);
/* By name, for tests; the same errors. */
enum oae_status oae_kernels_find(const char *name,
				 const struct oae_kernels **out,
				 struct oae_error *err);

/* What a matrix becomes when packed: itself, but Q5_0 becomes Q8_0. */
enum oae_tensor_type oae_pack_type(enum oae_tensor_type type);
/* Bytes of a packed matrix (and of one tile), a multiple of the alignment. */
size_t oae_pack_bytes(enum oae_tensor_type type, size_t rows, size_t cols);
size_t oae_pack_tile_bytes(enum oae_tensor_type type, size_t cols);
/*
 * Packs tiles tile0..tile1-1 of a GGUF matrix (rows one after another) into
 * dst, the start of the packed matrix. Any part of it may run in parallel.
 */
void oae_pack_tiles(enum oae_tensor_type type, const void *src, size_t rows,
		    size_t cols, size_t tile0, size_t tile1, uint8_t *dst);

/* One row as floats, the same as those of the file's row. */
void oae_unpack_row(const struct oae_packed *w, size_t row, float *x);

extern const struct oae_kernels oae_kernels_scalar;
#ifdef __x86_64__
extern const struct oae_kernels oae_kernels_avx2;
extern const struct oae_kernels oae_kernels_avx512bw, oae_kernels_avx512vnni;
#endif
#ifdef __aarch64__
extern const struct oae_kernels oae_kernels_neon, oae_kernels_neondot;
#endif

#endif
