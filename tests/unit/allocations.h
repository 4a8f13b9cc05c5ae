/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts what a test's whole program allocates; one file of it includes this.
 * Not under a sanitizer, which has an allocator of its own.
 */
#ifndef OAE_TESTS_ALLOCATIONS_H
#define OAE_TESTS_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

static size_t allocations;

#ifdef __SANITIZE_ADDRESS__

static const bool allocations_counted = false;

#else

static const bool allocations_counted = true;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

void *malloc(size_t n)
{
	__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
	__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_realloc(p, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
	__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
	return __libc_memalign(alignment, n);
}

#endif
#endif
