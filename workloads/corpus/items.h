/* SPDX-License-Identifier: Apache-2.0 */
/* The items of the corpus's workloads, as lines of JSON. */
#ifndef OAE_WORKLOADS_CORPUS_ITEMS_H
#define OAE_WORKLOADS_CORPUS_ITEMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

/* NULL-terminated: "letters", "notices" (4 in the context), "sums". */
extern const char *const oae_corpus_workloads[];

/*
 * Appends count items of a workload, one JSON object a line, from the
 * held-out split; the four groups take turns. The same arguments give the
 * same bytes. OAE_ERR_USAGE for another workload or a count that is 0 or
 * over OAE_ITEMS_MAX.
 */
enum oae_status oae_corpus_items(const char *workload, uint64_t seed,
				 size_t count, struct oae_buf *out,
				 struct oae_error *err);

#endif
