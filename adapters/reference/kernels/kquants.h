/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to K-quants, for the kernel tables. */
#ifndef OAE_REFERENCE_KERNELS_KQUANTS_H
#define OAE_REFERENCE_KERNELS_KQUANTS_H

#include "adapters/reference/kernels/kernels.h"

static inline int oae_kquant(enum oae_tensor_type type)
{
	return type == OAE_TENSOR_Q4_K || type == OAE_TENSOR_Q6_K;
}

#endif
