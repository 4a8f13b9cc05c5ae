/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/score_conditions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/validity.h"

#define JOULES_PER_KWH 3.6e6

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}

/* ---- names ------------------------------------------------------------ */

static enum oae_status read_names(struct oae_score *s, struct oae_error *err)
{
	const cJSON *options = cJSON_GetObjectItemCaseSensitive(
		s->records.campaign, "options");
	const cJSON *list =
		cJSON_GetObjectItemCaseSensitive(options, "conditions");
	const cJSON *name;

	/* A campaign of before there was a choice. */
	s->conditions[0] = OAE_CONDITION_NOMINAL;
	s->condition_count = 1;
	cJSON_ArrayForEach(name, list) {
		const char *text = cJSON_IsString(name) ? name->valuestring :
							  "";

		if (!strcmp(text, OAE_CONDITION_NOMINAL))
			continue;
		if (!oae_condition_find(text) ||
		    s->condition_count == OAE_CONDITIONS_MAX)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"journal: condition \"%.40s\" is"
					" unknown, or one too many",
					text);
		s->conditions[s->condition_count++] = text;
	}
	return OAE_OK;
}

/* ---- runs ------------------------------------------------------------- */

/* The samples of each run, one run after the other; start has one more. */
struct by_run {
	const struct oae_sample **samples;
	size_t *start;
};

static enum oae_status sort_samples(struct oae_score *s, struct by_run *out,
				    struct oae_error *err)
{
	size_t runs = s->records.run_count, n = s->records.sample_count, i;
	size_t *at = oae_arena_array(&s->arena, runs + 1, sizeof(*at));

	out->samples = oae_arena_array(&s->arena, n + 1, sizeof(*out->samples));
	out->start = oae_arena_array(&s->arena, runs + 1, sizeof(*out->start));
	if (!at || !out->samples || !out->start)
		return no_memory(err);
	for (i = 0; i < n; i++)
		out->start[s->records.samples[i].run + 1]++;
	for (i = 0; i < runs; i++)
		out->start[i + 1] += out->start[i];
	memcpy(at, out->start, (runs + 1) * sizeof(*at));
	for (i = 0; i < n; i++) {
		const struct oae_sample *x = &s->records.samples[i];

		out->samples[at[x->run]++] = x;
	}
	return OAE_OK;
}

/* Where the run belongs; false for what is no condition's. */
static bool place(const struct oae_score *s, const struct oae_run_record *r,
		  struct oae_condition_run *out)
{
	size_t q = 1, x = 0;

	if (strcmp(r->purpose, "score") != 0 || !r->workload || !r->condition)
		return false;
	while (q < s->condition_count && strcmp(s->conditions[q], r->condition))
		q++;
	while (x < s->system_count && strcmp(s->systems[x].id, r->system))
		x++;
	out->condition = q;
	out->system = x;
	out->workload = oae_score_workload_index(s, r->workload);
	return q < s->condition_count && x < s->system_count &&
	       out->workload < s->workload_count;
}

/* A run that the harness could not keep up with says nothing. */
static enum oae_status take_validity(struct oae_score *s,
				     const struct oae_run_record *r,
				     const struct oae_sample **samples,
				     size_t n, struct oae_condition_run *out,
				     struct oae_error *err)
{
	char text[OAE_RULE_TEXT];
	struct oae_validity v;
	enum oae_status status = oae_validity_of(r, samples, n, &v, err);

	for (int i = 0; i < OAE_RUN_RULES && !status && !out->invalid; i++) {
		if (!v.broken[i])
			continue;
		oae_validity_text(&v, (enum oae_rule)i, text);
		out->invalid = oae_arena_strdup(&s->arena, text);
		status = out->invalid ? OAE_OK : no_memory(err);
	}
	return status;
}

static enum oae_status take_run(struct oae_score *s,
				const struct oae_run_record *r,
				const struct oae_sample **samples, size_t n,
				struct oae_condition_run *out,
				struct oae_error *err)
{
	const struct oae_condition *q =
		oae_condition_find(s->conditions[out->condition]);
	enum oae_status status = OAE_OK;

	out->over = r->ended && strcmp(r->status, "interrupted") != 0;
	out->unavailable = r->ended && !strcmp(r->status, "unavailable");
	if (n)
		status = oae_cell_run_take(s, r, samples, n, &out->v, err);
	if (n && !status)
		status = take_validity(s, r, samples, n, out, err);
	out->v.run = r;
	out->v.rep = r->rep;
	if (!n)
		out->v.planned = r->planned;
	/* A cold machine is busy from the start of the process. */
	if (n && q->kind == OAE_CONDITION_COLD)
		out->v.s += (double)r->setup_ns * 1e-9 / (double)n;
	return status;
}

enum oae_status oae_score_condition_runs(struct oae_score *s,
					 struct oae_error *err)
{
	enum oae_status status = read_names(s, err);
	struct by_run by = { 0 };

	s->condition_runs = oae_arena_array(&s->arena, s->records.run_count + 1,
					    sizeof(*s->condition_runs));
	if (!status && !s->condition_runs)
		status = no_memory(err);
	if (!status && s->condition_count > 1)
		status = sort_samples(s, &by, err);
	for (size_t i = 0;
	     !status && s->condition_count > 1 && i < s->records.run_count;
	     i++) {
		struct oae_condition_run *out =
			&s->condition_runs[s->condition_run_count];

		if (!place(s, &s->records.runs[i], out))
			continue;
		s->condition_run_count++;
		status = take_run(s, &s->records.runs[i],
				  by.samples + by.start[i],
				  by.start[i + 1] - by.start[i], out, err);
	}
	return status;
}

/* ---- cells ------------------------------------------------------------ */

/* A case and the weights of its profile's workloads. */
struct view {
	const struct oae_case *c;
	double weight[OAE_WORKLOADS_MAX];
};

/* The run of a cell in one repetition that counts, or NULL. */
static const struct oae_cell_run *find(const struct oae_score *s, size_t q,
				       size_t system, size_t workload,
				       uint64_t rep)
{
	if (q == 0)
		return oae_cell_rep(oae_score_cell(s, system, workload), rep);
	for (size_t i = 0; i < s->condition_run_count; i++) {
		const struct oae_condition_run *r = &s->condition_runs[i];

		if (r->condition == q && r->system == system &&
		    r->workload == workload && r->v.rep == rep)
			return r->over && !r->unavailable && !r->invalid ?
				       &r->v :
				       NULL;
	}
	return NULL;
}

static double energy_of(const struct oae_score *s, const struct oae_cell_run *r,
			bool measured)
{
	double e = measured ? r->e_measured : r->e_estimated;

	/* No CPU time either: as if all cores had been busy. */
	return isnan(e) ? r->s * s->dynamic_w.mid / JOULES_PER_KWH : e;
}

/* One repetition's means over the workloads; false when it lacks one. */
static bool rep_values(const struct view *view, size_t q, size_t system,
		       uint64_t rep, bool measured, struct oae_own_values *out)
{
	const struct oae_score *s = view->c->score;
	size_t p = (size_t)(view->c->profile - s->profiles);

	out->v[OAE_OWN_S] = out->v[OAE_OWN_E] = out->v[OAE_OWN_G] = 0;
	for (size_t w = 0; w < s->workload_count; w++) {
		const struct oae_cell_run *r;

		if (!(view->weight[w] > 0))
			continue;
		r = find(s, q, system, w, rep);
		if (!r)
			return false;
		out->v[OAE_OWN_S] += view->weight[w] * r->s;
		out->v[OAE_OWN_E] +=
			view->weight[w] * energy_of(s, r, measured);
		out->v[OAE_OWN_G] += view->weight[w] * r->g[p];
	}
	return true;
}

/* Repetitions in the journal: those below the largest number. */
static uint64_t rep_end(const struct oae_score *s)
{
	uint64_t end = 0;

	for (size_t i = 0; i < s->records.run_count; i++) {
		const struct oae_run_record *r = &s->records.runs[i];

		if (strcmp(r->purpose, "score") == 0 && r->rep >= end)
			end = r->rep + 1;
	}
	return end;
}

static void count_runs(const struct view *view, size_t q, size_t system,
		       struct oae_condition_cell *out)
{
	const struct oae_score *s = view->c->score;

	out->energy_measured = view->c->pairs.energy_measured;
	for (size_t i = 0; i < s->condition_run_count; i++) {
		const struct oae_condition_run *r = &s->condition_runs[i];
		const struct oae_run_record *run = r->v.run;
		bool failed;

		if (r->condition != q || r->system != system ||
		    !(view->weight[r->workload] > 0))
			continue;
		failed = run->status && !strcmp(run->status, "failed");
		out->runs++;
		out->failed += failed;
		out->unavailable += r->unavailable;
		out->oom_kills += (size_t)run->oom_kills;
		out->invalid += r->invalid ? 1 : 0;
		if (!out->reason && (failed || r->unavailable))
			out->reason = run->reason;
		else if (!out->reason)
			out->reason = r->invalid;
		if (r->v.samples && isnan(r->v.e_measured))
			out->energy_measured = false;
	}
}

static void add_means(struct oae_condition_cell *out,
		      const struct oae_own_values *v)
{
	double k = 1 / (double)++out->reps;

	/* The mean so far moves by its part of the difference. */
	out->s += (v->v[OAE_OWN_S] - out->s) * k;
	out->e_kwh += (v->v[OAE_OWN_E] - out->e_kwh) * k;
	out->g += (v->v[OAE_OWN_G] - out->g) * k;
}

/* A cell's means, with the labour and set-up of the nominal case. */
static struct oae_own_values with_means(const struct oae_own_values *nominal,
					const struct oae_condition_cell *cell)
{
	struct oae_own_values v = *nominal;

	v.v[OAE_OWN_S] = cell->s;
	v.v[OAE_OWN_E] = cell->e_kwh;
	v.v[OAE_OWN_G] = cell->g;
	return v;
}

static double score_at(enum oae_mode mode, const struct oae_terms *t,
		       const struct oae_own_values *b,
		       const struct oae_own_values *x)
{
	struct oae_cost cb = oae_cost_of(mode, t, b);
	struct oae_cost cx = oae_cost_of(mode, t, x);

	return oae_score_of(&cb, &cx, false);
}

/* The interval is that of the ratio over repetitions. */
static void score_modes(const struct oae_case *c, double *ratios,
			struct oae_condition_score *out)
{
	const struct oae_terms *t = &c->box.mid;
	struct oae_own_values b = with_means(&c->box.b_mid, &out->b);
	struct oae_own_values x = with_means(&c->box.x_mid, &out->x);

	out->kappa = oae_cost_kappa(t, &x);
	out->kappa_b = oae_cost_kappa(t, &b);
	for (int mode = 0; mode < OAE_MODES; mode++) {
		double mid = score_at((enum oae_mode)mode, t, &b, &x);
		struct oae_interval i =
			oae_ratio_interval(ratios + (size_t)mode * out->reps,
					   out->reps, c->score->level);

		i.mid = mid;
		if (!isnan(i.low)) {
			i.low = fmin(i.low, mid);
			i.high = fmax(i.high, mid);
		}
		out->oae[mode] = i;
	}
}

static void init_score(struct oae_condition_score *out)
{
	memset(out, 0, sizeof(*out));
	out->kappa = out->kappa_b = NAN;
	for (int mode = 0; mode < OAE_MODES; mode++)
		out->oae[mode] = (struct oae_interval){ NAN, NAN, NAN };
}

/* Values of both systems in the repetitions that both have. */
struct both {
	struct oae_own_values *b, *x;
};

static void collect(const struct view *view, size_t q, uint64_t end,
		    struct both *v, struct oae_condition_score *out)
{
	const struct oae_case *c = view->c;
	bool measured = out->x.energy_measured && out->b.energy_measured;

	for (uint64_t rep = 0; rep < end; rep++) {
		struct oae_own_values b = c->box.b_mid, x = c->box.x_mid;
		bool has_b = rep_values(view, q, c->score->baseline, rep,
					measured, &b);
		bool has_x = rep_values(view, q, c->system, rep, measured, &x);

		if (has_b)
			add_means(&out->b, &b);
		if (has_x)
			add_means(&out->x, &x);
		if (!has_b || !has_x)
			continue;
		v->b[out->reps] = b;
		v->x[out->reps++] = x;
	}
	if (!out->b.reps)
		out->b.s = out->b.e_kwh = out->b.g = NAN;
	if (!out->x.reps)
		out->x.s = out->x.e_kwh = out->x.g = NAN;
}

enum oae_status oae_condition_assess(const struct oae_case *c, size_t q,
				     struct oae_condition_score *out,
				     struct oae_error *err)
{
	uint64_t end = rep_end(c->score);
	enum oae_status status = OAE_OK;
	struct view view = { .c = c };
	struct both v;
	double *ratios;

	init_score(out);
	(void)oae_assess_weights(c->score, c->profile, view.weight);
	count_runs(&view, q, c->system, &out->x);
	count_runs(&view, q, c->score->baseline, &out->b);
	v.b = calloc((size_t)end + 1, sizeof(*v.b));
	v.x = calloc((size_t)end + 1, sizeof(*v.x));
	ratios = calloc(OAE_MODES * (size_t)end + 1, sizeof(*ratios));
	if (!v.b || !v.x || !ratios) {
		status = no_memory(err);
		goto out;
	}
	collect(&view, q, end, &v, out);
	for (size_t k = 0; k < OAE_MODES * out->reps; k++)
		ratios[k] = score_at((enum oae_mode)(k / out->reps),
				     &c->box.mid, &v.b[k % out->reps],
				     &v.x[k % out->reps]);
	if (out->reps && c->pairs.n)
		score_modes(c, ratios, out);
out:
	free(v.b);
	free(v.x);
	free(ratios);
	return status;
}
