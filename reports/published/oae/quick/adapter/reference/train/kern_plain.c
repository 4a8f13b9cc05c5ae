/* SPDX-License-Identifier: Apache-2.0 */
/* Training kernels, plain: vectors of 4 floats. */
#include "adapters/reference/train/kern.h"

extern const struct oae_kern oae_kern_plain;

#define VL 4
#define MR 4
#define KERN_NAME "plain"
#define KERN_TABLE oae_kern_plain
#include "adapters/reference/train/kern_impl.h"
