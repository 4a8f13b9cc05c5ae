/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the SDK: the connection, shared by its files. */
#ifndef OAE_ADAPTERS_SDK_INTERNAL_H
#define OAE_ADAPTERS_SDK_INTERNAL_H

#include "adapters/sdk/sdk.h"
#include "base/buf.h"

/* Tokens that one "token" message will report. */
struct oae_sdk_group {
	struct oae_buf text;
	uint32_t n;
	uint64_t t_ns; /* of the newest */
};

/* A request in flight. A slot is free while !used. */
struct oae_sdk_slot {
	uint64_t id;
	bool used, generates; /* generates: a submit */
	bool begun, stopped;  /* first token sent; stop string found */
	uint32_t max_tokens, tokens;
	size_t bytes; /* of the answer's text */
	/*
	 * Text that cannot be sent yet: it may be the beginning of a stop
	 * string or of a UTF-8 character. Its tokens are `newest`, together
	 * with those that settle it.
	 */
	struct oae_buf tail;
	/*
	 * Tokens that wait for at most OAE_PROTOCOL_COALESCE_NS: the newest
	 * apart, since it may turn out to be the answer's last, which is
	 * never reported together with others.
	 */
	struct oae_sdk_group earlier, newest;
	uint64_t waits_since_ns; /* stamp of the oldest waiting token */
	char *stop[OAE_PROTOCOL_STOPS_MAX];
	size_t n_stop;
};

struct oae_sdk {
	const struct oae_adapter *adapter;
	void *self;
	bool opened, closing, broken; /* broken: nobody reads us any more */
	int exit_code;
	int in, out; /* protocol file descriptors */

	struct oae_buf line; /* bytes read, not yet a whole line */
	bool skipping;	     /* inside a line that is too long */

	struct oae_buf send; /* lines not yet written */
	uint64_t step_ns;    /* how long the last poll() took */

	struct oae_sdk_slot *slots;
	uint32_t n_slots, in_flight;
	uint32_t slots_top; /* those from here on are free */
	unsigned verbs;
	bool any_id;
	uint64_t last_id;
};

/* message.c: one line from the harness. */
void oae_sdk_message(struct oae_sdk *s, const char *line, size_t len);

/* emit.c */
const char *oae_sdk_code(enum oae_status status);
/* An "error"; id is NULL when it concerns no request. */
void oae_sdk_error(struct oae_sdk *s, const uint64_t *id, const char *code,
		   const char *message);
void oae_sdk_ready_send(struct oae_sdk *s, const char *system,
			uint32_t max_in_flight, const char *details);
void oae_sdk_bye(struct oae_sdk *s);
/* Moves waiting tokens to the output when they must not wait longer. */
void oae_sdk_release_waiting(struct oae_sdk *s);
/* Writes everything in s->send. */
void oae_sdk_flush(struct oae_sdk *s);
struct oae_sdk_slot *oae_sdk_find(struct oae_sdk *s, uint64_t id);
/* NULL when max_in_flight are in use. */
struct oae_sdk_slot *oae_sdk_take(struct oae_sdk *s, uint64_t id);
void oae_sdk_slot_free(struct oae_sdk *s, struct oae_sdk_slot *slot);

#endif
