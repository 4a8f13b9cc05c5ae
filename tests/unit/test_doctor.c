/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remedies and verdicts from invented machines, and sources that crash,
 * hang or talk nonsense when they are asked.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "harness/doctor.h"

static char base[] = "/tmp/oae-test-doctor-XXXXXX";
static struct oae_doctor *d;

/* ---- a machine on which all is well ----------------------------------- */

static struct oae_source_row *add_row(const char *source, const char *sensor,
				      enum oae_covers covers)
{
	struct oae_source_row *r = &d->rows[d->row_count++];

	memset(r, 0, sizeof(*r));
	(void)snprintf(r->source, sizeof(r->source), "%s", source);
	(void)snprintf(r->sensor, sizeof(r->sensor), "%s", sensor);
	r->covers = covers;
	return r;
}

static struct oae_source_row *row(const char *source)
{
	size_t i;

	for (i = 0; i < d->row_count; i++)
		if (!strcmp(d->rows[i].source, source))
			return &d->rows[i];
	fail_msg("no row %s", source);
	return NULL;
}

static void set(const char *source, enum oae_source_state state,
		enum oae_cause cause, const char *reason)
{
	struct oae_source_row *r = row(source);

	r->state = state;
	r->cause = cause;
	(void)snprintf(r->reason, sizeof(r->reason), "%s", reason);
}

static void fresh(void)
{
	struct oae_machine *m = &d->machine;

	memset(d, 0, sizeof(*d));
	d->sysroot = "";
	d->watched = true;
	d->watch.sleeps = 700;
	d->watch.late_p99_ns = 80000;
	d->watch.busy_share = 0.01;
	oae_machine_read(m, base); /* nothing known */
	m->cpu.logical = m->cpu.cores = m->cpu.allowed = 8;
	(void)snprintf(m->cpu.governor, sizeof(m->cpu.governor), "performance");
	(void)snprintf(m->clock_source, sizeof(m->clock_source), "tsc");
	(void)snprintf(m->arch, sizeof(m->arch), "x86_64");
	m->virtual = 0;
	add_row("perf.task_clock_ns", "perf", OAE_COVERS_NOTHING);
	add_row("perf.cycles", "perf", OAE_COVERS_NOTHING);
	add_row("powercap.package-0_uj", "powercap", OAE_COVERS_PACKAGE);
	add_row("powercap.dram_uj", "powercap", OAE_COVERS_DRAM);
	add_row("cgroup.memory", "cgroup", OAE_COVERS_NOTHING);
}

static const struct oae_verdict *judge(enum oae_topic t)
{
	oae_doctor_remedies(d);
	oae_doctor_judge(d);
	return &d->verdicts[t];
}

static void assert_grade(enum oae_topic t, enum oae_grade want,
			 const char *words, const char *remedy)
{
	const struct oae_verdict *v = judge(t);
	const struct oae_finding *f = &v->findings[0];

	if (v->grade != want)
		fail_msg("%s is %s, not %s: %s", oae_topic_name(t),
			 oae_grade_name(v->grade), oae_grade_name(want),
			 v->count ? f->text : "");
	assert_true(v->text[0]);
	if (words && !strstr(f->text, words))
		fail_msg("'%s' lacks '%s'", f->text, words);
	if (remedy && !strstr(f->remedy, remedy))
		fail_msg("'%s' is not '%s'", f->remedy, remedy);
}

static void all_is_well(void **state)
{
	int t;

	(void)state;
	fresh();
	for (t = 0; t < OAE_TOPICS; t++) {
		assert_grade((enum oae_topic)t, OAE_GRADE_GOOD, NULL, NULL);
		assert_int_equal(d->verdicts[t].count, 0);
	}
	assert_int_equal(d->grade, OAE_GRADE_GOOD);
	assert_string_equal(d->overall, "You can trust times and ratios from"
					" this machine. Energy is measured.");
}

static void time_grades(void **state)
{
	struct oae_machine *m = &d->machine;

	(void)state;
	fresh();
	(void)snprintf(m->cpu.governor, sizeof(m->cpu.governor), "powersave");
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_FAIR, "governor powersave",
		     "tee /sys/devices/system/cpu/cpu*/cpufreq/"
		     "scaling_governor");
	m->on_battery = 1;
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_POOR, "charger", "");
	assert_non_null(strstr(d->overall, "Do not trust results from this"
					   " machine as it is now: it runs on"
					   " its battery"));
	fresh();
	(void)snprintf(m->clock_source, sizeof(m->clock_source), "hpet");
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_POOR, "hpet", "");
	assert_string_equal(d->verdicts[0].findings[0].remedy, "");
	(void)snprintf(m->clock_sources, sizeof(m->clock_sources), "tsc hpet");
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_POOR, "hpet", "echo tsc");
	fresh();
	m->virtual = 1;
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_FAIR, "virtual machine", "");
	d->watch.steal_share = 0.02;
	d->watch.late_p99_ns = 20000000;
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_POOR, "20.0 ms", "");
	d->watch.late_p99_ns = 10;
	d->watch.steal_share = 0.0512;
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_POOR, "5.1 %", "");
	fresh();
	m->cpu.governor[0] = '\0';
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_FAIR, "cannot be seen", "");
	/* A note costs nothing. */
	fresh();
	m->cpu.turbo = 1;
	(void)snprintf(m->cpu.driver, sizeof(m->cpu.driver), "intel_pstate");
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_GOOD, "turbo", "no_turbo");
	(void)snprintf(m->cpu.driver, sizeof(m->cpu.driver), "acpi-cpufreq");
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_GOOD, "turbo", "cpufreq/boost");
}

static void isolation_grades(void **state)
{
	struct oae_machine *m = &d->machine;

	(void)state;
	fresh();
	d->watch.others_share = 0.03;
	(void)snprintf(d->watch.busiest, sizeof(d->watch.busiest), "backup");
	d->watch.busiest_pid = 77;
	assert_grade(OAE_TOPIC_ISOLATION, OAE_GRADE_FAIR, "backup (pid 77", "");
	d->watch.others_share = 0.5;
	assert_grade(OAE_TOPIC_ISOLATION, OAE_GRADE_POOR, "50 %", "");
	assert_int_equal(d->grade, OAE_GRADE_POOR);
	fresh();
	m->memory_available_bytes = 500000000;
	assert_grade(OAE_TOPIC_ISOLATION, OAE_GRADE_POOR, "500 MB", "");
	fresh();
	m->swap_used_bytes = 100000000;
	assert_grade(OAE_TOPIC_ISOLATION, OAE_GRADE_FAIR, "swap", "swapoff");
	fresh();
	m->cgroup_cpus = 1.5;
	assert_grade(OAE_TOPIC_ISOLATION, OAE_GRADE_FAIR, "1.5 CPUs", "");
	fresh();
	set("cgroup.memory", OAE_SOURCE_REFUSED, OAE_CAUSE_REFUSED, "no");
	assert_grade(OAE_TOPIC_ISOLATION, OAE_GRADE_FAIR, "cgroup.memory",
		     "systemd-run");
	/* Where nothing could be watched the load has to do. */
	fresh();
	d->watched = false;
	d->watch.others_share = 1;
	m->time.load_1min = 1;
	assert_grade(OAE_TOPIC_ISOLATION, OAE_GRADE_FAIR, "not watched", "");
	assert_int_equal(d->verdicts[OAE_TOPIC_ISOLATION].count, 1);
	assert_grade(OAE_TOPIC_TIME, OAE_GRADE_FAIR, "not watched", "");
	m->time.load_1min = 6;
	assert_grade(OAE_TOPIC_ISOLATION, OAE_GRADE_FAIR, "load of 6", "");
}

static void counter_grades(void **state)
{
	(void)state;
	fresh();
	set("perf.cycles", OAE_SOURCE_ABSENT, OAE_CAUSE_NO_DEVICE, "none");
	d->machine.virtual = 1;
	assert_grade(OAE_TOPIC_COUNTERS, OAE_GRADE_FAIR, "no cycles", "");
	set("perf.cycles", OAE_SOURCE_REFUSED, OAE_CAUSE_REFUSED, "no");
	set("perf.task_clock_ns", OAE_SOURCE_REFUSED, OAE_CAUSE_REFUSED, "no");
	assert_grade(OAE_TOPIC_COUNTERS, OAE_GRADE_NONE, "no",
		     "perf_event_paranoid=1");
	/* Others count where the kernel's own way is closed. */
	add_row("papi.PAPI_TOT_CYC", "papi", OAE_COVERS_NOTHING);
	assert_grade(OAE_TOPIC_COUNTERS, OAE_GRADE_GOOD, NULL, NULL);
	fresh();
	set("perf.cycles", OAE_SOURCE_WORKS, OAE_CAUSE_NONE, "user part only");
	assert_grade(OAE_TOPIC_COUNTERS, OAE_GRADE_FAIR, "own part",
		     "perf_event_paranoid=1");
}

static void energy_grades(void **state)
{
	(void)state;
	fresh();
	set("powercap.dram_uj", OAE_SOURCE_ABSENT, OAE_CAUSE_NO_DEVICE, "no");
	assert_grade(OAE_TOPIC_ENERGY, OAE_GRADE_GOOD, "memory", "");
	set("powercap.package-0_uj", OAE_SOURCE_REFUSED, OAE_CAUSE_REFUSED,
	    "Permission denied");
	assert_grade(OAE_TOPIC_ENERGY, OAE_GRADE_NONE, "one command",
		     "chmod -R a+r /sys/class/powercap");
	assert_non_null(strstr(d->overall, "one command away"));
	set("powercap.package-0_uj", OAE_SOURCE_PHANTOM, OAE_CAUSE_PHANTOM,
	    "phantom: no");
	assert_grade(OAE_TOPIC_ENERGY, OAE_GRADE_NONE, "count nothing", "");
	add_row("nvml.0_uj", "nvml", OAE_COVERS_GPU);
	assert_grade(OAE_TOPIC_ENERGY, OAE_GRADE_POOR, NULL, "");
	add_row("battery.0_uj", "battery", OAE_COVERS_WALL);
	assert_grade(OAE_TOPIC_ENERGY, OAE_GRADE_FAIR, "slow", "");
	/* Joules never change what times are worth. */
	assert_int_equal(d->grade, OAE_GRADE_GOOD);
}

/* ---- remedies --------------------------------------------------------- */

static const char *remedy_of(const char *sensor, enum oae_cause cause,
			     const char **advice)
{
	struct oae_source_row *r;

	d->row_count = 0;
	r = add_row(sensor, sensor, OAE_COVERS_NOTHING);
	r->cause = cause;
	oae_doctor_remedies(d);
	*advice = r->advice;
	return r->remedy;
}

static void remedies_know_the_machine(void **state)
{
	const char *advice;

	(void)state;
	fresh();
	assert_string_equal(
		remedy_of("powercap", OAE_CAUSE_NO_DEVICE, &advice),
		"sudo modprobe -a intel_rapl_common intel_rapl_msr");
	assert_non_null(strstr(
		remedy_of("powercap", OAE_CAUSE_REFUSED, &advice), "chmod"));
	assert_non_null(strstr(advice, "CVE-2020-8694"));
	(void)snprintf(d->machine.container, 8, "docker");
	assert_non_null(remedy_of("powercap", OAE_CAUSE_REFUSED, &advice));
	assert_non_null(strstr(advice, "on the host"));
	d->machine.virtual = 1;
	assert_null(remedy_of("powercap", OAE_CAUSE_NO_DEVICE, &advice));
	assert_non_null(strstr(advice, "virtual machine has no such counter"));
	d->machine.virtual = 0;
	(void)snprintf(d->machine.arch, sizeof(d->machine.arch), "aarch64");
	assert_null(remedy_of("powercap", OAE_CAUSE_NO_DEVICE, &advice));
	assert_non_null(strstr(advice, "RAPL is a feature of x86"));
	assert_string_equal(remedy_of("papi", OAE_CAUSE_NOT_INSTALLED, &advice),
			    "sudo apt-get install libpapi-dev");
	d->machine.nvidia = 0;
	assert_null(remedy_of("nvml", OAE_CAUSE_NOT_INSTALLED, &advice));
	d->machine.nvidia = 1;
	assert_non_null(remedy_of("nvml", OAE_CAUSE_NOT_INSTALLED, &advice));
}

/* Whatever is registered, whatever its reason: something is said. */
static void no_reason_is_left_alone(void **state)
{
	const char *source, *remedy, *advice;
	int cause, virtual;
	size_t i;

	(void)state;
	fresh();
	for (virtual = OAE_UNKNOWN; virtual <= 1; virtual ++)
		for (i = 0; (source = oae_doctor_source(i)); i++)
			for (cause = OAE_CAUSE_REFUSED;
			     cause <= OAE_CAUSE_FAILED; cause++) {
				d->machine.virtual = virtual;
				remedy = remedy_of(
					source, (enum oae_cause)cause, &advice);
				assert_true(remedy || advice);
			}
	assert_true(i > 4);
}

/* A sensor that is renamed would only get what fits every one. */
static void each_source_has_advice_of_its_own(void **state)
{
	const char *source, *remedy, *advice, *common;
	bool own;
	size_t i;
	int cause;

	(void)state;
	fresh();
	for (i = 0; (source = oae_doctor_source(i)); i++) {
		own = !strcmp(source, "proc") || !strcmp(source, "estimate");
		for (cause = OAE_CAUSE_REFUSED; cause <= OAE_CAUSE_FAILED;
		     cause++) {
			(void)remedy_of("any", (enum oae_cause)cause, &common);
			remedy = remedy_of(source, (enum oae_cause)cause,
					   &advice);
			own |= remedy || advice != common;
		}
		if (!own)
			fail_msg("no remedy for the sensor %s", source);
	}
}

/* ---- asking ----------------------------------------------------------- */

static const char *program(const char *name, const char *script)
{
	static char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", base, name);
	assert_int_equal(oae_file_write(path, script, strlen(script), NULL),
			 OAE_OK);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

static size_t examine(const char *path)
{
	struct oae_error err = { 0 };
	size_t i, failed = 0;

	if (oae_doctor_examine(d, path, base, &err))
		fail_msg("%s", err.text);
	for (i = 0; i < d->row_count; i++) {
		failed += d->rows[i].cause == OAE_CAUSE_FAILED;
		assert_true(d->rows[i].cause == OAE_CAUSE_NONE ||
			    (d->rows[i].reason[0] && d->rows[i].advice));
	}
	for (i = 0; oae_doctor_source(i); i++)
		;
	assert_true(d->row_count >= i);
	return failed;
}

static void broken_sources_are_rows(void **state)
{
	size_t i, sources;

	(void)state;
	for (sources = 0; oae_doctor_source(sources);)
		sources++;
	assert_int_equal(examine(program("crash", "#!/bin/sh\n"
						  "kill -SEGV $$\n")),
			 sources);
	assert_non_null(strstr(d->rows[0].reason, "signal 11"));
	assert_int_equal(examine(program("talk", "#!/bin/sh\n"
						 "echo '[1,'\n")),
			 sources);
	assert_int_equal(examine("/nowhere/oae"), sources);
	/* One hangs; the others are still asked. */
	assert_int_equal(examine(program("hang",
					 "#!/bin/sh\n"
					 "case $3 in perf) sleep 60 ;; esac\n"
					 "echo '[{\"source\":\"x\",\"state\":0,"
					 "\"cause\":0}]'\n")),
			 1);
	for (i = 0; d->rows[i].cause != OAE_CAUSE_FAILED; i++)
		;
	assert_string_equal(d->rows[i].source, "perf");
	assert_int_equal(d->row_count, sources);
	/* All hang: the time is used up, and every one is still named. */
	assert_int_equal(examine(program("hang", "#!/bin/sh\nsleep 60\n")),
			 sources);
	assert_non_null(strstr(d->rows[sources - 1].reason, "all the time"));
	print_message("all sources hang: %.1f s\n", d->seconds);
}

static void rows_survive_the_journey(void **state)
{
	struct oae_source_row *a = calloc(OAE_DOCTOR_ROWS_MAX, sizeof(*a));
	size_t count = 0, i, sources;
	struct oae_buf b;
	struct oae_jw w;
	char script[20000];

	(void)state;
	assert_non_null(a);
	assert_false(oae_doctor_ask("nothing", "", a, &count));
	assert_true(oae_doctor_ask("perf", "", a, &count));
	assert_true(count > 4);
	oae_buf_init(&b, 1u << 20);
	oae_jw_init(&w, &b, 0);
	oae_jw_arr(&w, NULL);
	oae_doctor_write_rows(a, count, &w);
	oae_jw_end_arr(&w);
	(void)snprintf(script, sizeof(script),
		       "#!/bin/sh\n"
		       "[ \"$1 $2\" = 'doctor --ask' ] && [ $3 = perf ] ||"
		       " { echo '[]'; exit 0; }\n"
		       "cat <<'EOF'\n%s\nEOF\n",
		       oae_buf_str(&b));
	for (sources = 0; oae_doctor_source(sources);)
		sources++;
	{
		struct oae_error err = { 0 };

		assert_int_equal(oae_doctor_examine(d, program("rows", script),
						    base, &err),
				 OAE_OK);
	}
	assert_int_equal(d->row_count, count);
	for (i = 0; i < count; i++) {
		assert_string_equal(d->rows[i].source, a[i].source);
		assert_string_equal(d->rows[i].reason, a[i].reason);
		assert_string_equal(d->rows[i].evidence, a[i].evidence);
		assert_int_equal(d->rows[i].state, a[i].state);
		assert_int_equal(d->rows[i].cause, a[i].cause);
		assert_int_equal(d->rows[i].covers, a[i].covers);
	}
	oae_buf_release(&b);
	free(a);
}

static void watches(void **state)
{
	struct oae_watch w;

	(void)state;
	assert_int_equal(oae_watch(&w, 100, NULL), OAE_OK);
	assert_true(w.seconds >= 0.09);
	assert_in_range(w.sleeps, 1, 150);
	assert_true(w.late_p50_ns >= 0 && w.late_p99_ns >= w.late_p50_ns &&
		    w.late_max_ns >= w.late_p99_ns);
	/* Ticks are coarse: in 0.1 s there may be none. */
	assert_true(isnan(w.busy_share) ||
		    (w.busy_share >= 0 && w.busy_share <= 1 &&
		     w.others_share <= w.busy_share));
}

static int set_up(void **state)
{
	(void)state;
	d = calloc(1, sizeof(*d));
	return d && mkdtemp(base) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	free(d);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(time_grades),
		cmocka_unit_test(isolation_grades),
		cmocka_unit_test(counter_grades),
		cmocka_unit_test(energy_grades),
		cmocka_unit_test(remedies_know_the_machine),
		cmocka_unit_test(no_reason_is_left_alone),
		cmocka_unit_test(each_source_has_advice_of_its_own),
		cmocka_unit_test(broken_sources_are_rows),
		cmocka_unit_test(rows_survive_the_journey),
		cmocka_unit_test(watches),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
