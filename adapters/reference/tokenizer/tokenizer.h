/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to token ids and back, as a GGUF file's own metadata says. Two kinds:
 *
 *   BPE  tokenizer.ggml.model "gpt2": bytes in GPT-2's alphabet, merges by
 *        rank inside the pieces that a pre-split cuts (GPT-2, llama-3,
 *        qwen2 and their relatives; see oae_split_init()). Bytes that are no
 *        UTF-8 become U+FFFD first, which is what models have seen in
 *        training.
 *   SPM  tokenizer.ggml.model "llama": SentencePiece's BPE (Kudo and
 *        Richardson 2018), merges by score over the whole text, a space
 *        written as U+2581, bytes <0xNN> for what has no token.
 *
 * Ids equal llama.cpp's. One immutable object, safe to share between threads.
 */
#ifndef OAE_REFERENCE_TOKENIZER_TOKENIZER_H
#define OAE_REFERENCE_TOKENIZER_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

struct oae_gguf;
struct oae_tokenizer;

enum oae_tokenizer_kind {
	OAE_TOKENIZER_BPE,
	OAE_TOKENIZER_SPM,
};

/* Types of tokens as GGUF numbers them (tokenizer.ggml.token_type). */
enum oae_token_type {
	OAE_TOKEN_NORMAL = 1,
	OAE_TOKEN_UNKNOWN = 2,
	OAE_TOKEN_CONTROL = 3, /* says something to the model: no text */
	OAE_TOKEN_USER = 4,    /* found in a text before anything else */
	OAE_TOKEN_UNUSED = 5,
	OAE_TOKEN_BYTE = 6,
};

/* As stored in GGUF metadata; zeroed memory is a BPE without extras. */
struct oae_tokenizer_parts {
	enum oae_tokenizer_kind kind;
	const char *const *tokens;
	const int32_t *types; /* NULL: all are normal */
	const float *scores;  /* SPM: the higher, the earlier it is made */
	size_t n_tokens;
	const char *const *merges; /* BPE: "a b" pairs in rank order */
	size_t n_merges;
	const char *pre;     /* BPE: the name of the pre-split */
	int32_t bos, eos;    /* -1 when the vocabulary has none */
	int32_t unk;	     /* SPM; -1: none */
	const int32_t *ends; /* more tokens that end an answer */
	size_t n_ends;
	bool add_bos;	   /* a prompt begins with bos */
	bool space_prefix; /* SPM: a text begins with a space of its own */
	bool borrowed;	   /* tokens, types, scores and merges outlive the
			      tokenizer: they are not copied */
};

/*
 * Everything is checked. OAE_ERR_UNSUPPORTED names a pre-split that is not
 * known; OAE_ERR_FORMAT or _LIMIT say what is wrong with the parts.
 */
enum oae_status oae_tokenizer_new(const struct oae_tokenizer_parts *parts,
				  struct oae_tokenizer **out,
				  struct oae_error *err);
/*
 * Builds the one of a GGUF file, which outlives it. *out is NULL when the
 * file has none. n_vocab: the model's embeddings, at least as many as
 * tokens; 0: not known. OAE_ERR_UNSUPPORTED names the tokenizer, pre-split
 * or missing key.
 */
enum oae_status oae_tokenizer_read(struct oae_gguf *g, size_t n_vocab,
				   struct oae_tokenizer **out,
				   struct oae_error *err);
void oae_tokenizer_free(struct oae_tokenizer *t); /* NULL is fine */

/* How a text is read; flags. */
enum oae_tokenize {
	/* Names of control tokens in the text become these tokens. */
	OAE_TOKENIZE_CONTROL = 1,
	/* Begins with BOS, where the model wants that. */
	OAE_TOKENIZE_BOS = 2,
	/* Goes on after other text: no space is put before it. */
	OAE_TOKENIZE_INNER = 4,
	/* A prompt as users type it, and as llama.cpp reads it. */
	OAE_TOKENIZE_PROMPT = OAE_TOKENIZE_CONTROL | OAE_TOKENIZE_BOS,
};

/*
 * Encodes text[0..len) into ids (capacity max); *n receives the count.
 * OAE_ERR_LIMIT when max is too small, OAE_ERR_UNSUPPORTED for a byte that
 * the vocabulary has no token for. Takes n log n time.
 */
enum oae_status oae_tokenizer_encode_as(const struct oae_tokenizer *t,
					unsigned how, const char *text,
					size_t len, int32_t *ids, size_t max,
					size_t *n, struct oae_error *err);
/* The same with no flag: text is only text, without BOS. */
enum oae_status oae_tokenizer_encode(const struct oae_tokenizer *t,
				     const char *text, size_t len, int32_t *ids,
				     size_t max, size_t *n,
				     struct oae_error *err);
/*
 * Appends the bytes of one token inside a text; a character may be spread
 * over several tokens. Control, unknown and unused tokens add nothing.
 */
void oae_tokenizer_decode(const struct oae_tokenizer *t, int32_t id,
			  struct oae_buf *out);
/* A whole text: without the space that encoding put before it (SPM). */
void oae_tokenizer_decode_all(const struct oae_tokenizer *t, const int32_t *ids,
			      size_t n, struct oae_buf *out);
/*
 * Whether a token ends an answer: eos, parts.ends, and those known by name,
 * such as "<|eot_id|>" and "<|im_end|>".
 */
bool oae_tokenizer_ends(const struct oae_tokenizer *t, int32_t id);
/* The type, with tokens known by name as ends being control tokens. */
enum oae_token_type oae_tokenizer_type(const struct oae_tokenizer *t,
				       int32_t id);
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
