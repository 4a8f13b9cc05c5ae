/* SPDX-License-Identifier: Apache-2.0 */
/* The document of a comparison. */
#include <math.h>
#include <string.h>

#include "schema/compare.h"

static void write_side(struct oae_jw *w, const char *key,
		       const struct oae_compare_side *s)
{
	oae_jw_obj(w, key);
	oae_jw_str(w, "given", s->given);
	oae_jw_str(w, "revision", s->revision);
	oae_jw_end_obj(w);
}

static void write_parts(struct oae_jw *w, const struct oae_compare *c)
{
	oae_jw_arr(w, "folders");
	for (size_t i = 0; i < c->part_count; i++) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "folder", c->parts[i].dir);
		oae_jw_str(w, "side", c->parts[i].side);
		oae_jw_str(w, "utc", c->parts[i].utc);
		oae_jw_str(w, "journal_sha256", c->parts[i].journal_sha256);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

static void write_rules(struct oae_jw *w, const struct oae_compare *c)
{
	oae_jw_obj(w, "rules");
	oae_jw_num(w, "alpha", c->rules.alpha);
	oae_jw_int(w, "looks_planned", c->rules.looks);
	oae_jw_int(w, "looks_taken", c->look);
	oae_jw_num(w, "alpha_of_a_look", c->level);
	oae_jw_num(w, "resolution", c->rules.resolution);
	oae_jw_num(w, "power", OAE_REGRESSION_POWER);
	oae_jw_int(w, "pairs_min",
		   c->how == OAE_COMPARE_UNPAIRED ? OAE_REGRESSION_RUNS_MIN :
						    OAE_REGRESSION_PAIRS_MIN);
	oae_jw_end_obj(w);
}

static void write_differences(struct oae_jw *w, const struct oae_compare *c)
{
	oae_jw_arr(w, "differences");
	for (size_t i = 0; i < c->difference_count; i++) {
		const struct oae_compare_difference *d = &c->differences[i];

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "what", d->what);
		oae_jw_str(w, "base", d->base);
		oae_jw_str(w, "head", d->head);
		oae_jw_bool(w, "allowed", d->allowed);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

static void write_interval(struct oae_jw *w, const char *key,
			   const struct oae_interval *i)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "value", i->mid);
	oae_jw_num(w, "low", i->low);
	oae_jw_num(w, "high", i->high);
	oae_jw_end_obj(w);
}

static void write_claim(struct oae_jw *w, const struct oae_compare *c,
			const struct oae_compare_claim *x)
{
	const struct oae_compare_metric_info *m =
		&oae_compare_metrics[x->metric];
	const struct oae_regression_finding *f = &x->finding;

	oae_jw_obj(w, NULL);
	oae_jw_str(w, "metric", m->name);
	oae_jw_str(w, "title", m->title);
	oae_jw_str(w, "unit", m->unit);
	oae_jw_bool(w, "more_is_better", m->more_is_better);
	oae_jw_str(w, "workload", x->workload);
	oae_jw_str(w, "base_system", x->base_system);
	oae_jw_str(w, "head_system", x->head_system);
	oae_jw_int(w, "base_n", (int64_t)x->base_count);
	oae_jw_int(w, "head_n", (int64_t)x->head_count);
	oae_jw_num(w, "base", oae_compare_mean(x, false));
	oae_jw_num(w, "head", oae_compare_mean(x, true));
	oae_jw_num(w, "threshold", c->rules.threshold[x->metric]);
	write_interval(w, "worse", &f->change);
	oae_jw_num(w, "level", f->level);
	oae_jw_num(w, "p", f->p);
	oae_jw_num(w, "p_holm", f->p_holm);
	oae_jw_num(w, "detectable", f->detectable);
	oae_jw_str(w, "verdict", oae_regression_verdict_name(f->verdict));
	oae_jw_str(w, "reason", f->reason);
	oae_jw_end_obj(w);
}

static void write_false_positives(struct oae_jw *w, const struct oae_compare *c)
{
	if (isnan(c->false_positives.mid)) {
		oae_jw_null(w, "false_positives");
		return;
	}
	write_interval(w, "false_positives", &c->false_positives);
}

enum oae_status oae_compare_write(const struct oae_compare *c,
				  const char *on_inconclusive, int exit_code,
				  struct oae_buf *out, struct oae_error *err)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "schema", OAE_COMPARE_SCHEMA);
	oae_jw_str(&w, "oae", OAE_VERSION);
	oae_jw_str(&w, "spec", OAE_SPEC_VERSION);
	oae_jw_str(&w, "verdict", oae_regression_verdict_name(c->verdict));
	oae_jw_str(&w, "on_inconclusive", on_inconclusive);
	oae_jw_int(&w, "exit_code", exit_code);
	oae_jw_str(&w, "how", oae_compare_how_name(c->how));
	oae_jw_bool(&w, "weaker", c->how == OAE_COMPARE_UNPAIRED);
	write_side(&w, "base", &c->base);
	write_side(&w, "head", &c->head);
	write_parts(&w, c);
	write_rules(&w, c);
	oae_jw_bool(&w, "comparable", !c->differs);
	write_differences(&w, c);
	oae_jw_arr(&w, "metrics");
	for (size_t i = 0; i < c->count; i++)
		write_claim(&w, c, &c->claims[i]);
	oae_jw_end_arr(&w);
	write_false_positives(&w, c);
	oae_jw_int(&w, "false_positive_trials", c->trials);
	oae_jw_arr(&w, "notes");
	for (size_t i = 0; i < c->note_count; i++)
		oae_jw_str(&w, NULL, c->notes[i]);
	oae_jw_end_arr(&w);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
	return oae_buf_check(out, "comparison", err);
}
