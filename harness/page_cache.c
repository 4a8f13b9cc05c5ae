/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/page_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES (64u << 20)
#define CHUNK_PAGES_MAX (CHUNK_BYTES / 4096u)
#define BLOCK_BYTES 65536

static enum oae_status open_file(const char *path, int *fd, uint64_t *bytes,
				 struct oae_error *err)
{
	struct stat st;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%.300s", path);
	if (fstat(*fd, &st) < 0) {
		close(*fd);
		return oae_fail(err, OAE_ERR_IO, errno, "%.300s", path);
	}
	*bytes = (uint64_t)st.st_size;
	return OAE_OK;
}

enum oae_status oae_page_cache_resident(const char *path, uint64_t *bytes,
					uint64_t *resident,
					struct oae_error *err)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), at, pages = 0;
	unsigned char in[CHUNK_PAGES_MAX];
	enum oae_status status;
	int fd;

	*resident = 0;
	status = open_file(path, &fd, bytes, err);
	if (status)
		return status;
	for (at = 0; !status && at < *bytes; at += CHUNK_BYTES) {
		uint64_t len = *bytes - at;
		void *map;

		if (len > CHUNK_BYTES)
			len = CHUNK_BYTES;
		map = mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, fd,
			   (off_t)at);
		if (map == MAP_FAILED || mincore(map, (size_t)len, in))
			status = oae_fail(err, OAE_ERR_IO, errno,
					  "%.300s: cannot see what of it is in"
					  " memory",
					  path);
		for (uint64_t i = 0; !status && i < (len + page - 1) / page;
		     i++)
			pages += in[i] & 1u;
		if (map != MAP_FAILED)
			munmap(map, (size_t)len);
	}
	close(fd);
	*resident = pages * page < *bytes ? pages * page : *bytes;
	return status;
}

enum oae_status oae_page_cache_drop(const char *path, struct oae_error *err)
{
	enum oae_status status;
	uint64_t bytes;
	int fd, sys;

	status = open_file(path, &fd, &bytes, err);
	if (status)
		return status;
	(void)fdatasync(fd); /* only clean pages can go */
	sys = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
	return sys ? oae_fail(err, OAE_ERR_IO, sys,
			      "%.300s: cannot be dropped from the page cache",
			      path) :
		     OAE_OK;
}

enum oae_status oae_page_cache_warm(const char *path, struct oae_error *err)
{
	char block[BLOCK_BYTES];
	enum oae_status status;
	uint64_t bytes;
	ssize_t n;
	int fd, sys;

	status = open_file(path, &fd, &bytes, err);
	if (status)
		return status;
	do {
		n = read(fd, block, sizeof(block));
	} while (n > 0 || (n < 0 && errno == EINTR));
	sys = errno;
	close(fd);
	return n < 0 ? oae_fail(err, OAE_ERR_IO, sys, "%.300s", path) : OAE_OK;
}
