/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte-level BPE as GGUF files carry it (tokenizer.ggml.model = "gpt2",
 * pre-split "qwen2": letters by word with one leading character, digits
 * single). One immutable object, safe to share between threads.
 */
#ifndef OAE_REFERENCE_TOKENIZER_H
#define OAE_REFERENCE_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

struct oae_tokenizer;

/*
 * Builds one from its parts, as stored in GGUF metadata. tokens: n_tokens
 * texts in the GPT-2 byte-to-unicode alphabet; merges: n_merges "a b" pairs
 * in rank order; types: token types as in GGUF (1 normal, 3 control) or
 * NULL. All are copied. pre: "qwen2", "gpt-2" or "llama-bpe", else
 * OAE_ERR_UNSUPPORTED and the text names it.
 */
struct oae_tokenizer_parts {
	const char *const *tokens;
	const int32_t *types;
	size_t n_tokens;
	const char *const *merges;
	size_t n_merges;
	const char *pre;
	int32_t bos, eos; /* -1 when the vocabulary has none */
};
enum oae_status oae_tokenizer_new(const struct oae_tokenizer_parts *parts,
				  struct oae_tokenizer **out,
				  struct oae_error *err);
void oae_tokenizer_free(struct oae_tokenizer *t);

/*
 * Encodes text[0..len) into ids (capacity max); *n receives the count. Never
 * adds BOS or EOS, never makes control tokens out of text. OAE_ERR_LIMIT
 * when max is too small.
 */
enum oae_status oae_tokenizer_encode(const struct oae_tokenizer *t,
				     const char *text, size_t len, int32_t *ids,
				     size_t max, size_t *n,
				     struct oae_error *err);
/* Appends the bytes of one token (control tokens add nothing). */
void oae_tokenizer_decode(const struct oae_tokenizer *t, int32_t id,
			  struct oae_buf *out);
/* The parts it was made from, owned by the tokenizer (to write a file). */
const struct oae_tokenizer_parts *
oae_tokenizer_parts(const struct oae_tokenizer *t);

/*
 * Learns a vocabulary of vocab_size entries (256 bytes, one control token
 * "<|end|>" with the last id, and merges by frequency; ties by byte order)
 * from a text whose documents are separated by NUL. Deterministic.
 */
enum oae_status oae_tokenizer_train(const char *text, size_t len,
				    size_t vocab_size,
				    struct oae_tokenizer **out,
				    struct oae_error *err);

#endif
