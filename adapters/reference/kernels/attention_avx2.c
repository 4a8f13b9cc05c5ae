/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attention with AVX2: eight positions, then eight dimensions, are the lanes.
 * The cache is read from begin to end once for all queries: a block of keys,
 * or the values of some positions, serves one group of queries after another
 * while it is in L1, and is converted from f16 once for a group.
 *
 * On Zen 1 the conversion takes three cycles of eight numbers, as long as
 * memory takes to deliver them to two cores.
 */
#include "adapters/reference/kernels/lanes_avx2.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#define SUMS 8	   /* running sums that fit the registers */
#define CHUNK 4096 /* values that queries share: 8 KiB, in L1 */
#define FAR 1024   /* values that are fetched ahead */
#define LINE 32	   /* values in a line of the caches */

/*
 * What comes from memory goes past the other caches (see matmul_avx2.h);
 * what is in one arrives in time by itself.
 */
INLINE void fetch(bool memory, const uint16_t *p)
{
	if (memory)
		_mm_prefetch((const char *)p, _MM_HINT_NTA);
}

/*
 * Scores of n queries from j0 on against 16 positions. What is read next is
 * fetched meanwhile: as many bytes.
 */
INLINE void scores(const struct oae_attention *a, bool memory, size_t t,
		   const uint16_t *next, size_t j0, size_t n)
{
	const uint16_t *k = a->k + t * a->head_dim;
	__m256 acc[SUMS], low, high, q, scale = _mm256_set1_ps(a->scale);

	for (size_t i = 0; i < 2 * n; i++)
		acc[i] = _mm256_setzero_ps();
	for (size_t i = 0; i < a->head_dim; i++) {
		if (i % 2 == 0)
			fetch(memory, next + i * OAE_TILE);
		low = load_f16(k + i * OAE_TILE);
		high = load_f16(k + i * OAE_TILE + HALF);
		for (size_t j = 0; j < n; j++) {
			q = _mm256_set1_ps(a->q[j0 + j][i]);
			acc[2 * j] = _mm256_fmadd_ps(q, low, acc[2 * j]);
			acc[2 * j + 1] =
				_mm256_fmadd_ps(q, high, acc[2 * j + 1]);
		}
	}
	for (size_t j = 0; j < n; j++) {
		float *to = a->scores + (j0 + j) * a->scores_ld + t;

		_mm256_storeu_ps(to, _mm256_mul_ps(acc[2 * j], scale));
		_mm256_storeu_ps(to + HALF,
				 _mm256_mul_ps(acc[2 * j + 1], scale));
	}
}

INLINE void all_scores(const struct oae_attention *a, bool memory, size_t most)
{
	for (size_t t = 0; t < most; t += OAE_TILE) {
		const uint16_t *next =
			t + OAE_TILE < most ?
				a->k + (t + OAE_TILE) * a->head_dim :
				a->v;
		size_t j = 0;

		for (; j + 4 <= a->n; j += 4)
			scores(a, memory, t, next, j, 4);
		for (; j + 2 <= a->n; j += 2)
			scores(a, memory, t, next, j, 2);
		if (j < a->n)
			scores(a, memory, t, next, j, 1);
	}
}

/*
 * Adds positions t0..t1-1 to `parts` times 8 dimensions from dim on of
 * queries j0..j0+n-1, whose running sums are in out; n * parts <= SUMS.
 */
INLINE void values(const struct oae_attention *a, bool memory, size_t j0,
		   size_t n, size_t dim, size_t parts, size_t t0, size_t t1)
{
	const float *p = a->scores + j0 * a->scores_ld;
	const uint16_t *row = a->v + t0 * a->head_dim + dim;
	__m256 acc[SUMS], v, share;

	for (size_t j = 0; j < n; j++)
		for (size_t k = 0; k < parts; k++)
			acc[j * parts + k] = _mm256_loadu_ps(a->out[j0 + j] +
							     dim + k * HALF);
	for (size_t t = t0; t < t1; t++, row += a->head_dim) {
		if (dim % LINE == 0)
			fetch(memory, row + FAR);
		if (parts > 4)
			fetch(memory, row + FAR + LINE);
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
INLINE void group_values(const struct oae_attention *a, bool memory, size_t j0,
			 size_t n, size_t t0, size_t t1)
{
	const size_t parts = SUMS / n;
	size_t dim = 0;

	for (; dim + parts * HALF <= a->head_dim; dim += parts * HALF)
		values(a, memory, j0, n, dim, parts, t0, t1);
	for (; dim < a->head_dim; dim += (size_t)2 * HALF)
		values(a, memory, j0, n, dim, 2, t0, t1);
}

/* Adds positions 0..end-1 to all queries. */
INLINE void all_values(const struct oae_attention *a, bool memory, size_t end)
{
	size_t step = CHUNK / a->head_dim, t1;

	step = step ? step : 1;
	for (size_t t = 0; t < end; t = t1) {
		size_t j = 0;

		t1 = t + step < end ? t + step : end;
		for (; j + 4 <= a->n; j += 4)
			group_values(a, memory, j, 4, t, t1);
		for (; j + 2 <= a->n; j += 2)
			group_values(a, memory, j, 2, t, t1);
		if (j < a->n)
			group_values(a, memory, j, 1, t, t1);
	}
}

INLINE void attend(const struct oae_attention *a, bool memory)
{
	size_t least = a->n_pos[0], most = least;
	float inverse[OAE_ATTENTION_QUERIES];

	for (size_t j = 1; j < a->n; j++) {
		least = a->n_pos[j] < least ? a->n_pos[j] : least;
		most = a->n_pos[j] > most ? a->n_pos[j] : most;
	}
	all_scores(a, memory, most);
	for (size_t j = 0; j < a->n; j++) {
		inverse[j] = 1.0f / exponentials(a->scores + j * a->scores_ld,
						 a->n_pos[j]);
		memset(a->out[j], 0, a->head_dim * sizeof(float));
	}
	all_values(a, memory, least);
	for (size_t j = 0; j < a->n; j++) {
		if (least < a->n_pos[j])
			group_values(a, memory, j, 1, least, a->n_pos[j]);
		for (size_t i = 0; i < a->head_dim; i++)
			a->out[j][i] *= inverse[j];
	}
}

static void attend_memory(const struct oae_attention *a)
{
	attend(a, true);
}

static void attend_cache(const struct oae_attention *a)
{
	attend(a, false);
}

void oae_attention_avx2(const struct oae_attention *a)
{
	if (!a->n)
		return;
	if (a->memory)
		attend_memory(a);
	else
		attend_cache(a);
}

#endif
