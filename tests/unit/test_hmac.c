/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 against RFC 4231; keys of the system's randomness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hmac.h"

/* A shorter key is one with zeros behind it (RFC 2104). */
static void check(const char *key, size_t key_len, const char *data,
		  const char *want)
{
	unsigned char padded[OAE_HMAC_KEY_BYTES] = { 0 };
	struct oae_error err = { OAE_OK, 0, "" };
	char hex[OAE_SHA256_HEX];

	memcpy(padded, key, key_len);
	assert_int_equal(oae_hmac(padded, data, strlen(data), hex, &err),
			 OAE_OK);
	assert_string_equal(hex, want);
}

static void rfc_4231(void **state)
{
	(void)state;
	check("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
	      "\x0b\x0b\x0b\x0b",
	      20, "Hi There",
	      "b0344c61d8db38535ca8afceaf0bf12b"
	      "881dc200c9833da726e9376c2e32cff7");
	check("Jefe", 4, "what do ya want for nothing?",
	      "5bdcc146bf60754e6a042426089575c7"
	      "5a003f089d2739839dec58b964ec3843");
}

static void keys_are_not_alike(void **state)
{
	unsigned char a[OAE_HMAC_KEY_BYTES], b[OAE_HMAC_KEY_BYTES];
	const unsigned char zero[OAE_HMAC_KEY_BYTES] = { 0 };
	struct oae_error err = { OAE_OK, 0, "" };

	(void)state;
	assert_int_equal(oae_hmac_key(a, &err), OAE_OK);
	assert_int_equal(oae_hmac_key(b, &err), OAE_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, zero, sizeof(a));
	oae_hmac_forget(a);
	assert_memory_equal(a, zero, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_4231),
		cmocka_unit_test(keys_are_not_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
