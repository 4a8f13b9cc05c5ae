/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "schema/audit.h"

/* Wall clocks are corrected now and then; this much is no finding. */
#define CLOCK_SLACK_S 5.0
#define CLOCK_SLACK_SHARE 0.01

#define FINDING(a, rule, ...) \
	oae_finding_add((a)->found, rule, OAE_AUDIT_FILE, __VA_ARGS__)
#define LLU(x) ((unsigned long long)(x))

/* A run begins when the one before it has ended, on both clocks. */
static void check_follow(struct oae_audit *a, const struct oae_audit_segment *p,
			 const struct oae_audit_segment *s)
{
	double mono, wall, slack;

	if (s->utc_s >= 0 && p->utc_s >= 0 &&
	    (double)(p->utc_s - s->utc_s) > CLOCK_SLACK_S)
		FINDING(a, OAE_RULE_RUNS,
			"line %llu: run %llu began before the one above it",
			LLU(s->line), LLU(s->run));
	/* After a restart the machine's clock may begin anew. */
	if (s->resumed)
		return;
	if (s->t0_ns < p->t0_ns + p->wall_ns) {
		FINDING(a, OAE_RULE_RUNS,
			"line %llu: run %llu began while run %llu was going on",
			LLU(s->line), LLU(s->run), LLU(p->run));
		return;
	}
	if (s->utc_s < 0 || p->utc_s < 0)
		return;
	mono = (double)(s->t0_ns - p->t0_ns) * 1e-9;
	wall = (double)(s->utc_s - p->utc_s);
	slack = CLOCK_SLACK_S + CLOCK_SLACK_SHARE * mono;
	if (wall - mono > slack || mono - wall > slack)
		FINDING(a, OAE_RULE_RUNS,
			"line %llu: %.0f s passed by the clock on the wall"
			" since the run above it, %.0f s by the machine's own",
			LLU(s->line), wall, mono);
}

static void check_segment(struct oae_audit *a,
			  const struct oae_audit_segment *s)
{
	if (s->ended && s->last_done_ns > s->wall_ns)
		FINDING(a, OAE_RULE_TIMES,
			"run %llu took %llu ns, and one of its requests was"
			" done at %llu",
			LLU(s->run), LLU(s->wall_ns), LLU(s->last_done_ns));
	if (s->counts && s->sample_count &&
	    (!s->ready || !s->setup_ns || !s->warm))
		FINDING(a, OAE_RULE_COLD,
			"line %llu: run %llu served %zu requests, but %s is"
			" not in the journal",
			LLU(s->line), LLU(s->run), s->sample_count,
			s->ready && s->setup_ns ? "its first request" :
						  "how long its start took");
	if (s->metered && s->sample_count && s->ended &&
	    (!s->idle_before || !s->idle_after))
		FINDING(a, OAE_RULE_IDLE,
			"line %llu: run %llu was metered without idle power"
			" %s it",
			LLU(s->line), LLU(s->run),
			s->idle_before ? "after" : "before");
}

/* What ends at the same moment as another begins is not in flight. */
static int by_moment(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return a[1] < b[1] ? -1 : a[1] > b[1];
}

/* Sent and done, of each request, in the order of time. */
static uint64_t (*moments_of(const struct oae_audit *a,
			     const struct oae_audit_segment *s))[2]
{
	size_t n = s->sample_count;
	uint64_t(*moment)[2] = calloc(2 * n + 1, sizeof(*moment));

	for (size_t i = 0; moment && i < n; i++) {
		const struct oae_audit_sample *one =
			&a->samples[s->first_sample + i];

		moment[2 * i][0] = one->sent_ns;
		moment[2 * i][1] = 1;
		moment[2 * i + 1][0] = one->done_ns;
	}
	if (moment)
		qsort(moment, 2 * n, sizeof(*moment), by_moment);
	return moment;
}

/* The most at once, and the time with at least one, which the end names. */
static enum oae_status check_flight(struct oae_audit *a,
				    const struct oae_audit_segment *s)
{
	uint64_t limit = s->concurrency, now = 0, peak = 0, busy = 0;
	uint64_t(*moment)[2] = moments_of(a, s);

	if (s->adapter_in_flight && s->adapter_in_flight < limit)
		limit = s->adapter_in_flight;
	if (!moment)
		return oae_fail(a->err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < 2 * s->sample_count; i++) {
		if (now)
			busy += moment[i][0] - moment[i - 1][0];
		now = moment[i][1] ? now + 1 : now - (now > 0);
		peak = now > peak ? now : peak;
	}
	free(moment);
	if (peak > limit)
		FINDING(a, OAE_RULE_FLIGHT,
			"line %llu: run %llu had %llu requests in flight at"
			" once, and at most %llu are allowed",
			LLU(s->line), LLU(s->run), LLU(peak), LLU(limit));
	if (s->ended && (s->busy_ns != busy || s->measure_ns < busy ||
			 s->wall_ns < s->measure_ns))
		FINDING(a, OAE_RULE_COUNTS,
			"run %llu: its end tells of %llu ns with a request in"
			" flight, its requests of %llu",
			LLU(s->run), LLU(s->busy_ns), LLU(busy));
	return OAE_OK;
}

static int by_run(const void *x, const void *y)
{
	const struct oae_audit_segment *const *a = x, *const *b = y;

	if ((*a)->run != (*b)->run)
		return (*a)->run < (*b)->run ? -1 : 1;
	return (*a)->segment < (*b)->segment ? -1 : 1;
}

/* The last end of a run counts what all its segments did. */
static void check_counts(struct oae_audit *a, uint64_t items, uint64_t ok,
			 uint64_t failed, const struct oae_audit_segment *last)
{
	if (!last->ended)
		return; /* was killed: what is missing counts as missed */
	if (last->ok != ok || last->failed != failed ||
	    last->planned != items ||
	    last->planned != last->ok + last->failed + last->not_sent)
		FINDING(a, OAE_RULE_COUNTS,
			"run %llu: its end counts %llu ok, %llu failed, %llu"
			" not sent of %llu; the lines hold %llu ok, %llu"
			" failed of %llu items",
			LLU(last->run), LLU(last->ok), LLU(last->failed),
			LLU(last->not_sent), LLU(last->planned), LLU(ok),
			LLU(failed), LLU(items));
}

static enum oae_status check_all_counts(struct oae_audit *a)
{
	const struct oae_audit_segment **order =
		calloc(a->segment_count + 1, sizeof(*order));
	uint64_t ok = 0, failed = 0, items = 0;

	if (!order)
		return oae_fail(a->err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < a->segment_count; i++)
		order[i] = &a->segments[i];
	qsort(order, a->segment_count, sizeof(*order), by_run);
	for (size_t i = 0; i < a->segment_count; i++) {
		const struct oae_audit_segment *s = order[i];

		if (i == 0 || order[i - 1]->run != s->run) {
			ok = failed = 0;
			items = s->items;
		}
		for (size_t k = 0; k < s->sample_count; k++) {
			bool good = a->samples[s->first_sample + k].ok;

			ok += good;
			failed += !good;
		}
		if (i + 1 == a->segment_count || order[i + 1]->run != s->run)
			check_counts(a, items, ok, failed, s);
	}
	free(order);
	return OAE_OK;
}

static int by_print(const void *x, const void *y)
{
	const struct oae_audit_sample *const *a = x, *const *b = y;

	if ((*a)->print != (*b)->print)
		return (*a)->print < (*b)->print ? -1 : 1;
	return (*a)->line < (*b)->line ? -1 : 1;
}

static enum oae_status check_replay(struct oae_audit *a)
{
	const struct oae_audit_sample **order =
		calloc(a->sample_count + 1, sizeof(*order));
	size_t n = 0;

	if (!order)
		return oae_fail(a->err, OAE_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < a->sample_count; i++)
		if (a->samples[i].print)
			order[n++] = &a->samples[i];
	qsort(order, n, sizeof(*order), by_print);
	for (size_t i = 1; i < n; i++)
		if (order[i - 1]->print == order[i]->print)
			FINDING(a, OAE_RULE_REPLAY,
				"line %llu: has the times of line %llu again,"
				" to the nanosecond",
				LLU(order[i]->line), LLU(order[i - 1]->line));
	free(order);
	return OAE_OK;
}

enum oae_status oae_audit_runs(struct oae_audit *a)
{
	enum oae_status status = OAE_OK;

	for (size_t i = 0; i < a->segment_count && !status; i++) {
		if (i)
			check_follow(a, &a->segments[i - 1], &a->segments[i]);
		check_segment(a, &a->segments[i]);
		status = check_flight(a, &a->segments[i]);
	}
	if (!status)
		status = check_all_counts(a);
	return status ? status : check_replay(a);
}
