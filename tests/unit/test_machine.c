/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine is: invented ones (tests/fake/machine.sh), none at all,
 * and the one that this runs on.
 */
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
#include "harness/environment.h"
#include "harness/machine.h"

static char base[] = "/tmp/oae-test-machine-XXXXXX";
static struct oae_machine m;

static const char *make(const char *kind)
{
	static char root[200];
	char command[800];
	const char *home = getenv("OAE_HOME");

	(void)snprintf(root, sizeof(root), "%s/%s", base, kind);
	(void)snprintf(command, sizeof(command),
		       "'%.300s/tests/fake/machine.sh' %s '%s'",
		       home ? home : ".", kind, root);
	assert_int_equal(system(command), 0);
	return root;
}

static void add(const char *root, const char *path, const char *text)
{
	char full[600], *slash;

	(void)snprintf(full, sizeof(full), "%s%s", root, path);
	slash = strrchr(full, '/');
	*slash = '\0';
	assert_int_equal(oae_dir_make(full, NULL), OAE_OK);
	*slash = '/';
	assert_int_equal(oae_file_write(full, text, strlen(text), NULL),
			 OAE_OK);
}

static const struct oae_machine_cgroup *cgroup(const char *name)
{
	size_t i;

	for (i = 0; i < m.cgroup_count; i++)
		if (!strcmp(m.cgroups[i].name, name))
			return &m.cgroups[i];
	return NULL;
}

static void reads_a_server(void **state)
{
	(void)state;
	oae_machine_read(&m, make("server"));
	assert_string_equal(m.cpu.model,
			    "Intel(R) Xeon(R) Gold 6348 CPU @ 2.60GHz");
	assert_string_equal(m.cpu.vendor, "GenuineIntel");
	assert_string_equal(m.cpu.microcode, "0xd0003a5");
	assert_int_equal(m.cpu.family, 6);
	assert_int_equal(m.cpu.model_number, 106);
	assert_int_equal(m.cpu.stepping, 6);
	assert_string_equal(m.cpu.flags, "sse4_2 avx fma avx2 avx512f"
					 " avx512_vnni amx_tile constant_tsc");
	assert_int_equal(m.cpu.logical, 8);
	assert_int_equal(m.cpu.cores, 4);
	assert_int_equal(m.cpu.sockets, 2);
	assert_int_equal(m.cpu.allowed, OAE_UNKNOWN);
	assert_string_equal(m.cpu.smt, "on");
	assert_true(m.cpu.mhz == 2600 && m.cpu.mhz_max == 3500);
	assert_string_equal(m.cpu.governor, "performance");
	assert_int_equal(m.cpu.turbo, 1);
	assert_int_equal(m.cpu.throttled, 6); /* two packages, three each */
	assert_int_equal(m.cpu.cache_count, 2);
	assert_int_equal(m.cpu.caches[0].bytes, 48 * 1024);
	assert_int_equal(m.cpu.caches[1].bytes, 42 * 1048576);
	assert_string_equal(m.cpu.caches[1].shared, "0-1,4-5");
	assert_int_equal(m.numa_nodes, 2);
	assert_int_equal(m.memory_bytes, 263856128ll * 1024);
	assert_int_equal(m.swap_used_bytes, 0);
	assert_string_equal(m.huge_pages, "madvise");
	assert_int_equal(m.vulnerability_count, 3);
	assert_int_equal(oae_machine_count_vulnerable(&m, "Vulnerable"), 1);
	assert_int_equal(oae_machine_count_vulnerable(&m, "Mitigation"), 1);
	assert_int_equal(m.perf_event_paranoid, 3);
	assert_int_equal(m.virtual, 0);
	assert_string_equal(m.hypervisor, "");
	assert_int_equal(m.nvidia, 1);
	assert_int_equal(m.on_battery, OAE_UNKNOWN);
	assert_string_equal(m.cgroup_layout, "v2");
	assert_int_equal(m.cgroup_count, 5);
	assert_int_equal(cgroup("memory")->version, 2);
	assert_true(m.cgroup_cpus == 3.5);
	assert_int_equal(m.cgroup_memory_bytes, 8589934592ll);
	assert_true(m.time.busy_s == 15 && m.time.idle_s == 905 &&
		    m.time.steal_s == 0);
	assert_true(m.time.uptime_s == 86400);
	assert_true(isnan(m.time.own_s));
}

static void reads_a_guest(void **state)
{
	(void)state;
	oae_machine_read(&m, make("guest"));
	assert_int_equal(m.virtual, 1);
	assert_string_equal(m.hypervisor, "qemu");
	assert_string_equal(m.container, "docker");
	assert_string_equal(m.container_hint, "/.dockerenv");
	assert_int_equal(m.cpu.sockets, 1);
	assert_int_equal(m.cpu.cores, 4);
	assert_string_equal(m.cpu.governor, "");
	assert_int_equal(m.cpu.turbo, OAE_UNKNOWN);
	assert_int_equal(m.cpu.throttled, OAE_UNKNOWN);
	assert_int_equal(m.time.steal_ticks, 9000);
	assert_true(m.time.load_1min == 2.75);
	assert_string_equal(m.cgroup_layout, "v1");
	assert_int_equal(m.cgroup_count, 3);
	/* The group's path is the host's; the mount is the group. */
	assert_true(m.cgroup_cpus == 1.5);
	assert_int_equal(m.cgroup_memory_bytes, 4294967296ll);
	assert_int_equal(m.nvidia, OAE_UNKNOWN);
}

static void reads_a_laptop(void **state)
{
	char root[100];

	(void)state;
	oae_machine_read(&m, make("laptop"));
	assert_string_equal(m.cpu.governor, "mixed");
	assert_int_equal(m.cpu.turbo, 1);
	assert_int_equal(m.on_battery, 1);
	assert_int_equal(m.swap_used_bytes, 1000000ll * 1024);
	assert_string_equal(m.clock_source, "hpet");
	assert_true(oae_machine_has_word(m.clock_sources, "tsc"));
	assert_false(oae_machine_has_word(m.clock_sources, "acpi"));
	assert_string_equal(m.cgroup_layout, "");
	assert_true(isnan(m.time.busy_s));
	/* A mouse's battery is not the machine's. */
	add(base, "/mouse/sys/class/power_supply/hid/type", "Battery\n");
	add(base, "/mouse/sys/class/power_supply/hid/scope", "Device\n");
	add(base, "/mouse/sys/class/power_supply/hid/status", "Discharging\n");
	(void)snprintf(root, sizeof(root), "%s/mouse", base);
	oae_machine_read(&m, root);
	assert_int_equal(m.on_battery, OAE_UNKNOWN);
}

static void reads_a_board(void **state)
{
	(void)state;
	oae_machine_read(&m, make("board"));
	assert_string_equal(m.cpu.model, "Raspberry Pi 5 Model B");
	assert_string_equal(m.cpu.vendor, "0x41");
	assert_string_equal(m.cpu.flags, "asimd asimddp");
	assert_int_equal(m.cpu.logical, 1);
	assert_int_equal(m.cpu.cores, OAE_UNKNOWN);
	assert_int_equal(m.virtual, OAE_UNKNOWN);
}

static cJSON *written(void)
{
	struct oae_error err = { 0 };
	struct oae_buf b;
	struct oae_jw w;
	cJSON *tree = NULL;

	oae_buf_init(&b, 1u << 20);
	oae_jw_init(&w, &b, 0);
	oae_jw_obj(&w, NULL);
	oae_machine_write(&m, &w);
	oae_jw_end_obj(&w);
	assert_int_equal(oae_json_parse(b.data, b.len, &tree, &err), OAE_OK);
	oae_buf_release(&b);
	return tree;
}

static size_t count_values(const cJSON *v, size_t *nulls)
{
	size_t n = 0;
	const cJSON *e;

	if (!cJSON_IsObject(v)) {
		*nulls += cJSON_IsNull(v) ? 1 : 0;
		return 1;
	}
	cJSON_ArrayForEach(e, v)
		n += count_values(e, nulls);
	return n;
}

static void nothing_known_is_null(void **state)
{
	size_t nulls = 0, values;
	char root[100];
	cJSON *tree;

	(void)state;
	(void)snprintf(root, sizeof(root), "%s/empty", base);
	assert_int_equal(oae_dir_make(root, NULL), OAE_OK);
	oae_machine_read(&m, root);
	tree = written();
	values = count_values(tree, &nulls);
	/* But for two empty lists: caches and controllers. */
	assert_int_equal(nulls + 2, values);
	assert_true(values > 45);
	cJSON_Delete(tree);
}

/* Broken files are facts that are not known, never numbers. */
static void broken_files_are_unknown(void **state)
{
	char root[100], lots[20000];
	size_t i;

	(void)state;
	(void)snprintf(root, sizeof(root), "%s/broken", base);
	memset(lots, 'x', sizeof(lots) - 1);
	lots[sizeof(lots) - 1] = '\0';
	add(root, "/proc/cpuinfo", lots);
	add(root, "/proc/meminfo", "MemTotal: lots kB\nMemAvailable:\n");
	add(root, "/proc/stat", "cpu 1 2 3\n");
	add(root, "/proc/self/mounts", "cgroup2\n x y\ncgroup a cgroup\n");
	add(root, "/proc/self/cgroup", "::::\n0:\n7\n");
	add(root, "/sys/devices/system/cpu/online", "0-99999999,7-3,x\n");
	add(root, "/sys/devices/system/cpu/intel_pstate/no_turbo", "2\n");
	add(root, "/sys/devices/system/cpu/cpufreq/boost", "-1\n");
	add(root, "/sys/devices/system/cpu/cpu0/cache/index0/level", "one\n");
	add(root, "/proc/sys/kernel/perf_event_paranoid", "-1\n");
	oae_machine_read(&m, root);
	assert_string_equal(m.cpu.model, "");
	assert_int_equal(m.memory_bytes, OAE_UNKNOWN);
	assert_int_equal(m.memory_available_bytes, OAE_UNKNOWN);
	assert_true(isnan(m.time.busy_s));
	assert_int_equal(m.time.steal_ticks, OAE_UNKNOWN);
	assert_int_equal(m.cpu.logical, 4096); /* the cap of CPUs */
	assert_int_equal(m.cpu.turbo, OAE_UNKNOWN);
	assert_int_equal(m.cpu.caches[0].level, OAE_UNKNOWN);
	assert_int_equal(m.perf_event_paranoid, -1); /* a value of its own */
	for (i = 0; i < 60; i++) {
		char path[100];

		(void)snprintf(path, sizeof(path),
			       "/sys/devices/system/cpu/vulnerabilities/v%zu",
			       i);
		add(root, path, "Vulnerable\n");
	}
	oae_machine_read(&m, root);
	assert_int_equal(m.vulnerability_count,
			 OAE_MACHINE_VULNERABILITIES_MAX);
}

static void this_machine_is_known(void **state)
{
	(void)state;
	oae_machine_read(&m, "");
	assert_int_equal(m.cpu.logical, sysconf(_SC_NPROCESSORS_ONLN));
	assert_in_range(m.cpu.allowed, 1, m.cpu.logical);
	assert_int_equal(m.memory_bytes, (int64_t)sysconf(_SC_PHYS_PAGES) *
						 sysconf(_SC_PAGESIZE));
	assert_true(m.time.busy_s > 0 && m.time.own_s > 0);
	assert_true(m.disk_free_bytes > 0 && m.timer_slack_ns > 0);
	assert_true(m.kernel[0] && m.arch[0]);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(base) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_server),
		cmocka_unit_test(reads_a_guest),
		cmocka_unit_test(reads_a_laptop),
		cmocka_unit_test(reads_a_board),
		cmocka_unit_test(nothing_known_is_null),
		cmocka_unit_test(broken_files_are_unknown),
		cmocka_unit_test(this_machine_is_known),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
