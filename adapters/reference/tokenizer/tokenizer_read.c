/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a tokenizer out of a GGUF file's metadata. */
#include <string.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/tokenizer/tokenizer.h"
#include "adapters/reference/tokenizer/tokenizer_split.h"

#define KEY(name) "tokenizer.ggml." name
#define NO_TOKEN UINT32_MAX /* how some files write "none" */

/*
 * The token of a key; otherwise when the file has no such key. Some files
 * say "none" with the largest number.
 */
static enum oae_status read_id(struct oae_gguf *g, const char *key,
			       size_t n_tokens, int32_t otherwise, int32_t *out,
			       struct oae_error *err)
{
	enum oae_status status;
	uint64_t id;

	*out = otherwise;
	if (!oae_gguf_has(g, key))
		return OAE_OK;
	status = oae_gguf_u64(g, key, &id, err);
	if (status)
		return status;
	if (id >= n_tokens && id != NO_TOKEN)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"metadata \"%s\" is %llu, outside the "
				"vocabulary of %zu tokens",
				key, (unsigned long long)id, n_tokens);
	*out = id == NO_TOKEN ? -1 : (int32_t)id;
	return OAE_OK;
}

static enum oae_status read_bool(struct oae_gguf *g, const char *key, bool *out,
				 struct oae_error *err)
{
	return oae_gguf_has(g, key) ? oae_gguf_bool(g, key, out, err) : OAE_OK;
}

static enum oae_status same_count(const char *what, size_t n, size_t n_tokens,
				  struct oae_error *err)
{
	if (n == n_tokens)
		return OAE_OK;
	return oae_fail(err, OAE_ERR_FORMAT, 0,
			"tokenizer: %zu tokens but %zu %s", n_tokens, n, what);
}

static enum oae_status read_tokens(struct oae_gguf *g, size_t n_vocab,
				   struct oae_tokenizer_parts *p,
				   struct oae_error *err)
{
	enum oae_status status;
	size_t n;

	status = oae_gguf_strs(g, KEY("tokens"), &p->tokens, &p->n_tokens, err);
	if (!status && n_vocab && p->n_tokens > n_vocab)
		status = oae_fail(err, OAE_ERR_FORMAT, 0,
				  "tokenizer: %zu tokens but %zu embeddings",
				  p->n_tokens, n_vocab);
	if (!status && oae_gguf_has(g, KEY("token_type"))) {
		status =
			oae_gguf_i32s(g, KEY("token_type"), &p->types, &n, err);
		if (!status)
			status = same_count("types", n, p->n_tokens, err);
	}
	return status;
}

/* SentencePiece: llama-2, Mistral, Mixtral, TinyLlama and the like. */
static enum oae_status read_spm(struct oae_gguf *g,
				struct oae_tokenizer_parts *p,
				struct oae_error *err)
{
	enum oae_status status;
	size_t n;

	p->kind = OAE_TOKENIZER_SPM;
	p->add_bos = p->space_prefix = true;
	status = oae_gguf_f32s(g, KEY("scores"), &p->scores, &n, err);
	if (!status)
		status = same_count("scores", n, p->n_tokens, err);
	if (!status)
		status = read_bool(g, KEY("add_space_prefix"), &p->space_prefix,
				   err);
	return status;
}

static enum oae_status read_bpe(struct oae_gguf *g,
				struct oae_tokenizer_parts *p,
				struct oae_error *err)
{
	enum oae_status status;

	p->kind = OAE_TOKENIZER_BPE;
	p->pre = "default";
	status = oae_gguf_strs(g, KEY("merges"), &p->merges, &p->n_merges, err);
	if (!status && oae_gguf_has(g, KEY("pre")))
		status = oae_gguf_str(g, KEY("pre"), &p->pre, err);
	p->add_bos = oae_split_wants_bos(p->pre);
	return status;
}

/* Ids that the file names; what SPM files leave out is always the same. */
static enum oae_status read_ids(struct oae_gguf *g,
				struct oae_tokenizer_parts *p, int32_t *ends,
				struct oae_error *err)
{
	static const char *const more[] = { KEY("eot_token_id"),
					    KEY("eom_token_id") };
	bool spm = p->kind == OAE_TOKENIZER_SPM && p->n_tokens > 2;
	enum oae_status status;
	size_t n = p->n_tokens;

	status = read_id(g, KEY("bos_token_id"), n, spm ? 1 : -1, &p->bos, err);
	if (!status)
		status = read_id(g, KEY("eos_token_id"), n, spm ? 2 : -1,
				 &p->eos, err);
	if (!status)
		status = read_id(g, KEY("unknown_token_id"), n, spm ? 0 : -1,
				 &p->unk, err);
	p->ends = ends;
	for (size_t i = 0; i < 2 && !status; i++) {
		status = read_id(g, more[i], n, -1, &ends[p->n_ends], err);
		p->n_ends += !status && ends[p->n_ends] >= 0;
	}
	if (!status)
		status = read_bool(g, KEY("add_bos_token"), &p->add_bos, err);
	return status;
}

enum oae_status oae_tokenizer_read(struct oae_gguf *g, size_t n_vocab,
				   struct oae_tokenizer **out,
				   struct oae_error *err)
{
	struct oae_tokenizer_parts parts = { .borrowed = true };
	int32_t ends[2];
	const char *model;
	enum oae_status status;
	bool spm;

	*out = NULL;
	if (!oae_gguf_has(g, KEY("model")))
		return OAE_OK;
	status = oae_gguf_str(g, KEY("model"), &model, err);
	if (status)
		return status;
	if (!strcmp(model, "none") || !strcmp(model, "no_vocab"))
		return OAE_OK;
	spm = !strcmp(model, "llama");
	if (!spm && strcmp(model, "gpt2") != 0)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"tokenizer \"%.32s\" is not supported; "
				"supported are gpt2 (byte-level BPE) and llama "
				"(SentencePiece)",
				model);
	status = read_tokens(g, n_vocab, &parts, err);
	if (!status)
		status = spm ? read_spm(g, &parts, err) :
			       read_bpe(g, &parts, err);
	if (!status)
		status = read_ids(g, &parts, ends, err);
	return status ? status : oae_tokenizer_new(&parts, out, err);
}
