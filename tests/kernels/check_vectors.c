/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kernels/checks.h"

#define COLUMNS 224

/* The oracle's and the table's own, of the same two rows. */
static void quantize_rows(const struct oae_kernels *k, const float *x)
{
	size_t blocks = 2 * COLUMNS / OAE_TENSOR_BLOCK;
	struct oae_acts a, b;

	check_acts_make(&a, 2, COLUMNS);
	check_acts_make(&b, 2, COLUMNS);
	memcpy(a.x, x, 2 * COLUMNS * sizeof(*x));
	memcpy(b.x, x, 2 * COLUMNS * sizeof(*x));
	check_acts_quantize(&a, 2, &oae_kernels_scalar);
	check_acts_quantize(&b, 2, k);
	CHECK(!memcmp(a.q, b.q, 2 * COLUMNS));
	CHECK(!memcmp(a.d, b.d, blocks * sizeof(*a.d)));
	CHECK(!memcmp(a.off, b.off, blocks * sizeof(*a.off)));
	if (k->uses_pairs) {
		CHECK(!memcmp(a.pairs, b.pairs, 2 * COLUMNS * 2));
		CHECK(!memcmp(a.cross, b.cross, blocks * sizeof(*a.cross)));
	}
	check_acts_free(&a);
	check_acts_free(&b);
}

void check_quantize(const struct oae_kernels *k)
{
	float *x;

	for (int round = 0; round < 120; round++) {
		x = check_randoms(2 * COLUMNS);
		for (int i = 0; i < 2 * COLUMNS; i++) {
			switch (round % 6) {
			case 0: /* zeros of either sign */
				x[i] = i % 2 ? 0.0f : -0.0f;
				break;
			case 1: /* halves, which round to even */
				x[i] = i % 32 ? (float)(i % 64) - 31.5f :
						127.0f;
				break;
			case 2: /* below the normal range */
				x[i] *= 1e-39f;
				break;
			case 3: /* near the largest */
				x[i] *= 1e37f;
				break;
			case 4: /* a NaN counts as 0 */
				x[i] = i % 37 ? x[i] : NAN;
				break;
			default:
				x[i] = i % 41 ? x[i] : INFINITY;
				break;
			}
		}
		quantize_rows(k, x);
		free(x);
	}
}

void check_vectors(const struct oae_kernels *k)
{
	const struct oae_kernels *scalar = &oae_kernels_scalar;
	float *x, *w, *want, *y;
	size_t n;

	for (int round = 0; round < 150; round++) {
		n = 2 * (1 + (size_t)oae_rng_below(&check_rng, 70));
		snprintf(check_about, sizeof(check_about), "%zu elements", n);
		x = check_randoms(n);
		w = check_randoms(n);
		want = check_get((n + 1) * 4);
		y = check_get((n + 1) * 4);
		want[n] = y[n] = 7; /* stays */
		for (size_t i = 0; i < n; i++)
			x[i] *= round % 4 ? 8.0f : 60.0f;
#define SAME(call)                                    \
	do {                                          \
		float *z = want;                      \
		memcpy(z, x, n * 4);                  \
		scalar->call;                         \
		z = y;                                \
		memcpy(z, x, n * 4);                  \
		k->call;                              \
		CHECK(!memcmp(y, want, (n + 1) * 4)); \
	} while (0)
		SAME(rmsnorm(x, w, n, 1e-5f, z));
		SAME(rmsnorm(z, w, n, 1e-5f, z));
		SAME(rope_pairs(z, w, w + n / 2, n));
		SAME(rope_halves(z, w, w + n / 2, n));
		SAME(silu_mul(x, w, n, z));
		SAME(silu_mul(z, w, n, z));
		SAME(add(z, w, n));
		SAME(softmax(z, n));
		SAME(to_f16(x, n, (uint16_t *)(void *)z));
#undef SAME
		free(x);
		free(w);
		free(want);
		free(y);
	}
}

/* Every exponent, ties and what overflows. */
void check_to_f16(const struct oae_kernels *k)
{
	float x[64];
	uint16_t h[64];
	uint32_t bits;

	for (uint32_t exponent = 0; exponent < 255; exponent++) {
		for (uint32_t i = 0; i < 64; i++) {
			bits = (uint32_t)oae_rng_below(&check_rng, 1u << 23);
			if (i % 4 == 0)
				bits = (bits & ~0x1fffu) | 0x1000u;
			bits |= exponent << 23 | (i & 1) << 31;
			memcpy(&x[i], &bits, 4);
		}
		k->to_f16(x, 64, h);
		for (size_t i = 0; i < 64; i++)
			CHECK(h[i] == oae_f16_from_f32(x[i]));
	}
	x[0] = INFINITY;
	x[1] = -INFINITY;
	k->to_f16(x, 2, h);
	CHECK(h[0] == 0x7c00 && h[1] == 0xfc00);
}

/* Lengths of a vocabulary, equal and far apart values. */
void check_softmax(const struct oae_kernels *k)
{
	static const size_t lengths[] = { 1, 15, 16, 17, 1021, 32003 };
	float *x, *y;

	for (int i = 0; i < 18; i++) {
		size_t n = lengths[i / 3];

		snprintf(check_about, sizeof(check_about), "%zu elements", n);
		x = check_randoms(n);
		for (size_t j = 0; j < n; j++)
			x[j] = i % 3 == 0 ? x[j] :
			       i % 3 == 1 ? 2.5f :
					    x[j] * 400;
		y = check_get(n * 4);
		memcpy(y, x, n * 4);
		oae_kernels_scalar.softmax(x, n);
		k->softmax(y, n);
		CHECK(!memcmp(x, y, n * 4));
		free(x);
		free(y);
	}
}
