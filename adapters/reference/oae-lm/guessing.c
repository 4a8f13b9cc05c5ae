/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/oae-lm/guessing.h"

#include <math.h>

void oae_lm_guess(const struct oae_lm_guessing *g,
		  struct oae_engine_config *config)
{
	config->draft = g->draft;
	config->strategy = g->strategy;
	config->gamma = (unsigned)g->gamma;
	config->p_min = (float)g->p_min;
	config->ngram_min = (unsigned)g->ngram_min;
	config->ngram_max = (unsigned)g->ngram_max;
	config->draft_threads = (unsigned)g->draft_threads;
}

static void figure(struct oae_buf *out, const char *name, double x)
{
	if (isnan(x))
		oae_buf_printf(out, "%s not measured", name);
	else
		oae_buf_printf(out, "%s %.3g", name, x);
}

void oae_lm_guessed(struct oae_buf *out, const struct oae_speculation_report *r)
{
	const struct oae_speculation_sums *n = &r->sums;

	if (!n->rounds) {
		oae_buf_printf(out,
			       "nothing was guessed in %llu steps: it would "
			       "not have paid\n",
			       (unsigned long long)n->plain);
		return;
	}
	oae_buf_printf(out,
		       "%llu of %llu guessed tokens accepted in %llu rounds, "
		       "beside %llu plain steps\n",
		       (unsigned long long)n->accepted,
		       (unsigned long long)n->drafted,
		       (unsigned long long)n->rounds,
		       (unsigned long long)n->plain);
	figure(out, "alpha", r->is.alpha);
	figure(out, ", gamma", r->is.gamma);
	figure(out, ", c", r->is.c);
	figure(out, ", v", r->is.v);
	figure(out, ", tokens a round", r->is.tokens_per_round);
	figure(out, "; factor predicted", r->is.predicted);
	figure(out, ", measured", r->is.measured);
	figure(out, "; whole speed-up", r->is.speedup);
	oae_buf_putc(out, '\n');
}

void oae_lm_guessed_json(struct oae_jw *w, const char *key,
			 const struct oae_speculation_report *r)
{
	oae_jw_obj(w, key);
	oae_jw_int(w, "rounds", (int64_t)r->sums.rounds);
	oae_jw_int(w, "plain_steps", (int64_t)r->sums.plain);
	oae_jw_int(w, "drafted", (int64_t)r->sums.drafted);
	oae_jw_int(w, "judged", (int64_t)r->sums.judged);
	oae_jw_int(w, "accepted", (int64_t)r->sums.accepted);
	oae_jw_num(w, "acceptance", r->is.acceptance);
	oae_jw_num(w, "alpha", r->is.alpha);
	oae_jw_num(w, "gamma", r->is.gamma);
	oae_jw_num(w, "c", r->is.c);
	oae_jw_num(w, "v", r->is.v);
	oae_jw_num(w, "tokens_per_round", r->is.tokens_per_round);
	oae_jw_num(w, "factor_predicted", r->is.predicted);
	oae_jw_num(w, "factor_measured", r->is.measured);
	oae_jw_num(w, "speedup", r->is.speedup);
	oae_jw_num(w, "plain_step_ms", r->plain_ms);
	oae_jw_num(w, "catch_up_ms", (double)r->sums.catch_up_ns / 1e6);
	oae_jw_end_obj(w);
}
