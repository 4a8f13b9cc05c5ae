/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded arrivals: both layouts, and files that must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "workloads/arrivals.h"
#include "workloads/trace.h"

#define AZURE "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
#define BURST                                                   \
	"Timestamp,Model,Request tokens,Response tokens,Total " \
	"tokens,Log Type\n"

static char dir[] = "/tmp/oae-trace-XXXXXX";
static char path[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/trace.csv", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static enum oae_status read_bytes(const char *bytes, size_t len,
				  struct oae_trace *t, struct oae_error *err)
{
	memset(err, 0, sizeof(*err));
	assert_int_equal(oae_file_write(path, bytes, len, err), OAE_OK);
	return oae_trace_read(path, t, err);
}

static void expect(const char *text, const char *layout, size_t n,
		   const uint64_t *due_ns)
{
	struct oae_error err;
	struct oae_trace t;

	if (read_bytes(text, strlen(text), &t, &err))
		fail_msg("%s", err.text);
	assert_string_equal(t.layout, layout);
	assert_int_equal(t.count, n);
	for (size_t i = 0; i < n; i++)
		assert_true(t.due_ns[i] == due_ns[i]);
	oae_trace_release(&t);
}

static void azure_times(void **state)
{
	static const uint64_t across[] = { 0, 20100000, 20100000,
					   86400020100000 };
	static const uint64_t zones[] = { 0, 1500000000, 1500000001 };
	static const uint64_t leap[] = { 0, 1000000000 };

	(void)state;
	expect(AZURE "2023-11-16 18:15:46.6805900,374,44\r\n"
		     "2023-11-16 18:15:46.7006900,396,109\r\n"
		     "2023-11-16 18:15:46.7006900,0,0\r\n"
		     "2023-11-17 18:15:46.7006900,879,55\r\n",
	       "azure", 4, across);
	expect("\xef\xbb\xbfGeneratedTokens,\"TIMESTAMP\",more,ContextTokens\n"
	       "1,2024-05-12T00:00:00Z,x,1\n"
	       "1,2024-05-12 02:00:01.5+02:00,x,1\n"
	       "1,2024-05-11 18:30:01.500000001-05:30,x,1\n",
	       "azure", 3, zones);
	expect(AZURE "2024-02-29 23:59:59,1,1\n2024-03-01 00:00:00,1,1\n",
	       "azure", 2, leap);
}

static void burstgpt_times(void **state)
{
	static const uint64_t due[] = { 0, 40000000000, 40250000000 };

	(void)state;
	expect(BURST "5,ChatGPT,472,18,490,Conversation log\n"
		     "45,ChatGPT,1087,230,1317,Conversation log\n"
		     "45.25,GPT-4,417,0,417,API log",
	       "burstgpt", 3, due);
}

static void refuse_bytes(const char *bytes, size_t len, enum oae_status status,
			 const char *word)
{
	struct oae_error err;
	struct oae_trace t;

	assert_int_equal(read_bytes(bytes, len, &t, &err), status);
	if (!strstr(err.text, word) || strchr(err.text, '\n'))
		fail_msg("\"%s\" does not say \"%s\" in one line", err.text,
			 word);
	oae_trace_release(&t);
}

static void refuse(const char *text, const char *word)
{
	refuse_bytes(text, strlen(text), OAE_ERR_FORMAT, word);
}

static void hostile_rows(void **state)
{
	(void)state;
	refuse("", "no request");
	refuse("time,tokens\n1,2\n", "no known trace");
	refuse(AZURE, "no request");
	refuse(AZURE "2023-11-16 18:15:46,1\n", "row 2: has not as many");
	refuse(AZURE "2023-11-16 18:15:46,1,2,3\n", "as many");
	refuse(AZURE "2023-11-16 18:15:46,-1,2\n", "whole numbers");
	refuse(AZURE "2023-11-16 18:15:46,1,1e9\n", "whole numbers");
	refuse(AZURE "2023-11-16 18:15:46,1,\n", "whole numbers");
	refuse(AZURE "2023-11-16,1,1\n", "its time is not a date");
	refuse(AZURE "2023-13-16 18:15:46,1,1\n", "a date");
	refuse(AZURE "2023-11-16 18:15:46.,1,1\n", "a date");
	refuse(AZURE "2023-11-16 18:15:46+99:00,1,1\n", "a date");
	refuse(AZURE "1823-11-16 18:15:46,1,1\n", "a date");
	refuse(AZURE "2023-11-16 18:15:46,1,1\n2023-11-16 18:15:45,1,1\n",
	       "row 3: is earlier");
	refuse(BURST "-1,m,1,1,2,x\n", "0 or more");
	refuse(BURST "nan,m,1,1,2,x\n", "seconds");
	refuse(BURST "1e3,m,1,1,2,x\n", "seconds");
	refuse(BURST "99999999999999999999999,m,1,1,2,x\n", "seconds");
	refuse(BURST "2,m,1,1,2,x\n3,m,1,1,2,x\n2.9,m,1,1,2,x\n",
	       "row 4: is earlier");
	refuse(BURST "1,\"m,1,1,2,x\n", "row 2");
	refuse(BURST "1,m\"m,1,1,2,x\n", "row 2");
}

static void hostile_bytes(void **state)
{
	static const char nul[] = AZURE "2023-11-16 18:15:46\0,1,1\n";
	size_t n = 1 << 20;
	char *big = malloc(n);

	(void)state;
	assert_non_null(big);
	refuse_bytes(nul, sizeof(nul) - 1, OAE_ERR_FORMAT, "NUL byte");
	for (size_t i = 0; i < n; i++)
		big[i] = (char)(i * 2654435761u >> 13);
	big[0] = '\x7f';
	refuse_bytes(big, 4096, OAE_ERR_FORMAT, "row 1");
	memset(big, 'x', n);
	refuse_bytes(big, n, OAE_ERR_LIMIT, "256 bytes");
	memset(big, ',', n);
	refuse_bytes(big, n, OAE_ERR_LIMIT, "64 columns");
	free(big);
}

static void too_many_rows(void **state)
{
	size_t head = strlen(BURST), row = strlen("1,,1,1,,\n");
	size_t n = OAE_TRACE_ROWS_MAX + 1;
	char *text = malloc(head + n * row + 1), *at = text + head;

	(void)state;
	assert_non_null(text);
	memcpy(text, BURST, head);
	for (size_t i = 0; i < n; i++, at += row)
		memcpy(at, "1,,1,1,,\n", row);
	refuse_bytes(text, (size_t)(at - text), OAE_ERR_LIMIT,
		     "more than 1000000 requests");
	free(text);
}

static void not_a_file(void **state)
{
	struct oae_error err = { 0 };
	struct oae_trace t;

	(void)state;
	assert_int_equal(oae_trace_read("/dev/zero", &t, &err), OAE_ERR_USAGE);
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_trace_read(dir, &t, &err), OAE_ERR_USAGE);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_trace_read(path, &t, &err), OAE_ERR_USAGE);
	unlink(path);
	memset(&err, 0, sizeof(err));
	assert_int_equal(oae_trace_read(path, &t, &err), OAE_ERR_IO);
}

/* A trace is replayed as it is, for as many requests as it has. */
static void replay(void **state)
{
	static const char text[] = BURST "10,m,1,1,2,x\n11,m,1,1,2,x\n"
					 "11,m,1,1,2,x\n14,m,1,1,2,x\n";
	struct oae_arrivals a = { .kind = OAE_ARRIVALS_TRACE,
				  .rate_per_s = 1000 };
	struct oae_error err = { 0 };
	struct oae_trace t;
	uint64_t due[8];

	(void)state;
	assert_int_equal(read_bytes(text, strlen(text), &t, &err), OAE_OK);
	a.trace = &t;
	assert_int_equal(oae_arrivals_plan(&a, 1, due, 4, &err), OAE_OK);
	assert_true(due[0] == 0 && due[1] == 1000000000 &&
		    due[2] == 1000000000 && due[3] == 4000000000);
	assert_true(oae_arrivals_offered(due, 4) == 0.75);
	assert_int_equal(oae_arrivals_plan(&a, 1, due, 5, &err), OAE_ERR_USAGE);
	assert_non_null(strstr(err.text, "--items 4"));
	memset(&err, 0, sizeof(err));
	a.batch = 2;
	assert_int_equal(oae_arrivals_plan(&a, 1, due, 8, &err), OAE_OK);
	assert_true(due[1] == 0 && due[2] == 1000000000 &&
		    due[7] == 4000000000);
	oae_trace_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(azure_times),
		cmocka_unit_test(burstgpt_times),
		cmocka_unit_test(hostile_rows),
		cmocka_unit_test(hostile_bytes),
		cmocka_unit_test(too_many_rows),
		cmocka_unit_test(not_a_file),
		cmocka_unit_test(replay),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
