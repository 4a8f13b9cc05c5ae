/* SPDX-License-Identifier: Apache-2.0 */
/* Speculation as the commands offer it: its options, and what came of it. */
#ifndef OAE_REFERENCE_OAE_LM_GUESSING_H
#define OAE_REFERENCE_OAE_LM_GUESSING_H

#include "adapters/reference/engine.h"
#include "adapters/reference/decode/lookup.h"
#include "adapters/reference/oae-lm/options.h"
#include "base/buf.h"
#include "base/json.h"

struct oae_lm_guessing {
	const char *draft, *strategy;
	uint64_t gamma, ngram_min, ngram_max, draft_threads;
	double p_min;
};

/* Lines of an option table; g is a struct oae_lm_guessing. */
#define OAE_LM_DRAFTING(g)                                                 \
	{ 0, "draft", "MODEL", "guess with this model, verify with MODEL", \
	  .text = &(g).draft },                                            \
		{ 0,                                                       \
		  "p-min",                                                 \
		  "P",                                                     \
		  "a draft less sure stops guessing",                      \
		  .real = &(g).p_min,                                      \
		  .low = 0,                                                \
		  .high = 1 },                                             \
		{ 0,                                                       \
		  "ngram-min",                                             \
		  "N",                                                     \
		  "lookup: least match (default 2)",                       \
		  .whole = &(g).ngram_min,                                 \
		  .low = 1,                                                \
		  .high = OAE_NGRAM_MAX },                                 \
		{ 0,                                                       \
		  "ngram-max",                                             \
		  "N",                                                     \
		  "lookup: longest sought (default 4)",                    \
		  .whole = &(g).ngram_max,                                 \
		  .low = 1,                                                \
		  .high = OAE_NGRAM_MAX },                                 \
	{                                                                  \
		0, "draft-threads", "N", "(default: those of the model)",  \
			.whole = &(g).draft_threads, .low = 1,             \
			.high = OAE_THREADS_MAX                            \
	}
#define OAE_LM_GUESSING(g)                                                   \
	OAE_LM_DRAFTING(g),                                                  \
		{ 0, "strategy", "NAME",                                     \
		  "greedy, speculative or lookup (default: by draft)",       \
		  .text = &(g).strategy },                                   \
	{                                                                    \
		0, "gamma", "G", "tokens guessed a round; 0: adaptive",      \
			.whole = &(g).gamma, .low = 0, .high = OAE_GAMMA_MAX \
	}

void oae_lm_guess(const struct oae_lm_guessing *g,
		  struct oae_engine_config *config);
/* Lines for people; an object, a member by this name. */
void oae_lm_guessed(struct oae_buf *out,
		    const struct oae_speculation_report *r);
void oae_lm_guessed_json(struct oae_jw *w, const char *key,
			 const struct oae_speculation_report *r);

#endif
