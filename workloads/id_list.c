/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "schema/check.h"
#include "workloads/workload.h"

struct collect {
	const char *suffix;
	struct oae_id_list *list;
};

static enum oae_status collect(void *ctx, const char *relative,
			       struct oae_error *err)
{
	struct collect *c = ctx;
	size_t len = strlen(relative), tail = strlen(c->suffix);
	char *id;

	if (strchr(relative, '/') || len <= tail ||
	    strcmp(relative + len - tail, c->suffix) != 0)
		return OAE_OK;
	if (c->list->count == OAE_WORKLOADS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u files *%s",
				OAE_WORKLOADS_MAX, c->suffix);
	if (len - tail > OAE_NAME_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%.80s...: the name is over %u bytes", relative,
				OAE_NAME_BYTES_MAX);
	id = c->list->id[c->list->count];
	memcpy(id, relative, len - tail);
	id[len - tail] = '\0';
	c->list->count += oae_check_name(id);
	return OAE_OK;
}

enum oae_status oae_id_list_read(const char *dir, const char *suffix,
				 struct oae_id_list *list,
				 struct oae_error *err)
{
	struct collect c = { suffix, list };
	enum oae_status status;

	list->count = 0;
	if (!oae_dir_exists(dir))
		return OAE_OK;
	status = oae_dir_walk(dir, collect, &c, err);
	if (status)
		oae_error_prefix(err, "%s", dir);
	return status;
}

void oae_id_list_text(const struct oae_id_list *list, char *out, size_t size)
{
	size_t at = 0;

	snprintf(out, size, "none");
	for (size_t i = 0; i < list->count; i++) {
		int n = snprintf(out + at, size - at, "%s%s", i ? ", " : "",
				 list->id[i]);

		if (n < 0 || (size_t)n >= size - at) {
			if (size > 3)
				memcpy(out + size - 4, "...", 4);
			return;
		}
		at += (size_t)n;
	}
}

enum oae_status oae_workload_list(const char *home, struct oae_id_list *list,
				  struct oae_error *err)
{
	char dir[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	list->count = 0;
	status = oae_path_join(dir, sizeof(dir), home, "workloads", err);
	if (status)
		return status;
	return oae_id_list_read(dir, ".workload.json", list, err);
}
