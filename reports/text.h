/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that came from outside, made safe for the place it goes to, and
 * numbers for people: three significant digits and a unit.
 * Source of the Markdown characters: CommonMark 0.30, section 2.4.
 */
#ifndef OAE_REPORTS_TEXT_H
#define OAE_REPORTS_TEXT_H

#include <stddef.h>

#include "base/buf.h"

#define OAE_NUMBER_TEXT 48

/* Stands where a value is missing; its reason is in a note. */
#define OAE_DASH "\xe2\x80\x93"

/*
 * Control characters, line ends and characters that change the direction
 * of writing become one space or U+FFFD; what follows may rely on it.
 */
void oae_text_clean(struct oae_buf *b, const char *s);
/* Cleaned and escaped for HTML text and double-quoted attributes. */
void oae_text_html(struct oae_buf *b, const char *s);
/* Cleaned and escaped for a Markdown table cell or paragraph. */
void oae_text_markdown(struct oae_buf *b, const char *s);
/*
 * One RFC 4180 field of text. A leading = + - @ gets an apostrophe, so
 * that a spreadsheet does not run it.
 */
void oae_text_csv(struct oae_buf *b, const char *s);
/*
 * A single-quoted gnuplot string of at most `most` characters (the rest is
 * an ellipsis). Single quotes: no backticks, macros or escapes run.
 */
void oae_text_gnuplot(struct oae_buf *b, const char *s, size_t most);
/* The same as the label of a tick, where % begins a format. */
void oae_text_gnuplot_tick(struct oae_buf *b, const char *s, size_t most);
/* Characters (code points) of valid UTF-8; bytes of the first n of them. */
size_t oae_text_width(const char *s);
size_t oae_text_bytes_of(const char *s, size_t n_characters);

typedef void oae_number_fn(char out[OAE_NUMBER_TEXT], double v);

/* 0.596, 12.3, 123, 12300; 1.23e+09 beyond. */
void oae_number_plain(char out[OAE_NUMBER_TEXT], double v);
/* 72, 3360, 80.6 k, 7.00 M, 1.80 bn, 1.80 tn. */
void oae_number_count(char out[OAE_NUMBER_TEXT], double v);
/* 0.04, 2.50, 13.5, 1.20 k: nobody counts hours finer. */
void oae_number_hours(char out[OAE_NUMBER_TEXT], double hours);
void oae_number_seconds(char out[OAE_NUMBER_TEXT], double seconds);
void oae_number_joules(char out[OAE_NUMBER_TEXT], double joules);
void oae_number_bytes(char out[OAE_NUMBER_TEXT], double bytes);

#endif
