/* SPDX-License-Identifier: Apache-2.0 */
/* Products for processors with the dot products of Armv8.2 (HWCAP_ASIMDDP). */
#include "adapters/reference/kernels/kernels.h"

#ifdef __ARM_FEATURE_DOTPROD

#define MATMUL oae_matmul_neondot
#include "adapters/reference/kernels/matmul_neon_impl.h"

#endif
