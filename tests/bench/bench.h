/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of a benchmark, the machine that they are from, and their output. */
#ifndef OAE_TESTS_BENCH_H
#define OAE_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define OAE_BENCH_ROWS_MAX 48

struct row {
	const char *name, *about, *unit;
	double value;  /* NaN: none, see reason */
	double target; /* at most; NaN: no target */
	char reason[96];
};

/* How much of the machine was other people's between begin and end. */
struct machine {
	uint64_t begin_ns, end_ns;
	uint64_t busy_ticks, steal_ticks; /* at begin; then the difference */
	double others; /* cores that were busy for somebody else; NaN unknown */
	double steal;  /* of one core, taken by other guests; NaN unknown */
	double load;   /* one minute's, at begin; NaN unknown */
	long cores;
	bool busy; /* figures are upper bounds */
	char model[128];
};

struct report {
	struct row rows[OAE_BENCH_ROWS_MAX];
	size_t count;
	struct machine machine;
};

/* The new row, for a reason; value NaN needs one. */
struct row *report_add(struct report *r, const char *name, const char *unit,
		       double value, double target, const char *about);
/* "met", "missed" or "" without a target; a missing value is missed. */
const char *row_verdict(const struct row *row);

/* CPU time of this process so far. */
double bench_cpu_ns(void);
/*
 * CPU time of waking up for each of n short lines in a pipe, pace_us apart,
 * and reading it, and nothing else: the kernel's part of a token event that
 * comes alone. NaN when it cannot be measured.
 */
double bench_wakeup_ns(uint32_t n, uint32_t pace_us);

void machine_begin(struct machine *m);
void machine_end(struct machine *m);

void report_json(const struct report *r, struct oae_buf *out);
void report_table(const struct report *r, struct oae_buf *out);

#endif
