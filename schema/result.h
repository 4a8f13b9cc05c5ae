/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a run folder's journal and inputs to its result document. Pure but
 * for reading files: the same bytes in give the same bytes out.
 */
#ifndef OAE_SCHEMA_RESULT_H
#define OAE_SCHEMA_RESULT_H

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"
#include "schema/rescore.h"

#define OAE_RESULT_VERSION 1
#define OAE_RESULT_BYTES_MAX (64u << 20)

/*
 * Reads DIR/journal.jsonl and DIR/inputs and appends the result document
 * (schema/documents/result-1.schema.json), pretty-printed, with a last
 * newline. An input whose hash is not the journal's is OAE_ERR_CHECK; a
 * journal of another version is OAE_ERR_UNSUPPORTED. A journal without its
 * seal gives "complete": false.
 */
enum oae_status oae_result_build(const char *run_dir, struct oae_buf *out_json,
				 struct oae_error *err);

/* What is asked for instead of the run's own; zero: nothing. */
struct oae_result_wish {
	const char *goodput; /* other limits, as oae_slo_parse() has them */
	const struct oae_rescore *rescore; /* other profiles or tables */
};

/* The same with something else than the run's own. */
enum oae_status oae_result_build_for(const char *run_dir,
				     const struct oae_result_wish *wish,
				     struct oae_buf *out_json,
				     struct oae_error *err);

/*
 * Reads a result document and checks its version and the members that
 * reports rely on. *out is the caller's (cJSON_Delete). Another version is
 * OAE_ERR_UNSUPPORTED.
 */
enum oae_status oae_result_read(const char *path, cJSON **out,
				struct oae_error *err);

/*
 * Compares two result documents: numbers may differ by 1e-9 relative,
 * everything else must be equal, "build" aside. OAE_ERR_CHECK names the
 * first difference by its path.
 */
enum oae_status oae_result_compare(const cJSON *was, const cJSON *is,
				   struct oae_error *err);

/*
 * DIR/SHA256SUMS in the format of sha256sum(1): every file below DIR but
 * itself, sorted by path; appended to out.
 */
enum oae_status oae_sums_build(const char *dir, struct oae_buf *out,
			       struct oae_error *err);

#endif
