/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning a BPE vocabulary (Sennrich et al. 2016): count the pieces of the
 * text, then join the most frequent pair of neighbours again and again. Pair
 * counts are kept up to date; only words that hold the pair change them.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/tokenizer/tokenizer.h"
#include "adapters/reference/tokenizer/tokenizer_split.h"
#include "base/arena.h"

#define PRE "qwen2"
#define END_TEXT "<|end|>"
#define VOCAB_MAX (1u << 16)
#define MEMORY_MAX ((size_t)4 << 30)
#define TYPE_NORMAL 1
#define TYPE_CONTROL 3

struct word {
	const uint8_t *bytes; /* in the caller's text */
	uint32_t n_bytes;
	uint32_t n; /* symbols now */
	uint64_t count;
	int32_t *symbols;
};

struct pair {
	int32_t left, right; /* left = -1: a free slot */
	uint64_t count;
};

struct token {
	uint8_t *bytes;
	size_t n;
};

struct trainer {
	struct oae_arena arena;
	struct word *words; /* open addressing while counting, then dense */
	size_t n_words, word_slots;
	struct pair *pairs; /* open addressing */
	size_t n_pairs, pair_slots;
	struct token *tokens;
	size_t n_tokens;
	const char **texts; /* n_tokens, in the GPT-2 alphabet */
	const char **merges;
	size_t n_merges;
};

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0,
			"tokenizer training: out of memory");
}

static size_t hash_bytes(const uint8_t *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return (size_t)(h ^ (h >> 32));
}

static struct word *word_slot(struct word *table, size_t slots,
			      const uint8_t *bytes, size_t n)
{
	size_t i = hash_bytes(bytes, n) & (slots - 1);

	while (table[i].count &&
	       (table[i].n_bytes != n || memcmp(table[i].bytes, bytes, n) != 0))
		i = (i + 1) & (slots - 1);
	return &table[i];
}

static bool words_grow(struct trainer *t)
{
	size_t slots = t->word_slots ? 2 * t->word_slots : 4096;
	struct word *table = calloc(slots, sizeof(*table));

	if (!table)
		return false;
	for (size_t i = 0; i < t->word_slots; i++) {
		struct word *w = &t->words[i];

		if (w->count)
			*word_slot(table, slots, w->bytes, w->n_bytes) = *w;
	}
	free(t->words);
	t->words = table;
	t->word_slots = slots;
	return true;
}

static enum oae_status count_document(struct trainer *t,
				      const struct oae_split *split,
				      const char *text, size_t len,
				      struct oae_error *err)
{
	struct oae_split_pass pass;
	size_t from, to;
	enum oae_status status = oae_split_begin(&pass, split, text, len, err);

	while (!status) {
		const uint8_t *bytes = (const uint8_t *)text;
		struct word *w;

		status = oae_split_next(&pass, &from, &to, err);
		if (status || from == to)
			break;
		if (2 * t->n_words >= t->word_slots && !words_grow(t)) {
			status = no_memory(err);
			break;
		}
		w = word_slot(t->words, t->word_slots, bytes + from, to - from);
		if (!w->count) {
			w->bytes = bytes + from;
			w->n_bytes = (uint32_t)(to - from);
			t->n_words++;
		}
		w->count++;
	}
	oae_split_end(&pass);
	return status;
}

static enum oae_status count_words(struct trainer *t, const char *text,
				   size_t len, struct oae_error *err)
{
	struct oae_split split;
	enum oae_status status = oae_split_init(&split, PRE, err);

	for (size_t at = 0; at < len && !status;) {
		const char *end = memchr(text + at, '\0', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;

		status = count_document(t, &split, text + at, n, err);
		at += n + 1;
	}
	oae_split_release(&split);
	return status;
}

/* Moves the words together and spells each in byte tokens. */
static enum oae_status spell_words(struct trainer *t, struct oae_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < t->word_slots; i++) {
		if (t->words[i].count)
			t->words[n++] = t->words[i];
	}
	for (size_t i = 0; i < n; i++) {
		struct word *w = &t->words[i];

		w->n = w->n_bytes;
		w->symbols =
			oae_arena_array(&t->arena, w->n, sizeof(*w->symbols));
		if (!w->symbols)
			return no_memory(err);
		for (size_t k = 0; k < w->n; k++)
			w->symbols[k] = w->bytes[k];
	}
	return OAE_OK;
}

static struct pair *pair_slot(struct pair *table, size_t slots, int32_t left,
			      int32_t right)
{
	uint64_t h = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
	size_t i;

	h *= 0x9e3779b97f4a7c15u;
	i = (size_t)(h ^ (h >> 29)) & (slots - 1);
	while (table[i].left >= 0 &&
	       (table[i].left != left || table[i].right != right))
		i = (i + 1) & (slots - 1);
	return &table[i];
}

static bool pairs_grow(struct trainer *t)
{
	size_t slots = t->pair_slots ? 2 * t->pair_slots : 4096;
	struct pair *table = malloc(slots * sizeof(*table));

	if (!table)
		return false;
	memset(table, 0xff, slots * sizeof(*table));
	for (size_t i = 0; i < t->pair_slots; i++) {
		struct pair *p = &t->pairs[i];

		if (p->left >= 0)
			*pair_slot(table, slots, p->left, p->right) = *p;
	}
	free(t->pairs);
	t->pairs = table;
	t->pair_slots = slots;
	return true;
}

/* Adds (or takes away) a word's pairs. */
static enum oae_status count_pairs(struct trainer *t, const struct word *w,
				   bool add, struct oae_error *err)
{
	for (size_t i = 0; i + 1 < w->n; i++) {
		struct pair *p;

		if (2 * t->n_pairs >= t->pair_slots && !pairs_grow(t))
			return no_memory(err);
		p = pair_slot(t->pairs, t->pair_slots, w->symbols[i],
			      w->symbols[i + 1]);
		if (p->left < 0) {
			*p = (struct pair){ w->symbols[i], w->symbols[i + 1],
					    0 };
			t->n_pairs++;
		}
		if (add)
			p->count += w->count;
		else
			p->count -= w->count;
	}
	return OAE_OK;
}

static int compare_tokens(const struct token *a, const struct token *b)
{
	size_t n = a->n < b->n ? a->n : b->n;
	int order = memcmp(a->bytes, b->bytes, n);

	if (order)
		return order;
	return a->n < b->n ? -1 : a->n > b->n;
}

/* The most frequent pair; among equals the first in byte order; or NULL. */
static const struct pair *best_pair(const struct trainer *t)
{
	const struct pair *best = NULL;

	for (size_t i = 0; i < t->pair_slots; i++) {
		const struct pair *p = &t->pairs[i];
		int order;

		if (p->left < 0 || !p->count)
			continue;
		if (best && p->count < best->count)
			continue;
		if (best && p->count == best->count) {
			order = compare_tokens(&t->tokens[p->left],
					       &t->tokens[best->left]);
			if (!order)
				order = compare_tokens(&t->tokens[p->right],
						       &t->tokens[best->right]);
			if (order > 0)
				continue;
		}
		best = p;
	}
	return best;
}

static enum oae_status add_token(struct trainer *t, const uint8_t *left,
				 size_t n_left, const uint8_t *right,
				 size_t n_right, struct oae_error *err)
{
	struct token *token = &t->tokens[t->n_tokens];
	char *text;
	size_t at = 0;

	token->n = n_left + n_right;
	token->bytes = oae_arena_alloc(&t->arena, token->n);
	text = oae_arena_alloc(&t->arena, 2 * token->n + 1);
	if (!token->bytes || !text)
		return no_memory(err);
	memcpy(token->bytes, left, n_left);
	memcpy(token->bytes + n_left, right, n_right);
	for (size_t i = 0; i < token->n; i++) {
		char c[3];
		size_t n = oae_alphabet_write(token->bytes[i], c);

		memcpy(text + at, c, n);
		at += n;
	}
	t->texts[t->n_tokens++] = text;
	return OAE_OK;
}

/* Whether a word has the pair somewhere. */
static bool holds(const struct word *w, int32_t left, int32_t right)
{
	for (size_t i = 0; i + 1 < w->n; i++) {
		if (w->symbols[i] == left && w->symbols[i + 1] == right)
			return true;
	}
	return false;
}

/* Joins every occurrence, from the left. */
static void join(struct word *w, int32_t left, int32_t right, int32_t id)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		bool both = i + 1 < w->n && w->symbols[i] == left &&
			    w->symbols[i + 1] == right;

		w->symbols[n++] = both ? id : w->symbols[i];
		i += both;
	}
	w->n = n;
}

static enum oae_status merge_best(struct trainer *t, struct oae_error *err)
{
	const struct pair *best = best_pair(t);
	const struct token *a, *b;
	int32_t left, right, id = (int32_t)t->n_tokens;
	enum oae_status status;

	if (!best)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"tokenizer training: the text is used up "
				"after %zu entries; give more text or a "
				"smaller vocabulary",
				t->n_tokens);
	left = best->left;
	right = best->right;
	a = &t->tokens[left];
	b = &t->tokens[right];
	t->merges[t->n_merges] = oae_arena_printf(
		&t->arena, "%s %s", t->texts[left], t->texts[right]);
	if (!t->merges[t->n_merges++])
		return no_memory(err);
	status = add_token(t, a->bytes, a->n, b->bytes, b->n, err);
	for (size_t i = 0; i < t->n_words && !status; i++) {
		struct word *w = &t->words[i];

		if (!holds(w, left, right))
			continue;
		status = count_pairs(t, w, false, err);
		join(w, left, right, id);
		if (!status)
			status = count_pairs(t, w, true, err);
	}
	return status;
}

static enum oae_status learn(struct trainer *t, size_t vocab_size,
			     struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	t->tokens = oae_arena_array(&t->arena, vocab_size, sizeof(*t->tokens));
	t->texts = oae_arena_array(&t->arena, vocab_size, sizeof(*t->texts));
	t->merges = oae_arena_array(&t->arena, vocab_size, sizeof(*t->merges));
	if (!t->tokens || !t->texts || !t->merges)
		return no_memory(err);
	for (unsigned b = 0; b < 256 && !status; b++) {
		uint8_t byte = (uint8_t)b;

		status = add_token(t, &byte, 1, &byte, 0, err);
	}
	for (size_t i = 0; i < t->n_words && !status; i++)
		status = count_pairs(t, &t->words[i], true, err);
	while (t->n_tokens + 1 < vocab_size && !status)
		status = merge_best(t, err);
	return status;
}

static enum oae_status build(struct trainer *t, struct oae_tokenizer **out,
			     struct oae_error *err)
{
	struct oae_tokenizer_parts parts = { 0 };
	int32_t *types;

	t->texts[t->n_tokens++] = END_TEXT;
	types = oae_arena_array(&t->arena, t->n_tokens, sizeof(*types));
	if (!types)
		return no_memory(err);
	for (size_t i = 0; i < t->n_tokens; i++)
		types[i] = TYPE_NORMAL;
	types[t->n_tokens - 1] = TYPE_CONTROL;
	parts.tokens = t->texts;
	parts.types = types;
	parts.n_tokens = t->n_tokens;
	parts.merges = t->merges;
	parts.n_merges = t->n_merges;
	parts.pre = PRE;
	parts.bos = -1;
	parts.eos = (int32_t)t->n_tokens - 1;
	return oae_tokenizer_new(&parts, out, err);
}

enum oae_status oae_tokenizer_train(const char *text, size_t len,
				    size_t vocab_size,
				    struct oae_tokenizer **out,
				    struct oae_error *err)
{
	struct trainer t = { 0 };
	enum oae_status status;

	*out = NULL;
	if (vocab_size < 257 || vocab_size > VOCAB_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"tokenizer training: a vocabulary of %zu; 257 "
				"to %u are possible",
				vocab_size, VOCAB_MAX);
	oae_arena_init(&t.arena, MEMORY_MAX);
	status = count_words(&t, text, len, err);
	if (!status)
		status = spell_words(&t, err);
	if (!status)
		status = learn(&t, vocab_size, err);
	if (!status)
		status = build(&t, out, err);
	free(t.words);
	free(t.pairs);
	oae_arena_release(&t.arena);
	return status;
}
