/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What speculation costs and gives, measured while it runs, and how many
 * guesses a round should verify.
 *
 * All costs are in plain steps: the time in which the target computes one
 * token. c is the draft's time for a guess, v[g] that of the target for g + 1
 * tokens at once. Whatever else the machine does only lengthens a time, so
 * the least of each is taken, which creeps up by a thousandth with each new
 * one. A guess belongs to a class of trust (how sure the draft is, how long a
 * match is) whose rate of acceptance is learned, older observations fading.
 *
 * A round that verifies g guesses gives 1 + sum of their chances tokens for
 * v[g] + g c. The round is chosen that gives most over what its time is worth
 * at the present speed; no guesses, a plain step, when that is best. Where v
 * was not measured, or seldom, it is hoped to be low, as far as twice as many
 * guesses as were; now and then a round has one guess more than seems best.
 *
 * Rates and costs that look bad may be wrong, or have changed: so there are
 * trials, in which the draft guesses on until that has lost a stake of two
 * plain steps. What drafting gains meanwhile fills the stake up again. An
 * account pays for trials, also for what the draft must then catch up; it
 * gets a hundredth and a half of the time of plain steps. So a useless draft
 * costs no more. Trials begin at other places of an answer in turn, because a
 * draft may be worse at its beginning than further on.
 */
#ifndef OAE_REFERENCE_DECODE_SPECULATION_H
#define OAE_REFERENCE_DECODE_SPECULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/drafting.h"

#define OAE_GAMMA_MAX 16u
#define OAE_GAMMA_NONE 255u /* plain decoding, timed like the others */
#define OAE_DRAFT_LAG 8u    /* tokens missed that are no matter to a draft */
#define OAE_SPECULATION_CLASSES 17u

/* The least time that something took; it creeps up, should that change. */
struct oae_least {
	double ns;
	uint64_t n; /* measurements */
};

struct oae_speculation_sums {
	uint64_t rounds;   /* that verified guesses */
	uint64_t drafted;  /* guesses verified */
	uint64_t judged;   /* those up to the first that was wrong */
	uint64_t accepted; /* guesses kept */
	uint64_t tokens;   /* that these rounds gave */
	uint64_t plain;	   /* plain steps */
	uint64_t draft_ns, verify_ns, plain_ns;
	uint64_t catch_up, catch_up_ns; /* tokens the draft had missed */
};

struct oae_speculation {
	unsigned gamma; /* 0: adaptive; to OAE_GAMMA_MAX; OAE_GAMMA_NONE */
	/* of a plain step, a guess, a token caught up, g guesses verified */
	struct oae_least plain, draft, catch_up, verify[OAE_GAMMA_MAX + 1];
	double guess_c; /* what c may be, before it is measured; 0: nothing */
	double v[OAE_GAMMA_MAX + 1]; /* v[0] = 1 */
	unsigned most;		     /* guesses for which v may be hoped for */
	/* acceptance by class, fading */
	double tried[OAE_SPECULATION_CLASSES], kept[OAE_SPECULATION_CLASSES];
	double seen[OAE_SPECULATION_CLASSES]; /* how often it comes up */
	/* tokens and plain steps' worth of time of all rounds, fading */
	double gave, cost;
	double answers, answer_tokens; /* for the length to expect */
	double account, stake;	       /* of trials, in plain steps */
	unsigned since_plain, since_verified, rounds, trials;
	bool extra; /* a guess more than seems best */
	/* this round */
	unsigned guesses, class[OAE_GAMMA_MAX];
	double rate[OAE_GAMMA_MAX];
	uint64_t answer;		 /* tokens of this request */
	struct oae_speculation_sums now; /* of this request */
};

/*
 * gamma 0 is adaptive; prior holds the rate of acceptance of each class until
 * it is known; guess_c likewise.
 */
void oae_speculation_init(struct oae_speculation *s, unsigned gamma,
			  const double *prior, double guess_c);
/* A new request. */
void oae_speculation_begin(struct oae_speculation *s);
/*
 * Should this round guess, when the draft must first compute `lag` tokens
 * that it has not seen and at most `room` tokens may come? Begins the round.
 */
bool oae_speculation_wants(struct oae_speculation *s, size_t lag, size_t room);
/* Is one more guess, not made yet, worth the draft's time? */
bool oae_speculation_more(struct oae_speculation *s);
void oae_speculation_guess(struct oae_speculation *s, unsigned class);
/* How many of the guesses to verify. */
unsigned oae_speculation_choose(struct oae_speculation *s);
/* What came of guess i; also of one that was not verified. */
void oae_speculation_judge(struct oae_speculation *s, unsigned i, bool kept,
			   bool verified);
/* The round's end: g guesses verified, tokens given; the times in ns. */
void oae_speculation_plain(struct oae_speculation *s, uint64_t draft_ns,
			   uint64_t plain_ns);
void oae_speculation_round(struct oae_speculation *s, unsigned g,
			   unsigned tokens, uint64_t draft_ns,
			   uint64_t verify_ns);
/* The draft took ns to compute n tokens that it had missed. */
void oae_speculation_catch_up(struct oae_speculation *s, size_t n, uint64_t ns);

/* For people. NaN is "not measured". */
struct oae_speculation_report {
	struct oae_speculation_sums sums;
	double plain_ms; /* a plain step: the mean, if there were 4, else
			    the least */
	struct oae_drafting_figures is;
};

/* Of the request that runs, or ran last. */
void oae_speculation_report(const struct oae_speculation *s,
			    struct oae_speculation_report *out);
void oae_speculation_add(struct oae_speculation_sums *to,
			 const struct oae_speculation_sums *from);
/* plain_ns: of a plain step, where the sums have fewer than 4; or NaN. */
void oae_speculation_summarise(const struct oae_speculation_sums *sums,
			       double plain_ns,
			       struct oae_speculation_report *out);
/* plain_ns: of a plain step, whatever the sums say. */
void oae_speculation_summarise_by(const struct oae_speculation_sums *sums,
				  double plain_ns,
				  struct oae_speculation_report *out);

#endif
