/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "schema/check.h"

static bool listed(const char *const *known, const char *key)
{
	for (; *known; known++)
		if (strcmp(*known, key) == 0)
			return true;
	return false;
}

enum oae_status oae_check_keys(const cJSON *obj, const char *what,
			       const char *const *known, struct oae_error *err)
{
	const cJSON *member;
	struct oae_buf list;
	enum oae_status status = OAE_OK;

	if (!cJSON_IsObject(obj))
		return oae_fail(err, OAE_ERR_FORMAT, 0, "%s: %s", what,
				obj ? "is no object" : "is missing");
	cJSON_ArrayForEach(member, obj) {
		if (listed(known, member->string))
			continue;
		oae_buf_init(&list, 400);
		for (size_t i = 0; known[i]; i++)
			oae_buf_printf(&list, "%s%s", i ? ", " : "", known[i]);
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: unknown key \"%.60s\"; known are %s",
				  what, member->string, oae_buf_str(&list));
		oae_buf_release(&list);
		return status;
	}
	return status;
}

enum oae_status oae_check_version(const cJSON *obj, const char *key,
				  int version, const char *what,
				  struct oae_error *err)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(obj, key);

	if (!cJSON_IsNumber(v))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: \"%s\" is missing; this is no such"
				" document",
				what, key);
	if (v->valuedouble != version)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%s: \"%s\" is version %g, this program knows"
				" %d; use the program that wrote it",
				what, key, v->valuedouble, version);
	return OAE_OK;
}

bool oae_check_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > OAE_NAME_BYTES_MAX ||
	    !isalnum((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

bool oae_check_path(const char *path)
{
	size_t len = strlen(path);
	const char *part = path;

	if (len == 0 || len >= OAE_PATH_BYTES_MAX)
		return false;
	while (part) {
		size_t n = strcspn(part, "/");

		if (n == 0 || (n == 2 && strncmp(part, "..", 2) == 0))
			return false;
		part = part[n] ? part + n + 1 : NULL;
	}
	return true;
}
