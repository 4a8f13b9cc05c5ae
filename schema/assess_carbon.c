/* SPDX-License-Identifier: Apache-2.0 */
/* Hours, energy and carbon of a comparison (spec sections 4 and 9). */
#include <math.h>
#include <string.h>

#include "schema/assess.h"

/* One end of what carbon hangs on, or the middle. */
struct setting {
	const struct oae_terms *shared; /* idle power and scale steps */
	const struct oae_own_values *own;
	double kg, years; /* of making a machine; NaN unknown */
};

static struct oae_terms terms_of(const struct oae_case *c,
				 const struct oae_terms *end)
{
	static const enum oae_term moved[] = { OAE_TERM_P_IDLE,
					       OAE_TERM_S_SCALE,
					       OAE_TERM_E_SCALE };
	struct oae_terms t = c->box.mid;

	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
		t.v[moved[i]] = end->v[moved[i]];
	return t;
}

static double machine_hours(enum oae_mode mode, const struct oae_terms *t,
			    const struct oae_own_values *v)
{
	double setup = v->v[OAE_OWN_SETUP_S] / 3600;

	if (mode == OAE_OWNED)
		return setup + oae_cost_machines(t, v) * t->v[OAE_TERM_H] *
				       OAE_MONTH_HOURS;
	return setup + t->v[OAE_TERM_N] * v->v[OAE_OWN_S] *
			       t->v[OAE_TERM_S_SCALE] / 3600;
}

/* Idle power of all its hours, and what was drawn above it. */
static double energy_kwh(const struct oae_terms *t,
			 const struct oae_own_values *v, double hours)
{
	return hours * t->v[OAE_TERM_P_IDLE] / 1000 + v->v[OAE_OWN_SETUP_KWH] +
	       t->v[OAE_TERM_N] * fmax(0, v->v[OAE_OWN_E]) *
		       t->v[OAE_TERM_E_SCALE];
}

static double mid_of(const struct oae_table *t, const char *name)
{
	const struct oae_range *r = oae_table_find(t, name);

	return r ? r->mid : NAN;
}

struct oae_physical oae_assess_physical(const struct oae_case *c,
					enum oae_mode mode,
					const struct oae_own_values *v)
{
	const struct oae_tables *tables = &c->score->tables;
	const struct oae_terms *t = &c->box.mid;
	struct oae_physical p = { 0 };

	for (int k = 0; k < OAE_TIERS; k++)
		p.person_hours += v->v[OAE_OWN_A1 + k] +
				  t->v[OAE_TERM_H] * v->v[OAE_OWN_MU1 + k];
	p.machine_hours = machine_hours(mode, t, v);
	p.kwh = energy_kwh(t, v, p.machine_hours);
	p.kgco2e = p.kwh * mid_of(&tables->grid, "WORLD") / 1000 +
		   oae_embodied_kg(mid_of(&tables->embodied, "machine_kg"),
				   mid_of(&tables->embodied, "machine_years"),
				   p.machine_hours);
	return p;
}

/* Grams per useful request. */
static double sci_of(const struct oae_case *c, enum oae_mode mode,
		     const struct setting *s, double g_per_kwh)
{
	struct oae_terms t = terms_of(c, s->shared);
	double hours = machine_hours(mode, &t, s->own);

	return oae_sci_g(energy_kwh(&t, s->own, hours), g_per_kwh / 1000,
			 oae_embodied_kg(s->kg, s->years, hours),
			 t.v[OAE_TERM_N] * s->own->v[OAE_OWN_G]);
}

size_t oae_assess_carbon(const struct oae_case *c, enum oae_mode mode,
			 struct oae_carbon_row rows[OAE_GRIDS_MAX])
{
	const struct oae_tables *tables = &c->score->tables;
	const struct oae_range none = { .low = NAN, .mid = NAN, .high = NAN };
	const struct oae_range *kg =
		oae_table_find(&tables->embodied, "machine_kg");
	const struct oae_range *years =
		oae_table_find(&tables->embodied, "machine_years");
	const struct oae_box *box = &c->box;
	size_t n = tables->grid.count;

	kg = kg ? kg : &none;
	years = years ? years : &none;
	n = n < OAE_GRIDS_MAX ? n : OAE_GRIDS_MAX;
	for (size_t i = 0; i < n; i++) {
		const struct oae_table_row *grid = &tables->grid.rows[i];
		struct setting low = { &box->low, NULL, kg->low, years->high };
		struct setting mid = { &box->mid, NULL, kg->mid, years->mid };
		struct setting high = { &box->high, NULL, kg->high,
					years->low };
		struct oae_interval *out = &rows[i].x;

		rows[i].grid = grid->name;
		rows[i].g_per_kwh = grid->range.mid;
		low.own = &box->x_low;
		mid.own = &box->x_mid;
		high.own = &box->x_high;
		for (int of_b = 0; of_b < 2; of_b++) {
			out->low = sci_of(c, mode, &low, grid->range.low);
			out->mid = sci_of(c, mode, &mid, grid->range.mid);
			out->high = sci_of(c, mode, &high, grid->range.high);
			out = &rows[i].b;
			low.own = &box->b_low;
			mid.own = &box->b_mid;
			high.own = &box->b_high;
		}
	}
	return n;
}

enum oae_evidence oae_assess_carbon_evidence(const struct oae_case *c)
{
	const struct oae_tables *t = &c->score->tables;
	enum oae_evidence e = c->profile->p_idle_w.evidence;

	for (size_t i = 0; i < t->grid.count; i++)
		e = oae_evidence_weaker(e, t->grid.rows[i].range.evidence);
	for (size_t i = 0; i < t->embodied.count; i++)
		e = oae_evidence_weaker(e, t->embodied.rows[i].range.evidence);
	if (c->scale.step || !c->pairs.energy_measured)
		e = oae_evidence_weaker(e, OAE_ESTIMATED);
	return e;
}
