/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that goes to the harness: lines, coalescing, stop strings. */
#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/sdk/internal.h"
#include "base/clock.h"

#define FLUSH_BYTES 65536
#define WRITE_WAIT_MS 60000 /* a harness that reads nothing for so long */

/* ---- lines -------------------------------------------------------------- */

static void line_begin(struct oae_sdk *s, struct oae_jw *w, const char *type)
{
	oae_jw_init(w, &s->send, 0);
	oae_jw_obj(w, NULL);
	oae_jw_str(w, "type", type);
}

static void line_end(struct oae_sdk *s, struct oae_jw *w)
{
	oae_jw_end_obj(w);
	oae_buf_putc(&s->send, '\n');
	if (s->send.len > FLUSH_BYTES)
		oae_sdk_flush(s);
}

void oae_sdk_flush(struct oae_sdk *s)
{
	size_t done = 0;

	if (s->send.status != OAE_OK)
		s->broken = true;
	while (!s->broken && done < s->send.len) {
		ssize_t n =
			write(s->out, s->send.data + done, s->send.len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = s->out, .events = POLLOUT };

			if (poll(&p, 1, WRITE_WAIT_MS) == 0)
				s->broken = true;
		} else if (n == 0 || errno != EINTR) {
			s->broken = true;
		}
	}
	oae_buf_clear(&s->send);
}

const char *oae_sdk_code(enum oae_status status)
{
	switch (status) {
	case OAE_ERR_UNSUPPORTED:
		return OAE_CODE_UNSUPPORTED;
	case OAE_ERR_USAGE:
	case OAE_ERR_FORMAT:
		return OAE_CODE_BAD_REQUEST;
	case OAE_ERR_LIMIT:
		return OAE_CODE_LIMIT;
	case OAE_ERR_TARGET:
		return OAE_CODE_MODEL;
	default:
		return OAE_CODE_INTERNAL;
	}
}

void oae_sdk_error(struct oae_sdk *s, const uint64_t *id, const char *code,
		   const char *message)
{
	struct oae_jw w;

	line_begin(s, &w, OAE_MSG_ERROR);
	if (id)
		oae_jw_u64s(&w, "id", *id);
	else
		oae_jw_null(&w, "id");
	oae_jw_str(&w, "code", code);
	oae_jw_strn(&w, "message", message,
		    strnlen(message, OAE_PROTOCOL_MESSAGE_BYTES_MAX));
	line_end(s, &w);
}

void oae_sdk_ready_send(struct oae_sdk *s, const char *system,
			uint32_t max_in_flight, const char *details)
{
	struct oae_jw w;

	line_begin(s, &w, OAE_MSG_READY);
	oae_jw_int(&w, "protocol", OAE_PROTOCOL_VERSION);
	oae_jw_str(&w, "adapter", s->adapter->name);
	oae_jw_str(&w, "version", s->adapter->version);
	oae_jw_str(&w, "system", system);
	oae_jw_int(&w, "max_in_flight", max_in_flight);
	oae_jw_arr(&w, "verbs");
	if (s->verbs & OAE_VERB_SUBMIT)
		oae_jw_str(&w, NULL, OAE_MSG_SUBMIT);
	if (s->verbs & OAE_VERB_LEARN)
		oae_jw_str(&w, NULL, OAE_MSG_LEARN);
	if (s->verbs & OAE_VERB_SCORE)
		oae_jw_str(&w, NULL, OAE_MSG_SCORE);
	oae_jw_end_arr(&w);
	oae_jw_raw(&w, "details", details);
	line_end(s, &w);
}

void oae_sdk_bye(struct oae_sdk *s)
{
	struct oae_jw w;

	line_begin(s, &w, OAE_MSG_BYE);
	line_end(s, &w);
}

/* ---- slots -------------------------------------------------------------- */

struct oae_sdk_slot *oae_sdk_find(struct oae_sdk *s, uint64_t id)
{
	uint32_t i;

	for (i = 0; i < s->slots_top; i++)
		if (s->slots[i].used && s->slots[i].id == id)
			return &s->slots[i];
	return NULL;
}

struct oae_sdk_slot *oae_sdk_take(struct oae_sdk *s, uint64_t id)
{
	uint32_t i;

	for (i = 0; i < s->n_slots; i++) {
		struct oae_sdk_slot *slot = &s->slots[i];

		if (slot->used)
			continue;
		*slot = (struct oae_sdk_slot){ .id = id, .used = true };
		oae_buf_init(&slot->tail, OAE_ANSWER_BYTES_MAX);
		oae_buf_init(&slot->earlier.text, OAE_ANSWER_BYTES_MAX);
		oae_buf_init(&slot->newest.text, OAE_ANSWER_BYTES_MAX);
		s->in_flight++;
		if (s->slots_top <= i)
			s->slots_top = i + 1;
		return slot;
	}
	return NULL;
}

void oae_sdk_slot_free(struct oae_sdk *s, struct oae_sdk_slot *slot)
{
	size_t i;

	if (!slot->used)
		return;
	oae_buf_release(&slot->tail);
	oae_buf_release(&slot->earlier.text);
	oae_buf_release(&slot->newest.text);
	for (i = 0; i < slot->n_stop; i++)
		free(slot->stop[i]);
	slot->used = false;
	s->in_flight--;
	while (s->slots_top > 0 && !s->slots[s->slots_top - 1].used)
		s->slots_top--;
}

/* The slot of a request that the adapter speaks of; its mistake is told. */
static struct oae_sdk_slot *slot_of(struct oae_sdk *s, uint64_t id,
				    const char *what)
{
	struct oae_sdk_slot *slot = oae_sdk_find(s, id);
	struct oae_error err = { 0 };

	if (slot)
		return slot;
	oae_fail(&err, OAE_ERR_USAGE, 0, "%s: request %llu is not in flight",
		 what, (unsigned long long)id);
	oae_sdk_error(s, NULL, OAE_CODE_INTERNAL, err.text);
	return NULL;
}

/* ---- tokens ------------------------------------------------------------- */

static void group_send(struct oae_sdk *s, struct oae_sdk_slot *slot,
		       struct oae_sdk_group *g)
{
	struct oae_jw w;

	line_begin(s, &w, OAE_MSG_TOKEN);
	oae_jw_u64s(&w, "id", slot->id);
	oae_jw_u64s(&w, "t_ns", g->t_ns);
	oae_jw_int(&w, "n", g->n);
	oae_jw_strn(&w, "text", oae_buf_str(&g->text), g->text.len);
	line_end(s, &w);
	oae_buf_clear(&g->text);
	g->n = 0;
}

/* Unsettled tokens, whose text is still in the tail, go on waiting. */
static void waiting_send(struct oae_sdk *s, struct oae_sdk_slot *slot)
{
	if (slot->earlier.n > 0)
		group_send(s, slot, &slot->earlier);
	if (slot->newest.n > 0 && slot->tail.len == 0) {
		group_send(s, slot, &slot->newest);
		slot->begun = true;
	}
}

/*
 * A token may wait only while, by the length of the last step, the next one
 * will come before its time is over.
 */
static bool waited_enough(const struct oae_sdk *s,
			  const struct oae_sdk_slot *slot, uint64_t now_ns)
{
	return now_ns - slot->waits_since_ns + 2 * s->step_ns >
	       OAE_PROTOCOL_COALESCE_NS;
}

void oae_sdk_release_waiting(struct oae_sdk *s)
{
	uint64_t now_ns = 0;
	uint32_t i;

	for (i = 0; i < s->slots_top; i++) {
		struct oae_sdk_slot *slot = &s->slots[i];

		if (!slot->used || slot->newest.n == 0)
			continue;
		if (!now_ns)
			now_ns = oae_clock_ns();
		if (waited_enough(s, slot, now_ns))
			waiting_send(s, slot);
	}
}

/* Length of a UTF-8 character's beginning at the end of text, 0..3. */
static size_t utf8_unfinished(const char *text, size_t len)
{
	size_t back;

	for (back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = (unsigned char)text[len - back];

		if ((c & 0xc0) == 0x80)
			continue;
		if ((c >= 0xc2 && c < 0xe0 && back < 2) ||
		    (c >= 0xe0 && c < 0xf0 && back < 3) ||
		    (c >= 0xf0 && c < 0xf5 && back < 4))
			return back;
		return 0;
	}
	return 0;
}

/* How many bytes at the end of text may be the beginning of `stop`. */
static size_t stop_begun(const char *text, size_t len, const char *stop)
{
	size_t k = strlen(stop) - 1;

	if (k > len)
		k = len;
	for (; k > 0; k--)
		if (!memcmp(text + len - k, stop, k))
			return k;
	return 0;
}

/*
 * Appends text to the slot's tail and returns how many bytes from its
 * beginning can be sent. Sets slot->stopped at a stop string.
 */
static size_t tail_add(struct oae_sdk_slot *slot, const char *text, size_t len)
{
	const char *data, *found = NULL;
	size_t held, i;

	oae_buf_add(&slot->tail, text, len);
	data = oae_buf_str(&slot->tail);
	held = utf8_unfinished(data, slot->tail.len);
	for (i = 0; i < slot->n_stop; i++) {
		const char *at = memmem(data, slot->tail.len, slot->stop[i],
					strlen(slot->stop[i]));
		size_t k = stop_begun(data, slot->tail.len, slot->stop[i]);

		if (at && (!found || at < found))
			found = at;
		if (k > held)
			held = k;
	}
	if (found) {
		slot->stopped = true;
		return (size_t)(found - data);
	}
	return slot->tail.len - held;
}

/* Moves n bytes from the beginning of the tail to the newest tokens. */
static void tail_move(struct oae_sdk_slot *slot, size_t n)
{
	struct oae_buf *tail = &slot->tail;

	oae_buf_add(&slot->newest.text, oae_buf_str(tail), n);
	if (n > 0) {
		memmove(tail->data, tail->data + n, tail->len - n + 1);
		tail->len -= n;
	}
}

/* The newest waiting tokens join the earlier ones. */
static void newest_to_earlier(struct oae_sdk_slot *slot)
{
	struct oae_sdk_group *from = &slot->newest, *to = &slot->earlier;

	if (from->n == 0)
		return;
	oae_buf_add(&to->text, oae_buf_str(&from->text), from->text.len);
	to->n += from->n;
	to->t_ns = from->t_ns;
	oae_buf_clear(&from->text);
	from->n = 0;
}

static enum oae_status token_check(const struct oae_sdk_slot *slot, size_t len,
				   uint32_t n, struct oae_error *err)
{
	if (!slot->generates || n > slot->max_tokens - slot->tokens)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"token: more than the %u asked for",
				slot->max_tokens);
	if (len > OAE_PROTOCOL_TOKEN_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"token: its text is longer than %u bytes",
				OAE_PROTOCOL_TOKEN_BYTES_MAX);
	if (slot->bytes + len > OAE_ANSWER_BYTES_MAX)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"answer: longer than %u bytes",
				OAE_ANSWER_BYTES_MAX);
	return OAE_OK;
}

/* Adds tokens to those that wait. */
static enum oae_status token_add(struct oae_sdk_slot *slot, const char *text,
				 size_t len, uint32_t n, uint64_t now_ns,
				 struct oae_error *err)
{
	enum oae_status st;

	slot->tokens += n;
	slot->bytes += len;
	if (slot->tail.len == 0)
		newest_to_earlier(slot);
	if (slot->earlier.n == 0 && slot->newest.n == 0)
		slot->waits_since_ns = now_ns;
	slot->newest.n += n;
	slot->newest.t_ns = now_ns;
	if (!slot->stopped)
		tail_move(slot, tail_add(slot, text, len));
	if (slot->stopped)
		oae_buf_clear(&slot->tail);
	st = oae_buf_check(&slot->tail, "answer", err);
	if (st == OAE_OK)
		st = oae_buf_check(&slot->newest.text, "answer", err);
	if (st == OAE_OK)
		st = oae_buf_check(&slot->earlier.text, "answer", err);
	return st;
}

bool oae_sdk_token(struct oae_sdk *s, uint64_t id, const char *text, size_t len,
		   uint32_t n)
{
	uint64_t now_ns = oae_clock_ns();
	struct oae_sdk_slot *slot = slot_of(s, id, "token");
	struct oae_error err = { 0 };
	enum oae_status st;

	if (!slot)
		return true;
	st = token_check(slot, len, n, &err);
	if (st == OAE_OK && n > 0)
		st = token_add(slot, text, len, n, now_ns, &err);
	if (st) {
		oae_sdk_fail(s, id, &err);
		return true;
	}
	if (!slot->begun || waited_enough(s, slot, now_ns) ||
	    slot->earlier.text.len > OAE_PROTOCOL_TOKEN_BYTES_MAX) {
		waiting_send(s, slot);
		oae_sdk_flush(s);
	}
	return slot->stopped;
}

/* ---- ends --------------------------------------------------------------- */

void oae_sdk_done(struct oae_sdk *s, uint64_t id,
		  const struct oae_sdk_done *done)
{
	static const char *const names[] = {
		[OAE_SDK_STOP] = OAE_DONE_STOP,
		[OAE_SDK_LENGTH] = OAE_DONE_LENGTH,
		[OAE_SDK_CANCELLED] = OAE_DONE_CANCELLED,
	};
	uint64_t now_ns = oae_clock_ns();
	struct oae_sdk_slot *slot = slot_of(s, id, "done");
	struct oae_jw w;

	if (!slot)
		return;
	tail_move(slot, slot->tail.len); /* no stop string after all */
	waiting_send(s, slot);
	line_begin(s, &w, OAE_MSG_DONE);
	oae_jw_u64s(&w, "id", id);
	oae_jw_u64s(&w, "t_ns", now_ns);
	oae_jw_str(&w, "finish", names[done->finish]);
	oae_jw_int(&w, "tokens_in", done->tokens_in);
	oae_jw_int(&w, "tokens_out", slot->tokens);
	oae_jw_int(&w, "drafted", done->drafted);
	oae_jw_int(&w, "accepted", done->accepted);
	if (done->reused)
		oae_jw_int(&w, "reused", done->reused);
	oae_drafting_write(&w, &done->drafting);
	line_end(s, &w);
	oae_sdk_slot_free(s, slot);
	oae_sdk_flush(s);
}

void oae_sdk_scored(struct oae_sdk *s, uint64_t id, double logprob,
		    uint32_t tokens)
{
	uint64_t now_ns = oae_clock_ns();
	struct oae_sdk_slot *slot = slot_of(s, id, "scored");
	struct oae_jw w;

	if (!slot)
		return;
	line_begin(s, &w, OAE_MSG_SCORED);
	oae_jw_u64s(&w, "id", id);
	oae_jw_u64s(&w, "t_ns", now_ns);
	oae_jw_num(&w, "logprob", logprob);
	oae_jw_int(&w, "tokens", tokens);
	line_end(s, &w);
	oae_sdk_slot_free(s, slot);
	oae_sdk_flush(s);
}

void oae_sdk_learned(struct oae_sdk *s, uint64_t id, uint32_t items,
		     const char *artefact, uint64_t bytes)
{
	uint64_t now_ns = oae_clock_ns();
	struct oae_sdk_slot *slot = slot_of(s, id, "learned");
	struct oae_jw w;

	if (!slot)
		return;
	line_begin(s, &w, OAE_MSG_LEARNED);
	oae_jw_u64s(&w, "id", id);
	oae_jw_u64s(&w, "t_ns", now_ns);
	oae_jw_int(&w, "items", items);
	oae_jw_str(&w, "artefact", artefact);
	oae_jw_u64s(&w, "bytes", bytes);
	line_end(s, &w);
	oae_sdk_slot_free(s, slot);
	oae_sdk_flush(s);
}

void oae_sdk_fail(struct oae_sdk *s, uint64_t id, const struct oae_error *err)
{
	struct oae_sdk_slot *slot = slot_of(s, id, "fail");

	if (!slot)
		return;
	waiting_send(s, slot);
	oae_sdk_error(s, &id, oae_sdk_code(err->status), err->text);
	oae_sdk_slot_free(s, slot);
	oae_sdk_flush(s);
}
