/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/amount.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void oae_amount_text(char out[OAE_NUMBER_TEXT], double v, const char *unit)
{
	if (isnan(v))
		snprintf(out, OAE_NUMBER_TEXT, "%s", OAE_DASH);
	else if (strcmp(unit, "s") == 0)
		oae_number_seconds(out, v);
	else if (strcmp(unit, "ms") == 0)
		oae_number_seconds(out, v / 1e3);
	else if (strcmp(unit, "B") == 0)
		oae_number_bytes(out, v);
	else if (strcmp(unit, "J") == 0)
		oae_number_joules(out, v);
	else if (strcmp(unit, "share") == 0)
		snprintf(out, OAE_NUMBER_TEXT, "%.1f %%", 100 * v);
	else
		oae_number_plain(out, v);
}

void oae_percent_text(char out[OAE_PERCENT_TEXT], double share, bool sign)
{
	const char *plus = sign && share > 0 ? "+" : "";
	double p = 100 * share, size = fabs(p);

	if (isnan(p))
		snprintf(out, OAE_PERCENT_TEXT, "%s", OAE_DASH);
	else if (size >= 1000)
		snprintf(out, OAE_PERCENT_TEXT, "%s%.3g %%", plus, p);
	else
		snprintf(out, OAE_PERCENT_TEXT, "%s%.*f %%", plus,
			 size >= 99.95 ? 0 :
			 size >= 9.95  ? 1 :
					 2,
			 p);
}

void oae_percent_cell(struct oae_sheet *t, double share, bool sign)
{
	char text[OAE_PERCENT_TEXT];

	oae_percent_text(text, share, sign);
	text[strcspn(text, " ")] = '\0';
	oae_sheet_cell(t, "%s", text);
}
