/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/regression.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats_plan.h"

/* The logarithms of a metric's paired ratios, above 0 for the worse. */
struct paired {
	double *log_worse;
	size_t n;
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

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool oae_regression_comparable(const struct oae_regression_setting *a,
			       const struct oae_regression_setting *b,
			       const char **what)
{
	*what = NULL;
	if (!same_text(a->cpu, b->cpu))
		*what = "the CPU";
	else if (!same_text(a->kernel, b->kernel))
		*what = "the kernel";
	else if (!same_text(a->energy_source, b->energy_source))
		*what = "the source of energy readings";
	else if (!same_text(a->model_sha256, b->model_sha256))
		*what = "the model";
	return !*what;
}

static struct paired pair_up(const struct oae_regression_metric *m)
{
	struct paired p = { NULL, 0, NULL };

	if (!m->baseline || !m->candidate)
		p.missing = m->candidate ? "the baseline was not measured" :
					   "the candidate was not measured";
	else if (m->pairs < OAE_REGRESSION_PAIRS_MIN)
		p.missing = "fewer than 10 pairs";
	else if (m->pairs > OAE_REGRESSION_PAIRS_MAX)
		p.missing = "too many pairs";
	else if (!(m->threshold >= 0 && isfinite(m->threshold)))
		p.missing = "the threshold is no number from 0 on";
	for (size_t i = 0; !p.missing && i < m->pairs; i++)
		if (!(m->baseline[i] > 0 && isfinite(m->baseline[i]) &&
		      m->candidate[i] > 0 && isfinite(m->candidate[i])))
			p.missing = "a value is not above 0";
	if (p.missing)
		return p;
	p.log_worse = calloc(m->pairs, sizeof(*p.log_worse));
	if (!p.log_worse) {
		p.missing = "out of memory";
		return p;
	}
	p.n = m->pairs;
	for (size_t i = 0; i < p.n; i++) {
		double up = log(m->candidate[i] / m->baseline[i]);

		p.log_worse[i] = m->more_is_better ? -up : up;
	}
	return p;
}

/* Of a change beyond the threshold, on the two-sided scale of intervals. */
static double p_value(const struct paired *p, double threshold)
{
	double beyond = oae_mean(p->log_worse, p->n) - log1p(threshold);
	double se = sqrt(oae_variance(p->log_worse, p->n) / (double)p->n);

	if (se == 0)
		return beyond > 0 ? 0 : 1;
	return fmin(1, 2 * oae_t_upper(beyond / se, (double)(p->n - 1)));
}

static void judge_one(const struct oae_regression_metric *m,
		      const struct paired *p, double alpha, double resolution,
		      struct oae_regression_finding *f)
{
	double matters = fmax(m->threshold, resolution);
	struct oae_interval i = oae_mean_interval(p->log_worse, p->n, f->level);

	f->change.low = expm1(i.low);
	f->change.mid = expm1(i.mid);
	f->change.high = expm1(i.high);
	/* The adjusted p says so for this step and those before it. */
	if (f->p_holm <= alpha && f->change.low > m->threshold) {
		f->verdict = OAE_REGRESSION_FOUND;
		f->reason = "worse by more than the threshold";
	} else if (f->change.high > m->threshold && f->detectable > matters) {
		f->verdict = OAE_REGRESSION_INCONCLUSIVE;
		f->reason = "too noisy to see a change that matters";
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

static enum oae_regression_verdict
judge_pairs(const struct oae_regression_metric *m, const struct paired *p,
	    size_t n, struct oae_regression_rules rules,
	    struct oae_regression_finding *out)
{
	enum oae_regression_verdict all = OAE_REGRESSION_NONE;
	double pv[OAE_REGRESSION_METRICS_MAX] = { 0 };
	double adjusted[OAE_REGRESSION_METRICS_MAX];
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		pv[i] = p[i].missing ? NAN : p_value(&p[i], m[i].threshold);
		known += !p[i].missing;
	}
	oae_holm(pv, n, adjusted);
	for (size_t i = 0; i < n; i++) {
		struct oae_regression_finding *f = &out[i];

		*f = (struct oae_regression_finding){
			.verdict = OAE_REGRESSION_INCONCLUSIVE,
			.reason = p[i].missing,
			.pairs = m[i].pairs,
			.change = { NAN, NAN, NAN },
			.level = NAN,
			.p = pv[i],
			.p_holm = adjusted[i],
			.detectable = NAN,
		};
		if (!p[i].missing) {
			double sd = sqrt(oae_variance(p[i].log_worse, p[i].n));

			f->level = 1 - rules.alpha /
					       (double)oae_holm_share(pv, n, i);
			f->detectable =
				(1 + m[i].threshold) *
					exp(oae_detectable_change(
						sd, p[i].n,
						rules.alpha / (double)known,
						OAE_REGRESSION_POWER)) -
				1;
			judge_one(&m[i], &p[i], rules.alpha, rules.resolution,
				  f);
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
	struct paired p[OAE_REGRESSION_METRICS_MAX];
	enum oae_regression_verdict all;

	if (!n || n > OAE_REGRESSION_METRICS_MAX)
		return OAE_REGRESSION_INCONCLUSIVE;
	for (size_t i = 0; i < n; i++)
		p[i] = pair_up(&m[i]);
	all = judge_pairs(m, p, n, filled_in(rules), out);
	for (size_t i = 0; i < n; i++)
		free(p[i].log_worse);
	return all;
}

double oae_regression_false_positives(const struct oae_regression_metric *m,
				      size_t n,
				      struct oae_regression_rules rules,
				      unsigned trials, struct oae_rng *rng)
{
	struct oae_regression_finding out[OAE_REGRESSION_METRICS_MAX];
	struct paired p[OAE_REGRESSION_METRICS_MAX];
	size_t failed = 0, usable = 0, longest = 0;

	if (!n || n > OAE_REGRESSION_METRICS_MAX || !trials)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		p[i] = pair_up(&m[i]);
		usable += !p[i].missing;
		longest = p[i].n > longest ? p[i].n : longest;
	}
	for (unsigned t = 0; t < trials && usable; t++) {
		for (size_t k = 0; k < longest; k++) {
			bool exchange = oae_rng_below(rng, 2);

			for (size_t i = 0; i < n && exchange; i++)
				if (k < p[i].n)
					p[i].log_worse[k] = -p[i].log_worse[k];
		}
		failed += judge_pairs(m, p, n, filled_in(rules), out) ==
			  OAE_REGRESSION_FOUND;
	}
	for (size_t i = 0; i < n; i++)
		free(p[i].log_worse);
	return usable ? (double)failed / trials : NAN;
}
