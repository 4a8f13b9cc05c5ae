/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const oae_view_mode_key[OAE_VIEW_MODES] = { "on_demand", "owned" };
const char *const oae_view_mode_name[OAE_VIEW_MODES] = { "on demand", "owned" };

const cJSON *oae_view_at(const cJSON *obj, const char *path)
{
	char key[64];
	size_t n;

	while (obj && *path) {
		n = strcspn(path, ".");
		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		obj = cJSON_GetObjectItemCaseSensitive(obj, key);
		path += n + (path[n] == '.' ? 1 : 0);
	}
	return cJSON_IsNull(obj) ? NULL : obj;
}

const char *oae_view_str(const cJSON *obj, const char *path)
{
	const cJSON *item = oae_view_at(obj, path);

	return cJSON_IsString(item) ? item->valuestring : "";
}

double oae_view_num(const cJSON *obj, const char *path)
{
	const cJSON *item = oae_view_at(obj, path);

	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

struct oae_value oae_view_value(const cJSON *obj, const char *path)
{
	const cJSON *item = oae_view_at(obj, path);
	struct oae_value v = { 0 };

	if (cJSON_IsNumber(item)) {
		v.has = true;
		v.value = v.low = v.high = item->valuedouble;
		return v;
	}
	v.value = oae_view_num(item, "value");
	v.low = oae_view_num(item, "low");
	v.high = oae_view_num(item, "high");
	v.has = !isnan(v.value);
	v.band = v.has && !isnan(v.low) && !isnan(v.high);
	v.class = oae_json_str_or(item, "class", NULL);
	v.reason = oae_json_str_or(item, "reason", NULL);
	return v;
}

char oae_view_class_letter(const char *class)
{
	static const char *const names[] = { "measured", "published",
					     "declared", "estimated",
					     "assumed" };
	size_t i;

	for (i = 0; class && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], class) == 0)
			return "MPDEA"[i];
	return '?';
}

const cJSON *oae_view_systems(const struct oae_report_run *run)
{
	return oae_view_at(run->json, "systems");
}

const cJSON *oae_view_profiles(const struct oae_report_run *run)
{
	return oae_view_at(run->json, "profiles");
}

const cJSON *oae_view_profile(const struct oae_report_run *run, const char *id)
{
	const cJSON *p;

	cJSON_ArrayForEach(p, oae_view_profiles(run))
		if (strcmp(oae_view_str(p, "id"), id) == 0)
			return p;
	return NULL;
}

const cJSON *oae_view_first_profile(const struct oae_report *r, const char *id)
{
	const cJSON *p = NULL;
	size_t i;

	for (i = 0; i < r->n_runs && !p; i++)
		p = oae_view_profile(&r->runs[i], id);
	return p;
}

/* Bytes of "adapter/" when every system of every run begins so; else 0. */
static size_t common_adapter(const struct oae_report *r)
{
	const char *first = NULL;
	const cJSON *s;
	size_t i, n = 0;

	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			const char *id = oae_view_str(s, "id");

			if (!first) {
				first = id;
				n = strcspn(id, "/");
				if (!id[n])
					return 0;
				n++;
			}
			if (strncmp(id, first, n) != 0)
				return 0;
		}
	return n;
}

void oae_view_label(const struct oae_report *r,
		    const struct oae_report_run *run, const char *system_id,
		    char out[OAE_LABEL_BYTES])
{
	size_t skip = common_adapter(r);

	if (strlen(system_id) <= skip)
		skip = 0;
	snprintf(out, OAE_LABEL_BYTES, "%s%s%.250s",
		 r->n_runs > 1 ? run->name : "", r->n_runs > 1 ? ": " : "",
		 system_id + skip);
}

/* Adds an id that is not in the list yet. */
static enum oae_status add_id(const char ***ids, size_t *n, const char *id,
			      struct oae_error *err)
{
	const char **moved;
	size_t i;

	for (i = 0; i < *n; i++)
		if (strcmp((*ids)[i], id) == 0)
			return OAE_OK;
	moved = realloc(*ids, (*n + 1) * sizeof(*moved));
	if (!moved)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "report: no memory");
	*ids = moved;
	moved[(*n)++] = id;
	return OAE_OK;
}

enum oae_status oae_view_profile_ids(const struct oae_report *r,
				     const char ***ids, size_t *n,
				     struct oae_error *err)
{
	const cJSON *p;
	size_t i;

	*ids = NULL;
	*n = 0;
	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(p, oae_view_profiles(&r->runs[i]))
			if (add_id(ids, n, oae_view_str(p, "id"), err))
				goto fail;
	return OAE_OK;
fail:
	free(*ids);
	*ids = NULL;
	return OAE_ERR_NOMEM;
}

enum oae_status oae_view_workload_ids(const struct oae_report *r,
				      const char ***ids, size_t *n,
				      struct oae_error *err)
{
	const cJSON *s, *w;
	size_t i;

	*ids = NULL;
	*n = 0;
	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i]))
			cJSON_ArrayForEach(
				w, oae_view_at(s, "measured.by_workload"))
				if (add_id(ids, n, oae_view_str(w, "workload"),
					   err))
					goto fail;
	return OAE_OK;
fail:
	free(*ids);
	*ids = NULL;
	return OAE_ERR_NOMEM;
}

size_t oae_view_colour(const struct oae_report *r,
		       const struct oae_report_run *run, const char *system_id)
{
	size_t i, next = 1;
	const cJSON *s;

	for (i = 0; i < r->n_runs; i++)
		cJSON_ArrayForEach(s, oae_view_systems(&r->runs[i])) {
			bool base = cJSON_IsTrue(oae_view_at(s, "baseline"));

			if (&r->runs[i] == run &&
			    strcmp(oae_view_str(s, "id"), system_id) == 0)
				return base ? 0 : next;
			next += base ? 0 : 1;
		}
	return next;
}
