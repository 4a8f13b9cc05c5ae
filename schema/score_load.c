/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a run folder. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "schema/check.h"
#include "schema/harness_cost.h"
#include "schema/manifest.h"
#include "schema/score.h"

#define ARENA_BYTES_MAX ((size_t)1 << 32)

static enum oae_status input_path(char out[OAE_PATH_BYTES_MAX], const char *dir,
				  const char *name, struct oae_error *err)
{
	int n = snprintf(out, OAE_PATH_BYTES_MAX, "%s/inputs/%s", dir, name);

	if (n < 0 || n >= (int)OAE_PATH_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%.100s/inputs/%.100s:"
				" path too long",
				dir, name);
	return OAE_OK;
}

/* Every input must be the one whose hash the journal names. */
static enum oae_status check_inputs(const char *dir, const cJSON *inputs,
				    struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], hex[OAE_SHA256_HEX];
	const cJSON *in;
	enum oae_status status;

	cJSON_ArrayForEach(in, inputs) {
		if (!cJSON_IsString(in) || !oae_check_path(in->string))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"journal:"
					" input \"%.100s\" is no path with a"
					" hash",
					in->string);
		status = input_path(path, dir, in->string, err);
		if (!status)
			status = oae_sha256_file(path, hex, err);
		if (status)
			return status;
		if (strcmp(hex, in->valuestring) != 0)
			return oae_fail(err, OAE_ERR_CHECK, 0,
					"%s: is not the"
					" file that the journal names; put"
					" the original back",
					path);
	}
	return OAE_OK;
}

static enum oae_status load_profile(struct oae_score *s, const char *path,
				    struct oae_error *err)
{
	struct oae_profile *p = &s->profiles[s->profile_count];
	enum oae_status status;

	if (s->profile_count == OAE_SCORE_PROFILES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u profiles",
				OAE_SCORE_PROFILES_MAX);
	s->profile_count++;
	status = oae_profile_read(path, &s->tables, p, err);
	for (size_t i = 0; !status && &s->profiles[i] < p; i++)
		if (!strcmp(s->profiles[i].id, p->id))
			status = oae_fail(err, OAE_ERR_USAGE, 0,
					  "%s: another profile has the id"
					  " \"%.100s\" too",
					  path, p->id);
	return status;
}

static enum oae_status load_profiles(const char *dir, const cJSON *inputs,
				     struct oae_score *s, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status = OAE_OK;
	const cJSON *in;

	for (size_t i = 0; !status && i < s->rescore.profile_count; i++)
		status = load_profile(s, s->rescore.profiles[i], err);
	if (status || s->rescore.profile_count)
		return status;
	cJSON_ArrayForEach(in, inputs) {
		if (strncmp(in->string, "profiles/", 9) != 0)
			continue;
		status = input_path(path, dir, in->string, err);
		if (!status)
			status = load_profile(s, path, err);
		if (status)
			return status;
	}
	return OAE_OK;
}

/* The run's own, unless others were asked for. */
static enum oae_status load_tables(const char *dir, struct oae_score *s,
				   struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	enum oae_status status;

	if (s->rescore.tables)
		return oae_tables_read(s->rescore.tables, &s->tables, err);
	status = input_path(path, dir, "tables", err);
	return status ? status : oae_tables_read(path, &s->tables, err);
}

static enum oae_status load_workloads(const char *dir, struct oae_score *s,
				      struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], name[OAE_NAME_BYTES_MAX + 40];
	const cJSON *list, *id;
	cJSON *tree;
	enum oae_status status =
		oae_json_arr(s->records.campaign, "workloads", &list, err);

	if (status)
		return status;
	cJSON_ArrayForEach(id, list) {
		struct oae_score_workload *w = &s->workloads[s->workload_count];

		if (!cJSON_IsString(id) || !oae_check_name(id->valuestring) ||
		    s->workload_count == OAE_WORKLOADS_MAX)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"journal:"
					" \"workloads\" is no list of at most"
					" %u ids",
					OAE_WORKLOADS_MAX);
		snprintf(name, sizeof(name), "workloads/%s.workload.json",
			 id->valuestring);
		status = input_path(path, dir, name, err);
		if (!status)
			status = oae_json_read(path, &tree, err);
		if (status)
			return status;
		w->id = id->valuestring;
		w->floor = oae_json_num_or(
			cJSON_GetObjectItemCaseSensitive(tree, "gate"), "floor",
			NAN);
		cJSON_Delete(tree);
		s->workload_count++;
	}
	return OAE_OK;
}

/* adapter: what the campaign calls it; own: what it calls itself. */
static enum oae_status load_ledger(const char *dir, const char *adapter,
				   const char *own, const char *name,
				   const char *effort,
				   struct oae_score_system *x,
				   struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], file[OAE_PATH_BYTES_MAX];
	char id[2 * OAE_NAME_BYTES_MAX + 2];
	enum oae_status status;

	if (!effort)
		return OAE_OK;
	if (snprintf(file, sizeof(file), "adapters/%s/%s", adapter, effort) >=
	    (int)sizeof(file))
		return oae_fail(err, OAE_ERR_LIMIT, 0, "%s: path too long",
				effort);
	status = input_path(path, dir, file, err);
	if (!status)
		status = oae_ledger_read(path, &x->ledger, err);
	if (status)
		return status;
	snprintf(id, sizeof(id), "%.127s/%s", own, name);
	if (strcmp(x->ledger.system, id) != 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: is the ledger of"
				" \"%.100s\", not of \"%s\"",
				path, x->ledger.system, id);
	x->has_ledger = true;
	x->effort = oae_ledger_sum(&x->ledger);
	return OAE_OK;
}

static enum oae_status load_effort(const char *dir, const char *adapter,
				   struct oae_score_system *x,
				   struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], folder[OAE_NAME_BYTES_MAX + 20];
	struct oae_manifest m = { .tree = NULL };
	const struct oae_system_entry *entry;
	const char *name;
	enum oae_status status = oae_json_str(x->json, "system", &name, err);

	if (status)
		return status;
	if (!oae_check_name(adapter) || !oae_check_name(name))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"journal: system"
				" \"%.60s\" has no proper names",
				x->id);
	snprintf(folder, sizeof(folder), "adapters/%s", adapter);
	status = input_path(path, dir, folder, err);
	if (!status)
		status = oae_manifest_read(path, &m, err);
	if (status)
		goto out;
	entry = oae_manifest_system(&m, name);
	if (!entry)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "%s/adapter.json: has"
				  " no system \"%s\"",
				  path, name);
	else
		status = load_ledger(dir, adapter, m.name, name, entry->effort,
				     x, err);
out:
	oae_manifest_release(&m);
	return status;
}

/* Whether the campaign's CPU is the one that the set-up was made on. */
static bool same_cpu(const struct oae_records *r,
		     const struct oae_transcript *t)
{
	const cJSON *cpu =
		cJSON_GetObjectItemCaseSensitive(r->environment_start, "cpu");
	const cJSON *machine =
		cJSON_GetObjectItemCaseSensitive(t->head, "machine");
	const char *here = oae_json_str_or(cpu, "model", NULL);
	const char *there = oae_json_str_or(machine, "cpu", NULL);

	return here && there && strcmp(here, there) == 0;
}

/*
 * A set-up that was measured stands for what the ledger says of it; one
 * that is void, or another system's, has no place in a run folder.
 */
static enum oae_status load_transcript(const char *dir,
				       const struct oae_records *records,
				       const char *adapter,
				       struct oae_score_system *x,
				       struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX], file[OAE_PATH_BYTES_MAX];
	char id[2 * OAE_NAME_BYTES_MAX + 2];
	const char *name = oae_json_str_or(x->json, "system", "");
	const cJSON *inputs =
		cJSON_GetObjectItemCaseSensitive(records->campaign, "inputs");
	enum oae_status status;

	snprintf(file, sizeof(file), "adapters/%s/setup/%s/%s", adapter, name,
		 OAE_TRANSCRIPT_NAME);
	if (!cJSON_HasObjectItem(inputs, file))
		return OAE_OK;
	status = input_path(path, dir, file, err);
	x->has_transcript = true;
	if (!status)
		status = oae_transcript_read(path, &x->transcript, err);
	if (!status) {
		status = oae_transcript_valid(&x->transcript, err);
		if (status)
			oae_error_prefix(err, "%s", path);
	}
	if (status)
		return status;
	snprintf(id, sizeof(id), "%s/%s", adapter, name);
	if (strcmp(x->transcript.system, id) != 0)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: is the set-up of \"%.100s\", not of"
				" \"%s\"",
				path, x->transcript.system, id);
	x->other_cpu = !same_cpu(records, &x->transcript);
	if (oae_ledger_measure_steps(&x->ledger, x->transcript.sum.wall_s,
				     x->other_cpu ?
					     OAE_ESTIMATED :
					     OAE_MEASURED) == OAE_LEDGER_NONE)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	x->effort = oae_ledger_sum(&x->ledger);
	return OAE_OK;
}

static enum oae_status load_system(const char *dir, const cJSON *obj,
				   struct oae_score *s, struct oae_error *err)
{
	struct oae_score_system *x;
	const char *adapter, *slash;
	enum oae_status status;

	if (s->system_count == OAE_SYSTEMS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u systems",
				OAE_SYSTEMS_MAX);
	x = &s->systems[s->system_count++];
	x->json = obj;
	status = oae_json_str(obj, "id", &x->id, err);
	if (!status)
		status = oae_json_str(obj, "kind", &x->kind, err);
	if (!status)
		status = oae_json_str(obj, "adapter", &adapter, err);
	if (status)
		return status;
	slash = strchr(x->id, '/');
	x->label = slash ? slash + 1 : x->id;
	x->lossless_of = oae_json_str_or(obj, "lossless_of", NULL);
	status = load_effort(dir, adapter, x, err);
	return status ? status :
			load_transcript(dir, &s->records, adapter, x, err);
}

static enum oae_status load_systems(const char *dir, struct oae_score *s,
				    struct oae_error *err)
{
	const cJSON *list, *obj;
	const char *baseline;
	enum oae_status status =
		oae_json_arr(s->records.campaign, "systems", &list, err);

	if (!status)
		status = oae_json_str(s->records.campaign, "baseline",
				      &baseline, err);
	if (status)
		return status;
	s->baseline = OAE_SYSTEMS_MAX;
	cJSON_ArrayForEach(obj, list) {
		status = load_system(dir, obj, s, err);
		if (status)
			return status;
		if (strcmp(s->systems[s->system_count - 1].id, baseline) == 0)
			s->baseline = s->system_count - 1;
	}
	if (s->baseline == OAE_SYSTEMS_MAX)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"journal: baseline"
				" \"%.60s\" is none of the systems",
				baseline);
	return OAE_OK;
}

/* The estimate's power: at least +-40 %, wider if the table's rows are. */
static enum oae_status load_power(struct oae_score *s, struct oae_error *err)
{
	const cJSON *cpu = cJSON_GetObjectItemCaseSensitive(
		s->records.environment_start, "cpu");
	struct oae_range least, most;
	double mid;
	enum oae_status status;

	status = oae_table_get(&s->tables.defaults, "w_min_w", &least, err);
	if (!status)
		status = oae_table_get(&s->tables.defaults, "w_max_w", &most,
				       err);
	if (status)
		return status;
	mid = fmax(0, most.mid - least.mid);
	s->dynamic_w.mid = mid;
	s->dynamic_w.low = fmax(0, fmin(0.6 * mid, most.low - least.low));
	s->dynamic_w.high = fmax(1.4 * mid, most.high - least.high);
	s->dynamic_w.evidence = OAE_ESTIMATED;
	s->dynamic_w.source = "CPU time x (w_max_w - w_min_w) of defaults.csv";
	s->cores = oae_json_num_or(cpu, "cores", NAN);
	if (!(s->cores >= 1))
		s->cores = NAN;
	return OAE_OK;
}

/* What is asked for now goes before what the folder says. */
static enum oae_status take_rescore(const char *dir, struct oae_score *s,
				    const struct oae_rescore *asked,
				    struct oae_error *err)
{
	struct oae_rescore *r = &s->rescore;
	struct oae_rescore own;
	enum oae_status status;

	if (asked && asked->plain)
		return OAE_OK;
	status = oae_rescore_read(dir, &s->arena, r, &s->rescored, err);
	if (status || !asked)
		return status;
	own = *r;
	*r = *asked;
	s->rescored = true;
	if (!r->profile_count) {
		memcpy(r->profiles, own.profiles, sizeof(own.profiles));
		r->profile_count = own.profile_count;
	}
	if (!r->tables)
		r->tables = own.tables;
	return OAE_OK;
}

enum oae_status oae_score_load(const char *run_dir,
			       const struct oae_rescore *rescore,
			       struct oae_score *s, struct oae_error *err)
{
	char path[OAE_PATH_BYTES_MAX];
	const cJSON *inputs = NULL, *plan;
	enum oae_status status;

	oae_arena_init(&s->arena, ARENA_BYTES_MAX);
	status = oae_path_join(path, sizeof(path), run_dir, "journal.jsonl",
			       err);
	if (!status)
		status = oae_records_read(path, &s->records, err);
	if (!status)
		status = oae_json_obj(s->records.campaign, "inputs", &inputs,
				      err);
	if (!status)
		status = check_inputs(run_dir, inputs, err);
	if (!status)
		status = take_rescore(run_dir, s, rescore, err);
	if (!status)
		status = load_tables(run_dir, s, err);
	if (!status)
		status = load_profiles(run_dir, inputs, s, err);
	if (!status)
		status = load_workloads(run_dir, s, err);
	if (!status)
		status = load_systems(run_dir, s, err);
	if (!status)
		status = load_power(s, err);
	s->headline = strcmp(oae_json_str_or(s->records.campaign, "scenario",
					     OAE_HEADLINE_SCENARIO),
			     OAE_HEADLINE_SCENARIO) == 0;
	plan = cJSON_GetObjectItemCaseSensitive(s->records.campaign, "plan");
	s->planned_runs = oae_json_u64_or(plan, "runs", 0);
	for (size_t i = 0; i < s->records.run_count; i++)
		s->begun_runs += strcmp(s->records.runs[i].purpose,
					OAE_PURPOSE_HARNESS) != 0;
	s->rep_limit = UINT64_MAX;
	if (!status)
		status = oae_stopping_read(s->records.campaign, &s->stopping,
					   err);
	s->level = s->stopping.level;
	return status;
}

void oae_score_release(struct oae_score *s)
{
	for (size_t i = 0; i < s->system_count; i++) {
		oae_ledger_release(&s->systems[i].ledger);
		if (s->systems[i].has_transcript)
			oae_transcript_release(&s->systems[i].transcript);
	}
	for (size_t i = 0; i < s->profile_count; i++)
		oae_profile_release(&s->profiles[i]);
	oae_tables_release(&s->tables);
	oae_records_release(&s->records);
	oae_arena_release(&s->arena);
	memset(s, 0, sizeof(*s));
}
