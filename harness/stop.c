/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a campaign goes on after a pair of repetitions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "harness/conduct.h"

static bool is_score(const struct oae_conduct *d, size_t i)
{
	return d->campaign->runs[i].scale == OAE_NO_SCALE;
}

/* Scale steps are done all the same: without them no score is ranked. */
static void skip_rest(struct oae_conduct *d)
{
	for (size_t i = 0; i < d->campaign->run_count; i++) {
		if (!is_score(d, i) || d->runs[i].over)
			continue;
		d->runs[i].over = true;
		d->over++;
		d->skipped++;
	}
}

static enum oae_status stop_here(struct oae_conduct *d, const char *reason,
				 uint32_t runs, const char *text,
				 struct oae_error *err)
{
	struct oae_jw *w;
	enum oae_status status;

	skip_rest(d);
	w = oae_journal_begin(d->journal, "stop");
	oae_jw_str(w, "reason", reason);
	oae_jw_int(w, "runs", runs);
	oae_jw_int(w, "skipped", (int64_t)d->skipped);
	oae_jw_str(w, "text", text);
	oae_progress_end();
	oae_info("%s", text);
	status = oae_journal_commit(d->journal, err);
	return status ? status : oae_journal_sync(d->journal, err);
}

static enum oae_status take_look(struct oae_conduct *d, uint32_t runs,
				 struct oae_error *err)
{
	const struct oae_stopping *p = &d->campaign->stopping;
	enum oae_status status;
	struct oae_look look;
	struct oae_jw *w;

	status = d->look(d->look_ctx, runs, &look, err);
	if (status)
		return status;
	w = oae_journal_begin(d->journal, "look");
	oae_jw_int(w, "runs", runs);
	oae_jw_num(w, "level", p->level);
	oae_jw_num(w, "half_width", look.half_width);
	oae_jw_str(w, "system", look.system);
	oae_jw_str(w, "profile", look.profile);
	oae_jw_bool(w, "reached", look.reached);
	status = oae_journal_commit(d->journal, err);
	d->looked_at = runs;
	d->reached = look.reached;
	oae_progress_end();
	if (isnan(look.half_width))
		oae_info("after %u runs of each system: %s has too few"
			 " whole pairs to tell",
			 runs, look.system);
	else
		oae_info("after %u runs of each system: the widest interval is"
			 " +-%.2g %% (%s), asked: %.2g %%",
			 runs, 100 * look.half_width, look.system,
			 100 * p->precision);
	return status;
}

static enum oae_status check_precision(struct oae_conduct *d, uint32_t runs,
				       struct oae_error *err)
{
	const struct oae_stopping *p = &d->campaign->stopping;
	enum oae_status status = OAE_OK;
	char text[200];

	if (!(p->precision > 0) || runs % p->every)
		return OAE_OK;
	/* A resumed campaign may have looked before it was cut off. */
	if (d->looked_at < runs)
		status = take_look(d, runs, err);
	if (status || !d->reached || runs == oae_stopping_runs_max(p))
		return status;
	(void)snprintf(text, sizeof(text),
		       "stopped by precision after %u of at most %u runs of"
		       " each system: every interval is within +-%.2g %%",
		       runs, oae_stopping_runs_max(p), 100 * p->precision);
	return stop_here(d, "precision", runs, text, err);
}

/* Seconds of the next pair of repetitions and of scale steps to come. */
static double forecast_s(const struct oae_conduct *d, uint32_t runs)
{
	double seconds = 0;

	for (size_t i = 0; i < d->campaign->run_count; i++)
		if (!d->runs[i].over &&
		    (!is_score(d, i) || d->campaign->runs[i].at.rep < runs + 2))
			seconds += oae_conduct_expected_s(d, i);
	return seconds;
}

static enum oae_status check_budget(struct oae_conduct *d, uint32_t runs,
				    struct oae_error *err)
{
	const struct oae_stopping *p = &d->campaign->stopping;
	uint64_t now_ns = oae_clock_ns() - d->begun_ns + d->spent_ns;
	double spent = (double)now_ns * 1e-9, next = forecast_s(d, runs);
	char text[240];

	if (!p->budget_s || runs == oae_stopping_runs_max(p) ||
	    spent + next <= p->budget_s)
		return OAE_OK;
	(void)snprintf(text, sizeof(text),
		       "stopped by budget after %u of %s%u runs of each"
		       " system: %.0f s are spent, two more would take about"
		       " %.0f s, the budget is %u s",
		       runs, p->looks > 1 ? "at most " : "",
		       oae_stopping_runs_max(p), spent, next, p->budget_s);
	return stop_here(d, "budget", runs, text, err);
}

/* Some run of this pair of repetitions was begun before an interruption. */
static bool pair_begun(const struct oae_conduct *d, uint32_t runs)
{
	for (size_t i = 0; i < d->campaign->run_count; i++) {
		uint32_t rep = d->campaign->runs[i].at.rep;

		if (is_score(d, i) && rep >= runs && rep < runs + 2 &&
		    (d->runs[i].segments || d->runs[i].over))
			return true;
	}
	return false;
}

enum oae_status oae_conduct_decide(struct oae_conduct *d, uint32_t runs,
				   struct oae_error *err)
{
	enum oae_status status;

	if (d->skipped || runs % 2 || pair_begun(d, runs))
		return OAE_OK;
	status = check_precision(d, runs, err);
	return status || d->skipped ? status : check_budget(d, runs, err);
}

void oae_conduct_restore_stop(struct oae_conduct *d,
			      const struct oae_records *r)
{
	if (r->look_count) {
		d->looked_at = r->looks[r->look_count - 1].runs;
		d->reached = r->looks[r->look_count - 1].reached;
	}
	for (size_t i = 0; i < r->run_count; i++)
		d->spent_ns += r->runs[i].wall_ns;
	if (r->stop_reason)
		skip_rest(d);
}
