/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where did the last few tokens stand before? For drafting without a model:
 * what followed them then may follow them now ("prompt lookup decoding",
 * Saxena 2023). For each n from n_min to n_max a hash table holds the most
 * recent end of every n-gram, so a token costs n_max - n_min + 1 entries, and
 * so does a search, however long the sequence is.
 */
#ifndef OAE_REFERENCE_DECODE_LOOKUP_H
#define OAE_REFERENCE_DECODE_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define OAE_NGRAM_MAX 8u
#define OAE_NGRAM_MIN_DEFAULT 2u
#define OAE_NGRAM_MAX_DEFAULT 4u
#define OAE_LOOKUP_LENGTH_MAX 16u /* longer matches are not told apart */

struct oae_lookup {
	unsigned n_min, n_max;
	/* [n_max - n_min + 1][size]: 1 + index of the n-gram's last token */
	uint32_t *ends;
	size_t size;	/* a power of two, at least twice the capacity */
	size_t indexed; /* tokens whose n-grams are in the tables */
};

/* OAE_ERR_USAGE unless 1 <= n_min <= n_max <= OAE_NGRAM_MAX. */
enum oae_status oae_lookup_init(struct oae_lookup *l, unsigned n_min,
				unsigned n_max, size_t capacity,
				struct oae_error *err);
void oae_lookup_release(struct oae_lookup *l);
/* Forgets the sequence. */
void oae_lookup_clear(struct oae_lookup *l);
/*
 * The index that follows the most recent earlier occurrence of the longest
 * suffix (of n_min to n_max tokens) of tokens[0..n), or 0 for none; *length
 * is how many tokens match there, OAE_LOOKUP_LENGTH_MAX at most. Between
 * two calls the sequence may only have grown, up to the capacity.
 */
size_t oae_lookup_find(struct oae_lookup *l, const int32_t *tokens, size_t n,
		       unsigned *length);

#endif
