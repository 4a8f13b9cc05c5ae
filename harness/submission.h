/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking a submission, which is somebody else's and may be hostile: it is
 * copied within caps (harness/intake.h), then every rule of schema/rules.h is
 * asked, and all that is wrong is told, not the first thing only.
 */
#ifndef OAE_HARNESS_SUBMISSION_H
#define OAE_HARNESS_SUBMISSION_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "harness/intake.h"
#include "schema/finding.h"
#include "schema/record.h"

struct oae_submission {
	/* Asked for: */
	const char *allowed_signers; /* NULL: the signature is not checked */
	/* README.md for that result (reports/readme.h); NULL: not checked */
	enum oae_status (*readme)(const cJSON *result, const char *org,
				  const char *name, bool open,
				  struct oae_buf *out, struct oae_error *err);
	/* Found: */
	struct oae_intake in; /* the copy; its folder has journal.jsonl too */
	struct oae_findings found;
	bool other_version; /* of journal, result or spec */
	bool is_signed, signature_ok;
	bool other_build; /* the result was computed with another one */
	/* What could be read of it, else NULL: */
	cJSON *about; /* submission.json */
	cJSON *result;
	struct oae_records *records;
	char adapter_sha256[OAE_SHA256_HEX]; /* of the bill; "" none */
	char result_sha256[OAE_SHA256_HEX];
};

/*
 * Fills in what was found. A failure is one to check at all (no such folder,
 * no room, no memory); whatever the submission does is a finding. Release
 * also after a failure.
 */
enum oae_status oae_submission_check(struct oae_submission *s, const char *dir,
				     struct oae_error *err);
void oae_submission_release(struct oae_submission *s);

/* Whether a folder looks like a submission rather than a run folder. */
bool oae_is_submission(const char *dir);

/* Pieces of oae_submission_check(), each adding its findings. */
enum oae_status oae_submission_sums(struct oae_submission *s,
				    struct oae_error *err);
enum oae_status oae_submission_documents(struct oae_submission *s,
					 struct oae_error *err);
enum oae_status oae_submission_plan(struct oae_submission *s,
				    struct oae_error *err);
enum oae_status oae_submission_shipped(struct oae_submission *s,
				       struct oae_error *err);

#endif
