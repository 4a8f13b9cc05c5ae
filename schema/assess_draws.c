/* SPDX-License-Identifier: Apache-2.0 */
/* Requests drawn again within their runs (spec §10.2). */
#include <stdlib.h>
#include <string.h>

#include "schema/assess.h"

#define DRAWS 100u
#define DRAWS_MIN 10u
/* Pairs x draws: beyond, each pair has fewer draws. */
#define VALUES_MAX 200000u

/* What the requests of one run add to its means. */
struct requests {
	double *s, *g; /* n each: busy seconds; 1 accepted, 0 not */
	size_t n, planned;
};

static void requests_release(struct requests *q)
{
	free(q->s);
	free(q->g);
	memset(q, 0, sizeof(*q));
}

/*
 * In the order of items, which is the same for all systems. Requests that
 * were in flight together share the time in which they were.
 */
static enum oae_status requests_of(const struct oae_score *s,
				   const struct oae_profile *p,
				   const struct oae_cell *c, uint64_t rep,
				   struct requests *q, struct oae_error *err)
{
	const struct oae_cell_run *r = oae_cell_rep(c, rep);
	size_t run = (size_t)(r->run - s->records.runs);
	double sum = 0;

	q->planned = r->planned;
	q->s = calloc(r->samples + 1, sizeof(*q->s));
	q->g = calloc(r->samples + 1, sizeof(*q->g));
	if (!q->s || !q->g)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < c->sample_count; i++) {
		const struct oae_sample *x = c->samples[i];
		enum oae_status status;
		bool accepted;

		if (x->run != run)
			continue;
		status = oae_sample_accepted(x, p, &accepted, err);
		if (status)
			return status;
		q->s[q->n] = (double)(x->done_ns - x->sent_ns) * 1e-9;
		q->g[q->n] = accepted;
		sum += q->s[q->n++];
	}
	for (size_t i = 0; i < q->n && sum > 0; i++)
		q->s[i] *= r->s * (double)r->samples / sum;
	return OAE_OK;
}

static void add(struct oae_own_values *v, const struct requests *q, size_t i,
		double weight)
{
	v->v[OAE_OWN_S] += weight * q->s[i] / (double)q->n;
	v->v[OAE_OWN_G] += weight * q->g[i] / (double)q->planned;
}

/* One workload's part of `draws` draws of one pair. */
static void draw(const struct requests *b, const struct requests *x,
		 double weight, size_t draws, struct oae_own_values *b_out,
		 struct oae_own_values *x_out, struct oae_rng *rng)
{
	for (size_t d = 0; d < draws; d++) {
		for (size_t k = 0; k < b->n; k++) {
			size_t i = oae_rng_below(rng, b->n);

			add(&b_out[d], b, i, weight);
			if (x->n == b->n)
				add(&x_out[d], x, i, weight);
		}
		for (size_t k = 0; k < x->n && x->n != b->n; k++)
			add(&x_out[d], x, oae_rng_below(rng, x->n), weight);
	}
}

/* The pair's own values, without what its requests will add. */
static void prepare(const struct oae_own_values *v, size_t draws,
		    struct oae_own_values *out)
{
	for (size_t d = 0; d < draws; d++) {
		out[d] = *v;
		out[d].v[OAE_OWN_S] = 0;
		out[d].v[OAE_OWN_G] = 0;
	}
}

static enum oae_status draw_pair(const struct oae_score *s,
				 const struct oae_profile *p, size_t system,
				 const double *weight, struct oae_pairs *pairs,
				 size_t pair, struct oae_rng *rng,
				 struct oae_error *err)
{
	struct oae_own_values *b_out = pairs->b_again + pair * pairs->draws;
	struct oae_own_values *x_out = pairs->x_again + pair * pairs->draws;
	struct requests b = { 0 }, x = { 0 };
	enum oae_status status = OAE_OK;

	prepare(&pairs->b[pair], pairs->draws, b_out);
	prepare(&pairs->x[pair], pairs->draws, x_out);
	for (size_t w = 0; w < s->workload_count && !status; w++) {
		if (!(weight[w] > 0))
			continue;
		status = requests_of(s, p, oae_score_cell(s, s->baseline, w),
				     pairs->rep[pair], &b, err);
		if (!status)
			status = requests_of(s, p, oae_score_cell(s, system, w),
					     pairs->rep[pair], &x, err);
		if (!status)
			draw(&b, &x, weight[w], pairs->draws, b_out, x_out,
			     rng);
		requests_release(&b);
		requests_release(&x);
	}
	return status;
}

enum oae_status oae_assess_draws(struct oae_score *s,
				 const struct oae_profile *p, size_t system,
				 const double *weight, struct oae_pairs *pairs,
				 struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	size_t draws = DRAWS, values;
	struct oae_rng rng;

	if (pairs->n < OAE_BCA_RUNS)
		return OAE_OK;
	while (draws > DRAWS_MIN && pairs->n * draws > VALUES_MAX)
		draws /= 2;
	values = pairs->n * draws;
	pairs->b_again =
		oae_arena_array(&s->arena, values, sizeof(*pairs->b_again));
	pairs->x_again =
		oae_arena_array(&s->arena, values, sizeof(*pairs->x_again));
	if (!pairs->b_again || !pairs->x_again)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	pairs->draws = draws;
	oae_rng_derive(&rng, 1, "requests");
	for (size_t k = 0; k < pairs->n && !status; k++)
		status = draw_pair(s, p, system, weight, pairs, k, &rng, err);
	return status;
}
