/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `likwid-perfctr -t -O` prints while it counts a set of events (not a
 * group: then it prints raw counts): a header on stdout,
 *   # GID|EventCount|CpuCount|Total runtime [s]|EVENT|EVENT...
 * and on stderr a row for each period, counts since the row before,
 *   gid,events,cpus,seconds,event 1 on cpu 1,event 1 on cpu 2,...
 * where '-' is a counter that this CPU does not have. Summed up here into
 * what grows. likwid-perfctr(1); version 5.
 */
#ifndef OAE_HARNESS_SENSORS_LIKWID_ROWS_H
#define OAE_HARNESS_SENSORS_LIKWID_ROWS_H

#include <csv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define OAE_LIKWID_EVENTS_MAX 64u
#define OAE_LIKWID_CPUS_MAX 4096u
#define OAE_LIKWID_ROW_BYTES_MAX (1u << 20)

enum oae_likwid_sum {
	OAE_LIKWID_CYCLES,
	OAE_LIKWID_INSTRUCTIONS,
	OAE_LIKWID_DRAM_BYTES,
	OAE_LIKWID_PACKAGE_UJ,
	OAE_LIKWID_DRAM_UJ,
	OAE_LIKWID_SUMS,
};

/* The sum that an event adds to, and how much one is; false: to none. */
bool oae_likwid_event(const char *event, enum oae_likwid_sum *sum,
		      double *factor);

/*
 * Adds "EVENT:COUNTER," for each event of a group file's EVENTSET that adds
 * to a sum and whose counter is not in the list already.
 */
void oae_likwid_event_set(const char *group_file, struct oae_buf *list);

struct oae_likwid_rows {
	struct csv_parser csv;
	bool csv_open;
	struct oae_buf header, line; /* what is not yet a whole line */
	size_t events;		     /* of the header; 0: not yet */
	enum oae_likwid_sum sum[OAE_LIKWID_EVENTS_MAX];
	double factor[OAE_LIKWID_EVENTS_MAX]; /* 0: adds to none */
	bool has[OAE_LIKWID_SUMS];
	double total[OAE_LIKWID_SUMS];
	uint64_t rows;
	const char *broken; /* why totals mean nothing from here on, or NULL */
	char words[200];    /* its last line on stderr that was no row */
	/* the row being read */
	size_t field, cpus;
	double row[OAE_LIKWID_SUMS];
};

enum oae_status oae_likwid_rows_init(struct oae_likwid_rows *r,
				     struct oae_error *err);
void oae_likwid_rows_release(struct oae_likwid_rows *r); /* twice is fine */
/* More bytes of its stdout; of its stderr. */
void oae_likwid_rows_out(struct oae_likwid_rows *r, const char *data,
			 size_t len);
void oae_likwid_rows_err(struct oae_likwid_rows *r, const char *data,
			 size_t len);

#endif
