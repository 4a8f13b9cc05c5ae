/* SPDX-License-Identifier: Apache-2.0 */
/* "scale" and "profiles" of the result: costs, scores, verdicts, curves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/access_tuned.h"
#include "schema/result_internal.h"

/* The curve: 6 points a decade over this many decades from CURVE_FROM. */
#define CURVE_FROM 1e3
#define CURVE_DECADES 10
#define CURVE_POINTS (6 * CURVE_DECADES + 1)

static const char *const mode_names[OAE_MODES] = {
	[OAE_ON_DEMAND] = "on_demand",
	[OAE_OWNED] = "owned",
};

static void write_interval(struct oae_jw *w, const char *key,
			   struct oae_interval i)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "value", i.mid);
	oae_jw_num(w, "low", i.low);
	oae_jw_num(w, "high", i.high);
	oae_jw_end_obj(w);
}

static void write_scale(struct oae_jw *w, const struct oae_profile *p,
			const struct oae_scale_use *u)
{
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "profile", p->id);
	oae_jw_str(w, "shape", p->shape);
	oae_jw_str(w, "quant", p->quant);
	oae_jw_num(w, "tokens_in", p->tokens_in);
	oae_jw_num(w, "tokens_out", p->tokens_out);
	if (!u->step) {
		oae_jw_null(w, "factor");
		oae_jw_str(w, "reason", u->reason);
		oae_jw_end_obj(w);
		return;
	}
	oae_jw_int(w, "runs", (int64_t)u->step->runs);
	oae_jw_num(w, "s_reference", u->s_reference);
	oae_jw_num(w, "s_embedded", u->s_embedded);
	oae_jw_num(w, "factor", u->s.mid);
	oae_jw_num(w, "factor_low", u->s.low);
	oae_jw_num(w, "factor_high", u->s.high);
	oae_jw_num(w, "energy_factor", u->e.mid);
	oae_jw_bool(w, "extrapolated", u->extrapolated);
	oae_jw_num(w, "measured_tokens_in", (double)u->step->tokens_in);
	oae_jw_num(w, "measured_tokens_out", (double)u->step->tokens_out);
	oae_jw_num(w, "ttft_ms", u->ttft_ms);
	oae_jw_num(w, "tpot_ms", u->tpot_ms);
	oae_jw_bool(w, "within_slo",
		    u->ttft_ms <= p->slo_ttft_ms &&
			    u->tpot_ms <= p->slo_tpot_ms);
	oae_jw_str(w, "class", "estimated");
	oae_jw_end_obj(w);
}

static void write_cost(struct oae_jw *w, const char *key,
		       const struct oae_cost *c)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "C", c->total);
	oae_jw_num(w, "F", oae_cost_fixed(c));
	oae_jw_num(w, "HM", c->maintenance);
	oae_jw_num(w, "machine", c->machine);
	oae_jw_num(w, "energy", c->energy);
	oae_jw_num(w, "remedy", c->remedy);
	oae_jw_num(w, "setup", c->setup);
	oae_jw_end_obj(w);
}

static void write_ratio(struct oae_jw *w, const char *key, double b, double x)
{
	oae_jw_num(w, key, x > 0 ? b / x : NAN);
}

static void write_physical_of(struct oae_jw *w, const char *key,
			      const struct oae_physical *p)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "person_hours", p->person_hours);
	oae_jw_num(w, "machine_hours", p->machine_hours);
	oae_jw_num(w, "kwh", p->kwh);
	oae_jw_num(w, "kgco2e", p->kgco2e);
	oae_jw_end_obj(w);
}

/* Ratios baseline over system; above 1 the system needs less. */
static void write_physical(struct oae_jw *w, const struct oae_mode_score *m)
{
	const struct oae_physical *x = &m->physical, *b = &m->physical_b;

	oae_jw_obj(w, "physical");
	write_ratio(w, "person_hours", b->person_hours, x->person_hours);
	write_ratio(w, "machine_hours", b->machine_hours, x->machine_hours);
	write_ratio(w, "kwh", b->kwh, x->kwh);
	write_ratio(w, "kgco2e", b->kgco2e, x->kgco2e);
	oae_jw_bool(w, "dominates",
		    b->person_hours >= x->person_hours &&
			    b->machine_hours >= x->machine_hours &&
			    b->kwh >= x->kwh && b->kgco2e >= x->kgco2e);
	write_physical_of(w, "system", x);
	write_physical_of(w, "baseline", b);
	oae_jw_end_obj(w);
}

static void write_break_even(struct oae_jw *w, const char *key,
			     const struct oae_case *c, bool retrofit)
{
	struct oae_break_even e = oae_break_even_of(&c->box.mid, &c->box.b_mid,
						    &c->box.x_mid, retrofit);

	oae_jw_obj(w, key);
	oae_jw_num(w, "N", e.n);
	oae_jw_str(w, "kind", oae_break_even_name(e.kind));
	oae_jw_end_obj(w);
}

static void write_on_demand_only(struct oae_jw *w, const struct oae_case *c)
{
	struct oae_limits l = oae_score_limits(&c->box.mid, &c->box.b_mid,
					       &c->box.x_mid, false);

	write_break_even(w, "break_even", c, false);
	write_break_even(w, "retrofit_break_even", c, true);
	write_interval(w, "kappa_ratio", oae_assess_kappa_ratio(c));
	write_interval(w, "s_ratio", oae_assess_s_ratio(c));
	oae_jw_obj(w, "limits");
	oae_jw_num(w, "N_to_0", l.n_to_0);
	oae_jw_num(w, "N_to_inf", l.n_to_inf);
	oae_jw_end_obj(w);
}

static void write_owned_only(struct oae_jw *w, const struct oae_case *c,
			     const struct oae_mode_score *m)
{
	struct oae_n_set set;

	oae_owned_set(&c->box.mid, &c->box.b_mid, &c->box.x_mid, false, &set);
	oae_jw_num(w, "machines", m->cost.machines);
	oae_jw_num(w, "baseline_machines", m->baseline.machines);
	oae_jw_arr(w, "oae_above_1");
	for (size_t i = 0; i < set.count; i++) {
		oae_jw_arr(w, NULL);
		oae_jw_num(w, NULL, set.item[i].from);
		oae_jw_num(w, NULL, set.item[i].to);
		oae_jw_end_arr(w);
	}
	oae_jw_end_arr(w);
	oae_jw_num(w, "oae_above_1_known_to", set.known_to);
}

static void write_hours(struct oae_jw *w, const struct oae_mode_score *m)
{
	write_interval(w, "affordable_hours", m->affordable);
	oae_jw_obj(w, "declared_extra_hours");
	oae_jw_num(w, "low", m->extra.low);
	oae_jw_num(w, "mid", m->extra_mid);
	oae_jw_num(w, "high", m->extra.high);
	oae_jw_end_obj(w);
}

static void write_mode(struct oae_jw *w, const struct oae_case *c,
		       enum oae_mode mode, const struct oae_mode_score *m)
{
	oae_jw_obj(w, mode_names[mode]);
	write_cost(w, "cost_usd", &m->cost);
	write_cost(w, "baseline_cost_usd", &m->baseline);
	oae_jw_num(w, "difference_usd", m->baseline.total - m->cost.total);
	oae_result_interval(w, "oae", m->oae, m->evidence);
	oae_result_interval(w, "retrofit_oae", m->retrofit, m->evidence);
	oae_jw_obj(w, "declared_bounds");
	oae_jw_num(w, "low", m->bounds.low);
	oae_jw_num(w, "high", m->bounds.high);
	oae_jw_bool(w, "exact", m->bounds.exact);
	oae_jw_end_obj(w);
	if (mode == OAE_ON_DEMAND)
		write_on_demand_only(w, c);
	else
		write_owned_only(w, c, m);
	write_hours(w, m);
	oae_jw_str(w, "verdict", oae_verdict_name(m->verdict));
	oae_jw_bool(w, "robust", m->robust);
	oae_jw_str(w, "sentence", m->sentence);
	oae_result_uncertainty(w, m, c->score->level);
	write_physical(w, m);
	oae_result_carbon(w, c, mode);
	oae_jw_num(w, "measured_share", m->measured_share);
	oae_jw_end_obj(w);
}

/* A failed gate: no number, and why. */
static void write_no_mode(struct oae_jw *w, enum oae_mode mode,
			  const char *label, const char *reason)
{
	struct oae_buf text;

	oae_buf_init(&text, 4096);
	oae_buf_printf(&text, "%.100s has no score: %.600s.", label, reason);
	oae_jw_obj(w, mode_names[mode]);
	oae_jw_null(w, "cost_usd");
	oae_jw_null(w, "baseline_cost_usd");
	oae_jw_null(w, "difference_usd");
	oae_result_missing(w, "oae", reason);
	oae_result_missing(w, "retrofit_oae", reason);
	oae_jw_str(w, "verdict", oae_verdict_name(OAE_VERDICT_NO_SCORE));
	oae_jw_str(w, "sentence", oae_buf_str(&text));
	oae_jw_end_obj(w);
	oae_buf_release(&text);
}

static void write_gate(struct oae_jw *w, const struct oae_gate_report *g)
{
	oae_jw_obj(w, "gate");
	oae_jw_str(w, "outcome", oae_gate_name(g->outcome));
	oae_jw_arr(w, "reasons");
	for (size_t i = 0; i < g->reason_count; i++)
		oae_jw_str(w, NULL, g->reasons[i]);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

static enum oae_status write_score(struct oae_jw *w, const struct oae_score *s,
				   const struct oae_case *c,
				   const struct oae_gate_report *gate,
				   struct oae_error *err)
{
	const struct oae_score_system *x = &s->systems[c->system];
	bool scored = gate->outcome != OAE_GATE_FAIL && c->pairs.n > 0;
	const char *reason =
		gate->fail ? gate->fail :
			     "no repetition was measured for both systems";
	struct oae_mode_score m[OAE_MODES];
	enum oae_status status;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "system", x->id);
	write_gate(w, gate);
	oae_jw_bool(w, "ranked", scored && gate->outcome == OAE_GATE_PASS);
	oae_jw_int(w, "repetitions", (int64_t)c->pairs.n);
	oae_jw_obj(w, "modes");
	for (int k = 0; k < OAE_MODES; k++) {
		if (!scored) {
			write_no_mode(w, (enum oae_mode)k, x->label, reason);
			continue;
		}
		status = oae_assess_mode(c, (enum oae_mode)k, &m[k], err);
		if (status)
			return status;
		write_mode(w, c, (enum oae_mode)k, &m[k]);
	}
	oae_jw_end_obj(w);
	if (scored) {
		write_physical(w, &m[OAE_ON_DEMAND]);
		oae_jw_num(w, "measured_share",
			   m[OAE_ON_DEMAND].measured_share);
	} else {
		oae_jw_null(w, "physical");
		oae_jw_null(w, "measured_share");
	}
	oae_jw_end_obj(w);
	return OAE_OK;
}

static double curve_n(int i)
{
	return CURVE_FROM * pow(10, (double)i / 6);
}

static void write_curve_of(struct oae_jw *w, const struct oae_case *c,
			   enum oae_mode mode)
{
	struct oae_interval i[CURVE_POINTS];

	for (int k = 0; k < CURVE_POINTS; k++)
		i[k] = oae_assess_score(c, mode, curve_n(k), false);
	oae_jw_obj(w, c->score->systems[c->system].id);
	oae_jw_arr(w, "oae");
	for (int k = 0; k < CURVE_POINTS; k++)
		oae_jw_num(w, NULL, i[k].mid);
	oae_jw_end_arr(w);
	oae_jw_arr(w, "low");
	for (int k = 0; k < CURVE_POINTS; k++)
		oae_jw_num(w, NULL, i[k].low);
	oae_jw_end_arr(w);
	oae_jw_arr(w, "high");
	for (int k = 0; k < CURVE_POINTS; k++)
		oae_jw_num(w, NULL, i[k].high);
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

static void write_curve(struct oae_jw *w, const struct oae_case *cases,
			const struct oae_gate_report *gates, size_t count)
{
	oae_jw_obj(w, "curve");
	oae_jw_arr(w, "N");
	for (int i = 0; i < CURVE_POINTS; i++)
		oae_jw_num(w, NULL, curve_n(i));
	oae_jw_end_arr(w);
	for (int mode = 0; mode < OAE_MODES; mode++) {
		oae_jw_obj(w, mode_names[mode]);
		for (size_t i = 0; i < count; i++)
			if (cases[i].pairs.n &&
			    gates[i].outcome != OAE_GATE_FAIL)
				write_curve_of(w, &cases[i],
					       (enum oae_mode)mode);
		oae_jw_end_obj(w);
	}
	oae_jw_end_obj(w);
}

/* What people should know before they read the scores. */
static void write_notes(struct oae_jw *w, const struct oae_profile *p,
			const struct oae_scale_use *scale)
{
	struct oae_buf text;

	oae_jw_arr(w, "notes");
	oae_buf_init(&text, 1000);
	if (scale->step && scale->ttft_ms > p->slo_ttft_ms) {
		oae_buf_printf(&text,
			       "at the reference shape (%s %s, %g tokens in)"
			       " this machine takes %.3g s to the first token,"
			       " more than the limit of %.3g s: the share of"
			       " requests in time is the measured model's",
			       p->shape, p->quant, p->tokens_in,
			       scale->ttft_ms / 1000, p->slo_ttft_ms / 1000);
		oae_jw_str(w, NULL, oae_buf_str(&text));
	}
	oae_buf_clear(&text);
	if (scale->step && scale->tpot_ms > p->slo_tpot_ms) {
		oae_buf_printf(&text,
			       "at the reference shape this machine takes"
			       " %.3g ms a token, more than the limit of %.3g"
			       " ms: the share of requests in time is the"
			       " measured model's",
			       scale->tpot_ms, p->slo_tpot_ms);
		oae_jw_str(w, NULL, oae_buf_str(&text));
	}
	oae_buf_release(&text);
	oae_jw_end_arr(w);
}

static enum oae_status write_profile(struct oae_jw *w, struct oae_score *s,
				     const struct oae_profile *p,
				     struct oae_case *cases,
				     struct oae_gate_report *gates,
				     const cJSON *tunings,
				     struct oae_error *err)
{
	struct oae_gate_report own;
	struct oae_scale_use scale;
	size_t n = 0;
	enum oae_status status;

	oae_assess_scale(s, p, &scale);
	status = oae_assess_gate(s, p, s->baseline, &scale, &own, err);
	for (size_t i = 0; i < s->system_count && !status; i++) {
		if (i == s->baseline)
			continue;
		status = oae_assess_case(s, p, i, &scale, &cases[n], err);
		if (!status)
			status = oae_assess_gate(s, p, i, &scale, &gates[n],
						 err);
		cases[n].gate = gates[n].outcome;
		n++;
	}
	if (status)
		return status;
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "id", p->id);
	oae_jw_num(w, "N", oae_profile_requests(p));
	oae_jw_value(w, "profile", p->tree);
	write_notes(w, p, &scale);
	oae_jw_obj(w, "baseline");
	oae_jw_str(w, "system", s->systems[s->baseline].id);
	write_gate(w, &own);
	oae_jw_end_obj(w);
	oae_jw_arr(w, "scores");
	for (size_t i = 0; i < n && !status; i++)
		status = write_score(w, s, &cases[i], &gates[i], err);
	if (status)
		return status;
	oae_jw_end_arr(w);
	write_curve(w, cases, gates, n);
	status = oae_result_profile_conditions(w, cases, n, err);
	if (!status)
		status = oae_result_access(w, s, p, cases, n, own.outcome,
					   tunings, err);
	oae_jw_end_obj(w);
	return status;
}

enum oae_status oae_result_profiles(struct oae_jw *w, struct oae_score *s,
				    const char *dir, struct oae_error *err)
{
	struct oae_case *cases = calloc(s->system_count, sizeof(*cases));
	struct oae_gate_report *gates = calloc(s->system_count, sizeof(*gates));
	enum oae_status status = OAE_OK;
	cJSON *tunings = NULL;

	if (!cases || !gates)
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (!status)
		status = oae_access_tunings(s, dir, &tunings, err);
	if (status)
		goto out;
	oae_jw_arr(w, "scale");
	/* Scores are made of one scenario; others have their own figures. */
	for (size_t i = 0; s->headline && i < s->profile_count; i++) {
		struct oae_scale_use scale;

		oae_assess_scale(s, &s->profiles[i], &scale);
		if (s->profiles[i].has_shape)
			write_scale(w, &s->profiles[i], &scale);
	}
	oae_jw_end_arr(w);
	oae_jw_arr(w, "profiles");
	for (size_t i = 0; s->headline && i < s->profile_count && !status; i++)
		status = write_profile(w, s, &s->profiles[i], cases, gates,
				       tunings, err);
	oae_jw_end_arr(w);
out:
	cJSON_Delete(tunings);
	free(cases);
	free(gates);
	return status;
}
