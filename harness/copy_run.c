/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/copy_run.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "harness/commands.h"
#include "schema/check.h"

static enum oae_status not_empty(void *ctx, const char *relative,
				 struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"%s: not empty (%s is in it); name another folder",
			(const char *)ctx, relative);
}

enum oae_status oae_run_dir_new(const char *to, struct oae_error *err)
{
	char name[OAE_PATH_BYTES_MAX];
	enum oae_status status = OAE_OK;

	if (strlen(to) >= sizeof(name) / 2)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	if (oae_file_exists(to))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: is a file; name a new folder", to);
	(void)snprintf(name, sizeof(name), "%s", to);
	if (oae_dir_exists(to))
		status = oae_dir_walk(to, not_empty, name, err);
	return status ? status : oae_dir_make(to, err);
}

struct copier {
	const char *from, *to; /* folders */
};

static enum oae_status make_parent(const char *path, struct oae_error *err)
{
	char dir[2 * OAE_PATH_BYTES_MAX], *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	return oae_dir_make(dir, err);
}

static enum oae_status copy_one(void *ctx, const char *relative,
				struct oae_error *err)
{
	char from[OAE_PATH_BYTES_MAX], to[OAE_PATH_BYTES_MAX];
	const struct copier *c = ctx;
	enum oae_status status;

	status = oae_path_join(from, sizeof(from), c->from, relative, err);
	if (!status)
		status = oae_path_join(to, sizeof(to), c->to, relative, err);
	if (!status)
		status = make_parent(to, err);
	return status ? status : oae_file_copy(from, to, err);
}

static enum oae_status copy_below(const char *dir, const char *to,
				  const char *folder, struct oae_error *err)
{
	char from[OAE_PATH_BYTES_MAX], into[OAE_PATH_BYTES_MAX];
	struct copier c = { from, into };
	enum oae_status status;

	status = oae_path_join(from, sizeof(from), dir, folder, err);
	if (!status)
		status = oae_path_join(into, sizeof(into), to, folder, err);
	return status ? status : oae_dir_walk(from, copy_one, &c, err);
}

/* TO/rescore/profiles/ID.json */
static enum oae_status copy_profile(const char *path, const char *to,
				    struct oae_error *err)
{
	char name[2 * OAE_PATH_BYTES_MAX];
	cJSON *tree = NULL;
	const char *id = "";
	enum oae_status status = oae_json_read(path, &tree, err);

	if (!status)
		status = oae_json_str(tree, "id", &id, err);
	if (!status && !oae_check_name(id))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: id \"%.60s\" is no name", path, id);
	(void)snprintf(name, sizeof(name),
		       "%s/" OAE_RESCORE_DIR "/profiles/%s.json", to, id);
	cJSON_Delete(tree);
	if (!status)
		status = make_parent(name, err);
	return status ? status : oae_file_copy(path, name, err);
}

static enum oae_status copy_tables(const char *tables, const char *to,
				   struct oae_error *err)
{
	static const char *const names[] = {
		"defaults.csv",
		"wages.csv",
		"grid.csv",
		"embodied.csv",
	};
	char into[2 * OAE_PATH_BYTES_MAX];
	struct copier c = { tables, into };
	enum oae_status status = OAE_OK;

	(void)snprintf(into, sizeof(into), "%s/" OAE_RESCORE_DIR "/tables", to);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !status; i++)
		status = copy_one(&c, names[i], err);
	return status;
}

static enum oae_status write_note(const char *to, const struct oae_rescore *r,
				  struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	struct oae_buf text;
	enum oae_status status;

	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	status = oae_rescore_write(to, r, &text, err);
	if (!status)
		status = oae_path_join(path, sizeof(path), to, OAE_RESCORE_NAME,
				       err);
	if (!status)
		status = oae_file_write(path, text.data, text.len, err);
	oae_buf_release(&text);
	return status;
}

enum oae_status oae_run_copy_rescore(const char *to,
				     const struct oae_rescore *r,
				     struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < r->profile_count && !status; i++)
		status = copy_profile(r->profiles[i], to, err);
	if (!status && r->tables)
		status = copy_tables(r->tables, to, err);
	return status ? status : write_note(to, r, err);
}

enum oae_status oae_run_rescore_to(const char *dir, const char *to,
				   const struct oae_rescore *r,
				   struct oae_error *err)
{
	struct copier c = { dir, to };
	enum oae_status status = oae_run_dir_new(to, err);

	if (!status)
		status = copy_one(&c, "journal.jsonl", err);
	if (!status)
		status = copy_below(dir, to, "inputs", err);
	if (!status)
		status = oae_run_copy_rescore(to, r, err);
	return status ? status : oae_score_run_dir(to, err);
}
