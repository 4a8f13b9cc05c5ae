/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistyped prompts. What is edited are letters: one is replaced, left out,
 * doubled by another, or swapped with its neighbour. Never edited: digits,
 * blanks, line ends and punctuation, words with a digit in them, and words of
 * the expected answer, so that what a right answer needs still stands in the
 * prompt. The share counts the letters that may be edited. Letters beyond
 * ASCII are whole characters: the text stays UTF-8.
 */
#ifndef OAE_WORKLOADS_NOISE_H
#define OAE_WORKLOADS_NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

struct oae_noise {
	size_t characters; /* of the prompt */
	size_t editable;   /* of them */
	size_t edits;	   /* made */
};

/*
 * Edits `share` (0 to 1) of the prompt's editable characters, to within one,
 * and exactly so on average over seeds. The same seed, the same text;
 * `expected` may be NULL. *out is the arena's.
 */
enum oae_status oae_noise_text(const char *prompt, const char *expected,
			       double share, uint64_t seed, struct oae_arena *a,
			       const char **out, struct oae_noise *made,
			       struct oae_error *err);

#endif
