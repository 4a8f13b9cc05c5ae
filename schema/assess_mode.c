/* SPDX-License-Identifier: Apache-2.0 */
/* Computes a comparison in one mode. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/assess.h"

#define BCA_RESAMPLES 2000u
#define WALK_STEPS 500 /* over the interval of s */

/* The value of one aim at given values of both systems. */
typedef double aim_fn(const struct oae_cost *b, const struct oae_cost *x);

static double aim_score(const struct oae_cost *b, const struct oae_cost *x)
{
	return oae_score_of(b, x, false);
}

static double aim_retrofit(const struct oae_cost *b, const struct oae_cost *x)
{
	return oae_score_of(b, x, true);
}

/* Non-labour USD saved. */
static double aim_saved(const struct oae_cost *b, const struct oae_cost *x)
{
	return oae_affordable_hours(b, x, 1);
}

/* Without labour: set-up, machines, energy and remedies. */
static double running(const struct oae_cost *c)
{
	return c->setup + c->machine + c->energy + c->remedy;
}

static double aim_running(const struct oae_cost *b, const struct oae_cost *x)
{
	double spent = running(b), instead = running(x);

	return spent > 0 || instead > 0 ? spent / instead : 1;
}

/* A ratio of each repetition, and again with its requests drawn anew. */
struct ratios {
	double *v, *again; /* n, n x draws */
	size_t n, draws;
};

static bool ratios_init(struct ratios *r, const struct oae_pairs *p)
{
	r->n = p->n;
	r->draws = p->draws;
	r->v = calloc(p->n + 1, sizeof(*r->v));
	r->again = calloc(p->n * p->draws + 1, sizeof(*r->again));
	return r->v && r->again;
}

static void ratios_release(struct ratios *r)
{
	free(r->v);
	free(r->again);
}

/*
 * The bootstrap's spread of n values is short by (n - 1) / n, and it knows
 * no t: the level at which normal values have the t interval (Hesterberg
 * 2015, "expanded").
 */
static double bootstrap_level(double level, size_t n)
{
	double t = oae_t_quantile((1 + level) / 2, (double)n - 1);

	return 2 * oae_normal_cdf(t * sqrt((double)n / ((double)n - 1))) - 1;
}

/*
 * The interval over repetitions, of logarithms: paired t, from OAE_BCA_RUNS
 * on BCa over runs and then requests within them.
 */
static struct oae_interval over_runs(struct ratios *r, double level)
{
	struct oae_interval i;
	struct oae_rng rng;

	if (r->n < OAE_BCA_RUNS)
		return oae_ratio_interval(r->v, r->n, level);
	for (size_t k = 0; k < r->n; k++)
		r->v[k] = log(r->v[k]);
	for (size_t k = 0; k < r->n * r->draws; k++)
		r->again[k] = log(r->again[k]);
	oae_rng_seed(&rng, 1);
	i = oae_nested_interval(r->v, r->n, r->again, r->draws,
				bootstrap_level(level, r->n), BCA_RESAMPLES,
				&rng);
	return (struct oae_interval){ exp(i.low), exp(i.mid), exp(i.high) };
}

static void widen(struct oae_interval *i, double v)
{
	if (isnan(i->low) || isnan(v))
		return;
	i->low = fmin(i->low, v);
	i->high = fmax(i->high, v);
}

static double at_least_one(double m)
{
	return m > 1 ? m : 1;
}

/* Machines of both systems; m of 0: those that each cost takes. */
struct machines {
	double b, x;
};

static struct oae_cost cost_at(enum oae_mode mode, const struct oae_terms *t,
			       const struct oae_own_values *own, double m)
{
	return m > 0 ? oae_cost_with(mode, t, own, m) :
		       oae_cost_of(mode, t, own);
}

/*
 * Owned mode: the machine counts within the interval of s at which the aim
 * is least and largest. What slows the machine slows both systems, so the
 * baseline's s walks through its interval and the system's follows at either
 * end of their ratio's; the walk goes from jump to jump, or in even steps
 * when there are too many. False when s has no interval.
 */
static bool walk_machines(const struct oae_case *c, const struct oae_terms *t,
			  aim_fn *aim, struct machines ends[2])
{
	const struct oae_interval *s = &c->pairs.b_s, *r = &c->pairs.s_ratio;
	double load = oae_cost_load(t) * (1 - 1e-9);
	double step = (s->high - s->low) / WALK_STEPS;
	double least = INFINITY, most = -INFINITY;

	if (isnan(s->low) || isnan(r->low))
		return false;
	for (int end = 0; end < 2; end++) {
		double ratio = end ? r->high : r->low, at = s->low, last = 0;

		while (last < s->high) {
			struct machines m = {
				at_least_one(ceil(load * at)),
				at_least_one(ceil(load * at / ratio)),
			};
			double jump = fmin(m.b, m.x * ratio) / load, v;
			struct oae_cost b =
				oae_cost_with(OAE_OWNED, t, &c->box.b_mid, m.b);
			struct oae_cost x =
				oae_cost_with(OAE_OWNED, t, &c->box.x_mid, m.x);

			v = aim(&b, &x);
			if (v < least)
				ends[0] = m;
			if (v > most)
				ends[1] = m;
			least = fmin(least, v);
			most = fmax(most, v);
			last = at;
			at = fmax(jump * (1 + 1e-12), at + step);
			at = fmin(at, s->high);
		}
	}
	return isfinite(least);
}

static double aim_ratio(enum oae_mode mode, const struct oae_terms *t,
			aim_fn *aim, const struct oae_own_values *b_own,
			const struct oae_own_values *x_own, struct machines m)
{
	struct oae_cost b = cost_at(mode, t, b_own, m.b);
	struct oae_cost x = cost_at(mode, t, x_own, m.x);

	return aim == aim_saved ? aim_running(&b, &x) : aim(&b, &x);
}

/* The aim and its interval over repetitions, with given machines or not. */
static struct oae_interval interval_at(const struct oae_case *c,
				       enum oae_mode mode,
				       const struct oae_terms *t, aim_fn *aim,
				       struct machines m)
{
	struct oae_cost b = cost_at(mode, t, &c->box.b_mid, m.b);
	struct oae_cost x = cost_at(mode, t, &c->box.x_mid, m.x);
	double mid = aim(&b, &x), spent = running(&b);
	struct oae_interval i = { NAN, mid, NAN };
	const struct oae_pairs *p = &c->pairs;
	struct ratios r;

	if (!ratios_init(&r, p)) {
		ratios_release(&r);
		return i; /* no interval rather than a wrong one */
	}
	for (size_t k = 0; k < p->n; k++)
		r.v[k] = aim_ratio(mode, t, aim, &p->b[k], &p->x[k], m);
	for (size_t k = 0; k < p->n * p->draws; k++)
		r.again[k] = aim_ratio(mode, t, aim, &p->b_again[k],
				       &p->x_again[k], m);
	i = over_runs(&r, c->score->level);
	ratios_release(&r);
	/*
	 * Savings too come from the ratio of paired runs, so that they are
	 * surely above 0 just when that ratio is surely above 1.
	 */
	if (aim == aim_saved) {
		i.low = spent * (1 - 1 / i.low);
		i.high = spent * (1 - 1 / i.high);
	}
	i.mid = mid;
	widen(&i, mid);
	return i;
}

static struct oae_interval aim_interval(const struct oae_case *c,
					enum oae_mode mode,
					const struct oae_terms *t, aim_fn *aim)
{
	const struct machines own = { 0, 0 };
	struct oae_interval i = interval_at(c, mode, t, aim, own), at;
	struct machines ends[2];

	if (mode != OAE_OWNED || isnan(i.low) ||
	    !walk_machines(c, t, aim, ends))
		return i;
	for (int k = 0; k < 2; k++) {
		at = interval_at(c, mode, t, aim, ends[k]);
		widen(&i, at.low);
		widen(&i, at.high);
	}
	return i;
}

struct oae_interval oae_assess_score(const struct oae_case *c,
				     enum oae_mode mode, double n,
				     bool retrofit)
{
	struct oae_terms t = c->box.mid;

	t.v[OAE_TERM_N] = n;
	return aim_interval(c, mode, &t, retrofit ? aim_retrofit : aim_score);
}

/* Baseline over system: of kappa, or of s alone. */
static double ratio_at(const struct oae_case *c, bool kappa,
		       const struct oae_own_values *b,
		       const struct oae_own_values *x)
{
	const struct oae_terms *t = &c->box.mid;

	return kappa ? oae_cost_kappa(t, b) / oae_cost_kappa(t, x) :
		       b->v[OAE_OWN_S] / x->v[OAE_OWN_S];
}

static struct oae_interval ratio_of(const struct oae_case *c, bool kappa)
{
	double mid = ratio_at(c, kappa, &c->box.b_mid, &c->box.x_mid);
	struct oae_interval i = { NAN, NAN, NAN };
	const struct oae_pairs *p = &c->pairs;
	struct ratios r;

	if (ratios_init(&r, p)) {
		for (size_t k = 0; k < p->n; k++)
			r.v[k] = ratio_at(c, kappa, &p->b[k], &p->x[k]);
		for (size_t k = 0; k < p->n * p->draws; k++)
			r.again[k] = ratio_at(c, kappa, &p->b_again[k],
					      &p->x_again[k]);
		i = over_runs(&r, c->score->level);
	}
	ratios_release(&r);
	i.mid = mid;
	widen(&i, mid);
	return i;
}

struct oae_interval oae_assess_kappa_ratio(const struct oae_case *c)
{
	return ratio_of(c, true);
}

struct oae_interval oae_assess_s_ratio(const struct oae_case *c)
{
	return ratio_of(c, false);
}

/* What part of the cost came out of counts in the journal. */
static double measured_share(const struct oae_case *c, enum oae_mode mode,
			     const struct oae_cost *cost)
{
	double part = cost->remedy;

	if (!c->scale.step)
		part += cost->machine;
	if (!c->scale.step && c->pairs.energy_measured)
		part += cost->energy;
	if (mode == OAE_ON_DEMAND && c->setup == OAE_MEASURED)
		part += cost->setup;
	return cost->total > 0 ? part / cost->total : NAN;
}

static enum oae_evidence evidence_of(const struct oae_case *c,
				     enum oae_mode mode)
{
	const struct oae_profile *p = c->profile;
	enum oae_evidence e =
		oae_evidence_weaker(c->effort, p->wage_usd_h[p->tier].evidence);

	e = oae_evidence_weaker(e, p->rho_usd.evidence);
	if (c->scale.step)
		e = oae_evidence_weaker(e, OAE_ESTIMATED);
	if (mode == OAE_ON_DEMAND)
		return oae_evidence_weaker(e, p->p_s_usd.evidence);
	if (!c->pairs.energy_measured)
		e = oae_evidence_weaker(e, OAE_ESTIMATED);
	e = oae_evidence_weaker(e, p->p_h_usd.evidence);
	e = oae_evidence_weaker(e, p->p_e_usd_kwh.evidence);
	return oae_evidence_weaker(e, p->p_idle_w.evidence);
}

/* A* in hours: USD saved over the wage's range. */
static struct oae_interval affordable(const struct oae_case *c,
				      enum oae_mode mode)
{
	const struct oae_range *r = &c->profile->wage_usd_h[c->profile->tier];
	struct oae_interval usd = aim_interval(c, mode, &c->box.mid, aim_saved);
	struct oae_interval h;

	h.mid = usd.mid / r->mid;
	h.low = fmin(usd.low / r->low, usd.low / r->high);
	h.high = fmax(usd.high / r->low, usd.high / r->high);
	return h;
}

/* Section 5, from what was measured and the range of the wage. */
static enum oae_verdict verdict_of(const struct oae_mode_score *m)
{
	if (isnan(m->affordable.low))
		return OAE_VERDICT_UNDECIDED;
	return oae_verdict_of(m->affordable.low, m->affordable.high,
			      m->extra.low, m->extra.high);
}

static void agree(struct oae_mode_score *m)
{
	struct oae_agreement *a = &m->agreement;
	const struct oae_interval *drawn = &m->uncertainty.oae;

	m->verdict = verdict_of(m);
	a->runs = oae_verdict_of_score(m->oae.low, m->oae.high);
	a->draws = oae_verdict_of_score(drawn->low, drawn->high);
	a->bounds = oae_verdict_of_score(m->bounds.low, m->bounds.high);
	m->robust = m->verdict != OAE_VERDICT_UNDECIDED &&
		    a->runs == m->verdict && a->draws == m->verdict &&
		    a->bounds == m->verdict;
}

enum oae_status oae_assess_mode(const struct oae_case *c, enum oae_mode mode,
				struct oae_mode_score *out,
				struct oae_error *err)
{
	const struct oae_box *box = &c->box;
	const struct oae_measured runs = { c->pairs.b, c->pairs.x, c->pairs.n };
	int tier = c->profile->tier;
	enum oae_status status;

	memset(out, 0, sizeof(*out));
	out->baseline = oae_cost_of(mode, &box->mid, &box->b_mid);
	out->cost = oae_cost_of(mode, &box->mid, &box->x_mid);
	out->oae = aim_interval(c, mode, &box->mid, aim_score);
	out->retrofit = aim_interval(c, mode, &box->mid, aim_retrofit);
	out->bounds = oae_bounds_of(mode, OAE_AIM_SCORE, tier, box);
	out->evidence = evidence_of(c, mode);
	out->affordable = affordable(c, mode);
	out->extra = oae_extra_bounds(tier, box);
	out->extra_mid =
		oae_extra_hours(&box->mid, &box->b_mid, &box->x_mid, tier);
	status = oae_uncertainty_of(mode, tier, box, &runs, c->score->level,
				    &out->uncertainty, err);
	agree(out);
	out->measured_share = measured_share(c, mode, &out->cost);
	out->physical = oae_assess_physical(c, mode, &box->x_mid);
	out->physical_b = oae_assess_physical(c, mode, &box->b_mid);
	oae_assess_sentence(c, mode, out, out->sentence, sizeof(out->sentence));
	return status;
}
