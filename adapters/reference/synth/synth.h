/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models of random weights: the shape of a real one, or a small one for
 * tests, in any type that is read here. Their speed and energy are a real
 * model's; their text means nothing, and the file says so ("oae.synthetic").
 *
 * Weights have mean 0 and the variance that keeps activations near 1 at any
 * depth; logits have a standard deviation of about 2. Each tensor has a
 * stream of its own, made from the seed and its name, so that one seed gives
 * the same bytes everywhere.
 */
#ifndef OAE_REFERENCE_SYNTH_SYNTH_H
#define OAE_REFERENCE_SYNTH_SYNTH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/gguf/gguf.h"
#include "base/status.h"

struct oae_synth_shape {
	const char *name, *about;
	const char *arch; /* as oae_synth_find_arch() knows it */
	uint32_t dim, hidden, layers, heads, kv_heads, head_dim, vocab;
	bool tied;		/* the output matrix is the embedding */
	uint32_t experts, used; /* 0: dense; hidden is of one expert */
	uint32_t context;	/* positions */
	float eps, rope_base;
	float rope_factor; /* of Llama 3's rotary scaling; 0: none */
};

extern const struct oae_synth_shape oae_synth_shapes[];
extern const size_t oae_synth_shape_count;

/*
 * An architecture by the name that people use: Mixtral's files call
 * themselves llama, as Mistral's do.
 */
struct oae_synth_arch {
	const char *name, *gguf;
	bool biases;  /* of queries, keys and values */
	bool qk_norm; /* of queries and keys */
	bool experts;
};

/* NULL when there is none of that name. */
const struct oae_synth_arch *oae_synth_find_arch(const char *name);

/* A tensor type for all matrices, or a mixture: some are better. */
struct oae_synth_quant {
	const char *name;
	enum oae_tensor_type type, better;
};

extern const struct oae_synth_quant oae_synth_quants[];
extern const size_t oae_synth_quant_count;

/* By name; OAE_ERR_USAGE lists what there is. NULL counts as unknown. */
enum oae_status oae_synth_find_shape(const char *name,
				     struct oae_synth_shape *out,
				     struct oae_error *err);
enum oae_status oae_synth_find_quant(const char *name,
				     const struct oae_synth_quant **out,
				     struct oae_error *err);
/*
 * Makes shape one of another architecture, with its usual constants: experts
 * come (4, 2 used) or go as it has them.
 */
enum oae_status oae_synth_set_arch(struct oae_synth_shape *shape,
				   const char *name, struct oae_error *err);
/* OAE_ERR_USAGE says which number is impossible, alone or in that type. */
enum oae_status oae_synth_check(const struct oae_synth_shape *p,
				const struct oae_synth_quant *quant,
				struct oae_error *err);

struct oae_synth_size {
	uint64_t parameters, active; /* active: used for one token */
	uint64_t bytes;		     /* of all tensors in the file */
};
void oae_synth_size(const struct oae_synth_shape *shape,
		    const struct oae_synth_quant *quant,
		    struct oae_synth_size *out);

enum oae_synth_kind {
	OAE_SYNTH_RANDOM,
	OAE_SYNTH_ROPE, /* factors by which rotary frequencies are divided */
};

struct oae_synth_tensor {
	char name[OAE_GGUF_NAME_BYTES_MAX + 1];
	enum oae_tensor_type type;
	enum oae_synth_kind kind;
	uint32_t n_dims;
	uint64_t dims[3];
	float mean, sigma;
};

/* Calls fn for every tensor in the order of the file while it returns 0. */
enum oae_status oae_synth_tensors(
	const struct oae_synth_shape *p, const struct oae_synth_quant *quant,
	enum oae_status (*fn)(void *ctx, const struct oae_synth_tensor *t),
	void *ctx);

/*
 * Writes the file, streaming: it needs some tens of MB of memory whatever the
 * shape. OAE_ERR_IO when the disk is too full for it, before anything of it
 * is written, or fails. say (may be NULL) hears of progress. When *stop
 * becomes non-zero (stop may be NULL), *stopped is set and nothing is left.
 */
struct oae_synth_options {
	uint64_t seed;
	const char *path;
	void (*say)(void *ctx, uint64_t bytes, uint64_t total);
	void *ctx;
	const volatile sig_atomic_t *stop;
};
enum oae_status oae_synth_write(const struct oae_synth_shape *shape,
				const struct oae_synth_quant *quant,
				const struct oae_synth_options *o,
				bool *stopped, struct oae_error *err);

#endif
