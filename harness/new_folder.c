/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/new_folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

static enum oae_status not_empty(void *ctx, const char *relative,
				 struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"%s: not empty (%s is in it); name another folder, or"
			" use --resume to go on with a campaign",
			(const char *)ctx, relative);
}

static enum oae_status check_writable(const char *dir, struct oae_error *err)
{
	if (access(dir, W_OK) < 0)
		return oae_fail(err,
				errno == EACCES || errno == EROFS ?
					OAE_ERR_DENIED :
					OAE_ERR_IO,
				errno,
				"%s: cannot write there; name another folder"
				" with --out",
				dir);
	return OAE_OK;
}

/* oae-runs/TIME-NAME; two in one second: the next number. */
static void name_by_time(const char *name, char *dir, size_t size)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;
	size_t n;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	n = (size_t)snprintf(dir, size, "oae-runs/%s-%.128s", stamp, name);
	for (int i = 2; oae_dir_exists(dir) && i < 100; i++)
		(void)snprintf(dir + n, size - n, "-%d", i);
}

enum oae_status oae_new_folder(const char *out, const char *name, char *dir,
			       size_t size, struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	if (out && strlen(out) >= size / 2)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "--out: path too long");
	if (out)
		(void)snprintf(dir, size, "%s", out);
	else
		name_by_time(name, dir, size);
	if (out && oae_dir_exists(dir))
		status = oae_dir_walk(dir, not_empty, dir, err);
	if (!status)
		status = oae_dir_make(dir, err);
	return status ? status : check_writable(dir, err);
}
