/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page cache of a file. A memory control group charges a file's pages to
 * whoever touches them first, so what a run needs of its model is only seen
 * when they were dropped before it; and a cold start is only cold then.
 */
#ifndef OAE_HARNESS_PAGE_CACHE_H
#define OAE_HARNESS_PAGE_CACHE_H

#include <stdint.h>

#include "base/status.h"

/*
 * How many bytes of the file are in memory (mincore(2)). The kernel tells
 * nobody but those who may write the file; others read "all of it".
 */
enum oae_status oae_page_cache_resident(const char *path, uint64_t *bytes,
					uint64_t *resident,
					struct oae_error *err);
/*
 * Asks for the file's pages to be dropped (posix_fadvise(2), DONTNEED), after
 * writing back dirty ones. What somebody maps, and a file of a file system
 * in memory, stays: look at what is resident.
 */
enum oae_status oae_page_cache_drop(const char *path, struct oae_error *err);
/* Reads the whole file. */
enum oae_status oae_page_cache_warm(const char *path, struct oae_error *err);

#endif
