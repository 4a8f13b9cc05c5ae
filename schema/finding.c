/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void oae_findings_release(struct oae_findings *f)
{
	free(f->item);
	memset(f, 0, sizeof(*f));
}

/* What a terminal would obey, or a line end, is not shown. */
static void make_plain(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s == 0x7f)
			*s = '?';
}

void oae_finding_add(struct oae_findings *f, enum oae_rule rule,
		     const char *file, const char *fmt, ...)
{
	struct oae_finding *one;
	va_list args;

	if (f->of_rule[rule]++ >= OAE_FINDINGS_PER_RULE_MAX)
		return;
	if (f->count == f->alloc) {
		size_t n = f->alloc ? 2 * f->alloc : 16;
		struct oae_finding *more =
			reallocarray(f->item, n, sizeof(*more));

		if (!more) {
			f->out_of_memory = true;
			return;
		}
		f->item = more;
		f->alloc = n;
	}
	one = &f->item[f->count++];
	one->rule = rule;
	snprintf(one->file, sizeof(one->file), "%s", file ? file : "");
	va_start(args, fmt);
	vsnprintf(one->text, sizeof(one->text), fmt, args);
	va_end(args);
	make_plain(one->file);
	make_plain(one->text);
}

size_t oae_findings_total(const struct oae_findings *f)
{
	size_t n = 0;

	for (size_t i = 0; i < OAE_RULES; i++)
		n += f->of_rule[i];
	return n;
}
