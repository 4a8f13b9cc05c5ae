/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/slo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/score.h"

#define BETWEEN " \t,"
#define LIMIT_MS_MAX 1e9

static const struct {
	const char *name, *key;
	enum oae_latency latency;
} limits[] = {
	{ "ttft", "ttft_ms", OAE_LATENCY_TTFT },
	{ "tpot", "tpot_ms", OAE_LATENCY_TPOT },
	{ "itl", "itl_ms", OAE_LATENCY_ITL },
	{ "e2el", "e2el_ms", OAE_LATENCY_E2EL },
};

#define N_LIMITS (sizeof(limits) / sizeof(limits[0]))

static double *limit_of(struct oae_slo *s, enum oae_latency l)
{
	return l == OAE_LATENCY_TTFT ? &s->ttft_ms :
	       l == OAE_LATENCY_TPOT ? &s->tpot_ms :
	       l == OAE_LATENCY_ITL  ? &s->itl_ms :
				       &s->e2el_ms;
}

struct oae_slo oae_slo_none(void)
{
	struct oae_slo s = { NAN, NAN, NAN, NAN };

	return s;
}

/* One "name:milliseconds"; len characters of it. */
static enum oae_status take(const char *word, size_t len, struct oae_slo *out,
			    struct oae_error *err)
{
	size_t name = strcspn(word, ":"), i;
	double *limit;
	char *end;

	for (i = 0; i < N_LIMITS; i++)
		if (strlen(limits[i].name) == name &&
		    strncmp(word, limits[i].name, name) == 0)
			break;
	if (name >= len || i == N_LIMITS)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"goodput: '%.*s' is no limit; write ttft:100,"
				" tpot:30, itl:50 or e2el:2000 (milliseconds)",
				(int)(len < 40 ? len : 40), word);
	limit = limit_of(out, limits[i].latency);
	if (!isnan(*limit))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"goodput: %s is given twice", limits[i].name);
	*limit = strtod(word + name + 1, &end);
	if (end != word + len || !(*limit > 0) || !(*limit <= LIMIT_MS_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"goodput: %s must be milliseconds above 0",
				limits[i].name);
	return OAE_OK;
}

enum oae_status oae_slo_parse(const char *text, struct oae_slo *out,
			      struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	const char *at = text + strspn(text, BETWEEN);
	size_t len;

	*out = oae_slo_none();
	if (!*at)
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"goodput: names no limit; write for example"
				" \"ttft:100 tpot:30\"");
	for (; *at && !status; at += len, at += strspn(at, BETWEEN)) {
		len = strcspn(at, BETWEEN);
		status = take(at, len, out, err);
	}
	return status;
}

bool oae_slo_met(const struct oae_slo *slo, const struct oae_sample *s)
{
	double ttft = oae_sample_latency(s, OAE_LATENCY_TTFT);
	double tpot = oae_sample_latency(s, OAE_LATENCY_TPOT);

	if (s->outcome != OAE_OUTCOME_OK)
		return false;
	/* An answer without a token has no first one. */
	if (!isnan(slo->ttft_ms) && !(ttft <= slo->ttft_ms))
		return false;
	/* One token: no time between tokens to miss. */
	if (!isnan(slo->tpot_ms) && tpot > slo->tpot_ms)
		return false;
	if (!isnan(slo->e2el_ms) &&
	    oae_sample_latency(s, OAE_LATENCY_E2EL) > slo->e2el_ms)
		return false;
	for (size_t i = 1; !isnan(slo->itl_ms) && i < s->token_count; i++)
		if ((double)s->token_ns[i] * 1e-6 > slo->itl_ms)
			return false;
	return true;
}

struct oae_slo oae_slo_read(const cJSON *obj)
{
	struct oae_slo slo = oae_slo_none();

	for (size_t i = 0; i < N_LIMITS; i++)
		*limit_of(&slo, limits[i].latency) =
			oae_json_num_or(obj, limits[i].key, NAN);
	return slo;
}

void oae_slo_write(struct oae_jw *w, const char *key, const struct oae_slo *slo)
{
	struct oae_slo copy = *slo;

	oae_jw_obj(w, key);
	for (size_t i = 0; i < N_LIMITS; i++) {
		double v = *limit_of(&copy, limits[i].latency);

		if (!isnan(v))
			oae_jw_num(w, limits[i].key, v);
	}
	oae_jw_end_obj(w);
}
