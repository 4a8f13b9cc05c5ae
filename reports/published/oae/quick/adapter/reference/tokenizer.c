/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/tokenizer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/tokenizer_split.h"
#include "base/arena.h"

#define TOKENS_MAX (1u << 20)
#define TOKEN_BYTES_MAX 4096u
#define MEMORY_MAX ((size_t)1 << 30)
#define TYPE_NORMAL 1
#define TYPE_CONTROL 3

/* left = -1 marks a free slot. */
struct merge {
	int32_t left, right, id;
	uint32_t rank;
};

struct oae_tokenizer {
	struct oae_arena arena;
	struct oae_tokenizer_parts parts;
	struct oae_split split;
	bool whole_first; /* a piece that is a token needs no merges */
	uint8_t *bytes;	  /* all tokens decoded, one after another */
	uint32_t *at;	  /* (n_tokens + 1) where each begins */
	int32_t byte_id[256];
	int32_t *vocab; /* bytes -> id, open addressing; -1 is free */
	size_t vocab_mask;
	struct merge *merges; /* (left, right) -> id, the same way */
	size_t merge_mask;
};

static size_t hash_bytes(const uint8_t *s, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return (size_t)(h ^ (h >> 32));
}

static size_t hash_pair(int32_t left, int32_t right)
{
	uint64_t h = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;

	h *= 0x9e3779b97f4a7c15u;
	return (size_t)(h ^ (h >> 29));
}

/* A power of two at least twice n. */
static size_t table_size(size_t n)
{
	size_t size = 16;

	while (size < 2 * n)
		size *= 2;
	return size;
}

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "tokenizer: out of memory");
}

/* The slot that holds these bytes, or the free one where they belong. */
static size_t vocab_slot(const struct oae_tokenizer *t, const uint8_t *s,
			 size_t n)
{
	size_t i = hash_bytes(s, n) & t->vocab_mask;

	for (; t->vocab[i] >= 0; i = (i + 1) & t->vocab_mask) {
		size_t id = (size_t)t->vocab[i];

		if (t->at[id + 1] - t->at[id] == n &&
		    !memcmp(t->bytes + t->at[id], s, n))
			break;
	}
	return i;
}

static const struct merge *merge_find(const struct oae_tokenizer *t,
				      int32_t left, int32_t right)
{
	size_t i = hash_pair(left, right) & t->merge_mask;

	for (; t->merges[i].left >= 0; i = (i + 1) & t->merge_mask) {
		if (t->merges[i].left == left && t->merges[i].right == right)
			return &t->merges[i];
	}
	return NULL;
}

/* Copies the caller's parts into the arena. */
static enum oae_status copy_parts(struct oae_tokenizer *t,
				  const struct oae_tokenizer_parts *from,
				  struct oae_error *err)
{
	const char **tokens, **merges;
	int32_t *types = NULL;

	tokens = oae_arena_array(&t->arena, from->n_tokens, sizeof(*tokens));
	merges =
		oae_arena_array(&t->arena, from->n_merges + 1, sizeof(*merges));
	if (!tokens || !merges)
		return no_memory(err);
	for (size_t i = 0; i < from->n_tokens; i++) {
		tokens[i] = oae_arena_strdup(&t->arena, from->tokens[i]);
		if (!tokens[i])
			return no_memory(err);
	}
	for (size_t i = 0; i < from->n_merges; i++) {
		merges[i] = oae_arena_strdup(&t->arena, from->merges[i]);
		if (!merges[i])
			return no_memory(err);
	}
	if (from->types) {
		types = oae_arena_array(&t->arena, from->n_tokens,
					sizeof(*types));
		if (!types)
			return no_memory(err);
		memcpy(types, from->types, from->n_tokens * sizeof(*types));
	}
	t->parts = *from;
	t->parts.tokens = tokens;
	t->parts.merges = merges;
	t->parts.types = types;
	t->parts.pre = oae_arena_strdup(&t->arena, from->pre);
	return t->parts.pre ? OAE_OK : no_memory(err);
}

static int32_t token_type(const struct oae_tokenizer *t, size_t id)
{
	return t->parts.types ? t->parts.types[id] : TYPE_NORMAL;
}

/* Decodes every token and enters the normal ones in the table by bytes. */
static enum oae_status build_vocab(struct oae_tokenizer *t,
				   struct oae_error *err)
{
	size_t n = t->parts.n_tokens, total = 0, slots = table_size(n);

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(t->parts.tokens[i]);

		if (len > TOKEN_BYTES_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"tokenizer: token %zu has %zu bytes; "
					"at most %u are read",
					i, len, TOKEN_BYTES_MAX);
		total += len;
	}
	if (total > UINT32_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tokenizer: the vocabulary is over 4 GiB");
	t->bytes = oae_arena_alloc(&t->arena, total + 1);
	t->at = oae_arena_array(&t->arena, n + 1, sizeof(*t->at));
	t->vocab = oae_arena_array(&t->arena, slots, sizeof(*t->vocab));
	if (!t->bytes || !t->at || !t->vocab)
		return no_memory(err);
	t->vocab_mask = slots - 1;
	memset(t->vocab, 0xff, slots * sizeof(*t->vocab));
	for (size_t i = 0; i < n; i++) {
		const char *text = t->parts.tokens[i];
		uint8_t *to = t->bytes + t->at[i];
		size_t len = 0, slot;
		bool plain = oae_alphabet_read(text, to, &len);

		if (!plain) {
			len = strlen(text);
			memcpy(to, text, len);
		}
		t->at[i + 1] = t->at[i] + (uint32_t)len;
		if (!plain || !len || token_type(t, i) != TYPE_NORMAL)
			continue;
		slot = vocab_slot(t, to, len);
		if (t->vocab[slot] < 0)
			t->vocab[slot] = (int32_t)i;
	}
	for (unsigned b = 0; b < 256; b++) {
		uint8_t byte = (uint8_t)b;

		t->byte_id[b] = t->vocab[vocab_slot(t, &byte, 1)];
		if (t->byte_id[b] < 0)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"tokenizer: no token for byte 0x%02x",
					b);
	}
	return OAE_OK;
}

static enum oae_status build_merge(struct oae_tokenizer *t, size_t rank,
				   struct oae_error *err)
{
	const char *text = t->parts.merges[rank], *gap = strchr(text, ' ');
	char half[TOKEN_BYTES_MAX + 1];
	uint8_t both[2 * TOKEN_BYTES_MAX];
	size_t left_len, right_len, slot;
	int32_t left, right, id;

	if (!gap || (size_t)(gap - text) > TOKEN_BYTES_MAX ||
	    strlen(gap + 1) > TOKEN_BYTES_MAX)
		goto bad;
	memcpy(half, text, (size_t)(gap - text));
	half[gap - text] = '\0';
	if (!oae_alphabet_read(half, both, &left_len) ||
	    !oae_alphabet_read(gap + 1, both + left_len, &right_len))
		goto bad;
	left = t->vocab[vocab_slot(t, both, left_len)];
	right = t->vocab[vocab_slot(t, both + left_len, right_len)];
	id = t->vocab[vocab_slot(t, both, left_len + right_len)];
	if (left < 0 || right < 0 || id < 0)
		goto bad;
	if (merge_find(t, left, right))
		return OAE_OK; /* the better rank came first */
	slot = hash_pair(left, right) & t->merge_mask;
	while (t->merges[slot].left >= 0)
		slot = (slot + 1) & t->merge_mask;
	t->merges[slot] = (struct merge){ left, right, id, (uint32_t)rank };
	return OAE_OK;
bad:
	return oae_fail(err, OAE_ERR_FORMAT, 0,
			"tokenizer: merge %zu \"%.40s\" does not join two "
			"tokens of the vocabulary into a third",
			rank, text);
}

static enum oae_status build_merges(struct oae_tokenizer *t,
				    struct oae_error *err)
{
	size_t slots = table_size(t->parts.n_merges);

	t->merges = oae_arena_array(&t->arena, slots, sizeof(*t->merges));
	if (!t->merges)
		return no_memory(err);
	t->merge_mask = slots - 1;
	memset(t->merges, 0xff, slots * sizeof(*t->merges));
	for (size_t i = 0; i < t->parts.n_merges; i++) {
		enum oae_status status = build_merge(t, i, err);

		if (status)
			return status;
	}
	return OAE_OK;
}

enum oae_status oae_tokenizer_new(const struct oae_tokenizer_parts *parts,
				  struct oae_tokenizer **out,
				  struct oae_error *err)
{
	struct oae_tokenizer *t;
	enum oae_status status;

	*out = NULL;
	if (parts->n_tokens < 256 || parts->n_tokens > TOKENS_MAX ||
	    parts->n_merges > TOKENS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tokenizer: %zu tokens and %zu merges; 256 to "
				"%u tokens and as many merges can be read",
				parts->n_tokens, parts->n_merges, TOKENS_MAX);
	if (parts->bos >= (int32_t)parts->n_tokens ||
	    parts->eos >= (int32_t)parts->n_tokens)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"tokenizer: bos %d or eos %d is outside the "
				"vocabulary",
				parts->bos, parts->eos);
	t = calloc(1, sizeof(*t));
	if (!t)
		return no_memory(err);
	oae_arena_init(&t->arena, MEMORY_MAX);
	status = oae_split_init(&t->split, parts->pre, err);
	if (!status)
		status = copy_parts(t, parts, err);
	if (!status)
		status = build_vocab(t, err);
	if (!status)
		status = build_merges(t, err);
	if (status) {
		oae_tokenizer_free(t);
		return status;
	}
	t->whole_first = !strcmp(parts->pre, "llama-bpe");
	*out = t;
	return OAE_OK;
}

void oae_tokenizer_free(struct oae_tokenizer *t)
{
	if (!t)
		return;
	oae_split_release(&t->split);
	oae_arena_release(&t->arena);
	free(t);
}

const struct oae_tokenizer_parts *
oae_tokenizer_parts(const struct oae_tokenizer *t)
{
	return &t->parts;
}

void oae_tokenizer_decode(const struct oae_tokenizer *t, int32_t id,
			  struct oae_buf *out)
{
	if (id < 0 || (size_t)id >= t->parts.n_tokens ||
	    token_type(t, (size_t)id) == TYPE_CONTROL)
		return;
	oae_buf_add(out, t->bytes + t->at[id], t->at[id + 1] - t->at[id]);
}

/* A symbol of a piece: a list in an array, so that a merge is one unlink. */
struct symbol {
	int32_t id;	    /* -1 once merged into its left neighbour */
	int32_t prev, next; /* -1 at the ends */
};

/* A merge that was possible when it was pushed. */
struct candidate {
	uint32_t rank;
	int32_t at, left, right, id;
};

struct scratch {
	struct symbol *symbols;
	struct candidate *heap; /* binary heap by (rank, at) */
	size_t n_heap, size;
};

static bool before(const struct candidate *a, const struct candidate *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void push(const struct oae_tokenizer *t, struct scratch *s, int32_t at)
{
	struct symbol *sym = &s->symbols[at];
	const struct merge *m;
	struct candidate c;
	size_t i;

	if (sym->next < 0)
		return;
	m = merge_find(t, sym->id, s->symbols[sym->next].id);
	if (!m)
		return;
	c = (struct candidate){ m->rank, at, m->left, m->right, m->id };
	for (i = s->n_heap++; i > 0; i = (i - 1) / 2) {
		if (!before(&c, &s->heap[(i - 1) / 2]))
			break;
		s->heap[i] = s->heap[(i - 1) / 2];
	}
	s->heap[i] = c;
}

static struct candidate pop(struct scratch *s)
{
	struct candidate top = s->heap[0], last = s->heap[--s->n_heap];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < s->n_heap) {
		if (child + 1 < s->n_heap &&
		    before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!before(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return top;
}

/* Every symbol pushes once, every merge twice at most: 3 n candidates. */
static enum oae_status scratch_grow(struct scratch *s, size_t n,
				    struct oae_error *err)
{
	if (n <= s->size)
		return OAE_OK;
	if (n > INT32_MAX / 4) {
		oae_fail(err, OAE_ERR_LIMIT, 0,
			 "tokenizer: a word of %zu bytes", n);
		return OAE_ERR_LIMIT;
	}
	n = n < 64 ? 64 : n;
	free(s->symbols);
	free(s->heap);
	s->symbols = malloc(n * sizeof(*s->symbols));
	s->heap = malloc(3 * n * sizeof(*s->heap));
	s->size = s->symbols && s->heap ? n : 0;
	if (s->size)
		return OAE_OK;
	no_memory(err);
	return OAE_ERR_NOMEM;
}

/* Merges best rank first; afterwards the list holds the piece's tokens. */
static void merge_piece(const struct oae_tokenizer *t, struct scratch *s,
			const uint8_t *piece, size_t n)
{
	struct symbol *sym = s->symbols;

	s->n_heap = 0;
	for (size_t i = 0; i < n; i++) {
		sym[i].id = t->byte_id[piece[i]];
		sym[i].prev = (int32_t)i - 1;
		sym[i].next = i + 1 < n ? (int32_t)i + 1 : -1;
	}
	for (size_t i = 0; i + 1 < n; i++)
		push(t, s, (int32_t)i);
	while (s->n_heap) {
		struct candidate c = pop(s);
		struct symbol *left = &sym[c.at];
		int32_t gone = left->next;

		if (left->id != c.left || gone < 0 || sym[gone].id != c.right)
			continue; /* overtaken by a better merge */
		left->id = c.id;
		left->next = sym[gone].next;
		sym[gone].id = -1;
		if (left->next >= 0)
			sym[left->next].prev = c.at;
		if (left->prev >= 0)
			push(t, s, left->prev);
		push(t, s, c.at);
	}
}

static enum oae_status emit(int32_t id, int32_t *ids, size_t max, size_t *n,
			    struct oae_error *err)
{
	if (*n >= max)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tokenizer: the text has more than %zu tokens",
				max);
	ids[(*n)++] = id;
	return OAE_OK;
}

static enum oae_status encode_piece(const struct oae_tokenizer *t,
				    struct scratch *s, const uint8_t *piece,
				    size_t len, int32_t *ids, size_t max,
				    size_t *n, struct oae_error *err)
{
	enum oae_status status;

	if (len < 2)
		return emit(t->byte_id[piece[0]], ids, max, n, err);
	if (t->whole_first) {
		int32_t id = t->vocab[vocab_slot(t, piece, len)];

		if (id >= 0)
			return emit(id, ids, max, n, err);
	}
	status = scratch_grow(s, len, err);
	if (status)
		return status;
	merge_piece(t, s, piece, len);
	for (int32_t i = 0; i >= 0 && !status; i = s->symbols[i].next)
		status = emit(s->symbols[i].id, ids, max, n, err);
	return status;
}

enum oae_status oae_tokenizer_encode(const struct oae_tokenizer *t,
				     const char *text, size_t len, int32_t *ids,
				     size_t max, size_t *n,
				     struct oae_error *err)
{
	struct scratch scratch = { 0 };
	struct oae_split_pass pass;
	size_t from, to;
	enum oae_status status;

	*n = 0;
	status = oae_split_begin(&pass, &t->split, text, len, err);
	while (!status) {
		status = oae_split_next(&pass, &from, &to, err);
		if (status || from == to)
			break;
		status = encode_piece(t, &scratch, (const uint8_t *)text + from,
				      to - from, ids, max, n, err);
	}
	oae_split_end(&pass);
	free(scratch.symbols);
	free(scratch.heap);
	return status;
}
