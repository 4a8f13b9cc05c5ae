/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/file.h"
#include "base/sha256.h"
#include "schema/check.h"
#include "schema/result.h"
#include "schema/result_internal.h"
#include "schema/tune.h"

#ifndef OAE_BUILD_FLAGS
#define OAE_BUILD_FLAGS ""
#endif
#ifndef OAE_BUILD_GIT
#define OAE_BUILD_GIT NULL
#endif

void oae_result_interval(struct oae_jw *w, const char *key,
			 struct oae_interval i, enum oae_evidence e)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "value", i.mid);
	oae_jw_num(w, "low", i.low);
	oae_jw_num(w, "high", i.high);
	oae_jw_str(w, "class", oae_evidence_name(e));
	oae_jw_end_obj(w);
}

void oae_result_missing(struct oae_jw *w, const char *key, const char *reason)
{
	oae_jw_obj(w, key);
	oae_jw_null(w, "value");
	oae_jw_str(w, "reason", reason);
	oae_jw_end_obj(w);
}

static void write_table(struct oae_jw *w, const char *key,
			const struct oae_table *t)
{
	oae_jw_arr(w, key);
	for (size_t i = 0; i < t->count; i++) {
		const struct oae_table_row *row = &t->rows[i];

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "name", row->name);
		oae_jw_num(w, "low", row->range.low);
		oae_jw_num(w, "mid", row->range.mid);
		oae_jw_num(w, "high", row->range.high);
		oae_jw_str(w, "unit", row->unit);
		oae_jw_str(w, "class", oae_evidence_name(row->range.evidence));
		oae_jw_str(w, "source", row->range.source);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

void oae_result_tables(struct oae_jw *w, const struct oae_tables *t)
{
	oae_jw_obj(w, "tables");
	write_table(w, "defaults", &t->defaults);
	write_table(w, "wages", &t->wages);
	write_table(w, "grid", &t->grid);
	write_table(w, "embodied", &t->embodied);
	oae_jw_end_obj(w);
}

static void write_build(struct oae_jw *w)
{
	oae_jw_obj(w, "build");
	oae_jw_str(w, "git", OAE_BUILD_GIT);
	oae_jw_str(w, "compiler", OAE_COMPILER);
	oae_jw_str(w, "flags", OAE_BUILD_FLAGS);
	oae_jw_end_obj(w);
}

/* The named members of a journal line, in this order; missing is null. */
static void copy_members(struct oae_jw *w, const cJSON *line,
			 const char *const *keys)
{
	for (; *keys; keys++) {
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(line, *keys);

		if (v)
			oae_jw_value(w, *keys, v);
		else
			oae_jw_null(w, *keys);
	}
}

/* What it was scored before as, and with what it was scored now. */
static void write_rescored(struct oae_jw *w, const struct oae_score *s)
{
	const struct oae_rescore *r = &s->rescore;

	oae_jw_obj(w, "rescored");
	oae_jw_str(w, "of_result_sha256",
		   r->of_sha256[0] ? r->of_sha256 : NULL);
	oae_jw_str(w, "of_spec", r->of_spec[0] ? r->of_spec : NULL);
	oae_jw_str(w, "profiles", r->profile_count ? "others" : "the run's");
	oae_jw_str(w, "tables", r->tables ? "others" : "the run's");
	oae_jw_end_obj(w);
}

static void write_head(struct oae_jw *w, const struct oae_score *s)
{
	static const char *const campaign_keys[] = {
		"utc",	    "seed", "suite", "scenario",
		"baseline", "oae",  "build", NULL,
	};
	const struct oae_records *r = &s->records;

	oae_jw_int(w, "oae_result", OAE_RESULT_VERSION);
	oae_jw_str(w, "spec", OAE_SPEC_VERSION);
	oae_jw_str(w, "oae", OAE_VERSION);
	write_build(w);
	oae_jw_bool(w, "complete", r->sealed);
	if (s->rescored)
		write_rescored(w, s);
	if (r->redacted)
		oae_jw_value(w, "redacted",
			     cJSON_GetObjectItemCaseSensitive(r->campaign,
							      "redacted"));
	oae_jw_obj(w, "journal");
	oae_jw_str(w, "sha256", r->sha256);
	oae_jw_int(w, "lines", (int64_t)r->lines);
	oae_jw_bool(w, "sealed", r->sealed);
	oae_jw_int(w, "resumes", (int64_t)r->resumes);
	oae_jw_int(w, "runs_planned", (int64_t)s->planned_runs);
	oae_jw_int(w, "runs_begun", (int64_t)s->begun_runs);
	oae_jw_end_obj(w);
	oae_jw_obj(w, "campaign");
	copy_members(w, r->campaign, campaign_keys);
	oae_jw_end_obj(w);
	oae_result_environment(w, r);
	oae_jw_value(w, "notes", r->notes);
	oae_result_energy(w, s);
}

enum oae_status oae_result_build(const char *run_dir, struct oae_buf *out_json,
				 struct oae_error *err)
{
	struct oae_result_wish none = { NULL, NULL };

	return oae_result_build_for(run_dir, &none, out_json, err);
}

enum oae_status oae_result_build_for(const char *run_dir,
				     const struct oae_result_wish *wish,
				     struct oae_buf *out_json,
				     struct oae_error *err)
{
	struct oae_slo slo;
	struct oae_score *s = calloc(1, sizeof(*s));
	struct oae_jw w;
	enum oae_status status;

	if (!s)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	status = wish->goodput ? oae_slo_parse(wish->goodput, &slo, err) :
				 OAE_OK;
	if (!status)
		status = oae_score_read_for(run_dir, wish->rescore, s, err);
	if (!status && oae_tune_is(s->records.campaign))
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%.200s: holds a tuning, which has no score;"
				  " `oae tune --resume` computes its tune.json",
				  run_dir);
	if (status)
		goto out;
	s->goodput = wish->goodput ? &slo : NULL;
	oae_jw_init(&w, out_json, 1);
	oae_jw_obj(&w, NULL);
	write_head(&w, s);
	status = oae_result_stopping(&w, s, run_dir, err);
	if (!status)
		status = oae_result_harness(&w, s, err);
	if (!status)
		status = oae_result_systems(&w, s, err);
	if (!status)
		status = oae_result_scenarios(&w, s, err);
	if (!status)
		status = oae_result_profiles(&w, s, run_dir, err);
	if (!status)
		oae_result_conditions(&w, s);
	if (!status)
		status = oae_result_talent(&w, s, run_dir, err);
	if (status)
		goto out;
	oae_result_tables(&w, &s->tables);
	oae_jw_end_obj(&w);
	oae_buf_putc(out_json, '\n');
	status = oae_buf_check(out_json, "result", err);
out:
	oae_score_release(s);
	free(s);
	return status;
}

static enum oae_status check_result(const cJSON *tree, const char *path,
				    struct oae_error *err)
{
	static const char *const objects[] = {
		"build", "journal", "campaign", "environment", "tables", NULL,
	};
	static const char *const arrays[] = {
		"systems",
		"scale",
		"profiles",
		NULL,
	};
	const cJSON *part;
	const char *spec;
	bool complete;
	enum oae_status status;

	status = oae_check_version(tree, "oae_result", OAE_RESULT_VERSION, path,
				   err);
	if (status)
		return status;
	status = oae_json_str(tree, "spec", &spec, err);
	if (!status && strcmp(spec, OAE_SPEC_VERSION) != 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%s: is for spec"
				" %.20s, this program knows %s; use the"
				" program that wrote it%s",
				path, spec, OAE_SPEC_VERSION,
				oae_spec_readable(spec) ?
					", or see with `oae score` which"
					" numbers move" :
					"");
	if (!status)
		status = oae_json_bool(tree, "complete", &complete, err);
	for (size_t i = 0; objects[i] && !status; i++)
		status = oae_json_obj(tree, objects[i], &part, err);
	for (size_t i = 0; arrays[i] && !status; i++)
		status = oae_json_arr(tree, arrays[i], &part, err);
	if (status)
		oae_error_prefix(err, "%s", path);
	return status;
}

enum oae_status oae_result_read(const char *path, cJSON **out,
				struct oae_error *err)
{
	enum oae_status status = oae_json_read(path, out, err);

	if (status)
		return status;
	status = check_result(*out, path, err);
	if (status) {
		cJSON_Delete(*out);
		*out = NULL;
	}
	return status;
}
