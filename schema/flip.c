/* SPDX-License-Identifier: Apache-2.0 */
/* Where C_B = C_X: flip values, and the set of N in owned mode. */
#include <math.h>

#include "schema/bounds.h"

#define JUMPS_MAX 1000000
#define FLIP_JUMPS_MAX 50000
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

static double saved(enum oae_mode mode, const struct oae_terms *t,
		    const struct oae_own_values *b,
		    const struct oae_own_values *x)
{
	return oae_cost_of(mode, t, b).total - oae_cost_of(mode, t, x).total;
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

/*
 * A shared term that acts through m alone, owned mode: the load moves; the
 * jump nearest to the present load at which the sign changes.
 */
static double flip_load(const struct oae_box *box)
{
	const struct oae_own_values *b = &box->b_mid, *x = &box->x_mid;
	const double s[2] = { b->v[OAE_OWN_S] * (1 - 1e-9),
			      x->v[OAE_OWN_S] * (1 - 1e-9) };
	double at = oae_cost_load(&box->mid), best = NAN;
	bool pays = saved(OAE_OWNED, &box->mid, b, x) > 0;

	for (int up = 0; up < 2; up++) {
		double m[2] = { oae_cost_machines(&box->mid, b),
				oae_cost_machines(&box->mid, x) };
		double load;

		for (int i = 0; i < FLIP_JUMPS_MAX; i++) {
			double next[2], d;
			int k;

			for (k = 0; k < 2; k++)
				next[k] = up ? m[k] / s[k] : (m[k] - 1) / s[k];
			k = up ? next[1] < next[0] : next[1] > next[0];
			load = next[k];
			if (!(load <= at * FLIP_FACTOR) ||
			    !(load >= at / FLIP_FACTOR))
				break;
			if (next[0] == next[1])
				m[!k] += up ? 1 : -1;
			m[k] += up ? 1 : -1;
			d = oae_cost_with(OAE_OWNED, &box->mid, b, m[0]).total -
			    oae_cost_with(OAE_OWNED, &box->mid, x, m[1]).total;
			if ((d > 0) == pays)
				continue;
			if (isnan(best) || load - at < at - best)
				best = load;
			break;
		}
	}
	return best / at;
}

double oae_flip_term(enum oae_mode mode, const struct oae_box *box,
		     enum oae_term which)
{
	struct oae_terms t = box->mid;
	double v0 = t.v[which], f0, r;

	if (mode == OAE_OWNED &&
	    (which == OAE_TERM_PEAK || which == OAE_TERM_S_SCALE))
		return v0 * flip_load(box);
	if (mode == OAE_OWNED && which == OAE_TERM_U) {
		r = v0 / flip_load(box);
		return r <= 1 ? r : NAN;
	}
	if (mode == OAE_OWNED && (which == OAE_TERM_H || which == OAE_TERM_N))
		return NAN; /* oae_owned_set() says it for N */
	f0 = saved(mode, &t, &box->b_mid, &box->x_mid);
	t.v[which] = v0 > 0 ? 2 * v0 : 1;
	return root(v0, f0, t.v[which],
		    saved(mode, &t, &box->b_mid, &box->x_mid));
}

/* Machines of X at which the costs meet, rounded down, then their s. */
static double flip_speed(const struct oae_box *box)
{
	const struct oae_own_values *x = &box->x_mid;
	double b = oae_cost_of(OAE_OWNED, &box->mid, &box->b_mid).total;
	double one = oae_cost_with(OAE_OWNED, &box->mid, x, 1).total;
	double two = oae_cost_with(OAE_OWNED, &box->mid, x, 2).total;
	double m = floor(1 + (b - one) / (two - one));

	if (!(two > one) || !(m >= 1))
		return NAN;
	return m / (oae_cost_load(&box->mid) * (1 - 1e-9));
}

double oae_flip_own(enum oae_mode mode, const struct oae_box *box,
		    enum oae_own which)
{
	struct oae_own_values x = box->x_mid;
	double v0 = x.v[which], f0, r;

	if (mode == OAE_OWNED && which == OAE_OWN_S)
		return flip_speed(box);
	f0 = saved(mode, &box->mid, &box->b_mid, &x);
	x.v[which] = which == OAE_OWN_G ? v0 / 2 : v0 > 0 ? 2 * v0 : 1;
	r = root(v0, f0, x.v[which], saved(mode, &box->mid, &box->b_mid, &x));
	return which == OAE_OWN_G && r > 1 ? NAN : r;
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
