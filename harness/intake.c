/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/intake.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define BLOCK_BYTES 65536u
#define FOLDER_MODE 0700
#define FILE_MODE 0600

struct walk {
	struct oae_intake *in;
	struct oae_findings *found;
	struct oae_error *err;
	size_t alloc, seen; /* entries, those refused included */
	bool full;
};

bool oae_intake_name_ok(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._+-";
	size_t len = strlen(name);

	return len >= 1 && len <= OAE_NAME_BYTES_MAX && name[0] != '.' &&
	       name[0] != '-' && strspn(name, allowed) == len;
}

static struct oae_intake_file *add_file(struct walk *w, const char *path)
{
	struct oae_intake *in = w->in;
	struct oae_intake_file *more;
	size_t n = w->alloc ? 2 * w->alloc : 64;

	if (in->count == w->alloc) {
		more = reallocarray(in->files, n, sizeof(*more));
		if (!more)
			return NULL;
		in->files = more;
		w->alloc = n;
	}
	memset(&in->files[in->count], 0, sizeof(in->files[0]));
	snprintf(in->files[in->count].path, sizeof(in->files[0].path), "%s",
		 path);
	return &in->files[in->count++];
}

/* Copies an open plain file; what it turns out to hold beyond the cap is a
 * finding, and no file. */
static enum oae_status copy_bytes(struct walk *w, int from, int to,
				  const char *path, struct oae_intake_file *f)
{
	char block[BLOCK_BYTES];
	struct oae_sha256 hash;
	enum oae_status status = oae_sha256_init(&hash, w->err);
	ssize_t n = 0;

	while (!status && (n = read(from, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			status = oae_fail(w->err, OAE_ERR_IO, errno,
					  "%s: cannot read", path);
		else if (write(to, block, (size_t)n) != n)
			status = oae_fail(w->err, OAE_ERR_IO, errno,
					  "%s: cannot copy; set TMPDIR to a"
					  " folder with room",
					  path);
		if (status)
			break;
		oae_sha256_update(&hash, block, (size_t)n);
		f->bytes += (uint64_t)n;
		w->in->bytes += (uint64_t)n;
		if (f->bytes > OAE_SUBMISSION_FILE_BYTES_MAX ||
		    w->in->bytes > OAE_SUBMISSION_BYTES_MAX) {
			oae_finding_add(w->found, OAE_RULE_SIZE, path,
					"grew beyond the cap while it was"
					" read");
			w->full = true;
			break;
		}
	}
	if (!status)
		oae_sha256_end(&hash, f->sha256);
	oae_sha256_release(&hash);
	return status;
}

static enum oae_status take_file(struct walk *w, int dir, const char *name,
				 const char *path, const struct stat *st)
{
	char to_path[OAE_PATH_BYTES_MAX + OAE_SUBMISSION_PATH_BYTES_MAX + 2];
	uint64_t bytes = (uint64_t)st->st_size;
	struct oae_intake_file *f;
	enum oae_status status;
	struct stat now;
	int from, to;

	if (bytes > OAE_SUBMISSION_FILE_BYTES_MAX ||
	    w->in->bytes + bytes > OAE_SUBMISSION_BYTES_MAX) {
		oae_finding_add(w->found, OAE_RULE_SIZE, path,
				"%llu bytes: a file has at most %u, all"
				" together %llu",
				(unsigned long long)bytes,
				OAE_SUBMISSION_FILE_BYTES_MAX,
				OAE_SUBMISSION_BYTES_MAX);
		return OAE_OK;
	}
	/* Not a link, and never a pipe that waits for a writer. */
	from = openat(dir, name,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from < 0 || fstat(from, &now) || !S_ISREG(now.st_mode)) {
		oae_finding_add(w->found, OAE_RULE_NAMES, path,
				"cannot be opened as a plain file: %s",
				strerror(errno));
		if (from >= 0)
			close(from);
		return OAE_OK;
	}
	f = add_file(w, path);
	snprintf(to_path, sizeof(to_path), "%s/%s", w->in->dir, path);
	to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (!f)
		status = oae_fail(w->err, OAE_ERR_NOMEM, 0, "out of memory");
	else if (to < 0)
		status = oae_fail(w->err, OAE_ERR_IO, errno, "%s: cannot copy",
				  path);
	else
		status = copy_bytes(w, from, to, path, f);
	close(from);
	if (to >= 0)
		close(to);
	return status;
}

static enum oae_status take_folder(struct walk *w, int fd, const char *path,
				   unsigned depth);

static enum oae_status enter(struct walk *w, int dir, const char *name,
			     const char *path, unsigned depth)
{
	char to_path[OAE_PATH_BYTES_MAX + OAE_SUBMISSION_PATH_BYTES_MAX + 2];
	struct oae_intake_file *f;
	int fd;

	if (depth >= OAE_SUBMISSION_DEPTH_MAX) {
		oae_finding_add(w->found, OAE_RULE_SIZE, path,
				"a folder below %u others",
				OAE_SUBMISSION_DEPTH_MAX);
		return OAE_OK;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		oae_finding_add(w->found, OAE_RULE_NAMES, path,
				"cannot be opened as a folder: %s",
				strerror(errno));
		return OAE_OK;
	}
	f = add_file(w, path);
	if (f)
		f->folder = true;
	snprintf(to_path, sizeof(to_path), "%s/%s", w->in->dir, path);
	if (!f || mkdir(to_path, FOLDER_MODE)) {
		close(fd);
		return oae_fail(w->err, f ? OAE_ERR_IO : OAE_ERR_NOMEM,
				f ? errno : 0, "%s: cannot copy", path);
	}
	return take_folder(w, fd, path, depth + 1);
}

static enum oae_status take_entry(struct walk *w, int dir, const char *below,
				  const char *name, unsigned depth)
{
	char path[OAE_SUBMISSION_PATH_BYTES_MAX + 1];
	struct stat st;
	int n;

	if (!oae_intake_name_ok(name)) {
		oae_finding_add(w->found, OAE_RULE_NAMES, below,
				"\"%.120s\" is no name for a file here:"
				" letters, digits, \". _ + -\", not hidden",
				name);
		return OAE_OK;
	}
	n = snprintf(path, sizeof(path), "%s%s%s", below, *below ? "/" : "",
		     name);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		oae_finding_add(w->found, OAE_RULE_SIZE, below,
				"\"%.120s\": a path of more than %u bytes",
				name, OAE_SUBMISSION_PATH_BYTES_MAX);
		return OAE_OK;
	}
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) {
		oae_finding_add(w->found, OAE_RULE_NAMES, path, "%s",
				strerror(errno));
		return OAE_OK;
	}
	if (S_ISREG(st.st_mode))
		return take_file(w, dir, name, path, &st);
	if (S_ISDIR(st.st_mode))
		return enter(w, dir, name, path, depth);
	oae_finding_add(w->found, OAE_RULE_NAMES, path, "is a %s",
			S_ISLNK(st.st_mode)  ? "link" :
			S_ISFIFO(st.st_mode) ? "pipe" :
			S_ISSOCK(st.st_mode) ? "socket" :
					       "device");
	return OAE_OK;
}

/* Takes over fd. */
static enum oae_status take_folder(struct walk *w, int fd, const char *path,
				   unsigned depth)
{
	char below[OAE_SUBMISSION_PATH_BYTES_MAX + 1];
	enum oae_status status = OAE_OK;
	struct dirent *e;
	DIR *d = fdopendir(fd);

	if (!d) {
		close(fd);
		return oae_fail(w->err, OAE_ERR_IO, errno, "%s: cannot read",
				path);
	}
	/* `path` may lie in the list, which moves as it grows. */
	snprintf(below, sizeof(below), "%s", path);
	while (!status && !w->full && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (++w->seen > OAE_SUBMISSION_FILES_MAX) {
			oae_finding_add(w->found, OAE_RULE_SIZE, below,
					"more than %u files and folders",
					OAE_SUBMISSION_FILES_MAX);
			w->full = true;
			break;
		}
		status = take_entry(w, fd, below, e->d_name, depth);
	}
	closedir(d);
	return status;
}

static int by_path(const void *a, const void *b)
{
	const struct oae_intake_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int by_folded(const void *a, const void *b)
{
	const struct oae_intake_file *const *x = a, *const *y = b;

	return strcasecmp((*x)->path, (*y)->path);
}

/* Two names that are one on other people's disks. */
static enum oae_status find_collisions(const struct walk *w)
{
	const struct oae_intake *in = w->in;
	const struct oae_intake_file **order =
		calloc(in->count + 1, sizeof(*order));

	if (!order)
		return oae_fail(w->err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < in->count; i++)
		order[i] = &in->files[i];
	qsort(order, in->count, sizeof(*order), by_folded);
	for (size_t i = 1; i < in->count; i++)
		if (!strcasecmp(order[i - 1]->path, order[i]->path))
			oae_finding_add(w->found, OAE_RULE_NAMES,
					order[i]->path,
					"differs from %s in case only",
					order[i - 1]->path);
	free(order);
	return OAE_OK;
}

enum oae_status oae_intake_take(struct oae_intake *in, const char *from,
				struct oae_findings *found,
				struct oae_error *err)
{
	struct walk w = { .in = in, .found = found, .err = err };
	enum oae_status status;
	int fd;

	memset(in, 0, sizeof(*in));
	/* The folder itself is the caller's word: it may be a link. */
	fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot open",
				from);
	status = oae_dir_temporary("oae-verify", in->dir, sizeof(in->dir), err);
	if (status) {
		in->dir[0] = '\0';
		close(fd);
		return status;
	}
	status = take_folder(&w, fd, "", 0);
	if (status)
		return status;
	if (in->count)
		qsort(in->files, in->count, sizeof(*in->files), by_path);
	return find_collisions(&w);
}

void oae_intake_release(struct oae_intake *in)
{
	if (in->dir[0])
		(void)oae_dir_remove(in->dir, NULL);
	free(in->files);
	memset(in, 0, sizeof(*in));
}

const struct oae_intake_file *oae_intake_find(const struct oae_intake *in,
					      const char *path)
{
	struct oae_intake_file key;

	if (!in->count || snprintf(key.path, sizeof(key.path), "%s", path) >=
				  (int)sizeof(key.path))
		return NULL;
	return bsearch(&key, in->files, in->count, sizeof(*in->files), by_path);
}

enum oae_status oae_intake_path(const struct oae_intake *in, const char *path,
				char *out, size_t out_size,
				struct oae_error *err)
{
	return oae_path_join(out, out_size, in->dir, path, err);
}
