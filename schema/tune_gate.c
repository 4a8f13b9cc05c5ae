/* SPDX-License-Identifier: Apache-2.0 */
/* The quality gate of one setting (spec section 8). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "schema/tune_internal.h"

#define ARENA_BYTES_MAX ((size_t)1 << 30)
#define REASON_BYTES 300

/* What the score looks at for a while: the samples of a few runs. */
struct view {
	struct oae_arena arena;
	struct oae_cell *cells;
	struct oae_sample *samples;
	size_t sample_count, system_count;
};

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "tuning: out of memory");
}

static void copy_samples(struct oae_score *s, const struct oae_tune_run *r,
			 const char *system)
{
	r->record->purpose = "score";
	r->record->system = system;
	for (size_t i = 0; i < r->sample_count; i++)
		s->records.samples[s->records.sample_count++] = *r->samples[i];
}

/* The baseline's runs beside those of the setting, as two systems. */
static enum oae_status put_runs(struct oae_tune *t,
				const struct oae_tune_setting *x, bool itself,
				struct oae_error *err)
{
	const struct oae_tune_setting *b = &t->settings[0];
	struct oae_score *s = &t->score;
	size_t n = 0;

	for (int put = 0; put < 2; put++) {
		for (size_t i = 0; i < x->run_count; i++) {
			const struct oae_tune_run *r = &x->runs[i], *twin;

			twin = oae_tune_run_of(b, r->record->rep, r->workload);
			n += r->sample_count + (twin ? twin->sample_count : 0);
			if (put && !itself)
				copy_samples(s, r, s->systems[t->bases].id);
			if (put && twin)
				copy_samples(s, twin, s->systems[0].id);
		}
		if (put)
			break;
		s->records.samples = oae_arena_array(
			&s->arena, n + 1, sizeof(*s->records.samples));
		if (!s->records.samples)
			return no_memory(err);
		s->records.sample_count = 0;
	}
	return oae_score_cells(s, err);
}

static void forget_runs(struct oae_tune *t, const struct oae_tune_setting *x)
{
	const struct oae_tune_setting *b = &t->settings[0];

	for (size_t i = 0; i < x->run_count; i++) {
		const struct oae_tune_run *r = &x->runs[i], *twin;

		r->record->purpose = "tune";
		r->record->system = x->id;
		twin = oae_tune_run_of(b, r->record->rep, r->workload);
		if (twin) {
			twin->record->purpose = "tune";
			twin->record->system = b->id;
		}
	}
}

static void explain(const struct oae_quality *q, const char *workload,
		    char *out, size_t size)
{
	if (q->lossless == OAE_LOSSLESS_BROKEN)
		(void)snprintf(out, size,
			       "%.60s: claims the baseline's answers, but item"
			       " %.60s differs",
			       workload, q->lossless_item);
	else if (q->floor_outcome == OAE_GATE_FAIL)
		(void)snprintf(out, size,
			       "%.60s: only %zu of %zu items right, floor"
			       " %.0f %%",
			       workload, q->correct, q->n, 100 * q->floor);
	else
		(void)snprintf(out, size,
			       "%.60s: %.1f points below the baseline, more"
			       " than the margin of %.1f",
			       workload, -100 * q->difference, 100 * q->margin);
}

static enum oae_status judge(struct oae_tune *t, size_t system,
			     enum oae_gate *gate, char *reason, size_t size,
			     struct oae_error *err)
{
	struct oae_score *s = &t->score;
	const struct oae_profile *p = t->profile;
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < p->workload_count && !status; i++) {
		const char *id = p->workloads[i].id;
		size_t w = oae_score_workload_index(s, id);
		struct oae_quality q;
		double floor;

		if (w == s->workload_count)
			continue;
		floor = isnan(p->workloads[i].floor) ? s->workloads[w].floor :
						       p->workloads[i].floor;
		if (!oae_score_cell(s, system, w)->ok_count) {
			*gate = OAE_GATE_FAIL;
			(void)snprintf(reason, size,
				       "%.60s: no request was answered", id);
			break;
		}
		status =
			oae_quality_of(s, system, w, floor, p->margin, &q, err);
		if (!status && q.outcome == OAE_GATE_FAIL &&
		    *gate != OAE_GATE_FAIL)
			explain(&q, id, reason, size);
		if (!status)
			*gate = oae_gate_worse(*gate, q.outcome);
	}
	return status;
}

enum oae_status oae_tune_gate(struct oae_tune *t, struct oae_tune_setting *x,
			      struct oae_error *err)
{
	struct oae_score *s = &t->score;
	struct oae_score_system *as = &s->systems[t->bases];
	bool itself = x == &t->settings[0];
	struct view was = { s->arena, s->cells, s->records.samples,
			    s->records.sample_count, s->system_count };
	char reason[REASON_BYTES] = "";
	enum oae_status status;

	oae_arena_init(&s->arena, ARENA_BYTES_MAX);
	memset(as, 0, sizeof(*as));
	as->id = "the setting";
	as->lossless_of = s->systems[x->base].lossless_of;
	s->system_count = t->bases + 1u;
	status = put_runs(t, x, itself, err);
	x->gate = OAE_GATE_PASS;
	if (!status)
		status = judge(t, itself ? 0 : t->bases, &x->gate, reason,
			       sizeof(reason), err);
	forget_runs(t, x);
	oae_arena_release(&s->arena);
	s->arena = was.arena;
	s->cells = was.cells;
	s->records.samples = was.samples;
	s->records.sample_count = was.sample_count;
	s->system_count = was.system_count;
	/* It stood in the memory that is gone. */
	s->systems[0].invalid = NULL;
	/* Only a failure counts here; a few items seldom prove a pass. */
	if (!status && reason[0]) {
		x->reason = oae_arena_strdup(&s->arena, reason);
		if (!x->reason)
			status = no_memory(err);
	}
	return status;
}
