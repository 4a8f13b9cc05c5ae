/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what a comparison needs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/assess.h"

#define JOULES_PER_KWH 3.6e6

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}

/* ---- repetitions ------------------------------------------------------ */

bool oae_assess_weights(const struct oae_score *s, const struct oae_profile *p,
			double weight[OAE_WORKLOADS_MAX])
{
	double sum = 0;

	memset(weight, 0, OAE_WORKLOADS_MAX * sizeof(*weight));
	for (size_t i = 0; i < p->workload_count; i++) {
		size_t w = oae_score_workload_index(s, p->workloads[i].id);

		if (w == s->workload_count)
			continue;
		weight[w] = p->workloads[i].weight;
		sum += weight[w];
	}
	for (size_t w = 0; w < s->workload_count && sum > 0; w++)
		weight[w] /= sum;
	return sum > 0;
}

/* True when the system has the repetition in every weighted workload. */
static bool has_rep(const struct oae_score *s, size_t system,
		    const double *weight, uint64_t rep)
{
	if (rep >= s->rep_limit)
		return false;
	for (size_t w = 0; w < s->workload_count; w++)
		if (weight[w] > 0 &&
		    !oae_cell_rep(oae_score_cell(s, system, w), rep))
			return false;
	return true;
}

static bool energy_was_measured(const struct oae_score *s, size_t system,
				const double *weight)
{
	for (size_t w = 0; w < s->workload_count; w++) {
		const struct oae_cell *c = oae_score_cell(s, system, w);

		for (size_t i = 0; weight[w] > 0 && i < c->run_count; i++)
			if (isnan(c->runs[i].e_measured))
				return false;
	}
	return true;
}

/* One repetition's weighted means; labour is filled in later. */
static struct oae_own_values rep_values(const struct oae_score *s,
					size_t profile, size_t system,
					const double *weight, uint64_t rep,
					bool measured)
{
	struct oae_own_values v = oae_own_init();

	v.v[OAE_OWN_G] = 0;
	for (size_t w = 0; w < s->workload_count; w++) {
		const struct oae_cell *c = oae_score_cell(s, system, w);
		const struct oae_cell_run *r;
		double e;

		if (!(weight[w] > 0))
			continue;
		r = oae_cell_rep(c, rep);
		e = measured ? r->e_measured : r->e_estimated;
		/* No CPU time either: as if all cores had been busy. */
		if (isnan(e))
			e = r->s * s->dynamic_w.mid / JOULES_PER_KWH;
		v.v[OAE_OWN_S] += weight[w] * r->s;
		v.v[OAE_OWN_E] += weight[w] * e;
		v.v[OAE_OWN_G] += weight[w] * r->g[profile];
	}
	return v;
}

static struct oae_own_values mean_values(const struct oae_own_values *v,
					 size_t n)
{
	struct oae_own_values m = oae_own_init();

	for (int o = 0; o < OAE_OWNS; o++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += v[i].v[o];
		m.v[o] = sum / (double)n;
	}
	return m;
}

static enum oae_status s_interval(struct oae_score *s,
				  const struct oae_own_values *v, size_t n,
				  struct oae_interval *out,
				  struct oae_error *err)
{
	double *x = oae_arena_array(&s->arena, n + 1, sizeof(*x));

	if (!x)
		return no_memory(err);
	for (size_t i = 0; i < n; i++)
		x[i] = v[i].v[OAE_OWN_S];
	*out = oae_mean_interval(x, n, s->level);
	out->low = fmax(out->low, 0);
	return OAE_OK;
}

static enum oae_status pair_up(struct oae_score *s, const struct oae_profile *p,
			       size_t system, double *weight,
			       struct oae_pairs *out, struct oae_error *err)
{
	size_t profile = (size_t)(p - s->profiles), first = 0;
	const struct oae_cell *lead;

	memset(out, 0, sizeof(*out));
	if (!oae_assess_weights(s, p, weight))
		return OAE_OK;
	while (!(weight[first] > 0))
		first++;
	lead = oae_score_cell(s, s->baseline, first);
	out->b = oae_arena_array(&s->arena, lead->run_count + 1,
				 sizeof(*out->b));
	out->x = oae_arena_array(&s->arena, lead->run_count + 1,
				 sizeof(*out->x));
	out->rep = oae_arena_array(&s->arena, lead->run_count + 1,
				   sizeof(*out->rep));
	if (!out->b || !out->x || !out->rep)
		return no_memory(err);
	out->energy_measured = energy_was_measured(s, s->baseline, weight) &&
			       energy_was_measured(s, system, weight);
	for (size_t i = 0; i < lead->run_count; i++) {
		uint64_t rep = lead->runs[i].rep;

		if (!has_rep(s, s->baseline, weight, rep) ||
		    !has_rep(s, system, weight, rep))
			continue;
		out->rep[out->n] = rep;
		out->b[out->n] = rep_values(s, profile, s->baseline, weight,
					    rep, out->energy_measured);
		out->x[out->n++] = rep_values(s, profile, system, weight, rep,
					      out->energy_measured);
	}
	if (out->n == 0)
		return OAE_OK;
	out->b_mean = mean_values(out->b, out->n);
	out->x_mean = mean_values(out->x, out->n);
	return s_interval(s, out->b, out->n, &out->b_s, err);
}

/* ---- labour ----------------------------------------------------------- */

/* A system's own parameters at the three points of its ledger. */
struct ledger_values {
	struct oae_own_values low, mid, high;
	enum oae_evidence evidence, setup;
};

static void put(struct ledger_values *l, int own, const struct oae_range *r)
{
	l->low.v[own] = r->low;
	l->mid.v[own] = r->mid;
	l->high.v[own] = r->high;
	l->evidence = oae_evidence_weaker(l->evidence, r->evidence);
}

/*
 * A missing entry takes the end of its default that is worst for the
 * system under test: high for it, low for the baseline.
 */
static enum oae_status put_default(const struct oae_score *s,
				   const char *prefix, const char *kind,
				   const char *suffix, bool baseline, int own,
				   struct ledger_values *l,
				   struct oae_error *err)
{
	char name[OAE_NAME_BYTES_MAX + 32];
	const struct oae_range *row;
	struct oae_range r;
	enum oae_status status;

	snprintf(name, sizeof(name), "%s_%.100s_%s", prefix, kind, suffix);
	row = oae_table_find(&s->tables.defaults, name);
	if (row) {
		r = *row;
	} else {
		snprintf(name, sizeof(name), "%s_other_%s", prefix, suffix);
		status = oae_table_get(&s->tables.defaults, name, &r, err);
		if (status)
			return status;
	}
	r.low = r.mid = r.high = baseline ? r.low : r.high;
	put(l, own, &r);
	return OAE_OK;
}

static void put_sum(const struct oae_score *s, const struct oae_ledger_sum *e,
		    struct ledger_values *l)
{
	double w = s->dynamic_w.mid / JOULES_PER_KWH;

	for (int k = 0; k < OAE_TIERS; k++) {
		put(l, OAE_OWN_A1 + k, &e->adoption_h[k]);
		put(l, OAE_OWN_MU1 + k, &e->maintenance_h_month[k]);
	}
	put(l, OAE_OWN_SETUP_S, &e->machine_s);
	l->setup = e->machine_s.evidence;
	l->low.v[OAE_OWN_SETUP_KWH] = e->machine_s.low * w;
	l->mid.v[OAE_OWN_SETUP_KWH] = e->machine_s.mid * w;
	l->high.v[OAE_OWN_SETUP_KWH] = e->machine_s.high * w;
}

static enum oae_status read_labour(const struct oae_score *s, size_t system,
				   int tier, struct ledger_values *l,
				   struct oae_error *err)
{
	const struct oae_score_system *x = &s->systems[system];
	const struct oae_ledger_sum *e = &x->effort;
	bool baseline = system == s->baseline;
	enum oae_status status = OAE_OK;

	memset(l, 0, sizeof(*l));
	put_sum(s, e, l);
	if (!e->adoption_count)
		status = put_default(s, "a", x->kind, "h", baseline,
				     OAE_OWN_A1 + tier, l, err);
	if (!status && !e->maintenance_count)
		status = put_default(s, "mu", x->kind, "h_month", baseline,
				     OAE_OWN_MU1 + tier, l, err);
	return status;
}

/* Labour from the ledger, the rest from the measured means. */
static struct oae_own_values join(const struct oae_own_values *ledger,
				  const struct oae_own_values *measured)
{
	struct oae_own_values v = *ledger;

	v.v[OAE_OWN_S] = measured->v[OAE_OWN_S];
	v.v[OAE_OWN_E] = measured->v[OAE_OWN_E];
	v.v[OAE_OWN_G] = measured->v[OAE_OWN_G];
	return v;
}

/* ---- shared terms ----------------------------------------------------- */

static void set_term(struct oae_box *box, int term, double low, double mid,
		     double high)
{
	box->low.v[term] = low;
	box->mid.v[term] = mid;
	box->high.v[term] = high;
}

static void set_range(struct oae_box *box, int term, const struct oae_range *r)
{
	set_term(box, term, r->low, r->mid, r->high);
}

static void fill_terms(const struct oae_score *s, const struct oae_profile *p,
		       const struct oae_scale_use *scale, bool energy_measured,
		       struct oae_box *box)
{
	double low = 1, high = 1;

	box->low = box->mid = box->high = oae_terms_init();
	for (int k = 0; k < OAE_TIERS; k++)
		set_range(box, OAE_TERM_R1 + k, &p->wage_usd_h[k]);
	set_term(box, OAE_TERM_H, p->H_months, p->H_months, p->H_months);
	set_term(box, OAE_TERM_N, p->requests_a_month.low * p->H_months,
		 oae_profile_requests(p),
		 p->requests_a_month.high * p->H_months);
	set_term(box, OAE_TERM_PEAK, p->peak_over_mean, p->peak_over_mean,
		 p->peak_over_mean);
	set_term(box, OAE_TERM_U, p->u, p->u, p->u);
	set_range(box, OAE_TERM_RHO, &p->rho_usd);
	set_range(box, OAE_TERM_P_S, &p->p_s_usd);
	set_range(box, OAE_TERM_P_H, &p->p_h_usd);
	set_range(box, OAE_TERM_P_E, &p->p_e_usd_kwh);
	set_range(box, OAE_TERM_P_IDLE, &p->p_idle_w);
	set_term(box, OAE_TERM_S_SCALE, scale->s.low, scale->s.mid,
		 scale->s.high);
	if (!energy_measured && s->dynamic_w.mid > 0) {
		low = s->dynamic_w.low / s->dynamic_w.mid;
		high = s->dynamic_w.high / s->dynamic_w.mid;
	}
	set_term(box, OAE_TERM_E_SCALE, scale->e.low * low, scale->e.mid,
		 scale->e.high * high);
}

enum oae_status oae_assess_case(struct oae_score *s,
				const struct oae_profile *p, size_t system,
				const struct oae_scale_use *scale,
				struct oae_case *out, struct oae_error *err)
{
	struct oae_pairs *pairs = &out->pairs;
	struct oae_ledger_sum common = oae_ledger_common(
		&s->systems[s->baseline].ledger, &s->systems[system].ledger);
	struct ledger_values b, x, both;
	double weight[OAE_WORKLOADS_MAX];
	enum oae_status status;

	memset(out, 0, sizeof(*out));
	out->score = s;
	out->profile = p;
	out->system = system;
	out->scale = *scale;
	status = pair_up(s, p, system, weight, pairs, err);
	if (!status)
		status = read_labour(s, s->baseline, p->tier, &b, err);
	if (!status)
		status = read_labour(s, system, p->tier, &x, err);
	if (status || pairs->n == 0)
		return status;
	out->effort = oae_evidence_weaker(b.evidence, x.evidence);
	out->setup = x.setup;
	for (size_t i = 0; i < pairs->n; i++) {
		pairs->b[i] = join(&b.mid, &pairs->b[i]);
		pairs->x[i] = join(&x.mid, &pairs->x[i]);
	}
	status = oae_assess_draws(s, p, system, weight, pairs, err);
	if (status)
		return status;
	out->box.b_low = join(&b.low, &pairs->b_mean);
	out->box.b_mid = join(&b.mid, &pairs->b_mean);
	out->box.b_high = join(&b.high, &pairs->b_mean);
	out->box.x_low = join(&x.low, &pairs->x_mean);
	out->box.x_mid = join(&x.mid, &pairs->x_mean);
	out->box.x_high = join(&x.high, &pairs->x_mean);
	memset(&both, 0, sizeof(both));
	put_sum(s, &common, &both);
	out->box.common_low = both.low;
	out->box.common_mid = both.mid;
	out->box.common_high = both.high;
	fill_terms(s, p, scale, pairs->energy_measured, &out->box);
	pairs->s_ratio = oae_assess_s_ratio(out);
	return OAE_OK;
}

/* ---- the scale step --------------------------------------------------- */

/* The baseline's weighted means over all its complete repetitions. */
static bool baseline_means(struct oae_score *s, const struct oae_profile *p,
			   struct oae_own_values *out)
{
	double weight[OAE_WORKLOADS_MAX];
	const struct oae_cell *lead;
	struct oae_own_values sum = oae_own_init();
	size_t n = 0, first = 0;
	bool measured;

	if (!oae_assess_weights(s, p, weight))
		return false;
	while (!(weight[first] > 0))
		first++;
	lead = oae_score_cell(s, s->baseline, first);
	measured = energy_was_measured(s, s->baseline, weight);
	for (size_t i = 0; i < lead->run_count; i++) {
		struct oae_own_values v;

		if (!has_rep(s, s->baseline, weight, lead->runs[i].rep))
			continue;
		v = rep_values(s, (size_t)(p - s->profiles), s->baseline,
			       weight, lead->runs[i].rep, measured);
		for (int o = 0; o < OAE_OWNS; o++)
			sum.v[o] = (n ? sum.v[o] : 0) + v.v[o];
		n++;
	}
	for (int o = 0; o < OAE_OWNS; o++)
		out->v[o] = sum.v[o] / (double)n;
	return n > 0;
}

static const struct oae_scale_step *find_step(const struct oae_score *s,
					      const struct oae_profile *p)
{
	const struct oae_scale_step *best = NULL;

	for (size_t i = 0; i < s->scale_count; i++) {
		const struct oae_scale_step *step = &s->scales[i];

		if (strcmp(step->shape, p->shape) != 0 ||
		    strcmp(step->quant, p->quant) != 0)
			continue;
		if ((double)step->tokens_in == p->tokens_in &&
		    (double)step->tokens_out == p->tokens_out)
			return step;
		best = best ? best : step;
	}
	return best;
}

static struct oae_interval times(struct oae_interval v, double k)
{
	v.mid *= k;
	v.low = isnan(v.low) ? v.mid : v.low * k;
	v.high = isnan(v.high) ? v.mid : v.high * k;
	return v;
}

void oae_assess_scale(struct oae_score *s, const struct oae_profile *p,
		      struct oae_scale_use *out)
{
	const struct oae_scale_step *step = NULL;
	struct oae_own_values b;
	double stretch = 1, out_ratio = 1;

	memset(out, 0, sizeof(*out));
	out->s = out->e = (struct oae_interval){ 1, 1, 1 };
	out->ttft_ms = out->tpot_ms = out->s_reference = out->s_embedded = NAN;
	if (!p->has_shape)
		return;
	step = find_step(s, p);
	if (!step) {
		out->reason =
			"the reference shape was not measured in this"
			" campaign: costs are those of the measured model";
		return;
	}
	if (!baseline_means(s, p, &b) || !(b.v[OAE_OWN_S] > 0)) {
		out->reason = "the baseline was not measured";
		return;
	}
	out->step = step;
	if (step->runs < 2)
		out->reason = "the reference shape was measured in one run"
			      " only: its spread is not known";
	out->ttft_ms = 1000 * step->ttft_s.mid;
	out->tpot_ms = 1000 * step->tpot_s.mid;
	out->extrapolated = (double)step->tokens_in != p->tokens_in ||
			    (double)step->tokens_out != p->tokens_out;
	if (out->extrapolated) {
		/* Prefill grows with tokens in, decoding with tokens out. */
		out->ttft_ms *= p->tokens_in / (double)step->tokens_in;
		out_ratio =
			(out->ttft_ms + out->tpot_ms * (p->tokens_out - 1)) /
			1000;
		stretch = out_ratio / step->s.mid;
	}
	out->s = times(step->s, stretch);
	out->s_reference = out->s.mid;
	out->s_embedded = b.v[OAE_OWN_S];
	out->s = times(out->s, 1 / b.v[OAE_OWN_S]);
	out->e = out->s;
	if (b.v[OAE_OWN_E] > 0 && step->e_kwh.mid > 0)
		out->e = times(step->e_kwh, stretch / b.v[OAE_OWN_E]);
}
