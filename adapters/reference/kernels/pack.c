/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/kernels/kernels.h"

#include <string.h>

enum oae_tensor_type oae_pack_type(enum oae_tensor_type type)
{
	return type == OAE_TENSOR_Q5_0 ? OAE_TENSOR_Q8_0 : type;
}

size_t oae_pack_tile_bytes(enum oae_tensor_type type, size_t cols)
{
	size_t blocks = cols / OAE_TENSOR_BLOCK, bytes = 0;
	size_t supers = cols / OAE_TENSOR_SUPER;

	switch (type) {
	case OAE_TENSOR_F32:
		bytes = cols * OAE_TILE * 4;
		break;
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		bytes = cols * OAE_TILE * 2;
		break;
	case OAE_TENSOR_Q5_0:
	case OAE_TENSOR_Q8_0:
		bytes = blocks * OAE_TILE * OAE_Q8_0_BYTES;
		break;
	case OAE_TENSOR_Q4_0:
		bytes = blocks * OAE_TILE * OAE_Q4_0_BYTES;
		break;
	case OAE_TENSOR_Q4_K:
		bytes = supers * sizeof(struct oae_tile_q4_k);
		break;
	case OAE_TENSOR_Q6_K:
		bytes = supers * sizeof(struct oae_tile_q6_k);
		break;
	}
	return (bytes + OAE_PACK_ALIGNMENT - 1) / OAE_PACK_ALIGNMENT *
	       OAE_PACK_ALIGNMENT;
}

size_t oae_pack_bytes(enum oae_tensor_type type, size_t rows, size_t cols)
{
	return (rows + OAE_TILE - 1) / OAE_TILE *
	       oae_pack_tile_bytes(type, cols);
}

/* One row into its lane; elements of `size` bytes. */
static void pack_plain(const uint8_t *row, size_t cols, size_t size,
		       size_t lane, uint8_t *tile)
{
	tile += lane * size;
	for (size_t i = 0; i < cols; i++)
		memcpy(tile + i * OAE_TILE * size, row + i * size, size);
}

/* Blocks of a scale and `words` 4-byte groups, each xored with flip. */
static void pack_blocks(const uint8_t *row, size_t blocks, size_t words,
			uint32_t flip, size_t lane, uint8_t *tile)
{
	uint8_t *scales = tile + blocks * words * OAE_TILE * 4;
	uint32_t group;

	for (size_t b = 0; b < blocks; b++) {
		memcpy(scales + (b * OAE_TILE + lane) * 2, row, 2);
		row += 2;
		for (size_t j = 0; j < words; j++) {
			memcpy(&group, row, 4);
			group ^= flip;
			memcpy(tile + ((b * words + j) * OAE_TILE + lane) * 4,
			       &group, 4);
			row += 4;
		}
	}
}

/* Blocks of Q5_0 as those of Q8_0. */
static void pack_q5_0(const uint8_t *row, size_t blocks, size_t lane,
		      uint8_t *tile)
{
	uint8_t block[OAE_TENSOR_BLOCK], *scales = tile + blocks * 512;

	for (size_t b = 0; b < blocks; b++, row += OAE_Q5_0_BYTES) {
		memcpy(scales + (b * OAE_TILE + lane) * 2, row, 2);
		for (size_t i = 0; i < OAE_TENSOR_BLOCK; i++)
			block[i] = (uint8_t)(oae_q5_0_quant(row, i) + 128);
		for (size_t j = 0; j < 8; j++, tile += OAE_TILE * 4)
			memcpy(tile + lane * 4, block + j * 4, 4);
	}
}

static uint32_t word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* Four nibbles, low or (of an odd part) high, as bytes. */
static uint32_t nibbles(const uint8_t *p, size_t odd)
{
	return word(p) >> (odd ? 4 : 0) & 0x0f0f0f0fu;
}

/* Both pack a super-block of a row, four columns at a time. */
static void pack_q4_k(const uint8_t *row, size_t lane, struct oae_tile_q4_k *to)
{
	const uint8_t *from;
	uint32_t four;

	memcpy(&to->d[lane], row, 2);
	memcpy(&to->m[lane], row + 2, 2);
	for (size_t b = 0; b < 8; b++) {
		oae_q4_k_scale(row, b, &to->scale[b][lane],
			       &to->minimum[b][lane]);
		from = row + 16 + b / 2 * 32;
		for (size_t j = 0; j < 4; j++, from += 4) {
			four = nibbles(from, b % 2) | nibbles(from + 16, b % 2)
							      << 4;
			memcpy(to->q[b][j][lane], &four, 4);
		}
	}
}

static void pack_q6_k(const uint8_t *row, size_t lane, struct oae_tile_q6_k *to)
{
	const uint8_t *low, *high;
	uint32_t four;

	memcpy(&to->d[lane], row + OAE_Q6_K_SCALES + 16, 2);
	memset(to->zero, 0, sizeof(to->zero));
	for (size_t b = 0; b < 8; b++) {
		memcpy(to->scale[b][lane], row + OAE_Q6_K_SCALES + b * 2, 2);
		low = row + b / 4 * 64 + b % 2 * 32;
		high = row + 128 + b / 4 * 32;
		for (size_t j = 0; j < 4; j++, low += 4) {
			four = nibbles(low, b % 4 / 2) |
			       nibbles(low + 16, b % 4 / 2) << 4;
			memcpy(to->q[b].low[j][lane], &four, 4);
		}
		for (size_t i = 0; i < 2; i++, high += 16) {
			four = 0;
			for (size_t t = 0; t < 4; t++)
				four |= (word(high + 4 * t) >> b % 4 * 2 &
					 0x03030303u)
					<< 2 * t;
			memcpy(to->q[b].high[i][lane], &four, 4);
		}
	}
}

static void pack_row(enum oae_tensor_type type, const uint8_t *src, size_t row,
		     size_t cols, uint8_t *tile)
{
	size_t blocks = cols / OAE_TENSOR_BLOCK, lane = row % OAE_TILE;
	size_t supers = cols / OAE_TENSOR_SUPER;

	switch (type) {
	case OAE_TENSOR_F32:
		pack_plain(src + row * cols * 4, cols, 4, lane, tile);
		break;
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		pack_plain(src + row * cols * 2, cols, 2, lane, tile);
		break;
	case OAE_TENSOR_Q8_0:
		pack_blocks(src + row * blocks * OAE_Q8_0_BYTES, blocks, 8,
			    0x80808080u, lane, tile);
		break;
	case OAE_TENSOR_Q5_0:
		pack_q5_0(src + row * blocks * OAE_Q5_0_BYTES, blocks, lane,
			  tile);
		break;
	case OAE_TENSOR_Q4_0:
		pack_blocks(src + row * blocks * OAE_Q4_0_BYTES, blocks, 4, 0,
			    lane, tile);
		break;
	case OAE_TENSOR_Q4_K:
		src += row * supers * OAE_Q4_K_BYTES;
		for (size_t s = 0; s < supers; s++)
			pack_q4_k(src + s * OAE_Q4_K_BYTES, lane,
				  (struct oae_tile_q4_k *)(void *)tile + s);
		break;
	case OAE_TENSOR_Q6_K:
		src += row * supers * OAE_Q6_K_BYTES;
		for (size_t s = 0; s < supers; s++)
			pack_q6_k(src + s * OAE_Q6_K_BYTES, lane,
				  (struct oae_tile_q6_k *)(void *)tile + s);
		break;
	}
}

void oae_pack_tiles(enum oae_tensor_type type, const void *src, size_t rows,
		    size_t cols, size_t tile0, size_t tile1, uint8_t *dst)
{
	size_t bytes = oae_pack_tile_bytes(type, cols), end;

	for (size_t t = tile0; t < tile1; t++) {
		end = (t + 1) * OAE_TILE;
		if (end > rows) { /* lanes without a row read zeros */
			memset(dst + t * bytes, 0, bytes);
			end = rows;
		}
		for (size_t r = t * OAE_TILE; r < end; r++)
			pack_row(type, src, r, cols, dst + t * bytes);
	}
}
