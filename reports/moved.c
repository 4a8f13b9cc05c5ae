/* SPDX-License-Identifier: Apache-2.0 */
/* What moved when a run was scored again, in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/report.h"
#include "reports/sections.h"

#define LINES_A_GROUP 10u
#define LEAF_TEXT 48

static void leaf_text(char out[LEAF_TEXT], const cJSON *v)
{
	if (cJSON_IsNumber(v))
		(void)snprintf(out, LEAF_TEXT, "%.6g", v->valuedouble);
	else if (cJSON_IsString(v))
		(void)snprintf(out, LEAF_TEXT, "%.40s", v->valuestring);
	else if (cJSON_IsBool(v))
		(void)snprintf(out, LEAF_TEXT, "%s",
			       cJSON_IsTrue(v) ? "yes" : "no");
	else
		(void)snprintf(out, LEAF_TEXT, "nothing");
}

static void put_move(struct oae_buf *out, const struct oae_move *m)
{
	const char *rest = m->path + m->group_len;
	char was[LEAF_TEXT], is[LEAF_TEXT];

	leaf_text(was, m->was);
	leaf_text(is, m->is);
	oae_buf_printf(out, "  %-34s %12s -> %-12s", rest + (*rest == '.'), was,
		       is);
	if (isfinite(m->relative))
		oae_buf_printf(out, " %+.3g %%", 100 * m->relative);
	oae_buf_putc(out, '\n');
}

/* The number of moves from `at` on that belong together. */
static size_t together(const struct oae_moves *m, size_t at)
{
	const struct oae_move *first = &m->item[at];
	size_t n = 1;

	while (at + n < m->count &&
	       m->item[at + n].group_len == first->group_len &&
	       !memcmp(m->item[at + n].path, first->path, first->group_len))
		n++;
	return n;
}

void oae_section_made_from(const cJSON *result, struct oae_buf *b)
{
	const cJSON *again = oae_view_at(result, "rescored");

	if (again) {
		bool profiles =
			!strcmp(oae_view_str(again, "profiles"), "others");
		bool tables = !strcmp(oae_view_str(again, "tables"), "others");

		oae_buf_printf(b, ", scored again%s%s%s",
			       profiles || tables ? " with other " : "",
			       profiles ? "profiles" : "",
			       profiles && tables ? " and " : "");
		oae_buf_puts(b, tables ? "tables" : "");
	}
	if (oae_view_at(result, "redacted"))
		oae_buf_puts(b, ", redacted: texts are hashes, answers were"
				" judged before");
}

enum oae_status oae_report_moved(const struct oae_moves *m, const cJSON *was,
				 const cJSON *is, struct oae_buf *out,
				 struct oae_error *err)
{
	size_t words = m->count - m->numbers;

	oae_buf_printf(out, "spec %s -> %s: %zu of %zu numbers and words moved",
		       oae_json_str_or(was, "spec", "?"),
		       oae_json_str_or(is, "spec", "?"), m->count, m->compared);
	if (words)
		oae_buf_printf(out, ", %zu of them word%s", words,
			       words == 1 ? "" : "s");
	oae_buf_putc(out, '\n');
	for (size_t at = 0; at < m->count;) {
		size_t n = together(m, at);

		oae_buf_printf(out, "\n%.*s: %zu\n", (int)m->item[at].group_len,
			       m->item[at].path, n);
		for (size_t i = 0; i < n && i < LINES_A_GROUP; i++)
			put_move(out, &m->item[at + i]);
		if (n > LINES_A_GROUP)
			oae_buf_printf(out,
				       "  and %zu more; --json has them all\n",
				       n - LINES_A_GROUP);
		at += n;
	}
	return oae_buf_check(out, "moved numbers", err);
}
