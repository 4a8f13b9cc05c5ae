/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the runs of a cell settle, and what their requests take from then
 * on. Costs stay over all finished requests: who pays for a system pays for
 * its warm-up too.
 */
#ifndef OAE_SCHEMA_SCORE_STEADY_H
#define OAE_SCHEMA_SCORE_STEADY_H

#include "schema/changepoint.h"
#include "schema/score.h"

/* One sequence is what one adapter process answered; mostly a run. */
struct oae_cell_steady {
	size_t sequences, count[OAE_STEADINESSES];
	double from_median; /* first steady request, from 0; NaN: none */
	size_t from_max;
	size_t outliers;
	/* Answered requests in a steady state, and those in none. */
	const struct oae_sample **samples;
	size_t sample_count, left_out;
	/* Busy seconds per steady request, one value a steady sequence. */
	double *s;
	size_t s_count;
};

/*
 * Requests differ in size, so what is classified is a request's time over
 * the time expected of its tokens: b tokens_in + c tokens_out, b and c >= 0
 * by least squares over the cell's answered requests. Memory is the score's
 * arena's.
 */
enum oae_status oae_cell_steady_of(struct oae_score *s,
				   const struct oae_cell *c,
				   struct oae_cell_steady *out,
				   struct oae_error *err);

#endif
