/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/peer/vocab_file.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/tokenizer/tokenizer.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"

#define TOKENS_MAX (1 << 19)
#define MEMORY_MAX ((size_t)1 << 29)
#define SPM_FIRST 259 /* <unk> <s> </s> and the bytes come before */

struct vocab {
	struct oae_arena arena;
	const char **tokens, **merges;
	int32_t *types;
	size_t n_tokens, n_merges;
	bool spm;
	struct oae_error *err;
};

static enum oae_status bad(struct vocab *v, const char *what)
{
	return oae_fail(v->err, OAE_ERR_FORMAT, 0, "tokenizer.json: %s", what);
}

static void set_token(struct vocab *v, const char *text, const cJSON *id,
		      int32_t type)
{
	if (!cJSON_IsNumber(id) || id->valueint < 0 ||
	    id->valueint >= TOKENS_MAX) {
		bad(v, "a token without an id");
		return;
	}
	if (v->spm && text[0] == '<' && text[1] == '0' && text[2] == 'x')
		type = OAE_TOKEN_BYTE;
	if (v->spm && !strcmp(text, "<unk>"))
		type = OAE_TOKEN_UNKNOWN;
	v->tokens[id->valueint] = text;
	v->types[id->valueint] = type;
	if ((size_t)id->valueint >= v->n_tokens)
		v->n_tokens = (size_t)id->valueint + 1;
}

static void take_tokens(struct vocab *v, const cJSON *json)
{
	const cJSON *one, *list;

	list = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(json, "model"), "vocab");
	cJSON_ArrayForEach(one, list)
		set_token(v, one->string, one, OAE_TOKEN_NORMAL);
	list = cJSON_GetObjectItemCaseSensitive(json, "added_tokens");
	cJSON_ArrayForEach(one, list) {
		const char *text = oae_json_str_or(one, "content", "");
		const cJSON *special =
			cJSON_GetObjectItemCaseSensitive(one, "special");

		set_token(v, text, cJSON_GetObjectItemCaseSensitive(one, "id"),
			  cJSON_IsTrue(special) ? OAE_TOKEN_CONTROL :
						  OAE_TOKEN_USER);
	}
	for (size_t i = 0; i < v->n_tokens; i++) {
		if (v->tokens[i])
			continue;
		v->tokens[i] = oae_arena_printf(&v->arena, "[PAD%zu]", i);
		v->types[i] = OAE_TOKEN_UNUSED;
	}
	if (!v->n_tokens)
		bad(v, "no tokens");
}

/* "a b", or in newer files ["a", "b"]. */
static void take_merges(struct vocab *v, const cJSON *json)
{
	const cJSON *one, *list;

	list = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(json, "model"), "merges");
	cJSON_ArrayForEach(one, list) {
		const cJSON *second = one->child ? one->child->next : NULL;

		if (v->n_merges == TOKENS_MAX)
			break;
		v->merges[v->n_merges++] =
			second ? oae_arena_printf(&v->arena, "%s %s",
						  one->child->valuestring,
						  second->valuestring) :
				 one->valuestring;
	}
	for (size_t i = 0; i < v->n_merges; i++)
		if (!v->merges[i])
			bad(v, "a merge that is no text");
}

static int32_t find(const struct vocab *v, const char *text)
{
	for (size_t i = 0; i < v->n_tokens; i++)
		if (!strcmp(v->tokens[i], text))
			return (int32_t)i;
	return -1;
}

static void add_shape(struct oae_gguf_writer *w, const struct vocab *v)
{
	oae_gguf_add_str(w, "general.architecture", "llama");
	oae_gguf_add_str(w, "general.name", "a vocabulary");
	oae_gguf_add_u32(w, "llama.vocab_size", (uint32_t)v->n_tokens);
	oae_gguf_add_u32(w, "llama.context_length", 2048);
	oae_gguf_add_u32(w, "llama.embedding_length", 64);
	oae_gguf_add_u32(w, "llama.block_count", 1);
	oae_gguf_add_u32(w, "llama.feed_forward_length", 64);
	oae_gguf_add_u32(w, "llama.attention.head_count", 2);
	oae_gguf_add_f32(w, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
}

/* Later ids were made later, so their score is lower. */
static void add_scores(struct oae_gguf_writer *w, struct vocab *v)
{
	float *scores = oae_arena_array(&v->arena, v->n_tokens, sizeof(float));

	for (size_t i = SPM_FIRST; scores && i < v->n_tokens; i++)
		scores[i] = (float)SPM_FIRST - (float)i;
	if (scores)
		oae_gguf_add_f32s(w, "tokenizer.ggml.scores", scores,
				  v->n_tokens);
	else
		oae_fail(v->err, OAE_ERR_NOMEM, 0, "no memory");
}

static void add_ids(struct oae_gguf_writer *w, const struct vocab *v)
{
	static const char *const names[][4] = {
		{ "tokenizer.ggml.bos_token_id", "<s>", "<|begin_of_text|>",
		  "<|endoftext|>" },
		{ "tokenizer.ggml.eos_token_id", "</s>", "<|end_of_text|>",
		  "<|endoftext|>" },
	};
	int32_t id;

	for (size_t i = 0; i < 2; i++) {
		id = -1;
		for (size_t k = 1; k < 4 && id < 0; k++)
			id = find(v, names[i][k]);
		if (id >= 0)
			oae_gguf_add_u32(w, names[i][0], (uint32_t)id);
	}
}

static enum oae_status write_all(struct vocab *v, const char *pre,
				 const char *to)
{
	struct oae_gguf_writer *w;

	if (oae_gguf_create(to, &w, v->err))
		return v->err->status;
	add_shape(w, v);
	oae_gguf_add_str(w, "tokenizer.ggml.model", v->spm ? "llama" : "gpt2");
	if (!v->spm && *pre)
		oae_gguf_add_str(w, "tokenizer.ggml.pre", pre);
	oae_gguf_add_strs(w, "tokenizer.ggml.tokens", v->tokens, v->n_tokens);
	oae_gguf_add_i32s(w, "tokenizer.ggml.token_type", v->types,
			  v->n_tokens);
	if (v->spm)
		add_scores(w, v);
	else
		oae_gguf_add_strs(w, "tokenizer.ggml.merges", v->merges,
				  v->n_merges);
	add_ids(w, v);
	if (v->err->status) {
		oae_gguf_abandon(w);
		return v->err->status;
	}
	return oae_gguf_finish(w, v->err);
}

enum oae_status vocab_file_write(const char *json, const char *pre,
				 const char *to, struct oae_error *err)
{
	struct vocab v = { .spm = !strcmp(pre, "spm"), .err = err };
	struct oae_buf text;
	cJSON *tree = NULL;

	oae_buf_init(&text, OAE_JSON_FILE_BYTES_MAX);
	oae_arena_init(&v.arena, MEMORY_MAX);
	v.tokens = oae_arena_array(&v.arena, TOKENS_MAX, sizeof(*v.tokens));
	v.merges = oae_arena_array(&v.arena, TOKENS_MAX, sizeof(*v.merges));
	v.types = oae_arena_array(&v.arena, TOKENS_MAX, sizeof(*v.types));
	if (!v.tokens || !v.merges || !v.types) {
		oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
		goto out;
	}
	if (oae_file_read(json, &text, err))
		goto out;
	tree = cJSON_ParseWithLength(oae_buf_str(&text), text.len);
	if (!tree)
		bad(&v, "not JSON");
	take_tokens(&v, tree);
	take_merges(&v, tree);
	if (!err->status)
		write_all(&v, pre, to);
out:
	cJSON_Delete(tree);
	oae_buf_release(&text);
	oae_arena_release(&v.arena);
	return err->status;
}
