/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody's own prompts made into a workload: a text file with one prompt a
 * line, or JSON lines {"prompt", "expected", "id", "group"} of which only
 * the prompt must be there.
 */
#ifndef OAE_WORKLOADS_PROMPTS_H
#define OAE_WORKLOADS_PROMPTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/status.h"
#include "schema/judge.h"

struct oae_prompts {
	struct oae_buf items; /* NAME.items.jsonl */
	size_t count;	      /* at least 1 */
	bool expected;	      /* each has its right answer; else none */
};

/*
 * Reads a file. Empty lines are skipped; items without an id get one
 * ("p00001"). Right answers for some prompts only, an empty prompt, two
 * items of one id, bytes that are not UTF-8: OAE_ERR_FORMAT naming the line.
 * Release also after a failure.
 */
enum oae_status oae_prompts_read(const char *path, struct oae_prompts *p,
				 struct oae_error *err);
void oae_prompts_release(struct oae_prompts *p);

struct oae_prompts_workload {
	const char *id, *title;
	enum oae_judge judge;
	double max_tokens, floor;
};

/* Appends ID.workload.json, whose items are in ID.items.jsonl. */
void oae_prompts_write(const struct oae_prompts *p,
		       const struct oae_prompts_workload *w,
		       struct oae_buf *out);

#endif
