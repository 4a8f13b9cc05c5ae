/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody else's journal tells must be possible (spec section 17). A
 * chain of hashes proves order, not truth: who writes a journal by hand can
 * chain it again, but then every time, count and text in it must fit every
 * other. Nothing is repaired; each misfit is a finding.
 */
#ifndef OAE_SCHEMA_AUDIT_H
#define OAE_SCHEMA_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "schema/finding.h"
#include "schema/record.h"

#define OAE_AUDIT_FILE "journal.jsonl.zst" /* of every finding here */

/* One process of one run, as its lines tell it. */
struct oae_audit_segment {
	uint64_t run, segment, line; /* of its "run" line, from 1 */
	uint64_t t0_ns, wall_ns;     /* wall 0: it has no end */
	int64_t utc_s;		     /* of its beginning; -1 unknown */
	uint64_t concurrency, adapter_in_flight; /* 0 unknown */
	uint64_t setup_ns;
	bool resumed; /* the harness was started again before it */
	bool counts;  /* purpose "score" under the nominal condition */
	bool ready, warm, metered, idle_before, idle_after, ended;
	size_t first_sample, sample_count; /* in the lists below */
	uint64_t last_done_ns;
	uint64_t planned, ok, failed, not_sent; /* as its end counts */
	uint64_t busy_ns, measure_ns;		/* likewise */
	uint64_t items;				/* planned by its first line */
};

struct oae_audit_sample {
	uint64_t sent_ns, done_ns;
	uint64_t print; /* of its intervals, and of those before it */
	uint64_t line;
	bool ok;
};

struct oae_audit {
	struct oae_audit_segment *segments;
	size_t segment_count, segment_alloc;
	struct oae_audit_sample *samples;
	size_t sample_count, sample_alloc;
	struct oae_findings *found;
	struct oae_error *err;
	uint64_t line;
	bool resumed;
	bool redacted; /* texts are keyed hashes (spec §16.5) */
	/* of the segment going on: intervals that its print is made of */
	uint64_t print;
	size_t print_intervals;
};

/*
 * Reads the expanded journal's lines one by one: strict JSON (rule JSON),
 * each request's times (TIMES) and tokens (TOKENS), and what the lists above
 * hold. Lines of another shape are left to oae_records_read(). Release also
 * after a failure.
 */
enum oae_status oae_audit_read(struct oae_audit *a, const char *path);
void oae_audit_release(struct oae_audit *a);

/* Rules RUNS, FLIGHT, REPLAY, COUNTS, COLD, IDLE over what was read. */
enum oae_status oae_audit_runs(struct oae_audit *a);

#endif
