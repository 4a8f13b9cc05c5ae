/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "schema/check.h"
#include "schema/knob_space.h"
#include "schema/manifest.h"
#include "schema/manifest_internal.h"

static const char *const manifest_keys[] = {
	"oae_adapter", "name",	  "version", "title",	"about",
	"licence",     "command", "models",  "systems", "setup",
	"materials",   "first",	  "synth",   NULL,
};
static const char *const system_keys[] = {
	"name",	  "title", "kind",   "about",	    "lossless_of",
	"models", "knobs", "effort", "constraints", NULL,
};
static const char *const knob_keys[] = {
	"name",	   "type",  "default", "low", "high",
	"choices", "about", "tune",    NULL,
};

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}

enum oae_status oae_strings_read(const cJSON *obj, const char *key, bool needed,
				 bool paths, struct oae_strings *out,
				 struct oae_error *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(obj, key);
	const cJSON *s;
	enum oae_status status = OAE_OK;

	if (!list && !needed)
		return OAE_OK;
	status = oae_json_arr(obj, key, &list, err);
	if (status)
		return status;
	cJSON_ArrayForEach(s, list) {
		if (!cJSON_IsString(s) || !*s->valuestring)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"\"%s\" must"
					" hold non-empty strings only",
					key);
		if (out->count == OAE_MANIFEST_LIST_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"\"%s\" has"
					" more than %u entries",
					key, OAE_MANIFEST_LIST_MAX);
		if (paths && !oae_check_path(s->valuestring))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"\"%s\":"
					" \"%.100s\" must be a path below the"
					" project's folder",
					key, s->valuestring);
		out->item[out->count++] = s->valuestring;
	}
	if (needed && out->count == 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0, "\"%s\" is empty", key);
	return OAE_OK;
}

static enum oae_status knob_type(const cJSON *obj, struct oae_knob *k,
				 struct oae_error *err)
{
	static const char *const names[] = {
		[OAE_KNOB_INT] = "int",	      [OAE_KNOB_NUMBER] = "number",
		[OAE_KNOB_STRING] = "string", [OAE_KNOB_BOOL] = "bool",
		[OAE_KNOB_CHOICE] = "choice",
	};
	const char *type = oae_json_str_or(obj, "type", "");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(type, names[i]) == 0) {
			k->type = (enum oae_knob_type)i;
			return OAE_OK;
		}
	return oae_fail(err, OAE_ERR_FORMAT, 0,
			"type \"%.40s\" is unknown;"
			" give int, number, string, bool or choice",
			type);
}

static enum oae_status knob_choices(const cJSON *obj, struct oae_knob *k,
				    struct oae_error *err)
{
	struct oae_strings choices = { .count = 0 };
	enum oae_status status;

	if (k->type != OAE_KNOB_CHOICE)
		return OAE_OK;
	status = oae_strings_read(obj, "choices", true, false, &choices, err);
	if (!status)
		k->choices = cJSON_GetObjectItemCaseSensitive(obj, "choices");
	return status;
}

/* The default must pass the knob's own check. */
static enum oae_status knob_default(const struct oae_knob *k,
				    struct oae_error *err)
{
	struct oae_buf scratch;
	struct oae_jw w;
	const cJSON *v = k->otherwise;
	char text[64];
	enum oae_status status;

	if (cJSON_IsNumber(v))
		snprintf(text, sizeof(text), "%.17g", v->valuedouble);
	else if (cJSON_IsBool(v))
		snprintf(text, sizeof(text), "%s",
			 cJSON_IsTrue(v) ? "true" : "false");
	else if (!cJSON_IsString(v))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"default\" is"
				" missing or of another type");
	oae_buf_init(&scratch, OAE_LINE_BYTES_MAX);
	oae_jw_init(&w, &scratch, 0);
	oae_jw_obj(&w, NULL);
	status = oae_knob_write(k, cJSON_IsString(v) ? v->valuestring : text,
				&w, err);
	oae_buf_release(&scratch);
	if (status)
		err->status = OAE_ERR_FORMAT;
	return status ? OAE_ERR_FORMAT : OAE_OK;
}

static enum oae_status read_knob(const cJSON *obj, struct oae_knob *k,
				 struct oae_error *err)
{
	enum oae_status status = oae_check_keys(obj, "knob", knob_keys, err);

	if (!status)
		status = oae_json_str(obj, "name", &k->name, err);
	if (status)
		return status;
	k->low = oae_json_num_or(obj, "low", -INFINITY);
	k->high = oae_json_num_or(obj, "high", INFINITY);
	k->about = oae_json_str_or(obj, "about", NULL);
	k->otherwise = cJSON_GetObjectItemCaseSensitive(obj, "default");
	if (!oae_check_name(k->name))
		status = oae_fail(err, OAE_ERR_FORMAT, 0, "is no name");
	if (!status)
		status = knob_type(obj, k, err);
	if (!status)
		status = knob_choices(obj, k, err);
	if (!status)
		status = knob_default(k, err);
	if (!status)
		status = oae_knob_space_read(obj, k, err);
	if (status)
		oae_error_prefix(err, "knob \"%.60s\"", k->name);
	return status;
}

static enum oae_status read_knobs(const cJSON *obj, struct oae_system_entry *s,
				  struct oae_error *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(obj, "knobs");
	const cJSON *k;
	enum oae_status status;

	if (!list)
		return OAE_OK;
	status = oae_json_arr(obj, "knobs", &list, err);
	if (status)
		return status;
	if (cJSON_GetArraySize(list) > (int)OAE_MANIFEST_LIST_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u knobs",
				OAE_MANIFEST_LIST_MAX);
	s->knobs =
		calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*s->knobs));
	if (!s->knobs)
		return no_memory(err);
	cJSON_ArrayForEach(k, list) {
		status = read_knob(k, &s->knobs[s->knob_count], err);
		if (status)
			return status;
		if (oae_system_knob(s, s->knobs[s->knob_count].name))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"knob"
					" \"%.60s\" stands twice",
					s->knobs[s->knob_count].name);
		s->knob_count++;
	}
	return OAE_OK;
}

static enum oae_status read_system(const cJSON *obj, struct oae_system_entry *s,
				   struct oae_error *err)
{
	enum oae_status status =
		oae_check_keys(obj, "systems", system_keys, err);

	if (!status)
		status = oae_json_str(obj, "name", &s->name, err);
	if (status)
		return status;
	s->about = oae_json_str_or(obj, "about", NULL);
	s->lossless_of = oae_json_str_or(obj, "lossless_of", NULL);
	s->effort = oae_json_str_or(obj, "effort", NULL);
	if (!oae_check_name(s->name))
		status = oae_fail(err, OAE_ERR_FORMAT, 0, "is no name");
	if (!status && s->effort && !oae_check_path(s->effort))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "\"effort\" must be"
				  " a path below the adapter's folder");
	if (!status)
		status = oae_json_str(obj, "title", &s->title, err);
	if (!status)
		status = oae_json_str(obj, "kind", &s->kind, err);
	if (!status)
		status = oae_strings_read(obj, "models", false, true,
					  &s->models, err);
	if (!status)
		status = read_knobs(obj, s, err);
	if (!status)
		status = oae_constraints_read(obj, s, err);
	if (status)
		oae_error_prefix(err, "system \"%.60s\"", s->name);
	return status;
}

static enum oae_status read_systems(struct oae_manifest *m,
				    struct oae_error *err)
{
	const cJSON *list, *obj;
	enum oae_status status = oae_json_arr(m->tree, "systems", &list, err);

	if (status)
		return status;
	if (cJSON_GetArraySize(list) < 1 ||
	    cJSON_GetArraySize(list) > (int)OAE_SYSTEMS_MAX)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"systems\" must hold"
				" 1 to %u systems",
				OAE_SYSTEMS_MAX);
	m->systems =
		calloc((size_t)cJSON_GetArraySize(list), sizeof(*m->systems));
	if (!m->systems)
		return no_memory(err);
	cJSON_ArrayForEach(obj, list) {
		struct oae_system_entry *s = &m->systems[m->system_count++];

		status = read_system(obj, s, err);
		if (status)
			return status;
		if (oae_manifest_system(m, s->name) != s)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"system"
					" \"%.60s\" stands twice",
					s->name);
	}
	for (size_t i = 0; i < m->system_count; i++) {
		const char *of = m->systems[i].lossless_of;

		if (of && !oae_manifest_system(m, of))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"system"
					" \"%.60s\": lossless_of \"%.60s\" is"
					" none of the systems",
					m->systems[i].name, of);
	}
	return OAE_OK;
}

static enum oae_status read_head(struct oae_manifest *m, struct oae_error *err)
{
	enum oae_status status;

	status = oae_check_keys(m->tree, "adapter", manifest_keys, err);
	if (!status)
		status = oae_json_str(m->tree, "name", &m->name, err);
	if (!status && !oae_check_name(m->name))
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "name \"%.60s\" must"
				  " be letters, digits, '.', '_', '-'",
				  m->name);
	if (!status)
		status = oae_json_str(m->tree, "version", &m->version, err);
	if (!status)
		status = oae_json_str(m->tree, "title", &m->title, err);
	if (!status)
		status = oae_json_str(m->tree, "licence", &m->licence, err);
	if (!status)
		status = oae_strings_read(m->tree, "command", true, false,
					  &m->command, err);
	if (!status)
		status = oae_strings_read(m->tree, "models", false, true,
					  &m->models, err);
	return status;
}

enum oae_status oae_manifest_read(const char *dir, struct oae_manifest *m,
				  struct oae_error *err)
{
	struct oae_error local = { OAE_OK, 0, "" };
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (!err)
		err = &local;
	memset(m, 0, sizeof(*m));
	status = oae_path_join(path, sizeof(path), dir, "adapter.json", err);
	if (!status)
		status = oae_json_read(path, &m->tree, err);
	if (!status)
		status =
			oae_check_version(m->tree, "oae_adapter", 1, path, err);
	if (status)
		return status;
	status = read_head(m, err);
	if (!status)
		status = read_systems(m, err);
	if (!status)
		status = oae_manifest_read_setup(m, err);
	if (!status)
		status = oae_strings_read(m->tree, "synth", false, false,
					  &m->synth, err);
	if (status)
		oae_error_prefix(err, "%s", path);
	return status;
}

void oae_manifest_release(struct oae_manifest *m)
{
	for (size_t i = 0; i < m->system_count; i++) {
		free(m->systems[i].knobs);
		free(m->systems[i].constraints);
	}
	free(m->systems);
	free(m->setup);
	cJSON_Delete(m->tree);
	memset(m, 0, sizeof(*m));
}

const struct oae_system_entry *oae_manifest_system(const struct oae_manifest *m,
						   const char *name)
{
	for (size_t i = 0; i < m->system_count; i++)
		if (strcmp(m->systems[i].name, name) == 0)
			return &m->systems[i];
	return NULL;
}
