/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensors and windows: wraps, topology, phantom meters, bad reads, and what
 * a tree of processes used. Energy comes from fake /sys trees.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "harness/sensors/proc.h"
#include "harness/sensors/sensor.h"
#include "harness/window.h"

#define MS 1000000u
#define S 1000000000ull

#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

static char root[] = "/tmp/oae-sensors-XXXXXX";

/* ---- fake trees ------------------------------------------------------- */

static void zone_file(const char *zone, const char *file, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/sys/class/powercap/%s", root,
		       zone);
	assert_int_equal(oae_dir_make(path, NULL), OAE_OK);
	(void)strcat(path, "/");
	(void)strcat(path, file);
	/* In place: the sensor keeps the file open, as the kernel lets it. */
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void zone_energy(const char *zone, uint64_t uj)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu\n", (unsigned long long)uj);
	zone_file(zone, "energy_uj", text);
}

static void zone(const char *entry, const char *name, uint64_t uj)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s\n", name);
	zone_file(entry, "name", text);
	zone_file(entry, "max_energy_range_uj", "262143328850\n");
	zone_energy(entry, uj);
}

static int clean(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s/sys'", root);
	return system(command);
}

static struct oae_sensors all;

static void open_all(uint32_t prove_ms)
{
	struct oae_error err = { 0 };

	assert_int_equal(oae_sensors_open(&all, root, prove_ms, &err), OAE_OK);
}

static struct oae_sensor *powercap(void)
{
	size_t i;

	for (i = 0; all.sensor[i].type != &oae_sensor_powercap; i++)
		;
	return &all.sensor[i];
}

/* J between two states of the tree, over the channels that count. */
static double total_joules(void (*later)(void), double seconds)
{
	struct oae_channel_value a[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_channel_value b[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_sensor *s = powercap();
	struct oae_window w;
	const char *reason;
	double sum = 0, uj;
	size_t i;

	s->type->read(s, a);
	later();
	s->type->read(s, b);
	for (i = 0; i < s->count; i++) {
		if (!s->channels[i].chosen)
			continue;
		oae_window_init(&w, &s->channels[i]);
		oae_window_add(&w, 0, a[i]);
		oae_window_add(&w, (uint64_t)(seconds * 1e9), b[i]);
		assert_true(oae_window_value(&w, &uj, &reason));
		sum += uj * 1e-6;
	}
	return sum;
}

/* ---- energy ----------------------------------------------------------- */

static void wrap_later(void)
{
	/* 150 W for 3 s from 262000000000: through 262143328850 and on. */
	zone_energy("intel-rapl:0",
		    262000000000ull + 450000000ull - 262143328851ull);
}

static void wraps_once(void **state)
{
	(void)state;
	zone("intel-rapl:0", "package-0", 262000000000ull);
	open_all(0);
	assert_near(total_joules(wrap_later, 3), 450.0, 1e-4);
	oae_sensors_close(&all);
}

static struct oae_channel small_range(void)
{
	struct oae_channel c = { .unit = "uJ",
				 .scale = 1,
				 .wrap = 1000000,
				 .rate_max = 2e6,
				 .evidence = OAE_MEASURED,
				 .covers = OAE_COVERS_PACKAGE };

	return c;
}

static void wraps_often(void **state)
{
	struct oae_channel c = small_range();
	struct oae_window w;
	const char *reason;
	double uj;
	int i;

	(void)state;
	oae_window_init(&w, &c);
	for (i = 0; i <= 35; i++) { /* every 50 ms, 2 W, 1.75 s */
		uint64_t uj_now = (uint64_t)i * 100000;
		struct oae_channel_value v = { true, uj_now % 1000001 };

		oae_window_add(&w, (uint64_t)i * 50 * MS, v);
	}
	assert_true(oae_window_value(&w, &uj, &reason));
	assert_near(uj, 3500000, 1e-6);
	assert_int_equal(w.sum.wraps, 3);
}

static void polled_too_rarely(void **state)
{
	struct oae_channel c = small_range();
	struct oae_channel_value a = { true, 0 }, b = { true, 499997 };
	struct oae_window w;
	const char *reason;
	double uj;

	(void)state;
	oae_window_init(&w, &c);
	oae_window_add(&w, 0, a);
	oae_window_add(&w, 1750 * MS, b);
	assert_false(oae_window_value(&w, &uj, &reason));
	assert_non_null(strstr(reason, "multi-wrap"));
}

static const struct {
	const char *entry, *name, *renamed;
	double watts;
} topology[] = {
	{ "intel-rapl:0", "package-0", "package-0-die-0", 100 },
	{ "intel-rapl:0:0", "core", NULL, 60 },
	{ "intel-rapl:0:1", "dram", NULL, 10 },
	{ "intel-rapl:1", "psys", NULL, 180 },
	{ "intel-rapl:2", "package-1", NULL, 90 },
	{ "intel-rapl:2:0", "core", NULL, 60 },
	{ "intel-rapl:2:1", "dram", NULL, 10 },
	{ "intel-rapl-mmio:0", "package-0", NULL, 100 },
};

#define N_TOPOLOGY (sizeof(topology) / sizeof(topology[0]))

static void topology_at(double seconds, bool renamed)
{
	size_t i;

	for (i = 0; i < N_TOPOLOGY; i++)
		zone(topology[i].entry,
		     renamed && topology[i].renamed ? topology[i].renamed :
						      topology[i].name,
		     1000 * (i + 1) +
			     (uint64_t)(topology[i].watts * seconds * 1e6));
	/* The other tree repeats the first package's counter. */
	zone_energy("intel-rapl-mmio:0", 1000 + (uint64_t)(100e6 * seconds));
	if (renamed)
		zone("intel-rapl:3", "package-0-die-1",
		     1000 + (uint64_t)(100e6 * seconds));
}

static void topology_later(void)
{
	topology_at(10, false);
}

static void renamed_later(void)
{
	topology_at(10, true);
}

static void sums_packages_and_dram(void **state)
{
	(void)state;
	topology_at(0, false);
	open_all(0);
	assert_near(total_joules(topology_later, 10) / 10, 210, 0.21);
	assert_string_equal(all.no_meter, "");
	oae_sensors_close(&all);
}

static void mirrored_die_counts_once(void **state)
{
	(void)state;
	topology_at(0, true);
	open_all(0);
	assert_near(total_joules(renamed_later, 10) / 10, 210, 0.21);
	oae_sensors_close(&all);
}

static void frozen_is_phantom(void **state)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX];
	size_t i, at = 0;

	(void)state;
	zone("intel-rapl:0", "package-0", 5000);
	zone("intel-rapl:1", "psys", 0);
	open_all(10);
	assert_non_null(strstr(all.no_meter, "phantom"));
	oae_sensors_read(&all, v);
	for (i = 0; i < oae_sensor_type_count; i++) {
		if (&all.sensor[i] == powercap())
			break;
		at += all.sensor[i].count;
	}
	assert_false(v[at].ok);
	assert_false(v[at + 1].ok);
	oae_sensors_close(&all);
}

static void no_tree_no_meter(void **state)
{
	(void)state;
	open_all(10);
	assert_non_null(strstr(all.no_meter, "no meter"));
	oae_sensors_close(&all);
}

/* A read that fails, or says nonsense, is one gap and nothing else. */
static void bad_reads(void **state)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX] = { { 0 } };
	static const char *const texts[] = {
		"1000000\n",	  "",	       "3000000\n",
		"-5\n",		  "junk\n",    "99999999999999999999999\n",
		"262143328851\n", "7000000\n",
	};
	struct oae_sensor *s;
	struct oae_window w;
	const char *reason;
	double uj;
	size_t i;

	(void)state;
	zone("intel-rapl:0", "package-0", 1000000);
	open_all(0);
	s = powercap();
	oae_window_init(&w, &s->channels[0]);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		zone_file("intel-rapl:0", "energy_uj", texts[i]);
		v[0].ok = false;
		s->type->read(s, v);
		oae_window_add(&w, i * S, v[0]);
	}
	assert_true(oae_window_value(&w, &uj, &reason));
	assert_near(uj, 6000000, 1e-9);
	assert_int_equal(w.sum.gaps, 5);
	oae_sensors_close(&all);
}

/* A counter that falls to 0 for one read would look like a wrap of
 * 262 kJ in a second: more than any machine draws. */
static void impossible_growth_is_a_gap(void **state)
{
	struct oae_channel_value v[3] = { { true, 9000000 },
					  { true, 0 },
					  { true, 9500000 } };
	struct oae_sensor *s;
	struct oae_window w;
	const char *reason;
	double uj;
	size_t i;

	(void)state;
	zone("intel-rapl:0", "package-0", 1);
	open_all(0);
	s = powercap();
	oae_window_init(&w, &s->channels[0]);
	for (i = 0; i < 3; i++)
		oae_window_add(&w, i * S, v[i]);
	assert_true(oae_window_value(&w, &uj, &reason));
	assert_near(uj, 500000, 1e-9);
	assert_int_equal(w.sum.gaps, 1);
	assert_int_equal(w.sum.wraps, 0);
	oae_sensors_close(&all);
}

/* A meter that ticks each millisecond, read at two moments. */
static bool ticked(double start_ms, double length_ms, double *relative)
{
	struct oae_channel c = { .unit = "uJ",
				 .scale = 1,
				 .wrap = 262143328850,
				 .rate_max = 1e9,
				 .update_ns = MS,
				 .evidence = OAE_MEASURED,
				 .covers = OAE_COVERS_PACKAGE };
	double end_ms = start_ms + length_ms, watts = 100, uj;
	struct oae_channel_value a = { true, (uint64_t)(floor(start_ms) *
							watts * 1e3) };
	struct oae_channel_value b = { true, (uint64_t)(floor(end_ms) * watts *
							1e3) };
	struct oae_window w;
	const char *reason;

	oae_window_init(&w, &c);
	oae_window_add(&w, (uint64_t)(start_ms * 1e6), a);
	oae_window_add(&w, (uint64_t)(end_ms * 1e6), b);
	if (!oae_window_value(&w, &uj, &reason))
		return false;
	*relative = fabs(uj / (watts * 1e3 * length_ms) - 1);
	return true;
}

static void short_windows_have_no_energy(void **state)
{
	struct oae_rng rng;
	double relative;
	int i;

	(void)state;
	oae_rng_seed(&rng, 1);
	assert_false(ticked(3.3, 50, &relative));
	for (i = 0; i < 1000; i++) {
		assert_true(ticked(1000 * oae_rng_uniform(&rng), 200.001,
				   &relative));
		assert_true(relative <= 0.01);
	}
}

static void counters_never_go_back(void **state)
{
	struct oae_channel c = { .unit = "count",
				 .scale = 1,
				 .evidence = OAE_MEASURED };
	struct oae_channel_value a = { true, 10 }, b = { true, 9 };
	struct oae_window w;
	const char *reason;
	double value;

	(void)state;
	oae_window_init(&w, &c);
	oae_window_add(&w, 0, a);
	oae_window_add(&w, S, b);
	assert_false(oae_window_value(&w, &value, &reason));
}

/* ---- a tree of processes ---------------------------------------------- */

static void memory_of_a_tree(void **state)
{
	struct oae_tree tree;
	uint64_t bytes;

	(void)state;
	assert_true(oae_tree_pss_bytes(&tree, getpid(), &bytes));
	assert_true(bytes > 4096);
	assert_true(tree.count >= 1);
	assert_int_equal(tree.pid[0], getpid());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(wraps_once, clean),
		cmocka_unit_test(wraps_often),
		cmocka_unit_test(polled_too_rarely),
		cmocka_unit_test_setup(sums_packages_and_dram, clean),
		cmocka_unit_test_setup(mirrored_die_counts_once, clean),
		cmocka_unit_test_setup(frozen_is_phantom, clean),
		cmocka_unit_test_setup(no_tree_no_meter, clean),
		cmocka_unit_test_setup(bad_reads, clean),
		cmocka_unit_test_setup(impossible_growth_is_a_gap, clean),
		cmocka_unit_test(short_windows_have_no_energy),
		cmocka_unit_test(counters_never_go_back),
		cmocka_unit_test(memory_of_a_tree),
	};
	int failed;

	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	clean(NULL);
	(void)rmdir(root);
	return failed;
}
