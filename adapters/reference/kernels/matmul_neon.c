/* SPDX-License-Identifier: Apache-2.0 */
/* Products for any AArch64 processor. */
#include "adapters/reference/kernels/kernels.h"

#ifdef __aarch64__

#define MATMUL oae_matmul_neon
#include "adapters/reference/kernels/matmul_neon_impl.h"

#endif
