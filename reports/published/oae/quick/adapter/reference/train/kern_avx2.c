/* SPDX-License-Identifier: Apache-2.0 */
/* Training kernels, avx2: vectors of 8 floats. */
#ifdef __x86_64__
#include "adapters/reference/train/kern.h"

extern const struct oae_kern oae_kern_avx2;

#define VL 8
#define MR 6
#define KERN_NAME "avx2"
#define KERN_TABLE oae_kern_avx2
#include "adapters/reference/train/kern_impl.h"
#endif
