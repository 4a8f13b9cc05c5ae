/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model on its threads and how long it computes: what `oae-lm bench` and
 * `make bench-engine` time. The tokens are seeded, so that another engine
 * can be given the same.
 */
#ifndef OAE_REFERENCE_OAE_LM_SPEED_H
#define OAE_REFERENCE_OAE_LM_SPEED_H

#include <stdint.h>

#include "adapters/reference/model/model.h"

struct oae_speed {
	struct oae_threads *threads;
	struct oae_model *model;
	struct oae_state *state;
	struct oae_row *rows; /* [batch] */
	uint32_t slots, ctx, batch;
	uint32_t filled; /* positions of slot 0 that are computed already */
};

/* Loads. s is ready for oae_speed_close() whatever comes. */
enum oae_status oae_speed_open(struct oae_speed *s, const char *path,
			       unsigned threads, struct oae_error *err);
void oae_speed_close(struct oae_speed *s);
/* Room for slots sequences of ctx positions, computed batch at a time. */
enum oae_status oae_speed_room(struct oae_speed *s, uint32_t slots,
			       uint32_t ctx, uint32_t batch,
			       struct oae_error *err);

/*
 * n tokens after depth others, as many at a time as the room's batch. The
 * others are not in the time; they are computed where they are not yet.
 */
enum oae_status oae_speed_prefill(struct oae_speed *s, uint32_t n,
				  uint32_t depth, uint64_t *ns,
				  struct oae_error *err);
/* The same one by one. */
enum oae_status oae_speed_decode(struct oae_speed *s, uint32_t n,
				 uint32_t depth, uint64_t *ns,
				 struct oae_error *err);
/* n steps of one token of each of the room's slots, from empty caches. */
enum oae_status oae_speed_batched(struct oae_speed *s, uint32_t n, uint64_t *ns,
				  struct oae_error *err);

#endif
