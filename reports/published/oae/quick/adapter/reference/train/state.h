/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a training run, shared between the files of the trainer. */
#ifndef OAE_REFERENCE_TRAIN_STATE_H
#define OAE_REFERENCE_TRAIN_STATE_H

#include "adapters/reference/train/data.h"
#include "adapters/reference/train/net.h"
#include "adapters/reference/train/optim.h"
#include "adapters/reference/train/pool.h"
#include "adapters/reference/train/presets.h"
#include "adapters/reference/train/train.h"

struct oae_train_score {
	uint32_t docs; /* 0: not measured */
	double exact;  /* share of answers wholly right */
	double tokens; /* share of answer tokens right */
};

/* What one thread works with. */
struct oae_train_worker {
	struct oae_net_acts acts, teacher_acts;
	struct oae_net_batch batch;
	struct oae_train_source source, held_out;
	float *grad;
	int32_t *predicted;
	struct oae_net_loss loss;
	uint64_t tokens;
	enum oae_status status;
	struct oae_error error;
};

struct oae_train {
	const struct oae_train_options *options;
	const struct oae_train_preset *preset;
	struct oae_net net;
	struct oae_tokenizer *tokenizer;
	struct oae_pool *pool;
	struct oae_optim optim;
	float *w;
	size_t n_workers;
	struct oae_train_worker worker[OAE_POOL_MAX];
	/* the distillation's teacher */
	struct oae_net teacher;
	float *teacher_w;
	/* where the run stands; all of it goes into the checkpoint */
	uint64_t seed, steps, step, stage, stage_step, tokens;
	double wall_s, cpu_s;		/* of this run and those before it */
	double base_wall_s, base_cpu_s; /* of the model it was made from */
	double loss;			/* running mean */
	struct oae_train_score score[OAE_TRAIN_KINDS_MAX];
};

/* Shares of the present stage by kind, and whether the stage is over. */
void oae_train_mix(const struct oae_train *t,
		   double share[OAE_TRAIN_KINDS_MAX]);
bool oae_train_stage_over(const struct oae_train *t);

/* Scores of held-out documents of the stage's kinds, or of all of them. */
enum oae_status oae_train_evaluate(struct oae_train *t, size_t docs, bool all,
				   struct oae_error *err);

enum oae_status oae_train_save(const struct oae_train *t, const char *path,
			       struct oae_error *err);
/* Fills the state and the weights; shape and preset must agree. */
enum oae_status oae_train_restore(struct oae_train *t, const char *path,
				  struct oae_error *err);
/* Only the vocabulary of a checkpoint, before anything is allocated. */
enum oae_status oae_train_restore_tokenizer(const char *path,
					    struct oae_tokenizer **out,
					    struct oae_error *err);

enum oae_status oae_train_export(const struct oae_train *t, const char *path,
				 struct oae_error *err);
enum oae_status oae_train_record(const struct oae_train *t, const char *path,
				 struct oae_error *err);
/* A model of this family from a GGUF file; *w is the caller's to free. */
enum oae_status oae_train_import(const char *path, struct oae_net *net,
				 float **w, struct oae_tokenizer **tokenizer,
				 struct oae_error *err);
/* A moe's weights from a dense model's: its FFN halves, jittered. */
enum oae_status oae_train_upcycle(struct oae_train *t, const char *path,
				  struct oae_error *err);

#endif
