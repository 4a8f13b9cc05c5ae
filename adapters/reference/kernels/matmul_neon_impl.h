/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with NEON, included by matmul_neon.c and matmul_neondot.c, which
 * differ in products of bytes; MATMUL is the function's name. A pass is one
 * tile with up to ROWS batch rows: their sixteen running sums stay in
 * registers, and a block's integers are summed a quarter of a tile at a time.
 */
#include "adapters/reference/kernels/lanes_neon.h"

#define ROWS 4 /* batch rows of a pass */

/* One row of activations, from the current block on. */
struct column {
	const float *x, *d;
	const int8_t *q;
	const int32_t *off;
	float32x4_t acc[4];
};

/* A block's 32 activations of one row; 4-byte groups 0..7 are its words. */
struct block {
	int8x16_t q[2];
};

INLINE struct block load_block(const int8_t *q)
{
	return (struct block){ { vld1q_s8(q), vld1q_s8(q + 16) } };
}

/* ---- products of bytes -------------------------------------------------- */

/* Sums of four rows' products, not yet added up. */
struct sums {
#ifdef __ARM_FEATURE_DOTPROD
	int32x4_t v;
#else
	int32x4_t low, high; /* of rows 0 and 1, of rows 2 and 3: two each */
#endif
};

INLINE int32x4_t sums_end(struct sums s)
{
#ifdef __ARM_FEATURE_DOTPROD
	return s.v;
#else
	return vpaddq_s32(s.low, s.high);
#endif
}

INLINE struct sums sums_zero(void)
{
#ifdef __ARM_FEATURE_DOTPROD
	return (struct sums){ vdupq_n_s32(0) };
#else
	return (struct sums){ vdupq_n_s32(0), vdupq_n_s32(0) };
#endif
}

/* Adds four rows' groups u and v times the words i and j of a block. */
INLINE struct sums dot2(struct sums s, int8x16_t u, int8x16_t v,
			const struct block *a, int i, int j)
{
	int32x4_t even = vreinterpretq_s32_s8(a->q[i / 4]);
	int32x4_t odd = vreinterpretq_s32_s8(a->q[j / 4]);
	int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(even[i % 4]));
	int8x16_t y = vreinterpretq_s8_s32(vdupq_n_s32(odd[j % 4]));
#ifdef __ARM_FEATURE_DOTPROD
	s.v = vdotq_s32(vdotq_s32(s.v, u, x), v, y);
#else
	int16x8_t low, high;

	/* two products of bytes, one of them at most 127, fit in 16 bits */
	low = vmull_s8(vget_low_s8(u), vget_low_s8(x));
	low = vmlal_s8(low, vget_low_s8(v), vget_low_s8(y));
	high = vmull_high_s8(u, x);
	high = vmlal_high_s8(high, v, y);
	s.low = vpadalq_s16(s.low, low);
	s.high = vpadalq_s16(s.high, high);
#endif
	return s;
}

/* ---- a block of a quarter: integers, scaled, onto acc ------------------- */

INLINE void scale_onto(struct column *x, int n, const int32x4_t *sum,
		       float32x4_t dw, size_t b, int quarter)
{
	for (int c = 0; c < n; c++) {
		float32x4_t d = vmulq_n_f32(dw, x[c].d[b]);

		x[c].acc[quarter] =
			vfmaq_f32(x[c].acc[quarter], vcvtq_f32_s32(sum[c]), d);
	}
}

INLINE void block_q8_0(const uint8_t *w, const uint8_t *scales, size_t b,
		       struct column *x, const struct block *a, int n)
{
	int8x16_t v[8];

	for (int p = 0; p < 4; p++) {
		int32x4_t sum[ROWS];

		for (int j = 0; j < 8; j++)
			v[j] = vreinterpretq_s8_u8(
				veorq_u8(vld1q_u8(w + j * 64 + p * 16),
					 vdupq_n_u8(0x80)));
		for (int c = 0; c < n; c++) {
			struct sums s = sums_zero();

			for (int j = 0; j < 8; j += 2)
				s = dot2(s, v[j], v[j + 1], &a[c], j, j + 1);
			sum[c] = sums_end(s);
		}
		scale_onto(x, n, sum, load_f16(scales + b * 32 + p * 8), b, p);
	}
}

/* Nibbles of four rows: columns 4 j.. in u, 16 + 4 j.. in v. */
INLINE void load_nibbles(const uint8_t *w, int8x16_t u[4], int8x16_t v[4])
{
	for (int j = 0; j < 4; j++) {
		uint8x16_t both = vld1q_u8(w + j * 64);

		u[j] = vreinterpretq_s8_u8(vandq_u8(both, vdupq_n_u8(15)));
		v[j] = vreinterpretq_s8_u8(vshrq_n_u8(both, 4));
	}
}

INLINE int32x4_t dot_nibbles(const int8x16_t u[4], const int8x16_t v[4],
			     const struct block *a)
{
	struct sums s = sums_zero();

	for (int j = 0; j < 4; j++)
		s = dot2(s, u[j], v[j], a, j, 4 + j);
	return sums_end(s);
}

INLINE void block_q4_0(const uint8_t *w, const uint8_t *scales, size_t b,
		       struct column *x, const struct block *a, int n)
{
	int8x16_t u[4], v[4];
	int32x4_t sum[ROWS];

	for (int p = 0; p < 4; p++) {
		load_nibbles(w + p * 16, u, v);
		for (int c = 0; c < n; c++) /* the +8 of nibbles */
			sum[c] = vaddq_s32(vdupq_n_s32(x[c].off[b] / 16),
					   dot_nibbles(u, v, &a[c]));
		scale_onto(x, n, sum, load_f16(scales + b * 32 + p * 8), b, p);
	}
}

INLINE void tile_blocks(enum oae_tensor_type type, const uint8_t *w,
			size_t blocks, struct column *x, int n)
{
	size_t bytes = type == OAE_TENSOR_Q8_0 ? 512 : 256;
	const uint8_t *scales = w + blocks * bytes;
	struct block a[ROWS];

	for (size_t b = 0; b < blocks; b++, w += bytes) {
		for (int c = 0; c < n; c++)
			a[c] = load_block(x[c].q + b * OAE_TENSOR_BLOCK);
		if (type == OAE_TENSOR_Q8_0)
			block_q8_0(w, scales, b, x, a, n);
		else
			block_q4_0(w, scales, b, x, a, n);
	}
}

/* ---- K-quants: the order of sums is in kernels.h ------------------------ */

INLINE int32x4_t widen(const uint8_t *bytes)
{
	uint32_t lane[4] = { bytes[0], bytes[1], bytes[2], bytes[3] };

	return vreinterpretq_s32_u32(vld1q_u32(lane));
}

/* A quarter of a super-block for one row of activations. */
INLINE void super_q4_k(const struct oae_tile_q4_k *w, struct column *x, int p)
{
	float32x4_t s = vdupq_n_f32(0), t = vdupq_n_f32(0);
	int8x16_t u[4], v[4];

	for (size_t b = 0; b < 8; b++) {
		struct block a = load_block(x->q + b * OAE_TENSOR_BLOCK);
		float total = (float)(x->off[b] / -128);
		int32x4_t sum;

		load_nibbles(&w->q[b][0][p * 4][0], u, v);
		sum = vmulq_s32(dot_nibbles(u, v, &a),
				widen(&w->scale[b][p * 4]));
		s = vfmaq_n_f32(s, vcvtq_f32_s32(sum), x->d[b]);
		t = vfmaq_n_f32(t, vcvtq_f32_s32(widen(&w->minimum[b][p * 4])),
				x->d[b] * total);
	}
	x->acc[p] = vfmaq_f32(x->acc[p], load_f16(&w->d[p * 4]), s);
	x->acc[p] = vfmsq_f32(x->acc[p], load_f16(&w->m[p * 4]), t);
}

/* Six bits less 32, of nibbles and where the upper bits are the lowest two. */
INLINE int8x16_t six(int8x16_t nibbles, uint8x16_t high)
{
	high = vshlq_n_u8(vandq_u8(high, vdupq_n_u8(3)), 4);
	return vsubq_s8(vorrq_s8(nibbles, vreinterpretq_s8_u8(high)),
			vdupq_n_s8(32));
}

INLINE void super_q6_k(const struct oae_tile_q6_k *w, struct column *x, int p)
{
	float32x4_t s = vdupq_n_f32(0);
	int8x16_t u[4], v[4];

	for (size_t b = 0; b < 8; b++) {
		struct block a = load_block(x->q + b * OAE_TENSOR_BLOCK);
		uint8x16_t high[2] = { vld1q_u8(w->q[b].high[0][p * 4]),
				       vld1q_u8(w->q[b].high[1][p * 4]) };
		int16x4x2_t scale;
		int32x4_t sum;
		struct sums first = sums_zero(), second = sums_zero();

		load_nibbles(w->q[b].low[0][p * 4], u, v);
		for (int j = 0; j < 4; j++) {
			u[j] = six(u[j], high[0]);
			v[j] = six(v[j], high[1]);
			high[0] = vshrq_n_u8(high[0], 2);
			high[1] = vshrq_n_u8(high[1], 2);
		}
		for (int j = 0; j < 4; j += 2) {
			first = dot2(first, u[j], u[j + 1], &a, j, j + 1);
			second = dot2(second, v[j], v[j + 1], &a, 4 + j, 5 + j);
		}
		scale.val[0] =
			vget_low_s16(vmovl_s8(vld1_s8(w->scale[b][p * 4])));
		scale.val[1] =
			vget_high_s16(vmovl_s8(vld1_s8(w->scale[b][p * 4])));
		scale = vuzp_s16(scale.val[0], scale.val[1]);
		sum = vmulq_s32(sums_end(first), vmovl_s16(scale.val[0]));
		sum = vmlaq_s32(sum, sums_end(second), vmovl_s16(scale.val[1]));
		s = vfmaq_n_f32(s, vcvtq_f32_s32(sum), x->d[b]);
	}
	x->acc[p] = vfmaq_f32(x->acc[p], load_f16(&w->d[p * 4]), s);
}

INLINE void tile_supers(enum oae_tensor_type type, const uint8_t *w,
			size_t supers, struct column *x, int n)
{
	for (size_t i = 0; i < supers; i++) {
		for (int c = 0; c < n; c++) {
			for (int p = 0; p < 4; p++) {
				if (type == OAE_TENSOR_Q4_K)
					super_q4_k((const void *)w, &x[c], p);
				else
					super_q6_k((const void *)w, &x[c], p);
			}
			x[c].q += OAE_TENSOR_SUPER;
			x[c].d += 8;
			x[c].off += 8;
		}
		w += type == OAE_TENSOR_Q4_K ? sizeof(struct oae_tile_q4_k) :
					       sizeof(struct oae_tile_q6_k);
	}
}

/* ---- floats ------------------------------------------------------------- */

INLINE float32x4_t load_weights(enum oae_tensor_type type, const uint8_t *w,
				size_t i)
{
	uint16x4_t half;

	if (type == OAE_TENSOR_F32)
		return vld1q_f32((const float *)(const void *)w + i);
	if (type == OAE_TENSOR_F16)
		return load_f16(w + i * 2);
	memcpy(&half, w + i * 2, sizeof(half));
	return vreinterpretq_f32_u32(vshll_n_u16(half, 16));
}

INLINE void tile_plain(enum oae_tensor_type type, const uint8_t *w, size_t cols,
		       struct column *x, int n)
{
	float32x4_t v;

	for (size_t i = 0; i < cols; i++) {
		for (size_t p = 0; p < 4; p++) {
			v = load_weights(type, w, i * OAE_TILE + p * 4);
			for (int c = 0; c < n; c++)
				x[c].acc[p] =
					vfmaq_n_f32(x[c].acc[p], v, x[c].x[i]);
		}
	}
}

/* ---- one tile, n rows (a constant once inlined) ------------------------- */

INLINE void tile_any(const struct oae_packed *w, const uint8_t *tile,
		     struct column *x, int n)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK;

	switch (w->type) {
	case OAE_TENSOR_Q8_0:
		tile_blocks(OAE_TENSOR_Q8_0, tile, blocks, x, n);
		break;
	case OAE_TENSOR_Q4_0:
		tile_blocks(OAE_TENSOR_Q4_0, tile, blocks, x, n);
		break;
	case OAE_TENSOR_Q4_K:
		tile_supers(OAE_TENSOR_Q4_K, tile, blocks / 8, x, n);
		break;
	case OAE_TENSOR_Q6_K:
		tile_supers(OAE_TENSOR_Q6_K, tile, blocks / 8, x, n);
		break;
	case OAE_TENSOR_F32:
		tile_plain(OAE_TENSOR_F32, tile, w->cols, x, n);
		break;
	case OAE_TENSOR_F16:
		tile_plain(OAE_TENSOR_F16, tile, w->cols, x, n);
		break;
	case OAE_TENSOR_BF16:
		tile_plain(OAE_TENSOR_BF16, tile, w->cols, x, n);
		break;
	case OAE_TENSOR_Q5_0: /* packed as Q8_0 */
		break;
	}
}

INLINE void tile_rows(const struct oae_packed *w, size_t t,
		      const struct oae_acts *a, size_t row, int n, float *y,
		      size_t ldy)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK, left;
	struct column x[ROWS];

	for (int c = 0; c < n; c++) {
		x[c].x = a->x + (row + (size_t)c) * w->cols;
		x[c].q = a->q + (row + (size_t)c) * w->cols;
		x[c].d = a->d + (row + (size_t)c) * blocks;
		x[c].off = a->off + (row + (size_t)c) * blocks;
		for (int p = 0; p < 4; p++)
			x[c].acc[p] = vdupq_n_f32(0);
	}
	tile_any(w, w->data + t * w->tile_bytes, x, n);
	for (size_t p = 0; p < 4 && t * OAE_TILE + p * 4 < w->rows; p++) {
		left = w->rows - t * OAE_TILE - p * 4;
		for (int c = 0; c < n; c++)
			store_some(y + (row + (size_t)c) * ldy + t * OAE_TILE +
					   p * 4,
				   left, x[c].acc[p]);
	}
}

void MATMUL(const struct oae_packed *w, size_t tile0, size_t tile1,
	    const struct oae_acts *x, size_t row0, size_t row1, float *y,
	    size_t ldy)
{
	size_t r;

	for (size_t t = tile0; t < tile1; t++) {
		for (r = row0; r + ROWS <= row1; r += ROWS)
			tile_rows(w, t, x, r, ROWS, y, ldy);
		for (; r + 2 <= row1; r += 2)
			tile_rows(w, t, x, r, 2, y, ldy);
		if (r < row1)
			tile_rows(w, t, x, r, 1, y, ldy);
	}
}
