/* SPDX-License-Identifier: Apache-2.0 */
/* Memory controllers, from a fake /sys whose events the kernel can count. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "harness/sensors/sensor.h"
#include "tests/unit/skip.h"

#define MS 1000000u

static char root[] = "/tmp/oae-uncore-XXXXXX";

static void pmu_file(const char *pmu, const char *file, const char *text)
{
	char path[300], *slash;
	FILE *f;

	(void)snprintf(path, sizeof(path),
		       "%s/sys/bus/event_source/devices/%s/%s", root, pmu,
		       file);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(oae_dir_make(path, NULL), OAE_OK);
	*slash = '/';
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A controller whose count is the kernel's CPU clock, in ns, on CPU 0. */
static void put_controller(const char *pmu, const char *type)
{
	pmu_file(pmu, "type", type);
	pmu_file(pmu, "cpumask", "0\n");
	pmu_file(pmu, "format/event", "config:0-7,32-35\n");
	pmu_file(pmu, "format/umask", "config:8-15\n");
	pmu_file(pmu, "events/cas_count_read", "event=0x00,umask=0x0\n");
	pmu_file(pmu, "events/cas_count_read.unit", "MiB\n");
	pmu_file(pmu, "events/cas_count_read.scale", "6.103515625e-5\n");
	pmu_file(pmu, "events/clockticks", "event=0xff\n");
}

static double value_of(struct oae_sensor *s, size_t channel)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX] = { { 0 } };

	s->type->read(s, v);
	assert_true(v[channel].ok);
	return (double)v[channel].raw;
}

/* A count is a line of 64 bytes; two controllers add up. */
static void memory_controllers_add_up(void **state)
{
	struct oae_error err = { 0 };
	uint64_t start, elapsed;
	struct oae_sensor s;
	double a, b;

	(void)state;
	put_controller("uncore_imc_0", "1\n"); /* PERF_TYPE_SOFTWARE */
	put_controller("uncore_imc_1", "1\n");
	put_controller("uncore_imc_free_running_0", "1\n");
	if (oae_sensor_open(&s, &oae_sensor_uncore, root, 0, &err)) {
		s.type->close(&s);
		skip_because("%s", err.text);
	}
	start = oae_clock_ns();
	a = value_of(&s, 0);
	oae_clock_sleep_until(start + 100 * MS);
	b = value_of(&s, 0);
	elapsed = oae_clock_ns() - start;
	/* at least the sleep's, at most all of the time between */
	assert_true(b - a >= 2 * 64.0 * 99e6);
	assert_true(b - a <= 2 * 64.0 * (double)(elapsed + MS));
	assert_true(value_of(&s, 2) > 0);
	s.type->close(&s);
	/* one that cannot be opened: its bytes would be missing */
	put_controller("uncore_imc_2", "4000000000\n");
	assert_int_equal(oae_sensor_open(&s, &oae_sensor_uncore, root, 0, &err),
			 OAE_ERR_UNSUPPORTED);
	s.type->close(&s);
}

/* Fields may be split, in another config, or too small for the value. */
static void strange_formats_are_refused(void **state)
{
	static const struct {
		const char *event, *format;
		bool fits;
	} cases[] = {
		{ "event=0x100,umask=0x0\n", "config:0-7,32-35\n", true },
		{ "event=0x1000,umask=0x0\n", "config:0-7,32-35\n", false },
		{ "event=0x0,umask=0x0\n", "config1:0-7\n", false },
		{ "event=0x0,umask=0x0\n", "config:7-0\n", false },
		{ "event=0x0,umask=0x0\n", "config:0-99\n", false },
		{ "event=0x0,umask=0x0\n", "nonsense\n", false },
		{ "event=0x0,../../type=0x0\n", "config:0-7\n", false },
	};
	struct oae_sensor s;
	char command[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct oae_error err = { 0 };

		(void)snprintf(command, sizeof(command), "rm -rf '%s/sys'",
			       root);
		assert_int_equal(system(command), 0);
		put_controller("uncore_imc_0", "1\n");
		pmu_file("uncore_imc_0", "format/event", cases[i].format);
		pmu_file("uncore_imc_0", "events/cas_count_read",
			 cases[i].event);
		assert_int_equal(oae_sensor_open(&s, &oae_sensor_uncore, root,
						 0, &err),
				 OAE_ERR_UNSUPPORTED);
		/* what fits was given to the kernel, which has no such */
		if (!cases[i].fits)
			assert_non_null(strstr(err.text, "has no counters"));
		s.type->close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_controllers_add_up),
		cmocka_unit_test(strange_formats_are_refused),
	};
	char command[64];
	int failed;

	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command) ? 1 : failed;
}
