/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a number comes from (spec §1.1), and a number with its range.
 * Zeroed memory is "absent", never a value of 0.
 */
#ifndef OAE_SCHEMA_EVIDENCE_H
#define OAE_SCHEMA_EVIDENCE_H

#include <stdbool.h>

#include "base/json.h"
#include "base/status.h"

/* Ordered from the strongest to the weakest; absent is none of them. */
enum oae_evidence {
	OAE_ABSENT = 0,
	OAE_MEASURED,
	OAE_PUBLISHED,
	OAE_DECLARED,
	OAE_ESTIMATED,
	OAE_ASSUMED,
};

/* low <= mid <= high; a plain number has all three equal. */
struct oae_range {
	double low, mid, high;
	enum oae_evidence evidence;
	const char *source; /* owned by whoever made the range; or NULL */
};

/* "measured", ...; "absent" for OAE_ABSENT. */
const char *oae_evidence_name(enum oae_evidence e);
/* OAE_ABSENT when the name is none of the classes. */
enum oae_evidence oae_evidence_parse(const char *name);
/* The weaker class of two: what a sum or product of both carries. */
enum oae_evidence oae_evidence_weaker(enum oae_evidence a, enum oae_evidence b);

struct oae_range oae_range_plain(double value, enum oae_evidence e);

/*
 * Reads {"low","mid","high","class","source"} or {"value","class",...} or a
 * plain number (class declared). Every number must be finite and >= 0.
 * Declared values need low <= mid / 2 and high >= 2 mid unless the source
 * begins "log:"; a declared single value is refused when strict. `what`
 * names the entry in the error. The source stays owned by the tree.
 */
enum oae_status oae_range_read(const cJSON *value, const char *what,
			       bool strict, struct oae_range *out,
			       struct oae_error *err);
/* {"low","mid","high","class","source"} under key. */
void oae_range_write(struct oae_jw *w, const char *key,
		     const struct oae_range *r);

#endif
