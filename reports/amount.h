/* SPDX-License-Identifier: Apache-2.0 */
/* Values and changes as comparisons and trends print them. */
#ifndef OAE_REPORTS_AMOUNT_H
#define OAE_REPORTS_AMOUNT_H

#include <stdbool.h>

#include "reports/sheet.h"
#include "reports/text.h"

#define OAE_PERCENT_TEXT 32

/* "45.4 ms", by the unit of schema/compare.h; a dash for NaN. */
void oae_amount_text(char out[OAE_NUMBER_TEXT], double v, const char *unit);
/* "5.2 %", with a sign "+5.2 %"; a dash for NaN. */
void oae_percent_text(char out[OAE_PERCENT_TEXT], double share, bool sign);
/* The number alone, as the cell of a column whose head says %. */
void oae_percent_cell(struct oae_sheet *t, double share, bool sign);

#endif
