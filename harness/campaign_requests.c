/* SPDX-License-Identifier: Apache-2.0 */
/* From a run of the plan to the requests that its adapter will get. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "harness/campaign.h"
#include "workloads/arrivals.h"

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "requests");
}

/* One request per item, in the seeded order that all systems share. */
static enum oae_status fill_items(const struct oae_campaign *c,
				  const struct oae_campaign_run *p,
				  struct oae_arena *a, struct oae_run *r,
				  struct oae_request *requests, size_t n,
				  struct oae_error *err)
{
	const struct oae_workload *w = &c->workloads[p->at.workload];
	const struct oae_arrivals *arrivals = &r->load.arrivals;
	uint64_t *think = oae_arena_array(a, n, sizeof(*think));
	uint64_t *due = oae_arena_array(a, n, sizeof(*due));
	uint32_t *order = oae_arena_array(a, n, sizeof(*order));
	enum oae_status status;
	struct oae_rng rng;
	size_t i;

	if (!due || !think || !order)
		return no_memory(err);
	status = oae_blocks_items(c->options.seed, w->id, p->at.rep,
				  w->item_count, order, n, err);
	if (!status)
		status = oae_arrivals_plan(arrivals, p->at.seed, due, n, err);
	if (!status)
		status =
			oae_arrivals_think(arrivals, p->at.seed, think, n, err);
	oae_rng_derive(&rng, p->at.seed, "requests");
	for (i = 0; !status && i < n; i++) {
		const struct oae_item *item = &w->items[order[i]];
		struct oae_request *q = &requests[i];

		q->id = i + 1;
		q->due_ns = due[i];
		q->think_ns = think[i];
		q->item = item->id;
		q->expected = item->expected;
		q->judge = oae_judge_name(w->judge);
		q->group = item->group;
		q->submit.prompt = item->prompt;
		q->submit.max_tokens = w->max_tokens;
		q->submit.temperature = w->temperature;
		q->submit.seed = oae_rng_u64(&rng);
		q->submit.stop = w->stop;
		q->submit.n_stop = w->stop_count;
	}
	if (status)
		return status;
	r->offered_per_s = oae_arrivals_offered(due, n);
	if (arrivals->think_s > 0)
		oae_arrivals_hash(think, n, r->schedule);
	else if (arrivals->kind != OAE_ARRIVALS_CLOSED)
		oae_arrivals_hash(due, n, r->schedule);
	return OAE_OK;
}

/*
 * A prompt of that many tokens: files of random weights have a byte-level
 * tokenizer, so one ASCII letter is one token.
 */
static enum oae_status fill_scale(const struct oae_suite_scale *s,
				  uint64_t seed, struct oae_arena *a,
				  struct oae_request *q, struct oae_error *err)
{
	char *prompt = oae_arena_alloc(a, s->tokens_in + 1u);
	struct oae_rng rng;
	uint32_t i;

	if (!prompt)
		return no_memory(err);
	oae_rng_derive(&rng, seed, "scale");
	for (i = 0; i < s->tokens_in; i++)
		prompt[i] = (char)('a' + oae_rng_below(&rng, 26));
	q->id = 1;
	q->due_ns = OAE_ARRIVAL_CLOSED;
	q->item = "scale";
	q->judge = "none";
	q->submit.prompt = prompt;
	q->submit.max_tokens = s->tokens_out;
	q->submit.seed = seed;
	q->submit.ignore_eos = true;
	return OAE_OK;
}

size_t oae_campaign_requests(const struct oae_campaign *c, size_t i)
{
	const struct oae_campaign_run *p = &c->runs[i];
	const struct oae_condition *q =
		oae_condition_find(c->options.conditions.item[p->at.condition]);
	uint32_t n;

	if (p->scale != OAE_NO_SCALE)
		return 1;
	n = c->items[p->at.workload];
	/* A process that is started for a few requests, not for a day. */
	if (q->kind == OAE_CONDITION_COLD && n > OAE_COLD_REQUESTS)
		n = OAE_COLD_REQUESTS;
	return n;
}

enum oae_status oae_campaign_run_get(const struct oae_campaign *c, size_t i,
				     struct oae_arena *a, struct oae_run *r,
				     struct oae_error *err)
{
	const struct oae_campaign_run *p = &c->runs[i];
	const struct oae_campaign_system *s = &c->systems[p->at.system];
	const struct oae_suite_scale *scale =
		p->scale == OAE_NO_SCALE ? NULL : &c->suite.scale[p->scale];
	struct oae_request *requests;
	size_t n = oae_campaign_requests(c, i);

	memset(r, 0, sizeof(*r));
	requests = oae_arena_array(a, n, sizeof(*requests));
	if (!requests)
		return no_memory(err);
	r->id = i;
	r->block = p->at.block;
	r->rep = p->at.rep;
	r->seed = p->at.seed;
	r->system = s->id;
	r->workload = scale ? "scale" : c->workloads[p->at.workload].id;
	r->condition = c->options.conditions.item[p->at.condition];
	r->load = scale ? oae_load_plan_default() : c->load;
	r->offered_per_s = NAN;
	r->scenario = oae_scenario_name(r->load.scenario);
	r->purpose = scale ? "scale" : c->tuning ? "tune" : "score";
	if (scale) {
		r->shape = scale->shape;
		r->quant = scale->quant;
		r->tokens_in = scale->tokens_in;
		r->tokens_out = scale->tokens_out;
	}
	r->argv = s->argv;
	r->dir = s->adapter->home;
	r->hello.system = s->entry->name;
	r->hello.knobs = s->knobs;
	r->hello.home = s->adapter->home;
	r->hello.seed = p->at.seed;
	r->requests = r->own_requests = requests;
	r->count = n;
	r->max_in_flight = r->load.concurrency;
	return scale ? fill_scale(scale, p->at.seed, a, requests, err) :
		       fill_items(c, p, a, r, requests, n, err);
}

enum oae_status oae_campaign_schedules(const struct oae_campaign *c,
				       struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	uint64_t *due;
	size_t i, n;

	if (c->load.arrivals.kind == OAE_ARRIVALS_CLOSED)
		return OAE_OK;
	for (i = 0; !status && i < c->run_count; i++) {
		if (c->runs[i].scale != OAE_NO_SCALE)
			continue;
		n = oae_campaign_requests(c, i);
		due = calloc(n + 1, sizeof(*due));
		if (!due)
			return no_memory(err);
		status = oae_arrivals_plan(&c->load.arrivals,
					   c->runs[i].at.seed, due, n, err);
		free(due);
	}
	return status;
}
