/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/decode/lookup.h"

#include <stdlib.h>
#include <string.h>

enum oae_status oae_lookup_init(struct oae_lookup *l, unsigned n_min,
				unsigned n_max, size_t capacity,
				struct oae_error *err)
{
	*l = (struct oae_lookup){ .n_min = n_min, .n_max = n_max, .size = 2 };
	if (n_min < 1 || n_min > n_max || n_max > OAE_NGRAM_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"n-grams of %u to %u tokens: give a least and "
				"a most length in 1..%u",
				n_min, n_max, OAE_NGRAM_MAX);
	while (l->size < 2 * capacity)
		l->size *= 2;
	l->ends = calloc((n_max - n_min + 1) * l->size, sizeof(*l->ends));
	if (!l->ends)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "lookup: no memory");
	return OAE_OK;
}

void oae_lookup_release(struct oae_lookup *l)
{
	free(l->ends);
	*l = (struct oae_lookup){ 0 };
}

void oae_lookup_clear(struct oae_lookup *l)
{
	if (l->indexed)
		memset(l->ends, 0,
		       (l->n_max - l->n_min + 1) * l->size * sizeof(*l->ends));
	l->indexed = 0;
}

static size_t hash(const int32_t *gram, unsigned n)
{
	uint64_t h = n;

	for (unsigned i = 0; i < n; i++) {
		h = (h ^ (uint32_t)gram[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return (size_t)h;
}

/* The place of the n-gram at gram: its entry, or the one that it may take. */
static uint32_t *place(struct oae_lookup *l, const int32_t *tokens,
		       const int32_t *gram, unsigned n)
{
	uint32_t *table = l->ends + (n - l->n_min) * l->size;
	size_t at = hash(gram, n) & (l->size - 1);

	/* never full: there are fewer n-grams than half its size */
	while (table[at] &&
	       memcmp(tokens + table[at] - n, gram, n * sizeof(*gram)))
		at = (at + 1) & (l->size - 1);
	return &table[at];
}

size_t oae_lookup_find(struct oae_lookup *l, const int32_t *tokens, size_t n,
		       unsigned *length)
{
	size_t end = 0;
	unsigned k;

	/* all but the suffix itself, which would find itself */
	for (; l->indexed + 1 < n; l->indexed++)
		for (k = l->n_min; k <= l->n_max && k <= l->indexed + 1; k++)
			*place(l, tokens, tokens + l->indexed + 1 - k, k) =
				(uint32_t)l->indexed + 1;
	for (k = l->n_max; k >= l->n_min && !end; k--)
		if (k < n)
			end = *place(l, tokens, tokens + n - k, k);
	if (!end)
		return 0;
	k++;
	while (k < OAE_LOOKUP_LENGTH_MAX && k < end &&
	       tokens[end - 1 - k] == tokens[n - 1 - k])
		k++;
	*length = k;
	return end;
}
