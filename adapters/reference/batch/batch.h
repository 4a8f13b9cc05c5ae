/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Continuous batching: each step computes one row for every sequence that
 * decodes and, beside them, rows of prompts, all in one pass over the
 * weights. Requests join as soon as a slot of the key-value cache is free and
 * leave when they end; the others wait, first come, first served. Since a
 * row's result does not depend on its batch, each answer is the one that the
 * request would get alone. (Yu et al., "Orca", OSDI 2022; prompts in pieces:
 * Agrawal et al., "Sarathi-Serve", OSDI 2024.)
 *
 * With `reuse`, a request takes over the keys and values of the longest
 * beginning that its tokens share with what any slot holds, also of requests
 * that ended; what another computes right now, it waits for.
 *
 * Strategies other than the greedy one decode each sequence in rounds of its
 * own, after the pass. Not thread-safe. Nothing is allocated by a step but
 * for the texts of long answers.
 */
#ifndef OAE_REFERENCE_BATCH_BATCH_H
#define OAE_REFERENCE_BATCH_BATCH_H

#include "adapters/reference/decode/decode.h"
#include "adapters/reference/request.h"

#define OAE_BATCH_SLOTS_MAX 64u
#define OAE_BATCH_QUEUE_MAX 1024u
#define OAE_BATCH_CHUNK_MAX 256u

struct oae_batch;

/* All of it stays the caller's, and outlives the batch. */
struct oae_batch_config {
	const struct oae_model *model;
	struct oae_state *target, *draft; /* of `slots` each; draft or NULL */
	const struct oae_strategy *strategy;
	struct oae_decode_options options; /* of the strategy */
	uint32_t slots; /* sequences at once; below the target's batch */
	uint32_t queue; /* requests that may wait for a slot */
	uint32_t chunk; /* most prompt rows beside sequences that decode */
	bool reuse;	/* of common beginnings */
};

/* Of one request in one step. Valid until the next step or submission. */
struct oae_batch_event {
	uint64_t id;
	struct oae_engine_piece piece;
	const int32_t *tokens; /* [piece.tokens], the newest */
	const struct oae_engine_stats *stats;
	double log_prob;	       /* natural; of OAE_FINISH_SCORED */
	const struct oae_error *error; /* NULL, or why it is over */
};

/* Are the numbers in range? Else OAE_ERR_USAGE. */
enum oae_status oae_batch_check(const struct oae_batch_config *c,
				struct oae_error *err);
enum oae_status oae_batch_open(const struct oae_batch_config *config,
			       struct oae_batch **out, struct oae_error *err);
void oae_batch_close(struct oae_batch *b); /* NULL is fine */

/*
 * Takes a request in, its strings copied; ids are the caller's. OAE_ERR_LIMIT
 * when slots and queue are taken or the prompt does not fit, else as
 * oae_request_tokens() and oae_sampler_set().
 */
enum oae_status oae_batch_submit(struct oae_batch *b, uint64_t id,
				 const struct oae_engine_request *request,
				 struct oae_error *err);
/* Drops a request; *stats (if not NULL) is filled. False: no such one. */
bool oae_batch_cancel(struct oae_batch *b, uint64_t id,
		      struct oae_engine_stats *stats);
void oae_batch_clear(struct oae_batch *b); /* drops all */
/* Most requests at once: slots and queue. */
uint32_t oae_batch_room(const struct oae_batch *b);
/* Requests that were taken in and are not over. */
size_t oae_batch_live(const struct oae_batch *b);
/*
 * One step. Says what it gave, in the order of arrival; a request whose
 * prompt is still computed has no event. One with a finish or an error is
 * over.
 */
size_t oae_batch_step(struct oae_batch *b,
		      const struct oae_batch_event **events);

/* The request that was taken in last, also when it is over. */
const struct oae_engine_stats *oae_batch_stats(const struct oae_batch *b);
/*
 * How many guesses a round of speculation verifies from now on: 0: adaptive;
 * 1..OAE_GAMMA_MAX; OAE_GAMMA_NONE.
 */
void oae_batch_set_gamma(struct oae_batch *b, unsigned gamma);
/* What speculation cost and gave in it; false without speculation. */
bool oae_batch_speculation(const struct oae_batch *b,
			   struct oae_speculation_report *out);
/* Its tokens, prompt first. */
const int32_t *oae_batch_tokens(const struct oae_batch *b, size_t *n);

#endif
