/* SPDX-License-Identifier: Apache-2.0 */
/* Vocabularies that nobody would train. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/reference/tokenizer/tokenizer.h"
#include "base/rng.h"

#define RANDOM_MAX 60u

static char texts[RANDOM_MAX][16];
static const char *tokens[RANDOM_MAX];
static float scores[RANDOM_MAX];

/* Parts of random kinds; returns how many tokens there are. */
static size_t random_parts(struct oae_rng *rng, struct oae_tokenizer_parts *p,
			   const char *bytes, size_t n_bytes)
{
	static int32_t types[RANDOM_MAX];
	size_t n = 1 + (size_t)oae_rng_below(rng, RANDOM_MAX);

	memset(texts, 0, sizeof(texts));
	for (size_t i = 0; i < n; i++) {
		size_t len = (size_t)oae_rng_below(rng, 9);

		for (size_t c = 0; c < len; c++)
			texts[i][c] = bytes[oae_rng_below(rng, n_bytes)];
		/* 0 is no type */
		types[i] = (int32_t)oae_rng_below(rng, 7);
		scores[i] = (float)oae_rng_normal(rng);
	}
	*p = (struct oae_tokenizer_parts){
		.kind = oae_rng_below(rng, 2) ? OAE_TOKENIZER_SPM :
						OAE_TOKENIZER_BPE,
		.tokens = tokens,
		.n_tokens = n,
		.types = oae_rng_below(rng, 4) ? types : NULL,
		.scores = scores,
		.pre = "llama-bpe",
		.space_prefix = oae_rng_below(rng, 2),
		.bos = (int32_t)oae_rng_below(rng, n + 1) - 1,
		.eos = (int32_t)oae_rng_below(rng, n + 1) - 1,
		.unk = (int32_t)oae_rng_below(rng, n + 1) - 1,
	};
	return n;
}

/* Whatever the parts are, building and encoding end well. */
static void test_random_parts(void **state)
{
	static const char bytes[] = "<0x4Fs>|/ab \xe2\x96\x81\xff\xc4\xa0";
	struct oae_tokenizer_parts p;
	struct oae_rng rng;
	int built = 0;

	(void)state;
	oae_rng_seed(&rng, 9);
	for (int round = 0; round < 2000; round++) {
		size_t n,
			all = random_parts(&rng, &p, bytes, sizeof(bytes) - 1);
		struct oae_error err = { 0 };
		struct oae_tokenizer *t = NULL;
		char text[100];
		int32_t ids[64];

		if (oae_tokenizer_new(&p, &t, &err)) {
			assert_true(err.text[0] != '\0');
			continue;
		}
		built++;
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = bytes[oae_rng_below(&rng, sizeof(bytes) - 1)];
		oae_tokenizer_encode_as(t, (unsigned)oae_rng_below(&rng, 8),
					text, sizeof(text), ids, 64, &n, &err);
		assert_true(n <= 64);
		for (size_t i = 0; i < n; i++)
			assert_true(ids[i] >= 0 && (size_t)ids[i] < all);
		oae_tokenizer_free(t);
	}
	assert_true(built > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_parts),
	};

	for (size_t i = 0; i < RANDOM_MAX; i++)
		tokens[i] = texts[i];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
