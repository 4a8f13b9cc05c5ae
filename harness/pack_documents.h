/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of a submission that follow from its other parts, so that a
 * packer writes them and a checker writes them again and compares.
 */
#ifndef OAE_HARNESS_PACK_DOCUMENTS_H
#define OAE_HARNESS_PACK_DOCUMENTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "schema/record.h"
#include "schema/transcript.h" /* OAE_TRANSCRIPT_NAME */

#define OAE_BILL_NAME "bill-of-materials.json"

struct oae_submission_about {
	const char *org, *name;
	bool open; /* division: false is closed */
	char result_sha256[OAE_SHA256_HEX], adapter_sha256[OAE_SHA256_HEX];
};

/*
 * adapter/bill-of-materials.json: every part of every system that was
 * measured, by hash: the files below DIR/adapter, and what the journal says
 * of programs, models and ledgers.
 */
enum oae_status oae_bill_build(const char *dir, const struct oae_records *r,
			       struct oae_buf *out, struct oae_error *err);
/* system.json: the machine, as the journal describes it. */
enum oae_status oae_system_build(const struct oae_records *r,
				 bool has_transcript, struct oae_buf *out,
				 struct oae_error *err);
/* submission.json: whose it is and what it binds together. */
enum oae_status oae_submission_build(const struct oae_submission_about *a,
				     const struct oae_records *r,
				     struct oae_buf *out,
				     struct oae_error *err);
/*
 * The adapters of a campaign line by name, each once, in order; an array of
 * strings that the caller deletes.
 */
cJSON *oae_campaign_adapter_names(const cJSON *campaign);
/* Whether an input is a transcript of a set-up, by its name. */
bool oae_is_transcript(const char *path);

#endif
