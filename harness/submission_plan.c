/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A campaign's plan follows from its options, seed and inputs: here it is
 * made again from them and held against what the journal says was done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/campaign.h"
#include "harness/submission.h"
#include "schema/condition.h"
#include "schema/stopping.h"
#include "workloads/blocks.h"

#define JOURNAL "journal.jsonl.zst"
#define LLU(x) ((unsigned long long)(x))

struct plan {
	struct oae_submission *s;
	struct oae_options options;
	struct oae_suite suite;
	struct oae_workload *workloads; /* options.workloads.count */
	const struct oae_item ***by_id; /* of each, its items by id */
	struct oae_planned_run *runs;
	size_t count;
};

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
}

/* A file of inputs/ that does not read is a finding. */
static void unreadable(struct plan *p, const char *file,
		       const struct oae_error *why)
{
	const char *copy = p->s->in.dir, *text = why->text;

	if (strncmp(text, copy, strlen(copy)) == 0)
		text += strlen(copy) + 1;
	oae_finding_add(&p->s->found, OAE_RULE_SCHEMA, file, "%s", text);
}

/* ---- what the plan is made of ----------------------------------------- */

/* False with a finding when something is no plan's input. */
static bool read_inputs(struct plan *p, struct oae_error *err)
{
	struct oae_error own = { OAE_OK, 0, "" };
	char file[OAE_NAME_BYTES_MAX + 64], path[OAE_PATH_BYTES_MAX];
	const struct oae_names *w = &p->options.workloads;

	if (oae_options_read(p->s->records->campaign, &p->options, &own)) {
		oae_finding_add(&p->s->found, OAE_RULE_SCHEMA, JOURNAL,
				"line 1: %s", own.text);
		return false;
	}
	if (oae_intake_path(&p->s->in, "inputs/suite.json", path, sizeof(path),
			    err))
		return false;
	if (oae_suite_read(path, &p->suite, &own)) {
		unreadable(p, "inputs/suite.json", &own);
		return false;
	}
	p->workloads = calloc(w->count + 1, sizeof(*p->workloads));
	if (!p->workloads) {
		no_memory(err);
		return false;
	}
	for (size_t i = 0; i < w->count; i++) {
		snprintf(file, sizeof(file),
			 "inputs/workloads/%.*s"
			 ".workload.json",
			 (int)OAE_NAME_BYTES_MAX - 1, w->item[i]);
		if (!oae_intake_find(&p->s->in, file))
			return false; /* the result cannot be made, either */
		if (oae_intake_path(&p->s->in, file, path, sizeof(path), err))
			return false;
		if (oae_workload_read(path, &p->workloads[i], &own)) {
			unreadable(p, file, &own);
			return false;
		}
	}
	return true;
}

static bool make_plan(struct plan *p, struct oae_error *err)
{
	const struct oae_options *o = &p->options;
	struct oae_stopping stopping =
		oae_stopping_plan(o->precision, o->runs, o->budget_s);
	struct oae_blocks b = {
		.seed = o->seed,
		.systems = o->systems.count,
		.workloads = o->workloads.count,
		.conditions = o->conditions.count ? o->conditions.count : 1,
		.runs = oae_stopping_runs_max(&stopping),
	};
	struct oae_error own = { OAE_OK, 0, "" };
	enum oae_status status;

	p->count = oae_blocks_count(&b);
	p->runs = calloc(p->count + 1, sizeof(*p->runs));
	if (!p->runs) {
		no_memory(err);
		return false;
	}
	status = oae_blocks_plan(&b, p->runs, &own);
	if (status == OAE_ERR_NOMEM)
		no_memory(err);
	else if (status)
		oae_finding_add(&p->s->found, OAE_RULE_PLAN, JOURNAL,
				"line 1: %s", own.text);
	return !status;
}

/* ---- one run ---------------------------------------------------------- */

static const char *condition_of(const struct plan *p,
				const struct oae_planned_run *r)
{
	return p->options.conditions.count ?
		       p->options.conditions.item[r->condition] :
		       OAE_CONDITION_NOMINAL;
}

static size_t requests_of(const struct plan *p, const struct oae_planned_run *r)
{
	const struct oae_condition *q = oae_condition_find(condition_of(p, r));
	const struct oae_workload *w = &p->workloads[r->workload];
	size_t n = p->options.items;

	if (!w->id)
		return 0;
	for (size_t i = 0; !n && i < p->suite.workload_count; i++)
		if (strcmp(p->suite.workloads[i].id, w->id) == 0)
			n = p->suite.workloads[i].items_per_run;
	if (!n)
		n = p->suite.workloads[0].items_per_run;
	if (n > w->item_count)
		n = w->item_count;
	if (q && q->kind == OAE_CONDITION_COLD && n > OAE_COLD_REQUESTS)
		n = OAE_COLD_REQUESTS;
	return n;
}

static enum oae_status check_items(struct plan *p,
				   const struct oae_planned_run *r,
				   const struct oae_run_record *run,
				   struct oae_error *err)
{
	const struct oae_workload *w = &p->workloads[r->workload];
	size_t n = requests_of(p, r);
	uint32_t *order;
	enum oae_status status;

	if (n != run->planned) {
		oae_finding_add(&p->s->found, OAE_RULE_PLAN, JOURNAL,
				"run %llu: asks %u items, the plan %zu",
				LLU(run->id), run->planned, n);
		return OAE_OK;
	}
	order = calloc(n + 1, sizeof(*order));
	if (!order)
		return no_memory(err);
	status = oae_blocks_items(p->options.seed, w->id, r->rep, w->item_count,
				  order, n, err);
	for (size_t i = 0; i < n && !status; i++)
		if (strcmp(w->items[order[i]].id, run->items[i]) != 0) {
			oae_finding_add(&p->s->found, OAE_RULE_PLAN, JOURNAL,
					"run %llu: request %zu asks %.60s, by"
					" the seed it asks %.60s",
					LLU(run->id), i + 1, run->items[i],
					w->items[order[i]].id);
			break;
		}
	free(order);
	return status;
}

static bool is_planned(const struct plan *p, const struct oae_planned_run *r,
		       const struct oae_run_record *run)
{
	const struct oae_options *o = &p->options;

	return strcmp(o->systems.item[r->system], run->system) == 0 &&
	       run->workload &&
	       strcmp(o->workloads.item[r->workload], run->workload) == 0 &&
	       run->condition &&
	       strcmp(condition_of(p, r), run->condition) == 0 &&
	       r->block == run->block && r->rep == run->rep &&
	       r->seed == run->seed;
}

/* ---- all runs --------------------------------------------------------- */

/* The next run that counts, at or after i. */
static size_t next_scored(const struct oae_records *r, size_t i)
{
	while (i < r->run_count && strcmp(r->runs[i].purpose, "score") != 0)
		i++;
	return i;
}

static enum oae_status check_runs(struct plan *p, struct oae_error *err)
{
	const struct oae_records *r = p->s->records;
	uint64_t limit = r->stop_reason ? r->stop_runs : UINT64_MAX;
	enum oae_status status = OAE_OK;
	size_t at = 0, k = next_scored(r, 0);

	for (; at < p->count && !status; at++) {
		const struct oae_planned_run *want = &p->runs[at];

		if (want->rep >= limit)
			continue; /* the decision to stop left it out */
		if (k >= r->run_count) {
			oae_finding_add(
				&p->s->found, OAE_RULE_PLAN, JOURNAL,
				"%s on %s, repetition %u, was planned"
				" and is not in the journal",
				p->options.systems.item[want->system],
				p->options.workloads.item[want->workload],
				want->rep + 1);
			return OAE_OK;
		}
		if (!is_planned(p, want, &r->runs[k])) {
			oae_finding_add(
				&p->s->found, OAE_RULE_PLAN, JOURNAL,
				"run %llu: is %.60s on %.60s, block %llu"
				" repetition %llu; by the seed the next one is"
				" %.60s on %.60s, block %u repetition %u",
				LLU(r->runs[k].id), r->runs[k].system,
				r->runs[k].workload ? r->runs[k].workload : "",
				LLU(r->runs[k].block), LLU(r->runs[k].rep + 1),
				p->options.systems.item[want->system],
				p->options.workloads.item[want->workload],
				want->block, want->rep + 1);
			return OAE_OK; /* the rest is off by it */
		}
		status = check_items(p, want, &r->runs[k], err);
		k = next_scored(r, k + 1);
	}
	if (!status && k < r->run_count)
		oae_finding_add(&p->s->found, OAE_RULE_PLAN, JOURNAL,
				"run %llu: is beyond the plan",
				LLU(r->runs[k].id));
	return status;
}

static int by_id(const void *a, const void *b)
{
	const struct oae_item *const *x = a, *const *y = b;

	return strcmp((*x)->id, (*y)->id);
}

/* A journal may name each item a million times: they are looked up fast. */
static enum oae_status sort_items(struct plan *p, struct oae_error *err)
{
	size_t n = p->options.workloads.count;

	p->by_id = calloc(n + 1, sizeof(const struct oae_item **));
	for (size_t i = 0; p->by_id && i < n; i++) {
		const struct oae_workload *w = &p->workloads[i];
		const struct oae_item **list =
			calloc(w->item_count + 1, sizeof(*list));

		if (!list)
			return no_memory(err);
		p->by_id[i] = list;
		for (size_t k = 0; k < w->item_count; k++)
			list[k] = &w->items[k];
		qsort(list, w->item_count, sizeof(*list), by_id);
	}
	return p->by_id ? OAE_OK : no_memory(err);
}

/* The workload of that id, or NULL; *item is its item of the other id. */
static const struct oae_workload *find_item(const struct plan *p,
					    const char *workload,
					    const char *id,
					    const struct oae_item **item)
{
	const struct oae_item key = { .id = id }, *at = &key, **found;

	*item = NULL;
	for (size_t i = 0; workload && i < p->options.workloads.count; i++) {
		const struct oae_workload *w = &p->workloads[i];

		if (strcmp(w->id, workload) != 0)
			continue;
		found = id ? bsearch(&at, p->by_id[i], w->item_count,
				     sizeof(*found), by_id) :
			     NULL;
		*item = found ? *found : NULL;
		return w;
	}
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What an answer is held against is the workload's, not the journal's. */
static void check_answers(struct plan *p)
{
	const struct oae_records *r = p->s->records;

	for (size_t i = 0; i < r->sample_count; i++) {
		const struct oae_sample *x = &r->samples[i];
		const struct oae_run_record *run = &r->runs[x->run];
		const struct oae_workload *w;
		const struct oae_item *item;
		unsigned long number = strtoul(x->request, NULL, 10);

		if (strcmp(run->purpose, "score") != 0)
			continue;
		w = find_item(p, run->workload, x->item, &item);
		if (!item || number < 1 || number > run->planned ||
		    !same(run->items[number - 1], x->item))
			oae_finding_add(&p->s->found, OAE_RULE_ANSWERS, JOURNAL,
					"run %llu: request %.20s answers item"
					" %.60s, which is not what it asked",
					LLU(run->id), x->request,
					x->item ? x->item : "(none)");
		else if (!same(item->expected, x->expected) ||
			 !same(item->group, x->group) ||
			 !same(oae_judge_name(w->judge), x->judge))
			oae_finding_add(&p->s->found, OAE_RULE_ANSWERS, JOURNAL,
					"run %llu: request %.20s is judged"
					" otherwise than workload %s says",
					LLU(run->id), x->request, w->id);
	}
}

static void release(struct plan *p)
{
	for (size_t i = 0; p->by_id && i < p->options.workloads.count; i++)
		free(p->by_id[i]);
	free(p->by_id);
	for (size_t i = 0; p->workloads && i < p->options.workloads.count; i++)
		oae_workload_release(&p->workloads[i]);
	free(p->workloads);
	free(p->runs);
	oae_suite_release(&p->suite);
}

enum oae_status oae_submission_plan(struct oae_submission *s,
				    struct oae_error *err)
{
	struct plan p = { .s = s };
	enum oae_status status = OAE_OK;

	if (read_inputs(&p, err) && make_plan(&p, err)) {
		status = check_runs(&p, err);
		if (!status)
			status = sort_items(&p, err);
		if (!status)
			check_answers(&p);
	}
	release(&p);
	return status ? status : err->status;
}
