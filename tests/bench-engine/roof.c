/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine's peaks would allow a row, by the work that it is. */
#include <math.h>

#include "adapters/reference/gguf/tensor.h"
#include "base/log.h"
#include "tests/bench-engine/bench_engine.h"

#define AGAIN 2 /* looks more, where the engine was faster than a roof */

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

/* What the processor computes at most; again: perhaps more. */
static enum oae_status peaks(struct bench *b, bool again, struct oae_error *err)
{
	struct oae_threads *one = NULL, *all = NULL;
	const struct oae_kernels *kernels;
	const struct roof_kernels *k;
	struct roof *r = &b->roof;

	if (r->fma > 0 && !again)
		return OAE_OK;
	oae_progress("bench-engine: what the processor computes at most");
	if (oae_kernels_select(&kernels, err) ||
	    oae_threads_open(1, &one, err) ||
	    oae_threads_open((unsigned)b->o.threads, &all, err)) {
		oae_threads_close(one);
		return err->status;
	}
	bench_rest();
	k = roof_for(kernels->name);
	r->int8 = fmax(r->int8, roof_int8(k, all));
	r->fma = fmax(r->fma, roof_fma(k, all));
	r->int8_one = fmax(r->int8_one, roof_int8(k, one));
	r->fma_one = fmax(r->fma_one, roof_fma(k, one));
	oae_threads_close(all);
	oae_threads_close(one);
	oae_progress_end();
	return OAE_OK;
}

/* Bandwidth over the first so many bytes of the weights; again: as above. */
static double bandwidth(struct bench *b, size_t bytes, bool again,
			struct oae_error *err)
{
	const struct roof_kernels *k = roof_for(b->ours.model->kernels->name);
	const struct oae_model *m = b->ours.model;
	size_t here = bytes < m->packed_bytes ? bytes : m->packed_bytes, i = 0;
	struct roof *r = &b->roof;
	struct oae_threads *one = NULL;

	while (i < r->n_read && r->read[i].bytes != bytes)
		i++;
	if (i < r->n_read && !again)
		return r->read[i].all;
	if (i == sizeof(r->read) / sizeof(r->read[0]))
		return NAN;
	oae_progress("bench-engine: reading %.0f MB", (double)bytes / 1e6);
	if (oae_threads_open(1, &one, err))
		return NAN;
	bench_rest();
	r->read[i].bytes = bytes;
	r->read[i].one =
		fmax(r->read[i].one, roof_read(k, one, m->packed, here));
	r->read[i].all = fmax(r->read[i].all,
			      roof_read(k, b->ours.threads, m->packed, here));
	r->n_read += i == r->n_read;
	oae_threads_close(one);
	oae_progress_end();
	return r->read[i].all;
}

/* Seconds that the work takes at least. */
static double at_least(struct bench *b, double bytes, double kv, double ops,
		       bool again, struct oae_error *err)
{
	const struct oae_model *m = b->ours.model;
	double peak, read;

	read = peaks(b, again, err) ? NAN :
				      bandwidth(b, (size_t)bytes, again, err);
	peak = oae_tensor_type_quantised(m->layers[0].wo.type) ?
		       fmax(b->roof.int8, b->roof.fma) :
		       b->roof.fma;
	return isnan(read) ? NAN : fmax((bytes + kv) / read, ops / peak);
}

void bench_roof(struct bench *b, struct line *l, uint32_t rows, uint32_t logits,
		double cached, struct oae_error *err)
{
	const struct oae_shape *s = &b->ours.model->shape;
	double bytes = 0, ops = 0, kv;

	work(b->ours.model, rows, logits, &bytes, &ops);
	/* keys and values in f16 */
	kv = 2.0 * 2 * s->n_layer * s->n_kv_head * s->head_dim * cached;
	for (int i = 0; i <= AGAIN && !err->status; i++) {
		l->roof_ts = rows / at_least(b, bytes, kv, ops, i > 0, err);
		if (!(l->ours_ts > l->roof_ts))
			break;
	}
}

void bench_roof_training(struct bench *b, struct line *l, double parameters,
			 struct oae_error *err)
{
	/* a multiply-add forward and two backward for each parameter */
	if (!peaks(b, false, err))
		l->roof_ts = b->roof.fma / (6 * parameters);
}
