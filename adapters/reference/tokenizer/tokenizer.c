/* SPDX-License-Identifier: Apache-2.0 */
/* Building a tokenizer's tables from its parts, and looking things up. */
#include "adapters/reference/tokenizer/tokenizer_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX (1u << 20)
#define ENDS_MAX 64u
#define MEMORY_MAX ((size_t)1 << 30)
#define SPACE "\xe2\x96\x81" /* U+2581, a space in SentencePiece's text */

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

static size_t token_len(const struct oae_tokenizer *t, size_t id)
{
	return t->at[id + 1] - t->at[id];
}

/* The slot that holds these bytes, or the free one where they belong. */
static size_t vocab_slot(const struct oae_tokenizer *t, const uint8_t *s,
			 size_t n)
{
	size_t i = oae_hash_bytes(&t->key, s, n) & t->vocab_mask;

	for (; t->vocab[i] >= 0; i = (i + 1) & t->vocab_mask) {
		size_t id = (size_t)t->vocab[i];

		if (token_len(t, id) == n &&
		    !memcmp(t->bytes + t->at[id], s, n))
			break;
	}
	return i;
}

int32_t oae_token_find(const struct oae_tokenizer *t, const uint8_t *s,
		       size_t n)
{
	return t->vocab[vocab_slot(t, s, n)];
}

const struct oae_merge *oae_merge_find(const struct oae_tokenizer *t,
				       int32_t left, int32_t right)
{
	size_t i = oae_hash_pair(&t->key, left, right) & t->merge_mask;

	for (; t->merges[i].left >= 0; i = (i + 1) & t->merge_mask) {
		if (t->merges[i].left == left && t->merges[i].right == right)
			return &t->merges[i];
	}
	return NULL;
}

/* Copies strings into the arena; NULL when there is no room. */
static const char *const *copy_strings(struct oae_tokenizer *t,
				       const char *const *from, size_t n)
{
	const char **to = oae_arena_array(&t->arena, n + 1, sizeof(*to));

	for (size_t i = 0; to && i < n; i++) {
		to[i] = oae_arena_strdup(&t->arena, from[i]);
		if (!to[i])
			return NULL;
	}
	return to;
}

static const void *copy_array(struct oae_tokenizer *t, const void *from,
			      size_t n, size_t size)
{
	void *to = oae_arena_array(&t->arena, n + 1, size);

	if (to && n)
		memcpy(to, from, n * size);
	return to;
}

static enum oae_status copy_parts(struct oae_tokenizer *t,
				  const struct oae_tokenizer_parts *from,
				  struct oae_error *err)
{
	struct oae_tokenizer_parts *p = &t->parts;

	*p = *from;
	if (!from->borrowed) {
		p->tokens = copy_strings(t, from->tokens, p->n_tokens);
		p->merges = copy_strings(t, from->merges, p->n_merges);
		if (from->types)
			p->types = copy_array(t, from->types, p->n_tokens,
					      sizeof(*p->types));
		if (from->scores)
			p->scores = copy_array(t, from->scores, p->n_tokens,
					       sizeof(*p->scores));
	}
	p->ends = copy_array(t, from->ends, p->n_ends, sizeof(*p->ends));
	p->pre = oae_arena_strdup(&t->arena, from->pre ? from->pre : "");
	if (!p->tokens || (p->n_merges && !p->merges) || !p->pre || !p->ends ||
	    (from->types && !p->types) || (from->scores && !p->scores))
		return no_memory(err);
	return OAE_OK;
}

static enum oae_status check_ids(const struct oae_tokenizer_parts *p,
				 struct oae_error *err)
{
	const struct {
		const char *name;
		int32_t id;
	} ids[] = { { "bos", p->bos },
		    { "eos", p->eos },
		    { "unknown", p->kind == OAE_TOKENIZER_SPM ? p->unk : -1 } };
	size_t n = p->n_tokens;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ids[i].id < -1 || ids[i].id >= (int32_t)n)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"tokenizer: the %s token %d is outside "
					"the vocabulary of %zu",
					ids[i].name, ids[i].id, n);
	for (size_t i = 0; i < p->n_ends; i++)
		if (p->ends[i] < 0 || p->ends[i] >= (int32_t)n)
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"tokenizer: the end token %d is "
					"outside the vocabulary of %zu",
					p->ends[i], n);
	return OAE_OK;
}

static enum oae_status check_parts(const struct oae_tokenizer_parts *p,
				   struct oae_error *err)
{
	if (!p->n_tokens || p->n_tokens > TOKENS_MAX ||
	    p->n_merges > TOKENS_MAX || p->n_ends > ENDS_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tokenizer: %zu tokens, %zu merges and %zu "
				"ends; 1 to %u tokens, as many merges and %u "
				"ends can be read",
				p->n_tokens, p->n_merges, p->n_ends, TOKENS_MAX,
				ENDS_MAX);
	if (p->kind == OAE_TOKENIZER_SPM && !p->scores)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"tokenizer: an SPM vocabulary needs scores");
	for (size_t i = 0; p->scores && i < p->n_tokens; i++)
		if (isnan(p->scores[i]))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"tokenizer: the score of token %zu is "
					"not a number",
					i);
	return check_ids(p, err);
}

/* What a token stands for, to `to`; returns the length. */
static size_t token_bytes(const struct oae_tokenizer *t, size_t id, uint8_t *to)
{
	const char *text = t->parts.tokens[id];
	size_t len;

	if (t->types[id] == OAE_TOKEN_BYTE) {
		to[0] = (uint8_t)oae_token_byte(text);
		return 1;
	}
	if (t->parts.kind == OAE_TOKENIZER_BPE &&
	    (t->types[id] == OAE_TOKEN_NORMAL ||
	     t->types[id] == OAE_TOKEN_UNUSED) &&
	    oae_alphabet_read(text, to, &len))
		return len;
	len = strlen(text);
	memcpy(to, text, len);
	return len;
}

static enum oae_status decode_tokens(struct oae_tokenizer *t,
				     struct oae_error *err)
{
	size_t n = t->parts.n_tokens, total = 0, len;

	for (size_t i = 0; i < n; i++) {
		len = strlen(t->parts.tokens[i]);
		if (len > OAE_TOKEN_BYTES_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"tokenizer: token %zu has %zu bytes; "
					"at most %u are read",
					i, len, OAE_TOKEN_BYTES_MAX);
		total += len;
	}
	if (total > UINT32_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tokenizer: the vocabulary is over 4 GiB");
	t->bytes = oae_arena_alloc(&t->arena, total + 1);
	t->at = oae_arena_array(&t->arena, n + 1, sizeof(*t->at));
	if (!t->bytes || !t->at)
		return no_memory(err);
	for (size_t i = 0; i < n; i++) {
		len = token_bytes(t, i, t->bytes + t->at[i]);
		t->at[i + 1] = t->at[i] + (uint32_t)len;
	}
	return OAE_OK;
}

static void enter(struct oae_tokenizer *t, size_t id)
{
	size_t len = token_len(t, id), slot;

	if (!len)
		return;
	slot = vocab_slot(t, t->bytes + t->at[id], len);
	if (t->vocab[slot] < 0)
		t->vocab[slot] = (int32_t)id; /* else the first one stays */
	if (len > t->longest)
		t->longest = len;
}

/* The table from bytes to what merging may make; single bytes. */
static enum oae_status build_vocab(struct oae_tokenizer *t,
				   struct oae_error *err)
{
	size_t n = t->parts.n_tokens, slots = table_size(n);
	bool spm = t->parts.kind == OAE_TOKENIZER_SPM;

	t->vocab = oae_arena_array(&t->arena, slots, sizeof(*t->vocab));
	if (!t->vocab)
		return no_memory(err);
	t->vocab_mask = slots - 1;
	memset(t->vocab, 0xff, slots * sizeof(*t->vocab));
	for (size_t i = 0; i < n; i++)
		if (t->types[i] == OAE_TOKEN_NORMAL ||
		    t->types[i] == OAE_TOKEN_UNUSED)
			enter(t, i);
	for (size_t i = 0; i < n; i++)
		if (t->types[i] == OAE_TOKEN_USER)
			enter(t, i);
	for (unsigned b = 0; b < 256; b++) {
		uint8_t byte = (uint8_t)b;

		t->byte_id[b] = oae_token_find(t, &byte, 1);
	}
	for (size_t i = n; spm && i-- > 0;)
		if (t->types[i] == OAE_TOKEN_BYTE)
			t->byte_id[t->bytes[t->at[i]]] = (int32_t)i;
	for (unsigned b = 0; spm && b < 256; b++)
		if (t->byte_id[b] < 0)
			t->byte_id[b] = t->parts.unk;
	return OAE_OK;
}

static enum oae_status build_merge(struct oae_tokenizer *t, size_t rank,
				   struct oae_error *err)
{
	const char *text = t->parts.merges[rank], *gap = strchr(text, ' ');
	char half[OAE_TOKEN_BYTES_MAX + 1];
	uint8_t both[2 * OAE_TOKEN_BYTES_MAX];
	size_t left_len, right_len, slot;
	int32_t left, right, id;

	if (!gap || (size_t)(gap - text) > OAE_TOKEN_BYTES_MAX ||
	    strlen(gap + 1) > OAE_TOKEN_BYTES_MAX)
		goto bad;
	memcpy(half, text, (size_t)(gap - text));
	half[gap - text] = '\0';
	if (!oae_alphabet_read(half, both, &left_len) ||
	    !oae_alphabet_read(gap + 1, both + left_len, &right_len))
		goto bad;
	left = oae_token_find(t, both, left_len);
	right = oae_token_find(t, both + left_len, right_len);
	id = oae_token_find(t, both, left_len + right_len);
	if (left < 0 || right < 0 || id < 0)
		goto bad;
	if (oae_merge_find(t, left, right))
		return OAE_OK; /* the better rank came first */
	slot = oae_hash_pair(&t->key, left, right) & t->merge_mask;
	while (t->merges[slot].left >= 0)
		slot = (slot + 1) & t->merge_mask;
	t->merges[slot] = (struct oae_merge){ left, right, id, (uint32_t)rank };
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

struct scored {
	float score;
	int32_t id;
};

static int by_score(const void *a, const void *b)
{
	float x = ((const struct scored *)a)->score;
	float y = ((const struct scored *)b)->score;

	return (x < y) - (x > y);
}

/* Scores as ranks, so that one merge loop serves both kinds. */
static enum oae_status build_ranks(struct oae_tokenizer *t,
				   struct oae_error *err)
{
	size_t n = t->parts.n_tokens;
	struct scored *order = calloc(n, sizeof(*order));
	uint32_t rank = 0;
	bool sorted = true; /* as most files are */

	t->rank = oae_arena_array(&t->arena, n, sizeof(*t->rank));
	if (!order || !t->rank) {
		free(order);
		return no_memory(err);
	}
	for (size_t i = 0; i < n; i++) {
		order[i] = (struct scored){ t->parts.scores[i], (int32_t)i };
		sorted &= !i || order[i].score <= order[i - 1].score;
	}
	if (!sorted)
		qsort(order, n, sizeof(*order), by_score);
	for (size_t i = 0; i < n; i++) {
		rank += i && order[i].score < order[i - 1].score;
		t->rank[order[i].id] = rank;
	}
	free(order);
	return OAE_OK;
}

enum oae_status oae_tokenizer_new(const struct oae_tokenizer_parts *parts,
				  struct oae_tokenizer **out,
				  struct oae_error *err)
{
	struct oae_tokenizer *t;
	enum oae_status status;
	bool bpe = parts->kind == OAE_TOKENIZER_BPE;

	*out = NULL;
	status = check_parts(parts, err);
	if (status)
		return status;
	t = calloc(1, sizeof(*t));
	if (!t)
		return no_memory(err);
	oae_arena_init(&t->arena, MEMORY_MAX);
	oae_hash_key_init(&t->key);
	if (bpe)
		status = oae_split_init(&t->split, parts->pre, err);
	if (!status)
		status = copy_parts(t, parts, err);
	if (!status)
		status = oae_token_types_init(t, err);
	if (!status)
		status = decode_tokens(t, err);
	if (!status)
		status = build_vocab(t, err);
	if (!status)
		status = bpe ? build_merges(t, err) : build_ranks(t, err);
	if (!status)
		status = oae_token_special_init(t, err);
	if (status) {
		oae_tokenizer_free(t);
		return status;
	}
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

static bool known(const struct oae_tokenizer *t, int32_t id)
{
	return id >= 0 && (size_t)id < t->parts.n_tokens;
}

bool oae_tokenizer_ends(const struct oae_tokenizer *t, int32_t id)
{
	return known(t, id) && (t->marks[id] & OAE_MARK_ENDS);
}

enum oae_token_type oae_tokenizer_type(const struct oae_tokenizer *t,
				       int32_t id)
{
	if (!known(t, id))
		return OAE_TOKEN_UNUSED;
	return t->marks[id] & OAE_MARK_CONTROL ?
		       OAE_TOKEN_CONTROL :
		       (enum oae_token_type)t->types[id];
}

void oae_tokenizer_decode(const struct oae_tokenizer *t, int32_t id,
			  struct oae_buf *out)
{
	enum oae_token_type type = oae_tokenizer_type(t, id);
	const uint8_t *s;
	size_t n, text = 0;

	if (type == OAE_TOKEN_CONTROL || type == OAE_TOKEN_UNKNOWN ||
	    type == OAE_TOKEN_UNUSED)
		return;
	s = t->bytes + t->at[id];
	n = token_len(t, (size_t)id);
	if (t->parts.kind == OAE_TOKENIZER_BPE || type != OAE_TOKEN_NORMAL) {
		oae_buf_add(out, s, n);
		return;
	}
	for (size_t i = 0; i < n;) {
		if (n - i < 3 || memcmp(s + i, SPACE, 3) != 0) {
			i++;
			continue;
		}
		oae_buf_add(out, s + text, i - text);
		oae_buf_putc(out, ' ');
		text = i += 3;
	}
	oae_buf_add(out, s + text, n - text);
}

void oae_tokenizer_decode_all(const struct oae_tokenizer *t, const int32_t *ids,
			      size_t n, struct oae_buf *out)
{
	size_t begin = out->len;
	bool first = t->parts.kind == OAE_TOKENIZER_SPM &&
		     t->parts.space_prefix;

	for (size_t i = 0; i < n; i++) {
		oae_tokenizer_decode(t, ids[i], out);
		if (!first || out->len == begin)
			continue;
		first = false;
		if (out->data[begin] == ' ') {
			memmove(out->data + begin, out->data + begin + 1,
				out->len - begin);
			out->len--;
		}
	}
}
