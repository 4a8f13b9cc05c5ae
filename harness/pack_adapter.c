/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/pack_adapter.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "harness/campaign.h"
#include "schema/check.h"
#include "schema/manifest.h"

struct adapter {
	struct oae_pack *pack;
	const cJSON *campaign;
	const char *name, *dir; /* its folder here */
	char home[OAE_PATH_BYTES_MAX];
	struct oae_manifest manifest;
};

/* Any part of a path that begins with a dot, and what Python leaves. */
static bool is_left_out(const char *relative)
{
	return relative[0] == '.' || strstr(relative, "/.") ||
	       strstr(relative, "__pycache__");
}

/* Models are told by hash: the manifest names them below the data folder. */
static bool is_model(const struct adapter *a, const char *path)
{
	size_t n = strlen(a->home);

	if (strncmp(path, a->home, n) != 0 || path[n] != '/')
		return false;
	for (size_t i = 0; i < a->manifest.models.count; i++)
		if (strcmp(a->manifest.models.item[i], path + n + 1) == 0)
			return true;
	return false;
}

static enum oae_status take(void *ctx, const char *relative,
			    struct oae_error *err)
{
	struct adapter *a = ctx;
	char from[OAE_PATH_BYTES_MAX], below[OAE_PATH_BYTES_MAX];
	char to[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	status = oae_path_join(from, sizeof(from), a->dir, relative, err);
	if (status || is_left_out(relative) || is_model(a, from))
		return status;
	snprintf(below, sizeof(below), "adapter/%s", a->name);
	status = oae_path_join(to, sizeof(to), below, relative, err);
	return status ? status : oae_pack_copy(a->pack, from, to, err);
}

/* The folder must be what was measured, as far as the journal knows it. */
static enum oae_status check_manifest(const struct adapter *a,
				      struct oae_error *err)
{
	const cJSON *inputs =
		cJSON_GetObjectItemCaseSensitive(a->campaign, "inputs");
	char path[OAE_PATH_BYTES_MAX], name[OAE_NAME_BYTES_MAX + 32];
	char hex[OAE_SHA256_HEX];
	enum oae_status status;

	snprintf(name, sizeof(name), "adapters/%s/adapter.json", a->name);
	status = oae_path_join(path, sizeof(path), a->dir, "adapter.json", err);
	if (!status)
		status = oae_sha256_file(path, hex, err);
	if (!status && strcmp(oae_json_str_or(inputs, name, ""), hex) != 0)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "%s: has changed since the campaign; check"
				  " out the version that was measured, or"
				  " measure again",
				  path);
	return status;
}

/* The last file of the command is the adapter's program (as in campaigns). */
static enum oae_status check_program(const struct adapter *a, const char *build,
				     struct oae_error *err)
{
	const cJSON *s;
	char path[OAE_PATH_BYTES_MAX], hex[OAE_SHA256_HEX] = "";
	enum oae_status status = OAE_OK;

	for (size_t i = 0; !status && i < a->manifest.command.count; i++) {
		status = oae_manifest_expand(a->manifest.command.item[i], build,
					     a->home, a->dir, path,
					     sizeof(path), err);
		if (!status && strchr(path, '/') && oae_file_exists(path))
			status = oae_sha256_file(path, hex, err);
	}
	cJSON_ArrayForEach(s, cJSON_GetObjectItemCaseSensitive(a->campaign,
							       "systems"))
		if (strcmp(oae_json_str_or(s, "adapter", ""), a->name) == 0 &&
		    strcmp(oae_json_str_or(s, "binary_sha256", ""), hex) != 0)
			a->pack->other_program = true;
	return status;
}

/* Where the adapter is: a folder that the campaign was given, else HOME's. */
static enum oae_status find_folder(struct adapter *a, char *out, size_t size,
				   struct oae_error *err)
{
	const cJSON *options =
		cJSON_GetObjectItemCaseSensitive(a->campaign, "options");
	const cJSON *dir;
	struct oae_manifest m;
	bool is_it;

	cJSON_ArrayForEach(dir, cJSON_GetObjectItemCaseSensitive(options,
								 "adapters")) {
		memset(&m, 0, sizeof(m));
		is_it = cJSON_IsString(dir) &&
			!oae_manifest_read(dir->valuestring, &m, NULL) &&
			strcmp(m.name, a->name) == 0;
		oae_manifest_release(&m);
		if (is_it)
			return oae_path_join(out, size, dir->valuestring, "",
					     err);
	}
	if (snprintf(out, size, "%s/adapters/%s", a->home, a->name) >=
	    (int)size)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "path too long");
	if (!oae_dir_exists(out))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"adapter '%s': is neither at %s nor where the"
				" campaign had it; put it back",
				a->name, out);
	return OAE_OK;
}

static enum oae_status pack_one(struct adapter *a, struct oae_error *err)
{
	char dir[OAE_PATH_BYTES_MAX], build[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (!oae_check_name(a->name))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"adapter '%.60s': is no name", a->name);
	status = oae_home(a->home, sizeof(a->home), err);
	if (!status)
		status = oae_build_dir(build, sizeof(build), err);
	if (!status)
		status = find_folder(a, dir, sizeof(dir), err);
	a->dir = dir;
	if (!status)
		status = check_manifest(a, err);
	if (!status)
		status = oae_manifest_read(dir, &a->manifest, err);
	if (!status)
		status = check_program(a, build, err);
	if (!status)
		status = oae_dir_walk(dir, take, a, err);
	oae_manifest_release(&a->manifest);
	return status;
}

enum oae_status oae_pack_adapters(struct oae_pack *p,
				  const struct oae_records *r,
				  struct oae_error *err)
{
	cJSON *names = oae_campaign_adapter_names(r->campaign);
	const cJSON *name;
	enum oae_status status = OAE_OK;

	if (!names)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	cJSON_ArrayForEach(name, names) {
		struct adapter a = { .pack = p,
				     .campaign = r->campaign,
				     .name = name->valuestring };

		status = pack_one(&a, err);
		if (status)
			break;
	}
	cJSON_Delete(names);
	return status;
}
