/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running somebody's campaign again here, with another seed: what an operator
 * does with a submission (spec §17.8), and what anybody may do with a
 * published result. The adapter's code is somebody else's and runs with the
 * rights of whoever starts this.
 */
#ifndef OAE_HARNESS_RERUN_H
#define OAE_HARNESS_RERUN_H

#include <stdint.h>

#include "base/limits.h"
#include "base/status.h"
#include "harness/submission.h"
#include "schema/tolerance.h"

#define OAE_NONCE_BYTES_MAX 128u
#define OAE_RERUN_LIMIT_S 86400u /* of the whole campaign */

struct oae_rerun {
	const struct oae_submission *submission; /* checked, without findings */
	/* NULL: as published, with the campaign's own seed and items, and the
	 * adapters of that name that are here */
	const char *nonce;
	const char *out; /* a new folder: OUT/home, OUT/run */
	/* Of the rerun: */
	uint64_t seed;
	char run_dir[OAE_PATH_BYTES_MAX];
	struct oae_tolerance tolerance;
};

/*
 * The seed that nobody could know before the nonce was issued: the first 8
 * bytes, big end first, of SHA-256(the adapter's hash in hex, then the nonce).
 */
uint64_t oae_rerun_seed(const char *adapter_sha256, const char *nonce);

/*
 * Makes OUT/home, a project's folder with the submission's suite, workloads
 * and adapters (with a nonce, items are shuffled by the seed and renamed, so
 * that nothing can be known by its place or name), runs the campaign into
 * OUT/run by a process of its own, and compares both results. OAE_ERR_USAGE:
 * OUT is there, the nonce is no good, an adapter must be set up first or is
 * not here, or the texts are redacted.
 * OAE_ERR_TARGET: the campaign failed. Release also after a failure.
 */
enum oae_status oae_rerun(struct oae_rerun *r, struct oae_error *err);
void oae_rerun_release(struct oae_rerun *r);

/* "reproduced", "disputed", or NULL when nothing could be compared. */
const char *oae_rerun_status(const struct oae_tolerance *t);
/*
 * Writes the review (schema/documents/review-1.schema.json) to a new file; one
 * that is there is OAE_ERR_USAGE: an operator's word is not lost by accident.
 */
enum oae_status oae_review_write(const char *path, const struct oae_rerun *r,
				 const char *by, struct oae_error *err);
/* Of rerun_home.c: OUT/home; *suite is its id, to be freed. */
enum oae_status oae_rerun_home(const struct oae_rerun *r, const char *home,
			       char **suite, struct oae_error *err);

#endif
