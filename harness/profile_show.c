/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/profile_show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/profile_draft.h"

/* Rows for people, or members for programs. */
struct sheet {
	bool json;
	struct oae_buf out;
	struct oae_jw w;
};

static void put_range(struct sheet *s, const char *key, const char *what,
		      const char *unit, const struct oae_range *r)
{
	char text[100];

	if (s->json) {
		oae_range_write(&s->w, key, r);
		return;
	}
	if (r->low == r->high)
		(void)snprintf(text, sizeof(text), "%.6g", r->mid);
	else
		(void)snprintf(text, sizeof(text), "%.6g (%.6g to %.6g)",
			       r->mid, r->low, r->high);
	oae_buf_printf(&s->out, "  %-28s %s %s\n  %-28s   %s%s%s\n", what, text,
		       unit, "", oae_evidence_name(r->evidence),
		       r->source ? ": " : "", r->source ? r->source : "");
}

static void put_number(struct sheet *s, const char *key, const char *what,
		       const char *unit, double v)
{
	if (s->json)
		oae_jw_num(&s->w, key, v);
	else
		oae_buf_printf(&s->out, "  %-28s %.6g %s\n", what, v, unit);
}

static void put_text(struct sheet *s, const char *key, const char *what,
		     const char *text)
{
	if (s->json)
		oae_jw_str(&s->w, key, text);
	else
		oae_buf_printf(&s->out, "  %-28s %s\n", what, text);
}

static void put_head(struct sheet *s, const struct oae_profile *p)
{
	static const char *const tiers[] = {
		"T1, general IT",
		"T2, programmer",
		"T3, machine-learning specialist",
	};
	static const char *const short_tiers[] = { "T1", "T2", "T3" };

	put_range(s, "requests_a_month", "requests a month", "",
		  &p->requests_a_month);
	put_number(s, "H_months", "kept for", "months", p->H_months);
	put_number(s, "peak_over_mean", "peak over mean", "",
		   p->peak_over_mean);
	put_number(s, "u", "highest utilisation", "", p->u);
	put_number(s, "slo_ttft_ms", "first token within", "ms",
		   p->slo_ttft_ms);
	put_number(s, "slo_tpot_ms", "each further within", "ms",
		   p->slo_tpot_ms);
	put_text(s, "tier", "work is done by",
		 s->json ? short_tiers[p->tier] : tiers[p->tier]);
}

static void put_money(struct sheet *s, const struct oae_profile *p)
{
	struct oae_range hour = p->p_s_usd;

	put_range(s, "wage_T1_usd_h", "an hour of T1", "USD",
		  &p->wage_usd_h[0]);
	put_range(s, "wage_T2_usd_h", "an hour of T2", "USD",
		  &p->wage_usd_h[1]);
	put_range(s, "wage_T3_usd_h", "an hour of T3", "USD",
		  &p->wage_usd_h[2]);
	hour.low *= 3600;
	hour.mid *= 3600;
	hour.high *= 3600;
	put_range(s, "rented_usd_h", "a rented machine", "USD/h", &hour);
	put_range(s, "owned_usd_h", "a machine of one's own", "USD/h",
		  &p->p_h_usd);
	put_range(s, "electricity_usd_kwh", "electricity", "USD/kWh",
		  &p->p_e_usd_kwh);
	put_range(s, "idle_w", "a machine that waits", "W", &p->p_idle_w);
	put_range(s, "remedy_usd", "a missed request", "USD", &p->rho_usd);
	put_range(s, "grid_gco2e_kwh", "electricity's carbon", "gCO2e/kWh",
		  &p->grid_g_kwh);
	put_number(s, "margin", "quality margin", "", p->margin);
}

static void put_workloads(struct sheet *s, const struct oae_profile *p)
{
	if (s->json)
		oae_jw_obj(&s->w, "workloads");
	for (size_t i = 0; i < p->workload_count; i++) {
		const struct oae_profile_workload *w = &p->workloads[i];

		if (s->json)
			oae_jw_num(&s->w, w->id, w->weight);
		else
			oae_buf_printf(&s->out, "  %-28s %s %.6g\n",
				       i ? "" : "workloads", w->id, w->weight);
	}
	if (s->json)
		oae_jw_end_obj(&s->w);
}

static void put_shape(struct sheet *s, const struct oae_profile *p)
{
	if (!p->has_shape) {
		if (s->json)
			oae_jw_null(&s->w, "shape");
		else
			put_text(s, "shape", "scaled to",
				 "no reference shape: costs are those of the"
				 " measured model");
		return;
	}
	put_text(s, "shape", "scaled to", p->shape);
	put_text(s, "quant", "in", p->quant);
	put_number(s, "tokens_in", "tokens in", "", p->tokens_in);
	put_number(s, "tokens_out", "tokens out", "", p->tokens_out);
}

static void put_all(struct sheet *s, const struct oae_profile *p)
{
	const char *about = oae_json_str_or(p->tree, "about", NULL);

	if (s->json) {
		oae_jw_obj(&s->w, NULL);
		oae_jw_str(&s->w, "id", p->id);
		oae_jw_str(&s->w, "title", p->title);
		oae_jw_str(&s->w, "about", about);
	} else {
		oae_buf_printf(&s->out, "%s: %s\n%s%s", p->id, p->title,
			       about ? about : "", about ? "\n" : "");
		oae_buf_putc(&s->out, '\n');
	}
	put_head(s, p);
	put_money(s, p);
	put_workloads(s, p);
	put_shape(s, p);
	if (s->json) {
		oae_jw_end_obj(&s->w);
		oae_buf_putc(&s->out, '\n');
	}
}

enum oae_status oae_profile_show(const char *name, bool json,
				 struct oae_error *err)
{
	char home[OAE_PATH_BYTES_MAX], path[2 * OAE_PATH_BYTES_MAX];
	struct oae_profile *p = calloc(1, sizeof(*p));
	struct oae_tables tables = { 0 };
	struct sheet s = { .json = json };
	enum oae_status status;

	if (!p)
		return oae_fail(err, OAE_ERR_NOMEM, 0, "out of memory");
	oae_buf_init(&s.out, OAE_TEXT_FILE_BYTES_MAX);
	oae_jw_init(&s.w, &s.out, 2);
	status = oae_home(home, sizeof(home), err);
	(void)snprintf(path, sizeof(path), "%s/schema/tables", home);
	if (!status)
		status = oae_tables_read(path, &tables, err);
	if (!status)
		status = oae_profile_find(home, name, &tables, p, err);
	if (!status) {
		put_all(&s, p);
		status = oae_buf_check(&s.out, "profile", err);
	}
	if (!status &&
	    (fputs(oae_buf_str(&s.out), stdout) < 0 || fflush(stdout) < 0))
		status = oae_fail(err, OAE_ERR_IO, errno, "standard output");
	oae_buf_release(&s.out);
	oae_profile_release(p);
	oae_tables_release(&tables);
	free(p);
	return status;
}
