/* SPDX-License-Identifier: Apache-2.0 */
/* SHA256SUMS of a submission, and the signature over it. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/sign.h"
#include "harness/submission.h"

#define SUMS "SHA256SUMS"
#define HEX_DIGITS (OAE_SHA256_HEX - 1)

/* One line "HEX  PATH" cut out of the text. */
struct line {
	const char *path;
	char hex[OAE_SHA256_HEX];
};

/* Every part of the path a plain name: none empty, ".", ".." or hidden. */
static bool is_plain_path(const char *path)
{
	char part[OAE_NAME_BYTES_MAX + 1];
	size_t len;

	if (strlen(path) > OAE_SUBMISSION_PATH_BYTES_MAX)
		return false;
	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if (len >= sizeof(part))
			return false;
		memcpy(part, path, len);
		part[len] = '\0';
		if (!oae_intake_name_ok(part))
			return false;
		if (path[len] == '\0')
			return true;
	}
}

/* Cuts a line in place; false when it is none. */
static bool parse_line(char *text, struct line *l)
{
	if (strlen(text) < HEX_DIGITS + 3 ||
	    strspn(text, "0123456789abcdef") != HEX_DIGITS ||
	    strncmp(text + HEX_DIGITS, "  ", 2) != 0)
		return false;
	memcpy(l->hex, text, HEX_DIGITS);
	l->hex[HEX_DIGITS] = '\0';
	l->path = text + HEX_DIGITS + 2;
	return is_plain_path(l->path) && strcmp(l->path, SUMS) != 0 &&
	       strcmp(l->path, SUMS ".sig") != 0;
}

static void check_line(struct oae_submission *s, const struct line *l,
		       bool *named)
{
	const struct oae_intake_file *f = oae_intake_find(&s->in, l->path);

	if (!f || f->folder) {
		oae_finding_add(&s->found, OAE_RULE_HASHES, l->path,
				"is named in SHA256SUMS and missing");
		return;
	}
	named[f - s->in.files] = true;
	if (strcmp(f->sha256, l->hex) != 0)
		oae_finding_add(&s->found, OAE_RULE_HASHES, l->path,
				"has another sha256 than SHA256SUMS names");
}

static void check_lines(struct oae_submission *s, char *text, size_t len,
			bool *named)
{
	const char *before = NULL;
	struct line l;
	size_t number = 0;
	char *stop;

	for (char *at = text; at < text + len; at = stop + 1) {
		number++;
		stop = memchr(at, '\n', (size_t)(text + len - at));
		if (!stop || memchr(at, '\0', (size_t)(stop - at))) {
			oae_finding_add(&s->found, OAE_RULE_SUMS, SUMS,
					"line %zu: has no end, or a NUL in it",
					number);
			return;
		}
		*stop = '\0';
		if (!parse_line(at, &l)) {
			oae_finding_add(&s->found, OAE_RULE_SUMS, SUMS,
					"line %zu: is not \"HASH  PATH\" with"
					" a plain relative path: %.100s",
					number, at);
			continue;
		}
		if (before && strcmp(before, l.path) >= 0)
			oae_finding_add(&s->found, OAE_RULE_SUMS, SUMS,
					"line %zu: %.100s stands twice, or not"
					" in its order",
					number, l.path);
		before = l.path;
		check_line(s, &l, named);
	}
}

static enum oae_status check_signature(struct oae_submission *s,
				       const char *sums, struct oae_error *err)
{
	const struct oae_intake_file *sig =
		oae_intake_find(&s->in, SUMS ".sig");
	const char *org = oae_json_str_or(s->about, "org", "");
	struct oae_error own = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	s->is_signed = sig != NULL;
	if (!s->allowed_signers)
		return OAE_OK;
	if (!sig || sig->bytes > OAE_SIGNATURE_BYTES_MAX) {
		oae_finding_add(&s->found, OAE_RULE_SIGNATURE, SUMS ".sig",
				sig ? "is too large for a signature" :
				      "is missing: nobody signed this");
		return OAE_OK;
	}
	if (!oae_intake_name_ok(org)) {
		oae_finding_add(&s->found, OAE_RULE_SIGNATURE, SUMS ".sig",
				"submission.json names no organisation whose"
				" signature it could be");
		return OAE_OK;
	}
	status = oae_intake_path(&s->in, SUMS ".sig", path, sizeof(path), err);
	if (status)
		return status;
	status = oae_sign_verify(s->allowed_signers, org, path, sums, &own);
	if (status == OAE_ERR_CHECK) {
		oae_finding_add(&s->found, OAE_RULE_SIGNATURE, SUMS ".sig",
				"%s", own.text);
		return OAE_OK;
	}
	s->signature_ok = !status;
	return status ? oae_fail(err, status, own.sys, "%s", own.text) : OAE_OK;
}

/* What submission.json says of its owner; its schema is asked elsewhere. */
static enum oae_status read_about(struct oae_submission *s,
				  struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status = oae_intake_path(&s->in, "submission.json",
						 path, sizeof(path), err);

	if (status || !oae_intake_find(&s->in, "submission.json"))
		return status;
	if (oae_json_read(path, &s->about, NULL))
		s->about = NULL; /* is said where all JSON is read */
	return OAE_OK;
}

enum oae_status oae_submission_sums(struct oae_submission *s,
				    struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	bool *named = calloc(s->in.count + 1, sizeof(*named));
	enum oae_status status;
	struct oae_buf text;

	oae_buf_init(&text, OAE_TEXT_FILE_BYTES_MAX);
	status = named ? read_about(s, err) :
			 oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (status || !oae_intake_find(&s->in, SUMS))
		goto out;
	status = oae_intake_path(&s->in, SUMS, path, sizeof(path), err);
	if (!status)
		status = check_signature(s, path, err);
	if (!status && oae_file_read(path, &text, NULL)) {
		oae_finding_add(&s->found, OAE_RULE_SUMS, SUMS,
				"cannot be read, or has more than %u bytes",
				OAE_TEXT_FILE_BYTES_MAX);
		goto out;
	}
	if (status)
		goto out;
	if (text.len)
		check_lines(s, text.data, text.len, named);
	for (size_t i = 0; i < s->in.count; i++)
		if (!named[i] && !s->in.files[i].folder &&
		    strcmp(s->in.files[i].path, SUMS) != 0 &&
		    strcmp(s->in.files[i].path, SUMS ".sig") != 0)
			oae_finding_add(&s->found, OAE_RULE_HASHES,
					s->in.files[i].path,
					"is not named in SHA256SUMS");
out:
	free(named);
	oae_buf_release(&text);
	return status;
}
