/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load loop: sends each request when it is due, takes the adapter's
 * events, and hands every finished request on. It pulls: between two waits
 * it looks at what is due, what came, and whether a tick (a sensor reading)
 * is due. Closed-loop requests are due as soon as there is room; others at
 * their own moment, however late the system under test is.
 */
#ifndef OAE_HARNESS_LOAD_H
#define OAE_HARNESS_LOAD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "harness/session.h"
#include "schema/record.h"
#include "workloads/arrivals.h"

/* One request of a plan. Strings belong to the plan. */
struct oae_request {
	uint64_t id;	  /* its place in the run's plan + 1 */
	uint64_t due_ns;  /* after the loop's start, or OAE_ARRIVAL_CLOSED */
	const char *item; /* id of the item it came from */
	struct oae_submit submit;	      /* .id is set by the loop */
	const char *expected, *judge, *group; /* for the journal; or NULL */
};

/* A request in flight or just finished. Times are CLOCK_MONOTONIC. */
struct oae_flight {
	const struct oae_request *request; /* NULL: free */
	uint64_t due_ns, sent_ns, done_ns;
	uint64_t first_ns; /* 0: no text yet */
	uint64_t heard_ns; /* when it was last heard of */
	uint64_t stamp_ns; /* the adapter's last stamp */
	uint64_t tokens_in, tokens_out, drafted, accepted;
	bool cancelled;	 /* we asked for it */
	char finish[16]; /* "" when it did not finish */
	struct oae_buf answer;
	uint64_t *token_ns; /* adapter stamps, one a token */
	size_t token_count, token_alloc;
};

struct oae_load_hooks {
	void *ctx;
	/* A request is over; reason is NULL when ok. Called once for each
	 * request that was sent. A failure ends the loop. */
	enum oae_status (*finished)(void *ctx, const struct oae_flight *f,
				    enum oae_outcome outcome,
				    const char *reason, struct oae_error *err);
	/* Reads what is to be read; returns when it wants to be called next. */
	uint64_t (*tick)(void *ctx, uint64_t now_ns, struct oae_error *err);
};

struct oae_load {
	struct oae_session *session;
	const struct oae_session_limits *limits;
	const struct oae_load_hooks *hooks;
	const volatile sig_atomic_t *stop; /* non-zero: interrupted */
	const struct oae_request *requests;
	size_t count;
	size_t max_in_flight;
	/* results */
	size_t sent; /* requests[0..sent) were sent */
	size_t in_flight;
	uint64_t busy_ns; /* with at least one request in flight */
	uint64_t events;  /* lines that the adapter wrote */
	bool interrupted;
	/* the loop's own */
	struct oae_flight *flights;
	uint64_t start_ns, busy_since_ns, tick_ns;
};

/*
 * Runs until every request is finished, the adapter failed
 * (OAE_ERR_TARGET; what was in flight was handed on as failed), a hook
 * failed, or *stop was set (what was in flight is not handed on).
 */
enum oae_status oae_load_run(struct oae_load *l, struct oae_error *err);

#endif
