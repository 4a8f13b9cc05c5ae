/* SPDX-License-Identifier: Apache-2.0 */
/* status, buf, arena, sha256, clock, utf8 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/utf8.h"

static void first_failure_wins(void **state)
{
	struct oae_error err = { 0 };

	(void)state;
	assert_int_equal(oae_fail(&err, OAE_ERR_IO, ENOSPC, "%s: cannot write",
				  "x"),
			 OAE_ERR_IO);
	assert_int_equal(oae_fail(&err, OAE_ERR_FORMAT, 0, "second"),
			 OAE_ERR_FORMAT);
	assert_int_equal(err.status, OAE_ERR_IO);
	assert_int_equal(err.sys, ENOSPC);
	assert_string_equal(err.text,
			    "x: cannot write: No space left on device");
	oae_error_prefix(&err, "run %d", 3);
	assert_string_equal(err.text, "run 3: x: cannot write: No space left "
				      "on device");
	assert_int_equal(oae_fail(NULL, OAE_ERR_IO, 0, "nobody listens"),
			 OAE_ERR_IO);
	oae_error_prefix(NULL, "x");
}

static void long_texts_keep_the_reason(void **state)
{
	static const char reason[] = ": Permission denied";
	struct oae_error err = { 0 };
	char path[2000];
	size_t len;

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	oae_fail(&err, OAE_ERR_DENIED, EACCES, "%s", path);
	len = strlen(err.text);
	assert_true(len < sizeof(err.text));
	assert_string_equal(err.text + len - strlen(reason), reason);
	oae_error_prefix(&err, "%s", path);
	assert_true(strlen(err.text) < sizeof(err.text));
}

static void errors_are_one_line(void **state)
{
	struct oae_error err = { 0 };

	(void)state;
	oae_fail(&err, OAE_ERR_FORMAT, 0, "a\nb\x1b[31m\tc");
	assert_string_equal(err.text, "a b [31m c");
}

/* Names in a damaged file may hold any bytes. */
static void errors_are_utf8(void **state)
{
	struct oae_error err = { 0 };
	char path[sizeof(err.text) + 2];

	(void)state;
	oae_fail(&err, OAE_ERR_FORMAT, 0, "%s",
		 "\xe2\x82\xac \xff\xc3 \xc2\x9b"
		 "31m\xc2\xa0\xed\xa0\x80");
	assert_string_equal(err.text, "\xe2\x82\xac ??   31m\xc2\xa0???");
	/* cut within a character */
	memset(&err, 0, sizeof(err));
	for (size_t i = 0; i < sizeof(path); i += 2)
		memcpy(path + i, "\xc3\xa9", 2);
	path[sizeof(path) - 1] = '\0';
	oae_fail(&err, OAE_ERR_FORMAT, 0, "%s", path);
	assert_int_equal(oae_utf8_valid(err.text, strlen(err.text)),
			 sizeof(err.text) - 1);
	assert_string_equal(err.text + sizeof(err.text) - 4, "\xc3\xa9?");
}

static void exit_codes(void **state)
{
	(void)state;
	assert_int_equal(oae_exit_code(OAE_OK), 0);
	assert_int_equal(oae_exit_code(OAE_ERR_USAGE), 64);
	assert_int_equal(oae_exit_code(OAE_ERR_CHECK), 2);
	for (int s = OAE_ERR_TARGET; s <= OAE_ERR_IO; s++)
		assert_int_equal(oae_exit_code((enum oae_status)s), 1);
	for (int s = OAE_ERR_CHECK; s <= OAE_OK; s++)
		assert_string_not_equal(oae_status_name((enum oae_status)s),
					"unknown");
}

static void buf_grows_to_its_cap(void **state)
{
	char expected[1001];
	struct oae_buf b;

	(void)state;
	oae_buf_init(&b, 1000);
	assert_string_equal(oae_buf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		oae_buf_putc(&b, (char)('a' + i % 26));
	assert_int_equal(b.status, OAE_OK);
	assert_int_equal(b.len, 1000);
	for (int i = 0; i < 1000; i++)
		expected[i] = (char)('a' + i % 26);
	expected[1000] = '\0';
	assert_string_equal(oae_buf_str(&b), expected);
	assert_true(b.alloc <= 1001);
	oae_buf_release(&b);
}

static void buf_failure_sticks(void **state)
{
	struct oae_error err = { 0 };
	struct oae_buf b;

	(void)state;
	oae_buf_init(&b, 8);
	oae_buf_puts(&b, "12345");
	oae_buf_puts(&b, "6789"); /* one too many: nothing of it */
	assert_int_equal(b.status, OAE_ERR_LIMIT);
	assert_string_equal(oae_buf_str(&b), "12345");
	oae_buf_putc(&b, 'x'); /* would fit, but it is too late */
	oae_buf_printf(&b, "%d", 1);
	assert_string_equal(oae_buf_str(&b), "12345");
	assert_int_equal(oae_buf_check(&b, "answer", &err), OAE_ERR_LIMIT);
	assert_string_equal(err.text,
			    "answer: larger than the limit of 8 bytes");
	oae_buf_clear(&b);
	oae_buf_puts(&b, "12345678");
	assert_int_equal(oae_buf_check(&b, "answer", NULL), OAE_OK);
	oae_buf_add(&b, "x", SIZE_MAX - 4); /* len + more overflows */
	assert_int_equal(b.status, OAE_ERR_LIMIT);
	oae_buf_release(&b);
}

static void buf_prints_long_texts(void **state)
{
	struct oae_buf b;

	(void)state;
	oae_buf_init(&b, 10000);
	oae_buf_puts(&b, "<");
	oae_buf_printf(&b, "%*d", 5000, 7);
	oae_buf_printf(&b, "%255s%s", "", ">");
	assert_int_equal(b.len, 1 + 5000 + 256);
	assert_int_equal(b.data[5000], '7');
	assert_int_equal(b.data[b.len - 1], '>');
	assert_int_equal(b.data[b.len], '\0');
	oae_buf_printf(&b, "%*d", 5000, 7);
	assert_int_equal(b.status, OAE_ERR_LIMIT);
	oae_buf_release(&b);
	oae_buf_init(&b, 4);
	oae_buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	oae_buf_release(&b);
}

static void arena_zeroes_and_aligns(void **state)
{
	struct oae_arena a;
	unsigned char *p, *last = NULL;

	(void)state;
	oae_arena_init(&a, 1u << 20);
	for (size_t size = 0; size < 300; size++) {
		p = oae_arena_alloc(&a, size);
		assert_non_null(p);
		assert_ptr_not_equal(p, last);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xa5, size);
		last = p;
	}
	p = oae_arena_alloc(&a, 200000); /* larger than a block */
	assert_non_null(p);
	assert_int_equal(p[199999], 0);
	assert_string_equal(oae_arena_strdup(&a, "text"), "text");
	assert_string_equal(oae_arena_strndup(&a, "text", 2), "te");
	assert_string_equal(oae_arena_strndup(&a, "te", 9), "te");
	assert_string_equal(oae_arena_printf(&a, "%s-%d", "x", 7), "x-7");
	oae_arena_release(&a);
	assert_null(a.head);
}

static void arena_keeps_its_cap(void **state)
{
	struct oae_arena a;

	(void)state;
	oae_arena_init(&a, 100);
	assert_non_null(oae_arena_alloc(&a, 60));
	assert_null(oae_arena_alloc(&a, 41));
	assert_null(oae_arena_alloc(&a, SIZE_MAX));
	assert_non_null(oae_arena_alloc(&a, 40));
	assert_null(oae_arena_alloc(&a, 1));
	assert_null(oae_arena_strdup(&a, ""));
	assert_null(oae_arena_printf(&a, "x"));
	oae_arena_release(&a);
	oae_arena_init(&a, SIZE_MAX);
	assert_null(oae_arena_array(&a, SIZE_MAX / 2, 3));
	assert_null(oae_arena_alloc(&a, SIZE_MAX - 8));
	assert_non_null(oae_arena_array(&a, 3, 7));
	oae_arena_release(&a);
}

/* FIPS 180-4 examples, and the empty text. */
static void sha256_vectors(void **state)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
		      "991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb4"
			 "10ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419"
		  "db06c1" },
	};
	char hex[OAE_SHA256_HEX];
	struct oae_sha256 h;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		oae_sha256_bytes(cases[i].text, strlen(cases[i].text), hex);
		assert_string_equal(hex, cases[i].hex);
	}
	assert_int_equal(oae_sha256_init(&h, NULL), OAE_OK);
	oae_sha256_peek(&h, hex);
	assert_string_equal(hex, cases[0].hex);
	oae_sha256_update(&h, "a", 1);
	oae_sha256_update(&h, "bc", 2);
	oae_sha256_peek(&h, hex);
	assert_string_equal(hex, cases[1].hex);
	/* Looking does not change the state. */
	oae_sha256_update(&h, cases[2].text + 3, strlen(cases[2].text) - 3);
	oae_sha256_peek(&h, hex);
	assert_string_equal(hex, cases[2].hex);
	/* One after the other with the same state. */
	for (size_t i = 0; i < 3; i++) {
		oae_sha256_restart(&h);
		oae_sha256_update(&h, cases[i].text, strlen(cases[i].text));
		oae_sha256_end(&h, hex);
		assert_string_equal(hex, cases[i].hex);
	}
	oae_sha256_release(&h);
}

static void sha256_of_files(void **state)
{
	char path[] = "/tmp/oae-test-XXXXXX", hex[OAE_SHA256_HEX];
	static char million[1000000];
	struct oae_error err = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	memset(million, 'a', sizeof(million));
	assert_int_equal(write(fd, million, sizeof(million)), sizeof(million));
	close(fd);
	assert_int_equal(oae_sha256_file(path, hex, NULL), OAE_OK);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a49"
				 "7200e046d39ccc7112cd0");
	unlink(path);
	assert_int_equal(oae_sha256_file(path, hex, &err), OAE_ERR_IO);
	assert_non_null(strstr(err.text, path));
	assert_string_equal(hex, "");
}

static void clock_waits(void **state)
{
	uint64_t start = oae_clock_ns(), due = start + 3000000, end;
	char text[OAE_UTC_TEXT];
	int y, mo, d, h, mi, s;

	(void)state;
	oae_clock_sleep_until(due);
	end = oae_clock_ns();
	assert_true(end >= due);
	assert_true(end - due < 2000000000u);
	oae_clock_sleep_until(0); /* past: returns at once */
	oae_clock_utc(text);
	assert_int_equal(strlen(text), 20);
	assert_int_equal(sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &y, &mo, &d,
				&h, &mi, &s),
			 6);
	assert_true(y >= 2024 && mo >= 1 && mo <= 12 && d >= 1 && d <= 31);
}

static void utf8_round_trips(void **state)
{
	char bytes[5] = { 0 };
	size_t n;

	(void)state;
	for (uint32_t code = 1; code <= 0x10ffff; code++) {
		memset(bytes, 'x', 4);
		n = oae_utf8_encode(bytes, code);
		if (code >= 0xd800 && code <= 0xdfff) {
			assert_int_equal(oae_utf8_length(bytes, 4), 0);
			continue;
		}
		assert_int_equal(oae_utf8_length(bytes, 4), n);
		assert_int_equal(oae_utf8_length(bytes, n - 1), 0);
	}
	oae_utf8_encode(bytes, 0x110000);
	assert_int_equal(oae_utf8_length(bytes, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_failure_wins),
		cmocka_unit_test(long_texts_keep_the_reason),
		cmocka_unit_test(errors_are_one_line),
		cmocka_unit_test(errors_are_utf8),
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(buf_grows_to_its_cap),
		cmocka_unit_test(buf_failure_sticks),
		cmocka_unit_test(buf_prints_long_texts),
		cmocka_unit_test(arena_zeroes_and_aligns),
		cmocka_unit_test(arena_keeps_its_cap),
		cmocka_unit_test(sha256_vectors),
		cmocka_unit_test(sha256_of_files),
		cmocka_unit_test(clock_waits),
		cmocka_unit_test(utf8_round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
