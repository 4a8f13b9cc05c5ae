/* SPDX-License-Identifier: Apache-2.0 */
/* What a run folder says about its campaign, and its copies of inputs. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/file.h"
#include "harness/campaign.h"
#include "harness/tune_plan.h"
#include "schema/record.h"

#ifndef OAE_BUILD_FLAGS
#define OAE_BUILD_FLAGS ""
#endif
#ifndef OAE_BUILD_GIT
#define OAE_BUILD_GIT NULL
#endif

static void write_names(struct oae_jw *w, const char *key,
			const struct oae_names *n)
{
	size_t i;

	oae_jw_arr(w, key);
	for (i = 0; i < n->count; i++)
		oae_jw_str(w, NULL, n->item[i]);
	oae_jw_end_arr(w);
}

static void write_system(struct oae_jw *w, const struct oae_campaign_system *s)
{
	const struct oae_system_entry *e = s->entry;
	char lossless[2 * OAE_NAME_BYTES_MAX + 2];
	size_t i;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "id", s->id);
	oae_jw_str(w, "adapter", s->adapter->id);
	oae_jw_str(w, "version", s->adapter->manifest.version);
	oae_jw_str(w, "system", e->name);
	oae_jw_str(w, "title", e->title);
	oae_jw_str(w, "kind", e->kind);
	oae_jw_value(w, "knobs", s->knobs);
	(void)snprintf(lossless, sizeof(lossless), "%.127s/%.127s",
		       s->adapter->id, e->lossless_of ? e->lossless_of : "");
	oae_jw_str(w, "lossless_of", e->lossless_of ? lossless : NULL);
	oae_jw_arr(w, "models");
	for (i = 0; i < e->models.count; i++) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "path", s->models[i].path);
		oae_jw_str(w, "sha256", s->models[i].sha256);
		oae_jw_int(w, "bytes", (int64_t)s->models[i].bytes);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_str(w, "binary_sha256",
		   s->binary_sha256[0] ? s->binary_sha256 : NULL);
	oae_jw_end_obj(w);
}

static void write_options(struct oae_jw *w, const struct oae_options *o)
{
	oae_jw_obj(w, "options");
	oae_jw_str(w, "suite", o->suite);
	write_names(w, "systems", &o->systems);
	write_names(w, "workloads", &o->workloads);
	write_names(w, "conditions", &o->conditions);
	write_names(w, "adapters", &o->adapters);
	if (o->profiles.count)
		write_names(w, "profiles", &o->profiles);
	if (o->tunes.count)
		write_names(w, "tunes", &o->tunes);
	if (o->setups.count)
		write_names(w, "setups", &o->setups);
	if (o->builds.count)
		write_names(w, "builds", &o->builds);
	oae_jw_int(w, "runs", o->runs);
	oae_jw_int(w, "items", o->items);
	oae_jw_int(w, "ready_limit_s", o->ready_s);
	oae_jw_int(w, "request_limit_s", o->request_s);
	oae_jw_int(w, "close_limit_s", o->close_s);
	oae_jw_u64s(w, "seed", o->seed);
	oae_jw_bool(w, "calibrate", !o->no_calibration);
	oae_load_spec_write(w, &o->load);
	oae_jw_end_obj(w);
}

static void write_build(struct oae_jw *w)
{
	oae_jw_obj(w, "build");
	oae_jw_str(w, "git", OAE_BUILD_GIT);
	oae_jw_str(w, "compiler", OAE_COMPILER);
	oae_jw_str(w, "flags", OAE_BUILD_FLAGS);
	oae_jw_end_obj(w);
}

static void write_scales(struct oae_jw *w, const struct oae_suite *s)
{
	size_t i;

	oae_jw_arr(w, "scale");
	for (i = 0; i < s->scale_count; i++) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "shape", s->scale[i].shape);
		oae_jw_str(w, "quant", s->scale[i].quant);
		oae_jw_str(w, "system", s->scale[i].system);
		oae_jw_int(w, "tokens_in", s->scale[i].tokens_in);
		oae_jw_int(w, "tokens_out", s->scale[i].tokens_out);
		oae_jw_int(w, "runs", s->scale[i].runs);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

void oae_campaign_write(const struct oae_campaign *c, struct oae_jw *w,
			int argc, char **argv)
{
	char utc[OAE_UTC_TEXT];
	size_t i;
	int k;

	oae_clock_utc(utc);
	oae_jw_str(w, "oae", OAE_VERSION);
	oae_jw_str(w, "spec", OAE_SPEC_VERSION);
	oae_jw_int(w, "journal", OAE_JOURNAL_VERSION);
	oae_jw_str(w, "utc", utc);
	oae_jw_u64s(w, "seed", c->options.seed);
	oae_jw_str(w, "suite", c->suite.id);
	oae_jw_arr(w, "argv");
	for (k = 0; k < argc; k++)
		oae_jw_str(w, NULL, argv[k]);
	oae_jw_end_arr(w);
	write_build(w);
	write_options(w, &c->options);
	oae_jw_obj(w, "inputs");
	for (i = 0; i < c->input_count; i++)
		oae_jw_str(w, c->inputs[i].name, c->inputs[i].sha256);
	oae_jw_end_obj(w);
	oae_jw_obj(w, "plan");
	oae_jw_int(w, "runs", (int64_t)c->run_count);
	oae_stopping_write(w, &c->stopping);
	oae_jw_end_obj(w);
	oae_jw_arr(w, "systems");
	for (i = 0; i < c->options.systems.count; i++)
		write_system(w, &c->systems[i]);
	oae_jw_end_arr(w);
	oae_jw_str(w, "baseline", c->systems[c->baseline].id);
	write_names(w, "workloads", &c->options.workloads);
	oae_jw_str(w, "scenario", oae_scenario_name(c->load.scenario));
	write_scales(w, &c->suite);
	if (c->tuning)
		oae_tuning_write(c->tuning, c, w);
}

static enum oae_status read_names(const cJSON *obj, const char *key,
				  struct oae_names *out, struct oae_error *err)
{
	const cJSON *list, *name;
	enum oae_status status = oae_json_arr(obj, key, &list, err);

	if (status)
		return status;
	cJSON_ArrayForEach(name, list) {
		if (!cJSON_IsString(name) || out->count == OAE_SYSTEMS_MAX)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"\"%s\": no list of at most %u names",
					key, OAE_SYSTEMS_MAX);
		out->item[out->count++] = name->valuestring;
	}
	return OAE_OK;
}

static enum oae_status read_u32(const cJSON *obj, const char *key, uint32_t max,
				uint32_t *out, struct oae_error *err)
{
	uint64_t v = 0;
	enum oae_status status = oae_json_u64(obj, key, &v, err);

	if (!status && v > max)
		status = oae_fail(err, OAE_ERR_LIMIT, 0, "\"%s\": more than %u",
				  key, max);
	*out = (uint32_t)v;
	return status;
}

enum oae_status oae_options_read(const cJSON *campaign, struct oae_options *o,
				 struct oae_error *err)
{
	struct oae_stopping stopping = { 0 };
	enum oae_status status;
	const cJSON *obj;

	memset(o, 0, sizeof(*o));
	status = oae_json_obj(campaign, "options", &obj, err);
	if (!status)
		status = oae_json_str(obj, "suite", &o->suite, err);
	if (!status)
		status = read_names(obj, "systems", &o->systems, err);
	if (!status)
		status = read_names(obj, "workloads", &o->workloads, err);
	if (!status)
		status = read_names(obj, "adapters", &o->adapters, err);
	if (!status && cJSON_HasObjectItem(obj, "profiles"))
		status = read_names(obj, "profiles", &o->profiles, err);
	if (!status && cJSON_HasObjectItem(obj, "tunes"))
		status = read_names(obj, "tunes", &o->tunes, err);
	if (!status && cJSON_HasObjectItem(obj, "setups"))
		status = read_names(obj, "setups", &o->setups, err);
	if (!status && cJSON_HasObjectItem(obj, "builds"))
		status = read_names(obj, "builds", &o->builds, err);
	/* A campaign of before there was a choice has its suite's. */
	if (!status && cJSON_HasObjectItem(obj, "conditions"))
		status = read_names(obj, "conditions", &o->conditions, err);
	if (!status)
		status = read_u32(obj, "runs", OAE_RUNS_MAX, &o->runs, err);
	if (!status)
		status = read_u32(obj, "items", OAE_ITEMS_MAX, &o->items, err);
	if (!status)
		status = read_u32(obj, "ready_limit_s", OAE_LIMIT_S_MAX,
				  &o->ready_s, err);
	if (!status)
		status = read_u32(obj, "request_limit_s", OAE_LIMIT_S_MAX,
				  &o->request_s, err);
	if (!status)
		status = read_u32(obj, "close_limit_s", OAE_LIMIT_S_MAX,
				  &o->close_s, err);
	if (!status)
		status = oae_json_u64(obj, "seed", &o->seed, err);
	o->no_calibration = cJSON_IsFalse(
		cJSON_GetObjectItemCaseSensitive(obj, "calibrate"));
	o->load.scenario = oae_json_str_or(obj, "scenario", NULL);
	if (!status && cJSON_GetObjectItemCaseSensitive(obj, "load"))
		status = oae_load_spec_read(
			cJSON_GetObjectItemCaseSensitive(obj, "load"), &o->load,
			err);
	if (!status)
		status = oae_stopping_read(campaign, &stopping, err);
	o->precision = stopping.precision;
	o->budget_s = stopping.budget_s;
	return status;
}

static enum oae_status changed(struct oae_error *err, const char *what)
{
	return oae_fail(err, OAE_ERR_CHECK, 0,
			"%s has changed since the campaign began; put it back,"
			" or begin a new campaign",
			what);
}

static enum oae_status same_system(const struct oae_campaign_system *s,
				   const cJSON *was, struct oae_error *err)
{
	const cJSON *models, *m;
	size_t k;

	if (strcmp(oae_json_str_or(was, "id", ""), s->id) != 0)
		return changed(err, "the list of systems");
	if (strcmp(oae_json_str_or(was, "binary_sha256", ""),
		   s->binary_sha256) != 0)
		return changed(err, s->argv[0]);
	models = cJSON_GetObjectItemCaseSensitive(was, "models");
	for (k = 0; k < s->entry->models.count; k++) {
		m = cJSON_GetArrayItem(models, (int)k);
		if (strcmp(oae_json_str_or(m, "sha256", ""),
			   s->models[k].sha256) != 0)
			return changed(err, s->models[k].path);
	}
	return OAE_OK;
}

enum oae_status oae_campaign_same(const struct oae_campaign *c,
				  const cJSON *campaign, struct oae_error *err)
{
	const cJSON *inputs, *systems, *plan;
	enum oae_status status;
	size_t i;

	status = oae_json_obj(campaign, "inputs", &inputs, err);
	if (!status)
		status = oae_json_obj(campaign, "plan", &plan, err);
	if (!status)
		status = oae_json_arr(campaign, "systems", &systems, err);
	for (i = 0; !status && i < c->input_count; i++)
		if (strcmp(oae_json_str_or(inputs, c->inputs[i].name, ""),
			   c->inputs[i].sha256) != 0)
			status = changed(err, c->inputs[i].path);
	for (i = 0; !status && i < c->options.systems.count; i++)
		status = same_system(&c->systems[i],
				     cJSON_GetArrayItem(systems, (int)i), err);
	if (!status && oae_json_u64_or(plan, "runs", 0) != c->run_count)
		status = changed(err, "the plan");
	return status;
}

/* mkdir -p of what stands before the last slash. */
static enum oae_status make_parent(const char *path, struct oae_error *err)
{
	char dir[2 * OAE_PATH_BYTES_MAX], *slash;

	(void)snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	return oae_dir_make(dir, err);
}

enum oae_status oae_campaign_copy_inputs(const struct oae_campaign *c,
					 const char *dir, struct oae_error *err)
{
	char path[2 * OAE_PATH_BYTES_MAX], sha256[OAE_SHA256_HEX];
	enum oae_status status = OAE_OK;
	size_t i;

	for (i = 0; !status && i < c->input_count; i++) {
		const struct oae_input *in = &c->inputs[i];

		(void)snprintf(path, sizeof(path), "%s/inputs/%s", dir,
			       in->name);
		if (!oae_file_exists(path)) {
			status = make_parent(path, err);
			if (!status)
				status = oae_file_copy(in->path, path, err);
		}
		if (!status)
			status = oae_sha256_file(path, sha256, err);
		if (!status && strcmp(sha256, in->sha256) != 0)
			status = changed(err, path);
	}
	return status;
}
