/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/drafting.h"

#include <math.h>

#include "schema/robustness.h"

static double ratio(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

void oae_drafting_figures(const struct oae_drafting_sums *s, double plain_step,
			  struct oae_drafting_figures *f)
{
	double spent = s->draft + s->catch_up + s->verify;

	f->acceptance = ratio(s->accepted, s->drafted);
	f->alpha = ratio(s->accepted, s->judged);
	f->gamma = ratio(s->drafted, s->rounds);
	f->c = ratio(s->draft, s->drafted * plain_step);
	f->v = ratio(s->verify, s->rounds * plain_step);
	f->tokens_per_round = ratio(s->tokens, s->rounds);
	f->predicted =
		s->rounds > 0 ?
			oae_speculative_factor(f->alpha, f->gamma, f->c, f->v) :
			NAN;
	f->measured = s->rounds > 0 ? ratio(s->tokens * plain_step, spent) :
				      NAN;
	f->speedup = ratio((s->tokens + s->plain_steps) * plain_step,
			   spent + s->plain);
}
