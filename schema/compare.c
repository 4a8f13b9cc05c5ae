/* SPDX-License-Identifier: Apache-2.0 */
/* From the runs of two scores to claims. */
#include "schema/compare.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES_MAX ((size_t)256 << 20)
#define NOTE_BYTES 480

const struct oae_compare_metric_info oae_compare_metrics[] = {
	[OAE_COMPARE_S] = { "s_per_request", "machine time of a request", "s",
			    false, true },
	[OAE_COMPARE_TTFT] = { "ttft", "time to the first token", "ms", false,
			       true },
	[OAE_COMPARE_TPOT] = { "tpot", "time of a further token", "ms", false,
			       true },
	[OAE_COMPARE_CPU] = { "cpu", "CPU time of a request", "s", false,
			      true },
	[OAE_COMPARE_MEMORY] = { "memory", "peak memory", "B", false, true },
	[OAE_COMPARE_ENERGY] = { "energy", "energy of a request above idle",
				 "J", false, true },
	[OAE_COMPARE_TOKENS] = { "tokens_per_s", "output tokens a second",
				 "tokens/s", true, false },
	[OAE_COMPARE_HARNESS] = { "harness", "the harness's CPU time a request",
				  "s", false, false },
	[OAE_COMPARE_QUALITY] = { "quality", "right answers", "share", true,
				  true },
	[OAE_COMPARE_COMPLETED] = { "completed",
				    "runs with every request answered", "share",
				    true, true },
};

enum oae_compare_metric oae_compare_metric_find(const char *name)
{
	int m = 0;

	while (m < OAE_COMPARE_METRICS &&
	       strcmp(oae_compare_metrics[m].name, name) != 0)
		m++;
	return (enum oae_compare_metric)m;
}

const char *oae_compare_how_name(enum oae_compare_how how)
{
	static const char *const names[] = { "paired", "unpaired", "split" };

	return names[how];
}

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "comparison: out of memory");
}

void oae_compare_rules_usual(struct oae_compare_rules *r)
{
	memset(r, 0, sizeof(*r));
	for (int m = 0; m < OAE_COMPARE_METRICS; m++) {
		r->threshold[m] = OAE_COMPARE_THRESHOLD;
		r->chosen[m] = oae_compare_metrics[m].usual;
	}
	r->threshold[OAE_COMPARE_QUALITY] = OAE_COMPARE_MARGIN;
	r->threshold[OAE_COMPARE_COMPLETED] = 0;
	r->looks = 1;
}

enum oae_status oae_compare_init(struct oae_compare *c,
				 enum oae_compare_how how,
				 const struct oae_compare_rules *rules,
				 struct oae_error *err)
{
	memset(c, 0, sizeof(*c));
	oae_arena_init(&c->arena, ARENA_BYTES_MAX);
	c->how = how;
	c->rules = *rules;
	if (!(c->rules.alpha > 0))
		c->rules.alpha = OAE_REGRESSION_ALPHA;
	if (!(c->rules.resolution > 0))
		c->rules.resolution = OAE_REGRESSION_RESOLUTION;
	c->level = oae_pocock_level_at(c->rules.looks, c->rules.alpha);
	c->false_positives = (struct oae_interval){ NAN, NAN, NAN };
	c->claims = oae_arena_array(&c->arena, OAE_REGRESSION_METRICS_MAX,
				    sizeof(*c->claims));
	return c->claims ? OAE_OK : no_memory(err);
}

void oae_compare_release(struct oae_compare *c)
{
	oae_arena_release(&c->arena);
	memset(c, 0, sizeof(*c));
}

void oae_compare_note(struct oae_compare *c, const char *fmt, ...)
{
	char text[NOTE_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (size_t i = 0; i < c->note_count; i++)
		if (strcmp(c->notes[i], text) == 0)
			return;
	if (c->note_count == OAE_COMPARE_NOTES_MAX)
		return;
	c->notes[c->note_count] = oae_arena_strdup(&c->arena, text);
	c->note_count += c->notes[c->note_count] != NULL;
}

enum oae_status oae_compare_part(struct oae_compare *c, const char *dir,
				 const char *side, const struct oae_score *s,
				 struct oae_error *err)
{
	struct oae_compare_part *p = &c->parts[c->part_count];

	if (c->part_count == OAE_COMPARE_PARTS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"comparison: more than %zu folders",
				OAE_COMPARE_PARTS_MAX);
	p->dir = oae_arena_strdup(&c->arena, dir);
	p->side = side;
	p->journal_sha256 = s->records.sha256;
	p->utc = oae_json_str_or(s->records.campaign, "utc", NULL);
	c->part_count++;
	if (!s->records.sealed)
		oae_compare_note(c,
				 "%.300s: incomplete, its journal has no seal;"
				 " only the runs in it are compared",
				 dir);
	return p->dir ? OAE_OK : no_memory(err);
}

/* ---- values of a run ---------------------------------------------------- */

static double mean_latency(const struct oae_score *s, const struct oae_cell *c,
			   const struct oae_cell_run *r, enum oae_latency l)
{
	size_t run = (size_t)(r->run - s->records.runs), n = 0;
	double sum = 0, v;

	for (size_t i = 0; i < c->sample_count; i++) {
		if (c->samples[i]->run != run ||
		    c->samples[i]->outcome != OAE_OUTCOME_OK)
			continue;
		v = oae_sample_latency(c->samples[i], l);
		sum += isnan(v) ? 0 : v;
		n += isnan(v) ? 0u : 1u;
	}
	return n ? sum / (double)n : NAN;
}

static double tokens_per_s(const struct oae_score *s, const struct oae_cell *c,
			   const struct oae_cell_run *r)
{
	size_t run = (size_t)(r->run - s->records.runs);
	double sum = 0;

	for (size_t i = 0; i < c->sample_count; i++)
		if (c->samples[i]->run == run)
			sum += (double)c->samples[i]->tokens_out;
	return sum / (r->s * (double)r->samples);
}

static double value_of(const struct oae_score *s, const struct oae_cell *c,
		       const struct oae_cell_run *r, enum oae_compare_metric m)
{
	switch (m) {
	case OAE_COMPARE_S:
		return r->s;
	case OAE_COMPARE_TTFT:
		return mean_latency(s, c, r, OAE_LATENCY_TTFT);
	case OAE_COMPARE_TPOT:
		return mean_latency(s, c, r, OAE_LATENCY_TPOT);
	case OAE_COMPARE_CPU:
		return r->cpu_s;
	case OAE_COMPARE_MEMORY:
		return r->run->peak_memory_bytes ?
			       (double)r->run->peak_memory_bytes :
			       NAN;
	case OAE_COMPARE_ENERGY:
		return r->e_measured * 3.6e6;
	case OAE_COMPARE_TOKENS:
		return tokens_per_s(s, c, r);
	case OAE_COMPARE_HARNESS:
		return (double)r->run->harness_cpu_ns * 1e-9 /
		       (double)r->samples;
	case OAE_COMPARE_QUALITY:
	case OAE_COMPARE_COMPLETED:
	case OAE_COMPARE_METRICS:
		break;
	}
	return NAN;
}

/* ---- claims ------------------------------------------------------------- */

struct pairing {
	struct oae_compare *c;
	const struct oae_score *base, *head;
	size_t base_system, head_system;
	size_t base_workload, head_workload;
	const struct oae_cell *base_cell, *head_cell;
};

static enum oae_status claim_of(const struct pairing *p,
				enum oae_compare_metric m,
				struct oae_compare_claim **out,
				struct oae_error *err)
{
	const char *base = p->base->systems[p->base_system].id;
	const char *head = p->head->systems[p->head_system].id;
	const char *workload = p->base->workloads[p->base_workload].id;
	struct oae_compare *c = p->c;

	for (*out = c->claims; *out < c->claims + c->count; (*out)++)
		if ((*out)->metric == m &&
		    strcmp((*out)->base_system, base) == 0 &&
		    strcmp((*out)->head_system, head) == 0 &&
		    strcmp((*out)->workload, workload) == 0)
			return OAE_OK;
	if (c->count == OAE_REGRESSION_METRICS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"more than %u metrics to compare; choose some"
				" with --metrics, --systems or --workloads",
				OAE_REGRESSION_METRICS_MAX);
	(*out)->base_system = base;
	(*out)->head_system = head;
	(*out)->workload = workload;
	(*out)->metric = m;
	c->count++;
	return OAE_OK;
}

/* Room for one more value on each side. */
static enum oae_status make_room(struct oae_compare *c,
				 struct oae_compare_claim *claim,
				 struct oae_error *err)
{
	size_t used = claim->base_count > claim->head_count ?
			      claim->base_count :
			      claim->head_count;
	size_t room = claim->room ? 2 * claim->room : 32;
	double *base, *head;
	const char **items;

	if (used < claim->room)
		return OAE_OK;
	base = oae_arena_array(&c->arena, room, sizeof(*base));
	head = oae_arena_array(&c->arena, room, sizeof(*head));
	items = oae_arena_array(&c->arena, room, sizeof(*items));
	if (!base || !head || !items)
		return no_memory(err);
	if (used) {
		memcpy(base, claim->base, claim->base_count * sizeof(*base));
		memcpy(head, claim->head, claim->head_count * sizeof(*head));
		memcpy(items, claim->items, used * sizeof(*items));
	}
	claim->base = base;
	claim->head = head;
	claim->items = items;
	claim->room = room;
	return OAE_OK;
}

/* NaN: that side has none. */
static enum oae_status add_values(const struct pairing *p,
				  enum oae_compare_metric m, double base,
				  double head, const char *item,
				  struct oae_error *err)
{
	struct oae_compare_claim *claim;
	enum oae_status status = claim_of(p, m, &claim, err);

	if (!status)
		status = make_room(p->c, claim, err);
	if (status)
		return status;
	claim->items[claim->base_count] = item;
	if (!isnan(base))
		claim->base[claim->base_count++] = base;
	if (!isnan(head))
		claim->head[claim->head_count++] = head;
	return OAE_OK;
}

static enum oae_status add_pairs(const struct pairing *p,
				 enum oae_compare_metric m,
				 struct oae_error *err)
{
	bool split = p->c->how == OAE_COMPARE_SPLIT;
	const struct oae_cell *a = p->base_cell, *b = p->head_cell;
	enum oae_status status = OAE_OK;
	bool base_any = false, head_any = false, any = false;

	for (size_t i = 0; i < a->run_count && !status; i++) {
		const struct oae_cell_run *x = &a->runs[i], *y;
		double base = value_of(p->base, a, x, m), head = NAN;

		if (split && x->rep % 2)
			continue;
		y = oae_cell_rep(b, split ? x->rep + 1 : x->rep);
		if (y)
			head = value_of(p->head, b, y, m);
		base_any |= !isnan(base);
		head_any |= !isnan(head);
		if (isnan(base) || isnan(head))
			continue;
		any = true;
		status = add_values(p, m, base, head, NULL, err);
	}
	for (size_t i = 0; i < b->run_count && !head_any; i++)
		head_any = !isnan(value_of(p->head, b, &b->runs[i], m));
	/* One side alone, or a metric asked for by name, is a claim too. */
	if (!status && !any && (base_any || head_any || p->c->rules.by_name))
		status = add_values(p, m, NAN, NAN, NULL, err);
	return status;
}

static enum oae_status add_unpaired(const struct pairing *p,
				    enum oae_compare_metric m,
				    struct oae_error *err)
{
	const struct oae_cell *a = p->base_cell, *b = p->head_cell;
	enum oae_status status = OAE_OK;
	bool any = false;

	for (size_t i = 0; i < a->run_count && !status; i++) {
		double v = value_of(p->base, a, &a->runs[i], m);

		any |= !isnan(v);
		if (!isnan(v))
			status = add_values(p, m, v, NAN, NULL, err);
	}
	for (size_t i = 0; i < b->run_count && !status; i++) {
		double v = value_of(p->head, b, &b->runs[i], m);

		any |= !isnan(v);
		if (!isnan(v))
			status = add_values(p, m, NAN, v, NULL, err);
	}
	if (!status && !any && p->c->rules.by_name)
		status = add_values(p, m, NAN, NAN, NULL, err);
	return status;
}

/* Whether an earlier look asked the same item. */
static bool taken(const struct pairing *p, const char *item)
{
	struct oae_compare_claim *claim;
	struct oae_error ignored = { OAE_OK, 0, "" };

	if (claim_of(p, OAE_COMPARE_QUALITY, &claim, &ignored))
		return false;
	for (size_t i = 0; i < claim->base_count; i++)
		if (strcmp(claim->items[i], item) == 0)
			return true;
	return false;
}

/* Items are sorted: those of both sides, each once. */
static enum oae_status add_quality(const struct pairing *p,
				   struct oae_error *err)
{
	const struct oae_cell *a = p->base_cell, *b = p->head_cell;
	enum oae_status status = OAE_OK;
	size_t i = 0, k = 0;

	while (i < a->item_count && k < b->item_count && !status) {
		const struct oae_item_verdict *x = &a->items[i];
		const struct oae_item_verdict *y = &b->items[k];
		int order = strcmp(x->item, y->item);

		i += order <= 0;
		k += order >= 0;
		if (order == 0 && !taken(p, x->item))
			status = add_values(p, OAE_COMPARE_QUALITY, x->right,
					    y->right, x->item, err);
	}
	return status;
}

/* Runs of one system on one workload, in the journal's order: the next. */
static const struct oae_run_record *
next_run(const struct oae_score *s, size_t system, size_t workload, size_t *at)
{
	while (*at < s->records.run_count) {
		const struct oae_run_record *r = &s->records.runs[(*at)++];

		if (r->workload && oae_run_is_nominal(r) &&
		    strcmp(r->system, s->systems[system].id) == 0 &&
		    strcmp(r->workload, s->workloads[workload].id) == 0)
			return r;
	}
	return NULL;
}

static bool whole(const struct oae_run_record *r)
{
	return r->status && strcmp(r->status, "ok") == 0 &&
	       r->sample_count >= r->planned;
}

/* The sign test holds however runs are matched: they are in order. */
static enum oae_status add_completed(const struct pairing *p,
				     struct oae_error *err)
{
	const struct oae_run_record *x, *y;
	enum oae_status status = OAE_OK;
	size_t i = 0, k = 0;

	while (!status) {
		x = next_run(p->base, p->base_system, p->base_workload, &i);
		y = p->c->how == OAE_COMPARE_SPLIT ?
			    next_run(p->head, p->head_system, p->head_workload,
				     &i) :
			    next_run(p->head, p->head_system, p->head_workload,
				     &k);
		if (!x || !y)
			break;
		status = add_values(p, OAE_COMPARE_COMPLETED, whole(x),
				    whole(y), NULL, err);
	}
	return status;
}

static enum oae_status add_workload(struct pairing *p, struct oae_error *err)
{
	struct oae_compare *c = p->c;
	enum oae_status status = add_completed(p, err);

	for (int m = 0; m < OAE_COMPARE_METRICS && !status; m++) {
		enum oae_compare_metric metric = (enum oae_compare_metric)m;

		if (!c->rules.chosen[m] || metric == OAE_COMPARE_COMPLETED)
			continue;
		if (metric == OAE_COMPARE_QUALITY)
			status = c->how == OAE_COMPARE_SPLIT ?
					 OAE_OK :
					 add_quality(p, err);
		else if (c->how == OAE_COMPARE_UNPAIRED)
			status = add_unpaired(p, metric, err);
		else
			status = add_pairs(p, metric, err);
	}
	return status;
}

static void check_valid(struct oae_compare *c, const struct oae_score *s,
			size_t system)
{
	if (!s->systems[system].invalid)
		return;
	c->invalid = s->systems[system].invalid;
	oae_compare_note(c, "%.100s: %.300s", s->systems[system].id,
			 c->invalid);
}

enum oae_status oae_compare_add(struct oae_compare *c,
				const struct oae_score *base,
				size_t base_system,
				const struct oae_score *head,
				size_t head_system, struct oae_error *err)
{
	struct pairing p = { c, base, head, base_system, head_system,
			     0, 0,    NULL, NULL };
	enum oae_status status = OAE_OK;

	c->judged = false;
	check_valid(c, base, base_system);
	check_valid(c, head, head_system);
	for (size_t w = 0; w < base->workload_count && !status; w++) {
		p.base_workload = w;
		p.head_workload =
			oae_score_workload_index(head, base->workloads[w].id);
		if (p.head_workload == head->workload_count)
			continue;
		p.base_cell = oae_score_cell(base, base_system, w);
		p.head_cell =
			oae_score_cell(head, head_system, p.head_workload);
		status = add_workload(&p, err);
	}
	return status;
}

/* ---- the gate ----------------------------------------------------------- */

static void as_metrics(const struct oae_compare *c,
		       struct oae_regression_metric *out)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct oae_compare_claim *x = &c->claims[i];
		enum oae_regression_kind kind = OAE_REGRESSION_PAIRED;

		if (x->metric == OAE_COMPARE_QUALITY)
			kind = OAE_REGRESSION_SHARES;
		else if (x->metric == OAE_COMPARE_COMPLETED)
			kind = OAE_REGRESSION_FAILURES;
		else if (c->how == OAE_COMPARE_UNPAIRED)
			kind = OAE_REGRESSION_UNPAIRED;
		out[i] = (struct oae_regression_metric){
			.name = oae_compare_metrics[x->metric].name,
			.kind = kind,
			.baseline = x->base_count ? x->base : NULL,
			.candidate = x->head_count ? x->head : NULL,
			.pairs = x->base_count,
			.candidates = x->head_count,
			.more_is_better =
				oae_compare_metrics[x->metric].more_is_better,
			.threshold = c->rules.threshold[x->metric],
		};
	}
}

void oae_compare_judge(struct oae_compare *c)
{
	struct oae_regression_metric m[OAE_REGRESSION_METRICS_MAX];
	struct oae_regression_finding f[OAE_REGRESSION_METRICS_MAX];
	const struct oae_regression_rules rules = { c->level,
						    c->rules.resolution };

	as_metrics(c, m);
	c->verdict = oae_regression_judge(m, c->count, rules, f);
	for (size_t i = 0; i < c->count; i++)
		c->claims[i].finding = f[i];
	if (c->invalid && c->verdict == OAE_REGRESSION_NONE)
		c->verdict = OAE_REGRESSION_INCONCLUSIVE;
	if (c->differs)
		c->verdict = OAE_REGRESSION_NOT_COMPARABLE;
	c->judged = true;
}

void oae_compare_false_positives(struct oae_compare *c, unsigned trials,
				 uint64_t seed)
{
	struct oae_regression_metric m[OAE_REGRESSION_METRICS_MAX];
	const struct oae_regression_rules rules = { c->level,
						    c->rules.resolution };
	struct oae_rng rng;

	as_metrics(c, m);
	oae_rng_derive(&rng, seed, "false positives");
	c->false_positives = oae_regression_false_positives(m, c->count, rules,
							    trials, &rng);
	c->trials = trials;
}

double oae_compare_mean(const struct oae_compare_claim *claim, bool head)
{
	return head ? oae_mean(claim->head, claim->head_count) :
		      oae_mean(claim->base, claim->base_count);
}
