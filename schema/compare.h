/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two builds, or two results, metric by metric (spec §10.11): what each run
 * gave becomes claims for the gate of schema/regression.h, and the whole
 * becomes a document (schema/documents/compare-1.schema.json).
 */
#ifndef OAE_SCHEMA_COMPARE_H
#define OAE_SCHEMA_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "schema/regression.h"
#include "schema/score.h"

#define OAE_COMPARE_SCHEMA "compare-1"
#define OAE_COMPARE_DIFFERENCES_MAX 64u
#define OAE_COMPARE_PARTS_MAX ((size_t)2 * OAE_LOOKS_MAX)
#define OAE_COMPARE_NOTES_MAX 32u
#define OAE_COMPARE_THRESHOLD 0.03 /* of a ratio, unless told */
#define OAE_COMPARE_MARGIN 0.05	   /* of a share of right answers */

enum oae_compare_metric {
	OAE_COMPARE_S,	       /* seconds of machine time per request */
	OAE_COMPARE_TTFT,      /* mean of a run, from due, ms */
	OAE_COMPARE_TPOT,      /* likewise */
	OAE_COMPARE_CPU,       /* seconds of CPU time per request */
	OAE_COMPARE_MEMORY,    /* largest of a run, bytes */
	OAE_COMPARE_ENERGY,    /* above idle per request, J; where metered */
	OAE_COMPARE_TOKENS,    /* output tokens a second, while busy */
	OAE_COMPARE_HARNESS,   /* the harness's own CPU seconds per request */
	OAE_COMPARE_QUALITY,   /* share of right answers, over items */
	OAE_COMPARE_COMPLETED, /* runs with every request answered; always */
	OAE_COMPARE_METRICS,
};

struct oae_compare_metric_info {
	const char *name; /* as --metrics has it */
	const char *title, *unit;
	bool more_is_better;
	bool usual; /* compared unless told otherwise */
};

extern const struct oae_compare_metric_info
	oae_compare_metrics[OAE_COMPARE_METRICS];
/* The metric of that name, or OAE_COMPARE_METRICS. */
enum oae_compare_metric oae_compare_metric_find(const char *name);

enum oae_compare_how {
	OAE_COMPARE_PAIRED,   /* two systems of one campaign, by repetition */
	OAE_COMPARE_UNPAIRED, /* two campaigns: weaker */
	OAE_COMPARE_SPLIT,    /* one system's neighbouring runs: A/A */
};

struct oae_compare_rules {
	double alpha;	   /* over all looks and metrics; 0: the usual */
	double resolution; /* 0: the usual */
	double threshold[OAE_COMPARE_METRICS];
	bool chosen[OAE_COMPARE_METRICS];
	/* Missing on both sides: left out unless chosen by name. */
	bool by_name;
	unsigned looks; /* planned; 1 when there is one */
};

struct oae_compare_claim {
	const char *base_system, *head_system, *workload;
	enum oae_compare_metric metric;
	double *base, *head; /* values; of pairs as many */
	size_t base_count, head_count, room;
	const char **items; /* of quality: those taken already */
	struct oae_regression_finding finding;
};

struct oae_compare_difference {
	const char *what, *base, *head;
	bool allowed;
};

/* Where a side comes from; strings are the caller's. */
struct oae_compare_side {
	const char *given;    /* the user's word */
	const char *revision; /* commit, or NULL */
};

struct oae_compare_part {
	const char *dir, *journal_sha256, *utc;
	const char *side; /* "base", "head" or "both" */
};

struct oae_compare {
	struct oae_arena arena;
	enum oae_compare_how how;
	struct oae_compare_rules rules;
	struct oae_compare_side base, head;
	struct oae_compare_part parts[OAE_COMPARE_PARTS_MAX];
	size_t part_count;
	struct oae_compare_claim *claims;
	size_t count;
	struct oae_compare_difference differences[OAE_COMPARE_DIFFERENCES_MAX];
	size_t difference_count;
	bool differs; /* one that is not allowed */
	const char *notes[OAE_COMPARE_NOTES_MAX];
	size_t note_count;
	const char *invalid; /* why nothing can pass, or NULL */
	unsigned look;	     /* looks taken */
	double level;	     /* alpha of each look */
	enum oae_regression_verdict verdict;
	bool judged;
	/* Of an A/A comparison; NaN otherwise. */
	struct oae_interval false_positives;
	unsigned trials;
};

/* The thresholds and the usual metrics. */
void oae_compare_rules_usual(struct oae_compare_rules *r);
/* OAE_ERR_NOMEM only. Release also after a failure. */
enum oae_status oae_compare_init(struct oae_compare *c,
				 enum oae_compare_how how,
				 const struct oae_compare_rules *rules,
				 struct oae_error *err);
void oae_compare_release(struct oae_compare *c);

/*
 * Adds what two systems measured on the workloads that both have. The
 * scores stay the caller's and must live as long as c. Paired: `base` and
 * `head` are one score; split: one system of one score too. More parts (of
 * another look) add to the same claims. OAE_ERR_LIMIT for more than
 * OAE_REGRESSION_METRICS_MAX claims.
 */
enum oae_status oae_compare_add(struct oae_compare *c,
				const struct oae_score *base,
				size_t base_system,
				const struct oae_score *head,
				size_t head_system, struct oae_error *err);
/* Names a folder that was read. */
enum oae_status oae_compare_part(struct oae_compare *c, const char *dir,
				 const char *side, const struct oae_score *s,
				 struct oae_error *err);
/* A remark for people; beyond OAE_COMPARE_NOTES_MAX none is kept. */
void oae_compare_note(struct oae_compare *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Whether a difference could be the software's: names every difference of
 * the machine, the kernel, the source of energy readings, the models, the
 * suite, the items and the versions. `allow` is a comma-separated list of
 * such names that are let pass, or NULL.
 */
enum oae_status
oae_compare_alike(struct oae_compare *c, const struct oae_score *base,
		  size_t base_system, const struct oae_score *head,
		  size_t head_system, const char *allow, struct oae_error *err);

/* Judges every claim at this look's level; sets verdict. */
void oae_compare_judge(struct oae_compare *c);
/* The gate's own rate of false positives on these runs. */
void oae_compare_false_positives(struct oae_compare *c, unsigned trials,
				 uint64_t seed);

/* Mean of a claim's side; NaN without a value. */
double oae_compare_mean(const struct oae_compare_claim *claim, bool head);
/* "paired", "unpaired", "split" */
const char *oae_compare_how_name(enum oae_compare_how how);
/*
 * Appends the document. on_inconclusive is the policy's name, exit_code
 * what the command returns under it.
 */
enum oae_status oae_compare_write(const struct oae_compare *c,
				  const char *on_inconclusive, int exit_code,
				  struct oae_buf *out, struct oae_error *err);

#endif
