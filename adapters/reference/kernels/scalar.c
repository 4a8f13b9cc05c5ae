/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle. Sixteen partial sums stand for the sixteen lanes that the
 * other implementations hold in registers.
 */
#include "adapters/reference/kernels/kernels.h"

#include <math.h>
#include <string.h>

#include "adapters/reference/kernels/exp.h"

static float join(float s[OAE_TILE])
{
	for (int half = OAE_TILE / 2; half; half /= 2)
		for (int i = 0; i < half; i++)
			s[i] += s[i + half];
	return s[0];
}

static float exp_one(float x)
{
	float n, r, p;
	uint32_t bits;

	x = x > OAE_EXP_LOW ? x : OAE_EXP_LOW;
	x = x < OAE_EXP_HIGH ? x : OAE_EXP_HIGH;
	n = fmaf(x, OAE_EXP_LOG2E, OAE_EXP_ROUND);
	n -= OAE_EXP_ROUND;
	r = fmaf(n, -OAE_EXP_LN2_HIGH, x);
	r = fmaf(n, -OAE_EXP_LN2_LOW, r);
	p = fmaf(OAE_EXP_P0, r, OAE_EXP_P1);
	p = fmaf(p, r, OAE_EXP_P2);
	p = fmaf(p, r, OAE_EXP_P3);
	p = fmaf(p, r, OAE_EXP_P4);
	p = fmaf(p, r, OAE_EXP_P5);
	p = fmaf(p, r * r, r);
	p += 1.0f;
	memcpy(&bits, &p, 4);
	bits += (uint32_t)(int32_t)n << 23;
	memcpy(&p, &bits, 4);
	return p;
}

/* What the 16-bit products want of a block; see struct oae_acts. */
static void pair_block(const int8_t *q, int32_t off, int16_t *pairs,
		       int32_t *cross)
{
	int32_t sum = 0;

	for (int i = 0; i < OAE_TENSOR_BLOCK; i += 4) {
		pairs[i] = (int16_t)(256 * q[i + 1]);
		pairs[i + 1] = (int16_t)(256 * q[i + 3]);
		pairs[i + 2] = (int16_t)(256 * q[i]);
		pairs[i + 3] = (int16_t)(256 * q[i + 2]);
		sum += q[i] * q[i + 1] + q[i + 2] * q[i + 3];
	}
	*cross = (int32_t)(256 * (uint32_t)off - 65536 * (uint32_t)sum);
}

static void quantize_block(const float *x, int8_t *q, float *d, int32_t *off)
{
	float max = 0, inverse, scaled;
	int32_t sum = 0;

	for (int i = 0; i < OAE_TENSOR_BLOCK; i++)
		max = fmaxf(max, fabsf(x[i])); /* of numbers: no NaN */
	*d = max / 127.0f;
	inverse = max > 0 ? 127.0f / max : 0;
	for (int i = 0; i < OAE_TENSOR_BLOCK; i++) {
		scaled = x[i] * inverse; /* NaN, infinite: 0 */
		q[i] = fabsf(scaled) < 128 ? (int8_t)lrintf(scaled) : 0;
		sum += q[i];
	}
	*off = -128 * sum;
}

static void quantize(struct oae_acts *a, size_t row)
{
	size_t blocks = a->cols / OAE_TENSOR_BLOCK, i;

	for (size_t b = 0; b < blocks; b++) {
		i = row * blocks + b;
		quantize_block(a->x + row * a->cols + b * OAE_TENSOR_BLOCK,
			       a->q + i * OAE_TENSOR_BLOCK, a->d + i,
			       a->off + i);
		if (a->pairs)
			pair_block(a->q + i * OAE_TENSOR_BLOCK, a->off[i],
				   a->pairs + i * OAE_TENSOR_BLOCK,
				   a->cross + i);
	}
}

static float weight_at(enum oae_tensor_type type, const uint8_t *tile, size_t i)
{
	uint16_t h;
	float f;

	if (type == OAE_TENSOR_F32) {
		memcpy(&f, tile + i * 4, 4);
		return f;
	}
	memcpy(&h, tile + i * 2, 2);
	return type == OAE_TENSOR_F16 ? oae_f32_from_f16(h) :
					oae_f32_from_bf16(h);
}

static float dot_plain(const struct oae_packed *w, const uint8_t *tile,
		       size_t lane, const float *x)
{
	float acc = 0;

	for (size_t i = 0; i < w->cols; i++)
		acc = fmaf(weight_at(w->type, tile, i * OAE_TILE + lane), x[i],
			   acc);
	return acc;
}

/* Element i of a block, of the 4-byte groups of all lanes. */
static int32_t block_at(enum oae_tensor_type type, const uint8_t *block,
			size_t lane, size_t i)
{
	size_t j = type == OAE_TENSOR_Q8_0 ? i : i % 16;
	uint8_t byte = block[(j / 4 * OAE_TILE + lane) * 4 + j % 4];

	if (type == OAE_TENSOR_Q8_0)
		return byte - 128;
	return (i < 16 ? byte & 15 : byte >> 4) - 8;
}

static float dot_blocks(const struct oae_packed *w, const uint8_t *tile,
			size_t lane, const int8_t *q, const float *d)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK;
	size_t bytes = w->type == OAE_TENSOR_Q8_0 ? 512 : 256;
	const uint8_t *scales = tile + blocks * bytes;
	float acc = 0;
	int32_t sum;
	uint16_t h;

	for (size_t b = 0; b < blocks; b++) {
		sum = 0;
		for (size_t i = 0; i < OAE_TENSOR_BLOCK; i++)
			sum += block_at(w->type, tile + b * bytes, lane, i) *
			       q[b * OAE_TENSOR_BLOCK + i];
		memcpy(&h, scales + (b * OAE_TILE + lane) * 2, 2);
		acc = fmaf((float)sum, oae_f32_from_f16(h) * d[b], acc);
	}
	return acc;
}

/* The sum of one block's activations. */
static int32_t total(const int8_t *q)
{
	int32_t sum = 0;

	for (size_t i = 0; i < OAE_TENSOR_BLOCK; i++)
		sum += q[i];
	return sum;
}

static float dot_q4_k(const struct oae_tile_q4_k *w, size_t cols, size_t lane,
		      const int8_t *q, const float *d)
{
	float acc = 0, s, t;
	int32_t sum;
	uint8_t byte;

	for (const struct oae_tile_q4_k *end = w + cols / OAE_TENSOR_SUPER;
	     w < end; w++, d += 8) {
		s = t = 0;
		for (size_t b = 0; b < 8; b++, q += OAE_TENSOR_BLOCK) {
			sum = 0;
			for (size_t i = 0; i < 16; i++) {
				byte = w->q[b][i / 4][lane][i % 4];
				sum += (byte & 15) * q[i] +
				       (byte >> 4) * q[i + 16];
			}
			sum *= w->scale[b][lane];
			s = fmaf((float)sum, d[b], s);
			t = fmaf(w->minimum[b][lane], d[b] * (float)total(q),
				 t);
		}
		acc = fmaf(oae_f32_from_f16(w->d[lane]), s, acc);
		acc = fmaf(-oae_f32_from_f16(w->m[lane]), t, acc);
	}
	return acc;
}

static float dot_q6_k(const struct oae_tile_q6_k *w, size_t cols, size_t lane,
		      const int8_t *q, const float *d)
{
	float acc = 0, s;
	int32_t sum, low, high;
	uint8_t byte;

	for (const struct oae_tile_q6_k *end = w + cols / OAE_TENSOR_SUPER;
	     w < end; w++, d += 8) {
		s = 0;
		for (size_t b = 0; b < 8; b++, q += OAE_TENSOR_BLOCK) {
			sum = 0;
			for (size_t i = 0; i < OAE_TENSOR_BLOCK; i++) {
				byte = w->q[b].low[i % 16 / 4][lane][i % 4];
				low = i < 16 ? byte & 15 : byte >> 4;
				byte = w->q[b].high[i / 16][lane][i % 4];
				high = byte >> i % 16 / 4 * 2 & 3;
				sum += w->scale[b][lane][i / 16] *
				       ((low | high << 4) - 32) * q[i];
			}
			s = fmaf((float)sum, d[b], s);
		}
		acc = fmaf(oae_f32_from_f16(w->d[lane]), s, acc);
	}
	return acc;
}

static float dot(const struct oae_packed *w, size_t row,
		 const struct oae_acts *x, size_t r)
{
	const uint8_t *tile = w->data + row / OAE_TILE * w->tile_bytes;
	const float *d = x->d + r * (w->cols / OAE_TENSOR_BLOCK);
	const int8_t *q = x->q + r * w->cols;
	size_t lane = row % OAE_TILE;

	switch (w->type) {
	case OAE_TENSOR_Q8_0:
	case OAE_TENSOR_Q4_0:
		return dot_blocks(w, tile, lane, q, d);
	case OAE_TENSOR_Q4_K:
		return dot_q4_k((const void *)tile, w->cols, lane, q, d);
	case OAE_TENSOR_Q6_K:
		return dot_q6_k((const void *)tile, w->cols, lane, q, d);
	case OAE_TENSOR_F32:
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
	case OAE_TENSOR_Q5_0: /* is packed as Q8_0 */
		break;
	}
	return dot_plain(w, tile, lane, x->x + r * w->cols);
}

static void matmul(const struct oae_packed *w, size_t tile0, size_t tile1,
		   const struct oae_acts *x, size_t row0, size_t row1, float *y,
		   size_t ldy)
{
	size_t end = tile1 * OAE_TILE < w->rows ? tile1 * OAE_TILE : w->rows;

	for (size_t r = row0; r < row1; r++)
		for (size_t i = tile0 * OAE_TILE; i < end; i++)
			y[r * ldy + i] = dot(w, i, x, r);
}

static void rmsnorm(const float *x, const float *weight, size_t n, float eps,
		    float *y)
{
	float s[OAE_TILE] = { 0 }, scale;

	for (size_t i = 0; i < n; i++)
		s[i % OAE_TILE] = fmaf(x[i], x[i], s[i % OAE_TILE]);
	scale = 1.0f / sqrtf(join(s) / (float)n + eps);
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] * scale * weight[i];
}

static void rotate(float *a, float *b, float c, float s)
{
	float x = *a, y = *b;

	*a = fmaf(x, c, -(y * s));
	*b = fmaf(y, c, x * s);
}

static void rope_pairs(float *x, const float *cos, const float *sin, size_t n)
{
	for (size_t i = 0; i < n / 2; i++)
		rotate(&x[2 * i], &x[2 * i + 1], cos[i], sin[i]);
}

static void rope_halves(float *x, const float *cos, const float *sin, size_t n)
{
	for (size_t i = 0; i < n / 2; i++)
		rotate(&x[i], &x[i + n / 2], cos[i], sin[i]);
}

static void silu_mul(const float *gate, const float *up, size_t n, float *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] = gate[i] / (1.0f + exp_one(-gate[i])) * up[i];
}

static void add(float *x, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] += y[i];
}

/* x becomes exp(x - max); returns the sum. */
static float exponentials(float *x, size_t n)
{
	float s[OAE_TILE] = { 0 }, max = x[0];

	for (size_t i = 1; i < n; i++)
		max = x[i] > max ? x[i] : max;
	for (size_t i = 0; i < n; i++) {
		x[i] = exp_one(x[i] - max);
		s[i % OAE_TILE] += x[i];
	}
	return join(s);
}

static void softmax(float *x, size_t n)
{
	float inverse = 1.0f / exponentials(x, n);

	for (size_t i = 0; i < n; i++)
		x[i] *= inverse;
}

static void to_f16(const float *x, size_t n, uint16_t *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] = oae_f16_from_f32(x[i]);
}

static void attend(const struct oae_attention *a, size_t query)
{
	size_t n = a->n_pos[query], dim = a->head_dim;
	float *scores = a->scores + query * a->scores_ld, inverse, acc;
	const float *q = a->q[query];
	const uint16_t *k;

	for (size_t t = 0; t < n; t++) {
		k = a->k + t / OAE_TILE * OAE_TILE * dim + t % OAE_TILE;
		acc = 0;
		for (size_t i = 0; i < dim; i++)
			acc = fmaf(q[i], oae_f32_from_f16(k[i * OAE_TILE]),
				   acc);
		scores[t] = acc * a->scale;
	}
	inverse = 1.0f / exponentials(scores, n);
	for (size_t i = 0; i < dim; i++) {
		acc = 0;
		for (size_t t = 0; t < n; t++)
			acc = fmaf(scores[t],
				   oae_f32_from_f16(a->v[t * dim + i]), acc);
		a->out[query][i] = acc * inverse;
	}
}

static void attention(const struct oae_attention *a)
{
	for (size_t i = 0; i < a->n; i++)
		attend(a, i);
}

const struct oae_kernels oae_kernels_scalar = {
	.name = "scalar",
	.quantize = quantize,
	.matmul = matmul,
	.rmsnorm = rmsnorm,
	.rope_pairs = rope_pairs,
	.rope_halves = rope_halves,
	.silu_mul = silu_mul,
	.add = add,
	.softmax = softmax,
	.to_f16 = to_f16,
	.attention = attention,
};
