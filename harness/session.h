/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One adapter process, from spawn to reaping. All waiting is done in
 * oae_session_wait(), with a limit; bytes to write are queued, so that an
 * adapter that does not read its stdin cannot block us, and its stderr is
 * always drained. Any failure of the adapter is OAE_ERR_TARGET; after one
 * the session can only be ended.
 */
#ifndef OAE_HARNESS_SESSION_H
#define OAE_HARNESS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/spawn.h"
#include "harness/proto.h"

#define OAE_ERR_TAIL_BYTES 400
#define OAE_ADAPTER_STDERR_BYTES_MAX (64u << 20)

struct oae_session_limits {
	uint32_t ready_ms;   /* start -> "ready" */
	uint32_t request_ms; /* no event while a request is in flight */
	uint32_t cancel_ms;  /* "cancel" -> "done" */
	uint32_t close_ms;   /* "close" -> exit */
};

extern const struct oae_session_limits oae_session_limits_default;

struct oae_session {
	struct oae_child child;
	int watch; /* epoll: stdout, stderr, and stdin while queue waits */
	bool watches, watches_in;
	struct oae_lines lines;
	struct oae_buf queue; /* to write */
	size_t queue_done;
	uint64_t received_ns; /* of the last bytes read from stdout */
	bool ended;	      /* stdout is at its end */
	char err_tail[OAE_ERR_TAIL_BYTES + 1]; /* last bytes of stderr */
	size_t err_tail_len;
	uint64_t err_bytes;
};

/* Held before its exec, so that counters can attach. */
enum oae_status oae_session_spawn(struct oae_session *s,
				  const char *const *argv, const char *dir,
				  struct oae_error *err);
/* The same with an environment and a confinement of its own. */
enum oae_status oae_session_spawn_how(struct oae_session *s,
				      const struct oae_spawn *asked,
				      struct oae_error *err);
/* Lets it run and says hello. */
enum oae_status oae_session_start(struct oae_session *s,
				  const struct oae_hello *hello,
				  struct oae_error *err);
/*
 * Queued messages go to s->queue through oae_proto_*(); this writes, reads
 * and drains until something was read from stdout, stdout ended or the
 * moment came. Returns earlier on a signal. OAE_ERR_TARGET when the adapter
 * broke a limit.
 */
enum oae_status oae_session_wait(struct oae_session *s, uint64_t until_ns,
				 struct oae_error *err);
/*
 * The next event that was read. *got is false when there is none yet. An
 * ended stdout without a next event is OAE_ERR_TARGET that says how the
 * process ended.
 */
enum oae_status oae_session_event(struct oae_session *s, struct oae_event *ev,
				  bool *got, struct oae_error *err);
/* The process is gone: says how ("it ended: exit 0; stderr: ..."). */
enum oae_status oae_session_fail_ended(struct oae_session *s,
				       struct oae_error *err);
/* "close", then "bye" and exit 0 within the limit. */
enum oae_status oae_session_close(struct oae_session *s,
				  const struct oae_session_limits *limits,
				  struct oae_error *err);
/* Kills what still runs, reaps; s->child keeps exit and resource use. */
void oae_session_end(struct oae_session *s);

#endif
