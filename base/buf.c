/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void oae_buf_init(struct oae_buf *b, size_t cap)
{
	memset(b, 0, sizeof(*b));
	b->cap = cap;
}

void oae_buf_release(struct oae_buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

void oae_buf_clear(struct oae_buf *b)
{
	b->len = 0;
	b->status = OAE_OK;
	if (b->data)
		b->data[0] = '\0';
}

/* Room for `more` bytes and a NUL. False and sticky on failure. */
static int buf_reserve(struct oae_buf *b, size_t more)
{
	size_t need, size;
	char *data;

	if (b->status != OAE_OK)
		return 0;
	if (b->cap < b->len || more > b->cap - b->len ||
	    b->len + more == SIZE_MAX) {
		b->status = OAE_ERR_LIMIT;
		return 0;
	}
	need = b->len + more + 1;
	if (need <= b->alloc)
		return 1;
	size = b->alloc > SIZE_MAX / 2 ? need : b->alloc * 2;
	if (size < 64)
		size = 64;
	if (size < need)
		size = need;
	if (b->cap < SIZE_MAX && size > b->cap + 1)
		size = b->cap + 1;
	data = realloc(b->data, size);
	if (!data) {
		b->status = OAE_ERR_NOMEM;
		return 0;
	}
	b->data = data;
	b->alloc = size;
	return 1;
}

void oae_buf_add(struct oae_buf *b, const void *data, size_t len)
{
	if (!len || !buf_reserve(b, len))
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void oae_buf_puts(struct oae_buf *b, const char *s)
{
	oae_buf_add(b, s, strlen(s));
}

void oae_buf_putc(struct oae_buf *b, char c)
{
	if (!buf_reserve(b, 1))
		return;
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

void oae_buf_printf(struct oae_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char small[256];
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(small, sizeof(small), fmt, ap);
	if (len < 0) {
		if (b->status == OAE_OK)
			b->status = OAE_ERR_FORMAT;
	} else if ((size_t)len < sizeof(small)) {
		oae_buf_add(b, small, (size_t)len);
	} else if (buf_reserve(b, (size_t)len)) {
		(void)vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
	va_end(ap);
}

enum oae_status oae_buf_check(const struct oae_buf *b, const char *what,
			      struct oae_error *err)
{
	switch (b->status) {
	case OAE_OK:
		return OAE_OK;
	case OAE_ERR_LIMIT:
		return oae_fail(err, OAE_ERR_LIMIT, 0,
				"%s: larger than the limit of %zu bytes", what,
				b->cap);
	case OAE_ERR_NOMEM:
		return oae_fail(err, OAE_ERR_NOMEM, 0, "%s: out of memory",
				what);
	default:
		return oae_fail(err, b->status, 0, "%s: cannot be formatted",
				what);
	}
}

const char *oae_buf_str(const struct oae_buf *b)
{
	return b->data ? b->data : "";
}
