/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our tokenizers against libllama's in one process: the same vocabulary, the
 * same texts, every id; the bytes and the ends of every token. Prints TAP.
 */
#define _GNU_SOURCE
#define PCRE2_CODE_UNIT_WIDTH 8
#include <dlfcn.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/reference/gguf/gguf.h"
#include "adapters/reference/tokenizer/tokenizer.h"
#include "base/utf8.h"
#include "tests/peer/llama_lib.h"
#include "tests/peer/texts.h"
#include "tests/peer/vocab_file.h"

#define TEXTS 1500 /* in each of three ways */
#define CODES_MAX 0x32000u
#define CODES_AT_ONCE 64
#define IDS_MAX 8192
#define PIECE_MAX 8192
#define VOCAB_FOLDER "tests/peer/vocab/node_modules/@lenml/"

static const struct vocabulary {
	const char *name, *pre, *package;
} vocabularies[] = {
	{ "SPM (Mistral)", "spm", "tokenizer-llama2" },
	{ "GPT-2", "gpt-2", "tokenizer-gpt2" },
	{ "llama-3", "llama-bpe", "tokenizer-llama3" },
	{ "qwen2", "qwen2", "tokenizer-qwen2_5" },
	{ "smollm's pre-split", "smollm", "tokenizer-gpt2" },
	{ "no pre-split named", "", "tokenizer-gpt2" },
};

struct pair {
	struct llama_lib *lib;
	void *model;
	const void *vocab;
	struct oae_gguf *file;
	struct oae_tokenizer *ours;
	int32_t (*piece)(const void *vocab, int32_t id, char *out, int32_t len,
			 int32_t strip, bool special);
	bool (*ends)(const void *vocab, int32_t id);
};

static int n_checks, n_failed;

static void report(bool good, const char *vocabulary, const char *what)
{
	n_failed += !good;
	printf("%sok %d - %s: %s\n", good ? "" : "not ", ++n_checks, vocabulary,
	       what);
}

static void show(const char *title, const char *text, size_t len)
{
	printf("# %s: ", title);
	for (size_t i = 0; i < len; i++)
		if (text[i] >= ' ' && text[i] < 0x7f && text[i] != '\\')
			putchar(text[i]);
		else
			printf("\\x%02x", (unsigned char)text[i]);
	putchar('\n');
}

static void show_ids(const char *title, const int32_t *ids, size_t n,
		     size_t from)
{
	printf("# %s, from token %zu:", title, from);
	for (size_t i = from; i < n && i < from + 12; i++)
		printf(" %d", ids[i]);
	putchar('\n');
}

/* Whether both give the same ids for a text. */
static bool same_ids(struct pair *p, const struct oae_buf *text, unsigned how)
{
	static int32_t ours[IDS_MAX], theirs[IDS_MAX];
	struct oae_error err = { 0 };
	size_t n = 0, differ = 0;
	int32_t m;

	m = p->lib->tokenize(p->vocab, oae_buf_str(text), (int32_t)text->len,
			     theirs, IDS_MAX, how & OAE_TOKENIZE_BOS,
			     how & OAE_TOKENIZE_CONTROL);
	oae_tokenizer_encode_as(p->ours, how, oae_buf_str(text), text->len,
				ours, IDS_MAX, &n, &err);
	while (differ < n && (int32_t)differ < m &&
	       ours[differ] == theirs[differ])
		differ++;
	if (!err.status && m == (int32_t)n && differ == n)
		return true;
	show("text", oae_buf_str(text), text->len);
	if (err.status)
		printf("# ours failed: %s\n", err.text);
	show_ids("ours", ours, n, differ);
	show_ids("theirs", theirs, m < 0 ? 0 : (size_t)m, differ);
	return false;
}

static void check_texts(struct pair *p, const char *name, bool broken,
			unsigned how, const char *what)
{
	struct oae_rng rng;
	struct oae_buf text;
	char line[120];
	int bad = 0;

	oae_buf_init(&text, 1u << 20);
	oae_rng_derive(&rng, 1, what);
	for (int i = 0; i < TEXTS && bad < 3; i++) {
		oae_buf_clear(&text);
		texts_make(&rng, 1 + (size_t)oae_rng_below(&rng, 40), broken,
			   &text);
		bad += !same_ids(p, &text, how);
	}
	(void)snprintf(line, sizeof(line), "%d texts, %s, the same ids", TEXTS,
		       what);
	report(!bad, name, line);
	oae_buf_release(&text);
}

/* Whether our Unicode tables, which are PCRE2's, know the code point. */
static bool assigned(pcre2_code *unassigned, pcre2_match_data *match,
		     const char *utf8, size_t len)
{
	return pcre2_match(unassigned, (PCRE2_SPTR)utf8, len, 0, 0, match,
			   NULL) < 0;
}

/* Appends "a Xb!" for the next code points X; returns the one after them. */
static uint32_t add_codes(uint32_t code, pcre2_code *unassigned,
			  pcre2_match_data *match, int *newer,
			  struct oae_buf *text)
{
	char utf8[4];
	size_t len;

	for (int n = 0; n < CODES_AT_ONCE && code < CODES_MAX; code++) {
		if (code == 0xd800)
			code = 0xe000;
		len = oae_utf8_encode(utf8, code);
		if (!assigned(unassigned, match, utf8, len)) {
			++*newer;
			continue;
		}
		oae_buf_puts(text, "a ");
		oae_buf_add(text, utf8, len);
		oae_buf_puts(text, "b!\n");
		n++;
	}
	return code;
}

/*
 * Each code point between letters: is it a letter, a number, white space?
 * Those that are newer than our Unicode tables are left out, and counted.
 */
static void check_codes(struct pair *p, const char *name)
{
	struct oae_buf text;
	int bad = 0, newer = 0, error;
	PCRE2_SIZE where;
	pcre2_code *none = pcre2_compile((PCRE2_SPTR) "\\p{Cn}", 6, PCRE2_UTF,
					 &error, &where, NULL);
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);

	oae_buf_init(&text, 4096);
	for (uint32_t code = 1; none && match && code < CODES_MAX && bad < 3;) {
		oae_buf_clear(&text);
		code = add_codes(code, none, match, &newer, &text);
		bad += !same_ids(p, &text, 0);
	}
	printf("# %d code points have no class here\n", newer);
	report(none && match && !bad, name,
	       "every assigned code point is in the same class");
	pcre2_code_free(none);
	pcre2_match_data_free(match);
	oae_buf_release(&text);
}

static void check_vocabulary(struct pair *p, const char *name)
{
	static char theirs[PIECE_MAX];
	int32_t n = p->lib->vocab_n_tokens(p->vocab);
	struct oae_buf ours;
	int bad_bytes = 0, bad_ends = 0;

	oae_buf_init(&ours, PIECE_MAX);
	for (int32_t id = 0; id < n; id++) {
		int32_t len =
			p->piece(p->vocab, id, theirs, PIECE_MAX, 0, false);

		oae_buf_clear(&ours);
		oae_tokenizer_decode(p->ours, id, &ours);
		if ((len != (int32_t)ours.len ||
		     memcmp(oae_buf_str(&ours), theirs, ours.len)) &&
		    bad_bytes++ < 3) {
			printf("# token %d\n", id);
			show("ours", oae_buf_str(&ours), ours.len);
			show("theirs", theirs, len < 0 ? 0 : (size_t)len);
		}
		if (p->ends(p->vocab, id) != oae_tokenizer_ends(p->ours, id) &&
		    bad_ends++ < 3)
			printf("# token %d \"%s\"\n", id,
			       oae_tokenizer_parts(p->ours)->tokens[id]);
	}
	report(!bad_bytes, name, "every token is the same bytes");
	report(!bad_ends, name, "the same tokens end an answer");
	report(p->lib->vocab_get_add_bos(p->vocab) ==
		       oae_tokenizer_parts(p->ours)->add_bos,
	       name, "the same about BOS");
	oae_buf_release(&ours);
}

static enum oae_status open_pair(struct pair *p, const char *path,
				 struct oae_error *err)
{
	struct llama_model_params m = p->lib->model_default_params();

	m.vocab_only = true;
	p->model = p->lib->model_load_from_file(path, m);
	if (!p->model)
		return oae_fail(err, OAE_ERR_TARGET, 0, "libllama: %s",
				p->lib->last);
	p->vocab = p->lib->model_get_vocab(p->model);
	if (oae_gguf_open(path, &p->file, err))
		return err->status;
	return oae_tokenizer_read(p->file, 0, &p->ours, err);
}

static void close_pair(struct pair *p)
{
	if (p->model)
		p->lib->model_free(p->model);
	oae_tokenizer_free(p->ours);
	oae_gguf_close(p->file);
}

static void compare(struct llama_lib *lib, const struct vocabulary *v,
		    const char *folder, const char *temporary)
{
	struct oae_error err = { 0 };
	struct pair p = { .lib = lib };
	char json[OAE_PATH_BYTES_MAX], path[OAE_PATH_BYTES_MAX];

	(void)snprintf(json, sizeof(json), "%s/%s/models/tokenizer.json",
		       folder, v->package);
	(void)snprintf(path, sizeof(path), "%s/vocab.gguf", temporary);
	if (access(json, R_OK)) {
		printf("ok %d - %s # SKIP no %s; `make test-peer` installs "
		       "it\n",
		       ++n_checks, v->name, json);
		return;
	}
	*(void **)&p.piece = dlsym(lib->handle, "llama_token_to_piece");
	*(void **)&p.ends = dlsym(lib->handle, "llama_vocab_is_eog");
	if (!p.piece || !p.ends)
		oae_fail(&err, OAE_ERR_UNSUPPORTED, 0,
			 "libllama lacks llama_token_to_piece");
	else if (!vocab_file_write(json, v->pre, path, &err))
		open_pair(&p, path, &err);
	if (err.status)
		printf("# %s\n", err.text);
	report(!err.status, v->name, "both read the vocabulary");
	if (!err.status && p.piece && p.ends) {
		check_vocabulary(&p, v->name);
		check_codes(&p, v->name);
		check_texts(&p, v->name, false, 0, "as plain text");
		check_texts(&p, v->name, false, OAE_TOKENIZE_PROMPT,
			    "as prompts with control tokens");
		check_texts(&p, v->name, true, 0,
			    "with bytes that are no UTF-8");
	}
	close_pair(&p);
	(void)unlink(path);
}

/* tokenizers [FOLDER [NAME]]: the packages' folder; one vocabulary alone. */
int main(int argc, char **argv)
{
	static struct llama_lib lib;
	struct oae_error err = { 0 };
	const char *folder = argc > 1 ? argv[1] : VOCAB_FOLDER;
	char temporary[] = "/tmp/oae-vocab-XXXXXX";

	if (llama_lib_open(&lib, NULL, &err)) {
		printf("1..0 # SKIP %s\n", err.text);
		return 0;
	}
	if (!mkdtemp(temporary)) {
		perror("mkdtemp");
		return 1;
	}
	for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]);
	     i++)
		if (argc < 3 || !strcmp(argv[2], vocabularies[i].name))
			compare(&lib, &vocabularies[i], folder, temporary);
	(void)rmdir(temporary);
	printf("1..%d\n", n_checks);
	return n_failed > 0;
}
