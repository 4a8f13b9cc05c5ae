/* SPDX-License-Identifier: Apache-2.0 */
/* Carbon: the SCI of ISO/IEC 21031:2024 per useful request (spec §9.1). */
#ifndef OAE_SCHEMA_SUSTAINABILITY_H
#define OAE_SCHEMA_SUSTAINABILITY_H

/* A physical bill over the horizon. */
struct oae_physical {
	double person_hours, machine_hours, kwh, kgco2e;
};

/*
 * Software carbon intensity ((E I) + M) / R in grams per useful request:
 * kWh, kg CO2e per kWh, embodied kg charged to this use, useful requests.
 */
double oae_sci_g(double kwh, double kg_per_kwh, double embodied_kg,
		 double requests);
/* The share of a machine's embodied kg that `hours` of `years` use up. */
double oae_embodied_kg(double total_kg, double years, double hours);

#endif
