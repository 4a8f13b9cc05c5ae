/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/commands.h"
#include "harness/copy_run.h"
#include "schema/moved.h"
#include "schema/result.h"

enum oae_status oae_redact_text(struct oae_redaction *r, const char *kind,
				const char *workload, const char *item,
				const char *text, char out[OAE_REDACTED_TEXT],
				struct oae_error *err)
{
	char hex[OAE_SHA256_HEX];
	struct oae_buf data;
	enum oae_status status;

	oae_buf_init(&data, OAE_JOURNAL_LINE_BYTES_MAX);
	/* Names hold no NUL, so that one cannot run into the next. */
	oae_buf_add(&data, kind, strlen(kind) + 1);
	oae_buf_add(&data, workload, strlen(workload) + 1);
	oae_buf_add(&data, item, strlen(item) + 1);
	oae_buf_puts(&data, text);
	status = oae_buf_check(&data, "text", err);
	if (!status)
		status = oae_hmac(r->key, data.data, data.len, hex, err);
	if (!status)
		status = oae_leaks_add(&r->leaks, text, kind, workload, item,
				       err);
	(void)snprintf(out, OAE_REDACTED_TEXT, OAE_REDACTED_PREFIX "%s",
		       status ? "" : hex);
	r->texts++;
	oae_buf_release(&data);
	return status;
}

/* Another profile's score of the run goes along, with its profile. */
static enum oae_status copy_rescore(const struct oae_redaction *r,
				    struct oae_error *err)
{
	struct oae_rescore own;
	struct oae_arena a;
	bool found;
	enum oae_status status;

	oae_arena_init(&a, OAE_JSON_FILE_BYTES_MAX);
	status = oae_rescore_read(r->from, &a, &own, &found, err);
	/* That hash would tell, too, when a guess of the texts is right. */
	own.of_sha256[0] = '\0';
	if (!status && found)
		status = oae_run_copy_rescore(r->to, &own, err);
	oae_arena_release(&a);
	return status;
}

/* The scores are those that were there before, all of them. */
static enum oae_status check_same(const struct oae_buf *was,
				  const struct oae_buf *is,
				  struct oae_error *err)
{
	struct oae_moves m = { .count = 0 };
	cJSON *a = NULL, *b = NULL;
	enum oae_status status;

	status = oae_json_parse(was->data, was->len, &a, err);
	if (!status)
		status = oae_json_parse(is->data, is->len, &b, err);
	if (!status)
		status = oae_moves_find(a, b, &m, err);
	if (!status && m.count)
		status = oae_fail(err, OAE_ERR_CHECK, 0,
				  "%s would move without its texts; this is a"
				  " mistake of this program, please report it",
				  m.item[0].path);
	oae_moves_release(&m);
	cJSON_Delete(a);
	cJSON_Delete(b);
	return status;
}

/* What FROM is: whole, and what it scores. */
static enum oae_status read_from(const char *from, struct oae_records *records,
				 struct oae_buf *result, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	status = oae_path_join(path, sizeof(path), from, "journal.jsonl", err);
	if (!status)
		status = oae_records_read(path, records, err);
	if (!status && !records->sealed)
		status = oae_fail(err, OAE_ERR_CHECK, 0,
				  "%s: has no seal, and a redacted one would"
				  " get it; finish it with `oae run --resume"
				  " %s`",
				  path, from);
	if (!status && records->redacted)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: is redacted already", path);
	return status ? status : oae_result_build(from, result, err);
}

static enum oae_status make(struct oae_redaction *r,
			    const struct oae_records *records,
			    const struct oae_buf *was, struct oae_error *err)
{
	cJSON *inputs = NULL;
	struct oae_buf is;
	enum oae_status status;

	oae_buf_init(&is, OAE_RESULT_BYTES_MAX);
	status = oae_redact_inputs(
		r,
		cJSON_GetObjectItemCaseSensitive(records->campaign, "inputs"),
		&inputs, err);
	if (!status)
		status = oae_redact_journal(r, inputs, err);
	if (!status)
		status = copy_rescore(r, err);
	if (!status)
		status = oae_result_build(r->to, &is, err);
	if (!status)
		status = check_same(was, &is, err);
	if (!status)
		status = oae_score_run_dir(r->to, err);
	if (!status)
		status = oae_leaks_scan(&r->leaks, r->to, err);
	cJSON_Delete(inputs);
	oae_buf_release(&is);
	return status;
}

enum oae_status oae_redact_run(const char *from, const char *to, size_t *texts,
			       struct oae_error *err)
{
	struct oae_redaction r = { .from = from, .to = to };
	struct oae_records *records = calloc(1, sizeof(*records));
	struct oae_buf was;
	bool begun = false;
	enum oae_status status;

	if (!records)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	oae_buf_init(&was, OAE_RESULT_BYTES_MAX);
	status = oae_leaks_init(&r.leaks, err);
	if (!status)
		status = oae_hmac_key(r.key, err);
	if (!status)
		status = read_from(from, records, &was, err);
	if (!status)
		status = oae_run_dir_new(to, err);
	if (!status) {
		begun = true;
		status = make(&r, records, &was, err);
	}
	if (status && begun)
		(void)oae_dir_remove(to, NULL);
	oae_hmac_forget(r.key);
	*texts = r.texts;
	oae_leaks_release(&r.leaks);
	oae_buf_release(&was);
	oae_records_release(records);
	free(records);
	return status;
}
