/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/submission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/zstd.h"
#include "harness/pack_documents.h"
#include "harness/journal.h"
#include "schema/audit.h"
#include "schema/result.h"

#define JOURNAL_PACKED OAE_JOURNAL_NAME ".zst"

bool oae_is_submission(const char *dir)
{
	static const char *const marks[] = { JOURNAL_PACKED, "submission.json",
					     "SHA256SUMS.sig" };
	char path[OAE_PATH_BYTES_MAX];

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (!oae_path_join(path, sizeof(path), dir, marks[i], NULL) &&
		    oae_file_exists(path))
			return true;
	return false;
}

/* ---- layout ----------------------------------------------------------- */

static const struct part {
	const char *name;
	bool folder, needed;
} parts[] = {
	{ "README.md", false, true },
	{ "SHA256SUMS", false, true },
	{ "SHA256SUMS.sig", false, false },
	{ "adapter", true, true },
	{ "inputs", true, true },
	{ JOURNAL_PACKED, false, true },
	{ "result.json", false, true },
	{ OAE_TRANSCRIPT_NAME, false, false },
	{ "submission.json", false, true },
	{ "system.json", false, true },
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void check_layout(struct oae_submission *s)
{
	const struct oae_intake_file *f;
	size_t k;

	for (size_t i = 0; i < s->in.count; i++) {
		f = &s->in.files[i];
		if (strchr(f->path, '/'))
			continue;
		for (k = 0; k < PARTS; k++)
			if (strcmp(parts[k].name, f->path) == 0 &&
			    parts[k].folder == f->folder)
				break;
		if (k == PARTS)
			oae_finding_add(&s->found, OAE_RULE_LAYOUT, f->path,
					"does not belong to a submission");
	}
	for (k = 0; k < PARTS; k++)
		if (parts[k].needed && !oae_intake_find(&s->in, parts[k].name))
			oae_finding_add(&s->found, OAE_RULE_LAYOUT,
					parts[k].name, "is missing");
}

/* ---- journal ---------------------------------------------------------- */

static bool is_ours(enum oae_status status)
{
	return status == OAE_ERR_NOMEM || status == OAE_ERR_IO ||
	       status == OAE_ERR_DENIED;
}

/* A text of ours names the copy; the reader knows the submission. */
static const char *without_copy(const struct oae_submission *s,
				const struct oae_error *e)
{
	size_t n = strlen(s->in.dir);

	return strncmp(e->text, s->in.dir, n) == 0 ? e->text + n + 1 : e->text;
}

static enum oae_status expand_journal(struct oae_submission *s, char *path,
				      size_t size, struct oae_error *err)
{
	struct oae_error own = { OAE_OK, 0, "" };
	char packed[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	status = oae_intake_path(&s->in, JOURNAL_PACKED, packed, sizeof(packed),
				 err);
	if (!status)
		status = oae_intake_path(&s->in, OAE_JOURNAL_NAME, path, size,
					 err);
	if (status)
		return status;
	status = oae_zstd_expand(packed, path, OAE_SUBMISSION_JOURNAL_BYTES_MAX,
				 OAE_JOURNAL_LINE_BYTES_MAX, &own);
	if (is_ours(status))
		return oae_fail(err, status, own.sys, "%s", own.text);
	if (status)
		oae_finding_add(&s->found, OAE_RULE_FRAME, JOURNAL_PACKED, "%s",
				without_copy(s, &own));
	return OAE_OK;
}

/* What the lines say one by one, and of each other. */
static enum oae_status audit_lines(struct oae_submission *s, const char *path,
				   struct oae_error *err)
{
	struct oae_audit a = { .found = &s->found, .err = err };
	enum oae_status status = oae_audit_read(&a, path);

	if (!status)
		status = oae_audit_runs(&a);
	oae_audit_release(&a);
	return status;
}

static enum oae_status read_records(struct oae_submission *s, const char *path,
				    struct oae_error *err)
{
	struct oae_records *r = calloc(1, sizeof(*r));
	struct oae_error own = { OAE_OK, 0, "" };
	const size_t *known = s->found.of_rule;
	enum oae_status status;

	if (!r)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = oae_records_read(path, r, &own);
	if (!status) {
		s->records = r;
		if (!r->sealed || r->torn_bytes)
			oae_finding_add(&s->found, OAE_RULE_CHAIN,
					JOURNAL_PACKED,
					r->sealed ? "bytes follow the seal" :
						    "has no seal: the campaign"
						    " did not end");
		return OAE_OK;
	}
	oae_records_release(r);
	free(r);
	if (status == OAE_ERR_NOMEM || status == OAE_ERR_IO)
		return oae_fail(err, status, own.sys, "%s", own.text);
	s->other_version |= status == OAE_ERR_UNSUPPORTED;
	if (status == OAE_ERR_CHECK)
		oae_finding_add(&s->found, OAE_RULE_CHAIN, JOURNAL_PACKED, "%s",
				without_copy(s, &own));
	else if (!known[OAE_RULE_JSON] && !known[OAE_RULE_TIMES])
		oae_finding_add(&s->found, OAE_RULE_SCHEMA, JOURNAL_PACKED,
				"%s", without_copy(s, &own));
	return OAE_OK;
}

static enum oae_status read_journal(struct oae_submission *s,
				    struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	/* Neither missing, nor in the way of the one that is to be made. */
	if (!oae_intake_find(&s->in, JOURNAL_PACKED) ||
	    oae_intake_find(&s->in, OAE_JOURNAL_NAME))
		return OAE_OK; /* the layout said so */
	status = expand_journal(s, path, sizeof(path), err);
	if (status || !oae_file_exists(path))
		return status;
	status = audit_lines(s, path, err);
	return status ? status : read_records(s, path, err);
}

/* ---- result ----------------------------------------------------------- */

static void compare_result(struct oae_submission *s, const cJSON *rebuilt)
{
	struct oae_error own = { OAE_OK, 0, "" };

	if (oae_result_compare(s->result, rebuilt, &own))
		oae_finding_add(&s->found, OAE_RULE_RESULT, "result.json", "%s",
				own.text);
	s->other_build = !cJSON_Compare(
		cJSON_GetObjectItemCaseSensitive(s->result, "build"),
		cJSON_GetObjectItemCaseSensitive(rebuilt, "build"), true);
}

static enum oae_status check_result(struct oae_submission *s,
				    struct oae_error *err)
{
	struct oae_error own = { OAE_OK, 0, "" };
	struct oae_buf bytes;
	cJSON *rebuilt = NULL;
	enum oae_status status;

	if (!s->records || !s->result)
		return OAE_OK;
	oae_buf_init(&bytes, OAE_RESULT_BYTES_MAX);
	status = oae_result_build(s->in.dir, &bytes, &own);
	if (!status)
		status = oae_json_parse(bytes.data, bytes.len, &rebuilt, &own);
	if (!status)
		compare_result(s, rebuilt);
	else if (status != OAE_ERR_NOMEM)
		oae_finding_add(&s->found,
				status == OAE_ERR_CHECK || is_ours(status) ?
					OAE_RULE_INPUTS :
					OAE_RULE_RESULT,
				"result.json", "cannot be recomputed: %s",
				without_copy(s, &own));
	s->other_version |= status == OAE_ERR_UNSUPPORTED;
	cJSON_Delete(rebuilt);
	oae_buf_release(&bytes);
	return status == OAE_ERR_NOMEM ?
		       oae_fail(err, status, 0, "%s", own.text) :
		       OAE_OK;
}

/* ---- the whole -------------------------------------------------------- */

enum oae_status oae_submission_check(struct oae_submission *s, const char *dir,
				     struct oae_error *err)
{
	enum oae_status status = oae_intake_take(&s->in, dir, &s->found, err);

	if (status)
		return status;
	check_layout(s);
	status = oae_submission_sums(s, err);
	if (!status)
		status = read_journal(s, err);
	if (!status)
		status = oae_submission_documents(s, err);
	if (!status)
		status = check_result(s, err);
	if (!status)
		status = s->records ? oae_submission_plan(s, err) : OAE_OK;
	if (!status && s->records)
		status = oae_submission_shipped(s, err);
	if (!status && s->found.out_of_memory)
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	return status;
}

void oae_submission_release(struct oae_submission *s)
{
	oae_findings_release(&s->found);
	cJSON_Delete(s->about);
	cJSON_Delete(s->result);
	if (s->records)
		oae_records_release(s->records);
	free(s->records);
	oae_intake_release(&s->in);
}
