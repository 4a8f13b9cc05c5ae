/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/conditions.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "schema/tiers.h"
#include "workloads/noise.h"

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "condition");
}

bool oae_condition_is_basis(const struct oae_campaign *c, size_t i)
{
	const struct oae_campaign_run *p = &c->runs[i];

	return p->scale == OAE_NO_SCALE && p->at.system == c->baseline &&
	       p->at.condition == 0 && p->at.rep < 2;
}

enum oae_status oae_condition_tiers(struct oae_campaign *c,
				    struct oae_error *err)
{
	const struct oae_names *names = &c->options.conditions;
	char dir[OAE_PATH_BYTES_MAX + 32], path[OAE_PATH_BYTES_MAX + 64];
	enum oae_status status;
	bool any = false;

	for (size_t i = 0; i < names->count; i++)
		any = any || oae_condition_find(names->item[i])->kind ==
				     OAE_CONDITION_TIER;
	if (!any)
		return OAE_OK;
	(void)snprintf(dir, sizeof(dir), "%s/schema/tables", c->home);
	(void)snprintf(path, sizeof(path), "%s/" OAE_HARDWARE_FILE, dir);
	status = oae_tiers_read(dir, c->tiers, err);
	return status ? status :
			oae_campaign_input(c, "tables/" OAE_HARDWARE_FILE, path,
					   err);
}

/* Cores that we, and so the adapter, may run on. */
static unsigned cores(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);

	return n > 0 ? (unsigned)n : 1;
}

/* ---- the kinds -------------------------------------------------------- */

/* Requests no longer wait for each other. */
static void set_load(struct oae_run *r, const struct oae_arrivals *arrivals,
		     const char *text)
{
	r->load.arrivals = *arrivals;
	(void)snprintf(r->load.arrivals_text, sizeof(r->load.arrivals_text),
		       "%s", text);
	r->load.concurrency = OAE_CONDITION_IN_FLIGHT;
	r->max_in_flight = OAE_CONDITION_IN_FLIGHT;
}

static enum oae_status apply_burst(const struct oae_condition *q,
				   const struct oae_basis *b,
				   struct oae_arena *a, struct oae_run *r,
				   struct oae_error *err)
{
	struct oae_sandbox_plan *s = &r->sandbox;
	struct oae_request *requests = r->own_requests;
	struct oae_arrivals gamma = { .kind = OAE_ARRIVALS_GAMMA };
	uint64_t *due = oae_arena_array(a, r->count, sizeof(*due));
	const char *gamma_text;
	enum oae_status status;

	if (!due)
		return no_memory(err);
	if (!b->served || !b->service_ns) {
		s->unavailable = "the baseline served nothing in its nominal"
				 " runs, so there is no rate to offer";
		return OAE_OK;
	}
	s->cv = q->value;
	s->service_s = (double)b->service_ns * 1e-9 / (double)b->served;
	s->rate_per_s = OAE_BURST_LOAD / s->service_s;
	/* An adapter that answers at once: what the schedule can say. */
	if (s->rate_per_s > OAE_ARRIVAL_RATE_MAX)
		s->rate_per_s = OAE_ARRIVAL_RATE_MAX;
	gamma.rate_per_s = s->rate_per_s;
	gamma.shape = 1 / (q->value * q->value);
	status = oae_arrivals_plan(&gamma, r->seed, due, r->count, err);
	for (size_t k = 0; !status && k < r->count; k++) {
		requests[k].due_ns = due[k];
		requests[k].think_ns = 0;
	}
	gamma_text = oae_arena_printf(a, "gamma:%g", q->value);
	if (!gamma_text)
		return no_memory(err);
	set_load(r, &gamma, gamma_text);
	r->offered_per_s = oae_arrivals_offered(due, r->count);
	oae_arrivals_hash(due, r->count, r->schedule);
	return status;
}

/* The same item has the same mistakes in every run. */
static enum oae_status apply_noise(const struct oae_condition *q, uint64_t seed,
				   struct oae_arena *a, struct oae_run *r,
				   struct oae_error *err)
{
	struct oae_sandbox_plan *s = &r->sandbox;
	struct oae_request *requests = r->own_requests;
	enum oae_status status = OAE_OK;
	struct oae_noise made;
	struct oae_rng rng;
	const char *purpose;

	s->noise_percent = q->value;
	for (size_t k = 0; !status && k < r->count; k++) {
		purpose = oae_arena_printf(a, "%s %s %s", q->name, r->workload,
					   requests[k].item);
		if (!purpose)
			return no_memory(err);
		oae_rng_derive(&rng, seed, purpose);
		status = oae_noise_text(requests[k].submit.prompt,
					requests[k].expected, q->value / 100,
					oae_rng_u64(&rng), a,
					&requests[k].submit.prompt, &made, err);
		s->characters += made.characters;
		s->editable += made.editable;
		s->edits += made.edits;
	}
	return status;
}

static void apply_memory(double multiple, const struct oae_basis *b,
			 struct oae_run *r)
{
	struct oae_sandbox_plan *s = &r->sandbox;

	s->cache = OAE_CACHE_MUST_DROP;
	s->memory_basis_bytes = b->peak_memory_bytes;
	s->memory_bytes =
		(uint64_t)llround(multiple * (double)b->peak_memory_bytes);
	if (!s->memory_bytes)
		s->unavailable = "the baseline's nominal peak memory was not"
				 " measured, so there is nothing to limit to";
}

static void apply_tier(const struct oae_hardware *t, const struct oae_basis *b,
		       struct oae_run *r)
{
	r->sandbox.cpu_cores = cores() * t->cpu_percent / 100;
	if (t->memory > 0)
		apply_memory(t->memory, b, r);
}

static void apply_cold(const struct oae_condition *q, struct oae_run *r)
{
	static const struct oae_arrivals at_once = {
		.kind = OAE_ARRIVALS_AT_ONCE,
	};
	struct oae_request *requests = r->own_requests;

	r->sandbox.cold = true;
	r->sandbox.cache = (int)q->value == OAE_COLD_PROCESS ?
				   OAE_CACHE_WARM :
				   OAE_CACHE_MUST_DROP;
	if ((int)q->value != OAE_COLD_LOAD)
		return;
	for (size_t k = 0; k < r->count; k++)
		requests[k].due_ns = requests[k].think_ns = 0;
	set_load(r, &at_once, "at once");
}

/* ---- together --------------------------------------------------------- */

static enum oae_status set_files(const struct oae_campaign *c, size_t i,
				 struct oae_arena *a, struct oae_run *r,
				 struct oae_error *err)
{
	const struct oae_campaign_system *s = &c->systems[c->runs[i].at.system];
	size_t n = s->entry->models.count;
	const char **files = oae_arena_array(a, n + 1, sizeof(*files));

	if (!files)
		return no_memory(err);
	for (size_t k = 0; k < n; k++) {
		files[k] = oae_arena_printf(a, "%s/%s", s->adapter->home,
					    s->models[k].path);
		if (!files[k])
			return no_memory(err);
	}
	r->sandbox.files = files;
	r->sandbox.file_count = n;
	r->sandbox.cache = OAE_CACHE_DROP;
	r->sandbox.stress = oae_arena_printf(a, "%s/oae", c->build);
	return r->sandbox.stress ? OAE_OK : no_memory(err);
}

enum oae_status oae_condition_apply(const struct oae_campaign *c, size_t i,
				    const struct oae_basis *basis,
				    struct oae_arena *a, struct oae_run *r,
				    struct oae_error *err)
{
	const struct oae_condition *q = oae_condition_find(r->condition);
	struct oae_sandbox_plan *s = &r->sandbox;
	enum oae_status status;

	/* A file of random weights is as large as it is: it is left alone. */
	if (c->runs[i].scale != OAE_NO_SCALE)
		return OAE_OK;
	status = set_files(c, i, a, r, err);
	if (status)
		return status;
	switch (q->kind) {
	case OAE_CONDITION_BURST:
		return apply_burst(q, basis, a, r, err);
	case OAE_CONDITION_NOISE:
		return apply_noise(q, c->options.seed, a, r, err);
	case OAE_CONDITION_CPU:
		s->cpu_cores = cores() * q->value / 100;
		break;
	case OAE_CONDITION_MEMORY:
		apply_memory(q->value, basis, r);
		break;
	case OAE_CONDITION_COLD:
		apply_cold(q, r);
		break;
	case OAE_CONDITION_COLOCATED:
		s->threads = q->value > 0 ? (uint32_t)q->value : cores();
		break;
	case OAE_CONDITION_TIER:
		apply_tier(&c->tiers[(int)q->value], basis, r);
		break;
	case OAE_CONDITION_KIND_NOMINAL:
	case OAE_CONDITION_KINDS:
		break;
	}
	return OAE_OK;
}
