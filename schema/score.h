/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A campaign's journal and inputs, reduced to what scores are made of. A
 * cell is one system on one workload, nominal condition, SingleStream (other
 * scenarios: schema/served.h); the unit of replication is the run. All
 * memory is the score's arena's or the documents' it holds.
 */
#ifndef OAE_SCHEMA_SCORE_H
#define OAE_SCHEMA_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/stats.h"
#include "base/status.h"
#include "schema/condition.h"
#include "schema/ledger.h"
#include "schema/profile.h"
#include "schema/record.h"
#include "schema/rescore.h"
#include "schema/stopping.h"
#include "schema/tables.h"
#include "schema/transcript.h"

#define OAE_SCORE_PROFILES_MAX 64u
#define OAE_SCORE_LEVEL 0.95 /* of an interval of a fixed number of runs */
#define OAE_HEADLINE_SCENARIO "SingleStream"
#define OAE_ECDF_POINTS 101u

struct oae_score_system {
	const cJSON *json; /* the campaign line's entry */
	const char *id, *kind;
	const char *label;	 /* the id without its adapter */
	const char *lossless_of; /* a system's id, or NULL */
	bool has_ledger;
	struct oae_ledger ledger;
	struct oae_ledger_sum effort;
	bool has_transcript; /* of its set-up */
	struct oae_transcript transcript;
	bool other_cpu; /* it was made on another CPU, or nobody knows */
	size_t planned, ok, failed; /* runs */
	const char *invalid; /* the rule that a run of it broke, or NULL */
};

struct oae_score_workload {
	const char *id;
	double floor; /* least share of right answers; NaN: none */
};

/* One run's means. */
struct oae_cell_run {
	const struct oae_run_record *run;
	uint64_t rep;
	size_t planned, samples, right;
	double s;	    /* machine-seconds per request */
	double cpu_s;	    /* CPU seconds per request; NaN unknown */
	double e_measured;  /* kWh per request above idle; NaN none */
	double e_estimated; /* the same from CPU time, mid; NaN unknown */
	/* By profile: share of planned requests right and within its SLO. */
	double g[OAE_SCORE_PROFILES_MAX];
};

/* One item, however often it was asked. */
struct oae_item_verdict {
	const char *item;
	const char *answer; /* of its first ok sample; NULL if none */
	bool right;	    /* every time */
	bool varied;	    /* its answers differed */
};

struct oae_cell {
	struct oae_cell_run *runs; /* by rep; each has a sample */
	size_t run_count;
	const struct oae_sample **samples;
	size_t sample_count, ok_count;
	struct oae_item_verdict *items; /* by item id */
	size_t item_count;
	const char *judge; /* of its samples; NULL when none */
};

/* Real shape, random weights: what one request took. */
struct oae_scale_step {
	const char *shape, *quant;
	uint64_t tokens_in, tokens_out; /* as measured */
	size_t runs;
	struct oae_interval s, e_kwh; /* of the measured tokens */
	struct oae_interval ttft_s, tpot_s;
	bool e_is_measured;
};

struct oae_score {
	struct oae_arena arena;
	struct oae_records records;
	struct oae_tables tables;
	struct oae_profile profiles[OAE_SCORE_PROFILES_MAX];
	size_t profile_count;
	struct oae_score_system systems[OAE_SYSTEMS_MAX];
	size_t system_count, baseline;
	struct oae_score_workload workloads[OAE_WORKLOADS_MAX];
	size_t workload_count;
	struct oae_cell *cells; /* system x workload */
	struct oae_scale_step *scales;
	size_t scale_count;
	double cores;		    /* of the machine; NaN unknown */
	struct oae_range dynamic_w; /* all cores busy less idle */
	uint64_t planned_runs, begun_runs;
	const char *conditions[OAE_CONDITIONS_MAX]; /* nominal first */
	size_t condition_count;
	/* all but nominal; schema/score_conditions.h */
	struct oae_condition_run *condition_runs;
	size_t condition_run_count;
	/*
	 * Of every interval: OAE_SCORE_LEVEL, or that of one look where the
	 * campaign chose its number of runs by looking (schema/look.h).
	 */
	double level;
	/* The campaign's scenario is the one that scores are made of. */
	bool headline;
	/* Other profiles or tables than the run's; from DIR/rescore.json
	 * unless they are asked for. */
	struct oae_rescore rescore;
	bool rescored;
	const struct oae_slo *goodput; /* instead of the journal's; or NULL */
	struct oae_stopping stopping;
	uint64_t rep_limit; /* repetitions from here on are not seen */
};

/* Reads everything below DIR and reduces it. Release also on failure. */
enum oae_status oae_score_read(const char *run_dir, struct oae_score *s,
			       struct oae_error *err);
/* The same with other profiles or tables; NULL: what DIR itself says. */
enum oae_status oae_score_read_for(const char *run_dir,
				   const struct oae_rescore *rescore,
				   struct oae_score *s, struct oae_error *err);
void oae_score_release(struct oae_score *s);

const struct oae_cell *oae_score_cell(const struct oae_score *s, size_t system,
				      size_t workload);
/* The index of a workload, or workload_count. */
size_t oae_score_workload_index(const struct oae_score *s, const char *id);
/* The run of a repetition, or NULL. */
const struct oae_cell_run *oae_cell_rep(const struct oae_cell *c, uint64_t rep);

/* Pieces of oae_score_read(), in their order. */
enum oae_status oae_score_load(const char *run_dir,
			       const struct oae_rescore *rescore,
			       struct oae_score *s, struct oae_error *err);
enum oae_status oae_score_cells(struct oae_score *s, struct oae_error *err);
enum oae_status oae_score_scales(struct oae_score *s, struct oae_error *err);

/* The means of one run, over its n samples (sorted on the way). */
enum oae_status oae_cell_run_take(const struct oae_score *score,
				  const struct oae_run_record *run,
				  const struct oae_sample **samples, size_t n,
				  struct oae_cell_run *out,
				  struct oae_error *err);

/* *accepted: right and within the profile's limits. */
enum oae_status oae_sample_accepted(const struct oae_sample *s,
				    const struct oae_profile *p, bool *accepted,
				    struct oae_error *err);

/* Seconds with a request in flight; samples all of one run. Sorts them. */
double oae_busy_seconds(const struct oae_sample **samples, size_t n);

/* Percentiles are NaN below MLPerf's early-stopping floors. */
struct oae_distribution {
	size_t n;
	double mean, median, std, p90, p95, p99;
	double ecdf[OAE_ECDF_POINTS]; /* quantiles at 0, 1/(k-1), .., 1 */
	size_t ecdf_count;
};

enum oae_latency {
	OAE_LATENCY_TTFT, /* due to first token, ms */
	OAE_LATENCY_TPOT, /* (done - first) / (tokens - 1), ms */
	OAE_LATENCY_ITL,  /* gaps between tokens, ms */
	OAE_LATENCY_E2EL, /* due to done, ms */
	OAE_LATENCIES,
};

/* Sorts x. */
void oae_distribution_of(double *x, size_t n, struct oae_distribution *out);

const char *oae_latency_name(enum oae_latency l); /* "ttft_ms" */
/* Over the cell's ok samples. */
enum oae_status oae_cell_latency(const struct oae_cell *c, enum oae_latency l,
				 struct oae_distribution *out,
				 struct oae_error *err);
/* Whether an answer is right; OAE_ERR_FORMAT when that cannot be told. */
enum oae_status oae_sample_judge(const struct oae_sample *s, bool *right,
				 struct oae_error *err);
/* One sample's value in ms, NaN when it has none (not for ITL). */
double oae_sample_latency(const struct oae_sample *s, enum oae_latency l);

#endif
