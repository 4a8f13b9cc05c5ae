/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting text into the pieces inside which BPE merges happen, and the
 * GPT-2 alphabet in which vocabularies write bytes.
 */
#ifndef OAE_REFERENCE_TOKENIZER_TOKENIZER_SPLIT_H
#define OAE_REFERENCE_TOKENIZER_TOKENIZER_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define OAE_SPLIT_LEVELS_MAX 4

/* Patterns by their GGUF name; immutable, shared between threads. */
struct oae_split {
	size_t digits;	  /* longest piece of digits; 0: only by pattern */
	bool whole_first; /* a piece that is a token needs no merges */
	/* Each cuts the pieces of the one before it. pcre2_code */
	void *codes[OAE_SPLIT_LEVELS_MAX];
	size_t n_levels;
};

struct oae_split_level {
	size_t at, end;		 /* what is left of the piece it cuts */
	size_t found, found_end; /* the pattern's next match */
};

/* One pass over one text. */
struct oae_split_pass {
	const struct oae_split *split;
	const char *text;
	bool ascii;
	void *match; /* pcre2_match_data, only for the patterns */
	struct oae_split_level levels[OAE_SPLIT_LEVELS_MAX];
};

/*
 * pre: "qwen2", "llama-bpe", "gpt-2", "smollm", "default" or another of
 * llama.cpp's names for the same; others are OAE_ERR_UNSUPPORTED.
 */
enum oae_status oae_split_init(struct oae_split *s, const char *pre,
			       struct oae_error *err);
void oae_split_release(struct oae_split *s);
/* Whether models with this pre-split want BOS when the file doesn't say. */
bool oae_split_wants_bos(const char *pre);

/*
 * text is UTF-8 (else OAE_ERR_FORMAT) and outlives the pass, which is to be
 * ended whatever happens.
 */
enum oae_status oae_split_begin(struct oae_split_pass *p,
				const struct oae_split *s, const char *text,
				size_t len, struct oae_error *err);
/* The next piece is text[*from..*to); *from == *to when there is no more. */
enum oae_status oae_split_next(struct oae_split_pass *p, size_t *from,
			       size_t *to, struct oae_error *err);
void oae_split_end(struct oae_split_pass *p);

/*
 * GPT-2's alphabet: printable Latin-1 characters stand for themselves, the
 * other 68 bytes for U+0100 and up in byte order (Radford et al. 2019,
 * encoder.py). Writes the UTF-8 form and a NUL; returns its length.
 */
size_t oae_alphabet_write(uint8_t byte, char out[3]);
/*
 * Reads such a text back into bytes (never longer than the text). Returns
 * false when a character is outside the alphabet.
 */
bool oae_alphabet_read(const char *text, uint8_t *bytes, size_t *n);

#endif
