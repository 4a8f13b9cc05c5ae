/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of llama-peer: starts it, asks, waits for its answer. */
#ifndef OAE_TESTS_PEER_CLIENT_H
#define OAE_TESTS_PEER_CLIENT_H

#include "base/buf.h"
#include "base/json.h"
#include "base/spawn.h"
#include "base/status.h"

struct peer {
	struct oae_child child;
	struct oae_buf in; /* of its stdout, not yet taken */
};

/*
 * Starts tests/llama-peer of the build folder that this program is in. What
 * is wrong with the library shows at the first question.
 */
enum oae_status peer_start(struct peer *p, struct oae_error *err);
/* Ends it; fine when it never started. */
void peer_stop(struct peer *p);
/*
 * Sends one line and returns the answer, the caller's to cJSON_Delete(). An
 * answer that is not ok, an end of the child and a time-out are
 * OAE_ERR_TARGET and NULL; after the last two p is of no more use.
 */
cJSON *peer_ask(struct peer *p, const char *line, int timeout_ms,
		struct oae_error *err);
/* The same with a line made of a format. */
cJSON *peer_askf(struct peer *p, int timeout_ms, struct oae_error *err,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
