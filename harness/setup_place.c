/* SPDX-License-Identifier: Apache-2.0 */
/* The clean place: a new folder with a copy of the bill of materials. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"
#include "harness/setup_internal.h"
#include "schema/check.h"

#define PREFIX "oae-setup-"
#define SUFFIX 6 /* letters or digits behind it */
#define COPY_BLOCK_BYTES 65536
#define MATERIALS_MAX 50000u
#define MATERIALS_BYTES_MAX ((uint64_t)64 << 30)
#define LIST_BYTES_MAX (32u << 20)
#define GIT_MS 60000

/* ---- making and removing ---------------------------------------------- */

static const char *parent_of(const struct oae_setup *s)
{
	const char *dir = getenv("TMPDIR");

	if (s->options.root)
		return "";
	if (s->options.parent)
		return s->options.parent;
	return dir && *dir == '/' ? dir : "/tmp";
}

/* Whether a transcript's place is one that could be ours: PARENT/oae-setup-X */
static bool place_is_ours(const struct oae_setup *s, const char *inside)
{
	const char *slash = strrchr(inside, '/');
	size_t parent = strlen(parent_of(s));

	return slash && (size_t)(slash - inside) == parent &&
	       !strncmp(inside, parent_of(s), parent) &&
	       !strncmp(slash + 1, PREFIX, strlen(PREFIX)) &&
	       strlen(slash + 1) == strlen(PREFIX) + SUFFIX &&
	       oae_check_name(slash + 1);
}

static enum oae_status make_below(struct oae_setup *s, const char *name,
				  struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", s->place, name);
	if (mkdir(path, 0755))
		return oae_fail(err, OAE_ERR_IO, errno, "%s", path);
	return OAE_OK;
}

/* The same place as before, so that what names its folder is the same. */
static bool make_again(struct oae_setup *s)
{
	const struct oae_transcript *was = s->options.replay;

	if (!was || !place_is_ours(s, was->place) ||
	    was->in_root != (s->options.root != NULL))
		return false;
	(void)snprintf(s->place, sizeof(s->place), "%.1000s%.1000s",
		       s->options.root ? s->options.root : "", was->place);
	return mkdir(s->place, 0755) == 0;
}

enum oae_status oae_place_make(struct oae_setup *s, struct oae_error *err)
{
	const char *root = s->options.root ? s->options.root : "";
	enum oae_status status;

	if (!make_again(s)) {
		(void)snprintf(s->place, sizeof(s->place),
			       "%.1000s%.900s/" PREFIX "XXXXXX", root,
			       parent_of(s));
		if (!mkdtemp(s->place))
			return oae_fail(err, OAE_ERR_IO, errno,
					"%s: cannot make the clean place; name"
					" another folder with --in DIR",
					s->place);
	}
	s->made = true;
	if (chmod(s->place, 0755))
		return oae_fail(err, OAE_ERR_IO, errno, "%s", s->place);
	(void)snprintf(s->inside, sizeof(s->inside), "%s",
		       s->place + strlen(root));
	status = make_below(s, "copy", err);
	if (!status)
		status = make_below(s, "home", err);
	return status ? status : make_below(s, "tmp", err);
}

void oae_place_remove(const char *dir)
{
	char *paths[2] = { strdup(dir), NULL };
	FTS *tree = paths[0] ? fts_open(paths,
					FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV,
					NULL) :
			       NULL;
	FTSENT *e;

	while (tree && (e = fts_read(tree))) {
		if (e->fts_info == FTS_D)
			(void)chmod(e->fts_accpath, 0700);
		else if (e->fts_info == FTS_DP)
			(void)rmdir(e->fts_accpath);
		else
			(void)unlink(e->fts_accpath);
	}
	if (tree)
		fts_close(tree);
	free(paths[0]);
}

/* ---- what is copied --------------------------------------------------- */

struct materials {
	char **path; /* relative to the project's folder */
	size_t count, alloc;
};

static enum oae_status add(struct materials *m, const char *path,
			   struct oae_error *err)
{
	char **more;

	if (m->count == MATERIALS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"materials: more than %u files; name fewer"
				" folders in \"materials\" of adapter.json",
				MATERIALS_MAX);
	if (m->count == m->alloc) {
		more = realloc(m->path, (m->alloc * 2 + 64) * sizeof(*more));
		if (!more)
			return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
		m->path = more;
		m->alloc = m->alloc * 2 + 64;
	}
	m->path[m->count] = strdup(path);
	if (!m->path[m->count])
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	m->count++;
	return OAE_OK;
}

/* Names that nobody would hand out: built, measured, hidden. */
static bool skipped(const char *relative)
{
	return *relative == '.' || strstr(relative, "/.") ||
	       !strncmp(relative, "build/", 6) ||
	       !strncmp(relative, "build-", 6) || strstr(relative, "/build/") ||
	       !strncmp(relative, "oae-runs/", 9) ||
	       strstr(relative, "__pycache__/");
}

struct walk {
	struct materials *m;
	const char *below;
};

static enum oae_status add_walked(void *ctx, const char *relative,
				  struct oae_error *err)
{
	struct walk *w = ctx;
	char path[OAE_PATH_BYTES_MAX];

	(void)snprintf(path, sizeof(path), "%.2000s%s%.2000s", w->below,
		       *w->below ? "/" : "", relative);
	return skipped(relative) ? OAE_OK : add(w->m, path, err);
}

/* One entry of the bill by walking, where there is no version control. */
static enum oae_status list_walked(const struct oae_setup *s, const char *entry,
				   struct materials *m, struct oae_error *err)
{
	struct walk w = { m, entry };
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status =
		oae_path_join(path, sizeof(path), s->home, entry, err);

	if (status)
		return status;
	if (oae_file_exists(path))
		return add(m, entry, err);
	if (!oae_dir_exists(path))
		return oae_fail(err, OAE_ERR_IO, 0,
				"materials: %s is not there", path);
	return oae_dir_walk(path, add_walked, &w, err);
}

/*
 * What version control knows of, and new files that it does not ignore: the
 * working copy as it is, without what was built in it.
 */
static enum oae_status list_git(const struct oae_setup *s, struct materials *m,
				bool *done, struct oae_error *err)
{
	const struct oae_strings *bill = &s->manifest.materials;
	const char *argv[OAE_MANIFEST_LIST_MAX + 12] = {
		"git", "-C", s->home, "ls-files",
		"-z",  "-c", "-o",    "--exclude-standard",
		"--",  NULL,
	};
	struct oae_error ignored = { OAE_OK, 0, "" };
	enum oae_status status = OAE_OK;
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf out;
	size_t n = 9;

	for (size_t i = 0; i < bill->count; i++)
		argv[n++] = bill->item[i];
	oae_buf_init(&out, LIST_BYTES_MAX);
	(void)snprintf(path, sizeof(path), "%.4000s/.git", s->home);
	*done = access(path, F_OK) == 0 &&
		!oae_run_command(argv, NULL, GIT_MS, &out, &ignored) && out.len;
	for (const char *at = oae_buf_str(&out);
	     *done && !status && at < out.data + out.len;
	     at += strlen(at) + 1) {
		(void)snprintf(path, sizeof(path), "%.2000s/%.2000s", s->home,
			       at);
		/* Removed from the working copy, or a link: not there. */
		if (oae_check_path(at) && oae_file_exists(path))
			status = add(m, at, err);
	}
	oae_buf_release(&out);
	return status;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum oae_status list_materials(const struct oae_setup *s,
				      struct materials *m,
				      struct oae_error *err)
{
	const struct oae_strings *bill = &s->manifest.materials;
	enum oae_status status;
	bool done = false;

	status = list_git(s, m, &done, err);
	if (!status && !done && !bill->count)
		status = list_walked(s, "", m, err);
	for (size_t i = 0; !status && !done && i < bill->count; i++)
		status = list_walked(s, bill->item[i], m, err);
	if (!status && m->count)
		qsort(m->path, m->count, sizeof(*m->path), by_text);
	return status;
}

/* ---- copying ---------------------------------------------------------- */

static enum oae_status copy_bytes(int from, int to, const char *path,
				  struct oae_error *err)
{
	char block[COPY_BLOCK_BYTES];
	ssize_t n, done, k;

	while ((n = read(from, block, sizeof(block))) > 0)
		for (done = 0; done < n; done += k) {
			k = write(to, block + done, (size_t)(n - done));
			if (k < 0)
				return oae_fail(err, OAE_ERR_IO, errno,
						"%s: cannot write", path);
		}
	return n < 0 ? oae_fail(err, OAE_ERR_IO, errno, "%s: cannot read",
				path) :
		       OAE_OK;
}

static enum oae_status make_parents(const char *root, const char *relative,
				    struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	const char *slash = strrchr(relative, '/');

	if (!slash)
		return OAE_OK;
	(void)snprintf(path, sizeof(path), "%.2000s/%.*s", root,
		       (int)(slash - relative), relative);
	return oae_dir_make(path, err);
}

/* Never through a link, never over something: the place is new. */
static enum oae_status copy_file(const char *from, const char *to,
				 uint64_t *bytes, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct stat st;
	int in, out = -1;

	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0 || fstat(in, &st))
		status = oae_fail(err, OAE_ERR_IO, errno, "%s: cannot read",
				  from);
	if (!status) {
		out = open(to,
			   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			   st.st_mode & 0111 ? 0755 : 0644);
		if (out < 0)
			status = oae_fail(err, OAE_ERR_IO, errno,
					  "%s: cannot make", to);
		else
			*bytes += (uint64_t)st.st_size;
	}
	if (!status)
		status = copy_bytes(in, out, to, err);
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out) && !status)
		status = oae_fail(err, OAE_ERR_IO, errno, "%s: cannot write",
				  to);
	return status;
}

struct copy {
	struct oae_jw *w;
	const char *from, *to; /* folders */
	const char *as;	       /* put before the path in the list, or "" */
	uint64_t files, bytes;
};

static enum oae_status copy_one(void *ctx, const char *relative,
				struct oae_error *err)
{
	struct copy *c = ctx;
	char from[OAE_PATH_BYTES_MAX], to[OAE_PATH_BYTES_MAX];
	char sha256[OAE_SHA256_HEX], name[OAE_PATH_BYTES_MAX];
	uint64_t before = c->bytes;
	enum oae_status status;

	if (*c->as && skipped(relative))
		return OAE_OK;
	status = oae_path_join(from, sizeof(from), c->from, relative, err);
	if (!status)
		status = oae_path_join(to, sizeof(to), c->to, relative, err);
	if (!status)
		status = make_parents(c->to, relative, err);
	if (!status)
		status = copy_file(from, to, &c->bytes, err);
	if (!status && c->bytes > MATERIALS_BYTES_MAX)
		status = oae_fail(err, OAE_ERR_LIMIT, 0,
				  "materials: more than %" PRIu64 " bytes",
				  MATERIALS_BYTES_MAX);
	if (!status)
		status = oae_sha256_file(to, sha256, err);
	if (status)
		return status;
	(void)snprintf(name, sizeof(name), "%.2000s%.2000s", c->as, relative);
	oae_jw_arr(c->w, NULL);
	oae_jw_str(c->w, NULL, name);
	oae_jw_int(c->w, NULL, (int64_t)(c->bytes - before));
	oae_jw_str(c->w, NULL, sha256);
	oae_jw_end_arr(c->w);
	c->files++;
	return OAE_OK;
}

/* An adapter that lives outside of the project's folder comes along. */
static enum oae_status copy_adapter(struct oae_setup *s, struct copy *all,
				    struct oae_error *err)
{
	char to[OAE_PATH_BYTES_MAX];
	struct copy c = { .w = all->w, .from = s->adapter, .as = "~adapter/" };
	size_t len = strlen(s->home);
	enum oae_status status;

	if (!strncmp(s->adapter, s->home, len) && s->adapter[len] == '/')
		return OAE_OK;
	(void)snprintf(to, sizeof(to), "%.3000s/adapter", s->place);
	c.to = to;
	status = oae_dir_make(to, err);
	if (!status)
		status = oae_dir_walk(s->adapter, copy_one, &c, err);
	all->files += c.files;
	all->bytes += c.bytes;
	return status;
}

enum oae_status oae_place_fill(struct oae_setup *s, struct oae_error *err)
{
	struct oae_jw *w = oae_transcript_begin(&s->out, "materials");
	struct materials m = { NULL, 0, 0 };
	char work[OAE_PATH_BYTES_MAX];
	struct copy c = { .w = w, .from = s->home, .to = work, .as = "" };
	enum oae_status status = list_materials(s, &m, err);

	(void)snprintf(work, sizeof(work), "%s/copy", s->place);
	oae_jw_arr(w, "list");
	for (size_t i = 0; !status && i < m.count; i++)
		status = copy_one(&c, m.path[i], err);
	if (!status)
		status = copy_adapter(s, &c, err);
	oae_jw_end_arr(w);
	oae_jw_int(w, "files", (int64_t)c.files);
	oae_jw_int(w, "bytes", (int64_t)c.bytes);
	oae_transcript_commit(&s->out);
	for (size_t i = 0; i < m.count; i++)
		free(m.path[i]);
	free(m.path);
	return status;
}
