/* SPDX-License-Identifier: Apache-2.0 */
/* The quick way of reading a line against the general one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "harness/proto_fast.h"

#define LINES 200000

static void same_number(uint64_t a, uint64_t b, const char *line)
{
	if (a != b)
		fail_msg("%llu is not %llu: %s", (unsigned long long)a,
			 (unsigned long long)b, line);
}

/* True when the quick way took it; then the general one agrees. */
static bool agrees(const char *line, size_t len)
{
	struct oae_error err = { 0 };
	struct oae_event fast, slow;

	if (!oae_event_parse_fast(line, len, &fast))
		return false;
	if (oae_event_parse(line, len, &slow, &err))
		fail_msg("taken, but %s: %s", err.text, line);
	assert_null(fast.tree);
	assert_true(fast.kind == slow.kind && fast.has_id && slow.has_id);
	same_number(fast.id, slow.id, line);
	same_number(fast.t_ns, slow.t_ns, line);
	same_number(fast.n, slow.n, line);
	same_number(fast.tokens_in, slow.tokens_in, line);
	same_number(fast.tokens_out, slow.tokens_out, line);
	same_number(fast.drafted, slow.drafted, line);
	same_number(fast.accepted, slow.accepted, line);
	same_number(fast.reused, slow.reused, line);
	same_number(fast.text_len, slow.text_len, line);
	assert_true(!fast.text == !slow.text && !fast.finish == !slow.finish);
	if (fast.text)
		assert_memory_equal(fast.text, slow.text, fast.text_len);
	if (fast.finish)
		assert_string_equal(fast.finish, slow.finish);
	oae_event_release(&slow);
	oae_event_release(&fast);
	return true;
}

/* ---- random lines ------------------------------------------------------- */

static const char *pick(struct oae_rng *r, const char *const *of, size_t n)
{
	return of[oae_rng_below(r, n)];
}

#define PICK(r, of) pick(r, of, sizeof(of) / sizeof((of)[0]))

static void put_number(struct oae_rng *r, struct oae_buf *b)
{
	static const char *const odd[] = {
		"0",
		"00",
		"01",
		"-0",
		"-1",
		"1.0",
		"1.5",
		"1e2",
		"1E+2",
		"9007199254740992",
		"9007199254740993",
		"999999999999999",
		"1000000000000000",
		"\"18446744073709551615\"",
		"\"18446744073709551616\"",
		"\"9999999999999999999\"",
		"\"007\"",
		"\"\"",
		"\"1 \"",
		"\"\\u0031\"",
		"null",
		"true",
		"[]",
		"{\"n\":1}",
		"+1",
		".5",
		"1.",
		"65536",
		"65537",
		"1e400",
	};

	if (oae_rng_below(r, 8) == 0)
		oae_buf_puts(b, PICK(r, odd));
	else if (oae_rng_below(r, 2))
		oae_buf_printf(b, "%llu",
			       (unsigned long long)oae_rng_below(r, 4));
	else
		oae_buf_printf(b, "\"%llu\"",
			       (unsigned long long)oae_rng_below(r, 4));
}

static void put_text(struct oae_rng *r, struct oae_buf *b)
{
	static const char *const parts[] = {
		"a",
		" word",
		"\xc3\xa9",
		"\xe2\x82\xac",
		"\\n",
		"\\\"",
		"\\\\",
		"\\/",
		"\\u00e9",
		"\\ud83d\\ude00",
		"\xf0\x9f\x98\x80",
		"\\t",
	};
	static const char *const bad[] = {
		"\n",	   "\t",      "\xff", "\xc3",	  "\\x",
		"\\u0000", "\\ud83d", "\\",   "\\udc00",  "\xed\xa0\x80",
		"\\u12",   "\x7f",    "\"",   "\\ud83dx",
	};
	size_t n = oae_rng_below(r, oae_rng_below(r, 20) ? 6 : 400);

	oae_buf_putc(b, '"');
	while (n-- > 0)
		oae_buf_puts(b, oae_rng_below(r, 200) ? PICK(r, parts) :
							PICK(r, bad));
	oae_buf_putc(b, '"');
}

static void put_blank(struct oae_rng *r, struct oae_buf *b)
{
	static const char *const blanks[] = { " ", "\t", "\r", "  ", "\v" };

	if (oae_rng_below(r, 6) == 0)
		oae_buf_puts(
			b,
			blanks[oae_rng_below(r, oae_rng_below(r, 50) ? 4 : 5)]);
}

static void put_member(struct oae_rng *r, struct oae_buf *b, const char *key,
		       const char *type)
{
	static const char *const finishes[] = { "stop", "length", "cancelled",
						"stop", "tired",  "sto\\u0070",
						"" };
	static const char *const types[] = { "token", "done",  "ready",
					     "error", "Token", "scored" };

	oae_buf_printf(b, "\"%s\"", key);
	put_blank(r, b);
	oae_buf_putc(b, ':');
	put_blank(r, b);
	if (strcmp(key, "type") == 0)
		oae_buf_printf(b, "\"%s\"",
			       oae_rng_below(r, 30) ? type : PICK(r, types));
	else if (strcmp(key, "text") == 0)
		put_text(r, b);
	else if (strcmp(key, "finish") == 0)
		oae_buf_printf(b, "\"%s\"", PICK(r, finishes));
	else
		put_number(r, b);
	put_blank(r, b);
}

static void put_line(struct oae_rng *r, struct oae_buf *b)
{
	const char *token[] = { "type", "id", "t_ns", "n", "text" };
	const char *done[] = { "type",	  "id",	       "t_ns",
			       "finish",  "tokens_in", "tokens_out",
			       "drafted", "accepted",  "reused" };
	static const char *const more[] = { "n",	"x",	"text",
					    "i\\u0064", "type", "" };
	bool is_token = oae_rng_below(r, 2);
	const char **keys = is_token ? token : done;
	size_t n = is_token ? 5 : 9, i, k;

	for (i = n - 1; i > 0; i--) { /* any order */
		const char *was = keys[i];

		k = oae_rng_below(r, i + 1);
		keys[i] = keys[k];
		keys[k] = was;
	}
	if (oae_rng_below(r, 10) == 0)
		n--;
	put_blank(r, b);
	oae_buf_putc(b, '{');
	for (i = 0; i < n; i++) {
		if (i)
			oae_buf_putc(b, ',');
		put_blank(r, b);
		put_member(r, b, keys[i], is_token ? "token" : "done");
	}
	if (oae_rng_below(r, 10) == 0) {
		oae_buf_putc(b, ',');
		put_member(r, b, PICK(r, more), "done");
	}
	oae_buf_putc(b, '}');
	put_blank(r, b);
}

/* One byte changed, or the line cut. */
static void spoil(struct oae_rng *r, struct oae_buf *b)
{
	static const char bytes[] = "{}[]\":,\\0 9ue\x01\xff\n";
	size_t at = oae_rng_below(r, b->len);

	if (oae_rng_below(r, 3) == 0)
		b->len = at;
	else
		b->data[at] = bytes[oae_rng_below(r, sizeof(bytes))];
	b->data[b->len] = '\0';
}

static void quick_is_general(void **state)
{
	struct oae_rng r;
	struct oae_buf b;
	size_t taken = 0, i;
	char *exact;

	(void)state;
	oae_rng_derive(&r, 7, "lines");
	oae_buf_init(&b, 1 << 20);
	for (i = 0; i < LINES; i++) {
		oae_buf_clear(&b);
		put_line(&r, &b);
		if (oae_rng_below(&r, 4) == 0)
			spoil(&r, &b);
		/* No byte behind it, so that reading one is seen. */
		exact = malloc(b.len ? b.len : 1);
		assert_non_null(exact);
		memcpy(exact, b.data ? b.data : "", b.len);
		taken += agrees(exact, b.len);
		free(exact);
	}
	oae_buf_release(&b);
	/* Neither all of them nor hardly any. */
	assert_true(taken > LINES / 10 && taken < LINES / 10 * 9);
}

static void usual_lines_are_quick(void **state)
{
	static const char *const lines[] = {
		"{\"type\":\"token\",\"id\":\"1\",\"t_ns\":\"123456789\","
		"\"n\":1,\"text\":\" word\"}",
		"{\"type\": \"token\", \"id\": \"1\", \"t_ns\": \"12\", \"n\":"
		" 1, \"text\": \"\\u00e9\\n\"}",
		"{\"type\":\"done\",\"id\":\"1\",\"t_ns\":\"123\",\"finish\":"
		"\"stop\",\"tokens_in\":12,\"tokens_out\":30,\"drafted\":0,"
		"\"accepted\":0}",
		"{\"type\":\"done\",\"id\":1,\"t_ns\":3,\"finish\":"
		"\"cancelled\",\"tokens_in\":12,\"tokens_out\":30}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_true(agrees(lines[i], strlen(lines[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_lines_are_quick),
		cmocka_unit_test(quick_is_general),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
