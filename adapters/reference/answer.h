/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an answer while it grows: it ends before a stop string, and
 * what is handed out are whole UTF-8 sequences that no stop string can still
 * take back.
 */
#ifndef OAE_REFERENCE_ANSWER_H
#define OAE_REFERENCE_ANSWER_H

#include "adapters/reference/request.h"
#include "base/buf.h"

struct oae_answer {
	char stops[OAE_ENGINE_STOPS_MAX][OAE_ENGINE_STOP_BYTES_MAX + 1];
	size_t n_stops;
	struct oae_buf text; /* so far */
	size_t given;	     /* bytes of it that were handed out */
};

void oae_answer_init(struct oae_answer *a);
void oae_answer_release(struct oae_answer *a);
/* Copies the stops, of which there may be too many or too long ones. */
enum oae_status oae_answer_begin(struct oae_answer *a,
				 const struct oae_engine_request *r,
				 struct oae_error *err);
/* Adds a token's text (t may be NULL); true: a stop string ended it. */
bool oae_answer_add(struct oae_answer *a, const struct oae_tokenizer *t,
		    int32_t token);
/* Hands out the settled text; with piece->finish set, all of it. */
void oae_answer_give(struct oae_answer *a, struct oae_engine_piece *piece);

#endif
