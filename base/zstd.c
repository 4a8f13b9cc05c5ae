/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zstd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

/* Three quarters of level 19's gain over level 3 in a twentieth of its time. */
#define LEVEL 9
#define BLOCK_BYTES 65536u
#define FRAME_MAGIC_BYTES 4u

/* Both ends of one pass; to is a new file. */
struct pass {
	FILE *from, *to;
	const char *from_path, *to_path;
	char *in, *out;
	bool durable;		/* not a copy to look at */
	uint64_t written, line; /* bytes; since the last line end */
};

static enum oae_status pass_open(struct pass *p, const char *from,
				 const char *to, struct oae_error *err)
{
	p->from_path = from;
	p->to_path = to;
	p->in = malloc(BLOCK_BYTES);
	p->out = malloc(BLOCK_BYTES);
	if (!p->in || !p->out)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	p->from = fopen(from, "rbe");
	if (!p->from)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot open",
				from);
	p->to = fopen(to, "wbxe");
	if (!p->to)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot create",
				to);
	return OAE_OK;
}

static enum oae_status pass_close(struct pass *p, enum oae_status status,
				  struct oae_error *err)
{
	if (p->from)
		fclose(p->from);
	if (p->to) {
		if (!status &&
		    (fflush(p->to) || (p->durable && fsync(fileno(p->to)))))
			status = oae_fail(err, OAE_ERR_IO, errno,
					  "%s: cannot write", p->to_path);
		fclose(p->to);
		if (status)
			unlink(p->to_path);
	}
	free(p->in);
	free(p->out);
	return status;
}

/* The next block; *len 0 at the end. */
static enum oae_status pass_read(struct pass *p, size_t *len,
				 struct oae_error *err)
{
	*len = fread(p->in, 1, BLOCK_BYTES, p->from);
	if (ferror(p->from))
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot read",
				p->from_path);
	return OAE_OK;
}

static enum oae_status pass_write(struct pass *p, size_t len,
				  struct oae_error *err)
{
	if (len && fwrite(p->out, 1, len, p->to) != len)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot write",
				p->to_path);
	p->written += len;
	return OAE_OK;
}

static enum oae_status compress_all(struct pass *p, ZSTD_CCtx *c,
				    struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	bool last = false, done = false;
	ZSTD_inBuffer in;
	size_t len, left;

	while (!done && !status) {
		status = pass_read(p, &len, err);
		last = len < BLOCK_BYTES;
		in = (ZSTD_inBuffer){ p->in, len, 0 };
		do {
			ZSTD_outBuffer out = { p->out, BLOCK_BYTES, 0 };

			left = ZSTD_compressStream2(c, &out, &in,
						    last ? ZSTD_e_end :
							   ZSTD_e_continue);
			if (ZSTD_isError(left))
				return oae_fail(err, OAE_ERR_IO, 0,
						"%s: cannot compress: %s",
						p->from_path,
						ZSTD_getErrorName(left));
			if (!status)
				status = pass_write(p, out.pos, err);
			done = last && left == 0;
		} while (!status && (last ? !done : in.pos < in.size));
	}
	return status;
}

enum oae_status oae_zstd_compress(const char *from, const char *to,
				  struct oae_error *err)
{
	struct pass p = { .durable = true };
	ZSTD_CCtx *c = ZSTD_createCCtx();
	enum oae_status status = pass_open(&p, from, to, err);
	struct stat st;

	if (!status && !c)
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (!status && fstat(fileno(p.from), &st))
		status = oae_fail(err, OAE_ERR_IO, errno, "%s", from);
	if (!status) {
		ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, LEVEL);
		ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
		ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 1);
		ZSTD_CCtx_setPledgedSrcSize(c, (uint64_t)st.st_size);
		status = compress_all(&p, c, err);
	}
	ZSTD_freeCCtx(c);
	return pass_close(&p, status, err);
}

/* Counts what a block adds to the file and to its line. */
static enum oae_status check_caps(struct pass *p, size_t len,
				  uint64_t bytes_max, uint64_t line_max,
				  struct oae_error *err)
{
	const char *at = p->out, *end = p->out + len, *stop;

	if (p->written + len > bytes_max)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: expands to more than %llu bytes",
				p->from_path, (unsigned long long)bytes_max);
	while (at < end) {
		stop = memchr(at, '\n', (size_t)(end - at));
		p->line += (uint64_t)((stop ? stop : end) - at);
		if (p->line > line_max)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"%s: a line of more than %llu bytes",
					p->from_path,
					(unsigned long long)line_max);
		if (!stop)
			break;
		p->line = 0;
		at = stop + 1;
	}
	return OAE_OK;
}

static enum oae_status no_frame(const struct pass *p, const char *why,
				struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_FORMAT, 0, "%s: %s", p->from_path, why);
}

static enum oae_status expand_all(struct pass *p, ZSTD_DCtx *d,
				  uint64_t bytes_max, uint64_t line_max,
				  struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	bool first = true;
	size_t len, left = 1;

	for (;;) {
		ZSTD_inBuffer in = { p->in, 0, 0 };
		ZSTD_outBuffer out;

		status = pass_read(p, &len, err);
		if (status || len == 0)
			break;
		/* A frame of content, not one to be skipped. */
		if (first && (len < FRAME_MAGIC_BYTES ||
			      memcmp(p->in, "\x28\xb5\x2f\xfd", 4) != 0))
			return no_frame(p, "is no Zstandard file", err);
		if (left == 0)
			return no_frame(p, "bytes follow its one frame", err);
		first = false;
		in.size = len;
		do {
			out = (ZSTD_outBuffer){ p->out, BLOCK_BYTES, 0 };
			left = ZSTD_decompressStream(d, &out, &in);
			if (ZSTD_isError(left))
				return no_frame(p, ZSTD_getErrorName(left),
						err);
			status = check_caps(p, out.pos, bytes_max, line_max,
					    err);
			if (!status)
				status = pass_write(p, out.pos, err);
			/* After a full block there may be more to come. */
		} while (!status && left != 0 &&
			 (in.pos < in.size || out.pos == out.size));
		if (status)
			return status;
		if (in.pos < in.size)
			return no_frame(p, "bytes follow its one frame", err);
	}
	if (!status && left != 0)
		return no_frame(p, "is cut off", err);
	return status;
}

enum oae_status oae_zstd_expand(const char *from, const char *to,
				uint64_t bytes_max, uint64_t line_max,
				struct oae_error *err)
{
	struct pass p = { .from = NULL };
	ZSTD_DCtx *d = ZSTD_createDCtx();
	enum oae_status status = pass_open(&p, from, to, err);

	if (!status && !d)
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (!status) {
		ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax,
				       OAE_ZSTD_WINDOW_LOG_MAX);
		status = expand_all(&p, d, bytes_max, line_max, err);
	}
	ZSTD_freeDCtx(d);
	return pass_close(&p, status, err);
}
