/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hmac.h"

#include <errno.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum oae_status oae_hmac_key(unsigned char key[OAE_HMAC_KEY_BYTES],
			     struct oae_error *err)
{
	/* Up to 256 bytes come whole, or not at all. */
	if (getrandom(key, OAE_HMAC_KEY_BYTES, 0) != OAE_HMAC_KEY_BYTES)
		return oae_fail(err, OAE_ERR_IO, errno,
				"the system gives no randomness for a key");
	return OAE_OK;
}

void oae_hmac_forget(unsigned char key[OAE_HMAC_KEY_BYTES])
{
	OPENSSL_cleanse(key, OAE_HMAC_KEY_BYTES);
}

enum oae_status oae_hmac(const unsigned char key[OAE_HMAC_KEY_BYTES],
			 const void *data, size_t len, char hex[OAE_SHA256_HEX],
			 struct oae_error *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (!HMAC(EVP_sha256(), key, (int)OAE_HMAC_KEY_BYTES, data, len, mac,
		  &n) ||
	    2 * n + 1 != OAE_SHA256_HEX)
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"HMAC: OpenSSL cannot compute it");
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[mac[i] >> 4];
		hex[2 * i + 1] = digits[mac[i] & 15];
	}
	hex[OAE_SHA256_HEX - 1] = '\0';
	return OAE_OK;
}
