/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trains one of the embedded models on the corpus and writes it as a GGUF
 * file (F32) with a record of its making beside it.
 */
#ifndef OAE_REFERENCE_TRAIN_TRAIN_H
#define OAE_REFERENCE_TRAIN_TRAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct oae_train_options {
	const char *model;	/* a preset's name */
	const char *out;	/* GGUF; "OUT.train.json" is put beside it */
	const char *checkpoint; /* NULL: none */
	double save_s;		/* between checkpoints; 0: 120 */
	bool resume;		/* go on from the checkpoint if it exists */
	uint64_t seed;
	unsigned threads;
	uint64_t steps;	       /* 0: the preset's */
	double minutes;	       /* > 0: stop there, steps then pace the rates */
	const char *distill;   /* GGUF of a teacher, or NULL */
	const char *tokenizer; /* GGUF whose vocabulary is taken, or NULL */
	const char *upcycle;   /* GGUF of a dense model to start a moe from */
	/* called with lines about the progress, without newline */
	void (*say)(void *ctx, const char *line);
	void *say_ctx;
	/* set by a signal: write the checkpoint and return */
	const volatile sig_atomic_t *stop;
};

/*
 * Errors: OAE_ERR_USAGE (options), OAE_ERR_FORMAT (checkpoint or GGUF),
 * OAE_ERR_IO, OAE_ERR_NOMEM. A run that was stopped returns OAE_OK without
 * writing `out`; *finished tells.
 */
enum oae_status oae_train_run(const struct oae_train_options *options,
			      bool *finished, struct oae_error *err);

#endif
