/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tensor element types as GGUF numbers and packs them, and conversion to and
 * from float. Rows are contiguous; a row of a block type holds a whole
 * number of blocks. Layouts: ggml's documentation of GGUF v3.
 *   Q8_0: blocks of 32: f16 scale d, int8 q[32];        x = d * q
 *   Q4_0: blocks of 32: f16 scale d, 16 bytes, element j in the low nibble
 *         of byte j, j + 16 in the high one;            x = d * (q - 8)
 */
#ifndef OAE_REFERENCE_TENSOR_H
#define OAE_REFERENCE_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define OAE_TENSOR_BLOCK 32	/* elements of a quantised block */
#define OAE_Q8_0_BYTES 34	/* bytes of a Q8_0 block */
#define OAE_Q4_0_BYTES 18	/* bytes of a Q4_0 block */

enum oae_tensor_type {
	OAE_TENSOR_F32 = 0,
	OAE_TENSOR_F16 = 1,
	OAE_TENSOR_Q4_0 = 2,
	OAE_TENSOR_Q8_0 = 8,
	OAE_TENSOR_BF16 = 30,
};

/* True for the types above; others exist in GGUF but are not read here. */
int oae_tensor_type_known(uint32_t type);
/* "Q8_0"; for a type not read here its GGUF name or "type 77". */
const char *oae_tensor_type_name(uint32_t type);
/* From "q8_0", any case. OAE_ERR_USAGE lists what there is. */
enum oae_status oae_tensor_type_parse(const char *name,
				      enum oae_tensor_type *out,
				      struct oae_error *err);
/* Elements per block: 1 or 32. */
size_t oae_tensor_type_block(enum oae_tensor_type type);
/* Bytes of n elements, n a multiple of the block. No overflow for n < 2^60. */
size_t oae_tensor_bytes(enum oae_tensor_type type, size_t n);

/* n is a multiple of the block; src and dst do not overlap. */
void oae_tensor_from_f32(enum oae_tensor_type type, const float *src,
			 size_t n, void *dst);
void oae_tensor_to_f32(enum oae_tensor_type type, const void *src, size_t n,
		       float *dst);

/* IEEE binary16, round to nearest even. */
uint16_t oae_f16_from_f32(float x);
float oae_f32_from_f16(uint16_t h);

#endif
