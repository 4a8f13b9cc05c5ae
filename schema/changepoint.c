/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/changepoint.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/stats.h"

#define PENALTY 15.0 /* times ln n */
#define VARIANCE_FLOOR 1e-6
#define ALIKE 0.01
#define WINDOW 200u /* around a value that may be a spike */
#define BAND 3.0
#define SETTLED_PARTS 4u /* the last one in so many must be steady */

/* ---- PELT ------------------------------------------------------------- */

/* Sums of the first i centred values and of their squares. */
struct sums {
	double sum, square;
};

struct pelt {
	const struct sums *sums;
	double floor, penalty;
	double *best;	/* [t]: least cost of the first t values */
	size_t *before; /* [t]: where the last segment of those begins */
	size_t *pruned; /* [s]: from this t on s begins no last segment */
	size_t *starts; /* candidates for the last segment's begin */
	double *cost;	/* [i]: from there to t, without a penalty */
	size_t start_count;
};

static double segment_cost(const struct pelt *p, size_t from, size_t to)
{
	double m = (double)(to - from);
	double sum = p->sums[to].sum - p->sums[from].sum;
	double square = p->sums[to].square - p->sums[from].square;
	double variance = fmax(0, square / m - sum / m * (sum / m));
	double v = fmax(variance, p->floor);

	return m * (log(v) + variance / v);
}

/*
 * The best last segment that ends at t. A start that is dearer than the
 * optimum at t even without a penalty can't beat t itself as a start, from
 * the moment that a segment from t is long enough.
 */
static void step(struct pelt *p, size_t t)
{
	size_t kept = 0;

	p->best[t] = INFINITY;
	for (size_t i = 0; i < p->start_count; i++) {
		size_t s = p->starts[i];

		if (t >= p->pruned[s])
			continue;
		p->starts[kept] = s;
		p->cost[kept] = INFINITY;
		if (t - s >= OAE_SEGMENT_POINTS_MIN)
			p->cost[kept] = p->best[s] + segment_cost(p, s, t);
		if (p->cost[kept] + p->penalty < p->best[t]) {
			p->best[t] = p->cost[kept] + p->penalty;
			p->before[t] = s;
		}
		kept++;
	}
	p->start_count = kept;
	for (size_t i = 0; i < kept; i++) {
		size_t s = p->starts[i];

		if (isfinite(p->cost[i]) && p->pruned[s] == SIZE_MAX &&
		    p->cost[i] >= p->best[t])
			p->pruned[s] = t + OAE_SEGMENT_POINTS_MIN;
	}
	if (isfinite(p->best[t])) {
		p->pruned[t] = SIZE_MAX;
		p->starts[p->start_count++] = t;
	}
}

static size_t walk_back(const struct pelt *p, size_t n, size_t *ends)
{
	size_t count = 0;

	for (size_t t = n; t > 0; t = p->before[t])
		ends[count++] = t;
	for (size_t i = 0; i < count / 2; i++) {
		size_t swap = ends[i];

		ends[i] = ends[count - 1 - i];
		ends[count - 1 - i] = swap;
	}
	return count;
}

static void add_up(const double *x, size_t n, struct sums *sums)
{
	double mean = oae_mean(x, n);

	sums[0] = (struct sums){ 0, 0 };
	for (size_t i = 0; i < n; i++) {
		double d = x[i] - mean;

		sums[i + 1].sum = sums[i].sum + d;
		sums[i + 1].square = sums[i].square + d * d;
	}
}

static enum oae_status check(const double *x, size_t n, struct oae_error *err)
{
	if (n > OAE_CHANGEPOINT_POINTS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"changepoints: more than %u values",
				OAE_CHANGEPOINT_POINTS_MAX);
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"changepoints: value %zu is not"
					" finite",
					i);
	return OAE_OK;
}

enum oae_status oae_changepoints(const double *x, size_t n, double penalty,
				 double floor, size_t *ends, size_t *count,
				 struct oae_error *err)
{
	struct sums *sums = calloc(n + 1, sizeof(*sums));
	struct pelt p = {
		.sums = sums,
		.floor = floor,
		.penalty = penalty,
		.best = calloc(n + 1, sizeof(*p.best)),
		.before = calloc(n + 1, sizeof(*p.before)),
		.pruned = calloc(n + 1, sizeof(*p.pruned)),
		.starts = calloc(n + 1, sizeof(*p.starts)),
		.cost = calloc(n + 1, sizeof(*p.cost)),
	};
	enum oae_status status = check(x, n, err);

	*count = 0;
	if (!status && (!sums || !p.best || !p.before || !p.pruned ||
			!p.starts || !p.cost))
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (status)
		goto out;
	if (n < OAE_SEGMENT_POINTS_MIN) {
		if (n)
			ends[(*count)++] = n;
		goto out;
	}
	add_up(x, n, sums);
	/* The first segment pays no penalty: changes do. */
	p.best[0] = -penalty;
	p.pruned[0] = SIZE_MAX;
	p.starts[p.start_count++] = 0;
	for (size_t t = 1; t <= n; t++)
		step(&p, t);
	*count = walk_back(&p, n, ends);
out:
	free(sums);
	free(p.best);
	free(p.before);
	free(p.pruned);
	free(p.starts);
	free(p.cost);
	return status;
}

/* ---- classes ---------------------------------------------------------- */

const char *oae_steadiness_name(enum oae_steadiness k)
{
	static const char *const names[] = {
		[OAE_STEADY_FLAT] = "flat",
		[OAE_STEADY_WARM_UP] = "warm_up",
		[OAE_STEADY_SLOWDOWN] = "slowdown",
		[OAE_STEADY_NONE] = "no_steady_state",
		[OAE_STEADY_TOO_SHORT] = "too_short",
	};

	return names[k];
}

/* The values around one that are usual there. */
struct band {
	double low, median, high;
};

static struct band band_of(const double *x, size_t n, size_t i)
{
	size_t from = i > WINDOW / 2 ? i - WINDOW / 2 : 0, count;
	double w[WINDOW], reach;
	struct band b;

	if (from + WINDOW > n)
		from = n > WINDOW ? n - WINDOW : 0;
	count = n - from < WINDOW ? n - from : WINDOW;
	for (size_t k = 0; k < count; k++)
		w[k] = x[from + k];
	oae_sort(w, count);
	b.median = oae_quantile_sorted(w, count, 0.5);
	reach = BAND * (oae_quantile_sorted(w, count, 0.9) -
			oae_quantile_sorted(w, count, 0.1));
	b.low = b.median - reach;
	b.high = b.median + reach;
	return b;
}

static bool outside(const struct band *b, double v)
{
	return v < b->low || v > b->high;
}

/* y: x without its single spikes. */
static size_t level_spikes(const double *x, size_t n, double *y)
{
	struct band b = { 0, 0, 0 };
	size_t spikes = 0;

	for (size_t i = 0; i < n; i++) {
		/* A short sequence has the same window everywhere. */
		if (i == 0 || n > WINDOW)
			b = band_of(x, n, i);
		y[i] = x[i];
		if (i == 0 || !outside(&b, x[i]) || outside(&b, x[i - 1]) ||
		    (i + 1 < n && outside(&b, x[i + 1])))
			continue;
		y[i] = b.median;
		spikes++;
	}
	return spikes;
}

static bool alike(double mean, double last, double tolerance)
{
	return fabs(mean - last) <= tolerance;
}

static void classify(const double *y, size_t n, const size_t *ends,
		     size_t count, struct oae_steady *out)
{
	size_t from = count > 1 ? ends[count - 2] : 0, i = count - 1;
	double last = oae_mean(y + from, n - from), tolerance = ALIKE;
	bool faster = false, slower = false, settled = true;

	if (n - from >= 2)
		tolerance = fmax(ALIKE, oae_variance(y + from, n - from));
	out->from = from;
	while (i-- > 0) {
		size_t begin = i ? ends[i - 1] : 0;
		double mean = oae_mean(y + begin, ends[i] - begin);

		if (alike(mean, last, tolerance)) {
			if (settled)
				out->from = begin;
			continue;
		}
		settled = false;
		faster = faster || mean < last;
		slower = slower || mean > last;
	}
	if (!faster && !slower)
		out->kind = OAE_STEADY_FLAT;
	else if (out->from > n - n / SETTLED_PARTS)
		out->kind = OAE_STEADY_NONE;
	else
		out->kind = faster ? OAE_STEADY_SLOWDOWN : OAE_STEADY_WARM_UP;
	out->changes = count - 1;
}

/* Means of groups of `size` values; the last group takes the rest too. */
static void average(const double *x, size_t n, size_t size, double *out,
		    size_t groups)
{
	for (size_t g = 0; g < groups; g++) {
		size_t from = g * size;

		out[g] = oae_mean(x + from, g + 1 < groups ? size : n - from);
	}
}

enum oae_status oae_steady_of(const double *x, size_t n, struct oae_steady *out,
			      struct oae_error *err)
{
	size_t size = n / (OAE_CHANGEPOINT_POINTS_MAX + 1) + 1, m = n / size;
	double *means = calloc(m + 1, sizeof(*means));
	double *y = calloc(m + 1, sizeof(*y));
	size_t *ends = calloc(m + 1, sizeof(*ends)), count;
	enum oae_status status = OAE_OK;

	*out = (struct oae_steady){ OAE_STEADY_TOO_SHORT, n, 0, 0 };
	if (!means || !y || !ends)
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	if (status || n < OAE_STEADY_POINTS_MIN)
		goto out;
	average(x, n, size, means, m);
	out->outliers = level_spikes(means, m, y);
	status = oae_changepoints(y, m, PENALTY * log((double)m),
				  VARIANCE_FLOOR, ends, &count, err);
	if (status)
		goto out;
	classify(y, m, ends, count, out);
	out->from = out->kind == OAE_STEADY_NONE ? n : out->from * size;
out:
	free(means);
	free(y);
	free(ends);
	return status;
}
