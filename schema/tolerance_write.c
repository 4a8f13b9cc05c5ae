/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "schema/tolerance.h"

static void write_side(struct oae_jw *w, const char *key, double value,
		       double low, double high)
{
	oae_jw_obj(w, key);
	oae_jw_num(w, "value", value);
	oae_jw_num(w, "low", low);
	oae_jw_num(w, "high", high);
	oae_jw_end_obj(w);
}

void oae_tolerance_write(const struct oae_tolerance *t, struct oae_jw *w)
{
	static const char *const kinds[] = { "absolute", "ratio", "share" };

	oae_jw_bool(w, "same_machine", t->same_machine);
	oae_jw_num(w, "tolerance", t->tolerance);
	oae_jw_int(w, "inside", (int64_t)t->number[OAE_AGREES_INSIDE]);
	oae_jw_int(w, "inside_by_interval", (int64_t)t->by_interval);
	oae_jw_int(w, "outside", (int64_t)t->number[OAE_AGREES_OUTSIDE]);
	oae_jw_int(w, "not_comparable",
		   (int64_t)t->number[OAE_AGREES_NOT_COMPARABLE]);
	oae_jw_arr(w, "numbers");
	for (size_t i = 0; i < t->count; i++) {
		const struct oae_tolerance_item *x = &t->item[i];

		oae_jw_obj(w, NULL);
		oae_jw_str(w, "what", x->what);
		oae_jw_str(w, "kind", kinds[x->kind]);
		oae_jw_str(w, "agreement", oae_agreement_name(x->agreement));
		oae_jw_bool(w, "by_interval", x->by_interval);
		write_side(w, "was", x->was, x->was_low, x->was_high);
		write_side(w, "is", x->is, x->is_low, x->is_high);
		oae_jw_num(w, "apart", x->apart);
		oae_jw_str(w, "reason", x->reason);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

static void put_row(struct oae_buf *out, const struct oae_tolerance_item *x)
{
	oae_buf_printf(out, "%-14s  %-52s", oae_agreement_name(x->agreement),
		       x->what);
	if (x->agreement == OAE_AGREES_NOT_COMPARABLE)
		oae_buf_printf(out, "  %s\n", x->reason);
	else
		oae_buf_printf(out, "  %10.4g -> %-10.4g %6.2f %s%s\n", x->was,
			       x->is, 100 * x->apart,
			       x->kind == OAE_NUMBER_SHARE ? "points" : "%",
			       x->by_interval ? ", intervals meet" : "");
}

void oae_tolerance_text(const struct oae_tolerance *t, bool all,
			struct oae_buf *out)
{
	for (int a = OAE_AGREEMENTS - 1; a >= 0; a--) {
		if (a != OAE_AGREES_OUTSIDE && !all)
			continue;
		for (size_t i = 0; i < t->count; i++)
			if (t->item[i].agreement == (enum oae_agreement)a)
				put_row(out, &t->item[i]);
	}
	oae_buf_printf(out,
		       "%zu inside (%zu only because intervals meet), %zu"
		       " outside, %zu not comparable; tolerance %.0f %%, %s"
		       " machine\n",
		       t->number[OAE_AGREES_INSIDE], t->by_interval,
		       t->number[OAE_AGREES_OUTSIDE],
		       t->number[OAE_AGREES_NOT_COMPARABLE], 100 * t->tolerance,
		       t->same_machine ? "the same" : "another");
}
