/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a redacted run folder. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/journal.h"
#include "harness/redact.h"
#include "schema/judge.h"

#define REASON "redacted: it might quote a text"

struct rewriter {
	struct oae_redaction *r;
	const cJSON *inputs;
	struct oae_journal journal;
	uint64_t run;			       /* of the last "run" line */
	char workload[OAE_NAME_BYTES_MAX + 1]; /* that it asks */
	struct oae_error *err;
};

/* ---- members ---------------------------------------------------------- */

static bool is_any(const char *key, const char *const *keys)
{
	for (; *keys; keys++)
		if (!strcmp(*keys, key))
			return true;
	return false;
}

/* All members but seq, prev, type and those named. */
static void copy_others(struct oae_jw *w, const cJSON *line,
			const char *const *but)
{
	static const char *const chain[] = { "seq", "prev", "type", NULL };
	const cJSON *v;

	cJSON_ArrayForEach(v, line) {
		if (!is_any(v->string, chain) && !is_any(v->string, but))
			oae_jw_value(w, v->string, v);
	}
}

static enum oae_status put_text(struct rewriter *x, struct oae_jw *w,
				const cJSON *line, const char *key,
				const char *kind)
{
	const char *text = oae_json_str_or(line, key, NULL);
	char hidden[OAE_REDACTED_TEXT];
	enum oae_status status;

	if (!text) {
		oae_jw_null(w, key);
		return OAE_OK;
	}
	status = oae_redact_text(x->r, kind, x->workload,
				 oae_json_str_or(line, "item", "?"), text,
				 hidden, x->err);
	oae_jw_str(w, key, hidden);
	return status;
}

/* The judge's verdict on the texts that are still there; null: none. */
static void put_right(struct oae_jw *w, const cJSON *line)
{
	const char *answer = oae_json_str_or(line, "answer", NULL);
	const char *expected = oae_json_str_or(line, "expected", NULL);
	bool ok = !strcmp(oae_json_str_or(line, "outcome", ""), "ok");
	enum oae_judge judge;

	if (!ok || !answer ||
	    oae_judge_parse(oae_json_str_or(line, "judge", ""), &judge, NULL) ||
	    (!expected && judge != OAE_JUDGE_NONE))
		oae_jw_null(w, "right");
	else
		oae_jw_bool(w, "right",
			    oae_judge_answer(judge, answer, expected));
}

/* ---- lines ------------------------------------------------------------ */

static enum oae_status rewrite_request(struct rewriter *x, struct oae_jw *w,
				       const cJSON *line)
{
	static const char *const but[] = {
		"answer", "expected", "reason", "right", NULL,
	};
	enum oae_status status;

	if (oae_json_u64_or(line, "run", UINT64_MAX) != x->run)
		return oae_fail(x->err, OAE_ERR_FORMAT, 0,
				"a request outside of its run");
	copy_others(w, line, but);
	if (oae_json_str_or(line, "reason", NULL))
		oae_jw_str(w, "reason", REASON);
	else
		oae_jw_null(w, "reason");
	status = put_text(x, w, line, "answer", "answer");
	if (!status)
		status = put_text(x, w, line, "expected", "right answer");
	put_right(w, line);
	return status;
}

static void rewrite_campaign(struct rewriter *x, struct oae_jw *w,
			     const cJSON *line)
{
	static const char *const but[] = { "inputs", NULL };

	copy_others(w, line, but);
	oae_jw_value(w, "inputs", x->inputs);
	/*
	 * No hash of the original: all of it but the texts stands here, so
	 * that a hash without a key would tell when a guess of them is right.
	 */
	oae_jw_obj(w, "redacted");
	oae_jw_str(w, "texts", "hmac-sha256, key not kept");
	oae_jw_str(w, "verdicts", "judged before");
	oae_jw_end_obj(w);
}

/* What an adapter says when it fails may quote what it was asked. */
static void rewrite_run_end(struct oae_jw *w, const cJSON *line)
{
	static const char *const reason[] = { "reason", NULL };
	static const char *const none[] = { NULL };
	bool failed = !strcmp(oae_json_str_or(line, "status", ""), "failed");

	copy_others(w, line, failed ? reason : none);
	if (failed)
		oae_jw_str(w, "reason", REASON);
}

static void take_run(struct rewriter *x, const cJSON *line)
{
	x->run = oae_json_u64_or(line, "run", UINT64_MAX);
	(void)snprintf(x->workload, sizeof(x->workload), "%s",
		       oae_json_str_or(line, "workload", "-"));
}

static enum oae_status rewrite(struct rewriter *x, const cJSON *line)
{
	static const char *const none[] = { NULL };
	const char *type = oae_json_str_or(line, "type", "");
	enum oae_status status = OAE_OK;
	struct oae_jw *w;

	if (!strcmp(type, "seal"))
		return oae_journal_seal(&x->journal, x->err);
	w = oae_journal_begin(&x->journal, type);
	if (!strcmp(type, "campaign")) {
		rewrite_campaign(x, w, line);
	} else if (!strcmp(type, "sample") || !strcmp(type, "warmup")) {
		status = rewrite_request(x, w, line);
	} else if (!strcmp(type, "run_end")) {
		rewrite_run_end(w, line);
	} else {
		if (!strcmp(type, "run"))
			take_run(x, line);
		copy_others(w, line, none);
	}
	return status ? status : oae_journal_commit(&x->journal, x->err);
}

static enum oae_status rewrite_all(struct rewriter *x, const char *path)
{
	FILE *f = fopen(path, "re");
	enum oae_status status = OAE_OK;
	char *text = NULL;
	size_t alloc = 0;
	uint64_t number = 0;
	cJSON *line;
	ssize_t n;

	if (!f)
		return oae_fail(x->err, OAE_ERR_IO, errno, "%s: cannot open",
				path);
	/* It was read strictly before: lines end, and have their cap. */
	while (!status && (n = getline(&text, &alloc, f)) > 0) {
		number++;
		status = oae_json_parse(text, (size_t)n - 1, &line, x->err);
		if (!status) {
			status = rewrite(x, line);
			cJSON_Delete(line);
		}
	}
	if (!status && ferror(f))
		status = oae_fail(x->err, OAE_ERR_IO, errno, "%s: cannot read",
				  path);
	else if (status)
		oae_error_prefix(x->err, "%s line %llu", path,
				 (unsigned long long)number);
	free(text);
	(void)fclose(f);
	return status;
}

enum oae_status oae_redact_journal(struct oae_redaction *r, const cJSON *inputs,
				   struct oae_error *err)
{
	struct rewriter x = {
		.r = r,
		.inputs = inputs,
		.run = UINT64_MAX,
		.err = err,
	};
	char from[OAE_PATH_BYTES_MAX], to[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	status = oae_path_join(from, sizeof(from), r->from, OAE_JOURNAL_NAME,
			       err);
	if (!status)
		status = oae_path_join(to, sizeof(to), r->to, OAE_JOURNAL_NAME,
				       err);
	if (!status)
		status = oae_journal_create(&x.journal, to, err);
	if (status)
		return status;
	status = rewrite_all(&x, from);
	oae_journal_close(&x.journal);
	return status;
}
