/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which numbers of a result moved when the same run was scored again under
 * another profile, other tables or a later version (spec §16.3). Elements of
 * lists are paired by what they are about, not by their place.
 */
#ifndef OAE_SCHEMA_MOVED_H
#define OAE_SCHEMA_MOVED_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"

#define OAE_MOVES_MAX 1000000u

/* One number, word or flag. was or is NULL: it is not in that result. */
struct oae_move {
	const char *path;      /* "profiles[clinic].scores[..].modes..." */
	size_t group_len;      /* its first bytes name what it belongs to */
	const cJSON *was, *is; /* of the two trees; leaves */
	double relative;       /* is / was - 1; NaN where that means nothing */
};

struct oae_moves {
	struct oae_arena arena;
	struct oae_move *item; /* in the new result's order */
	size_t count, alloc;
	size_t compared; /* leaves that were looked at */
	size_t numbers;	 /* moves of them; the others are words and flags */
};

/*
 * Both trees must outlive the list. Numbers within 1e-9 of each other are
 * the same. Left out is what says who computed (build, oae, spec, rescored),
 * what was measured (journal, campaign, environment) and prose. Results of
 * different journals are OAE_ERR_UNSUPPORTED; that of a redacted folder is
 * paired by when it was measured and its seed. Release also after a failure.
 */
enum oae_status oae_moves_find(const cJSON *was, const cJSON *is,
			       struct oae_moves *out, struct oae_error *err);
void oae_moves_release(struct oae_moves *m);

/* Appends the list as a document, "moved-1", with a last newline. */
enum oae_status oae_moves_write(const struct oae_moves *m, const cJSON *was,
				const cJSON *is, struct oae_buf *out,
				struct oae_error *err);

#endif
