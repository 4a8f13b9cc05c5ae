/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two result documents say the same, and hashes of a folder. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "schema/result.h"

#define TOLERANCE 1e-9
#define PATH_TEXT 300

static enum oae_status differs(const char *path, const char *what,
			       struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_CHECK, 0, "%s: %s", *path ? path : ".",
			what);
}

static enum oae_status compare(const cJSON *was, const cJSON *is,
			       const char *path, struct oae_error *err);

static enum oae_status compare_numbers(const cJSON *was, const cJSON *is,
				       const char *path, struct oae_error *err)
{
	double a = was->valuedouble, b = is->valuedouble;

	if (fabs(a - b) <= TOLERANCE * fmax(fabs(a), fabs(b)))
		return OAE_OK;
	return oae_fail(err, OAE_ERR_CHECK, 0,
			"%s: is %.12g, recomputed"
			" %.12g",
			path, a, b);
}

static enum oae_status compare_arrays(const cJSON *was, const cJSON *is,
				      const char *path, struct oae_error *err)
{
	const cJSON *a = was->child, *b = is->child;
	char at[PATH_TEXT];
	enum oae_status status = OAE_OK;

	for (int i = 0; a && b && !status; i++, a = a->next, b = b->next) {
		snprintf(at, sizeof(at), "%.280s[%d]", path, i);
		status = compare(a, b, at, err);
	}
	if (!status && (a || b))
		status = differs(path, "the list has another length", err);
	return status;
}

static enum oae_status compare_objects(const cJSON *was, const cJSON *is,
				       const char *path, struct oae_error *err)
{
	const cJSON *a = was->child, *b = is->child;
	char at[PATH_TEXT];
	enum oae_status status = OAE_OK;

	for (; a && b && !status; a = a->next, b = b->next) {
		snprintf(at, sizeof(at), "%.220s%s%.70s", path,
			 *path ? "." : "", a->string);
		if (strcmp(a->string, b->string) != 0)
			return differs(at,
				       "stands where another member"
				       " should",
				       err);
		/* Which program computed it is no part of what it says. */
		if (strcmp(at, "build") != 0)
			status = compare(a, b, at, err);
	}
	if (!status && (a || b))
		status = differs(path, "a member too many or too few", err);
	return status;
}

static enum oae_status compare(const cJSON *was, const cJSON *is,
			       const char *path, struct oae_error *err)
{
	int type = was->type & 0xff;

	if (type != (is->type & 0xff))
		return differs(path, "is of another type", err);
	switch (type) {
	case cJSON_Number:
		return compare_numbers(was, is, path, err);
	case cJSON_String:
		if (strcmp(was->valuestring, is->valuestring) != 0)
			return differs(path, "is another text", err);
		return OAE_OK;
	case cJSON_Array:
		return compare_arrays(was, is, path, err);
	case cJSON_Object:
		return compare_objects(was, is, path, err);
	default:
		return OAE_OK;
	}
}

enum oae_status oae_result_compare(const cJSON *was, const cJSON *is,
				   struct oae_error *err)
{
	return compare(was, is, "", err);
}

struct sums {
	const char *dir;
	struct oae_buf *out;
};

static enum oae_status add_sum(void *ctx, const char *relative,
			       struct oae_error *err)
{
	struct sums *s = ctx;
	char path[OAE_PATH_BYTES_MAX], hex[OAE_SHA256_HEX];
	enum oae_status status;

	if (strcmp(relative, "SHA256SUMS") == 0)
		return OAE_OK;
	if (strpbrk(relative, "\n\\"))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: a file's name"
				" holds a line end or backslash; rename it",
				s->dir);
	status = oae_path_join(path, sizeof(path), s->dir, relative, err);
	if (!status)
		status = oae_sha256_file(path, hex, err);
	if (!status)
		oae_buf_printf(s->out, "%s  %s\n", hex, relative);
	return status;
}

enum oae_status oae_sums_build(const char *dir, struct oae_buf *out,
			       struct oae_error *err)
{
	struct sums s = { dir, out };
	enum oae_status status = oae_dir_walk(dir, add_sum, &s, err);

	return status ? status : oae_buf_check(out, "SHA256SUMS", err);
}
