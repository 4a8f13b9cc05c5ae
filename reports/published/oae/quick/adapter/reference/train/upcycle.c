/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mixture of experts that starts from a trained dense model ("sparse
 * upcycling", Komatsuzaki et al. 2022): attention, norms and embedding are
 * taken over; each expert is a random half of the dense FFN's hidden
 * columns, its output doubled because the two used experts' weights sum to
 * one, plus some noise.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/reference/train/state.h"
#include "base/json.h"

#define NOISE 0.02

static void copy_shared(const struct oae_train *t, const struct oae_net *from,
			const float *w)
{
	for (size_t i = 0; i < t->net.n_tensors; i++) {
		const struct oae_net_tensor *x = &t->net.tensor[i];

		for (size_t j = 0; j < from->n_tensors; j++) {
			const struct oae_net_tensor *y = &from->tensor[j];

			if (!strcmp(x->name, y->name))
				memcpy(t->w + x->offset, w + y->offset,
				       x->rows * x->cols * sizeof(*w));
		}
	}
}

static void split_layer(struct oae_train *t, const struct oae_net *from,
			const float *w, size_t layer, struct oae_rng *rng,
			uint32_t *order)
{
	const struct oae_net_layer *to = &t->net.layer[layer];
	const struct oae_net_layer *at = &from->layer[layer];
	size_t d = t->net.shape.dim, h = t->net.shape.hidden;
	size_t wide = from->shape.hidden;

	for (size_t e = 0; e < t->net.shape.experts; e++) {
		float *gate = t->w + to->gate + e * h * d;
		float *up = t->w + to->up + e * h * d;
		float *down = t->w + to->down + e * h * d;

		/* experts in pairs that share one cut into halves */
		if (e % 2 == 0) {
			for (uint32_t i = 0; i < wide; i++)
				order[i] = i;
			oae_rng_shuffle(rng, order, wide);
		}
		for (size_t i = 0; i < h; i++) {
			size_t c = order[(e % 2) * (wide - h) + i];

			for (size_t j = 0; j < d; j++) {
				gate[i * d + j] = w[at->gate + c * d + j];
				up[i * d + j] = w[at->up + c * d + j];
				down[j * h + i] =
					2.0f * w[at->down + j * wide + c];
			}
		}
		for (size_t i = 0; i < h * d; i++) {
			gate[i] *= (float)(1.0 + NOISE * oae_rng_normal(rng));
			up[i] *= (float)(1.0 + NOISE * oae_rng_normal(rng));
			down[i] *= (float)(1.0 + NOISE * oae_rng_normal(rng));
		}
	}
}

/* The dense model's own cost, from the record beside its file. */
static void read_cost(struct oae_train *t, const char *path)
{
	struct oae_error ignored = { 0 };
	struct oae_buf name;
	cJSON *record = NULL;

	oae_buf_init(&name, OAE_PATH_BYTES_MAX);
	oae_buf_printf(&name, "%s.train.json", path);
	if (!oae_json_read(oae_buf_str(&name), &record, &ignored)) {
		t->base_wall_s = oae_json_num_or(record, "wall_s", 0.0);
		t->base_cpu_s = oae_json_num_or(record, "cpu_s", 0.0);
	}
	cJSON_Delete(record);
	oae_buf_release(&name);
}

enum oae_status oae_train_upcycle(struct oae_train *t, const char *path,
				  struct oae_error *err)
{
	struct oae_tokenizer *tokenizer = NULL;
	struct oae_net from;
	uint32_t *order = NULL;
	struct oae_rng rng;
	enum oae_status st;
	float *w = NULL;

	st = oae_train_import(path, &from, &w, &tokenizer, err);
	if (st)
		return st;
	if (!t->net.shape.experts || from.shape.experts ||
	    from.shape.dim != t->net.shape.dim ||
	    from.shape.layers != t->net.shape.layers ||
	    from.shape.heads != t->net.shape.heads ||
	    from.shape.head_dim != t->net.shape.head_dim ||
	    from.shape.vocab != t->net.shape.vocab ||
	    from.shape.hidden < t->net.shape.hidden) {
		st = oae_fail(
			err, OAE_ERR_USAGE, 0,
			"%s: a mixture starts from a dense model of its own "
			"width, depth and vocabulary",
			path);
		goto out;
	}
	order = calloc(from.shape.hidden, sizeof(*order));
	if (!order) {
		st = oae_fail(err, OAE_ERR_NOMEM, 0, "upcycling");
		goto out;
	}
	oae_rng_derive(&rng, t->seed, "upcycle");
	copy_shared(t, &from, w);
	for (size_t i = 0; i < from.shape.layers; i++)
		split_layer(t, &from, w, i, &rng, order);
	t->stage = t->preset->n_stages - 1;
	read_cost(t, path);
out:
	oae_tokenizer_free(tokenizer);
	free(order);
	free(w);
	return st;
}
