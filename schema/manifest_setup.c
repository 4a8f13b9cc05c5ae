/* SPDX-License-Identifier: Apache-2.0 */
/* How a clean copy of an adapter is brought to its first answer. */
#include <stdlib.h>
#include <string.h>

#include "schema/check.h"
#include "schema/manifest_internal.h"

#define LIMIT_S_MAX 86400

static const char *const kinds[] = {
	[OAE_SETUP_COMMAND] = "command",
	[OAE_SETUP_PACKAGES] = "packages",
	[OAE_SETUP_PATCH] = "patch",
};

const char *oae_setup_kind_name(enum oae_setup_kind kind)
{
	return kinds[kind];
}

int oae_setup_kind_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(name, kinds[i]) == 0)
			return (int)i;
	return -1;
}

/* Lower-case letters, digits, '.', '+', '-': a name of Debian policy 5.6.1. */
static bool package_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.+-");

	return n >= 2 && !s[n] && n < OAE_NAME_BYTES_MAX &&
	       strchr(".+-", *s) == NULL;
}

/* Exactly one of argv, packages and patch says what is done. */
static enum oae_status read_kind(const cJSON *obj, struct oae_setup_step *s,
				 struct oae_error *err)
{
	bool argv = cJSON_HasObjectItem(obj, "argv");
	bool packages = cJSON_HasObjectItem(obj, "packages");
	enum oae_status status;

	s->patch = oae_json_str_or(obj, "patch", NULL);
	if (argv + packages + (s->patch != NULL) != 1)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"a set-up step has one of \"argv\","
				" \"packages\" and \"patch\"");
	if (argv) {
		s->kind = OAE_SETUP_COMMAND;
		return oae_strings_read(obj, "argv", true, false, &s->argv,
					err);
	}
	if (!packages) {
		s->kind = OAE_SETUP_PATCH;
		if (oae_check_path(s->patch))
			return OAE_OK;
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"patch\": \"%.100s\" must be a path below"
				" the adapter's folder",
				s->patch);
	}
	s->kind = OAE_SETUP_PACKAGES;
	status = oae_strings_read(obj, "packages", true, false, &s->packages,
				  err);
	for (size_t i = 0; !status && i < s->packages.count; i++)
		if (!package_name(s->packages.item[i]))
			status = oae_fail(err, OAE_ERR_FORMAT, 0,
					  "\"packages\": \"%.100s\" is no name"
					  " of a Debian package",
					  s->packages.item[i]);
	return status;
}

enum oae_status oae_setup_step_read(const cJSON *obj, struct oae_setup_step *s,
				    struct oae_error *err)
{
	const cJSON *limit = cJSON_GetObjectItemCaseSensitive(obj, "limit_s");
	enum oae_status status;

	memset(s, 0, sizeof(*s));
	status = read_kind(obj, s, err);
	if (!status)
		status = oae_strings_read(obj, "sets", false, false, &s->sets,
					  err);
	if (status)
		return status;
	s->about = oae_json_str_or(obj, "about", NULL);
	s->network =
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(obj, "network"));
	if (!limit || cJSON_IsNull(limit))
		return OAE_OK;
	if (!cJSON_IsNumber(limit) || !(limit->valuedouble >= 1) ||
	    !(limit->valuedouble <= LIMIT_S_MAX))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"\"limit_s\" must be seconds from 1 to %d",
				LIMIT_S_MAX);
	s->limit_s = (uint32_t)limit->valuedouble;
	return OAE_OK;
}

static void write_strings(struct oae_jw *w, const char *key,
			  const struct oae_strings *s)
{
	oae_jw_arr(w, key);
	for (size_t i = 0; i < s->count; i++)
		oae_jw_str(w, NULL, s->item[i]);
	oae_jw_end_arr(w);
}

void oae_setup_step_write(struct oae_jw *w, const struct oae_setup_step *s)
{
	if (s->kind == OAE_SETUP_COMMAND)
		write_strings(w, "argv", &s->argv);
	else if (s->kind == OAE_SETUP_PACKAGES)
		write_strings(w, "packages", &s->packages);
	else
		oae_jw_str(w, "patch", s->patch);
	oae_jw_bool(w, "network", s->network);
	write_strings(w, "sets", &s->sets);
	if (s->limit_s)
		oae_jw_int(w, "limit_s", s->limit_s);
	else
		oae_jw_null(w, "limit_s");
}

static bool any_knob(const struct oae_manifest *m, const char *name)
{
	for (size_t i = 0; i < m->system_count; i++)
		if (oae_system_knob(&m->systems[i], name))
			return true;
	return false;
}

static enum oae_status read_step(const struct oae_manifest *m, const cJSON *obj,
				 struct oae_setup_step *s,
				 struct oae_error *err)
{
	static const char *const keys[] = {
		"argv",	   "packages", "patch",	  "about",
		"network", "sets",     "limit_s", NULL,
	};
	enum oae_status status = oae_check_keys(obj, "setup", keys, err);

	if (!status)
		status = oae_setup_step_read(obj, s, err);
	for (size_t i = 0; !status && i < s->sets.count; i++)
		if (!any_knob(m, s->sets.item[i]))
			status = oae_fail(err, OAE_ERR_FORMAT, 0,
					  "\"sets\": no system has a knob"
					  " \"%.60s\"",
					  s->sets.item[i]);
	return status;
}

static enum oae_status read_first(struct oae_manifest *m, struct oae_error *err)
{
	static const char *const keys[] = { "prompt", "network", NULL };
	const cJSON *first = cJSON_GetObjectItemCaseSensitive(m->tree, "first");
	enum oae_status status;

	if (!first)
		return OAE_OK;
	status = oae_check_keys(first, "first", keys, err);
	if (status)
		return status;
	m->first_prompt = oae_json_str_or(first, "prompt", NULL);
	m->first_network = cJSON_IsTrue(
		cJSON_GetObjectItemCaseSensitive(first, "network"));
	return OAE_OK;
}

enum oae_status oae_manifest_read_setup(struct oae_manifest *m,
					struct oae_error *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(m->tree, "setup");
	const cJSON *obj;
	enum oae_status status;

	status = oae_strings_read(m->tree, "materials", false, true,
				  &m->materials, err);
	if (!status)
		status = read_first(m, err);
	if (status || !list)
		return status;
	status = oae_json_arr(m->tree, "setup", &list, err);
	if (status)
		return status;
	if (cJSON_GetArraySize(list) > (int)OAE_MANIFEST_LIST_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"more than %u set-up steps",
				OAE_MANIFEST_LIST_MAX);
	m->setup =
		calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*m->setup));
	if (!m->setup)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	cJSON_ArrayForEach(obj, list) {
		status = read_step(m, obj, &m->setup[m->setup_count++], err);
		if (status) {
			oae_error_prefix(err, "set-up step %zu",
					 m->setup_count);
			return status;
		}
	}
	return OAE_OK;
}
