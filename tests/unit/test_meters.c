/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meters other than powercap on fake trees, and which of them count:
 * perf's power PMU (a software PMU plays it), NVML (a library made here),
 * hwmon, batteries.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "harness/sensors/source.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/skip.h"

#define S 1000000000ull
#define PMU "sys/bus/event_source/devices/power/"
#define RAPL "sys/class/powercap/"
#define HWMON "sys/class/hwmon/"
#define SUPPLY "sys/class/power_supply/"

static struct oae_sensors all;
static struct oae_source table[OAE_SOURCES_MAX];

static void open_all(uint32_t prove_ms)
{
	struct oae_error err = { 0 };

	assert_int_equal(oae_sensors_open(&all, root, prove_ms, &err), OAE_OK);
}

static size_t at(const struct oae_sensor_type *type)
{
	size_t i;

	for (i = 0; oae_sensor_types[i] != type; i++)
		;
	return i;
}

static struct oae_sensor *sensor(const struct oae_sensor_type *type)
{
	return &all.sensor[at(type)];
}

/* The row of a source, which must be there. */
static const struct oae_source *row(const char *name, enum oae_covers c)
{
	size_t n = oae_sources_table(&all, table), i;

	for (i = 0; i < n; i++)
		if (table[i].covers == c && !strcmp(table[i].sensor, name))
			return &table[i];
	fail_msg("no row of %s, %s", name, oae_covers_name(c));
	return NULL;
}

static void state_is(const char *name, enum oae_covers c, const char *state,
		     const char *reason)
{
	const struct oae_source *s = row(name, c);

	assert_string_equal(oae_source_state(s), state);
	if (reason && (!s->reason || !strstr(s->reason, reason)))
		fail_msg("'%s' does not say '%s'", s->reason, reason);
}

/* J of a sensor's channel between two looks, and how long they were apart. */
struct look {
	double joules;
	uint64_t least_ns, most_ns;
};

static struct look look_at(struct oae_sensor *s, size_t channel, uint64_t ns)
{
	struct oae_channel_value a[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_channel_value b[OAE_CHANNELS_MAX] = { { 0 } };
	uint64_t t[4];
	struct look l;

	t[0] = oae_clock_ns();
	s->type->read(s, a);
	t[1] = oae_clock_ns();
	oae_clock_sleep_until(t[1] + ns);
	t[2] = oae_clock_ns();
	s->type->read(s, b);
	t[3] = oae_clock_ns();
	assert_true(a[channel].ok && b[channel].ok);
	l.joules = (double)(b[channel].raw - a[channel].raw) *
		   s->channels[channel].scale * 1e-6;
	l.least_ns = t[2] - t[1];
	l.most_ns = t[3] - t[0];
	return l;
}

static void drew(struct look l, double watts)
{
	/* One unit of the counter and 0.1 % of rounding. */
	if (l.joules < watts * (double)l.least_ns * 1e-9 * 0.999 - 2e-6 ||
	    l.joules > watts * (double)l.most_ns * 1e-9 * 1.001 + 2e-6)
		fail_msg("%g J in %g..%g s are not %g W", l.joules,
			 (double)l.least_ns * 1e-9, (double)l.most_ns * 1e-9,
			 watts);
}

/* ---- perf's power PMU -------------------------------------------------- */

static void put_event(const char *name, unsigned event, const char *scale)
{
	char path[128];

	(void)snprintf(path, sizeof(path), PMU "events/%s", name);
	put_file(path, "event=0x%02x\n", event);
	(void)snprintf(path, sizeof(path), PMU "events/%s.scale", name);
	put_file(path, "%s\n", scale);
	(void)snprintf(path, sizeof(path), PMU "events/%s.unit", name);
	put_file(path, "Joules\n");
}

/*
 * PERF_TYPE_SOFTWARE (1): event 0 is the CPU's clock in ns, here 5 W; event 9
 * counts nothing, which is what a virtual machine's psys does.
 */
static void put_pmu(const char *cpumask)
{
	put_file(PMU "type", "1\n");
	put_file(PMU "cpumask", "%s\n", cpumask);
	put_file(PMU "format/event", "config:0-7\n");
	put_event("energy-pkg", 0, "5e-9");
	put_event("energy-psys", 9, "5e-9");
	put_file("sys/devices/system/cpu/cpu0/topology/physical_package_id",
		 "0\n");
	put_file("sys/devices/system/cpu/cpu1/topology/physical_package_id",
		 "1\n");
}

/* May this user open events of the whole system? */
static bool permitted(void)
{
	struct oae_sensor *s = sensor(&oae_sensor_perf_power);

	if (s->channels[0].evidence != OAE_ABSENT)
		return true;
	assert_non_null(strstr(s->channels[0].reason, "perf_event_paranoid"));
	return false;
}

static void power_pmu(void **state)
{
	struct oae_sensor *s;
	bool may;

	(void)state;
	put_pmu("0");
	put_event("energy-ram", 9, "5e-9");
	open_all(30);
	s = sensor(&oae_sensor_perf_power);
	assert_int_equal(s->count, 3);
	may = permitted();
	if (may) {
		state_is("perf-power", OAE_COVERS_PACKAGE, "counts", NULL);
		state_is("perf-power", OAE_COVERS_DRAM, "refused",
			 "phantom: it did not advance");
		assert_string_equal(s->channels[2].name,
				    "perf-power.energy-psys.cpu0");
		assert_int_equal(s->channels[2].covers, OAE_COVERS_INSIDE);
		assert_int_equal(s->channels[2].evidence, OAE_ABSENT);
		assert_string_equal(all.no_meter, "");
		drew(look_at(s, 0, S / 20), 5);
	}
	oae_sensors_close(&all);
	if (!may)
		skip_because("no permission for events of the system");
}

static void power_pmu_of_two_packages(void **state)
{
	struct oae_sensor *s;
	bool may;

	(void)state;
	put_pmu("0-1");
	open_all(0);
	s = sensor(&oae_sensor_perf_power);
	assert_int_equal(s->count, 4);
	may = permitted();
	if (may && s->channels[1].evidence != OAE_ABSENT)
		state_is("perf-power", OAE_COVERS_PACKAGE, "counts", NULL);
	oae_sensors_close(&all);
	/* Two dies of one package may mirror each other. */
	put_file("sys/devices/system/cpu/cpu1/topology/physical_package_id",
		 "0\n");
	put_file(PMU "cpumask", "0,1\n");
	open_all(0);
	if (may)
		state_is("perf-power", OAE_COVERS_PACKAGE, "refused", "dies");
	oae_sensors_close(&all);
	if (!may)
		skip_because("no permission for events of the system");
}

static void power_pmu_in_other_words(void **state)
{
	(void)state;
	put_pmu("0");
	put_file(PMU "events/energy-pkg.unit", "Watts\n");
	put_file(PMU "events/energy-psys.scale", "nan\n");
	put_event("energy-ram", 0, "-1");
	put_event("energy-cores", 0, "1e-9");
	put_file(PMU "events/energy-cores", "event=0x01,umask=0x2\n");
	open_all(0);
	assert_int_equal(sensor(&oae_sensor_perf_power)->count, 0);
	assert_non_null(strstr(all.absent[at(&oae_sensor_perf_power)],
			       "no energy event"));
	oae_sensors_close(&all);
}

/* ---- NVML -------------------------------------------------------------- */

/* Two boards of 300 W. FAKE_NVML says what goes wrong. */
static const char library[] =
	"#include <stdlib.h>\n"
	"#include <string.h>\n"
	"#include <time.h>\n"
	"static int is(const char *w) { const char *e = getenv(\"FAKE_NVML\");"
	" return e && !strcmp(e, w); }\n"
	"int nvmlInit_v2(void) { return is(\"denied\") ? 4 : 0; }\n"
	"int nvmlShutdown(void) { return 0; }\n"
	"const char *nvmlErrorString(int c) { return c == 4 ?"
	" \"Insufficient Permissions\" : c == 3 ? \"Not Supported\" :"
	" \"Unknown Error\"; }\n"
	"int nvmlDeviceGetCount_v2(unsigned *n) { *n = is(\"none\") ? 0 : 2;"
	" return 0; }\n"
	"int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **d) {"
	" static char b[2]; *d = &b[i]; return 0; }\n"
	"int nvmlDeviceGetTotalEnergyConsumption(void *d,"
	" unsigned long long *mj) {\n"
	"	struct timespec t;\n"
	"	static void *first;\n"
	"	if (!first) first = d;\n"
	"	if (is(\"old\") && d != first) return 3;\n"
	"	clock_gettime(CLOCK_MONOTONIC, &t);\n"
	"	*mj = is(\"frozen\") ? 5000 : (unsigned long long)t.tv_sec *"
	" 300000 + (unsigned long long)t.tv_nsec * 3 / 10000;\n"
	"	return 0;\n"
	"}\n";

/* false: there is no compiler. */
static bool put_library(void)
{
	char command[800];

	put_file("usr/lib/fake.c", "%s", library);
	(void)snprintf(command, sizeof(command),
		       "cc -shared -fPIC -o '%s/usr/lib/libnvidia-ml.so.1'"
		       " '%s/usr/lib/fake.c' 2>/dev/null",
		       root, root);
	return system(command) == 0;
}

static void put_package(uint64_t uj)
{
	put_file(RAPL "intel-rapl:0/name", "package-0\n");
	put_file(RAPL "intel-rapl:0/max_energy_range_uj", "262143328850\n");
	put_file(RAPL "intel-rapl:0/energy_uj", "%llu\n",
		 (unsigned long long)uj);
}

static void boards(void **state)
{
	struct oae_sensor *s;

	(void)state;
	if (!put_library())
		skip_because("no C compiler called cc");
	open_all(0);
	s = sensor(&oae_sensor_nvml);
	assert_int_equal(s->count, 2);
	drew(look_at(s, 1, S / 10), 300);
	/* Boards alone are not the machine. */
	state_is("nvml", OAE_COVERS_GPU, "spare", NULL);
	assert_non_null(strstr(all.no_meter, "only graphics boards"));
	oae_sensors_close(&all);
	put_package(1000);
	open_all(0);
	state_is("nvml", OAE_COVERS_GPU, "counts", NULL);
	state_is("powercap", OAE_COVERS_PACKAGE, "counts", NULL);
	assert_int_equal(oae_sources_update_ns(&all), S / 10);
	oae_sensors_close(&all);
}

static void bad_boards(void **state)
{
	const char *absent;

	(void)state;
	if (!put_library())
		skip_because("no C compiler called cc");
	setenv("FAKE_NVML", "frozen", 1);
	open_all(30);
	/* 500 ms: five of the 100 ms in which a board refreshes. */
	state_is("nvml", OAE_COVERS_GPU, "refused",
		 "phantom: it did not advance while a core was busy for 500");
	oae_sensors_close(&all);
	setenv("FAKE_NVML", "old", 1);
	open_all(0);
	state_is("nvml", OAE_COVERS_GPU, "refused", "board 1: Not Supported");
	assert_int_equal(row("nvml", OAE_COVERS_GPU)->usable, 1);
	oae_sensors_close(&all);
	setenv("FAKE_NVML", "denied", 1);
	open_all(0);
	absent = all.absent[at(&oae_sensor_nvml)];
	assert_string_equal(absent, "NVML: Insufficient Permissions");
	oae_sensors_close(&all);
	setenv("FAKE_NVML", "none", 1);
	open_all(0);
	absent = all.absent[at(&oae_sensor_nvml)];
	assert_non_null(strstr(absent, "sees no board"));
	oae_sensors_close(&all);
	unsetenv("FAKE_NVML");
	put_file("usr/lib/libnvidia-ml.so.1", "no library\n");
	open_all(0);
	absent = all.absent[at(&oae_sensor_nvml)];
	assert_non_null(strstr(absent, "not here"));
	oae_sensors_close(&all);
}

/* ---- hwmon ------------------------------------------------------------- */

static void chips_with_counters(void **state)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_sensor *s;

	(void)state;
	put_file(HWMON "hwmon0/name", "amd_energy\n");
	put_file(HWMON "hwmon0/energy1_label", "Ecore000\n");
	put_file(HWMON "hwmon0/energy1_input", "1\n");
	put_file(HWMON "hwmon0/energy2_label", "Esocket0\n");
	put_file(HWMON "hwmon0/energy2_input", "7000000\n");
	put_file(HWMON "hwmon1/name", "i915\n");
	put_file(HWMON "hwmon1/energy1_input", "100\n");
	put_file(HWMON "hwmon1/power1_input", "9000000\n");
	put_file(HWMON "hwmon2/name", "whatever\n");
	put_file(HWMON "hwmon2/energy1_input", "100\n");
	open_all(0);
	s = sensor(&oae_sensor_hwmon);
	assert_int_equal(s->count, 3);
	assert_string_equal(s->channels[0].name,
			    "hwmon.hwmon0.amd_energy.energy2");
	state_is("hwmon", OAE_COVERS_PACKAGE, "counts", NULL);
	state_is("hwmon", OAE_COVERS_GPU, "counts", NULL);
	assert_int_equal(s->channels[2].covers, OAE_COVERS_INSIDE);
	s->type->read(s, v);
	assert_true(v[0].ok && v[0].raw == 7000000);
	oae_sensors_close(&all);
}

static void power_is_integrated(void **state)
{
	struct oae_sensor *s;

	(void)state;
	put_file(HWMON "hwmon0/name", "power_meter\n");
	put_file(HWMON "hwmon0/power1_average", "20000000\n");
	put_file(HWMON "hwmon0/power1_average_interval", "1000\n");
	open_all(0);
	s = sensor(&oae_sensor_hwmon);
	assert_int_equal(s->count, 1);
	assert_int_equal(s->channels[0].evidence, OAE_ESTIMATED);
	assert_int_equal(s->channels[0].update_ns, S);
	drew(look_at(s, 0, S / 10), 20);
	/* It is shown, and does not count. */
	state_is("hwmon", OAE_COVERS_WALL, "estimate", "instantaneous");
	assert_non_null(strstr(all.no_meter, "instantaneous"));
	put_file(HWMON "hwmon0/power1_average", "-3\n");
	{
		struct oae_channel_value v[OAE_CHANNELS_MAX] = { { 0 } };

		s->type->read(s, v);
		assert_false(v[0].ok);
	}
	oae_sensors_close(&all);
}

/* ---- batteries --------------------------------------------------------- */

static void put_battery(const char *status, uint64_t uwh)
{
	put_file(SUPPLY "BAT0/type", "Battery\n");
	put_file(SUPPLY "BAT0/status", "%s\n", status);
	put_file(SUPPLY "BAT0/energy_now", "%llu\n", (unsigned long long)uwh);
}

static void discharging_battery(void **state)
{
	struct oae_channel_value a[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_channel_value b[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_sensor *s;

	(void)state;
	put_battery("Discharging", 50000000);
	put_file(SUPPLY "AC/type", "Mains\n");
	put_file(SUPPLY "AC/online", "0\n");
	put_file(SUPPLY "mouse/type", "Battery\n");
	put_file(SUPPLY "mouse/scope", "Device\n");
	put_file(SUPPLY "mouse/status", "Discharging\n");
	put_file(SUPPLY "mouse/energy_now", "9\n");
	/* Too slow to be proved while one waits: its windows prove it. */
	open_all(20);
	s = sensor(&oae_sensor_battery);
	assert_int_equal(s->count, 1);
	state_is("battery", OAE_COVERS_WALL, "counts", NULL);
	s->type->read(s, a);
	put_battery("Discharging", 49990000);
	s->type->read(s, b);
	assert_true(a[0].ok && b[0].ok);
	/* 10 mWh are 36 J. */
	assert_int_equal((b[0].raw - a[0].raw) * 3600, 36000000);
	oae_sensors_close(&all);
}

static void battery_on_mains(void **state)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX];
	const char *why;

	(void)state;
	put_battery("Charging", 50000000);
	open_all(0);
	why = all.absent[at(&oae_sensor_battery)];
	assert_non_null(strstr(why, "unplug"));
	oae_sensors_close(&all);
	put_battery("Discharging", 50000000);
	put_file(SUPPLY "AC/type", "Mains\n");
	put_file(SUPPLY "AC/online", "1\n");
	open_all(0);
	why = all.absent[at(&oae_sensor_battery)];
	assert_non_null(strstr(why, "unplug"));
	oae_sensors_close(&all);

	/* Plugged in for a moment: what it says afterwards means nothing. */
	put_file(SUPPLY "AC/online", "0\n");
	open_all(0);
	assert_string_equal(all.no_meter, "");
	put_file(SUPPLY "AC/online", "1\n");
	oae_sensors_read(&all, v);
	put_file(SUPPLY "AC/online", "0\n");
	oae_sensors_read(&all, v);
	assert_int_equal(sensor(&oae_sensor_battery)->channels[0].evidence,
			 OAE_ABSENT);
	oae_sources_keep(&all);
	assert_non_null(strstr(all.no_meter, "it was on mains"));
	assert_int_equal(oae_sources_update_ns(&all), 0);
	oae_sensors_close(&all);
}

static void battery_of_charge(void **state)
{
	struct oae_channel_value a[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_channel_value b[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_sensor *s;

	(void)state;
	put_file(SUPPLY "BAT1/type", "Battery\n");
	put_file(SUPPLY "BAT1/status", "Discharging\n");
	put_file(SUPPLY "BAT1/charge_now", "4000000\n");
	put_file(SUPPLY "BAT1/voltage_now", "12000000\n");
	open_all(0);
	s = sensor(&oae_sensor_battery);
	state_is("battery", OAE_COVERS_WALL, "estimate", "charge times");
	s->type->read(s, a);
	put_file(SUPPLY "BAT1/charge_now", "3999000\n");
	put_file(SUPPLY "BAT1/voltage_now", "11800000\n");
	s->type->read(s, b);
	/* 1 mAh at 11.9 V */
	assert_int_equal(b[0].raw - a[0].raw, 11900);
	/* It cannot rise while it discharges. */
	put_file(SUPPLY "BAT1/charge_now", "4999000\n");
	s->type->read(s, b);
	assert_false(b[0].ok);
	oae_sensors_close(&all);
}

/* ---- which of them count ----------------------------------------------- */

static void one_source_for_each_thing(void **state)
{
	bool may;

	(void)state;
	put_pmu("0");
	put_package(1000);
	put_file(RAPL "intel-rapl:0:0/name", "dram\n");
	put_file(RAPL "intel-rapl:0:0/max_energy_range_uj", "65532610987\n");
	put_file(RAPL "intel-rapl:0:0/energy_uj", "5\n");
	put_battery("Discharging", 50000000);
	open_all(0);
	may = permitted();
	state_is("powercap", OAE_COVERS_PACKAGE, "counts", NULL);
	state_is("powercap", OAE_COVERS_DRAM, "counts", NULL);
	if (may)
		state_is("perf-power", OAE_COVERS_PACKAGE, "spare", NULL);
	/* The wall holds the packages. */
	state_is("battery", OAE_COVERS_WALL, "spare", NULL);
	oae_sensors_close(&all);

	/* Half a source is none: the next one serves. */
	put_file(RAPL "intel-rapl:1/name", "package-1\n");
	put_file(RAPL "intel-rapl:1/max_energy_range_uj", "20000000\n");
	put_file(RAPL "intel-rapl:1/energy_uj", "5\n");
	open_all(0);
	state_is("powercap", OAE_COVERS_PACKAGE, "refused",
		 "wraps faster than it can be read");
	if (may)
		state_is("perf-power", OAE_COVERS_PACKAGE, "counts", NULL);
	else
		state_is("battery", OAE_COVERS_WALL, "counts", NULL);
	oae_sensors_close(&all);
}

/* At least four readings in the time of the fastest wrap. */
static void poll_period(void **state)
{
	(void)state;
	put_package(1000);
	open_all(0);
	/* 262 kJ at 1000 W last 262 s: a quarter is more than a second. */
	assert_int_equal(oae_sources_period_ns(&all, S), S);
	assert_int_equal(oae_sources_period_ns(&all, 100 * S) / 1000000, 65535);
	oae_sensors_close(&all);
	put_file(RAPL "intel-rapl:0/max_energy_range_uj", "100000000\n");
	open_all(0);
	assert_int_equal(oae_sources_period_ns(&all, S), 25000000);
	oae_sensors_close(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(power_pmu, clean),
		cmocka_unit_test_setup(power_pmu_of_two_packages, clean),
		cmocka_unit_test_setup(power_pmu_in_other_words, clean),
		cmocka_unit_test_setup(boards, clean),
		cmocka_unit_test_setup(bad_boards, clean),
		cmocka_unit_test_setup(chips_with_counters, clean),
		cmocka_unit_test_setup(power_is_integrated, clean),
		cmocka_unit_test_setup(discharging_battery, clean),
		cmocka_unit_test_setup(battery_on_mains, clean),
		cmocka_unit_test_setup(battery_of_charge, clean),
		cmocka_unit_test_setup(one_source_for_each_thing, clean),
		cmocka_unit_test_setup(poll_period, clean),
	};
	int failed;

	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return failed || remove_root();
}
