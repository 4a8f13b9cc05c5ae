/* SPDX-License-Identifier: Apache-2.0 */
/* "conditions" of the result and of each profile (spec §6.6). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/result_internal.h"
#include "schema/score_conditions.h"

static const char *const severities[OAE_SEVERITIES] = {
	"mild",
	"moderate",
	"severe",
};

static const char *const mode_names[OAE_MODES] = {
	[OAE_ON_DEMAND] = "on_demand",
	[OAE_OWNED] = "owned",
};

static const struct oae_condition *condition_of(const struct oae_score *s,
						size_t q)
{
	return oae_condition_find(s->conditions[q]);
}

static void write_head(struct oae_jw *w, const struct oae_condition *q)
{
	oae_jw_str(w, "condition", q->name);
	oae_jw_str(w, "kind", oae_condition_kind_name(q->kind));
	oae_jw_str(w, "severity",
		   q->kind == OAE_CONDITION_KIND_NOMINAL ||
				   q->kind == OAE_CONDITION_TIER ?
			   NULL :
			   severities[q->severity]);
}

/* ---- what was done ---------------------------------------------------- */

static void write_attempt(struct oae_jw *w, const struct oae_score *s, size_t q)
{
	const struct oae_condition *c = condition_of(s, q);
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(
		s->records.condition_set, c->name);
	size_t runs = 0, failed = 0, unavailable = 0;
	const char *reason = NULL;

	for (size_t i = 0; i < s->condition_run_count; i++) {
		const struct oae_condition_run *r = &s->condition_runs[i];
		const char *status = r->v.run->status;

		if (r->condition != q)
			continue;
		runs++;
		failed += status && !strcmp(status, "failed");
		unavailable += r->unavailable;
		if (r->unavailable && !reason)
			reason = r->v.run->reason;
	}
	oae_jw_obj(w, NULL);
	write_head(w, c);
	oae_jw_str(w, "about", c->about);
	oae_jw_int(w, "runs", (int64_t)runs);
	oae_jw_int(w, "failed", (int64_t)failed);
	oae_jw_int(w, "unavailable", (int64_t)unavailable);
	oae_jw_str(w, "reason", reason);
	if (set)
		oae_jw_value(w, "set", set);
	else
		oae_jw_null(w, "set");
	oae_jw_end_obj(w);
}

void oae_result_conditions(struct oae_jw *w, const struct oae_score *s)
{
	if (s->condition_count < 2)
		return;
	oae_jw_arr(w, "conditions");
	for (size_t q = 1; q < s->condition_count; q++)
		write_attempt(w, s, q);
	oae_jw_end_arr(w);
}

/* ---- one profile ------------------------------------------------------ */

static const char *cell_status(const struct oae_condition_cell *c)
{
	if (c->reps)
		return "measured";
	return c->unavailable ? "unavailable" :
	       c->invalid     ? "not valid" :
				"not measured";
}

static void write_measured(struct oae_jw *w, const struct oae_score *s,
			   size_t system, const struct oae_condition_cell *c,
			   double kappa)
{
	oae_jw_str(w, "system", s->systems[system].id);
	oae_jw_str(w, "status", cell_status(c));
	oae_jw_str(w, "reason", c->reason);
	oae_jw_int(w, "repetitions", (int64_t)c->reps);
	oae_jw_int(w, "failed_runs", (int64_t)c->failed);
	oae_jw_int(w, "oom_kills", (int64_t)c->oom_kills);
	oae_jw_num(w, "s_per_request", c->s);
	oae_jw_num(w, "kwh_per_request", c->e_kwh);
	oae_jw_str(w, "energy_class",
		   !c->reps	      ? NULL :
		   c->energy_measured ? "measured" :
					"estimated");
	oae_jw_num(w, "g", c->g);
	oae_jw_num(w, "kappa_usd", kappa);
}

static void write_oae(struct oae_jw *w, const struct oae_condition_score *x,
		      bool scored)
{
	for (int mode = 0; mode < OAE_MODES; mode++) {
		struct oae_interval i = x->oae[mode];

		oae_jw_obj(w, mode_names[mode]);
		oae_jw_num(w, "value", scored ? i.mid : NAN);
		oae_jw_num(w, "low", scored ? i.low : NAN);
		oae_jw_num(w, "high", scored ? i.high : NAN);
		oae_jw_end_obj(w);
	}
}

static bool is_scored(const struct oae_case *c)
{
	return c->pairs.n > 0 && c->gate != OAE_GATE_FAIL;
}

static void write_condition(struct oae_jw *w, const struct oae_case *cases,
			    const struct oae_condition_score *at, size_t n,
			    size_t q)
{
	const struct oae_score *s = cases[0].score;

	oae_jw_obj(w, NULL);
	write_head(w, condition_of(s, q));
	oae_jw_arr(w, "systems");
	oae_jw_obj(w, NULL);
	write_measured(w, s, s->baseline, &at[0].b, at[0].kappa_b);
	oae_jw_end_obj(w);
	for (size_t i = 0; i < n; i++) {
		oae_jw_obj(w, NULL);
		write_measured(w, s, cases[i].system, &at[i].x, at[i].kappa);
		write_oae(w, &at[i], is_scored(&cases[i]));
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

/* The index of a kind's condition of that severity, or condition_count. */
static size_t find(const struct oae_score *s, int kind, int severity)
{
	size_t q = 1;

	for (; q < s->condition_count; q++)
		if ((int)condition_of(s, q)->kind == kind &&
		    condition_of(s, q)->severity == severity)
			break;
	return q;
}

/* What a system's OAE is under each condition: by_q[q * n + i]. */
struct grid {
	const struct oae_score *s;
	const struct oae_condition_score *by_q;
	size_t n;
};

static double oae_at(const struct grid *g, size_t q, size_t i, int mode)
{
	return q < g->s->condition_count ? g->by_q[q * g->n + i].oae[mode].mid :
					   NAN;
}

static const char *name_at(const struct grid *g, size_t q)
{
	return q < g->s->condition_count ? g->s->conditions[q] : NULL;
}

/* The first severity at which the score is on the other side of 1. */
static void write_crossings(struct oae_jw *w, const struct grid *g, size_t i,
			    int mode, double nominal)
{
	oae_jw_obj(w, "crosses_1_at");
	for (int kind = 1; kind < OAE_CONDITION_LADDER; kind++) {
		const char *where = NULL;

		for (int v = 0; v < OAE_SEVERITIES && !where; v++) {
			size_t q = find(g->s, kind, v);
			double x = oae_at(g, q, i, mode);

			if (!isnan(x) && (x < 1) != (nominal < 1))
				where = name_at(g, q);
		}
		oae_jw_str(
			w,
			oae_condition_kind_name((enum oae_condition_kind)kind),
			where);
	}
	oae_jw_end_obj(w);
}

static void write_minimum(struct oae_jw *w, const struct grid *g, size_t i,
			  int mode)
{
	double nominal = oae_at(g, 0, i, mode), least = NAN;
	size_t missing = 0, at = g->s->condition_count;

	for (int kind = 1; kind < OAE_CONDITION_LADDER; kind++) {
		size_t q = find(g->s, kind, OAE_SEVERITY_MODERATE);
		double x = oae_at(g, q, i, mode);

		missing += isnan(x) ? 1 : 0;
		if (isnan(x) || (!isnan(least) && x >= least))
			continue;
		least = x;
		at = q;
	}
	oae_jw_obj(w, mode_names[mode]);
	oae_jw_num(w, "nominal", nominal);
	oae_jw_num(w, "minimum", least);
	oae_jw_str(w, "at", name_at(g, at));
	oae_jw_str(w, "status", missing ? "incomplete" : "complete");
	oae_jw_arr(w, "missing");
	for (int kind = 1; kind < OAE_CONDITION_LADDER; kind++)
		if (isnan(oae_at(g, find(g->s, kind, OAE_SEVERITY_MODERATE), i,
				 mode)))
			oae_jw_str(w, NULL,
				   oae_condition_kind_name(
					   (enum oae_condition_kind)kind));
	oae_jw_end_arr(w);
	write_crossings(w, g, i, mode, nominal);
	oae_jw_end_obj(w);
}

static void write_robustness(struct oae_jw *w, const struct oae_case *cases,
			     const struct grid *g)
{
	oae_jw_arr(w, "robustness");
	for (size_t i = 0; i < g->n; i++) {
		if (!is_scored(&cases[i]))
			continue;
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "system", g->s->systems[cases[i].system].id);
		for (int mode = 0; mode < OAE_MODES; mode++)
			write_minimum(w, g, i, mode);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

enum oae_status oae_result_profile_conditions(struct oae_jw *w,
					      const struct oae_case *cases,
					      size_t n, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_condition_score *at;
	const struct oae_score *s;
	struct grid g;

	if (!n || cases[0].score->condition_count < 2)
		return OAE_OK;
	s = cases[0].score;
	at = calloc(s->condition_count * n, sizeof(*at));
	if (!at)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t k = 0; !status && k < s->condition_count * n; k++)
		status =
			oae_condition_assess(&cases[k % n], k / n, &at[k], err);
	if (!status) {
		g = (struct grid){ .s = s, .by_q = at, .n = n };
		oae_jw_obj(w, "conditions");
		oae_jw_arr(w, "cells");
		for (size_t q = 0; q < s->condition_count; q++)
			write_condition(w, cases, at + q * n, n, q);
		oae_jw_end_arr(w);
		write_robustness(w, cases, &g);
		oae_jw_end_obj(w);
	}
	free(at);
	return status;
}
