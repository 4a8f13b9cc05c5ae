/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two results of the same campaign, number by number (spec §17.10): a number
 * is inside when it is within 2 % on the same machine, or within 10 % for
 * ratios on another one, their intervals considered; what has no counterpart,
 * or is an absolute number of another machine, is not comparable. Pure.
 */
#ifndef OAE_SCHEMA_TOLERANCE_H
#define OAE_SCHEMA_TOLERANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"

#define OAE_TOLERANCE_SAME 0.02	 /* the same machine */
#define OAE_TOLERANCE_OTHER 0.10 /* ratios of another one */
#define OAE_TOLERANCE_ITEMS_MAX 100000u

enum oae_agreement {
	OAE_AGREES_INSIDE,
	OAE_AGREES_OUTSIDE,
	OAE_AGREES_NOT_COMPARABLE,
	OAE_AGREEMENTS,
};

enum oae_number_kind {
	OAE_NUMBER_ABSOLUTE, /* seconds, joules, bytes: of one machine */
	OAE_NUMBER_RATIO,    /* baseline over system; of any machine */
	OAE_NUMBER_SHARE,    /* of requests or answers; of any machine */
};

struct oae_tolerance_item {
	char what[200]; /* "clinic, moe, on_demand: oae" */
	enum oae_number_kind kind;
	enum oae_agreement agreement;
	bool by_interval; /* inside only because intervals meet */
	/* NaN where there is none; low and high too. */
	double was, was_low, was_high, is, is_low, is_high;
	double apart; /* |is / was - 1|, of shares |is - was|; NaN unknown */
	const char *reason; /* of what is not comparable, else NULL */
};

struct oae_tolerance {
	bool same_machine;
	double tolerance; /* 0.02 or 0.10 */
	struct oae_tolerance_item *item;
	size_t count, alloc;
	size_t number[OAE_AGREEMENTS]; /* of each agreement */
	size_t by_interval;
};

/*
 * One number. It is inside when it is within the tolerance; else when the
 * intervals, one widened by the tolerance, meet (a number without one is its
 * own). A share is held by the difference, others by the ratio.
 */
enum oae_agreement oae_tolerance_judge(struct oae_tolerance_item *x,
				       bool same_machine);

/*
 * The published numbers of `was`, each with its counterpart in `is`; both as
 * oae_result_read() gives them: s, CPU time, joules, peak memory, g and quality
 * of each system on each workload; OAE, retrofit OAE, kappa and s ratio of
 * each score; OAE under each condition. Release also after a failure.
 */
enum oae_status oae_tolerance_compare(const cJSON *was, const cJSON *is,
				      struct oae_tolerance *out,
				      struct oae_error *err);
void oae_tolerance_release(struct oae_tolerance *t);
/* Processor, cores, memory (5 %) and whether it is virtual. */
bool oae_same_machine(const cJSON *was, const cJSON *is);

const char *oae_agreement_name(enum oae_agreement a); /* "inside" */
/* The members of a document: counts, tolerance and every number. */
void oae_tolerance_write(const struct oae_tolerance *t, struct oae_jw *w);
/* A table for people: what is outside first, then the rest if `all`. */
void oae_tolerance_text(const struct oae_tolerance *t, bool all,
			struct oae_buf *out);

#endif
