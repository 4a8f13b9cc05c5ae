/* SPDX-License-Identifier: Apache-2.0 */
/* How a run's requests came, from its "run" line. */
#include <math.h>

#include "schema/record_internal.h"

enum oae_status oae_record_load(struct oae_record_reader *r, const cJSON *line,
				struct oae_run_record *run)
{
	const cJSON *obj = cJSON_GetObjectItemCaseSensitive(line, "load");
	const cJSON *goodput = cJSON_GetObjectItemCaseSensitive(obj, "goodput");
	struct oae_load_record *l = &run->load;

	l->rate_per_s = oae_json_num_or(obj, "rate_per_s", NAN);
	l->offered_per_s = oae_json_num_or(obj, "offered_per_s", NAN);
	l->think_s = oae_json_num_or(obj, "think_s", 0);
	l->samples_per_query = oae_json_u64_or(obj, "samples_per_query", 1);
	l->concurrency = oae_json_u64_or(obj, "concurrency", 1);
	if (l->samples_per_query < 1 || l->concurrency < 1)
		return oae_fail(r->err, OAE_ERR_FORMAT, 0,
				"\"load\": samples_per_query and concurrency"
				" are at least 1");
	l->slo = oae_slo_read(cJSON_GetObjectItemCaseSensitive(obj, "slo"));
	l->has_goodput = cJSON_IsObject(goodput);
	l->goodput = oae_slo_read(goodput);
	return oae_record_keep(r, oae_json_str_or(obj, "arrivals", "closed"),
			       &l->arrivals);
}
