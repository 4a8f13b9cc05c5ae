/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random elements of any type that is read here, K-quants too, faster than a
 * disk takes them. The same generator gives the same bytes everywhere.
 */
#ifndef OAE_REFERENCE_SYNTH_TENSOR_RANDOM_H
#define OAE_REFERENCE_SYNTH_TENSOR_RANDOM_H

#include "adapters/reference/gguf/tensor.h"
#include "base/rng.h"

#define OAE_TENSOR_LEVELS 4096
#define OAE_TENSOR_SCALES 256

/*
 * Floats come out of a table of levels, near normal; quantised blocks are
 * drawn as they are, about uniform, each with one of several scales.
 */
struct oae_tensor_draw {
	enum oae_tensor_type type;
	float levels[OAE_TENSOR_LEVELS]; /* converted to type */
	uint16_t scales[OAE_TENSOR_SCALES], floors[OAE_TENSOR_SCALES]; /* f16 */
};

/*
 * Of that mean (quantised: 0) and standard deviation. f16 scales hold 1e-3
 * well, 1e-5 badly. rng makes the table.
 */
void oae_tensor_draw_init(struct oae_tensor_draw *d, enum oae_tensor_type type,
			  float mean, float sigma, struct oae_rng *rng);
/* n is a multiple of the type's block; out holds n elements of it. */
void oae_tensor_draw(const struct oae_tensor_draw *d, struct oae_rng *rng,
		     size_t n, void *out);
/* Both at once, of mean 0. */
void oae_tensor_random(enum oae_tensor_type type, struct oae_rng *rng,
		       float sigma, size_t n, void *out);

#endif
