/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/reference/oae-lm/speed.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"

enum oae_status oae_speed_open(struct oae_speed *s, const char *path,
			       unsigned threads, struct oae_error *err)
{
	memset(s, 0, sizeof(*s));
	if (oae_threads_open(threads, &s->threads, err))
		return err->status;
	return oae_model_open(path, s->threads, &s->model, err);
}

static void leave_room(struct oae_speed *s)
{
	oae_state_free(s->state);
	free(s->rows);
	s->state = NULL;
	s->rows = NULL;
	s->filled = 0;
}

void oae_speed_close(struct oae_speed *s)
{
	leave_room(s);
	oae_model_close(s->model);
	oae_threads_close(s->threads);
	memset(s, 0, sizeof(*s));
}

enum oae_status oae_speed_room(struct oae_speed *s, uint32_t slots,
			       uint32_t ctx, uint32_t batch,
			       struct oae_error *err)
{
	leave_room(s);
	s->slots = slots;
	s->ctx = ctx;
	s->batch = batch > slots ? batch : slots;
	s->rows = calloc(s->batch, sizeof(*s->rows));
	if (!s->rows)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "no memory");
	return oae_state_new(s->model, slots, ctx, s->batch, &s->state, err);
}

/* Seeded tokens at positions at.. of slot 0; logits of each part's last. */
static enum oae_status pass(struct oae_speed *s, struct oae_rng *rng,
			    uint32_t at, uint32_t n, uint32_t batch,
			    struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	uint32_t now;

	for (uint32_t i = 0; i < n && !status; i += now) {
		now = n - i < batch ? n - i : batch;
		for (uint32_t k = 0; k < now; k++)
			s->rows[k] = (struct oae_row){
				.token = (int32_t)oae_rng_below(
					rng, s->model->shape.n_vocab),
				.position = at + i + k,
				.logits = k + 1 == now,
			};
		status = oae_forward(s->state, s->rows, now, err);
	}
	return status;
}

/* n tokens after depth others, batch at a time, timed. */
static enum oae_status timed(struct oae_speed *s, uint32_t n, uint32_t depth,
			     uint32_t batch, uint64_t *ns,
			     struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_rng rng;
	uint64_t start;

	oae_rng_seed(&rng, 1);
	if (s->filled < depth)
		status = pass(s, &rng, 0, depth, s->batch, err);
	oae_rng_seed(&rng, 1);
	start = oae_clock_ns();
	if (!status)
		status = pass(s, &rng, depth, n, batch, err);
	*ns = oae_clock_ns() - start;
	s->filled = status ? 0 : depth + n;
	return status;
}

enum oae_status oae_speed_prefill(struct oae_speed *s, uint32_t n,
				  uint32_t depth, uint64_t *ns,
				  struct oae_error *err)
{
	return timed(s, n, depth, s->batch, ns, err);
}

enum oae_status oae_speed_decode(struct oae_speed *s, uint32_t n,
				 uint32_t depth, uint64_t *ns,
				 struct oae_error *err)
{
	return timed(s, n, depth, 1, ns, err);
}

enum oae_status oae_speed_batched(struct oae_speed *s, uint32_t n, uint64_t *ns,
				  struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	struct oae_rng rng;
	uint64_t start;

	oae_rng_seed(&rng, 1);
	s->filled = 0;
	start = oae_clock_ns();
	for (uint32_t i = 0; i < n && !status; i++) {
		for (uint32_t k = 0; k < s->slots; k++)
			s->rows[k] = (struct oae_row){
				.token = (int32_t)oae_rng_below(
					&rng, s->model->shape.n_vocab),
				.slot = k,
				.position = i,
				.logits = true,
			};
		status = oae_forward(s->state, s->rows, s->slots, err);
	}
	*ns = oae_clock_ns() - start;
	return status;
}
