/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/campaign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
#include "harness/conditions.h"
#include "harness/profile_draft.h"
#include "schema/check.h"
#include "schema/profile.h"
#include "workloads/arrivals.h"

#define ARENA_BYTES_MAX ((size_t)256 << 20)

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "campaign");
}

enum oae_status oae_campaign_input(struct oae_campaign *c, const char *name,
				   const char *path, struct oae_error *err)
{
	struct oae_input *in = &c->inputs[c->input_count];
	size_t i;

	for (i = 0; i < c->input_count; i++)
		if (!strcmp(c->inputs[i].name, name))
			return OAE_OK;
	if (c->input_count == OAE_INPUTS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u inputs",
				OAE_INPUTS_MAX);
	in->name = oae_arena_strdup(&c->arena, name);
	in->path = oae_arena_strdup(&c->arena, path);
	if (!in->name || !in->path)
		return no_memory(err);
	c->input_count++;
	return oae_sha256_file(path, in->sha256, err);
}

/*
 * A profile of the user's: his own file, found from everywhere, or the name
 * of a shipped one.
 */
static enum oae_status resolve_profiles(struct oae_campaign *c,
					struct oae_error *err)
{
	struct oae_names *names = &c->options.profiles;
	char *real;
	size_t i;

	for (i = 0; i < names->count; i++) {
		if (!oae_file_exists(names->item[i])) {
			names->item[i] =
				oae_arena_strdup(&c->arena, names->item[i]);
			continue;
		}
		real = realpath(names->item[i], NULL);
		if (!real)
			return oae_fail(err, OAE_ERR_USAGE, errno,
					"--profile %.200s", names->item[i]);
		names->item[i] = oae_arena_strdup(&c->arena, real);
		free(real);
		if (!names->item[i])
			return no_memory(err);
	}
	return OAE_OK;
}

/* HOME/FOLDER/FILE as input AS/FILE. */
static enum oae_status input_below(struct oae_campaign *c, const char *folder,
				   const char *as, const char *file,
				   struct oae_error *err)
{
	char name[OAE_PATH_BYTES_MAX], path[2 * OAE_PATH_BYTES_MAX];

	(void)snprintf(name, sizeof(name), "%s/%s", as, file);
	(void)snprintf(path, sizeof(path), "%s/%s/%s", c->home, folder, file);
	return oae_campaign_input(c, name, path, err);
}

static enum oae_status copy_names(struct oae_campaign *c,
				  struct oae_names *names,
				  struct oae_error *err)
{
	size_t i;

	for (i = 0; i < names->count; i++) {
		names->item[i] = oae_arena_strdup(&c->arena, names->item[i]);
		if (!names->item[i])
			return no_memory(err);
	}
	return OAE_OK;
}

static enum oae_status resolve_conditions(struct oae_campaign *c,
					  struct oae_error *err)
{
	struct oae_names *names = &c->options.conditions;
	const char *whole[OAE_CONDITIONS_MAX];
	enum oae_status status;
	size_t i;

	if (names->count)
		status = oae_conditions_expand(names->item, names->count, whole,
					       &names->count, err);
	else
		status = oae_conditions_expand(c->suite.conditions,
					       c->suite.condition_count, whole,
					       &names->count, err);
	for (i = 0; !status && i < names->count; i++)
		names->item[i] = whole[i];
	return status;
}

/* Fills what the user left open from the suite. */
static enum oae_status resolve(struct oae_campaign *c, struct oae_error *err)
{
	struct oae_options *o = &c->options;
	enum oae_status status;
	size_t i;

	if (!o->systems.count) {
		for (i = 0; i < c->suite.system_count; i++)
			o->systems.item[i] = c->suite.systems[i];
		o->systems.count = c->suite.system_count;
	}
	if (!o->workloads.count) {
		for (i = 0; i < c->suite.workload_count; i++)
			o->workloads.item[i] = c->suite.workloads[i].id;
		o->workloads.count = c->suite.workload_count;
	}
	if (!o->runs)
		o->runs = c->suite.runs;
	o->suite = c->suite.id;
	status = resolve_conditions(c, err);
	if (status)
		return status;
	status = resolve_profiles(c, err);
	if (!status)
		status = copy_names(c, &o->systems, err);
	if (!status)
		status = copy_names(c, &o->workloads, err);
	if (!status)
		status = copy_names(c, &o->builds, err);
	return status ? status : copy_names(c, &o->adapters, err);
}

/* A path of the user's is beside him, one of the suite's below HOME. */
static enum oae_status trace_path(struct oae_campaign *c, const char *given,
				  struct oae_error *err)
{
	char joined[2 * OAE_PATH_BYTES_MAX], *real;

	(void)snprintf(
		joined, sizeof(joined), "%s%s%.4000s",
		c->options.load.arrivals || given[0] == '/' ? "" : c->home,
		c->options.load.arrivals || given[0] == '/' ? "" : "/", given);
	real = realpath(joined, NULL);
	if (!real)
		return oae_fail(err, OAE_ERR_USAGE, errno, "trace %.200s",
				given);
	c->load.trace = oae_arena_strdup(&c->arena, real);
	/* So that it is found again from everywhere. */
	if (c->options.load.arrivals)
		c->options.load.arrivals =
			oae_arena_printf(&c->arena, "trace:%s", real);
	free(real);
	return c->load.trace ? OAE_OK : no_memory(err);
}

static enum oae_status load_load(struct oae_campaign *c, struct oae_error *err)
{
	enum oae_status status = oae_load_resolve(
		&c->suite.load, &c->options.load, &c->load, err);

	if (status || !c->load.trace)
		return status;
	status = trace_path(c, c->load.trace, err);
	if (!status)
		status = oae_trace_read(c->load.trace, &c->trace, err);
	if (!status)
		status = oae_campaign_input(c, "trace.csv", c->load.trace, err);
	c->load.arrivals.trace = &c->trace;
	return status;
}

static enum oae_status load_suite(struct oae_campaign *c, struct oae_error *err)
{
	enum oae_status status;

	status = oae_suite_load(c->home, c->options.suite, &c->suite, err);
	if (!status)
		status =
			oae_campaign_input(c, "suite.json", c->suite.path, err);
	return status ? status : resolve(c, err);
}

/* How many items a run asks: the user's number, else the suite's. */
static uint32_t items_of(const struct oae_campaign *c, const char *workload,
			 size_t available)
{
	uint32_t n = c->options.items;
	size_t i;

	for (i = 0; !n && i < c->suite.workload_count; i++)
		if (!strcmp(c->suite.workloads[i].id, workload))
			n = c->suite.workloads[i].items_per_run;
	if (n && !c->options.items)
		return n; /* a suite's number is checked by the plan */
	if (!n)
		n = c->suite.workloads[0].items_per_run;
	return n > available ? (uint32_t)available : n;
}

/* Shipped, or in the folder workloads/ beside one of the user's profiles. */
static enum oae_status load_workload(struct oae_campaign *c, const char *id,
				     struct oae_workload *w,
				     struct oae_error *err)
{
	char path[2 * OAE_PATH_BYTES_MAX], shipped[2 * OAE_PATH_BYTES_MAX];
	const char *slash;
	size_t i;

	(void)snprintf(shipped, sizeof(shipped),
		       "%s/workloads/%.128s.workload.json", c->home, id);
	if (!oae_check_name(id) || oae_file_exists(shipped))
		return oae_workload_load(c->home, id, w, err);
	for (i = 0; i < c->options.profiles.count; i++) {
		const char *profile = c->options.profiles.item[i];

		slash = strrchr(profile, '/');
		(void)snprintf(path, sizeof(path),
			       "%.*s/workloads/%.128s.workload.json",
			       slash ? (int)(slash - profile) : 0, profile, id);
		if (slash && oae_file_exists(path))
			return oae_workload_read(path, w, err);
	}
	return oae_workload_load(c->home, id, w, err);
}

static enum oae_status input_beside(struct oae_campaign *c, const char *path,
				    struct oae_error *err)
{
	char name[2 * OAE_PATH_BYTES_MAX];
	const char *slash = strrchr(path, '/');

	(void)snprintf(name, sizeof(name), "workloads/%s",
		       slash ? slash + 1 : path);
	return oae_campaign_input(c, name, path, err);
}

static enum oae_status load_workloads(struct oae_campaign *c,
				      struct oae_error *err)
{
	size_t n = c->options.workloads.count, i, k;
	enum oae_status status;
	const char *id;

	c->workloads = calloc(n, sizeof(*c->workloads));
	if (!c->workloads)
		return no_memory(err);
	for (i = 0; i < n; i++) {
		struct oae_workload *w = &c->workloads[i];

		id = c->options.workloads.item[i];
		for (k = 0; k < i; k++)
			if (!strcmp(c->options.workloads.item[k], id))
				return oae_fail(err, OAE_ERR_USAGE, 0,
						"workload '%s' is given twice",
						id);
		status = load_workload(c, id, w, err);
		if (status)
			return status;
		c->items[i] = items_of(c, id, w->item_count);
		status = input_beside(c, w->path, err);
		if (!status)
			status = input_beside(c, w->items_path, err);
		if (status)
			return status;
	}
	return OAE_OK;
}

static size_t profile_count(const struct oae_campaign *c)
{
	return c->options.profiles.count ? c->options.profiles.count :
					   c->suite.profile_count;
}

/* The user's file, or a shipped one by its name. */
static void profile_path(const struct oae_campaign *c, size_t i, char *out,
			 size_t size)
{
	bool own = c->options.profiles.count != 0;
	const char *name = own ? c->options.profiles.item[i] :
				 c->suite.profiles[i];

	if (own && name[0] == '/')
		(void)snprintf(out, size, "%s", name);
	else
		(void)snprintf(out, size, "%s/schema/profiles/%.200s.json",
			       c->home, name);
}

/* Its input is named by its id, wherever it comes from. */
static enum oae_status check_profile(struct oae_campaign *c, size_t i,
				     const struct oae_tables *t,
				     struct oae_error *err)
{
	char input[OAE_NAME_BYTES_MAX + 16], path[2 * OAE_PATH_BYTES_MAX];
	struct oae_profile p = { .tree = NULL };
	enum oae_status status;
	size_t before = c->input_count;

	profile_path(c, i, path, sizeof(path));
	if (oae_file_exists(path))
		status = oae_profile_read(path, t, &p, err);
	else
		status = oae_profile_find(c->home,
					  c->options.profiles.count ?
						  c->options.profiles.item[i] :
						  c->suite.profiles[i],
					  t, &p, err);
	if (!status) {
		(void)snprintf(input, sizeof(input), "profiles/%.100s.json",
			       p.id);
		status = oae_campaign_input(c, input, path, err);
	}
	if (!status && c->input_count == before)
		status = oae_fail(err, OAE_ERR_USAGE, 0,
				  "two profiles have the id \"%.100s\"", p.id);
	oae_profile_release(&p);
	return status;
}

/* Tables and profiles are only scored later; they are checked now. */
static enum oae_status check_profiles(struct oae_campaign *c,
				      struct oae_error *err)
{
	static const char *const tables[] = {
		"defaults.csv",
		"wages.csv",
		"grid.csv",
		"embodied.csv",
	};
	char path[2 * OAE_PATH_BYTES_MAX];
	struct oae_tables t = { 0 };
	enum oae_status status;
	size_t i;

	(void)snprintf(path, sizeof(path), "%s/schema/tables", c->home);
	status = oae_tables_read(path, &t, err);
	for (i = 0; !status && i < sizeof(tables) / sizeof(tables[0]); i++)
		status = input_below(c, "schema/tables", "tables", tables[i],
				     err);
	for (i = 0; !status && i < profile_count(c); i++)
		status = check_profile(c, i, &t, err);
	oae_tables_release(&t);
	return status;
}

/* As it is found again from everywhere. */
static const char *named_dir(struct oae_campaign *c,
			     const struct oae_campaign_adapter *a)
{
	return a->id == a->manifest.name ?
		       a->dir :
		       oae_arena_printf(&c->arena, "%s=%s", a->id, a->dir);
}

/* --programs names an adapter that --adapter names. */
static enum oae_status check_builds(const struct oae_campaign *c,
				    struct oae_error *err)
{
	size_t i, k;

	for (i = 0; i < c->options.builds.count; i++) {
		const char *b = c->options.builds.item[i];
		size_t len = strcspn(b, "=");

		for (k = 0; k < c->adapter_count; k++)
			if (strlen(c->adapters[k].id) == len && b[len] &&
			    !strncmp(c->adapters[k].id, b, len) &&
			    c->adapters[k].id != c->adapters[k].manifest.name)
				break;
		if (k == c->adapter_count)
			return oae_fail(err, OAE_ERR_USAGE, 0,
					"--programs '%.200s': no --adapter"
					" NAME=DIR of that name",
					b);
	}
	return OAE_OK;
}

static enum oae_status load_systems(struct oae_campaign *c,
				    struct oae_error *err)
{
	size_t n = c->options.systems.count, i, k;
	const char *baseline = c->suite.systems[c->suite.baseline];
	enum oae_status status = OAE_OK;

	for (i = 0; !status && i < c->options.adapters.count; i++) {
		status = oae_campaign_adapter_load(
			c, c->options.adapters.item[i], err);
		if (!status)
			c->options.adapters.item[i] = named_dir(
				c, &c->adapters[c->adapter_count - 1]);
		if (!status && !c->options.adapters.item[i])
			status = no_memory(err);
	}
	if (!status)
		status = check_builds(c, err);
	c->systems = calloc(n, sizeof(*c->systems));
	if (!c->systems)
		return no_memory(err);
	c->system_count = n;
	for (i = 0; !status && i < n; i++) {
		for (k = 0; k < i; k++)
			if (!strcmp(c->options.systems.item[k],
				    c->options.systems.item[i]))
				return oae_fail(err, OAE_ERR_USAGE, 0,
						"system '%s' is given twice",
						c->options.systems.item[i]);
		status = oae_campaign_system_load(c, c->options.systems.item[i],
						  &c->systems[i], err);
		if (!strcmp(c->options.systems.item[i], baseline))
			c->baseline = i;
	}
	return status;
}

/* The campaign's index of the system that a scale step runs, or count. */
static size_t scale_system(const struct oae_campaign *c, size_t scale)
{
	size_t i;

	for (i = 0; i < c->options.systems.count; i++)
		if (!strcmp(c->systems[i].id, c->suite.scale[scale].system))
			break;
	return i;
}

void oae_campaign_add_scales(struct oae_campaign *c, bool first, uint32_t block)
{
	uint32_t half, k, end;
	size_t i;

	for (i = 0; i < c->suite.scale_count; i++) {
		size_t system = scale_system(c, i);

		half = (c->suite.scale[i].runs + 1) / 2;
		end = first ? half : c->suite.scale[i].runs;
		if (system == c->options.systems.count)
			continue;
		for (k = first ? 0 : half; k < end; k++) {
			struct oae_campaign_run *r = &c->runs[c->run_count++];

			r->at.system = (uint32_t)system;
			r->at.block = block;
			r->at.rep = k;
			r->at.seed = c->options.seed;
			r->scale = (uint32_t)i;
		}
	}
}

static enum oae_status plan_stopping(struct oae_campaign *c,
				     struct oae_error *err)
{
	const struct oae_options *o = &c->options;

	c->stopping = oae_stopping_plan(o->precision, o->runs, o->budget_s);
	if (o->precision > 0 && !profile_count(c))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--precision: suite '%s' has no profile, whose"
				" weights the ratios would have",
				c->suite.id);
	if (o->precision > 0 && c->load.scenario != OAE_SCENARIO_SINGLE_STREAM)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--precision: machine-time ratios are those of"
				" SingleStream, not of %s",
				oae_scenario_name(c->load.scenario));
	if (o->precision > 0 && o->runs > OAE_RUNS_MAX / OAE_LOOKS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"--runs %u: with --precision at most %u",
				o->runs, OAE_RUNS_MAX / OAE_LOOKS_MAX);
	return OAE_OK;
}

static enum oae_status make_plan(struct oae_campaign *c, struct oae_error *err)
{
	struct oae_blocks b = {
		.seed = c->options.seed,
		.systems = c->options.systems.count,
		.workloads = c->options.workloads.count,
		.conditions = c->options.conditions.count,
		.runs = oae_stopping_runs_max(&c->stopping),
	};
	size_t n = oae_blocks_count(&b), extra = 0, i;
	struct oae_planned_run *planned;
	enum oae_status status = OAE_OK;
	uint32_t block = 0;

	for (i = 0; i < c->suite.scale_count; i++)
		extra += c->suite.scale[i].runs;
	planned = oae_arena_array(&c->arena, n + 1, sizeof(*planned));
	c->runs = oae_arena_array(&c->arena, n + extra + 1, sizeof(*c->runs));
	if (!planned || !c->runs)
		return no_memory(err);
	status = oae_blocks_plan(&b, planned, err);
	for (i = 0; !status && i < n; i++) {
		if (planned[i].block != 0 && block == 0)
			oae_campaign_add_scales(c, true, 0);
		block = planned[i].block;
		c->runs[c->run_count].at = planned[i];
		c->runs[c->run_count++].scale = OAE_NO_SCALE;
	}
	if (status)
		return status;
	if (block == 0)
		oae_campaign_add_scales(c, true, 0);
	oae_campaign_add_scales(c, false, block);
	if (c->run_count > OAE_RUNS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0, "more than %u runs",
				OAE_RUNS_MAX);
	return OAE_OK;
}

enum oae_status oae_campaign_load(struct oae_campaign *c,
				  const struct oae_options *options,
				  struct oae_error *err)
{
	enum oae_status status;

	memset(c, 0, sizeof(*c));
	oae_arena_init(&c->arena, ARENA_BYTES_MAX);
	c->options = *options;
	c->inputs =
		oae_arena_array(&c->arena, OAE_INPUTS_MAX, sizeof(*c->inputs));
	if (!c->inputs)
		return no_memory(err);
	status = oae_home(c->home, sizeof(c->home), err);
	if (!status)
		status = oae_build_dir(c->build, sizeof(c->build), err);
	if (!status)
		status = load_suite(c, err);
	if (!status)
		status = load_load(c, err);
	if (!status)
		status = load_workloads(c, err);
	if (!status)
		status = load_systems(c, err);
	if (!status)
		status = oae_campaign_setups(c, err);
	if (!status)
		status = oae_campaign_tunes(c, err);
	if (!status)
		status = check_profiles(c, err);
	if (!status)
		status = oae_condition_tiers(c, err);
	if (!status)
		status = plan_stopping(c, err);
	if (!status)
		status = make_plan(c, err);
	return status ? status : oae_campaign_schedules(c, err);
}

void oae_campaign_release(struct oae_campaign *c)
{
	size_t i;

	for (i = 0; c->systems && i < c->system_count; i++)
		cJSON_Delete(c->systems[i].knobs);
	free(c->systems);
	for (i = 0; i < c->adapter_count; i++)
		oae_manifest_release(&c->adapters[i].manifest);
	for (i = 0; c->workloads && i < c->options.workloads.count; i++)
		oae_workload_release(&c->workloads[i]);
	free(c->workloads);
	oae_trace_release(&c->trace);
	oae_suite_release(&c->suite);
	oae_arena_release(&c->arena);
	memset(c, 0, sizeof(*c));
}
