/* SPDX-License-Identifier: Apache-2.0 */
/* Whole folders: temporary ones, and removing them. */
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define OPEN_FOLDERS 16

enum oae_status oae_dir_temporary(const char *name, char *out, size_t out_size,
				  struct oae_error *err)
{
	const char *below = getenv("TMPDIR");
	int n;

	if (!below || below[0] != '/')
		below = "/tmp";
	n = snprintf(out, out_size, "%s/%s-XXXXXX", below, name);
	if (n < 0 || (size_t)n >= out_size)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "TMPDIR: path too long");
	if (!mkdtemp(out))
		return oae_fail(err, OAE_ERR_IO, errno,
				"%s: cannot make a temporary folder; set"
				" TMPDIR to one that has room",
				below);
	return OAE_OK;
}

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

enum oae_status oae_dir_remove(const char *path, struct oae_error *err)
{
	if (nftw(path, remove_one, OPEN_FOLDERS,
		 FTW_DEPTH | FTW_PHYS | FTW_MOUNT) &&
	    errno != ENOENT)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot remove",
				path);
	return OAE_OK;
}
