/* SPDX-License-Identifier: Apache-2.0 */
/* Products for processors with AVX-512 F, BW, DQ and VL: what Skylake-X has. */
#include "adapters/reference/kernels/kernels.h"

#ifdef __AVX512BW__

#define MATMUL oae_matmul_avx512bw
#include "adapters/reference/kernels/matmul_avx512_impl.h"

#endif
