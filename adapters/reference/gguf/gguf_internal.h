/* SPDX-License-Identifier: Apache-2.0 */
/* What gguf.c (parsing) and gguf_meta.c (look-ups) share. */
#ifndef OAE_REFERENCE_GGUF_GGUF_INTERNAL_H
#define OAE_REFERENCE_GGUF_GGUF_INTERNAL_H

#include "adapters/reference/gguf/gguf.h"
#include "base/arena.h"

#define OAE_GGUF_KINDS 13

/* Bytes of one element of a kind; 0 for strings and arrays. */
extern const uint8_t oae_gguf_kind_bytes[OAE_GGUF_KINDS];

struct oae_gguf_key {
	const char *name;
	enum oae_gguf_kind kind, element; /* element: of an array */
	uint64_t count;			  /* 1, or the array's */
	const uint8_t *raw, *value;	  /* raw starts at the type */
	size_t raw_bytes;
};

struct oae_gguf {
	struct oae_arena arena;
	const uint8_t *data;
	size_t len;
	bool mapped;
	struct oae_gguf_key *keys;
	size_t n_keys;
	struct oae_gguf_key **keys_by_name;
	struct oae_gguf_tensor *tensors;
	size_t n_tensors;
	const struct oae_gguf_tensor **tensors_by_name;
};

/* For qsort and bsearch over arrays of pointers. */
int oae_gguf_key_by_name(const void *a, const void *b);
int oae_gguf_tensor_by_name(const void *a, const void *b);

#endif
