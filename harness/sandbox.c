/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "harness/sandbox.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "harness/page_cache.h"

/* A file of which less than this share stays in memory was dropped. */
#define DROPPED_SHARE 0.01

/* ---- files ------------------------------------------------------------ */

static enum oae_status each_file(const struct oae_sandbox_plan *p,
				 enum oae_status (*fn)(const char *path,
						       struct oae_error *err),
				 struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	for (size_t i = 0; !status && i < p->file_count; i++)
		status = fn(p->files[i], err);
	return status;
}

static enum oae_status resident(const struct oae_sandbox_plan *p,
				uint64_t *bytes, uint64_t *in,
				struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	uint64_t all, part;

	*bytes = *in = 0;
	for (size_t i = 0; !status && i < p->file_count; i++) {
		status = oae_page_cache_resident(p->files[i], &all, &part, err);
		*bytes += all;
		*in += part;
	}
	return status;
}

static bool was_dropped(const struct oae_sandbox *s)
{
	enum oae_cache c = s->plan->cache;

	return (c == OAE_CACHE_DROP || c == OAE_CACHE_MUST_DROP) &&
	       s->cache_known &&
	       (double)s->resident_after <=
		       DROPPED_SHARE * (double)s->file_bytes;
}

static enum oae_status set_cache(struct oae_sandbox *s, struct oae_error *err)
{
	const struct oae_sandbox_plan *p = s->plan;
	struct oae_error why = { 0 };
	enum oae_status status = OAE_OK;
	uint64_t bytes;

	if (p->cache == OAE_CACHE_LEAVE)
		return OAE_OK;
	s->cache_known =
		!resident(p, &s->file_bytes, &s->resident_before, &why);
	status = each_file(p,
			   p->cache == OAE_CACHE_WARM ? oae_page_cache_warm :
							oae_page_cache_drop,
			   &why);
	s->cache_known = s->cache_known &&
			 !resident(p, &bytes, &s->resident_after, &why);
	if (p->cache == OAE_CACHE_DROP)
		return OAE_OK; /* only the memory's method depends on it */
	if (status || !s->cache_known)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s", why.text);
	if (p->cache == OAE_CACHE_MUST_DROP && !was_dropped(s))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"%" PRIu64 " of %" PRIu64
				" bytes of the model stay in the page cache;"
				" another process maps it, its file system is"
				" in memory, or we may not write it and so"
				" cannot see",
				s->resident_after, s->file_bytes);
	return OAE_OK;
}

/* ---- open and close --------------------------------------------------- */

static enum oae_status set_limits(struct oae_sandbox *s, struct oae_error *err)
{
	const struct oae_sandbox_plan *p = s->plan;
	enum oae_status status = OAE_OK;

	if ((p->cpu_cores > 0 || p->memory_bytes) && !s->grouped)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s", s->no_group);
	if (p->cpu_cores > 0)
		status = oae_cgroup_limit_cpu(&s->group, p->cpu_cores,
					      &s->cpu_cores, err);
	if (!status && p->memory_bytes)
		status = oae_cgroup_limit_memory(&s->group, p->memory_bytes,
						 &s->memory_bytes, &s->no_swap,
						 err);
	return status;
}

enum oae_status oae_sandbox_open(struct oae_sandbox *s,
				 const struct oae_sandbox_plan *plan,
				 const char *sysroot, struct oae_error *err)
{
	struct oae_error why = { 0 };
	enum oae_status status;

	memset(s, 0, sizeof(*s));
	s->plan = plan;
	s->stress_cpu_s = NAN;
	s->grouped = !oae_cgroup_open(&s->group, sysroot, &why);
	(void)snprintf(s->no_group, sizeof(s->no_group), "%.239s", why.text);
	if (plan->unavailable)
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s",
				plan->unavailable);
	status = set_limits(s, err);
	return status ? status : set_cache(s, err);
}

enum oae_status oae_sandbox_start(struct oae_sandbox *s, struct oae_error *err)
{
	const struct oae_sandbox_plan *p = s->plan;
	const char *argv[] = { p->stress, "stress", NULL, NULL };
	struct oae_spawn how = { .argv = argv };
	enum oae_status status;
	char threads[16];

	if (!p->threads)
		return OAE_OK;
	(void)snprintf(threads, sizeof(threads), "%u", p->threads);
	argv[2] = threads;
	status = oae_child_spawn(&s->stress, &how, err);
	s->stressing = !status;
	return status;
}

enum oae_status oae_sandbox_add(struct oae_sandbox *s, pid_t pid,
				struct oae_error *err)
{
	struct oae_error why = { 0 };
	const struct oae_sandbox_plan *p = s->plan;
	enum oae_status status;

	if (!s->grouped)
		return OAE_OK;
	status = oae_cgroup_add(&s->group, pid, &why);
	if (status) {
		s->grouped = false;
		(void)snprintf(s->no_group, sizeof(s->no_group), "%.239s",
			       why.text);
	}
	if (status && (p->cpu_cores > 0 || p->memory_bytes))
		return oae_fail(err, OAE_ERR_UNSUPPORTED, 0, "%s", why.text);
	/* One of several hierarchies may have refused. */
	status = OAE_OK;
	if (p->cpu_cores > 0)
		status = oae_cgroup_check(&s->group, OAE_CGROUP_CPU, err);
	if (!status && p->memory_bytes)
		status = oae_cgroup_check(&s->group, OAE_CGROUP_MEMORY, err);
	return status;
}

static enum oae_status end_stress(struct oae_sandbox *s, struct oae_error *err)
{
	bool ended = oae_child_wait(&s->stress, 0);
	struct timespec ts;
	clockid_t clock;
	char how[96];

	if (!ended && !clock_getcpuclockid(s->stress.pid, &clock) &&
	    !clock_gettime(clock, &ts))
		s->stress_cpu_s = (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
	oae_child_describe(&s->stress, how, sizeof(how));
	oae_child_release(&s->stress);
	s->stressing = false;
	return ended ? oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				"the busy threads beside it ended early: %s",
				how) :
		       OAE_OK;
}

static enum oae_status still_limited(const struct oae_sandbox *s,
				     struct oae_error *err)
{
	enum oae_status status = OAE_OK;
	uint64_t bytes = s->memory_bytes;
	double cores = s->cpu_cores;

	if (s->plan->cpu_cores > 0)
		status = oae_cgroup_cpu_limit(&s->group, &cores, err);
	if (!status && s->plan->memory_bytes)
		status = oae_cgroup_memory_limit(&s->group, &bytes, err);
	if (!status && fabs(cores - s->cpu_cores) > 1e-9)
		status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				  "the CPU quota was %g cores, at the end it"
				  " reads %g",
				  s->cpu_cores, cores);
	if (!status && bytes != s->memory_bytes)
		status = oae_fail(err, OAE_ERR_UNSUPPORTED, 0,
				  "the memory limit was %" PRIu64
				  " bytes, at the end it reads %" PRIu64,
				  s->memory_bytes, bytes);
	return status;
}

enum oae_status oae_sandbox_finish(struct oae_sandbox *s, struct oae_error *err)
{
	enum oae_status status = OAE_OK;

	if (s->stressing)
		status = end_stress(s, err);
	return status ? status : still_limited(s, err);
}

void oae_sandbox_close(struct oae_sandbox *s)
{
	if (s->stressing)
		oae_child_release(&s->stress);
	s->stressing = false;
	oae_cgroup_close(&s->group);
	s->grouped = false;
}

/* ---- what it says ----------------------------------------------------- */

static const char *version(const struct oae_sandbox *s)
{
	bool v1 = false, v2 = false;

	for (size_t i = 0; i < s->group.dir_count; i++) {
		v1 = v1 || s->group.dirs[i].version == 1;
		v2 = v2 || s->group.dirs[i].version == 2;
	}
	return v1 && v2 ? "v1 and v2" : v1 ? "v1" : v2 ? "v2" : NULL;
}

bool oae_sandbox_peak(const struct oae_sandbox *s, uint64_t *bytes,
		      const char **method)
{
	int use = s->group.use[OAE_CGROUP_MEMORY];

	if (!s->grouped || use < 0 || !was_dropped(s) ||
	    oae_cgroup_memory_peak(&s->group, bytes, NULL))
		return false;
	*method = s->group.dirs[use].version == 2 ? "cgroup v2" : "cgroup v1";
	return true;
}

void oae_sandbox_describe(const struct oae_sandbox *s, char *out, size_t size)
{
	struct oae_cgroup_memory_events events;

	out[0] = '\0';
	if (!s->grouped || !s->plan->memory_bytes ||
	    oae_cgroup_memory_events(&s->group, &events, NULL) ||
	    !events.oom_kills)
		return;
	(void)snprintf(out, size,
		       " (the kernel killed %" PRIu64
		       " of its processes at the limit of %" PRIu64 " bytes)",
		       events.oom_kills, s->memory_bytes);
}

static void write_requests(const struct oae_sandbox_plan *p, struct oae_jw *w)
{
	if (p->rate_per_s > 0) {
		oae_jw_obj(w, "arrivals");
		oae_jw_str(w, "kind", "gamma");
		oae_jw_num(w, "cv", p->cv);
		oae_jw_num(w, "rate_per_s", p->rate_per_s);
		oae_jw_num(w, "baseline_service_s", p->service_s);
		oae_jw_end_obj(w);
	}
	if (p->noise_percent > 0) {
		oae_jw_obj(w, "noise");
		oae_jw_num(w, "percent", p->noise_percent);
		oae_jw_int(w, "characters", (int64_t)p->characters);
		oae_jw_int(w, "editable", (int64_t)p->editable);
		oae_jw_int(w, "edits", (int64_t)p->edits);
		oae_jw_end_obj(w);
	}
	if (p->cold)
		oae_jw_bool(w, "cold", true);
}

static void write_cache(const struct oae_sandbox *s, struct oae_jw *w)
{
	static const char *const names[] = {
		[OAE_CACHE_LEAVE] = "left",
		[OAE_CACHE_DROP] = "dropped",
		[OAE_CACHE_MUST_DROP] = "dropped",
		[OAE_CACHE_WARM] = "read",
	};

	oae_jw_obj(w, "cache");
	oae_jw_str(w, "action", names[s->plan->cache]);
	oae_jw_int(w, "files", (int64_t)s->plan->file_count);
	if (s->cache_known) {
		oae_jw_int(w, "bytes", (int64_t)s->file_bytes);
		oae_jw_int(w, "resident_before", (int64_t)s->resident_before);
		oae_jw_int(w, "resident_after", (int64_t)s->resident_after);
	}
	oae_jw_end_obj(w);
}

void oae_sandbox_write_set(const struct oae_sandbox *s, struct oae_jw *w)
{
	const struct oae_sandbox_plan *p = s->plan;

	oae_jw_obj(w, "condition_set");
	oae_jw_str(w, "cgroup", version(s));
	if (!s->grouped)
		oae_jw_str(w, "no_cgroup", s->no_group);
	write_cache(s, w);
	if (p->cpu_cores > 0)
		oae_jw_num(w, "cpu_cores", s->cpu_cores);
	if (p->memory_bytes) {
		oae_jw_int(w, "memory_bytes", (int64_t)s->memory_bytes);
		oae_jw_int(w, "baseline_memory_bytes",
			   (int64_t)p->memory_basis_bytes);
		oae_jw_bool(w, "swap_off", s->no_swap);
	}
	if (p->threads)
		oae_jw_int(w, "busy_threads", p->threads);
	write_requests(p, w);
	oae_jw_end_obj(w);
}

void oae_sandbox_write_seen(const struct oae_sandbox *s, struct oae_jw *w)
{
	const struct oae_cgroup *g = &s->group;
	struct oae_cgroup_memory_events events;
	struct oae_cgroup_throttle throttle;
	uint64_t n;

	oae_jw_obj(w, "condition_seen");
	if (s->grouped && !oae_cgroup_cpu_ns(g, &n, NULL))
		oae_jw_int(w, "cpu_ns", (int64_t)n);
	if (s->grouped && !oae_cgroup_memory_peak(g, &n, NULL))
		oae_jw_int(w, "memory_peak_bytes", (int64_t)n);
	if (s->grouped && !oae_cgroup_memory_events(g, &events, NULL)) {
		oae_jw_int(w, "oom_kills", (int64_t)events.oom_kills);
		oae_jw_int(w, "limit_hits", (int64_t)events.limit_hits);
	}
	if (s->plan->cpu_cores > 0 && s->grouped &&
	    !oae_cgroup_throttle(g, &throttle, NULL)) {
		oae_jw_int(w, "periods", (int64_t)throttle.periods);
		oae_jw_int(w, "throttled", (int64_t)throttle.throttled);
		oae_jw_int(w, "throttled_ns", (int64_t)throttle.throttled_ns);
	}
	if (s->plan->threads)
		oae_jw_num(w, "busy_cpu_s", s->stress_cpu_s);
	oae_jw_end_obj(w);
}
