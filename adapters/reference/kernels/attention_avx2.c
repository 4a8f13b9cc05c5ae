/* SPDX-License-Identifier: Apache-2.0 */
/* Attention with AVX2. */
#include "adapters/reference/kernels/lanes_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define GROUP 4 /* queries that share one pass of the cache */

INLINE void scores_8(const struct oae_attention *a, size_t position, size_t j0,
		     int n)
{
	const uint16_t *k = a->k +
			    position / OAE_TILE * OAE_TILE * a->head_dim +
			    position % OAE_TILE;
	__m256 acc[GROUP], v;

	for (int j = 0; j < n; j++)
		acc[j] = _mm256_setzero_ps();
	for (size_t i = 0; i < a->head_dim; i++) {
		v = load_f16(k + i * OAE_TILE);
		for (int j = 0; j < n; j++)
			acc[j] = _mm256_fmadd_ps(
				_mm256_set1_ps(a->q[j0 + (size_t)j][i]), v,
				acc[j]);
	}
	for (int j = 0; j < n; j++)
		_mm256_storeu_ps(
			a->scores + (j0 + (size_t)j) * a->scores_ld + position,
			_mm256_mul_ps(acc[j], _mm256_set1_ps(a->scale)));
}

/* Adds positions t0..t1-1 to all dimensions of queries j0..j0+n-1. */
INLINE void values(const struct oae_attention *a, size_t j0, int n, size_t t0,
		   size_t t1)
{
	const float *p = a->scores + j0 * a->scores_ld;
	__m256 acc[GROUP], v, share;

	for (size_t dim = 0; dim < a->head_dim; dim += HALF) {
		for (int j = 0; j < n; j++)
			acc[j] = _mm256_loadu_ps(a->out[j0 + (size_t)j] + dim);
		for (size_t t = t0; t < t1; t++) {
			v = load_f16(a->v + t * a->head_dim + dim);
			for (size_t j = 0; j < (size_t)n; j++) {
				share = _mm256_set1_ps(p[j * a->scores_ld + t]);
				acc[j] = _mm256_fmadd_ps(share, v, acc[j]);
			}
		}
		for (int j = 0; j < n; j++)
			_mm256_storeu_ps(a->out[j0 + (size_t)j] + dim, acc[j]);
	}
}

INLINE void attend(const struct oae_attention *a, size_t j0, int n)
{
	size_t least = a->n_pos[j0], most = a->n_pos[j0], end = j0 + (size_t)n;
	float inverse[GROUP];

	for (size_t j = j0 + 1; j < end; j++) {
		least = a->n_pos[j] < least ? a->n_pos[j] : least;
		most = a->n_pos[j] > most ? a->n_pos[j] : most;
	}
	for (size_t t = 0; t < most; t += HALF)
		scores_8(a, t, j0, n);
	for (size_t j = j0; j < end; j++) {
		inverse[j - j0] =
			1.0f /
			exponentials(a->scores + j * a->scores_ld, a->n_pos[j]);
		memset(a->out[j], 0, a->head_dim * sizeof(float));
	}
	values(a, j0, n, 0, least);
	for (size_t j = j0; j < end; j++) {
		values(a, j, 1, least, a->n_pos[j]);
		for (size_t i = 0; i < a->head_dim; i++)
			a->out[j][i] *= inverse[j - j0];
	}
}

void oae_attention_avx2(const struct oae_attention *a)
{
	size_t j;

	for (j = 0; j + GROUP <= a->n; j += GROUP)
		attend(a, j, GROUP);
	for (; j < a->n; j++)
		attend(a, j, 1);
}

#endif
