/* SPDX-License-Identifier: Apache-2.0 */
/* What batch.c and batch_reuse.c share: requests, and slots of the cache. */
#ifndef OAE_REFERENCE_BATCH_BATCH_JOBS_H
#define OAE_REFERENCE_BATCH_BATCH_JOBS_H

#include "adapters/reference/answer.h"
#include "adapters/reference/batch/batch.h"

/* For a beginning shorter than this nobody waits: it is computed again. */
#define OAE_BATCH_WAIT_MIN 16u

struct oae_job {
	uint64_t id;
	struct oae_decode decode; /* decode.slot once it runs */
	struct oae_answer answer;
	struct oae_engine_stats stats;
	uint64_t submitted_ns;
	uint32_t max_tokens;
	bool ignore_eos;
	size_t score_from; /* 0: generates; else where the text begins */
	double log_prob;
	/* of the step */
	size_t rows, row, logits; /* rows in the pass; the first's place */
	size_t added;		  /* tokens */
	struct oae_error error;
};

/* A slot of the cache and the tokens whose keys and values it holds. */
struct oae_slot {
	struct oae_job *job; /* NULL: free */
	int32_t *tokens;     /* [context], of the job before, */
	size_t n;	     /* while it is free */
	uint64_t used;	     /* when it was given out last */
};

struct oae_batch {
	struct oae_batch_config c;
	bool plain;		  /* the strategy is one row a step */
	struct oae_slot *slots;	  /* [c.slots] */
	struct oae_job *jobs;	  /* [c.slots + c.queue] */
	struct oae_job **live;	  /* in order of arrival: */
	size_t n_running, n_live; /* those that run, those that wait */
	struct oae_job **unused;  /* stack */
	size_t n_unused;
	struct oae_job *last; /* submitted */
	uint64_t given_out;   /* slots, so far */
	int32_t *prompt;      /* [context], while a request is read */
	struct oae_row *rows; /* [batch] */
	size_t n_rows, n_logits;
	struct oae_batch_event *events; /* [c.slots] */
	size_t n_events;
};

/* Where a job's computation ends: a score needs no more than this. */
static inline size_t oae_job_end(const struct oae_job *j)
{
	return j->score_from ? j->decode.n - 1 : j->decode.n;
}

/*
 * Beginnings up to here may be taken over: what comes after must be computed,
 * since its logits are wanted.
 */
static inline size_t oae_job_shareable(const struct oae_job *j)
{
	return (j->score_from ? j->score_from : j->decode.n) - 1;
}

/* batch_reuse.c */
/* Gives a free slot (there is one) to the job. */
void oae_batch_give_slot(struct oae_batch *b, struct oae_job *j);
void oae_batch_take_slot(struct oae_batch *b, struct oae_job *j);
/*
 * Copies what other slots hold of the job's beginning and it does not. True:
 * one that came earlier is about to compute more of it, so wait.
 */
bool oae_batch_share(struct oae_batch *b, struct oae_job *j);

#endif
