/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "adapters/reference/gguf/tensor.h"
#include "adapters/reference/synth/tensor_random.h"

static struct oae_rng rng;

static const enum oae_tensor_type types[] = {
	OAE_TENSOR_F32,	 OAE_TENSOR_F16,  OAE_TENSOR_BF16, OAE_TENSOR_Q8_0,
	OAE_TENSOR_Q4_0, OAE_TENSOR_Q5_0, OAE_TENSOR_Q4_K, OAE_TENSOR_Q6_K,
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static void random_bytes(uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)oae_rng_u64(&rng);
}

static double scale_at(const uint8_t *p)
{
	uint16_t h;
	int exponent;

	memcpy(&h, p, 2);
	exponent = h >> 10 & 31;
	if (!exponent)
		return ldexp(h & 1023, -24) * (h >> 15 ? -1 : 1);
	return ldexp(1024 + (h & 1023), exponent - 25) * (h >> 15 ? -1 : 1);
}

/* n bits from bit `at` of p, the lowest first. */
static unsigned bits_at(const uint8_t *p, size_t at, size_t n)
{
	return (unsigned)(p[at / 8] >> at % 8) & ((1u << n) - 1);
}

/*
 * The format from its bits: d, m; then 12 bytes in which scales 0-3 and
 * minimums 0-3 are the low 6 bits of bytes 0-7 while 4-7 have their low 4
 * bits in bytes 8-11 and the others above bytes 0-3 and 4-7.
 */
static double q4_k(const uint8_t *block, size_t i)
{
	const uint8_t *s = block + 4, *q = block + 16;
	size_t sub = i / 32, byte = sub / 2 * 32 + i % 32;
	unsigned scale, min;

	if (sub < 4) {
		scale = bits_at(s + sub, 0, 6);
		min = bits_at(s + sub + 4, 0, 6);
	} else {
		scale = bits_at(s + sub + 4, 0, 4) +
			16 * bits_at(s + sub - 4, 6, 2);
		min = bits_at(s + sub + 4, 4, 4) + 16 * bits_at(s + sub, 6, 2);
	}
	return scale_at(block) * scale * bits_at(q + byte, sub % 2 * 4, 4) -
	       scale_at(block + 2) * min;
}

/*
 * Low nibbles: 64 bytes for 128 elements, the first 64 elements low in them,
 * the others high. Upper bits: byte l has those of l, l + 32, l + 64, l + 96.
 */
static double q6_k(const uint8_t *block, size_t i)
{
	const uint8_t *low = block, *high = block + 128, *scales = block + 192;
	unsigned q;

	low += i >= 128 ? 64 : 0;
	high += i >= 128 ? 32 : 0;
	q = bits_at(low + i % 64, i % 128 >= 64 ? 4 : 0, 4);
	q += 16 * bits_at(high + i % 32, i % 128 / 32 * 2, 2);
	return scale_at(block + 208) * (int8_t)scales[i / 16] *
	       ((double)q - 32);
}

static void test_kquants_read(void **state)
{
	uint8_t block[OAE_Q6_K_BYTES * 2];
	float x[2 * OAE_TENSOR_SUPER];
	double want, most;

	(void)state;
	for (int round = 0; round < 200; round++) {
		random_bytes(block, sizeof(block));
		block[1] &= 0x3f; /* finite scales */
		block[3] &= 0x3f;
		oae_tensor_to_f32(OAE_TENSOR_Q4_K, block, OAE_TENSOR_SUPER, x);
		for (size_t i = 0; i < OAE_TENSOR_SUPER; i++) {
			want = q4_k(block, i);
			most = fabs(scale_at(block)) * 945 +
			       fabs(scale_at(block + 2)) * 63;
			assert_true(fabs(x[i] - want) <= most * 1e-6);
		}
		block[209] &= 0xbf;
		block[OAE_Q6_K_BYTES + 209] &= 0xbf;
		oae_tensor_to_f32(OAE_TENSOR_Q6_K, block,
				  2 * (size_t)OAE_TENSOR_SUPER, x);
		for (size_t i = 0; i < 2 * OAE_TENSOR_SUPER; i++) {
			want = q6_k(block + i / 256 * OAE_Q6_K_BYTES, i % 256);
			assert_true(fabs(x[i] - want) <= fabs(want) * 1e-6);
		}
	}
}

/* Bit i of the 4 bytes is the fifth of element i. */
static void test_q5_0_read(void **state)
{
	uint8_t block[OAE_Q5_0_BYTES];
	float x[OAE_TENSOR_BLOCK];
	unsigned q;

	(void)state;
	for (int round = 0; round < 200; round++) {
		random_bytes(block, sizeof(block));
		block[1] &= 0xbf; /* a finite scale */
		oae_tensor_to_f32(OAE_TENSOR_Q5_0, block, OAE_TENSOR_BLOCK, x);
		for (size_t i = 0; i < OAE_TENSOR_BLOCK; i++) {
			q = bits_at(block + 6 + i % 16, i / 16 * 4, 4) +
			    16 * bits_at(block + 2, i, 1);
			assert_true(x[i] == (float)(scale_at(block) *
						    ((double)q - 16)));
		}
	}
}

/* One block by hand: only element 70 differs from the rest. */
static void test_kquants_by_hand(void **state)
{
	uint8_t four[OAE_Q4_K_BYTES] = { 0 }, six[OAE_Q6_K_BYTES] = { 0 };
	float x[OAE_TENSOR_SUPER];
	uint16_t two = oae_f16_from_f32(2), half = oae_f16_from_f32(0.5f);

	(void)state;
	memcpy(four, &two, 2);
	memcpy(four + 2, &half, 2);
	four[4 + 2] = 3;	      /* scale of 64..95 */
	four[4 + 4 + 2] = 5;	      /* and minimum */
	four[16 + 32 + 6] = 0xf0 | 9; /* 70 low, 102 high */
	oae_tensor_to_f32(OAE_TENSOR_Q4_K, four, OAE_TENSOR_SUPER, x);
	for (size_t i = 0; i < OAE_TENSOR_SUPER; i++)
		assert_true(x[i] == (i == 70	       ? 2 * 3 * 9 - 2.5f :
				     i >= 64 && i < 96 ? -2.5f :
							 0));
	memcpy(six + 208, &half, 2);
	memset(six + 192, 2, 16);
	six[192 + 4] = 0xff; /* -1, of 64..79 */
	six[6] = 9 << 4;     /* 70 is after 64 */
	six[128 + 6] = 3 << 4;
	oae_tensor_to_f32(OAE_TENSOR_Q6_K, six, OAE_TENSOR_SUPER, x);
	for (size_t i = 0; i < OAE_TENSOR_SUPER; i++)
		assert_true(x[i] == (i == 70	       ? -0.5f * (57 - 32) :
				     i >= 64 && i < 80 ? 16 :
							 -32));
}

static void test_random_is_what_it_says(void **state)
{
	enum {
		N = 1 << 14
	};
	static float x[N];
	static uint8_t data[N * 4];
	const float deviation = 0.02f;
	double sum, squares;

	(void)state;
	for (size_t t = 0; t < N_TYPES; t++) {
		oae_tensor_random(types[t], &rng, deviation, N, data);
		oae_tensor_to_f32(types[t], data, N, x);
		sum = squares = 0;
		for (size_t i = 0; i < N; i++) {
			sum += x[i];
			squares += x[i] * x[i];
		}
		assert_true(fabs(sum / N) < deviation * 0.04);
		assert_true(fabs(sqrt(squares / N) / deviation - 1) < 0.04);
	}
}

static void test_names(void **state)
{
	struct oae_error err = { 0 };
	enum oae_tensor_type type;

	(void)state;
	assert_int_equal(oae_tensor_type_parse("Q4_0", &type, &err), OAE_OK);
	assert_int_equal(type, OAE_TENSOR_Q4_0);
	assert_int_equal(oae_tensor_type_parse("q4_k", &type, &err),
			 OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "not written"));
	assert_string_equal(oae_tensor_type_name(14), "Q6_K");
	assert_int_equal(oae_tensor_type_block(OAE_TENSOR_Q6_K), 256);
	assert_int_equal(oae_tensor_bytes(OAE_TENSOR_Q4_K, 512), 288);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kquants_read),
		cmocka_unit_test(test_q5_0_read),
		cmocka_unit_test(test_kquants_by_hand),
		cmocka_unit_test(test_random_is_what_it_says),
		cmocka_unit_test(test_names),
	};

	oae_rng_seed(&rng, 5);
	return cmocka_run_group_tests_name("tensor", tests, NULL, NULL);
}
