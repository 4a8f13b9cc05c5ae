/* SPDX-License-Identifier: Apache-2.0 */
/* The way back from packed tiles: single rows, as an embedding needs them. */
#include "adapters/reference/kernels/kernels.h"

#include <string.h>

/* Both quantised forms: where a block's words are, and the row's scale. */
static float scale_at(const uint8_t *scales, size_t block, size_t lane)
{
	uint16_t h;

	memcpy(&h, scales + (block * OAE_TILE + lane) * 2, 2);
	return oae_f32_from_f16(h);
}

static void unpack_q8_0(const uint8_t *tile, size_t cols, size_t lane, float *x)
{
	const uint8_t *scales = tile + cols * OAE_TILE;
	float d = 0;

	for (size_t i = 0; i < cols; i += 4) {
		const uint8_t *four = tile + i * OAE_TILE + lane * 4;

		if (i % OAE_TENSOR_BLOCK == 0)
			d = scale_at(scales, i / OAE_TENSOR_BLOCK, lane);
		for (size_t j = 0; j < 4; j++)
			x[i + j] = d * (float)(four[j] - 128);
	}
}

static void unpack_q4_0(const uint8_t *tile, size_t cols, size_t lane, float *x)
{
	const uint8_t *scales = tile + cols / 2 * OAE_TILE;

	for (size_t b = 0; b < cols / OAE_TENSOR_BLOCK; b++) {
		float d = scale_at(scales, b, lane);

		for (size_t i = 0; i < 16; i++, x++) {
			uint8_t two =
				tile[(b * 4 + i / 4) * 64 + lane * 4 + i % 4];

			x[0] = d * (float)((two & 15) - 8);
			x[16] = d * (float)((two >> 4) - 8);
		}
		x += 16;
	}
}

static void unpack_q4_k(const struct oae_tile_q4_k *t, size_t lane, float *x)
{
	for (size_t b = 0; b < 8; b++, x += 32) {
		float d = oae_f32_from_f16(t->d[lane]) * t->scale[b][lane];
		float m = oae_f32_from_f16(t->m[lane]) * t->minimum[b][lane];

		for (size_t i = 0; i < 16; i++) {
			uint8_t two = t->q[b][i / 4][lane][i % 4];

			x[i] = d * (float)(two & 15) - m;
			x[i + 16] = d * (float)(two >> 4) - m;
		}
	}
}

static void unpack_q6_k(const struct oae_tile_q6_k *t, size_t lane, float *x)
{
	float d = oae_f32_from_f16(t->d[lane]);

	for (size_t b = 0; b < 8; b++)
		for (size_t i = 0; i < 32; i++, x++) {
			size_t n = i % 16;
			int two = t->q[b].low[n / 4][lane][n % 4];
			int high = t->q[b].high[i / 16][lane][n % 4];
			int q = (i < 16 ? two & 15 : two >> 4) |
				(high >> n / 4 * 2 & 3) << 4;
			int8_t scale = t->scale[b][lane][i / 16];

			*x = d * (float)(scale * (q - 32));
		}
}

static void unpack_halves(const struct oae_packed *w, const uint8_t *tile,
			  size_t lane, float *x)
{
	uint16_t h;

	for (size_t i = 0; i < w->cols; i++) {
		memcpy(&h, tile + (i * OAE_TILE + lane) * 2, 2);
		x[i] = w->type == OAE_TENSOR_F16 ? oae_f32_from_f16(h) :
						   oae_f32_from_bf16(h);
	}
}

void oae_unpack_row(const struct oae_packed *w, size_t row, float *x)
{
	const uint8_t *tile = w->data + row / OAE_TILE * w->tile_bytes;
	const struct oae_tile_q4_k *q4_k = (const void *)tile;
	const struct oae_tile_q6_k *q6_k = (const void *)tile;
	size_t lane = row % OAE_TILE, supers = w->cols / OAE_TENSOR_SUPER;

	switch (w->type) {
	case OAE_TENSOR_F32:
		for (size_t i = 0; i < w->cols; i++)
			memcpy(x + i, tile + (i * OAE_TILE + lane) * 4, 4);
		break;
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		unpack_halves(w, tile, lane, x);
		break;
	case OAE_TENSOR_Q5_0: /* packed as Q8_0 */
	case OAE_TENSOR_Q8_0:
		unpack_q8_0(tile, w->cols, lane, x);
		break;
	case OAE_TENSOR_Q4_0:
		unpack_q4_0(tile, w->cols, lane, x);
		break;
	case OAE_TENSOR_Q4_K:
		for (size_t s = 0; s < supers; s++)
			unpack_q4_k(q4_k + s, lane, x + s * OAE_TENSOR_SUPER);
		break;
	case OAE_TENSOR_Q6_K:
		for (size_t s = 0; s < supers; s++)
			unpack_q6_k(q6_k + s, lane, x + s * OAE_TENSOR_SUPER);
		break;
	}
}
