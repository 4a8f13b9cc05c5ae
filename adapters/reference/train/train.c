/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/train/train.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/train/state.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"

#define EVAL_STEPS 100u
#define EVAL_DOCS 64u
#define SAVE_S 120.0

static void say(const struct oae_train *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct oae_train *t, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (!t->options->say)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	t->options->say(t->options->say_ctx, line);
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	       1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* ---- one step ---------------------------------------------------------- */

struct step {
	struct oae_train *t;
	double share[OAE_TRAIN_KINDS_MAX];
};

/* Part p of step s is a stream of its own: any run sees the same data. */
static void part_rng(const struct oae_train *t, size_t part,
		     struct oae_rng *rng)
{
	char purpose[64];

	snprintf(purpose, sizeof(purpose), "train %llu %zu",
		 (unsigned long long)t->step, part);
	oae_rng_derive(rng, t->seed, purpose);
}

static enum oae_status one_part(const struct step *s,
				struct oae_train_worker *w, size_t part)
{
	struct oae_train *t = s->t;
	struct oae_net_teacher teacher = {
		.net = &t->teacher,
		.w = t->teacher_w,
		.acts = &w->teacher_acts,
		.share = t->preset->distill_share,
	};
	struct oae_rng rng;
	enum oae_status st;

	part_rng(t, part, &rng);
	st = oae_train_batch_fill(&w->batch, &w->source, s->share, SIZE_MAX,
				  &rng, &w->error);
	if (st)
		return st;
	w->tokens += w->batch.n_tokens;
	if (t->teacher_w)
		oae_net_forward(&t->teacher, t->teacher_w, &w->teacher_acts,
				&w->batch);
	oae_net_forward(&t->net, t->w, &w->acts, &w->batch);
	oae_net_backward(&t->net, t->w, w->grad, &w->acts, &w->batch,
			 t->teacher_w ? &teacher : NULL, t->preset->balance,
			 &w->loss);
	return OAE_OK;
}

static void run_parts(void *ctx, size_t worker)
{
	const struct step *s = ctx;
	struct oae_train_worker *w = &s->t->worker[worker];

	memset(w->grad, 0, s->t->net.n_floats * sizeof(*w->grad));
	memset(&w->loss, 0, sizeof(w->loss));
	w->tokens = 0;
	for (size_t p = worker; p < s->t->preset->parts && !w->status;
	     p += s->t->n_workers)
		w->status = one_part(s, w, p);
}

static double rate(const struct oae_train *t)
{
	const struct oae_train_preset *p = t->preset;
	double at = (double)t->step / (double)t->steps, left;

	if ((double)t->step < p->warm_steps)
		return ((double)t->step + 1.0) / p->warm_steps;
	if (at < p->decay_from)
		return 1.0;
	left = (1.0 - at) / (1.0 - p->decay_from);
	return p->final_rate + (1.0 - p->final_rate) * (left > 0 ? left : 0);
}

static enum oae_status one_step(struct oae_train *t, struct oae_error *err)
{
	struct step s = { .t = t };
	struct oae_optim_rates rates = t->preset->rates;
	struct oae_net_loss sum = { 0 };
	float *grads[OAE_POOL_MAX], scale = (float)rate(t);

	oae_train_mix(t, s.share);
	oae_pool_run(t->pool, run_parts, &s);
	for (size_t i = 0; i < t->n_workers; i++) {
		struct oae_train_worker *w = &t->worker[i];

		if (w->status)
			return oae_fail(err, w->status, w->error.sys, "%s",
					w->error.text);
		grads[i] = w->grad;
		sum.loss += w->loss.loss;
		sum.weight += w->loss.weight;
		t->tokens += w->tokens;
	}
	if (!isfinite(sum.loss))
		return oae_fail(
			err, OAE_ERR_CHECK, 0,
			"training: the loss is no longer finite at step %llu",
			(unsigned long long)t->step);
	rates.muon_lr *= scale;
	rates.adam_lr *= scale;
	oae_optim_step(&t->optim, t->pool, t->w, grads, t->n_workers,
		       (float)(1.0 / sum.weight), t->step + 1, &rates);
	sum.loss /= sum.weight;
	t->loss = t->step ? 0.95 * t->loss + 0.05 * sum.loss : sum.loss;
	t->step++;
	t->stage_step++;
	return OAE_OK;
}

/* ---- the run ----------------------------------------------------------- */

static void report(const struct oae_train *t, double tokens_s, double eta_s)
{
	char scores[512] = "";
	size_t at = 0;

	for (size_t i = 0; oae_corpus_kinds[i]; i++) {
		if (!t->score[i].docs)
			continue;
		at += (size_t)snprintf(scores + at, sizeof(scores) - at,
				       " %s %.0f", oae_corpus_kinds[i],
				       100.0 * t->score[i].exact);
		if (at >= sizeof(scores))
			break;
	}
	say(t,
	    "step %llu/%llu stage %llu loss %.4f %.1f kt/s %.2f Mt %.0f s "
	    "eta %.0f s |%s",
	    (unsigned long long)t->step, (unsigned long long)t->steps,
	    (unsigned long long)t->stage, t->loss, tokens_s / 1e3,
	    (double)t->tokens / 1e6, t->wall_s, eta_s, scores);
}

static enum oae_status watch(struct oae_train *t, uint64_t began_ns,
			     uint64_t first_token, struct oae_error *err)
{
	double seconds = 1e-9 * (double)(oae_clock_ns() - began_ns);
	double tokens_s = (double)(t->tokens - first_token) / seconds;
	double mean = (double)t->tokens / (double)t->step;
	enum oae_status st;

	st = oae_train_evaluate(t, EVAL_DOCS, false, err);
	if (st)
		return st;
	report(t, tokens_s, (double)(t->steps - t->step) * mean / tokens_s);
	if (oae_train_stage_over(t)) {
		t->stage++;
		t->stage_step = 0;
	}
	return OAE_OK;
}

static enum oae_status loop(struct oae_train *t, bool *finished,
			    struct oae_error *err)
{
	const struct oae_train_options *o = t->options;
	uint64_t began = oae_clock_ns(), first_token = t->tokens;
	double every = o->save_s > 0.0 ? o->save_s : SAVE_S;
	double wall0 = t->wall_s, cpu0 = t->cpu_s - cpu_seconds(), saved = 0.0;
	enum oae_status st = OAE_OK;

	while (t->step < t->steps && !st) {
		double now = 1e-9 * (double)(oae_clock_ns() - began);
		bool stop = o->stop && *o->stop;

		t->wall_s = wall0 + now;
		t->cpu_s = cpu0 + cpu_seconds();
		if (o->minutes > 0.0 && t->wall_s >= 60.0 * o->minutes)
			break;
		if (o->checkpoint && (stop || now - saved >= every)) {
			st = oae_train_save(t, o->checkpoint, err);
			saved = now;
		}
		if (st || stop)
			return st;
		st = one_step(t, err);
		if (!st && t->step % EVAL_STEPS == 0)
			st = watch(t, began, first_token, err);
	}
	t->wall_s = wall0 + 1e-9 * (double)(oae_clock_ns() - began);
	t->cpu_s = cpu0 + cpu_seconds();
	*finished = !st;
	return st;
}

static enum oae_status get_tokenizer(struct oae_train *t, struct oae_error *err)
{
	const struct oae_train_options *o = t->options;

	if (o->resume && o->checkpoint && oae_file_exists(o->checkpoint))
		return oae_train_restore_tokenizer(o->checkpoint, &t->tokenizer,
						   err);
	if (o->tokenizer) {
		struct oae_net net;
		enum oae_status st;
		float *w = NULL;

		st = oae_train_import(o->tokenizer, &net, &w, &t->tokenizer,
				      err);
		free(w);
		return st;
	}
	return oae_train_tokenizer(t->preset->shape.vocab, t->seed,
				   t->preset->tokenizer_docs, &t->tokenizer,
				   err);
}

static enum oae_status start_worker(struct oae_train *t,
				    struct oae_train_worker *w,
				    struct oae_error *err)
{
	size_t most = t->preset->part_tokens,
	       context = t->preset->shape.context;
	enum oae_status st;

	st = oae_net_acts_new(&t->net, most, &w->acts, err);
	if (!st && t->teacher_w)
		st = oae_net_acts_new(&t->teacher, most, &w->teacher_acts, err);
	if (!st)
		st = oae_train_batch_new(most, &w->batch, err);
	if (!st)
		st = oae_train_source_init(&w->source, t->tokenizer,
					   OAE_CORPUS_TRAIN, context,
					   t->preset->prompt_weight, err);
	if (!st)
		st = oae_train_source_init(&w->held_out, t->tokenizer,
					   OAE_CORPUS_HELD_OUT, context, 0.0f,
					   err);
	if (st)
		return st;
	w->grad = calloc(t->net.n_floats + OAE_KERN_SLACK, sizeof(float));
	w->predicted = calloc(most, sizeof(*w->predicted));
	return w->grad && w->predicted ?
		       OAE_OK :
		       oae_fail(err, OAE_ERR_NOMEM, 0, "gradients");
}

static enum oae_status start_weights(struct oae_train *t, struct oae_error *err)
{
	const struct oae_train_options *o = t->options;
	struct oae_rng rng;

	t->w = calloc(t->net.n_floats + OAE_KERN_SLACK, sizeof(float));
	if (!t->w)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "weights");
	oae_rng_derive(&rng, t->seed, "weights");
	oae_net_randomize(&t->net, t->w, &rng);
	if (o->resume && o->checkpoint && oae_file_exists(o->checkpoint))
		return oae_train_restore(t, o->checkpoint, err);
	return o->upcycle ? oae_train_upcycle(t, o->upcycle, err) : OAE_OK;
}

static enum oae_status start_teacher(struct oae_train *t, struct oae_error *err)
{
	struct oae_tokenizer *theirs = NULL;
	enum oae_status st;

	if (!t->options->distill)
		return OAE_OK;
	st = oae_train_import(t->options->distill, &t->teacher, &t->teacher_w,
			      &theirs, err);
	oae_tokenizer_free(theirs);
	if (!st && (t->teacher.shape.vocab != t->net.shape.vocab ||
		    t->teacher.shape.context < t->net.shape.context))
		st = oae_fail(
			err, OAE_ERR_USAGE, 0,
			"--distill: its vocabulary or context differs; train "
			"with --tokenizer from the same file");
	return st;
}

/* Fails now rather than after the training if `out` cannot be written. */
static enum oae_status try_out(const char *path, struct oae_error *err)
{
	struct oae_gguf_writer *g = NULL;
	enum oae_status st = oae_gguf_create(path, &g, err);

	if (!st)
		oae_gguf_abandon(g);
	return st;
}

static enum oae_status start(struct oae_train *t, struct oae_error *err)
{
	const struct oae_train_options *o = t->options;
	struct oae_net_shape shape;
	enum oae_status st;

	t->preset = oae_train_preset(o->model);
	if (!t->preset)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"--model %s: no such preset; see --help",
				o->model);
	st = try_out(o->out, err);
	if (st)
		return st;
	t->seed = o->seed;
	t->steps = o->steps ? o->steps : t->preset->steps;
	st = get_tokenizer(t, err);
	if (st)
		return st;
	shape = t->preset->shape;
	shape.vocab = (uint32_t)oae_tokenizer_parts(t->tokenizer)->n_tokens;
	st = oae_net_init(&t->net, &shape, err);
	if (!st)
		st = start_teacher(t, err);
	if (!st)
		st = oae_pool_new(o->threads, &t->pool, err);
	if (st)
		return st;
	t->n_workers = o->threads;
	st = oae_optim_new(&t->net, t->n_workers, &t->optim, err);
	if (!st)
		st = start_weights(t, err);
	for (size_t i = 0; i < t->n_workers && !st; i++)
		st = start_worker(t, &t->worker[i], err);
	return st;
}

static void stop_all(struct oae_train *t)
{
	for (size_t i = 0; i < OAE_POOL_MAX; i++) {
		struct oae_train_worker *w = &t->worker[i];

		oae_net_acts_free(&w->acts);
		oae_net_acts_free(&w->teacher_acts);
		oae_train_batch_free(&w->batch);
		if (w->source.ids)
			oae_train_source_release(&w->source);
		if (w->held_out.ids)
			oae_train_source_release(&w->held_out);
		free(w->grad);
		free(w->predicted);
	}
	oae_optim_free(&t->optim);
	oae_pool_free(t->pool);
	oae_tokenizer_free(t->tokenizer);
	free(t->w);
	free(t->teacher_w);
	free(t);
}

static enum oae_status finish(struct oae_train *t, struct oae_error *err)
{
	char record[OAE_PATH_BYTES_MAX];
	enum oae_status st;

	if (t->options->checkpoint) {
		st = oae_train_save(t, t->options->checkpoint, err);
		if (st)
			return st;
	}
	st = oae_train_evaluate(t, t->preset->final_docs, true, err);
	if (st)
		return st;
	report(t, (double)t->tokens / t->wall_s, 0.0);
	st = oae_train_export(t, t->options->out, err);
	if (st)
		return st;
	snprintf(record, sizeof(record), "%s.train.json", t->options->out);
	return oae_train_record(t, record, err);
}

enum oae_status oae_train_run(const struct oae_train_options *options,
			      bool *finished, struct oae_error *err)
{
	struct oae_train *t = calloc(1, sizeof(*t));
	enum oae_status st;

	*finished = false;
	if (!t)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "training");
	t->options = options;
	st = start(t, err);
	if (!st) {
		say(t,
		    "%s: %.2f M parameters, vocabulary %u, %zu threads, "
		    "kernels %s",
		    t->preset->name, (double)t->net.n_floats / 1e6,
		    t->net.shape.vocab, t->n_workers, oae_kern()->name);
		st = loop(t, finished, err);
	}
	if (!st && *finished)
		st = finish(t, err);
	stop_all(t);
	return st;
}
