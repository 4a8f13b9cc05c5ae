/* SPDX-License-Identifier: Apache-2.0 */
/* "carbon" of a score: SCI over the grid table (spec section 9). */
#include <math.h>

#include "schema/result_internal.h"

static void write_grams(struct oae_jw *w, const char *key,
			struct oae_interval i)
{
	if (isnan(i.mid)) {
		oae_result_missing(w, key,
				   "no request was useful, or the tables have"
				   " no machine");
		return;
	}
	oae_jw_obj(w, key);
	oae_jw_num(w, "value", i.mid);
	oae_jw_num(w, "low", i.low);
	oae_jw_num(w, "high", i.high);
	oae_jw_end_obj(w);
}

void oae_result_carbon(struct oae_jw *w, const struct oae_case *c,
		       enum oae_mode mode)
{
	struct oae_carbon_row rows[OAE_GRIDS_MAX];
	size_t n = oae_assess_carbon(c, mode, rows);

	oae_jw_obj(w, "carbon");
	oae_jw_str(w, "unit", "gCO2e per useful request");
	oae_jw_str(w, "class",
		   oae_evidence_name(oae_assess_carbon_evidence(c)));
	oae_jw_arr(w, "rows");
	for (size_t i = 0; i < n; i++) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "grid", rows[i].grid);
		oae_jw_num(w, "g_per_kwh", rows[i].g_per_kwh);
		write_grams(w, "system", rows[i].x);
		write_grams(w, "baseline", rows[i].b);
		oae_jw_num(w, "ratio",
			   rows[i].x.mid > 0 ? rows[i].b.mid / rows[i].x.mid :
					       NAN);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}
