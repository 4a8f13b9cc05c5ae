/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "schema/cost.h"

struct oae_terms oae_terms_init(void)
{
	struct oae_terms t;

	memset(&t, 0, sizeof(t));
	t.v[OAE_TERM_U] = 1;
	t.v[OAE_TERM_PEAK] = 1;
	t.v[OAE_TERM_S_SCALE] = 1;
	t.v[OAE_TERM_E_SCALE] = 1;
	return t;
}

struct oae_own_values oae_own_init(void)
{
	struct oae_own_values x;

	memset(&x, 0, sizeof(x));
	x.v[OAE_OWN_G] = 1;
	return x;
}

static double hours(const struct oae_terms *t)
{
	return t->v[OAE_TERM_H] * OAE_MONTH_HOURS;
}

double oae_cost_load(const struct oae_terms *t)
{
	double lambda_peak =
		t->v[OAE_TERM_PEAK] * t->v[OAE_TERM_N] / (3600 * hours(t));

	return lambda_peak * t->v[OAE_TERM_S_SCALE] / t->v[OAE_TERM_U];
}

/*
 * The factor keeps a load of exactly k machines at k when rounding has put
 * it one ulp above.
 */
double oae_cost_machines(const struct oae_terms *t,
			 const struct oae_own_values *x)
{
	double m = ceil(oae_cost_load(t) * x->v[OAE_OWN_S] * (1 - 1e-9));

	return m > 1 ? m : 1;
}

static double by_tier(const struct oae_terms *t, const struct oae_own_values *x,
		      enum oae_own first)
{
	const double *r = &t->v[OAE_TERM_R1], *h = &x->v[first];

	return r[0] * h[0] + r[1] * h[1] + r[2] * h[2];
}

struct oae_cost oae_cost_with(enum oae_mode mode, const struct oae_terms *t,
			      const struct oae_own_values *x, double machines)
{
	struct oae_cost c = { 0 };
	double n = t->v[OAE_TERM_N];
	double e = fmax(0, x->v[OAE_OWN_E]) * t->v[OAE_TERM_E_SCALE];
	double idle_usd_h = t->v[OAE_TERM_P_E] * t->v[OAE_TERM_P_IDLE] / 1000;

	c.adoption = by_tier(t, x, OAE_OWN_A1);
	c.maintenance = t->v[OAE_TERM_H] * by_tier(t, x, OAE_OWN_MU1);
	c.remedy = n * ((1 - x->v[OAE_OWN_G]) * t->v[OAE_TERM_RHO]);
	if (mode == OAE_ON_DEMAND) {
		c.setup = t->v[OAE_TERM_P_S] * x->v[OAE_OWN_SETUP_S];
		c.machine = n * (t->v[OAE_TERM_P_S] *
				 (x->v[OAE_OWN_S] * t->v[OAE_TERM_S_SCALE]));
	} else {
		c.machines = machines;
		c.setup = x->v[OAE_OWN_SETUP_S] / 3600 *
				  (t->v[OAE_TERM_P_H] + idle_usd_h) +
			  t->v[OAE_TERM_P_E] * x->v[OAE_OWN_SETUP_KWH];
		c.machine = machines * hours(t) * t->v[OAE_TERM_P_H];
		c.energy = machines * hours(t) * idle_usd_h +
			   n * (t->v[OAE_TERM_P_E] * e);
	}
	c.total = c.adoption + c.setup + c.maintenance + c.machine + c.energy +
		  c.remedy;
	return c;
}

struct oae_cost oae_cost_of(enum oae_mode mode, const struct oae_terms *t,
			    const struct oae_own_values *x)
{
	double m = mode == OAE_OWNED ? oae_cost_machines(t, x) : 0;

	return oae_cost_with(mode, t, x, m);
}

double oae_cost_fixed(const struct oae_cost *c)
{
	return c->adoption + c->setup;
}

double oae_cost_labour(const struct oae_cost *c)
{
	return c->adoption + c->maintenance;
}

double oae_cost_kappa(const struct oae_terms *t, const struct oae_own_values *x)
{
	return t->v[OAE_TERM_P_S] * (x->v[OAE_OWN_S] * t->v[OAE_TERM_S_SCALE]) +
	       (1 - x->v[OAE_OWN_G]) * t->v[OAE_TERM_RHO];
}

/* a / b, and NaN where the ratio says nothing. */
static double ratio(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

double oae_score_of(const struct oae_cost *b, const struct oae_cost *x,
		    bool retrofit)
{
	double cost_b = b->total;

	if (retrofit)
		cost_b = b->maintenance + b->machine + b->energy + b->remedy;
	return ratio(cost_b, x->total);
}

/* F + H M on demand, without F when left out. */
static double standing(const struct oae_terms *t,
		       const struct oae_own_values *x, bool without_f)
{
	struct oae_cost c = oae_cost_of(OAE_ON_DEMAND, t, x);

	return c.maintenance + (without_f ? 0 : oae_cost_fixed(&c));
}

struct oae_limits oae_score_limits(const struct oae_terms *t,
				   const struct oae_own_values *b,
				   const struct oae_own_values *x,
				   bool retrofit)
{
	struct oae_limits l;

	l.n_to_0 = ratio(standing(t, b, retrofit), standing(t, x, false));
	l.n_to_inf = ratio(oae_cost_kappa(t, b), oae_cost_kappa(t, x));
	return l;
}

struct oae_break_even oae_break_even_of(const struct oae_terms *t,
					const struct oae_own_values *b,
					const struct oae_own_values *x,
					bool retrofit)
{
	struct oae_break_even e = { .n = NAN };
	double more = standing(t, x, false) - standing(t, b, retrofit);
	double saved = oae_cost_kappa(t, b) - oae_cost_kappa(t, x);

	if (more == 0 && saved == 0)
		e.kind = OAE_PAYS_EQUAL;
	else if (more <= 0 && saved >= 0)
		e.kind = OAE_PAYS_ALWAYS;
	else if (more >= 0 && saved <= 0)
		e.kind = OAE_PAYS_NEVER;
	else
		e.kind = saved > 0 ? OAE_PAYS_ABOVE : OAE_PAYS_BELOW;
	if (e.kind == OAE_PAYS_ABOVE || e.kind == OAE_PAYS_BELOW)
		e.n = more / saved;
	return e;
}

const char *oae_break_even_name(enum oae_break_even_kind k)
{
	static const char *const names[] = {
		[OAE_PAYS_ALWAYS] = "always", [OAE_PAYS_NEVER] = "never",
		[OAE_PAYS_ABOVE] = "above",   [OAE_PAYS_BELOW] = "below",
		[OAE_PAYS_EQUAL] = "equal",
	};

	return names[k];
}

double oae_affordable_hours(const struct oae_cost *b, const struct oae_cost *x,
			    double r_usd_h)
{
	double saved = (b->setup - x->setup) + (b->machine - x->machine) +
		       (b->energy - x->energy) + (b->remedy - x->remedy);

	return r_usd_h > 0 ? saved / r_usd_h : NAN;
}

double oae_extra_hours(const struct oae_terms *t,
		       const struct oae_own_values *b,
		       const struct oae_own_values *x, int tier)
{
	double r = t->v[OAE_TERM_R1 + tier];
	double sum = 0;

	for (int k = 0; k < 3; k++) {
		double da = x->v[OAE_OWN_A1 + k] - b->v[OAE_OWN_A1 + k];
		double dmu = x->v[OAE_OWN_MU1 + k] - b->v[OAE_OWN_MU1 + k];
		double h = da + t->v[OAE_TERM_H] * dmu;

		if (k == tier)
			sum += h;
		else if (h != 0)
			sum += h * (t->v[OAE_TERM_R1 + k] / r);
	}
	return sum;
}

enum oae_verdict oae_verdict_of(double affordable_low, double affordable_high,
				double extra_low, double extra_high)
{
	if (isnan(affordable_low) || isnan(affordable_high) ||
	    isnan(extra_low) || isnan(extra_high))
		return OAE_VERDICT_NO_SCORE;
	if (affordable_low >= extra_high)
		return OAE_VERDICT_PAYS;
	if (affordable_high < extra_low)
		return OAE_VERDICT_DOES_NOT_PAY;
	return OAE_VERDICT_UNDECIDED;
}

const char *oae_verdict_name(enum oae_verdict v)
{
	static const char *const names[] = {
		[OAE_VERDICT_PAYS] = "PAYS",
		[OAE_VERDICT_DOES_NOT_PAY] = "DOES-NOT-PAY",
		[OAE_VERDICT_UNDECIDED] = "UNDECIDED",
		[OAE_VERDICT_NO_SCORE] = "NO-SCORE",
	};

	return names[v];
}
