/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a submission: strict JSON, their schemas, what they say. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "harness/pack_documents.h"
#include "harness/journal.h"
#include "harness/submission.h"
#include "schema/audit.h"
#include "schema/documents.h"
#include "schema/result.h"

#define BILL "adapter/" OAE_BILL_NAME

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

/* ---- strict JSON ------------------------------------------------------ */

static void check_lines(struct oae_submission *s, const char *file,
			const struct oae_buf *text)
{
	struct oae_error own = { OAE_OK, 0, "" };
	const char *at = oae_buf_str(text), *end = at + text->len, *stop;

	for (size_t number = 1; at < end; at = stop + 1, number++) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			stop = end;
		if (stop == at)
			continue;
		if (!oae_json_check(at, (size_t)(stop - at), &own))
			continue;
		oae_finding_add(&s->found, OAE_RULE_JSON, file, "line %zu: %s",
				number, own.text);
		return; /* one bad line makes many */
	}
}

/* What kind of document must stand there; NULL: none of the standard's. */
static const char *kind_at(const char *path)
{
	static const struct {
		const char *begin, *end, *kind;
	} places[] = {
		{ "result.json", "", "result" },
		{ "submission.json", "", "submission" },
		{ "system.json", "", "system" },
		{ BILL, "", "bill" },
		{ OAE_TRANSCRIPT_NAME, "", "transcript" },
		{ "inputs/suite.json", "", "suite" },
		{ "inputs/profiles/", ".json", "profile" },
		{ "inputs/workloads/", ".workload.json", "workload" },
		{ "inputs/workloads/", ".items.jsonl", "item" },
		{ "inputs/adapters/", "/adapter.json", "adapter" },
		{ "inputs/adapters/", ".ledger.json", "ledger" },
		{ "inputs/adapters/", OAE_TRANSCRIPT_NAME, "transcript" },
		{ "inputs/tune/", ".json", "tune" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strncmp(path, places[i].begin, strlen(places[i].begin)) ==
			    0 &&
		    ends_with(path, places[i].end))
			return places[i].kind;
	return NULL;
}

struct faulty {
	struct oae_submission *s;
	const char *file;
};

static void take_fault(void *ctx, uint64_t line, const char *text)
{
	struct faulty *f = ctx;

	if (line)
		oae_finding_add(&f->s->found, OAE_RULE_SCHEMA, f->file,
				"line %llu: %s", (unsigned long long)line,
				text);
	else
		oae_finding_add(&f->s->found, OAE_RULE_SCHEMA, f->file, "%s",
				text);
}

/* The file of the copy against the schema of its kind. */
static enum oae_status check_schema(struct oae_submission *s,
				    struct oae_schema_set *set,
				    const char *name, const char *kind,
				    const char *told_as, struct oae_error *err)
{
	struct faulty f = { s, told_as };
	struct oae_file_check c = {
		.set = set,
		.document = oae_document_named(kind),
		.fault = take_fault,
		.ctx = &f,
	};
	struct oae_error own = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (!c.document)
		return OAE_OK;
	status = oae_intake_path(&s->in, name, path, sizeof(path), err);
	if (status)
		return status;
	status = oae_document_check_file(&c, path, &own);
	if (status == OAE_ERR_LIMIT || status == OAE_ERR_FORMAT)
		oae_finding_add(&s->found, OAE_RULE_SCHEMA, told_as, "%s",
				own.text);
	else if (status)
		return oae_fail(err, status, own.sys, "%s", own.text);
	return OAE_OK;
}

static enum oae_status check_schemas(struct oae_submission *s,
				     struct oae_error *err)
{
	char home[OAE_PATH_BYTES_MAX];
	struct oae_schema_set set;
	enum oae_status status = oae_home(home, sizeof(home), err);
	const char *kind;

	if (status)
		return status;
	oae_schema_set_init(&set, home);
	for (size_t i = 0; i < s->in.count && !status; i++) {
		kind = s->in.files[i].folder ? NULL :
					       kind_at(s->in.files[i].path);
		if (kind)
			status = check_schema(s, &set, s->in.files[i].path,
					      kind, s->in.files[i].path, err);
	}
	if (!status && s->records)
		status = check_schema(s, &set, OAE_JOURNAL_NAME, "journal",
				      OAE_AUDIT_FILE, err);
	oae_schema_set_release(&set);
	return status;
}

static enum oae_status check_strict(struct oae_submission *s,
				    const struct oae_intake_file *f,
				    struct oae_error *err)
{
	struct oae_error own = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;
	struct oae_buf text;

	if (f->folder ||
	    !(ends_with(f->path, ".json") || ends_with(f->path, ".jsonl")))
		return OAE_OK;
	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	status = oae_intake_path(&s->in, f->path, path, sizeof(path), err);
	if (status)
		return status;
	status = oae_file_read(path, &text, &own);
	if (status == OAE_ERR_LIMIT)
		oae_finding_add(&s->found, OAE_RULE_SIZE, f->path,
				"more than %u bytes of JSON",
				OAE_JSON_FILE_BYTES_MAX);
	else if (status)
		status = oae_fail(err, status, own.sys, "%s", own.text);
	else if (ends_with(f->path, ".jsonl"))
		check_lines(s, f->path, &text);
	else if (oae_json_check(oae_buf_str(&text), text.len, &own))
		oae_finding_add(&s->found, OAE_RULE_JSON, f->path, "%s",
				own.text);
	oae_buf_release(&text);
	return status == OAE_ERR_LIMIT ? OAE_OK : status;
}

/* ---- documents that follow from others -------------------------------- */

/* The named document must say what `expected` says. */
static enum oae_status compare(struct oae_submission *s, enum oae_rule rule,
			       const char *name, const struct oae_buf *expected,
			       struct oae_error *err)
{
	struct oae_error own = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	cJSON *was = NULL, *is = NULL;
	enum oae_status status;

	if (!oae_intake_find(&s->in, name))
		return OAE_OK;
	status = oae_intake_path(&s->in, name, path, sizeof(path), err);
	if (!status)
		status =
			oae_json_parse(expected->data, expected->len, &is, err);
	if (!status && !oae_json_read(path, &was, NULL) &&
	    oae_result_compare(was, is, &own))
		oae_finding_add(&s->found, rule, name, "%s", own.text);
	cJSON_Delete(was);
	cJSON_Delete(is);
	return status;
}

static enum oae_status check_bill(struct oae_submission *s,
				  struct oae_error *err)
{
	const struct oae_intake_file *f = oae_intake_find(&s->in, BILL);
	enum oae_status status;
	struct oae_buf b;

	if (!f) {
		oae_finding_add(&s->found, OAE_RULE_BILL, BILL, "is missing");
		return OAE_OK;
	}
	snprintf(s->adapter_sha256, sizeof(s->adapter_sha256), "%s", f->sha256);
	oae_buf_init(&b, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_bill_build(s->in.dir, s->records, &b, err);
	if (!status)
		status = compare(s, OAE_RULE_BILL, BILL, &b, err);
	oae_buf_release(&b);
	return status;
}

/* adapter/NAME/adapter.json is the input that the journal names. */
static enum oae_status check_manifests(struct oae_submission *s,
				       struct oae_error *err)
{
	cJSON *names = oae_campaign_adapter_names(s->records->campaign);
	const cJSON *inputs = cJSON_GetObjectItemCaseSensitive(
		s->records->campaign, "inputs");
	char path[2 * OAE_NAME_BYTES_MAX], input[2 * OAE_NAME_BYTES_MAX];
	const struct oae_intake_file *f;
	const cJSON *name;

	if (!names)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	cJSON_ArrayForEach(name, names) {
		snprintf(path, sizeof(path), "adapter/%.120s/adapter.json",
			 name->valuestring);
		snprintf(input, sizeof(input), "adapters/%.120s/adapter.json",
			 name->valuestring);
		f = oae_intake_find(&s->in, path);
		if (!f ||
		    strcmp(oae_json_str_or(inputs, input, ""), f->sha256) != 0)
			oae_finding_add(&s->found, OAE_RULE_BILL, path,
					f ? "is not the manifest that was"
					    " measured" :
					    "is missing");
	}
	cJSON_Delete(names);
	return OAE_OK;
}

static enum oae_status check_about(struct oae_submission *s,
				   struct oae_error *err)
{
	struct oae_submission_about a = {
		.org = oae_json_str_or(s->about, "org", ""),
		.name = oae_json_str_or(s->about, "name", ""),
		.open = !strcmp(oae_json_str_or(s->about, "division", ""),
				"open"),
	};
	enum oae_status status = OAE_OK;
	struct oae_buf b;

	if (!s->about)
		return OAE_OK;
	if (!oae_intake_name_ok(a.org) || !oae_intake_name_ok(a.name))
		oae_finding_add(&s->found, OAE_RULE_AGREES, "submission.json",
				"org and name are no plain names");
	snprintf(a.result_sha256, sizeof(a.result_sha256), "%s",
		 s->result_sha256);
	snprintf(a.adapter_sha256, sizeof(a.adapter_sha256), "%s",
		 s->adapter_sha256);
	oae_buf_init(&b, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_submission_build(&a, s->records, &b, err);
	if (!status)
		status =
			compare(s, OAE_RULE_AGREES, "submission.json", &b, err);
	oae_buf_clear(&b);
	if (!status)
		status = oae_system_build(
			s->records,
			oae_intake_find(&s->in, OAE_TRANSCRIPT_NAME) != NULL,
			&b, err);
	if (!status)
		status = compare(s, OAE_RULE_AGREES, "system.json", &b, err);
	oae_buf_release(&b);
	return status;
}

/* The transcript that leads is one of the inputs, which the journal names. */
static void check_transcript(struct oae_submission *s)
{
	const struct oae_intake_file *lead =
		oae_intake_find(&s->in, OAE_TRANSCRIPT_NAME);
	bool is_input = false, any = false;

	for (size_t i = 0; i < s->in.count; i++) {
		const struct oae_intake_file *f = &s->in.files[i];

		if (f->folder || strncmp(f->path, "inputs/", 7) != 0 ||
		    !oae_is_transcript(f->path))
			continue;
		any = true;
		is_input |= lead && strcmp(lead->sha256, f->sha256) == 0;
	}
	if (any != (lead != NULL) || (lead && !is_input))
		oae_finding_add(&s->found, OAE_RULE_AGREES, OAE_TRANSCRIPT_NAME,
				lead ? "is none of the inputs" :
				       "is missing: inputs hold one");
}

static enum oae_status check_readme(struct oae_submission *s,
				    struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf should, is;
	enum oae_status status;

	if (!s->readme || !s->about || !s->result ||
	    !oae_intake_find(&s->in, "README.md"))
		return OAE_OK;
	oae_buf_init(&should, OAE_TEXT_FILE_BYTES_MAX);
	oae_buf_init(&is, OAE_TEXT_FILE_BYTES_MAX);
	status = oae_intake_path(&s->in, "README.md", path, sizeof(path), err);
	if (!status &&
	    (s->readme(s->result, oae_json_str_or(s->about, "org", ""),
		       oae_json_str_or(s->about, "name", ""),
		       !strcmp(oae_json_str_or(s->about, "division", ""),
			       "open"),
		       &should, NULL) ||
	     oae_file_read(path, &is, NULL) || is.len != should.len ||
	     memcmp(is.data, should.data, is.len) != 0))
		oae_finding_add(&s->found, OAE_RULE_AGREES, "README.md",
				"is not the text that `oae submit` writes for"
				" this result");
	oae_buf_release(&should);
	oae_buf_release(&is);
	return status;
}

static enum oae_status read_result(struct oae_submission *s,
				   struct oae_error *err)
{
	const struct oae_intake_file *f =
		oae_intake_find(&s->in, "result.json");
	struct oae_error own = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (!f)
		return OAE_OK;
	snprintf(s->result_sha256, sizeof(s->result_sha256), "%s", f->sha256);
	status =
		oae_intake_path(&s->in, "result.json", path, sizeof(path), err);
	if (status)
		return status;
	status = oae_result_read(path, &s->result, &own);
	s->other_version |= status == OAE_ERR_UNSUPPORTED;
	if (status)
		oae_finding_add(&s->found, OAE_RULE_SCHEMA, "result.json", "%s",
				strncmp(own.text, s->in.dir,
					strlen(s->in.dir)) == 0 ?
					own.text + strlen(s->in.dir) + 1 :
					own.text);
	return OAE_OK;
}

enum oae_status oae_submission_documents(struct oae_submission *s,
					 struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < s->in.count && !status; i++)
		status = check_strict(s, &s->in.files[i], err);
	/* What is no JSON is said once. */
	if (!status && !s->found.of_rule[OAE_RULE_JSON])
		status = check_schemas(s, err);
	if (!status)
		status = read_result(s, err);
	if (!status)
		status = check_readme(s, err);
	check_transcript(s);
	if (!status && s->records) {
		status = check_bill(s, err);
		if (!status)
			status = check_manifests(s, err);
		if (!status)
			status = check_about(s, err);
	}
	return status;
}
