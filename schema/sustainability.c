/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "schema/sustainability.h"

#define YEAR_HOURS 8760.0 /* 365 days, as in the standard's examples */

double oae_sci_g(double kwh, double kg_per_kwh, double embodied_kg,
		 double requests)
{
	if (!(requests > 0))
		return NAN;
	return 1000 * (kwh * kg_per_kwh + embodied_kg) / requests;
}

double oae_embodied_kg(double total_kg, double years, double hours)
{
	return total_kg * hours / (years * YEAR_HOURS);
}
