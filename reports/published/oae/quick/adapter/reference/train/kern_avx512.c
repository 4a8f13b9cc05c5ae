/* SPDX-License-Identifier: Apache-2.0 */
/* Training kernels, avx512: vectors of 16 floats. */
#ifdef __x86_64__
#include "adapters/reference/train/kern.h"

extern const struct oae_kern oae_kern_avx512;

#define VL 16
#define MR 12
#define KERN_NAME "avx512"
#define KERN_TABLE oae_kern_avx512
#include "adapters/reference/train/kern_impl.h"
#endif
