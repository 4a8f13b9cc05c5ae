/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention with AVX2: eight positions, then eight dimensions, are the lanes.
 * As many of either run side by side as there are registers for their sums,
 * because a chain of fused multiply-adds waits for its own results, and the
 * cache is converted from f16 once for up to four queries.
 */
#include "adapters/reference/kernels/lanes_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define GROUP 4 /* queries that share one pass of the cache */
#define SUMS 8	/* running sums that fit the registers */
#define FAR 512 /* elements of the cache that are fetched ahead */

/* Scores of n queries from j0 on against `parts` times 8 positions. */
INLINE void scores(const struct oae_attention *a, size_t position, size_t j0,
		   size_t n, size_t parts)
{
	size_t stride = a->head_dim * OAE_TILE;
	const uint16_t *k = a->k + position / OAE_TILE * stride;
	__m256 acc[SUMS], v, q, scale = _mm256_set1_ps(a->scale);

	k += position % OAE_TILE;
	for (size_t i = 0; i < n * parts; i++)
		acc[i] = _mm256_setzero_ps();
	for (size_t i = 0; i < a->head_dim; i++, k += OAE_TILE) {
		_mm_prefetch((const char *)(k + parts / 2 * stride),
			     _MM_HINT_T0);
		for (size_t b = 0; b < parts; b++) {
			v = load_f16(k + b / 2 * stride + b % 2 * HALF);
			for (size_t j = 0; j < n; j++) {
				__m256 *to = &acc[b * n + j];

				q = _mm256_set1_ps(a->q[j0 + j][i]);
				*to = _mm256_fmadd_ps(q, v, *to);
			}
		}
	}
	for (size_t j = 0; j < n; j++) {
		float *to = a->scores + (j0 + j) * a->scores_ld + position;

		for (size_t b = 0; b < parts; b++)
			_mm256_storeu_ps(to + b * HALF,
					 _mm256_mul_ps(acc[b * n + j], scale));
	}
}

INLINE void all_scores(const struct oae_attention *a, size_t j0, size_t n,
		       size_t most)
{
	size_t t = 0;

	for (; n == 1 && t + (size_t)8 * HALF <= most; t += (size_t)8 * HALF)
		scores(a, t, j0, n, 8);
	for (; n <= 2 && t + (size_t)4 * HALF <= most; t += (size_t)4 * HALF)
		scores(a, t, j0, n, 4);
	for (; t < most; t += (size_t)2 * HALF)
		scores(a, t, j0, n, 2);
}

/*
 * Adds positions t0..t1-1 to `parts` times 8 dimensions from dim on of
 * queries j0..j0+n-1, whose running sums are in out; n * parts <= SUMS.
 */
INLINE void values(const struct oae_attention *a, size_t j0, size_t n,
		   size_t dim, size_t parts, size_t t0, size_t t1)
{
	const float *p = a->scores + j0 * a->scores_ld;
	const uint16_t *row = a->v + t0 * a->head_dim + dim;
	__m256 acc[SUMS], v, share;

	for (size_t j = 0; j < n; j++)
		for (size_t k = 0; k < parts; k++)
			acc[j * parts + k] = _mm256_loadu_ps(a->out[j0 + j] +
							     dim + k * HALF);
	for (size_t t = t0; t < t1; t++, row += a->head_dim) {
		_mm_prefetch((const char *)(row + FAR), _MM_HINT_T0);
		if (parts > 4)
			_mm_prefetch((const char *)(row + FAR + 32),
				     _MM_HINT_T0);
		for (size_t k = 0; k < parts; k++) {
			v = load_f16(row + k * HALF);
			for (size_t j = 0; j < n; j++) {
				__m256 *to = &acc[j * parts + k];

				share = _mm256_set1_ps(p[j * a->scores_ld + t]);
				*to = _mm256_fmadd_ps(share, v, *to);
			}
		}
	}
	for (size_t j = 0; j < n; j++)
		for (size_t k = 0; k < parts; k++)
			_mm256_storeu_ps(a->out[j0 + j] + dim + k * HALF,
					 acc[j * parts + k]);
}

/* values() over all dimensions, several parts at once while they last. */
INLINE void all_values(const struct oae_attention *a, size_t j0, size_t n,
		       size_t t0, size_t t1)
{
	const size_t parts = n == 1 ? 8 : n == 2 ? 4 : 2;
	size_t dim = 0;

	for (; dim + parts * HALF <= a->head_dim; dim += parts * HALF)
		values(a, j0, n, dim, parts, t0, t1);
	for (; dim < a->head_dim; dim += (size_t)2 * HALF)
		values(a, j0, n, dim, 2, t0, t1);
}

/* Queries j0..j0+n-1; n is constant once inlined. */
INLINE void attend(const struct oae_attention *a, size_t j0, size_t n)
{
	size_t least = a->n_pos[j0], most = least, end = j0 + n;
	float inverse[GROUP];

	for (size_t j = j0 + 1; j < end; j++) {
		least = a->n_pos[j] < least ? a->n_pos[j] : least;
		most = a->n_pos[j] > most ? a->n_pos[j] : most;
	}
	all_scores(a, j0, n, most);
	for (size_t j = j0; j < end; j++) {
		inverse[j - j0] =
			1.0f /
			exponentials(a->scores + j * a->scores_ld, a->n_pos[j]);
		memset(a->out[j], 0, a->head_dim * sizeof(float));
	}
	all_values(a, j0, n, 0, least);
	for (size_t j = j0; j < end; j++) {
		if (least < a->n_pos[j])
			all_values(a, j, 1, least, a->n_pos[j]);
		for (size_t i = 0; i < a->head_dim; i++)
			a->out[j][i] *= inverse[j - j0];
	}
}

static void attend_1(const struct oae_attention *a, size_t j)
{
	attend(a, j, 1);
}

static void attend_2(const struct oae_attention *a, size_t j)
{
	attend(a, j, 2);
}

static void attend_4(const struct oae_attention *a, size_t j)
{
	attend(a, j, 4);
}

void oae_attention_avx2(const struct oae_attention *a)
{
	size_t j = 0;

	for (; j + 4 <= a->n; j += 4)
		attend_4(a, j);
	for (; j + 2 <= a->n; j += 2)
		attend_2(a, j);
	if (j < a->n)
		attend_1(a, j);
}

#endif
