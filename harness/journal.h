/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: an append-only file of JSON lines, each of which names the
 * SHA-256 of the line before it. A line is written with one write(2), so
 * that after a kill the file holds whole lines and at most one torn one,
 * which the next opening cuts off. The last line, the seal, names the number
 * of lines and the SHA-256 of all bytes before it; nothing follows it.
 */
#ifndef OAE_HARNESS_JOURNAL_H
#define OAE_HARNESS_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "schema/record.h"

#define OAE_JOURNAL_NAME "journal.jsonl"

struct oae_journal {
	int fd;		/* locked: one writer; -1 when closed */
	uint64_t seq;	/* of the next line */
	uint64_t bytes; /* written so far */
	char prev[OAE_SHA256_HEX];
	struct oae_sha256 whole; /* of all bytes so far */
	struct oae_sha256 one;	 /* of one line */
	struct oae_buf line;
	struct oae_jw jw;
	char path[OAE_PATH_BYTES_MAX];
	bool sealed;
};

/* A new journal; an existing file is an error. */
enum oae_status oae_journal_create(struct oae_journal *j, const char *path,
				   struct oae_error *err);

/*
 * Opens an existing journal: reads and verifies it (oae_records_read()), cuts
 * a torn last line off and appends a "resume" line that says how many bytes
 * were torn. One without a "campaign" line is OAE_ERR_USAGE: there is nothing
 * to go on with. *r is what it held, the caller's to release, also after a
 * failure. A sealed journal is left as it is; appending to it fails.
 */
enum oae_status oae_journal_resume(struct oae_journal *j, const char *path,
				   struct oae_records *r,
				   struct oae_error *err);

/*
 * One line: begin, then members with oae_jw_*(), then commit. The writer is
 * valid until the commit. Commit writes the line whole or not at all: on a
 * full disk the file is cut back to the line before.
 */
struct oae_jw *oae_journal_begin(struct oae_journal *j, const char *type);
enum oae_status oae_journal_commit(struct oae_journal *j,
				   struct oae_error *err);
enum oae_status oae_journal_sync(struct oae_journal *j, struct oae_error *err);
/* Writes the seal and syncs. */
enum oae_status oae_journal_seal(struct oae_journal *j, struct oae_error *err);
void oae_journal_close(struct oae_journal *j);

#endif
