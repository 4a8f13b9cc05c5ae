/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set-up transcript: what it took to bring a clean copy of an adapter to
 * its first valid token. JSON lines (schema/documents/transcript-1), chained
 * like a journal's: each line names the SHA-256 of the line before it, and the
 * seal that of all lines. "setup" (what and where), "materials" (the copy),
 * one "step" each in their order, "first" (the first token), "seal".
 *
 * A chain proves that nothing was changed by accident, not that it is true.
 * Sums are made by the reader, and stand nowhere in the file.
 */
#ifndef OAE_SCHEMA_TRANSCRIPT_H
#define OAE_SCHEMA_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "schema/evidence.h"
#include "schema/manifest.h"

#define OAE_TRANSCRIPT_NAME "setup-transcript.jsonl"
#define OAE_TRANSCRIPT_SCHEMA "transcript-1"
#define OAE_TRANSCRIPT_BYTES_MAX (64u << 20)
#define OAE_TRANSCRIPT_LINE_BYTES_MAX (16u << 20)
#define OAE_TRANSCRIPT_FILES_MAX 100000u /* of one list */

/* ---- writing ---------------------------------------------------------- */

struct oae_transcript_writer {
	struct oae_buf out, line;
	struct oae_jw jw;
	uint64_t seq;
	char prev[OAE_SHA256_HEX];
};

void oae_transcript_writer_init(struct oae_transcript_writer *t);
void oae_transcript_writer_release(struct oae_transcript_writer *t);
/* One line: begin, members, commit. Failures are in t->out (sticky). */
struct oae_jw *oae_transcript_begin(struct oae_transcript_writer *t,
				    const char *type);
void oae_transcript_commit(struct oae_transcript_writer *t);
/* The last line; then t->out is the whole file. */
enum oae_status oae_transcript_seal(struct oae_transcript_writer *t,
				    struct oae_error *err);

/* A number with its class and where it is from, or why there is none. */
struct oae_amount {
	double value; /* NaN: missing */
	enum oae_evidence evidence;
	const char *source; /* or the reason why it is missing */
};

void oae_amount_write(struct oae_jw *w, const char *key,
		      const struct oae_amount *a, const char *unit);

/* ---- reading ---------------------------------------------------------- */

struct oae_transcript_file {
	const char *path, *sha256;
	uint64_t bytes;
};

struct oae_transcript_files {
	struct oae_transcript_file *item; /* by path; NULL if not listed */
	size_t count;			  /* of the list */
	uint64_t made, changed, removed;
};

struct oae_transcript_step {
	struct oae_setup_step what;
	const char *outcome, *reason; /* "ok" and NULL, or what went wrong */
	int exit;		      /* -1 when there is none */
	double wall_s;
	struct oae_amount cpu_s, network_bytes, disk_bytes;
	struct oae_transcript_files files;
	uint64_t edited_files, edited_lines; /* by hand: added + removed */
	uint64_t packages_installed;
	struct oae_amount packages; /* in all, or why nobody knows */
};

/* Sums over steps, and the first token. */
struct oae_transcript_sum {
	double wall_s; /* steps, and from start to first token */
	struct oae_amount cpu_s, network_bytes, disk_bytes;
	uint64_t steps, failures, files_made, edited_files, edited_lines;
	struct oae_amount packages;
	uint64_t parameters, parameters_set;
};

struct oae_transcript {
	cJSON **lines;
	size_t line_count;
	char sha256[OAE_SHA256_HEX]; /* of the file */
	const cJSON *head, *materials_line, *first_line;
	const char *system; /* "adapter/system" */
	const char *adapter, *version;
	const char *place; /* the folder it ran in */
	bool in_root;
	struct oae_transcript_files materials;
	uint64_t materials_bytes;
	struct oae_transcript_step *steps;
	size_t step_count;
	bool first_ok;
	const char *first_outcome, *first_reason;
	double first_token_s; /* from the adapter's start; NaN if none */
	struct oae_transcript_sum sum;
};

/*
 * Reads and checks a whole transcript: chain, seal, members. Not a word of
 * it is believed to be harmless: paths are relative and stay below a folder,
 * numbers finite and not negative, everything has a cap. OAE_ERR_CHECK for a
 * broken chain, OAE_ERR_FORMAT for members. Release also after a failure.
 */
enum oae_status oae_transcript_read(const char *path, struct oae_transcript *t,
				    struct oae_error *err);
void oae_transcript_release(struct oae_transcript *t);

/* Adds what it comes to, as members of the open object. */
void oae_transcript_summary(struct oae_jw *w, const struct oae_transcript *t);

/* OAE_ERR_CHECK with the reason unless every step and the first token came. */
enum oae_status oae_transcript_valid(const struct oae_transcript *t,
				     struct oae_error *err);

#endif
