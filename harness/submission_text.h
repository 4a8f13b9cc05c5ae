/* SPDX-License-Identifier: Apache-2.0 */
/* What a check of a submission found, for people and for programs. */
#ifndef OAE_HARNESS_SUBMISSION_TEXT_H
#define OAE_HARNESS_SUBMISSION_TEXT_H

#include "base/buf.h"
#include "base/json.h"
#include "harness/submission.h"

/* "WRONG OAE-V022 §17.5 result.json: ..." lines; nothing when all is well. */
void oae_findings_text(const struct oae_findings *f, struct oae_buf *out);
/* Those lines, then what was there and how far it is to be trusted. */
void oae_submission_text(const struct oae_submission *s, const char *dir,
			 struct oae_buf *out);
/* The members of the document that `oae verify --json` prints. */
void oae_submission_json(const struct oae_submission *s, const char *dir,
			 struct oae_jw *w);
/*
 * The status that a review beside the submission gives (spec section 17), or
 * "self-reported". A review of another result's bytes is none.
 */
enum oae_status oae_review_status(const char *dir, const char *result_sha256,
				  char *out, size_t size,
				  struct oae_error *err);

#endif
