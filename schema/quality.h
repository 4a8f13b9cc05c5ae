/* SPDX-License-Identifier: Apache-2.0 */
/* The quality gate (spec §8.5): pass, fail or too few items to tell. */
#ifndef OAE_SCHEMA_QUALITY_H
#define OAE_SCHEMA_QUALITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "schema/score.h"

enum oae_gate {
	OAE_GATE_PASS,
	OAE_GATE_UNPROVEN,
	OAE_GATE_FAIL,
};

const char *oae_gate_name(enum oae_gate g);
enum oae_gate oae_gate_worse(enum oae_gate a, enum oae_gate b);

/*
 * The floor: exact one-sided binomial tests at 5 %. Pass when `correct` of
 * n would be that many by chance in at most 5 % of cases at a true share
 * equal to the floor; fail when that few. *needed is the least number of
 * items that would decide at the observed share (0: decided; -1: none
 * would, the share is the floor).
 */
enum oae_gate oae_gate_floor(size_t correct, size_t n, double floor,
			     double *needed);
/*
 * Non-inferiority of paired verdicts d (X minus B, in {-1, 0, 1}) at 5 %:
 * pass when the lower bound of the mean is at least -margin, fail when the
 * upper bound is below it.
 */
enum oae_gate oae_gate_paired(const double *d, size_t n, double margin,
			      double *lower, double *needed);

enum oae_lossless {
	OAE_LOSSLESS_NOT_CLAIMED,
	OAE_LOSSLESS_UNKNOWN, /* its twin was not in the campaign */
	OAE_LOSSLESS_HELD,
	OAE_LOSSLESS_BROKEN,
};

/* One system on one workload. */
struct oae_quality {
	size_t n, correct;
	double floor, margin; /* floor NaN: none */
	enum oae_gate floor_outcome;
	bool unjudged; /* nobody said what is right (judge "none") */
	bool paired;   /* not for the baseline itself */
	size_t pairs;
	double difference, lower; /* to the baseline; NaN unless paired */
	enum oae_lossless lossless;
	bool twin_is_baseline;	   /* of what it is lossless of */
	const char *lossless_item; /* the first that broke it */
	enum oae_gate outcome;	   /* of floor, difference, losslessness */
	double needed;		   /* items; 0 decided, -1 none would */
};

enum oae_status oae_quality_of(const struct oae_score *s, size_t system,
			       size_t workload, double floor, double margin,
			       struct oae_quality *q, struct oae_error *err);

#endif
