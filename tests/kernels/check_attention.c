/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kernels/checks.h"

#define QUERIES OAE_ATTENTION_QUERIES

struct cache {
	float *q, *out, *want, *scores;
	uint16_t *k, *v;
	size_t positions, dim;
};

static void cache_make(struct cache *c, size_t positions, size_t dim)
{
	size_t room = (positions + 15) / 16 * 16;
	float *x = check_randoms(2 * room * dim);

	*c = (struct cache){ .positions = positions, .dim = dim };
	c->k = check_get(room * dim * 2);
	c->v = check_get(room * dim * 2);
	oae_kernels_scalar.to_f16(x, room * dim, c->k);
	oae_kernels_scalar.to_f16(x + room * dim, room * dim, c->v);
	c->q = check_randoms(QUERIES * dim);
	c->out = check_get(QUERIES * dim * 4);
	c->want = check_get(QUERIES * dim * 4);
	c->scores = check_get(QUERIES * room * 4);
	free(x);
}

static void cache_free(struct cache *c)
{
	free(c->k);
	free(c->v);
	free(c->q);
	free(c->out);
	free(c->want);
	free(c->scores);
}

static void attend(const struct oae_kernels *k, struct cache *c, size_t first,
		   size_t n, const uint32_t *n_pos, float *out)
{
	struct oae_attention a = {
		.n = n,
		.k = c->k,
		.v = c->v,
		.head_dim = c->dim,
		.scale = 0.25f,
		.scores = c->scores,
		.scores_ld = (c->positions + 15) / 16 * 16,
		.memory = oae_rng_below(&check_rng, 2),
	};

	for (size_t i = 0; i < n; i++) {
		a.q[i] = c->q + (first + i) * c->dim;
		a.out[i] = out + (first + i) * c->dim;
		a.n_pos[i] = n_pos[first + i];
	}
	k->attention(&a);
}

/* All queries at once give what the oracle gives one by one. */
static void same(const struct oae_kernels *k, size_t positions, size_t dim,
		 size_t n, bool span)
{
	uint32_t n_pos[QUERIES];
	struct cache c;

	snprintf(check_about, sizeof(check_about),
		 "%zu queries, up to %zu positions, %zu dimensions", n,
		 positions, dim);
	cache_make(&c, positions, dim);
	for (size_t i = 0; i < n; i++) {
		n_pos[i] = 1 + (uint32_t)oae_rng_below(&check_rng, positions);
		if (span && positions >= n) /* a prompt's: one more each */
			n_pos[i] = (uint32_t)(positions - n + 1 + i);
	}
	for (size_t i = 0; i < n; i++)
		attend(&oae_kernels_scalar, &c, i, 1, n_pos, c.want);
	attend(k, &c, 0, n, n_pos, c.out);
	CHECK(!memcmp(c.out, c.want, QUERIES * dim * 4));
	cache_free(&c);
}

static size_t below(size_t n)
{
	return (size_t)oae_rng_below(&check_rng, n);
}

void check_attention(const struct oae_kernels *k)
{
	for (int round = 0; round < 60; round++)
		same(k, 1 + below(90), 16 * (1 + below(8)), 1 + below(QUERIES),
		     round % 2);
}

void check_attention_long(const struct oae_kernels *k)
{
	for (size_t n = 1; n <= QUERIES; n += n == 5 ? 3 : 2) {
		same(k, 400 + below(300), 64, n, true);
		same(k, 300 + below(200), 128, n, n % 2);
	}
}
