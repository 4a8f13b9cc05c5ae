/* SPDX-License-Identifier: Apache-2.0 */
/* Tokenizers out of the metadata of GGUF files, sound and unsound ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/tokenizer/tokenizer.h"

#define KEY(name) "tokenizer.ggml." name

/* What a file says; 0 or NULL leaves the key out. */
struct file {
	const char *model, *pre;
	const char *const *tokens;
	const int32_t *types;
	const float *scores;
	size_t n_tokens, n_types, n_scores;
	const char *const *merges;
	size_t n_merges;
	bool no_merges;
	uint32_t bos, eos, eot, unk; /* plus 1 */
	int add_bos, prefix;	     /* 1: false, 2: true */
	bool none;		     /* the BOS number that means none */
};

static const char *const spm_tokens[] = { "<unk>",	  "<s>", "</s>",
					  "\xe2\x96\x81", "a",	 "<stop>" };
static const int32_t spm_types[] = { 2, 3, 3, 1, 1, 3 };
static const float spm_scores[] = { 0, 0, 0, -1, -2, 0 };
static const char *const bpe_tokens[] = { "a", "b", "ab", "<|x|>",
					  "<|eot_id|>" };
static const int32_t bpe_types[] = { 1, 1, 1, 3, 3 };
static const char *const bpe_merges[] = { "a b" };

static const struct file spm = {
	.model = "llama",
	.tokens = spm_tokens,
	.types = spm_types,
	.scores = spm_scores,
	.n_tokens = 6,
	.n_types = 6,
	.n_scores = 6,
};
static const struct file bpe = {
	.model = "gpt2",
	.pre = "qwen2",
	.tokens = bpe_tokens,
	.types = bpe_types,
	.n_tokens = 5,
	.n_types = 5,
	.merges = bpe_merges,
	.n_merges = 1,
};

static char path[] = "/tmp/oae-test-tokenizer-XXXXXX";

static void add_id(struct oae_gguf_writer *w, const char *key, uint32_t id)
{
	if (id)
		oae_gguf_add_u32(w, key, id - 1);
}

static void write_file(const struct file *f)
{
	struct oae_gguf_writer *w;
	struct oae_error err = { 0 };

	if (oae_gguf_create(path, &w, &err))
		fail_msg("%s", err.text);
	if (f->model)
		oae_gguf_add_str(w, KEY("model"), f->model);
	if (f->pre)
		oae_gguf_add_str(w, KEY("pre"), f->pre);
	if (f->tokens)
		oae_gguf_add_strs(w, KEY("tokens"), f->tokens, f->n_tokens);
	if (f->types)
		oae_gguf_add_i32s(w, KEY("token_type"), f->types, f->n_types);
	if (f->scores)
		oae_gguf_add_f32s(w, KEY("scores"), f->scores, f->n_scores);
	if (f->merges && !f->no_merges)
		oae_gguf_add_strs(w, KEY("merges"), f->merges, f->n_merges);
	add_id(w, KEY("bos_token_id"), f->bos);
	if (f->none)
		oae_gguf_add_u32(w, KEY("bos_token_id"), UINT32_MAX);
	add_id(w, KEY("eos_token_id"), f->eos);
	add_id(w, KEY("eot_token_id"), f->eot);
	add_id(w, KEY("unknown_token_id"), f->unk);
	if (f->add_bos)
		oae_gguf_add_bool(w, KEY("add_bos_token"), f->add_bos == 2);
	if (f->prefix)
		oae_gguf_add_bool(w, KEY("add_space_prefix"), f->prefix == 2);
	if (oae_gguf_finish(w, &err))
		fail_msg("%s", err.text);
}

static enum oae_status read_file(const struct file *f, size_t n_vocab,
				 struct oae_gguf **g, struct oae_tokenizer **t,
				 struct oae_error *err)
{
	write_file(f);
	if (oae_gguf_open(path, g, err))
		fail_msg("%s", err->text);
	return oae_tokenizer_read(*g, n_vocab, t, err);
}

/* Reads a sound file and hands over its tokenizer's parts. */
static struct oae_tokenizer_parts
sound(const struct file *f, struct oae_gguf **g, struct oae_tokenizer **t)
{
	struct oae_error err = { 0 };

	if (read_file(f, f->n_tokens, g, t, &err))
		fail_msg("%s", err.text);
	assert_non_null(*t);
	return *oae_tokenizer_parts(*t);
}

static void test_spm_defaults(void **state)
{
	struct file f = spm;
	struct oae_tokenizer_parts p;
	struct oae_tokenizer *t;
	struct oae_gguf *g;

	(void)state;
	p = sound(&f, &g, &t);
	assert_int_equal(p.kind, OAE_TOKENIZER_SPM);
	assert_int_equal(p.bos, 1);
	assert_int_equal(p.eos, 2);
	assert_int_equal(p.unk, 0);
	assert_true(p.add_bos && p.space_prefix);
	assert_true(oae_tokenizer_ends(t, 2));
	assert_false(oae_tokenizer_ends(t, 5));
	oae_tokenizer_free(t);
	oae_gguf_close(g);
	f.add_bos = f.prefix = 1;
	f.eot = 5 + 1;
	f.none = true;
	p = sound(&f, &g, &t);
	assert_false(p.add_bos || p.space_prefix);
	assert_int_equal(p.bos, -1);
	assert_true(oae_tokenizer_ends(t, 5));
	oae_tokenizer_free(t);
	oae_gguf_close(g);
}

static void test_bpe_defaults(void **state)
{
	struct file f = bpe;
	struct oae_tokenizer_parts p;
	struct oae_tokenizer *t;
	struct oae_gguf *g;

	(void)state;
	p = sound(&f, &g, &t);
	assert_int_equal(p.bos, -1);
	assert_int_equal(p.eos, -1);
	assert_false(p.add_bos);
	assert_true(oae_tokenizer_ends(t, 4)); /* by its name */
	oae_tokenizer_free(t);
	oae_gguf_close(g);
	f.pre = "llama3"; /* wants BOS, when the file does not say */
	f.bos = 3 + 1;
	p = sound(&f, &g, &t);
	assert_true(p.add_bos);
	oae_tokenizer_free(t);
	oae_gguf_close(g);
	f.pre = NULL;
	p = sound(&f, &g, &t);
	assert_string_equal(p.pre, "default");
	oae_tokenizer_free(t);
	oae_gguf_close(g);
}

static void test_none(void **state)
{
	struct file f = { .model = "none" };
	struct oae_error err = { 0 };
	struct oae_tokenizer *t;
	struct oae_gguf *g;

	(void)state;
	assert_int_equal(read_file(&f, 9, &g, &t, &err), OAE_OK);
	assert_null(t);
	oae_gguf_close(g);
	f.model = NULL;
	assert_int_equal(read_file(&f, 9, &g, &t, &err), OAE_OK);
	assert_null(t);
	oae_gguf_close(g);
}

static void refused(const struct file *f, enum oae_status status,
		    const char *word)
{
	struct oae_error err = { 0 };
	struct oae_tokenizer *t;
	struct oae_gguf *g;

	assert_int_equal(read_file(f, 6, &g, &t, &err), status);
	assert_null(t);
	if (!strstr(err.text, word))
		fail_msg("\"%s\" does not say %s", err.text, word);
	oae_gguf_close(g);
}

static void test_unsound(void **state)
{
	static const char *const many[] = { "a", "b", "c", "d", "e", "f", "g" };
	static const char *const no_gap[] = { "ab" };
	struct file f;

	(void)state;
	f = (struct file){ .model = "bert" };
	refused(&f, OAE_ERR_UNSUPPORTED, "bert");
	f = (struct file){ .model = "llama" };
	refused(&f, OAE_ERR_UNSUPPORTED, "tokenizer.ggml.tokens");
	f = spm;
	f.scores = NULL;
	refused(&f, OAE_ERR_UNSUPPORTED, "tokenizer.ggml.scores");
	f = spm;
	f.n_scores = 5;
	refused(&f, OAE_ERR_FORMAT, "5 scores");
	f = spm;
	f.n_types = 4;
	refused(&f, OAE_ERR_FORMAT, "4 types");
	f = spm;
	f.eos = 6 + 1;
	refused(&f, OAE_ERR_FORMAT, "eos_token_id");
	f = spm;
	f.eot = 1000 + 1;
	refused(&f, OAE_ERR_FORMAT, "eot_token_id");
	f = spm;
	f.n_tokens = 0;
	f.n_types = f.n_scores = 0;
	refused(&f, OAE_ERR_LIMIT, "0 tokens");
	f = bpe;
	f.pre = "wordpiece-9";
	refused(&f, OAE_ERR_UNSUPPORTED, "wordpiece-9");
	f = bpe;
	f.no_merges = true;
	refused(&f, OAE_ERR_UNSUPPORTED, "tokenizer.ggml.merges");
	f = bpe;
	f.merges = no_gap;
	refused(&f, OAE_ERR_FORMAT, "\"ab\"");
	f = bpe;
	f.types = NULL;
	f.tokens = many;
	f.n_tokens = 7;
	f.n_merges = 0;
	refused(&f, OAE_ERR_FORMAT, "7 tokens but 6 embeddings");
}

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd);
}

static int drop_path(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spm_defaults),
		cmocka_unit_test(test_bpe_defaults),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_unsound),
	};

	return cmocka_run_group_tests(tests, make_path, drop_path);
}
