/* SPDX-License-Identifier: Apache-2.0 */
#include "workloads/scenario.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "schema/check.h"

#define CV_MIN 0.1
#define CV_MAX 10.0

static const struct scenario {
	const char *name;
	double ttft_ms, tpot_ms; /* 0: no limit */
} scenarios[] = {
	[OAE_SCENARIO_SINGLE_STREAM] = { "SingleStream", 0, 0 },
	[OAE_SCENARIO_MULTI_STREAM] = { "MultiStream", 0, 0 },
	/* MLPerf Inference 5.0, Llama 2 70B, Server and Interactive. */
	[OAE_SCENARIO_SERVER] = { "Server", 2000, 200 },
	[OAE_SCENARIO_INTERACTIVE] = { "Interactive", 450, 40 },
	[OAE_SCENARIO_OFFLINE] = { "Offline", 0, 0 },
};

#define N_SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

const char *oae_scenario_name(enum oae_scenario s)
{
	return scenarios[s].name;
}

struct oae_slo oae_scenario_slo(const char *name)
{
	struct oae_slo slo = oae_slo_none();

	for (size_t i = 0; i < N_SCENARIOS; i++)
		if (strcmp(scenarios[i].name, name) == 0 &&
		    scenarios[i].ttft_ms > 0) {
			slo.ttft_ms = scenarios[i].ttft_ms;
			slo.tpot_ms = scenarios[i].tpot_ms;
		}
	return slo;
}

static enum oae_status find_scenario(const char *name, enum oae_scenario *out,
				     struct oae_error *err)
{
	for (size_t i = 0; i < N_SCENARIOS; i++)
		if (strcmp(scenarios[i].name, name) == 0) {
			*out = (enum oae_scenario)i;
			return OAE_OK;
		}
	return oae_fail(err, OAE_ERR_USAGE, 0,
			"scenario '%.40s' is unknown; there are SingleStream,"
			" MultiStream, Server, Interactive and Offline",
			name);
}

struct oae_load_plan oae_load_plan_default(void)
{
	struct oae_load_plan p = {
		.scenario = OAE_SCENARIO_SINGLE_STREAM,
		.arrivals = { .kind = OAE_ARRIVALS_CLOSED, .batch = 1 },
		.arrivals_text = "closed",
		.concurrency = 1,
		.slo = oae_slo_none(),
		.goodput = oae_slo_none(),
	};

	return p;
}

/* ---- arrivals in words -------------------------------------------------- */

static enum oae_status take_gamma(const char *text, struct oae_arrivals *a,
				  struct oae_error *err)
{
	char *end;
	double cv = strtod(text, &end);

	if (end == text || *end || !(cv >= CV_MIN && cv <= CV_MAX))
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"arrivals 'gamma:%.20s': the coefficient of"
				" variation must be %g to %g (1 is a Poisson"
				" process, 4 very bursty)",
				text, CV_MIN, CV_MAX);
	a->kind = OAE_ARRIVALS_GAMMA;
	a->shape = 1.0 / (cv * cv);
	return OAE_OK;
}

static enum oae_status take_arrivals(const char *text, struct oae_load_plan *p,
				     struct oae_error *err)
{
	struct oae_arrivals *a = &p->arrivals;
	enum oae_status status = OAE_OK;

	if (strcmp(text, "closed") == 0)
		a->kind = OAE_ARRIVALS_CLOSED;
	else if (strcmp(text, "constant") == 0)
		a->kind = OAE_ARRIVALS_CONSTANT;
	else if (strcmp(text, "exponential") == 0)
		a->kind = OAE_ARRIVALS_EXPONENTIAL;
	else if (strncmp(text, "gamma:", 6) == 0)
		status = take_gamma(text + 6, a, err);
	else if (strncmp(text, "trace:", 6) == 0 && text[6])
		a->kind = OAE_ARRIVALS_TRACE;
	else
		return oae_fail(err, OAE_ERR_USAGE, 0,
				"arrivals '%.40s' are unknown; there are"
				" closed, constant, exponential, gamma:CV and"
				" trace:FILE",
				text);
	p->trace = a->kind == OAE_ARRIVALS_TRACE ? text + 6 : NULL;
	(void)snprintf(p->arrivals_text, sizeof(p->arrivals_text), "%s",
		       p->trace ? "trace" : text);
	return status;
}

/* ---- what goes together ------------------------------------------------- */

static enum oae_status refuse(struct oae_error *err,
			      const struct oae_load_plan *p, const char *what)
{
	return oae_fail(err, OAE_ERR_USAGE, 0, "scenario %s: %s",
			oae_scenario_name(p->scenario), what);
}

static enum oae_status check_scenario(const struct oae_load_spec *s,
				      const struct oae_load_plan *p,
				      struct oae_error *err)
{
	bool closed = p->arrivals.kind == OAE_ARRIVALS_CLOSED;
	bool single = p->scenario == OAE_SCENARIO_SINGLE_STREAM;

	if (single && !closed)
		return refuse(err, p,
			      "one request follows the other; for arrivals at a"
			      " rate take --scenario Server");
	if (single && p->concurrency > 1)
		return refuse(err, p,
			      "one request is in flight; for more take"
			      " --scenario Server --arrivals closed");
	if (p->scenario == OAE_SCENARIO_OFFLINE &&
	    (s->arrivals || s->think_s != 0))
		return refuse(err, p,
			      "all requests are due at once: no arrivals and"
			      " no time to think");
	if (s->samples_per_query && p->scenario != OAE_SCENARIO_MULTI_STREAM)
		return refuse(err, p,
			      "samples per query go with MultiStream alone");
	if (p->scenario == OAE_SCENARIO_MULTI_STREAM && closed &&
	    s->concurrency)
		return refuse(err, p,
			      "a query's requests are in flight together; say"
			      " how many with --samples-per-query");
	if (!single && p->scenario != OAE_SCENARIO_MULTI_STREAM && closed &&
	    !s->concurrency)
		return refuse(err, p,
			      "closed arrivals come from users; say how many"
			      " with --concurrency");
	return OAE_OK;
}

static enum oae_status check_times(const struct oae_load_spec *s,
				   const struct oae_load_plan *p,
				   struct oae_error *err)
{
	bool drawn = p->arrivals.kind == OAE_ARRIVALS_CONSTANT ||
		     p->arrivals.kind == OAE_ARRIVALS_EXPONENTIAL ||
		     p->arrivals.kind == OAE_ARRIVALS_GAMMA;

	if (s->rate_per_s != 0 && !drawn)
		return refuse(err, p,
			      "a rate goes with constant, exponential or gamma"
			      " arrivals alone; a trace has its own, and a"
			      " closed loop has none");
	if (drawn && s->rate_per_s == 0)
		return refuse(err, p,
			      "say how many requests a second with --rate, or"
			      " a file with --arrivals trace:FILE");
	if (drawn &&
	    !(s->rate_per_s > 0 && s->rate_per_s <= OAE_ARRIVAL_RATE_MAX))
		return refuse(err, p, "the rate must be above 0, at most 1e6");
	if (s->think_s != 0 && p->arrivals.kind != OAE_ARRIVALS_CLOSED)
		return refuse(err, p,
			      "time to think goes with closed arrivals alone");
	if (!(s->think_s >= 0 && s->think_s <= OAE_THINK_S_MAX))
		return refuse(err, p,
			      "the time to think must be 0 to 86400 seconds");
	return OAE_OK;
}

/* The scenario's own where nothing was said. */
static enum oae_status fill(const struct oae_load_spec *s,
			    struct oae_load_plan *p, struct oae_error *err)
{
	static const char *const usual[] = {
		[OAE_SCENARIO_SINGLE_STREAM] = "closed",
		[OAE_SCENARIO_MULTI_STREAM] = "closed",
		[OAE_SCENARIO_SERVER] = "exponential",
		[OAE_SCENARIO_INTERACTIVE] = "exponential",
		[OAE_SCENARIO_OFFLINE] = NULL,
	};
	enum oae_status status = OAE_OK;
	const char *arrivals = s->arrivals ? s->arrivals : usual[p->scenario];

	/* A user who asks for a rate of queries wants no closed loop. */
	if (!s->arrivals && s->rate_per_s != 0 &&
	    p->scenario == OAE_SCENARIO_MULTI_STREAM)
		arrivals = "constant";
	if (p->scenario == OAE_SCENARIO_OFFLINE) {
		p->arrivals.kind = OAE_ARRIVALS_AT_ONCE;
		(void)snprintf(p->arrivals_text, sizeof(p->arrivals_text),
			       "at once");
	} else {
		status = take_arrivals(arrivals, p, err);
	}
	p->arrivals.rate_per_s = s->rate_per_s;
	p->arrivals.think_s = s->think_s;
	if (p->scenario == OAE_SCENARIO_MULTI_STREAM)
		p->arrivals.batch = s->samples_per_query ?
					    s->samples_per_query :
					    OAE_SAMPLES_PER_QUERY;
	p->concurrency = s->concurrency;
	if (!p->concurrency)
		p->concurrency = p->scenario == OAE_SCENARIO_SINGLE_STREAM ?
					 1 :
				 p->arrivals.kind == OAE_ARRIVALS_CLOSED &&
						 p->arrivals.batch > 1 ?
					 p->arrivals.batch :
					 OAE_CONCURRENCY_MAX;
	return status;
}

enum oae_status oae_load_resolve(const struct oae_load_spec *suite,
				 const struct oae_load_spec *user,
				 struct oae_load_plan *out,
				 struct oae_error *err)
{
	const char *name = user->scenario ? user->scenario : suite->scenario;
	struct oae_load_spec s = *user;
	enum oae_status status;

	*out = oae_load_plan_default();
	status = find_scenario(name, &out->scenario, err);
	if (status)
		return status;
	if (strcmp(name, suite->scenario) == 0) {
		/* A closed loop or a trace that the user asks for has none. */
		if (s.rate_per_s == 0 &&
		    (!s.arrivals || (strcmp(s.arrivals, "closed") != 0 &&
				     strncmp(s.arrivals, "trace:", 6) != 0)))
			s.rate_per_s = suite->rate_per_s;
		s.arrivals = s.arrivals ? s.arrivals : suite->arrivals;
		s.think_s = s.think_s != 0 ? s.think_s : suite->think_s;
		if (!s.concurrency)
			s.concurrency = suite->concurrency;
		if (!s.samples_per_query)
			s.samples_per_query = suite->samples_per_query;
		s.goodput = s.goodput ? s.goodput : suite->goodput;
	}
	status = fill(&s, out, err);
	if (!status)
		status = check_scenario(&s, out, err);
	if (!status)
		status = check_times(&s, out, err);
	out->slo = oae_scenario_slo(name);
	out->has_goodput = s.goodput != NULL;
	if (!status && s.goodput)
		status = oae_slo_parse(s.goodput, &out->goodput, err);
	return status;
}

/* ---- documents ---------------------------------------------------------- */

static const char *const keys[] = {
	"arrivals",	     "rate_per_s", "think_s", "concurrency",
	"samples_per_query", "goodput",	   NULL,
};

static enum oae_status read_count(const cJSON *obj, const char *key,
				  uint32_t *out, struct oae_error *err)
{
	uint64_t v;
	enum oae_status status;

	if (!cJSON_GetObjectItemCaseSensitive(obj, key))
		return OAE_OK;
	status = oae_json_u64(obj, key, &v, err);
	if (!status && v > OAE_CONCURRENCY_MAX)
		status = oae_fail(err, OAE_ERR_LIMIT, 0,
				  "\"%s\": must be at most %u", key,
				  OAE_CONCURRENCY_MAX);
	if (!status)
		*out = (uint32_t)v;
	return status;
}

static enum oae_status read_number(const cJSON *obj, const char *key,
				   double *out, struct oae_error *err)
{
	if (!cJSON_GetObjectItemCaseSensitive(obj, key))
		return OAE_OK;
	return oae_json_num(obj, key, out, err);
}

enum oae_status oae_load_spec_read(const cJSON *obj, struct oae_load_spec *out,
				   struct oae_error *err)
{
	enum oae_status status = oae_check_keys(obj, "load", keys, err);

	if (!status)
		status = read_number(obj, "rate_per_s", &out->rate_per_s, err);
	if (!status)
		status = read_number(obj, "think_s", &out->think_s, err);
	if (!status)
		status = read_count(obj, "concurrency", &out->concurrency, err);
	if (!status)
		status = read_count(obj, "samples_per_query",
				    &out->samples_per_query, err);
	out->arrivals = oae_json_str_or(obj, "arrivals", NULL);
	out->goodput = oae_json_str_or(obj, "goodput", NULL);
	return status;
}

void oae_load_spec_write(struct oae_jw *w, const struct oae_load_spec *s)
{
	oae_jw_str(w, "scenario", s->scenario);
	oae_jw_obj(w, "load");
	if (s->arrivals)
		oae_jw_str(w, "arrivals", s->arrivals);
	oae_jw_num(w, "rate_per_s", s->rate_per_s);
	oae_jw_num(w, "think_s", s->think_s);
	oae_jw_int(w, "concurrency", s->concurrency);
	oae_jw_int(w, "samples_per_query", s->samples_per_query);
	if (s->goodput)
		oae_jw_str(w, "goodput", s->goodput);
	oae_jw_end_obj(w);
}
