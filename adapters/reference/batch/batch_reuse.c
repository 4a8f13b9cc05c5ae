/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which slot a request gets, and what it takes over from the others. Keys
 * and values are copied: some kilobytes a position, against a pass over all
 * weights to compute them.
 */
#include <string.h>

#include "adapters/reference/batch/batch_jobs.h"

static size_t common(const int32_t *a, size_t n_a, const int32_t *b, size_t n_b)
{
	size_t n = n_a < n_b ? n_a : n_b, i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* Tokens of the job's beginning that are computed in the slot. */
static size_t held(const struct oae_slot *s, const struct oae_job *j)
{
	const struct oae_decode *d = s->job ? &s->job->decode : NULL;

	return common(j->decode.tokens, oae_job_shareable(j),
		      d ? d->tokens : s->tokens, d ? d->in_target : s->n);
}

/* The slot that holds most of it, other than the job's own. */
static struct oae_slot *find_source(struct oae_batch *b,
				    const struct oae_job *j, size_t *most)
{
	struct oae_slot *best = NULL;
	size_t n;

	*most = 0;
	for (uint32_t i = 0; i < b->c.slots; i++) {
		if (b->slots[i].job == j)
			continue;
		n = held(&b->slots[i], j);
		if (n > *most) {
			*most = n;
			best = &b->slots[i];
		}
	}
	return best;
}

/*
 * Empty ones first, then the one that was given out longest ago; never the
 * spared one, whose index may be none's.
 */
static struct oae_slot *find_free(struct oae_batch *b, size_t spare)
{
	struct oae_slot *best = NULL, *s;

	for (uint32_t i = 0; i < b->c.slots; i++) {
		s = &b->slots[i];
		if (s->job || i == spare)
			continue;
		if (!best || (s->n == 0 && best->n > 0) ||
		    ((s->n == 0) == (best->n == 0) && s->used < best->used))
			best = s;
	}
	return best;
}

void oae_batch_give_slot(struct oae_batch *b, struct oae_job *j)
{
	struct oae_slot *source = NULL, *s;
	size_t most = 0;

	if (b->c.reuse)
		source = find_source(b, j, &most);
	if (source && source->job)
		source = NULL; /* nothing to take over in place */
	s = source;
	/* Most of it would be lost: copy instead, if there is another slot. */
	if (source && most < source->n / 2) {
		s = find_free(b, (size_t)(source - b->slots));
		s = s ? s : source;
	} else if (!source) {
		s = find_free(b, b->c.slots);
	}
	j->decode.slot = (uint32_t)(s - b->slots);
	if (source && s == source) {
		j->decode.in_target = most;
		j->stats.reused = (uint32_t)most;
	}
	s->job = j;
	s->used = ++b->given_out;
}

void oae_batch_take_slot(struct oae_batch *b, struct oae_job *j)
{
	struct oae_slot *s = &b->slots[j->decode.slot];

	s->n = b->c.reuse ? j->decode.in_target : 0;
	memcpy(s->tokens, j->decode.tokens, s->n * sizeof(*s->tokens));
	s->job = NULL;
}

/* Tokens that the job shares with running ones which came before it. */
static size_t expected(const struct oae_batch *b, const struct oae_job *j)
{
	const struct oae_decode *d;
	size_t most = 0, n;

	for (size_t i = 0; i < b->n_running && b->live[i] != j; i++) {
		d = &b->live[i]->decode;
		n = common(j->decode.tokens, oae_job_shareable(j), d->tokens,
			   oae_job_end(b->live[i]));
		most = n > most ? n : most;
	}
	return most;
}

bool oae_batch_share(struct oae_batch *b, struct oae_job *j)
{
	size_t *in = &j->decode.in_target, most;
	struct oae_slot *source = find_source(b, j, &most);

	if (most > *in) {
		oae_state_copy(b->c.target, (uint32_t)(source - b->slots),
			       j->decode.slot, (uint32_t)*in, (uint32_t)most);
		j->stats.reused += (uint32_t)(most - *in);
		*in = most;
	}
	return expected(b, j) >= *in + OAE_BATCH_WAIT_MIN;
}
