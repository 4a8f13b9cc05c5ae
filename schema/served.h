/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a system served in one scenario: rates, goodput and latencies of its
 * runs on one workload under one condition. All memory is the score's arena.
 */
#ifndef OAE_SCHEMA_SERVED_H
#define OAE_SCHEMA_SERVED_H

#include "schema/score.h"
#include "schema/slo.h"
#include "schema/validity.h"

#define OAE_SERVED_SLOS_MAX (OAE_SCORE_PROFILES_MAX + 2)

struct oae_served_run {
	const struct oae_run_record *run;
	const struct oae_sample **samples; /* by segment and sending */
	double *late_ms;		   /* one a sample */
	size_t count, ok, right;
	struct oae_validity validity;
	bool valid;
	/* From the first due time to the last end, summed over segments. */
	double span_s;
	double tokens_in, tokens_out, reused; /* of ok answers */
	size_t met[OAE_SERVED_SLOS_MAX];
};

/* What goodput is counted for. */
struct oae_served_slo {
	const char *of;	     /* "scenario", "option" or "profile" */
	const char *profile; /* its id, or NULL */
	struct oae_slo slo;
};

struct oae_served {
	const char *system, *workload, *condition, *scenario;
	double level; /* of intervals */
	struct oae_served_run *runs;
	size_t run_count, valid_count;
	struct oae_served_slo slos[OAE_SERVED_SLOS_MAX];
	size_t slo_count;
};

/* Every system, workload, condition and scenario, as they first appear. */
enum oae_status oae_served_read(struct oae_score *s, struct oae_served **out,
				size_t *count, struct oae_error *err);

enum oae_served_time {
	OAE_SERVED_TTFT,      /* due to first token, ms */
	OAE_SERVED_E2EL,      /* due to done */
	OAE_SERVED_TTFT_SENT, /* from sending */
	OAE_SERVED_E2EL_SENT,
	OAE_SERVED_TPOT,
	OAE_SERVED_ITL,
	OAE_SERVED_QUERY,    /* due to the last answer of a query */
	OAE_SERVED_DISPATCH, /* due to sent, of all runs and samples */
	OAE_SERVED_LATE,     /* the harness's own part of that, likewise */
	OAE_SERVED_TIMES,
};

/* Over the ok samples of valid runs, but where it says otherwise. */
enum oae_status oae_served_time(const struct oae_served *g,
				enum oae_served_time time,
				struct oae_distribution *out,
				struct oae_error *err);
/* One number of each valid run, as an interval over runs. */
typedef double oae_served_fn(const struct oae_served_run *r, size_t slo);
struct oae_interval oae_served_over(const struct oae_served *g,
				    oae_served_fn *fn, size_t slo);

#endif
