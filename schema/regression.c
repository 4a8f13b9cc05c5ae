/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats_plan.h"

/* A metric's values, above 0 for the worse. */
struct evidence {
	enum oae_regression_kind kind;
	/* differences of pairs; unpaired: the baseline's, the candidate's */
	double *worse;
	size_t n, base;
	const char *missing; /* why nothing can be said, or NULL */
};

const char *oae_regression_verdict_name(enum oae_regression_verdict v)
{
	static const char *const names[] = {
		[OAE_REGRESSION_NONE] = "pass",
		[OAE_REGRESSION_FOUND] = "regression",
		[OAE_REGRESSION_INCONCLUSIVE] = "inconclusive",
		[OAE_REGRESSION_NOT_COMPARABLE] = "not comparable",
	};

	return names[v];
}

int oae_regression_exit_code(enum oae_regression_verdict v)
{
	static const int codes[] = {
		[OAE_REGRESSION_NONE] = OAE_EXIT_OK,
		[OAE_REGRESSION_FOUND] = OAE_EXIT_CHECK,
		[OAE_REGRESSION_INCONCLUSIVE] = OAE_EXIT_INCONCLUSIVE,
		[OAE_REGRESSION_NOT_COMPARABLE] = OAE_EXIT_NOT_COMPARABLE,
	};

	return codes[v];
}

static const char *bad_value(const struct oae_regression_metric *m,
			     const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (m->kind >= OAE_REGRESSION_SHARES) {
			if (x[i] != 0 && x[i] != 1)
				return "a verdict is neither right nor wrong";
		} else if (!(x[i] > 0 && isfinite(x[i]))) {
			return "a value is not above 0";
		}
	}
	return NULL;
}

static const char *too_few(const struct oae_regression_metric *m)
{
	if (m->kind == OAE_REGRESSION_UNPAIRED)
		return m->pairs < OAE_REGRESSION_RUNS_MIN ||
				       m->candidates < OAE_REGRESSION_RUNS_MIN ?
			       "fewer than 5 runs on a side" :
			       NULL;
	if (m->kind == OAE_REGRESSION_FAILURES)
		return m->pairs < OAE_REGRESSION_RUNS_MIN ?
			       "fewer than 5 runs" :
			       NULL;
	if (m->pairs >= OAE_REGRESSION_PAIRS_MIN)
		return NULL;
	return m->kind == OAE_REGRESSION_SHARES ?
		       "fewer than 10 items in common" :
		       "fewer than 10 pairs";
}

static const char *missing_of(const struct oae_regression_metric *m)
{
	size_t candidates = m->kind == OAE_REGRESSION_UNPAIRED ? m->candidates :
								 m->pairs;
	const char *missing;

	if (!m->baseline || !m->candidate)
		return m->candidate ? "the baseline was not measured" :
				      "the candidate was not measured";
	missing = too_few(m);
	if (missing)
		return missing;
	if (m->pairs > OAE_REGRESSION_PAIRS_MAX ||
	    m->candidates > OAE_REGRESSION_PAIRS_MAX)
		return "too many pairs";
	if (!(m->threshold >= 0 && isfinite(m->threshold)))
		return "the threshold is no number from 0 on";
	missing = bad_value(m, m->baseline, m->pairs);
	return missing ? missing : bad_value(m, m->candidate, candidates);
}

/* Logarithms or verdicts, signed so that more is worse. */
static double scaled(const struct oae_regression_metric *m, double v)
{
	double x = m->kind >= OAE_REGRESSION_SHARES ? v : log(v);

	return m->more_is_better ? -x : x;
}

static struct evidence take(const struct oae_regression_metric *m)
{
	struct evidence e = { .kind = m->kind, .missing = missing_of(m) };
	bool paired = m->kind != OAE_REGRESSION_UNPAIRED;

	if (e.missing)
		return e;
	e.base = paired ? 0 : m->pairs;
	e.n = paired ? m->pairs : m->pairs + m->candidates;
	e.worse = calloc(e.n, sizeof(*e.worse));
	if (!e.worse) {
		e.missing = "out of memory";
		return e;
	}
	for (size_t i = 0; i < m->pairs; i++)
		e.worse[i] = paired ? scaled(m, m->candidate[i]) -
					      scaled(m, m->baseline[i]) :
				      scaled(m, m->baseline[i]);
	for (size_t i = 0; !paired && i < m->candidates; i++)
		e.worse[m->pairs + i] = scaled(m, m->candidate[i]);
	return e;
}

struct estimate {
	double mid, se, df;
	size_t n;
};

static struct estimate estimate_of(const struct evidence *e)
{
	size_t nb = e->n - e->base;
	struct estimate out = { .n = e->n, .df = (double)e->n - 1 };
	double va, vb;

	vb = oae_variance(e->worse + e->base, nb) / (double)nb;
	out.mid = oae_mean(e->worse + e->base, nb);
	out.se = sqrt(vb);
	if (e->kind != OAE_REGRESSION_UNPAIRED)
		return out;
	out.mid -= oae_mean(e->worse, e->base);
	va = oae_variance(e->worse, e->base) / (double)e->base;
	out.se = sqrt(va + vb);
	/* Welch's degrees of freedom, as in base/stats_ratio.c */
	out.df = va + vb > 0 ? (va + vb) * (va + vb) /
				       (va * va / (double)(e->base - 1) +
					vb * vb / (double)(nb - 1)) :
			       (double)e->n - 2;
	return out;
}

/*
 * Two-sided: so many or more of those that differ are worse, by chance one
 * half each. *worse is how many more are worse than better.
 */
static double sign_test(const struct evidence *e, double *worse)
{
	size_t up = 0, down = 0;
	double n, tail = 0;

	for (size_t i = 0; i < e->n; i++) {
		up += e->worse[i] > 0;
		down += e->worse[i] < 0;
	}
	n = (double)(up + down);
	for (size_t k = up; k <= up + down; k++)
		tail += exp(lgamma(n + 1) - lgamma((double)k + 1) -
			    lgamma(n - (double)k + 1) - n * M_LN2);
	*worse = (double)up - (double)down;
	return fmin(1, 2 * tail);
}

/* Of a change beyond the threshold, on the two-sided scale of intervals. */
static double p_value(const struct evidence *e, double threshold)
{
	bool shares = e->kind == OAE_REGRESSION_SHARES;
	struct estimate t = estimate_of(e);
	double beyond = t.mid - (shares ? threshold : log1p(threshold));

	if (e->kind == OAE_REGRESSION_FAILURES)
		return sign_test(e, &beyond);
	if (t.se == 0)
		return beyond > 0 ? 0 : 1;
	return fmin(1, 2 * oae_t_upper(beyond / t.se, t.df));
}

/* Half an interval; all items alike still leave room for others. */
static double half_width(const struct evidence *e, const struct estimate *t,
			 double level)
{
	if (t->se == 0 && e->kind == OAE_REGRESSION_SHARES)
		return -log((1 - level) / 2) / (double)t->n;
	return t->se == 0 ? 0 : oae_t_quantile(0.5 + level / 2, t->df) * t->se;
}

static void measure(const struct oae_regression_metric *m,
		    const struct evidence *e, double alpha, size_t known,
		    struct oae_regression_finding *f)
{
	struct estimate t = estimate_of(e);
	double half = half_width(e, &t, f->level), d;

	d = half_width(e, &t, 1 - alpha / (double)known) +
	    oae_t_quantile(OAE_REGRESSION_POWER, t.df) * t.se;
	f->change = (struct oae_interval){ t.mid - half, t.mid, t.mid + half };
	f->detectable = m->threshold + d;
	if (e->kind == OAE_REGRESSION_SHARES)
		return;
	f->change.low = expm1(f->change.low);
	f->change.mid = expm1(f->change.mid);
	f->change.high = expm1(f->change.high);
	f->detectable = (1 + m->threshold) * exp(d) - 1;
}

/* Runs that failed are seen, not estimated. */
static void judge_failures(const struct evidence *e, double alpha, size_t known,
			   struct oae_regression_finding *f)
{
	double needed = ceil(log2(2 * (double)known / alpha)), worse;

	(void)sign_test(e, &worse);
	f->change.mid = worse / (double)e->n;
	/* The least share of failing runs that a sign test could find. */
	f->detectable = needed / (double)e->n;
	f->verdict = OAE_REGRESSION_NONE;
	f->reason = NULL;
	if (worse <= 0)
		return;
	f->verdict = f->p_holm <= alpha ? OAE_REGRESSION_FOUND :
					  OAE_REGRESSION_INCONCLUSIVE;
	f->reason = f->p_holm <= alpha ?
			    "runs fail that did not fail before" :
			    "a run failed: too few of them to tell";
}

static void judge_one(const struct oae_regression_metric *m, double alpha,
		      double resolution, struct oae_regression_finding *f)
{
	bool shares = m->kind == OAE_REGRESSION_SHARES;
	double matters = shares ? m->threshold : fmax(m->threshold, resolution);

	/* The adjusted p says so for this step and those before it. */
	if (f->p_holm <= alpha && f->change.low > m->threshold) {
		f->verdict = OAE_REGRESSION_FOUND;
		f->reason = "worse by more than the threshold";
	} else if (f->change.high > m->threshold && f->detectable > matters) {
		f->verdict = OAE_REGRESSION_INCONCLUSIVE;
		f->reason = shares ?
				    "too few items to see a loss that matters" :
				    "too noisy to see a change that matters";
	} else {
		f->verdict = OAE_REGRESSION_NONE;
	}
}

/* A regression outweighs what is not known, and that a pass. */
static enum oae_regression_verdict worse(enum oae_regression_verdict a,
					 enum oae_regression_verdict b)
{
	if (a == OAE_REGRESSION_FOUND || b == OAE_REGRESSION_FOUND)
		return OAE_REGRESSION_FOUND;
	return a > b ? a : b;
}

static struct oae_regression_rules filled_in(struct oae_regression_rules r)
{
	if (!(r.alpha > 0))
		r.alpha = OAE_REGRESSION_ALPHA;
	if (!(r.resolution > 0))
		r.resolution = OAE_REGRESSION_RESOLUTION;
	return r;
}

/* Holm's procedure over the failures, or over all others. */
struct family {
	double p[OAE_REGRESSION_METRICS_MAX];
	double holm[OAE_REGRESSION_METRICS_MAX];
	size_t known;
};

static void gather(struct family *fam, const struct oae_regression_metric *m,
		   const struct evidence *e, size_t n, bool failures)
{
	fam->known = 0;
	for (size_t i = 0; i < n; i++) {
		bool of = (m[i].kind == OAE_REGRESSION_FAILURES) == failures;

		fam->p[i] = e[i].missing || !of ?
				    NAN :
				    p_value(&e[i], m[i].threshold);
		fam->known += isnan(fam->p[i]) ? 0u : 1u;
	}
	oae_holm(fam->p, n, fam->holm);
}

static enum oae_regression_verdict
judge_all(const struct oae_regression_metric *m, const struct evidence *e,
	  size_t n, struct oae_regression_rules rules,
	  struct oae_regression_finding *out)
{
	enum oae_regression_verdict all = OAE_REGRESSION_NONE;
	struct family families[2];

	gather(&families[0], m, e, n, false);
	gather(&families[1], m, e, n, true);
	for (size_t i = 0; i < n; i++) {
		bool failures = m[i].kind == OAE_REGRESSION_FAILURES;
		const struct family *fam = &families[failures];
		struct oae_regression_finding *f = &out[i];

		*f = (struct oae_regression_finding){
			.verdict = OAE_REGRESSION_INCONCLUSIVE,
			.reason = e[i].missing,
			.pairs = m[i].pairs,
			.candidates = m[i].candidates,
			.change = { NAN, NAN, NAN },
			.level = NAN,
			.p = fam->p[i],
			.p_holm = fam->holm[i],
			.detectable = NAN,
		};
		if (!e[i].missing)
			f->level = 1 - rules.alpha / (double)oae_holm_share(
							     fam->p, n, i);
		if (!e[i].missing && failures) {
			judge_failures(&e[i], rules.alpha, fam->known, f);
		} else if (!e[i].missing) {
			measure(&m[i], &e[i], rules.alpha, fam->known, f);
			judge_one(&m[i], rules.alpha, rules.resolution, f);
		}
		all = worse(all, f->verdict);
	}
	return all;
}

enum oae_regression_verdict
oae_regression_judge(const struct oae_regression_metric *m, size_t n,
		     struct oae_regression_rules rules,
		     struct oae_regression_finding *out)
{
	struct evidence e[OAE_REGRESSION_METRICS_MAX];
	enum oae_regression_verdict all;

	if (!n || n > OAE_REGRESSION_METRICS_MAX)
		return OAE_REGRESSION_INCONCLUSIVE;
	for (size_t i = 0; i < n; i++)
		e[i] = take(&m[i]);
	all = judge_all(m, e, n, filled_in(rules), out);
	for (size_t i = 0; i < n; i++)
		free(e[i].worse);
	return all;
}

static void shuffle(double *x, size_t n, struct oae_rng *rng)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)oae_rng_below(rng, i);
		double kept = x[i - 1];

		x[i - 1] = x[k];
		x[k] = kept;
	}
}

/* Which side a run is of, drawn anew: paired metrics share their coins. */
static void exchange(struct evidence *e, size_t n, size_t longest,
		     struct oae_rng *rng)
{
	for (size_t k = 0; k < longest; k++) {
		bool swap = oae_rng_below(rng, 2);

		for (size_t i = 0; i < n && swap; i++)
			if (e[i].kind != OAE_REGRESSION_UNPAIRED && k < e[i].n)
				e[i].worse[k] = -e[i].worse[k];
	}
	for (size_t i = 0; i < n; i++)
		if (e[i].kind == OAE_REGRESSION_UNPAIRED)
			shuffle(e[i].worse, e[i].n, rng);
}

struct oae_interval
oae_regression_false_positives(const struct oae_regression_metric *m, size_t n,
			       struct oae_regression_rules rules,
			       unsigned trials, struct oae_rng *rng)
{
	struct oae_regression_finding out[OAE_REGRESSION_METRICS_MAX];
	struct evidence e[OAE_REGRESSION_METRICS_MAX];
	size_t failed = 0, usable = 0, longest = 0;

	if (!n || n > OAE_REGRESSION_METRICS_MAX || !trials ||
	    trials > OAE_REGRESSION_TRIALS_MAX)
		return oae_share_interval(0, 0, 0.95);
	for (size_t i = 0; i < n; i++) {
		e[i] = take(&m[i]);
		usable += !e[i].missing && e[i].kind != OAE_REGRESSION_FAILURES;
		longest = e[i].n > longest ? e[i].n : longest;
	}
	for (unsigned t = 0; t < trials && usable; t++) {
		exchange(e, n, longest, rng);
		failed += judge_all(m, e, n, filled_in(rules), out) ==
			  OAE_REGRESSION_FOUND;
	}
	for (size_t i = 0; i < n; i++)
		free(e[i].worse);
	return oae_share_interval(failed, usable ? trials : 0, 0.95);
}
