/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "harness/journal.h"

static enum oae_status journal_init(struct oae_journal *j, const char *path,
				    struct oae_error *err)
{
	memset(j, 0, sizeof(*j));
	j->fd = -1;
	oae_buf_init(&j->line, OAE_JOURNAL_LINE_BYTES_MAX);
	memset(j->prev, '0', OAE_SHA256_HEX - 1);
	if (strlen(path) >= sizeof(j->path))
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%.200s...: path too long", path);
	strcpy(j->path, path);
	return oae_sha256_init(&j->whole, err);
}

static enum oae_status journal_open(struct oae_journal *j, int flags,
				    struct oae_error *err)
{
	j->fd = open(j->path, flags | O_APPEND | O_CLOEXEC, 0644);
	if (j->fd < 0)
		return oae_fail(err, errno == EACCES || errno == EROFS ?
				OAE_ERR_DENIED : OAE_ERR_IO, errno,
				"%s: cannot open the journal", j->path);
	if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
		return oae_fail(err, OAE_ERR_IO, 0,
				"%s: another oae is writing this journal; wait"
				" for it or stop it", j->path);
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
				" make room, then `oae run --resume`", j->path);
	return oae_fail(err, OAE_ERR_IO, sys,
			"%s: cannot write; nothing finished is lost: make"
			" room, then `oae run --resume`", j->path);
}

/* Takes a written line (without its newline) into the chain. */
static void journal_link(struct oae_journal *j, const char *line, size_t len)
{
	oae_sha256_bytes(line, len, j->prev);
	oae_sha256_update(&j->whole, line, len);
	oae_sha256_update(&j->whole, "\n", 1);
	j->bytes += len + 1;
	j->seq++;
}

enum oae_status oae_journal_commit(struct oae_journal *j,
				   struct oae_error *err)
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
				" most)", j->path, OAE_JOURNAL_LINES_MAX,
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
	oae_sha256_release(&j->whole);
}

static enum oae_status check_seal(struct oae_journal *j, const cJSON *line,
				  struct oae_error *err)
{
	char whole[OAE_SHA256_HEX];

	oae_sha256_peek(&j->whole, whole);
	if (oae_json_u64_or(line, "lines", UINT64_MAX) != j->seq ||
	    strcmp(oae_json_str_or(line, "sha256", ""), whole) != 0)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"%s: the seal does not fit the lines before"
				" it", j->path);
	return OAE_OK;
}

static enum oae_status take_line(struct oae_journal *j, const char *text,
				 size_t len, oae_journal_fn *fn, void *ctx,
				 struct oae_error *err)
{
	cJSON *line = NULL;
	enum oae_status status;
	bool seal = false;

	if (len > OAE_JOURNAL_LINE_BYTES_MAX) {
		status = oae_fail(err, OAE_ERR_LIMIT, 0, "line too long");
		goto out;
	}
	status = oae_json_parse(text, len, &line, err);
	if (status)
		goto out;
	if (j->sealed ||
	    oae_json_u64_or(line, "seq", UINT64_MAX) != j->seq ||
	    strcmp(oae_json_str_or(line, "prev", ""), j->prev) != 0) {
		status = oae_fail(err, OAE_ERR_CHECK, 0, j->sealed ?
				  "something follows the seal" :
				  "the chain is broken here");
		goto out;
	}
	seal = strcmp(oae_json_str_or(line, "type", ""), "seal") == 0;
	status = seal ? check_seal(j, line, err) : fn(ctx, line, err);
	if (status)
		goto out;
	journal_link(j, text, len);
	j->sealed = seal;
out:
	if (status)
		oae_error_prefix(err, "%s line %" PRIu64, j->path, j->seq + 1);
	cJSON_Delete(line);
	return status;
}

/* Reads all whole lines; *torn is the number of bytes after the last one. */
static enum oae_status read_lines(struct oae_journal *j, oae_journal_fn *fn,
				  void *ctx, uint64_t *torn,
				  struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	char *text = NULL;
	size_t alloc = 0;
	ssize_t n;
	int copy = dup(j->fd);
	FILE *f = copy < 0 ? NULL : fdopen(copy, "r");

	*torn = 0;
	if (!f) {
		if (copy >= 0)
			close(copy);
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot read",
				j->path);
	}
	while (!status && (n = getline(&text, &alloc, f)) > 0) {
		if (text[n - 1] != '\n') {
			*torn = (uint64_t)n;
			break;
		}
		status = take_line(j, text, (size_t)n - 1, fn, ctx, err);
	}
	if (!status && ferror(f))
		status = oae_fail(err, OAE_ERR_IO, errno, "%s: cannot read",
				  j->path);
	free(text);
	fclose(f);
	return status;
}

static enum oae_status check_size(struct oae_journal *j, struct oae_error *err)
{
	struct stat st;

	if (fstat(j->fd, &st) < 0)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot stat",
				j->path);
	if (!S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > OAE_JOURNAL_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: not a regular file of at most %llu bytes",
				j->path, OAE_JOURNAL_BYTES_MAX);
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
				   oae_journal_fn *fn, void *ctx,
				   struct oae_error *err)
{
	enum oae_status status = journal_init(j, path, err);
	uint64_t torn = 0;

	if (!status)
		status = journal_open(j, O_RDWR, err);
	if (!status)
		status = check_size(j, err);
	if (!status)
		status = read_lines(j, fn, ctx, &torn, err);
	if (!status && j->sealed && torn)
		status = oae_fail(err, OAE_ERR_CHECK, 0,
				  "%s: something follows the seal", path);
	if (!status && !j->sealed)
		status = append_resume(j, torn, err);
	if (status)
		oae_journal_close(j);
	return status;
}
