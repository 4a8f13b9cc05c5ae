/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/counters.h"

#include <math.h>
#include <string.h>

const struct oae_count_source oae_count_sources[] = {
	{ OAE_COUNT_TASK_CLOCK_NS, "perf.task_clock_ns", false },
	{ OAE_COUNT_PAGE_FAULTS, "perf.page_faults", false },
	{ OAE_COUNT_MAJOR_FAULTS, "perf.major_faults", false },
	{ OAE_COUNT_CONTEXT_SWITCHES, "perf.context_switches", false },
	{ OAE_COUNT_MIGRATIONS, "perf.cpu_migrations", false },
	{ OAE_COUNT_CYCLES, "perf.cycles", false },
	{ OAE_COUNT_CYCLES, "papi.tot_cyc", false },
	{ OAE_COUNT_CYCLES, "likwid.cycles", true },
	{ OAE_COUNT_INSTRUCTIONS, "perf.instructions", false },
	{ OAE_COUNT_INSTRUCTIONS, "papi.tot_ins", false },
	{ OAE_COUNT_INSTRUCTIONS, "likwid.instructions", true },
	{ OAE_COUNT_LLC_MISSES, "perf.llc_load_misses", false },
	{ OAE_COUNT_LLC_MISSES, "papi.l3_tcm", false },
	{ OAE_COUNT_CACHE_MISSES, "perf.cache_misses", false },
	{ OAE_COUNT_DTLB_MISSES, "perf.dtlb_load_misses", false },
	{ OAE_COUNT_DTLB_MISSES, "papi.tlb_dm", false },
	{ OAE_COUNT_BRANCHES, "perf.branches", false },
	{ OAE_COUNT_BRANCHES, "papi.br_ins", false },
	{ OAE_COUNT_BRANCH_MISSES, "perf.branch_misses", false },
	{ OAE_COUNT_BRANCH_MISSES, "papi.br_msp", false },
	{ OAE_COUNT_STALLED, "perf.stalled_cycles_backend", false },
	{ OAE_COUNT_STALLED, "papi.res_stl", false },
	{ OAE_COUNT_DRAM_BYTES, "uncore.dram_bytes", true },
	{ OAE_COUNT_DRAM_BYTES, "likwid.dram_bytes", true },
};

const size_t oae_count_source_count =
	sizeof(oae_count_sources) / sizeof(oae_count_sources[0]);

#define PER(key, unit, factor, count, per)                           \
	{                                                            \
		key, unit, factor, OAE_COUNT_##count, OAE_PER_##per, \
			OAE_COUNTS                                   \
	}
#define RATIO(key, unit, count, other)                          \
	{                                                       \
		key, unit, 1, OAE_COUNT_##count, OAE_PER_COUNT, \
			OAE_COUNT_##other                       \
	}

const struct oae_derived oae_derived[] = {
	RATIO("ipc", "instructions/cycle", INSTRUCTIONS, CYCLES),
	PER("llc_misses_per_token", "count", 1, LLC_MISSES, TOKEN),
	PER("cache_misses_per_token", "count", 1, CACHE_MISSES, TOKEN),
	PER("dtlb_misses_per_token", "count", 1, DTLB_MISSES, TOKEN),
	RATIO("branch_miss_share", "1", BRANCH_MISSES, BRANCHES),
	RATIO("stalled_share", "1", STALLED, CYCLES),
	PER("task_clock_s_per_request", "s", 1e-9, TASK_CLOCK_NS, REQUEST),
	PER("page_faults_per_request", "count", 1, PAGE_FAULTS, REQUEST),
	PER("major_faults_per_request", "count", 1, MAJOR_FAULTS, REQUEST),
	PER("context_switches_per_request", "count", 1, CONTEXT_SWITCHES,
	    REQUEST),
	PER("migrations_per_request", "count", 1, MIGRATIONS, REQUEST),
	{ "memory_gb_per_s", "GB/s", 1e-9, OAE_COUNT_DRAM_BYTES, OAE_PER_SECOND,
	  OAE_COUNTS },
};

const size_t oae_derived_count = sizeof(oae_derived) / sizeof(oae_derived[0]);

bool oae_count_is_machine(const char *channel)
{
	for (size_t i = 0; i < oae_count_source_count; i++)
		if (strcmp(oae_count_sources[i].channel, channel) == 0)
			return oae_count_sources[i].machine;
	return false;
}

bool oae_counter_scale(double raw, double enabled_ns, double running_ns,
		       double *scaled, double *share)
{
	if (!(running_ns > 0) || !(enabled_ns > 0))
		return false;
	*share = running_ns / enabled_ns;
	*scaled = raw / *share;
	return true;
}

/* "perf" of "perf.cycles" */
static bool same_sensor(const char *a, const char *b)
{
	size_t n = strcspn(a, ".");

	return strncmp(a, b, n + 1) == 0;
}

static struct oae_counted nothing(const char *reason)
{
	struct oae_counted none = { NAN, NAN, NAN, NULL, reason };

	return none;
}

/* Takes one more count into `to`, whose sensor must be the same. */
static void join(struct oae_counted *to, const struct oae_counted *c)
{
	if (to->reason)
		return;
	if (c->reason)
		*to = nothing(c->reason);
	else if (!same_sensor(to->channel, c->channel))
		*to = nothing("its parts were counted by different sensors");
	else if (c->share < to->share)
		to->share = c->share;
}

struct oae_counted oae_derive(const struct oae_run_counts *r,
			      const struct oae_derived *d)
{
	struct oae_counted out = r->count[d->count];
	double per = NAN;

	if (r->samples == 0)
		return nothing("nothing was counted while it served");
	switch (d->per) {
	case OAE_PER_REQUEST:
		per = (double)r->samples;
		break;
	case OAE_PER_TOKEN:
		per = (double)r->tokens_out;
		break;
	case OAE_PER_SECOND:
		per = out.s;
		break;
	case OAE_PER_COUNT:
		per = r->count[d->per_count].value;
		join(&out, &r->count[d->per_count]);
		break;
	}
	if (out.reason)
		return out;
	if (!(per > 0))
		return nothing(d->per == OAE_PER_TOKEN ? "no token" :
							 "divided by nothing");
	out.value *= d->factor / per;
	return out;
}
