/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

/* Deepest folder below the one walked, most files of one walk. */
#define WALK_DEPTH_MAX 32
#define WALK_FILES_MAX 1000000u

struct walk {
	const char *root;
	char **names; /* relative paths, owned */
	size_t count, alloc;
};

static enum oae_status walk_add(struct walk *w, const char *relative,
				struct oae_error *err)
{
	char **names;
	size_t alloc;

	if (w->count >= WALK_FILES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "%s: more than %u files",
				w->root, WALK_FILES_MAX);
	if (w->count == w->alloc) {
		alloc = w->alloc ? w->alloc * 2 : 32;
		names = realloc(w->names, alloc * sizeof(*names));
		if (!names)
			return oae_fail(err, OAE_ERR_NOMEM, 0,
					"%s: out of memory", w->root);
		w->names = names;
		w->alloc = alloc;
	}
	w->names[w->count] = strdup(relative);
	if (!w->names[w->count])
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s: out of memory",
				w->root);
	w->count++;
	return OAE_OK;
}

static enum oae_status walk_dir(struct walk *w, const char *below, int depth,
				struct oae_error *err);

static enum oae_status walk_entry(struct walk *w, const char *below,
				  const char *name, int depth,
				  struct oae_error *err)
{
	char full[PATH_MAX], relative[PATH_MAX];
	enum oae_status status;
	struct stat st;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return OAE_OK;
	status = oae_path_join(relative, sizeof(relative), below, name, err);
	if (!status)
		status = oae_path_join(full, sizeof(full), w->root, relative,
				       err);
	if (status)
		return status;
	if (lstat(full, &st))
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot look at",
				full);
	if (S_ISDIR(st.st_mode))
		return walk_dir(w, relative, depth + 1, err);
	if (S_ISREG(st.st_mode))
		return walk_add(w, relative, err);
	return OAE_OK;
}

static enum oae_status walk_dir(struct walk *w, const char *below, int depth,
				struct oae_error *err)
{
	enum oae_status status;
	char full[PATH_MAX];
	struct dirent *e;
	DIR *d;

	if (depth > WALK_DEPTH_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: folders deeper than %d", w->root,
				WALK_DEPTH_MAX);
	status = oae_path_join(full, sizeof(full), w->root, below, err);
	if (status)
		return status;
	d = opendir(full);
	if (!d)
		return oae_fail(err,
				errno == EACCES ? OAE_ERR_DENIED : OAE_ERR_IO,
				errno, "%s: cannot open the folder", full);
	for (;;) {
		errno = 0;
		e = readdir(d);
		if (!e)
			break;
		status = walk_entry(w, below, e->d_name, depth, err);
		if (status)
			goto out;
	}
	if (errno)
		status = oae_fail(err, OAE_ERR_IO, errno,
				  "%s: cannot read the folder", full);
out:
	closedir(d);
	return status;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum oae_status oae_dir_walk(const char *dir,
			     enum oae_status (*fn)(void *ctx,
						   const char *relative,
						   struct oae_error *err),
			     void *ctx, struct oae_error *err)
{
	struct walk w = { .root = dir };
	enum oae_status status;

	status = walk_dir(&w, "", 0, err);
	if (!status && w.count)
		qsort(w.names, w.count, sizeof(*w.names), by_name);
	for (size_t i = 0; !status && i < w.count; i++)
		status = fn(ctx, w.names[i], err);
	for (size_t i = 0; i < w.count; i++)
		free(w.names[i]);
	free(w.names);
	return status;
}

/* True when dir holds the project's data. */
static bool is_home(const char *dir)
{
	char marker[PATH_MAX];

	return !oae_path_join(marker, sizeof(marker), dir,
			      "schema/tables/defaults.csv", NULL) &&
	       oae_file_exists(marker);
}

static enum oae_status home_set(char *out, size_t out_size, const char *dir,
				struct oae_error *err)
{
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (len >= out_size)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"the data folder: path too long");
	memcpy(out, dir, len);
	out[len] = '\0';
	return OAE_OK;
}

enum oae_status oae_home(char *out, size_t out_size, struct oae_error *err)
{
	const char *set = getenv("OAE_HOME");
	char path[PATH_MAX];
	char *slash;
	ssize_t n;

	if (set && *set) {
		if (!is_home(set))
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"OAE_HOME=%s: no schema/tables/"
					"defaults.csv there; set it to the "
					"project's data folder",
					set);
		return home_set(out, out_size, set, err);
	}
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n <= 0)
		return oae_fail(err, OAE_ERR_IO, errno,
				"/proc/self/exe: cannot read; set OAE_HOME");
	path[n] = '\0';
	while ((slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (is_home(*path ? path : "/"))
			return home_set(out, out_size, *path ? path : "/", err);
	}
	return oae_fail(err, OAE_ERR_IO, 0,
			"data folder: no parent of the program holds "
			"schema/tables/defaults.csv; set OAE_HOME");
}
