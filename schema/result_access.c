/* SPDX-License-Identifier: Apache-2.0 */
/* "access" of a profile (spec section 9.3). */
#include <math.h>
#include <string.h>

#include "schema/access.h"
#include "schema/result_internal.h"

static const char *const skills[] = { "T1", "T2", "T3" };
static const char no_trials[] =
	"a campaign measures shipped defaults; `oae tune` tries other settings,"
	" and on the whole machine only";

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
	oae_jw_str(w, "reason", c->reason);
	oae_jw_end_obj(w);
	n->empty += c->reason ? 1 : 0;
	n->measured += !c->reason;
	n->served += !c->reason && c->outcome == OAE_GATE_PASS;
}

/* One system of a profile, and the baseline beside it. */
struct one {
	const struct oae_score *s;
	const struct oae_profile *p;
	size_t system;
	enum oae_gate gate, gate_b;
};

static void write_cells(struct oae_jw *w, const struct one *x, struct count *n)
{
	const struct oae_access_cell none = { .g = NAN, .reason = no_trials };

	oae_jw_arr(w, "cells");
	for (size_t q = 0; q < x->s->condition_count; q++) {
		struct oae_access_cell c;

		if (!oae_access_is_tier(x->s, q))
			continue;
		c = oae_access_of(x->s, x->p, x->system, q, x->gate);
		write_cell(w, x->s->conditions[q], skills[0], &c, n);
		for (int k = 1; k < 3; k++)
			write_cell(w, x->s->conditions[q], skills[k], &none, n);
	}
	oae_jw_end_arr(w);
}

/* Tiers that the baseline serves and the system does not. */
static void write_lost(struct oae_jw *w, const struct one *x)
{
	oae_jw_arr(w, "lost");
	for (size_t q = 0; q < x->s->condition_count; q++) {
		struct oae_access_cell c, b;

		if (!oae_access_is_tier(x->s, q))
			continue;
		c = oae_access_of(x->s, x->p, x->system, q, x->gate);
		b = oae_access_of(x->s, x->p, x->s->baseline, q, x->gate_b);
		if (!c.reason && !b.reason && b.outcome == OAE_GATE_PASS &&
		    c.outcome != OAE_GATE_PASS)
			oae_jw_str(w, NULL, x->s->conditions[q]);
	}
	oae_jw_end_arr(w);
}

static enum oae_status write_system(struct oae_jw *w, const struct one *x,
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

enum oae_status oae_result_access(struct oae_jw *w, const struct oae_score *s,
				  const struct oae_profile *p,
				  const struct oae_case *cases, size_t n,
				  enum oae_gate baseline, struct oae_error *err)
{
	struct one x = { s, p, s->baseline, baseline, baseline };
	enum oae_status status;
	size_t tiers = 0;

	for (size_t q = 1; q < s->condition_count; q++)
		tiers += oae_access_is_tier(s, q);
	if (tiers == 0)
		return OAE_OK;
	oae_jw_arr(w, "access");
	status = write_system(w, &x, err);
	for (size_t i = 0; i < n && !status; i++) {
		x.system = cases[i].system;
		x.gate = cases[i].gate;
		status = write_system(w, &x, err);
	}
	oae_jw_end_arr(w);
	return status;
}
