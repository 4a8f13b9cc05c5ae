/* SPDX-License-Identifier: Apache-2.0 */
/* Byte-level BPE: splitting, merging, round trips, hostile parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/reference/answer.h"
#include "adapters/reference/tokenizer/tokenizer.h"
#include "adapters/reference/tokenizer/tokenizer_hash.h"
#include "adapters/reference/tokenizer/tokenizer_split.h"
#include "base/rng.h"
#include "base/utf8.h"

#define N_MERGES 4

/* 256 byte tokens, four merged ones, and a control token. */
struct small {
	char bytes[256][3];
	const char *tokens[256 + N_MERGES + 1];
	int32_t types[256 + N_MERGES + 1];
	struct oae_tokenizer_parts parts;
};

/* "\xc4\xa0" is U+0120, a space in the alphabet. */
static const char *const merged[N_MERGES] = { "he", "ll", "hell",
					      "\xc4\xa0hell" };
static const char *const merges[N_MERGES] = { "h e", "l l", "he ll",
					      "\xc4\xa0 hell" };

static void small_init(struct small *s, const char *pre)
{
	memset(s, 0, sizeof(*s));
	for (unsigned b = 0; b < 256; b++) {
		oae_alphabet_write((uint8_t)b, s->bytes[b]);
		s->tokens[b] = s->bytes[b];
		s->types[b] = 1;
	}
	for (unsigned i = 0; i < N_MERGES; i++) {
		s->tokens[256 + i] = merged[i];
		s->types[256 + i] = 1;
	}
	s->tokens[256 + N_MERGES] = "<|end|>";
	s->types[256 + N_MERGES] = 3;
	s->parts = (struct oae_tokenizer_parts){
		.tokens = s->tokens,
		.types = s->types,
		.n_tokens = 256 + N_MERGES + 1,
		.merges = merges,
		.n_merges = N_MERGES,
		.pre = pre,
		.bos = -1,
		.eos = 256 + N_MERGES,
	};
}

static struct oae_tokenizer *small_new(const char *pre)
{
	struct small s;
	struct oae_tokenizer *t;
	struct oae_error err = { 0 };

	small_init(&s, pre);
	if (oae_tokenizer_new(&s.parts, &t, &err))
		fail_msg("%s", err.text);
	return t; /* everything was copied: s may go */
}

static void expect_ids(const struct oae_tokenizer *t, const char *text,
		       const int32_t *want, size_t n_want)
{
	int32_t ids[64];
	size_t n;
	struct oae_error err = { 0 };

	assert_int_equal(oae_tokenizer_encode(t, text, strlen(text), ids, 64,
					      &n, &err),
			 OAE_OK);
	assert_int_equal(n, n_want);
	assert_memory_equal(ids, want, n * sizeof(*ids));
}

static void test_known_merges(void **state)
{
	struct oae_tokenizer *t = small_new("qwen2");

	(void)state;
	expect_ids(t, "hello", (int32_t[]){ 258, 'o' }, 2);
	expect_ids(t, "a hell", (int32_t[]){ 'a', 259 }, 2);
	/* "ll" twice; the leftmost pair of three is joined */
	expect_ids(t, "lll", (int32_t[]){ 257, 'l' }, 2);
	expect_ids(t, "hhe", (int32_t[]){ 'h', 256 }, 2);
	/* a control token is never made out of text */
	expect_ids(t, "<|end|>",
		   (int32_t[]){ '<', '|', 'e', 'n', 'd', '|', '>' }, 7);
	oae_tokenizer_free(t);
}

static void test_digits_are_single(void **state)
{
	struct oae_tokenizer *t = small_new("qwen2");

	(void)state;
	expect_ids(t, "at 9:40",
		   (int32_t[]){ 'a', 't', ' ', '9', ':', '4', '0' }, 7);
	oae_tokenizer_free(t);
}

/* Cuts a text; the pieces are joined with '|' for comparison. */
static void split_text(const char *pre, const char *text, size_t len,
		       struct oae_buf *out)
{
	struct oae_split split;
	struct oae_split_pass pass;
	struct oae_error err = { 0 };
	size_t from, to;

	oae_buf_clear(out);
	assert_int_equal(oae_split_init(&split, pre, &err), OAE_OK);
	assert_int_equal(oae_split_begin(&pass, &split, text, len, &err),
			 OAE_OK);
	for (;;) {
		assert_int_equal(oae_split_next(&pass, &from, &to, &err),
				 OAE_OK);
		if (from == to)
			break;
		oae_buf_add(out, text + from, to - from);
		oae_buf_putc(out, '|');
	}
	assert_int_equal(from, len);
	oae_split_end(&pass);
	oae_split_release(&split);
}

static void test_split(void **state)
{
	static const char *const cases[][3] = {
		{ "qwen2", "I can't see 9:40 a.m.\n\nNo",
		  "I| can|'t| see| |9|:|4|0| a|.m|.\n\n|No|" },
		{ "qwen2", "a   b \n c  ", "a|  | b| \n| c|  |" },
		{ "qwen2", "x 12345 y", "x| |1|2|3|4|5| y|" },
		{ "llama-bpe", "x 12345 y", "x| |123|45| y|" },
		{ "llama-v3", "x 12345 y", "x| |123|45| y|" },
		{ "gpt-2", "x 12345 don't", "x| 12345| don|'t|" },
		{ "gpt-2", "a  \n b   ", "a|  \n| b|   |" },
		/* digits are cut out first; the rest ends before them */
		{ "smollm", "x  12 don't", "x|  |1|2| don|'t|" },
		{ "default", "I'll pay $12345!", "I|'|ll| pay| |$|123|45|!|" },
		/* white space is Unicode's: NEL is, U+180E is not */
		{ "qwen2", "a\xc2\x85\xe1\xa0\x8e",
		  "a|\xc2\x85|\xe1\xa0\x8e|" },
		{ "qwen2", "na\xc3\xafve caf\xc3\xa9 1\xc3\xa9",
		  "na\xc3\xafve| caf\xc3\xa9| |1|\xc3\xa9|" },
	};
	struct oae_buf out;

	(void)state;
	oae_buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		split_text(cases[i][0], cases[i][1], strlen(cases[i][1]), &out);
		assert_string_equal(oae_buf_str(&out), cases[i][2]);
	}
	oae_buf_release(&out);
}

/*
 * The hand-written splitter against the pattern: a text is ASCII, so the
 * fast path cuts it; with one non-ASCII letter behind a newline at its end
 * the pattern does. All but the pieces at the end must agree.
 */
static void test_fast_split_equals_pattern(void **state)
{
	static const char letters[] = "aB'sT relLvVdm19 \t\n\r\v.-:\x01\x7f";
	struct oae_rng rng;
	struct oae_buf fast, pattern;

	(void)state;
	oae_rng_seed(&rng, 7);
	oae_buf_init(&fast, 4096);
	oae_buf_init(&pattern, 4096);
	for (int round = 0; round < 20000; round++) {
		const char *pre = round % 2 ? "qwen2" : "llama-bpe";
		char text[64];
		size_t len = 1 + (size_t)oae_rng_below(&rng, 24);

		for (size_t i = 0; i < len; i++)
			text[i] = letters[oae_rng_below(&rng,
							sizeof(letters) - 1)];
		snprintf(text + len, 8, "z \xc3\xa9");
		split_text(pre, text, len + 4, &pattern);
		snprintf(text + len, 8, "z e");
		split_text(pre, text, len + 3, &fast);
		/* drop the last pieces " \xc3\xa9|" and " e|" */
		assert_true(fast.len > 3 && pattern.len > 4);
		assert_int_equal(fast.len - 3, pattern.len - 4);
		assert_memory_equal(fast.data, pattern.data, fast.len - 3);
	}
	oae_buf_release(&fast);
	oae_buf_release(&pattern);
}

/* Characters below a code point, at most len bytes; returns their number. */
static size_t random_text(struct oae_rng *rng, uint32_t below, char *text,
			  size_t len)
{
	size_t n = 0;

	while (n + 4 <= len)
		n += oae_utf8_encode(text + n,
				     (uint32_t)oae_rng_below(rng, below));
	return n;
}

static void test_round_trip(void **state)
{
	static const char *const pres[] = { "qwen2", "llama-bpe", "gpt-2" };
	struct oae_rng rng;
	struct oae_buf back;

	(void)state;
	oae_rng_seed(&rng, 11);
	oae_buf_init(&back, 4096);
	for (int round = 0; round < 600; round++) {
		struct oae_tokenizer *t = small_new(pres[round % 3]);
		size_t len = (size_t)oae_rng_below(&rng, 300), n;
		char text[300];
		int32_t ids[300];
		struct oae_error err = { 0 };

		len = random_text(&rng, round % 2 ? 0x3000 : 0x80, text, len);
		assert_int_equal(oae_tokenizer_encode(t, text, len, ids, 300,
						      &n, &err),
				 OAE_OK);
		oae_buf_clear(&back);
		for (size_t i = 0; i < n; i++)
			oae_tokenizer_decode(t, ids[i], &back);
		assert_int_equal(back.len, len);
		assert_memory_equal(oae_buf_str(&back), text, len);
		oae_tokenizer_free(t);
	}
	oae_buf_release(&back);
}

/* llama-3's vocabulary takes a whole piece before it merges. */
static void test_whole_pieces(void **state)
{
	struct small s;
	struct oae_tokenizer *t;
	struct oae_error err = { 0 };

	(void)state;
	small_init(&s, "llama-bpe");
	s.parts.n_merges = 1; /* "h e": nothing leads to "hell" */
	assert_int_equal(oae_tokenizer_new(&s.parts, &t, &err), OAE_OK);
	expect_ids(t, "hell", (int32_t[]){ 258 }, 1);
	expect_ids(t, "hello", (int32_t[]){ 256, 'l', 'l', 'o' }, 4);
	oae_tokenizer_free(t);
	s.parts.pre = "smaug-bpe"; /* cuts alike, but merges all the same */
	assert_int_equal(oae_tokenizer_new(&s.parts, &t, &err), OAE_OK);
	expect_ids(t, "hell", (int32_t[]){ 256, 'l', 'l' }, 3);
	oae_tokenizer_free(t);
}

static uint64_t fnv(const uint8_t *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return h;
}

/* Texts chosen to meet under a known hash, and pairs in a row, spread. */
static void test_hash_spreads(void **state)
{
	static uint8_t texts[2048], pairs[2048];
	struct oae_hash_key key, other;
	size_t n, at, found = 0;
	char text[24];

	(void)state;
	oae_hash_key_init(&key);
	oae_hash_key_init(&other);
	assert_memory_not_equal(&key, &other, sizeof(key));
	for (unsigned i = 0; found < 1024; i++) {
		n = (size_t)snprintf(text, sizeof(text), "token %u", i);
		if (fnv((uint8_t *)text, n) % 256)
			continue;
		at = oae_hash_bytes(&key, (uint8_t *)text, n) % 2048;
		/* by chance less than once in 10^15 runs */
		assert_true(++texts[at] < 20);
		at = oae_hash_pair(&key, (int32_t)found, 5) % 2048;
		assert_true(++pairs[at] < 20);
		found++;
	}
}

/* Every byte of a text of any length counts, and so does the length. */
static void test_hash_reads_all(void **state)
{
	uint8_t text[40] = { 0 };
	struct oae_hash_key key;
	size_t whole, shorter = 0;

	(void)state;
	oae_hash_key_init(&key);
	for (size_t n = 1; n <= sizeof(text); n++) {
		whole = oae_hash_bytes(&key, text, n);
		assert_true(whole != shorter);
		shorter = whole;
		for (size_t i = 0; i < n; i++) {
			text[i] = 1;
			assert_true(oae_hash_bytes(&key, text, n) != whole);
			text[i] = 0;
		}
	}
}

/* A byte that is no UTF-8 is read as U+FFFD. */
static void test_broken_utf8(void **state)
{
	static const char *const pres[] = { "qwen2", "gpt-2", "smollm" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct oae_tokenizer *t = small_new(pres[i]);

		expect_ids(t, "a\xff", (int32_t[]){ 'a', 0xef, 0xbf, 0xbd }, 4);
		expect_ids(t, "\xe2\x82",
			   (int32_t[]){ 0xef, 0xbf, 0xbd, 0xef, 0xbf, 0xbd },
			   6);
		expect_ids(t, "\xc3\xa9", (int32_t[]){ 0xc3, 0xa9 }, 2);
		oae_tokenizer_free(t);
	}
}

static void test_control_tokens(void **state)
{
	struct oae_tokenizer *t = small_new("qwen2");
	struct oae_error err = { 0 };
	int32_t ids[8];
	size_t n;

	(void)state;
	assert_int_equal(oae_tokenizer_encode_as(t, OAE_TOKENIZE_PROMPT,
						 "hell<|end|>o", 12, ids, 8, &n,
						 &err),
			 OAE_OK);
	assert_int_equal(n, 3);
	assert_int_equal(ids[0], 258);
	assert_int_equal(ids[1], 256 + N_MERGES);
	assert_int_equal(ids[2], 'o');
	assert_true(oae_tokenizer_ends(t, 256 + N_MERGES));
	assert_int_equal(oae_tokenizer_type(t, 256 + N_MERGES),
			 OAE_TOKEN_CONTROL);
	oae_tokenizer_free(t);
}

/* A character over several tokens comes out when it is whole. */
static void test_streaming(void **state)
{
	static const char text[] = "a\xf0\x9f\x98\x80z\xc3";
	static const char *const want[] = { "a", "", "", "", "\xf0\x9f\x98\x80",
					    "z", "" };
	struct oae_tokenizer *t = small_new("qwen2");
	struct oae_engine_piece piece = { 0 };
	struct oae_engine_request none = { 0 };
	struct oae_error err = { 0 };
	struct oae_answer a;

	(void)state;
	oae_answer_init(&a);
	assert_int_equal(oae_answer_begin(&a, &none, &err), OAE_OK);
	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		assert_false(oae_answer_add(&a, t, (uint8_t)text[i]));
		oae_answer_give(&a, &piece);
		assert_int_equal(piece.len, strlen(want[i]));
		assert_memory_equal(piece.text, want[i], piece.len);
	}
	oae_answer_release(&a);
	oae_tokenizer_free(t);
}

/* Long texts beyond ASCII, which the patterns cut, take linear time. */
static void test_long_patterns(void **state)
{
	static const char *const pres[] = { "qwen2", "gpt-2", "default" };
	static const char *const fills[] = {
		"\xc3\xa9 ", "  ", "!", "\n ", "1", "\xe4\xbd\xa0"
	};
	size_t max = 1u << 18, n;
	char *text = malloc(max + 2);
	int32_t *ids = malloc((max + 2) * sizeof(*ids));

	(void)state;
	assert_non_null(text);
	assert_non_null(ids);
	for (size_t k = 0; k < 18; k++) {
		struct oae_tokenizer *t = small_new(pres[k / 6]);
		struct oae_error err = { 0 };
		size_t one = strlen(fills[k % 6]), len = max / one * one;

		for (size_t i = 0; i < len; i++)
			text[i] = fills[k % 6][i % one];
		text[len] = '\xc3';
		text[len + 1] = '\xa9';
		if (oae_tokenizer_encode(t, text, len + 2, ids, max + 2, &n,
					 &err))
			fail_msg("%zu: %s", k, err.text);
		assert_int_equal(n, len + 2); /* a token a byte */
		oae_tokenizer_free(t);
	}
	free(text);
	free(ids);
}

static void test_limits(void **state)
{
	struct oae_tokenizer *t = small_new("qwen2");
	struct oae_error err = { 0 };
	size_t len = 1u << 20, n;
	char *text = malloc(len);
	int32_t *ids = malloc(len * sizeof(*ids));

	(void)state;
	assert_non_null(text);
	assert_non_null(ids);
	/* one word of a megabyte is merged in n log n, not n^2 */
	memset(text, 'l', len);
	assert_int_equal(oae_tokenizer_encode(t, text, len, ids, len, &n, &err),
			 OAE_OK);
	assert_int_equal(n, len / 2);
	assert_int_equal(oae_tokenizer_encode(t, text, len, ids, 10, &n, &err),
			 OAE_ERR_LIMIT);
	free(text);
	free(ids);
	oae_tokenizer_free(t);
}

static void expect_refused(const struct small *s, enum oae_status status,
			   const char *word)
{
	struct oae_tokenizer *t;
	struct oae_error err = { 0 };

	assert_int_equal(oae_tokenizer_new(&s->parts, &t, &err), status);
	assert_null(t);
	assert_non_null(strstr(err.text, word));
}

static void test_bad_parts(void **state)
{
	static const char *const bad_merges[] = { "h e", "nogap" };
	static const char *const unknown[] = { "x y" };
	struct small s;

	(void)state;
	small_init(&s, "deepseek-coder");
	expect_refused(&s, OAE_ERR_UNSUPPORTED, "deepseek-coder");
	small_init(&s, "qwen2");
	s.parts.merges = bad_merges;
	s.parts.n_merges = 2;
	expect_refused(&s, OAE_ERR_FORMAT, "nogap");
	s.parts.merges = unknown;
	s.parts.n_merges = 1;
	expect_refused(&s, OAE_ERR_FORMAT, "x y");
	small_init(&s, "qwen2");
	s.parts.n_tokens = 0;
	expect_refused(&s, OAE_ERR_LIMIT, "0 tokens");
	small_init(&s, "qwen2");
	s.parts.eos = 9999;
	expect_refused(&s, OAE_ERR_FORMAT, "9999");
}

static void test_training(void **state)
{
	static const char text[] = "low low low lower\0newest newest low 11";
	struct oae_tokenizer *t, *again;
	struct oae_error err = { 0 };
	const struct oae_tokenizer_parts *p, *q;

	(void)state;
	assert_int_equal(oae_tokenizer_train(text, sizeof(text) - 1, 262, &t,
					     &err),
			 OAE_OK);
	assert_int_equal(oae_tokenizer_train(text, sizeof(text) - 1, 262,
					     &again, &err),
			 OAE_OK);
	p = oae_tokenizer_parts(t);
	q = oae_tokenizer_parts(again);
	assert_int_equal(p->n_tokens, 262);
	assert_int_equal(p->n_merges, 5);
	/* lo and ow both occur 5 times: the first in byte order wins */
	assert_string_equal(p->merges[0], "l o");
	assert_string_equal(p->merges[1], "lo w");
	assert_string_equal(p->tokens[257], "low");
	assert_string_equal(p->merges[2], "\xc4\xa0 low");
	assert_string_equal(p->tokens[261], "<|end|>");
	assert_int_equal(p->types[261], 3);
	assert_int_equal(p->eos, 261);
	for (size_t i = 0; i < p->n_tokens; i++)
		assert_string_equal(p->tokens[i], q->tokens[i]);
	oae_tokenizer_free(t);
	oae_tokenizer_free(again);
	assert_int_equal(oae_tokenizer_train("ab", 2, 400, &t, &err),
			 OAE_ERR_FORMAT);
	assert_null(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_merges),
		cmocka_unit_test(test_digits_are_single),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_fast_split_equals_pattern),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_whole_pieces),
		cmocka_unit_test(test_hash_spreads),
		cmocka_unit_test(test_hash_reads_all),
		cmocka_unit_test(test_broken_utf8),
		cmocka_unit_test(test_control_tokens),
		cmocka_unit_test(test_streaming),
		cmocka_unit_test(test_long_patterns),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bad_parts),
		cmocka_unit_test(test_training),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
