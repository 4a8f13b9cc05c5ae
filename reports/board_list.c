/* SPDX-License-Identifier: Apache-2.0 */
/* Which submissions there are: folders ORG/NAME, links never followed. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "reports/board_internal.h"

#define ORGS_MAX 20000u

struct names {
	char **item; /* each its own */
	size_t count, alloc;
};

static void names_release(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->item[i]);
	free(n->item);
}

static enum oae_status names_add(struct names *n, const char *name, size_t most,
				 const char *dir, struct oae_error *err)
{
	char **moved;

	if (n->count == most)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: more than %zu folders; split the board",
				dir, most);
	if (n->count == n->alloc) {
		n->alloc = n->alloc ? n->alloc * 2 : 64;
		moved = realloc(n->item, n->alloc * sizeof(*moved));
		if (!moved)
			return oae_fail(err, OAE_ERR_NOMEM, 0,
					"board: no memory");
		n->item = moved;
	}
	n->item[n->count] = strdup(name);
	if (!n->item[n->count])
		return oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	n->count++;
	return OAE_OK;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A real folder that is none of ours and not hidden. */
static bool is_wanted(const char *path, const char *name, const char *skip)
{
	char real[PATH_MAX];
	struct stat st;

	if (name[0] == '.' || lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	if (!skip || !realpath(path, real) ||
	    strncmp(real, skip, strlen(skip)) != 0)
		return true;
	/* The site itself, and what an interrupted command left of it. */
	return real[strlen(skip)] != '\0' &&
	       strcmp(real + strlen(skip), ".new") != 0;
}

/* The folders in dir, in byte order of their names. */
static enum oae_status list_folders(const char *dir, const char *skip,
				    size_t most, struct names *out,
				    struct oae_error *err)
{
	DIR *d = opendir(dir);
	enum oae_status status = OAE_OK;
	char path[OAE_PATH_BYTES_MAX];
	struct dirent *e;

	if (!d)
		return oae_fail(err, OAE_ERR_IO, errno, "%s", dir);
	while (status == OAE_OK && (e = readdir(d)) != NULL) {
		status = oae_path_join(path, sizeof(path), dir, e->d_name, err);
		if (status == OAE_OK && is_wanted(path, e->d_name, skip))
			status = names_add(out, e->d_name, most, dir, err);
	}
	closedir(d);
	if (out->count)
		qsort(out->item, out->count, sizeof(*out->item), by_bytes);
	return status;
}

static enum oae_status add_org(struct oae_board *b, const char *root,
			       const char *org, struct names *found,
			       struct oae_error *err)
{
	struct oae_board_submission *s;
	char dir[OAE_PATH_BYTES_MAX], path[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	size_t i;

	status = oae_path_join(dir, sizeof(dir), root, org, err);
	if (status == OAE_OK)
		status = list_folders(dir, b->options.skip,
				      OAE_BOARD_SUBMISSIONS_MAX -
					      b->n_submissions,
				      found, err);
	for (i = 0; i < found->count && status == OAE_OK; i++) {
		s = &b->submissions[b->n_submissions++];
		status = oae_path_join(path, sizeof(path), dir, found->item[i],
				       err);
		s->org = oae_arena_strdup(&b->arena, org);
		s->name = oae_arena_strdup(&b->arena, found->item[i]);
		s->dir = oae_arena_strdup(&b->arena, path);
		if (!s->org || !s->name || !s->dir)
			status = oae_fail(err, OAE_ERR_NOMEM, 0,
					  "board: no memory");
	}
	return status;
}

enum oae_status oae_board_list(struct oae_board *b, const char *root,
			       struct oae_error *err)
{
	struct names orgs = { NULL, 0, 0 };
	enum oae_status status;
	size_t i;

	b->submissions = oae_arena_array(&b->arena, OAE_BOARD_SUBMISSIONS_MAX,
					 sizeof(*b->submissions));
	if (!b->submissions)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "board: no memory");
	status = list_folders(root, b->options.skip, ORGS_MAX, &orgs, err);
	for (i = 0; i < orgs.count && status == OAE_OK; i++) {
		struct names found = { NULL, 0, 0 };

		status = add_org(b, root, orgs.item[i], &found, err);
		names_release(&found);
	}
	names_release(&orgs);
	return status;
}
