/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/kernels/kernels.h"

#include <string.h>

size_t oae_pack_tile_bytes(enum oae_tensor_type type, size_t cols)
{
	size_t blocks = cols / OAE_TENSOR_BLOCK, bytes = 0;

	switch (type) {
	case OAE_TENSOR_F32:
		bytes = cols * OAE_TILE * 4;
		break;
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		bytes = cols * OAE_TILE * 2;
		break;
	case OAE_TENSOR_Q8_0:
		bytes = blocks * OAE_TILE * OAE_Q8_0_BYTES;
		break;
	case OAE_TENSOR_Q4_0:
		bytes = blocks * OAE_TILE * OAE_Q4_0_BYTES;
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

static void pack_row(enum oae_tensor_type type, const uint8_t *src, size_t row,
		     size_t cols, uint8_t *tile)
{
	size_t blocks = cols / OAE_TENSOR_BLOCK, lane = row % OAE_TILE;

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
	case OAE_TENSOR_Q4_0:
		pack_blocks(src + row * blocks * OAE_Q4_0_BYTES, blocks, 4, 0,
			    lane, tile);
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
