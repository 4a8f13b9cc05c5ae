/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merge loop of both kinds of BPE. Every merge that becomes possible is
 * pushed on a heap once; one that was overtaken is known by its size, for
 * symbols only ever grow. So n symbols take n log n time.
 */
#include <stdlib.h>

#include "adapters/reference/tokenizer/tokenizer_internal.h"

static bool before(const struct oae_candidate *a, const struct oae_candidate *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

/* Whether the symbol and its right neighbour are a token together. */
static bool joined(const struct oae_tokenizer *t, const struct oae_merging *m,
		   const uint8_t *text, const struct oae_symbol *left,
		   struct oae_candidate *out)
{
	const struct oae_symbol *right = &m->symbols[left->next];
	const struct oae_merge *merge;

	out->size = left->len + right->len;
	if (t->parts.kind == OAE_TOKENIZER_SPM) {
		out->id =
			out->size > t->longest ?
				-1 :
				oae_token_find(t, text + left->from, out->size);
		out->rank = out->id < 0 ? 0 : t->rank[out->id];
		return out->id >= 0;
	}
	merge = left->id < 0 ? NULL : oae_merge_find(t, left->id, right->id);
	if (!merge)
		return false;
	out->id = merge->id;
	out->rank = merge->rank;
	return true;
}

static void push(const struct oae_tokenizer *t, struct oae_merging *m,
		 const uint8_t *text, int32_t at)
{
	struct oae_candidate c = { .at = at };
	size_t i;

	if (m->symbols[at].next < 0 || !joined(t, m, text, &m->symbols[at], &c))
		return;
	for (i = m->n_heap++; i > 0; i = (i - 1) / 2) {
		if (!before(&c, &m->heap[(i - 1) / 2]))
			break;
		m->heap[i] = m->heap[(i - 1) / 2];
	}
	m->heap[i] = c;
}

static struct oae_candidate pop(struct oae_merging *m)
{
	struct oae_candidate top = m->heap[0], last = m->heap[--m->n_heap];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < m->n_heap) {
		if (child + 1 < m->n_heap &&
		    before(&m->heap[child + 1], &m->heap[child]))
			child++;
		if (!before(&m->heap[child], &last))
			break;
		m->heap[i] = m->heap[child];
		i = child;
	}
	m->heap[i] = last;
	return top;
}

void oae_merging_free(struct oae_merging *m)
{
	free(m->symbols);
	free(m->heap);
	*m = (struct oae_merging){ 0 };
}

/*
 * At first n - 1 candidates; each of at most n - 1 merges takes one away and
 * adds two: never more than 2 n.
 */
enum oae_status oae_merging_grow(struct oae_merging *m, size_t n,
				 struct oae_error *err)
{
	if (n <= m->size)
		return OAE_OK;
	oae_merging_free(m);
	if (n > INT32_MAX / 4)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"tokenizer: a word of %zu bytes", n);
	n = n < 64 ? 64 : n;
	m->symbols = malloc(n * sizeof(*m->symbols));
	m->heap = malloc(2 * n * sizeof(*m->heap));
	if (!m->symbols || !m->heap)
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"tokenizer: out of memory");
	m->size = n;
	return OAE_OK;
}

void oae_merging_run(const struct oae_tokenizer *t, struct oae_merging *m,
		     const uint8_t *text, size_t n)
{
	struct oae_symbol *s = m->symbols;

	m->n_heap = 0;
	for (size_t i = 0; i < n; i++) {
		s[i].prev = (int32_t)i - 1;
		s[i].next = i + 1 < n ? (int32_t)i + 1 : -1;
	}
	for (size_t i = 0; i + 1 < n; i++)
		push(t, m, text, (int32_t)i);
	while (m->n_heap) {
		struct oae_candidate c = pop(m);
		struct oae_symbol *left = &s[c.at], *gone;

		if (!left->len || left->next < 0)
			continue;
		gone = &s[left->next];
		if (left->len + gone->len != c.size)
			continue; /* overtaken by a better merge */
		left->id = c.id;
		left->len = c.size;
		left->next = gone->next;
		gone->len = 0;
		if (left->next >= 0)
			s[left->next].prev = c.at;
		if (left->prev >= 0)
			push(t, m, text, left->prev);
		push(t, m, text, c.at);
	}
}
