/* SPDX-License-Identifier: Apache-2.0 */
/* "stopping" of the result: how the number of runs came about. */
#include <math.h>
#include <string.h>

#include "schema/look.h"
#include "schema/result_internal.h"

/* A look that was taken must be what its runs give. */
static enum oae_status check_look(const struct oae_look_record *was,
				  const struct oae_look *is,
				  struct oae_error *err)
{
	bool same = isnan(was->half_width) == isnan(is->half_width) &&
		    !(fabs(was->half_width - is->half_width) >
		      1e-9 * fabs(is->half_width));

	if (same && was->reached == is->reached)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_CHECK, 0,
			"journal: the look after %u runs says %.12g, its runs"
			" give %.12g",
			was->runs, was->half_width, is->half_width);
}

/*
 * What a campaign saw went by the weights of the profiles that it was
 * measured for, whatever it is scored for now.
 */
static enum oae_status look_again(struct oae_score *s, const char *run_dir,
				  uint32_t runs, struct oae_look *look,
				  struct oae_error *err)
{
	if (!s->rescore.profile_count)
		return oae_look_of(s, runs, look, err);
	return oae_look_at_dir(run_dir, runs, look, err);
}

static enum oae_status write_looks(struct oae_jw *w, struct oae_score *s,
				   const char *run_dir, struct oae_error *err)
{
	const struct oae_records *r = &s->records;
	const char *baseline = s->systems[s->baseline].id;
	enum oae_status status = OAE_OK;
	struct oae_look look;

	oae_jw_arr(w, "looks");
	for (size_t i = 0; i < r->look_count && !status; i++) {
		status = look_again(s, run_dir, r->looks[i].runs, &look, err);
		if (!status)
			status = check_look(&r->looks[i], &look, err);
		if (status)
			break;
		oae_jw_obj(w, NULL);
		oae_jw_int(w, "runs", look.runs);
		oae_jw_num(w, "half_width", look.half_width);
		oae_jw_str(w, "of",
			   strcmp(look.system, baseline) ? "s_ratio" : "s");
		oae_jw_str(w, "system", look.system);
		oae_jw_str(w, "profile", look.profile);
		oae_jw_bool(w, "reached", look.reached);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	if (!status && r->stop_reason && !strcmp(r->stop_reason, "precision") &&
	    !(r->look_count && r->looks[r->look_count - 1].reached &&
	      r->looks[r->look_count - 1].runs == r->stop_runs))
		status = oae_fail(err, OAE_ERR_CHECK, 0,
				  "journal: stopped by precision, but no look"
				  " after %u runs reached it",
				  r->stop_runs);
	if (!status && r->stop_reason && !strcmp(r->stop_reason, "budget") &&
	    !s->stopping.budget_s)
		status = oae_fail(err, OAE_ERR_CHECK, 0,
				  "journal: stopped by a budget that the plan"
				  " does not have");
	return status;
}

static void write_count(struct oae_jw *w, const char *key, uint64_t n)
{
	if (n)
		oae_jw_int(w, key, (int64_t)n);
	else
		oae_jw_null(w, key);
}

enum oae_status oae_result_stopping(struct oae_jw *w, struct oae_score *s,
				    const char *run_dir, struct oae_error *err)
{
	const struct oae_stopping *p = &s->stopping;
	const struct oae_records *r = &s->records;
	const char *by = r->stop_reason;
	uint32_t runs = by ? r->stop_runs : oae_stopping_runs_max(p);
	enum oae_status status;

	if (!by && r->sealed)
		by = "plan";
	oae_jw_obj(w, "stopping");
	oae_jw_str(w, "rule", p->precision > 0 ? "precision" : "fixed");
	oae_jw_num(w, "precision", p->precision > 0 ? p->precision : NAN);
	write_count(w, "budget_s", p->budget_s);
	oae_jw_num(w, "level", p->level);
	oae_jw_arr(w, "looks_planned");
	for (uint32_t i = 1; p->precision > 0 && i <= p->looks; i++)
		oae_jw_int(w, NULL, (int64_t)i * p->every);
	oae_jw_end_arr(w);
	status = write_looks(w, s, run_dir, err);
	if (p->precision > 0)
		oae_jw_bool(w, "reached",
			    r->look_count &&
				    r->looks[r->look_count - 1].reached);
	else
		oae_jw_null(w, "reached");
	oae_jw_str(w, "stopped_by", by);
	write_count(w, "runs", by ? runs : 0);
	oae_jw_int(w, "runs_skipped", r->stop_skipped);
	oae_jw_end_obj(w);
	return status;
}
