/* SPDX-License-Identifier: Apache-2.0 */
/* `oae verify SUBMISSION`: the check, and the operator's rerun. */
#ifndef OAE_HARNESS_CMD_VERIFY_SUBMISSION_H
#define OAE_HARNESS_CMD_VERIFY_SUBMISSION_H

#include <stdbool.h>

struct oae_verify_words {
	const char *dir, *allowed;
	const char *nonce, *out, *by, *review; /* of --rerun */
	bool json, help, rerun;
};

/* Prints what was found; an exit code. */
int oae_verify_submission(const struct oae_verify_words *o);

#endif
