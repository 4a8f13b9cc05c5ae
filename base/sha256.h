/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) through OpenSSL's EVP interface. */
#ifndef OAE_BASE_SHA256_H
#define OAE_BASE_SHA256_H

#include <stddef.h>

#include "base/status.h"

#define OAE_SHA256_HEX 65 /* 64 lower-case digits and a NUL */

struct oae_sha256 {
	void *ctx; /* EVP_MD_CTX */
};

enum oae_status oae_sha256_init(struct oae_sha256 *h, struct oae_error *err);
void oae_sha256_update(struct oae_sha256 *h, const void *data, size_t len);
/*
 * The digest so far; the state goes on (so a prefix can be named). "" when
 * OpenSSL failed (out of memory).
 */
void oae_sha256_peek(const struct oae_sha256 *h, char hex[OAE_SHA256_HEX]);
/*
 * Many short texts with one h: restart, update, end, for each. Three times
 * as fast as oae_sha256_bytes(), which looks the algorithm up anew.
 */
void oae_sha256_restart(struct oae_sha256 *h);
/* The digest, or "" after a failure; restart or release must follow. */
void oae_sha256_end(struct oae_sha256 *h, char hex[OAE_SHA256_HEX]);
void oae_sha256_release(struct oae_sha256 *h);

void oae_sha256_bytes(const void *data, size_t len, char hex[OAE_SHA256_HEX]);
/* Reads the file in blocks; any size. */
enum oae_status oae_sha256_file(const char *path, char hex[OAE_SHA256_HEX],
				struct oae_error *err);

#endif
