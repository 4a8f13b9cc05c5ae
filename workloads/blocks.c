/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/blocks.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/rng.h"

size_t oae_blocks_count(const struct oae_blocks *b)
{
	size_t n = b->runs;

	if (b->systems > OAE_RUNS_MAX || b->workloads > OAE_RUNS_MAX ||
	    b->conditions > OAE_RUNS_MAX)
		return 0;
	n *= b->systems;
	n = n > OAE_RUNS_MAX ? 0 : n * b->workloads;
	n = n > OAE_RUNS_MAX ? 0 : n * b->conditions;
	return n > OAE_RUNS_MAX ? 0 : n;
}

static uint64_t run_seed(const struct oae_blocks *b, uint32_t workload,
			 uint32_t condition, uint32_t rep)
{
	char purpose[80];
	struct oae_rng rng;

	snprintf(purpose, sizeof(purpose), "run %u %u %u", workload, condition,
		 rep);
	oae_rng_derive(&rng, b->seed, purpose);
	return oae_rng_u64(&rng);
}

static void shuffled(struct oae_rng *rng, uint32_t *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		items[i] = (uint32_t)i;
	oae_rng_shuffle(rng, items, n);
}

/* Cells of condition 0 to the front; the order is otherwise kept. */
static void first_condition_first(const struct oae_blocks *b, uint32_t *order,
				  uint32_t *scratch)
{
	size_t cells = b->workloads * b->conditions, front = 0;
	size_t back = b->workloads;

	for (size_t c = 0; c < cells; c++)
		scratch[order[c] < b->workloads ? front++ : back++] = order[c];
	for (size_t c = 0; c < cells; c++)
		order[c] = scratch[c];
}

/* One block into out[0..2 * systems). */
static void plan_block(const struct oae_blocks *b, const uint32_t *systems,
		       uint32_t block, uint32_t cell, uint32_t rep,
		       struct oae_planned_run *out)
{
	uint32_t workload = cell % (uint32_t)b->workloads;
	uint32_t condition = cell / (uint32_t)b->workloads;

	for (size_t i = 0; i < 2 * b->systems; i++) {
		size_t back = 2 * b->systems - 1 - i;
		uint32_t this_rep = i < b->systems ? rep : rep + 1;

		out[i] = (struct oae_planned_run){
			.system = systems[i < b->systems ? i : back],
			.workload = workload,
			.condition = condition,
			.block = block,
			.rep = this_rep,
			.seed = run_seed(b, workload, condition, this_rep),
		};
	}
}

enum oae_status oae_blocks_plan(const struct oae_blocks *b,
				struct oae_planned_run *out,
				struct oae_error *err)
{
	size_t cells = b->workloads * b->conditions;
	uint32_t *order = NULL, *scratch = NULL, *systems = NULL, block = 0;
	enum oae_status status = OAE_OK;
	struct oae_rng rng;

	if (b->runs % 2 || !b->runs || !b->systems || !cells)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"blocks: %zu systems, %zu workloads, %zu "
				"conditions, %u runs; none may be 0 and runs "
				"must be even",
				b->systems, b->workloads, b->conditions,
				b->runs);
	if (!oae_blocks_count(b))
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"blocks: more than %u runs", OAE_RUNS_MAX);
	order = calloc(cells, sizeof(*order));
	scratch = calloc(cells, sizeof(*scratch));
	systems = calloc(b->systems, sizeof(*systems));
	if (!order || !scratch || !systems) {
		status = oae_fail(err, OAE_ERR_NOMEM, 0,
				  "blocks: out of memory");
		goto out;
	}
	oae_rng_derive(&rng, b->seed, "blocks");
	for (uint32_t rep = 0; rep < b->runs; rep += 2) {
		shuffled(&rng, order, cells);
		if (rep == 0)
			first_condition_first(b, order, scratch);
		for (size_t c = 0; c < cells; c++) {
			shuffled(&rng, systems, b->systems);
			plan_block(b, systems, block++, order[c], rep, out);
			out += 2 * b->systems;
		}
	}
out:
	free(order);
	free(scratch);
	free(systems);
	return status;
}

enum oae_status oae_blocks_items(uint64_t seed, const char *workload,
				 uint32_t rep, size_t item_count, uint32_t *out,
				 size_t n, struct oae_error *err)
{
	char purpose[OAE_NAME_BYTES_MAX + 16];
	struct oae_rng rng;
	uint32_t *order;

	if (!n || !item_count || n > item_count || item_count > OAE_ITEMS_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"workload %.60s: %zu items a run out of %zu",
				workload, n, item_count);
	order = calloc(item_count, sizeof(*order));
	if (!order)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "blocks: out of memory");
	snprintf(purpose, sizeof(purpose), "items %.*s",
		 (int)OAE_NAME_BYTES_MAX, workload);
	oae_rng_derive(&rng, seed, purpose);
	shuffled(&rng, order, item_count);
	for (size_t i = 0; i < n; i++)
		out[i] = order[((size_t)rep * n + i) % item_count];
	free(order);
	return OAE_OK;
}
