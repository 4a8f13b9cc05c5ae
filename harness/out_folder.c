/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/out_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

#define DEPTH_MAX 16
#define MARK_BYTES 256 /* where its word must be */

static enum oae_status clear_fd(int fd, const char *path, int depth,
				struct oae_error *err);

/* One entry of an open folder; folders with all that is in them. */
static enum oae_status remove_entry(int dir, const char *path, const char *name,
				    int depth, struct oae_error *err)
{
	enum oae_status status;
	int fd;

	if (unlinkat(dir, name, 0) == 0)
		return OAE_OK;
	if (errno != EISDIR && errno != EPERM)
		return oae_fail(err, OAE_ERR_IO, errno, "%s/%s", path, name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s/%s", path, name);
	status = clear_fd(fd, path, depth + 1, err);
	if (status == OAE_OK && unlinkat(dir, name, AT_REMOVEDIR) != 0)
		status = oae_fail(err, OAE_ERR_IO, errno, "%s/%s", path, name);
	return status;
}

/* Empties the open folder; fd is closed. Goes on after a failure. */
static enum oae_status clear_fd(int fd, const char *path, int depth,
				struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct dirent *e;
	DIR *d;

	d = depth > DEPTH_MAX ? NULL : fdopendir(fd);
	if (!d) {
		close(fd);
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: cannot be emptied: too deep", path);
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (remove_entry(dirfd(d), path, e->d_name, depth, err) !=
		    OAE_OK)
			status = OAE_ERR_IO;
	}
	closedir(d);
	return status;
}

static enum oae_status folder_clear(const char *path, bool itself,
				    struct oae_error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	enum oae_status status;

	if (fd < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", path);
	status = clear_fd(fd, path, 0, err);
	if (status == OAE_OK && itself && rmdir(path) != 0)
		status = oae_fail(err, OAE_ERR_IO, errno, "%s", path);
	return status;
}

static bool folder_is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = true;

	while (d && empty && (e = readdir(d)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 ||
			strcmp(e->d_name, "..") == 0;
	if (d)
		closedir(d);
	return d && empty;
}

/* Whether the folder holds the mark, with its word near the beginning. */
static bool has_mark(const char *dir, const struct oae_out_mark *mark)
{
	char path[OAE_PATH_BYTES_MAX], start[MARK_BYTES + 1];
	size_t n;
	FILE *f;

	if (oae_path_join(path, sizeof(path), dir, mark->file, NULL) ||
	    !oae_file_exists(path))
		return false;
	if (!mark->word)
		return true;
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(start, 1, MARK_BYTES, f);
	start[n] = '\0';
	fclose(f);
	return strstr(start, mark->word) != NULL;
}

enum oae_status oae_out_check(const char *out, const struct oae_out_mark *mark,
			      struct oae_error *err)
{
	if (access(out, F_OK) != 0)
		return OAE_OK;
	if (oae_dir_exists(out) &&
	    (folder_is_empty(out) || has_mark(out, mark)))
		return OAE_OK;
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"%s: is there already and is not %s; name another"
			" place with %s",
			out, mark->what, mark->option);
}

enum oae_status oae_out_begin(struct oae_out_folder *f, const char *out,
			      struct oae_error *err)
{
	size_t n = strlen(out);
	enum oae_status status;

	f->lock = -1;
	/* "site/" would be built inside the old site. */
	while (n > 1 && out[n - 1] == '/')
		n--;
	if (n + sizeof(".new") > sizeof(f->path))
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%.100s...: the path is too long", out);
	snprintf(f->out, sizeof(f->out), "%.*s", (int)n, out);
	snprintf(f->path, sizeof(f->path), "%.*s.new", (int)n, out);
	status = oae_dir_make(f->path, err);
	if (status != OAE_OK)
		return status;
	f->lock = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->lock < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", f->path);
	if (flock(f->lock, LOCK_EX | LOCK_NB) != 0) {
		close(f->lock);
		f->lock = -1;
		return oae_fail(err, OAE_ERR_IO, 0,
				"%s: another oae is writing it; wait for it",
				f->path);
	}
	return folder_clear(f->path, false, err);
}

static enum oae_status put_in_place(const char *new_path, const char *out,
				    struct oae_error *err)
{
	if (rename(new_path, out) == 0)
		return OAE_OK;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", out);
	/* Both names change at once; the old one is then the spare. */
	if (renameat2(AT_FDCWD, new_path, AT_FDCWD, out, RENAME_EXCHANGE) == 0)
		return folder_clear(new_path, true, err);
	if (folder_clear(out, true, err) != OAE_OK)
		return err ? err->status : OAE_ERR_IO;
	if (rename(new_path, out) != 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", out);
	return OAE_OK;
}

enum oae_status oae_out_publish(struct oae_out_folder *f, struct oae_error *err)
{
	enum oae_status status = put_in_place(f->path, f->out, err);

	close(f->lock);
	f->lock = -1;
	return status;
}

void oae_out_abandon(struct oae_out_folder *f)
{
	if (f->lock < 0)
		return;
	(void)folder_clear(f->path, true, NULL);
	close(f->lock);
	f->lock = -1;
}
