/* SPDX-License-Identifier: Apache-2.0 */
/* What all strategies share, and the plain one: a token a step. */
#include "adapters/reference/decode/decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum oae_status oae_strategy_find(const char *name,
				  const struct oae_strategy **out,
				  struct oae_error *err)
{
	static const struct oae_strategy *const all[] = {
		&oae_strategy_greedy,
		&oae_strategy_speculative,
		&oae_strategy_lookup,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strcmp(name, all[i]->name)) {
			*out = all[i];
			return OAE_OK;
		}
	}
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"decode strategy \"%s\": not known; use greedy, "
			"speculative or lookup",
			name);
}

static enum oae_status check(const struct oae_decode_options *o, size_t batch,
			     struct oae_error *err)
{
	if (o->gamma > OAE_GAMMA_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"gamma %u is not in 0..%u", o->gamma,
				OAE_GAMMA_MAX);
	if (!(o->p_min >= 0 && o->p_min <= 1))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"p_min %g is not in 0..1", (double)o->p_min);
	if (batch <= OAE_GAMMA_MAX)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"speculation needs batches of more than %u "
				"rows; these have %zu",
				OAE_GAMMA_MAX, batch);
	return OAE_OK;
}

enum oae_status oae_decode_init(struct oae_decode *d, const struct oae_model *m,
				const struct oae_strategy *strategy,
				struct oae_state *target,
				struct oae_state *draft,
				const struct oae_decode_options *o,
				struct oae_error *err)
{
	size_t n_vocab = m->shape.n_vocab, batch = oae_state_batch(target);
	enum oae_status status;

	*d = (struct oae_decode){
		.target = target,
		.draft = draft,
		.capacity = oae_state_ctx(target),
		.p_min = o->p_min,
	};
	status = strategy->trust ? check(o, batch, err) : OAE_OK;
	if (!status)
		status =
			oae_sampler_init(&d->sampler, m->kernels, n_vocab, err);
	if (!status && strategy->needs_lookup)
		status = oae_lookup_init(
			&d->lookup,
			o->ngram_min ? o->ngram_min : OAE_NGRAM_MIN_DEFAULT,
			o->ngram_max ? o->ngram_max : OAE_NGRAM_MAX_DEFAULT,
			d->capacity, err);
	if (strategy->trust)
		oae_speculation_init(&d->speculation, o->gamma, strategy->trust,
				     draft ? o->draft_cost : 0);
	if (draft && oae_state_batch(draft) > batch)
		batch = oae_state_batch(draft);
	d->tokens = calloc(d->capacity, sizeof(*d->tokens));
	d->rows = calloc(batch, sizeof(*d->rows));
	d->p = calloc(n_vocab, sizeof(*d->p));
	if (!status && !(d->tokens && d->rows && d->p))
		status = oae_fail(err, OAE_ERR_NOMEM, 0, "decoding: no memory");
	if (status)
		oae_decode_release(d);
	return status;
}

void oae_decode_release(struct oae_decode *d)
{
	oae_sampler_release(&d->sampler);
	oae_lookup_release(&d->lookup);
	free(d->tokens);
	free(d->rows);
	free(d->p);
	*d = (struct oae_decode){ 0 };
}

enum oae_status oae_decode_prompt(struct oae_decode *d, const int32_t *tokens,
				  size_t n, struct oae_error *err)
{
	if (!n)
		return oae_fail(err, OAE_ERR_USAGE, 0, "the prompt is empty");
	if (n >= d->capacity)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"a prompt of %zu tokens does not fit a context "
				"of %zu",
				n, d->capacity);
	memcpy(d->tokens, tokens, n * sizeof(*tokens));
	d->n = n;
	d->in_target = d->in_draft = 0;
	oae_lookup_clear(&d->lookup);
	oae_speculation_begin(&d->speculation);
	return OAE_OK;
}

enum oae_status oae_decode_compute(struct oae_decode *d, struct oae_state *s,
				   size_t *in, size_t end, size_t logits,
				   struct oae_error *err)
{
	size_t n = end - *in, batch = oae_state_batch(s);
	enum oae_status status;

	if (n > batch)
		n = batch;
	for (size_t i = 0; i < n; i++)
		d->rows[i] = (struct oae_row){
			.token = d->tokens[*in + i],
			.slot = d->slot,
			.position = (uint32_t)(*in + i),
			.logits = *in + i + logits >= end,
		};
	status = oae_forward(s, d->rows, n, err);
	if (!status)
		*in += n;
	return status;
}

enum oae_status oae_decode_pick(struct oae_decode *d, const float *logits,
				size_t position, float *p, int32_t *token,
				struct oae_error *err)
{
	*token = oae_greedy(logits, d->sampler.n_vocab);
	if (!isfinite(logits[*token]))
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"the model's logits are not finite numbers");
	if (d->sampler.temperature > 0) {
		oae_sampler_distribution(&d->sampler, logits, p);
		*token = oae_sampler_draw(&d->sampler, p, position);
		if (!(p[*token] > 0))
			return oae_fail(err, OAE_ERR_TARGET, 0,
					"the model's logits are not finite "
					"numbers");
	}
	return OAE_OK;
}

static enum oae_status step(struct oae_decode *d, size_t limit, size_t *added,
			    struct oae_error *err)
{
	enum oae_status status;

	(void)limit; /* one token is never more than the limit */
	*added = 0;
	if (d->n == d->capacity)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"the context of %zu tokens is full",
				d->capacity);
	status = oae_decode_compute(d, d->target, &d->in_target, d->n, 1, err);
	if (status || d->in_target < d->n)
		return status;
	status = oae_decode_pick(d, oae_state_logits(d->target), d->n, d->p,
				 &d->tokens[d->n], err);
	if (status)
		return status;
	d->n++;
	*added = 1;
	return OAE_OK;
}

const struct oae_strategy oae_strategy_greedy = {
	.name = "greedy",
	.step = step,
};
