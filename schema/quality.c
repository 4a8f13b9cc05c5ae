/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "schema/quality.h"

#define ALPHA 0.05
#define NEEDED_MAX 1000000.0

const char *oae_gate_name(enum oae_gate g)
{
	static const char *const names[] = {
		[OAE_GATE_PASS] = "pass",
		[OAE_GATE_UNPROVEN] = "unproven",
		[OAE_GATE_FAIL] = "fail",
	};

	return names[g];
}

enum oae_gate oae_gate_worse(enum oae_gate a, enum oae_gate b)
{
	return a > b ? a : b;
}

/* log of the chance of exactly k of n. */
static double log_chance(double k, double n, double p)
{
	return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) +
	       (n - k) * log1p(-p);
}

/* The chance of at least k of n when the true share is p. */
static double at_least(size_t k, size_t n, double p)
{
	double sum = 0;

	if (p <= 0 || p >= 1)
		return k == 0 || p >= 1;
	for (size_t i = k; i <= n; i++)
		sum += exp(log_chance((double)i, (double)n, p));
	return fmin(sum, 1);
}

static enum oae_gate test_floor(size_t correct, size_t n, double floor)
{
	if (floor <= 0)
		return OAE_GATE_PASS;
	if (n == 0)
		return OAE_GATE_UNPROVEN;
	if (floor >= 1)
		return correct == n ? OAE_GATE_PASS : OAE_GATE_FAIL;
	if (at_least(correct, n, floor) <= ALPHA)
		return OAE_GATE_PASS;
	/* At most `correct` is not at least correct + 1. */
	if (1 - at_least(correct + 1, n, floor) <= ALPHA)
		return OAE_GATE_FAIL;
	return OAE_GATE_UNPROVEN;
}

enum oae_gate oae_gate_floor(size_t correct, size_t n, double floor,
			     double *needed)
{
	enum oae_gate g = test_floor(correct, n, floor);
	double share = n ? (double)correct / (double)n : 1, distance, z;

	*needed = 0;
	if (g != OAE_GATE_UNPROVEN)
		return g;
	if (n == 0 || share == 1) {
		*needed = ceil(log(ALPHA) / log(floor));
		return g;
	}
	distance = fabs(share - floor);
	z = oae_normal_quantile(1 - ALPHA);
	*needed = ceil(z * z * floor * (1 - floor) / (distance * distance));
	if (!(*needed <= NEEDED_MAX))
		*needed = -1;
	/* The normal approximation must not promise what was just refuted. */
	else if (*needed <= (double)n)
		*needed = (double)n + 1;
	return g;
}

enum oae_gate oae_gate_paired(const double *d, size_t n, double margin,
			      double *lower, double *needed)
{
	double mean = oae_mean(d, n), sd = sqrt(oae_variance(d, n)), half;

	*needed = 0;
	*lower = oae_noninferiority_bound(d, n, ALPHA);
	if (n >= 1 && *lower >= -margin)
		return OAE_GATE_PASS;
	if (n < 2 || sd == 0) {
		/* All alike: the rule of three. */
		*needed =
			margin + (n ? mean : 0) > 0 ?
				ceil(-log(ALPHA) / (margin + (n ? mean : 0))) :
				-1;
		return n >= 1 && mean - log(ALPHA) / (double)n < -margin ?
			       OAE_GATE_FAIL :
			       OAE_GATE_UNPROVEN;
	}
	half = oae_t_quantile(1 - ALPHA, (double)(n - 1)) * sd /
	       sqrt((double)n);
	if (mean + half < -margin)
		return OAE_GATE_FAIL;
	*needed = ceil(pow(half / (mean + margin), 2) * (double)n);
	if (!(*needed <= NEEDED_MAX))
		*needed = -1;
	return OAE_GATE_UNPROVEN;
}

/* The verdict on the same item in another cell, or NULL. */
static const struct oae_item_verdict *find_item(const struct oae_cell *c,
						const char *item, size_t *from)
{
	while (*from < c->item_count && strcmp(c->items[*from].item, item) < 0)
		(*from)++;
	if (*from < c->item_count && strcmp(c->items[*from].item, item) == 0)
		return &c->items[*from];
	return NULL;
}

static enum oae_status compare(const struct oae_cell *x,
			       const struct oae_cell *b, double margin,
			       struct oae_quality *q, struct oae_error *err)
{
	double *d = calloc(x->item_count + 1, sizeof(*d)), needed;
	enum oae_gate g;
	size_t from = 0;

	if (!d)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	q->paired = true;
	for (size_t i = 0; i < x->item_count; i++) {
		const struct oae_item_verdict *twin =
			find_item(b, x->items[i].item, &from);

		if (twin)
			d[q->pairs++] =
				(double)x->items[i].right - (double)twin->right;
	}
	q->difference = oae_mean(d, q->pairs);
	g = oae_gate_paired(d, q->pairs, margin, &q->lower, &needed);
	free(d);
	/* Equal texts are equally good, however few they are. */
	if (q->lossless == OAE_LOSSLESS_HELD && q->twin_is_baseline) {
		q->difference = 0;
		return OAE_OK;
	}
	q->outcome = oae_gate_worse(q->outcome, g);
	if (g == OAE_GATE_UNPROVEN && q->needed >= 0)
		q->needed = needed < 0 ? needed : fmax(q->needed, needed);
	return OAE_OK;
}

/* Without right answers only the baseline's own texts prove anything. */
static void compare_texts(struct oae_quality *q)
{
	if (q->lossless == OAE_LOSSLESS_HELD && q->twin_is_baseline) {
		q->difference = 0;
		return;
	}
	q->outcome = oae_gate_worse(q->outcome, OAE_GATE_UNPROVEN);
	q->needed = -1;
}

/* The system of that id, knobs aside: they do not change greedy text. */
static size_t find_twin(const struct oae_score *s, const char *id)
{
	size_t len = strlen(id), i = 0;

	while (i < s->system_count &&
	       (strncmp(s->systems[i].id, id, len) != 0 ||
		(s->systems[i].id[len] && s->systems[i].id[len] != ':')))
		i++;
	return i;
}

static void check_lossless(const struct oae_score *s, size_t system,
			   size_t workload, struct oae_quality *q)
{
	const struct oae_cell *x = oae_score_cell(s, system, workload), *twin;
	const char *of = s->systems[system].lossless_of;
	size_t other, from = 0, seen = 0;

	if (!of)
		return;
	q->lossless = OAE_LOSSLESS_UNKNOWN;
	other = find_twin(s, of);
	if (other == s->system_count)
		return;
	q->twin_is_baseline = other == s->baseline;
	twin = oae_score_cell(s, other, workload);
	for (size_t i = 0; i < x->item_count; i++) {
		const struct oae_item_verdict *a = &x->items[i];
		const struct oae_item_verdict *b =
			find_item(twin, a->item, &from);

		if (!b || !a->answer || !b->answer)
			continue;
		seen++;
		if (a->varied || b->varied || strcmp(a->answer, b->answer)) {
			q->lossless = OAE_LOSSLESS_BROKEN;
			q->lossless_item = a->item;
			return;
		}
	}
	if (seen)
		q->lossless = OAE_LOSSLESS_HELD;
}

enum oae_status oae_quality_of(const struct oae_score *s, size_t system,
			       size_t workload, double floor, double margin,
			       struct oae_quality *q, struct oae_error *err)
{
	const struct oae_cell *x = oae_score_cell(s, system, workload);
	enum oae_status status = OAE_OK;

	memset(q, 0, sizeof(*q));
	q->n = x->item_count;
	q->floor = floor;
	q->margin = margin;
	q->difference = q->lower = NAN;
	for (size_t i = 0; i < x->item_count; i++)
		q->correct += x->items[i].right;
	if (!isnan(floor))
		q->floor_outcome =
			oae_gate_floor(q->correct, q->n, floor, &q->needed);
	q->outcome = q->floor_outcome;
	check_lossless(s, system, workload, q);
	q->unjudged = x->judge && strcmp(x->judge, "none") == 0;
	if (q->unjudged && system != s->baseline)
		compare_texts(q);
	else if (system != s->baseline)
		status = compare(x, oae_score_cell(s, s->baseline, workload),
				 margin, q, err);
	if (q->lossless == OAE_LOSSLESS_BROKEN)
		q->outcome = OAE_GATE_FAIL;
	return status;
}
