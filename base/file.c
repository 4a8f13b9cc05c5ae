/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

#define COPY_BLOCK_BYTES 65536

static enum oae_status sys_fail(struct oae_error *err, const char *path,
				const char *what, int sys)
{
	enum oae_status status = OAE_ERR_IO;

	if (sys == EACCES || sys == EPERM || sys == EROFS)
		status = OAE_ERR_DENIED;
	return oae_fail(err, status, sys, "%s: %s", path, what);
}

static ssize_t read_some(int fd, void *data, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, data, size);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* 0, or the errno of the write that failed. */
static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return EIO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

enum oae_status oae_file_read(const char *path, struct oae_buf *b,
			      struct oae_error *err)
{
	char block[COPY_BLOCK_BYTES];
	enum oae_status status;
	struct stat st;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sys_fail(err, path, "cannot open", errno);
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
		status = sys_fail(err, path, "cannot read", EISDIR);
		goto out;
	}
	while ((n = read_some(fd, block, sizeof(block))) > 0) {
		oae_buf_add(b, block, (size_t)n);
		if (b->status != OAE_OK)
			break;
	}
	if (n < 0)
		status = sys_fail(err, path, "cannot read", errno);
	else
		status = oae_buf_check(b, path, err);
out:
	close(fd);
	return status;
}

/* Syncs the folder that holds path, so that a rename in it is durable. */
static int sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd, sys = 0;

	if (!slash)
		(void)snprintf(dir, sizeof(dir), ".");
	else
		(void)snprintf(dir, sizeof(dir), "%.*s",
			       slash == path ? 1 : (int)(slash - path), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	/* Some file systems cannot sync a folder; that is not a failure. */
	if (fsync(fd) && errno != EINVAL && errno != ENOTSUP)
		sys = errno;
	close(fd);
	return sys;
}

/* A file being written beside its final name. */
struct pending {
	const char *path;
	char temporary[PATH_MAX];
	int fd;
	bool direct; /* a device or pipe is written in place */
};

static enum oae_status pending_open(struct pending *p, const char *path,
				    struct oae_error *err)
{
	struct stat st;
	int n;

	p->path = path;
	p->fd = -1;
	p->temporary[0] = '\0';
	p->direct = !stat(path, &st) && !S_ISREG(st.st_mode);
	if (p->direct) {
		p->fd = open(path, O_WRONLY | O_CLOEXEC);
		if (p->fd < 0)
			return sys_fail(err, path, "cannot write", errno);
		return OAE_OK;
	}
	n = snprintf(p->temporary, sizeof(p->temporary), "%s.tmp-%ld", path,
		     (long)getpid());
	if (n < 0 || (size_t)n >= sizeof(p->temporary)) {
		p->temporary[0] = '\0';
		return oae_fail(err, OAE_ERR_LIMIT, 0, "%s: path too long",
				path);
	}
	p->fd = open(p->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		     0666);
	if (p->fd < 0) {
		p->temporary[0] = '\0';
		return sys_fail(err, path, "cannot create", errno);
	}
	return OAE_OK;
}

/* Ends a write: sys is its errno so far. Commits, or leaves no trace. */
static enum oae_status pending_close(struct pending *p, int sys,
				     struct oae_error *err)
{
	if (!sys && !p->direct && fsync(p->fd))
		sys = errno;
	if (close(p->fd) && !sys)
		sys = errno;
	if (p->direct)
		return sys ? sys_fail(err, p->path, "cannot write", sys) :
			     OAE_OK;
	if (!sys && rename(p->temporary, p->path))
		sys = errno;
	if (sys) {
		unlink(p->temporary);
		return sys_fail(err, p->path, "cannot write", sys);
	}
	sys = sync_parent(p->path);
	return sys ? sys_fail(err, p->path, "cannot sync its folder", sys) :
		     OAE_OK;
}

enum oae_status oae_file_write(const char *path, const void *data, size_t len,
			       struct oae_error *err)
{
	enum oae_status status;
	struct pending p;

	status = pending_open(&p, path, err);
	if (status)
		return status;
	return pending_close(&p, write_all(p.fd, data, len), err);
}

enum oae_status oae_file_copy(const char *from, const char *to,
			      struct oae_error *err)
{
	char block[COPY_BLOCK_BYTES];
	enum oae_status status;
	struct pending p;
	int fd, sys = 0;
	ssize_t n = 0;

	fd = open(from, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sys_fail(err, from, "cannot open", errno);
	status = pending_open(&p, to, err);
	if (status)
		goto out;
	while (!sys && (n = read_some(fd, block, sizeof(block))) > 0)
		sys = write_all(p.fd, block, (size_t)n);
	if (!sys && n < 0) {
		sys = errno;
		status = sys_fail(err, from, "cannot read", sys);
	}
	if (pending_close(&p, sys, status ? NULL : err) && !status)
		status = err ? err->status : OAE_ERR_IO;
out:
	close(fd);
	return status;
}

enum oae_status oae_dir_make(const char *path, struct oae_error *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (!len || len >= sizeof(part))
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: path empty or too long", path);
	for (size_t i = 1; i <= len; i++) {
		if (i < len && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0777) && !oae_dir_exists(part))
			return sys_fail(err, part, "cannot make the folder",
					errno);
	}
	return OAE_OK;
}

bool oae_file_exists(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

bool oae_dir_exists(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

enum oae_status oae_path_join(char *out, size_t out_size, const char *dir,
			      const char *name, struct oae_error *err)
{
	size_t len = strlen(dir);
	int n;

	while (len > 1 && dir[len - 1] == '/')
		len--;
	n = snprintf(out, out_size, "%.*s%s%s", (int)len, dir,
		     len && dir[len - 1] != '/' ? "/" : "", name);
	if (n < 0 || (size_t)n >= out_size)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "%s: path too long",
				name);
	return OAE_OK;
}
