/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NBSP "\xc2\xa0" /* does not break */
#define REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the character at s (valid UTF-8; anything else counts as 1). */
static size_t char_bytes(const char *s)
{
	unsigned char c = (unsigned char)s[0];
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	size_t i;

	for (i = 1; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

/* C1 controls, line and paragraph separators, marks of direction. */
static int is_hidden(const unsigned char *s, size_t n)
{
	if (n == 1)
		return s[0] >= 0x80; /* a stray byte */
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	if (n != 3 || s[0] != 0xe2)
		return n == 3 && s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf;
	return (s[1] == 0x80 && ((s[2] >= 0x8b && s[2] <= 0x8f) ||
				 (s[2] >= 0xa8 && s[2] <= 0xae))) ||
	       (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

void oae_text_clean(struct oae_buf *b, const char *s)
{
	bool space = false;
	size_t n;

	for (; *s; s += n) {
		n = char_bytes(s);
		if ((unsigned char)*s < 0x20 || *s == 0x7f) {
			if (!space)
				oae_buf_putc(b, ' ');
			space = true;
			continue;
		}
		space = false;
		if (is_hidden((const unsigned char *)s, n))
			oae_buf_puts(b, REPLACEMENT);
		else
			oae_buf_add(b, s, n);
	}
}

/* Cleans s, then replaces each byte that `escape` gives a text for. */
static void add_escaped(struct oae_buf *b, const char *s,
			const char *(*escape)(char c))
{
	struct oae_buf clean;
	const char *p;

	oae_buf_init(&clean, b->cap);
	oae_text_clean(&clean, s);
	for (p = oae_buf_str(&clean); *p; p++) {
		const char *other = escape(*p);

		if (other)
			oae_buf_puts(b, other);
		else
			oae_buf_putc(b, *p);
	}
	if (clean.status != OAE_OK && b->status == OAE_OK)
		b->status = clean.status;
	oae_buf_release(&clean);
}

static const char *html_escape(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void oae_text_html(struct oae_buf *b, const char *s)
{
	add_escaped(b, s, html_escape);
}

static const char *markdown_escape(char c)
{
	static const char marks[] = "\\`*_[]#|~";
	static const char escaped[][3] = { "\\\\", "\\`", "\\*", "\\_", "\\[",
					   "\\]",  "\\#", "\\|", "\\~" };
	const char *at = strchr(marks, c);

	if (c == '<' || c == '>' || c == '&')
		return html_escape(c);
	return at ? escaped[at - marks] : NULL;
}

void oae_text_markdown(struct oae_buf *b, const char *s)
{
	add_escaped(b, s, markdown_escape);
}

static const char *csv_escape(char c)
{
	return c == '"' ? "\"\"" : NULL;
}

void oae_text_csv(struct oae_buf *b, const char *s)
{
	bool formula = s[0] && strchr("=+-@", s[0]);

	if (!formula && !strpbrk(s, ",\"\r\n\t ")) {
		add_escaped(b, s, csv_escape);
		return;
	}
	oae_buf_puts(b, formula ? "\"'" : "\"");
	add_escaped(b, s, csv_escape);
	oae_buf_putc(b, '"');
}

static const char *gnuplot_escape(char c)
{
	return c == '\'' ? "''" : NULL;
}

static const char *tick_escape(char c)
{
	return c == '%' ? "%%" : gnuplot_escape(c);
}

static void add_quoted(struct oae_buf *b, const char *s, size_t most,
		       const char *(*escape)(char c))
{
	struct oae_buf cut;

	oae_buf_init(&cut, b->cap);
	oae_buf_putc(b, '\'');
	if (oae_text_width(s) > most) {
		oae_buf_add(&cut, s, oae_text_bytes_of(s, most - 1));
		oae_buf_puts(&cut, "\xe2\x80\xa6");
		s = oae_buf_str(&cut);
	}
	add_escaped(b, s, escape);
	oae_buf_putc(b, '\'');
	oae_buf_release(&cut);
}

void oae_text_gnuplot(struct oae_buf *b, const char *s, size_t most)
{
	add_quoted(b, s, most, gnuplot_escape);
}

void oae_text_gnuplot_tick(struct oae_buf *b, const char *s, size_t most)
{
	add_quoted(b, s, most, tick_escape);
}

size_t oae_text_width(const char *s)
{
	size_t n = 0;

	for (; *s; s += char_bytes(s))
		n++;
	return n;
}

size_t oae_text_bytes_of(const char *s, size_t n_characters)
{
	const char *p = s;

	while (*p && n_characters-- > 0)
		p += char_bytes(p);
	return (size_t)(p - s);
}

/* v rounded to three significant digits, so that 999.6 takes a prefix. */
static double rounded(double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.2e", v);
	return strtod(text, NULL);
}

static void print3(char *out, double v)
{
	int exponent = v == 0 ? 0 : (int)floor(log10(fabs(v)) + 1e-9);
	int decimals = exponent > 2 ? 0 : 2 - exponent;

	if (v == 0)
		snprintf(out, OAE_NUMBER_TEXT, "0");
	else if (exponent > 5 || exponent < -4)
		snprintf(out, OAE_NUMBER_TEXT, "%.2e", v);
	else
		snprintf(out, OAE_NUMBER_TEXT, "%.*f", decimals, v);
}

void oae_number_plain(char out[OAE_NUMBER_TEXT], double v)
{
	if (!isfinite(v))
		snprintf(out, OAE_NUMBER_TEXT, OAE_DASH);
	else
		print3(out, rounded(v));
}

struct prefix {
	double factor;
	const char *text;
};

/* The first prefix of which v is at least one; a descending list, ended by
 * factor 0, whose last prefix takes what is left. */
static void print_scaled(char out[OAE_NUMBER_TEXT], double v,
			 const struct prefix *list)
{
	char digits[OAE_NUMBER_TEXT];

	if (!isfinite(v)) {
		snprintf(out, OAE_NUMBER_TEXT, OAE_DASH);
		return;
	}
	while (list[1].factor > 0 && fabs(rounded(v / list->factor)) < 1)
		list++;
	print3(digits, rounded(v / list->factor));
	snprintf(out, OAE_NUMBER_TEXT, "%.32s%s", digits, list->text);
}

void oae_number_count(char out[OAE_NUMBER_TEXT], double v)
{
	static const struct prefix list[] = {
		{ 1e12, NBSP "tn" }, { 1e9, NBSP "bn" }, { 1e6, NBSP "M" },
		{ 1e3, NBSP "k" },   { 1, "" },		 { 0, NULL },
	};

	if (fabs(v) < 10000 && v == floor(v))
		snprintf(out, OAE_NUMBER_TEXT, "%.0f", v);
	else
		print_scaled(out, v, list);
}

void oae_number_hours(char out[OAE_NUMBER_TEXT], double hours)
{
	if (fabs(hours) < 0.005)
		snprintf(out, OAE_NUMBER_TEXT, "0.00");
	else if (fabs(hours) < 1)
		snprintf(out, OAE_NUMBER_TEXT, "%.2f", hours);
	else
		oae_number_count(out, hours);
}

void oae_number_seconds(char out[OAE_NUMBER_TEXT], double seconds)
{
	static const struct prefix list[] = {
		{ 1, NBSP "s" },
		{ 1e-3, NBSP "ms" },
		{ 1e-6, NBSP "\xc2\xb5s" },
		{ 1e-9, NBSP "ns" },
		{ 0, NULL },
	};

	if (seconds == 0)
		snprintf(out, OAE_NUMBER_TEXT, "0" NBSP "s");
	else
		print_scaled(out, seconds, list);
}

void oae_number_joules(char out[OAE_NUMBER_TEXT], double joules)
{
	static const struct prefix list[] = {
		{ 1e6, NBSP "MJ" },
		{ 1e3, NBSP "kJ" },
		{ 1, NBSP "J" },
		{ 1e-3, NBSP "mJ" },
		{ 1e-6, NBSP "\xc2\xb5J" },
		{ 0, NULL },
	};

	if (joules == 0)
		snprintf(out, OAE_NUMBER_TEXT, "0" NBSP "J");
	else
		print_scaled(out, joules, list);
}

void oae_number_bytes(char out[OAE_NUMBER_TEXT], double bytes)
{
	static const struct prefix list[] = {
		{ 1073741824.0, NBSP "GiB" },
		{ 1048576.0, NBSP "MiB" },
		{ 1024.0, NBSP "KiB" },
		{ 1, NBSP "bytes" },
		{ 0, NULL },
	};

	print_scaled(out, bytes, list);
}
