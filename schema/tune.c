/* SPDX-License-Identifier: Apache-2.0 */
/* From a tuning's run folder to its settings and their runs. */
#include "schema/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/tune_internal.h"
#include "schema/validity.h"

#define REPS_MAX 1000000u /* of one round: its block's share of a rep */

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "tuning: out of memory");
}

static enum oae_status bad(struct oae_error *err, const char *what)
{
	return oae_fail(err, OAE_ERR_FORMAT, 0, "journal: \"tune\": %s", what);
}

static const char *const role_names[OAE_TUNE_ROLES] = {
	"default", "trial", "knob", "best", "expert",
};

static const char *const phase_names[OAE_TUNE_PHASES] = {
	"trials",
	"knobs",
	"held-out",
};

const char *oae_tune_role_name(enum oae_tune_role r)
{
	return role_names[r];
}

const char *oae_tune_phase_name(enum oae_tune_phase p)
{
	return phase_names[p];
}

bool oae_tune_is(const cJSON *campaign)
{
	return cJSON_IsObject(
		cJSON_GetObjectItemCaseSensitive(campaign, "tune"));
}

/* ---- what was planned -------------------------------------------------- */

static int index_of(const char *const *names, int count, const char *name)
{
	int i = 0;

	while (i < count && strcmp(names[i], name) != 0)
		i++;
	return i;
}

static enum oae_status read_rounds(struct oae_tune *t, struct oae_error *err)
{
	const cJSON *list, *name;
	enum oae_status status = oae_json_arr(t->json, "rounds", &list, err);

	if (status)
		return status;
	cJSON_ArrayForEach(name, list) {
		int phase = cJSON_IsString(name) ?
				    index_of(phase_names, OAE_TUNE_PHASES,
					     name->valuestring) :
				    OAE_TUNE_PHASES;

		if (phase == OAE_TUNE_PHASES ||
		    t->round_count == OAE_TUNE_ROUNDS_MAX)
			return bad(err, "\"rounds\" holds something else");
		t->rounds[t->round_count++] = (enum oae_tune_phase)phase;
	}
	return OAE_OK;
}

static enum oae_status read_setting(struct oae_tune *t, const cJSON *obj,
				    struct oae_error *err)
{
	struct oae_tune_setting *x = &t->settings[t->count];
	int role = index_of(role_names, OAE_TUNE_ROLES,
			    oae_json_str_or(obj, "role", ""));
	uint64_t base = oae_json_u64_or(obj, "base", UINT64_MAX);

	if (role == OAE_TUNE_ROLES || base >= t->bases)
		return bad(err, "a setting has no known role or base");
	x->role = (enum oae_tune_role)role;
	x->base = (uint32_t)base;
	x->id = oae_json_str_or(obj, "id", NULL);
	x->knob = oae_json_str_or(obj, "knob", NULL);
	x->knobs = cJSON_GetObjectItemCaseSensitive(obj, "knobs");
	/* The defaults come first, and each base has them. */
	if ((t->count < t->bases) != (x->role == OAE_TUNE_DEFAULT) ||
	    (x->role == OAE_TUNE_DEFAULT && x->base != t->count))
		return bad(err, "its first settings are not the defaults");
	if ((x->role == OAE_TUNE_BEST) != (x->id == NULL) ||
	    (x->role == OAE_TUNE_KNOB) != (x->knob != NULL))
		return bad(err, "a setting has no id, or no knob");
	x->kappa = x->g = x->s = NAN;
	x->gain = x->s_ratio = (struct oae_interval){ NAN, NAN, NAN };
	t->count++;
	return OAE_OK;
}

static enum oae_status read_settings(struct oae_tune *t, struct oae_error *err)
{
	const cJSON *list, *obj;
	enum oae_status status = oae_json_arr(t->json, "settings", &list, err);
	int n = cJSON_GetArraySize(list);

	if (status)
		return status;
	if (n < (int)t->bases || n > (int)OAE_TUNE_CONFIGS_MAX)
		return bad(err, "too few or too many settings");
	t->settings = oae_arena_array(&t->score.arena, (size_t)n + 1,
				      sizeof(*t->settings));
	if (!t->settings)
		return no_memory(err);
	cJSON_ArrayForEach(obj, list) {
		status = read_setting(t, obj, err);
		if (status)
			return status;
	}
	return OAE_OK;
}

/* The settings measured again are those that the journal says. */
static enum oae_status take_choices(struct oae_tune *t, struct oae_error *err)
{
	const struct oae_records *r = &t->score.records;

	for (size_t i = 0; i < r->choice_count; i++) {
		const struct oae_choice_record *c = &r->choices[i];
		struct oae_tune_setting *to, *as;

		if (c->slot >= t->count || c->as >= t->count)
			return bad(err, "a choice of a setting that is none");
		to = &t->settings[c->slot];
		as = &t->settings[c->as];
		if (to->role != OAE_TUNE_BEST || to->id ||
		    as->base != to->base || as->role > OAE_TUNE_TRIAL)
			return bad(err, "a choice of a setting that is none");
		to->id = as->id;
		to->knobs = as->knobs;
		t->search[to->base].chosen = (size_t)c->as;
	}
	return OAE_OK;
}

/* ---- what was run ------------------------------------------------------ */

static int by_setting(const void *a, const void *b)
{
	const struct oae_tune_run *x = a, *y = b;

	if (x->setting != y->setting)
		return x->setting < y->setting ? -1 : 1;
	if (x->record->rep != y->record->rep)
		return x->record->rep < y->record->rep ? -1 : 1;
	return (x->workload > y->workload) - (x->workload < y->workload);
}

const struct oae_tune_run *oae_tune_run_of(const struct oae_tune_setting *x,
					   uint64_t rep, size_t workload)
{
	size_t low = 0, high = x->run_count;

	while (low < high) {
		size_t at = (low + high) / 2;
		const struct oae_tune_run *r = &x->runs[at];

		if (r->record->rep == rep && r->workload == workload)
			return r;
		if (r->record->rep < rep ||
		    (r->record->rep == rep && r->workload < workload))
			low = at + 1;
		else
			high = at;
	}
	return NULL;
}

enum oae_tune_phase oae_tune_phase_of(const struct oae_tune *t,
				      const struct oae_tune_run *r)
{
	return t->rounds[r->record->block];
}

/* One run of the plan; scale steps and the harness's own are others'. */
static enum oae_status take_run(struct oae_tune *t, const size_t *plan,
				size_t planned, struct oae_run_record *record,
				struct oae_error *err)
{
	struct oae_tune_run *r = &t->runs[t->run_count];

	if (strcmp(record->purpose, "tune") != 0)
		return OAE_OK;
	if (record->id >= planned || plan[record->id] >= t->count)
		return bad(err, "a run is not in its plan");
	r->record = record;
	r->setting = plan[record->id];
	r->workload = oae_score_workload_index(
		&t->score, record->workload ? record->workload : "");
	r->failed = record->ended && record->status &&
		    strcmp(record->status, "failed") == 0;
	if (r->workload == t->score.workload_count ||
	    record->block >= t->round_count || record->rep >= REPS_MAX ||
	    !t->settings[r->setting].id ||
	    strcmp(t->settings[r->setting].id, record->system) != 0)
		return bad(err, "a run is not that of its plan");
	record->rep += record->block * REPS_MAX;
	t->run_count++;
	return OAE_OK;
}

/* The setting of each planned run; SIZE_MAX for a scale step. */
static enum oae_status read_places(struct oae_tune *t, size_t **out, size_t *n,
				   struct oae_error *err)
{
	const cJSON *list, *at;
	enum oae_status status = oae_json_arr(t->json, "plan", &list, err);

	if (!status && cJSON_GetArraySize(list) > (int)OAE_RUNS_MAX)
		status = bad(err, "too long a plan");
	if (status)
		return status;
	*n = 0;
	*out = oae_arena_array(&t->score.arena,
			       (size_t)cJSON_GetArraySize(list) + 1,
			       sizeof(**out));
	if (!*out)
		return no_memory(err);
	cJSON_ArrayForEach(at, list) {
		double v = cJSON_IsNumber(at) ? at->valuedouble : -1;

		(*out)[(*n)++] = v >= 0 && v < (double)t->count ? (size_t)v :
								  SIZE_MAX;
	}
	return OAE_OK;
}

static enum oae_status take_runs(struct oae_tune *t, struct oae_error *err)
{
	struct oae_records *rec = &t->score.records;
	size_t *plan, planned;
	enum oae_status status = read_places(t, &plan, &planned, err);

	if (status)
		return status;
	t->runs = oae_arena_array(&t->score.arena, rec->run_count + 1,
				  sizeof(*t->runs));
	if (!t->runs)
		return no_memory(err);
	for (size_t i = 0; i < rec->run_count && !status; i++)
		status = take_run(t, plan, planned, &rec->runs[i], err);
	qsort(t->runs, t->run_count, sizeof(*t->runs), by_setting);
	for (size_t i = 0; i < t->run_count && !status; i++) {
		struct oae_tune_setting *x = &t->settings[t->runs[i].setting];

		if (!x->run_count++)
			x->runs = &t->runs[i];
		else if (by_setting(&t->runs[i - 1], &t->runs[i]) == 0)
			status = bad(err, "a run stands twice in its plan");
		x->failed += t->runs[i].failed;
		x->machine_s += (double)t->runs[i].record->wall_ns * 1e-9;
	}
	return status;
}

static enum oae_status judge_run(struct oae_tune *t, struct oae_tune_run *r,
				 struct oae_error *err)
{
	struct oae_validity v;
	enum oae_status status;

	if (!r->sample_count)
		return OAE_OK;
	for (size_t i = 0; i < r->sample_count; i++)
		if (!r->samples[i]->item)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"request %.40s names no item",
					r->samples[i]->request);
	status = oae_cell_run_take(&t->score, r->record, r->samples,
				   r->sample_count, &r->cell, err);
	if (!status)
		status = oae_validity_of(r->record, r->samples, r->sample_count,
					 &v, err);
	t->invalid_runs += !status && oae_validity_broken(&v);
	return status;
}

/* Hands each run its samples, which stand in the journal's order. */
static enum oae_status take_samples(struct oae_tune *t, struct oae_error *err)
{
	struct oae_records *rec = &t->score.records;
	struct oae_tune_run **of = oae_arena_array(
		&t->score.arena, rec->run_count + 1, sizeof(*of));
	const struct oae_sample **room = oae_arena_array(
		&t->score.arena, rec->sample_count + 1, sizeof(*room));
	enum oae_status status = OAE_OK;

	if (!of || !room)
		return no_memory(err);
	for (size_t i = 0; i < t->run_count; i++) {
		struct oae_tune_run *r = &t->runs[i];

		of[r->record - rec->runs] = r;
		r->samples = room;
		room += r->record->sample_count;
	}
	for (size_t i = 0; i < rec->sample_count; i++) {
		struct oae_tune_run *r = of[rec->samples[i].run];

		if (r)
			r->samples[r->sample_count++] = &rec->samples[i];
	}
	for (size_t i = 0; i < t->run_count && !status; i++)
		status = judge_run(t, &t->runs[i], err);
	return status;
}

/* ---- all of it --------------------------------------------------------- */

static enum oae_status read_plan(struct oae_tune *t, struct oae_error *err)
{
	enum oae_status status;

	t->json = cJSON_GetObjectItemCaseSensitive(t->score.records.campaign,
						   "tune");
	if (!cJSON_IsObject(t->json))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"this is a campaign, not a tuning; `oae score`"
				" computes its result");
	if (t->score.profile_count != 1 || t->score.system_count < 1 ||
	    t->score.system_count > 2 || t->score.baseline != 0)
		return bad(err, "it needs one profile, and a baseline with at"
				" most one other system");
	t->profile = &t->score.profiles[0];
	t->bases = (uint32_t)t->score.system_count;
	t->trials = (size_t)oae_json_u64_or(t->json, "trials", 0);
	if (t->trials < 1 || t->trials > OAE_TUNE_TRIALS_MAX)
		return bad(err, "\"trials\" is out of bounds");
	if (!oae_assess_weights(&t->score, t->profile, t->weight))
		return bad(err, "none of the profile's workloads was measured");
	for (int base = 0; base < 2; base++)
		t->search[base].chosen = SIZE_MAX;
	status = read_rounds(t, err);
	return status ? status : read_settings(t, err);
}

enum oae_status oae_tune_read(const char *dir, struct oae_tune *t,
			      struct oae_error *err)
{
	/* The profile is the one that the search was for. */
	static const struct oae_rescore own = { .plain = true };
	enum oae_status status;

	memset(t, 0, sizeof(*t));
	status = oae_score_load(dir, &own, &t->score, err);
	if (!status)
		status = read_plan(t, err);
	if (!status)
		status = take_choices(t, err);
	if (!status)
		status = take_runs(t, err);
	if (!status)
		status = take_samples(t, err);
	return status ? status : oae_tune_costs(t, err);
}

void oae_tune_release(struct oae_tune *t)
{
	oae_score_release(&t->score);
	memset(t, 0, sizeof(*t));
}

enum oae_status oae_tune_choose(const char *dir, uint32_t base, size_t *setting,
				double *kappa, struct oae_error *err)
{
	struct oae_tune *t = calloc(1, sizeof(*t));
	enum oae_status status;

	if (!t)
		return no_memory(err);
	status = oae_tune_read(dir, t, err);
	if (!status && base < t->bases) {
		*setting = t->search[base].selected;
		*kappa = t->settings[*setting].kappa;
	}
	oae_tune_release(t);
	free(t);
	return status;
}
