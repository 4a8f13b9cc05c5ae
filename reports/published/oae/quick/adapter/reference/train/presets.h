/* SPDX-License-Identifier: Apache-2.0 */
/* The models that this trainer knows: shapes, schedules, mixtures. */
#ifndef OAE_REFERENCE_TRAIN_PRESETS_H
#define OAE_REFERENCE_TRAIN_PRESETS_H

#include "adapters/reference/train/net.h"
#include "adapters/reference/train/optim.h"

#define OAE_TRAIN_STAGE_KINDS_MAX 12u
#define OAE_TRAIN_STAGES_MAX 6u

/* A stage of the curriculum: what is trained on, and when it is over. */
struct oae_train_stage {
	struct {
		const char *kind;
		double share; /* of documents */
	} mix[OAE_TRAIN_STAGE_KINDS_MAX];
	const char *gate; /* kind that must be solved, or NULL */
	double solved;	  /* held-out exact match, 0..1 */
	double until;	  /* at most to this share of the run;
					   the last stage never ends */
};

struct oae_train_preset {
	const char *name, *title, *about;
	struct oae_net_shape shape;
	uint64_t steps;
	size_t part_tokens; /* most rows of one pass */
	size_t parts;	    /* passes of one step */
	double warm_steps;
	double decay_from; /* share of the run at which rates sink */
	double final_rate; /* of the full rate, at the end */
	float balance, prompt_weight, distill_share;
	struct oae_optim_rates rates;
	unsigned tokenizer_docs, final_docs; /* of each kind */
	const struct oae_train_stage *stages;
	size_t n_stages;
};

extern const struct oae_train_preset oae_train_presets[];
extern const size_t oae_train_preset_count;

/* NULL when there is none. */
const struct oae_train_preset *oae_train_preset(const char *name);

#endif
