/* SPDX-License-Identifier: Apache-2.0 */
/* Runs on random weights of a real shape (spec §2.6). */
#include <math.h>
#include <string.h>

#include "schema/score.h"
#include "schema/score_conditions.h"

#define RUNS_MAX 1024u

/* What the runs of one step measured, one value a run. */
struct step {
	double s[RUNS_MAX], e_kwh[RUNS_MAX];
	double ttft_s[RUNS_MAX], tpot_s[RUNS_MAX];
	size_t n;
	bool e_is_measured;
};

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool belongs(const struct oae_run_record *r,
		    const struct oae_scale_step *to)
{
	return same_text(r->shape, to->shape) &&
	       same_text(r->quant, to->quant) &&
	       r->tokens_in == to->tokens_in && r->tokens_out == to->tokens_out;
}

static bool usable(const struct oae_run_record *r)
{
	return strcmp(r->purpose, "scale") == 0 && r->shape && r->quant &&
	       same_text(r->status, "ok") && r->sample_count > 0;
}

static double energy_kwh(const struct oae_score *s,
			 const struct oae_run_record *r, bool measured)
{
	double n = (double)r->metered_samples;
	double cores = isnan(s->cores) ? 1 : s->cores;

	if (n == 0)
		return NAN;
	if (measured)
		return r->energy.dynamic_j / n / 3.6e6;
	return r->cpu_s / n / cores * s->dynamic_w.mid / 3.6e6;
}

static void take_run(const struct oae_score *s, uint32_t run,
		     const struct oae_sample **list, struct step *step)
{
	const struct oae_run_record *r = &s->records.runs[run];
	double ttft = 0, tpot = 0, busy;
	size_t n = 0, i = step->n;

	for (size_t k = 0; k < s->records.sample_count; k++) {
		const struct oae_sample *x = &s->records.samples[k];

		if (x->run != run || x->outcome != OAE_OUTCOME_OK)
			continue;
		list[n++] = x;
		ttft += oae_sample_latency(x, OAE_LATENCY_TTFT);
		tpot += oae_sample_latency(x, OAE_LATENCY_TPOT);
	}
	if (n == 0 || i == RUNS_MAX)
		return;
	busy = oae_busy_seconds(list, n);
	step->s[i] = busy / (double)n;
	step->ttft_s[i] = ttft / (double)n / 1000;
	step->tpot_s[i] = tpot / (double)n / 1000;
	if (i == 0)
		step->e_is_measured = !isnan(energy_kwh(s, r, true));
	step->e_kwh[i] = energy_kwh(s, r, step->e_is_measured);
	step->n++;
}

static void reduce(const struct step *step, double level,
		   struct oae_scale_step *out)
{
	out->runs = step->n;
	out->e_is_measured = step->e_is_measured;
	out->s = oae_ratio_interval(step->s, step->n, level);
	out->ttft_s = oae_ratio_interval(step->ttft_s, step->n, level);
	out->tpot_s = oae_ratio_interval(step->tpot_s, step->n, level);
	out->e_kwh = oae_mean_interval(step->e_kwh, step->n, level);
	out->e_kwh.low = fmax(0, out->e_kwh.low);
}

enum oae_status oae_score_scales(struct oae_score *s, struct oae_error *err)
{
	size_t runs = s->records.run_count;
	const struct oae_sample **list;
	struct step *step;

	s->scales = oae_arena_array(&s->arena, runs + 1, sizeof(*s->scales));
	list = oae_arena_array(&s->arena, s->records.sample_count + 1,
			       sizeof(*list));
	step = oae_arena_alloc(&s->arena, sizeof(*step));
	if (!s->scales || !list || !step)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < runs; i++) {
		const struct oae_run_record *r = &s->records.runs[i];
		struct oae_scale_step *to = s->scales;
		struct oae_scale_step *end = to + s->scale_count;

		while (to < end && !belongs(r, to))
			to++;
		if (!usable(r) || to < end)
			continue;
		to->shape = r->shape;
		to->quant = r->quant;
		to->tokens_in = r->tokens_in;
		to->tokens_out = r->tokens_out;
		memset(step, 0, sizeof(*step));
		for (size_t k = i; k < runs; k++)
			if (usable(&s->records.runs[k]) &&
			    belongs(&s->records.runs[k], to))
				take_run(s, (uint32_t)k, list, step);
		reduce(step, s->level, to);
		s->scale_count += step->n > 0;
	}
	return OAE_OK;
}

enum oae_status oae_score_read(const char *run_dir, struct oae_score *s,
			       struct oae_error *err)
{
	return oae_score_read_for(run_dir, NULL, s, err);
}

enum oae_status oae_score_read_for(const char *run_dir,
				   const struct oae_rescore *rescore,
				   struct oae_score *s, struct oae_error *err)
{
	enum oae_status status;

	memset(s, 0, sizeof(*s));
	status = oae_score_load(run_dir, rescore, s, err);
	if (!status)
		status = oae_score_cells(s, err);
	if (!status)
		status = oae_score_scales(s, err);
	if (!status)
		status = oae_score_condition_runs(s, err);
	return status;
}
