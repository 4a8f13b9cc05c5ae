/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a condition's name to what a run is given: its sandbox, its requests'
 * texts and their moments. The same for all systems: nothing here looks at
 * which one runs. Some conditions follow from the baseline's nominal runs of
 * the same workload in the campaign's first pair of repetitions, which come
 * before everything else: the rate of bursts is half of what the baseline
 * served one at a time, and memory limits (also those of tiers) are multiples
 * of its peak.
 */
#ifndef OAE_HARNESS_CONDITIONS_H
#define OAE_HARNESS_CONDITIONS_H

#include "harness/campaign.h"
#include "schema/condition.h"

/* Share of the baseline's nominal throughput that bursts offer on average. */
#define OAE_BURST_LOAD 0.5
/* Requests that may be in flight at once where they do not wait for each
 * other; an adapter may allow fewer. */
#define OAE_CONDITION_IN_FLIGHT 64u

/* The baseline on one workload, nominal, first pair of repetitions. */
struct oae_basis {
	uint64_t service_ns;	    /* sent to done, summed over ok requests */
	uint64_t served;	    /* of them */
	uint64_t peak_memory_bytes; /* largest; 0 unknown */
};

/* The numbers of tiers, into c and its inputs, where it tries any. */
enum oae_status oae_condition_tiers(struct oae_campaign *c,
				    struct oae_error *err);

/* Whether run i of the plan adds to its workload's basis. */
bool oae_condition_is_basis(const struct oae_campaign *c, size_t i);

/*
 * Changes r, which oae_campaign_run_get() filled, to what its condition asks
 * for; memory from the arena. A condition that cannot be made is told in
 * r->sandbox.unavailable.
 */
enum oae_status oae_condition_apply(const struct oae_campaign *c, size_t i,
				    const struct oae_basis *basis,
				    struct oae_arena *a, struct oae_run *r,
				    struct oae_error *err);

#endif
