/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory by lifetime: everything allocated from an arena is released with
 * it. Zeroed, aligned to 16 bytes, capped.
 */
#ifndef OAE_BASE_ARENA_H
#define OAE_BASE_ARENA_H

#include <stddef.h>

struct oae_arena_block;

struct oae_arena {
	struct oae_arena_block *head;
	size_t used, cap; /* bytes handed out, most bytes */
};

void oae_arena_init(struct oae_arena *a, size_t cap);
void oae_arena_release(struct oae_arena *a);
/* Zeroed memory, or NULL when the cap or the system's memory is spent. */
void *oae_arena_alloc(struct oae_arena *a, size_t size);
/* count * size with overflow checked. */
void *oae_arena_array(struct oae_arena *a, size_t count, size_t size);
char *oae_arena_strdup(struct oae_arena *a, const char *s);
char *oae_arena_strndup(struct oae_arena *a, const char *s, size_t len);
char *oae_arena_printf(struct oae_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
