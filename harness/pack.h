/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packing a run folder into a submission: the same folder gives the same
 * bytes (signatures by ECDSA and token keys aside, which have a random part).
 */
#ifndef OAE_HARNESS_PACK_H
#define OAE_HARNESS_PACK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/status.h"
#include "harness/pack_documents.h"

struct oae_pack {
	const char *run_dir;
	struct oae_submission_about about;
	const char *key; /* NULL: not signed */
	const char *out; /* the folder that gets ORG/NAME */
	/* Writes README.md (reports/readme.h). */
	enum oae_status (*readme)(const cJSON *result, const char *org,
				  const char *name, bool open,
				  struct oae_buf *out, struct oae_error *err);
	/* Of the packing: */
	char dir[OAE_PATH_BYTES_MAX];	/* OUT/ORG/NAME */
	char stage[OAE_PATH_BYTES_MAX]; /* what is being built, beside it */
	bool other_program; /* an adapter was built again since it ran */
	bool has_transcript;
};

/*
 * Builds p->stage, complete and signed. OAE_ERR_USAGE: the place is taken, a
 * name or key is no good, the journal has no seal, or an adapter is not here
 * as it was measured; the text says what to do. The caller checks the
 * stage and then keeps or drops it.
 */
enum oae_status oae_pack_stage(struct oae_pack *p, struct oae_error *err);
/* The stage becomes p->dir. */
enum oae_status oae_pack_keep(struct oae_pack *p, struct oae_error *err);
void oae_pack_drop(struct oae_pack *p);

#endif
