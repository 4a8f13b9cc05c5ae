/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "adapters/reference/gguf/tensor.h"
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
static void rest(void)
{
	oae_clock_sleep_until(oae_clock_ns() + REST_NS);
}

static enum oae_status rested(struct bench *b, bench_sample side,
			      const struct entry *row, double *ts,
			      struct oae_error *err)
{
	rest();
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

/* ---- the roof ----------------------------------------------------------- */

static double matrix_bytes(const struct oae_packed *w)
{
	return (double)oae_tensor_bytes(w->type, w->rows * w->cols);
}

static double matrix_ops(const struct oae_packed *w)
{
	return 2.0 * (double)w->rows * (double)w->cols;
}

static void add(const struct oae_packed *w, double times_read,
		double times_computed, double *bytes, double *ops)
{
	*bytes += times_read * matrix_bytes(w);
	*ops += times_computed * matrix_ops(w);
}

/*
 * Bytes to read and operations to do for a step of so many rows. Of experts
 * as many are read as a step of independent uniform choices would want.
 */
static void work(const struct oae_model *m, uint32_t rows, uint32_t logits,
		 double *bytes, double *ops)
{
	const struct oae_shape *s = &m->shape;
	double touched = 0;

	if (s->n_expert)
		touched = s->n_expert *
			  (1 - pow(1 - (double)s->n_expert_used / s->n_expert,
				   rows));
	for (uint32_t i = 0; i < s->n_layer; i++) {
		const struct oae_layer *l = &m->layers[i];
		double used = (double)s->n_expert_used * rows;

		add(&l->wq, 1, rows, bytes, ops);
		add(&l->wk, 1, rows, bytes, ops);
		add(&l->wv, 1, rows, bytes, ops);
		add(&l->wo, 1, rows, bytes, ops);
		if (l->kind == OAE_FFN_DENSE) {
			add(&l->gate, 1, rows, bytes, ops);
			add(&l->up, 1, rows, bytes, ops);
			add(&l->down, 1, rows, bytes, ops);
			continue;
		}
		add(&l->router, 1, rows, bytes, ops);
		add(&l->gates[0], touched, used, bytes, ops);
		add(&l->ups[0], touched, used, bytes, ops);
		add(&l->downs[0], touched, used, bytes, ops);
	}
	add(&m->output, 1, logits, bytes, ops);
}

/* What the processor computes at most, measured once. */
static enum oae_status peaks(struct bench *b, struct oae_error *err)
{
	const struct oae_kernels *kernels;
	const struct roof_kernels *k;
	struct oae_threads *one = NULL, *all = NULL;

	if (b->roof.fma > 0)
		return OAE_OK;
	oae_progress("bench-engine: what the processor computes at most");
	if (oae_kernels_select(&kernels, err) ||
	    oae_threads_open(1, &one, err) ||
	    oae_threads_open((unsigned)b->o.threads, &all, err)) {
		oae_threads_close(one);
		return err->status;
	}
	rest();
	k = roof_for(kernels->name);
	b->roof.int8 = roof_int8(k, all);
	b->roof.fma = roof_fma(k, all);
	b->roof.int8_one = roof_int8(k, one);
	b->roof.fma_one = roof_fma(k, one);
	oae_threads_close(all);
	oae_threads_close(one);
	oae_progress_end();
	return OAE_OK;
}

/* Bandwidth over a working set of that size, measured once. */
static double bandwidth(struct bench *b, size_t bytes, struct oae_error *err)
{
	const struct roof_kernels *k = roof_for(b->ours.model->kernels->name);
	struct roof *r = &b->roof;
	struct oae_threads *one = NULL;

	for (size_t i = 0; i < r->n_read; i++)
		if (r->read[i].bytes == bytes)
			return r->read[i].all;
	if (r->n_read == sizeof(r->read) / sizeof(r->read[0]))
		return NAN;
	oae_progress("bench-engine: reading %.0f MB", (double)bytes / 1e6);
	if (oae_threads_open(1, &one, err))
		return NAN;
	rest();
	r->read[r->n_read].bytes = bytes;
	r->read[r->n_read].one = roof_read(k, one, bytes, err);
	r->read[r->n_read].all = roof_read(k, b->ours.threads, bytes, err);
	oae_threads_close(one);
	oae_progress_end();
	return r->read[r->n_read++].all;
}

void bench_roof(struct bench *b, struct line *l, uint32_t rows, uint32_t logits,
		double cached, struct oae_error *err)
{
	const struct oae_model *m = b->ours.model;
	const struct oae_shape *s = &m->shape;
	double bytes = 0, ops = 0, kv, seconds, peak, read;

	work(m, rows, logits, &bytes, &ops);
	read = peaks(b, err) ? NAN : bandwidth(b, (size_t)bytes, err);
	if (err->status)
		return;
	/* keys and values in f16 */
	kv = 2.0 * 2 * s->n_layer * s->n_kv_head * s->head_dim * cached;
	peak = oae_tensor_type_quantised(m->layers[0].wo.type) ?
		       fmax(b->roof.int8, b->roof.fma) :
		       b->roof.fma;
	seconds = fmax((bytes + kv) / read, ops / peak);
	l->roof_ts = rows / seconds;
}

void bench_roof_training(struct bench *b, struct line *l, double parameters,
			 struct oae_error *err)
{
	/* a multiply-add forward and two backward for each parameter */
	if (!peaks(b, err))
		l->roof_ts = b->roof.fma / (6 * parameters);
}
