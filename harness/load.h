/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load loop: sends each request when it is due, takes the adapter's
 * events, and hands every finished request on. It pulls: between two waits
 * it looks at what is due, what came, and whether a tick (a sensor reading)
 * is due.
 *
 * Open loop: every request has its own moment, however late the system
 * under test is. Closed loop: users, of whom each waits for its answer,
 * pauses, and asks the next request of the plan, which waits in turn when
 * the system under test takes fewer at a time; or, with
 * a batch, all requests of a query at once and the next query when the last
 * answer is there.
 *
 * Clock and system under test are the caller's (struct oae_load_io), so that
 * the same loop runs in simulated time.
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
	uint64_t id;	   /* its place in the run's plan + 1 */
	uint64_t due_ns;   /* after the loop's start, or OAE_ARRIVAL_CLOSED */
	uint64_t think_ns; /* closed loop: its user's pause before it */
	const char *item;  /* id of the item it came from */
	struct oae_submit submit; /* .id is the loop's: ascending as sent */
	const char *expected, *judge, *group; /* for the journal; or NULL */
};

/* A request in flight or just finished. Times are the loop's clock. */
struct oae_flight {
	const struct oae_request *request;
	uint64_t due_ns, sent_ns, done_ns;
	uint64_t first_ns; /* 0: no text yet */
	uint64_t heard_ns; /* when it was last heard of */
	uint64_t stamp_ns; /* the adapter's last stamp */
	uint64_t tokens_in, tokens_out, drafted, accepted, reused;
	struct oae_drafting drafting;
	bool cancelled;	 /* we asked for it */
	char finish[16]; /* "" when it did not finish */
	struct oae_buf answer;
	uint64_t *token_ns; /* adapter stamps, one a token */
	size_t token_count, token_alloc;
};

/* The clock and the system under test. */
struct oae_load_io {
	void *ctx;
	uint64_t (*now)(void *ctx); /* ns, never falling */
	enum oae_status (*submit)(void *ctx, const struct oae_submit *m,
				  struct oae_error *err);
	enum oae_status (*cancel)(void *ctx, uint64_t id,
				  struct oae_error *err);
	/* Returns when something came, or at the moment, or earlier. */
	enum oae_status (*wait)(void *ctx, uint64_t until_ns,
				struct oae_error *err);
	/* As oae_session_event(). */
	enum oae_status (*event)(void *ctx, struct oae_event *ev, bool *got,
				 struct oae_error *err);
};

/* CLOCK_MONOTONIC and an adapter's session, which must outlive it. */
struct oae_load_io oae_load_io_session(struct oae_session *s);

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
	const struct oae_load_io *io;
	const struct oae_session_limits *limits;
	const struct oae_load_hooks *hooks;
	const volatile sig_atomic_t *stop; /* non-zero: interrupted */
	/* Open loop: by due time. Closed: all of them OAE_ARRIVAL_CLOSED. */
	const struct oae_request *requests;
	size_t count;
	size_t max_in_flight;
	size_t users; /* closed loop; 0: as many as max_in_flight */
	size_t batch; /* closed loop: requests of one query; 0 is 1 */
	/* results */
	size_t sent, in_flight, in_flight_peak;
	uint64_t busy_ns; /* with at least one request in flight */
	uint64_t events;  /* lines that the adapter wrote */
	bool interrupted;
	/* the loop's own */
	struct oae_flight *flights;    /* in_flight of them are live */
	uint64_t *ids;		       /* what the adapter calls them */
	struct oae_load_user *waiting; /* closed loop: who pauses */
	size_t waiting_count;
	size_t taken; /* requests[0..taken) are sent, or a user's */
	uint64_t start_ns, busy_since_ns, tick_ns, silence_ns;
};

/*
 * Runs until every request is finished, the adapter failed
 * (OAE_ERR_TARGET; what was in flight was handed on as failed), a hook
 * failed, or *stop was set (what was in flight is not handed on).
 */
enum oae_status oae_load_run(struct oae_load *l, struct oae_error *err);

#endif
