/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/cmd_effort_text.h"
#include "reports/sheet.h"
#include "reports/text.h"

#define COLUMNS 100

static const char *const tiers[] = { "T1", "T2", "T3" };

/* Hours x wage: all ends of both, as the score's exact bounds take them. */
static struct oae_range money(const struct oae_range *hours,
			      const struct oae_range *wage)
{
	struct oae_range r = *hours;

	r.low *= wage->low;
	r.mid *= wage->mid;
	r.high *= wage->high;
	r.evidence = oae_evidence_weaker(hours->evidence, wage->evidence);
	return r;
}

static struct oae_range plus(struct oae_range a, const struct oae_range *b,
			     double times)
{
	a.low += b->low * times;
	a.mid += b->mid * times;
	a.high += b->high * times;
	a.evidence = oae_evidence_weaker(a.evidence, b->evidence);
	return a;
}

static enum oae_status wage_of(const struct oae_effort *e, int tier,
			       struct oae_range *out, struct oae_error *err)
{
	return oae_table_get(&e->tables.wages, tiers[tier], out, err);
}

static void put_range(struct oae_sheet *t, const struct oae_range *r,
		      const char *unit)
{
	char low[OAE_NUMBER_TEXT], mid[OAE_NUMBER_TEXT], high[OAE_NUMBER_TEXT];

	oae_number_plain(low, r->low);
	oae_number_plain(mid, r->mid);
	oae_number_plain(high, r->high);
	if (r->low == r->high)
		oae_sheet_cell(t, "%s%s", mid, unit);
	else
		oae_sheet_cell(t, "%s [%s, %s]%s", mid, low, high, unit);
}

static void entry_rows(const struct oae_effort *e, struct oae_sheet *t)
{
	struct oae_ledger l = { 0 };
	cJSON *copy = cJSON_Duplicate(e->tree, true);
	char unit[16];

	if (copy && !oae_ledger_take(copy, e->path, &l, NULL))
		for (size_t i = 0; i < l.count; i++) {
			const struct oae_ledger_entry *x = &l.entries[i];

			(void)snprintf(unit, sizeof(unit), " %s",
				       oae_ledger_kind_unit(x->kind));
			oae_sheet_cell(t, "%s", x->id);
			oae_sheet_cell(t, "%s", x->activity);
			oae_sheet_cell(t, "%s%s%s",
				       oae_ledger_kind_name(x->kind),
				       x->tier >= 0 ? " " : "",
				       x->tier >= 0 ? tiers[x->tier] : "");
			put_range(t, &x->amount, unit);
			oae_sheet_cell(t, "%s",
				       oae_evidence_name(x->amount.evidence));
		}
	oae_ledger_release(&l);
}

static void count_remark(const struct oae_effort *e, struct oae_sheet *t)
{
	const char *id, *unit;
	const cJSON *c;
	struct oae_buf b;
	char text[32];

	oae_buf_init(&b, OAE_LINE_BYTES_MAX);
	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(e->tree,
							       "counts")) {
		oae_json_format_double(text, oae_json_num_or(c, "value", NAN));
		id = oae_json_str_or(c, "id", "");
		unit = oae_json_str_or(c, "unit", "");
		oae_buf_printf(&b, "%s%.60s: %s%s%.20s",
			       b.len ? "; " : "Counted: ", id, text,
			       strcmp(id, unit) ? " " : "",
			       strcmp(id, unit) ? unit : "");
	}
	if (b.len)
		oae_sheet_remark(t, oae_buf_str(&b));
	oae_buf_release(&b);
}

static enum oae_status sum_rows(const struct oae_effort *e, double months,
				const struct oae_ledger_sum *sum,
				struct oae_sheet *t, struct oae_error *err)
{
	struct oae_range all = { 0 }, wage, usd, usd_month, total;
	char over[40];

	(void)snprintf(over, sizeof(over), " USD");
	for (int k = 0; k < OAE_TIERS; k++) {
		if (wage_of(e, k, &wage, err))
			return err->status;
		usd = money(&sum->adoption_h[k], &wage);
		usd_month = money(&sum->maintenance_h_month[k], &wage);
		total = plus(usd, &usd_month, months);
		all = plus(all, &total, 1);
		oae_sheet_cell(t, "%s", tiers[k]);
		put_range(t, &sum->adoption_h[k], " h");
		put_range(t, &sum->maintenance_h_month[k], " h/month");
		put_range(t, &wage, " USD/h");
		put_range(t, &total, over);
	}
	oae_sheet_cell(t, "all");
	oae_sheet_cell(t, " ");
	oae_sheet_cell(t, " ");
	oae_sheet_cell(t, " ");
	put_range(t, &all, over);
	return OAE_OK;
}

static void sum_remarks(const struct oae_ledger_sum *sum, struct oae_sheet *t)
{
	char text[OAE_NUMBER_TEXT + 80], seconds[OAE_NUMBER_TEXT];

	oae_number_seconds(seconds, sum->machine_s.mid);
	(void)snprintf(text, sizeof(text), "Machine time, once: %s (%s).",
		       seconds,
		       sum->machine_count ?
			       oae_evidence_name(sum->machine_s.evidence) :
			       "no entry");
	oae_sheet_remark(t, text);
	if (!sum->adoption_count)
		oae_sheet_remark(t, "No adoption: a score takes the default of"
				    " its kind, at the end that is worst for"
				    " it.");
	if (!sum->maintenance_count)
		oae_sheet_remark(t, "No maintenance: a score takes the default"
				    " of its kind, at the end that is worst"
				    " for it.");
}

enum oae_status oae_effort_text(const struct oae_effort *e, double months,
				struct oae_buf *out, struct oae_error *err)
{
	static const char *const entry_heads[] = { "entry", "activity", "kind",
						   "amount", "class" };
	static const char *const sum_heads[] = { "skill", "adoption",
						 "maintenance", "wage",
						 "over the time" };
	char caption[2 * OAE_NAME_BYTES_MAX + 120];
	struct oae_ledger_sum sum;
	struct oae_sheet t;
	enum oae_status status = oae_effort_check(e, &sum, err);

	if (status)
		return status;
	(void)snprintf(caption, sizeof(caption), "Effort of %s", e->system);
	oae_sheet_init(&t, caption);
	oae_sheet_columns(&t, entry_heads, "lllrl");
	entry_rows(e, &t);
	count_remark(e, &t);
	if (oae_sheet_rows(&t))
		oae_sheet_to_text(&t, out, COLUMNS);
	else
		oae_buf_printf(out, "%s: nothing yet\n", caption);
	oae_sheet_release(&t);
	(void)snprintf(caption, sizeof(caption),
		       "In money, adoption and %g months of maintenance",
		       months);
	oae_sheet_init(&t, caption);
	oae_sheet_columns(&t, sum_heads, "lrrrr");
	status = sum_rows(e, months, &sum, &t, err);
	sum_remarks(&sum, &t);
	oae_buf_putc(out, '\n');
	oae_sheet_to_text(&t, out, COLUMNS);
	oae_sheet_release(&t);
	return status ? status : oae_buf_check(out, "table", err);
}

enum oae_status oae_effort_json(const struct oae_effort *e, double months,
				struct oae_buf *out, struct oae_error *err)
{
	struct oae_range all = { 0 }, wage, usd, usd_month, total;
	struct oae_ledger_sum sum;
	struct oae_jw w;
	enum oae_status status = oae_effort_check(e, &sum, err);

	oae_jw_init(&w, out, 2);
	oae_jw_obj(&w, NULL);
	oae_jw_str(&w, "system", e->system);
	oae_jw_str(&w, "ledger_file", e->path);
	oae_jw_value(&w, "ledger", e->tree);
	oae_jw_num(&w, "months", months);
	oae_jw_arr(&w, "tiers");
	for (int k = 0; !status && k < OAE_TIERS; k++) {
		status = wage_of(e, k, &wage, err);
		if (status)
			break;
		usd = money(&sum.adoption_h[k], &wage);
		usd_month = money(&sum.maintenance_h_month[k], &wage);
		total = plus(usd, &usd_month, months);
		all = plus(all, &total, 1);
		oae_jw_obj(&w, NULL);
		oae_jw_str(&w, "tier", tiers[k]);
		oae_range_write(&w, "adoption_h", &sum.adoption_h[k]);
		oae_range_write(&w, "maintenance_h_month",
				&sum.maintenance_h_month[k]);
		oae_range_write(&w, "usd", &total);
		oae_jw_end_obj(&w);
	}
	oae_jw_end_arr(&w);
	oae_range_write(&w, "machine_s", &sum.machine_s);
	oae_range_write(&w, "usd", &all);
	oae_jw_end_obj(&w);
	oae_buf_putc(out, '\n');
	return status ? status : oae_buf_check(out, "JSON", err);
}
