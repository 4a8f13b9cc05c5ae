/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/evp.h>

#define DIGEST_BYTES ((size_t)32)
#define BLOCK_BYTES 65536

static void to_hex(const unsigned char digest[DIGEST_BYTES],
		   char hex[OAE_SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[2 * DIGEST_BYTES] = '\0';
}

enum oae_status oae_sha256_init(struct oae_sha256 *h, struct oae_error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	h->ctx = ctx;
	if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		oae_sha256_release(h);
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"SHA-256: OpenSSL cannot start it");
	}
	return OAE_OK;
}

void oae_sha256_update(struct oae_sha256 *h, const void *data, size_t len)
{
	if (h->ctx && len && EVP_DigestUpdate(h->ctx, data, len) != 1)
		oae_sha256_release(h);
}

void oae_sha256_peek(const struct oae_sha256 *h, char hex[OAE_SHA256_HEX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *copy = EVP_MD_CTX_new();

	if (h->ctx && copy && EVP_MD_CTX_copy_ex(copy, h->ctx) == 1 &&
	    EVP_DigestFinal_ex(copy, digest, NULL) == 1)
		to_hex(digest, hex);
	else
		hex[0] = '\0';
	EVP_MD_CTX_free(copy);
}

void oae_sha256_restart(struct oae_sha256 *h)
{
	if (h->ctx && EVP_DigestInit_ex(h->ctx, NULL, NULL) != 1)
		oae_sha256_release(h);
}

void oae_sha256_end(struct oae_sha256 *h, char hex[OAE_SHA256_HEX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (h->ctx && EVP_DigestFinal_ex(h->ctx, digest, NULL) == 1)
		to_hex(digest, hex);
	else
		hex[0] = '\0';
}

void oae_sha256_release(struct oae_sha256 *h)
{
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

void oae_sha256_bytes(const void *data, size_t len, char hex[OAE_SHA256_HEX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL) == 1)
		to_hex(digest, hex);
	else
		hex[0] = '\0';
}

enum oae_status oae_sha256_file(const char *path, char hex[OAE_SHA256_HEX],
				struct oae_error *err)
{
	unsigned char block[BLOCK_BYTES];
	enum oae_status status;
	struct oae_sha256 h;
	ssize_t n;
	int fd;

	hex[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot open",
				path);
	status = oae_sha256_init(&h, err);
	if (status)
		goto out;
	for (;;) {
		n = read(fd, block, sizeof(block));
		if (n > 0)
			oae_sha256_update(&h, block, (size_t)n);
		else if (n == 0 || errno != EINTR)
			break;
	}
	if (n < 0)
		status = oae_fail(err, OAE_ERR_IO, errno, "%s: cannot read",
				  path);
	else
		oae_sha256_peek(&h, hex);
	if (!status && !hex[0])
		status = oae_fail(err, OAE_ERR_NOMEM, 0,
				  "%s: SHA-256 failed in OpenSSL", path);
	oae_sha256_release(&h);
out:
	close(fd);
	return status;
}
