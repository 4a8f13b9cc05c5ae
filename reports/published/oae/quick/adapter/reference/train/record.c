/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a training run, read by model cards and effort ledgers. */
#include "adapters/reference/train/state.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/file.h"
#include "base/json.h"

#define RECORD_BYTES_MAX (1u << 20)

static void put_shape(struct oae_jw *w, const struct oae_net_shape *s)
{
	oae_jw_obj(w, "shape");
	oae_jw_int(w, "vocab", s->vocab);
	oae_jw_int(w, "dim", s->dim);
	oae_jw_int(w, "layers", s->layers);
	oae_jw_int(w, "heads", s->heads);
	oae_jw_int(w, "head_dim", s->head_dim);
	oae_jw_int(w, "hidden", s->hidden);
	oae_jw_int(w, "experts", s->experts);
	oae_jw_int(w, "experts_used", s->used);
	oae_jw_int(w, "context", s->context);
	oae_jw_end_obj(w);
}

static void put_scores(struct oae_jw *w, const struct oae_train *t)
{
	oae_jw_obj(w, "held_out");
	for (size_t i = 0; oae_corpus_kinds[i]; i++) {
		if (!t->score[i].docs)
			continue;
		oae_jw_obj(w, oae_corpus_kinds[i]);
		oae_jw_int(w, "documents", t->score[i].docs);
		oae_jw_num(w, "exact", t->score[i].exact);
		oae_jw_num(w, "tokens", t->score[i].tokens);
		oae_jw_end_obj(w);
	}
	oae_jw_end_obj(w);
}

enum oae_status oae_train_record(const struct oae_train *t, const char *path,
				 struct oae_error *err)
{
	char when[OAE_UTC_TEXT];
	struct oae_buf b;
	struct oae_jw w;
	enum oae_status st;

	oae_clock_utc(when);
	oae_buf_init(&b, RECORD_BYTES_MAX);
	oae_jw_init(&w, &b, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "model", t->preset->name);
	oae_jw_str(&w, "finished", when);
	oae_jw_u64s(&w, "seed", t->seed);
	oae_jw_int(&w, "parameters", (int64_t)t->net.n_floats);
	put_shape(&w, &t->net.shape);
	oae_jw_int(&w, "steps", (int64_t)t->step);
	oae_jw_int(&w, "tokens", (int64_t)t->tokens);
	oae_jw_int(&w, "threads", (int64_t)t->n_workers);
	oae_jw_num(&w, "wall_s", t->wall_s);
	oae_jw_num(&w, "cpu_s", t->cpu_s);
	oae_jw_num(&w, "base_wall_s", t->base_wall_s);
	oae_jw_num(&w, "base_cpu_s", t->base_cpu_s);
	oae_jw_bool(&w, "distilled", t->teacher_w != NULL);
	oae_jw_bool(&w, "upcycled", t->base_cpu_s > 0.0);
	oae_jw_str(&w, "kernels", oae_kern()->name);
	oae_jw_str(&w, "compiler", OAE_COMPILER);
	oae_jw_num(&w, "loss", t->loss);
	put_scores(&w, t);
	oae_jw_end_obj(&w);
	oae_buf_putc(&b, '\n');
	st = oae_buf_check(&b, "training record", err);
	if (!st)
		st = oae_file_write(path, oae_buf_str(&b), b.len, err);
	oae_buf_release(&b);
	return st;
}
