/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files. A file appears under its final name only whole: written beside it,
 * synced, renamed, the folder synced.
 */
#ifndef OAE_BASE_FILE_H
#define OAE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/status.h"

/* Appends the whole file to b; larger than b's cap is OAE_ERR_LIMIT. */
enum oae_status oae_file_read(const char *path, struct oae_buf *b,
			      struct oae_error *err);
enum oae_status oae_file_write(const char *path, const void *data, size_t len,
			       struct oae_error *err);
enum oae_status oae_file_copy(const char *from, const char *to,
			      struct oae_error *err);
/* mkdir -p; an existing folder is fine. */
enum oae_status oae_dir_make(const char *path, struct oae_error *err);
/* A new folder of that name and some letters below $TMPDIR, else /tmp. */
enum oae_status oae_dir_temporary(const char *name, char *out, size_t out_size,
				  struct oae_error *err);
/* A folder and all that is in it; links go, what they lead to stays. */
enum oae_status oae_dir_remove(const char *path, struct oae_error *err);
bool oae_file_exists(const char *path);
bool oae_dir_exists(const char *path);
/*
 * Calls fn for every regular file below dir in byte order of its relative
 * path; stops at the first failure. Links are not followed.
 */
enum oae_status oae_dir_walk(const char *dir,
			     enum oae_status (*fn)(void *ctx,
						   const char *relative,
						   struct oae_error *err),
			     void *ctx, struct oae_error *err);
/* "dir/name" into out; OAE_ERR_LIMIT when it does not fit. */
enum oae_status oae_path_join(char *out, size_t out_size, const char *dir,
			      const char *name, struct oae_error *err);
/*
 * The project's data folder (schema/, workloads/, adapters/ live in it):
 * $OAE_HOME, else the nearest parent of the running executable that holds
 * schema/tables/defaults.csv. Written without a trailing slash.
 */
enum oae_status oae_home(char *out, size_t out_size, struct oae_error *err);

#endif
