/* SPDX-License-Identifier: Apache-2.0 */
/* Where C_B = C_X: flip values, and the set of N in owned mode. */
#include <math.h>

#include "schema/bounds.h"

#define JUMPS_MAX 1000000
#define FLIP_JUMPS_MAX 5000
#define FLIP_FACTOR 1000 /* a flip farther away tells nobody anything */

const char *oae_term_name(enum oae_term t)
{
	static const char *const names[OAE_TERMS] = {
		[OAE_TERM_R1] = "r_t1_usd_h",
		[OAE_TERM_R2] = "r_t2_usd_h",
		[OAE_TERM_R3] = "r_t3_usd_h",
		[OAE_TERM_H] = "H_months",
		[OAE_TERM_N] = "N",
		[OAE_TERM_RHO] = "rho_usd",
		[OAE_TERM_P_S] = "p_s_usd",
		[OAE_TERM_P_H] = "p_h_usd",
		[OAE_TERM_P_IDLE] = "p_idle_w",
		[OAE_TERM_P_E] = "p_e_usd_kwh",
		[OAE_TERM_PEAK] = "peak_over_mean",
		[OAE_TERM_U] = "u",
		[OAE_TERM_S_SCALE] = "s_scale",
		[OAE_TERM_E_SCALE] = "e_scale",
	};

	return names[t];
}

const char *oae_own_name(enum oae_own o)
{
	static const char *const names[OAE_OWNS] = {
		[OAE_OWN_A1] = "a_t1_h",
		[OAE_OWN_A2] = "a_t2_h",
		[OAE_OWN_A3] = "a_t3_h",
		[OAE_OWN_MU1] = "mu_t1_h_month",
		[OAE_OWN_MU2] = "mu_t2_h_month",
		[OAE_OWN_MU3] = "mu_t3_h_month",
		[OAE_OWN_SETUP_S] = "setup_s",
		[OAE_OWN_SETUP_KWH] = "setup_kwh",
		[OAE_OWN_S] = "s",
		[OAE_OWN_E] = "e_kwh",
		[OAE_OWN_G] = "g",
	};

	return names[o];
}

/* The root of the line through (v0, f0) and (v1, f1), if above 0. */
static double root(double v0, double f0, double v1, double f1)
{
	double r = v0 - f0 * (v1 - v0) / (f1 - f0);

	/* A slope of rounding alone, a root at 0: the cost is not moved. */
	if (!(fabs(f1 - f0) > 1e-9 * fabs(f0)) || !(r > 1e-9 * v0))
		return NAN;
	return r;
}

/* One number that is moved, all others at mid. */
struct moved {
	enum oae_mode mode;
	const struct oae_box *box;
	int term;	/* of oae_term, or -1 */
	int own;	/* of oae_own, or -1: */
	bool of_b;	/* the baseline's */
	double rate[2]; /* machines of b and x for each unit of the load */
};

/*
 * C_B - C_X where the number is v, with given machines, or (NULL) those
 * that it takes.
 */
static double saved_at(const struct moved *p, double v, const double *machines)
{
	struct oae_terms t = p->box->mid;
	struct oae_own_values b = p->box->b_mid, x = p->box->x_mid;

	if (p->term >= 0)
		t.v[p->term] = v;
	else
		(p->of_b ? &b : &x)->v[p->own] = v;
	if (!machines)
		return oae_cost_of(p->mode, &t, &b).total -
		       oae_cost_of(p->mode, &t, &x).total;
	return oae_cost_with(p->mode, &t, &b, machines[0]).total -
	       oae_cost_with(p->mode, &t, &x, machines[1]).total;
}

static double mid_of(const struct moved *p)
{
	if (p->term >= 0)
		return p->box->mid.v[p->term];
	return (p->of_b ? &p->box->b_mid : &p->box->x_mid)->v[p->own];
}

/* ---- numbers that the machines follow --------------------------------- */

/*
 * Machines follow the load, and the load is so many times what it is now:
 * the number itself is v0 times that, or v0 over that.
 */
static bool falls(const struct moved *p)
{
	return p->term == OAE_TERM_H || p->term == OAE_TERM_U;
}

static double value_at(const struct moved *p, double load)
{
	return falls(p) ? mid_of(p) / load : mid_of(p) * load;
}

/*
 * The load between two, of the given savings, at which there are none. In
 * months the cost is affine in the number itself, else in the load.
 */
static double between(const struct moved *p, const double load[2],
		      const double saves[2])
{
	bool inverse = p->term == OAE_TERM_H;
	double a = inverse ? 1 / load[0] : load[0];
	double b = inverse ? 1 / load[1] : load[1];
	double at = a - saves[0] * (b - a) / (saves[1] - saves[0]);

	return inverse ? 1 / at : at;
}

/* The nearest jump of either's machines, up or down; counts it. */
static double next_jump(const struct moved *p, double m[2], bool up, double end)
{
	double next[2], at;

	for (int k = 0; k < 2; k++)
		next[k] = !(p->rate[k] > 0) ? end :
			  up		    ? m[k] / p->rate[k] :
					      (m[k] - 1) / p->rate[k];
	at = up ? fmin(fmin(next[0], next[1]), end) :
		  fmax(fmax(next[0], next[1]), end);
	for (int k = 0; k < 2; k++)
		if (next[k] == at && at != end)
			m[k] += up ? 1 : -1;
	return at;
}

/*
 * Walks away from the present load until the sign of what is saved changes;
 * NaN when it doesn't. After many jumps machines are taken as real numbers,
 * which is off by less than one of them.
 */
static double walk_load(const struct moved *p, double m[2], bool pays, bool up)
{
	double end = up ? FLIP_FACTOR : 1.0 / FLIP_FACTOR;
	double load[2] = { 1, 1 }, saves[2], real[2];

	for (int i = 0; i < FLIP_JUMPS_MAX; i++) {
		const double had[2] = { m[0], m[1] };

		load[1] = next_jump(p, m, up, end);
		saves[0] = saved_at(p, value_at(p, load[0]), had);
		saves[1] = saved_at(p, value_at(p, load[1]), had);
		if ((saves[1] > 0) != pays)
			return between(p, load, saves);
		if (load[1] == end)
			return NAN;
		if ((saved_at(p, value_at(p, load[1]), m) > 0) != pays)
			return load[1];
		load[0] = load[1];
	}
	saves[0] = saves[1];
	load[1] = end;
	for (int k = 0; k < 2; k++)
		real[k] = p->rate[k] > 0 ? fmax(1, end * p->rate[k]) : m[k];
	saves[1] = saved_at(p, value_at(p, end), real);
	return (saves[1] > 0) != pays ? between(p, load, saves) : NAN;
}

static double flip_by_load(const struct moved *p)
{
	double now[2], m[2], best = NAN;
	bool pays = saved_at(p, mid_of(p), NULL) > 0;

	now[0] = oae_cost_machines(&p->box->mid, &p->box->b_mid);
	now[1] = oae_cost_machines(&p->box->mid, &p->box->x_mid);
	for (int up = 0; up < 2; up++) {
		double at;

		m[0] = now[0];
		m[1] = now[1];
		at = walk_load(p, m, pays, up);
		if (isnan(best) || fabs(log(at)) < fabs(log(best)))
			best = at;
	}
	return value_at(p, best);
}

/* True when the number moves machines; fills in how fast. */
static bool moves_machines(struct moved *p)
{
	double load = oae_cost_load(&p->box->mid) * (1 - 1e-9);
	bool all = p->term == OAE_TERM_PEAK || p->term == OAE_TERM_S_SCALE ||
		   p->term == OAE_TERM_U || p->term == OAE_TERM_H ||
		   p->term == OAE_TERM_N;

	if (p->mode != OAE_OWNED || (!all && p->own != OAE_OWN_S))
		return false;
	if (all || p->of_b)
		p->rate[0] = load * p->box->b_mid.v[OAE_OWN_S];
	if (all || !p->of_b)
		p->rate[1] = load * p->box->x_mid.v[OAE_OWN_S];
	return true;
}

/* ---- all of them ------------------------------------------------------ */

static double flip(struct moved *p)
{
	double v0 = mid_of(p), v1 = v0 > 0 ? 2 * v0 : 1, r;
	bool share = p->term == OAE_TERM_U || p->own == OAE_OWN_G;

	if (moves_machines(p)) {
		r = flip_by_load(p);
	} else {
		v1 = p->own == OAE_OWN_G ? v0 / 2 : v1;
		r = root(v0, saved_at(p, v0, NULL), v1, saved_at(p, v1, NULL));
	}
	return share && r > 1 ? NAN : r;
}

double oae_flip_term(enum oae_mode mode, const struct oae_box *box,
		     enum oae_term which)
{
	struct moved p = { mode, box, (int)which, -1, false, { 0, 0 } };

	return flip(&p);
}

double oae_flip_own(enum oae_mode mode, const struct oae_box *box,
		    enum oae_own which)
{
	struct moved p = { mode, box, -1, (int)which, false, { 0, 0 } };

	return flip(&p);
}

double oae_flip_baseline(enum oae_mode mode, const struct oae_box *box,
			 enum oae_own which)
{
	struct moved p = { mode, box, -1, (int)which, true, { 0, 0 } };

	return flip(&p);
}

/* ---- the owned-mode set -------------------------------------------- */

/* C_B - C_X = fixed + tooth (m_B - m_X) + N slope; m = ceil(N rate). */
struct teeth {
	double fixed, tooth, slope;
	double rate_b, rate_x; /* machines per request; 0: always one */
};

static struct teeth teeth_of(const struct oae_terms *terms,
			     const struct oae_own_values *b,
			     const struct oae_own_values *x, bool retrofit)
{
	struct oae_terms t = *terms;
	struct oae_cost cb, cx;
	struct teeth d;

	t.v[OAE_TERM_N] = 0;
	cb = oae_cost_with(OAE_OWNED, &t, b, 0);
	cx = oae_cost_with(OAE_OWNED, &t, x, 0);
	d.fixed = cb.total - cx.total - (retrofit ? oae_cost_fixed(&cb) : 0);
	d.tooth = oae_cost_with(OAE_OWNED, &t, x, 1).total - cx.total;
	t.v[OAE_TERM_N] = 1;
	cb = oae_cost_with(OAE_OWNED, &t, b, 0);
	cx = oae_cost_with(OAE_OWNED, &t, x, 0);
	d.slope = (cb.energy + cb.remedy) - (cx.energy + cx.remedy);
	d.rate_b = oae_cost_load(&t) * b->v[OAE_OWN_S] * (1 - 1e-9);
	d.rate_x = oae_cost_load(&t) * x->v[OAE_OWN_S] * (1 - 1e-9);
	return d;
}

static bool set_add(struct oae_n_set *set, double from, double to)
{
	if (!(to > from))
		return true;
	if (set->count && set->item[set->count - 1].to == from) {
		set->item[set->count - 1].to = to;
		return true;
	}
	if (set->count == OAE_N_SET_MAX)
		return false;
	set->item[set->count].from = from;
	set->item[set->count++].to = to;
	return true;
}

/* The part of (from, to] where d + N slope > 0. */
static bool add_positive(struct oae_n_set *set, double from, double to,
			 double d, double slope)
{
	double zero;

	if (slope == 0)
		return d > 0 ? set_add(set, from, to) : true;
	zero = -d / slope;
	if (slope > 0)
		return set_add(set, fmax(from, zero), to);
	return set_add(set, from, fmin(to, zero));
}

/*
 * From this N on the sign of C_B - C_X is that of its mean slope: the
 * teeth can no longer outweigh it. Infinity when that never happens.
 */
static double settled_from(const struct teeth *d, double *mean_slope)
{
	double fixed = d->fixed, n;

	fixed +=
		(d->rate_b > 0 ? 0 : d->tooth) - (d->rate_x > 0 ? 0 : d->tooth);
	*mean_slope = d->slope + d->tooth * (d->rate_b - d->rate_x);
	n = (fabs(fixed) + d->tooth) / fabs(*mean_slope);
	if (d->rate_b > 0)
		n = fmax(n, 1 / d->rate_b);
	if (d->rate_x > 0)
		n = fmax(n, 1 / d->rate_x);
	return isnan(n) ? INFINITY : n;
}

void oae_owned_set(const struct oae_terms *t, const struct oae_own_values *b,
		   const struct oae_own_values *x, bool retrofit,
		   struct oae_n_set *out)
{
	struct teeth d = teeth_of(t, b, x, retrofit);
	double mean_slope, settled = settled_from(&d, &mean_slope);
	double m_b = 1, m_x = 1, from = 0;

	out->count = 0;
	out->known_to = INFINITY;
	if (d.rate_b == d.rate_x || d.tooth == 0) {
		add_positive(out, 0, INFINITY, d.fixed, d.slope);
		return;
	}
	for (int i = 0; i < JUMPS_MAX && from < settled; i++) {
		double end_b = d.rate_b > 0 ? m_b / d.rate_b : INFINITY;
		double end_x = d.rate_x > 0 ? m_x / d.rate_x : INFINITY;
		double end = fmin(end_b, end_x);

		if (!add_positive(out, from, end,
				  d.fixed + d.tooth * (m_b - m_x), d.slope)) {
			out->known_to = from;
			return;
		}
		m_b += end == end_b;
		m_x += end == end_x;
		from = end;
	}
	if (from < settled ||
	    (mean_slope > 0 && isfinite(from) && !set_add(out, from, INFINITY)))
		out->known_to = from;
}
