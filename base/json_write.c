/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53 */
#define REPLACEMENT "\xef\xbf\xbd"   /* U+FFFD */

/* Whatever the locale's decimal point is (any bytes), makes it a dot. */
static void normalize_point(char *s)
{
	char *to = s;

	for (bool foreign = false; *s; s++) {
		if (strchr("0123456789+-eE", *s)) {
			*to++ = *s;
			foreign = false;
		} else if (!foreign) {
			*to++ = '.';
			foreign = true;
		}
	}
	*to = '\0';
}

int oae_json_format_double(char out[32], double v)
{
	/* 15 digits always survive a normal double, fewer a subnormal. */
	int digits = fabs(v) < DBL_MIN ? 1 : 15;

	if (v == floor(v) && fabs(v) < WHOLE_MAX)
		return snprintf(out, 32, "%.0f", v);
	for (; digits <= 17; digits++) {
		(void)snprintf(out, 32, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			break;
	}
	normalize_point(out);
	return (int)strlen(out);
}

void oae_jw_init(struct oae_jw *w, struct oae_buf *out, int indent)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
	w->indent = indent;
}

static void new_line(struct oae_jw *w)
{
	if (w->indent)
		oae_buf_printf(w->out, "\n%*s", w->indent * w->depth, "");
}

/* Characters that stand for themselves, from s on: their bytes. */
static size_t plain_length(const char *s, size_t len)
{
	size_t i = 0, n;

	while (i < len) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == '"' || c == '\\')
			break;
		n = c < 0x80 ? 1 : oae_utf8_length(s + i, len - i);
		if (!n)
			break;
		i += n;
	}
	return i;
}

/* One byte that cannot stand in a string as it is. */
static void put_escaped(struct oae_buf *b, char c)
{
	static const char names[] = "\"\\bfnrt", bytes[] = "\"\\\b\f\n\r\t";
	const char *found = c ? strchr(bytes, c) : NULL;

	if (found) {
		oae_buf_putc(b, '\\');
		oae_buf_putc(b, names[found - bytes]);
	} else if (c > 0 && c < 0x20) {
		oae_buf_printf(b, "\\u%04x", (unsigned)c);
	} else {
		oae_buf_puts(b, REPLACEMENT);
	}
}

static void put_quoted(struct oae_buf *b, const char *s, size_t len)
{
	size_t i = 0, n;

	oae_buf_putc(b, '"');
	for (;;) {
		n = plain_length(s + i, len - i);
		oae_buf_add(b, s + i, n);
		i += n;
		if (i == len)
			break;
		put_escaped(b, s[i++]);
	}
	oae_buf_putc(b, '"');
}

/* Comma, line and key before a value. */
static void begin(struct oae_jw *w, const char *key)
{
	if (w->depth > 0 && w->depth <= OAE_JSON_DEPTH_MAX) {
		if (!w->first[w->depth - 1])
			oae_buf_putc(w->out, ',');
		w->first[w->depth - 1] = false;
		new_line(w);
	}
	if (key) {
		put_quoted(w->out, key, strlen(key));
		oae_buf_putc(w->out, ':');
		if (w->indent)
			oae_buf_putc(w->out, ' ');
	}
}

static void open_level(struct oae_jw *w, const char *key, char bracket)
{
	begin(w, key);
	oae_buf_putc(w->out, bracket);
	if (w->depth >= OAE_JSON_DEPTH_MAX) {
		if (w->out->status == OAE_OK)
			w->out->status = OAE_ERR_LIMIT;
	} else {
		w->first[w->depth] = true;
	}
	w->depth++;
}

static void close_level(struct oae_jw *w, char bracket)
{
	bool empty;

	if (w->depth <= 0) {
		if (w->out->status == OAE_OK)
			w->out->status = OAE_ERR_USAGE;
		return;
	}
	w->depth--;
	empty = w->depth < OAE_JSON_DEPTH_MAX && w->first[w->depth];
	if (!empty)
		new_line(w);
	oae_buf_putc(w->out, bracket);
}

void oae_jw_obj(struct oae_jw *w, const char *key)
{
	open_level(w, key, '{');
}

void oae_jw_end_obj(struct oae_jw *w)
{
	close_level(w, '}');
}

void oae_jw_arr(struct oae_jw *w, const char *key)
{
	open_level(w, key, '[');
}

void oae_jw_end_arr(struct oae_jw *w)
{
	close_level(w, ']');
}

void oae_jw_str(struct oae_jw *w, const char *key, const char *s)
{
	if (s)
		oae_jw_strn(w, key, s, strlen(s));
	else
		oae_jw_null(w, key);
}

void oae_jw_strn(struct oae_jw *w, const char *key, const char *s, size_t len)
{
	begin(w, key);
	put_quoted(w->out, s, len);
}

void oae_jw_num(struct oae_jw *w, const char *key, double v)
{
	char text[32];

	if (!isfinite(v)) {
		oae_jw_null(w, key);
		return;
	}
	oae_json_format_double(text, v);
	oae_jw_raw(w, key, text);
}

/* The decimal digits of v end at `end`; returns their beginning. */
static char *put_digits(char *end, uint64_t v)
{
	do {
		*--end = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return end;
}

void oae_jw_int(struct oae_jw *w, const char *key, int64_t v)
{
	char text[24], *end = text + sizeof(text), *at;

	at = put_digits(end, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
	if (v < 0)
		*--at = '-';
	begin(w, key);
	oae_buf_add(w->out, at, (size_t)(end - at));
}

void oae_jw_u64s(struct oae_jw *w, const char *key, uint64_t v)
{
	char text[24], *end = text + sizeof(text), *at = end;

	*--at = '"';
	at = put_digits(at, v);
	*--at = '"';
	begin(w, key);
	oae_buf_add(w->out, at, (size_t)(end - at));
}

void oae_jw_bool(struct oae_jw *w, const char *key, bool v)
{
	oae_jw_raw(w, key, v ? "true" : "false");
}

void oae_jw_null(struct oae_jw *w, const char *key)
{
	oae_jw_raw(w, key, "null");
}

void oae_jw_raw(struct oae_jw *w, const char *key, const char *json)
{
	begin(w, key);
	oae_buf_puts(w->out, json);
}

/* Recursion is bounded: a level too many makes the buffer's error. */
void oae_jw_value(struct oae_jw *w, const char *key, const cJSON *value)
{
	const cJSON *item;

	if (w->out->status != OAE_OK)
		return;
	if (cJSON_IsObject(value)) {
		oae_jw_obj(w, key);
		cJSON_ArrayForEach(item, value)
			oae_jw_value(w, item->string, item);
		oae_jw_end_obj(w);
	} else if (cJSON_IsArray(value)) {
		oae_jw_arr(w, key);
		cJSON_ArrayForEach(item, value)
			oae_jw_value(w, NULL, item);
		oae_jw_end_arr(w);
	} else if (cJSON_IsString(value)) {
		oae_jw_str(w, key, value->valuestring);
	} else if (cJSON_IsNumber(value)) {
		oae_jw_num(w, key, value->valuedouble);
	} else if (cJSON_IsBool(value)) {
		oae_jw_bool(w, key, cJSON_IsTrue(value));
	} else if (cJSON_IsRaw(value)) {
		oae_jw_raw(w, key, value->valuestring);
	} else {
		oae_jw_null(w, key);
	}
}
