/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/calibrate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "schema/harness_cost.h"

const struct oae_probe oae_calibration[] = {
	{ .name = OAE_PROBE_REQUESTS,
	  .requests = 400,
	  .tokens = 1,
	  .in_flight = 1 },
	/* So far apart that none waits to be sent with another. */
	{ .name = OAE_PROBE_TOKENS,
	  .requests = 25,
	  .tokens = 11,
	  .delay_us = 1500,
	  .in_flight = 1 },
	/* As many as a p99 needs. */
	{ .name = OAE_PROBE_DISPATCH,
	  .requests = 700,
	  .tokens = 1,
	  .in_flight = 64,
	  .per_s = 1000 },
};

const size_t oae_calibration_count =
	sizeof(oae_calibration) / sizeof(oae_calibration[0]);

/* The null adapter answers at once, or something is wrong with it. */
static const struct oae_session_limits limits = {
	.ready_ms = 20000,
	.request_ms = 10000,
	.cancel_ms = 2000,
	.close_ms = 5000,
};

static enum oae_status note(struct oae_journal *j, const char *why,
			    struct oae_error *err)
{
	struct oae_jw *w = oae_journal_begin(j, "note");
	char text[600];

	(void)snprintf(text, sizeof(text), "%s%s", OAE_HARNESS_NOTE, why);
	oae_jw_str(w, "text", text);
	oae_warn("%s", text);
	return oae_journal_commit(j, err);
}

/* Was it done, or given up, before the campaign was interrupted? */
static bool is_over(const struct oae_records *was, size_t *begun)
{
	const cJSON *text;
	size_t i, ok = 0;

	*begun = 0;
	if (!was)
		return false;
	for (i = 0; i < was->run_count; i++) {
		const struct oae_run_record *r = &was->runs[i];

		if (strcmp(r->purpose, OAE_PURPOSE_HARNESS) != 0)
			continue;
		++*begun;
		ok += r->status && strcmp(r->status, "ok") == 0;
	}
	cJSON_ArrayForEach(text, was->notes)
		if (strncmp(text->valuestring, OAE_HARNESS_NOTE,
			    strlen(OAE_HARNESS_NOTE)) == 0)
			return true;
	return ok >= oae_calibration_count;
}

static enum oae_status one_probe(const struct oae_bench *b, const char *adapter,
				 uint64_t id, const struct oae_probe *p,
				 bool *ok, struct oae_error *err)
{
	struct oae_run_result result;
	enum oae_status status;
	char why[560];

	status = oae_probe_run(b, adapter, id, p, &result, err);
	*ok = !status && result.status == OAE_RUN_OK && !result.failed;
	if (status || *ok || result.status == OAE_RUN_INTERRUPTED)
		return status;
	(void)snprintf(why, sizeof(why), "probe '%s' failed: %s", p->name,
		       result.reason[0] ? result.reason : "a request failed");
	return note(b->journal, why, err);
}

enum oae_status
oae_calibrate(const struct oae_campaign *c, const struct oae_records *was,
	      struct oae_journal *j, struct oae_sensors *sensors,
	      const volatile sig_atomic_t *stop, struct oae_error *err)
{
	struct oae_bench b = {
		.journal = j,
		.sensors = sensors,
		.limits = &limits,
		.stop = stop,
	};
	char path[OAE_PATH_BYTES_MAX + 32], why[OAE_PATH_BYTES_MAX + 128];
	enum oae_status status = OAE_OK;
	bool ok = true;
	size_t begun, i;

	if (c->options.no_calibration || is_over(was, &begun))
		return OAE_OK;
	if (c->run_count + begun + oae_calibration_count > OAE_RUNS_MAX)
		return note(j, "the plan leaves no run for it", err);
	(void)snprintf(path, sizeof(path), "%s/adapters/null", c->build);
	if (access(path, X_OK) < 0) {
		(void)snprintf(why, sizeof(why), "%.400s: %s", path,
			       strerror(errno));
		return note(j, why, err);
	}
	oae_progress("what the harness itself costs");
	for (i = 0; i < oae_calibration_count && ok && !status && !*stop; i++)
		status = one_probe(&b, path, OAE_RUNS_MAX - 1 - begun - i,
				   &oae_calibration[i], &ok, err);
	return status;
}
