/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 16u
#define BLOCK_BYTES ((size_t)64 << 10)

struct oae_arena_block {
	struct oae_arena_block *next;
	size_t used, size;
	_Alignas(ALIGN) unsigned char data[];
};

void oae_arena_init(struct oae_arena *a, size_t cap)
{
	memset(a, 0, sizeof(*a));
	a->cap = cap;
}

void oae_arena_release(struct oae_arena *a)
{
	struct oae_arena_block *b = a->head, *next;

	for (; b; b = next) {
		next = b->next;
		free(b);
	}
	memset(a, 0, sizeof(*a));
}

void *oae_arena_alloc(struct oae_arena *a, size_t size)
{
	struct oae_arena_block *b = a->head;
	size_t rounded, block;
	void *p;

	if (size > a->cap - a->used || size > SIZE_MAX / 2)
		return NULL;
	rounded = size ? (size + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	if (!b || rounded > b->size - b->used) {
		block = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
		b = calloc(1, sizeof(*b) + block);
		if (!b)
			return NULL;
		b->size = block;
		b->next = a->head;
		a->head = b;
	}
	p = b->data + b->used;
	b->used += rounded;
	a->used += size;
	return p;
}

void *oae_arena_array(struct oae_arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	return oae_arena_alloc(a, total);
}

char *oae_arena_strdup(struct oae_arena *a, const char *s)
{
	return oae_arena_strndup(a, s, strlen(s));
}

char *oae_arena_strndup(struct oae_arena *a, const char *s, size_t len)
{
	size_t n = strnlen(s, len);
	char *copy = oae_arena_alloc(a, n + 1);

	if (copy)
		memcpy(copy, s, n);
	return copy;
}

char *oae_arena_printf(struct oae_arena *a, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len >= 0)
		text = oae_arena_alloc(a, (size_t)len + 1);
	if (text) {
		va_start(ap, fmt);
		(void)vsnprintf(text, (size_t)len + 1, fmt, ap);
		va_end(ap);
	}
	return text;
}
