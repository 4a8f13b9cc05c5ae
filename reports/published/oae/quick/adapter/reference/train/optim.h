/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Muon (Jordan et al. 2024: momentum whose matrix is orthogonalised by five
 * Newton-Schulz steps) on the matrices, AdamW on everything else.
 */
#ifndef OAE_REFERENCE_TRAIN_OPTIM_H
#define OAE_REFERENCE_TRAIN_OPTIM_H

#include "adapters/reference/train/net.h"
#include "adapters/reference/train/pool.h"

struct oae_optim_rates {
	float muon_lr, muon_momentum, muon_decay;
	float adam_lr, adam_beta1, adam_beta2, adam_decay;
	unsigned orthogonal_steps;
};

struct oae_optim {
	const struct oae_net *net;
	float *m; /* [n_floats] momentum of both */
	float *v; /* [n_floats] AdamW's second moment */
	size_t n_scratch;
	float *scratch[OAE_POOL_MAX];
	size_t workers;
};

enum oae_status oae_optim_new(const struct oae_net *net, size_t workers,
			      struct oae_optim *o, struct oae_error *err);
void oae_optim_free(struct oae_optim *o);
/*
 * One step. grads[0..n) are the workers' gradients: they are summed into
 * grads[0], multiplied by `scale`, and each AdamW tensor's is clipped to
 * norm 1. step counts from 1.
 */
void oae_optim_step(struct oae_optim *o, struct oae_pool *pool, float *w,
		    float *const *grads, size_t n, float scale, uint64_t step,
		    const struct oae_optim_rates *rates);

#endif
