/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speculative decoding (Leviathan, Kalman, Matias 2023): tokens are guessed,
 * by a smaller model or by what followed the last tokens earlier, and the
 * target computes all of them and one more in one batch. A guess stays when
 * it equals the target's own choice, greedy or drawn: see sampler.h for why
 * the draws agree so often. So the output is the plain output at every
 * temperature, whatever was guessed and however many.
 */
#include "adapters/reference/decode/decode.h"

#include <string.h>

#include "base/clock.h"

struct round {
	size_t room;	  /* guesses at most */
	unsigned sure;	  /* of them, that p_min allows */
	uint64_t drafted; /* ns */
};

/* How sure the draft is of a token, in classes 0..8. */
static unsigned class_of(double p)
{
	static const double edges[] = { 0.3, 0.5,  0.7,	 0.8,
					0.9, 0.95, 0.98, 0.995 };
	unsigned k = 0;

	while (k < sizeof(edges) / sizeof(edges[0]) && p >= edges[k])
		k++;
	return k;
}

/* The draft's token for position n + i, and its chance by the draft. */
static enum oae_status draft_token(struct oae_decode *d, size_t i, float *p,
				   struct oae_error *err)
{
	const float *logits;
	int32_t *token = &d->tokens[d->n + i];
	enum oae_status status;

	status =
		oae_decode_compute(d, d->draft, &d->in_draft, d->n + i, 1, err);
	if (status)
		return status;
	logits = oae_state_logits(d->draft);
	status = oae_decode_pick(d, logits, d->n + i, d->p, token, err);
	if (status)
		return status;
	*p = 1;
	if (d->speculation.gamma && d->p_min <= 0)
		return OAE_OK; /* nobody asks */
	if (!(d->sampler.temperature > 0)) {
		memcpy(d->p, logits, d->sampler.n_vocab * sizeof(*d->p));
		d->sampler.kernels->softmax(d->p, d->sampler.n_vocab);
	}
	*p = d->p[*token];
	return OAE_OK;
}

/* Guesses go to tokens[n..]. */
static enum oae_status draft(struct oae_decode *d, struct round *r,
			     struct oae_error *err)
{
	struct oae_speculation *s = &d->speculation;
	enum oae_status status = OAE_OK;
	float p = 1;

	while (!status && s->guesses < r->room && p >= d->p_min &&
	       oae_speculation_more(s)) {
		status = draft_token(d, s->guesses, &p, err);
		if (status)
			break;
		oae_speculation_guess(s, class_of((double)p));
		if (p >= d->p_min)
			r->sure = s->guesses;
	}
	return status;
}

/* What followed the last tokens when they stood here before. */
static void look_up(struct oae_decode *d, struct round *r)
{
	struct oae_speculation *s = &d->speculation;
	unsigned length;
	size_t from = oae_lookup_find(&d->lookup, d->tokens, d->n, &length);

	/* may run on into the guesses themselves: a period repeats */
	while (from && s->guesses < r->room && oae_speculation_more(s)) {
		d->tokens[d->n + s->guesses] = d->tokens[from + s->guesses];
		oae_speculation_guess(s, length < OAE_LOOKUP_LENGTH_MAX ?
						 length :
						 OAE_LOOKUP_LENGTH_MAX);
		length++;
	}
	r->sure = s->guesses;
}

/*
 * Computes what the draft has missed, unless it is little, at most one batch
 * of it. *done: the round can go on.
 */
static enum oae_status catch_up(struct oae_decode *d, bool *done,
				struct oae_error *err)
{
	uint64_t start = oae_clock_ns();
	size_t from = d->in_draft;
	enum oae_status status;

	*done = true;
	if (d->n - d->in_draft <= OAE_DRAFT_LAG)
		return OAE_OK;
	status =
		oae_decode_compute(d, d->draft, &d->in_draft, d->n - 1, 0, err);
	*done = d->in_draft == d->n - 1;
	if (!status)
		oae_speculation_catch_up(&d->speculation, d->in_draft - from,
					 oae_clock_ns() - start);
	return status;
}

static enum oae_status plain(struct oae_decode *d, const struct round *r,
			     size_t limit, size_t *added, struct oae_error *err)
{
	struct oae_speculation *s = &d->speculation;
	uint64_t start = oae_clock_ns();
	int32_t guess = d->n < d->capacity ? d->tokens[d->n] : 0;
	enum oae_status status;

	status = oae_strategy_greedy.step(d, limit, added, err);
	if (status)
		return status;
	if (s->guesses)
		oae_speculation_judge(s, 0, d->tokens[d->n - 1] == guess,
				      false);
	oae_speculation_plain(s, r->drafted, oae_clock_ns() - start);
	return OAE_OK;
}

static enum oae_status verify(struct oae_decode *d, unsigned g, size_t *added,
			      struct oae_error *err)
{
	size_t n_vocab = d->sampler.n_vocab, i;
	enum oae_status status;
	const float *logits;
	bool kept = true;
	int32_t guess;

	status = oae_decode_compute(d, d->target, &d->in_target, d->n + g,
				    g + 1, err);
	logits = oae_state_logits(d->target);
	for (i = 0; i <= g && kept && !status; i++) {
		guess = i < g ? d->tokens[d->n + i] : 0;
		status = oae_decode_pick(d, logits + i * n_vocab, d->n + i,
					 d->p, &d->tokens[d->n + i], err);
		kept = d->tokens[d->n + i] == guess;
		if (!status && i < g)
			oae_speculation_judge(&d->speculation, (unsigned)i,
					      kept, true);
		/* what comes after the answer's end is no gain */
		if (!status && d->ends &&
		    oae_tokenizer_ends(d->ends, d->tokens[d->n + i]))
			kept = false;
	}
	*added = status ? 0 : i;
	return status;
}

static enum oae_status check_guesses(struct oae_decode *d,
				     const struct round *r, unsigned g,
				     size_t *added, struct oae_error *err)
{
	uint64_t start = oae_clock_ns();
	enum oae_status status = verify(d, g, added, err);

	if (status)
		return status;
	oae_speculation_round(&d->speculation, g, (unsigned)*added, r->drafted,
			      oae_clock_ns() - start);
	d->n += *added;
	/* forget the positions of guesses that did not stay */
	if (d->in_target > d->n - 1)
		d->in_target = d->n - 1;
	return OAE_OK;
}

static enum oae_status step(struct oae_decode *d, size_t limit, size_t *added,
			    struct oae_error *err)
{
	struct oae_speculation *s = &d->speculation;
	size_t room = d->capacity - d->n;
	struct round r = { .room = limit - 1 };
	enum oae_status status = OAE_OK;
	bool ready = true;
	uint64_t start;
	unsigned g;

	*added = 0;
	/* the prompt is computed plainly */
	if (d->n - d->in_target > 1)
		return oae_strategy_greedy.step(d, limit, added, err);
	if (r.room > (room ? room - 1 : 0))
		r.room = room ? room - 1 : 0;
	if (oae_speculation_wants(s, d->draft ? d->n - d->in_draft : 0,
				  r.room) &&
	    r.room) {
		if (d->draft)
			status = catch_up(d, &ready, err);
		if (status || !ready)
			return status;
		start = oae_clock_ns();
		if (d->draft)
			status = draft(d, &r, err);
		else
			look_up(d, &r);
		r.drafted = oae_clock_ns() - start;
	}
	g = oae_speculation_choose(s);
	g = g < r.sure ? g : r.sure;
	if (!status && g)
		status = check_guesses(d, &r, g, added, err);
	else if (!status)
		status = plain(d, &r, limit, added, err);
	if (d->in_draft > d->n - 1)
		d->in_draft = d->n - 1;
	if (status)
		*added = 0;
	return status;
}

static const double draft_trust[OAE_SPECULATION_CLASSES] = {
	0.15, 0.4, 0.6, 0.75, 0.85, 0.92, 0.96, 0.98, 0.99,
};
static const double lookup_trust[OAE_SPECULATION_CLASSES] = {
	0,   0.2, 0.4,	0.5,  0.6, 0.65, 0.7, 0.7, 0.75,
	0.8, 0.8, 0.85, 0.85, 0.9, 0.9,	 0.9, 0.9,
};

const struct oae_strategy oae_strategy_speculative = {
	.name = "speculative",
	.needs_draft = true,
	.trust = draft_trust,
	.step = step,
};

const struct oae_strategy oae_strategy_lookup = {
	.name = "lookup",
	.needs_lookup = true,
	.trust = lookup_trust,
	.step = step,
};
