/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stats.h"
#include "tests/bench-engine/bench_engine.h"

#define REST_NS 300000000ull

static double median(const double *x, size_t n)
{
	double copy[OAE_PAIRS_MAX];

	memcpy(copy, x, n * sizeof(*x));
	return oae_median(copy, n);
}

/*
 * Until the other's threads sleep: llama.cpp's spin for some 100 ms behind a
 * step (poll 50, its default), on the processors that are wanted next.
 */
void bench_rest(void)
{
	oae_clock_sleep_until(oae_clock_ns() + REST_NS);
}

static enum oae_status rested(struct bench *b, bench_sample side,
			      const struct entry *row, double *ts,
			      struct oae_error *err)
{
	bench_rest();
	return side(b, row, ts, err);
}

static void finish_pairs(struct line *l)
{
	double ratio[OAE_PAIRS_MAX];

	for (size_t i = 0; i < l->pairs; i++)
		ratio[i] = l->ours[i] / l->other[i];
	l->ours_ts = median(l->ours, l->pairs);
	l->other_ts = median(l->other, l->pairs);
	oae_sort(ratio, l->pairs);
	l->ratio_min = ratio[0];
	l->ratio_max = ratio[l->pairs - 1];
	l->ratio = oae_quantile_sorted(ratio, l->pairs, 0.5);
}

enum oae_status bench_pairs(struct bench *b, struct line *l, bench_sample ours,
			    bench_sample other, struct oae_error *err)
{
	double warm_up, *a, *o;

	if (ours(b, l->row, &warm_up, err) || other(b, l->row, &warm_up, err))
		return err->status;
	b->guessed = (struct oae_speculation_sums){ 0 };
	for (size_t i = 0; i < b->o.pairs; i++) {
		oae_progress("bench-engine: %s %s %s, pair %zu/%llu",
			     l->row->model, l->row->quant, l->test, i + 1,
			     (unsigned long long)b->o.pairs);
		a = &l->ours[i];
		o = &l->other[i];
		if (i % 2 ? rested(b, other, l->row, o, err) ||
				    rested(b, ours, l->row, a, err) :
			    rested(b, ours, l->row, a, err) ||
				    rested(b, other, l->row, o, err))
			return err->status;
		l->pairs++;
	}
	oae_progress_end();
	finish_pairs(l);
	return OAE_OK;
}

enum oae_status bench_alone(struct bench *b, struct line *l, bench_sample ours,
			    const char *reason, struct oae_error *err)
{
	double warm_up;

	(void)snprintf(l->reason, sizeof(l->reason), "%s", reason);
	if (ours(b, l->row, &warm_up, err))
		return err->status;
	for (l->pairs = 0; l->pairs < b->o.pairs; l->pairs++)
		if (ours(b, l->row, &l->ours[l->pairs], err))
			return err->status;
	l->ours_ts = median(l->ours, l->pairs);
	return OAE_OK;
}

enum oae_status bench_with_peer(struct bench *b, struct line *l,
				bench_sample ours, bench_sample peer,
				struct oae_error *err)
{
	struct oae_error theirs = { 0 };

	if (!b->peer_runs)
		return bench_alone(b, l, ours, b->peer_reason, err);
	(void)snprintf(l->against, sizeof(l->against), "%s", b->peer_name);
	if (!bench_load_peer(b, l->row, b->loaded, &theirs) &&
	    !bench_pairs(b, l, ours, peer, &theirs)) {
		l->peer_ts = l->other_ts;
		return OAE_OK;
	}
	/* It may be gone; the next row has a new one. */
	if (!b->llama_bench) {
		peer_stop(&b->peer);
		b->peer_loaded[0] = '\0';
		bench_peer_start(b);
	}
	l->against[0] = '\0';
	return bench_alone(b, l, ours, theirs.text, err);
}
