/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversion of tensor elements from and to float, as ggml documents the
 * packing of GGUF v3. Rows are contiguous and hold whole blocks. Q5_0 and the
 * K-quants Q4_K and Q6_K are read but not made out of floats.
 */
#ifndef OAE_REFERENCE_GGUF_TENSOR_H
#define OAE_REFERENCE_GGUF_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "adapters/reference/kernels/types.h"
#include "base/status.h"

/* True for the types above; others exist in GGUF but are not read here. */
int oae_tensor_type_known(uint32_t type);
/* "Q8_0"; for a type not read here its GGUF name or "type 77". */
const char *oae_tensor_type_name(uint32_t type);
/*
 * From "q8_0", any case, of a type that can be made out of floats: else
 * OAE_ERR_USAGE, which lists those.
 */
enum oae_status oae_tensor_type_parse(const char *name,
				      enum oae_tensor_type *out,
				      struct oae_error *err);
/* Can be made out of floats. */
int oae_tensor_type_written(enum oae_tensor_type type);
/* Products with it are of integers, with quantised activations. */
static inline int oae_tensor_type_quantised(enum oae_tensor_type type)
{
	return type != OAE_TENSOR_F32 && type != OAE_TENSOR_F16 &&
	       type != OAE_TENSOR_BF16;
}
/* Elements per block: 1, 32 or 256. */
size_t oae_tensor_type_block(enum oae_tensor_type type);
/* Bytes of n elements, n a multiple of the block. No overflow for n < 2^60. */
size_t oae_tensor_bytes(enum oae_tensor_type type, size_t n);

/*
 * n is a multiple of the block; src and dst do not overlap; from_f32 to
 * a type that is only read does nothing.
 */
void oae_tensor_from_f32(enum oae_tensor_type type, const float *src, size_t n,
			 void *dst);
void oae_tensor_to_f32(enum oae_tensor_type type, const void *src, size_t n,
		       float *dst);

#endif
