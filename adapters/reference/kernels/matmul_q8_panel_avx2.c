/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with Q8_0 for several batch rows, in 16 bits; see
 * matmul_q8_avx2.h. Some blocks of four tiles are unpacked into L1, and each
 * batch row passes over them: two numbers of it, in registers, serve eight
 * sums, and weights are operands in memory, which costs no instruction. On
 * Zen 1 what bounds the loop is that its vector units take in four halves of
 * instructions a cycle.
 */
#include "adapters/reference/kernels/matmul_q8_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define TILES 4
#define HALVES (2 * TILES)
#define CHUNK 4 /* blocks of a panel: 16 KiB of weights */
#define NEAR 16 /* batch rows that leave L1 room for what is to come */

/* Blocks of some tiles, unpacked. */
struct panel {
	_Alignas(64) __m256i w[CHUNK][8][HALVES][2]; /* even and odd */
	__m256i cross[CHUNK][HALVES]; /* products of weights alone */
	__m256 d[CHUNK][HALVES];
};

/* odd(), but not by the unit that stores, too. */
INLINE __m256i odd_shuffled(__m256i w)
{
	const __m256i order = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		1, -1, 3, -1, 5, -1, 7, -1, 9, -1, 11, -1, 13, -1, 15, -1));

	return _mm256_shuffle_epi8(w, order);
}

/* n blocks from b0 on of one tile. */
static void unpack(const struct oae_packed *w, const uint8_t *tile, size_t b0,
		   size_t n, struct panel *p, size_t half)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK;
	const uint8_t *scales = tile + blocks * Q8_BLOCK_BYTES + b0 * 32;
	__m256i cross[2], v, e, o;

	tile += b0 * Q8_BLOCK_BYTES;
	for (size_t b = 0; b < n; b++) {
		cross[0] = cross[1] = _mm256_setzero_si256();
		for (size_t j = 0; j < 8; j++) {
			for (size_t h = 0; h < 2; h++) {
				v = load_once(tile);
				tile += 32;
				e = even(v);
				o = odd_shuffled(v);
				p->w[b][j][half + h][0] = e;
				p->w[b][j][half + h][1] = o;
				cross[h] = _mm256_add_epi32(
					cross[h], _mm256_madd_epi16(e, o));
			}
		}
		for (size_t h = 0; h < 2; h++) {
			p->cross[b][half + h] = cross[h];
			p->d[b][half + h] = load_f16(scales + h * 16);
		}
		scales += 32;
	}
}

/* Adds block b times a block of a batch row to acc; n halves, constant. */
INLINE void block(const struct panel *p, size_t b, const int16_t *pairs,
		  int32_t init, float d, int n, __m256 *acc)
{
	__m256i sum[HALVES], a0, a1, u, v, start = _mm256_set1_epi32(init);
	__m256 scale = _mm256_set1_ps(d);

#pragma GCC unroll 8
	for (size_t j = 0; j < 8; j++) {
		a1 = spread(pairs + j * 4);
		a0 = spread(pairs + j * 4 + 2);
#pragma GCC unroll 8
		for (int h = 0; h < n; h++) {
			u = _mm256_or_si256(p->w[b][j][h][0], a1);
			v = _mm256_or_si256(p->w[b][j][h][1], a0);
			u = _mm256_madd_epi16(u, v);
			if (j)
				add_32(&sum[h], u);
			else
				sum[h] = _mm256_add_epi32(u, start);
		}
	}
#pragma GCC unroll 8
	for (int h = 0; h < n; h++)
		acc[h] = _mm256_fmadd_ps(products(sum[h], p->cross[b][h]),
					 _mm256_mul_ps(p->d[b][h], scale),
					 acc[h]);
}

/* What is to be done with a panel. */
struct work {
	struct panel panel;
	size_t b0, blocks; /* that it has */
	const struct oae_acts *a;
	size_t row0, row1;
	float *y;
	size_t ldy, left; /* outputs that are there */
	/* to be fetched meanwhile, of each tile: blocks, their scales */
	const uint8_t *next[TILES], *scales[TILES];
	bool memory;
};

/*
 * Lines of the blocks that are next, evenly over the first rows, so that
 * memory never waits for the products nor they for it.
 */
INLINE void fetch_part(const struct work *k, size_t b, size_t row, int n)
{
	size_t i = row - k->row0;

	for (int t = 0; i == 0 && t < n / 2; t++)
		fetch(k->memory, k->scales[t] + b * 32);
	for (; i < 8; i += k->row1 - k->row0)
		for (int t = 0; t < n / 2; t++)
			fetch(k->memory,
			      k->next[t] + b * Q8_BLOCK_BYTES + i * 64);
}

/* A batch row and n halves. */
INLINE void row_products(const struct work *k, size_t row, int n)
{
	size_t at = row * (k->a->cols / OAE_TENSOR_BLOCK) + k->b0;
	float *y = k->y + row * k->ldy;
	__m256 acc[HALVES];

	for (size_t t = 0; t < (size_t)n / 2; t++) {
		size_t skip = t * OAE_TILE;

		acc[2 * t] = acc[2 * t + 1] = _mm256_setzero_ps();
		if (k->b0)
			get(y + skip, k->left - skip, acc + 2 * t);
	}
	for (size_t b = 0; b < k->blocks; b++, at++) {
		fetch_part(k, b, row, n);
		block(&k->panel, b, k->a->pairs + at * OAE_TENSOR_BLOCK,
		      k->a->cross[at], k->a->d[at], n, acc);
	}
	for (size_t t = 0; t < (size_t)n / 2; t++) {
		size_t skip = t * OAE_TILE;

		put(y + skip, k->left - skip, acc + 2 * t);
	}
}

/* All batch rows; n is constant once inlined. */
INLINE void rows(const struct work *k, int n)
{
	for (size_t r = k->row0; r < k->row1; r++)
		row_products(k, r, n);
}

static void rows_tiles(const struct work *k, size_t tiles)
{
	if (tiles == 4)
		rows(k, 8);
	else if (tiles == 2)
		rows(k, 4);
	else
		rows(k, 2);
}

size_t oae_panel_q8_0_avx2(const struct oae_packed *w, size_t tile0,
			   size_t tile1, const struct oae_acts *x, size_t row0,
			   size_t row1, float *y, size_t ldy)
{
	size_t tiles = tile1 - tile0 < TILES ? tile1 - tile0 : TILES;
	size_t blocks = w->cols / OAE_TENSOR_BLOCK, next;
	const uint8_t *from = w->data + tile0 * w->tile_bytes, *at;
	struct work k = {
		.a = x,
		.row0 = row0,
		.row1 = row1,
		.y = y + tile0 * OAE_TILE,
		.ldy = ldy,
		.left = w->rows - tile0 * OAE_TILE,
		.memory = w->memory && row1 - row0 <= NEAR,
	};

	tiles = tiles == 3 ? 2 : tiles;
	for (k.b0 = 0; k.b0 < blocks; k.b0 += k.blocks) {
		next = k.b0 + CHUNK < blocks ? k.b0 + CHUNK : 0;
		k.blocks = next ? CHUNK : blocks - k.b0;
		for (size_t t = 0; t < tiles; t++) {
			unpack(w, from + t * w->tile_bytes, k.b0, k.blocks,
			       &k.panel, 2 * t);
			/* the last blocks' are of the tiles that follow */
			at = from + (next ? t : t + tiles) * w->tile_bytes;
			k.next[t] = at + next * Q8_BLOCK_BYTES;
			k.scales[t] = at + blocks * Q8_BLOCK_BYTES + next * 32;
		}
		rows_tiles(&k, tiles);
	}
	return tiles;
}

#endif
