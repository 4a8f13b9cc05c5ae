/* SPDX-License-Identifier: Apache-2.0 */
/* From samples to cells: run means, verdicts of items, scale steps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/judge.h"
#include "schema/score.h"
#include "schema/validity.h"

#define JOULES_PER_KWH 3.6e6

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}

const struct oae_cell *oae_score_cell(const struct oae_score *s, size_t system,
				      size_t workload)
{
	return &s->cells[system * s->workload_count + workload];
}

size_t oae_score_workload_index(const struct oae_score *s, const char *id)
{
	size_t i = 0;

	while (i < s->workload_count && strcmp(s->workloads[i].id, id) != 0)
		i++;
	return i;
}

const struct oae_cell_run *oae_cell_rep(const struct oae_cell *c, uint64_t rep)
{
	for (size_t i = 0; i < c->run_count; i++)
		if (c->runs[i].rep == rep)
			return &c->runs[i];
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct oae_sample *x = *(const struct oae_sample *const *)a;
	const struct oae_sample *y = *(const struct oae_sample *const *)b;

	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	if (x->sent_ns != y->sent_ns)
		return x->sent_ns < y->sent_ns ? -1 : 1;
	return (x->done_ns > y->done_ns) - (x->done_ns < y->done_ns);
}

double oae_busy_seconds(const struct oae_sample **samples, size_t n)
{
	uint64_t busy_ns = 0, until = 0;

	qsort(samples, n, sizeof(*samples), by_start);
	for (size_t i = 0; i < n; i++) {
		const struct oae_sample *s = samples[i];
		uint64_t from = s->sent_ns;

		/* Another segment has another clock. */
		if (i == 0 || s->segment != samples[i - 1]->segment)
			until = 0;
		if (from < until)
			from = until;
		if (s->done_ns > from)
			busy_ns += s->done_ns - from;
		if (s->done_ns > until)
			until = s->done_ns;
	}
	return (double)busy_ns * 1e-9;
}

double oae_sample_latency(const struct oae_sample *s, enum oae_latency l)
{
	if (l == OAE_LATENCY_E2EL)
		return (double)(s->done_ns - s->due_ns) * 1e-6;
	if (s->first_ns == UINT64_MAX)
		return NAN;
	if (l == OAE_LATENCY_TTFT)
		return (double)(s->first_ns - s->due_ns) * 1e-6;
	if (l == OAE_LATENCY_TPOT && s->tokens_out > 1)
		return (double)(s->done_ns - s->first_ns) * 1e-6 /
		       (double)(s->tokens_out - 1);
	return NAN;
}

static bool within_slo(const struct oae_sample *s, const struct oae_profile *p)
{
	double ttft = oae_sample_latency(s, OAE_LATENCY_TTFT);
	double tpot = oae_sample_latency(s, OAE_LATENCY_TPOT);

	/* An answer of one token has no time between tokens to miss. */
	return ttft <= p->slo_ttft_ms &&
	       (isnan(tpot) || tpot <= p->slo_tpot_ms);
}

enum oae_status oae_sample_judge(const struct oae_sample *s, bool *right,
				 struct oae_error *err)
{
	enum oae_judge judge;
	enum oae_status status;

	*right = false;
	if (s->outcome != OAE_OUTCOME_OK)
		return OAE_OK;
	*right = s->judged == OAE_JUDGED_RIGHT;
	if (s->judged != OAE_JUDGED_NOT)
		return OAE_OK;
	if (!s->judge || !s->answer ||
	    (!s->expected && strcmp(s->judge, "none") != 0))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"request %.40s of item"
				" %.60s has no judge, expected answer or"
				" answer",
				s->request, s->item ? s->item : "?");
	status = oae_judge_parse(s->judge, &judge, err);
	if (!status)
		*right = oae_judge_answer(judge, s->answer, s->expected);
	return status;
}

enum oae_status oae_sample_accepted(const struct oae_sample *s,
				    const struct oae_profile *p, bool *accepted,
				    struct oae_error *err)
{
	enum oae_status status = oae_sample_judge(s, accepted, err);

	*accepted = *accepted && within_slo(s, p);
	return status;
}

/* Energy above idle, from the meter where there is one. */
static void run_energy(const struct oae_score *score, struct oae_cell_run *r)
{
	const struct oae_run_record *run = r->run;
	double n = (double)run->metered_samples;
	double cores = isnan(score->cores) ? 1 : score->cores;

	r->cpu_s = n > 0 ? run->cpu_s / n : NAN;
	r->e_estimated =
		r->cpu_s / cores * score->dynamic_w.mid / JOULES_PER_KWH;
	r->e_measured = n > 0 ? run->energy.dynamic_j / n / JOULES_PER_KWH :
				NAN;
}

enum oae_status oae_cell_run_take(const struct oae_score *score,
				  const struct oae_run_record *run,
				  const struct oae_sample **samples, size_t n,
				  struct oae_cell_run *out,
				  struct oae_error *err)
{
	double busy_s = oae_busy_seconds(samples, n);
	enum oae_status status;
	bool right;

	memset(out, 0, sizeof(*out));
	out->run = run;
	out->rep = run->rep;
	out->samples = n;
	out->planned = run->planned > n ? run->planned : n;
	out->s = busy_s / (double)n;
	for (size_t i = 0; i < n; i++) {
		status = oae_sample_judge(samples[i], &right, err);
		if (status)
			return status;
		out->right += right;
		for (size_t p = 0; right && p < score->profile_count; p++)
			out->g[p] +=
				within_slo(samples[i], &score->profiles[p]);
	}
	for (size_t p = 0; p < score->profile_count; p++)
		out->g[p] /= (double)out->planned;
	run_energy(score, out);
	return OAE_OK;
}

static int by_item(const void *a, const void *b)
{
	const struct oae_sample *x = *(const struct oae_sample *const *)a;
	const struct oae_sample *y = *(const struct oae_sample *const *)b;
	int order = strcmp(x->item, y->item);

	return order ? order : (x > y) - (x < y);
}

/* Sorts the cell's samples by item and reduces them. */
static enum oae_status take_items(struct oae_score *s, struct oae_cell *c,
				  struct oae_error *err)
{
	struct oae_item_verdict *v = NULL;
	enum oae_status status = OAE_OK;
	bool right;

	c->items = oae_arena_array(&s->arena, c->sample_count + 1,
				   sizeof(*c->items));
	if (!c->items)
		return no_memory(err);
	qsort(c->samples, c->sample_count, sizeof(*c->samples), by_item);
	for (size_t i = 0; i < c->sample_count && !status; i++) {
		const struct oae_sample *x = c->samples[i];

		if (!v || strcmp(v->item, x->item) != 0) {
			v = &c->items[c->item_count++];
			v->item = x->item;
		}
		if (x->outcome != OAE_OUTCOME_OK)
			continue;
		c->ok_count++;
		c->judge = x->judge;
		status = oae_sample_judge(x, &right, err);
		if (!v->answer) {
			v->answer = x->answer;
			v->right = right;
		} else if (!status) {
			v->right = v->right && right;
			v->varied = v->varied ||
				    strcmp(v->answer, x->answer) != 0;
		}
	}
	return status;
}

static int by_run(const void *a, const void *b)
{
	const struct oae_sample *x = *(const struct oae_sample *const *)a;
	const struct oae_sample *y = *(const struct oae_sample *const *)b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return (x > y) - (x < y);
}

static int by_rep(const void *a, const void *b)
{
	const struct oae_cell_run *x = a, *y = b;

	return (x->rep > y->rep) - (x->rep < y->rep);
}

/* The score-purpose run's cell, or NULL. */
static struct oae_cell *cell_of(struct oae_score *s,
				const struct oae_run_record *run)
{
	size_t w, x = 0;

	if (!run->workload || !oae_run_is_nominal(run) ||
	    strcmp(run->scenario ? run->scenario : OAE_HEADLINE_SCENARIO,
		   OAE_HEADLINE_SCENARIO) != 0)
		return NULL;
	w = oae_score_workload_index(s, run->workload);
	while (x < s->system_count && strcmp(s->systems[x].id, run->system))
		x++;
	if (w == s->workload_count || x == s->system_count)
		return NULL;
	return &s->cells[x * s->workload_count + w];
}

/* Where scores are not made of the runs there are, they are counted too. */
static void count_others(struct oae_score *s, const struct oae_run_record *r)
{
	struct oae_score_system *x;

	if (s->headline || strcmp(r->purpose, "score") != 0)
		return;
	for (x = s->systems; x < s->systems + s->system_count; x++)
		if (strcmp(x->id, r->system) == 0) {
			x->planned++;
			x->ok += r->status && strcmp(r->status, "ok") == 0;
			x->failed += !r->status || strcmp(r->status, "ok") != 0;
		}
}

static enum oae_status count_runs(struct oae_score *s, struct oae_error *err)
{
	for (size_t i = 0; i < s->records.run_count; i++) {
		const struct oae_run_record *r = &s->records.runs[i];
		struct oae_cell *c = cell_of(s, r);
		struct oae_score_system *x;

		if (!c) {
			count_others(s, r);
			continue;
		}
		x = &s->systems[(size_t)(c - s->cells) / s->workload_count];
		x->planned++;
		x->ok += r->status && strcmp(r->status, "ok") == 0;
		x->failed += !r->status || strcmp(r->status, "ok") != 0;
		c->run_count += r->sample_count > 0;
		c->sample_count += r->sample_count;
	}
	for (size_t i = 0; i < s->system_count * s->workload_count; i++) {
		struct oae_cell *c = &s->cells[i];

		c->runs = oae_arena_array(&s->arena, c->run_count + 1,
					  sizeof(*c->runs));
		c->samples = oae_arena_array(&s->arena, c->sample_count + 1,
					     sizeof(*c->samples));
		if (!c->runs || !c->samples)
			return no_memory(err);
		c->run_count = c->sample_count = 0;
	}
	return OAE_OK;
}

/* A run that the harness could not keep up with spoils its system's score. */
static enum oae_status take_validity(struct oae_score *s,
				     const struct oae_cell *c,
				     const struct oae_sample **group, size_t n,
				     struct oae_error *err)
{
	const struct oae_run_record *run = &s->records.runs[group[0]->run];
	struct oae_score_system *x =
		&s->systems[(size_t)(c - s->cells) / s->workload_count];
	char text[OAE_RULE_TEXT];
	struct oae_validity v;
	enum oae_status status = oae_validity_of(run, group, n, &v, err);

	for (int i = 0; i < OAE_RUN_RULES && !status && !x->invalid; i++) {
		if (!v.broken[i])
			continue;
		oae_validity_text(&v, (enum oae_rule)i, text);
		x->invalid = oae_arena_printf(&s->arena,
					      "run %llu on %s is not valid: %s",
					      (unsigned long long)run->id,
					      run->workload, text);
		status = x->invalid ? OAE_OK : no_memory(err);
	}
	return status;
}

/* Samples of one run, order[from..to), into its cell. */
static enum oae_status take_group(struct oae_score *s,
				  const struct oae_sample **group, size_t n,
				  struct oae_error *err)
{
	const struct oae_run_record *run = &s->records.runs[group[0]->run];
	struct oae_cell *c = cell_of(s, run);
	enum oae_status status;

	if (!c)
		return OAE_OK;
	for (size_t i = 0; i < n; i++) {
		if (!group[i]->item)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"request %.40s"
					" names no item",
					group[i]->request);
		c->samples[c->sample_count++] = group[i];
	}
	status = oae_cell_run_take(s, run, group, n, &c->runs[c->run_count++],
				   err);
	return status ? status : take_validity(s, c, group, n, err);
}

enum oae_status oae_score_cells(struct oae_score *s, struct oae_error *err)
{
	size_t n = s->records.sample_count, from = 0, to;
	const struct oae_sample **order;
	enum oae_status status;

	s->cells = oae_arena_array(&s->arena,
				   s->system_count * s->workload_count + 1,
				   sizeof(*s->cells));
	order = oae_arena_array(&s->arena, n + 1, sizeof(*order));
	if (!s->cells || !order)
		return no_memory(err);
	status = count_runs(s, err);
	for (size_t i = 0; i < n; i++)
		order[i] = &s->records.samples[i];
	qsort(order, n, sizeof(*order), by_run);
	for (; from < n && !status; from = to) {
		to = from + 1;
		while (to < n && order[to]->run == order[from]->run)
			to++;
		status = take_group(s, order + from, to - from, err);
	}
	for (size_t i = 0; i < s->system_count * s->workload_count && !status;
	     i++) {
		qsort(s->cells[i].runs, s->cells[i].run_count,
		      sizeof(*s->cells[i].runs), by_rep);
		status = take_items(s, &s->cells[i], err);
	}
	return status;
}
