/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on latency that an answer must keep to count as goodput. */
#ifndef OAE_SCHEMA_SLO_H
#define OAE_SCHEMA_SLO_H

#include <stdbool.h>

#include "base/json.h"
#include "base/status.h"

struct oae_sample; /* schema/record.h */

/* Milliseconds; NaN: no limit. Latencies count from the due time. */
struct oae_slo {
	double ttft_ms, tpot_ms, e2el_ms;
	double itl_ms; /* of every gap between two tokens */
};

struct oae_slo oae_slo_none(void);
/*
 * "ttft:100 tpot:30" (blanks or commas between them; also itl, e2el). An
 * unknown or doubled name, a limit that is no number above 0, or nothing at
 * all is OAE_ERR_USAGE.
 */
enum oae_status oae_slo_parse(const char *text, struct oae_slo *out,
			      struct oae_error *err);
/* The request was answered, within every limit that is set. */
bool oae_slo_met(const struct oae_slo *slo, const struct oae_sample *s);
/* What oae_slo_write() wrote; other members and no object are no limits. */
struct oae_slo oae_slo_read(const cJSON *obj);
/* {"ttft_ms": 100, ..}: only the limits that are set. */
void oae_slo_write(struct oae_jw *w, const char *key,
		   const struct oae_slo *slo);

#endif
