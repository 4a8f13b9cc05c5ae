/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/proto_fast.h"

#include <string.h>

#include "adapters/sdk/protocol.h"
#include "base/limits.h"
#include "base/utf8.h"

/* Every whole number of so many digits is below 2^53, and below 2^64. */
#define COUNT_DIGITS 15
#define DECIMAL_DIGITS 19

enum {
	TYPE = 1,
	ID = 2,
	T_NS = 4,
	N = 8,
	TEXT = 16,
	FINISH = 32,
	TOKENS_IN = 64,
	TOKENS_OUT = 128,
	DRAFTED = 256,
	ACCEPTED = 512,
	REUSED = 1024,
};

/* What each kind must have; "done" may have the last three too. */
#define TOKEN_HAS ((unsigned)(TYPE | ID | T_NS | N | TEXT))
#define DONE_HAS \
	((unsigned)(TYPE | ID | T_NS | FINISH | TOKENS_IN | TOKENS_OUT))

static const struct key {
	const char *name;
	size_t len;
	unsigned bit;
} keys[] = {
	{ "type", 4, TYPE },	       { "id", 2, ID },
	{ "t_ns", 4, T_NS },	       { "n", 1, N },
	{ "text", 4, TEXT },	       { "finish", 6, FINISH },
	{ "tokens_in", 9, TOKENS_IN }, { "tokens_out", 10, TOKENS_OUT },
	{ "drafted", 7, DRAFTED },     { "accepted", 8, ACCEPTED },
	{ "reused", 6, REUSED },
};

struct cursor {
	const char *at, *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip(struct cursor *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
}

static bool take(struct cursor *c, char what)
{
	if (c->at == c->end || *c->at != what)
		return false;
	c->at++;
	return true;
}

/* Digits without a leading zero, few enough not to overflow. */
static bool digits(struct cursor *c, size_t most, uint64_t *out)
{
	const char *start = c->at;
	uint64_t v = 0;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9' &&
	       (size_t)(c->at - start) <= most)
		v = v * 10 + (uint64_t)(*c->at++ - '0');
	*out = v;
	return c->at > start && (size_t)(c->at - start) <= most &&
	       (*start != '0' || c->at == start + 1);
}

/* A number or a string of digits. */
static bool whole(struct cursor *c, uint64_t *out)
{
	if (take(c, '"'))
		return digits(c, DECIMAL_DIGITS, out) && take(c, '"');
	/* What goes on as a fraction or exponent ends no member. */
	return digits(c, COUNT_DIGITS, out);
}

/* A string as it stands: no escape, no control, UTF-8. */
static bool plain(struct cursor *c, const char **out, size_t *len)
{
	size_t n;

	if (!take(c, '"'))
		return false;
	*out = c->at;
	for (; c->at < c->end && *c->at != '"'; c->at += n) {
		unsigned char byte = (unsigned char)*c->at;

		if (byte < 0x20 || byte == '\\')
			return false;
		n = byte < 0x80 ?
			    1 :
			    oae_utf8_length(c->at, (size_t)(c->end - c->at));
		if (!n)
			return false;
	}
	*len = (size_t)(c->at - *out);
	return take(c, '"');
}

static bool hex4(struct cursor *c, uint32_t *code)
{
	int i;

	*code = 0;
	for (i = 0; i < 4 && c->at < c->end; i++, c->at++) {
		char h = *c->at;

		if (h >= '0' && h <= '9')
			*code = *code << 4 | (uint32_t)(h - '0');
		else if (h >= 'a' && h <= 'f')
			*code = *code << 4 | (uint32_t)(h - 'a' + 10);
		else if (h >= 'A' && h <= 'F')
			*code = *code << 4 | (uint32_t)(h - 'A' + 10);
		else
			return false;
	}
	return i == 4;
}

/* After a backslash: the character that it stands for, 1 to 4 bytes. */
static size_t escape(struct cursor *c, char out[4])
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *found;
	uint32_t code, low;

	if (c->at == c->end)
		return 0;
	if (!take(c, 'u')) {
		found = memchr(names, *c->at++, sizeof(names) - 1);
		if (found)
			out[0] = bytes[found - names];
		return found ? 1 : 0;
	}
	if (!hex4(c, &code) || !code || (code >= 0xdc00 && code <= 0xdfff))
		return 0;
	if (code >= 0xd800 && code <= 0xdbff) {
		if (!take(c, '\\') || !take(c, 'u') || !hex4(c, &low) ||
		    low < 0xdc00 || low > 0xdfff)
			return 0;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	return oae_utf8_encode(out, code);
}

/* A text that has escapes, decoded into ev->decoded. */
static bool escaped(struct cursor *c, struct oae_event *ev)
{
	size_t len = 0, n;
	char more[4];

	if (!take(c, '"'))
		return false;
	while (c->at < c->end && *c->at != '"') {
		if ((unsigned char)*c->at < 0x20)
			return false;
		if (take(c, '\\')) {
			n = escape(c, more);
		} else {
			n = oae_utf8_length(c->at, (size_t)(c->end - c->at));
			memcpy(more, c->at, n);
			c->at += n;
		}
		if (!n || len + n > sizeof(ev->decoded))
			return false;
		memcpy(ev->decoded + len, more, n);
		len += n;
	}
	ev->text = ev->decoded;
	ev->text_len = len;
	return take(c, '"');
}

static bool text(struct cursor *c, struct oae_event *ev)
{
	struct cursor again = *c;

	if (plain(c, &ev->text, &ev->text_len))
		return true;
	*c = again;
	return escaped(c, ev);
}

/* One of the words, as a constant; NULL for another. */
static const char *word(struct cursor *c, const char *const *words)
{
	const char *s;
	size_t len;

	if (!plain(c, &s, &len))
		return NULL;
	for (; *words; words++)
		if (strlen(*words) == len && memcmp(*words, s, len) == 0)
			return *words;
	return NULL;
}

static bool value(struct cursor *c, unsigned bit, struct oae_event *ev)
{
	static const char *const types[] = {
		OAE_MSG_TOKEN,
		OAE_MSG_DONE,
		NULL,
	};
	static const char *const finishes[] = {
		OAE_DONE_STOP,
		OAE_DONE_LENGTH,
		OAE_DONE_CANCELLED,
		NULL,
	};
	const char *type;

	switch (bit) {
	case TYPE:
		type = word(c, types);
		ev->kind = type == types[0] ? OAE_EVENT_TOKEN : OAE_EVENT_DONE;
		return type != NULL;
	case ID:
		return whole(c, &ev->id);
	case T_NS:
		return whole(c, &ev->t_ns);
	case N:
		return whole(c, &ev->n);
	case TEXT:
		return text(c, ev);
	case FINISH:
		ev->finish = word(c, finishes);
		return ev->finish != NULL;
	case TOKENS_IN:
		return whole(c, &ev->tokens_in);
	case TOKENS_OUT:
		return whole(c, &ev->tokens_out);
	case DRAFTED:
		return whole(c, &ev->drafted);
	case ACCEPTED:
		return whole(c, &ev->accepted);
	default:
		return whole(c, &ev->reused);
	}
}

/* A key that is known, and its colon; 0: none. */
static unsigned key(struct cursor *c)
{
	const char *s;
	size_t len, i;

	if (!plain(c, &s, &len))
		return 0;
	skip(c);
	if (!take(c, ':'))
		return 0;
	skip(c);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].len == len && memcmp(keys[i].name, s, len) == 0)
			return keys[i].bit;
	return 0;
}

/* The members of an object; *has: which. Each at most once. */
static bool members(struct cursor *c, struct oae_event *ev, unsigned *has)
{
	unsigned bit;

	skip(c);
	if (!take(c, '{'))
		return false;
	do {
		skip(c);
		bit = key(c);
		if (!bit || (*has & bit) || !value(c, bit, ev))
			return false;
		*has |= bit;
		skip(c);
	} while (take(c, ','));
	if (!take(c, '}'))
		return false;
	skip(c);
	return c->at == c->end;
}

bool oae_event_parse_fast(const char *line, size_t len, struct oae_event *ev)
{
	struct cursor c = { line, line + len };
	unsigned has = 0;

	oae_event_clear(ev);
	if (!members(&c, ev, &has) || !(has & TYPE))
		return false;
	ev->has_id = true;
	if (ev->kind == OAE_EVENT_TOKEN)
		return has == TOKEN_HAS && ev->n >= 1 &&
		       ev->n <= OAE_TOKENS_PER_ANSWER_MAX;
	return (has & ~(unsigned)(DRAFTED | ACCEPTED | REUSED)) == DONE_HAS &&
	       ev->accepted <= ev->drafted && ev->reused <= ev->tokens_in;
}
