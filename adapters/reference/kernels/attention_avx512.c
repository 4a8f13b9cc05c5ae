/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention with AVX-512: sixteen positions, then sixteen dimensions, are the
 * lanes. Several of either run side by side, because a single chain of fused
 * multiply-adds waits for its own results.
 */
#include "adapters/reference/kernels/kernels.h"

#ifdef __AVX512BW__

#include "adapters/reference/kernels/lanes_avx512.h"

#define SUMS 16 /* running sums that fit the registers */

/* Scores of n queries against `blocks` times 16 positions; at most SUMS. */
INLINE void scores(const struct oae_attention *a, size_t position,
		   size_t blocks, size_t n)
{
	size_t stride = a->head_dim * OAE_TILE;
	const uint16_t *k = a->k + position * a->head_dim;
	__m512 acc[SUMS], v, q, scale = _mm512_set1_ps(a->scale);

	for (size_t i = 0; i < n * blocks; i++)
		acc[i] = _mm512_setzero_ps();
	for (size_t i = 0; i < a->head_dim; i++) {
		for (size_t b = 0; b < blocks; b++) {
			__m512 *to = acc + b * n;

			v = load_f16(k + b * stride + i * OAE_TILE);
			for (size_t j = 0; j < n; j++) {
				q = _mm512_set1_ps(a->q[j][i]);
				to[j] = _mm512_fmadd_ps(q, v, to[j]);
			}
		}
	}
	for (size_t j = 0; j < n; j++) {
		float *to = a->scores + j * a->scores_ld + position;

		for (size_t b = 0; b < blocks; b++)
			_mm512_storeu_ps(to + b * OAE_TILE,
					 _mm512_mul_ps(acc[b * n + j], scale));
	}
}

/*
 * Adds positions t0..t1-1 to `parts` times 16 dimensions from dim on of
 * queries j0..j0+n-1, whose running sums are in out; n * parts <= SUMS.
 */
INLINE void values(const struct oae_attention *a, size_t j0, size_t n,
		   size_t dim, size_t parts, size_t t0, size_t t1)
{
	const float *p = a->scores + j0 * a->scores_ld;
	const uint16_t *row = a->v + t0 * a->head_dim + dim;
	__m512 acc[SUMS], v[4], share;

	for (size_t j = 0; j < n; j++)
		for (size_t k = 0; k < parts; k++)
			acc[j * parts + k] = _mm512_loadu_ps(
				a->out[j0 + j] + dim + k * OAE_TILE);
	for (size_t t = t0; t < t1; t++, row += a->head_dim) {
		for (size_t k = 0; k < parts; k++)
			v[k] = load_f16(row + k * OAE_TILE);
		for (size_t j = 0; j < n; j++) {
			__m512 *to = acc + j * parts;

			share = _mm512_set1_ps(p[j * a->scores_ld + t]);
			for (size_t k = 0; k < parts; k++)
				to[k] = _mm512_fmadd_ps(share, v[k], to[k]);
		}
	}
	for (size_t j = 0; j < n; j++)
		for (size_t k = 0; k < parts; k++)
			_mm512_storeu_ps(a->out[j0 + j] + dim + k * OAE_TILE,
					 acc[j * parts + k]);
}

/* values() over all dimensions, several parts at once while they last. */
INLINE void all_values(const struct oae_attention *a, size_t j0, size_t n,
		       size_t t0, size_t t1)
{
	size_t dim = 0, left;

	while ((left = (a->head_dim - dim) / OAE_TILE)) {
		if (n <= 4 && left >= 4) {
			values(a, j0, n, dim, 4, t0, t1);
			dim += (size_t)4 * OAE_TILE;
		} else if (left >= 2) {
			values(a, j0, n, dim, 2, t0, t1);
			dim += (size_t)2 * OAE_TILE;
		} else {
			values(a, j0, n, dim, 1, t0, t1);
			dim += OAE_TILE;
		}
	}
}

INLINE void attend(const struct oae_attention *a, size_t n)
{
	size_t least = a->n_pos[0], most = a->n_pos[0], t = 0;
	const size_t blocks = n > 4 ? 2 : 4, step = blocks * OAE_TILE;
	float sum[OAE_ATTENTION_QUERIES];

	for (size_t j = 1; j < n; j++) {
		least = a->n_pos[j] < least ? a->n_pos[j] : least;
		most = a->n_pos[j] > most ? a->n_pos[j] : most;
	}
	for (; t + step <= most; t += step)
		scores(a, t, blocks, n);
	for (; t < most; t += OAE_TILE)
		scores(a, t, 1, n);
	for (size_t j = 0; j < n; j++) {
		sum[j] =
			exponentials(a->scores + j * a->scores_ld, a->n_pos[j]);
		memset(a->out[j], 0, a->head_dim * sizeof(float));
	}
	all_values(a, 0, n, 0, least);
	for (size_t j = 0; j < n; j++) {
		__m512 inverse = _mm512_set1_ps(1.0f / sum[j]);

		all_values(a, j, 1, least, a->n_pos[j]);
		for (size_t i = 0; i < a->head_dim; i += OAE_TILE)
			_mm512_storeu_ps(
				a->out[j] + i,
				_mm512_mul_ps(_mm512_loadu_ps(a->out[j] + i),
					      inverse));
	}
}

void oae_attention_avx512(const struct oae_attention *a)
{
	switch (a->n) {
	case 1:
		attend(a, 1);
		break;
	case 2:
		attend(a, 2);
		break;
	case 3:
		attend(a, 3);
		break;
	case 4:
		attend(a, 4);
		break;
	case 5:
		attend(a, 5);
		break;
	case 6:
		attend(a, 6);
		break;
	case 7:
		attend(a, 7);
		break;
	case 8:
		attend(a, 8);
		break;
	default:
		break;
	}
}

#endif
