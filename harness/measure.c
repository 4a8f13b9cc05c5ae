/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/measure.h"

#include "harness/calibrate.h"
#include "harness/environment.h"
#include "harness/interrupt.h"

static enum oae_status write_environment(const struct oae_measure *m,
					 const char *when,
					 struct oae_error *err)
{
	oae_environment_write(oae_journal_begin(m->journal, "environment"),
			      when);
	return oae_journal_commit(m->journal, err);
}

static enum oae_status begin(const struct oae_measure *m, struct oae_error *err)
{
	const struct oae_conduct hooks = *m->conduct;
	enum oae_status status = oae_conduct_init(m->conduct, m->campaign,
						  m->journal, m->sensors,
						  &oae_interrupted, err);

	m->conduct->sysroot = m->sysroot;
	m->conduct->look = hooks.look;
	m->conduct->look_ctx = hooks.look_ctx;
	m->conduct->before = hooks.before;
	m->conduct->before_ctx = hooks.before_ctx;
	return status;
}

enum oae_status oae_measure(const struct oae_measure *m, struct oae_error *err)
{
	enum oae_status status =
		oae_campaign_copy_inputs(m->campaign, m->dir, err);

	if (!status)
		status = oae_sensors_open(m->sensors, m->sysroot, OAE_PROVE_MS,
					  err);
	if (!status)
		status = write_environment(m, "start", err);
	if (!status)
		status = begin(m, err);
	if (!status && m->records)
		status = oae_conduct_restore(m->conduct, m->records, err);
	if (!status && m->calibrate)
		status = oae_calibrate(m->campaign, m->records, m->journal,
				       m->sensors, &oae_interrupted, err);
	if (!status)
		status = oae_conduct_all(m->conduct, err);
	if (status || oae_interrupted)
		return status;
	status = write_environment(m, "end", err);
	return status ? status : oae_journal_seal(m->journal, err);
}
