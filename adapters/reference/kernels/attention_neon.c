/* SPDX-License-Identifier: Apache-2.0 */
/* Attention with NEON: sixteen positions, then sixteen dimensions. */
#include "adapters/reference/kernels/kernels.h"

#ifdef __aarch64__

#include "adapters/reference/kernels/lanes_neon.h"

#define GROUP 4 /* queries that share what is read */

/* Scores of n queries from j0 on against 16 positions. */
INLINE void scores(const struct oae_attention *a, size_t position, size_t j0,
		   size_t n)
{
	const uint16_t *k = a->k + position * a->head_dim;
	float32x4_t acc[GROUP][QUARTER], v;

	for (size_t j = 0; j < n; j++)
		for (int i = 0; i < QUARTER; i++)
			acc[j][i] = vdupq_n_f32(0);
	for (size_t i = 0; i < a->head_dim; i++) {
		for (size_t part = 0; part < QUARTER; part++) {
			v = load_f16(k + i * OAE_TILE + part * 4);
			for (size_t j = 0; j < n; j++)
				acc[j][part] = vfmaq_n_f32(acc[j][part], v,
							   a->q[j0 + j][i]);
		}
	}
	for (size_t j = 0; j < n; j++)
		for (size_t i = 0; i < QUARTER; i++)
			vst1q_f32(a->scores + (j0 + j) * a->scores_ld +
					  position + i * 4,
				  vmulq_n_f32(acc[j][i], a->scale));
}

/* Adds positions t0..t1-1 to 16 dimensions from dim on of n queries. */
INLINE void values(const struct oae_attention *a, size_t j0, size_t n,
		   size_t dim, size_t t0, size_t t1)
{
	const float *p = a->scores + j0 * a->scores_ld;
	float32x4_t acc[GROUP][QUARTER], v;

	for (size_t j = 0; j < n; j++)
		for (size_t i = 0; i < QUARTER; i++)
			acc[j][i] = vld1q_f32(a->out[j0 + j] + dim + i * 4);
	for (size_t t = t0; t < t1; t++) {
		for (size_t part = 0; part < QUARTER; part++) {
			v = load_f16(a->v + t * a->head_dim + dim + part * 4);
			for (size_t j = 0; j < n; j++)
				acc[j][part] =
					vfmaq_n_f32(acc[j][part], v,
						    p[j * a->scores_ld + t]);
		}
	}
	for (size_t j = 0; j < n; j++)
		for (size_t i = 0; i < QUARTER; i++)
			vst1q_f32(a->out[j0 + j] + dim + i * 4, acc[j][i]);
}

INLINE void attend(const struct oae_attention *a, size_t j0, size_t n)
{
	size_t least = a->n_pos[j0], most = a->n_pos[j0], end = j0 + n;
	float inverse[GROUP];

	for (size_t j = j0 + 1; j < end; j++) {
		least = a->n_pos[j] < least ? a->n_pos[j] : least;
		most = a->n_pos[j] > most ? a->n_pos[j] : most;
	}
	for (size_t t = 0; t < most; t += OAE_TILE)
		scores(a, t, j0, n);
	for (size_t j = j0; j < end; j++) {
		inverse[j - j0] = 1.0f / oae_exponentials_neon(
						 a->scores + j * a->scores_ld,
						 a->n_pos[j]);
		memset(a->out[j], 0, a->head_dim * sizeof(float));
	}
	for (size_t dim = 0; dim < a->head_dim; dim += OAE_TILE) {
		values(a, j0, n, dim, 0, least);
		for (size_t j = j0; j < end; j++)
			values(a, j, 1, dim, least, a->n_pos[j]);
	}
	for (size_t j = j0; j < end; j++)
		for (size_t i = 0; i < a->head_dim; i++)
			a->out[j][i] *= inverse[j - j0];
}

void oae_attention_neon(const struct oae_attention *a)
{
	size_t j;

	for (j = 0; j + GROUP <= a->n; j += GROUP)
		attend(a, j, GROUP);
	for (; j < a->n; j++)
		attend(a, j, 1);
}

#endif
