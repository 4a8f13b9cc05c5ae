/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/train/state.h"

#include <string.h>

void oae_train_mix(const struct oae_train *t, double share[OAE_TRAIN_KINDS_MAX])
{
	const struct oae_train_stage *s = &t->preset->stages[t->stage];

	memset(share, 0, OAE_TRAIN_KINDS_MAX * sizeof(*share));
	for (size_t i = 0; i < OAE_TRAIN_STAGE_KINDS_MAX && s->mix[i].kind;
	     i++) {
		size_t kind = oae_train_kind(s->mix[i].kind);

		if (kind < OAE_TRAIN_KINDS_MAX)
			share[kind] = s->mix[i].share;
	}
}

bool oae_train_stage_over(const struct oae_train *t)
{
	const struct oae_train_stage *s = &t->preset->stages[t->stage];
	size_t gate;

	if (t->stage + 1 >= t->preset->n_stages)
		return false;
	if ((double)t->step >= s->until * (double)t->steps)
		return true;
	if (!s->gate)
		return false;
	gate = oae_train_kind(s->gate);
	return gate < OAE_TRAIN_KINDS_MAX && t->score[gate].docs &&
	       t->score[gate].exact >= s->solved;
}

struct evaluation {
	struct oae_train *t;
	size_t docs;
	double share[OAE_TRAIN_KINDS_MAX]; /* > 0: measure */
};

static void count(const struct oae_net_batch *b, const int32_t *predicted,
		  uint32_t *docs, uint32_t *exact, uint64_t *rows,
		  uint64_t *right)
{
	for (size_t i = 0; i < b->n_docs; i++) {
		bool all = true;

		for (size_t t = b->answer[i]; t < b->start[i + 1]; t++) {
			bool hit = predicted[t] == b->target[t];

			all &= hit;
			*right += hit;
			*rows += 1;
		}
		*docs += 1;
		*exact += all;
	}
}

static enum oae_status one_kind(struct evaluation *e,
				struct oae_train_worker *w, size_t kind)
{
	double share[OAE_TRAIN_KINDS_MAX] = { 0 };
	struct oae_train_score *score = &e->t->score[kind];
	uint32_t docs = 0, exact = 0;
	uint64_t rows = 0, right = 0;
	struct oae_rng rng;

	share[kind] = 1.0;
	oae_rng_derive(&rng, 1, oae_corpus_kinds[kind]);
	while (docs < e->docs) {
		enum oae_status st;

		st = oae_train_batch_fill(&w->batch, &w->held_out, share,
					  e->docs - docs, &rng, &w->error);
		if (st)
			return st;
		oae_net_forward(&e->t->net, e->t->w, &w->acts, &w->batch);
		oae_net_predict(&e->t->net, e->t->w, &w->acts, &w->batch,
				w->predicted);
		count(&w->batch, w->predicted, &docs, &exact, &rows, &right);
	}
	score->docs = docs;
	score->exact = (double)exact / (double)docs;
	score->tokens = (double)right / (double)rows;
	return OAE_OK;
}

static void evaluate(void *ctx, size_t worker)
{
	struct evaluation *e = ctx;
	struct oae_train_worker *w = &e->t->worker[worker];
	size_t n = oae_train_kinds(), kind;

	while ((kind = oae_pool_next(e->t->pool)) < n)
		if (e->share[kind] > 0.0 && !w->status)
			w->status = one_kind(e, w, kind);
}

enum oae_status oae_train_evaluate(struct oae_train *t, size_t docs, bool all,
				   struct oae_error *err)
{
	struct evaluation e = { .t = t, .docs = docs };

	oae_train_mix(t, e.share);
	for (size_t i = 0; all && oae_corpus_kinds[i]; i++)
		e.share[i] = 1.0;
	oae_pool_run(t->pool, evaluate, &e);
	for (size_t i = 0; i < t->n_workers; i++) {
		struct oae_train_worker *w = &t->worker[i];

		if (w->status)
			return oae_fail(err, w->status, w->error.sys, "%s",
					w->error.text);
	}
	return OAE_OK;
}
