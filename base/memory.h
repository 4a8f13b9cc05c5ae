/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory this process may still take before something ends it. */
#ifndef OAE_BASE_MEMORY_H
#define OAE_BASE_MEMORY_H

#include <stdint.h>

struct oae_memory {
	uint64_t bytes;	   /* UINT64_MAX: nothing tells */
	const char *limit; /* what it is that ends there; never NULL */
};

/*
 * The least of MemAvailable in /proc/meminfo, the limits of the memory
 * cgroups that the process is in (version 1 or 2; cached pages of files that
 * are not in use count as free, as the kernel takes them first) and the
 * resource limits on address space and data. root stands before /proc and
 * /sys, for tests; else "". With another root resource limits are left out.
 */
struct oae_memory oae_memory_available(const char *root);

/*
 * Bytes of the last cache of the first processor, as Linux tells it under
 * /sys/devices/system/cpu; 0: it doesn't. (C libraries name that of a whole
 * package of several, 64 MB for 8.)
 */
uint64_t oae_memory_cache(const char *root);

#endif
