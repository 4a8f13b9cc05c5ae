/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/model/kv.h"

#include <stdlib.h>
#include <string.h>

enum oae_status oae_kv_init(struct oae_kv *kv, size_t layers, size_t slots,
			    size_t heads, size_t head_dim, size_t n_ctx,
			    struct oae_error *err)
{
	uint64_t bytes;

	*kv = (struct oae_kv){
		.layers = layers,
		.slots = slots,
		.heads = heads,
		.head_dim = head_dim,
		.n_ctx = n_ctx,
		.head_elements = (n_ctx + 15) / 16 * 16 * head_dim,
	};
	bytes = oae_kv_bytes(kv);
	/* zeroed by the system, page by page as it is used */
	kv->data = calloc((size_t)bytes, 1);
	if (!kv->data)
		return oae_fail(err, OAE_ERR_NOMEM, 0,
				"key-value cache: no memory for %llu MiB; use "
				"a smaller context",
				(unsigned long long)(bytes >> 20));
	return OAE_OK;
}

void oae_kv_release(struct oae_kv *kv)
{
	free(kv->data);
	kv->data = NULL;
}

uint64_t oae_kv_bytes(const struct oae_kv *kv)
{
	return (uint64_t)kv->layers * kv->slots * kv->heads *
	       kv->head_elements * 2 * sizeof(uint16_t);
}

void oae_kv_copy(const struct oae_kv *kv, size_t from, size_t to, size_t begin,
		 size_t end)
{
	size_t dim = kv->head_dim, k0 = begin / 16 * 16 * dim;
	size_t k_bytes = ((end + 15) / 16 * 16 * dim - k0) * sizeof(uint16_t);
	size_t v_bytes = (end - begin) * dim * sizeof(uint16_t);

	for (size_t l = 0; l < kv->layers; l++) {
		for (size_t h = 0; h < kv->heads; h++) {
			memcpy(oae_kv_keys(kv, l, to, h) + k0,
			       oae_kv_keys(kv, l, from, h) + k0, k_bytes);
			memcpy(oae_kv_values(kv, l, to, h) + begin * dim,
			       oae_kv_values(kv, l, from, h) + begin * dim,
			       v_bytes);
		}
	}
}
