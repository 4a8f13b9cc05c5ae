/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "harness/journal.h"

#define LOCK_WAIT_NS 3000000000u
#define LOCK_NAP_NS 10000000u

static enum oae_status journal_init(struct oae_journal *j, const char *path,
				    struct oae_error *err)
{
	enum oae_status status;

	memset(j, 0, sizeof(*j));
	j->fd = -1;
	oae_buf_init(&j->line, OAE_JOURNAL_LINE_BYTES_MAX);
	memset(j->prev, '0', OAE_SHA256_HEX - 1);
	if (strlen(path) >= sizeof(j->path))
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%.200s...: path too long", path);
	(void)snprintf(j->path, sizeof(j->path), "%s", path);
	status = oae_sha256_init(&j->one, err);
	return status ? status : oae_sha256_init(&j->whole, err);
}

/*
 * A harness that was killed while it started an adapter leaves a child that
 * still has the file, until the kernel has ended that too.
 */
static bool lock(int fd)
{
	uint64_t end = oae_clock_ns() + LOCK_WAIT_NS;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (oae_clock_ns() >= end)
			return false;
		oae_clock_sleep_until(oae_clock_ns() + LOCK_NAP_NS);
	}
	return true;
}

static enum oae_status journal_open(struct oae_journal *j, int flags,
				    struct oae_error *err)
{
	j->fd = open(j->path, flags | O_APPEND | O_CLOEXEC, 0644);
	if (j->fd < 0)
		return oae_fail(err,
				errno == EACCES || errno == EROFS ?
					OAE_ERR_DENIED :
					OAE_ERR_IO,
				errno, "%s: cannot open the journal", j->path);
	if (!lock(j->fd))
		return oae_fail(err, OAE_ERR_IO, 0,
				"%s: another oae is writing this journal; wait"
				" for it or stop it",
				j->path);
	return OAE_OK;
}

enum oae_status oae_journal_create(struct oae_journal *j, const char *path,
				   struct oae_error *err)
{
	enum oae_status status = journal_init(j, path, err);

	if (!status)
		status = journal_open(j, O_WRONLY | O_CREAT | O_EXCL, err);
	if (status)
		oae_journal_close(j);
	return status;
}

struct oae_jw *oae_journal_begin(struct oae_journal *j, const char *type)
{
	oae_buf_clear(&j->line);
	oae_jw_init(&j->jw, &j->line, 0);
	oae_jw_obj(&j->jw, NULL);
	oae_jw_int(&j->jw, "seq", (int64_t)j->seq);
	oae_jw_str(&j->jw, "prev", j->prev);
	oae_jw_str(&j->jw, "type", type);
	return &j->jw;
}

/* After a failed write: no part of the line may stay. */
static enum oae_status journal_undo(struct oae_journal *j, int sys,
				    struct oae_error *err)
{
	if (ftruncate(j->fd, (off_t)j->bytes) < 0)
		return oae_fail(err, OAE_ERR_IO, sys,
				"%s: cannot write, nor take back a torn line;"
				" make room, then `oae run --resume`",
				j->path);
	return oae_fail(err, OAE_ERR_IO, sys,
			"%s: cannot write; nothing finished is lost: make"
			" room, then `oae run --resume`",
			j->path);
}

/* Takes a written line (without its newline) into the chain. */
static void journal_link(struct oae_journal *j, const char *line, size_t len)
{
	oae_sha256_restart(&j->one);
	oae_sha256_update(&j->one, line, len);
	oae_sha256_end(&j->one, j->prev);
	oae_sha256_update(&j->whole, line, len);
	oae_sha256_update(&j->whole, "\n", 1);
	j->bytes += len + 1;
	j->seq++;
}

enum oae_status oae_journal_commit(struct oae_journal *j, struct oae_error *err)
{
	enum oae_status status;
	ssize_t n;

	oae_jw_end_obj(&j->jw);
	oae_buf_putc(&j->line, '\n');
	status = oae_buf_check(&j->line, "journal line", err);
	if (status)
		return status;
	if (j->sealed)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: sealed; nothing may follow", j->path);
	if (j->seq >= OAE_JOURNAL_LINES_MAX ||
	    j->bytes + j->line.len > OAE_JOURNAL_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: journal full (%u lines, %llu bytes at"
				" most)",
				j->path, OAE_JOURNAL_LINES_MAX,
				OAE_JOURNAL_BYTES_MAX);
	do {
		n = write(j->fd, j->line.data, j->line.len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return journal_undo(j, errno, err);
	if ((size_t)n != j->line.len)
		return journal_undo(j, ENOSPC, err);
	journal_link(j, j->line.data, j->line.len - 1);
	return OAE_OK;
}

enum oae_status oae_journal_sync(struct oae_journal *j, struct oae_error *err)
{
	if (fdatasync(j->fd) < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot sync",
				j->path);
	return OAE_OK;
}

enum oae_status oae_journal_seal(struct oae_journal *j, struct oae_error *err)
{
	char whole[OAE_SHA256_HEX];
	struct oae_jw *w = oae_journal_begin(j, "seal");
	enum oae_status status;

	oae_sha256_peek(&j->whole, whole);
	oae_jw_int(w, "lines", (int64_t)j->seq);
	oae_jw_str(w, "sha256", whole);
	status = oae_journal_commit(j, err);
	if (status)
		return status;
	j->sealed = true;
	return oae_journal_sync(j, err);
}

void oae_journal_close(struct oae_journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
	oae_buf_release(&j->line);
	oae_sha256_release(&j->one);
	oae_sha256_release(&j->whole);
}

/* The chain's state after the first `bytes` bytes, which are whole lines. */
static enum oae_status rebuild_chain(struct oae_journal *j, uint64_t bytes,
				     struct oae_error *err)
{
	struct oae_buf line;
	char block[65536];
	uint64_t at = 0;
	size_t len, used, step;
	const char *end;
	ssize_t n;

	oae_buf_init(&line, OAE_JOURNAL_LINE_BYTES_MAX);
	while (at < bytes) {
		len = bytes - at < sizeof(block) ? (size_t)(bytes - at) :
						   sizeof(block);
		n = pread(j->fd, block, len, (off_t)at);
		if (n <= 0)
			break;
		for (used = 0; used < (size_t)n; used += step) {
			end = memchr(block + used, '\n', (size_t)n - used);
			step = end ? (size_t)(end - block) - used + 1 :
				     (size_t)n - used;
			oae_buf_add(&line, block + used, end ? step - 1 : step);
			if (!end)
				continue;
			journal_link(j, oae_buf_str(&line), line.len);
			oae_buf_clear(&line);
		}
		at += (uint64_t)n;
	}
	oae_buf_release(&line);
	if (j->bytes != bytes)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot read",
				j->path);
	return OAE_OK;
}

static enum oae_status append_resume(struct oae_journal *j, uint64_t torn,
				     struct oae_error *err)
{
	char utc[OAE_UTC_TEXT];
	struct oae_jw *w;

	if (ftruncate(j->fd, (off_t)j->bytes) < 0)
		return oae_fail(err, OAE_ERR_IO, errno,
				"%s: cannot cut the torn last line off",
				j->path);
	oae_clock_utc(utc);
	w = oae_journal_begin(j, "resume");
	oae_jw_str(w, "utc", utc);
	oae_jw_int(w, "torn_bytes", (int64_t)torn);
	return oae_journal_commit(j, err);
}

enum oae_status oae_journal_resume(struct oae_journal *j, const char *path,
				   struct oae_records *r, struct oae_error *err)
{
	struct oae_error why = { 0 };
	enum oae_status status;

	memset(r, 0, sizeof(*r));
	status = journal_init(j, path, err);
	if (!status)
		status = journal_open(j, O_RDWR, err);
	if (!status)
		status = oae_records_read(path, r, &why);
	if (why.status && !r->lines)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: killed before anything was begun; remove"
				  " the folder and run again",
				  path);
	else if (why.status)
		*err = why;
	if (!status)
		status = rebuild_chain(j, r->bytes, err);
	if (!status && r->sealed)
		j->sealed = true;
	else if (!status)
		status = append_resume(j, r->torn_bytes, err);
	if (status)
		oae_journal_close(j);
	return status;
}
