/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "adapters/sdk/protocol.h"
#include "base/limits.h"
#include "harness/proto.h"

void oae_lines_init(struct oae_lines *l)
{
	memset(l, 0, sizeof(*l));
	/* A line, its newline, and what one read may bring behind it. */
	oae_buf_init(&l->pending, OAE_LINE_BYTES_MAX + (1u << 17));
}

void oae_lines_release(struct oae_lines *l)
{
	oae_buf_release(&l->pending);
}

enum oae_status oae_lines_feed(struct oae_lines *l, const char *bytes,
			       size_t len, struct oae_error *err)
{
	size_t rest = l->pending.len - l->start;

	if (l->start > 0) {
		memmove(l->pending.data, l->pending.data + l->start, rest);
		l->pending.len = rest;
		l->scanned -= l->start;
		l->start = 0;
	}
	if (rest > OAE_LINE_BYTES_MAX)
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"a line longer than %u bytes",
				OAE_LINE_BYTES_MAX);
	oae_buf_add(&l->pending, bytes, len);
	return oae_buf_check(&l->pending, "adapter output", err);
}

bool oae_lines_next(struct oae_lines *l, const char **line, size_t *len)
{
	const char *end;

	if (l->scanned == l->pending.len)
		return false;
	end = memchr(l->pending.data + l->scanned, '\n',
		     l->pending.len - l->scanned);
	if (!end) {
		l->scanned = l->pending.len;
		return false;
	}
	*line = l->pending.data + l->start;
	*len = (size_t)(end - *line);
	l->start = l->scanned = (size_t)(end + 1 - l->pending.data);
	return true;
}

static const char *const kind_names[] = {
	[OAE_EVENT_READY] = OAE_MSG_READY,
	[OAE_EVENT_TOKEN] = OAE_MSG_TOKEN,
	[OAE_EVENT_DONE] = OAE_MSG_DONE,
	[OAE_EVENT_SCORED] = OAE_MSG_SCORED,
	[OAE_EVENT_LEARNED] = OAE_MSG_LEARNED,
	[OAE_EVENT_ERROR] = OAE_MSG_ERROR,
	[OAE_EVENT_BYE] = OAE_MSG_BYE,
};

#define N_KINDS (sizeof(kind_names) / sizeof(kind_names[0]))

const char *oae_event_name(enum oae_event_kind kind)
{
	return kind_names[kind];
}

static enum oae_status parse_ready(struct oae_event *ev, struct oae_error *err)
{
	enum oae_status status;
	uint64_t protocol = 0;
	const char *text;

	status = oae_json_u64(ev->tree, "protocol", &protocol, err);
	if (!status && protocol != OAE_PROTOCOL_VERSION)
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "it speaks protocol %llu, not %d",
				  (unsigned long long)protocol,
				  OAE_PROTOCOL_VERSION);
	if (!status)
		status = oae_json_str(ev->tree, "adapter", &text, err);
	if (!status)
		status = oae_json_str(ev->tree, "system", &ev->system, err);
	if (!status)
		status = oae_json_u64(ev->tree, "max_in_flight",
				      &ev->max_in_flight, err);
	if (!status && (ev->max_in_flight < 1 ||
			ev->max_in_flight > OAE_PROTOCOL_IN_FLIGHT_MAX))
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "max_in_flight must be 1 to %u",
				  OAE_PROTOCOL_IN_FLIGHT_MAX);
	return status;
}

static enum oae_status parse_token(struct oae_event *ev, struct oae_error *err)
{
	enum oae_status status;

	status = oae_json_u64(ev->tree, "t_ns", &ev->t_ns, err);
	if (!status)
		status = oae_json_u64(ev->tree, "n", &ev->n, err);
	if (!status && (ev->n < 1 || ev->n > OAE_TOKENS_PER_ANSWER_MAX))
		status = oae_fail(err, OAE_ERR_TARGET, 0, "n must be 1 to %u",
				  OAE_TOKENS_PER_ANSWER_MAX);
	if (!status)
		status = oae_json_str(ev->tree, "text", &ev->text, err);
	if (!status)
		ev->text_len = strlen(ev->text);
	return status;
}

static enum oae_status parse_done(struct oae_event *ev, struct oae_error *err)
{
	enum oae_status status;

	status = oae_json_u64(ev->tree, "t_ns", &ev->t_ns, err);
	if (!status)
		status = oae_json_str(ev->tree, "finish", &ev->finish, err);
	if (!status && strcmp(ev->finish, OAE_DONE_STOP) != 0 &&
	    strcmp(ev->finish, OAE_DONE_LENGTH) != 0 &&
	    strcmp(ev->finish, OAE_DONE_CANCELLED) != 0)
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "unknown finish '%.40s'", ev->finish);
	if (!status)
		status = oae_json_u64(ev->tree, "tokens_in", &ev->tokens_in,
				      err);
	if (!status)
		status = oae_json_u64(ev->tree, "tokens_out", &ev->tokens_out,
				      err);
	ev->drafted = oae_json_u64_or(ev->tree, "drafted", 0);
	ev->accepted = oae_json_u64_or(ev->tree, "accepted", 0);
	if (!status && ev->accepted > ev->drafted)
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "accepted is more than drafted");
	ev->reused = oae_json_u64_or(ev->tree, "reused", 0);
	if (!status && ev->reused > ev->tokens_in)
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "reused is more than tokens_in");
	oae_drafting_read(ev->tree, &ev->drafting);
	if (!status &&
	    (ev->drafting.judged > ev->drafted ||
	     ev->accepted > ev->drafting.judged) &&
	    oae_drafting_any(&ev->drafting))
		status = oae_fail(err, OAE_ERR_TARGET, 0,
				  "drafting: judged is not between accepted "
				  "and drafted");
	return status;
}

static enum oae_status parse_members(struct oae_event *ev,
				     struct oae_error *err)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(ev->tree, "id");
	enum oae_status status = OAE_OK;

	ev->has_id = id && !cJSON_IsNull(id);
	if (ev->has_id)
		status = oae_json_u64(ev->tree, "id", &ev->id, err);
	if (status)
		return status;
	switch (ev->kind) {
	case OAE_EVENT_READY:
		return parse_ready(ev, err);
	case OAE_EVENT_TOKEN:
		status = parse_token(ev, err);
		break;
	case OAE_EVENT_DONE:
		status = parse_done(ev, err);
		break;
	case OAE_EVENT_ERROR:
		status = oae_json_str(ev->tree, "code", &ev->code, err);
		if (!status)
			status = oae_json_str(ev->tree, "message", &ev->message,
					      err);
		return status;
	case OAE_EVENT_BYE:
		return OAE_OK;
	case OAE_EVENT_SCORED:
	case OAE_EVENT_LEARNED:
		break;
	}
	if (!status && !ev->has_id)
		status = oae_fail(err, OAE_ERR_TARGET, 0, "no id");
	return status;
}

void oae_event_clear(struct oae_event *ev)
{
	memset(ev, 0, offsetof(struct oae_event, decoded));
}

enum oae_status oae_event_parse(const char *line, size_t len,
				struct oae_event *ev, struct oae_error *err)
{
	struct oae_error why = { 0 };
	const char *type;
	size_t k;

	oae_event_clear(ev);
	if (oae_json_parse(line, len, &ev->tree, &why) ||
	    oae_json_str(ev->tree, "type", &type, &why)) {
		oae_event_release(ev);
		return oae_fail(err, OAE_ERR_TARGET, 0,
				"wrote a line that is no message: %.200s",
				why.text);
	}
	for (k = 0; k < N_KINDS && strcmp(kind_names[k], type) != 0; k++)
		;
	ev->kind = (enum oae_event_kind)k;
	if (k == N_KINDS)
		oae_fail(&why, OAE_ERR_TARGET, 0, "unknown type '%.40s'", type);
	else if (parse_members(ev, &why))
		oae_error_prefix(&why, "in '%s'", kind_names[k]);
	if (!why.status)
		return OAE_OK;
	oae_event_release(ev);
	return oae_fail(err, OAE_ERR_TARGET, 0, "wrote a bad message: %.240s",
			why.text);
}

void oae_event_release(struct oae_event *ev)
{
	cJSON_Delete(ev->tree);
	oae_event_clear(ev);
}

static struct oae_jw begin(struct oae_buf *out, const char *type)
{
	struct oae_jw w;

	oae_jw_init(&w, out, 0);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "type", type);
	return w;
}

static void end(struct oae_jw *w)
{
	oae_jw_end_obj(w);
	oae_buf_putc(w->out, '\n');
}

void oae_proto_hello(struct oae_buf *out, const struct oae_hello *m)
{
	struct oae_jw w = begin(out, OAE_MSG_HELLO);

	oae_jw_int(&w, "protocol", OAE_PROTOCOL_VERSION);
	oae_jw_str(&w, "system", m->system);
	if (m->knobs) {
		oae_jw_value(&w, "knobs", m->knobs);
	} else {
		oae_jw_obj(&w, "knobs");
		oae_jw_end_obj(&w);
	}
	oae_jw_str(&w, "home", m->home);
	oae_jw_u64s(&w, "seed", m->seed);
	if (m->synthetic) {
		oae_jw_obj(&w, "synthetic");
		oae_jw_str(&w, "path", m->synthetic);
		oae_jw_end_obj(&w);
	} else {
		oae_jw_null(&w, "synthetic");
	}
	end(&w);
}

void oae_proto_submit(struct oae_buf *out, const struct oae_submit *m)
{
	struct oae_jw w = begin(out, OAE_MSG_SUBMIT);
	size_t i;

	oae_jw_u64s(&w, "id", m->id);
	oae_jw_str(&w, "prompt", m->prompt);
	oae_jw_int(&w, "max_tokens", m->max_tokens);
	oae_jw_num(&w, "temperature", m->temperature);
	oae_jw_int(&w, "top_k", m->top_k);
	oae_jw_u64s(&w, "seed", m->seed);
	oae_jw_arr(&w, "stop");
	for (i = 0; i < m->n_stop; i++)
		oae_jw_str(&w, NULL, m->stop[i]);
	oae_jw_end_arr(&w);
	oae_jw_bool(&w, "ignore_eos", m->ignore_eos);
	end(&w);
}

void oae_proto_cancel(struct oae_buf *out, uint64_t id)
{
	struct oae_jw w = begin(out, OAE_MSG_CANCEL);

	oae_jw_u64s(&w, "id", id);
	end(&w);
}

void oae_proto_close(struct oae_buf *out)
{
	struct oae_jw w = begin(out, OAE_MSG_CLOSE);

	end(&w);
}
