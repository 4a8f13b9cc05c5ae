/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this answer right? Pure text functions, so that anybody can judge the
 * answers of a journal again.
 */
#ifndef OAE_SCHEMA_JUDGE_H
#define OAE_SCHEMA_JUDGE_H

#include <stdbool.h>

#include "base/status.h"

enum oae_judge {
	/* Equal after trimming white space at both ends and folding runs of
	 * it to one space. */
	OAE_JUDGE_EXACT,
	/* The last decimal number in the answer equals the expected one. */
	OAE_JUDGE_FINAL_NUMBER,
	/* Every phrase of the expected text (separated by '\n' or '|') occurs
	 * in the answer, ASCII case and white space folded. */
	OAE_JUDGE_CONTAINS_ALL,
	/* Nobody said what is right: every answer that is not empty counts as
	 * served, and the gate stays unproven (spec §8.7). */
	OAE_JUDGE_NONE,
};

/* OAE_ERR_FORMAT for a name that is none of the judges. */
enum oae_status oae_judge_parse(const char *name, enum oae_judge *out,
				struct oae_error *err);
const char *oae_judge_name(enum oae_judge j);
/*
 * True when the answer is accepted. No allocation. `expected` may be NULL
 * for OAE_JUDGE_NONE only. An empty expected text is never met by
 * final_number and contains_all.
 */
bool oae_judge_answer(enum oae_judge j, const char *answer,
		      const char *expected);

#endif
