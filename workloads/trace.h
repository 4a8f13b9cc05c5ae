/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded arrivals, from a CSV file whose header says which layout it has:
 *
 *   Azure LLM inference trace  TIMESTAMP,ContextTokens,GeneratedTokens
 *	(github.com/Azure/AzurePublicDataset) TIMESTAMP is a date and time
 *	with up to 9 digits behind the second, and a time zone or none
 *   BurstGPT		       Timestamp,Model,Request tokens,Response
 *	tokens,Total tokens,Log Type (github.com/HPMLL/BurstGPT) Timestamp
 *	is in seconds
 *
 * More columns and another order are fine. Only the times are used: what is
 * asked is the workload's. They are never stretched.
 */
#ifndef OAE_WORKLOADS_TRACE_H
#define OAE_WORKLOADS_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/sha256.h"
#include "base/status.h"

#define OAE_TRACE_ROWS_MAX OAE_REQUESTS_PER_RUN_MAX
#define OAE_TRACE_FIELD_BYTES_MAX 256u
#define OAE_TRACE_COLUMNS_MAX 64u

struct oae_trace {
	const char *layout; /* "azure" or "burstgpt" */
	uint64_t *due_ns;   /* from the first; never falling */
	size_t count;	    /* at least 1 */
};

/*
 * Reads a trace. OAE_ERR_FORMAT or OAE_ERR_LIMIT, with the file and line, for
 * an unknown header, bytes that are no text, a time or a number of tokens
 * that is none, is negative or goes back, or too much of something. Release
 * also after a failure.
 */
enum oae_status oae_trace_read(const char *path, struct oae_trace *t,
			       struct oae_error *err);
void oae_trace_release(struct oae_trace *t);

#endif
