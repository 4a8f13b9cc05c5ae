/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA-256 (RFC 2104): the hash of a text under a secret key. */
#ifndef OAE_BASE_HMAC_H
#define OAE_BASE_HMAC_H

#include <stddef.h>

#include "base/sha256.h"
#include "base/status.h"

#define OAE_HMAC_KEY_BYTES 32u

/* A key from the system's randomness, for secrets that are thrown away. */
enum oae_status oae_hmac_key(unsigned char key[OAE_HMAC_KEY_BYTES],
			     struct oae_error *err);
/* Overwrites a key for good. */
void oae_hmac_forget(unsigned char key[OAE_HMAC_KEY_BYTES]);
/* Of data[0..len) in lower-case hex. */
enum oae_status oae_hmac(const unsigned char key[OAE_HMAC_KEY_BYTES],
			 const void *data, size_t len, char hex[OAE_SHA256_HEX],
			 struct oae_error *err);

#endif
