/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/rescore.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "schema/check.h"

static const char *const keys[] = { "schema", "of", "files", NULL };
static const char *const of_keys[] = { "result_sha256", "spec", NULL };

#define SCHEMA "rescore-1"
#define PROFILES OAE_RESCORE_DIR "/profiles/"
#define TABLES OAE_RESCORE_DIR "/tables/"

bool oae_rescore_is_any(const struct oae_rescore *r)
{
	return r->profile_count > 0 || r->tables;
}

static enum oae_status read_of(const cJSON *tree, struct oae_rescore *out,
			       struct oae_error *err)
{
	const cJSON *of;
	enum oae_status status = oae_json_obj(tree, "of", &of, err);

	if (!status)
		status = oae_check_keys(of, "of", of_keys, err);
	if (status)
		return status;
	(void)snprintf(out->of_sha256, sizeof(out->of_sha256), "%s",
		       oae_json_str_or(of, "result_sha256", ""));
	(void)snprintf(out->of_spec, sizeof(out->of_spec), "%s",
		       oae_json_str_or(of, "spec", ""));
	return OAE_OK;
}

/* One file of "files": its hash must be right. */
static enum oae_status take_file(const char *dir, const cJSON *file,
				 struct oae_arena *a, struct oae_rescore *out,
				 struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], hex[OAE_SHA256_HEX];
	const char *name = file->string;
	enum oae_status status;

	if (!cJSON_IsString(file) || !oae_check_path(name))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"files\": \"%.100s\" is no path with a hash",
				name);
	status = oae_path_join(path, sizeof(path), dir, name, err);
	if (!status)
		status = oae_sha256_file(path, hex, err);
	if (status)
		return status;
	if (strcmp(hex, file->valuestring) != 0)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"%s: is not the file that " OAE_RESCORE_NAME
				" names; put the original back",
				path);
	if (!strncmp(name, TABLES, strlen(TABLES))) {
		*strrchr(path, '/') = '\0';
		out->tables = oae_arena_strdup(a, path);
		return out->tables ? OAE_OK :
				     oae_fail(err, OAE_ERR_NOMEM, 0, "rescore");
	}
	if (strncmp(name, PROFILES, strlen(PROFILES)) != 0 ||
	    out->profile_count == OAE_RESCORE_PROFILES_MAX)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"files\": \"%.100s\" is neither a table nor"
				" one of at most %u profiles",
				name, OAE_RESCORE_PROFILES_MAX);
	out->profiles[out->profile_count] = oae_arena_strdup(a, path);
	return out->profiles[out->profile_count++] ?
		       OAE_OK :
		       oae_fail(err, OAE_ERR_NOMEM, 0, "rescore");
}

enum oae_status oae_rescore_read(const char *dir, struct oae_arena *a,
				 struct oae_rescore *out, bool *found,
				 struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	const cJSON *files, *file;
	const char *schema = "";
	cJSON *tree = NULL;
	enum oae_status status;

	memset(out, 0, sizeof(*out));
	status = oae_path_join(path, sizeof(path), dir, OAE_RESCORE_NAME, err);
	*found = !status && oae_file_exists(path);
	if (!*found)
		return status;
	status = oae_json_read(path, &tree, err);
	if (!status)
		status = oae_check_keys(tree, OAE_RESCORE_NAME, keys, err);
	if (!status)
		status = oae_json_str(tree, "schema", &schema, err);
	if (!status && strcmp(schema, SCHEMA) != 0)
		status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				  "is \"%.40s\", this program knows \"%s\"",
				  schema, SCHEMA);
	if (!status)
		status = read_of(tree, out, err);
	if (!status)
		status = oae_json_obj(tree, "files", &files, err);
	if (status)
		oae_error_prefix(err, "%s", path);
	for (file = status ? NULL : files->child; file && !status;
	     file = file->next)
		status = take_file(dir, file, a, out, err);
	cJSON_Delete(tree);
	return status;
}

struct lister {
	const char *dir;
	struct oae_jw *w;
};

static enum oae_status list_file(void *ctx, const char *relative,
				 struct oae_error *err)
{
	char name[OAE_PATH_BYTES_MAX], path[2 * OAE_PATH_BYTES_MAX];
	char hex[OAE_SHA256_HEX];
	struct lister *l = ctx;
	enum oae_status status;

	status = oae_path_join(name, sizeof(name), OAE_RESCORE_DIR, relative,
			       err);
	(void)snprintf(path, sizeof(path), "%s/%s", l->dir, name);
	if (!status)
		status = oae_sha256_file(path, hex, err);
	if (!status)
		oae_jw_str(l->w, name, hex);
	return status;
}

enum oae_status oae_rescore_write(const char *dir, const struct oae_rescore *r,
				  struct oae_buf *out, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_jw w;
	struct lister l = { dir, &w };
	enum oae_status status;

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "schema", SCHEMA);
	oae_jw_obj(&w, "of");
	oae_jw_str(&w, "result_sha256", r->of_sha256[0] ? r->of_sha256 : NULL);
	oae_jw_str(&w, "spec", r->of_spec[0] ? r->of_spec : NULL);
	oae_jw_end_obj(&w);
	oae_jw_obj(&w, "files");
	status = oae_path_join(path, sizeof(path), dir, OAE_RESCORE_DIR, err);
	if (!status && oae_dir_exists(path))
		status = oae_dir_walk(path, list_file, &l, err);
	oae_jw_end_obj(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
	return status ? status : oae_buf_check(out, OAE_RESCORE_NAME, err);
}
