/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/uncertainty.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 25u    /* of equal chance, for the shares */
#define LOG_MOST 50.0  /* t with one degree of freedom knows no limit */
#define NO_SHARE 0.004 /* what chance leaves of a share of 0 */

/* ---- ranges ----------------------------------------------------------- */

/* Where a range of the box stands: one of its terms, or a part of own. */
struct range {
	enum oae_whose of;
	int index; /* of oae_term or oae_own */
	double low, mid, high;
	double log_width; /* log(high / low), where low is above 0 */
};

static struct range range_at(const struct oae_box *box, enum oae_whose of,
			     int i)
{
	struct range r = { .of = of, .index = i };
	const struct oae_own_values *low = &box->x_low, *mid = &box->x_mid;
	const struct oae_own_values *high = &box->x_high;

	if (of == OAE_OF_SHARED) {
		r.low = box->low.v[i];
		r.mid = box->mid.v[i];
		r.high = box->high.v[i];
		return r;
	}
	if (of == OAE_OF_BOTH) {
		r.low = box->common_low.v[i];
		r.mid = box->common_mid.v[i];
		r.high = box->common_high.v[i];
		return r;
	}
	if (of == OAE_OF_BASELINE) {
		low = &box->b_low;
		mid = &box->b_mid;
		high = &box->b_high;
	}
	/* The part that is its own; a difference of sums is rounded. */
	r.low = low->v[i] - box->common_low.v[i];
	r.mid = mid->v[i] - box->common_mid.v[i];
	r.high = high->v[i] - box->common_high.v[i];
	if (r.high - r.low <= 1e-12 * fabs(high->v[i]))
		r.low = r.high = r.mid;
	else if (r.low <= 1e-12 * fabs(low->v[i]))
		r.low = 0;
	return r;
}

/* All that can be uncertain, in a fixed order. */
#define RANGES_MAX (OAE_TERMS + 3 * OAE_OWNS)

static size_t list_ranges(const struct oae_box *box,
			  struct range out[RANGES_MAX])
{
	static const enum oae_whose owners[] = { OAE_OF_BOTH, OAE_OF_BASELINE,
						 OAE_OF_SYSTEM };
	size_t n = 0;

	for (int t = 0; t < OAE_TERMS; t++)
		out[n++] = range_at(box, OAE_OF_SHARED, t);
	for (int k = 0; k < 3; k++)
		for (int o = 0; o < OAE_OWNS; o++)
			out[n++] = range_at(box, owners[k], o);
	for (size_t i = 0; i < n; i++)
		if (out[i].low > 0)
			out[i].log_width = log(out[i].high / out[i].low);
	return n;
}

/* u in [0, 1): log-uniform, uniform where the low end is 0. */
static double at_chance(const struct range *r, double u)
{
	if (!(r->low < r->high))
		return r->mid;
	if (r->low > 0)
		return r->low * exp(u * r->log_width);
	return r->low + u * (r->high - r->low);
}

/* A value of every number. */
struct point {
	struct oae_terms t;
	struct oae_own_values b, x;
};

/* Puts v where the range stands; own parts add to what is common. */
static void put(struct point *p, const struct range *r, double v)
{
	switch (r->of) {
	case OAE_OF_SHARED:
		p->t.v[r->index] = v;
		break;
	case OAE_OF_BOTH:
		p->b.v[r->index] += v;
		p->x.v[r->index] += v;
		break;
	case OAE_OF_BASELINE:
		p->b.v[r->index] += v;
		break;
	case OAE_OF_SYSTEM:
		p->x.v[r->index] += v;
		break;
	case OAE_OF_RUNS:
		break;
	}
}

static double score_at(enum oae_mode mode, const struct point *p)
{
	struct oae_cost b = oae_cost_of(mode, &p->t, &p->b);
	struct oae_cost x = oae_cost_of(mode, &p->t, &p->x);

	return oae_score_of(&b, &x, false);
}

/* ---- what was measured ------------------------------------------------- */

/* Deviations of the repetitions from their mean, s and e as logarithms. */
#define MEASURED 3

struct spread {
	size_t n;
	double *b[MEASURED], *x[MEASURED]; /* n each, in `memory` */
	bool log_b[MEASURED], log_x[MEASURED];
	double *memory, *normal; /* n normal numbers of one draw */
	/* The draw: times so much where log, else plus so much. */
	double move_b[MEASURED], move_x[MEASURED];
};

static const enum oae_own measured_own[MEASURED] = { OAE_OWN_S, OAE_OWN_E,
						     OAE_OWN_G };

/* True when they were taken as logarithms. */
static bool deviations(const struct oae_own_values *v, size_t n,
		       enum oae_own own, double *out)
{
	bool logs = own != OAE_OWN_G;
	double mean;

	for (size_t k = 0; k < n; k++)
		logs = logs && v[k].v[own] > 0;
	for (size_t k = 0; k < n; k++)
		out[k] = logs ? log(v[k].v[own]) : v[k].v[own];
	mean = oae_mean(out, n);
	for (size_t k = 0; k < n; k++)
		out[k] -= mean;
	return logs;
}

static bool spread_init(struct spread *s, const struct oae_measured *m)
{
	memset(s, 0, sizeof(*s));
	s->n = m ? m->n : 0;
	s->memory = calloc((size_t)(2 * MEASURED + 1) * s->n + 1,
			   sizeof(*s->memory));
	if (!s->memory)
		return false;
	s->normal = s->memory + (size_t)2 * MEASURED * s->n;
	for (size_t i = 0; i < MEASURED && s->n; i++) {
		s->b[i] = s->memory + (size_t)2 * i * s->n;
		s->x[i] = s->b[i] + s->n;
		s->log_b[i] = deviations(m->b, s->n, measured_own[i], s->b[i]);
		s->log_x[i] = deviations(m->x, s->n, measured_own[i], s->x[i]);
	}
	return true;
}

static double move(const struct spread *s, const double *deviation, bool logs)
{
	double d = 0;

	for (size_t k = 0; k < s->n; k++)
		d += s->normal[k] * deviation[k];
	return logs ? exp(fmin(fmax(d, -LOG_MOST), LOG_MOST)) : d;
}

/*
 * With z normal, sum z_k (v_k - mean) / sqrt(n (n - 1)) has the covariance
 * of the mean, and sqrt((n - 1) / chi^2) makes it t.
 */
static void draw_runs(struct spread *s, struct oae_rng *rng)
{
	double df = (double)s->n - 1, scale;

	if (s->n < 2)
		return;
	for (size_t k = 0; k < s->n; k++)
		s->normal[k] = oae_rng_normal(rng);
	scale = sqrt(df / (2 * oae_rng_gamma(rng, df / 2)));
	scale /= sqrt((double)s->n * df);
	for (size_t k = 0; k < s->n; k++)
		s->normal[k] *= scale;
	for (int i = 0; i < MEASURED; i++) {
		s->move_b[i] = move(s, s->b[i], s->log_b[i]);
		s->move_x[i] = move(s, s->x[i], s->log_x[i]);
	}
}

static void deviate(const double *by, const bool *logs,
		    struct oae_own_values *v)
{
	for (int i = 0; i < MEASURED; i++) {
		double *at = &v->v[measured_own[i]];

		*at = logs[i] ? *at * by[i] : *at + by[i];
	}
	v->v[OAE_OWN_S] = fmax(0, v->v[OAE_OWN_S]);
	v->v[OAE_OWN_G] = fmin(1, fmax(0, v->v[OAE_OWN_G]));
}

static void deviate_both(const struct spread *s, struct point *p)
{
	if (s->n < 2)
		return;
	deviate(s->move_b, s->log_b, &p->b);
	deviate(s->move_x, s->log_x, &p->x);
}

/* ---- draws ------------------------------------------------------------ */

struct class_sum {
	double sum;
	size_t n;
};

struct draws {
	enum oae_mode mode;
	int tier;
	const struct oae_box *box;
	struct range ranges[RANGES_MAX];
	size_t range_count;
	struct spread spread;
	/* Of each draw; runs: log score where the runs alone differ. */
	double *score, *hours, *logs, *runs;
	size_t pays;
	struct class_sum classes[RANGES_MAX][CLASSES];
};

/* The energy of set-up follows its seconds; the rest stands alone. */
static bool follows(const struct range *r)
{
	return r->of != OAE_OF_SHARED && r->index == OAE_OWN_SETUP_KWH;
}

/* Every number takes its chance, so that one range moves no other's. */
static struct point draw_point(struct draws *d, struct oae_rng *rng,
			       double u[RANGES_MAX])
{
	struct point p;

	memset(&p, 0, sizeof(p));
	for (size_t i = 0; i < d->range_count; i++) {
		u[i] = follows(&d->ranges[i]) ? u[i - 1] : oae_rng_uniform(rng);
		put(&p, &d->ranges[i], at_chance(&d->ranges[i], u[i]));
	}
	return p;
}

static void classify(struct draws *d, const double u[RANGES_MAX], double y)
{
	for (size_t i = 0; i < d->range_count; i++) {
		struct class_sum *c = d->classes[i];

		if (!(d->ranges[i].low < d->ranges[i].high))
			continue;
		c += (size_t)(u[i] * CLASSES);
		c->sum += y;
		c->n++;
	}
}

static void draw_all(struct draws *d)
{
	struct oae_rng ranges, runs;
	double u[RANGES_MAX] = { 0 };

	oae_rng_derive(&ranges, OAE_DRAWS_SEED, "declared ranges");
	oae_rng_derive(&runs, OAE_DRAWS_SEED, "repetitions");
	for (size_t k = 0; k < OAE_DRAWS; k++) {
		struct point p = draw_point(d, &ranges, u);
		struct point mid = { d->box->mid, d->box->b_mid,
				     d->box->x_mid };
		struct oae_cost b, x;

		draw_runs(&d->spread, &runs);
		deviate_both(&d->spread, &p);
		deviate_both(&d->spread, &mid);
		b = oae_cost_of(d->mode, &p.t, &p.b);
		x = oae_cost_of(d->mode, &p.t, &p.x);
		d->score[k] = oae_score_of(&b, &x, false);
		d->hours[k] = oae_affordable_hours(
			&b, &x, p.t.v[OAE_TERM_R1 + d->tier]);
		if (d->spread.n > 1)
			d->runs[k] = log(score_at(d->mode, &mid));
		d->pays += b.total > x.total;
		d->logs[k] = log(d->score[k]);
		classify(d, u, d->logs[k]);
	}
}

/* Quantiles of v, which is sorted; NaN when one of them is. */
static struct oae_interval quantiles(double *v, double level)
{
	for (size_t k = 0; k < OAE_DRAWS; k++)
		if (isnan(v[k]))
			return (struct oae_interval){ NAN, NAN, NAN };
	oae_sort(v, OAE_DRAWS);
	return (struct oae_interval){
		oae_quantile_sorted(v, OAE_DRAWS, (1 - level) / 2),
		oae_quantile_sorted(v, OAE_DRAWS, 0.5),
		oae_quantile_sorted(v, OAE_DRAWS, (1 + level) / 2),
	};
}

/* ---- which of them matters --------------------------------------------- */

/*
 * Variance between the classes over the whole; chance alone would put
 * (classes - 1) / (draws - classes) of the variance within there.
 */
static double share_of(const struct class_sum c[CLASSES], double mean,
		       double variance)
{
	double total = variance * (OAE_DRAWS - 1), between = 0, chance;

	for (size_t i = 0; i < CLASSES; i++) {
		double d = c[i].n ? c[i].sum / (double)c[i].n - mean : 0;

		between += (double)c[i].n * d * d;
	}
	chance = (total - between) * (CLASSES - 1) / (OAE_DRAWS - CLASSES);
	return variance > 0 ? fmax(0, (between - chance) / total) : NAN;
}

/* The score with one range at an end, the others at mid. */
static double swing_end(const struct draws *d, size_t i, bool high)
{
	struct point p = { d->box->mid, d->box->b_mid, d->box->x_mid };

	for (size_t k = i; k < d->range_count; k++) {
		const struct range *r = &d->ranges[k];
		double v = high ? r->high : r->low;

		if (k != i && !(k == i + 1 && follows(r)))
			break;
		put(&p, r, r->of == OAE_OF_SHARED ? v : v - r->mid);
	}
	return score_at(d->mode, &p);
}

static double flip_of(const struct draws *d, const struct range *r)
{
	switch (r->of) {
	case OAE_OF_SHARED:
		return oae_flip_term(d->mode, d->box, (enum oae_term)r->index);
	case OAE_OF_BASELINE:
		return oae_flip_baseline(d->mode, d->box,
					 (enum oae_own)r->index);
	case OAE_OF_SYSTEM:
		return oae_flip_own(d->mode, d->box, (enum oae_own)r->index);
	default:
		return NAN; /* what both have cancels in C_B - C_X */
	}
}

static void add_parameter(const struct draws *d, size_t i, double share,
			  struct oae_uncertainty *out)
{
	const struct range *r = &d->ranges[i];
	struct oae_parameter p;
	double shift = 0;

	if (!(r->low < r->high) || follows(r))
		return;
	/* An own number is shown whole, with what is common at mid. */
	if (r->of == OAE_OF_BASELINE || r->of == OAE_OF_SYSTEM)
		shift = d->box->common_mid.v[r->index];
	p = (struct oae_parameter){
		.name = r->of == OAE_OF_SHARED ?
				oae_term_name((enum oae_term)r->index) :
				oae_own_name((enum oae_own)r->index),
		.of = r->of,
		.low = r->low + shift,
		.mid = r->mid + shift,
		.high = r->high + shift,
		.at_low = swing_end(d, i, false),
		.at_high = swing_end(d, i, true),
		.share = share,
		.flip = flip_of(d, r),
	};
	/* Not a part of this cost: a price of the other mode, for example. */
	if (p.at_low == p.at_high && !(p.share > NO_SHARE) && isnan(p.flip))
		return;
	out->parameters[out->parameter_count++] = p;
}

static double swing(const struct oae_parameter *p)
{
	double s = fabs(log(p->at_high / p->at_low));

	return isfinite(s) ? s : 0;
}

/* By swing, the largest first; what is equal keeps its order. */
static void sort_parameters(struct oae_uncertainty *out)
{
	struct oae_parameter *p = out->parameters;

	for (size_t i = 1; i < out->parameter_count; i++) {
		struct oae_parameter moving = p[i];
		size_t k = i;

		for (; k && swing(&p[k - 1]) < swing(&moving); k--)
			p[k] = p[k - 1];
		p[k] = moving;
	}
}

static void rank(struct draws *d, double level, struct oae_uncertainty *out)
{
	bool known = d->spread.n != 1;
	double mean = oae_mean(d->logs, OAE_DRAWS);
	double variance = oae_variance(d->logs, OAE_DRAWS);

	for (size_t i = 0; i < d->range_count; i++)
		add_parameter(d, i,
			      known ? share_of(d->classes[i], mean, variance) :
				      NAN,
			      out);
	if (d->spread.n > 1) {
		double own = oae_variance(d->runs, OAE_DRAWS);
		struct oae_interval i = quantiles(d->runs, level);

		out->parameters[out->parameter_count++] =
			(struct oae_parameter){
				.name = "runs",
				.of = OAE_OF_RUNS,
				.low = NAN,
				.mid = NAN,
				.high = NAN,
				.at_low = exp(i.low),
				.at_high = exp(i.high),
				.share = variance > 0 ? own / variance : NAN,
				.flip = NAN,
			};
	}
	sort_parameters(out);
}

enum oae_status oae_uncertainty_of(enum oae_mode mode, int tier,
				   const struct oae_box *box,
				   const struct oae_measured *measured,
				   double level, struct oae_uncertainty *out,
				   struct oae_error *err)
{
	struct draws *d = calloc(1, sizeof(*d));
	enum oae_status status = OAE_ERR_NOMEM;

	memset(out, 0, sizeof(*out));
	if (!d)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	d->mode = mode;
	d->tier = tier;
	d->box = box;
	d->range_count = list_ranges(box, d->ranges);
	d->score = calloc((size_t)4 * OAE_DRAWS, sizeof(*d->score));
	if (!spread_init(&d->spread, measured) || !d->score) {
		oae_fail(err, status, 0, "out of memory");
		goto out;
	}
	d->hours = d->score + OAE_DRAWS;
	d->logs = d->hours + OAE_DRAWS;
	d->runs = d->logs + OAE_DRAWS;
	draw_all(d);
	rank(d, level, out);
	out->oae = quantiles(d->score, level);
	out->hours = quantiles(d->hours, level);
	out->pays_share = (double)d->pays / OAE_DRAWS;
	if (d->spread.n == 1) {
		out->oae = (struct oae_interval){ NAN, NAN, NAN };
		out->hours = out->oae;
		out->pays_share = NAN;
	}
	status = OAE_OK;
out:
	free(d->spread.memory);
	free(d->score);
	free(d);
	return status;
}

/* ---- words ------------------------------------------------------------- */

const char *oae_whose_name(enum oae_whose of)
{
	static const char *const names[] = {
		[OAE_OF_SHARED] = "shared",	[OAE_OF_BOTH] = "both",
		[OAE_OF_BASELINE] = "baseline", [OAE_OF_SYSTEM] = "system",
		[OAE_OF_RUNS] = "runs",
	};

	return names[of];
}

enum oae_verdict oae_verdict_of_score(double low, double high)
{
	if (low >= 1)
		return OAE_VERDICT_PAYS;
	return high < 1 ? OAE_VERDICT_DOES_NOT_PAY : OAE_VERDICT_UNDECIDED;
}
