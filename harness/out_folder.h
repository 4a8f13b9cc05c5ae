/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of files that a command makes: built under another name beside
 * its place, and there as a whole or not at all. What was there before is
 * replaced only if the command's own mark says that it made it.
 *
 *	oae_out_check(out, &mark, &err)
 *	oae_out_begin(&f, out, &err)	   write into f.path
 *	oae_out_publish(&f, &err)	   or oae_out_abandon(&f)
 */
#ifndef OAE_HARNESS_OUT_FOLDER_H
#define OAE_HARNESS_OUT_FOLDER_H

#include "base/limits.h"
#include "base/status.h"

struct oae_out_mark {
	const char *file; /* in the folder */
	const char *word; /* among its first bytes; NULL: the file is enough */
	const char *what; /* "a report": for messages */
	const char *option; /* "--out": how to name another place */
};

struct oae_out_folder {
	char path[OAE_PATH_BYTES_MAX]; /* the new one */
	char out[OAE_PATH_BYTES_MAX];
	int lock; /* the open new folder, or -1 */
};

/* OAE_ERR_USAGE when something else is in the place. */
enum oae_status oae_out_check(const char *out, const struct oae_out_mark *mark,
			      struct oae_error *err);
/* A new empty folder, locked so that two commands do not mix. */
enum oae_status oae_out_begin(struct oae_out_folder *f, const char *out,
			      struct oae_error *err);
/* Puts it in its place; the old one is deleted. Ends f, as does abandon. */
enum oae_status oae_out_publish(struct oae_out_folder *f,
				struct oae_error *err);
void oae_out_abandon(struct oae_out_folder *f);

#endif
