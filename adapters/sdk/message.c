/* SPDX-License-Identifier: Apache-2.0 */
/* One line from the harness: strict parsing, checks, the adapter's calls. */
#define _GNU_SOURCE

#include <stdlib.h>
#include <string.h>

#include "adapters/sdk/internal.h"

#define DETAILS_BYTES_MAX (256u << 10)

/* A 64-bit value, which travels as a decimal string. */
static enum oae_status get_u64(const cJSON *msg, const char *key, uint64_t *out,
			       struct oae_error *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(msg, key);

	if (item && !cJSON_IsString(item))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"%s: must be a decimal string", key);
	return oae_json_u64(msg, key, out, err);
}

static bool has(const cJSON *msg, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(msg, key);

	return item && !cJSON_IsNull(item);
}

/* A whole number in [low, high]; *out stays when it is missing. */
static enum oae_status opt_u32(const cJSON *msg, const char *key, uint32_t low,
			       uint32_t high, uint32_t *out,
			       struct oae_error *err)
{
	enum oae_status st;
	double v;

	if (!has(msg, key))
		return OAE_OK;
	st = oae_json_num(msg, key, &v, err);
	if (st)
		return st;
	if (!(v >= low && v <= high) || v != (double)(uint32_t)v)
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: must be a whole number from %u to %u", key,
				low, high);
	*out = (uint32_t)v;
	return OAE_OK;
}

static enum oae_status get_text(const cJSON *msg, const char *key,
				const char **out, struct oae_error *err)
{
	enum oae_status st = oae_json_str(msg, key, out, err);

	if (st == OAE_OK && strlen(*out) > OAE_PROMPT_BYTES_MAX)
		st = oae_fail(err, OAE_ERR_LIMIT, 0, "%s: longer than %u bytes",
			      key, OAE_PROMPT_BYTES_MAX);
	return st;
}

/* ---- hello -------------------------------------------------------------- */

static enum oae_status hello_read(const cJSON *msg, struct oae_sdk_hello *h,
				  struct oae_error *err)
{
	const cJSON *synthetic;
	uint64_t protocol;
	enum oae_status st;

	st = oae_json_u64(msg, "protocol", &protocol, err);
	if (st)
		return st;
	if (protocol != OAE_PROTOCOL_VERSION)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"protocol: %llu is not spoken here; use %d",
				(unsigned long long)protocol,
				OAE_PROTOCOL_VERSION);
	st = oae_json_str(msg, "system", &h->system, err);
	if (st == OAE_OK && has(msg, "knobs"))
		st = oae_json_obj(msg, "knobs", &h->knobs, err);
	if (st == OAE_OK && has(msg, "home"))
		st = oae_json_str(msg, "home", &h->home, err);
	if (st == OAE_OK && has(msg, "seed"))
		st = get_u64(msg, "seed", &h->seed, err);
	if (st == OAE_OK && has(msg, "synthetic")) {
		st = oae_json_obj(msg, "synthetic", &synthetic, err);
		if (st == OAE_OK)
			st = oae_json_str(synthetic, "path", &h->synthetic,
					  err);
	}
	return st;
}

static enum oae_status open_adapter(struct oae_sdk *s, const cJSON *msg,
				    struct oae_buf *details,
				    struct oae_error *err)
{
	const struct oae_adapter *a = s->adapter;
	unsigned offered = (a->submit ? OAE_VERB_SUBMIT : 0u) |
			   (a->learn ? OAE_VERB_LEARN : 0u) |
			   (a->score ? OAE_VERB_SCORE : 0u);
	struct oae_sdk_hello hello = { .home = "" };
	struct oae_jw w;
	struct oae_sdk_ready ready = {
		.max_in_flight = 1,
		.verbs = offered,
		.details = &w,
	};
	enum oae_status st = hello_read(msg, &hello, err);

	if (st)
		return st;
	oae_jw_init(&w, details, 0);
	oae_jw_obj(&w, NULL);
	st = a->open(s, &hello, &ready, &s->self, err);
	if (st)
		return st;
	s->opened = true;
	oae_jw_end_obj(&w);
	st = oae_buf_check(details, "details", err);
	if (st)
		return st;
	if (ready.max_in_flight < 1 ||
	    ready.max_in_flight > OAE_PROTOCOL_IN_FLIGHT_MAX)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"max_in_flight: %u is not from 1 to %u",
				ready.max_in_flight,
				OAE_PROTOCOL_IN_FLIGHT_MAX);
	s->slots = calloc(ready.max_in_flight, sizeof *s->slots);
	if (!s->slots)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	s->n_slots = ready.max_in_flight;
	s->verbs = ready.verbs & offered;
	oae_sdk_ready_send(s, hello.system, ready.max_in_flight,
			   oae_buf_str(details));
	return OAE_OK;
}

static void on_hello(struct oae_sdk *s, const cJSON *msg)
{
	struct oae_error err = { 0 };
	struct oae_buf details;
	enum oae_status st;

	if (s->opened) {
		oae_sdk_error(s, NULL, OAE_CODE_BAD_REQUEST,
			      "hello: came twice");
		return;
	}
	oae_buf_init(&details, DETAILS_BYTES_MAX);
	st = open_adapter(s, msg, &details, &err);
	if (st) {
		oae_sdk_error(s, NULL, oae_sdk_code(st), err.text);
		s->exit_code = 1;
		s->closing = true;
	}
	oae_buf_release(&details);
}

/* ---- the three verbs ---------------------------------------------------- */

static enum oae_status stops_read(const cJSON *msg, const char **stop,
				  size_t *n, struct oae_error *err)
{
	const cJSON *list, *item;
	enum oae_status st;

	*n = 0;
	if (!has(msg, "stop"))
		return OAE_OK;
	st = oae_json_arr(msg, "stop", &list, err);
	if (st)
		return st;
	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item) || !item->valuestring[0])
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"stop: must be strings, not empty");
		if (*n == OAE_PROTOCOL_STOPS_MAX ||
		    strlen(item->valuestring) > OAE_PROTOCOL_STOP_BYTES_MAX)
			return oae_fail(err, OAE_ERR_LIMIT, 0,
					"stop: at most %u strings of %u bytes",
					OAE_PROTOCOL_STOPS_MAX,
					OAE_PROTOCOL_STOP_BYTES_MAX);
		stop[(*n)++] = item->valuestring;
	}
	return OAE_OK;
}

static enum oae_status submit_read(const cJSON *msg, struct oae_sdk_request *r,
				   const char **stop, struct oae_error *err)
{
	enum oae_status st = get_text(msg, "prompt", &r->prompt, err);

	if (st == OAE_OK && !has(msg, "max_tokens"))
		st = oae_fail(err, OAE_ERR_FORMAT, 0, "max_tokens: missing");
	if (st == OAE_OK)
		st = opt_u32(msg, "max_tokens", 1, OAE_TOKENS_PER_ANSWER_MAX,
			     &r->max_tokens, err);
	if (st == OAE_OK && has(msg, "temperature"))
		st = oae_json_num(msg, "temperature", &r->temperature, err);
	if (st == OAE_OK && !(r->temperature >= 0 &&
			      r->temperature <= OAE_PROTOCOL_TEMPERATURE_MAX))
		st = oae_fail(err, OAE_ERR_LIMIT, 0,
			      "temperature: must be from 0 to %d",
			      OAE_PROTOCOL_TEMPERATURE_MAX);
	if (st == OAE_OK)
		st = opt_u32(msg, "top_k", 0, OAE_PROTOCOL_TOP_K_MAX, &r->top_k,
			     err);
	if (st == OAE_OK && has(msg, "seed"))
		st = get_u64(msg, "seed", &r->seed, err);
	if (st == OAE_OK && has(msg, "ignore_eos"))
		st = oae_json_bool(msg, "ignore_eos", &r->ignore_eos, err);
	if (st == OAE_OK)
		st = stops_read(msg, stop, &r->n_stop, err);
	r->stop = stop;
	return st;
}

static enum oae_status do_submit(struct oae_sdk *s, struct oae_sdk_slot *slot,
				 const cJSON *msg, struct oae_error *err)
{
	const char *stop[OAE_PROTOCOL_STOPS_MAX];
	struct oae_sdk_request r = { .id = slot->id };
	enum oae_status st = submit_read(msg, &r, stop, err);
	size_t i;

	if (st)
		return st;
	slot->generates = true;
	slot->max_tokens = r.max_tokens;
	for (i = 0; i < r.n_stop; i++) {
		slot->stop[i] = strdup(stop[i]);
		if (!slot->stop[i])
			return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
		slot->n_stop++;
	}
	return s->adapter->submit(s->self, &r, err);
}

static enum oae_status do_learn(struct oae_sdk *s, struct oae_sdk_slot *slot,
				const cJSON *msg, struct oae_error *err)
{
	struct oae_sdk_learn l = { .id = slot->id };
	const cJSON *item;
	enum oae_status st = oae_json_str(msg, "kind", &l.kind, err);

	if (st == OAE_OK && strcmp(l.kind, OAE_LEARN_DOCUMENTS) &&
	    strcmp(l.kind, OAE_LEARN_EXAMPLES))
		st = oae_fail(err, OAE_ERR_FORMAT, 0,
			      "kind: must be documents or examples");
	if (st == OAE_OK)
		st = oae_json_arr(msg, "items", &l.items, err);
	if (st)
		return st;
	cJSON_ArrayForEach(item, l.items)
		if (!cJSON_IsObject(item))
			return oae_fail(err, OAE_ERR_FORMAT, 0,
					"items: must be objects");
	return s->adapter->learn(s->self, &l, err);
}

static enum oae_status do_score(struct oae_sdk *s, struct oae_sdk_slot *slot,
				const cJSON *msg, struct oae_error *err)
{
	struct oae_sdk_score c = { .id = slot->id };
	enum oae_status st = get_text(msg, "prompt", &c.prompt, err);

	if (st == OAE_OK)
		st = get_text(msg, "continuation", &c.continuation, err);
	return st ? st : s->adapter->score(s->self, &c, err);
}

static const struct verb {
	const char *type;
	unsigned bit;
	enum oae_status (*act)(struct oae_sdk *s, struct oae_sdk_slot *slot,
			       const cJSON *msg, struct oae_error *err);
} verbs[] = {
	{ OAE_MSG_SUBMIT, OAE_VERB_SUBMIT, do_submit },
	{ OAE_MSG_LEARN, OAE_VERB_LEARN, do_learn },
	{ OAE_MSG_SCORE, OAE_VERB_SCORE, do_score },
};

/*
 * The id of new work: each must be larger than all before it. A message
 * whose id is unusable gets an error without id.
 */
static enum oae_status new_id(struct oae_sdk *s, const cJSON *msg,
			      const char *type, uint64_t *id,
			      struct oae_error *err)
{
	enum oae_status st = get_u64(msg, "id", id, err);

	if (st)
		return st;
	if (s->any_id && *id <= s->last_id)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"%s: id %llu is not larger than %llu, which "
				"came before",
				type, (unsigned long long)*id,
				(unsigned long long)s->last_id);
	s->any_id = true;
	s->last_id = *id;
	return OAE_OK;
}

static void on_verb(struct oae_sdk *s, const struct verb *v, const cJSON *msg)
{
	struct oae_error err = { 0 };
	struct oae_sdk_slot *slot = NULL;
	enum oae_status st;
	uint64_t id;

	st = new_id(s, msg, v->type, &id, &err);
	if (st) {
		oae_sdk_error(s, NULL, OAE_CODE_BAD_REQUEST, err.text);
		return;
	}
	if (!(s->verbs & v->bit)) {
		st = oae_fail(&err, OAE_ERR_UNSUPPORTED, 0,
			      "%s: this system cannot do it", v->type);
	} else {
		slot = oae_sdk_take(s, id);
		if (!slot)
			st = oae_fail(&err, OAE_ERR_LIMIT, 0,
				      "%s: %u requests are in flight already",
				      v->type, s->n_slots);
		else
			st = v->act(s, slot, msg, &err);
	}
	if (st == OAE_OK)
		return;
	if (slot)
		oae_sdk_slot_free(s, slot);
	oae_sdk_error(s, &id, oae_sdk_code(st), err.text);
}

static void on_cancel(struct oae_sdk *s, const cJSON *msg)
{
	struct oae_error err = { 0 };
	uint64_t id;

	if (get_u64(msg, "id", &id, &err)) {
		oae_sdk_error(s, NULL, OAE_CODE_BAD_REQUEST, err.text);
		return;
	}
	if (oae_sdk_find(s, id))
		s->adapter->cancel(s->self, id);
}

static void dispatch(struct oae_sdk *s, const cJSON *msg)
{
	struct oae_error err = { 0 };
	const char *type;
	size_t i;

	if (oae_json_str(msg, "type", &type, &err)) {
		oae_sdk_error(s, NULL, OAE_CODE_BAD_REQUEST, err.text);
		return;
	}
	if (!strcmp(type, OAE_MSG_HELLO)) {
		on_hello(s, msg);
		return;
	}
	if (!strcmp(type, OAE_MSG_CLOSE)) {
		s->closing = true;
		return;
	}
	if (!s->opened) {
		oae_sdk_error(s, NULL, OAE_CODE_BAD_REQUEST,
			      "hello: must come first");
		return;
	}
	if (!strcmp(type, OAE_MSG_CANCEL)) {
		on_cancel(s, msg);
		return;
	}
	for (i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (!strcmp(type, verbs[i].type)) {
			on_verb(s, &verbs[i], msg);
			return;
		}
	}
	oae_fail(&err, OAE_ERR_FORMAT, 0, "type: \"%.40s\" is unknown", type);
	oae_sdk_error(s, NULL, OAE_CODE_BAD_REQUEST, err.text);
}

void oae_sdk_message(struct oae_sdk *s, const char *line, size_t len)
{
	struct oae_error err = { 0 };
	cJSON *msg = NULL;

	if (oae_json_parse(line, len, &msg, &err))
		oae_sdk_error(s, NULL, OAE_CODE_BAD_REQUEST, err.text);
	else if (!cJSON_IsObject(msg))
		oae_sdk_error(s, NULL, OAE_CODE_BAD_REQUEST,
			      "line: must be a JSON object");
	else
		dispatch(s, msg);
	cJSON_Delete(msg);
}
