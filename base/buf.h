/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer with a cap. Failure is sticky: after the first
 * one every append is a no-op and oae_buf_check() says what happened, so
 * that a long series of appends is checked once, at its end.
 */
#ifndef OAE_BASE_BUF_H
#define OAE_BASE_BUF_H

#include <stddef.h>

#include "base/status.h"

struct oae_buf {
	char *data; /* len bytes and a NUL; NULL while empty */
	size_t len;
	size_t alloc;
	size_t cap; /* most bytes ever held */
	enum oae_status status;
};

void oae_buf_init(struct oae_buf *b, size_t cap); /* no allocation */
void oae_buf_release(struct oae_buf *b);	  /* frees; ready for init */
void oae_buf_clear(struct oae_buf *b); /* len = 0, keeps memory and cap */
void oae_buf_add(struct oae_buf *b, const void *data, size_t len);
void oae_buf_puts(struct oae_buf *b, const char *s);
void oae_buf_putc(struct oae_buf *b, char c);
void oae_buf_printf(struct oae_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* OAE_OK, OAE_ERR_LIMIT or OAE_ERR_NOMEM; `what` names the content. */
enum oae_status oae_buf_check(const struct oae_buf *b, const char *what,
			      struct oae_error *err);
/* The text, never NULL ("" while empty). Valid until the next change. */
const char *oae_buf_str(const struct oae_buf *b);

#endif
