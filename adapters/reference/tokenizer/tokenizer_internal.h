/* SPDX-License-Identifier: Apache-2.0 */
/* What building, looking up, merging and encoding share. */
#ifndef OAE_REFERENCE_TOKENIZER_TOKENIZER_INTERNAL_H
#define OAE_REFERENCE_TOKENIZER_TOKENIZER_INTERNAL_H

#include "adapters/reference/tokenizer/tokenizer.h"
#include "adapters/reference/tokenizer/tokenizer_hash.h"
#include "adapters/reference/tokenizer/tokenizer_split.h"
#include "base/arena.h"

#define OAE_TOKEN_BYTES_MAX 4096u
/* A token of more bytes is never looked for in a text before splitting. */
#define OAE_TOKEN_NAME_BYTES_MAX 256u

/* What the ids of the file and a token's name add to its type. */
#define OAE_MARK_ENDS 1u    /* an answer */
#define OAE_MARK_CONTROL 2u /* is one, whatever its type */

/* left = -1 marks a free slot. */
struct oae_merge {
	int32_t left, right, id;
	uint32_t rank;
};

struct oae_tokenizer {
	struct oae_arena arena;
	struct oae_tokenizer_parts parts;
	struct oae_split split; /* BPE */
	uint8_t *types;		/* [n_tokens] enum oae_token_type, stored */
	uint8_t *marks;		/* [n_tokens] OAE_MARK_... */
	/*
	 * What each token stands for, one after another: BPE the bytes, SPM
	 * the text with U+2581 for a space, <0xNN> as one byte.
	 */
	uint8_t *bytes;
	uint32_t *at; /* [n_tokens + 1] where each begins */
	size_t longest;
	int32_t byte_id[256]; /* -1: none */
	struct oae_hash_key key;
	int32_t *vocab; /* bytes -> id, open addressing; -1 is free */
	size_t vocab_mask;
	struct oae_merge *merges; /* BPE: (left, right) -> id, the same way */
	size_t merge_mask;
	uint32_t *rank;	  /* SPM: [n_tokens] 0 is the highest score */
	int32_t *special; /* control and user tokens by their text */
	size_t n_special;
	bool special_first[256]; /* some special one begins with that byte */
};

/* The byte of "<0xNN>", or -1. */
int oae_token_byte(const char *s);
/* Fills t->types and t->marks from the parts. */
enum oae_status oae_token_types_init(struct oae_tokenizer *t,
				     struct oae_error *err);
/* Sorts the special tokens, the first of equal ones. */
enum oae_status oae_token_special_init(struct oae_tokenizer *t,
				       struct oae_error *err);

/* The token that is these bytes, or -1. */
int32_t oae_token_find(const struct oae_tokenizer *t, const uint8_t *s,
		       size_t n);
/* NULL when the two don't merge. */
const struct oae_merge *oae_merge_find(const struct oae_tokenizer *t,
				       int32_t left, int32_t right);
/*
 * The longest special token at the beginning of s, control tokens only when
 * asked; returns its length or 0.
 */
size_t oae_token_special(const struct oae_tokenizer *t, const char *s,
			 size_t len, bool control, int32_t *id);

/* A symbol of a text: a list in an array, so that a merge is one unlink. */
struct oae_symbol {
	uint32_t from, len; /* bytes; len 0 once merged into its neighbour */
	int32_t id;	    /* -1: not a token, yet */
	int32_t prev, next; /* -1 at the ends */
};

/* A merge that was possible when it was pushed. */
struct oae_candidate {
	uint32_t rank;
	uint32_t size; /* bytes of both */
	int32_t at, id;
};

struct oae_merging {
	struct oae_symbol *symbols;
	struct oae_candidate *heap; /* binary heap by (rank, at) */
	size_t n_heap, size;
};

/* Room for a text of n symbols. */
enum oae_status oae_merging_grow(struct oae_merging *m, size_t n,
				 struct oae_error *err);
void oae_merging_free(struct oae_merging *m);
/*
 * Joins neighbours, best rank and then leftmost first, until none can be.
 * symbols[0..n) hold ranges of text and their tokens; afterwards the list
 * from symbols[0] is the result. n >= 1.
 */
void oae_merging_run(const struct oae_tokenizer *t, struct oae_merging *m,
		     const uint8_t *text, size_t n);

#endif
