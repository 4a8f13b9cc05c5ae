/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speculative decoding (Leviathan, Kalman, Matias 2023): the draft proposes
 * gamma tokens, the target computes all of them and one more in one batch. At
 * temperature 0 the proposals that equal the target's own choice are kept,
 * so the output is the plain output; above, rejection sampling keeps the
 * target's distribution.
 */
#include "adapters/reference/decode.h"

#include <string.h>

/*
 * Proposals go to tokens[n..n + gamma); with them their distributions when
 * sampling. The draft first computes what it has not seen.
 */
static enum oae_status propose(struct oae_decode *d, size_t gamma,
			       struct oae_error *err)
{
	size_t n_vocab = d->sampler.n_vocab;
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < gamma && !status; i++) {
		do {
			status = oae_decode_compute(d, d->draft, &d->in_draft,
						    d->n + i, 1, err);
		} while (!status && d->in_draft < d->n + i);
		if (!status)
			status = oae_decode_pick(d, oae_state_logits(d->draft),
						 d->q + i * n_vocab,
						 &d->tokens[d->n + i], err);
	}
	return status;
}

/*
 * Accept a proposal with probability min(1, p / q), else draw from what p has
 * over q. True when the proposal stays; *token is what stands there then.
 */
static bool judge(struct oae_decode *d, float *p, const float *q,
		  int32_t *token)
{
	size_t n_vocab = d->sampler.n_vocab;
	float over = 0;

	if (oae_rng_uniform(&d->sampler.rng) * (double)q[*token] <
	    (double)p[*token])
		return true;
	for (size_t i = 0; i < n_vocab; i++) {
		p[i] = p[i] > q[i] ? p[i] - q[i] : 0;
		over += p[i];
	}
	if (over > 0) /* else p = q but for rounding: the proposal is fair */
		*token = oae_sampler_draw(&d->sampler, p);
	return !(over > 0);
}

/* Goes through the proposals; *added counts what stands after it. */
static enum oae_status verify(struct oae_decode *d, size_t gamma, size_t *added,
			      struct oae_error *err)
{
	size_t n_vocab = d->sampler.n_vocab, i;
	const float *logits = oae_state_logits(d->target);
	int32_t proposal, token;
	enum oae_status status;
	bool kept = true;

	for (i = 0; i < gamma && kept; i++) {
		proposal = d->tokens[d->n + i];
		if (d->sampler.temperature > 0) {
			oae_sampler_distribution(&d->sampler,
						 logits + i * n_vocab, d->p);
			kept = judge(d, d->p, d->q + i * n_vocab,
				     &d->tokens[d->n + i]);
		} else {
			status = oae_decode_pick(d, logits + i * n_vocab, d->p,
						 &token, err);
			if (status)
				return status;
			kept = token == proposal;
			d->tokens[d->n + i] = token;
		}
		d->accepted += kept;
	}
	d->drafted += gamma;
	*added = i;
	if (!kept)
		return OAE_OK;
	*added = gamma + 1;
	return oae_decode_pick(d, logits + gamma * n_vocab, d->p,
			       &d->tokens[d->n + gamma], err);
}

static enum oae_status step(struct oae_decode *d, size_t limit, size_t *added,
			    struct oae_error *err)
{
	size_t gamma = d->gamma, room = d->capacity - d->n;
	enum oae_status status;

	*added = 0;
	/* the prompt and the last token before a limit are computed plainly */
	if (gamma > limit - 1)
		gamma = limit - 1;
	if (room && gamma > room - 1)
		gamma = room - 1;
	if (d->n - d->in_target > 1 || !gamma || !room)
		return oae_strategy_greedy.step(d, limit, added, err);
	status = propose(d, gamma, err);
	if (!status)
		status = oae_decode_compute(d, d->target, &d->in_target,
					    d->n + gamma, gamma + 1, err);
	if (!status)
		status = verify(d, gamma, added, err);
	if (status) {
		*added = 0;
		return status;
	}
	d->n += *added;
	/* forget the positions of proposals that did not stay */
	if (d->in_target > d->n - 1)
		d->in_target = d->n - 1;
	if (d->in_draft > d->n - 1)
		d->in_draft = d->n - 1;
	return OAE_OK;
}

const struct oae_strategy oae_strategy_speculative = {
	.name = "speculative",
	.needs_draft = true,
	.step = step,
};
