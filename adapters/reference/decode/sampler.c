/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/decode/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum oae_status oae_sampler_init(struct oae_sampler *s,
				 const struct oae_kernels *kernels,
				 size_t n_vocab, struct oae_error *err)
{
	*s = (struct oae_sampler){ .kernels = kernels, .n_vocab = n_vocab };
	s->heap = malloc(n_vocab * sizeof(*s->heap));
	if (!s->heap)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "sampler: no memory");
	return OAE_OK;
}

void oae_sampler_release(struct oae_sampler *s)
{
	free(s->heap);
	s->heap = NULL;
}

enum oae_status oae_sampler_set(struct oae_sampler *s, float temperature,
				uint32_t top_k, uint64_t seed,
				struct oae_error *err)
{
	struct oae_rng rng;

	if (!(temperature >= 0 && temperature <= 100))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"temperature %g is not in 0..100",
				(double)temperature);
	s->temperature = temperature;
	s->top_k = top_k;
	oae_rng_derive(&rng, seed, "sampler");
	s->key = oae_rng_u64(&rng);
	return OAE_OK;
}

int32_t oae_greedy(const float *logits, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		if (logits[i] > logits[best])
			best = i;
	return (int32_t)best;
}

/* Is token a less likely than b? Of equals, the later one is. */
static bool less(const float *x, uint32_t a, uint32_t b)
{
	return x[a] < x[b] || (x[a] <= x[b] && a > b);
}

/* Restores the heap (least likely on top) from i downwards. */
static void sift(uint32_t *heap, size_t n, size_t i, const float *x)
{
	uint32_t keep = heap[i];
	size_t child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && less(x, heap[child + 1], heap[child]))
			child++;
		if (!less(x, heap[child], keep))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = keep;
}

/* Sets p to 0 except for the k most likely. */
static void keep_best(struct oae_sampler *s, float *p, size_t k)
{
	uint32_t *heap = s->heap;

	for (size_t i = 0; i < k; i++)
		heap[i] = (uint32_t)i;
	for (size_t i = k / 2; i-- > 0;)
		sift(heap, k, i, p);
	for (size_t i = k; i < s->n_vocab; i++) {
		if (less(p, heap[0], (uint32_t)i)) {
			p[heap[0]] = 0;
			heap[0] = (uint32_t)i;
			sift(heap, k, 0, p);
		} else {
			p[i] = 0;
		}
	}
}

void oae_sampler_distribution(struct oae_sampler *s, const float *logits,
			      float *p)
{
	float inverse = 1.0f / s->temperature, sum = 0;

	for (size_t i = 0; i < s->n_vocab; i++)
		p[i] = logits[i] * inverse;
	s->kernels->softmax(p, s->n_vocab);
	if (!s->top_k || s->top_k >= s->n_vocab)
		return;
	keep_best(s, p, s->top_k);
	for (size_t i = 0; i < s->n_vocab; i++)
		sum += p[i];
	for (size_t i = 0; i < s->n_vocab; i++)
		p[i] /= sum;
}

/* Stafford's mixing function 13, as in splitmix64. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/*
 * Token i rings after an exponential time of rate p[i], -log(u) / p[i]. As
 * -log(u) >= 1 - u, most tokens are out of the race without a logarithm.
 */
int32_t oae_sampler_draw(const struct oae_sampler *s, const float *p,
			 uint64_t position)
{
	uint64_t at = mix(s->key ^ mix(position));
	double first = INFINITY, u, time;
	size_t winner = 0;

	for (size_t i = 0; i < s->n_vocab; i++) {
		at += 0x9e3779b97f4a7c15u;
		if (!(p[i] > 0))
			continue;
		u = ((double)(mix(at) >> 11) + 0.5) * 0x1p-53;
		if (1 - u >= first * (double)p[i])
			continue;
		time = -log(u) / (double)p[i];
		if (time < first) {
			first = time;
			winner = i;
		}
	}
	return (int32_t)winner;
}
