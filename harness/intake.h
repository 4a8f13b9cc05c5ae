/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking in somebody else's folder: a private copy of its plain files, made
 * without following anything, within caps. All that is checked afterwards is
 * the copy, so what was hashed is what is read.
 */
#ifndef OAE_HARNESS_INTAKE_H
#define OAE_HARNESS_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/sha256.h"
#include "base/status.h"
#include "schema/finding.h"

struct oae_intake_file {
	char path[OAE_SUBMISSION_PATH_BYTES_MAX + 1]; /* below the folder */
	bool folder;
	uint64_t bytes;
	char sha256[OAE_SHA256_HEX]; /* "" for a folder */
};

struct oae_intake {
	char dir[OAE_PATH_BYTES_MAX];  /* the copy, below $TMPDIR */
	struct oae_intake_file *files; /* in byte order of their paths */
	size_t count;
	uint64_t bytes;
};

/*
 * Copies what may be copied and adds a finding for what may not: links,
 * devices, odd names, too many, too large, too deep (rules NAMES and SIZE).
 * Release also after a failure: it removes the copy.
 */
enum oae_status oae_intake_take(struct oae_intake *in, const char *from,
				struct oae_findings *found,
				struct oae_error *err);
void oae_intake_release(struct oae_intake *in);

/* NULL when there is none. */
const struct oae_intake_file *oae_intake_find(const struct oae_intake *in,
					      const char *path);
/* "COPY/path" into out. */
enum oae_status oae_intake_path(const struct oae_intake *in, const char *path,
				char *out, size_t out_size,
				struct oae_error *err);
/* 1..128 of letters, digits, ". _ + -", not beginning with '.' or '-'. */
bool oae_intake_name_ok(const char *name);

#endif
