/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/access.h"

#include <math.h>
#include <string.h>

#include "schema/condition.h"
#include "schema/score_conditions.h"

#define GROUPS_MAX 64u /* of inputs; more are not looked at */

static bool has_tiers(const struct oae_score *s)
{
	for (size_t q = 0; q < s->condition_count; q++) {
		const struct oae_condition *c =
			oae_condition_find(s->conditions[q]);

		if (c && c->kind == OAE_CONDITION_TIER)
			return true;
	}
	return false;
}

bool oae_access_is_tier(const struct oae_score *s, size_t condition)
{
	const struct oae_condition *q =
		oae_condition_find(s->conditions[condition]);

	if (!q)
		return false;
	if (q->kind == OAE_CONDITION_CPU || q->kind == OAE_CONDITION_MEMORY)
		return !has_tiers(s);
	return q->kind == OAE_CONDITION_KIND_NOMINAL ||
	       q->kind == OAE_CONDITION_TIER;
}

/* Requests of one system on one workload under one condition. */
struct served {
	double accepted;
	size_t planned;
	const char *reason; /* of a run that the machine couldn't make */
};

static void add_run(const struct oae_cell_run *r, size_t profile,
		    struct served *out)
{
	out->accepted += r->g[profile] * (double)r->planned;
	out->planned += r->planned;
}

static struct served served_of(const struct oae_score *s, size_t profile,
			       size_t system, size_t workload, size_t condition)
{
	struct served out = { 0 };

	if (condition == 0) {
		const struct oae_cell *c = oae_score_cell(s, system, workload);

		for (size_t i = 0; i < c->run_count; i++)
			add_run(&c->runs[i], profile, &out);
		return out;
	}
	for (size_t i = 0; i < s->condition_run_count; i++) {
		const struct oae_condition_run *r = &s->condition_runs[i];

		if (r->condition != condition || r->system != system ||
		    r->workload != workload)
			continue;
		if (r->unavailable)
			out.reason = r->v.run->reason;
		else if (r->invalid)
			out.reason = r->invalid;
		else if (r->over)
			add_run(&r->v, profile, &out);
	}
	return out;
}

/* Shipped defaults have no knob in their name: "adapter/system". */
static bool has_defaults(const struct oae_score *s, size_t system)
{
	return !strchr(s->systems[system].id, ':');
}

struct oae_access_cell oae_access_setting(const struct oae_score *s,
					  const struct oae_profile *p,
					  size_t system, size_t condition,
					  enum oae_gate gate)
{
	size_t profile = (size_t)(p - s->profiles);
	struct oae_access_cell out = { .outcome = OAE_GATE_PASS,
				       .g = NAN,
				       .probability = NAN };
	double weight[OAE_WORKLOADS_MAX], needed, g = 0;

	if (!oae_assess_weights(s, p, weight))
		out.reason = "no workload of the profile was measured";
	for (size_t w = 0; !out.reason && w < s->workload_count; w++) {
		double floor = s->workloads[w].floor;
		struct served v;

		if (!(weight[w] > 0))
			continue;
		v = served_of(s, profile, system, w, condition);
		if (v.planned == 0) {
			out.reason = v.reason ? v.reason : "not measured";
			break;
		}
		floor = isnan(floor) ? OAE_ACCESS_FLOOR : floor;
		g += weight[w] * v.accepted / (double)v.planned;
		out.outcome = oae_gate_worse(
			out.outcome, oae_gate_floor((size_t)(v.accepted + .5),
						    v.planned, floor, &needed));
	}
	if (out.reason)
		return out;
	out.g = g;
	if (gate == OAE_GATE_FAIL)
		out.outcome = OAE_GATE_FAIL;
	return out;
}

struct oae_access_cell oae_access_of(const struct oae_score *s,
				     const struct oae_profile *p, size_t system,
				     size_t condition, enum oae_gate gate)
{
	struct oae_access_cell none = {
		.g = NAN,
		.probability = NAN,
		.reason = "knobs were set: these are not its defaults",
	};

	return has_defaults(s, system) ?
		       oae_access_setting(s, p, system, condition, gate) :
		       none;
}

/* ---- groups of inputs -------------------------------------------------- */

struct groups {
	struct oae_access_group item[GROUPS_MAX];
	double accepted[GROUPS_MAX];
	size_t n;
};

static void add_sample(struct groups *all, const char *group, bool accepted)
{
	size_t i = 0;

	while (i < all->n && strcmp(all->item[i].group, group) != 0)
		i++;
	if (i == GROUPS_MAX)
		return;
	if (i == all->n)
		all->item[all->n++].group = group;
	all->item[i].requests++;
	all->accepted[i] += accepted;
}

enum oae_status oae_access_worst(const struct oae_score *s,
				 const struct oae_profile *p, size_t system,
				 struct oae_access_group *out,
				 struct oae_error *err)
{
	double weight[OAE_WORKLOADS_MAX];
	struct groups all = { .n = 0 };
	enum oae_status status = OAE_OK;

	*out = (struct oae_access_group){ .group = NULL, .g = NAN };
	if (!oae_assess_weights(s, p, weight))
		return OAE_OK;
	for (size_t w = 0; w < s->workload_count; w++) {
		const struct oae_cell *c = oae_score_cell(s, system, w);

		for (size_t i = 0; weight[w] > 0 && i < c->sample_count; i++) {
			bool accepted;

			if (!c->samples[i]->group)
				continue;
			status = oae_sample_accepted(c->samples[i], p,
						     &accepted, err);
			if (status)
				return status;
			add_sample(&all, c->samples[i]->group, accepted);
		}
	}
	for (size_t i = 0; i < all.n; i++) {
		all.item[i].g = all.accepted[i] / (double)all.item[i].requests;
		if (!out->group || all.item[i].g < out->g)
			*out = all.item[i];
	}
	return OAE_OK;
}
