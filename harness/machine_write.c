/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "harness/machine.h"

static void text(struct oae_jw *w, const char *key, const char *s)
{
	oae_jw_str(w, key, *s ? s : NULL);
}

static void whole(struct oae_jw *w, const char *key, int64_t v)
{
	if (v < 0)
		oae_jw_null(w, key);
	else
		oae_jw_int(w, key, v);
}

static void tri(struct oae_jw *w, const char *key, oae_tri v)
{
	if (v < 0)
		oae_jw_null(w, key);
	else
		oae_jw_bool(w, key, v);
}

static void write_caches(struct oae_jw *w, const struct oae_machine_cpu *c)
{
	size_t i;

	oae_jw_arr(w, "caches");
	for (i = 0; i < c->cache_count; i++) {
		oae_jw_obj(w, NULL);
		whole(w, "level", c->caches[i].level);
		text(w, "type", c->caches[i].type);
		whole(w, "bytes", c->caches[i].bytes);
		text(w, "shared_by", c->caches[i].shared);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
}

static void write_cpu(struct oae_jw *w, const struct oae_machine_cpu *c)
{
	oae_jw_obj(w, "cpu");
	text(w, "model", c->model);
	text(w, "vendor", c->vendor);
	whole(w, "family", c->family);
	whole(w, "model_number", c->model_number);
	whole(w, "stepping", c->stepping);
	text(w, "microcode", c->microcode);
	text(w, "flags", c->flags);
	/* CPUs as the scheduler counts them: threads where SMT is on. */
	whole(w, "cores", c->logical);
	whole(w, "cores_allowed", c->allowed);
	whole(w, "cores_physical", c->cores);
	whole(w, "sockets", c->sockets);
	text(w, "smt", c->smt);
	oae_jw_num(w, "mhz", c->mhz);
	oae_jw_num(w, "mhz_max", c->mhz_max);
	text(w, "driver", c->driver);
	text(w, "energy_preference", c->preference);
	tri(w, "turbo", c->turbo);
	whole(w, "throttled", c->throttled);
	write_caches(w, c);
	oae_jw_end_obj(w);
}

static void write_mitigations(struct oae_jw *w, const struct oae_machine *m)
{
	size_t i;

	if (!m->vulnerability_count) {
		oae_jw_null(w, "mitigations");
		return;
	}
	oae_jw_obj(w, "mitigations");
	for (i = 0; i < m->vulnerability_count; i++)
		oae_jw_str(w, m->vulnerabilities[i].name,
			   m->vulnerabilities[i].state);
	oae_jw_end_obj(w);
}

static void write_cgroup(struct oae_jw *w, const struct oae_machine *m)
{
	size_t i;

	oae_jw_obj(w, "cgroup");
	text(w, "layout", m->cgroup_layout);
	oae_jw_num(w, "cpu_limit", m->cgroup_cpus);
	whole(w, "memory_limit_bytes", m->cgroup_memory_bytes);
	oae_jw_arr(w, "controllers");
	for (i = 0; i < m->cgroup_count; i++) {
		oae_jw_obj(w, NULL);
		oae_jw_str(w, "name", m->cgroups[i].name);
		oae_jw_int(w, "version", m->cgroups[i].version);
		oae_jw_end_obj(w);
	}
	oae_jw_end_arr(w);
	oae_jw_end_obj(w);
}

static void write_time(struct oae_jw *w, const struct oae_machine_time *t)
{
	oae_jw_num(w, "load_1min", t->load_1min);
	whole(w, "steal_ticks", t->steal_ticks);
	oae_jw_obj(w, "cpu_time");
	oae_jw_num(w, "busy_s", t->busy_s);
	oae_jw_num(w, "idle_s", t->idle_s);
	oae_jw_num(w, "steal_s", t->steal_s);
	oae_jw_num(w, "own_s", t->own_s);
	oae_jw_end_obj(w);
	oae_jw_num(w, "uptime_s", t->uptime_s);
}

void oae_machine_write(const struct oae_machine *m, struct oae_jw *w)
{
	write_cpu(w, &m->cpu);
	whole(w, "memory_bytes", m->memory_bytes);
	whole(w, "memory_available_bytes", m->memory_available_bytes);
	whole(w, "swap_bytes", m->swap_bytes);
	whole(w, "swap_used_bytes", m->swap_used_bytes);
	whole(w, "disk_free_bytes", m->disk_free_bytes);
	text(w, "huge_pages", m->huge_pages);
	whole(w, "numa_nodes", m->numa_nodes);
	text(w, "kernel", m->kernel);
	text(w, "machine", m->arch);
	write_mitigations(w, m);
	text(w, "governor", m->cpu.governor);
	text(w, "clock_source", m->clock_source);
	whole(w, "timer_slack_ns", m->timer_slack_ns);
	/* -1 is one of its values: unknown is smaller still. */
	if (m->perf_event_paranoid == OAE_MACHINE_NO_PARANOID)
		oae_jw_null(w, "perf_event_paranoid");
	else
		oae_jw_int(w, "perf_event_paranoid", m->perf_event_paranoid);
	tri(w, "virtual", m->virtual);
	text(w, "hypervisor", m->hypervisor);
	text(w, "container", m->container);
	text(w, "container_hint", m->container_hint);
	tri(w, "on_battery", m->on_battery);
	write_cgroup(w, m);
	write_time(w, &m->time);
}
