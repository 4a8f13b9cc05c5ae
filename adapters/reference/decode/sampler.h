/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From logits to a token: greedy, or by temperature and top-k, seeded.
 *
 * A draw is a race (Gumbel-max, in the form of exponential clocks): each token
 * has a noise that the seed and the position in the sequence alone decide, and
 * the first to ring wins. So what stands at a position is a function of the
 * request's seed and the model's distribution there, whoever asks and how
 * often: a draft that races with the same noise mostly guesses the target's
 * draw, and speculation at any temperature writes the plain text (Daliri,
 * Musco and Suresh 2024, "Coupling without communication and drafter-invariant
 * speculative decoding").
 */
#ifndef OAE_REFERENCE_DECODE_SAMPLER_H
#define OAE_REFERENCE_DECODE_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/kernels/kernels.h"
#include "base/status.h"

struct oae_sampler {
	float temperature; /* 0: greedy, seed and top_k are not used */
	uint32_t top_k;	   /* 0: all tokens */
	uint64_t key;	   /* of the seed */
	const struct oae_kernels *kernels;
	uint32_t *heap; /* [n_vocab] */
	size_t n_vocab;
};

enum oae_status oae_sampler_init(struct oae_sampler *s,
				 const struct oae_kernels *kernels,
				 size_t n_vocab, struct oae_error *err);
void oae_sampler_release(struct oae_sampler *s);
/*
 * For a new request. OAE_ERR_USAGE unless temperature is in 0..100.
 */
enum oae_status oae_sampler_set(struct oae_sampler *s, float temperature,
				uint32_t top_k, uint64_t seed,
				struct oae_error *err);
/* The greatest logit's token; of equals the first. */
int32_t oae_greedy(const float *logits, size_t n);
/* The distribution that the settings make of logits; temperature > 0. */
void oae_sampler_distribution(struct oae_sampler *s, const float *logits,
			      float *p);
/*
 * The draw from p[0..n), which need not sum to 1 exactly, for a position of
 * the sequence (the prompt's tokens count).
 */
int32_t oae_sampler_draw(const struct oae_sampler *s, const float *p,
			 uint64_t position);

#endif
