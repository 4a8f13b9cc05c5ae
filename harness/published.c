/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/published.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/submission.h"

struct list {
	struct oae_published *item;
	size_t count;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct oae_published *)a)->id,
		      ((const struct oae_published *)b)->id);
}

/* The submissions of one organisation. */
static enum oae_status add_org(struct list *l, const char *folder,
			       const char *org, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_path_join(path, sizeof(path), folder, org, err);
	struct dirent *e;
	DIR *d = status || !oae_dir_exists(path) ? NULL : opendir(path);

	while (d && !status && (e = readdir(d))) {
		struct oae_published *p = &l->item[l->count];

		if (e->d_name[0] == '.' || l->count == OAE_PUBLISHED_MAX ||
		    strlen(org) + strlen(e->d_name) + 2 > sizeof(p->id))
			continue;
		status = oae_path_join(p->dir, sizeof(p->dir), path, e->d_name,
				       err);
		if (status || !oae_is_submission(p->dir))
			continue;
		snprintf(p->id, sizeof(p->id), "%s/%s", org, e->d_name);
		l->count++;
	}
	if (d)
		closedir(d);
	return status;
}

enum oae_status oae_published_list(struct oae_published **out, size_t *count,
				   struct oae_error *err)
{
	char home[OAE_PATH_BYTES_MAX], folder[OAE_PATH_BYTES_MAX];
	struct list l = { NULL, 0 };
	enum oae_status status = oae_home(home, sizeof(home), err);
	struct dirent *e;
	DIR *d = NULL;

	*out = NULL;
	*count = 0;
	if (!status)
		status = oae_path_join(folder, sizeof(folder), home,
				       "reports/published", err);
	if (status)
		return status;
	l.item = calloc(OAE_PUBLISHED_MAX + 1, sizeof(*l.item));
	if (!l.item)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	d = opendir(folder);
	while (d && !status && (e = readdir(d)))
		if (e->d_name[0] != '.')
			status = add_org(&l, folder, e->d_name, err);
	if (d)
		closedir(d);
	qsort(l.item, l.count, sizeof(*l.item), by_id);
	*out = l.item;
	*count = l.count;
	return status;
}

/* "quick" of "oae/quick", and the whole. */
static bool names(const char *id, const char *word)
{
	return strcmp(id, word) == 0 || strcmp(strchr(id, '/') + 1, word) == 0;
}

static enum oae_status none(const char *word, const struct list *l, bool many,
			    struct oae_error *err)
{
	char ids[160] = "none";
	size_t at = 0;

	for (size_t i = 0; i < l->count && at < sizeof(ids) - 1; i++)
		at += (size_t)snprintf(ids + at, sizeof(ids) - at, "%s%s",
				       i ? ", " : "", l->item[i].id);
	return oae_fail(err, OAE_ERR_USAGE, 0, "%.60s: %s; there are: %s", word,
			many ? "more than one has that name" :
			       "neither a submission's folder nor published",
			ids);
}

enum oae_status oae_published_find(const char *word, char *dir, size_t size,
				   struct oae_error *err)
{
	struct list l = { NULL, 0 };
	size_t found = 0, at = 0;
	enum oae_status status;

	if (oae_is_submission(word)) {
		if (snprintf(dir, size, "%s", word) < (int)size)
			return OAE_OK;
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	}
	status = oae_published_list(&l.item, &l.count, err);
	for (size_t i = 0; i < l.count && !status; i++)
		if (names(l.item[i].id, word)) {
			at = i;
			found++;
		}
	if (!status && found != 1)
		status = none(word, &l, found > 1, err);
	if (!status)
		snprintf(dir, size, "%s", l.item[at].dir);
	free(l.item);
	return status;
}
