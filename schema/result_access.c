/* SPDX-License-Identifier: Apache-2.0 */
/* "access" of a profile (spec section 9.3). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/access_tuned.h"
#include "schema/result_internal.h"

/* Trials that a person of each skill makes at most; 0: shipped defaults. */
static const struct {
	const char *name;
	size_t trials;
} skills[] = { { "T1", 0 }, { "T2", 4 }, { "T3", 16 } };

#define SKILLS (sizeof(skills) / sizeof(skills[0]))

static const char *outcome_name(enum oae_gate g)
{
	return g == OAE_GATE_PASS ? "served" :
	       g == OAE_GATE_FAIL ? "not served" :
				    "unproven";
}

/* What a system's cells add up to. */
struct count {
	size_t served, measured, empty;
};

static void write_cell(struct oae_jw *w, const char *tier, const char *skill,
		       const struct oae_access_cell *c, struct count *n)
{
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "tier", tier);
	oae_jw_str(w, "skill", skill);
	oae_jw_str(w, "outcome", c->reason ? NULL : outcome_name(c->outcome));
	oae_jw_num(w, "g", c->g);
	if (!isnan(c->probability))
		oae_jw_num(w, "probability", c->probability);
	oae_jw_str(w, "reason", c->reason);
	oae_jw_end_obj(w);
	n->empty += c->reason ? 1 : 0;
	n->measured += !c->reason;
	n->served += !c->reason && c->outcome == OAE_GATE_PASS;
}

/* A profile's grid, and the system of which it is written. */
struct grid {
	const struct oae_score *s;
	const struct oae_profile *p;
	const cJSON *tunings;
	const enum oae_gate *gate; /* by system */
	size_t system;
};

static struct oae_access_cell cell_of(const struct grid *x, size_t system,
				      size_t q, size_t skill)
{
	return skill ? oae_access_tuned(x->s, x->p, x->tunings, system, q,
					skills[skill].trials, x->gate) :
		       oae_access_of(x->s, x->p, system, q, x->gate[system]);
}

static void write_cells(struct oae_jw *w, const struct grid *x, struct count *n)
{
	oae_jw_arr(w, "cells");
	for (size_t q = 0; q < x->s->condition_count; q++) {
		if (!oae_access_is_tier(x->s, q))
			continue;
		for (size_t k = 0; k < SKILLS; k++) {
			struct oae_access_cell c = cell_of(x, x->system, q, k);

			write_cell(w, x->s->conditions[q], skills[k].name, &c,
				   n);
		}
	}
	oae_jw_end_arr(w);
}

/* A tier, of T1, or "tier T2". */
static void write_name(struct oae_jw *w, const char *tier, size_t skill)
{
	char text[80];

	(void)snprintf(text, sizeof(text), "%.60s%s%s", tier, skill ? " " : "",
		       skill ? skills[skill].name : "");
	oae_jw_str(w, NULL, text);
}

/* Cells that the baseline serves and the system does not. */
static void write_lost(struct oae_jw *w, const struct grid *x)
{
	oae_jw_arr(w, "lost");
	for (size_t i = 0; i < x->s->condition_count * SKILLS; i++) {
		size_t q = i / SKILLS, k = i % SKILLS;
		struct oae_access_cell c, b;

		if (!oae_access_is_tier(x->s, q))
			continue;
		c = cell_of(x, x->system, q, k);
		b = cell_of(x, x->s->baseline, q, k);
		if (!c.reason && !b.reason && b.outcome == OAE_GATE_PASS &&
		    c.outcome != OAE_GATE_PASS)
			write_name(w, x->s->conditions[q], k);
	}
	oae_jw_end_arr(w);
}

static enum oae_status write_system(struct oae_jw *w, const struct grid *x,
				    struct oae_error *err)
{
	struct oae_access_group worst;
	struct count n = { 0, 0, 0 };
	enum oae_status status =
		oae_access_worst(x->s, x->p, x->system, &worst, err);

	if (status)
		return status;
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "system", x->s->systems[x->system].id);
	write_cells(w, x, &n);
	oae_jw_int(w, "served", (int64_t)n.served);
	oae_jw_int(w, "measured", (int64_t)n.measured);
	oae_jw_int(w, "not_measured", (int64_t)n.empty);
	oae_jw_num(w, "share",
		   n.measured ? (double)n.served / (double)n.measured : NAN);
	write_lost(w, x);
	if (worst.group) {
		oae_jw_obj(w, "worst_group");
		oae_jw_str(w, "group", worst.group);
		oae_jw_num(w, "g", worst.g);
		oae_jw_int(w, "requests", (int64_t)worst.requests);
		oae_jw_end_obj(w);
	} else {
		oae_jw_null(w, "worst_group");
	}
	oae_jw_end_obj(w);
	return OAE_OK;
}

/* Smaller machines were tried, or other settings than the defaults. */
static bool has_grid(const struct oae_score *s, const cJSON *tunings)
{
	for (size_t q = 1; q < s->condition_count; q++)
		if (oae_access_is_tier(s, q))
			return true;
	return cJSON_GetArraySize(tunings) > 0;
}

enum oae_status oae_result_access(struct oae_jw *w, const struct oae_score *s,
				  const struct oae_profile *p,
				  const struct oae_case *cases, size_t n,
				  enum oae_gate baseline, const cJSON *tunings,
				  struct oae_error *err)
{
	struct grid x = { s, p, tunings, NULL, s->baseline };
	enum oae_status status;
	enum oae_gate *gate;

	if (!has_grid(s, tunings))
		return OAE_OK;
	gate = calloc(s->system_count, sizeof(*gate));
	if (!gate)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	gate[s->baseline] = baseline;
	for (size_t i = 0; i < n; i++)
		gate[cases[i].system] = cases[i].gate;
	x.gate = gate;
	oae_jw_arr(w, "access");
	status = write_system(w, &x, err);
	for (size_t i = 0; i < n && !status; i++) {
		x.system = cases[i].system;
		status = write_system(w, &x, err);
	}
	oae_jw_end_arr(w);
	free(gate);
	return status;
}
