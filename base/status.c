/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef oae_fail

/*
 * One line for people, though a file's own names are in it: control characters
 * become spaces, and what is no UTF-8 question marks.
 */
static void clean_text(char *text)
{
	size_t n, left = strlen(text);

	for (; *text; text += n, left -= n) {
		unsigned char c = (unsigned char)*text;

		n = oae_utf8_length(text, left);
		if (!n)
			*text = '?';
		else if (c < 0x20 || c == 0x7f)
			*text = ' ';
		else if (c == 0xc2 && (unsigned char)text[1] < 0xa0)
			memset(text, ' ', n); /* C1: U+0080..U+009F */
		n += !n;
	}
}

enum oae_status oae_fail(struct oae_error *err, enum oae_status status, int sys,
			 const char *fmt, ...)
{
	const char *reason = sys ? strerror(sys) : "";
	/* A long path must not push the reason out. */
	size_t room = sizeof(err->text) - (sys ? strlen(reason) + 2 : 0);
	va_list ap;
	size_t len;

	if (!err || err->status != OAE_OK)
		return status;
	err->status = status;
	err->sys = sys;
	va_start(ap, fmt);
	if (vsnprintf(err->text, room, fmt, ap) < 0)
		err->text[0] = '\0';
	va_end(ap);
	if (sys) {
		len = strlen(err->text);
		(void)snprintf(err->text + len, sizeof(err->text) - len, ": %s",
			       reason);
	}
	clean_text(err->text);
	return status;
}

void oae_error_prefix(struct oae_error *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;
	size_t len;

	if (!err || err->status == OAE_OK)
		return;
	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	if (vsnprintf(err->text, sizeof(err->text), fmt, ap) < 0)
		err->text[0] = '\0';
	va_end(ap);
	len = strlen(err->text);
	(void)snprintf(err->text + len, sizeof(err->text) - len, ": %.*s",
		       (int)sizeof(old) - 1, old);
	clean_text(err->text);
}

const char *oae_status_name(enum oae_status status)
{
	switch (status) {
	case OAE_OK:
		return "ok";
	case OAE_ERR_USAGE:
		return "usage";
	case OAE_ERR_IO:
		return "io";
	case OAE_ERR_FORMAT:
		return "format";
	case OAE_ERR_LIMIT:
		return "limit";
	case OAE_ERR_NOMEM:
		return "nomem";
	case OAE_ERR_UNSUPPORTED:
		return "unsupported";
	case OAE_ERR_DENIED:
		return "denied";
	case OAE_ERR_TARGET:
		return "target";
	case OAE_ERR_CHECK:
		return "check";
	}
	return "unknown";
}

enum oae_exit oae_exit_code(enum oae_status status)
{
	switch (status) {
	case OAE_OK:
		return OAE_EXIT_OK;
	case OAE_ERR_USAGE:
		return OAE_EXIT_USAGE;
	case OAE_ERR_CHECK:
		return OAE_EXIT_CHECK;
	default:
		return OAE_EXIT_ERROR;
	}
}
