/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/plan.h"
#include "schema/record.h"
#include "schema/result_internal.h"
#include "schema/uncertainty.h"

/* Comparisons that are drawn; more would take minutes. */
#define DRAWN_MAX 256u
#define LEVEL 0.95

/* The keys of the inputs that ranges and flips are reported under. */
static const struct {
	enum oae_term term;
	const char *key;
} term_keys[] = {
	{ OAE_TERM_R1, "r_usd_h" },
	{ OAE_TERM_H, "H_months" },
	{ OAE_TERM_N, "N" },
	{ OAE_TERM_RHO, "rho_usd" },
	{ OAE_TERM_P_S, "p_s_usd" },
	{ OAE_TERM_P_H, "p_h_usd" },
	{ OAE_TERM_P_IDLE, "p_idle_w" },
	{ OAE_TERM_P_E, "p_e_usd_kwh" },
	{ OAE_TERM_PEAK, "peak_over_mean" },
	{ OAE_TERM_U, "u" },
};
static const struct {
	enum oae_own own;
	const char *key;
} own_keys[] = {
	{ OAE_OWN_A1, "a_h" }, { OAE_OWN_MU1, "mu_h_month" },
	{ OAE_OWN_S, "s" },    { OAE_OWN_E, "e_kwh" },
	{ OAE_OWN_G, "g" },    { OAE_OWN_SETUP_S, "setup_s" },
};

struct entry {
	const struct oae_plan *plan;
	enum oae_mode mode;
	struct oae_box box; /* b is the baseline; x changes */
	const struct oae_plan_system *x;
	enum oae_status status; /* of the draws */
	struct oae_error *err;
};

typedef void entry_fn(struct oae_jw *w, struct entry *e);

static void take_system(struct entry *e, size_t i)
{
	e->x = &e->plan->systems[i];
	e->box.x_low = e->x->low;
	e->box.x_mid = e->x->mid;
	e->box.x_high = e->x->high;
}

/* {"S": fn, "M": fn}: every system, or all but the baseline. */
static void per_system(struct oae_jw *w, const char *key, struct entry *e,
		       bool with_baseline, entry_fn *fn)
{
	oae_jw_obj(w, key);
	for (size_t i = 0; i < e->plan->system_count; i++) {
		if (i == e->plan->baseline && !with_baseline)
			continue;
		take_system(e, i);
		fn(w, e);
	}
	oae_jw_end_obj(w);
}

static struct oae_cost cost_x(const struct entry *e)
{
	return oae_cost_of(e->mode, &e->box.mid, &e->box.x_mid);
}

static struct oae_cost cost_b(const struct entry *e)
{
	return oae_cost_of(e->mode, &e->box.mid, &e->box.b_mid);
}

static void write_cost(struct oae_jw *w, struct entry *e)
{
	oae_jw_num(w, e->x->name, cost_x(e).total);
}

static void write_machines(struct oae_jw *w, struct entry *e)
{
	oae_jw_num(w, e->x->name, cost_x(e).machines);
}

static void write_oae(struct oae_jw *w, struct entry *e)
{
	struct oae_cost b = cost_b(e), x = cost_x(e);

	oae_jw_num(w, e->x->name, oae_score_of(&b, &x, false));
}

static void write_retrofit(struct oae_jw *w, struct entry *e)
{
	struct oae_cost b = cost_b(e), x = cost_x(e);

	oae_jw_num(w, e->x->name, oae_score_of(&b, &x, true));
}

static void write_affordable(struct oae_jw *w, struct entry *e)
{
	struct oae_cost b = cost_b(e), x = cost_x(e);

	oae_jw_num(w, e->x->name,
		   oae_affordable_hours(&b, &x, e->box.mid.v[OAE_TERM_R1]));
}

static void write_pair(struct oae_jw *w, const char *key,
		       const struct oae_bounds *r)
{
	oae_jw_arr(w, key);
	oae_jw_num(w, NULL, r->low);
	oae_jw_num(w, NULL, r->high);
	oae_jw_end_arr(w);
}

static void write_bounds(struct oae_jw *w, struct entry *e)
{
	struct oae_bounds r = oae_bounds_of(e->mode, OAE_AIM_SCORE, 0, &e->box);

	write_pair(w, e->x->name, &r);
}

static void write_affordable_bounds(struct oae_jw *w, struct entry *e)
{
	struct oae_bounds r = oae_bounds_of(e->mode, OAE_AIM_HOURS, 0, &e->box);

	write_pair(w, e->x->name, &r);
}

static void write_extra(struct oae_jw *w, struct entry *e)
{
	struct oae_bounds r = oae_extra_bounds(0, &e->box);

	write_pair(w, e->x->name, &r);
}

static void write_verdict(struct oae_jw *w, struct entry *e)
{
	struct oae_bounds a = oae_bounds_of(e->mode, OAE_AIM_HOURS, 0, &e->box);
	struct oae_bounds x = oae_extra_bounds(0, &e->box);
	enum oae_verdict v = oae_verdict_of(a.low, a.high, x.low, x.high);

	oae_jw_str(w, e->x->name, oae_verdict_name(v));
}

/* For every number of this comparison that is a range. */
static void write_flip(struct oae_jw *w, struct entry *e)
{
	const struct oae_box *box = &e->box;

	oae_jw_obj(w, e->x->name);
	for (size_t i = 0; i < sizeof(term_keys) / sizeof(*term_keys); i++) {
		enum oae_term t = term_keys[i].term;

		if (box->low.v[t] < box->high.v[t])
			oae_jw_num(w, term_keys[i].key,
				   oae_flip_term(e->mode, box, t));
	}
	for (size_t i = 0; i < sizeof(own_keys) / sizeof(*own_keys); i++) {
		enum oae_own o = own_keys[i].own;

		if (box->x_low.v[o] < box->x_high.v[o])
			oae_jw_num(w, own_keys[i].key,
				   oae_flip_own(e->mode, box, o));
	}
	oae_jw_end_obj(w);
}

static const char *plan_key(const struct oae_parameter *p)
{
	for (size_t i = 0; i < sizeof(term_keys) / sizeof(*term_keys); i++)
		if (p->of == OAE_OF_SHARED &&
		    !strcmp(p->name, oae_term_name(term_keys[i].term)))
			return term_keys[i].key;
	for (size_t i = 0; i < sizeof(own_keys) / sizeof(*own_keys); i++)
		if (p->of != OAE_OF_SHARED &&
		    !strcmp(p->name, oae_own_name(own_keys[i].own)))
			return own_keys[i].key;
	return p->name;
}

/* What draws say, and whether the middle, they and the bounds agree. */
static void write_uncertainty(struct oae_jw *w, struct entry *e)
{
	struct oae_bounds r = oae_bounds_of(e->mode, OAE_AIM_SCORE, 0, &e->box);
	struct oae_cost b = cost_b(e), x = cost_x(e);
	double mid = oae_score_of(&b, &x, false);
	enum oae_verdict middle = oae_verdict_of_score(mid, mid);
	enum oae_verdict bounds = oae_verdict_of_score(r.low, r.high), draws;
	struct oae_uncertainty u;

	if (!e->status)
		e->status = oae_uncertainty_of(e->mode, 0, &e->box, NULL, LEVEL,
					       &u, e->err);
	if (e->status)
		return;
	for (size_t i = 0; i < u.parameter_count; i++)
		u.parameters[i].name = plan_key(&u.parameters[i]);
	draws = oae_verdict_of_score(u.oae.low, u.oae.high);
	oae_jw_obj(w, e->x->name);
	oae_result_draws(w, &u, LEVEL);
	oae_jw_obj(w, "agreement");
	oae_jw_str(w, "middle", oae_verdict_name(middle));
	oae_jw_str(w, "draws", oae_verdict_name(draws));
	oae_jw_str(w, "bounds", oae_verdict_name(bounds));
	oae_jw_end_obj(w);
	oae_jw_bool(w, "robust",
		    bounds != OAE_VERDICT_UNDECIDED && draws == bounds &&
			    middle == bounds);
	oae_jw_end_obj(w);
}

static bool can_draw(const struct oae_plan *p)
{
	size_t modes = (size_t)p->on_demand + (size_t)p->owned;

	return p->point_count * (p->system_count - 1) * modes <= DRAWN_MAX;
}

static bool has_ranges(const struct oae_plan *p)
{
	if (memcmp(&p->low, &p->high, sizeof(p->low)) != 0)
		return true;
	for (size_t i = 0; i < p->point_count; i++)
		if (p->points[i].low < p->points[i].high)
			return true;
	for (size_t i = 0; i < p->system_count; i++)
		if (memcmp(&p->systems[i].low, &p->systems[i].high,
			   sizeof(p->systems[i].low)) != 0)
			return true;
	return false;
}

static struct entry entry_at(const struct oae_plan *p, enum oae_mode mode,
			     const struct oae_plan_point *point,
			     struct oae_error *err)
{
	const struct oae_plan_system *b = &p->systems[p->baseline];
	struct entry e = { .plan = p, .mode = mode, .err = err };

	e.box.low = p->low;
	e.box.mid = p->mid;
	e.box.high = p->high;
	e.box.low.v[OAE_TERM_N] = point->low;
	e.box.mid.v[OAE_TERM_N] = point->mid;
	e.box.high.v[OAE_TERM_N] = point->high;
	e.box.b_low = b->low;
	e.box.b_mid = b->mid;
	e.box.b_high = b->high;
	return e;
}

static enum oae_status write_point(struct oae_jw *w, const struct oae_plan *p,
				   enum oae_mode mode,
				   const struct oae_plan_point *point,
				   struct oae_error *err)
{
	struct entry e = entry_at(p, mode, point, err);

	oae_jw_obj(w, NULL);
	if (point->profile)
		oae_jw_str(w, "profile", point->profile);
	oae_jw_num(w, "N", point->mid);
	if (mode == OAE_OWNED)
		per_system(w, "machines", &e, true, write_machines);
	per_system(w, "C", &e, true, write_cost);
	per_system(w, "oae", &e, false, write_oae);
	per_system(w, "retrofit_oae", &e, false, write_retrofit);
	per_system(w, "affordable_hours", &e, false, write_affordable);
	per_system(w, "extra_hours", &e, false, write_extra);
	per_system(w, "verdict", &e, false, write_verdict);
	if (has_ranges(p)) {
		per_system(w, "bounds", &e, false, write_bounds);
		per_system(w, "affordable_hours_bounds", &e, false,
			   write_affordable_bounds);
		per_system(w, "flip", &e, false, write_flip);
		if (can_draw(p))
			per_system(w, "uncertainty", &e, false,
				   write_uncertainty);
		else
			oae_jw_null(w, "uncertainty");
	}
	oae_jw_end_obj(w);
	return e.status;
}

static struct oae_limits limits_of(const struct entry *e)
{
	return oae_score_limits(&e->box.mid, &e->box.b_mid, &e->box.x_mid,
				false);
}

static void write_to_0(struct oae_jw *w, struct entry *e)
{
	oae_jw_num(w, e->x->name, limits_of(e).n_to_0);
}

static void write_to_inf(struct oae_jw *w, struct entry *e)
{
	oae_jw_num(w, e->x->name, limits_of(e).n_to_inf);
}

static void write_break_even(struct oae_jw *w, struct entry *e, bool retrofit)
{
	struct oae_break_even b = oae_break_even_of(&e->box.mid, &e->box.b_mid,
						    &e->box.x_mid, retrofit);

	oae_jw_obj(w, e->x->name);
	oae_jw_num(w, "N", b.n);
	oae_jw_str(w, "kind", oae_break_even_name(b.kind));
	oae_jw_end_obj(w);
}

static void write_greenfield_n(struct oae_jw *w, struct entry *e)
{
	write_break_even(w, e, false);
}

static void write_retrofit_n(struct oae_jw *w, struct entry *e)
{
	write_break_even(w, e, true);
}

static void write_owned_set(struct oae_jw *w, struct entry *e)
{
	struct oae_n_set set;

	oae_owned_set(&e->box.mid, &e->box.b_mid, &e->box.x_mid, false, &set);
	oae_jw_obj(w, e->x->name);
	oae_jw_arr(w, "N");
	for (size_t i = 0; i < set.count; i++) {
		oae_jw_arr(w, NULL);
		oae_jw_num(w, NULL, set.item[i].from);
		oae_jw_num(w, NULL, set.item[i].to);
		oae_jw_end_arr(w);
	}
	oae_jw_end_arr(w);
	oae_jw_num(w, "known_to", set.known_to);
	oae_jw_end_obj(w);
}

static enum oae_status write_points(struct oae_jw *w, const char *key,
				    const struct oae_plan *p,
				    enum oae_mode mode, struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	oae_jw_arr(w, key);
	for (size_t i = 0; i < p->point_count && !status; i++)
		status = write_point(w, p, mode, &p->points[i], err);
	oae_jw_end_arr(w);
	return status;
}

static enum oae_status write_on_demand(struct oae_jw *w,
				       const struct oae_plan *p,
				       struct oae_error *err)
{
	struct entry e = entry_at(p, OAE_ON_DEMAND, &p->points[0], err);
	enum oae_status status =
		write_points(w, "on_demand", p, OAE_ON_DEMAND, err);

	if (status)
		return status;
	oae_jw_obj(w, "on_demand_limits");
	per_system(w, "N_to_0", &e, false, write_to_0);
	per_system(w, "N_to_inf", &e, false, write_to_inf);
	oae_jw_end_obj(w);
	oae_jw_obj(w, "break_even");
	per_system(w, "greenfield", &e, false, write_greenfield_n);
	per_system(w, "retrofit", &e, false, write_retrofit_n);
	oae_jw_end_obj(w);
	return OAE_OK;
}

static enum oae_status write_owned(struct oae_jw *w, const struct oae_plan *p,
				   struct oae_error *err)
{
	struct entry e = entry_at(p, OAE_OWNED, &p->points[0], err);
	enum oae_status status = write_points(w, "owned", p, OAE_OWNED, err);

	if (!status)
		per_system(w, "owned_oae_above_1", &e, false, write_owned_set);
	return status;
}

enum oae_status oae_plan_write(const struct oae_plan *p, struct oae_buf *out,
			       struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_int(&w, "oae_cost", 1);
	oae_jw_str(&w, "spec", OAE_SPEC_VERSION);
	oae_jw_str(&w, "baseline", p->systems[p->baseline].name);
	if (p->on_demand)
		status = write_on_demand(&w, p, err);
	if (p->owned && !status)
		status = write_owned(&w, p, err);
	if (status)
		return status;
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
	return oae_buf_check(out, "plan", err);
}
