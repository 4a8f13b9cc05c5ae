/* SPDX-License-Identifier: Apache-2.0 */
/* The strict scanner: RFC 8259 by recursive descent, nothing beyond it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

/* cJSON 1.7 reads numbers through a buffer of 64 bytes. */
#define NUMBER_CHARS_MAX 63

struct scan {
	const char *text;
	size_t len, pos;
	int depth;
	char *to; /* where the string being read is decoded to, or NULL */
	/* keys of the objects now open, decoded, innermost last */
	char *decoded; /* as large as the text */
	size_t decoded_len;
	const char **keys;
	size_t keys_len, keys_alloc;
	struct oae_error *err;
};

static enum oae_status scan_value(struct scan *s);

static enum oae_status refuse(const struct scan *s, enum oae_status status,
			      const char *why)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < s->pos && i < s->len; i++) {
		column++;
		if (s->text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return oae_fail(s->err, status, 0, "JSON line %zu byte %zu: %s", line,
			column, why);
}

static enum oae_status malformed(const struct scan *s, const char *why)
{
	return refuse(s, OAE_ERR_FORMAT, why);
}

/* The next byte, or -1 at the end. */
static int peek(const struct scan *s)
{
	return s->pos < s->len ? (unsigned char)s->text[s->pos] : -1;
}

static void skip_space(struct scan *s)
{
	for (;;) {
		int c = peek(s);

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		s->pos++;
	}
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static void decode(struct scan *s, const char *bytes, size_t n)
{
	if (!s->to)
		return;
	memcpy(s->to, bytes, n);
	s->to += n;
}

/* Four hex digits at pos into *code. */
static bool scan_hex4(struct scan *s, uint32_t *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, s->pos++) {
		int c = peek(s);

		if (is_digit(c))
			c -= '0';
		else if (c >= 'a' && c <= 'f')
			c -= 'a' - 10;
		else if (c >= 'A' && c <= 'F')
			c -= 'A' - 10;
		else
			return false;
		*code = *code << 4 | (uint32_t)c;
	}
	return true;
}

/* After "\u". */
static enum oae_status scan_unicode(struct scan *s)
{
	uint32_t code, low;
	char bytes[4];
	size_t n;

	if (!scan_hex4(s, &code))
		return malformed(s, "\\u needs four hexadecimal digits");
	if (!code)
		return malformed(s, "\\u0000 is not allowed in text");
	if (code >= 0xdc00 && code <= 0xdfff)
		return malformed(s, "a lone surrogate");
	if (code >= 0xd800 && code <= 0xdbff) {
		if (peek(s) != '\\' || s->pos + 1 >= s->len ||
		    s->text[s->pos + 1] != 'u')
			return malformed(s, "a lone surrogate");
		s->pos += 2;
		if (!scan_hex4(s, &low) || low < 0xdc00 || low > 0xdfff)
			return malformed(s, "a lone surrogate");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	n = oae_utf8_encode(bytes, code);
	decode(s, bytes, n);
	return OAE_OK;
}

static enum oae_status scan_escape(struct scan *s)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *found;
	int c = peek(s);

	if (c == 'u') {
		s->pos++;
		return scan_unicode(s);
	}
	found = c > 0 ? strchr(names, c) : NULL;
	if (!found)
		return malformed(s, "an unknown escape");
	s->pos++;
	decode(s, bytes + (found - names), 1);
	return OAE_OK;
}

/* At the opening quote. Decodes to s->to, with a NUL, unless that is NULL. */
static enum oae_status scan_string(struct scan *s)
{
	enum oae_status status;
	size_t n;

	for (s->pos++;;) {
		int c = peek(s);

		if (c < 0)
			return malformed(s, "the text ends inside a string");
		if (c == '"')
			break;
		if (c < 0x20)
			return malformed(s, "a raw control character in a "
					    "string");
		if (c == '\\') {
			s->pos++;
			status = scan_escape(s);
			if (status)
				return status;
			continue;
		}
		n = oae_utf8_length(s->text + s->pos, s->len - s->pos);
		if (!n)
			return malformed(s, "invalid UTF-8");
		decode(s, s->text + s->pos, n);
		s->pos += n;
	}
	s->pos++;
	decode(s, "", 1);
	return OAE_OK;
}

static enum oae_status scan_digits(struct scan *s)
{
	if (!is_digit(peek(s)))
		return malformed(s, "a digit is missing in a number");
	while (is_digit(peek(s)))
		s->pos++;
	return OAE_OK;
}

static enum oae_status scan_number(struct scan *s)
{
	enum oae_status status = OAE_OK;
	char number[NUMBER_CHARS_MAX + 1];
	size_t start = s->pos, len;

	if (peek(s) == '-')
		s->pos++;
	if (peek(s) == '0') {
		s->pos++;
		if (is_digit(peek(s)))
			return malformed(s, "a number with a leading zero");
	} else {
		status = scan_digits(s);
	}
	if (!status && peek(s) == '.') {
		s->pos++;
		status = scan_digits(s);
	}
	if (!status && (peek(s) == 'e' || peek(s) == 'E')) {
		s->pos++;
		if (peek(s) == '+' || peek(s) == '-')
			s->pos++;
		status = scan_digits(s);
	}
	if (status)
		return status;
	len = s->pos - start;
	if (len > NUMBER_CHARS_MAX)
		return malformed(s, "a number of more than 63 characters");
	memcpy(number, s->text + start, len);
	number[len] = '\0';
	if (!isfinite(strtod(number, NULL)))
		return malformed(s, "a number too large for a double");
	return OAE_OK;
}

static enum oae_status scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if (s->len - s->pos < len || memcmp(s->text + s->pos, word, len) != 0)
		return malformed(s, "a value is expected");
	s->pos += len;
	return OAE_OK;
}

static enum oae_status scan_array(struct scan *s)
{
	enum oae_status status;

	s->pos++;
	skip_space(s);
	if (peek(s) == ']') {
		s->pos++;
		return OAE_OK;
	}
	for (;;) {
		status = scan_value(s);
		if (status)
			return status;
		skip_space(s);
		if (peek(s) == ']')
			break;
		if (peek(s) != ',')
			return malformed(s, "',' or ']' is expected");
		s->pos++;
	}
	s->pos++;
	return OAE_OK;
}

/* At a key's quote: decodes and notes it. */
static enum oae_status scan_key(struct scan *s)
{
	char *key = s->decoded + s->decoded_len;
	enum oae_status status;

	if (s->keys_len == s->keys_alloc) {
		size_t alloc = s->keys_alloc ? s->keys_alloc * 2 : 32;
		const char **keys = realloc(s->keys, alloc * sizeof(*keys));

		if (!keys)
			return refuse(s, OAE_ERR_NOMEM, "out of memory");
		s->keys = keys;
		s->keys_alloc = alloc;
	}
	s->to = key;
	status = scan_string(s);
	if (status)
		return status;
	s->keys[s->keys_len++] = key;
	s->decoded_len = (size_t)(s->to - s->decoded);
	s->to = NULL;
	return OAE_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys from first on belong to one object: unique, then forgotten. */
static enum oae_status end_keys(struct scan *s, size_t first,
				size_t decoded_first)
{
	const char **keys = s->keys + first;
	size_t n = s->keys_len - first;

	if (n > 1)
		qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(keys[i - 1], keys[i]))
			return oae_fail(s->err, OAE_ERR_FORMAT, 0,
					"JSON: the key \"%.64s\" occurs twice "
					"in one object",
					keys[i]);
	s->keys_len = first;
	s->decoded_len = decoded_first;
	return OAE_OK;
}

static enum oae_status scan_object(struct scan *s)
{
	size_t first = s->keys_len, decoded_first = s->decoded_len;
	enum oae_status status;

	s->pos++;
	skip_space(s);
	if (peek(s) == '}') {
		s->pos++;
		return OAE_OK;
	}
	for (;;) {
		skip_space(s);
		if (peek(s) != '"')
			return malformed(s, "a key in quotes is expected");
		status = scan_key(s);
		if (status)
			return status;
		skip_space(s);
		if (peek(s) != ':')
			return malformed(s, "':' is expected");
		s->pos++;
		status = scan_value(s);
		if (status)
			return status;
		skip_space(s);
		if (peek(s) == '}')
			break;
		if (peek(s) != ',')
			return malformed(s, "',' or '}' is expected");
		s->pos++;
	}
	s->pos++;
	return end_keys(s, first, decoded_first);
}

static enum oae_status scan_value(struct scan *s)
{
	enum oae_status status;

	skip_space(s);
	switch (peek(s)) {
	case '{':
	case '[':
		if (s->depth >= OAE_JSON_DEPTH_MAX)
			return refuse(s, OAE_ERR_LIMIT,
				      "nested deeper than 64 levels");
		s->depth++;
		status = peek(s) == '{' ? scan_object(s) : scan_array(s);
		s->depth--;
		return status;
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	case -1:
		return malformed(s, "the text ends where a value is expected");
	default:
		if (peek(s) == '-' || is_digit(peek(s)))
			return scan_number(s);
		return malformed(s, "a value is expected");
	}
}

enum oae_status oae_json_check(const char *text, size_t len,
			       struct oae_error *err)
{
	struct scan s = { .text = text, .len = len, .err = err };
	enum oae_status status;

	s.decoded = malloc(len + 1);
	if (!s.decoded)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "JSON: out of memory");
	status = scan_value(&s);
	if (!status) {
		skip_space(&s);
		if (s.pos < s.len)
			status = malformed(&s, "bytes after the value");
	}
	free(s.keys);
	free(s.decoded);
	return status;
}
