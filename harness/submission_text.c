/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/submission_text.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

static const char *str(const cJSON *obj, const char *key)
{
	return oae_json_str_or(obj, key, "");
}

enum oae_status oae_review_status(const char *dir, const char *result_sha256,
				  char *out, size_t size, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	cJSON *review = NULL;
	enum oae_status status;
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	snprintf(out, size, "self-reported");
	if (snprintf(path, sizeof(path), "%.*s.review.json", (int)len, dir) >=
	    (int)sizeof(path))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	if (!oae_file_exists(path))
		return OAE_OK;
	status = oae_json_read(path, &review, err);
	if (status)
		return status;
	if (strcmp(str(review, "schema"), "review-1") == 0 &&
	    strcmp(str(review, "result_sha256"), result_sha256) == 0)
		snprintf(out, size, "%.40s", str(review, "status"));
	cJSON_Delete(review);
	return OAE_OK;
}

void oae_findings_text(const struct oae_findings *f, struct oae_buf *out)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct oae_finding *one = &f->item[i];
		const struct oae_rule_text *rule = oae_rule_text(one->rule);

		oae_buf_printf(out, "WRONG %s §%s %s%s%s\n", rule->id,
			       rule->clause, one->file, *one->file ? ": " : "",
			       one->text);
	}
	for (size_t i = 0; i < OAE_RULES; i++)
		if (f->of_rule[i] > OAE_FINDINGS_PER_RULE_MAX)
			oae_buf_printf(out, "WRONG %s: and %zu more\n",
				       oae_rule_id((enum oae_rule)i),
				       f->of_rule[i] -
					       OAE_FINDINGS_PER_RULE_MAX);
}

static const char *signature_of(const struct oae_submission *s)
{
	if (s->signature_ok)
		return "valid";
	if (!s->is_signed)
		return "missing";
	return s->allowed_signers ? "invalid" : "not checked";
}

void oae_submission_text(const struct oae_submission *s, const char *dir,
			 struct oae_buf *out)
{
	size_t bad = oae_findings_total(&s->found), files = 0;
	char status[48] = "self-reported";

	oae_findings_text(&s->found, out);
	for (size_t i = 0; i < s->in.count; i++)
		files += !s->in.files[i].folder;
	oae_buf_printf(out, "%zu files, %llu bytes", files,
		       (unsigned long long)s->in.bytes);
	if (s->records)
		oae_buf_printf(out, "; %zu runs, %zu requests",
			       s->records->run_count, s->records->sample_count);
	oae_buf_printf(out, "; signature %s", signature_of(s));
	if (s->signature_ok)
		oae_buf_printf(out, ", of %s", str(s->about, "org"));
	else if (s->is_signed && !s->allowed_signers)
		oae_buf_puts(out, " (--allowed-signers FILE checks it)");
	oae_buf_putc(out, '\n');
	if (s->other_build)
		oae_buf_puts(out, "scored by another build: numbers are equal"
				  " to 1e-9\n");
	if (bad) {
		oae_buf_printf(out, "%s: %zu finding%s\n", dir, bad,
			       bad == 1 ? "" : "s");
		return;
	}
	(void)oae_review_status(dir, s->result_sha256, status, sizeof(status),
				NULL);
	oae_buf_printf(out, "%s: verified, %s division, %s%s\n", dir,
		       str(s->about, "division"), status,
		       strcmp(status, "self-reported") == 0 ?
			       ": it adds up, and nobody else has run it" :
			       "");
}

static void write_rules(const struct oae_submission *s, struct oae_jw *w)
{
	oae_jw_arr(w, "rules");
	for (int i = OAE_RUN_RULES; i < OAE_RULES; i++) {
		const struct oae_rule_text *rule =
			oae_rule_text((enum oae_rule)i);

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "id", rule->id);
		oae_jw_str(w, "clause", rule->clause);
		oae_jw_str(w, "text", rule->text);
		oae_jw_int(w, "findings", (int64_t)s->found.of_rule[i]);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

void oae_submission_json(const struct oae_submission *s, const char *dir,
			 struct oae_jw *w)
{
	char status[48] = "self-reported";

	(void)oae_review_status(dir, s->result_sha256, status, sizeof(status),
				NULL);
	oae_jw_str(w, "folder", dir);
	oae_jw_bool(w, "ok", oae_findings_total(&s->found) == 0);
	oae_jw_str(w, "org", oae_json_str_or(s->about, "org", NULL));
	oae_jw_str(w, "name", oae_json_str_or(s->about, "name", NULL));
	oae_jw_str(w, "division", oae_json_str_or(s->about, "division", NULL));
	oae_jw_str(w, "status", status);
	oae_jw_str(w, "signature", signature_of(s));
	oae_jw_bool(w, "other_build", s->other_build);
	oae_jw_str(w, "result_sha256",
		   *s->result_sha256 ? s->result_sha256 : NULL);
	oae_jw_str(w, "adapter_sha256",
		   *s->adapter_sha256 ? s->adapter_sha256 : NULL);
	oae_jw_arr(w, "findings");
	for (size_t i = 0; i < s->found.count; i++) {
		const struct oae_finding *one = &s->found.item[i];

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "rule", oae_rule_id(one->rule));
		oae_jw_str(w, "clause", oae_rule_text(one->rule)->clause);
		oae_jw_str(w, "file", *one->file ? one->file : NULL);
		oae_jw_str(w, "text", one->text);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	write_rules(s, w);
}
