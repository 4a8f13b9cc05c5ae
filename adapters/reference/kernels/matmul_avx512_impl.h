/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with AVX-512: a tile's sixteen rows are the lanes of a register.
 * Included by matmul_avx512bw.c and matmul_avx512vnni.c, which differ in
 * the instructions for products of bytes; MATMUL is the function's name.
 *
 * Few batch rows: one pass over each tile, whose bytes stream from memory.
 * Many: a pair of tiles, a chunk of columns at a time, so that the chunk
 * stays in L1 while the rows pass over it PAIR_ROWS at a time. With VNNI a
 * tile's block of 32 columns costs a row 8 dot products and 3 operations to
 * scale them, 11 on the ports that multiply; a pair halves the loads of
 * activations, which would be the limit with one tile. Sums wait in y
 * between chunks: the order of additions stays that of the columns.
 */
#include <stdbool.h>
#include <string.h>

#include "adapters/reference/kernels/kquants_avx512.h"
#include "adapters/reference/kernels/lanes_avx512.h"

#define ROWS 8		 /* most batch rows of a pass over one tile */
#define PLAIN_ROWS 4	 /* the same where the weights are floats */
#define PAIR_ROWS 6	 /* over a pair of tiles */
#define CHUNK_BYTES 8192 /* of a tile, in L1 while rows pass */
#define AHEAD 8192	 /* bytes that weights are prefetched ahead */

#ifdef __AVX512VNNI__
#define PAIR_BYTES true /* pairs of tiles also for quantised weights */
#else
#define PAIR_BYTES false /* products of bytes are the limit, not loads */
#endif
#if !defined(__AVX512VNNI__) && defined(__GNUC__) && !defined(__clang__)
/* Unrolled, its additions of 16 bits are reordered, and sums spill. */
#define ROLLED _Pragma("GCC unroll 1")
#else
#define ROLLED
#endif

/* What a pass reads: rows of activations, one or two tiles. */
struct pass {
	const float *x[ROWS], *d[ROWS];
	const int32_t *off[ROWS];
	const int8_t *q[ROWS];
	const uint8_t *w[2], *scales[2];
	const uint8_t *next[2]; /* to prefetch during a chunk */
	size_t tile_bytes, cols;
	size_t begin, end; /* of the chunk, in columns */
	bool fetch;
};

/* ---- products of bytes -------------------------------------------------- */

/* Four quantised activations in every lane. */
INLINE __m512i spread(const int8_t *q)
{
	int32_t four;

	memcpy(&four, q, 4);
	return _mm512_set1_epi32(four);
}

#ifdef __AVX512VNNI__

struct bytes {
	__m512i v; /* each + 128 */
};

INLINE struct bytes load_bytes(const uint8_t *w)
{
	return (struct bytes){ _mm512_load_si512(w) };
}

INLINE __m512i bytes_start(int32_t off)
{
	return _mm512_set1_epi32(off);
}

INLINE __m512i bytes_dot(__m512i sum, struct bytes w, __m512i a)
{
	return _mm512_dpbusd_epi32(sum, w.v, a);
}

INLINE __m512i nibbles_start(int32_t off)
{
	return _mm512_srai_epi32(_mm512_set1_epi32(off), 4);
}

INLINE __m512i nibbles_dot(__m512i sum, __m512i w, __m512i a)
{
	return _mm512_dpbusd_epi32(sum, w, a);
}

INLINE __m512i nibbles_end(__m512i sum, int32_t off)
{
	(void)off;
	return sum;
}

#else

/*
 * maddubs wants unsigned times signed and saturates at 16 bits: |w| <= 128
 * keeps a pair of products below. The sign of w goes to the activation.
 */
struct bytes {
	__m512i magnitude;
	__mmask64 negative;
};

INLINE struct bytes load_bytes(const uint8_t *w)
{
	__m512i v =
		_mm512_xor_si512(_mm512_load_si512(w), _mm512_set1_epi8(-128));

	return (struct bytes){ _mm512_abs_epi8(v), _mm512_movepi8_mask(v) };
}

INLINE __m512i bytes_start(int32_t off)
{
	(void)off;
	return _mm512_setzero_si512();
}

INLINE __m512i bytes_dot(__m512i sum, struct bytes w, __m512i a)
{
	__m512i pairs;

	a = _mm512_mask_sub_epi8(a, w.negative, _mm512_setzero_si512(), a);
	pairs = _mm512_maddubs_epi16(w.magnitude, a);
	return _mm512_add_epi32(sum,
				_mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}

/* Eight pairs of nibble times activation stay below 2^15: 8 * 2 * 15 * 127. */
INLINE __m512i nibbles_start(int32_t off)
{
	(void)off;
	return _mm512_setzero_si512();
}

INLINE __m512i nibbles_dot(__m512i sum, __m512i w, __m512i a)
{
	return _mm512_add_epi16(sum, _mm512_maddubs_epi16(w, a));
}

INLINE __m512i nibbles_end(__m512i sum, int32_t off)
{
	return _mm512_add_epi32(_mm512_srai_epi32(_mm512_set1_epi32(off), 4),
				_mm512_madd_epi16(sum, _mm512_set1_epi16(1)));
}

#endif

/* ---- passes over one or two tiles, n batch rows ------------------------- */
/* tiles and n are constants once inlined; sums are [tiles][n]. */

INLINE void fetch_block(const struct pass *p, size_t b, size_t bytes, int tiles)
{
	if (!p->fetch)
		return;
	for (int t = 0; t < tiles; t++)
		for (size_t i = 0; i < bytes; i += 64)
			_mm_prefetch((const char *)p->next[t] + b * bytes + i,
				     _MM_HINT_T1);
}

/*
 * For one tile: what is AHEAD of block b, stepping over the scales that
 * stand between the tiles' blocks. It is fetched into L2 only: L1 has too
 * few places for lines under way to keep memory busy. The next tile's scales
 * are a stream of their own, which the hardware does not see coming.
 */
INLINE void fetch_stream(const struct pass *p, size_t b, size_t bytes)
{
	size_t blocks = p->cols / OAE_TENSOR_BLOCK;
	const char *w = (const char *)p->w[0] + b * bytes + AHEAD;

	if (b + AHEAD / bytes >= blocks)
		w += p->tile_bytes - blocks * bytes;
	for (size_t i = 0; i < bytes; i += 64)
		_mm_prefetch(w + i, _MM_HINT_T1);
	_mm_prefetch((const char *)p->scales[0] + b * 32 + p->tile_bytes,
		     _MM_HINT_T1);
}

/* One block's sums of products, scaled, onto acc. */
INLINE void scale_block(const struct pass *p, size_t b, const __m512i *sum,
			int tiles, int n, __m512 *acc)
{
	__m512 dw, d;

	for (int t = 0; t < tiles; t++) {
		dw = load_f16(p->scales[t] + b * 32);
		for (int c = 0; c < n; c++) {
			d = _mm512_mul_ps(dw, _mm512_set1_ps(p->d[c][b]));
			acc[t * n + c] = _mm512_fmadd_ps(
				_mm512_cvtepi32_ps(sum[t * n + c]), d,
				acc[t * n + c]);
		}
	}
}

INLINE void pass_q8_0(const struct pass *p, int tiles, int n, __m512 *acc)
{
	__m512i sum[2 * ROWS], a;
	struct bytes v[2];

	for (size_t b = p->begin / 32; b < p->end / 32; b++) {
		if (tiles == 1)
			fetch_stream(p, b, 512);
		else
			fetch_block(p, b, 512, tiles);
		for (int c = 0; c < n; c++)
			for (int t = 0; t < tiles; t++)
				sum[t * n + c] = bytes_start(p->off[c][b]);
		ROLLED
		for (size_t j = 0; j < 8; j++) {
			for (int t = 0; t < tiles; t++)
				v[t] = load_bytes(p->w[t] + b * 512 + j * 64);
			for (int c = 0; c < n; c++) {
				a = spread(p->q[c] + b * 32 + j * 4);
				for (int t = 0; t < tiles; t++)
					sum[t * n + c] = bytes_dot(
						sum[t * n + c], v[t], a);
			}
		}
		scale_block(p, b, sum, tiles, n, acc);
	}
}

/* Four bytes of every row: the nibbles' products with columns j, j + 16. */
INLINE void group_q4_0(const struct pass *p, size_t b, size_t j, int tiles,
		       int n, __m512i *sum)
{
	const __m512i low = _mm512_set1_epi8(15);
	__m512i u[2], v[2], a;

	for (int t = 0; t < tiles; t++) {
		v[t] = _mm512_load_si512(p->w[t] + b * 256 + j * 64);
		u[t] = _mm512_and_si512(v[t], low);
		v[t] = _mm512_and_si512(_mm512_srli_epi16(v[t], 4), low);
	}
	for (int c = 0; c < n; c++) {
		a = spread(p->q[c] + b * 32 + j * 4);
		for (int t = 0; t < tiles; t++)
			sum[t * n + c] = nibbles_dot(sum[t * n + c], u[t], a);
		a = spread(p->q[c] + b * 32 + j * 4 + 16);
		for (int t = 0; t < tiles; t++)
			sum[t * n + c] = nibbles_dot(sum[t * n + c], v[t], a);
	}
}

INLINE void pass_q4_0(const struct pass *p, int tiles, int n, __m512 *acc)
{
	__m512i sum[2 * ROWS];

	for (size_t b = p->begin / 32; b < p->end / 32; b++) {
		if (tiles == 1)
			fetch_stream(p, b, 256);
		else
			fetch_block(p, b, 256, tiles);
		for (int c = 0; c < n; c++)
			for (int t = 0; t < tiles; t++)
				sum[t * n + c] = nibbles_start(p->off[c][b]);
		ROLLED
		for (size_t j = 0; j < 4; j++)
			group_q4_0(p, b, j, tiles, n, sum);
		for (int c = 0; c < n; c++)
			for (int t = 0; t < tiles; t++)
				sum[t * n + c] = nibbles_end(sum[t * n + c],
							     p->off[c][b]);
		scale_block(p, b, sum, tiles, n, acc);
	}
}

INLINE __m512 load_weights(enum oae_tensor_type type, const uint8_t *w,
			   size_t i)
{
	if (type == OAE_TENSOR_F32)
		return _mm512_load_ps(w + i * 64);
	if (type == OAE_TENSOR_F16)
		return load_f16(w + i * 32);
	return _mm512_castsi512_ps(
		_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(
					  (const void *)(w + i * 32))),
				  16));
}

INLINE void pass_plain(enum oae_tensor_type type, const struct pass *p,
		       int tiles, int n, __m512 *acc)
{
	size_t bytes = type == OAE_TENSOR_F32 ? 64 : 32;
	__m512 v[2], x;

	for (size_t i = p->begin; i < p->end; i++) {
		if (tiles == 1)
			_mm_prefetch((const char *)p->w[0] + i * bytes +
					     AHEAD / 2,
				     _MM_HINT_T0);
		else
			fetch_block(p, i, bytes, tiles);
		for (int t = 0; t < tiles; t++)
			v[t] = load_weights(type, p->w[t], i);
		for (int c = 0; c < n; c++) {
			x = _mm512_set1_ps(p->x[c][i]);
			for (int t = 0; t < tiles; t++)
				acc[t * n + c] = _mm512_fmadd_ps(
					v[t], x, acc[t * n + c]);
		}
	}
}

INLINE bool quantised(enum oae_tensor_type type)
{
	return type == OAE_TENSOR_Q8_0 || type == OAE_TENSOR_Q4_0;
}

INLINE void pass_any(enum oae_tensor_type type, const struct pass *p, int tiles,
		     int n, __m512 *acc)
{
	if (tiles == 2 && !PAIR_BYTES && quantised(type))
		return; /* never asked for, and so not compiled */
	switch (type) {
	case OAE_TENSOR_Q8_0:
		pass_q8_0(p, tiles, n, acc);
		break;
	case OAE_TENSOR_Q4_0:
		pass_q4_0(p, tiles, n, acc);
		break;
	case OAE_TENSOR_F32:
		pass_plain(OAE_TENSOR_F32, p, tiles, n, acc);
		break;
	case OAE_TENSOR_F16:
		pass_plain(OAE_TENSOR_F16, p, tiles, n, acc);
		break;
	case OAE_TENSOR_BF16:
		pass_plain(OAE_TENSOR_BF16, p, tiles, n, acc);
		break;
	case OAE_TENSOR_Q5_0: /* packed as Q8_0 */
	case OAE_TENSOR_Q4_K: /* kquants() */
	case OAE_TENSOR_Q6_K:
		break;
	}
}

/* ---- blocking ----------------------------------------------------------- */

/* Bytes of a tile's 32 columns, without scales. */
INLINE size_t block_bytes(enum oae_tensor_type type)
{
	switch (type) {
	case OAE_TENSOR_F32:
		return 2048;
	case OAE_TENSOR_F16:
	case OAE_TENSOR_BF16:
		return 1024;
	case OAE_TENSOR_Q8_0:
		return 512;
	case OAE_TENSOR_Q4_0:
	case OAE_TENSOR_Q5_0: /* packed as Q8_0 */
	case OAE_TENSOR_Q4_K: /* kquants() */
	case OAE_TENSOR_Q6_K:
		break;
	}
	return 256;
}

/* Tiles t.., rows row..row+n-1, columns begin..end-1; y is at row, tile t. */
INLINE void run_pass(const struct oae_packed *w, size_t t, struct pass *p,
		     const struct oae_acts *a, size_t row, int tiles, int n,
		     float *y, size_t ldy)
{
	size_t cols = w->cols, blocks = cols / OAE_TENSOR_BLOCK;
	__m512 acc[2 * ROWS];
	__mmask16 mask[2];

	for (int i = 0; i < tiles; i++) {
		mask[i] = lanes(w->rows - (t + (size_t)i) * OAE_TILE);
		p->w[i] = w->data + (t + (size_t)i) * w->tile_bytes;
		p->scales[i] = p->w[i] + blocks * block_bytes(w->type);
	}
	for (int c = 0; c < n; c++) {
		p->x[c] = a->x + (row + (size_t)c) * cols;
		p->q[c] = a->q + (row + (size_t)c) * cols;
		p->d[c] = a->d + (row + (size_t)c) * blocks;
		p->off[c] = a->off + (row + (size_t)c) * blocks;
	}
	for (int i = 0; i < tiles; i++)
		for (int c = 0; c < n; c++)
			acc[i * n + c] =
				p->begin ?
					_mm512_maskz_loadu_ps(
						mask[i], y + (size_t)c * ldy +
								 i * OAE_TILE) :
					_mm512_setzero_ps();
	pass_any(w->type, p, tiles, n, acc);
	for (int i = 0; i < tiles; i++)
		for (int c = 0; c < n; c++)
			_mm512_mask_storeu_ps(y + (size_t)c * ldy +
						      i * OAE_TILE,
					      mask[i], acc[i * n + c]);
}

#define CASE(tiles, n)                                        \
	case n:                                               \
		run_pass(w, t, &p, a, row, tiles, n, y, ldy); \
		break

/* One tile, all columns, up to ROWS rows. */
static void single_pass(const struct oae_packed *w, size_t t,
			const struct oae_acts *a, size_t row, size_t n,
			float *y, size_t ldy)
{
	struct pass p = {
		.tile_bytes = w->tile_bytes,
		.cols = w->cols,
		.end = w->cols,
	};

	switch (n) {
		CASE(1, 1);
		CASE(1, 2);
		CASE(1, 3);
		CASE(1, 4);
		CASE(1, 5);
		CASE(1, 6);
		CASE(1, 7);
		CASE(1, 8);
	default:
		break;
	}
}

/* Two tiles, one chunk, up to PAIR_ROWS rows. */
static void pair_pass(const struct oae_packed *w, size_t t, struct pass p,
		      const struct oae_acts *a, size_t row, size_t n, float *y,
		      size_t ldy)
{
	switch (n) {
		CASE(2, 1);
		CASE(2, 2);
		CASE(2, 3);
		CASE(2, 4);
		CASE(2, 5);
		CASE(2, 6);
	default:
		break;
	}
}

#undef CASE

static void pair(const struct oae_packed *w, size_t t, const struct oae_acts *x,
		 size_t row0, size_t row1, float *y, size_t ldy)
{
	size_t bytes = block_bytes(w->type), groups, n;
	size_t step = CHUNK_BYTES / bytes * OAE_TENSOR_BLOCK, ahead;
	const uint8_t *data = w->data + t * w->tile_bytes;
	struct pass p = { .tile_bytes = w->tile_bytes, .cols = w->cols };

	for (p.begin = 0; p.begin < w->cols; p.begin = p.end) {
		p.end = p.begin + step < w->cols ? p.begin + step : w->cols;
		/* the next chunk, or the first one of the next pair */
		ahead = p.end < w->cols ?
				CHUNK_BYTES :
				2 * w->tile_bytes - p.begin / 32 * bytes;
		p.next[0] = data + ahead;
		p.next[1] = data + w->tile_bytes + ahead;
		groups = (row1 - row0 + PAIR_ROWS - 1) / PAIR_ROWS;
		for (size_t r = row0; r < row1; r += n, groups--) {
			n = (row1 - r + groups - 1) / groups;
			p.fetch = groups == 1;
			pair_pass(w, t, p, x, r, n, y + r * ldy + t * OAE_TILE,
				  ldy);
		}
	}
}

void MATMUL(const struct oae_packed *w, size_t tile0, size_t tile1,
	    const struct oae_acts *x, size_t row0, size_t row1, float *y,
	    size_t ldy)
{
	/* eight rows of floats a power of two apart would share a cache set */
	size_t most = quantised(w->type) ? ROWS : PLAIN_ROWS, n, t = tile0;

	if (w->type == OAE_TENSOR_Q4_K || w->type == OAE_TENSOR_Q6_K) {
		kquants(w, tile0, tile1, x, row0, row1, y, ldy);
		return;
	}
	if (row1 - row0 > most && (PAIR_BYTES || !quantised(w->type)))
		for (; t + 2 <= tile1; t += 2)
			pair(w, t, x, row0, row1, y, ldy);
	for (; t < tile1; t++) {
		for (size_t r = row0; r < row1; r += n) {
			n = row1 - r < most ? row1 - r : most;
			single_pass(w, t, x, r, n, y + r * ldy + t * OAE_TILE,
				    ldy);
		}
	}
}
