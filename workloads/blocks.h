/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a campaign's runs (spec §10.1). A block is a seeded
 * permutation of the systems, followed by its reverse, on one workload under
 * one condition: two repetitions, in which drift of the machine falls on
 * all systems alike. What a run asks depends on its repetition and not on
 * its system, so every ratio of systems is paired.
 */
#ifndef OAE_WORKLOADS_BLOCKS_H
#define OAE_WORKLOADS_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oae_blocks {
	uint64_t seed;
	size_t systems, workloads, conditions;
	uint32_t runs; /* repetitions of each cell; even */
};

/* Indices into the campaign's lists. */
struct oae_planned_run {
	uint32_t system, workload, condition;
	uint32_t block; /* from 0 */
	uint32_t rep;	/* from 0; the same for all systems */
	/* depends on seed, workload, condition and rep alone */
	uint64_t seed;
};

/* systems x workloads x conditions x runs, or 0 when over OAE_RUNS_MAX. */
size_t oae_blocks_count(const struct oae_blocks *b);
/*
 * Fills out[0..oae_blocks_count(b)) in the order to run in: pairs of
 * repetitions; within a pair the cells (workload x condition) in seeded
 * order, but in the first pair those of condition 0 before the others, since
 * some conditions follow from what was measured under it; within a cell the
 * systems forwards (rep 2p), then backwards (rep 2p + 1). OAE_ERR_USAGE for an
 * odd number of runs or an empty list,
 * OAE_ERR_LIMIT when there would be too many.
 */
enum oae_status oae_blocks_plan(const struct oae_blocks *b,
				struct oae_planned_run *out,
				struct oae_error *err);
/*
 * The items of one run: out[0..n) are different indices below item_count.
 * Repetitions walk through one seeded order of all items, so that few runs
 * see many items. n <= item_count <= OAE_ITEMS_MAX, else OAE_ERR_USAGE.
 */
enum oae_status oae_blocks_items(uint64_t seed, const char *workload,
				 uint32_t rep, size_t item_count, uint32_t *out,
				 size_t n, struct oae_error *err);

#endif
