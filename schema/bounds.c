/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "schema/bounds.h"

#define CELLS_MAX 2000 /* pairs of machine counts enumerated */

/* One walk: the systems stand at one end, the shared terms move. */
struct walk {
	enum oae_mode mode;
	enum oae_aim aim;
	int tier;
	const struct oae_box *box;
	struct oae_own_values b, x;
	double b_tooth, x_tooth; /* machines added when m is real; see outer */
	double low, high;	 /* of the aim over what was walked */
};

static double aim_value(const struct walk *w, const struct oae_terms *t,
			double m_b, double m_x)
{
	struct oae_cost b = oae_cost_with(w->mode, t, &w->b, m_b);
	struct oae_cost x = oae_cost_with(w->mode, t, &w->x, m_x);

	if (w->aim == OAE_AIM_HOURS)
		return oae_affordable_hours(&b, &x,
					    t->v[OAE_TERM_R1 + w->tier]);
	return oae_score_of(&b, &x, w->aim == OAE_AIM_RETROFIT);
}

/* All corners of the listed terms; *t holds the values of the others. */
static void walk_corners(struct walk *w, struct oae_terms *t,
			 const enum oae_term *terms, size_t count, double m_b,
			 double m_x)
{
	const struct oae_box *box = w->box;
	enum oae_term moving[OAE_TERMS];
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (box->low.v[terms[i]] < box->high.v[terms[i]])
			moving[n++] = terms[i];
		else
			t->v[terms[i]] = box->mid.v[terms[i]];
	for (unsigned corner = 0; corner < 1u << n; corner++) {
		double v;

		for (size_t i = 0; i < n; i++)
			t->v[moving[i]] = corner >> i & 1 ?
						  box->high.v[moving[i]] :
						  box->low.v[moving[i]];
		v = aim_value(w, t, m_b, m_x);
		w->low = fmin(w->low, v);
		w->high = fmax(w->high, v);
	}
}

static const enum oae_term on_demand_terms[] = {
	OAE_TERM_R1, OAE_TERM_R2,  OAE_TERM_R3,	 OAE_TERM_H,
	OAE_TERM_N,  OAE_TERM_RHO, OAE_TERM_P_S, OAE_TERM_S_SCALE,
};

/* Those that are affine for given machines, H and N. */
static const enum oae_term owned_terms[] = {
	OAE_TERM_R1,  OAE_TERM_R2,     OAE_TERM_R3,  OAE_TERM_RHO,
	OAE_TERM_P_H, OAE_TERM_P_IDLE, OAE_TERM_P_E, OAE_TERM_E_SCALE,
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void at_point(struct walk *w, double h, double n, double m_b, double m_x)
{
	struct oae_terms t = w->box->mid;

	t.v[OAE_TERM_H] = h;
	t.v[OAE_TERM_N] = n;
	walk_corners(w, &t, owned_terms, COUNT(owned_terms), m_b, m_x);
}

/* Puts [*from, *to] into [low, high]; false when nothing is left. */
static bool clip(double *from, double *to, double low, double high)
{
	if (*from > high * (1 + 1e-12) || *to < low * (1 - 1e-12))
		return false;
	*from = fmin(fmax(*from, low), high);
	*to = fmin(fmax(*to, low), high);
	return true;
}

/*
 * One cell: machines are constant where N / H is in [from, to]. The cost is
 * affine in (H, N) together, so the corners of the polygon that the cell
 * cuts out of the box are enough.
 */
static void walk_cell(struct walk *w, double from, double to, double m_b,
		      double m_x)
{
	const double *low = w->box->low.v, *high = w->box->high.v;
	double end[2], h[2] = { low[OAE_TERM_H], high[OAE_TERM_H] };
	double n[2] = { low[OAE_TERM_N], high[OAE_TERM_N] };

	for (int i = 0; i < 2; i++) {
		end[0] = from * h[i];
		end[1] = to * h[i];
		if (clip(&end[0], &end[1], n[0], n[1])) {
			at_point(w, h[i], end[0], m_b, m_x);
			at_point(w, h[i], end[1], m_b, m_x);
		}
		end[0] = n[i] / to;
		end[1] = from > 0 ? n[i] / from : h[1];
		if (clip(&end[0], &end[1], h[0], h[1])) {
			at_point(w, end[0], n[i], m_b, m_x);
			at_point(w, end[1], n[i], m_b, m_x);
		}
	}
}

/* The ends of K in: machines of a system of speed s = ceil(K N / H s). */
static void load_ends(const struct oae_box *box, double k[2])
{
	const double *low = box->low.v, *high = box->high.v;
	const double month = 3600 * OAE_MONTH_HOURS;

	k[0] = low[OAE_TERM_PEAK] * low[OAE_TERM_S_SCALE] /
	       (month * high[OAE_TERM_U]);
	k[1] = high[OAE_TERM_PEAK] * high[OAE_TERM_S_SCALE] /
	       (month * low[OAE_TERM_U]);
}

static double machines_at(double load, double s)
{
	double m = ceil(load * s * (1 - 1e-9));

	return m > 1 ? m : 1;
}

/* The load up to which m machines suffice. */
static double load_of(double m, double s)
{
	return s > 0 ? m / (s * (1 - 1e-9)) : INFINITY;
}

static void walk_cells(struct walk *w, const double k[2], double from,
		       double to)
{
	double s_b = w->b.v[OAE_OWN_S], s_x = w->x.v[OAE_OWN_S];
	double m_b = machines_at(from, s_b), m_x = machines_at(from, s_x);

	if (m_b == machines_at(to, s_b) && m_x == machines_at(to, s_x)) {
		walk_cell(w, 0, INFINITY, m_b, m_x);
		return;
	}
	while (from < to) {
		double next_b = load_of(m_b, s_b), next_x = load_of(m_x, s_x);
		double end = fmin(fmin(next_b, next_x), to);

		walk_cell(w, from / k[1], end / k[0], m_b, m_x);
		m_b += end == next_b;
		m_x += end == next_x;
		from = end;
	}
}

/*
 * Too many jumps: m is between its real value and that plus one, and the
 * real one is affine in K, N and H separately.
 */
static void walk_outer(struct walk *w, const double k[2])
{
	const double *low = w->box->low.v, *high = w->box->high.v;

	for (int corner = 0; corner < 8; corner++) {
		double h = corner & 1 ? high[OAE_TERM_H] : low[OAE_TERM_H];
		double n = corner & 2 ? high[OAE_TERM_N] : low[OAE_TERM_N];
		double load = (corner & 4 ? k[1] : k[0]) * n / h;

		at_point(w, h, n, load * w->b.v[OAE_OWN_S] + w->b_tooth,
			 load * w->x.v[OAE_OWN_S] + w->x_tooth);
	}
}

/* Walks one end of the systems' own parameters; false: not exact. */
static bool walk_end(struct walk *w)
{
	const struct oae_box *box = w->box;
	struct oae_terms t = box->mid;
	double k[2], from, to;

	w->low = INFINITY;
	w->high = -INFINITY;
	if (w->mode == OAE_ON_DEMAND) {
		walk_corners(w, &t, on_demand_terms, COUNT(on_demand_terms), 0,
			     0);
		return true;
	}
	load_ends(box, k);
	from = oae_cost_load(&box->mid);
	to = from;
	if (memcmp(&box->low, &box->high, sizeof(box->low)) != 0) {
		from = fmin(from, k[0] * box->low.v[OAE_TERM_N] /
					  box->high.v[OAE_TERM_H]);
		to = fmax(to, k[1] * box->high.v[OAE_TERM_N] /
				      box->low.v[OAE_TERM_H]);
	}
	if ((to - from) * (w->b.v[OAE_OWN_S] + w->x.v[OAE_OWN_S]) > CELLS_MAX) {
		walk_outer(w, k);
		return false;
	}
	walk_cells(w, k, from, to);
	return true;
}

/*
 * One end of a system's parameters: cheap is all low and g high, dear the
 * reverse. The common part stands at its own corner: bit 0 for what is paid
 * once, bit 1 for what is paid each month.
 */
static struct oae_own_values end_of(const struct oae_box *box,
				    const struct oae_own_values *low,
				    const struct oae_own_values *high,
				    bool dear, unsigned common)
{
	struct oae_own_values v = dear ? *high : *low;
	const struct oae_own_values *part = dear ? &box->common_high :
						   &box->common_low;

	for (int o = OAE_OWN_A1; o <= OAE_OWN_SETUP_KWH; o++) {
		unsigned bit = o >= OAE_OWN_MU1 && o <= OAE_OWN_MU3;

		v.v[o] += (common >> bit & 1 ? box->common_high.v[o] :
					       box->common_low.v[o]) -
			  part->v[o];
	}
	v.v[OAE_OWN_G] = dear ? low->v[OAE_OWN_G] : high->v[OAE_OWN_G];
	return v;
}

/* The extreme of the aim with b dear and x cheap, or the reverse. */
static double extreme(struct walk *w, bool b_dear, bool *exact)
{
	const struct oae_box *box = w->box;
	double best = b_dear ? -INFINITY : INFINITY;

	for (unsigned common = 0; common < 4; common++) {
		w->b = end_of(box, &box->b_low, &box->b_high, b_dear, common);
		w->x = end_of(box, &box->x_low, &box->x_high, !b_dear, common);
		w->b_tooth = b_dear;
		w->x_tooth = !b_dear;
		*exact = walk_end(w) && *exact;
		best = b_dear ? fmax(best, w->high) : fmin(best, w->low);
	}
	return best;
}

struct oae_bounds oae_bounds_of(enum oae_mode mode, enum oae_aim aim, int tier,
				const struct oae_box *box)
{
	struct walk w = { .mode = mode, .aim = aim, .tier = tier, .box = box };
	struct oae_bounds r = { .exact = true };

	r.high = extreme(&w, true, &r.exact);
	r.low = extreme(&w, false, &r.exact);
	return r;
}

struct oae_bounds oae_extra_bounds(int tier, const struct oae_box *box)
{
	static const enum oae_term terms[] = {
		OAE_TERM_R1,
		OAE_TERM_R2,
		OAE_TERM_R3,
		OAE_TERM_H,
	};
	struct oae_bounds r = { .low = INFINITY,
				.high = -INFINITY,
				.exact = true };
	struct oae_own_values b_cheap, b_dear, x_cheap, x_dear;

	b_cheap = end_of(box, &box->b_low, &box->b_high, false, 0);
	b_dear = end_of(box, &box->b_low, &box->b_high, true, 0);
	x_cheap = end_of(box, &box->x_low, &box->x_high, false, 0);
	x_dear = end_of(box, &box->x_low, &box->x_high, true, 0);
	for (unsigned corner = 0; corner < 1u << COUNT(terms); corner++) {
		struct oae_terms t = box->mid;

		for (size_t i = 0; i < COUNT(terms); i++)
			t.v[terms[i]] = corner >> i & 1 ?
						box->high.v[terms[i]] :
						box->low.v[terms[i]];
		/* The common part is the same in both, so at one corner. */
		r.low = fmin(r.low,
			     oae_extra_hours(&t, &b_dear, &x_cheap, tier));
		r.high = fmax(r.high,
			      oae_extra_hours(&t, &b_cheap, &x_dear, tier));
	}
	return r;
}
