/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: one JSON object a line, each line naming the SHA-256 of the
 * line before it, the last line sealing the whole. Here it is read strictly
 * into arrays; harness/journal.h writes it.
 */
#ifndef OAE_SCHEMA_RECORD_H
#define OAE_SCHEMA_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/stats_plan.h"
#include "base/status.h"
#include "schema/slo.h"
#include "schema/counters.h"
#include "schema/drafting.h"
#include "schema/energy.h"
#include "schema/version.h"

#define OAE_SENSOR_NAME_BYTES_MAX 32u
#define OAE_CROSS_CHECKS_MAX 16u
#define OAE_JOURNAL_VERSION 1
#define OAE_VERSION "1.0.0"

enum oae_outcome {
	OAE_OUTCOME_OK,
	OAE_OUTCOME_FAILED,
	OAE_OUTCOME_TIMEOUT,
	OAE_OUTCOME_CANCELLED,
};

/* Whether an answer was right. */
enum oae_judged {
	OAE_JUDGED_NOT, /* its texts say it: schema/judge.h */
	OAE_JUDGED_RIGHT,
	OAE_JUDGED_WRONG,
};

/* One finished request. Times are ns from its run segment's start. */
struct oae_sample {
	uint32_t run;	  /* index into oae_records.runs */
	uint32_t segment; /* times of one segment compare */
	const char *request, *item;
	uint64_t due_ns, sent_ns, done_ns;
	uint64_t first_ns; /* UINT64_MAX when there was none */
	uint64_t tokens_in, tokens_out, drafted, accepted, reused;
	struct oae_drafting drafting; /* zeros: not told */
	enum oae_outcome outcome;
	const char *reason, *finish;   /* or NULL */
	const char *answer, *expected; /* or NULL */
	const char *judge, *group;     /* or NULL */
	enum oae_judged judged;	  /* of a redacted journal: before its texts
				 * were replaced */
	const uint64_t *token_ns; /* first, gap, gap, ...; or NULL */
	size_t token_count;
};

/* How a run's requests came; from its first "run" line. */
struct oae_load_record {
	const char *arrivals; /* "closed" when the line does not say */
	double rate_per_s;    /* nominal; NaN: none */
	double offered_per_s; /* of the schedule as drawn; NaN: none */
	double think_s;
	uint64_t samples_per_query, concurrency; /* at least 1 */
	struct oae_slo slo;			 /* of the scenario */
	bool has_goodput;
	struct oae_slo goodput; /* what was asked for beside it */
};

/*
 * One run, all its segments taken together. A run that was interrupted and
 * resumed has several "run" lines; the sums below are over its segments.
 */
struct oae_run_record {
	uint64_t id;
	const char *system, *workload, *condition, *scenario, *purpose;
	uint64_t block, rep, seed;
	uint32_t segments;	  /* "run" lines */
	uint32_t planned;	  /* requests in its first "run" line */
	const char *const *items; /* planned item ids, in their order */
	/* purpose "scale" only; NULL and 0 otherwise */
	const char *shape, *quant;
	uint64_t tokens_in, tokens_out;
	struct oae_load_record load;
	uint64_t adapter_in_flight; /* what it takes at a time; 0 unknown */
	uint64_t in_flight_peak;
	bool ready;
	uint64_t setup_ns;     /* of the first segment that got ready */
	uint64_t warm_ttft_ns; /* its first request's; 0 unknown */
	bool ended;	       /* has a "run_end" line */
	const char *status;    /* of the last run_end; NULL if none */
	const char *reason;
	uint64_t wall_ns; /* summed over segments */
	/* Likewise, while measuring: time, adapter's lines, our CPU time and
	 * the part of it that read sensors. */
	uint64_t measure_ns, events, harness_cpu_ns, sensors_cpu_ns;
	/*
	 * What segments that ended measured while serving, and how many
	 * samples those segments had; NaN when unknown.
	 */
	double cpu_s;
	struct oae_energy_account energy; /* of the whole machine */
	const char *no_meter;		  /* why nothing was metered, or NULL */
	const char *no_energy; /* why a part of the account is NaN, or NULL */
	double idle_before_w, idle_after_w; /* of the last metered segment */
	size_t metered_samples;
	uint64_t peak_memory_bytes; /* largest; 0 when unknown */
	const char *peak_memory_method;
	size_t sample_count;
	uint64_t oom_kills; /* of its processes, for its memory limit */
	struct oae_run_counts counts;
};

/*
 * Two sources that cover the same thing, over the windows in which both were
 * whole: `a` is the one that counts.
 */
struct oae_cross_check {
	enum oae_covers covers;
	char a[OAE_SENSOR_NAME_BYTES_MAX], b[OAE_SENSOR_NAME_BYTES_MAX];
	double a_j, b_j;
	size_t windows;
};

/* A "look" line: what the campaign saw when it asked whether to go on. */
struct oae_look_record {
	uint32_t runs;	   /* of each system on each workload by then */
	double half_width; /* relative; NaN unknown */
	bool reached;
};

/* A "choice" line of a tuning: setting `slot` is measured as `as`. */
struct oae_choice_record {
	uint64_t slot, as;
};

#define OAE_CHOICES_MAX 2u /* the baseline's and the system's best */

struct oae_records {
	struct oae_arena arena;
	cJSON *campaign; /* the "campaign" line */
	bool redacted;	 /* texts are keyed hashes (spec §16.5) */
	cJSON *environment_start, *environment_end; /* or NULL */
	cJSON *notes; /* array of the texts of "note" lines */
	cJSON *ready; /* {system: the first ready message of its adapter} */
	/* {condition: "condition_set" of its first run}; not nominal */
	cJSON *condition_set;
	cJSON *sources;		/* the meters of the first run, or NULL */
	uint64_t other_sources; /* later "run" lines in which others counted */
	struct oae_cross_check cross_checks[OAE_CROSS_CHECKS_MAX];
	size_t cross_check_count;
	struct oae_run_record *runs; /* by first appearance */
	size_t run_count;
	struct oae_sample *samples; /* in journal order */
	size_t sample_count;
	struct oae_look_record looks[OAE_LOOKS_MAX]; /* by runs, rising */
	size_t look_count;
	struct oae_choice_record choices[OAE_CHOICES_MAX];
	size_t choice_count;
	const char *stop_reason; /* "precision", "budget"; NULL: no stop */
	uint32_t stop_runs, stop_skipped;
	uint64_t lines, bytes; /* whole lines, seal included */
	uint64_t resumes;
	bool sealed;
	uint64_t torn_bytes;	     /* after the last newline */
	char sha256[OAE_SHA256_HEX]; /* of the whole lines' bytes */
};

/*
 * Reads a journal: every line strict JSON of a known type with its
 * members, caps of limits.h, chain unbroken, seal right if there is one,
 * no run or request twice. A torn last line is not an error: torn_bytes
 * says how much to cut. A broken chain, a wrong seal or a line after the
 * seal is OAE_ERR_CHECK and names the line; another journal version is
 * OAE_ERR_UNSUPPORTED. Release also after a failure.
 */
enum oae_status oae_records_read(const char *path, struct oae_records *out,
				 struct oae_error *err);
/* The same; `visit` sees each line, numbered from 1, before it is taken. */
enum oae_status oae_records_visit(const char *path, struct oae_records *out,
				  void (*visit)(void *ctx, uint64_t number,
						const cJSON *line),
				  void *ctx, struct oae_error *err);
void oae_records_release(struct oae_records *r);
/* A run that is scored, under the nominal condition. */
bool oae_run_is_nominal(const struct oae_run_record *r);

const char *oae_outcome_name(enum oae_outcome o);

#endif
