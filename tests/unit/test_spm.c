/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SentencePiece vocabularies, special tokens, and both kinds of merging
 * against a naive one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/reference/tokenizer/tokenizer.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "tests/unit/tokenizer_naive.h"

#define SP "\xe2\x96\x81" /* U+2581 */
#define FIRST 259	  /* after <unk> <s> </s> and 256 bytes */
#define TOKENS_MAX 512

struct vocab {
	char bytes[256][8];
	char made[TOKENS_MAX][40];
	const char *tokens[TOKENS_MAX];
	int32_t types[TOKENS_MAX];
	float scores[TOKENS_MAX];
	size_t n;
	struct oae_tokenizer_parts parts;
};

static void add(struct vocab *v, const char *text, int32_t type, float score)
{
	assert_true(v->n < TOKENS_MAX);
	v->tokens[v->n] = text;
	v->types[v->n] = type;
	v->scores[v->n] = score;
	v->parts.n_tokens = ++v->n;
}

static void vocab_init(struct vocab *v)
{
	memset(v, 0, sizeof(*v));
	v->parts = (struct oae_tokenizer_parts){
		.kind = OAE_TOKENIZER_SPM,
		.tokens = v->tokens,
		.types = v->types,
		.scores = v->scores,
		.bos = 1,
		.eos = 2,
		.add_bos = true,
		.space_prefix = true,
	};
	add(v, "<unk>", OAE_TOKEN_UNKNOWN, 0);
	add(v, "<s>", OAE_TOKEN_CONTROL, 0);
	add(v, "</s>", OAE_TOKEN_CONTROL, 0);
	for (unsigned b = 0; b < 256; b++) {
		snprintf(v->bytes[b], sizeof(v->bytes[b]), "<0x%02X>", b);
		add(v, v->bytes[b], OAE_TOKEN_BYTE, 0);
	}
}

enum {
	LOW = FIRST,
	SPACE,
	L,
	O,
	W,
	E,
	SPACE_L,
	OW,
	SPACE_LOW,
	LO,
	USER,
	TURN,
};

/* "lo" would be joined first, were "ow" not better. */
static void vocab_low(struct vocab *v)
{
	vocab_init(v);
	add(v, "low", OAE_TOKEN_NORMAL, -4);
	add(v, SP, OAE_TOKEN_NORMAL, -10);
	add(v, "l", OAE_TOKEN_NORMAL, -11);
	add(v, "o", OAE_TOKEN_NORMAL, -12);
	add(v, "w", OAE_TOKEN_NORMAL, -13);
	add(v, "e", OAE_TOKEN_NORMAL, -14);
	add(v, SP "l", OAE_TOKEN_NORMAL, -6);
	add(v, "ow", OAE_TOKEN_NORMAL, -1);
	add(v, SP "low", OAE_TOKEN_NORMAL, -2);
	add(v, "lo", OAE_TOKEN_NORMAL, -3);
	add(v, "<user>", OAE_TOKEN_USER, 0);
	add(v, "<end_of_turn>", OAE_TOKEN_CONTROL, 0);
}

static struct oae_tokenizer *build(const struct vocab *v)
{
	struct oae_tokenizer *t;
	struct oae_error err = { 0 };

	if (oae_tokenizer_new(&v->parts, &t, &err))
		fail_msg("%s", err.text);
	return t;
}

static void expect(const struct oae_tokenizer *t, unsigned how,
		   const char *text, size_t n_want, ...)
{
	struct oae_error err = { 0 };
	int32_t ids[64];
	va_list ap;
	size_t n;

	if (oae_tokenizer_encode_as(t, how, text, strlen(text), ids, 64, &n,
				    &err))
		fail_msg("%s: %s", text, err.text);
	va_start(ap, n_want);
	for (size_t i = 0; i < n && i < n_want; i++) {
		int32_t want = va_arg(ap, int32_t);

		if (ids[i] != want)
			fail_msg("\"%s\": token %zu is %d, not %d", text, i,
				 ids[i], want);
	}
	va_end(ap);
	if (n != n_want)
		fail_msg("\"%s\": %zu tokens, not %zu", text, n, n_want);
}

/* <0xNN> of a byte. */
static int32_t byte(unsigned b)
{
	return 3 + (int32_t)b;
}

static void test_merges_by_score(void **state)
{
	struct vocab v;
	struct oae_tokenizer *t;

	(void)state;
	vocab_low(&v);
	t = build(&v);
	expect(t, 0, "low", 1, SPACE_LOW);
	expect(t, 0, "low low", 2, SPACE_LOW, SPACE_LOW);
	expect(t, 0, "we", 3, SPACE, W, E);
	expect(t, 0, "", 0);
	expect(t, OAE_TOKENIZE_INNER, "low", 1, LOW);
	expect(t, OAE_TOKENIZE_INNER, " low", 1, SPACE_LOW);
	expect(t, OAE_TOKENIZE_BOS, "low", 2, 1, SPACE_LOW);
	expect(t, OAE_TOKENIZE_BOS, "", 1, 1);
	oae_tokenizer_free(t);
	v.parts.space_prefix = v.parts.add_bos = false;
	t = build(&v);
	expect(t, OAE_TOKENIZE_BOS, "low", 1, LOW);
	oae_tokenizer_free(t);
}

static void test_bytes_stand_in(void **state)
{
	struct vocab v;
	struct oae_tokenizer *t;

	(void)state;
	vocab_low(&v);
	t = build(&v);
	expect(t, OAE_TOKENIZE_INNER, "l\xc3\xa9l", 4, L, byte(0xc3),
	       byte(0xa9), L);
	expect(t, OAE_TOKENIZE_INNER, "\n", 1, byte('\n'));
	expect(t, OAE_TOKENIZE_INNER, "\xff", 1, byte(0xff));
	/* a cut-off sequence takes what follows with it, then gives it back */
	expect(t, OAE_TOKENIZE_INNER,
	       "\xe2\x96"
	       "l",
	       3, byte(0xe2), byte(0x96), byte('l'));
	oae_tokenizer_free(t);
	/* without byte tokens: the unknown one */
	for (int b = 0; b < 256; b++)
		v.types[3 + b] = OAE_TOKEN_UNUSED;
	t = build(&v);
	expect(t, OAE_TOKENIZE_INNER, "l\n", 2, L, 0);
	oae_tokenizer_free(t);
	/* and without that one the text is refused, not the file */
	v.parts.unk = -1;
	t = build(&v);
	{
		struct oae_error err = { 0 };
		int32_t ids[8];
		size_t n;

		assert_int_equal(oae_tokenizer_encode(t, "l\n", 2, ids, 8, &n,
						      &err),
				 OAE_ERR_UNSUPPORTED);
		assert_non_null(strstr(err.text, "0x0a"));
	}
	oae_tokenizer_free(t);
}

static void test_special_tokens(void **state)
{
	const unsigned control = OAE_TOKENIZE_CONTROL;
	struct vocab v;
	struct oae_tokenizer *t;

	(void)state;
	vocab_low(&v);
	add(&v, "<user>>", OAE_TOKEN_USER, 0);
	t = build(&v);
	/* a user token is found always, a control token when asked */
	expect(t, 0, "<user>low", 2, USER, SPACE_LOW);
	expect(t, 0, "low<user>", 2, SPACE_LOW, USER);
	expect(t, 0, "<user>>", 1, TURN + 1);
	expect(t, 0, "<user", 6, SPACE, byte('<'), byte('u'), byte('s'), E,
	       byte('r'));
	expect(t, control, "<s>low</s>", 3, 1, SPACE_LOW, 2);
	expect(t, control, "<s><s>", 2, 1, 1);
	expect(t, control, "<unk>", 1, 0);
	expect(t, 0, "<s>", 4, SPACE, byte('<'), byte('s'), byte('>'));
	expect(t, OAE_TOKENIZE_PROMPT, "low<end_of_turn>", 3, 1, SPACE_LOW,
	       TURN);
	assert_true(oae_tokenizer_ends(t, 2));
	assert_true(oae_tokenizer_ends(t, TURN));
	assert_false(oae_tokenizer_ends(t, 1));
	assert_false(oae_tokenizer_ends(t, -1));
	assert_false(oae_tokenizer_ends(t, 1 << 20));
	oae_tokenizer_free(t);
}

static void text_of(const struct oae_tokenizer *t, const int32_t *ids, size_t n,
		    const char *want)
{
	struct oae_buf out;

	oae_buf_init(&out, 4096);
	oae_tokenizer_decode_all(t, ids, n, &out);
	assert_string_equal(oae_buf_str(&out), want);
	oae_buf_release(&out);
}

static void test_decoding(void **state)
{
	struct vocab v;
	struct oae_tokenizer *t;
	struct oae_buf out;

	(void)state;
	vocab_low(&v);
	t = build(&v);
	text_of(t, (int32_t[]){ 1, SPACE_LOW, SPACE_LOW, 2 }, 4, "low low");
	text_of(t, (int32_t[]){ LOW, SPACE_LOW }, 2, "low low");
	text_of(t, (int32_t[]){ SPACE, SPACE_LOW }, 2, " low");
	text_of(t, (int32_t[]){ byte(0xc3), byte(0xa9), USER }, 3,
		"\xc3\xa9<user>");
	/* a token inside a text keeps its space */
	oae_buf_init(&out, 64);
	oae_tokenizer_decode(t, SPACE_LOW, &out);
	oae_tokenizer_decode(t, -5, &out);
	oae_tokenizer_decode(t, 99999, &out);
	oae_tokenizer_decode(t, 0, &out);
	assert_string_equal(oae_buf_str(&out), " low");
	oae_buf_release(&out);
	oae_tokenizer_free(t);
}

static const char *const letters[] = { "a", "b", "c", "\xc3\xa9", SP };

/* Puts a text at out[n], with its NUL; returns where it ends. */
static size_t append(char *out, size_t n, const char *text)
{
	while ((out[n] = *text++))
		n++;
	return n;
}

/* Tokens of up to six letters, few scores so that there are ties. */
static void vocab_random(struct vocab *v, struct oae_rng *rng)
{
	vocab_init(v);
	for (int i = 0; i < 120; i++) {
		char *text = v->made[i];
		size_t n = i < 5 ? 1 : 2 + (size_t)oae_rng_below(rng, 5);
		size_t at = 0;
		bool known = false;

		while (n--)
			at = append(text, at,
				    letters[i < 5 ? (size_t)i :
						    oae_rng_below(rng, 5)]);
		for (size_t k = FIRST; k < v->n; k++)
			known |= !strcmp(v->tokens[k], text);
		/* now and then a letter is no token */
		if (!known && (i > 4 || oae_rng_below(rng, 8)))
			add(v, text, OAE_TOKEN_NORMAL,
			    -(float)oae_rng_below(rng, 30));
	}
}

/* The same text as SPM spells it; returns its length. */
static size_t spell(const char *text, size_t len, char *out)
{
	size_t n = append(out, 0, SP);

	for (size_t i = 0; i < len; i++)
		if (text[i] == ' ')
			n = append(out, n, SP);
		else
			out[n++] = text[i];
	return n;
}

static void compare_spm(const struct vocab *v, const struct oae_tokenizer *t,
			const char *text, size_t len)
{
	static struct naive naive;
	char spelled[NAIVE_MAX + 8];
	int32_t ids[NAIVE_MAX];
	size_t bytes = spell(text, len, spelled), n, at = 0;
	struct oae_error err = { 0 };

	naive = (struct naive){ .tokens = v->tokens + FIRST,
				.scores = v->scores + FIRST,
				.n_tokens = v->n - FIRST };
	for (size_t i = 0; i < bytes; i += naive.len[naive.n++]) {
		naive.text[naive.n] = spelled + i;
		naive.len[naive.n] = oae_utf8_length(spelled + i, bytes - i);
	}
	naive_merge(&naive);
	assert_int_equal(oae_tokenizer_encode(t, text, len, ids, NAIVE_MAX, &n,
					      &err),
			 OAE_OK);
	for (size_t i = 0; i < naive.n; i++) {
		int32_t id = naive_token(&naive, naive.text[i], naive.len[i]);

		if (id >= 0) {
			assert_int_equal(ids[at++], id + FIRST);
			continue;
		}
		for (size_t k = 0; k < naive.len[i]; k++)
			assert_int_equal(ids[at++],
					 byte((uint8_t)naive.text[i][k]));
	}
	assert_int_equal(at, n);
}

static void test_naive_spm(void **state)
{
	static struct vocab v;
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 5);
	for (int round = 0; round < 60; round++) {
		struct oae_tokenizer *t;

		vocab_random(&v, &rng);
		t = build(&v);
		for (int k = 0; k < 10; k++) {
			char text[128] = "";
			size_t n = 1 + (size_t)oae_rng_below(&rng, 60), at = 0;

			while (n--) {
				const char *next = " ";

				if (oae_rng_below(&rng, 6))
					next = letters[oae_rng_below(&rng, 4)];
				at = append(text, at, next);
			}
			compare_spm(&v, t, text, strlen(text));
		}
		oae_tokenizer_free(t);
	}
}

/* Merges of random tokens that are there, each a new one. */
static size_t random_merges(struct vocab *v, struct oae_rng *rng,
			    char merges[][48], const char **list)
{
	size_t n = 0, first = v->n;

	for (const char *c = "abc"; *c; c++) {
		snprintf(v->made[v->n], sizeof(v->made[0]), "%c", *c);
		add(v, v->made[v->n], OAE_TOKEN_NORMAL, 0);
	}
	while (n < 40) {
		const char *a = v->tokens[first + oae_rng_below(rng, n + 3)];
		const char *b = v->tokens[first + oae_rng_below(rng, n + 3)];
		char *both = v->made[v->n];
		bool known = false;

		if (strlen(a) + strlen(b) > 12)
			continue;
		snprintf(both, sizeof(v->made[0]), "%.20s%.19s", a, b);
		for (size_t i = first; i < v->n; i++)
			known |= !strcmp(v->tokens[i], both);
		if (known)
			continue;
		snprintf(merges[n], sizeof(merges[n]), "%.20s %.20s", a, b);
		list[n] = merges[n];
		n++;
		add(v, both, OAE_TOKEN_NORMAL, 0);
	}
	return n;
}

static void test_naive_bpe(void **state)
{
	static struct vocab v;
	static struct naive naive;
	static char merges[40][48];
	const char *list[40];
	struct oae_rng rng;

	(void)state;
	oae_rng_seed(&rng, 6);
	for (int round = 0; round < 300; round++) {
		struct oae_error err = { 0 };
		struct oae_tokenizer *t;
		char text[64];
		int32_t ids[64];
		size_t len = 1 + (size_t)oae_rng_below(&rng, 60), n;

		memset(&v, 0, sizeof(v));
		v.parts.n_merges = random_merges(&v, &rng, merges, list);
		v.parts.kind = OAE_TOKENIZER_BPE;
		v.parts.tokens = v.tokens;
		v.parts.merges = list;
		v.parts.pre = "qwen2";
		v.parts.bos = v.parts.eos = -1;
		t = build(&v);
		naive = (struct naive){ .tokens = v.tokens,
					.n_tokens = v.n,
					.merges = list,
					.n_merges = v.parts.n_merges };
		for (size_t i = 0; i < len; i++) {
			text[i] = (char)('a' + oae_rng_below(&rng, 3));
			naive.text[naive.n] = text + i;
			naive.len[naive.n++] = 1;
		}
		naive_merge(&naive);
		assert_int_equal(oae_tokenizer_encode(t, text, len, ids, 64, &n,
						      &err),
				 OAE_OK);
		assert_int_equal(n, naive.n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(ids[i],
					 naive_token(&naive, naive.text[i],
						     naive.len[i]));
		oae_tokenizer_free(t);
	}
}

static void test_a_megabyte(void **state)
{
	static const char *const fills[] = { "low",   " ",
					     "o",     "\xf0\x9f\x98\x80",
					     "<user", "<user>",
					     "\xff",  "\xc3 " };
	size_t len = 1u << 20, n, one;
	char *text = malloc(len);
	int32_t *ids = malloc(3 * len * sizeof(*ids));
	struct vocab v;
	struct oae_tokenizer *t;

	(void)state;
	assert_non_null(text);
	assert_non_null(ids);
	vocab_low(&v);
	t = build(&v);
	for (size_t k = 0; k < sizeof(fills) / sizeof(fills[0]); k++) {
		struct oae_error err = { 0 };

		one = strlen(fills[k]);
		for (size_t i = 0; i < len; i++)
			text[i] = fills[k][i % one];
		if (oae_tokenizer_encode(t, text, len - len % one, ids, 3 * len,
					 &n, &err))
			fail_msg("%s", err.text);
		assert_true(n > 0);
	}
	oae_tokenizer_free(t);
	free(text);
	free(ids);
}

static void refused(const struct vocab *v, enum oae_status status,
		    const char *word)
{
	struct oae_error err = { 0 };
	struct oae_tokenizer *t;

	assert_int_equal(oae_tokenizer_new(&v->parts, &t, &err), status);
	assert_null(t);
	if (!strstr(err.text, word))
		fail_msg("\"%s\" does not say %s", err.text, word);
}

static void test_hostile_parts(void **state)
{
	static char huge[5000];
	struct vocab v;

	(void)state;
	vocab_low(&v);
	v.parts.scores = NULL;
	refused(&v, OAE_ERR_FORMAT, "scores");
	vocab_low(&v);
	v.scores[7] = __builtin_nanf("");
	refused(&v, OAE_ERR_FORMAT, "token 7");
	vocab_low(&v);
	v.tokens[5] = "<0xZZ>";
	refused(&v, OAE_ERR_FORMAT, "<0xZZ>");
	vocab_low(&v);
	v.parts.unk = 100000;
	refused(&v, OAE_ERR_FORMAT, "unknown token 100000");
	vocab_low(&v);
	v.parts.bos = -2;
	refused(&v, OAE_ERR_FORMAT, "bos");
	vocab_low(&v);
	v.parts.ends = (const int32_t[]){ 5, -1 };
	v.parts.n_ends = 2;
	refused(&v, OAE_ERR_FORMAT, "end token -1");
	vocab_low(&v);
	memset(huge, 'x', sizeof(huge) - 1);
	v.tokens[300] = v.tokens[270];
	v.tokens[270] = huge;
	refused(&v, OAE_ERR_LIMIT, "token 270");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merges_by_score),
		cmocka_unit_test(test_bytes_stand_in),
		cmocka_unit_test(test_special_tokens),
		cmocka_unit_test(test_decoding),
		cmocka_unit_test(test_naive_spm),
		cmocka_unit_test(test_naive_bpe),
		cmocka_unit_test(test_a_megabyte),
		cmocka_unit_test(test_hostile_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
