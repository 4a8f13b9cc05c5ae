/* SPDX-License-Identifier: Apache-2.0 */
/* The gate over a profile's workloads, with its reasons in words. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "schema/assess.h"

#define REASON_BYTES 640

__attribute__((format(printf, 4, 5))) static void
add_reason(struct oae_score *s, struct oae_gate_report *out,
	   enum oae_gate outcome, const char *fmt, ...)
{
	char text[REASON_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	out->outcome = oae_gate_worse(out->outcome, outcome);
	if (out->reason_count == OAE_REASONS_MAX)
		return;
	out->reasons[out->reason_count] = oae_arena_strdup(&s->arena, text);
	if (outcome == OAE_GATE_FAIL && !out->fail)
		out->fail = out->reasons[out->reason_count];
	out->reason_count += out->reasons[out->reason_count] != NULL;
}

static void items_needed(char *out, size_t size, double needed)
{
	if (needed > 0)
		snprintf(out, size, "about %.0f items would decide", needed);
	else
		snprintf(out, size, "no number of items would decide");
}

static void explain_quality(struct oae_score *s, const char *who,
			    const char *workload, const struct oae_quality *q,
			    struct oae_gate_report *out)
{
	double share = q->n ? 100 * (double)q->correct / (double)q->n : 0;
	char more[64];

	items_needed(more, sizeof(more), q->needed);
	if (q->floor_outcome != OAE_GATE_PASS)
		add_reason(s, out, q->floor_outcome,
			   "%s: %s%s %.0f %% of %zu"
			   " items right, floor %.0f %%%s%s",
			   workload, who,
			   q->floor_outcome == OAE_GATE_FAIL ?
				   "only" :
				   "too few items to tell:",
			   share, q->n, 100 * q->floor,
			   q->floor_outcome == OAE_GATE_FAIL ? "" : "; ",
			   q->floor_outcome == OAE_GATE_FAIL ? "" : more);
	if (q->lossless == OAE_LOSSLESS_BROKEN)
		add_reason(s, out, OAE_GATE_FAIL,
			   "%s: claims the baseline's"
			   " answers, but item %.60s differs",
			   workload, q->lossless_item);
	else if (q->outcome == OAE_GATE_FAIL &&
		 q->floor_outcome != OAE_GATE_FAIL)
		add_reason(s, out, OAE_GATE_FAIL,
			   "%s: %.1f points below the"
			   " baseline, more than the margin of %.1f",
			   workload, -100 * q->difference, 100 * q->margin);
	else if (q->unjudged && q->outcome == OAE_GATE_UNPROVEN)
		add_reason(s, out, OAE_GATE_UNPROVEN,
			   "%s: comes without right answers, so that nothing"
			   " was judged; give \"expected\" answers to rank",
			   workload);
	else if (q->outcome == OAE_GATE_UNPROVEN &&
		 q->floor_outcome == OAE_GATE_PASS)
		add_reason(s, out, OAE_GATE_UNPROVEN,
			   "%s: %+.1f points to the"
			   " baseline on %zu items, could be %.1f, margin"
			   " %.1f; %s",
			   workload, 100 * q->difference, q->pairs,
			   100 * q->lower, -100 * q->margin, more);
}

static enum oae_status gate_workload(struct oae_score *s,
				     const struct oae_profile *p, size_t i,
				     size_t system, struct oae_gate_report *out,
				     struct oae_error *err)
{
	const char *id = p->workloads[i].id;
	size_t w = oae_score_workload_index(s, id);
	struct oae_quality q;
	double floor;
	enum oae_status status;

	if (w == s->workload_count) {
		add_reason(s, out, OAE_GATE_UNPROVEN,
			   "%s: was not measured in"
			   " this campaign; weights are of the others",
			   id);
		return OAE_OK;
	}
	floor = isnan(p->workloads[i].floor) ? s->workloads[w].floor :
					       p->workloads[i].floor;
	if (oae_score_cell(s, system, w)->ok_count == 0) {
		add_reason(s, out, OAE_GATE_FAIL,
			   "%s: no request was"
			   " answered",
			   id);
		return OAE_OK;
	}
	status = oae_quality_of(s, system, w, floor, p->margin, &q, err);
	if (status)
		return status;
	explain_quality(s, "", id, &q, out);
	if (system == s->baseline)
		return OAE_OK;
	status = oae_quality_of(s, s->baseline, w, floor, p->margin, &q, err);
	if (!status && q.floor_outcome == OAE_GATE_FAIL)
		add_reason(s, out, OAE_GATE_UNPROVEN,
			   "%s: the baseline misses"
			   " its floor",
			   id);
	return status;
}

/* Runs of a system on a workload, as planned or where the plan stopped. */
static size_t runs_due(const struct oae_score *s)
{
	return s->records.stop_reason ? s->records.stop_runs :
					oae_stopping_runs_max(&s->stopping);
}

enum oae_status oae_assess_gate(struct oae_score *s,
				const struct oae_profile *p, size_t system,
				const struct oae_scale_use *scale,
				struct oae_gate_report *out,
				struct oae_error *err)
{
	const struct oae_score_system *x = &s->systems[system];
	size_t runs = runs_due(s) * s->workload_count;
	enum oae_status status = OAE_OK;

	memset(out, 0, sizeof(*out));
	if (!s->records.sealed)
		add_reason(s, out, OAE_GATE_UNPROVEN,
			   "incomplete: the journal"
			   " has no seal; finish it with `oae run --resume`");
	if (x->invalid)
		add_reason(s, out, OAE_GATE_FAIL, "%s", x->invalid);
	else if (s->systems[s->baseline].invalid)
		add_reason(s, out, OAE_GATE_FAIL, "the baseline's %s",
			   s->systems[s->baseline].invalid);
	if (x->failed)
		add_reason(s, out, OAE_GATE_UNPROVEN,
			   "%zu of %zu runs did not"
			   " finish; what they left undone counts as missed",
			   x->failed, x->planned);
	if (s->records.sealed && x->planned < runs)
		add_reason(s, out, OAE_GATE_UNPROVEN,
			   "%zu of %zu planned runs were never begun",
			   runs - x->planned, runs);
	for (size_t i = 0; i < p->workload_count && !status; i++)
		status = gate_workload(s, p, i, system, out, err);
	if (scale->reason)
		add_reason(s, out, OAE_GATE_UNPROVEN, "%s", scale->reason);
	return status;
}
