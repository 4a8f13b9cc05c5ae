/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The likwid sensor: its rows byte by byte, and a program that prints what
 * likwid-perfctr prints (tests/fake/likwid-perfctr) in a folder that stands
 * for /; what the real one says where it cannot count.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "harness/sensors/likwid_rows.h"
#include "harness/sensors/sensor.h"

#define MS 1000000u
#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

static char root[] = "/tmp/oae-likwid-XXXXXX";

/* ---- rows ------------------------------------------------------------- */

static const char header[] =
	"# HWThreads: 0|1\n"
	"# GID|EventCount|CpuCount|Total runtime [s]|INSTR_RETIRED_ANY|"
	"CPU_CLK_UNHALTED_CORE|CAS_COUNT_RD|CAS_COUNT_WR|PWR_PKG_ENERGY\n";

static void feed(struct oae_likwid_rows *r, const char *out, const char *err,
		 size_t piece)
{
	size_t at, n;

	for (at = 0; at < strlen(out); at += n) {
		n = strlen(out) - at < piece ? strlen(out) - at : piece;
		oae_likwid_rows_out(r, out + at, n);
	}
	for (at = 0; at < strlen(err); at += n) {
		n = strlen(err) - at < piece ? strlen(err) - at : piece;
		oae_likwid_rows_err(r, err + at, n);
	}
}

/* Whole or byte by byte it is the same. */
static void rows_sum_up(void **state)
{
	static const char rows[] =
		"WARN: something to say\n"
		"1,5,2,0.1,100.0,50.0,1.0e+3,500,10,-,20,-,0.5,-\n"
		"1,5,2,0.2,1,2,3,4,5,-,6,-,0.25,-\n"
		"1,5,2,0.3,not yet a row";
	size_t pieces[] = { 1, 7, sizeof(rows) }, i;
	struct oae_likwid_rows r;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(oae_likwid_rows_init(&r, NULL), OAE_OK);
		feed(&r, header, rows, pieces[i]);
		assert_null(r.broken);
		assert_int_equal(r.rows, 2);
		assert_near(r.total[OAE_LIKWID_INSTRUCTIONS], 153, 0);
		assert_near(r.total[OAE_LIKWID_CYCLES], 1507, 0);
		assert_near(r.total[OAE_LIKWID_DRAM_BYTES], 41 * 64, 0);
		assert_near(r.total[OAE_LIKWID_PACKAGE_UJ], 750000, 1e-6);
		assert_false(r.has[OAE_LIKWID_DRAM_UJ]);
		assert_string_equal(r.words, "WARN: something to say");
		oae_likwid_rows_release(&r);
		oae_likwid_rows_release(&r);
	}
}

static void bad_rows_end_it(void **state)
{
	static const char *const rows[] = {
		"1,5,2,0.1,1,2,3,4,5,6,7,8,9\n",	 /* too few */
		"1,5,2,0.1,1,2,3,4,5,6,7,8,9,10,11\n",	 /* too many */
		"1,4,2,0.1,1,2,3,4,5,6,7,8\n",		 /* other events */
		"1,5,0,0.1\n",				 /* no CPU */
		"1,5,99999999999,0.1,1\n",		 /* too many CPUs */
		"1,5,2,nonsense,1,2,3,4,5,6,7,8,9,10\n", /* no number */
		"1,5,2,0.1,1,2,-3,4,5,6,7,8,9,10\n",	 /* negative */
		"1,5,2,0.1,1,2,inf,4,5,6,7,8,9,10\n",	 /* infinite */
		"1,5,2,0.1,\"1,2,3,4,5,6,7,8,9,10\n2\n", /* a quote */
		"1\n",
	};
	struct oae_likwid_rows r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(oae_likwid_rows_init(&r, NULL), OAE_OK);
		feed(&r, header, rows[i], 1000);
		feed(&r, "", "1,5,2,0.1,1,2,3,4,5,6,7,8,9,10\n", 1000);
		if (!r.broken)
			fail_msg("row %zu was taken", i);
		assert_int_equal(r.rows, 0);
		assert_near(r.total[OAE_LIKWID_CYCLES], 0, 0);
		oae_likwid_rows_release(&r);
	}
	/* a row before any header */
	assert_int_equal(oae_likwid_rows_init(&r, NULL), OAE_OK);
	feed(&r, "", "1,5,2,0.1\n", 1000);
	assert_non_null(r.broken);
	oae_likwid_rows_release(&r);
}

static void endless_line(void **state)
{
	struct oae_likwid_rows r;
	char block[4096];
	size_t i;

	(void)state;
	memset(block, '1', sizeof(block));
	assert_int_equal(oae_likwid_rows_init(&r, NULL), OAE_OK);
	for (i = 0; i < 2 * OAE_LIKWID_ROW_BYTES_MAX / sizeof(block); i++)
		oae_likwid_rows_err(&r, block, sizeof(block));
	assert_non_null(r.broken);
	oae_likwid_rows_release(&r);
}

static void events_of_a_group(void **state)
{
	struct oae_buf b;

	(void)state;
	oae_buf_init(&b, 1000);
	oae_likwid_event_set("SHORT x\n\nEVENTSET\nFIXC0 INSTR_RETIRED_ANY\n"
			     "FIXC2 CPU_CLK_UNHALTED_REF\n"
			     "PMC0  RETIRED_INSTRUCTIONS\n\nMBOX0C0 "
			     "CAS_COUNT_RD\n\nMETRICS\nFIXC1 "
			     "CPU_CLK_UNHALTED_CORE\n",
			     &b);
	oae_likwid_event_set("EVENTSET\nFIXC0 INSTR_RETIRED_ANY\nPWR0 "
			     "PWR_PKG_ENERGY",
			     &b);
	oae_likwid_event_set("no set at all", &b);
	assert_string_equal(oae_buf_str(&b),
			    "INSTR_RETIRED_ANY:FIXC0,RETIRED_INSTRUCTIONS:"
			    "PMC0,CAS_COUNT_RD:MBOX0C0,PWR_PKG_ENERGY:PWR0");
	oae_buf_release(&b);
}

/* ---- the program ------------------------------------------------------ */

static void put(const char *from, const char *to)
{
	char home[OAE_PATH_BYTES_MAX], a[2 * OAE_PATH_BYTES_MAX];
	char b[OAE_PATH_BYTES_MAX], *slash;

	assert_int_equal(oae_home(home, sizeof(home), NULL), OAE_OK);
	(void)snprintf(a, sizeof(a), "%s/tests/fake/%s", home, from);
	(void)snprintf(b, sizeof(b), "%s/%s", root, to);
	slash = strrchr(b, '/');
	*slash = '\0';
	assert_int_equal(oae_dir_make(b, NULL), OAE_OK);
	*slash = '/';
	assert_int_equal(oae_file_copy(a, b, NULL), OAE_OK);
	assert_int_equal(chmod(b, 0755), 0);
}

static enum oae_status open_likwid(struct oae_sensor *s, const char *mode,
				   struct oae_error *err)
{
	setenv("FAKE_LIKWID", mode, 1);
	memset(err, 0, sizeof(*err));
	return oae_sensor_open(s, &oae_sensor_likwid, root, 0, err);
}

static const struct oae_channel_value *value(const struct oae_sensor *s,
					     const struct oae_channel_value *v,
					     const char *name)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (!strcmp(s->channels[i].name, name))
			return &v[i];
	fail_msg("no channel %s", name);
	return NULL;
}

static void counts_while_it_runs(void **state)
{
	struct oae_channel_value a[OAE_CHANNELS_MAX] = { { 0 } };
	struct oae_channel_value b[OAE_CHANNELS_MAX] = { { 0 } };
	uint64_t until = oae_clock_ns() + 20000ull * MS;
	double rows;
	struct oae_error err;
	struct oae_sensor s;

	(void)state;
	if (open_likwid(&s, "", &err))
		fail_msg("%s", err.text);
	s.type->read(&s, a);
	do {
		oae_clock_sleep_until(oae_clock_ns() + 50 * MS);
		s.type->read(&s, b);
		rows = (double)(value(&s, b, "likwid.cycles")->raw -
				value(&s, a, "likwid.cycles")->raw) /
		       1.5e6;
	} while (rows < 3 && oae_clock_ns() < until);
	/* per row: 3e6 instructions, 1.5e6 cycles, 2 GB/s, 5 J */
	assert_true(rows >= 3);
	assert_near((double)(value(&s, b, "likwid.instructions")->raw -
			     value(&s, a, "likwid.instructions")->raw),
		    rows * 3e6, 1);
	assert_near((double)(value(&s, b, "likwid.dram_bytes")->raw -
			     value(&s, a, "likwid.dram_bytes")->raw),
		    rows * 2e9, 1);
	assert_near((double)(value(&s, b, "likwid.package_uj")->raw -
			     value(&s, a, "likwid.package_uj")->raw),
		    rows * 5e6, 1);
	assert_false(value(&s, b, "likwid.dram_uj")->ok);
	s.type->close(&s);
}

static void unknown_cpu_is_refused(void **state)
{
	struct oae_error err;
	struct oae_sensor s;

	(void)state;
	assert_int_equal(open_likwid(&s, "unknown", &err), OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "does not know this CPU"));
	assert_int_equal(s.count, 0);
	s.type->close(&s);
}

static void made_up_rows_are_refused(void **state)
{
	struct oae_error err;
	struct oae_sensor s;

	(void)state;
	assert_int_equal(open_likwid(&s, "junk", &err), OAE_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "not understood"));
	s.type->close(&s);
}

/* When it ends in between there are gaps, and no zeros. */
static void ends_in_between(void **state)
{
	struct oae_channel_value v[OAE_CHANNELS_MAX] = { { 0 } };
	uint64_t until = oae_clock_ns() + 20000ull * MS;
	struct oae_error err;
	struct oae_sensor s;

	(void)state;
	if (open_likwid(&s, "dies", &err))
		fail_msg("%s", err.text);
	do {
		oae_clock_sleep_until(oae_clock_ns() + 50 * MS);
		s.type->read(&s, v);
	} while (value(&s, v, "likwid.cycles")->ok && oae_clock_ns() < until);
	assert_false(value(&s, v, "likwid.cycles")->ok);
	s.type->close(&s);
}

static void the_real_one_says_why_not(void **state)
{
	struct oae_error err = { 0 };
	struct oae_sensor s;
	enum oae_status status;

	(void)state;
	unsetenv("OAE_COUNTERS");
	status = oae_sensor_open(&s, &oae_sensor_likwid, "", 0, &err);
	if (status)
		printf("# likwid: %s\n", err.text);
	assert_true(!status || err.text[0]);
	s.type->close(&s);
	setenv("OAE_COUNTERS", "likwid", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_sum_up),
		cmocka_unit_test(bad_rows_end_it),
		cmocka_unit_test(endless_line),
		cmocka_unit_test(events_of_a_group),
		cmocka_unit_test(counts_while_it_runs),
		cmocka_unit_test(unknown_cpu_is_refused),
		cmocka_unit_test(made_up_rows_are_refused),
		cmocka_unit_test(ends_in_between),
		cmocka_unit_test(the_real_one_says_why_not),
	};
	char command[64];
	int failed;

	if (!mkdtemp(root))
		return 1;
	setenv("OAE_COUNTERS", "likwid", 1);
	put("likwid-perfctr", "usr/bin/likwid-perfctr");
	put("likwid/MEM.txt", "usr/share/likwid/perfgroups/invented/MEM.txt");
	put("likwid/ENERGY.txt",
	    "usr/share/likwid/perfgroups/invented/ENERGY.txt");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command) ? 1 : failed;
}
