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

/* The rows of a tile; where there are fewer than 16, the last one again. */
struct rows {
	const uint8_t *at[OAE_TILE];
};

static struct rows rows_of(const uint8_t *first, size_t bytes, size_t n)
{
	struct rows r;

	for (size_t i = 0; i < OAE_TILE; i++)
		r.at[i] = first + (i < n ? i : n - 1) * bytes;
	return r;
}

typedef uint32_t quad __attribute__((vector_size(16)));

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector) /* gcc since 12 */
#define SHUFFLES
#endif
#endif

/* Four words of four rows, each xored with flip, to four lines. */
static inline void turn(const uint8_t *const row[4], size_t at, uint32_t flip,
			uint8_t *to)
{
#ifdef SHUFFLES
	quad a, b, c, d, ab, cd;

	memcpy(&a, row[0] + at, sizeof(a));
	memcpy(&b, row[1] + at, sizeof(b));
	memcpy(&c, row[2] + at, sizeof(c));
	memcpy(&d, row[3] + at, sizeof(d));
	ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) ^ flip;
	cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) ^ flip;
	a = __builtin_shufflevector(a, b, 2, 6, 3, 7) ^ flip;
	c = __builtin_shufflevector(c, d, 2, 6, 3, 7) ^ flip;
	b = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
	d = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
	memcpy(to, &b, sizeof(b));
	memcpy(to + 64, &d, sizeof(d));
	b = __builtin_shufflevector(a, c, 0, 1, 4, 5);
	d = __builtin_shufflevector(a, c, 2, 3, 6, 7);
	memcpy(to + 128, &b, sizeof(b));
	memcpy(to + 192, &d, sizeof(d));
#else
	uint32_t word;

	for (size_t r = 0; r < 4; r++)
		for (size_t w = 0; w < 4; w++) {
			memcpy(&word, row[r] + at + w * 4, 4);
			word ^= flip;
			memcpy(to + w * 64 + r * 4, &word, 4);
		}
#endif
}

/*
 * From a place in the rows, n 4-byte words of each to lines of one word of
 * every row, each xored with flip.
 */
static void pack_words(const struct rows *r, size_t at, size_t n, uint32_t flip,
		       uint8_t *to)
{
	size_t rest = n % 4;
	uint32_t word;

	for (n /= 4; n; n--, at += 16, to += 256)
		for (size_t i = 0; i < OAE_TILE; i += 4)
			turn(r->at + i, at, flip, to + i * 4);
	for (; rest; rest--, at += 4, to += 64)
		for (size_t i = 0; i < OAE_TILE; i++) {
			memcpy(&word, r->at[i] + at, 4);
			word ^= flip;
			memcpy(to + i * 4, &word, 4);
		}
}

/* Two bytes of each row to one line. */
static void pack_half(const struct rows *r, size_t at, uint8_t *to)
{
	for (size_t i = 0; i < OAE_TILE; i++)
		memcpy(to + i * 2, r->at[i] + at, 2);
}

/* Columns of two bytes: a word of each row is two lines. */
static void pack_halves(const struct rows *r, size_t cols, uint8_t *to)
{
	uint32_t words[4][OAE_TILE];
	uint16_t lines[8][OAE_TILE];
	size_t c = 0;

	for (; c + 8 <= cols; c += 8) {
		pack_words(r, c * 2, 4, 0, (uint8_t *)words);
		for (size_t w = 0; w < 4; w++)
			for (size_t i = 0; i < OAE_TILE; i++) {
				lines[2 * w][i] = (uint16_t)words[w][i];
				lines[2 * w + 1][i] =
					(uint16_t)(words[w][i] >> 16);
			}
		memcpy(to + c * sizeof(lines[0]), lines, sizeof(lines));
	}
	for (; c < cols; c++)
		pack_half(r, c * 2, to + c * sizeof(lines[0]));
}

/* Blocks of a scale and `words` 4-byte words. */
static void pack_blocks(const struct rows *r, size_t blocks, size_t words,
			uint32_t flip, uint8_t *to)
{
	uint8_t *scales = to + blocks * words * OAE_TILE * 4;
	size_t at = 0;

	for (size_t b = 0; b < blocks; b++, at += 2 + words * 4) {
		pack_half(r, at, scales + b * OAE_TILE * 2);
		pack_words(r, at + 2, words, flip, to + b * words * 64);
	}
}

/* Blocks of Q5_0 as those of Q8_0. */
static void pack_q5_0(const struct rows *r, size_t blocks, uint8_t *to)
{
	uint8_t q[OAE_TILE][OAE_TENSOR_BLOCK], *scales = to + blocks * 512;
	const struct rows wide = rows_of(q[0], sizeof(q[0]), OAE_TILE);
	size_t at = 0;

	for (size_t b = 0; b < blocks; b++, at += OAE_Q5_0_BYTES) {
		for (size_t i = 0; i < OAE_TILE; i++)
			for (size_t j = 0; j < OAE_TENSOR_BLOCK; j++)
				q[i][j] = (uint8_t)oae_q5_0_quant(r->at[i] + at,
								  j);
		pack_half(r, at, scales + b * OAE_TILE * 2);
		pack_words(&wide, 0, 8, 0x80808080u, to + b * 512);
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

/* 32 columns of a row as in Q4_0: those 16 apart share a byte. */
static void pair_nibbles(const uint8_t *from, size_t odd, uint32_t four[4])
{
	for (size_t j = 0; j < 4; j++, from += 4)
		four[j] = nibbles(from, odd) | nibbles(from + 16, odd) << 4;
}

static void pack_q4_k(const struct rows *r, size_t at, struct oae_tile_q4_k *to)
{
	uint32_t q[OAE_TILE][8][4];
	const struct rows wide =
		rows_of((const uint8_t *)q[0], sizeof(q[0]), OAE_TILE);

	pack_half(r, at, (uint8_t *)to->d);
	pack_half(r, at + 2, (uint8_t *)to->m);
	for (size_t i = 0; i < OAE_TILE; i++) {
		const uint8_t *block = r->at[i] + at;

		for (size_t b = 0; b < 8; b++) {
			oae_q4_k_scale(block, b, &to->scale[b][i],
				       &to->minimum[b][i]);
			pair_nibbles(block + 16 + b / 2 * 32, b % 2, q[i][b]);
		}
	}
	pack_words(&wide, 0, 32, 0, to->q[0][0][0]);
}

static void pack_q6_k(const struct rows *r, size_t at, struct oae_tile_q6_k *to)
{
	struct {
		uint32_t low[4], high[2];
	} q[OAE_TILE][8] = { 0 };
	const struct rows wide =
		rows_of((const uint8_t *)q[0], sizeof(q[0]), OAE_TILE);

	pack_half(r, at + OAE_Q6_K_SCALES + 16, (uint8_t *)to->d);
	memset(to->zero, 0, sizeof(to->zero));
	for (size_t b = 0; b < 8; b++)
		pack_half(r, at + OAE_Q6_K_SCALES + b * 2,
			  (uint8_t *)to->scale[b]);
	for (size_t i = 0; i < OAE_TILE; i++) {
		const uint8_t *block = r->at[i] + at;

		for (size_t b = 0; b < 8; b++) {
			const uint8_t *high = block + 128 + b / 4 * 32;

			pair_nibbles(block + b / 4 * 64 + b % 2 * 32, b % 4 / 2,
				     q[i][b].low);
			for (size_t t = 0; t < 8; t++)
				q[i][b].high[t / 4] |=
					(word(high + 4 * t) >> b % 4 * 2 &
					 0x03030303u)
					<< 2 * (t % 4);
		}
	}
	pack_words(&wide, 0, 48, 0, to->q[0].low[0][0]);
}

static void pack_tile(enum oae_tensor_type type, const struct rows *r,
		      size_t cols, uint8_t *to)
{
	size_t blocks = cols / OAE_TENSOR_BLOCK;
	size_t supers = cols / OAE_TENSOR_SUPER;

	switch (type) {
	case OAE_TENSOR_F32:
		pack_words(r, 0, cols, 0, to);
		break;
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		pack_halves(r, cols, to);
		break;
	case OAE_TENSOR_Q8_0:
		pack_blocks(r, blocks, 8, 0x80808080u, to);
		break;
	case OAE_TENSOR_Q5_0:
		pack_q5_0(r, blocks, to);
		break;
	case OAE_TENSOR_Q4_0:
		pack_blocks(r, blocks, 4, 0, to);
		break;
	case OAE_TENSOR_Q4_K:
		for (size_t s = 0; s < supers; s++)
			pack_q4_k(r, s * OAE_Q4_K_BYTES,
				  (struct oae_tile_q4_k *)(void *)to + s);
		break;
	case OAE_TENSOR_Q6_K:
		for (size_t s = 0; s < supers; s++)
			pack_q6_k(r, s * OAE_Q6_K_BYTES,
				  (struct oae_tile_q6_k *)(void *)to + s);
		break;
	}
}

/* Bytes of a row of a GGUF matrix. */
static size_t row_bytes(enum oae_tensor_type type, size_t cols)
{
	size_t blocks = cols / OAE_TENSOR_BLOCK;
	size_t supers = cols / OAE_TENSOR_SUPER;

	switch (type) {
	case OAE_TENSOR_F32:
		return cols * 4;
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		return cols * 2;
	case OAE_TENSOR_Q8_0:
		return blocks * OAE_Q8_0_BYTES;
	case OAE_TENSOR_Q5_0:
		return blocks * OAE_Q5_0_BYTES;
	case OAE_TENSOR_Q4_0:
		return blocks * OAE_Q4_0_BYTES;
	case OAE_TENSOR_Q4_K:
		return supers * OAE_Q4_K_BYTES;
	case OAE_TENSOR_Q6_K:
		return supers * OAE_Q6_K_BYTES;
	}
	return 0;
}

void oae_pack_tiles(enum oae_tensor_type type, const void *src, size_t rows,
		    size_t cols, size_t tile0, size_t tile1, uint8_t *dst)
{
	size_t from = row_bytes(type, cols);
	size_t to = oae_pack_tile_bytes(type, cols);

	for (size_t t = tile0; t < tile1; t++) {
		struct rows r =
			rows_of((const uint8_t *)src + t * OAE_TILE * from,
				from, rows - t * OAE_TILE);

		pack_tile(type, &r, cols, dst + t * to);
	}
}
