/* SPDX-License-Identifier: Apache-2.0 */
/* Products with AVX-512 and VNNI: from Cascade Lake and Zen 4 on. */
#include "adapters/reference/kernels/kernels.h"

#ifdef __AVX512VNNI__

#define MATMUL oae_matmul_avx512vnni
#include "adapters/reference/kernels/matmul_avx512_impl.h"

#endif
