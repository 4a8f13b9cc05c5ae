/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "harness/load_internal.h"

/* A request that is due this soon is awaited by polling without sleep. */
#define SPIN_NS 60000u
/* How often an interruption is looked for while nothing else happens. */
#define NAP_NS 100000000u

/* ---- clock and adapter -------------------------------------------------- */

static uint64_t session_now(void *ctx)
{
	(void)ctx;
	return oae_clock_ns();
}

static enum oae_status session_submit(void *ctx, const struct oae_submit *m,
				      struct oae_error *err)
{
	struct oae_session *s = ctx;

	oae_proto_submit(&s->queue, m);
	return oae_buf_check(&s->queue, "request", err);
}

static enum oae_status session_cancel(void *ctx, uint64_t id,
				      struct oae_error *err)
{
	struct oae_session *s = ctx;

	oae_proto_cancel(&s->queue, id);
	return oae_buf_check(&s->queue, "cancel", err);
}

static enum oae_status session_wait(void *ctx, uint64_t until_ns,
				    struct oae_error *err)
{
	return oae_session_wait(ctx, until_ns, err);
}

static enum oae_status session_event(void *ctx, struct oae_event *ev, bool *got,
				     struct oae_error *err)
{
	return oae_session_event(ctx, ev, got, err);
}

struct oae_load_io oae_load_io_session(struct oae_session *s)
{
	struct oae_load_io io = {
		.ctx = s,
		.now = session_now,
		.submit = session_submit,
		.cancel = session_cancel,
		.wait = session_wait,
		.event = session_event,
	};

	return io;
}

/* ---- what is due -------------------------------------------------------- */

static bool is_closed(const struct oae_load *l)
{
	return l->count > 0 && l->requests[0].due_ns == OAE_ARRIVAL_CLOSED;
}

/* The next n requests of the plan get users, who begin to pause now. */
static void take_users(struct oae_load *l, size_t n, uint64_t now_ns)
{
	const struct oae_request *first = &l->requests[l->taken];
	struct oae_load_user *u;

	for (; n > 0 && l->taken < l->count; n--) {
		u = &l->waiting[l->waiting_count++];
		u->index = l->taken++;
		/* The requests of a query go together. */
		u->due_ns = now_ns + (l->batch > 1 ?
					      first->think_ns :
					      l->requests[u->index].think_ns);
	}
}

/* Closed loop: an answer lets its user, or the next query, go on. */
static void go_on(struct oae_load *l, uint64_t now_ns)
{
	if (l->batch <= 1)
		take_users(l, 1, now_ns);
	else if (l->in_flight == 0 && l->waiting_count == 0)
		take_users(l, l->batch, now_ns);
}

/* When the next request is due, if there is one and room for it. */
static bool next_due(const struct oae_load *l, uint64_t *due_ns, size_t *user)
{
	size_t i;

	*user = 0;
	if (l->in_flight == l->max_in_flight)
		return false;
	if (!is_closed(l)) {
		if (l->taken == l->count)
			return false;
		*due_ns = l->start_ns + l->requests[l->taken].due_ns;
		return true;
	}
	if (l->waiting_count == 0)
		return false;
	for (i = 1; i < l->waiting_count; i++)
		if (l->waiting[i].due_ns < l->waiting[*user].due_ns)
			*user = i;
	*due_ns = l->waiting[*user].due_ns;
	return true;
}

/* Takes the request that next_due() found. */
static const struct oae_request *take_next(struct oae_load *l, size_t user)
{
	struct oae_load_user *u = &l->waiting[user];
	size_t index;

	if (!is_closed(l))
		return &l->requests[l->taken++];
	index = u->index;
	l->waiting_count--;
	memmove(u, u + 1, (l->waiting_count - user) * sizeof(*u));
	return &l->requests[index];
}

static enum oae_status send_next(struct oae_load *l, uint64_t due_ns,
				 size_t user, struct oae_error *err)
{
	bool paced = !is_closed(l) || l->batch > 1 ||
		     l->users > l->max_in_flight;
	const struct oae_request *r = take_next(l, user);
	struct oae_flight *f = &l->flights[l->in_flight];
	struct oae_submit m = r->submit;

	oae_buf_init(&f->answer, OAE_ANSWER_BYTES_MAX);
	f->request = r;
	f->sent_ns = f->heard_ns = f->stamp_ns = l->io->now(l->io->ctx);
	/* Without a pause it is due as soon as there is room: now. */
	f->due_ns = paced || r->think_ns ? due_ns : f->sent_ns;
	if (f->sent_ns + l->limits->request_ms * 1000000ull < l->silence_ns)
		l->silence_ns = f->sent_ns + l->limits->request_ms * 1000000ull;
	/* Ids ascend in the order of sending, which may not be the plan's. */
	m.id = l->ids[l->in_flight] = l->requests[0].id + l->sent++;
	if (l->in_flight++ == 0)
		l->busy_since_ns = f->sent_ns;
	if (l->in_flight > l->in_flight_peak)
		l->in_flight_peak = l->in_flight;
	return l->io->submit(l->io->ctx, &m, err);
}

/* Sends all that is due now. */
static enum oae_status send_due(struct oae_load *l, struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	uint64_t due_ns;
	size_t user;

	while (!status && next_due(l, &due_ns, &user) &&
	       due_ns <= l->io->now(l->io->ctx))
		status = send_next(l, due_ns, user, err);
	return status;
}

/* ---- what ends ---------------------------------------------------------- */

static void flight_clear(struct oae_flight *f)
{
	oae_buf_release(&f->answer);
	free(f->token_ns);
	memset(f, 0, sizeof(*f));
}

enum oae_status oae_load_end_flight(struct oae_load *l, struct oae_flight *f,
				    enum oae_outcome outcome, uint64_t now_ns,
				    const char *reason, struct oae_error *err)
{
	size_t at = (size_t)(f - l->flights), last = l->in_flight - 1;
	enum oae_status status;

	f->done_ns = now_ns;
	status = l->hooks->finished(l->hooks->ctx, f, outcome, reason, err);
	flight_clear(f);
	if (at != last) {
		*f = l->flights[last];
		l->ids[at] = l->ids[last];
		memset(&l->flights[last], 0, sizeof(*f));
	}
	l->in_flight = last;
	if (last == 0)
		l->busy_ns += now_ns - l->busy_since_ns;
	if (is_closed(l))
		go_on(l, now_ns);
	return status;
}

/* Cancels what was silent too long; silence_ns: when to look again. */
static enum oae_status check_silence(struct oae_load *l, uint64_t now_ns,
				     struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	uint64_t limit, end;
	size_t i;

	if (now_ns < l->silence_ns)
		return OAE_OK;
	l->silence_ns = UINT64_MAX;
	for (i = 0; i < l->in_flight && !status; i++) {
		struct oae_flight *f = &l->flights[i];

		limit = f->cancelled ? l->limits->cancel_ms :
				       l->limits->request_ms;
		end = f->heard_ns + limit * 1000000u;
		if (now_ns >= end && f->cancelled)
			return oae_fail(err, OAE_ERR_TARGET, 0,
					"request %" PRIu64 ": no event for %u"
					" ms, and cancel was not answered",
					l->ids[i], l->limits->request_ms);
		if (now_ns >= end) {
			f->cancelled = true;
			f->heard_ns = now_ns;
			end = now_ns + l->limits->cancel_ms * 1000000ull;
			status = l->io->cancel(l->io->ctx, l->ids[i], err);
		}
		if (end < l->silence_ns)
			l->silence_ns = end;
	}
	return status;
}

/* Waits for what comes next: an event, a due request, a limit, a tick. */
static enum oae_status wait_next(struct oae_load *l, struct oae_error *err)
{
	uint64_t now = l->io->now(l->io->ctx), until = now + NAP_NS, due;
	enum oae_status status;
	size_t user;

	status = check_silence(l, now, err);
	if (status)
		return status;
	if (now >= l->tick_ns)
		l->tick_ns = l->hooks->tick(l->hooks->ctx, now, err);
	if (err->status)
		return err->status;
	if (l->silence_ns < until)
		until = l->silence_ns;
	if (l->tick_ns < until)
		until = l->tick_ns;
	if (next_due(l, &due, &user) && due < until + SPIN_NS)
		until = due > SPIN_NS ? due - SPIN_NS : 0;
	return l->io->wait(l->io->ctx, until, err);
}

/* The adapter failed: what was in flight failed with it. */
static enum oae_status fail_flights(struct oae_load *l, enum oae_status why,
				    const struct oae_error *because,
				    struct oae_error *err)
{
	struct oae_error second = { 0 };
	uint64_t now = l->io->now(l->io->ctx);
	enum oae_status status = OAE_OK;

	l->taken = l->count; /* nobody goes on */
	while (l->in_flight > 0 && !status)
		status = oae_load_end_flight(l, &l->flights[0],
					     l->flights[0].cancelled ?
						     OAE_OUTCOME_TIMEOUT :
						     OAE_OUTCOME_FAILED,
					     now, because->text, &second);
	if (!status)
		return why;
	*err = second; /* ours weighs more than the adapter's */
	return status;
}

static enum oae_status begin(struct oae_load *l, struct oae_error *err)
{
	size_t users = l->users ? l->users : l->max_in_flight;

	if (users < l->batch)
		users = l->batch;

	l->flights = calloc(l->max_in_flight, sizeof(*l->flights));
	l->ids = calloc(l->max_in_flight, sizeof(*l->ids));
	l->waiting = calloc(users, sizeof(*l->waiting));
	if (!l->flights || !l->ids || !l->waiting)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "requests in flight");
	l->start_ns = l->tick_ns = l->io->now(l->io->ctx);
	l->silence_ns = UINT64_MAX;
	if (is_closed(l))
		take_users(l, l->batch > 1 ? l->batch : users, l->start_ns);
	return OAE_OK;
}

static void end(struct oae_load *l)
{
	size_t i;

	for (i = 0; l->flights && i < l->in_flight; i++)
		flight_clear(&l->flights[i]);
	free(l->flights);
	free(l->ids);
	free(l->waiting);
	l->flights = NULL;
	l->ids = NULL;
	l->waiting = NULL;
}

enum oae_status oae_load_run(struct oae_load *l, struct oae_error *err)
{
	enum oae_status status = begin(l, err);
	struct oae_error first;

	while (!status && (l->sent < l->count || l->in_flight > 0)) {
		if (*l->stop) {
			l->interrupted = true;
			break;
		}
		status = send_due(l, err);
		if (!status)
			status = wait_next(l, err);
		if (!status)
			status = oae_load_take_events(l, err);
	}
	first = *err;
	if (status == OAE_ERR_TARGET)
		status = fail_flights(l, status, &first, err);
	end(l);
	return status;
}
