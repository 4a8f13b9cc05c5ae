/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/stopping.h"

#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "schema/score.h"

struct oae_stopping oae_stopping_plan(double precision, uint32_t runs,
				      uint32_t budget_s)
{
	struct oae_stopping p = {
		.precision = precision,
		.every = runs,
		.looks = precision > 0 ? OAE_LOOKS_MAX : 1,
		.level = OAE_SCORE_LEVEL,
		.budget_s = budget_s,
	};

	if (precision > 0)
		p.level = 1 - oae_pocock_level(p.looks);
	return p;
}

uint32_t oae_stopping_runs_max(const struct oae_stopping *p)
{
	return p->every * p->looks;
}

void oae_stopping_write(struct oae_jw *w, const struct oae_stopping *p)
{
	if (p->precision > 0)
		oae_jw_num(w, "precision", p->precision);
	else
		oae_jw_null(w, "precision");
	oae_jw_int(w, "every", p->every);
	oae_jw_int(w, "looks", p->looks);
	oae_jw_num(w, "level", p->level);
	if (p->budget_s)
		oae_jw_int(w, "budget_s", p->budget_s);
	else
		oae_jw_null(w, "budget_s");
}

enum oae_status oae_stopping_read(const cJSON *campaign,
				  struct oae_stopping *out,
				  struct oae_error *err)
{
	const cJSON *plan = cJSON_GetObjectItemCaseSensitive(campaign, "plan");
	const cJSON *options =
		cJSON_GetObjectItemCaseSensitive(campaign, "options");
	uint64_t every = oae_json_u64_or(plan, "every",
					 oae_json_u64_or(options, "runs", 0));
	uint64_t budget_s = oae_json_u64_or(plan, "budget_s", 0);
	double precision = oae_json_num_or(plan, "precision", 0);
	double level = oae_json_num_or(plan, "level", OAE_SCORE_LEVEL);

	memset(out, 0, sizeof(*out));
	if (every > OAE_RUNS_MAX || budget_s > OAE_BUDGET_S_MAX ||
	    !(precision >= 0 && precision <= OAE_PRECISION_MAX))
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"the plan's \"every\", \"budget_s\" or"
				" \"precision\" is out of range");
	*out = oae_stopping_plan(precision, (uint32_t)every,
				 (uint32_t)budget_s);
	/* Nobody chooses a level that suits him. */
	if (fabs(level - out->level) > 1e-12 ||
	    oae_json_u64_or(plan, "looks", out->looks) != out->looks)
		return oae_fail(err, OAE_ERR_FORMAT, 0,
				"the plan's \"looks\" and \"level\" are not"
				" %u and %g, those of its precision",
				out->looks, out->level);
	return OAE_OK;
}
