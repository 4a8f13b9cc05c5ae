/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "reports/pages.h"
#include "reports/text.h"

/* Attributes of gnuplot's SVG that define or use an id. */
static const char *const id_starts[] = {
	"id='", "id=\"", "xlink:href='#", "xlink:href=\"#", "url(#",
};

/* Bytes of the id attribute's start at s, 0 if there is none. */
static size_t id_start(const char *s)
{
	size_t i, n;

	for (i = 0; i < sizeof(id_starts) / sizeof(id_starts[0]); i++) {
		n = strlen(id_starts[i]);
		if (strncmp(s, id_starts[i], n) == 0)
			return n;
	}
	return 0;
}

/* Elements whose text would show as a tooltip or be read out. */
static const char *const dropped[][2] = {
	{ "<title>", "</title>" },
	{ "<desc>", "</desc>" },
};

/* Past the dropped elements that begin at s. */
static const char *skip_dropped(const char *s)
{
	size_t i = 0;

	while (i < sizeof(dropped) / sizeof(dropped[0])) {
		const char *end = NULL;

		if (strncmp(s, dropped[i][0], strlen(dropped[i][0])) == 0)
			end = strstr(s, dropped[i][1]);
		if (end) {
			s = end + strlen(dropped[i][1]);
			i = 0;
		} else {
			i++;
		}
	}
	return s;
}

void oae_svg_inline(struct oae_buf *b, const char *svg, const char *prefix,
		    const char *label)
{
	const char *p = strstr(svg, "<svg");
	bool tag = false;
	size_t n;

	if (!p)
		return;
	oae_buf_puts(b, "<svg role=\"img\" aria-label=\"");
	oae_text_html(b, label);
	oae_buf_putc(b, '"');
	p += strlen("<svg");
	for (p = skip_dropped(p); *p; p = skip_dropped(p)) {
		if (*p == '<')
			tag = true;
		else if (*p == '>')
			tag = false;
		n = tag ? id_start(p) : 0;
		if (n) {
			oae_buf_add(b, p, n);
			oae_buf_puts(b, prefix);
			p += n;
		} else {
			oae_buf_putc(b, *p++);
		}
	}
}
