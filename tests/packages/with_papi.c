/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the installed PAPI and likwid packages do on this machine, in their
 * own words, beside what the sensors make of it. A package that counts must
 * be believed, one that does not must have said why; also without a PMU.
 *
 *   with-papi-test      exit 0: they behaved as documented; 2: they did
 *                       not; 3: a package is not installed
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/spawn.h"
#include "harness/sensors/papi_lib.h"
#include "harness/sensors/sensor.h"

#define LIKWID_MS 30000
#define OUTPUT_BYTES_MAX (1u << 20)

static unsigned wrong, missing;

static void say(const char *probe, const char *result, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(const char *probe, const char *result, const char *fmt, ...)
{
	va_list ap;

	printf("  %-34s %-10s ", probe, result);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void expect(bool as_documented, const char *what)
{
	if (as_documented)
		return;
	printf("  NOT AS DOCUMENTED: %s\n", what);
	wrong++;
}

/* ---- PAPI ------------------------------------------------------------- */

static bool probe_event(const struct oae_papi *lib, const char *event)
{
	struct oae_error err = { 0 };
	int code;
	bool counts = !oae_papi_prove(lib, event, &code, &err);

	say(event, counts ? "counts" : "null", "%s",
	    counts ? "added, started, read above 0 on a busy loop" : err.text);
	expect(counts || err.text[0], "an event failed without a reason");
	return counts;
}

static bool probe_attach(const struct oae_papi *lib)
{
	static const char *const argv[] = { "true", NULL };
	struct oae_spawn how = { .argv = argv, .hold = true };
	struct oae_error err = { 0 };
	int set = OAE_PAPI_NULL;
	struct oae_child c;
	enum oae_status status;

	status = oae_child_spawn(&c, &how, &err);
	if (!status)
		status = oae_papi_check(lib, "PAPI_create_eventset",
					lib->create_eventset(&set), &err);
	if (!status)
		status = oae_papi_check(lib, "PAPI_assign_eventset_component",
					lib->assign_eventset_component(set, 0),
					&err);
	if (!status)
		status = oae_papi_check(lib, "PAPI_attach",
					lib->attach(set, (unsigned long)c.pid),
					&err);
	oae_papi_drop(lib, &set);
	oae_child_release(&c);
	say("attach to a held child", status ? "no" : "yes", "%s",
	    status ? err.text : "");
	return !status;
}

static void probe_component(const struct oae_papi *lib, const char *name)
{
	int index = lib->get_component_index(name);

	say(name, index < 0 ? "null" : "there", "%s",
	    index < 0 ? lib->strerror(index) : "its energy events are tried");
}

/* Even where perf could count. */
static bool probe_sensor(const struct oae_sensor_type *type, const char *name)
{
	struct oae_error err = { 0 };
	enum oae_status status;
	struct oae_sensor s;
	size_t i, n = 0;

	(void)setenv("OAE_COUNTERS", name, 1);
	status = oae_sensor_open(&s, type, "", 100, &err);
	for (i = 0; i < s.count; i++)
		n += s.channels[i].evidence != OAE_ABSENT;
	if (status)
		say(type->name, "absent", "%s", err.text);
	else
		say(type->name, "present", "%zu of %zu channels", n, s.count);
	type->close(&s);
	return !status;
}

static void try_papi(void)
{
	static const char *const presets[] = {
		"PAPI_TOT_CYC", "PAPI_TOT_INS", "PAPI_L3_TCM",	"PAPI_TLB_DM",
		"PAPI_BR_MSP",	"PAPI_BR_INS",	"PAPI_RES_STL",
	};
	struct oae_error err = { 0 };
	struct oae_papi lib;
	bool software, attach, sensor;
	size_t i, n = 0;

	if (oae_papi_load(&lib, "", &err)) {
		printf("PAPI\n");
		say("PAPI_library_init", "no", "%s", err.text);
		missing++;
		return;
	}
	printf("PAPI %s\n", lib.version);
	for (i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		n += probe_event(&lib, presets[i]);
	/* needs no hardware: shows that the calls are right */
	software = probe_event(&lib, "perf::TASK-CLOCK");
	attach = probe_attach(&lib);
	probe_component(&lib, "rapl");
	probe_component(&lib, "powercap");
	oae_papi_unload(&lib);
	printf("sensors on PAPI\n");
	sensor = probe_sensor(&oae_sensor_papi, "papi");
	(void)probe_sensor(&oae_sensor_papi_energy, "papi");
	expect(software || n == 0,
	       "hardware events count, but not the kernel's task clock");
	expect(software, "PAPI cannot count the kernel's task clock");
	expect(!sensor || (n > 0 && attach),
	       "the sensor counts what the probes could not");
}

/* ---- likwid ----------------------------------------------------------- */

/* The line with the sign, else the last one that says something. */
static void telling_line(const struct oae_buf *b, const char *sign, char *out,
			 size_t size)
{
	const char *at = oae_buf_str(b), *found = strstr(at, sign), *line = "";
	size_t n = 0, len;

	while (*at) {
		len = strcspn(at, "\n");
		if (len > 0) {
			line = at;
			n = len;
		}
		at += len + (at[len] == '\n');
		if (found && at > found)
			break;
	}
	(void)snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), line);
}

/* Runs it; `sign` is in the output of a success. */
static bool run(const char *const argv[], const char *probe, const char *sign)
{
	struct oae_error err = { 0 };
	struct oae_buf out;
	enum oae_status status;
	char line[160];
	bool fine;

	oae_buf_init(&out, OUTPUT_BYTES_MAX);
	status = oae_run_command(argv, NULL, LIKWID_MS, &out, &err);
	fine = !status && strstr(oae_buf_str(&out), sign) != NULL;
	telling_line(&out, sign, line, sizeof(line));
	say(probe, fine ? "works" : "null", "%s", status ? err.text : line);
	if (status == OAE_ERR_TARGET && line[0])
		say("", "", "its stdout ends: %s", line);
	expect(fine || status,
	       "it exits 0 without the output that it documents");
	oae_buf_release(&out);
	return fine;
}

static void try_likwid(void)
{
	static const char *const version[] = { "likwid-perfctr", "-v", NULL };
	static const char *const info[] = { "likwid-perfctr", "-i", NULL };
	static const char *const groups[] = { "likwid-perfctr", "-a", NULL };
	static const char *const count[] = {
		"likwid-perfctr", "-c", "0", "-g", "CLOCK", "-O", "-S",
		"200ms",	  NULL,
	};
	static const char *const power[] = { "likwid-powermeter", "-s", "200ms",
					     NULL };
	bool counts;

	printf("likwid\n");
	if (!run(version, "likwid-perfctr -v", "Version")) {
		missing++;
		return;
	}
	(void)run(info, "likwid-perfctr -i", "CPU short:");
	(void)run(groups, "likwid-perfctr -a", "Group name");
	counts = run(count, "likwid-perfctr -g CLOCK -O -S", "TABLE,Group");
	(void)run(power, "likwid-powermeter -s 200ms", "Runtime");
	printf("sensor on likwid\n");
	expect(!probe_sensor(&oae_sensor_likwid, "likwid") || counts,
	       "the sensor counts what likwid-perfctr could not");
}

int main(void)
{
	try_papi();
	try_likwid();
	if (missing)
		printf("with-papi-test: a package is missing: apt-get install"
		       " libpapi-dev likwid\n");
	else if (wrong)
		printf("with-papi-test: %u thing(s) not as documented\n",
		       wrong);
	else
		printf("with-papi-test: the packages behaved as"
		       " documented\n");
	return missing ? 3 : wrong ? 2 : 0;
}
