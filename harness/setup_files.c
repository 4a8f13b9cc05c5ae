/* SPDX-License-Identifier: Apache-2.0 */
/* What a folder holds, before and after a step. */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/sha256.h"
#include "harness/setup_internal.h"

#define FILES_MAX 2000000u
#define LISTED_FILES_MAX 20000u
#define LISTED_BYTES_MAX ((uint64_t)8 << 30)

struct inode {
	uint64_t device, inode, bytes;
};

struct inodes {
	struct inode *item;
	size_t count, alloc;
};

static bool grow(void **memory, size_t *alloc, size_t count, size_t size)
{
	void *more;

	if (count < *alloc)
		return true;
	more = realloc(*memory, (*alloc * 2 + 64) * size);
	if (!more)
		return false;
	*memory = more;
	*alloc = *alloc * 2 + 64;
	return true;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int by_inode(const void *a, const void *b)
{
	const struct inode *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct oae_shot_file *)a)->path,
		      ((const struct oae_shot_file *)b)->path);
}

static uint64_t linked_bytes(struct inodes *links)
{
	uint64_t sum = 0;

	if (links->count)
		qsort(links->item, links->count, sizeof(*links->item),
		      by_inode);
	for (size_t i = 0; i < links->count; i++)
		if (!i || by_inode(&links->item[i - 1], &links->item[i]))
			sum += links->item[i].bytes;
	return sum;
}

static int64_t nanoseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static enum oae_status take_file(struct oae_shot *s, const char *path,
				 const struct stat *st, struct oae_error *err)
{
	struct oae_shot_file *f;
	int64_t m = nanoseconds(&st->st_mtim), c = nanoseconds(&st->st_ctim);

	if (s->count == FILES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u files",
				FILES_MAX);
	if (!grow((void **)&s->file, &s->alloc, s->count, sizeof(*s->file)))
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	f = &s->file[s->count];
	f->path = strdup(path);
	if (!f->path)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	f->bytes = (uint64_t)st->st_size;
	f->inode = st->st_ino;
	f->changed_ns = m > c ? m : c;
	s->count++;
	return OAE_OK;
}

static enum oae_status take(struct oae_shot *s, struct inodes *links,
			    const FTSENT *e, size_t prefix,
			    struct oae_error *err)
{
	const struct stat *st = e->fts_statp;
	uint64_t bytes;

	if (e->fts_info == FTS_DP || e->fts_info == FTS_DC)
		return OAE_OK;
	if (e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
		return oae_fail(err, OAE_ERR_IO, e->fts_errno,
				"%.300s: cannot look at", e->fts_path);
	bytes = (uint64_t)st->st_blocks * 512;
	if (st->st_nlink > 1 && !S_ISDIR(st->st_mode)) {
		if (!grow((void **)&links->item, &links->alloc, links->count,
			  sizeof(*links->item)))
			return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
		links->item[links->count++] =
			(struct inode){ st->st_dev, st->st_ino, bytes };
	} else {
		s->disk_bytes += bytes;
	}
	if (e->fts_info != FTS_F)
		return OAE_OK;
	return take_file(s, e->fts_path + prefix, st, err);
}

enum oae_status oae_shot_take(const char *dir, struct oae_shot *out,
			      struct oae_error *err)
{
	char *paths[2] = { NULL, NULL };
	struct inodes links = { 0 };
	enum oae_status status = OAE_OK;
	FTSENT *e;
	FTS *tree;

	memset(out, 0, sizeof(*out));
	paths[0] = strdup(dir);
	if (!paths[0])
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, by_name);
	if (!tree)
		status = oae_fail(err, OAE_ERR_IO, errno, "%s: cannot walk",
				  dir);
	while (!status && (e = fts_read(tree)))
		status = take(out, &links, e, strlen(dir) + 1, err);
	if (tree)
		fts_close(tree);
	out->disk_bytes += linked_bytes(&links);
	if (out->count)
		qsort(out->file, out->count, sizeof(*out->file), by_path);
	free(links.item);
	free(paths[0]);
	return status;
}

void oae_shot_release(struct oae_shot *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->file[i].path);
	free(s->file);
	memset(s, 0, sizeof(*s));
}

/* ---- the difference --------------------------------------------------- */

struct difference {
	const struct oae_shot_file **file; /* made or changed */
	size_t count;
	uint64_t made, changed, removed, bytes;
};

static bool same(const struct oae_shot_file *a, const struct oae_shot_file *b)
{
	return a->bytes == b->bytes && a->inode == b->inode &&
	       a->changed_ns == b->changed_ns;
}

static void compare(const struct oae_shot *before, const struct oae_shot *after,
		    struct difference *d)
{
	size_t a = 0, b = 0;

	while (a < before->count || b < after->count) {
		int order = a == before->count ? 1 :
			    b == after->count  ? -1 :
						 strcmp(before->file[a].path,
							after->file[b].path);

		if (order < 0) {
			d->removed++;
			a++;
			continue;
		}
		if (order > 0 || !same(&before->file[a], &after->file[b])) {
			d->made += order > 0;
			d->changed += order == 0;
			d->bytes += after->file[b].bytes;
			d->file[d->count++] = &after->file[b];
		}
		a += order == 0;
		b++;
	}
}

static enum oae_status write_list(struct oae_jw *w, const char *dir,
				  const struct difference *d,
				  struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], sha256[OAE_SHA256_HEX];
	enum oae_status status = OAE_OK;

	oae_jw_arr(w, "list");
	for (size_t i = 0; !status && i < d->count; i++) {
		status = oae_path_join(path, sizeof(path), dir,
				       d->file[i]->path, err);
		if (!status)
			status = oae_sha256_file(path, sha256, err);
		oae_jw_arr(w, NULL);
		oae_jw_str(w, NULL, d->file[i]->path);
		oae_jw_int(w, NULL, (int64_t)d->file[i]->bytes);
		oae_jw_str(w, NULL, sha256);
		oae_jw_end_arr(w);
	}
	oae_jw_end_arr(w);
	oae_jw_null(w, "list_reason");
	return status;
}

enum oae_status oae_shot_write(struct oae_jw *w, const char *dir,
			       const struct oae_shot *before,
			       const struct oae_shot *after,
			       const char *unlisted, struct oae_error *err)
{
	struct difference d = { 0 };
	enum oae_status status = OAE_OK;

	d.file = calloc(after->count + 1, sizeof(*d.file));
	if (!d.file)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	compare(before, after, &d);
	if (!unlisted &&
	    (d.count > LISTED_FILES_MAX || d.bytes > LISTED_BYTES_MAX))
		unlisted = "there are too many to list";
	oae_jw_obj(w, "files");
	oae_jw_int(w, "made", (int64_t)d.made);
	oae_jw_int(w, "changed", (int64_t)d.changed);
	oae_jw_int(w, "removed", (int64_t)d.removed);
	if (unlisted) {
		oae_jw_null(w, "list");
		oae_jw_str(w, "list_reason", unlisted);
	} else {
		status = write_list(w, dir, &d, err);
	}
	oae_jw_end_obj(w);
	free(d.file);
	return status;
}
