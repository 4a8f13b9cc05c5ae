/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/served.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}

/* ---- one run ------------------------------------------------------------ */

/* First due to last end of each segment; samples by segment. */
static double span_s(const struct oae_sample *const *s, size_t n)
{
	uint64_t from = 0, to = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (i == 0 || s[i]->segment != s[i - 1]->segment) {
			sum += to - from;
			from = s[i]->due_ns;
			to = s[i]->done_ns;
		}
		from = s[i]->due_ns < from ? s[i]->due_ns : from;
		to = s[i]->done_ns > to ? s[i]->done_ns : to;
	}
	return (double)(sum + to - from) * 1e-9;
}

static enum oae_status take_run(const struct oae_served *g,
				struct oae_served_run *r, struct oae_score *s,
				struct oae_error *err)
{
	enum oae_status status;
	bool right;

	r->late_ms = oae_arena_array(&s->arena, r->count + 1, sizeof(double));
	if (!r->late_ms)
		return no_memory(err);
	status = oae_validity_of(r->run, r->samples, r->count, &r->validity,
				 err);
	if (!status)
		status = oae_lateness(r->run, r->samples, r->count, r->late_ms,
				      err);
	r->valid = r->count > 0 && !oae_validity_broken(&r->validity);
	r->span_s = span_s(r->samples, r->count);
	for (size_t i = 0; i < r->count && !status; i++) {
		const struct oae_sample *x = r->samples[i];

		status = oae_sample_judge(x, &right, err);
		r->right += right;
		if (x->outcome != OAE_OUTCOME_OK)
			continue;
		r->ok++;
		r->tokens_in += (double)x->tokens_in;
		r->tokens_out += (double)x->tokens_out;
		r->reused += (double)x->reused;
		for (size_t k = 0; k < g->slo_count; k++)
			r->met[k] += oae_slo_met(&g->slos[k].slo, x);
	}
	return status;
}

/* ---- groups of runs ----------------------------------------------------- */

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static bool same_group(const struct oae_served *g,
		       const struct oae_run_record *r)
{
	return strcmp(g->system, r->system) == 0 &&
	       strcmp(g->workload, or_empty(r->workload)) == 0 &&
	       strcmp(g->condition, or_empty(r->condition)) == 0 &&
	       strcmp(g->scenario,
		      r->scenario ? r->scenario : OAE_HEADLINE_SCENARIO) == 0;
}

static void add_slo(struct oae_served *g, const char *of, const char *profile,
		    struct oae_slo slo)
{
	struct oae_served_slo *x = &g->slos[g->slo_count++];

	x->of = of;
	x->profile = profile;
	x->slo = slo;
}

static void begin_group(struct oae_served *g, const struct oae_score *s,
			const struct oae_run_record *r)
{
	const struct oae_load_record *l = &r->load;

	g->level = s->level;
	g->system = r->system;
	g->workload = or_empty(r->workload);
	g->condition = or_empty(r->condition);
	g->scenario = r->scenario ? r->scenario : OAE_HEADLINE_SCENARIO;
	if (s->goodput || l->has_goodput)
		add_slo(g, "option", NULL,
			s->goodput ? *s->goodput : l->goodput);
	if (!isnan(l->slo.ttft_ms) || !isnan(l->slo.tpot_ms))
		add_slo(g, "scenario", NULL, l->slo);
	for (size_t i = 0; i < s->profile_count; i++) {
		struct oae_slo slo = oae_slo_none();

		slo.ttft_ms = s->profiles[i].slo_ttft_ms;
		slo.tpot_ms = s->profiles[i].slo_tpot_ms;
		add_slo(g, "profile", s->profiles[i].id, slo);
	}
}

/* The group of each score run, by its index; begins new ones. */
static enum oae_status group_runs(struct oae_score *s, struct oae_served *g,
				  size_t *group_of, size_t *count,
				  struct oae_error *err)
{
	const struct oae_records *rec = &s->records;
	size_t k;

	for (size_t i = 0; i < rec->run_count; i++) {
		group_of[i] = SIZE_MAX;
		if (strcmp(rec->runs[i].purpose, "score") != 0)
			continue;
		for (k = 0; k < *count && !same_group(&g[k], &rec->runs[i]);)
			k++;
		if (k == *count)
			begin_group(&g[(*count)++], s, &rec->runs[i]);
		g[k].run_count++;
		group_of[i] = k;
	}
	for (k = 0; k < *count; k++) {
		g[k].runs = oae_arena_array(&s->arena, g[k].run_count,
					    sizeof(*g[k].runs));
		if (!g[k].runs)
			return no_memory(err);
		g[k].run_count = 0;
	}
	return OAE_OK;
}

/* Lists the samples of every score run. */
static enum oae_status deal_samples(struct oae_score *s, struct oae_served *g,
				    const size_t *group_of,
				    struct oae_served_run **place,
				    struct oae_error *err)
{
	const struct oae_records *rec = &s->records;

	for (size_t i = 0; i < rec->run_count; i++) {
		struct oae_served *x;

		if (group_of[i] == SIZE_MAX)
			continue;
		x = &g[group_of[i]];
		place[i] = &x->runs[x->run_count++];
		place[i]->run = &rec->runs[i];
		place[i]->samples = oae_arena_array(
			&s->arena, rec->runs[i].sample_count + 1,
			sizeof(*place[i]->samples));
		if (!place[i]->samples)
			return no_memory(err);
	}
	for (size_t i = 0; i < rec->sample_count; i++) {
		const struct oae_sample *x = &rec->samples[i];

		if (place[x->run])
			place[x->run]->samples[place[x->run]->count++] = x;
	}
	return OAE_OK;
}

enum oae_status oae_served_read(struct oae_score *s, struct oae_served **out,
				size_t *count, struct oae_error *err)
{
	size_t n = s->records.run_count, i, k;
	struct oae_served *g = oae_arena_array(&s->arena, n + 1, sizeof(*g));
	size_t *group_of = calloc(n + 1, sizeof(*group_of));
	struct oae_served_run **place =
		calloc(n + 1, sizeof(struct oae_served_run *));
	enum oae_status status;

	*out = g;
	*count = 0;
	status = g && group_of && place ?
			 group_runs(s, g, group_of, count, err) :
			 no_memory(err);
	if (!status)
		status = deal_samples(s, g, group_of, place, err);
	for (i = 0; i < *count && !status; i++)
		for (k = 0; k < g[i].run_count && !status; k++) {
			status = take_run(&g[i], &g[i].runs[k], s, err);
			g[i].valid_count += g[i].runs[k].valid;
		}
	free(group_of);
	free(place);
	return status;
}

/* ---- times -------------------------------------------------------------- */

static double since(uint64_t from_ns, uint64_t to_ns)
{
	return (double)(to_ns - from_ns) * 1e-6;
}

/* NaN when the sample has no such time. */
static double time_of(const struct oae_served_run *r, size_t i,
		      enum oae_served_time time)
{
	const struct oae_sample *s = r->samples[i];
	bool ok = s->outcome == OAE_OUTCOME_OK && r->valid;
	bool first = s->first_ns != UINT64_MAX;

	switch (time) {
	case OAE_SERVED_DISPATCH:
		return s->sent_ns > s->due_ns ? since(s->due_ns, s->sent_ns) :
						0;
	case OAE_SERVED_LATE:
		return r->late_ms[i];
	case OAE_SERVED_TTFT:
		return ok ? oae_sample_latency(s, OAE_LATENCY_TTFT) : NAN;
	case OAE_SERVED_E2EL:
		return ok ? since(s->due_ns, s->done_ns) : NAN;
	case OAE_SERVED_TTFT_SENT:
		return ok && first ? since(s->sent_ns, s->first_ns) : NAN;
	case OAE_SERVED_E2EL_SENT:
		return ok ? since(s->sent_ns, s->done_ns) : NAN;
	case OAE_SERVED_TPOT:
		return ok ? oae_sample_latency(s, OAE_LATENCY_TPOT) : NAN;
	case OAE_SERVED_ITL:
	case OAE_SERVED_QUERY:
	case OAE_SERVED_TIMES:
		break;
	}
	return NAN;
}

static size_t add_gaps(const struct oae_served_run *r, double *x)
{
	size_t n = 0;

	for (size_t i = 0; r->valid && i < r->count; i++) {
		const struct oae_sample *s = r->samples[i];

		if (s->outcome != OAE_OUTCOME_OK)
			continue;
		/* The first entry is the time to the first token. */
		for (size_t k = 1; k < s->token_count; k++)
			x[n++] = (double)s->token_ns[k] * 1e-6;
	}
	return n;
}

/* Queries of which all requests were answered in one segment. */
static size_t add_queries(const struct oae_served_run *r, double *x,
			  struct oae_error *err, enum oae_status *status)
{
	size_t per = (size_t)r->run->load.samples_per_query, n = 0;
	size_t queries = r->run->planned / per + 1;
	struct query {
		uint64_t due_ns, done_ns;
		uint32_t segment;
		size_t ok;
		bool split;
	} *q = calloc(queries, sizeof(*q));

	if (!q)
		*status = no_memory(err);
	for (size_t i = 0; q && r->valid && i < r->count; i++) {
		const struct oae_sample *s = r->samples[i];
		size_t id = strtoull(s->request, NULL, 10);
		struct query *to = &q[(id - 1) / per];

		if (id < 1 || id > r->run->planned ||
		    s->outcome != OAE_OUTCOME_OK)
			continue;
		if (to->ok++ == 0) {
			to->due_ns = s->due_ns;
			to->segment = s->segment;
		}
		to->split = to->split || to->segment != s->segment;
		to->done_ns = s->done_ns > to->done_ns ? s->done_ns :
							 to->done_ns;
	}
	for (size_t i = 0; q && i < queries; i++) {
		size_t left = r->run->planned - i * per;

		if (q[i].ok && !q[i].split &&
		    q[i].ok == (left < per ? left : per))
			x[n++] = since(q[i].due_ns, q[i].done_ns);
	}
	free(q);
	return n;
}

enum oae_status oae_served_time(const struct oae_served *g,
				enum oae_served_time time,
				struct oae_distribution *out,
				struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	size_t n = 0, most = 1;
	double *x, v;

	for (size_t k = 0; k < g->run_count; k++)
		for (size_t i = 0; i < g->runs[k].count; i++)
			most += 1 + g->runs[k].samples[i]->token_count;
	x = calloc(most, sizeof(*x));
	if (!x)
		return no_memory(err);
	for (size_t k = 0; k < g->run_count && !status; k++) {
		const struct oae_served_run *r = &g->runs[k];

		if (time == OAE_SERVED_ITL)
			n += add_gaps(r, x + n);
		else if (time == OAE_SERVED_QUERY)
			n += add_queries(r, x + n, err, &status);
		for (size_t i = 0; i < r->count; i++) {
			v = time_of(r, i, time);
			if (!isnan(v))
				x[n++] = v;
		}
	}
	oae_distribution_of(x, n, out);
	free(x);
	return status;
}

struct oae_interval oae_served_over(const struct oae_served *g,
				    oae_served_fn *fn, size_t slo)
{
	struct oae_interval none = { NAN, NAN, NAN };
	double *x = calloc(g->run_count + 1, sizeof(*x));
	size_t n = 0;

	if (!x)
		return none;
	for (size_t i = 0; i < g->run_count; i++)
		if (g->runs[i].valid && !isnan(fn(&g->runs[i], slo)))
			x[n++] = fn(&g->runs[i], slo);
	if (n)
		none = oae_mean_interval(x, n, g->level);
	/* None of these numbers can be negative. */
	none.low = none.low < 0 ? 0 : none.low;
	free(x);
	return none;
}
