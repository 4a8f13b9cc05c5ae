/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of submissions: `ssh-keygen -Y` (OpenSSH 8.2 or later), with the
 * namespace below, so that a signature made for something else is none.
 */
#ifndef OAE_HARNESS_SIGN_H
#define OAE_HARNESS_SIGN_H

#include "base/status.h"

#define OAE_SIGN_NAMESPACE "oae-submission"

/*
 * Writes FILE.sig. `key` is a private key file without a passphrase, or the
 * public half of a key that an agent holds. Never asks: a key with a
 * passphrase is OAE_ERR_USAGE with the way out.
 */
enum oae_status oae_sign_file(const char *key, const char *file,
			      struct oae_error *err);
/*
 * OAE_ERR_CHECK unless `sig` is a signature of `file` by a key that the file
 * `allowed` (ssh-keygen's "allowed signers") gives to `principal`.
 */
enum oae_status oae_sign_verify(const char *allowed, const char *principal,
				const char *sig, const char *file,
				struct oae_error *err);

#endif
