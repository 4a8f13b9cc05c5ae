/* SPDX-License-Identifier: Apache-2.0 */
/* What a check found: broken rules, each with its file and what is wrong. */
#ifndef OAE_SCHEMA_FINDING_H
#define OAE_SCHEMA_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "schema/rules.h"

/* A hostile document must not make us write without end. */
#define OAE_FINDINGS_PER_RULE_MAX 20u
#define OAE_FINDING_TEXT 400u
#define OAE_FINDING_FILE 256u

struct oae_finding {
	enum oae_rule rule;
	char file[OAE_FINDING_FILE]; /* as in the submission; "" none */
	char text[OAE_FINDING_TEXT]; /* what is wrong, in one line */
};

struct oae_findings {
	struct oae_finding *item;
	size_t count, alloc;
	size_t of_rule[OAE_RULES]; /* those that were not kept, too */
	bool out_of_memory;
};

/* Zeroed memory is an empty list. */
void oae_findings_release(struct oae_findings *f);
/*
 * Keeps the first OAE_FINDINGS_PER_RULE_MAX of each rule and counts the
 * rest. Control characters of outside texts become '?'.
 */
void oae_finding_add(struct oae_findings *f, enum oae_rule rule,
		     const char *file, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* All broken rules' findings, those that were not kept included. */
size_t oae_findings_total(const struct oae_findings *f);

#endif
