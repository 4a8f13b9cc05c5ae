/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/pack_documents.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"

static const cJSON *member(const cJSON *obj, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(obj, key);
}

/* A member as it is, null where there is none. */
static void copy(struct oae_jw *w, const char *key, const cJSON *obj)
{
	const cJSON *v = member(obj, key);

	if (v)
		oae_jw_value(w, key, v);
	else
		oae_jw_null(w, key);
}

static enum oae_status finish(struct oae_jw *w, const char *what,
			      struct oae_error *err)
{
	oae_jw_end_obj(w);
	oae_buf_putc(w->out, '\n');
	return oae_buf_check(w->out, what, err);
}

cJSON *oae_campaign_adapter_names(const cJSON *campaign)
{
	cJSON *list = cJSON_CreateArray(), *name;
	const cJSON *s, *known;
	const char *id;

	cJSON_ArrayForEach(s, member(campaign, "systems")) {
		id = oae_json_str_or(s, "adapter", "");
		cJSON_ArrayForEach(known, list)
			if (strcmp(known->valuestring, id) == 0)
				break;
		if (known)
			continue;
		name = cJSON_CreateString(id);
		if (!name || !cJSON_AddItemToArray(list, name)) {
			cJSON_Delete(name);
			cJSON_Delete(list);
			return NULL;
		}
	}
	return list;
}

bool oae_is_transcript(const char *path)
{
	static const char end[] = OAE_TRANSCRIPT_NAME;
	size_t len = strlen(path), n = sizeof(end) - 1;

	return len >= n && strcmp(path + len - n, end) == 0;
}

/* ---- the bill of materials -------------------------------------------- */

struct files {
	struct oae_jw *w;
	const char *dir; /* the submission */
};

static const char *kind_of(const char *path)
{
	static const char ledger[] = ".ledger.json";
	const char *name = strrchr(path, '/');
	size_t len = strlen(path);

	if (name && strcmp(name, "/adapter.json") == 0)
		return "manifest";
	if (len > sizeof(ledger) &&
	    strcmp(path + len - (sizeof(ledger) - 1), ledger) == 0)
		return "ledger";
	return "source";
}

static enum oae_status write_file(void *ctx, const char *relative,
				  struct oae_error *err)
{
	struct files *f = ctx;
	char path[OAE_PATH_BYTES_MAX], sha256[OAE_SHA256_HEX];
	enum oae_status status;
	struct stat st;

	if (strcmp(relative, OAE_BILL_NAME) == 0)
		return OAE_OK;
	status = oae_path_join(path, sizeof(path), f->dir, relative, err);
	if (!status)
		status = oae_sha256_file(path, sha256, err);
	if (status)
		return status;
	if (stat(path, &st))
		return oae_fail(err, OAE_ERR_IO, 0, "%s: is gone", path);
	oae_jw_obj(f->w, NULL);
	oae_jw_str(f->w, "path", relative);
	oae_jw_str(f->w, "kind", kind_of(relative));
	oae_jw_int(f->w, "bytes", (int64_t)st.st_size);
	oae_jw_str(f->w, "sha256", sha256);
	oae_jw_end_obj(f->w);
	return OAE_OK;
}

static void write_systems(struct oae_jw *w, const cJSON *campaign)
{
	const cJSON *s, *m;

	oae_jw_arr(w, "systems");
	cJSON_ArrayForEach(s, member(campaign, "systems")) {
		oae_jw_obj(w, NULL);
		copy(w, "id", s);
		copy(w, "adapter", s);
		copy(w, "version", s);
		copy(w, "knobs", s);
		copy(w, "binary_sha256", s);
		oae_jw_arr(w, "models");
		cJSON_ArrayForEach(m, member(s, "models")) {
			oae_jw_obj(w, NULL);
			copy(w, "path", m);
			copy(w, "bytes", m);
			copy(w, "sha256", m);
			oae_jw_end_obj(w);
		}
		oae_jw_end_arr(w);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

enum oae_status oae_bill_build(const char *dir, const struct oae_records *r,
			       struct oae_buf *out, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_jw w;
	struct files f = { &w, path };
	enum oae_status status;

	status = oae_path_join(path, sizeof(path), dir, "adapter", err);
	if (status)
		return status;
	oae_jw_init(&w, out, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "schema", "bill-of-materials-1");
	write_systems(&w, r->campaign);
	copy(&w, "inputs", r->campaign);
	copy(&w, "build", r->campaign);
	oae_jw_arr(&w, "files");
	status = oae_dir_walk(path, write_file, &f, err);
	oae_jw_end_arr(&w);
	return status ? status : finish(&w, OAE_BILL_NAME, err);
}

/* ---- the machine, and the whole --------------------------------------- */

/* An environment line without its place in the chain. */
static void write_environment(struct oae_jw *w, const char *key,
			      const cJSON *line)
{
	const cJSON *m;

	if (!line) {
		oae_jw_null(w, key);
		return;
	}
	oae_jw_obj(w, key);
	cJSON_ArrayForEach(m, line)
		if (strcmp(m->string, "seq") != 0 &&
		    strcmp(m->string, "prev") != 0 &&
		    strcmp(m->string, "type") != 0 &&
		    strcmp(m->string, "when") != 0)
			oae_jw_value(w, m->string, m);
	oae_jw_end_obj(w);
}

enum oae_status oae_system_build(const struct oae_records *r,
				 bool has_transcript, struct oae_buf *out,
				 struct oae_error *err)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "schema", "system-1");
	oae_jw_str(&w, "setup_transcript",
		   has_transcript ? OAE_TRANSCRIPT_NAME : NULL);
	oae_jw_str(&w, "setup_transcript_reason",
		   has_transcript ? NULL :
				    "the run folder holds no transcript of a"
				    " set-up: its effort is what the ledgers"
				    " say");
	if (r->sources)
		oae_jw_value(&w, "meters", r->sources);
	else
		oae_jw_null(&w, "meters");
	oae_jw_str(&w, "no_meter", r->run_count ? r->runs[0].no_meter : NULL);
	write_environment(&w, "start", r->environment_start);
	write_environment(&w, "end", r->environment_end);
	return finish(&w, "system.json", err);
}

enum oae_status oae_submission_build(const struct oae_submission_about *a,
				     const struct oae_records *r,
				     struct oae_buf *out, struct oae_error *err)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 1);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "schema", "submission-1");
	oae_jw_str(&w, "org", a->org);
	oae_jw_str(&w, "name", a->name);
	oae_jw_str(&w, "division", a->open ? "open" : "closed");
	oae_jw_str(&w, "status", "self-reported");
	oae_jw_str(&w, "oae", OAE_VERSION);
	oae_jw_str(&w, "spec", OAE_SPEC_VERSION);
	copy(&w, "utc", r->campaign);
	copy(&w, "suite", r->campaign);
	oae_jw_str(&w, "journal_sha256", r->sha256);
	oae_jw_str(&w, "result_sha256", a->result_sha256);
	oae_jw_str(&w, "adapter_sha256", a->adapter_sha256);
	return finish(&w, "submission.json", err);
}
