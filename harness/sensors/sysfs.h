/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of /sys: one value each. */
#ifndef OAE_HARNESS_SENSORS_SYSFS_H
#define OAE_HARNESS_SENSORS_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DIR/FILE without the blanks at its end; false when empty or unreadable. */
bool oae_sysfs_text(const char *dir, const char *file, char *out, size_t size);
/* A whole decimal number. */
bool oae_sysfs_u64(const char *dir, const char *file, uint64_t *out);
bool oae_sysfs_parse(const char *text, uint64_t *out);

/*
 * Calls fn for the entries of DIR (no dot files) in the order of their
 * bytes, at most OAE_SYSFS_ENTRIES_MAX; false when there is no such folder.
 */
#define OAE_SYSFS_ENTRIES_MAX 256u
typedef void oae_sysfs_fn(void *ctx, const char *dir, const char *entry);
bool oae_sysfs_each(const char *dir, oae_sysfs_fn *fn, void *ctx);

#endif
