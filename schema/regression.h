/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate against regressions (spec §10.11): two builds measured in one job
 * on one host, in ABBA order, so that run i of one and run i of the other
 * are a pair. The gate fails only when the interval of the paired ratio
 * excludes no change and its near end is beyond the change that matters; it
 * passes only when it could have seen one. Runs of two campaigns are no
 * pairs: they are compared by Welch's t on the logarithms (base/stats.h),
 * which cannot tell what the machine did in between from what the software
 * did. Right and wrong answers to the same items are compared as
 * differences. Runs that fail where the other side's do not are counted: a
 * sign test, in a family of its own, for they are no noise.
 */
#ifndef OAE_SCHEMA_REGRESSION_H
#define OAE_SCHEMA_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rng.h"
#include "base/stats.h"
#include "base/status.h"

#define OAE_REGRESSION_METRICS_MAX 256u
#define OAE_REGRESSION_PAIRS_MIN 10u
#define OAE_REGRESSION_RUNS_MIN 5u /* of each side, where not paired */
#define OAE_REGRESSION_PAIRS_MAX 100000u
#define OAE_REGRESSION_ALPHA 0.01
#define OAE_REGRESSION_POWER 0.8
/* A gate that misses changes of this size (or the threshold's) passes none. */
#define OAE_REGRESSION_RESOLUTION 0.05

enum oae_regression_kind {
	OAE_REGRESSION_PAIRED,	 /* values > 0 of paired runs */
	OAE_REGRESSION_UNPAIRED, /* values > 0 of independent runs */
	OAE_REGRESSION_SHARES,	 /* 0 or 1 of the same items */
	OAE_REGRESSION_FAILURES, /* 1: the run answered all, else 0 */
};

struct oae_regression_metric {
	const char *name;
	enum oae_regression_kind kind;
	/* NULL when that side was not measured. */
	const double *baseline, *candidate;
	size_t pairs;	   /* unpaired: values of the baseline */
	size_t candidates; /* unpaired only: values of the candidate */
	bool more_is_better;
	/* The relative change that matters; of shares the difference; >= 0. */
	double threshold;
};

/* Zero: the defaults above. */
struct oae_regression_rules {
	double alpha;	   /* chance of failing though nothing is worse */
	double resolution; /* relative change that must be detectable */
};

enum oae_regression_verdict {
	OAE_REGRESSION_NONE,
	OAE_REGRESSION_FOUND,
	OAE_REGRESSION_INCONCLUSIVE,
	OAE_REGRESSION_NOT_COMPARABLE,
};

struct oae_regression_finding {
	enum oae_regression_verdict verdict;
	const char *reason;	  /* static text; NULL when it passes */
	size_t pairs, candidates; /* as given */
	/*
	 * Relative change for the worse: 0.05 is 5 % worse, the candidate's
	 * geometric mean over the baseline's less 1 (the reverse where more
	 * is better); of shares the difference, above 0 for the worse, by t
	 * or, where all items agree, by the rule of three's logarithm. NaN
	 * when unknown. The interval's level is that of the
	 * metric's step in Holm's procedure: 1 - alpha / (claims left).
	 */
	struct oae_interval change;
	double level;
	double p;      /* of "not worse by more than the threshold" */
	double p_holm; /* adjusted over the metrics */
	/*
	 * The least true change for the worse that fails the gate in 80 % of
	 * cases: (1 + threshold) exp(d) - 1 with d = (t[1 - alpha / 2m] +
	 * t[0.8]) se for m metrics: oae_detectable_change() where paired. Of
	 * shares threshold + d.
	 */
	double detectable;
};

/*
 * Judges n metrics into out[n]; the returned one is the worst
 * (a regression before an inconclusive one). Fewer pairs (or items) than
 * OAE_REGRESSION_PAIRS_MIN, fewer runs than OAE_REGRESSION_RUNS_MIN, a side
 * that is missing, or a value that is not above 0 is inconclusive.
 * OAE_REGRESSION_INCONCLUSIVE for n = 0 or n >
 * OAE_REGRESSION_METRICS_MAX (out is left alone).
 */
enum oae_regression_verdict
oae_regression_judge(const struct oae_regression_metric *m, size_t n,
		     struct oae_regression_rules rules,
		     struct oae_regression_finding *out);

#define OAE_REGRESSION_TRIALS_MAX 100000u

/*
 * How often this gate would fail though nothing is different: in each trial
 * every pair's two sides are exchanged or not by a coin, the same for all
 * metrics (of unpaired runs: each is of either side), and judged again. For
 * the runs of an A/A comparison. The interval is exact, at 95 %, and says
 * what so many trials leave open. NaN when there is nothing to judge, no
 * memory, or trials above OAE_REGRESSION_TRIALS_MAX.
 */
struct oae_interval
oae_regression_false_positives(const struct oae_regression_metric *m, size_t n,
			       struct oae_regression_rules rules,
			       unsigned trials, struct oae_rng *rng);

const char *oae_regression_verdict_name(enum oae_regression_verdict v);
/* 0 pass, 2 regression, 3 inconclusive, 4 not comparable. */
int oae_regression_exit_code(enum oae_regression_verdict v);

#endif
