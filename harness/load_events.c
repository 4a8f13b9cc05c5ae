/* SPDX-License-Identifier: Apache-2.0 */
/* What an adapter says of the requests in flight. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sdk/protocol.h"
#include "base/limits.h"
#include "harness/load_internal.h"

static struct oae_flight *flight_find(struct oae_load *l, uint64_t id)
{
	size_t i;

	for (i = 0; i < l->in_flight; i++)
		if (l->ids[i] == id)
			return &l->flights[i];
	return NULL;
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
	oae_buf_add(&f->answer, ev->text, ev->text_len);
	if (f->answer.status == OAE_ERR_LIMIT)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"request %" PRIu64 ": an answer longer than %u"
				" bytes",
				ev->id, OAE_ANSWER_BYTES_MAX);
	if (ev->text_len && !f->first_ns)
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
	f->reused = ev->reused;
	f->drafting = ev->drafting;
	(void)snprintf(f->finish, sizeof(f->finish), "%s", ev->finish);
	return oae_load_end_flight(
		l, f, f->cancelled ? OAE_OUTCOME_TIMEOUT : OAE_OUTCOME_OK,
		ev->received_ns,
		f->cancelled ? "no event within the limit" : NULL, err);
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
	return oae_load_end_flight(l, f, OAE_OUTCOME_FAILED, ev->received_ns,
				   reason, err);
}

static enum oae_status fail_stray(const struct oae_load *l,
				  const struct oae_event *ev,
				  struct oae_error *err)
{
	uint64_t first = l->requests[0].id;

	if (ev->has_id && ev->id >= first && ev->id - first < l->sent)
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

enum oae_status oae_load_take_events(struct oae_load *l, struct oae_error *err)
{
	enum oae_status status;
	struct oae_event ev;
	bool got;

	for (;;) {
		status = l->io->event(l->io->ctx, &ev, &got, err);
		if (status || !got)
			return status;
		l->events++;
		status = on_event(l, &ev, err);
		oae_event_release(&ev);
		if (status)
			return status;
	}
}
