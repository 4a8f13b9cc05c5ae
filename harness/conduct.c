/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/conduct.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "harness/synth.h"
#include "schema/harness_cost.h"

#define RUN_ARENA_BYTES_MAX ((size_t)256 << 20)
/* A model of a real size may be silent this long before its first token. */
#define SCALE_REQUEST_MS 900000

static enum oae_status no_memory(struct oae_error *err)
{
	return oae_fail(err, OAE_ERR_NOMEM, 0, "campaign");
}

static size_t kind_count(const struct oae_campaign *c)
{
	return c->system_count * (c->options.workloads.count + 1);
}

static struct oae_conduct_kind *kind_of(const struct oae_conduct *d, size_t i)
{
	const struct oae_campaign *c = d->campaign;
	const struct oae_campaign_run *p = &c->runs[i];
	size_t workloads = c->options.workloads.count;

	return &d->kinds[p->at.system * (workloads + 1) +
			 (p->scale == OAE_NO_SCALE ? p->at.workload :
						     workloads)];
}

enum oae_status
oae_conduct_init(struct oae_conduct *d, const struct oae_campaign *c,
		 struct oae_journal *j, struct oae_sensors *sensors,
		 const volatile sig_atomic_t *stop, struct oae_error *err)
{
	memset(d, 0, sizeof(*d));
	d->campaign = c;
	d->journal = j;
	d->sensors = sensors;
	d->stop = stop;
	d->begun_ns = oae_clock_ns();
	d->runs = calloc(c->run_count + 1, sizeof(*d->runs));
	d->kinds = calloc(kind_count(c), sizeof(*d->kinds));
	return d->runs && d->kinds ? OAE_OK : no_memory(err);
}

void oae_conduct_release(struct oae_conduct *d)
{
	size_t i;

	for (i = 0; d->runs && i < d->campaign->run_count; i++)
		free(d->runs[i].finished);
	free(d->runs);
	free(d->kinds);
	memset(d, 0, sizeof(*d));
}

/* ---- taking over an interrupted journal ------------------------------- */

static size_t request_count(const struct oae_campaign *c, size_t i)
{
	return oae_campaign_requests(c, i);
}

/* What the baseline's first nominal runs say to the other conditions. */
static void add_basis(struct oae_conduct *d, size_t i, uint64_t served,
		      uint64_t service_ns, uint64_t peak_memory_bytes)
{
	struct oae_basis *b = &d->basis[d->campaign->runs[i].at.workload];

	if (!oae_condition_is_basis(d->campaign, i))
		return;
	b->served += served;
	b->service_ns += service_ns;
	if (peak_memory_bytes > b->peak_memory_bytes)
		b->peak_memory_bytes = peak_memory_bytes;
}

static enum oae_status restore_run(struct oae_conduct *d,
				   const struct oae_run_record *was,
				   struct oae_error *err)
{
	const struct oae_campaign *c = d->campaign;
	struct oae_conduct_run *r;

	if (was->id >= c->run_count ||
	    was->planned != request_count(c, (size_t)was->id) ||
	    strcmp(was->system, c->systems[c->runs[was->id].at.system].id) != 0)
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"%s: its run %llu is not in this plan",
				d->journal->path, (unsigned long long)was->id);
	r = &d->runs[was->id];
	r->segments = was->segments;
	r->over = was->ended && strcmp(was->status, "interrupted") != 0;
	r->broke = r->over && strcmp(was->status, "failed") == 0;
	d->failed_runs += r->broke;
	if (r->over && was->wall_ns) {
		kind_of(d, (size_t)was->id)->seconds +=
			(double)was->wall_ns * 1e-9;
		kind_of(d, (size_t)was->id)->count++;
	}
	if (r->over && strcmp(was->status, "unavailable") == 0)
		d->unavailable_runs++;
	add_basis(d, (size_t)was->id, 0, 0, was->peak_memory_bytes);
	d->over += r->over;
	r->finished = calloc(was->planned + 1, sizeof(*r->finished));
	return r->finished ? OAE_OK : no_memory(err);
}

static enum oae_status restore_sample(struct oae_conduct *d,
				      const struct oae_records *records,
				      const struct oae_sample *s,
				      struct oae_error *err)
{
	const struct oae_run_record *was = &records->runs[s->run];
	struct oae_conduct_run *r = &d->runs[was->id];
	unsigned long id = strtoul(s->request, NULL, 10);
	bool scale = d->campaign->runs[was->id].scale != OAE_NO_SCALE;

	if (id < 1 || id > was->planned || r->finished[id - 1])
		return oae_fail(err, OAE_ERR_CHECK, 0,
				"%s: run %llu has no request \"%.20s\", or has"
				" it twice",
				d->journal->path, (unsigned long long)was->id,
				s->request);
	r->finished[id - 1] = true;
	if (s->outcome == OAE_OUTCOME_OK)
		add_basis(d, (size_t)was->id, 1, s->done_ns - s->sent_ns, 0);
	if (s->outcome == OAE_OUTCOME_OK)
		r->ok++;
	else
		r->failed++;
	if (!scale && s->outcome == OAE_OUTCOME_OK)
		d->ok++;
	else if (!scale)
		d->failed++;
	return OAE_OK;
}

/* A run that was killed after its last request lacks only its end. */
static enum oae_status end_killed(struct oae_conduct *d, size_t i,
				  struct oae_error *err)
{
	struct oae_conduct_run *r = &d->runs[i];
	struct oae_jw *w = oae_journal_begin(d->journal, "run_end");
	enum oae_status status;

	oae_jw_int(w, "run", (int64_t)i);
	oae_jw_int(w, "segment", r->segments - 1);
	oae_jw_str(w, "status", "ok");
	oae_jw_str(w, "reason",
		   "killed after its last request: its resource"
		   " use is unknown");
	oae_jw_null(w, "wall_ns");
	oae_jw_null(w, "cpu_user_s");
	oae_jw_null(w, "cpu_system_s");
	oae_jw_null(w, "peak_memory_bytes");
	status = oae_journal_commit(d->journal, err);
	r->over = true;
	d->over++;
	return status;
}

/* Those that measured the harness itself are calibrate.c's. */
static bool is_planned(const struct oae_run_record *r)
{
	return strcmp(r->purpose, OAE_PURPOSE_HARNESS) != 0;
}

enum oae_status oae_conduct_restore(struct oae_conduct *d,
				    const struct oae_records *records,
				    struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	size_t i;

	for (i = 0; !status && i < records->run_count; i++)
		if (is_planned(&records->runs[i]))
			status = restore_run(d, &records->runs[i], err);
	for (i = 0; !status && i < records->sample_count; i++)
		if (is_planned(&records->runs[records->samples[i].run]))
			status = restore_sample(d, records,
						&records->samples[i], err);
	for (i = 0; !status && i < d->campaign->run_count; i++)
		if (!d->runs[i].over && d->runs[i].finished &&
		    d->runs[i].ok + d->runs[i].failed ==
			    request_count(d->campaign, i))
			status = end_killed(d, i, err);
	if (!status)
		oae_conduct_restore_stop(d, records);
	return status;
}

/* ---- progress --------------------------------------------------------- */

/* The mean of finished runs, scale steps aside; < 0 when there is none. */
static double mean_run_s(const struct oae_conduct *d)
{
	const struct oae_campaign *c = d->campaign;
	size_t each = c->options.workloads.count + 1, count = 0;
	double seconds = 0;

	for (size_t k = 0; k < kind_count(c); k++) {
		if (k % each == each - 1)
			continue;
		seconds += d->kinds[k].seconds;
		count += d->kinds[k].count;
	}
	return count ? seconds / (double)count : -1;
}

double oae_conduct_expected_s(const struct oae_conduct *d, size_t i)
{
	const struct oae_conduct_kind *kind = kind_of(d, i);

	if (kind->count)
		return kind->seconds / (double)kind->count;
	if (d->campaign->runs[i].scale != OAE_NO_SCALE)
		return 0;
	return fmax(0, mean_run_s(d));
}

/*
 * Seconds that the runs from i on will take, from finished runs of the same
 * kind; < 0 when none has finished. A kind that never ran is taken as the
 * average one; a scale step that never ran is only counted in *unknown.
 */
static double time_left(const struct oae_conduct *d, size_t i, size_t *unknown)
{
	const struct oae_campaign *c = d->campaign;
	double left = 0;

	*unknown = 0;
	if (mean_run_s(d) < 0)
		return -1;
	for (size_t k = i; k < c->run_count; k++) {
		if (d->runs[k].over)
			continue;
		left += oae_conduct_expected_s(d, k);
		*unknown += c->runs[k].scale != OAE_NO_SCALE &&
			    !kind_of(d, k)->count;
	}
	return left;
}

static void progress(void *ctx, const struct oae_run *r, size_t finished)
{
	const struct oae_conduct *d = ctx;
	size_t unknown;
	double left = time_left(d, (size_t)r->id, &unknown);
	const char *about = d->campaign->stopping.looks > 1 ? "at most" :
							      "about";
	char when[128] = "", more[48] = "";

	if (unknown)
		(void)snprintf(more, sizeof(more), " and %zu scale step%s",
			       unknown, unknown == 1 ? "" : "s");
	if (left >= 90)
		(void)snprintf(when, sizeof(when), ", %s %.0f min%s left",
			       about, left / 60, more);
	else if (left >= 0)
		(void)snprintf(when, sizeof(when), ", %s %.0f s%s left", about,
			       left, more);
	oae_progress("[%zu/%zu] %s on %s, repetition %llu: %zu/%zu%s", d->over,
		     d->campaign->run_count, r->system,
		     r->shape ? r->shape : r->workload,
		     (unsigned long long)r->rep + 1, finished, r->count, when);
}

/* ---- running ---------------------------------------------------------- */

static enum oae_status note(struct oae_conduct *d, size_t i, const char *what,
			    const char *why, struct oae_error *err)
{
	struct oae_jw *w = oae_journal_begin(d->journal, "note");
	char text[600];

	(void)snprintf(text, sizeof(text), "%s: %s", what, why);
	oae_jw_int(w, "run", (int64_t)i);
	oae_jw_str(w, "text", text);
	oae_warn("%s", text);
	return oae_journal_commit(d->journal, err);
}

/* Puts the file of random weights into r; false: the step is skipped. */
static bool prepare_scale(struct oae_conduct *d, size_t i, struct oae_run *r,
			  char *path, size_t size)
{
	const struct oae_campaign *c = d->campaign;
	const struct oae_campaign_run *p = &c->runs[i];
	struct oae_error *skip = &d->skip_scale[p->scale];

	if (!skip->status) {
		oae_progress("[%zu/%zu] random weights of %s, %s", d->over,
			     c->run_count, r->shape, r->quant);
		(void)oae_synth_file(&c->systems[p->at.system],
				     &c->suite.scale[p->scale], path, size,
				     skip);
	}
	r->hello.synthetic = path;
	return !skip->status;
}

/* The same reason for each of a condition's runs is said once. */
static void take_unavailable(struct oae_conduct *d, size_t i,
			     const struct oae_run *r,
			     const struct oae_run_result *result)
{
	bool *told = &d->told[d->campaign->runs[i].at.condition];

	d->runs[i].over = true;
	d->over++;
	d->unavailable_runs++;
	if (!*told)
		oae_warn("condition %s is unavailable: %s", r->condition,
			 result->reason);
	*told = true;
}

static void take_result(struct oae_conduct *d, size_t i,
			const struct oae_run *r,
			const struct oae_run_result *result)
{
	struct oae_conduct_kind *kind = kind_of(d, i);
	bool at_condition = d->campaign->runs[i].at.condition != 0;

	d->runs[i].segments++;
	d->runs[i].ok += result->ok;
	d->runs[i].failed += result->failed;
	if (!r->shape) {
		d->ok += result->ok;
		d->failed += result->failed;
	}
	add_basis(d, i, result->ok, result->service_ns,
		  result->peak_memory_bytes);
	if (result->status == OAE_RUN_INTERRUPTED)
		return;
	if (result->status == OAE_RUN_UNAVAILABLE) {
		take_unavailable(d, i, r, result);
		return;
	}
	d->runs[i].over = true;
	d->over++;
	kind->seconds += (double)result->wall_ns * 1e-9;
	kind->count++;
	if (result->status == OAE_RUN_OK)
		return;
	d->failed_runs++;
	d->runs[i].broke = true;
	oae_warn("run %zu, %s on %s%s%s: failed: %s", i, r->system, r->workload,
		 at_condition ? ", " : "", at_condition ? r->condition : "",
		 result->reason);
}

static struct oae_session_limits limits_of(const struct oae_options *o)
{
	struct oae_session_limits l = oae_session_limits_default;

	if (o->ready_s)
		l.ready_ms = o->ready_s * 1000;
	if (o->request_s)
		l.request_ms = o->request_s * 1000;
	if (o->close_s)
		l.close_ms = o->close_s * 1000;
	return l;
}

static enum oae_status one_run(struct oae_conduct *d, size_t i,
			       struct oae_error *err)
{
	struct oae_session_limits limits = limits_of(&d->campaign->options);
	struct oae_bench bench = {
		.journal = d->journal,
		.sensors = d->sensors,
		.limits = &limits,
		.stop = d->stop,
		.sysroot = d->sysroot,
		.progress = progress,
		.progress_ctx = d,
	};
	char path[OAE_PATH_BYTES_MAX];
	struct oae_run_result result;
	enum oae_status status;
	struct oae_arena arena;
	struct oae_run r;

	oae_arena_init(&arena, RUN_ARENA_BYTES_MAX);
	status = oae_campaign_run_get(d->campaign, i, &arena, &r, err);
	if (status)
		goto out;
	status = oae_condition_apply(
		d->campaign, i, &d->basis[d->campaign->runs[i].at.workload],
		&arena, &r, err);
	if (status)
		goto out;
	r.segment = d->runs[i].segments;
	r.finished = d->runs[i].finished;
	r.ok_before = d->runs[i].ok;
	r.failed_before = d->runs[i].failed;
	if (r.shape) {
		if (limits.request_ms < SCALE_REQUEST_MS)
			limits.request_ms = SCALE_REQUEST_MS;
		if (!prepare_scale(d, i, &r, path, sizeof(path))) {
			d->runs[i].over = true;
			d->over++;
			status = note(
				d, i, "scale step skipped",
				d->skip_scale[d->campaign->runs[i].scale].text,
				err);
			goto out;
		}
	}
	status = oae_run_execute(&bench, &r, &result, err);
	if (!status)
		take_result(d, i, &r, &result);
out:
	oae_arena_release(&arena);
	return status;
}

/* One run, unless whoever conducts wants it left out. */
static enum oae_status next_run(struct oae_conduct *d, size_t i,
				struct oae_error *err)
{
	bool skip = false;
	enum oae_status status = OAE_OK;

	if (d->before)
		status = d->before(d->before_ctx, i, &skip, err);
	if (status || !skip)
		return status ? status : one_run(d, i, err);
	d->runs[i].over = true;
	d->over++;
	return OAE_OK;
}

enum oae_status oae_conduct_all(struct oae_conduct *d, struct oae_error *err)
{
	const struct oae_campaign *c = d->campaign;
	enum oae_status status = OAE_OK;
	uint32_t rep = 0;

	for (size_t i = 0; !status && !*d->stop && i < c->run_count; i++) {
		if (c->runs[i].scale == OAE_NO_SCALE && c->runs[i].at.rep > rep)
			status = oae_conduct_decide(d, rep = c->runs[i].at.rep,
						    err);
		if (!status && !d->runs[i].over)
			status = next_run(d, i, err);
	}
	if (!status && !*d->stop && !d->skipped)
		status = oae_conduct_decide(
			d, oae_stopping_runs_max(&c->stopping), err);
	oae_progress_end();
	return status;
}
