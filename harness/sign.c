/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/sign.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/spawn.h"

/* A key on a token waits for a touch. */
#define SIGN_LIMIT_MS 60000
#define VERIFY_LIMIT_MS 20000

/*
 * With a program that refuses to ask, and the order to use it, ssh-keygen
 * never opens the terminal.
 */
#define NEVER_ASK \
	"env", "SSH_ASKPASS=/bin/false", "SSH_ASKPASS_REQUIRE=force", "LC_ALL=C"

/* What env and sh say of a program that is not there. */
static bool is_missing(const struct oae_error *said)
{
	return strstr(said->text, "exit 127") != NULL;
}

static enum oae_status no_program(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_IO, 0,
			"ssh-keygen: is not installed; `apt-get install"
			" openssh-client`");
}

static enum oae_status explain(enum oae_status status, const char *key,
			       struct oae_error *err)
{
	struct oae_error said = *err;

	*err = (struct oae_error){ OAE_OK, 0, "" };
	if (is_missing(&said))
		return no_program(err);
	if (strstr(said.text, "passphrase"))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%.200s: has a passphrase, and nothing is asked"
				" here; `ssh-add` it and give --key %.200s.pub",
				key, key);
	if (strstr(said.text, "agent") ||
	    strstr(said.text, "No private key found"))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%.200s: no agent holds the private half; start"
				" ssh-agent and `ssh-add` the key",
				key);
	if (status == OAE_ERR_TARGET)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%.120s: cannot sign with this key: %.240s",
				key, said.text);
	return oae_fail(err, status, said.sys, "%s", said.text);
}

enum oae_status oae_sign_file(const char *key, const char *file,
			      struct oae_error *err)
{
	const char *argv[] = { NEVER_ASK, "ssh-keygen", "-q",
			       "-Y",	  "sign",	"-f",
			       key,	  "-n",		OAE_SIGN_NAMESPACE,
			       file,	  NULL };
	struct oae_error own = { OAE_OK, 0, "" };
	char sig[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (!oae_file_exists(key))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%.200s: no such key; `ssh-keygen -t ed25519 -f"
				" FILE` makes one",
				key);
	if (snprintf(sig, sizeof(sig), "%s.sig", file) >= (int)sizeof(sig))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	status = oae_run_command(argv, NULL, SIGN_LIMIT_MS, NULL, &own);
	if (!status && !oae_file_exists(sig))
		status = oae_fail(&own, OAE_ERR_TARGET, 0,
				  "ssh-keygen: wrote no signature");
	if (!status)
		return OAE_OK;
	status = explain(status, key, &own);
	return oae_fail(err, status, own.sys, "%s", own.text);
}

enum oae_status oae_sign_verify(const char *allowed, const char *principal,
				const char *sig, const char *file,
				struct oae_error *err)
{
	static const char script[] =
		"exec ssh-keygen -Y verify -f \"$1\" -I \"$2\""
		" -n " OAE_SIGN_NAMESPACE " -s \"$3\" <\"$4\" 1>&2";
	const char *argv[] = { NEVER_ASK, "sh",	     "-c", script, "verify",
			       allowed,	  principal, sig,  file,   NULL };
	struct oae_error own = { OAE_OK, 0, "" };
	enum oae_status status;

	status = oae_run_command(argv, NULL, VERIFY_LIMIT_MS, NULL, &own);
	if (status == OAE_ERR_TARGET && is_missing(&own))
		return no_program(err);
	if (status == OAE_ERR_TARGET)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"is no valid signature of %s for %s: %.200s",
				principal, OAE_SIGN_NAMESPACE, own.text);
	return status ? oae_fail(err, status, own.sys, "%s", own.text) : OAE_OK;
}
