/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "schema/record_internal.h"

#define ARENA_BYTES_MAX ((size_t)1 << 32)

const char *oae_outcome_name(enum oae_outcome o)
{
	static const char *const names[] = {
		[OAE_OUTCOME_OK] = "ok",
		[OAE_OUTCOME_FAILED] = "failed",
		[OAE_OUTCOME_TIMEOUT] = "timeout",
		[OAE_OUTCOME_CANCELLED] = "cancelled",
	};

	return names[o];
}

bool oae_run_is_nominal(const struct oae_run_record *r)
{
	return strcmp(r->purpose, "score") == 0 && r->condition &&
	       strcmp(r->condition, "nominal") == 0;
}

/* The state of walking through the lines. */
struct chain {
	const char *path;
	char prev[OAE_SHA256_HEX];
	struct oae_sha256 all, one;
};

static enum oae_status broken(const struct chain *c, uint64_t line,
			      const char *why, struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_CHECK, 0, "%s line %" PRIu64 ": %s",
			c->path, line, why);
}

static enum oae_status check_seal(const struct chain *c,
				  const struct oae_records *r,
				  const cJSON *line, struct oae_error *err)
{
	char all[OAE_SHA256_HEX];

	oae_sha256_peek(&c->all, all);
	if (oae_json_u64_or(line, "lines", UINT64_MAX) != r->lines)
		return broken(c, r->lines + 1,
			      "the seal names another number"
			      " of lines",
			      err);
	if (strcmp(oae_json_str_or(line, "sha256", ""), all) != 0)
		return broken(c, r->lines + 1,
			      "the seal's sha256 is not that"
			      " of the lines before it",
			      err);
	return OAE_OK;
}

static enum oae_status take_line(struct oae_record_reader *r, struct chain *c,
				 const char *text, size_t len)
{
	struct oae_records *out = r->out;
	uint64_t number = out->lines + 1;
	cJSON *line = NULL;
	const char *type;
	enum oae_status status = oae_json_parse(text, len, &line, r->err);

	if (status) {
		oae_error_prefix(r->err, "%s line %" PRIu64, c->path, number);
		return status;
	}
	if (r->visit)
		r->visit(r->visit_ctx, number, line);
	type = oae_json_str_or(line, "type", "");
	if (out->sealed)
		status =
			broken(c, number, "something follows the seal", r->err);
	else if (oae_json_u64_or(line, "seq", UINT64_MAX) != out->lines)
		status = broken(c, number,
				"seq is not the next number; a line"
				" is missing, doubled or changed",
				r->err);
	else if (strcmp(oae_json_str_or(line, "prev", ""), c->prev) != 0)
		status = broken(c, number,
				"prev is not the sha256 of the line"
				" before; one of the two was changed",
				r->err);
	else if (strcmp(type, "seal") == 0)
		status = check_seal(c, out, line, r->err);
	else if ((number == 1) != (strcmp(type, "campaign") == 0))
		status = broken(c, number,
				number == 1 ?
					"the first line is no campaign line" :
					"a second campaign line",
				r->err);
	if (!status && strcmp(type, "seal") != 0) {
		status = oae_record_take(r, type, line);
		if (status)
			oae_error_prefix(r->err, "%s line %" PRIu64, c->path,
					 number);
	}
	out->sealed = out->sealed || strcmp(type, "seal") == 0;
	cJSON_Delete(line);
	if (status)
		return status;
	oae_sha256_restart(&c->one);
	oae_sha256_update(&c->one, text, len);
	oae_sha256_end(&c->one, c->prev);
	oae_sha256_update(&c->all, text, len);
	oae_sha256_update(&c->all, "\n", 1);
	out->lines++;
	out->bytes += len + 1;
	return OAE_OK;
}

static enum oae_status take_lines(struct oae_record_reader *r, struct chain *c,
				  FILE *f)
{
	struct oae_buf line;
	char block[65536];
	enum oae_status status = OAE_OK;
	size_t n;

	oae_buf_init(&line, OAE_JOURNAL_LINE_BYTES_MAX);
	while (!status && (n = fread(block, 1, sizeof(block), f)) > 0) {
		const char *at = block, *end = block + n, *stop;

		while (!status &&
		       (stop = memchr(at, '\n', (size_t)(end - at)))) {
			oae_buf_add(&line, at, (size_t)(stop - at));
			at = stop + 1;
			status = oae_buf_check(&line, "journal line", r->err);
			if (!status && r->out->lines >= OAE_JOURNAL_LINES_MAX)
				status = oae_fail(r->err, OAE_ERR_LIMIT, 0,
						  "%s: too many lines",
						  c->path);
			if (!status)
				status = take_line(r, c, oae_buf_str(&line),
						   line.len);
			oae_buf_clear(&line);
		}
		oae_buf_add(&line, at, (size_t)(end - at));
	}
	if (!status)
		status = oae_buf_check(&line, "journal line", r->err);
	if (!status && ferror(f))
		status = oae_fail(r->err, OAE_ERR_IO, errno, "%s: cannot read",
				  c->path);
	r->out->torn_bytes = line.len;
	oae_buf_release(&line);
	return status;
}

enum oae_status oae_records_read(const char *path, struct oae_records *out,
				 struct oae_error *err)
{
	return oae_records_visit(path, out, NULL, NULL, err);
}

enum oae_status oae_records_visit(const char *path, struct oae_records *out,
				  void (*visit)(void *ctx, uint64_t number,
						const cJSON *line),
				  void *ctx, struct oae_error *err)
{
	struct oae_record_reader r = {
		.out = out, .err = err, .visit = visit, .visit_ctx = ctx
	};
	struct chain c = { .path = path };
	enum oae_status status;
	FILE *f;

	memset(out, 0, sizeof(*out));
	oae_arena_init(&out->arena, ARENA_BYTES_MAX);
	memset(c.prev, '0', OAE_SHA256_HEX - 1);
	f = fopen(path, "rb");
	if (!f)
		return oae_fail(err, OAE_ERR_IO, errno, "%s: cannot open",
				path);
	status = oae_sha256_init(&c.all, err);
	if (!status)
		status = oae_sha256_init(&c.one, err);
	if (!status)
		status = take_lines(&r, &c, f);
	fclose(f);
	if (!status && out->lines == 0)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: holds no whole"
				  " line; was a campaign begun?",
				  path);
	if (!status)
		status = oae_record_finish(&r);
	if (!status)
		oae_sha256_peek(&c.all, out->sha256);
	oae_sha256_release(&c.all);
	oae_sha256_release(&c.one);
	free(r.by_id);
	return status;
}

void oae_records_release(struct oae_records *r)
{
	cJSON_Delete(r->campaign);
	cJSON_Delete(r->environment_start);
	cJSON_Delete(r->environment_end);
	cJSON_Delete(r->ready);
	cJSON_Delete(r->condition_set);
	cJSON_Delete(r->notes);
	cJSON_Delete(r->sources);
	free(r->runs);
	free(r->samples);
	oae_arena_release(&r->arena);
	memset(r, 0, sizeof(*r));
}
