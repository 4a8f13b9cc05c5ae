/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/tune_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/knob_space.h"

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "tuning: out of memory");
}

/* ---- settings ---------------------------------------------------------- */

/* A knob that the user's "adapter/system:knob=value" names stays so. */
static enum oae_status find_pinned(struct oae_campaign *c, struct oae_tuning *t,
				   uint32_t base, struct oae_error *err)
{
	const struct oae_campaign_system *s = &c->systems[base];
	const char *at = strchr(s->id, ':');
	size_t free_knobs = 0;

	t->pinned[base] = oae_arena_array(&c->arena, s->entry->knob_count + 1,
					  sizeof(bool));
	if (!t->pinned[base])
		return no_memory(err);
	for (size_t i = 0; i < s->entry->knob_count; i++) {
		const struct oae_knob *k = &s->entry->knobs[i];
		size_t len = strlen(k->name);
		const char *word;

		for (word = at; word; word = strchr(word + 1, ','))
			if (!strncmp(word + 1, k->name, len) &&
			    word[1 + len] == '=')
				t->pinned[base][i] = true;
		free_knobs += k->tuned && !t->pinned[base][i];
	}
	if (!free_knobs && base + 1 == t->bases)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%.100s: has no knob left to tune; `oae list"
				" systems` shows them",
				s->id);
	return OAE_OK;
}

static bool has_free_knob(const struct oae_campaign *c,
			  const struct oae_tuning *t, uint32_t base)
{
	const struct oae_system_entry *e = c->systems[base].entry;

	for (size_t i = 0; i < e->knob_count; i++)
		if (e->knobs[i].tuned && !t->pinned[base][i])
			return true;
	return false;
}

/* "adapter/system:gamma=4,threads=2": the base's own words, then texts. */
static const char *id_of(struct oae_campaign *c, uint32_t base,
			 const char *const *texts)
{
	const struct oae_campaign_system *s = &c->systems[base];
	bool first = strchr(s->id, ':') == NULL;
	struct oae_buf b;
	const char *id;

	oae_buf_init(&b, OAE_LINE_BYTES_MAX);
	oae_buf_puts(&b, s->id);
	for (size_t i = 0; i < s->entry->knob_count; i++) {
		if (!texts[i])
			continue;
		oae_buf_printf(&b, "%s%s=%s", first ? ":" : ",",
			       s->entry->knobs[i].name, texts[i]);
		first = false;
	}
	id = b.status ? NULL : oae_arena_strdup(&c->arena, oae_buf_str(&b));
	oae_buf_release(&b);
	return id;
}

/* A system like its base with other knobs, which it takes over. */
static enum oae_status add_config(struct oae_campaign *c, struct oae_tuning *t,
				  enum oae_tune_role role, uint32_t base,
				  const char *knob, const char *id,
				  cJSON *knobs, struct oae_error *err)
{
	struct oae_campaign_system *s;

	if (!id || !knobs || c->system_count >= OAE_TUNE_CONFIGS_MAX) {
		cJSON_Delete(knobs);
		return id && knobs ? oae_fail(err, OAE_ERR_LIMIT, 0,
					      "tuning: more than %u settings",
					      OAE_TUNE_CONFIGS_MAX) :
				     no_memory(err);
	}
	s = &c->systems[c->system_count++];
	*s = c->systems[base];
	s->id = id;
	s->knobs = knobs;
	t->configs[t->count++] = (struct oae_tune_config){ role, base, knob };
	return OAE_OK;
}

static enum oae_status add_trial(struct oae_campaign *c, struct oae_tuning *t,
				 uint32_t base, struct oae_rng *rng,
				 struct oae_error *err)
{
	const struct oae_campaign_system *s = &c->systems[base];
	char texts[OAE_MANIFEST_LIST_MAX][OAE_KNOB_TEXT];
	const char *given[OAE_MANIFEST_LIST_MAX] = { NULL };
	enum oae_status status;
	cJSON *knobs = NULL;

	status = oae_space_draw(s->entry, s->knobs, t->pinned[base], rng, texts,
				&knobs, err);
	if (status)
		return status;
	for (size_t i = 0; i < s->entry->knob_count; i++)
		given[i] = texts[i][0] ? texts[i] : NULL;
	return add_config(c, t, OAE_TUNE_TRIAL, base, NULL,
			  id_of(c, base, given), knobs, err);
}

static enum oae_status add_trials(struct oae_campaign *c, struct oae_tuning *t,
				  uint32_t base, struct oae_error *err)
{
	char purpose[2 * OAE_NAME_BYTES_MAX + 16];
	enum oae_status status = OAE_OK;
	struct oae_rng rng;

	if (!has_free_knob(c, t, base))
		return OAE_OK;
	(void)snprintf(purpose, sizeof(purpose), "tune %.127s/%.127s",
		       c->systems[base].adapter->manifest.name,
		       c->systems[base].entry->name);
	oae_rng_derive(&rng, c->options.seed, purpose);
	for (uint32_t i = 0; i < t->options.trials && !status; i++)
		status = add_trial(c, t, base, &rng, err);
	return status;
}

/* Each knob of the system tuned, at each of its other values. */
static enum oae_status add_knobs(struct oae_campaign *c, struct oae_tuning *t,
				 struct oae_error *err)
{
	uint32_t base = t->bases - 1;
	const struct oae_campaign_system *s = &c->systems[base];
	char values[OAE_KNOB_ALTERNATIVES_MAX][OAE_KNOB_TEXT], why[200];
	enum oae_status status = OAE_OK;

	for (size_t k = 0; k < s->entry->knob_count && t->options.knob_runs;
	     k++) {
		const struct oae_knob *knob = &s->entry->knobs[k];
		const char *texts[OAE_MANIFEST_LIST_MAX] = { NULL };
		size_t n = t->pinned[base][k] ?
				   0 :
				   oae_knob_alternatives(
					   knob,
					   cJSON_GetObjectItemCaseSensitive(
						   s->knobs, knob->name),
					   values);

		for (size_t i = 0; i < n; i++) {
			cJSON *knobs = NULL;

			texts[k] = values[i];
			status = oae_knobs_with(s->entry, s->knobs, texts,
						&knobs, err);
			if (!status && oae_constraint_broken(s->entry, knobs,
							     why, sizeof(why)))
				cJSON_Delete(knobs);
			else if (!status)
				status = add_config(c, t, OAE_TUNE_KNOB, base,
						    knob->name,
						    id_of(c, base, texts),
						    knobs, err);
			if (status)
				return status;
		}
	}
	return OAE_OK;
}

/* The best of each search, not known yet, and the expert's. */
static enum oae_status add_held_out(struct oae_campaign *c,
				    struct oae_tuning *t, struct oae_error *err)
{
	const struct oae_campaign_system *s = &c->systems[t->bases - 1];
	struct oae_campaign_system *given = NULL;
	enum oae_status status = OAE_OK;

	for (uint32_t base = 0; base < t->bases && !status; base++)
		if (has_free_knob(c, t, base))
			status = add_config(
				c, t, OAE_TUNE_BEST, base, NULL, OAE_TUNE_OPEN,
				cJSON_Duplicate(c->systems[base].knobs, 1),
				err);
	if (status || !t->options.expert)
		return status;
	given = oae_arena_alloc(&c->arena, sizeof(*given));
	if (!given)
		return no_memory(err);
	status = oae_campaign_system_load(c, t->options.expert, given, err);
	if (!status && given->entry != s->entry) {
		cJSON_Delete(given->knobs);
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--expert %.100s: must be a setting of %.100s",
				given->id, s->id);
	}
	if (status) {
		cJSON_Delete(given->knobs);
		return status;
	}
	return add_config(c, t, OAE_TUNE_EXPERT, t->bases - 1, NULL, given->id,
			  given->knobs, err);
}

/* ---- runs -------------------------------------------------------------- */

struct planner {
	struct oae_campaign *c;
	struct oae_tuning *t;
	size_t most; /* room in c->runs */
	uint32_t *members;
	size_t member_count;
};

/* The same for all rounds: what a repetition asks. */
static uint64_t seed_of(const struct oae_campaign *c, uint32_t workload,
			uint32_t rep)
{
	char purpose[64];
	struct oae_rng rng;

	(void)snprintf(purpose, sizeof(purpose), "run %u 0 %u", workload, rep);
	oae_rng_derive(&rng, c->options.seed, purpose);
	return oae_rng_u64(&rng);
}

/* One round of the members: `runs` repetitions from first_rep on. */
static enum oae_status add_round(struct planner *p, enum oae_tune_phase phase,
				 uint32_t runs, uint32_t first_rep,
				 struct oae_error *err)
{
	struct oae_campaign *c = p->c;
	struct oae_blocks b = {
		.systems = p->member_count,
		.workloads = c->options.workloads.count,
		.conditions = 1,
		.runs = runs,
	};
	size_t n = oae_blocks_count(&b);
	uint32_t round = (uint32_t)p->t->round_count;
	struct oae_planned_run *planned;
	enum oae_status status;
	struct oae_rng rng;
	char purpose[32];

	(void)snprintf(purpose, sizeof(purpose), "round %u", round);
	oae_rng_derive(&rng, c->options.seed, purpose);
	b.seed = oae_rng_u64(&rng);
	if (!n || c->run_count + n > p->most || round == OAE_TUNE_ROUNDS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tuning: more than %u runs or %u rounds; ask"
				" for fewer --trials",
				OAE_RUNS_MAX, OAE_TUNE_ROUNDS_MAX);
	planned = oae_arena_array(&c->arena, n, sizeof(*planned));
	if (!planned)
		return no_memory(err);
	status = oae_blocks_plan(&b, planned, err);
	for (size_t i = 0; i < n && !status; i++) {
		struct oae_campaign_run *r = &c->runs[c->run_count++];

		r->at = planned[i];
		r->at.system = p->members[planned[i].system];
		r->at.block = round;
		r->at.rep += first_rep;
		r->at.seed = seed_of(c, r->at.workload, r->at.rep);
		r->scale = OAE_NO_SCALE;
	}
	p->t->rounds[p->t->round_count++] = phase;
	return status;
}

static void start_members(struct planner *p, enum oae_tune_phase phase)
{
	p->member_count = 0;
	/* A knob alone is compared with its own system's defaults. */
	for (uint32_t base = 0; base < p->t->bases; base++)
		if (phase != OAE_TUNE_KNOBS || base + 1 == p->t->bases)
			p->members[p->member_count++] = base;
}

/* The i-th config of a role and base, or count. */
static size_t nth(const struct oae_tuning *t, enum oae_tune_role role,
		  uint32_t base, size_t i)
{
	size_t k;

	for (k = 0; k < t->count; k++)
		if (t->configs[k].role == role && t->configs[k].base == base &&
		    i-- == 0)
			break;
	return k;
}

static enum oae_status plan_trials(struct planner *p, struct oae_error *err)
{
	struct oae_tuning *t = p->t;
	enum oae_status status = OAE_OK;

	for (uint32_t from = 0; from < t->options.trials && !status;
	     from += OAE_TUNE_ROUND_TRIALS) {
		start_members(p, OAE_TUNE_TRIALS);
		for (uint32_t base = 0; base < t->bases; base++)
			for (uint32_t i = 0; i < OAE_TUNE_ROUND_TRIALS; i++) {
				size_t at =
					nth(t, OAE_TUNE_TRIAL, base, from + i);

				if (at < t->count)
					p->members[p->member_count++] =
						(uint32_t)at;
			}
		status = add_round(p, OAE_TUNE_TRIALS, t->options.runs, 0, err);
		if (from == 0 && !t->options.no_scale)
			oae_campaign_add_scales(p->c, true, 0);
	}
	return status;
}

static enum oae_status plan_knobs(struct planner *p, struct oae_error *err)
{
	struct oae_tuning *t = p->t;
	uint32_t base = t->bases - 1;
	size_t at = 0, k;
	enum oae_status status = OAE_OK;

	while (!status && nth(t, OAE_TUNE_KNOB, base, at) < t->count) {
		start_members(p, OAE_TUNE_KNOBS);
		for (size_t i = 0; i < OAE_TUNE_ROUND_KNOBS; i++) {
			k = nth(t, OAE_TUNE_KNOB, base, at);
			if (k < t->count) {
				p->members[p->member_count++] = (uint32_t)k;
				at++;
			}
		}
		status = add_round(p, OAE_TUNE_KNOBS, t->options.knob_runs, 0,
				   err);
	}
	return status;
}

/* Repetitions that nobody has seen: other items, where there are some. */
static enum oae_status plan_held_out(struct planner *p, struct oae_error *err)
{
	struct oae_tuning *t = p->t;
	uint32_t seen = t->options.runs;

	if (t->options.knob_runs > seen)
		seen = t->options.knob_runs;
	start_members(p, OAE_TUNE_HELD_OUT);
	for (size_t k = 0; k < t->count; k++)
		if (t->configs[k].role == OAE_TUNE_BEST ||
		    t->configs[k].role == OAE_TUNE_EXPERT)
			p->members[p->member_count++] = (uint32_t)k;
	return add_round(p, OAE_TUNE_HELD_OUT, t->options.held_out_runs, seen,
			 err);
}

static enum oae_status plan_runs(struct oae_campaign *c, struct oae_tuning *t,
				 struct oae_error *err)
{
	struct planner p = { .c = c, .t = t, .most = OAE_RUNS_MAX };
	enum oae_status status;

	/* The harness's own and scale steps want a few. */
	p.most -= 1000;
	c->runs = oae_arena_array(&c->arena, OAE_RUNS_MAX, sizeof(*c->runs));
	p.members =
		oae_arena_array(&c->arena, t->count + 1, sizeof(*p.members));
	if (!c->runs || !p.members)
		return no_memory(err);
	c->run_count = 0;
	status = plan_trials(&p, err);
	if (!status && t->options.knob_runs)
		status = plan_knobs(&p, err);
	/* Before the choice of the best, which depends on them. */
	if (!status && !t->options.no_scale)
		oae_campaign_add_scales(c, false, (uint32_t)t->round_count - 1);
	return status ? status : plan_held_out(&p, err);
}

enum oae_status oae_tuning_plan(struct oae_campaign *c,
				const struct oae_tune_options *o,
				struct oae_error *err)
{
	struct oae_tuning *t = oae_arena_alloc(&c->arena, sizeof(*t));
	struct oae_campaign_system *more;
	enum oae_status status = OAE_OK;

	if (!t)
		return no_memory(err);
	t->options = *o;
	t->bases = (uint32_t)c->system_count;
	c->baseline = 0;
	more = calloc(OAE_TUNE_CONFIGS_MAX, sizeof(*more));
	t->configs = oae_arena_array(&c->arena, OAE_TUNE_CONFIGS_MAX,
				     sizeof(*t->configs));
	if (!more || !t->configs) {
		free(more);
		return no_memory(err);
	}
	memcpy(more, c->systems, c->system_count * sizeof(*more));
	free(c->systems);
	c->systems = more;
	for (uint32_t base = 0; base < t->bases && !status; base++) {
		t->configs[t->count++] =
			(struct oae_tune_config){ OAE_TUNE_DEFAULT, base,
						  NULL };
		status = find_pinned(c, t, base, err);
	}
	for (uint32_t base = 0; base < t->bases && !status; base++)
		status = add_trials(c, t, base, err);
	if (!status)
		status = add_knobs(c, t, err);
	if (!status)
		status = add_held_out(c, t, err);
	if (!status)
		status = plan_runs(c, t, err);
	c->tuning = t;
	return status;
}

enum oae_status oae_tuning_choose(struct oae_campaign *c, size_t slot,
				  size_t as, struct oae_error *err)
{
	struct oae_campaign_system *to = &c->systems[slot];
	const struct oae_campaign_system *from = &c->systems[as];
	cJSON *knobs;

	if (as >= c->system_count || from->entry != to->entry)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"the journal's choice of setting %zu is none"
				" of this tuning",
				as);
	knobs = cJSON_Duplicate(from->knobs, 1);
	if (!knobs)
		return no_memory(err);
	cJSON_Delete(to->knobs);
	to->knobs = knobs;
	to->id = from->id;
	return OAE_OK;
}
