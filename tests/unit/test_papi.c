/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PAPI sensors on a library with the real one's habits (tests/fake/
 * papi.c), and what the real one says here.
 */
#define _GNU_SOURCE
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/spawn.h"
#include "harness/sensors/papi_lib.h"
#include "harness/sensors/sensor.h"
#include "harness/window.h"

#define MS 1000000u

static char fake[PATH_MAX]; /* a sysroot with the library */

static const struct oae_channel *channel(const struct oae_sensor *s,
					 const char *name, size_t *at)
{
	for (*at = 0; *at < s->count; ++*at)
		if (!strcmp(s->channels[*at].name, name))
			return &s->channels[*at];
	fail_msg("no channel %s", name);
	return NULL;
}

static void absent(const struct oae_sensor *s, const char *name,
		   const char *reason)
{
	size_t at;
	const struct oae_channel *c = channel(s, name, &at);

	assert_int_equal(c->evidence, OAE_ABSENT);
	assert_non_null(strstr(c->reason, reason));
}

static void only_what_counts_takes_part(void **state)
{
	const char *argv[] = { "true", NULL };
	struct oae_spawn how = { .argv = argv, .hold = true };
	struct oae_channel_value v[OAE_CHANNELS_MAX];
	struct oae_target target = { 0 };
	struct oae_error err = { 0 };
	struct oae_sensor s;
	struct oae_child c;
	size_t ins, tlb;

	(void)state;
	setenv("FAKE_PAPI", "", 1);
	if (oae_sensor_open(&s, &oae_sensor_papi, fake, 0, &err))
		fail_msg("%s", err.text);
	absent(&s, "papi.tot_cyc", "add: Unknown error of the processor (-25)");
	absent(&s, "papi.l3_tcm", "it read 0 after a busy loop");
	absent(&s, "papi.res_stl", "look-up: No such event");
	absent(&s, "papi.br_msp", "no counter left");
	absent(&s, "papi.br_ins", "no counter left");
	assert_int_equal(channel(&s, "papi.tot_ins", &ins)->evidence,
			 OAE_MEASURED);
	assert_int_equal(channel(&s, "papi.tlb_dm", &tlb)->evidence,
			 OAE_MEASURED);
	/* before it is attached there is nothing to read */
	memset(v, 0, sizeof(v));
	s.type->read(&s, v);
	assert_false(v[ins].ok);
	assert_int_equal(oae_child_spawn(&c, &how, NULL), OAE_OK);
	target.pid = c.pid;
	assert_int_equal(s.type->attach(&s, &target, &err), OAE_OK);
	s.type->read(&s, v);
	assert_true(v[ins].ok && v[tlb].ok && v[ins].raw > 0);
	assert_false(v[0].ok);
	s.type->detach(&s);
	memset(v, 0, sizeof(v));
	s.type->read(&s, v);
	assert_false(v[ins].ok);
	/* a group without a process is not for PAPI */
	target.pid = 0;
	assert_int_equal(s.type->attach(&s, &target, &err),
			 OAE_ERR_UNSUPPORTED);
	s.type->close(&s);
	oae_child_release(&c);
}

static void attaching_is_proved(void **state)
{
	struct oae_error err = { 0 };
	struct oae_sensor s;

	(void)state;
	setenv("FAKE_PAPI", "no-attach", 1);
	assert_int_equal(oae_sensor_open(&s, &oae_sensor_papi, fake, 0, &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "PAPI_attach: No such event (-7)"));
	assert_int_equal(s.count, 0);
	s.type->detach(&s);
	s.type->close(&s);
}

static void another_counts(void **state)
{
	struct oae_error err = { 0 };
	struct oae_sensor s;

	(void)state;
	setenv("OAE_COUNTERS", "perf", 1);
	assert_int_equal(oae_sensor_open(&s, &oae_sensor_papi, fake, 0, &err),
			 OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "OAE_COUNTERS"));
	s.type->close(&s);
	setenv("OAE_COUNTERS", "papi", 1);
	assert_int_equal(oae_sensor_open(&s, &oae_sensor_perf, "", 0, &err),
			 OAE_OK);
	absent(&s, "perf.cycles", "left to another sensor");
	assert_int_equal(s.channels[0].evidence, OAE_MEASURED);
	s.type->close(&s);
	unsetenv("OAE_COUNTERS");
}

/* J over some 100 ms of a meter of 50 W. */
static double joules(struct oae_sensor *s, const char *name)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX];
	struct oae_window w;
	const char *reason;
	double uj;
	size_t at;
	int i;

	oae_window_init(&w, channel(s, name, &at));
	for (i = 0; i < 24; i++) {
		memset(v, 0, sizeof(v));
		s->type->read(s, v);
		oae_window_add(&w, oae_clock_ns(), v[at]);
		oae_clock_sleep_until(oae_clock_ns() + 10 * MS);
	}
	if (!oae_window_value(&w, &uj, &reason))
		fail_msg("%s: %s", name, reason);
	return uj * 1e-6 / ((double)(w.sum.last_ns - w.sum.first_ns) * 1e-9);
}

static void rapl_in_nanojoules(void **state)
{
	struct oae_error err = { 0 };
	struct oae_sensor s;
	double w;

	(void)state;
	setenv("FAKE_PAPI", "rapl", 1);
	if (oae_sensor_open(&s, &oae_sensor_papi_energy, fake, 0, &err))
		fail_msg("%s", err.text);
	assert_int_equal(s.count, 3);
	assert_string_equal(s.channels[0].name, "papi.package-0_uj");
	assert_int_equal(s.channels[0].covers, OAE_COVERS_PACKAGE);
	assert_int_equal(s.channels[1].covers, OAE_COVERS_DRAM);
	assert_int_equal(s.channels[2].covers, OAE_COVERS_INSIDE);
	w = joules(&s, "papi.package-0_uj");
	assert_true(w > 45 && w < 55);
	s.type->close(&s);
}

/* Its first values are the counter itself: 200 kJ that nobody drew. */
static void powercap_before_the_first_tick(void **state)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_error err = { 0 };
	struct oae_sensor s;
	double w;

	(void)state;
	setenv("FAKE_PAPI", "powercap", 1);
	if (oae_sensor_open(&s, &oae_sensor_papi_energy, fake, 0, &err))
		fail_msg("%s", err.text);
	assert_int_equal(s.count, 2);
	assert_string_equal(s.channels[0].name, "papi.package-0_uj");
	assert_string_equal(s.channels[1].name, "papi.dram.0_uj");
	s.type->read(&s, v);
	assert_false(v[0].ok && v[0].raw > 100000000000ull);
	oae_clock_sleep_until(oae_clock_ns() + 30 * MS);
	w = joules(&s, "papi.package-0_uj");
	assert_true(w > 45 && w < 55);
	s.type->close(&s);
}

/* The real library, if it is here: what it can count is proved. */
static void the_real_one_says_why_not(void **state)
{
	struct oae_error err = { 0 };
	struct oae_sensor s;
	enum oae_status status;

	(void)state;
	status = oae_sensor_open(&s, &oae_sensor_papi, "", 0, &err);
	if (status)
		printf("# PAPI: %s\n", err.text);
	assert_true(!status || err.text[0]);
	assert_true(status || s.count > 0);
	s.type->close(&s);
}

static void zone(const char *entry, const char *name)
{
	char path[PATH_MAX + 64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/sys/class/powercap/%s", fake,
		       entry);
	assert_int_equal(oae_dir_make(path, NULL), OAE_OK);
	(void)strcat(path, "/name");
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(name, f);
	fclose(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_counts_takes_part),
		cmocka_unit_test(attaching_is_proved),
		cmocka_unit_test(another_counts),
		cmocka_unit_test(rapl_in_nanojoules),
		cmocka_unit_test(powercap_before_the_first_tick),
		cmocka_unit_test(the_real_one_says_why_not),
	};
	char here[PATH_MAX];

	(void)argc;
	if (!realpath(argv[0], here) || strlen(here) > PATH_MAX - 64)
		return 1;
	(void)snprintf(fake, sizeof(fake), "%.*s/fake-papi", PATH_MAX - 64,
		       dirname(here));
	zone("intel-rapl:0", "package-0\n");
	zone("intel-rapl:0:1", "dram\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
