/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "schema/check.h"

static const char *const keys[] = {
	"oae_suite", "id",	  "title",    "about",	    "systems",
	"baseline",  "workloads", "scenario", "conditions", "runs",
	"scale",     "profiles",  "load",     NULL,
};
static const char *const workload_keys[] = { "id", "items_per_run", NULL };
static const char *const scale_keys[] = {
	"shape", "quant", "system", "tokens_in", "tokens_out", "runs", NULL,
};

/* "adapter/system" */
static bool system_name(const char *name)
{
	const char *slash = strchr(name, '/');
	char adapter[OAE_NAME_BYTES_MAX + 1];

	if (!slash || (size_t)(slash - name) > OAE_NAME_BYTES_MAX)
		return false;
	memcpy(adapter, name, (size_t)(slash - name));
	adapter[slash - name] = '\0';
	return oae_check_name(adapter) && oae_check_name(slash + 1);
}

/* The index of a name, or count when it is not there. */
static size_t find(const char *const *names, size_t count, const char *name)
{
	size_t i = 0;

	while (i < count && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* A list of different names, each right by `right`. */
static enum oae_status read_names(const cJSON *tree, const char *key,
				  bool (*right)(const char *name),
				  const char **out, size_t max, size_t *count,
				  struct oae_error *err)
{
	const cJSON *list, *name;
	enum oae_status status = oae_json_arr(tree, key, &list, err);

	if (status)
		return status;
	cJSON_ArrayForEach(name, list) {
		if (!cJSON_IsString(name) || !right(name->valuestring))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"\"%s\": entry %zu is no name", key,
					*count + 1);
		if (*count == max)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"\"%s\": more than %zu", key, max);
		if (find(out, *count, name->valuestring) < *count)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"\"%s\": \"%.60s\" is there twice", key,
					name->valuestring);
		out[(*count)++] = name->valuestring;
	}
	return OAE_OK;
}

/* A whole number in [1, max]. */
static enum oae_status read_count(const cJSON *obj, const char *key,
				  uint32_t max, uint32_t *out,
				  struct oae_error *err)
{
	uint64_t v;
	enum oae_status status = oae_json_u64(obj, key, &v, err);

	if (status)
		return status;
	if (!v || v > max)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"\"%s\": must be 1 to %u", key, max);
	*out = (uint32_t)v;
	return OAE_OK;
}

static enum oae_status read_workload(struct oae_suite *s, const cJSON *obj,
				     struct oae_error *err)
{
	struct oae_suite_workload *w = &s->workloads[s->workload_count];
	enum oae_status status;

	status = oae_check_keys(obj, "workload", workload_keys, err);
	if (!status)
		status = oae_json_str(obj, "id", &w->id, err);
	if (!status)
		status = read_count(obj, "items_per_run", OAE_ITEMS_MAX,
				    &w->items_per_run, err);
	if (status)
		return status;
	if (!oae_check_name(w->id))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"id\": \"%.60s\" is no name", w->id);
	for (size_t i = 0; i < s->workload_count; i++) {
		if (!strcmp(s->workloads[i].id, w->id))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"\"%.60s\" is there twice", w->id);
	}
	s->workload_count++;
	return OAE_OK;
}

static enum oae_status read_scale(struct oae_suite *s, const cJSON *obj,
				  struct oae_error *err)
{
	struct oae_suite_scale *c = &s->scale[s->scale_count];
	enum oae_status status;

	status = oae_check_keys(obj, "scale", scale_keys, err);
	if (!status)
		status = oae_json_str(obj, "shape", &c->shape, err);
	if (!status)
		status = oae_json_str(obj, "quant", &c->quant, err);
	if (!status)
		status = oae_json_str(obj, "system", &c->system, err);
	if (!status)
		status = read_count(obj, "tokens_in", OAE_TOKENS_PER_ANSWER_MAX,
				    &c->tokens_in, err);
	if (!status)
		status = read_count(obj, "tokens_out",
				    OAE_TOKENS_PER_ANSWER_MAX, &c->tokens_out,
				    err);
	if (!status)
		status = read_count(obj, "runs", OAE_RUNS_MAX, &c->runs, err);
	if (status)
		return status;
	if (!oae_check_name(c->shape) || !oae_check_name(c->quant))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"shape\" and \"quant\" must be names");
	if (find(s->systems, s->system_count, c->system) == s->system_count)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"system\": \"%.60s\" is none of \"systems\"",
				c->system);
	s->scale_count++;
	return OAE_OK;
}

/* What reads one object of a list. */
struct reader {
	const char *key;
	size_t max;
	enum oae_status (*read)(struct oae_suite *s, const cJSON *obj,
				struct oae_error *err);
};

static enum oae_status read_objects(struct oae_suite *s, const struct reader *r,
				    struct oae_error *err)
{
	const cJSON *list, *obj;
	size_t n = 0;
	enum oae_status status = oae_json_arr(s->tree, r->key, &list, err);

	if (status)
		return status;
	cJSON_ArrayForEach(obj, list) {
		if (n++ == r->max)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"\"%s\": more than %zu", r->key,
					r->max);
		status = r->read(s, obj, err);
		if (status) {
			oae_error_prefix(err, "\"%s\" entry %zu", r->key, n);
			return status;
		}
	}
	return OAE_OK;
}

static const struct reader workload_list = {
	"workloads",
	OAE_WORKLOADS_MAX,
	read_workload,
};
static const struct reader scale_list = {
	"scale",
	OAE_SCALES_MAX,
	read_scale,
};

static bool any_name(const char *name)
{
	return name[0] != '\0';
}

static enum oae_status read_conditions(struct oae_suite *s,
				       struct oae_error *err)
{
	const char *whole[OAE_CONDITIONS_MAX];
	enum oae_status status;
	size_t n;

	status = read_names(s->tree, "conditions", any_name, s->conditions,
			    OAE_CONDITIONS_MAX, &s->condition_count, err);
	if (status || !oae_conditions_expand(s->conditions, s->condition_count,
					     whole, &n, err))
		return status;
	if (err)
		err->status = OAE_ERR_FORMAT; /* nobody's option, a file */
	return OAE_ERR_FORMAT;
}

static enum oae_status read_lists(struct oae_suite *s, struct oae_error *err)
{
	const char *baseline;
	enum oae_status status;

	status = read_names(s->tree, "systems", system_name, s->systems,
			    OAE_SYSTEMS_MAX, &s->system_count, err);
	if (!status)
		status = oae_json_str(s->tree, "baseline", &baseline, err);
	if (!status)
		status = read_conditions(s, err);
	if (!status)
		status = read_names(s->tree, "profiles", oae_check_name,
				    s->profiles, OAE_PROFILES_MAX,
				    &s->profile_count, err);
	if (!status)
		status = read_objects(s, &workload_list, err);
	if (!status)
		status = read_objects(s, &scale_list, err);
	if (status)
		return status;
	if (!s->system_count || !s->workload_count || !s->condition_count)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"systems\", \"workloads\" and "
				"\"conditions\" must not be empty");
	s->baseline = find(s->systems, s->system_count, baseline);
	if (s->baseline == s->system_count)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"baseline\": \"%.60s\" is none of "
				"\"systems\"",
				baseline);
	return OAE_OK;
}

/* The scenario and what it needs to know must go together. */
static enum oae_status read_load(struct oae_suite *s, struct oae_error *err)
{
	const cJSON *load = cJSON_GetObjectItemCaseSensitive(s->tree, "load");
	static const struct oae_load_spec nothing = { 0 };
	struct oae_load_plan plan;
	enum oae_status status;

	status = oae_json_str(s->tree, "scenario", &s->load.scenario, err);
	if (!status && load)
		status = oae_load_spec_read(load, &s->load, err);
	if (!status)
		status = oae_load_resolve(&s->load, &nothing, &plan, err);
	/* Nobody gave an option: the file is wrong. */
	if (status == OAE_ERR_USAGE)
		err->status = status = OAE_ERR_FORMAT;
	return status;
}

static enum oae_status read_all(struct oae_suite *s, struct oae_error *err)
{
	enum oae_status status;

	status = oae_check_version(s->tree, "oae_suite", OAE_SUITE_VERSION,
				   "suite", err);
	if (!status)
		status = oae_check_keys(s->tree, "suite", keys, err);
	if (!status)
		status = oae_json_str(s->tree, "id", &s->id, err);
	if (!status)
		status = oae_json_str(s->tree, "title", &s->title, err);
	if (!status)
		status = read_load(s, err);
	if (!status)
		status = read_count(s->tree, "runs", OAE_RUNS_MAX, &s->runs,
				    err);
	if (status)
		return status;
	s->about = oae_json_str_or(s->tree, "about", "");
	if (!oae_check_name(s->id))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"id\": \"%.60s\" is no name", s->id);
	if (s->runs % 2)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"runs\": must be even: every order of "
				"systems is run forwards and backwards");
	return read_lists(s, err);
}

enum oae_status oae_suite_read(const char *path, struct oae_suite *s,
			       struct oae_error *err)
{
	struct oae_buf text;
	enum oae_status status;

	memset(s, 0, sizeof(*s));
	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	status = oae_file_read(path, &text, err);
	if (status)
		goto out;
	snprintf(s->path, sizeof(s->path), "%s", path);
	oae_sha256_bytes(oae_buf_str(&text), text.len, s->sha256);
	status = oae_json_parse(oae_buf_str(&text), text.len, &s->tree, err);
	if (!status)
		status = read_all(s, err);
	if (status)
		oae_error_prefix(err, "%s", path);
out:
	oae_buf_release(&text);
	return status;
}

enum oae_status oae_suite_list(const char *home, struct oae_id_list *list,
			       struct oae_error *err)
{
	char dir[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	list->count = 0;
	status = oae_path_join(dir, sizeof(dir), home, "workloads/suites", err);
	if (status)
		return status;
	return oae_id_list_read(dir, ".json", list, err);
}

enum oae_status oae_suite_load(const char *home, const char *id,
			       struct oae_suite *s, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], known[240];
	struct oae_id_list list;
	enum oae_status status;
	int n;

	memset(s, 0, sizeof(*s));
	status = oae_suite_list(home, &list, err);
	if (status)
		return status;
	n = snprintf(path, sizeof(path), "%s/workloads/suites/%s.json", home,
		     id);
	if (!oae_check_name(id) || n < 0 || (size_t)n >= sizeof(path) ||
	    !oae_file_exists(path)) {
		oae_id_list_text(&list, known, sizeof(known));
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"suite \"%.60s\": there is none of that name; "
				"known are %s",
				id, known);
	}
	status = oae_suite_read(path, s, err);
	if (!status && strcmp(s->id, id) != 0)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s: its id is \"%.60s\"; rename one of the "
				  "two",
				  path, s->id);
	return status;
}

void oae_suite_release(struct oae_suite *s)
{
	cJSON_Delete(s->tree);
	memset(s, 0, sizeof(*s));
}
