/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/skip.h"

#define NO_LIMIT_V1 "9223372036854771712\n"

static void put_meminfo(unsigned long kib)
{
	put_file("proc/meminfo",
		 "MemTotal: 9999 kB\nMemFree: 17 kB\nMemAvailable:   %lu kB\n",
		 kib);
}

static void test_machine(void **state)
{
	struct oae_memory m;

	(void)state;
	m = oae_memory_available(root);
	assert_true(m.bytes == UINT64_MAX);
	assert_non_null(m.limit);
	put_meminfo(1234);
	m = oae_memory_available(root);
	assert_int_equal(m.bytes, 1234 * 1024);
	assert_non_null(strstr(m.limit, "machine"));
	put_file("proc/meminfo", "MemAvailable: lots\n");
	assert_true(oae_memory_available(root).bytes == UINT64_MAX);
}

static void test_cache(void **state)
{
	(void)state;
	assert_int_equal(oae_memory_cache(root), 0);
	put_file("sys/devices/system/cpu/cpu0/cache/index0/size", "32K\n");
	put_file("sys/devices/system/cpu/cpu0/cache/index3/size", "8192K\n");
	put_file("sys/devices/system/cpu/cpu0/cache/index2/size", "512K\n");
	assert_int_equal(oae_memory_cache(root), 8 << 20);
	put_file("sys/devices/system/cpu/cpu0/cache/index4/size", "16M\n");
	assert_int_equal(oae_memory_cache(root), 16 << 20);
	put_file("sys/devices/system/cpu/cpu0/cache/index4/size", "much\n");
	assert_int_equal(oae_memory_cache(root), 8 << 20);
	put_file("sys/devices/system/cpu/cpu0/cache/index4/size",
		 "99999999999999999999K\n");
	assert_int_equal(oae_memory_cache(root), 8 << 20);
}

/* The tightest of a cgroup and those above; idle cache counts as free. */
static void test_cgroup_v2(void **state)
{
	struct oae_memory m;

	(void)state;
	put_meminfo(5000);
	put_file("proc/self/cgroup", "0::/a/b\n");
	put_file("sys/fs/cgroup/a/b/memory.max", "max\n");
	put_file("sys/fs/cgroup/a/b/memory.current", "700\n");
	assert_int_equal(oae_memory_available(root).bytes, 5000 * 1024);
	put_file("sys/fs/cgroup/a/memory.max", "100000\n");
	put_file("sys/fs/cgroup/a/memory.current", "60000\n");
	m = oae_memory_available(root);
	assert_int_equal(m.bytes, 40000);
	assert_non_null(strstr(m.limit, "cgroup"));
	put_file("sys/fs/cgroup/a/memory.stat",
		 "anon 1\nfile 22000\ninactive_file 20000\n");
	assert_int_equal(oae_memory_available(root).bytes, 60000);
	put_file("sys/fs/cgroup/a/b/memory.max", "600\n");
	assert_int_equal(oae_memory_available(root).bytes, 0);
}

static void test_cgroup_v1(void **state)
{
	(void)state;
	put_meminfo(5000);
	put_file("proc/self/cgroup",
		 "5:cpu:/\n4:memory:/not/seen/here\n0::/\n");
	put_file("sys/fs/cgroup/memory/memory.limit_in_bytes", NO_LIMIT_V1);
	put_file("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000\n");
	assert_int_equal(oae_memory_available(root).bytes, 5000 * 1024);
	put_file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9000\n");
	put_file("sys/fs/cgroup/memory/memory.stat",
		 "inactive_file 1\ntotal_inactive_file 300\n");
	assert_int_equal(oae_memory_available(root).bytes, 9000 - 700);
}

static void test_resource_limits(void **state)
{
	struct rlimit old, limit;
	uint64_t before = oae_memory_available("").bytes;
	struct oae_memory m;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip_because("AddressSanitizer's own memory is beyond the limit");
#endif
	assert_true(before > 0);
	assert_int_equal(getrlimit(RLIMIT_DATA, &old), 0);
	limit = old;
	limit.rlim_cur = 512u << 20;
	assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
	m = oae_memory_available("");
	assert_true(m.bytes < 512u << 20);
	setrlimit(RLIMIT_DATA, &old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_machine, clean),
		cmocka_unit_test_setup(test_cache, clean),
		cmocka_unit_test_setup(test_cgroup_v2, clean),
		cmocka_unit_test_setup(test_cgroup_v1, clean),
		cmocka_unit_test_setup(test_resource_limits, clean),
	};
	int failed;

	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return remove_root() || failed;
}
