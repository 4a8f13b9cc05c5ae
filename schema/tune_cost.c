/* SPDX-License-Identifier: Apache-2.0 */
/* What each setting of a tuning costs a request, and both searches. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/talent.h"
#include "schema/tune_internal.h"

#define LEVEL OAE_SCORE_LEVEL

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "tuning: out of memory");
}

/* ---- prices ------------------------------------------------------------ */

/*
 * Cells of the score's own kind from some of the runs: the baseline's in its
 * trial rounds, so that the scale step and the prices are those of a score.
 */
static enum oae_status baseline_cells(struct oae_tune *t, struct oae_error *err)
{
	for (size_t i = 0; i < t->run_count; i++) {
		struct oae_tune_run *r = &t->runs[i];

		if (r->setting == 0 &&
		    oae_tune_phase_of(t, r) == OAE_TUNE_TRIALS)
			r->record->purpose = "score";
	}
	return oae_score_cells(&t->score, err);
}

static enum oae_status read_prices(struct oae_tune *t, struct oae_error *err)
{
	struct oae_case *c = calloc(1, sizeof(*c));
	enum oae_status status;

	if (!c)
		return no_memory(err);
	status = baseline_cells(t, err);
	if (!status)
		status = oae_score_scales(&t->score, err);
	if (status)
		goto out;
	oae_assess_scale(&t->score, t->profile, &t->scale);
	status = oae_assess_case(&t->score, t->profile, 0, &t->scale, c, err);
	if (!status && !c->pairs.n)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "the baseline served no whole repetition, so"
				  " nothing has a cost; the reasons stand in"
				  " the journal");
	t->terms = c->box.mid;
	t->kappa_failed = t->terms.v[OAE_TERM_RHO];
	if (!status && !(t->kappa_failed > 0))
		status =
			oae_fail(err, OAE_ERR_FORMAT, 0,
				 "profile %.60s: rho_usd is 0, so a setting"
				 " that does not serve would cost nothing; give"
				 " it a price",
				 t->profile->id);
out:
	for (size_t i = 0; i < t->run_count; i++)
		t->runs[i].record->purpose = "tune";
	free(c);
	return status;
}

/* ---- one setting ------------------------------------------------------- */

/* One repetition: kappa, s and g over the profile's workloads. */
struct rep_cost {
	double kappa, s, g;
	bool whole; /* served on every workload */
	bool known; /* served, or it could not serve */
};

static struct rep_cost cost_of(const struct oae_tune *t,
			       const struct oae_tune_setting *x, uint64_t rep)
{
	struct oae_own_values v = oae_own_init();
	struct rep_cost out = { .whole = true, .known = true };

	v.v[OAE_OWN_G] = 0;
	for (size_t w = 0; w < t->score.workload_count; w++) {
		const struct oae_tune_run *r = oae_tune_run_of(x, rep, w);

		if (!(t->weight[w] > 0))
			continue;
		if (!r || !r->sample_count) {
			/* Not begun yet, or it could not. */
			out.known =
				out.known &&
				(r ? r->failed :
				     x->role == OAE_TUNE_TRIAL && x->failed);
			out.whole = false;
			continue;
		}
		v.v[OAE_OWN_S] += t->weight[w] * r->cell.s;
		v.v[OAE_OWN_G] += t->weight[w] * r->cell.g[0];
	}
	out.s = v.v[OAE_OWN_S];
	out.g = v.v[OAE_OWN_G];
	out.kappa = oae_cost_kappa(&t->terms, &v);
	return out;
}

/* The repetitions of its own phase in which the baseline was run. */
static bool next_rep(const struct oae_tune *t, const struct oae_tune_setting *x,
		     enum oae_tune_phase phase, size_t *at, uint64_t *rep)
{
	const struct oae_tune_setting *b = &t->settings[0];
	uint64_t least = *at ? *rep + 1 : 0;

	for (; *at < b->run_count; ++*at) {
		const struct oae_tune_run *r = &b->runs[*at];

		if (r->record->rep < least || oae_tune_phase_of(t, r) != phase)
			continue;
		/* Any of its rounds, for the defaults; else its own. */
		if (x->run_count && x->role != OAE_TUNE_DEFAULT &&
		    x->runs[0].record->block != r->record->block)
			continue;
		*rep = r->record->rep;
		return true;
	}
	return false;
}

static const char *first_failure(const struct oae_tune_setting *x)
{
	for (size_t i = 0; i < x->run_count; i++)
		if (x->runs[i].failed)
			return x->runs[i].record->reason ?
				       x->runs[i].record->reason :
				       "a run of it failed";
	return NULL;
}

/* Sums over repetitions, as they come. */
struct sums {
	double s, g, kappa;
	size_t n;
};

static enum oae_status measure(struct oae_tune *t, struct oae_tune_setting *x,
			       enum oae_tune_phase phase, struct oae_error *err)
{
	size_t most = t->settings[0].run_count, at = 0, serving = 0;
	double *ratio =
		oae_arena_array(&t->score.arena, most + 1, sizeof(*ratio));
	struct sums sum = { 0 };
	uint64_t rep = 0;

	if (!ratio)
		return no_memory(err);
	while (x->run_count && next_rep(t, x, phase, &at, &rep)) {
		struct rep_cost own = cost_of(t, x, rep);
		struct rep_cost b = cost_of(t, &t->settings[0], rep);

		at++;
		if (!own.known)
			continue;
		sum.s += own.s;
		sum.g += own.g;
		sum.kappa += own.kappa;
		sum.n++;
		serving += own.whole;
		if (b.known && b.whole && own.kappa > 0 && b.kappa > 0)
			ratio[x->pairs++] = b.kappa / own.kappa;
	}
	if (!sum.n)
		return OAE_OK;
	x->s = serving ? sum.s / (double)sum.n : NAN;
	x->g = sum.g / (double)sum.n;
	x->kappa = sum.kappa / (double)sum.n;
	if (x->pairs) {
		x->gain = oae_ratio_interval(ratio, x->pairs, LEVEL);
		if (t->kappa_b > 0)
			x->kappa = t->kappa_b / x->gain.mid;
	}
	return OAE_OK;
}

/* It counts, at the price of not serving. */
static void fail_setting(struct oae_tune *t, struct oae_tune_setting *x,
			 const char *reason)
{
	x->reason = reason;
	x->kappa = t->kappa_failed;
	x->gain = (struct oae_interval){ NAN, t->kappa_b / x->kappa, NAN };
}

static enum oae_status cost_setting(struct oae_tune *t,
				    struct oae_tune_setting *x,
				    struct oae_error *err)
{
	enum oae_tune_phase phase = x->role == OAE_TUNE_BEST ||
						    x->role == OAE_TUNE_EXPERT ?
					    OAE_TUNE_HELD_OUT :
					    OAE_TUNE_TRIALS;
	bool baseline = x == &t->settings[0];
	enum oae_status status = measure(t, x, phase, err);

	if (!status && x->run_count)
		status = oae_tune_gate(t, x, err);
	if (status || !x->run_count)
		return status;
	if (x->failed && x->role == OAE_TUNE_TRIAL)
		fail_setting(t, x, first_failure(x));
	else if (x->gate == OAE_GATE_FAIL && !baseline)
		fail_setting(t, x, x->reason);
	else if (x->failed)
		x->reason = first_failure(x);
	return OAE_OK;
}

/* ---- one knob alone ---------------------------------------------------- */

static double s_of(const struct oae_tune *t, const struct oae_tune_setting *x,
		   uint64_t rep)
{
	struct rep_cost c = cost_of(t, x, rep);

	return c.whole && c.s > 0 ? c.s : NAN;
}

/* How many other values of its knob there are: the level is shared. */
static size_t siblings(const struct oae_tune *t,
		       const struct oae_tune_setting *x)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->settings[i].role == OAE_TUNE_KNOB &&
		     strcmp(t->settings[i].knob, x->knob) == 0;
	return n;
}

static enum oae_status cost_knob(struct oae_tune *t, struct oae_tune_setting *x,
				 struct oae_error *err)
{
	double *ratio = oae_arena_array(&t->score.arena, x->run_count + 1,
					sizeof(*ratio));
	const struct oae_tune_setting *own = &t->settings[x->base];

	if (!ratio)
		return no_memory(err);
	if (x->failed) {
		x->reason = first_failure(x);
		return OAE_OK;
	}
	for (size_t i = 0; i < x->run_count; i++) {
		uint64_t rep = x->runs[i].record->rep;
		double r = s_of(t, x, rep) / s_of(t, own, rep);

		if (i && x->runs[i - 1].record->rep == rep)
			continue;
		if (r > 0)
			ratio[x->s_pairs++] = r;
	}
	if (x->s_pairs)
		x->s_ratio = oae_ratio_interval(
			ratio, x->s_pairs,
			1 - (1 - LEVEL) / (double)siblings(t, x));
	return OAE_OK;
}

struct oae_interval oae_tune_between(const struct oae_tune *t,
				     const struct oae_tune_setting *a,
				     const struct oae_tune_setting *b)
{
	struct oae_interval out = { NAN, NAN, NAN };
	double *ratio = calloc(a->run_count + 1, sizeof(*ratio));
	uint64_t rep = 0;
	size_t n = 0, at = 0;

	while (ratio && !a->reason && !b->reason && n < a->run_count &&
	       next_rep(t, a, OAE_TUNE_HELD_OUT, &at, &rep)) {
		struct rep_cost x = cost_of(t, a, rep);
		struct rep_cost y = cost_of(t, b, rep);

		at++;
		if (x.whole && y.whole && x.kappa > 0 && y.kappa > 0)
			ratio[n++] = x.kappa / y.kappa;
	}
	if (n)
		out = oae_ratio_interval(ratio, n, LEVEL);
	free(ratio);
	return out;
}

/* ---- searches ---------------------------------------------------------- */

static enum oae_status reduce_search(struct oae_tune *t, uint32_t base,
				     struct oae_error *err)
{
	struct oae_tune_search *s = &t->search[base];
	double machine_s = 0;

	s->base = s->selected = base;
	s->held_out = t->count;
	s->value = oae_arena_array(&t->score.arena, t->trials + 1,
				   sizeof(*s->value));
	if (!s->value)
		return no_memory(err);
	for (size_t i = 0; i < t->count; i++) {
		const struct oae_tune_setting *x = &t->settings[i];

		if (x->base != base)
			continue;
		if (x->role == OAE_TUNE_BEST)
			s->held_out = i;
		if (x->role != OAE_TUNE_TRIAL || isnan(x->kappa) ||
		    s->trials == t->trials)
			continue;
		machine_s += x->machine_s;
		s->value[s->trials++] = -x->kappa;
		/* Wrong answers may cost a little more than none: no gain. */
		if (!x->reason && x->kappa < t->settings[s->selected].kappa)
			s->selected = i;
	}
	s->trial_machine_s = machine_s / (double)s->trials;
	oae_sort(s->value, s->trials);
	if (s->chosen != SIZE_MAX && s->chosen != s->selected)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"journal: it says that setting %zu was the"
				" cheapest, its trials say %zu",
				s->chosen, s->selected);
	return OAE_OK;
}

enum oae_status oae_tune_costs(struct oae_tune *t, struct oae_error *err)
{
	enum oae_status status = read_prices(t, err);

	/* The baseline first: all others are measured against it. */
	for (size_t i = 0; i < t->count && !status; i++) {
		struct oae_tune_setting *x = &t->settings[i];

		status = x->role == OAE_TUNE_KNOB ? cost_knob(t, x, err) :
						    cost_setting(t, x, err);
		if (i == 0)
			t->kappa_b = x->kappa;
	}
	for (uint32_t base = 0; base < t->bases && !status; base++)
		status = reduce_search(t, base, err);
	return status;
}

double oae_tune_expected(const struct oae_tune_search *s, size_t n)
{
	return -oae_best_of_unbiased(s->value, s->trials, n);
}

double oae_tune_expected_dodge(const struct oae_tune_search *s, size_t n)
{
	return -oae_best_of_dodge(s->value, s->trials, n);
}
