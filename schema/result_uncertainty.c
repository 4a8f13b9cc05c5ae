/* SPDX-License-Identifier: Apache-2.0 */
/* "uncertainty" and "flips" of a score (spec section 10). */
#include <math.h>

#include "schema/result_internal.h"

static void write_quantiles(struct oae_jw *w, const char *key,
			    const struct oae_interval *i)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "median", i->mid);
	oae_jw_num(w, "low", i->low);
	oae_jw_num(w, "high", i->high);
	oae_jw_end_obj(w);
}

static void write_parameter(struct oae_jw *w, const struct oae_parameter *p)
{
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "parameter", p->name);
	oae_jw_str(w, "of", oae_whose_name(p->of));
	oae_jw_num(w, "low", p->low);
	oae_jw_num(w, "mid", p->mid);
	oae_jw_num(w, "high", p->high);
	oae_jw_num(w, "oae_at_low", p->at_low);
	oae_jw_num(w, "oae_at_high", p->at_high);
	oae_jw_num(w, "share", p->share);
	oae_jw_num(w, "flip", p->flip);
	oae_jw_end_obj(w);
}

void oae_result_draws(struct oae_jw *w, const struct oae_uncertainty *u,
		      double level)
{
	oae_jw_int(w, "draws", OAE_DRAWS);
	oae_jw_int(w, "seed", OAE_DRAWS_SEED);
	oae_jw_num(w, "level", level);
	write_quantiles(w, "oae", &u->oae);
	write_quantiles(w, "affordable_hours", &u->hours);
	oae_jw_num(w, "pays_share", u->pays_share);
	oae_jw_arr(w, "parameters");
	for (size_t i = 0; i < u->parameter_count; i++)
		write_parameter(w, &u->parameters[i]);
	oae_jw_end_arr(w);
}

void oae_result_uncertainty(struct oae_jw *w, const struct oae_mode_score *m,
			    double level)
{
	const struct oae_agreement *a = &m->agreement;

	oae_jw_obj(w, "uncertainty");
	oae_result_draws(w, &m->uncertainty, level);
	oae_jw_obj(w, "agreement");
	oae_jw_str(w, "runs", oae_verdict_name(a->runs));
	oae_jw_str(w, "draws", oae_verdict_name(a->draws));
	oae_jw_str(w, "bounds", oae_verdict_name(a->bounds));
	oae_jw_end_obj(w);
	oae_jw_end_obj(w);
}
