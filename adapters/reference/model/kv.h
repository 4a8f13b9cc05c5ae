/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key-value cache: slots of n_ctx positions each, in f16. A slot's length
 * belongs to whoever uses it; forgetting positions needs no call here,
 * because attention reads only what it is told to.
 * Keys: [16 positions][head_dim][16]; values: [position][head_dim].
 */
#ifndef OAE_REFERENCE_MODEL_KV_H
#define OAE_REFERENCE_MODEL_KV_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct oae_kv {
	uint16_t *data; /* [layer][slot][head]{keys, values} */
	size_t layers, slots, heads, head_dim, n_ctx;
	size_t head_elements; /* of keys, or of values, of one head */
};

enum oae_status oae_kv_init(struct oae_kv *kv, size_t layers, size_t slots,
			    size_t heads, size_t head_dim, size_t n_ctx,
			    struct oae_error *err);
void oae_kv_release(struct oae_kv *kv);
uint64_t oae_kv_bytes(const struct oae_kv *kv);

static inline uint16_t *oae_kv_keys(const struct oae_kv *kv, size_t layer,
				    size_t slot, size_t head)
{
	return kv->data + ((layer * kv->slots + slot) * kv->heads + head) * 2 *
				  kv->head_elements;
}

static inline uint16_t *oae_kv_values(const struct oae_kv *kv, size_t layer,
				      size_t slot, size_t head)
{
	return oae_kv_keys(kv, layer, slot, head) + kv->head_elements;
}

/*
 * Copies positions begin..end-1 of all layers and heads from one slot to
 * another, which holds the same tokens before them.
 */
void oae_kv_copy(const struct oae_kv *kv, size_t from, size_t to, size_t begin,
		 size_t end);

/* Stores one position of one head; key and value are [head_dim] f16. */
static inline void oae_kv_store(const struct oae_kv *kv, size_t layer,
				size_t slot, size_t head, size_t position,
				const uint16_t *key, const uint16_t *value)
{
	size_t dim = kv->head_dim;
	uint16_t *k = oae_kv_keys(kv, layer, slot, head) +
		      position / 16 * 16 * dim + position % 16;
	uint16_t *v = oae_kv_values(kv, layer, slot, head) + position * dim;

	for (size_t i = 0; i < dim; i++) {
		k[i * 16] = key[i];
		v[i] = value[i];
	}
}

#endif
