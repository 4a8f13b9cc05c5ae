/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensors and windows: wraps, topology, phantom meters, bad reads, and what
 * a tree of processes used. Energy comes from fake /sys trees.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/rng.h"
#include "harness/sensors/proc.h"
#include "harness/sensors/sensor.h"
#include "harness/window.h"
#include "tests/unit/acceptance.h"
#include "tests/unit/fake_root.h"

#define MS 1000000u
#define S 1000000000ull

#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

/*
 * The sensors read with pread(2) what they keep open; here it can be told to
 * refuse, as the kernel does when a permission is taken away.
 */
static bool denied;

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	if (denied) {
		errno = EACCES;
		return -1;
	}
	return syscall(SYS_pread64, fd, to, n, at);
}

/* ---- fake trees ------------------------------------------------------- */

static void zone_file(const char *zone, const char *file, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "sys/class/powercap/%s/%s", zone,
		       file);
	put_file(path, "%s", text);
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
static double total_joules(void (*later)(void), double seconds, uint32_t *wraps)
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
	*wraps = 0;
	for (i = 0; i < s->count; i++) {
		if (!s->channels[i].chosen)
			continue;
		oae_window_init(&w, &s->channels[i]);
		oae_window_add(&w, 0, a[i]);
		oae_window_add(&w, (uint64_t)(seconds * 1e9), b[i]);
		assert_true(oae_window_value(&w, &uj, &reason));
		sum += uj * 1e-6;
		*wraps += w.sum.wraps;
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
	uint32_t wraps;
	double joules;

	(void)state;
	zone("intel-rapl:0", "package-0", 262000000000ull);
	open_all(0);
	joules = total_joules(wrap_later, 3, &wraps);
	assert_near(joules, 450.0, 1e-4);
	assert_int_equal(wraps, 1);
	acceptance(1,
		   "%.6f J, wraps = %u (want 450.000 J +-0.0001 J, wraps = 1)",
		   joules, wraps);
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

/* 2 W for 1.75 s, read every 100 ms and at the end; then only at the ends. */
static void wraps_often(void **state)
{
	struct oae_channel c = small_range();
	struct oae_window often, rarely;
	const char *reason;
	double uj, nothing;
	uint64_t t_ns = 0;

	(void)state;
	oae_window_init(&often, &c);
	oae_window_init(&rarely, &c);
	for (;;) {
		struct oae_channel_value v = { true, t_ns / 500 % 1000001 };

		oae_window_add(&often, t_ns, v);
		if (t_ns == 0 || t_ns == 1750 * MS)
			oae_window_add(&rarely, t_ns, v);
		if (t_ns == 1750 * MS)
			break;
		t_ns += t_ns == 1700 * MS ? 50 * MS : 100 * MS;
	}
	assert_true(oae_window_value(&often, &uj, &reason));
	assert_near(uj, 3500000, 1e-6);
	assert_int_equal(often.sum.wraps, 3);
	assert_false(oae_window_value(&rarely, &nothing, &reason));
	assert_non_null(strstr(reason, "invalid: possible multi-wrap"));
	acceptance(2,
		   "polled at 0.1 s: %.6f J, wraps = %u; polled once: null,"
		   " \"%s\" (want 3.500 J, 3; invalid, null)",
		   uj * 1e-6, often.sum.wraps, reason);
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
	double watts, renamed;
	uint32_t wraps;

	(void)state;
	topology_at(0, false);
	open_all(0);
	watts = total_joules(topology_later, 10, &wraps) / 10;
	assert_near(watts, 210, 0.21);
	assert_string_equal(all.no_meter, "");
	oae_sensors_close(&all);
	clean(NULL);
	topology_at(0, true);
	open_all(0);
	renamed = total_joules(renamed_later, 10, &wraps) / 10;
	assert_near(renamed, 210, 0.21);
	acceptance(3,
		   "%.6f W; package-0-die-0 with a mirrored die-1: %.6f W (want"
		   " 210 W +-0.1 %%, unchanged)",
		   watts, renamed);
	oae_sensors_close(&all);
}

/* Two zones of one name are one thing twice, under whatever tree. */
static void twins_count_once(void **state)
{
	struct oae_sensor *s;

	(void)state;
	zone("intel-rapl:0", "package-0", 1000);
	zone("other-rapl:0", "package-0", 2000);
	open_all(0);
	s = powercap();
	assert_int_equal(s->count, 2);
	assert_true(s->channels[0].chosen && !s->channels[1].chosen);
	assert_string_equal(s->channels[1].name, "powercap.package-0_uj~2");
	assert_non_null(strstr(s->channels[1].reason, "repeats the name"));
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

/*
 * The permission is taken away for one reading of 21, at 100 W: one gap, and
 * no growth is negative or above what P_max allows (one tick of 1 ms more).
 */
static void denied_in_the_middle(void **state)
{
	double uj, before, most = 0, least = 0, p_max_uj;
	struct oae_sensor *s;
	struct oae_window w;
	const char *reason;
	size_t i;

	(void)state;
	zone("intel-rapl:0", "package-0", 1000000);
	open_all(0);
	s = powercap();
	p_max_uj = s->channels[0].rate_max * 0.1;
	oae_window_init(&w, &s->channels[0]);
	for (i = 0; i <= 20; i++) {
		struct oae_channel_value v[OAE_CHANNELS_MAX] = { { 0 } };

		zone_energy("intel-rapl:0", 1000000 + i * 10000000);
		denied = i == 10;
		s->type->read(s, v);
		assert_int_equal(v[0].ok, !denied);
		denied = false;
		before = (double)w.sum.total;
		oae_window_add(&w, i * 100 * MS, v[0]);
		most = fmax(most, (double)w.sum.total - before);
		least = fmin(least, (double)w.sum.total - before);
	}
	assert_true(oae_window_value(&w, &uj, &reason));
	assert_near(uj, 200e6, 1e-6);
	assert_int_equal(w.sum.gaps, 1);
	assert_true(least >= 0 && most <= 2 * p_max_uj);
	acceptance(5,
		   "%u gap, %.6f J; growth between readings %.3f to %.3f J,"
		   " P_max dt = %.0f J (want one gap, none negative or above)",
		   w.sum.gaps, uj * 1e-6, least * 1e-6, most * 1e-6,
		   p_max_uj * 1e-6);
	oae_sensors_close(&all);
}

/* A window that ends, or begins, without a reading would be short of it. */
static void gaps_at_the_ends(void **state)
{
	struct oae_channel c = small_range();
	struct oae_channel_value good = { true, 0 }, bad = { false, 0 };
	struct oae_window w;
	const char *reason;
	double uj;
	int end, i;

	(void)state;
	for (end = 0; end < 2; end++) {
		oae_window_init(&w, &c);
		for (i = 0; i < 4; i++) {
			good.raw = (uint64_t)i * 1000;
			oae_window_add(&w, (uint64_t)i * 100 * MS,
				       i == 3 * end ? bad : good);
		}
		assert_false(oae_window_value(&w, &uj, &reason));
		assert_non_null(strstr(reason, "at an end of the window"));
	}
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

/*
 * A meter of 100 W that ticks each millisecond, read at two moments that know
 * nothing of its ticks.
 */
static bool ticked(uint64_t start_ns, uint64_t length_ns, double *relative)
{
	struct oae_channel c = { .unit = "uJ",
				 .scale = 1,
				 .wrap = 262143328850,
				 .rate_max = 1e9,
				 .update_ns = MS,
				 .evidence = OAE_MEASURED,
				 .covers = OAE_COVERS_PACKAGE };
	uint64_t end_ns = start_ns + length_ns;
	struct oae_channel_value a = { true, start_ns / MS * 100000 };
	struct oae_channel_value b = { true, end_ns / MS * 100000 };
	struct oae_window w;
	const char *reason;
	double uj;

	oae_window_init(&w, &c);
	oae_window_add(&w, start_ns, a);
	oae_window_add(&w, end_ns, b);
	if (!oae_window_value(&w, &uj, &reason)) {
		assert_non_null(strstr(reason, "too short"));
		return false;
	}
	*relative = fabs(uj / (1e-1 * (double)length_ns) - 1);
	return true;
}

static void short_windows_have_no_energy(void **state)
{
	double relative, worst = 0;
	unsigned refused = 0, accepted = 0;
	struct oae_rng rng;
	uint64_t start_ns;
	int i;

	(void)state;
	oae_rng_seed(&rng, 1);
	for (i = 0; i < 1000; i++) {
		start_ns = (uint64_t)(1e9 * oae_rng_uniform(&rng));
		refused += !ticked(start_ns, 50 * MS, &relative);
		if (!ticked(start_ns, 200 * MS + (uint64_t)i * MS / 1000,
			    &relative))
			continue;
		accepted++;
		worst = fmax(worst, relative);
	}
	assert_int_equal(refused, 1000);
	assert_int_equal(accepted, 1000);
	assert_true(worst <= 0.01);
	acceptance(
		6,
		"50 ms refused %u of 1000 times, 200 to 201 ms accepted %u of"
		" 1000,"
		" worst error %.3f %% (want all, all, <= 1 %%)",
		refused, accepted, 100 * worst);
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
		cmocka_unit_test_setup(sums_packages_and_dram, clean),
		cmocka_unit_test_setup(twins_count_once, clean),
		cmocka_unit_test_setup(frozen_is_phantom, clean),
		cmocka_unit_test_setup(no_tree_no_meter, clean),
		cmocka_unit_test_setup(bad_reads, clean),
		cmocka_unit_test_setup(denied_in_the_middle, clean),
		cmocka_unit_test(gaps_at_the_ends),
		cmocka_unit_test_setup(impossible_growth_is_a_gap, clean),
		cmocka_unit_test(short_windows_have_no_energy),
		cmocka_unit_test(counters_never_go_back),
		cmocka_unit_test(memory_of_a_tree),
	};
	int failed;

	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed || remove_root();
}
