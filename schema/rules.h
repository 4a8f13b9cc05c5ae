/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of a valid result: each has an id that is never used again, one
 * clause of schema/OAE-SPEC.md, one check and one test. `oae list rules`
 * prints the table.
 */
#ifndef OAE_SCHEMA_RULES_H
#define OAE_SCHEMA_RULES_H

#include <stddef.h>

enum oae_rule {
	OAE_RULE_LATE,
	OAE_RULE_CPU,
	OAE_RULE_NAMES,
	OAE_RULE_SIZE,
	OAE_RULE_LAYOUT,
	OAE_RULE_SUMS,
	OAE_RULE_HASHES,
	OAE_RULE_SIGNATURE,
	OAE_RULE_FRAME,
	OAE_RULE_JSON,
	OAE_RULE_SCHEMA,
	OAE_RULE_AGREES,
	OAE_RULE_CHAIN,
	OAE_RULE_INPUTS,
	OAE_RULE_RESULT,
	OAE_RULE_TIMES,
	OAE_RULE_RUNS,
	OAE_RULE_FLIGHT,
	OAE_RULE_REPLAY,
	OAE_RULE_COUNTS,
	OAE_RULE_ANSWERS,
	OAE_RULE_TOKENS,
	OAE_RULE_PLAN,
	OAE_RULE_PROFILES,
	OAE_RULE_DEFAULTS,
	OAE_RULE_SHIPPED,
	OAE_RULE_BASELINE,
	OAE_RULE_BILL,
	OAE_RULE_EFFORT,
	OAE_RULE_COLD,
	OAE_RULE_IDLE,
	OAE_RULE_METER,
	OAE_RULES,
	/* of one run, whatever becomes of the result: the first ones */
	OAE_RUN_RULES = OAE_RULE_CPU + 1,
};

struct oae_rule_text {
	const char *id;	    /* "OAE-V010" */
	const char *clause; /* of OAE-SPEC.md: "16.2" */
	const char *text;   /* what holds, in a line */
};

const struct oae_rule_text *oae_rule_text(enum oae_rule rule);
const char *oae_rule_id(enum oae_rule rule);

#endif
