/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From facts to grades. Each check adds what it found with the best grade
 * that this leaves; a topic has the worst of them. The thresholds are
 * judgements, and each finding shows its number beside them.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/doctor.h"

#define STEAL_FAIR 0.01
#define STEAL_POOR 0.05
#define OTHERS_FAIR 0.02
#define OTHERS_POOR 0.10
#define LATE_FAIR_NS 1000000
#define LATE_POOR_NS 10000000
#define LOAD_PER_CPU_FAIR 0.5 /* where nothing was watched */
#define MEMORY_POOR_BYTES 1e9
#define DISK_POOR_BYTES 1e9
#define SWAP_FAIR_BYTES 64e6

static const char *const topic_names[OAE_TOPICS] = {
	[OAE_TOPIC_TIME] = "time",
	[OAE_TOPIC_ISOLATION] = "isolation",
	[OAE_TOPIC_COUNTERS] = "counters",
	[OAE_TOPIC_ENERGY] = "energy",
};
static const char *const grade_names[] = {
	[OAE_GRADE_GOOD] = "good",
	[OAE_GRADE_FAIR] = "fair",
	[OAE_GRADE_POOR] = "poor",
	[OAE_GRADE_NONE] = "none",
};

/* What a grade means, in a sentence. */
static const char *const meanings[OAE_TOPICS][4] = {
	[OAE_TOPIC_TIME] = {
		"nothing was found that bends times",
		"good for comparing systems side by side in one campaign; not"
		" for comparing milliseconds with another machine's",
		"times taken now would mislead",
		"",
	},
	[OAE_TOPIC_ISOLATION] = {
		"the machine is quiet, and runs can be limited and accounted",
		"usable, with what stands below in mind",
		"what else happens here would end up in the results",
		"",
	},
	[OAE_TOPIC_COUNTERS] = {
		"the processor's counters count: cycles, instructions, misses",
		"CPU time, faults and switches are counted; cycles,"
		" instructions and cache misses are not or in part",
		"",
		"nothing is counted",
	},
	[OAE_TOPIC_ENERGY] = {
		"joules are measured",
		"joules are measured, but not by a meter of the packages",
		"only graphics boards are metered: the machine's joules stay"
		" null, and an estimate (+-40 % or more) stands beside them",
		"no meter: joules stay null, and an estimate (+-40 % or more)"
		" stands beside them, labelled",
	},
};

const char *oae_topic_name(enum oae_topic t)
{
	return topic_names[t];
}

const char *oae_grade_name(enum oae_grade g)
{
	return grade_names[g];
}

__attribute__((format(printf, 4, 5))) static void find(struct oae_verdict *v,
						       enum oae_grade grade,
						       const char *remedy,
						       const char *fmt, ...)
{
	struct oae_finding *f;
	va_list ap;
	size_t i;

	if (v->count == OAE_DOCTOR_FINDINGS_MAX)
		return;
	/* The worst first; equals in their order. */
	for (i = v->count++; i > 0 && v->findings[i - 1].grade < grade; i--)
		v->findings[i] = v->findings[i - 1];
	f = &v->findings[i];
	f->grade = grade;
	(void)snprintf(f->remedy, sizeof(f->remedy), "%s",
		       remedy ? remedy : "");
	va_start(ap, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

/* ---- time ------------------------------------------------------------- */

static void check_frequency(struct oae_verdict *v, const struct oae_machine *m)
{
	const struct oae_machine_cpu *c = &m->cpu;

	if (c->governor[0] && strcmp(c->governor, "performance") != 0)
		find(v, OAE_GRADE_FAIR,
		     "echo performance | sudo tee /sys/devices/system/cpu/cpu*/"
		     "cpufreq/scaling_governor",
		     "the frequency follows the load (governor %s): short"
		     " requests run slower than long ones",
		     c->governor);
	if (!c->governor[0] && m->virtual == 0)
		find(v, OAE_GRADE_FAIR, NULL,
		     "who sets the frequency cannot be seen (no cpufreq): the"
		     " firmware may change it at any time");
	if (c->turbo == 1 && m->virtual != 1)
		find(v, OAE_GRADE_GOOD,
		     strncmp(c->driver, "intel_pstate", 12) == 0 ?
			     "echo 1 | sudo tee /sys/devices/system/cpu/"
			     "intel_pstate/no_turbo" :
			     "echo 0 | sudo tee /sys/devices/system/cpu/"
			     "cpufreq/boost",
		     "turbo is on: a cool machine is faster than a warm one;"
		     " switch it off for the last percent");
	if (c->throttled > 0)
		find(v, OAE_GRADE_GOOD, NULL,
		     "heat has slowed the CPU %lld times since boot; a result"
		     " says when it did so in a campaign",
		     (long long)c->throttled);
	if (m->on_battery == 1)
		find(v, OAE_GRADE_POOR, NULL,
		     "it runs on its battery, which lowers the frequency: plug"
		     " the charger in");
}

static void check_clock(struct oae_verdict *v, const struct oae_machine *m)
{
	static const char *const slow[] = { "hpet", "acpi_pm", "jiffies",
					    "refined-jiffies", "pit" };
	size_t i;

	for (i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
		if (!strcmp(m->clock_source, slow[i]))
			find(v, OAE_GRADE_POOR,
			     oae_machine_has_word(m->clock_sources, "tsc") ?
				     "echo tsc | sudo tee /sys/devices/system/"
				     "clocksource/clocksource0/"
				     "current_clocksource" :
				     NULL,
			     "the clock source is %s: each look at the clock"
			     " takes a microsecond or more",
			     m->clock_source);
}

static void check_time(struct oae_verdict *v, const struct oae_doctor *d)
{
	const struct oae_machine *m = &d->machine;
	const struct oae_watch *w = &d->watch;

	if (m->virtual == 1)
		find(v, OAE_GRADE_FAIR, NULL,
		     "a virtual machine%s%s%s: its host decides when it runs"
		     " and how fast, and shows neither",
		     m->hypervisor[0] ? " (" : "", m->hypervisor,
		     m->hypervisor[0] ? ")" : "");
	check_frequency(v, m);
	check_clock(v, m);
	if (!d->watched) {
		find(v, OAE_GRADE_FAIR, NULL,
		     "not watched: how late it wakes and what a host takes from"
		     " it are not known");
		return;
	}
	if (w->steal_share >= STEAL_FAIR)
		find(v,
		     w->steal_share >= STEAL_POOR ? OAE_GRADE_POOR :
						    OAE_GRADE_FAIR,
		     NULL,
		     "the host gives %.1f %% of the CPU time to others (steal):"
		     " take a machine with cores of its own, or another hour",
		     100 * w->steal_share);
	if (w->sleeps && w->late_p99_ns >= LATE_FAIR_NS)
		find(v,
		     w->late_p99_ns >= LATE_POOR_NS ? OAE_GRADE_POOR :
						      OAE_GRADE_FAIR,
		     NULL,
		     "one wake-up in a hundred comes %.1f ms late or more:"
		     " requests are sent late, first tokens seen late",
		     (double)w->late_p99_ns / 1e6);
}

/* ---- isolation -------------------------------------------------------- */

static void check_others(struct oae_verdict *v, const struct oae_doctor *d)
{
	const struct oae_watch *w = &d->watch;
	const struct oae_machine *m = &d->machine;
	double per_cpu = m->time.load_1min / (double)m->cpu.logical;

	if (d->watched && w->others_share >= OTHERS_FAIR)
		find(v,
		     w->others_share >= OTHERS_POOR ? OAE_GRADE_POOR :
						      OAE_GRADE_FAIR,
		     NULL,
		     "other programs use %.0f %% of the CPU time, most of it"
		     " %s (pid %lld, %.1f CPUs): stop them first",
		     100 * w->others_share,
		     w->busiest[0] ? w->busiest : "unknown",
		     (long long)w->busiest_pid, w->busiest_cores);
	if (!d->watched && m->cpu.logical > 0 && per_cpu >= LOAD_PER_CPU_FAIR)
		find(v, OAE_GRADE_FAIR, NULL,
		     "a load of %.2g on %lld CPUs: other programs run here",
		     m->time.load_1min, (long long)m->cpu.logical);
	if (!d->watched)
		find(v, OAE_GRADE_FAIR, NULL,
		     "not watched: who else uses the CPUs is not known");
}

static void check_room(struct oae_verdict *v, const struct oae_machine *m)
{
	if (m->memory_available_bytes >= 0 &&
	    (double)m->memory_available_bytes < MEMORY_POOR_BYTES)
		find(v, OAE_GRADE_POOR, NULL,
		     "only %.0f MB of memory are free: models will be read from"
		     " the disk again and again",
		     (double)m->memory_available_bytes / 1e6);
	if (m->disk_free_bytes >= 0 &&
	    (double)m->disk_free_bytes < DISK_POOR_BYTES)
		find(v, OAE_GRADE_POOR, NULL,
		     "only %.0f MB of disk are free here: a campaign may not"
		     " get to its end",
		     (double)m->disk_free_bytes / 1e6);
	if ((double)m->swap_used_bytes >= SWAP_FAIR_BYTES)
		find(v, OAE_GRADE_FAIR, "sudo swapoff -a",
		     "%.0f MB of swap are in use: what lies there comes back"
		     " late",
		     (double)m->swap_used_bytes / 1e6);
}

static void check_cpus(struct oae_verdict *v, const struct oae_machine *m)
{
	const struct oae_machine_cpu *c = &m->cpu;

	if (c->logical == 1)
		find(v, OAE_GRADE_FAIR, NULL,
		     "one CPU: the harness and what it measures take turns");
	if (c->allowed > 0 && c->allowed < c->logical)
		find(v, OAE_GRADE_GOOD, NULL,
		     "this process may use %lld of the %lld CPUs",
		     (long long)c->allowed, (long long)c->logical);
	if (!isnan(m->cgroup_cpus) &&
	    (c->logical < 1 || m->cgroup_cpus < (double)c->logical))
		find(v, OAE_GRADE_FAIR, NULL,
		     "a control group limits us to %.2g CPUs: who reaches that"
		     " stands still until the next tenth of a second",
		     m->cgroup_cpus);
	if (!strcmp(c->smt, "on") && c->cores < c->logical)
		find(v, OAE_GRADE_GOOD,
		     "echo off | sudo tee /sys/devices/system/cpu/smt/control",
		     "two threads share each core (SMT): how much one gets"
		     " depends on the other");
	if (m->numa_nodes > 1)
		find(v, OAE_GRADE_GOOD,
		     "numactl --cpunodebind=0 --membind=0 oae run",
		     "%lld NUMA nodes: a model's memory may be the other"
		     " socket's; numactl keeps a campaign on one",
		     (long long)m->numa_nodes);
}

static void check_isolation(struct oae_verdict *v, const struct oae_doctor *d)
{
	size_t i, missing = 0;
	const struct oae_source_row *r = NULL;

	check_others(v, d);
	check_room(v, &d->machine);
	check_cpus(v, &d->machine);
	for (i = 0; i < d->row_count; i++)
		if (!strcmp(d->rows[i].sensor, "cgroup") &&
		    d->rows[i].state != OAE_SOURCE_WORKS) {
			r = missing++ ? r : &d->rows[i];
		}
	if (r)
		find(v, OAE_GRADE_FAIR, r->remedy,
		     "no control group for runs (%s): limits are refused or"
		     " memory is sampled",
		     r->source);
}

/* ---- counters and energy ---------------------------------------------- */

static const struct oae_source_row *row(const struct oae_doctor *d,
					const char *source)
{
	size_t i;

	for (i = 0; i < d->row_count; i++)
		if (!strcmp(d->rows[i].source, source))
			return &d->rows[i];
	return NULL;
}

static void check_counters(struct oae_verdict *v, const struct oae_doctor *d)
{
	const struct oae_source_row *cycles = row(d, "perf.cycles");
	size_t i, works = 0, hardware = 0;
	const char *sensor;

	for (i = 0; i < d->row_count; i++) {
		sensor = d->rows[i].sensor;
		if (d->rows[i].state != OAE_SOURCE_WORKS ||
		    d->rows[i].covers != OAE_COVERS_NOTHING)
			continue;
		works += !strcmp(sensor, "perf");
		hardware += !strcmp(d->rows[i].source, "perf.cycles") ||
			    !strcmp(sensor, "papi") ||
			    !strcmp(sensor, "likwid");
	}
	if (hardware && cycles && cycles->state == OAE_SOURCE_WORKS &&
	    cycles->remedy)
		find(v, OAE_GRADE_FAIR, cycles->remedy,
		     "only the program's own part is counted, not the"
		     " kernel's");
	if (hardware)
		return;
	if (cycles && works)
		find(v, OAE_GRADE_FAIR, cycles->remedy, "no cycles: %s",
		     cycles->reason);
	else
		find(v, works ? OAE_GRADE_FAIR : OAE_GRADE_NONE,
		     cycles ? cycles->remedy : NULL, "%s",
		     cycles ? cycles->reason : "no sensor for counters");
}

static void check_energy(struct oae_verdict *v, const struct oae_doctor *d)
{
	const struct oae_source_row *refused = NULL, *r;
	bool has[OAE_COVERS_COUNT] = { false }, phantom = false;
	size_t i;

	for (i = 0; i < d->row_count; i++) {
		r = &d->rows[i];
		phantom |= r->state == OAE_SOURCE_PHANTOM;
		if (r->state == OAE_SOURCE_WORKS)
			has[r->covers] = true;
		else if (r->cause == OAE_CAUSE_REFUSED && r->remedy &&
			 !refused && r->covers != OAE_COVERS_NOTHING)
			refused = r;
	}
	if (has[OAE_COVERS_PACKAGE] && !has[OAE_COVERS_DRAM])
		find(v, OAE_GRADE_GOOD, NULL,
		     "the memory's energy is not metered beside the packages'");
	if (has[OAE_COVERS_PACKAGE])
		return;
	if (has[OAE_COVERS_WALL])
		find(v, OAE_GRADE_FAIR, NULL,
		     "the whole machine's meter is slow: only long phases get"
		     " joules");
	else if (refused)
		find(v, OAE_GRADE_NONE, refused->remedy,
		     "%s is there, but may not be read: one command changes"
		     " that",
		     refused->source);
	else
		find(v, has[OAE_COVERS_GPU] ? OAE_GRADE_POOR : OAE_GRADE_NONE,
		     NULL, "%s",
		     phantom ?
			     "there are meters, but they count nothing"
			     " (phantom)" :
		     d->machine.virtual == 1 ?
			     "a virtual machine sees no meter: measure on bare"
			     " metal, or ask the host" :
			     "no meter of the packages or of the whole machine"
			     " works here");
}

/* ---- all of it -------------------------------------------------------- */

static void say_overall(struct oae_doctor *d)
{
	static const char *const trust[] = {
		"You can trust times and ratios from this machine.",
		"You can trust comparisons made on this machine side by side"
		" (ratios, with their intervals); do not set its milliseconds"
		" beside another machine's.",
		"Do not trust results from this machine as it is now",
	};
	const struct oae_verdict *t = &d->verdicts[OAE_TOPIC_TIME];
	const struct oae_verdict *s = &d->verdicts[OAE_TOPIC_ISOLATION];
	const struct oae_verdict *e = &d->verdicts[OAE_TOPIC_ENERGY];
	bool poor, both;

	d->grade = s->grade > t->grade ? s->grade : t->grade;
	poor = d->grade >= OAE_GRADE_POOR;
	both = poor && s->grade == t->grade;
	(void)snprintf(
		d->overall, sizeof(d->overall), "%s%s%s%s%s%s %s%s",
		trust[poor ? OAE_GRADE_POOR : d->grade], poor ? ": " : "",
		!poor		     ? "" :
		s->grade == d->grade ? s->findings[0].text :
				       t->findings[0].text,
		both ? "; and " : "", both ? t->findings[0].text : "",
		poor ? ". Then run `oae doctor` again." : "",
		e->grade == OAE_GRADE_GOOD ?
			"Energy is measured." :
		e->grade == OAE_GRADE_FAIR ?
			"Energy is measured in long phases only." :
		e->findings[0].remedy[0] ?
			"Energy is one command away (it stands with energy's"
			" grade); until then" :
			"Energy cannot be measured here:",
		e->grade <= OAE_GRADE_FAIR ?
			"" :
			" joules are missing, and what stands in for them is an"
			" estimate that may be off by 40 % or more.");
}

void oae_doctor_judge(struct oae_doctor *d)
{
	static void (*const checks[OAE_TOPICS])(struct oae_verdict * v,
						const struct oae_doctor *d) = {
		[OAE_TOPIC_TIME] = check_time,
		[OAE_TOPIC_ISOLATION] = check_isolation,
		[OAE_TOPIC_COUNTERS] = check_counters,
		[OAE_TOPIC_ENERGY] = check_energy,
	};
	int t;

	for (t = 0; t < OAE_TOPICS; t++) {
		struct oae_verdict *v = &d->verdicts[t];

		memset(v, 0, sizeof(*v));
		checks[t](v, d);
		v->grade = v->count ? v->findings[0].grade : OAE_GRADE_GOOD;
		(void)snprintf(v->text, sizeof(v->text), "%s",
			       meanings[t][v->grade]);
	}
	say_overall(d);
}
