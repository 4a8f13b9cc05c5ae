/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sdk/protocol.h"
#include "base/clock.h"
#include "base/limits.h"
#include "harness/load.h"

/* A request that is due this soon is awaited by polling without sleep. */
#define SPIN_NS 60000u
/* How often an interruption is looked for while nothing else happens. */
#define NAP_NS 100000000u

static void flight_clear(struct oae_flight *f)
{
	oae_buf_release(&f->answer);
	free(f->token_ns);
	memset(f, 0, sizeof(*f));
}

static struct oae_flight *flight_find(struct oae_load *l, uint64_t id)
{
	size_t i;

	for (i = 0; i < l->max_in_flight; i++)
		if (l->flights[i].request && l->flights[i].request->id == id)
			return &l->flights[i];
	return NULL;
}

static enum oae_status flight_end(struct oae_load *l, struct oae_flight *f,
				  enum oae_outcome outcome, uint64_t now_ns,
				  const char *reason, struct oae_error *err)
{
	enum oae_status status;

	f->done_ns = now_ns;
	l->in_flight--;
	if (l->in_flight == 0)
		l->busy_ns += now_ns - l->busy_since_ns;
	status = l->hooks->finished(l->hooks->ctx, f, outcome, reason, err);
	flight_clear(f);
	return status;
}

static bool is_due(const struct oae_load *l, uint64_t now_ns)
{
	const struct oae_request *r = &l->requests[l->sent];

	return l->sent < l->count && l->in_flight < l->max_in_flight &&
	       (r->due_ns == OAE_ARRIVAL_CLOSED ||
		l->start_ns + r->due_ns <= now_ns);
}

static enum oae_status send_next(struct oae_load *l, struct oae_error *err)
{
	const struct oae_request *r = &l->requests[l->sent];
	struct oae_submit m = r->submit;
	struct oae_flight *f = l->flights;

	while (f->request)
		f++;
	oae_buf_init(&f->answer, OAE_ANSWER_BYTES_MAX);
	f->request = r;
	f->sent_ns = f->heard_ns = f->stamp_ns = oae_clock_ns();
	f->due_ns = r->due_ns == OAE_ARRIVAL_CLOSED ? f->sent_ns :
						      l->start_ns + r->due_ns;
	if (l->in_flight++ == 0)
		l->busy_since_ns = f->sent_ns;
	l->sent++;
	m.id = r->id;
	oae_proto_submit(&l->session->queue, &m);
	return oae_buf_check(&l->session->queue, "request", err);
}

static enum oae_status check_stamp(struct oae_flight *f,
				   const struct oae_event *ev,
				   struct oae_error *err)
{
	if (ev->t_ns < f->stamp_ns)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"request %" PRIu64
				": its stamp goes back by %" PRIu64 " ns",
				ev->id, f->stamp_ns - ev->t_ns);
	if (ev->t_ns > ev->received_ns)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"request %" PRIu64 ": its stamp is %" PRIu64
				" ns in the future",
				ev->id, ev->t_ns - ev->received_ns);
	f->stamp_ns = ev->t_ns;
	return OAE_OK;
}

static enum oae_status add_stamps(struct oae_flight *f, uint64_t t_ns,
				  uint64_t n, struct oae_error *err)
{
	size_t want = f->token_count + n, alloc = f->token_alloc;
	uint64_t *grown;

	if (want > alloc) {
		alloc = want < 64 ? 64 : 2 * want;
		grown = realloc(f->token_ns, alloc * sizeof(*grown));
		if (!grown)
			return oae_fail(err, OAE_ERR_NOMEM, 0, "token times");
		f->token_ns = grown;
		f->token_alloc = alloc;
	}
	while (f->token_count < want)
		f->token_ns[f->token_count++] = t_ns;
	return OAE_OK;
}

static enum oae_status on_token(struct oae_flight *f,
				const struct oae_event *ev,
				struct oae_error *err)
{
	uint64_t max = f->request->submit.max_tokens;

	if (ev->n > max - f->tokens_out)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"request %" PRIu64
				": more tokens than the %" PRIu64 " asked for",
				ev->id, max);
	f->tokens_out += ev->n;
	oae_buf_puts(&f->answer, ev->text);
	if (f->answer.status == OAE_ERR_LIMIT)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"request %" PRIu64 ": an answer longer than %u"
				" bytes",
				ev->id, OAE_ANSWER_BYTES_MAX);
	if (ev->text[0] && !f->first_ns)
		f->first_ns = ev->received_ns;
	return add_stamps(f, ev->t_ns, ev->n, err);
}

static enum oae_status on_done(struct oae_load *l, struct oae_flight *f,
			       const struct oae_event *ev,
			       struct oae_error *err)
{
	bool cancelled = strcmp(ev->finish, OAE_DONE_CANCELLED) == 0;

	if (ev->tokens_out != f->tokens_out)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"request %" PRIu64 ": it counts %" PRIu64
				" tokens but sent %" PRIu64,
				ev->id, ev->tokens_out, f->tokens_out);
	if (cancelled && !f->cancelled)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"request %" PRIu64 ": cancelled by nobody",
				ev->id);
	f->tokens_in = ev->tokens_in;
	f->drafted = ev->drafted;
	f->accepted = ev->accepted;
	(void)snprintf(f->finish, sizeof(f->finish), "%s", ev->finish);
	return flight_end(l, f,
			  f->cancelled ? OAE_OUTCOME_TIMEOUT : OAE_OUTCOME_OK,
			  ev->received_ns,
			  f->cancelled ? "no event within the limit" : NULL,
			  err);
}

static enum oae_status on_error(struct oae_load *l, struct oae_flight *f,
				const struct oae_event *ev,
				struct oae_error *err)
{
	char reason[OAE_PROTOCOL_MESSAGE_BYTES_MAX];

	(void)snprintf(reason, sizeof(reason), "%.40s: %s", ev->code,
		       ev->message);
	if (!f)
		return oae_fail(err, OAE_ERR_TARGET, 0, "reported %s", reason);
	return flight_end(l, f, OAE_OUTCOME_FAILED, ev->received_ns, reason,
			  err);
}

static enum oae_status fail_stray(const struct oae_load *l,
				  const struct oae_event *ev,
				  struct oae_error *err)
{
	size_t i;

	for (i = 0; ev->has_id && i < l->sent; i++)
		if (l->requests[i].id == ev->id)
			return oae_fail(err, OAE_ERR_TARGET, 0,
					"wrote '%s' for request %" PRIu64
					" after its end",
					oae_event_name(ev->kind), ev->id);
	if (ev->has_id)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"wrote '%s' for request %" PRIu64
				", which was never sent",
				oae_event_name(ev->kind), ev->id);
	return oae_fail(err, OAE_ERR_TARGET, 0, "wrote '%s' out of turn",
			oae_event_name(ev->kind));
}

static enum oae_status on_event(struct oae_load *l, const struct oae_event *ev,
				struct oae_error *err)
{
	struct oae_flight *f = ev->has_id ? flight_find(l, ev->id) : NULL;
	enum oae_status status;

	if (ev->kind == OAE_EVENT_ERROR && (f || !ev->has_id))
		return on_error(l, f, ev, err);
	if (!f || (ev->kind != OAE_EVENT_TOKEN && ev->kind != OAE_EVENT_DONE))
		return fail_stray(l, ev, err);
	f->heard_ns = ev->received_ns;
	status = check_stamp(f, ev, err);
	if (status)
		return status;
	return ev->kind == OAE_EVENT_TOKEN ? on_token(f, ev, err) :
					     on_done(l, f, ev, err);
}

static enum oae_status take_events(struct oae_load *l, struct oae_error *err)
{
	enum oae_status status;
	struct oae_event ev;
	bool got;

	for (;;) {
		status = oae_session_event(l->session, &ev, &got, err);
		if (status || !got)
			return status;
		l->events++;
		status = on_event(l, &ev, err);
		oae_event_release(&ev);
		if (status)
			return status;
	}
}

/* Cancels what was silent too long; *next_ns: when to look again. */
static enum oae_status check_silence(struct oae_load *l, uint64_t now_ns,
				     uint64_t *next_ns, struct oae_error *err)
{
	uint64_t limit, end;
	size_t i;

	for (i = 0; i < l->max_in_flight; i++) {
		struct oae_flight *f = &l->flights[i];

		if (!f->request)
			continue;
		limit = f->cancelled ? l->limits->cancel_ms :
				       l->limits->request_ms;
		end = f->heard_ns + limit * 1000000u;
		if (now_ns >= end && f->cancelled)
			return oae_fail(err, OAE_ERR_TARGET, 0,
					"request %" PRIu64 ": no event for %u"
					" ms, and cancel was not answered",
					f->request->id, l->limits->request_ms);
		if (now_ns >= end) {
			f->cancelled = true;
			f->heard_ns = now_ns;
			end = now_ns + l->limits->cancel_ms * 1000000ull;
			oae_proto_cancel(&l->session->queue, f->request->id);
		}
		if (end < *next_ns)
			*next_ns = end;
	}
	return OAE_OK;
}

/* Waits for what comes next: an event, a due request, a limit, a tick. */
static enum oae_status wait_next(struct oae_load *l, struct oae_error *err)
{
	uint64_t now = oae_clock_ns(), until = now + NAP_NS;
	enum oae_status status;
	uint64_t due;

	status = check_silence(l, now, &until, err);
	if (status)
		return status;
	if (now >= l->tick_ns)
		l->tick_ns = l->hooks->tick(l->hooks->ctx, now, err);
	if (err->status)
		return err->status;
	if (l->tick_ns < until)
		until = l->tick_ns;
	if (l->sent < l->count && l->in_flight < l->max_in_flight) {
		due = l->start_ns + l->requests[l->sent].due_ns - SPIN_NS;
		if (due < until)
			until = due;
	}
	return oae_session_wait(l->session, until, err);
}

/* The adapter failed: what was in flight failed with it. */
static enum oae_status fail_flights(struct oae_load *l, enum oae_status why,
				    const struct oae_error *because,
				    struct oae_error *err)
{
	struct oae_error second = { 0 };
	uint64_t now = oae_clock_ns();
	enum oae_status status = OAE_OK;
	size_t i;

	for (i = 0; i < l->max_in_flight && !status; i++)
		if (l->flights[i].request)
			status = flight_end(l, &l->flights[i],
					    l->flights[i].cancelled ?
						    OAE_OUTCOME_TIMEOUT :
						    OAE_OUTCOME_FAILED,
					    now, because->text, &second);
	if (!status)
		return why;
	*err = second; /* ours weighs more than the adapter's */
	return status;
}

enum oae_status oae_load_run(struct oae_load *l, struct oae_error *err)
{
	struct oae_error first;
	enum oae_status status = OAE_OK;
	size_t i;

	l->flights = calloc(l->max_in_flight, sizeof(*l->flights));
	if (!l->flights)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "requests in flight");
	l->start_ns = l->tick_ns = oae_clock_ns();
	while (!status && (l->sent < l->count || l->in_flight > 0)) {
		if (*l->stop) {
			l->interrupted = true;
			break;
		}
		while (!status && is_due(l, oae_clock_ns()))
			status = send_next(l, err);
		if (!status)
			status = wait_next(l, err);
		if (!status)
			status = take_events(l, err);
	}
	first = *err;
	if (status == OAE_ERR_TARGET)
		status = fail_flights(l, status, &first, err);
	for (i = 0; i < l->max_in_flight; i++)
		flight_clear(&l->flights[i]);
	free(l->flights);
	l->flights = NULL;
	return status;
}
