/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The harness's side of adapters/PROTOCOL.md: cutting an adapter's stdout
 * into lines of limited length, and reading a line into an event. What an
 * adapter writes is never trusted: a line that is too long, not strict
 * JSON, of an unknown type or with a missing member is OAE_ERR_TARGET, a
 * violation, after which nothing more is read from that adapter.
 */
#ifndef OAE_HARNESS_PROTO_H
#define OAE_HARNESS_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"
#include "schema/drafting.h"

/* Cuts bytes into lines of at most OAE_LINE_BYTES_MAX. */
struct oae_lines {
	struct oae_buf pending; /* bytes not yet given out */
	size_t start;		/* of the next line */
	size_t scanned;		/* no newline in [start, scanned) */
};

void oae_lines_init(struct oae_lines *l);
void oae_lines_release(struct oae_lines *l);
enum oae_status oae_lines_feed(struct oae_lines *l, const char *bytes,
			       size_t len, struct oae_error *err);
/* True with the next whole line, without its newline; valid until feed. */
bool oae_lines_next(struct oae_lines *l, const char **line, size_t *len);

enum oae_event_kind {
	OAE_EVENT_READY,
	OAE_EVENT_TOKEN,
	OAE_EVENT_DONE,
	OAE_EVENT_SCORED,
	OAE_EVENT_LEARNED,
	OAE_EVENT_ERROR,
	OAE_EVENT_BYE,
};

/*
 * Strings belong to the tree, to the event or to the line that was read, which
 * must outlive it. Members that a kind lacks are 0 or NULL.
 */
struct oae_event {
	enum oae_event_kind kind;
	uint64_t received_ns; /* our clock, when its bytes were read */
	bool has_id;
	uint64_t id;
	uint64_t t_ns;	  /* the adapter's stamp: token, done */
	uint64_t n;	  /* token: new tokens, at least 1 */
	const char *text; /* token: text_len bytes, perhaps no NUL behind */
	size_t text_len;
	const char *finish; /* done */
	/* done */
	uint64_t tokens_in, tokens_out, drafted, accepted, reused;
	struct oae_drafting drafting;
	const char *code, *message; /* error */
	uint64_t max_in_flight;	    /* ready */
	const char *system;	    /* ready */
	cJSON *tree;	   /* the whole message; NULL for most token, done */
	char decoded[256]; /* behind text, where the line had escapes */
};

/* All but the bytes of `decoded`. */
void oae_event_clear(struct oae_event *ev);

enum oae_status oae_event_parse(const char *line, size_t len,
				struct oae_event *ev, struct oae_error *err);
void oae_event_release(struct oae_event *ev);
const char *oae_event_name(enum oae_event_kind kind);

/* What the harness says; each appends one line with its newline. */
struct oae_hello {
	const char *system;
	const cJSON *knobs; /* object or NULL */
	const char *home;
	uint64_t seed;
	const char *synthetic; /* path of a model file, or NULL */
};

struct oae_submit {
	uint64_t id;
	const char *prompt;
	uint32_t max_tokens;
	double temperature;
	uint32_t top_k;
	uint64_t seed;
	const char *const *stop; /* n_stop strings */
	size_t n_stop;
	bool ignore_eos;
};

void oae_proto_hello(struct oae_buf *out, const struct oae_hello *m);
void oae_proto_submit(struct oae_buf *out, const struct oae_submit *m);
void oae_proto_cancel(struct oae_buf *out, uint64_t id);
void oae_proto_close(struct oae_buf *out);

#endif
