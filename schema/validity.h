/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the harness was fast enough for a run (spec §15.5): what it
 * could not keep up with says nothing about the system under test.
 */
#ifndef OAE_SCHEMA_VALIDITY_H
#define OAE_SCHEMA_VALIDITY_H

#include <stdbool.h>
#include <stddef.h>

#include "schema/record.h"
#include "schema/rules.h"

/* OAE-V001: p99 of lateness over this share of the median E2EL. */
#define OAE_LATE_SHARE_MAX 0.10
/* OAE-V002: CPU time over time served, in cores; from so many seconds on. */
#define OAE_HARNESS_CORES_MAX 0.80
#define OAE_HARNESS_JUDGED_S 1.0
#define OAE_RULE_TEXT 400

struct oae_validity {
	double late_p99_ms; /* the sample's, however few; NaN: no sample */
	double e2el_p50_ms; /* likewise */
	double cores;	    /* of the harness, while serving; NaN unknown */
	bool broken[OAE_RUN_RULES];
};

bool oae_validity_broken(const struct oae_validity *v);
/* "OAE-V001: ...": the rule with its numbers and what to do. */
void oae_validity_text(const struct oae_validity *v, enum oae_rule rule,
		       char out[OAE_RULE_TEXT]);

/*
 * The harness's own delay in sending, one a sample, in ms: from the moment
 * that a request could be sent to that at which it was. It could be sent when
 * it was due and the adapter took one more; waiting for a cap that was
 * set below the adapter's own, in an open loop, is the harness's delay.
 * Sorts the samples, all of one run, by segment and time of sending.
 */
enum oae_status oae_lateness(const struct oae_run_record *run,
			     const struct oae_sample **samples, size_t n,
			     double *late_ms, struct oae_error *err);
/* Sorts the samples likewise. */
enum oae_status oae_validity_of(const struct oae_run_record *run,
				const struct oae_sample **samples, size_t n,
				struct oae_validity *out,
				struct oae_error *err);

#endif
