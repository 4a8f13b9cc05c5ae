/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with Q8_0. For one row of activations in bytes; for several in 16
 * bits, where half of the multiplications go (Winograd 1968):
 *   w0 a0 + w1 a1 = (w0 + a1) (w1 + a0) - w0 w1 - a0 a1.
 * A 32-bit lane has four weights of a row, w0 and w2 as one pair of numbers,
 * w1 and w3 as another (unsigned, 128 too much). The products of weights
 * alone are shared by all rows, those of activations by all weights (cross in
 * struct oae_acts). It is exact: |w + a| < 383, and sums stay below 2^22.
 *
 * Source: S. Winograd, A New Algorithm for Inner Product, IEEE Transactions
 * on Computers C-17 (1968).
 */
#include "adapters/reference/kernels/matmul_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define BLOCK_BYTES 512 /* of a tile, without scales */
#define ROWS 4		/* batch rows that share one pass of a tile */
#define CHUNK 16	/* blocks that are unpacked at once: 16 KiB, in L1 */

/* Batch rows from some block on. */
struct columns {
	const int16_t *pairs[ROWS];
	const int32_t *init[ROWS]; /* what a sum begins with */
	const float *d[ROWS];
};

/* Blocks of a tile, unpacked. */
struct panel {
	_Alignas(64) __m256i w[CHUNK][8][4]; /* even and odd, rows 0-7, 8- */
	int32_t init[CHUNK][OAE_TILE];	     /* what a sum begins with */
	float d[CHUNK][OAE_TILE];
};

INLINE void columns_at(struct columns *x, const struct oae_acts *a, size_t row,
		       size_t block, int n)
{
	size_t blocks = a->cols / OAE_TENSOR_BLOCK, at;

	for (int c = 0; c < n; c++) {
		at = (row + (size_t)c) * blocks + block;
		x->pairs[c] = a->pairs + at * OAE_TENSOR_BLOCK;
		x->init[c] = a->cross + at;
		x->d[c] = a->d + at;
	}
}

INLINE __m256i even(__m256i w)
{
	return _mm256_and_si256(w, _mm256_set1_epi16(255));
}

INLINE __m256i odd(__m256i w)
{
	return _mm256_srli_epi16(w, 8);
}

/* acc += sum * (dw * d), where sum has the bias */
INLINE __m256 scaled(__m256i sum, __m256 dw, float d, __m256 acc)
{
	return _mm256_fmadd_ps(unbiased(sum),
			       _mm256_mul_ps(dw, _mm256_set1_ps(d)), acc);
}

/*
 * One batch row, as fast as memory delivers the tile: in bytes, |w| times a
 * with the sign of w, which takes the fewest instructions.
 */
INLINE void tile_alone(bool memory, const uint8_t *w, size_t blocks,
		       size_t tile_bytes, const int8_t *a, const float *d,
		       __m256 acc[2])
{
	const __m256i flip = _mm256_set1_epi8(-128);
	const __m256i one = _mm256_set1_epi16(1);
	const uint8_t *scales = w + blocks * BLOCK_BYTES;
	__m256i sum[2], v, x;

	for (size_t b = 0; b < blocks; b++) {
		const uint8_t *next =
			ahead(memory, w, b, blocks, BLOCK_BYTES, tile_bytes);

		_mm_prefetch((const char *)scales + tile_bytes, _MM_HINT_T1);
		sum[0] = sum[1] = _mm256_set1_epi32(FLOAT_BIAS);
		for (size_t j = 0; j < 8; j++) {
			fetch(memory, next + j * 64);
			x = spread(a);
			a += 4;
			for (int h = 0; h < 2; h++) {
				v = _mm256_xor_si256(load(w), flip);
				w += 32;
				v = _mm256_maddubs_epi16(_mm256_abs_epi8(v),
							 _mm256_sign_epi8(x,
									  v));
				add_32(&sum[h], _mm256_madd_epi16(v, one));
			}
		}
		for (int h = 0; h < 2; h++) {
			acc[h] = scaled(sum[h], load_f16(scales), d[b], acc[h]);
			scales += 16;
		}
	}
}

/* sum += (w0 + a1) (w1 + a0) and so on, of n batch rows */
INLINE void add_products(__m256i w0, __m256i w1, const struct columns *x,
			 size_t at, int n, int half, __m256i (*sum)[2])
{
	for (int c = 0; c < n; c++) {
		__m256i u = _mm256_add_epi16(w0, spread(x->pairs[c] + at));
		__m256i v = _mm256_add_epi16(w1, spread(x->pairs[c] + at + 2));

		add_32(&sum[c][half], _mm256_madd_epi16(u, v));
	}
}

/* Two or three batch rows: unpacked while it is read. */
INLINE void tile_few(bool memory, const uint8_t *w, size_t blocks,
		     size_t tile_bytes, const struct columns *x, int n,
		     __m256 (*acc)[2])
{
	const uint8_t *scales = w + blocks * BLOCK_BYTES;
	__m256i sum[ROWS][2], cross[2], v;
	__m256 dw;

	for (size_t b = 0; b < blocks; b++) {
		const uint8_t *next =
			ahead(memory, w, b, blocks, BLOCK_BYTES, tile_bytes);

		_mm_prefetch((const char *)scales + tile_bytes, _MM_HINT_T1);
		cross[0] = cross[1] = _mm256_setzero_si256();
		for (int c = 0; c < n; c++)
			sum[c][0] = sum[c][1] =
				_mm256_set1_epi32(x->init[c][b] + FLOAT_BIAS);
		for (size_t j = 0; j < 8; j++) {
			fetch(memory, next + j * 64);
			for (int h = 0; h < 2; h++) {
				v = load_once(w);
				w += 32;
				add_products(even(v), odd(v), x,
					     b * OAE_TENSOR_BLOCK + j * 4, n, h,
					     sum);
				add_32(&cross[h],
				       _mm256_madd_epi16(even(v), odd(v)));
			}
		}
		for (int h = 0; h < 2; h++) {
			dw = load_f16(scales);
			scales += 16;
			for (int c = 0; c < n; c++)
				acc[c][h] = scaled(_mm256_sub_epi32(sum[c][h],
								    cross[h]),
						   dw, x->d[c][b], acc[c][h]);
		}
	}
}

static void unpack(const struct oae_packed *w, const uint8_t *tile, size_t b0,
		   size_t n, struct panel *p)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK;
	const uint8_t *scales = tile + blocks * BLOCK_BYTES + b0 * 32;
	const uint8_t *at = tile + b0 * BLOCK_BYTES;
	__m256i cross[2], v, e, o;

	for (size_t b = 0; b < n; b++) {
		const uint8_t *next = ahead(w->memory, at, b0 + b, blocks,
					    BLOCK_BYTES, w->tile_bytes);

		cross[0] = cross[1] = _mm256_setzero_si256();
		for (size_t j = 0; j < 8; j++) {
			fetch(w->memory, next + j * 64);
			for (int h = 0; h < 2; h++) {
				v = load_once(at);
				at += 32;
				e = even(v);
				o = odd(v);
				p->w[b][j][2 * h] = e;
				p->w[b][j][2 * h + 1] = o;
				cross[h] = _mm256_add_epi32(
					cross[h], _mm256_madd_epi16(e, o));
			}
		}
		for (int h = 0; h < 2; h++) {
			_mm256_store_si256(
				(void *)(p->init[b] + h * HALF),
				_mm256_sub_epi32(_mm256_set1_epi32(FLOAT_BIAS),
						 cross[h]));
			_mm256_store_ps(p->d[b] + h * HALF,
					load_f16(scales + h * 16));
		}
		scales += 32;
	}
}

INLINE void panel_products(const __m256i w[4], const struct columns *x,
			   size_t at, int n, __m256i (*sum)[2])
{
	__m256i a0, a1, u, v;

	for (int c = 0; c < n; c++) {
		a1 = spread(x->pairs[c] + at);
		a0 = spread(x->pairs[c] + at + 2);
		for (int h = 0; h < 2; h++) {
			u = plus_memory_16(a1, w + 2 * h);
			v = plus_memory_16(a0, w + 2 * h + 1);
			add_32(&sum[c][h], _mm256_madd_epi16(u, v));
		}
	}
}

INLINE void panel_rows(const struct panel *p, size_t blocks,
		       const struct columns *x, int n, __m256 (*acc)[2])
{
	__m256i sum[ROWS][2];

	for (size_t b = 0; b < blocks; b++) {
		for (int c = 0; c < n; c++)
			for (int h = 0; h < 2; h++)
				sum[c][h] = _mm256_add_epi32(
					_mm256_set1_epi32(x->init[c][b]),
					load(p->init[b] + h * HALF));
		for (size_t j = 0; j < 8; j++)
			panel_products(p->w[b][j], x,
				       b * OAE_TENSOR_BLOCK + j * 4, n, sum);
		for (int c = 0; c < n; c++)
			for (int h = 0; h < 2; h++)
				acc[c][h] = scaled(
					sum[c][h],
					_mm256_load_ps(p->d[b] + h * HALF),
					x->d[c][b], acc[c][h]);
	}
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

/* n batch rows without a panel; n is constant once inlined. */
INLINE void few(const struct oae_packed *w, const uint8_t *tile, size_t left,
		const struct oae_acts *a, size_t row, int n, float *y,
		size_t ldy)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK;
	struct columns x;
	__m256 acc[ROWS][2];

	columns_at(&x, a, row, 0, n);
	for (int c = 0; c < n; c++)
		acc[c][0] = acc[c][1] = _mm256_setzero_ps();
	if (n > 1)
		tile_few(w->memory, tile, blocks, w->tile_bytes, &x, n, acc);
	else if (w->memory)
		tile_alone(true, tile, blocks, w->tile_bytes,
			   a->q + row * a->cols, x.d[0], acc[0]);
	else
		tile_alone(false, tile, blocks, w->tile_bytes,
			   a->q + row * a->cols, x.d[0], acc[0]);
	for (int c = 0; c < n; c++)
		put(y + (row + (size_t)c) * ldy, left, acc[c]);
}

/* n batch rows and a panel of blocks from b0 on, added to y. */
INLINE void chunk_rows(const struct panel *p, size_t b0, size_t blocks,
		       size_t left, const struct oae_acts *a, size_t row, int n,
		       float *y, size_t ldy)
{
	struct columns x;
	__m256 acc[ROWS][2];

	columns_at(&x, a, row, b0, n);
	for (int c = 0; c < n; c++) {
		acc[c][0] = acc[c][1] = _mm256_setzero_ps();
		if (b0)
			get(y + (row + (size_t)c) * ldy, left, acc[c]);
	}
	panel_rows(p, blocks, &x, n, acc);
	for (int c = 0; c < n; c++)
		put(y + (row + (size_t)c) * ldy, left, acc[c]);
}

static void many(const struct oae_packed *w, const uint8_t *tile, size_t left,
		 const struct oae_acts *a, size_t row0, size_t row1, float *y,
		 size_t ldy)
{
	size_t blocks = w->cols / OAE_TENSOR_BLOCK, n, r;
	struct panel p;

	for (size_t b = 0; b < blocks; b += n) {
		n = blocks - b < CHUNK ? blocks - b : CHUNK;
		unpack(w, tile, b, n, &p);
		for (r = row0; r + ROWS <= row1; r += ROWS)
			chunk_rows(&p, b, n, left, a, r, ROWS, y, ldy);
		switch (row1 - r) {
		case 3:
			chunk_rows(&p, b, n, left, a, r, 3, y, ldy);
			break;
		case 2:
			chunk_rows(&p, b, n, left, a, r, 2, y, ldy);
			break;
		case 1:
			chunk_rows(&p, b, n, left, a, r, 1, y, ldy);
			break;
		default:
			break;
		}
	}
}

void oae_tile_q8_0_avx2(const struct oae_packed *w, size_t tile,
			const struct oae_acts *x, size_t row0, size_t row1,
			float *y, size_t ldy)
{
	const uint8_t *data = w->data + tile * w->tile_bytes;
	size_t left = w->rows - tile * OAE_TILE;

	y += tile * OAE_TILE;
	switch (row1 - row0) {
	case 0:
		return;
	case 1:
		few(w, data, left, x, row0, 1, y, ldy);
		return;
	case 2:
		few(w, data, left, x, row0, 2, y, ldy);
		return;
	case 3:
		few(w, data, left, x, row0, 3, y, ldy);
		return;
	default:
		many(w, data, left, x, row0, row1, y, ldy);
		return;
	}
}

#endif
