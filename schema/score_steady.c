/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/score_steady.h"

#include <math.h>
#include <stdlib.h>

/* Seconds that a token takes, read or written. */
struct work {
	double in, out;
};

static double service_s(const struct oae_sample *s)
{
	return (double)(s->done_ns - s->sent_ns) * 1e-9;
}

static double expected_s(const struct work *w, const struct oae_sample *s)
{
	return w->in * (double)s->tokens_in + w->out * (double)s->tokens_out;
}

/* Least squares in two unknowns, neither below 0. */
static struct work fit(const struct oae_sample **list, size_t n)
{
	double ii = 0, io = 0, oo = 0, it = 0, ot = 0, det;
	struct work both, in = { 0, 0 }, out = { 0, 0 };

	for (size_t k = 0; k < n; k++) {
		double tokens_in = (double)list[k]->tokens_in;
		double tokens_out = (double)list[k]->tokens_out;
		double t = service_s(list[k]);

		ii += tokens_in * tokens_in;
		io += tokens_in * tokens_out;
		oo += tokens_out * tokens_out;
		it += tokens_in * t;
		ot += tokens_out * t;
	}
	det = ii * oo - io * io;
	if (det > 1e-9 * ii * oo) {
		both.in = (it * oo - ot * io) / det;
		both.out = (ot * ii - it * io) / det;
		if (both.in > 0 && both.out > 0)
			return both;
	}
	/* One alone: the one that leaves the smaller squares. */
	if (ii > 0)
		in.in = it / ii;
	if (oo > 0)
		out.out = ot / oo;
	return in.in * it > out.out * ot ? in : out;
}

static int by_order(const void *a, const void *b)
{
	const struct oae_sample *x = *(const struct oae_sample *const *)a;
	const struct oae_sample *y = *(const struct oae_sample *const *)b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	if (x->sent_ns != y->sent_ns)
		return x->sent_ns < y->sent_ns ? -1 : 1;
	return (x > y) - (x < y);
}

/* Takes over one sequence: list[0..n), in the order of sending. */
static enum oae_status take(const struct oae_sample **list, size_t n,
			    const struct work *w, double *x, double *from,
			    struct oae_cell_steady *out, struct oae_error *err)
{
	struct oae_steady steady;
	size_t first = out->sample_count;
	enum oae_status status;

	for (size_t i = 0; i < n; i++) {
		double expected = expected_s(w, list[i]);

		/* Nothing to compare with: as long as expected. */
		x[i] = expected > 0 ? service_s(list[i]) / expected : 1;
	}
	status = oae_steady_of(x, n, &steady, err);
	if (status)
		return status;
	out->sequences++;
	out->count[steady.kind]++;
	out->outliers += steady.outliers;
	out->left_out += steady.from;
	if (steady.from == n)
		return OAE_OK;
	from[out->s_count] = (double)steady.from;
	if (steady.from > out->from_max)
		out->from_max = steady.from;
	for (size_t i = steady.from; i < n; i++)
		out->samples[out->sample_count++] = list[i];
	out->s[out->s_count++] =
		oae_busy_seconds(out->samples + first, n - steady.from) /
		(double)(n - steady.from);
	return OAE_OK;
}

enum oae_status oae_cell_steady_of(struct oae_score *s,
				   const struct oae_cell *c,
				   struct oae_cell_steady *out,
				   struct oae_error *err)
{
	size_t n = 0, room = c->sample_count + 1, end;
	const struct oae_sample **list = calloc(room, sizeof(*list));
	double *x = calloc(room, sizeof(*x)), *from = calloc(room, sizeof(*x));
	enum oae_status status = OAE_OK;
	struct work w;

	*out = (struct oae_cell_steady){ .from_median = NAN };
	out->samples = oae_arena_array(&s->arena, room, sizeof(*list));
	out->s = oae_arena_array(&s->arena, room, sizeof(*out->s));
	if (!list || !x || !from || !out->samples || !out->s) {
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < c->sample_count; i++)
		if (c->samples[i]->outcome == OAE_OUTCOME_OK)
			list[n++] = c->samples[i];
	qsort(list, n, sizeof(*list), by_order);
	w = fit(list, n);
	for (size_t i = 0; i < n && !status; i = end) {
		end = i + 1;
		while (end < n && list[end]->run == list[i]->run &&
		       list[end]->segment == list[i]->segment)
			end++;
		status = take(list + i, end - i, &w, x, from, out, err);
	}
	if (out->s_count)
		out->from_median = oae_median(from, out->s_count);
out:
	free(list);
	free(x);
	free(from);
	return status;
}
